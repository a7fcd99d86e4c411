//! Names and strings of models, each kept once.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::{LazyLock, Mutex, PoisonError};

/// A text that is kept once: as cheap to copy and to compare as a reference.
///
/// It stays for the life of the process, because what models are made of is small and comes again.
#[derive(Clone, Copy)]
pub struct Symbol(&'static str);

static TEXTS: LazyLock<Mutex<HashSet<&'static str>>> = LazyLock::new(Mutex::default);

impl Default for Symbol {
    fn default() -> Self {
        Self::from("")
    }
}

impl From<&str> for Symbol {
    fn from(text: &str) -> Self {
        let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = texts.get(text) {
            return Self(known);
        }
        let text = Box::leak(Box::from(text));
        texts.insert(text);
        Self(text)
    }
}

impl From<String> for Symbol {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<Symbol> for std::rc::Rc<str> {
    fn from(symbol: Symbol) -> Self {
        Self::from(symbol.0)
    }
}

impl Deref for Symbol {
    type Target = str;

    fn deref(&self) -> &str {
        self.0
    }
}

impl Borrow<str> for Symbol {
    fn borrow(&self) -> &str {
        self.0
    }
}

impl PartialEq for Symbol {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Symbol {}

impl PartialEq<str> for Symbol {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Symbol {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

/// As the text, so that a map of symbols can be asked for one.
impl Hash for Symbol {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl PartialOrd for Symbol {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// As the texts, so that what is sorted does not depend on what was compiled before.
impl Ord for Symbol {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(other.0)
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.0, f)
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::Symbol;

    #[test]
    fn one_text_is_one_symbol() {
        assert_eq!(Symbol::from("lock"), Symbol::from(String::from("lock")));
        assert_ne!(Symbol::from("lock"), Symbol::from("locks"));
        assert!(Symbol::from("") < Symbol::from("a"));
    }
}
