//! The operators of TLA+ over typed values, for emitted code and for the interpreter.

mod bags;
mod depth;
mod integers;
mod membership;
mod quantified;
mod sequences;
mod sets;
mod strings;

pub use bags::*;
pub use depth::*;
pub use integers::*;
pub use membership::*;
pub use quantified::*;
pub use sequences::*;
pub use sets::*;
pub use strings::*;

use crate::{Data, Eval, EvalError};

/// A value of one type as a value of another; the types hold the same values.
///
/// # Errors
/// If the value has no form in the other type.
pub fn convert<A: Data, B: Data>(value: &A) -> Eval<B> {
    B::from_value(&value.to_value())
}

/// Evaluates now and fails later, when the value is used: names bound by `with` and `LET` are lazy.
pub fn deferred<T>(value: impl FnOnce() -> Eval<T>) -> Eval<T> {
    value()
}

/// `ASSUME condition`
///
/// # Errors
/// If it is false.
pub fn assume(condition: bool, text: &str) -> Eval<()> {
    if condition {
        Ok(())
    } else {
        Err(EvalError(format!("the constants violate {text}")))
    }
}
