//! Types of the emitted Rust.

use std::collections::BTreeMap;
use std::rc::Rc;

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// `bool`
    Bool,
    /// `i64`
    Int,
    /// A string.
    Str,
    /// A set.
    Set(Box<Type>),
    /// A sequence.
    Seq(Box<Type>),
    /// A tuple of fixed shape; empty is `()`.
    Tuple(Vec<Type>),
    /// A function.
    Function(Box<Type>, Box<Type>),
    /// An entry of [`Types::records`](crate::infer::Types::records).
    Record(usize),
    /// Any value: what could not be reconciled.
    Value,
}

impl Type {
    /// Whether the Rust type is `Copy`.
    #[must_use]
    pub fn is_copy(&self) -> bool {
        match self {
            Type::Bool | Type::Int => true,
            Type::Tuple(items) => items.iter().all(Type::is_copy),
            Type::Str | Type::Set(_) | Type::Seq(_) | Type::Function(..) | Type::Record(_) | Type::Value => false,
        }
    }

    /// Whether a `Value` stands somewhere in it, so that comparing may fail.
    #[must_use]
    pub fn has_value(&self, records: &[Record]) -> bool {
        match self {
            Type::Value => true,
            Type::Bool | Type::Int | Type::Str => false,
            Type::Set(t) | Type::Seq(t) => t.has_value(records),
            Type::Tuple(items) => items.iter().any(|t| t.has_value(records)),
            Type::Function(k, v) => k.has_value(records) || v.has_value(records),
            Type::Record(id) => records[*id].fields.values().any(|t| matches!(t, Type::Value)),
        }
    }
}

/// A record type: a struct if it has one shape, an enum of its shapes otherwise.
#[derive(Clone, Debug)]
pub struct Record {
    /// The name of the Rust type.
    pub name: String,
    /// The type of each field, one for all shapes that have it.
    pub fields: BTreeMap<Rc<str>, Type>,
    /// The shapes, each with the name of its variant.
    pub shapes: Vec<Shape>,
}

/// One set of fields.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The name of the variant, where there are several shapes.
    pub name: String,
    /// The fields, sorted.
    pub fields: Vec<Rc<str>>,
}
