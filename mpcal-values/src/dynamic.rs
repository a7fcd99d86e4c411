//! Any value of TLA+.

use std::cell::{Cell, RefCell};
use std::cmp::Ordering;
use std::collections::HashMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::sorted::Sorted;
use super::{fail, Eval, Function, Seq, Set, Str};

/// Any value of TLA+, in canonical form.
///
/// A function whose domain is `1..n` is always a [`Value::Seq`], every other one (records too) a
/// [`Value::Function`], so `<<1, 2>> = [i \in 1..2 |-> i]` holds by comparing representations.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Value {
    /// `TRUE`, `FALSE`
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A string.
    Str(Str),
    /// A model value, equal only to itself.
    Model(Str),
    /// A set.
    Set(Set<Value>),
    /// A function with domain `1..n`: a tuple or sequence.
    Seq(Seq<Value>),
    /// Any other function; a record has strings as its domain.
    Function(Function<Value, Value>),
}

/// Where records with these fields have their values. Records that are alike share it.
fn shape(fields: &[&'static str]) -> Sorted<Value, usize> {
    thread_local! {
        static KNOWN: RefCell<HashMap<Vec<&'static str>, Sorted<Value, usize>>> = RefCell::default();
    }
    KNOWN.with_borrow_mut(|known| {
        if let Some(shape) = known.get(fields) {
            return shape.clone();
        }
        let mut shape = Sorted::new();
        for (at, name) in fields.iter().enumerate() {
            shape.insert(Value::Str(Str::literal(name)), at);
        }
        known.insert(fields.to_vec(), shape.clone());
        shape
    })
}

impl Value {
    /// What a variable declared without a value holds.
    pub const DEFAULT_INIT: Value = Value::Model(Str::literal("defaultInitValue"));

    /// A record.
    #[must_use]
    pub fn record<const N: usize>(mut fields: [(&'static str, Value); N]) -> Value {
        let mut names = [""; N];
        for at in 0..N {
            names[at] = fields[at].0;
        }
        Self::record_of(&names, &mut fields)
    }

    /// The same for any number of fields, whose values it takes.
    fn record_of(names: &[&'static str], fields: &mut [(&'static str, Value)]) -> Value {
        if fields.is_empty() {
            return Value::Seq(Seq::new());
        }
        let values = fields.iter_mut().map(|(_, value)| std::mem::replace(value, Value::Bool(false)));
        Value::Function(Function::with_places(shape(names), values.collect()))
    }

    /// A function, in canonical form.
    #[must_use]
    pub fn function(function: Function<Value, Value>) -> Value {
        let is_seq = function.keys().enumerate().all(|(i, k)| k == Value::Int(i as i64 + 1));
        if is_seq {
            Value::Seq(function.values().cloned().collect())
        } else {
            Value::Function(function)
        }
    }

    /// The field of a record.
    ///
    /// # Errors
    /// If this is not a record with that field.
    pub fn field(&self, name: &'static str) -> Eval<&Value> {
        match self {
            Value::Function(f) => f.at(&Value::Str(Str::literal(name))),
            other => fail(format!("{other} is not a record, it has no field {name}")),
        }
    }

    /// The name of the kind, for messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Bool(_) => "a boolean",
            Value::Int(_) => "an integer",
            Value::Str(_) => "a string",
            Value::Model(_) => "a model value",
            Value::Set(_) => "a set",
            Value::Seq(_) => "a sequence",
            Value::Function(_) => "a function",
        }
    }

    /// `a = b`, as TLC does it.
    ///
    /// # Errors
    /// If TLC refuses to compare the two, for example a string with a number.
    pub fn equal(&self, other: &Value) -> Eval<bool> {
        Ok(self == other || self.differs(other)?)
    }

    /// That another value can be compared with this one, which it is not equal to: `false`.
    fn differs(&self, other: &Value) -> Eval<bool> {
        match (self, other) {
            (Value::Model(_), _) | (_, Value::Model(_)) => Ok(false),
            (Value::Set(a), Value::Set(b)) if a.len() == b.len() => differ(a.iter().zip(b.iter())),
            (Value::Seq(a), Value::Seq(b)) if a.len() == b.len() => differ(a.iter().zip(b.iter())),
            (Value::Function(a), Value::Function(b)) if a.len() == b.len() => {
                let keys: Vec<_> = a.keys().zip(b.keys()).collect();
                differ(keys.iter().map(|(a, b)| (a, b)).chain(a.values().zip(b.values())))
            }
            (Value::Seq(s), Value::Function(f)) | (Value::Function(f), Value::Seq(s)) if s.len() == f.len() => {
                let keys: Vec<_> = (1..).map(Value::Int).zip(f.keys()).collect();
                differ(keys.iter().map(|(a, b)| (a, b)))
            }
            (a, b) if a.rank() == b.rank() => Ok(false),
            (a, b) => fail(format!("{a} and {b} cannot be compared")),
        }
    }

    /// The place of its kind in the order: TLC puts model values before all others.
    fn rank(&self) -> u8 {
        match self {
            Value::Model(_) => 0,
            Value::Bool(_) => 1,
            Value::Int(_) => 2,
            Value::Str(_) => 3,
            Value::Set(_) => 4,
            Value::Seq(_) | Value::Function(_) => 5,
        }
    }
}

impl Ord for Value {
    /// The order of TLC, which decides what `CHOOSE` takes: model values first; `FALSE` before `TRUE`; of sets the
    /// smaller, then element by element; of functions the one with the smaller domain, then argument and value by
    /// argument and value. TLC has strings and model values in the order in which it came to know them: here it is that
    /// of their characters.
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
            (Value::Int(a), Value::Int(b)) => a.cmp(b),
            (Value::Str(a), Value::Str(b)) | (Value::Model(a), Value::Model(b)) => a.cmp(b),
            (Value::Set(a), Value::Set(b)) => a.cmp(b),
            (Value::Seq(a), Value::Seq(b)) => a.cmp(b),
            (Value::Function(a), Value::Function(b)) => a.cmp(b),
            (Value::Seq(a), Value::Function(b)) => a.len().cmp(&b.len()).then_with(|| pairs(a).cmp(b.iter())),
            (Value::Function(a), Value::Seq(b)) => a.len().cmp(&b.len()).then_with(|| a.iter().cmp(pairs(b))),
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }
}

/// Compares in turn, up to the first two that are not equal, as TLC does.
fn differ<'v>(mut pairs: impl Iterator<Item = (&'v Value, &'v Value)>) -> Eval<bool> {
    pairs.find(|(a, b)| a != b).map_or(Ok(false), |(a, b)| a.differs(b))
}

/// A sequence as the function with domain `1..n`.
fn pairs(seq: &Seq<Value>) -> impl Iterator<Item = (Value, &Value)> {
    (1..).map(Value::Int).zip(seq.iter())
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// How deep a value from outside may nest: bytes from the network must not overflow the stack.
const MAX_DEPTH: u32 = 64;

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// [`Value`] as it is encoded.
#[derive(Deserialize)]
enum Encoded {
    Bool(bool),
    Int(i64),
    Str(Str),
    Model(Str),
    Set(Set<Value>),
    Seq(Seq<Value>),
    Function(Function<Value, Value>),
}

impl<'de> Deserialize<'de> for Value {
    /// Refuses values nested more than 64 deep, and restores the canonical form of functions.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let depth = DEPTH.get();
        if depth >= MAX_DEPTH {
            return Err(D::Error::custom("a value is nested too deep"));
        }
        DEPTH.set(depth + 1);
        let encoded = Encoded::deserialize(deserializer);
        DEPTH.set(depth);
        Ok(match encoded? {
            Encoded::Bool(b) => Value::Bool(b),
            Encoded::Int(n) => Value::Int(n),
            Encoded::Str(s) => Value::Str(s),
            Encoded::Model(s) => Value::Model(s),
            Encoded::Set(s) => Value::Set(s),
            Encoded::Seq(s) => Value::Seq(s),
            Encoded::Function(f) => Value::function(f),
        })
    }
}
