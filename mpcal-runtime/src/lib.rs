//! What Rust generated from Modular PlusCal links to.
//!
//! * [`value`]: the values of TLA+, typed and dynamic, with TLC's meaning.
//! * [`MappingMacro`]: what a resource implements to be bound to a `ref` parameter.
//! * [`Section`]: the handle of the atomic step that is being attempted.
//! * [`Node`]: runs archetypes on tokio until they end or are stopped.
//! * [`resource`]: resources for the environments that models describe.
//!
//! A step of an archetype is a synchronous function over its state and its resources. It stages
//! what it does in its footprint; the driver commits it or drops it. Nothing in a step waits: what is
//! not ready gives [`Retry`](Abort::Retry), and the driver sleeps until something it read changes.

// Tests in here use what those outside use.
#[cfg(test)]
extern crate self as mpcal_runtime;

#[doc(hidden)]
pub mod generated;

mod archetype;
mod binding;
mod cell;
mod choice;
pub mod conformance;
mod driver;
mod encoding;
mod error;
mod footprint;
pub mod host;
mod identity;
mod initial;
mod mapping;
pub mod measure;
mod node;
pub mod resource;
mod section;
mod stepper;
pub mod wal;
mod watched;

pub use mpcal_values as value;

pub use crate::{
    archetype::{Archetype, Fairness, Model, Spawn, VisitVariables},
    binding::{Binding, Bound, Resource},
    cell::{Cell, Core, OutsideChange},
    driver::{Counters, Driver, Progress},
    error::{Abort, Error, Step},
    identity::Identity,
    initial::initial_states,
    mapping::{Class, MappingMacro, PlainVariable},
    node::{Ended, Node, Restarts, Stop},
    section::Section,
    stepper::{Outcome, Stepper},
};

#[cfg(feature = "config")]
pub use crate::node::{ConfigError, NodeConfig};

/// The version that generated code must have been made for.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Brings the module that `mpcal_build::build` generated for a model into scope.
///
/// ```ignore
/// mod locksvc {
///     mpcal_runtime::include_model!("locksvc");
/// }
/// ```
#[macro_export]
macro_rules! include_model {
    ($name:literal) => {
        include!(concat!(env!("OUT_DIR"), "/", $name, ".rs"));
    };
}
