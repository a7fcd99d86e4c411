//! Explores every state of a model by running the code that is generated from it.
//!
//! ```ignore
//! let report = mpcal_check::checker::<raft::Variables>(raft::Constants::checked())
//!     .invariant("one leader", |v| v.leaders.len() <= 1)
//!     .threads(2)
//!     .run()?;
//! report.expect_no_violation();
//! ```
//!
//! * [`System`]: what can be explored. A state is a row of numbers, one for each of its components: a variable, or all
//!   that a process has for itself. What a number stands for is known to the system alone.
//! * [`Compiled`]: the system that generated code is.
//! * [`breadth_first`]: every state, level by level, so that a counterexample is as short as can be.

mod breadth_first;
mod checker;
mod compiled;
mod interner;
mod system;
mod visited;

pub use crate::{
    breadth_first::{breadth_first, Counterexample, Explored, Limits},
    checker::{checker, Checker, Report, State, Verdict},
    compiled::Compiled,
    system::{Action, Component, Failure, Held, Row, System, Worker},
};
