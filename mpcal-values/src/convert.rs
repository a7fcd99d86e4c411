//! Typed values to [`Value`] and back.

use std::fmt::Debug;
use std::hash::Hash;

use serde::de::DeserializeOwned;
use serde::Serialize;

use super::changes::{Change, Changes, Parts};
use super::{fail, Atom, Eval, Function, Seq, Set, Slot, Str, Value};

/// A type that holds values of TLA+. Generated types implement it.
///
/// Implementers owe: `from_value(&x.to_value()) == Ok(x)`, and equality and order that agree with
/// those of the [`Value`].
pub trait Data: Clone + Debug + Eq + Ord + Hash + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The same value, untyped.
    fn to_value(&self) -> Value;

    /// The same value, typed.
    ///
    /// # Errors
    /// If it has another type.
    fn from_value(value: &Value) -> Eval<Self>;

    /// The number of a value among those of its type, in their order, where each has one: sets and
    /// functions of such values are stored densely. Then [`from_ordinal`](Self::from_ordinal) gives it back.
    fn ordinal(&self) -> Option<i64> {
        None
    }

    /// The value with an ordinal.
    #[must_use]
    fn from_ordinal(_: i64) -> Option<Self> {
        None
    }

    /// The value with an ordinal, for those from 0 to 63 that live as long as the program.
    #[must_use]
    fn at_ordinal(_: i64) -> Option<&'static Self> {
        None
    }

    /// Tells in what this value differs from an earlier one; without one, what it is.
    fn tell(&self, _earlier: Option<&Self>, to: &mut impl Changes) {
        to.whole(self);
    }

    /// Makes a change that was told; none if it is not one of such a value.
    fn take_in(&mut self, change: Change<impl Parts>) -> Option<()> {
        let Change::Whole(mut value) = change else { return None };
        *self = value.value()?;
        Some(())
    }

    /// Has what is made from this value know what it changes, so that [`tell`](Self::tell) need not look for it.
    fn mark(&mut self) {}
}

fn expected<T>(what: &str, value: &Value) -> Eval<T> {
    fail(format!("expected {what}, found {}: {value}", value.kind()))
}

impl Data for Value {
    fn to_value(&self) -> Value {
        self.clone()
    }
    fn from_value(value: &Value) -> Eval<Self> {
        Ok(value.clone())
    }
}

impl Data for bool {
    fn to_value(&self) -> Value {
        Value::Bool(*self)
    }
    fn from_value(value: &Value) -> Eval<Self> {
        if let Value::Bool(b) = value {
            Ok(*b)
        } else {
            expected("a boolean", value)
        }
    }
    fn ordinal(&self) -> Option<i64> {
        Some(i64::from(*self))
    }
    fn from_ordinal(n: i64) -> Option<Self> {
        Self::at_ordinal(n).copied()
    }
    fn at_ordinal(n: i64) -> Option<&'static Self> {
        [&false, &true].get(usize::try_from(n).ok()?).copied()
    }
}

/// The integers that sets of one word hold.
static SMALL: [i64; 64] = {
    let mut all = [0; 64];
    let mut n = 0;
    while n < 64 {
        all[n] = n as i64;
        n += 1;
    }
    all
};

impl Data for i64 {
    fn to_value(&self) -> Value {
        Value::Int(*self)
    }
    fn from_value(value: &Value) -> Eval<Self> {
        if let Value::Int(n) = value {
            Ok(*n)
        } else {
            expected("an integer", value)
        }
    }
    fn ordinal(&self) -> Option<i64> {
        Some(*self)
    }
    fn from_ordinal(n: i64) -> Option<Self> {
        Some(n)
    }
    fn at_ordinal(n: i64) -> Option<&'static Self> {
        SMALL.get(usize::try_from(n).ok()?)
    }
}

impl Data for Str {
    fn to_value(&self) -> Value {
        Value::Str(self.clone())
    }
    fn from_value(value: &Value) -> Eval<Self> {
        if let Value::Str(s) = value {
            Ok(s.clone())
        } else {
            expected("a string", value)
        }
    }
}

impl Data for Atom {
    fn to_value(&self) -> Value {
        Value::Model(self.0.clone())
    }
    fn from_value(value: &Value) -> Eval<Self> {
        if let Value::Model(name) = value {
            Ok(Self(name.clone()))
        } else {
            expected("a model value", value)
        }
    }
}

impl<T: Data> Data for Seq<T> {
    fn to_value(&self) -> Value {
        let mut items = Seq::new();
        for x in self.iter() {
            items.push(x.to_value());
        }
        Value::Seq(items)
    }
    fn from_value(value: &Value) -> Eval<Self> {
        let Value::Seq(items) = value else { return expected("a sequence", value) };
        let mut own = Seq::new();
        for x in items.iter() {
            own.push(T::from_value(x)?);
        }
        Ok(own)
    }
    fn tell(&self, earlier: Option<&Self>, to: &mut impl Changes) {
        self.tell_items(earlier, to);
    }
    fn take_in(&mut self, change: Change<impl Parts>) -> Option<()> {
        self.take_in_items(change)
    }
    fn mark(&mut self) {
        Self::mark(self);
    }
}

impl<T: Data> Data for Set<T> {
    fn to_value(&self) -> Value {
        let mut items = Set::new();
        for x in self.iter() {
            items.insert(x.to_value());
        }
        Value::Set(items)
    }
    fn from_value(value: &Value) -> Eval<Self> {
        let Value::Set(items) = value else { return expected("a set", value) };
        let mut own = Set::new();
        for x in items.iter() {
            own.insert(T::from_value(x)?);
        }
        Ok(own)
    }
    fn tell(&self, earlier: Option<&Self>, to: &mut impl Changes) {
        self.tell_elements(earlier, to);
    }
    fn take_in(&mut self, change: Change<impl Parts>) -> Option<()> {
        self.take_in_elements(change)
    }
    fn mark(&mut self) {
        Self::mark(self);
    }
}

impl<K: Data, V: Data> Data for Function<K, V> {
    fn to_value(&self) -> Value {
        let mut entries = Function::new();
        for (k, v) in self.iter() {
            entries.insert(k.to_value(), v.to_value());
        }
        Value::function(entries)
    }
    fn from_value(value: &Value) -> Eval<Self> {
        let mut own = Function::new();
        match value {
            Value::Function(entries) => {
                for (k, v) in entries.iter() {
                    own.insert(K::from_value(&k)?, V::from_value(v)?);
                }
            }
            Value::Seq(items) => {
                for (i, v) in (1..).zip(items.iter()) {
                    own.insert(K::from_value(&Value::Int(i))?, V::from_value(v)?);
                }
            }
            _ => return expected("a function", value),
        }
        Ok(own)
    }
    fn tell(&self, earlier: Option<&Self>, to: &mut impl Changes) {
        self.tell_entries(earlier, to);
    }
    fn take_in(&mut self, change: Change<impl Parts>) -> Option<()> {
        self.take_in_entries(change)
    }
    fn mark(&mut self) {
        Self::mark(self);
    }
}

impl<T: Data> Data for Slot<T> {
    fn to_value(&self) -> Value {
        match self {
            Slot::Uninit => Value::DEFAULT_INIT,
            Slot::Value(value) => value.to_value(),
        }
    }
    fn from_value(value: &Value) -> Eval<Self> {
        if *value == Value::DEFAULT_INIT {
            Ok(Slot::Uninit)
        } else {
            T::from_value(value).map(Slot::Value)
        }
    }
}

impl Data for () {
    fn to_value(&self) -> Value {
        Value::Seq(Seq::new())
    }
    fn from_value(value: &Value) -> Eval<Self> {
        if *value == Value::Seq(Seq::new()) {
            Ok(())
        } else {
            expected("<<>>", value)
        }
    }
}

macro_rules! tuples {
    ($($count:literal: $($name:ident . $index:tt),+;)+) => {$(
        impl<$($name: Data),+> Data for ($($name,)+) {
            fn to_value(&self) -> Value {
                Value::Seq([$(self.$index.to_value()),+].into_iter().collect())
            }
            fn from_value(value: &Value) -> Eval<Self> {
                match value {
                    Value::Seq(items) if items.len() == $count => Ok(($($name::from_value(items.at($index + 1)?)?,)+)),
                    _ => expected(concat!("a tuple of ", $count), value),
                }
            }
        }
    )+};
}

tuples! {
    1: A.0;
    2: A.0, B.1;
    3: A.0, B.1, C.2;
    4: A.0, B.1, C.2, D.3;
    5: A.0, B.1, C.2, D.3, E.4;
    6: A.0, B.1, C.2, D.3, E.4, F.5;
    7: A.0, B.1, C.2, D.3, E.4, F.5, G.6;
    8: A.0, B.1, C.2, D.3, E.4, F.5, G.6, H.7;
}
