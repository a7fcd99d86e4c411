//! The values of TLA+.
//!
//! [`Value`] is any value; [`Seq`], [`Set`], [`Function`], [`Str`] and [`Atom`] are the typed forms that
//! generated code uses, along with `i64`, `bool`, tuples and generated structs and enums. [`Data`]
//! takes one to the other. Equality and order agree between a typed value and the [`Value`] it
//! converts to: a set or function of either kind enumerates in the same order.
//!
//! All of them are cheap to clone: collections are persistent and share structure.

mod atom;
pub mod changes;
mod chunks;
#[doc(hidden)]
pub mod common;
mod convert;
mod dynamic;
mod function;
pub mod generated;
mod list;
pub mod operators;
mod print;
mod sequence;
mod set;
mod sorted;
mod text;

pub use atom::Atom;
pub use convert::Data;
pub use dynamic::Value;
pub use function::Function;
pub use sequence::{Seq, Slot};
pub use set::Set;
pub use text::Str;

/// An evaluation that TLC would stop at: `Head(<<>>)`, an overflow, a `CHOOSE` of nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EvalError(pub String);

/// What it says of a variable that was declared without a value.
const UNASSIGNED: &str = "a variable is used before it is assigned";

impl EvalError {
    /// Whether a variable was used before it was assigned.
    #[must_use]
    pub fn is_unassigned(&self) -> bool {
        self.0 == UNASSIGNED
    }
}

/// The result of an evaluation that can fail.
pub type Eval<T> = Result<T, EvalError>;

/// Shorthand for an error.
pub(crate) fn fail<T>(message: impl Into<String>) -> Eval<T> {
    Err(EvalError(message.into()))
}
