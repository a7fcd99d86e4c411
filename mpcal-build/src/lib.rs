//! Compiles Modular PlusCal: to plain PlusCal, in place, for TLC; and to typed Rust that links to
//! `mpcal-runtime`.
//!
//! In a build script:
//!
//! ```no_run
//! mpcal_build::build("lock.tla");
//! ```
//!
//! and in the crate `mpcal_runtime::include_model!("lock")`. [`Config`] has what is adjustable.
//! The command `mpcal-build` does the same by hand, and more.

mod build_script;
#[cfg(feature = "cli")]
pub mod cli;

pub use build_script::{build, compile, format, parse, Compiled, Config, Error};
pub use mpcal_compiler::explain::explain;
#[cfg(feature = "interpret")]
pub use mpcal_compiler::interpret::{Coverage, Explored};
