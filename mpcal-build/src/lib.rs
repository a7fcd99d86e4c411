//! Compiles Modular PlusCal: to plain PlusCal, in place, for TLC; and to typed Rust that links to
//! `mpcal-runtime`.
//!
//! In a build script:
//!
//! ```no_run
//! mpcal_build::compile("lock.tla").unwrap();
//! ```
//!
//! and in the crate `mpcal_runtime::include_model!("lock")`. [`Config`] has what is adjustable.
//! The command `mpcal-build` does the same by hand, and more.

mod annotations;
mod ast;
mod build_script;
mod check;
#[cfg(feature = "cli")]
pub mod cli;
mod community;
mod configuration;
mod diagnostic;
mod expand;
mod explain;
mod format;
mod fresh;
mod infer;
#[cfg(feature = "interpret")]
mod interpret;
mod label;
mod load;
mod normal;
mod normalize;
mod operators;
mod pipeline;
mod pluscal;
mod render;
mod resolve;
mod resolved;
mod rust;
mod source;
mod specialize;
mod syntax;
#[cfg(feature = "cli")]
mod trace;
mod types;

pub use build_script::{compile, format, parse, Compiled, Config, Error};
pub use explain::explain;
#[cfg(feature = "interpret")]
pub use interpret::{Coverage, Explored};
