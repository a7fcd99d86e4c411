//! What generated code calls. Its names are stable within a version and not meant for people.

#[cfg(feature = "runtime")]
pub use crate::resource::Shared;
pub use crate::value::{Atom, Data, Eval, EvalError, Function, Seq, Set, Slot, Str, Value};
#[cfg(feature = "runtime")]
pub use crate::{Abort, Archetype, Class, MappingMacro, Node, PlainVariable, Section, Step};
pub use serde::{self, Deserialize, Serialize};

/// What can be bound to a `ref` parameter with these indices, of which a read gives this, and a write takes this.
#[cfg(feature = "runtime")]
pub trait Bound<I, R, W = R>: MappingMacro<Index = I, Read = R, Write = W> {}

#[cfg(feature = "runtime")]
impl<T: MappingMacro> Bound<T::Index, T::Read, T::Write> for T {}

/// What an archetype holds for a `ref` parameter.
#[cfg(feature = "runtime")]
pub type Resource<I, R, W = R> = Box<dyn MappingMacro<Index = I, Read = R, Write = W>>;

mod bags;
mod data;
mod depth;
#[cfg(feature = "runtime")]
mod indexed;
mod integers;
mod membership;
mod quantified;
mod sequences;
mod sets;
mod strings;

pub use bags::*;
pub use data::*;
pub use depth::*;
#[cfg(feature = "runtime")]
pub use indexed::Indexed;
pub use integers::*;
pub use membership::*;
pub use quantified::*;
pub use sequences::*;
pub use sets::*;
pub use strings::*;

/// Fails to compile unless generated code was made for this version.
pub const fn assert_version(generator: &str) {
    let (ours, theirs) = (crate::VERSION.as_bytes(), generator.as_bytes());
    let mut same = ours.len() == theirs.len();
    let mut i = 0;
    while same && i < ours.len() {
        same = ours[i] == theirs[i];
        i += 1;
    }
    assert!(same, "mpcal-build and mpcal-runtime must have the same version: update both");
}

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

/// Reads now; where the index has no value there, it fails when what was read is needed.
///
/// # Errors
/// Whatever else keeps the resource from being read.
#[cfg(feature = "runtime")]
pub fn read_for_later<T>(read: impl FnOnce() -> Step<T>) -> Step<Eval<T>> {
    match read() {
        Ok(value) => Ok(Ok(value)),
        Err(Abort::Fatal(crate::Error::Evaluation(error))) => Ok(Err(error)),
        Err(other) => Err(other),
    }
}

/// Reads a variable that may not have been assigned yet.
///
/// # Errors
/// Whatever else keeps the resource from being read.
#[cfg(feature = "runtime")]
pub fn read_slot<T>(read: impl FnOnce() -> Step<T>) -> Step<Slot<T>> {
    match read() {
        Ok(value) => Ok(Slot::Value(value)),
        Err(Abort::Fatal(crate::Error::Evaluation(error))) if error.is_unassigned() => Ok(Slot::Uninit),
        Err(other) => Err(other),
    }
}

/// An element of the set that a variable starts in: the first.
///
/// # Errors
/// If the set is empty.
pub fn first<T: Data>(set: &Set<T>) -> Eval<T> {
    set.iter().next().cloned().ok_or_else(|| EvalError("a variable starts in an empty set".to_owned()))
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

/// A field that no record of a type has.
///
/// # Errors
/// Always.
pub fn no_field<T>(name: &str) -> Eval<T> {
    Err(EvalError(format!("the record has no field {name}")))
}

/// Whether a value is a record with exactly these fields, which are sorted.
///
/// # Errors
/// If it is not.
pub fn has_fields(value: &Value, fields: &[&str]) -> Eval<()> {
    let same = match value {
        Value::Function(f) => {
            f.len() == fields.len()
                && f.iter().zip(fields).all(|((k, _), name)| matches!(k, Value::Str(s) if s.as_str() == *name))
        }
        _ => false,
    };
    if same {
        Ok(())
    } else {
        Err(EvalError(format!("expected a record of {fields:?}, found {value}")))
    }
}

/// Whether a value is a record with exactly these fields, in any order.
#[must_use]
pub fn is_record_of(value: &Value, fields: &[&'static str]) -> bool {
    matches!(value, Value::Function(f) if f.len() == fields.len())
        && fields.iter().all(|name| value.field(name).is_ok())
}
