//! Finite sets.
//!
//! A set whose elements have small [ordinals](Data::ordinal), like small integers and the values of an
//! enum, is one word; any other is a persistent sorted collection.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::changes::{Change, Changes, Parts, Touched};
use super::chunks;
use super::sorted::Sorted;
use super::Data;

/// A finite set, in order.
#[derive(Clone)]
pub struct Set<T: Data>(Repr<T>);

#[derive(Clone)]
enum Repr<T: Data> {
    /// Bit `n` is the element with ordinal `n`. The empty set is always this.
    Word(u64),
    Sorted(Sorted<T, ()>, Touched<T>),
}

/// The bit of an element, if it has one.
fn bit<T: Data>(item: &T) -> Option<u64> {
    let n = item.ordinal().filter(|n| (0..64).contains(n))?;
    T::at_ordinal(n)?;
    Some(1 << n)
}

impl<T: Data> Set<T> {
    /// `{}`
    #[must_use]
    pub fn new() -> Self {
        Self(Repr::Word(0))
    }

    /// `Cardinality(S)`
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Repr::Word(word) => word.count_ones() as usize,
            Repr::Sorted(sorted, _) => sorted.len(),
        }
    }

    /// Whether it is `{}`.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `item \in S`
    #[must_use]
    pub fn contains(&self, item: &T) -> bool {
        match &self.0 {
            Repr::Word(word) => bit(item).is_some_and(|bit| word & bit != 0),
            Repr::Sorted(sorted, _) => sorted.get(item).is_some(),
        }
    }

    /// The elements in order.
    pub fn iter(&self) -> Iter<'_, T> {
        match &self.0 {
            Repr::Word(word) => Iter::Word(Bits(*word)),
            Repr::Sorted(sorted, _) => Iter::Sorted(sorted.iter()),
        }
    }

    /// Adds an element, in place.
    pub fn insert(&mut self, item: T) {
        match (&mut self.0, bit(&item)) {
            (Repr::Word(word), Some(bit)) => *word |= bit,
            (Repr::Word(word), None) => {
                let mut sorted = Sorted::new();
                for known in Bits(*word).filter_map(T::at_ordinal) {
                    sorted.insert(known.clone(), ());
                }
                sorted.insert(item, ());
                self.0 = Repr::Sorted(sorted, Touched::UNKNOWN);
            }
            (Repr::Sorted(sorted, touched), _) => {
                touched.note(&item, sorted.len());
                sorted.insert(item, ());
            }
        }
    }

    /// Takes an element out, in place.
    pub fn remove(&mut self, item: &T) {
        match &mut self.0 {
            Repr::Word(word) => *word &= !bit(item).unwrap_or(0),
            Repr::Sorted(sorted, touched) => {
                touched.note(item, sorted.len());
                sorted.remove(item);
            }
        }
    }

    /// `S \cup T`
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        match (&self.0, &other.0) {
            (Repr::Word(a), Repr::Word(b)) => Self(Repr::Word(a | b)),
            _ => {
                let (small, large) = if self.len() < other.len() { (self, other) } else { (other, self) };
                let mut both = large.clone();
                for x in small.iter() {
                    both.insert(x.clone());
                }
                both
            }
        }
    }

    /// `S \cap T`
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        match (&self.0, &other.0) {
            (Repr::Word(a), Repr::Word(b)) => Self(Repr::Word(a & b)),
            _ => self.iter().filter(|x| other.contains(x)).cloned().collect(),
        }
    }

    /// `S \ T`
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        match (&self.0, &other.0) {
            (Repr::Word(a), Repr::Word(b)) => Self(Repr::Word(a & !b)),
            (Repr::Sorted(..), _) if other.len() < self.len() => {
                let mut rest = self.clone();
                other.iter().for_each(|x| rest.remove(x));
                rest
            }
            _ => self.iter().filter(|x| !other.contains(x)).cloned().collect(),
        }
    }
}

/// What is told of changes: an element is an argument without a value to it.
impl<T: Data> Set<T> {
    /// Has all that is made from this set know which elements come and go.
    pub(crate) fn mark(&mut self) {
        if let Repr::Sorted(_, touched) = &mut self.0 {
            touched.mark();
        }
    }

    pub(crate) fn tell_elements(&self, earlier: Option<&Self>, to: &mut impl Changes) {
        to.entries(earlier.is_none());
        let Some(earlier) = earlier else {
            return self.iter().for_each(|x| to.entry(x, Some(&())));
        };
        let known = match (&self.0, &earlier.0) {
            (Repr::Sorted(_, ours), Repr::Sorted(_, theirs)) => ours.between(theirs),
            _ => None,
        };
        if let Some(items) = known {
            return items.into_iter().for_each(|x| to.entry(x, self.contains(x).then_some(&())));
        }
        self.iter().filter(|x| !earlier.contains(x)).for_each(|x| to.entry(x, Some(&())));
        earlier.iter().filter(|x| !self.contains(x)).for_each(|x| to.entry(x, None::<&()>));
    }

    pub(crate) fn take_in_elements(&mut self, change: Change<impl Parts>) -> Option<()> {
        let Change::Entries { anew, mut changed } = change else { return None };
        if anew {
            *self = Self::new();
        }
        while !changed.is_empty() {
            match changed.entry()? {
                (item, Some(())) => self.insert(item),
                (item, None) => self.remove(&item),
            }
        }
        Some(())
    }
}

/// The elements of a set, in order.
pub enum Iter<'s, T: Data> {
    #[doc(hidden)]
    Word(Bits),
    #[doc(hidden)]
    Sorted(chunks::Iter<'s, (T, ())>),
}

impl<'s, T: Data> Iterator for Iter<'s, T> {
    type Item = &'s T;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Iter::Word(bits) => T::at_ordinal(bits.next()?),
            Iter::Sorted(sorted) => Some(&sorted.next()?.0),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Iter::Word(bits) => bits.size_hint(),
            Iter::Sorted(sorted) => sorted.size_hint(),
        }
    }
}

/// The numbers of the bits of a word.
#[doc(hidden)]
pub struct Bits(u64);

impl Iterator for Bits {
    type Item = i64;
    fn next(&mut self) -> Option<i64> {
        let n = self.0.trailing_zeros();
        self.0 &= self.0.wrapping_sub(1);
        (n < 64).then_some(i64::from(n))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.0.count_ones() as usize;
        (left, Some(left))
    }
}

impl<T: Data> Default for Set<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Data> PartialEq for Set<T> {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Word(a), Repr::Word(b)) => a == b,
            (Repr::Sorted(a, _), Repr::Sorted(b, _)) if a.is(b) => true,
            _ => self.cmp(other) == Ordering::Equal,
        }
    }
}

impl<T: Data> Eq for Set<T> {}

impl<T: Data> Ord for Set<T> {
    /// Smaller set first, then element by element.
    fn cmp(&self, other: &Self) -> Ordering {
        let mut order = self.len().cmp(&other.len());
        let (mut items, mut others) = (self.iter(), other.iter());
        while let (Ordering::Equal, Some(a), Some(b)) = (order, items.next(), others.next()) {
            order = a.cmp(b);
        }
        order
    }
}

impl<T: Data> PartialOrd for Set<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Data> Hash for Set<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.len().hash(state);
        for x in self.iter() {
            x.hash(state);
        }
    }
}

impl<T: Data> fmt::Debug for Set<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl<T: Data, const N: usize> From<[T; N]> for Set<T> {
    fn from(items: [T; N]) -> Self {
        items.into_iter().collect()
    }
}

impl<T: Data> FromIterator<T> for Set<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut set = Self::new();
        for x in items {
            set.insert(x);
        }
        set
    }
}

impl<T: Data> Serialize for Set<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de, T: Data> Deserialize<'de> for Set<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<T>::deserialize(deserializer).map(|items| items.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(items: impl IntoIterator<Item = i64>) -> Set<i64> {
        items.into_iter().collect()
    }

    #[test]
    fn a_set_is_the_same_however_it_came_about() {
        let mut sorted = set([-1, 3, 70]);
        sorted.remove(&-1);
        sorted.remove(&70);
        assert!(matches!((&sorted.0, &set([3]).0), (Repr::Sorted(..), Repr::Word(8))));
        assert_eq!(sorted, set([3]));
        assert_eq!(sorted.cmp(&set([3])), Ordering::Equal);
        let hash = |s: &Set<i64>| {
            let mut hasher = std::collections::hash_map::DefaultHasher::new();
            s.hash(&mut hasher);
            hasher.finish()
        };
        assert_eq!(hash(&sorted), hash(&set([3])));
    }

    #[test]
    fn words_and_sorted_collections_mix() {
        let (small, large) = (set(0..=63), set(60..=66));
        assert_eq!(small.union(&large), set(0..=66));
        assert_eq!(large.union(&small), set(0..=66));
        assert_eq!(small.intersection(&large), set(60..=63));
        assert_eq!(large.intersection(&small), set(60..=63));
        assert_eq!(large.difference(&small), set(64..=66));
        assert_eq!(small.difference(&large), set(0..=59));
        assert!(small.contains(&63) && !small.contains(&64) && !small.contains(&-1));
        assert_eq!(set([]).iter().count(), 0);
    }
}
