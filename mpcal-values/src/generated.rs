//! What generated types have in common: they stand for values of TLA+, and print as those do.
//!
//! Each macro follows the type it is about and says what stands for what.

mod names;

/// A struct that stands for records: `rt::record!(Message { from = "from", kind = "kind" });`
#[doc(hidden)]
#[macro_export]
macro_rules! __record {
    ($name:ident { $($field:ident = $key:literal),* }) => {
        impl $crate::Data for $name {
            fn to_value(&self) -> $crate::Value {
                $crate::Value::record([$(($key, $crate::Data::to_value(&self.$field))),*])
            }
            fn from_value(value: &$crate::Value) -> $crate::Eval<Self> {
                $crate::generated::has_fields(value, &[$($key),*])?;
                Ok(Self { $($field: $crate::Data::from_value(value.field($key)?)?),* })
            }
        }
        $crate::__prints_as_value!($name);
    };
}

/// An enum that stands for strings and model values: `rt::tags!(Kind { Grant = Str("grant"), Nil = Model("Nil") });`
#[doc(hidden)]
#[macro_export]
macro_rules! __tags {
    ($name:ident { $($variant:ident = $text:literal),* }) => {
        $crate::__tags!($name { $($variant = Str($text)),* });
    };
    ($name:ident { $($variant:ident = $kind:ident($text:literal)),* }) => {
        impl $crate::Data for $name {
            fn to_value(&self) -> $crate::Value {
                match self {
                    $(Self::$variant => $crate::Value::$kind($crate::Str::literal($text)),)*
                }
            }
            fn from_value(value: &$crate::Value) -> $crate::Eval<Self> {
                match value {
                    $($crate::Value::$kind(text) if *text == *$text => Ok(Self::$variant),)*
                    _ => Err($crate::EvalError(::std::format!("no {}: {value}", ::std::stringify!($name)))),
                }
            }
            fn ordinal(&self) -> Option<i64> {
                Some(*self as i64)
            }
            fn from_ordinal(n: i64) -> Option<Self> {
                Self::at_ordinal(n).copied()
            }
            fn at_ordinal(n: i64) -> Option<&'static Self> {
                static ALL: &[$name] = &[$($name::$variant),*];
                ALL.get(usize::try_from(n).ok()?)
            }
        }
        $crate::__names!($name { $($variant),* });
        $crate::__prints_as_value!($name);
    };
}

/// An enum of names alone is encoded as serde's derived code does it: `names!(Kind { Grant, Nil });`
///
/// Derived code has a visitor for each enum, which is much to compile; this has one for all.
#[doc(hidden)]
#[macro_export]
macro_rules! __names {
    ($name:ident { $($variant:ident),* }) => {
        impl $crate::generated::serde::Serialize for $name {
            fn serialize<S: $crate::generated::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                let variant = match self { $(Self::$variant => ::std::stringify!($variant)),* };
                serializer.serialize_unit_variant(::std::stringify!($name), *self as u32, variant)
            }
        }
        impl<'de> $crate::generated::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::generated::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                let names = &[$(::std::stringify!($variant)),*];
                let at = $crate::generated::variant(deserializer, ::std::stringify!($name), names)?;
                Ok([$(Self::$variant),*][at])
            }
        }
    };
}

/// An enum that stands for values of a type, or what the model puts in their place:
/// `rt::optional!(VoteOrNil { Some(i64), Nil = Model("Nil") });`
#[doc(hidden)]
#[macro_export]
macro_rules! __optional {
    ($name:ident { Some($t:ty), $($variant:ident = $kind:ident($text:literal)),* }) => {
        impl $name {
            /// The value, if it is one.
            ///
            /// # Errors
            /// If it is what the model puts in its place.
            pub fn get(&self) -> $crate::Eval<&$t> {
                match self {
                    Self::Some(value) => Ok(value),
                    _ => Err($crate::generated::holds_no_value(::std::stringify!($name))),
                }
            }

            /// The value, to be changed in place.
            ///
            /// # Errors
            /// If it is what the model puts in its place.
            pub fn get_mut(&mut self) -> $crate::Eval<&mut $t> {
                match self {
                    Self::Some(value) => Ok(value),
                    _ => Err($crate::generated::holds_no_value(::std::stringify!($name))),
                }
            }
        }
        impl From<$t> for $name {
            fn from(value: $t) -> Self {
                Self::Some(value)
            }
        }
        impl $crate::Data for $name {
            fn to_value(&self) -> $crate::Value {
                match self {
                    Self::Some(value) => $crate::Data::to_value(value),
                    $(Self::$variant => $crate::Value::$kind($crate::Str::literal($text)),)*
                }
            }
            fn from_value(value: &$crate::Value) -> $crate::Eval<Self> {
                match value {
                    $($crate::Value::$kind(text) if *text == *$text => Ok(Self::$variant),)*
                    other => $crate::Data::from_value(other).map(Self::Some),
                }
            }
        }
        $crate::__prints_as_value!($name);
    };
}

/// An enum that stands for values of several kinds:
/// `rt::kinds!(IntOrAsk { Int(i64) = as_int, as_int_mut, Ask(Ask) = as_ask, as_ask_mut });`
#[doc(hidden)]
#[macro_export]
macro_rules! __kinds {
    ($name:ident { $($variant:ident($t:ty) = $get:ident, $get_mut:ident),* }) => {
        impl $name {
            $(
                /// The value, if it is of this kind.
                ///
                /// # Errors
                /// If it is of another.
                pub fn $get(&self) -> $crate::Eval<&$t> {
                    match self {
                        Self::$variant(value) => Ok(value),
                        other => Err($crate::generated::of_another_kind(::std::stringify!($variant), other)),
                    }
                }

                /// The value, to be changed in place.
                ///
                /// # Errors
                /// If it is of another kind.
                pub fn $get_mut(&mut self) -> $crate::Eval<&mut $t> {
                    match self {
                        Self::$variant(value) => Ok(value),
                        other => Err($crate::generated::of_another_kind(::std::stringify!($variant), other)),
                    }
                }
            )*
        }
        $(
            impl From<$t> for $name {
                fn from(value: $t) -> Self {
                    Self::$variant(value)
                }
            }
        )*
        impl $crate::Data for $name {
            fn to_value(&self) -> $crate::Value {
                match self {
                    $(Self::$variant(value) => $crate::Data::to_value(value),)*
                }
            }
            fn from_value(value: &$crate::Value) -> $crate::Eval<Self> {
                $(if let Ok(value) = $crate::Data::from_value(value) {
                    return Ok(Self::$variant(value));
                })*
                Err($crate::generated::of_another_kind(::std::stringify!($name), value))
            }
        }
        impl Ord for $name {
            fn cmp(&self, other: &Self) -> ::std::cmp::Ordering {
                match (self, other) {
                    $((Self::$variant(left), Self::$variant(right)) => left.cmp(right),)*
                    _ => $crate::Data::to_value(self).cmp(&$crate::Data::to_value(other)),
                }
            }
        }
        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<::std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }
        $crate::__prints_as_value!($name);
    };
}

/// An enum that stands for records of several shapes:
/// `rt::shapes!(Message { Ask { from = "from" } with "kind" = Kind::Ask, Tell { .. } with .. });`
#[doc(hidden)]
#[macro_export]
macro_rules! __shapes {
    ($name:ident {
        $($variant:ident { $($field:ident = $key:literal),* } $(with $tag:literal = $meant:expr)?),*
    }) => {
        impl $crate::Data for $name {
            fn to_value(&self) -> $crate::Value {
                match self {
                    $(Self::$variant { $($field),* } => $crate::Value::record([
                        $(($key, $crate::Data::to_value($field)),)*
                        $(($tag, $crate::Data::to_value(&$meant)))?
                    ]),)*
                }
            }
            fn from_value(value: &$crate::Value) -> $crate::Eval<Self> {
                $(if $crate::generated::is_record_of(value, &[$($key,)* $($tag)?])
                    $(&& *value.field($tag)? == $crate::Data::to_value(&$meant))?
                {
                    return Ok(Self::$variant {
                        $($field: $crate::Data::from_value(value.field($key)?)?),*
                    });
                })*
                Err($crate::EvalError(::std::format!("{}: no such shape: {value}", ::std::stringify!($name))))
            }
        }
        impl Ord for $name {
            fn cmp(&self, other: &Self) -> ::std::cmp::Ordering {
                match (self, other) {
                    $((Self::$variant { $($field),* }, Self::$variant { .. }) => {
                        $(
                            let left = $field;
                            if let Self::$variant { $field, .. } = other {
                                let order = left.cmp($field);
                                if order.is_ne() {
                                    return order;
                                }
                            }
                        )*
                        ::std::cmp::Ordering::Equal
                    })*
                    _ => $crate::Data::to_value(self).cmp(&$crate::Data::to_value(other)),
                }
            }
        }
        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<::std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }
        $crate::__prints_as_value!($name);
    };
}

/// A field that records of all shapes have: `rt::field!(from, from_mut, i64, Ask | Tell);`
#[doc(hidden)]
#[macro_export]
macro_rules! __field {
    ($field:ident, $changed:ident, $t:ty, $($variant:ident)|+) => {
        /// The field of this name.
        #[must_use]
        pub fn $field(&self) -> &$t {
            match self { $(Self::$variant { $field, .. })|+ => $field }
        }

        /// The field, to be changed in place.
        pub fn $changed(&mut self) -> &mut $t {
            match self { $(Self::$variant { $field, .. })|+ => $field }
        }
    };
}

/// A field that records of some shapes have: `rt::some_field!(amount, amount_mut, i64, "amount", Ask);`
#[doc(hidden)]
#[macro_export]
macro_rules! __some_field {
    ($field:ident, $changed:ident, $t:ty, $key:literal, $($variant:ident)|+) => {
        /// The field of this name, if this shape has one.
        ///
        /// # Errors
        /// If it has none.
        pub fn $field(&self) -> $crate::Eval<&$t> {
            match self {
                $(Self::$variant { $field, .. })|+ => Ok($field),
                _ => $crate::generated::no_field($key),
            }
        }

        /// The field, to be changed in place.
        ///
        /// # Errors
        /// If this shape has none.
        pub fn $changed(&mut self) -> $crate::Eval<&mut $t> {
            match self {
                $(Self::$variant { $field, .. })|+ => Ok($field),
                _ => $crate::generated::no_field($key),
            }
        }
    };
}

/// `Display` as TLC prints the value.
#[doc(hidden)]
#[macro_export]
macro_rules! __prints_as_value {
    ($name:ident) => {
        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&$crate::Data::to_value(self), f)
            }
        }
    };
}

pub use serde;

pub use self::names::variant;
pub use crate::{
    __field as field, __kinds as kinds, __names as names, __optional as optional, __record as record,
    __shapes as shapes, __some_field as some_field, __tags as tags,
};
use crate::{Data, Eval, EvalError, Value};

/// The error of an optional value that is not one.
#[must_use]
pub fn holds_no_value(name: &str) -> EvalError {
    EvalError(format!("{name} holds no value here"))
}

/// The error of a value that is of another kind than what it is used as.
#[must_use]
pub fn of_another_kind(wanted: &str, value: &impl Data) -> EvalError {
    EvalError(format!("{} is used as {wanted}", value.to_value()))
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
