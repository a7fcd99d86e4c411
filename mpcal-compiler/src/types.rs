//! Types of the emitted Rust.

use crate::symbol::Symbol;
use std::collections::BTreeMap;

/// Tuples of more items than that have no type: the runtime has as many.
pub const MAX_TUPLE: usize = 8;

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// `bool`
    Bool,
    /// `i64`
    Int,
    /// Any string.
    Str,
    /// Any model value.
    Atom,
    /// One of the strings or model values of an entry of [`Types::enums`](crate::infer::Types::enums).
    Enum(usize),
    /// One of the model values of such an entry, or a value of a type.
    Optional(usize, Box<Type>),
    /// A value of one of several kinds, each of a type: an entry of [`Types::kinds`](crate::infer::Types::kinds).
    Kinds(usize, Vec<Type>),
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

impl Record {
    /// The fields that a variant holds.
    pub fn held<'r>(&'r self, shape: &'r Shape) -> impl Iterator<Item = &'r Symbol> {
        shape.fields.iter().filter(|f| shape.tag.is_none() || self.tag.as_ref() != Some(f))
    }

    /// Whether some shape has a field.
    #[must_use]
    pub fn ever(&self, field: &Symbol) -> bool {
        self.shapes.iter().any(|s| s.fields.contains(field))
    }

    /// Whether every shape has a field.
    #[must_use]
    pub fn always(&self, field: &Symbol) -> bool {
        self.shapes.iter().all(|s| s.fields.contains(field))
    }
}

impl Type {
    /// Whether the Rust type is `Copy`.
    #[must_use]
    pub fn is_copy(&self) -> bool {
        match self {
            Type::Bool | Type::Int | Type::Enum(_) => true,
            Type::Optional(_, t) => t.is_copy(),
            Type::Tuple(items) | Type::Kinds(_, items) => items.iter().all(Type::is_copy),
            Type::Str | Type::Atom | Type::Set(_) | Type::Seq(_) | Type::Function(..) => false,
            Type::Record(_) | Type::Value => false,
        }
    }

    /// Whether a `Value` stands somewhere in it.
    #[must_use]
    pub fn has_value(&self, records: &[Record]) -> bool {
        self.any(records, MAX_DEPTH, &|t| *t == Type::Value)
    }

    /// Whether any two values of it can be compared: those of different kinds cannot.
    #[must_use]
    pub fn is_comparable(&self, records: &[Record]) -> bool {
        !self.any(records, MAX_DEPTH, &|t| matches!(t, Type::Value | Type::Kinds(..)))
    }

    /// Whether something is true of a part of it.
    fn any(&self, records: &[Record], depth: usize, f: &dyn Fn(&Type) -> bool) -> bool {
        let within = |t: &Type| t.any(records, depth, f);
        f(self)
            || match self {
                Type::Bool | Type::Int | Type::Str | Type::Atom | Type::Enum(_) | Type::Value => false,
                Type::Set(t) | Type::Seq(t) | Type::Optional(_, t) => within(t),
                Type::Tuple(items) | Type::Kinds(_, items) => items.iter().any(within),
                Type::Function(k, v) => within(k) || within(v),
                Type::Record(id) => depth > 0 && records[*id].fields.values().any(|t| t.any(records, depth - 1, f)),
            }
    }

    /// Of the kinds of values of a type, the one that values of another are of.
    #[must_use]
    pub fn alike<'t>(kinds: &'t [Type], other: &Type) -> Option<(usize, &'t Type)> {
        let rank = other.rank()?;
        kinds.iter().enumerate().find(|(_, t)| t.rank() == Some(rank))
    }

    /// Whether its values are of one kind.
    #[must_use]
    pub fn is_of_one_kind(&self) -> bool {
        self.rank().is_some()
    }

    /// A number for the kind of its values, if they are of one.
    fn rank(&self) -> Option<u8> {
        match self {
            Type::Bool => Some(0),
            Type::Int => Some(1),
            Type::Str | Type::Atom | Type::Enum(_) => Some(2),
            Type::Set(_) => Some(3),
            Type::Seq(_) | Type::Tuple(_) | Type::Function(..) => Some(4),
            Type::Record(_) => Some(5),
            Type::Optional(..) | Type::Kinds(..) | Type::Value => None,
        }
    }
}

/// Records inside records are looked into so deep: one may hold itself.
const MAX_DEPTH: usize = 8;

/// A value that a model knows by name. They are ordered as values are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tag {
    /// A model value.
    Model(Symbol),
    /// A string.
    Str(Symbol),
}

impl Tag {
    /// The text of the string, or the name of the model value.
    #[must_use]
    pub fn text(&self) -> &Symbol {
        match self {
            Tag::Str(text) | Tag::Model(text) => text,
        }
    }
}

/// Strings and model values that meet in one place, as an enum.
#[derive(Clone, Debug)]
pub struct TagEnum {
    /// The name of the Rust type.
    pub name: String,
    /// The values, in order, each with the name of its variant.
    pub tags: Vec<(Tag, String)>,
    /// The type of what else may stand there.
    pub payload: Option<Type>,
}

/// Values of several kinds in one place, as an enum with a variant for each.
#[derive(Clone, Debug)]
pub struct KindEnum {
    /// The name of the Rust type.
    pub name: String,
    /// The type of each kind, in the order of values, with the name of its variant.
    pub kinds: Vec<(Type, String)>,
}

/// A record type: a struct if it has one shape, an enum of its shapes otherwise.
#[derive(Clone, Debug)]
pub struct Record {
    /// The name of the Rust type.
    pub name: String,
    /// The type of each field, one for all shapes that have it.
    pub fields: BTreeMap<Symbol, Type>,
    /// The shapes, each with the name of its variant.
    pub shapes: Vec<Shape>,
    /// The field whose value is the same for all records of some shapes: their variants say it.
    pub tag: Option<Symbol>,
}

/// One set of fields.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The name of the variant, where there are several shapes.
    pub name: String,
    /// The fields, sorted.
    pub fields: Vec<Symbol>,
    /// The value of the tag, if the variant stands for it.
    pub tag: Option<Tag>,
    /// The values that the tag may have, if they are known.
    pub possible: Vec<Tag>,
}
