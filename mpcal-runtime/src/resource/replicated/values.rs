//! The values of the variables of a set, encoded.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The values by name; a variable that was never written is not among them. Clones share them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Values(Arc<BTreeMap<String, Encoded>>);

impl Values {
    pub(super) fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(|encoded| &*encoded.0)
    }

    /// These values, but for those that were written.
    pub(super) fn with(&self, written: &BTreeMap<String, Vec<u8>>) -> Self {
        let mut values = self.0.clone();
        let changed = written.iter().map(|(name, bytes)| (name.clone(), Encoded(bytes.as_slice().into())));
        Arc::make_mut(&mut values).extend(changed);
        Self(values)
    }
}

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::deserialize(deserializer).map(|values| Self(Arc::new(values)))
    }
}

/// Bytes that are copied as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Encoded(Arc<[u8]>);

impl Serialize for Encoded {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Encoded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(Bytes)
    }
}

struct Bytes;

impl Visitor<'_> for Bytes {
    type Value = Encoded;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an encoded value")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Encoded, E> {
        Ok(Encoded(bytes.into()))
    }
}
