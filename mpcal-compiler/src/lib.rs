//! The compiler for Modular PlusCal: from text to plain PlusCal for TLC, and to typed Rust for `mpcal-runtime`.
//!
//! A [`Compilation`] is one model; it answers questions, from its parsed [`file`](Compilation::file) to its
//! [`rust`](Compilation::rust), and keeps the problems that it met in [`diagnostics`](Compilation::diagnostics). Nothing
//! here reads or writes a file: the caller gives the texts, and a way to find modules.
//!
//! ```
//! use mpcal_compiler::{Compilation, Options, Source};
//!
//! let source = Source::new("counter.tla", "--mpcal Counter { variables n = 0; { add: n := n + 1; } }");
//! let compilation = Compilation::new(source, &|_| None, Options::default());
//! assert!(compilation.pluscal().is_some(), "{}", compilation.report(false));
//! ```

mod annotations;
mod ast;
mod check;
mod community;
mod compilation;
mod configuration;
pub mod counterexample;
pub mod diagnostic;
mod expand;
pub mod explain;
mod fingerprint;
mod format;
mod fresh;
mod infer;
#[cfg(feature = "interpret")]
pub mod interpret;
mod label;
mod load;
mod normal;
mod normalize;
mod operators;
mod places;
mod pluscal;
mod render;
mod resolve;
mod resolved;
mod rust;
mod source;
mod specialize;
mod stack;
mod symbol;
mod syntax;
mod types;
mod unused;

pub use check::Rules;
pub use compilation::{Compilation, Options};
pub use format::format;
pub use load::Loader;
pub use render::render;
pub use source::{Source, Sources, Span, MAX_BYTES};
pub use syntax::problems;
