//! Sequences, and variables without a value.

use std::cmp::Ordering;
use std::fmt;

use imbl::Vector;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{fail, Eval, EvalError};

/// A sequence `<<a, b, c>>`; indices start at 1.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "T: Clone + Serialize + DeserializeOwned")]
pub struct Seq<T: Clone>(pub(crate) Vector<T>);

/// A variable that may not have been given a value yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Slot<T> {
    /// Declared without a value and not assigned since.
    #[default]
    Uninit,
    /// Assigned.
    Value(T),
}

impl<T> Slot<T> {
    /// The value.
    ///
    /// # Errors
    /// If the variable was never assigned.
    pub fn get(&self) -> Eval<&T> {
        match self {
            Slot::Value(value) => Ok(value),
            Slot::Uninit => fail("a variable is used before it is assigned"),
        }
    }

    /// The value, to be changed in place.
    ///
    /// # Errors
    /// If the variable was never assigned.
    pub fn get_mut(&mut self) -> Eval<&mut T> {
        match self {
            Slot::Value(value) => Ok(value),
            Slot::Uninit => fail("a variable is used before it is assigned"),
        }
    }
}

impl<T: Clone> Seq<T> {
    /// `<<>>`
    #[must_use]
    pub fn new() -> Self {
        Self(Vector::new())
    }

    /// `Len(s)`
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it is `<<>>`.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The items in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> + '_ {
        self.0.iter()
    }

    /// `s[index]`, from 1.
    ///
    /// # Errors
    /// If `index` is not in `1..Len(s)`.
    pub fn at(&self, index: i64) -> Eval<&T> {
        let found = usize::try_from(index).ok().and_then(|i| i.checked_sub(1)).and_then(|i| self.0.get(i));
        found.ok_or_else(|| EvalError(format!("index {index} is outside 1..{}", self.0.len())))
    }

    /// Changes `s[index]` in place.
    ///
    /// # Errors
    /// If `index` is not in `1..Len(s)`.
    pub fn at_mut(&mut self, index: i64) -> Eval<&mut T> {
        let length = self.0.len();
        let found = usize::try_from(index).ok().and_then(|i| i.checked_sub(1)).and_then(|i| self.0.get_mut(i));
        found.ok_or_else(|| EvalError(format!("index {index} is outside 1..{length}")))
    }

    /// `Append(s, item)` in place.
    pub fn push(&mut self, item: T) {
        self.0.push_back(item);
    }
}

impl<T: Clone + PartialEq> Seq<T> {
    /// How many items at the start two sequences have in common. What one was made from the other shares is not
    /// looked at item by item.
    #[must_use]
    pub fn common_prefix(&self, other: &Self) -> usize {
        let (mut ours, mut theirs) = (self.0.leaves(), other.0.leaves());
        let (mut a, mut b): (&[T], &[T]) = (&[], &[]);
        let mut count = 0;
        loop {
            if a.is_empty() {
                let Some(next) = ours.next() else { return count };
                a = next;
            }
            if b.is_empty() {
                let Some(next) = theirs.next() else { return count };
                b = next;
            }
            let length = a.len().min(b.len());
            if !std::ptr::eq(a.as_ptr(), b.as_ptr()) {
                let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
                if same < length {
                    return count + same;
                }
            }
            count += length;
            (a, b) = (&a[length..], &b[length..]);
        }
    }
}

impl<T: Clone> Default for Seq<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Clone + Ord> Ord for Seq<T> {
    /// Shorter first, then item by item: the order of functions.
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.iter().cmp(other.0.iter()))
    }
}

impl<T: Clone + Ord> PartialOrd for Seq<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Clone + fmt::Debug> fmt::Debug for Seq<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter()).finish()
    }
}

impl<T: Clone> FromIterator<T> for Seq<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}
