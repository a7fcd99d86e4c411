//! Enums of names alone, decoded as serde's derived code does it, with one visitor for all of them.

use std::fmt;

use serde::de::{DeserializeSeed, EnumAccess, Error, Unexpected, VariantAccess, Visitor};
use serde::Deserializer;

/// The place of a variant among these.
///
/// # Errors
/// If what is decoded is none of them.
pub fn variant<'de, D: Deserializer<'de>>(
    deserializer: D,
    name: &'static str,
    names: &'static [&'static str],
) -> Result<usize, D::Error> {
    deserializer.deserialize_enum(name, names, Variant(names))
}

struct Variant(&'static [&'static str]);

impl<'de> Visitor<'de> for Variant {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "one of {:?}", self.0)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<usize, A::Error> {
        let (at, content) = access.variant_seed(Name(self.0))?;
        content.unit_variant()?;
        Ok(at)
    }
}

struct Name(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Name {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the name or the place of one of {:?}", self.0)
    }

    fn visit_u64<E: Error>(self, n: u64) -> Result<usize, E> {
        let at = usize::try_from(n).ok().filter(|at| *at < self.0.len());
        at.ok_or_else(|| E::invalid_value(Unexpected::Unsigned(n), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<usize, E> {
        self.0.iter().position(|name| *name == text).ok_or_else(|| E::unknown_variant(text, self.0))
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<usize, E> {
        let at = self.0.iter().position(|name| name.as_bytes() == bytes);
        at.ok_or_else(|| E::invalid_value(Unexpected::Bytes(bytes), &self))
    }
}
