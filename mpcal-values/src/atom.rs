//! Model values that are known only when a system runs.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Str;

/// A model value: equal only to itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Atom(pub(crate) Str);

impl Atom {
    /// The model value with this name.
    #[must_use]
    pub const fn literal(name: &'static str) -> Self {
        Self(Str::literal(name))
    }

    /// The model value with this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(Str::from(name))
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
