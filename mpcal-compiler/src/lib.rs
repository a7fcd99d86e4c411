//! The compiler for Modular PlusCal: from text to plain PlusCal for TLC, and to typed Rust for `mpcal-runtime`.
//!
//! Nothing here reads or writes a file: who calls gives the texts, and a way to find modules.

mod annotations;
mod ast;
pub mod check;
mod community;
mod configuration;
pub mod diagnostic;
mod expand;
pub mod explain;
mod format;
mod fresh;
mod infer;
#[cfg(feature = "interpret")]
pub mod interpret;
mod label;
pub mod load;
mod normal;
mod normalize;
mod operators;
pub mod pipeline;
mod pluscal;
pub mod render;
mod resolve;
mod resolved;
mod rust;
pub mod source;
mod specialize;
mod symbol;
mod syntax;
pub mod trace;
mod types;
