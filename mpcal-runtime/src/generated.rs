//! What generated code calls. Its names are stable within a version and not meant for people.

pub use crate::initial::initial;
pub use crate::resource::Shared;
pub use crate::{
    Abort, Archetype, Bound, Class, Fairness, Identity, MappingMacro, Node, PlainVariable, Resource, Section, Spawn,
    Step,
};
pub use mpcal_values::generated::*;
pub use mpcal_values::operators::*;
pub use mpcal_values::{Atom, Data, Eval, EvalError, Function, Seq, Set, Slot, Str, Value};
pub use serde::{Deserialize, Serialize};

mod archetype;
mod indexed;
mod own_variable;

pub use archetype::*;
pub use indexed::Indexed;
pub use own_variable::{OwnVariable, Variable};

/// A string.
pub fn text(text: &'static str) -> Value {
    Value::Str(Str::literal(text))
}

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

/// Reads now; where the index has no value there, it fails when what was read is needed.
///
/// # Errors
/// Whatever else keeps the resource from being read.
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
pub fn read_slot<T>(read: impl FnOnce() -> Step<T>) -> Step<Slot<T>> {
    match read() {
        Ok(value) => Ok(Slot::Value(value)),
        Err(Abort::Fatal(crate::Error::Evaluation(error))) if error.is_unassigned() => Ok(Slot::Uninit),
        Err(other) => Err(other),
    }
}
