//! Sequences, and variables without a value.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::changes::{new_mark, Change, Changes, Parts};
use super::list::List;
use super::{fail, Data, Eval, EvalError};

/// A sequence `<<a, b, c>>`; indices start at 1.
#[derive(Clone)]
pub struct Seq<T: Data> {
    items: List<T>,
    origin: Origin,
}

/// The sequence that another was made from, if that was noted with [`Seq::mark`]: the first `kept` items are still
/// those after the first `dropped` of the sequence with this mark.
#[derive(Clone, Copy, Default)]
struct Origin {
    /// 0 if there is none.
    mark: u64,
    dropped: usize,
    kept: usize,
}

impl Origin {
    /// The origin of what is left from one place up to another.
    fn part(self, from: usize, to: usize) -> Self {
        let kept = self.kept.min(to);
        let dropped = kept.min(from);
        Self { dropped: self.dropped + dropped, kept: kept - dropped, ..self }
    }
}

/// A variable that may not have been given a value yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
            Slot::Uninit => fail(super::UNASSIGNED),
        }
    }

    /// Assigns a value; gives a reference to it.
    pub fn insert(&mut self, value: T) -> &T {
        *self = Slot::Value(value);
        match self {
            Slot::Value(value) => value,
            Slot::Uninit => unreachable!("it was assigned"),
        }
    }

    /// The value, to be changed in place.
    ///
    /// # Errors
    /// If the variable was never assigned.
    pub fn get_mut(&mut self) -> Eval<&mut T> {
        match self {
            Slot::Value(value) => Ok(value),
            Slot::Uninit => fail(super::UNASSIGNED),
        }
    }
}

impl<T: Data> Ord for Slot<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Slot::Value(a), Slot::Value(b)) => a.cmp(b),
            (Slot::Uninit, Slot::Uninit) => Ordering::Equal,
            (Slot::Uninit, Slot::Value(_)) | (Slot::Value(_), Slot::Uninit) => self.to_value().cmp(&other.to_value()),
        }
    }
}

impl<T: Data> PartialOrd for Slot<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: PartialEq> Slot<T> {
    /// Whether it has this value.
    #[must_use]
    pub fn holds(&self, value: &T) -> bool {
        matches!(self, Slot::Value(own) if own == value)
    }
}

impl<T> From<T> for Slot<T> {
    fn from(value: T) -> Self {
        Slot::Value(value)
    }
}

impl<T: Data> Seq<T> {
    /// `<<>>`
    #[must_use]
    pub fn new() -> Self {
        Self::from(List::new())
    }

    /// `Len(s)`
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether it is `<<>>`.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.len() == 0
    }

    /// The items in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> + '_ {
        self.items.iter()
    }

    /// `s[index]`, from 1.
    ///
    /// # Errors
    /// If `index` is not in `1..Len(s)`.
    pub fn at(&self, index: i64) -> Eval<&T> {
        let found = usize::try_from(index).ok().and_then(|i| i.checked_sub(1)).and_then(|i| self.items.get(i));
        found.ok_or_else(|| EvalError(format!("index {index} is outside 1..{}", self.items.len())))
    }

    /// Changes `s[index]` in place.
    ///
    /// # Errors
    /// If `index` is not in `1..Len(s)`.
    pub fn at_mut(&mut self, index: i64) -> Eval<&mut T> {
        let length = self.items.len();
        let at = usize::try_from(index).ok().and_then(|i| i.checked_sub(1));
        self.origin.kept = self.origin.kept.min(at.unwrap_or(0));
        at.and_then(|at| self.items.get_mut(at))
            .ok_or_else(|| EvalError(format!("index {index} is outside 1..{length}")))
    }

    /// `Append(s, item)` in place.
    pub fn push(&mut self, item: T) {
        self.items.push_back(item);
    }

    /// `s \o t` in place.
    pub fn append(&mut self, other: &Self) {
        self.items.append(&other.items);
    }

    /// `Tail(s)` in place; gives the head, if there is one.
    pub fn pop_front(&mut self) -> Option<T> {
        self.origin = self.origin.part(1, self.items.len());
        let head = self.items.get(0)?.clone();
        self.items.skip(1);
        Some(head)
    }

    /// The items from one place, counted from 0, up to another.
    ///
    /// # Panics
    /// If these are not places of the sequence, in this order.
    #[must_use]
    pub fn part(&self, from: usize, to: usize) -> Self {
        let mut items = self.items.clone();
        items.truncate(to);
        items.skip(from);
        Self { items, origin: self.origin.part(from, to) }
    }

    /// Has all that is made from this sequence know how much of it is left, so that nobody need look for it.
    pub fn mark(&mut self) {
        self.origin = Origin { mark: new_mark(), dropped: 0, kept: self.items.len() };
    }
}

impl<T: Data> Seq<T> {
    pub(crate) fn tell_items(&self, earlier: Option<&Self>, to: &mut impl Changes) {
        let (dropped, kept) = earlier.map_or((0, 0), |earlier| earlier.left_in(self));
        to.items(dropped, kept);
        let mut added = self.items.clone();
        added.skip(kept);
        added.iter().for_each(|x| to.item(x));
    }

    pub(crate) fn take_in_items(&mut self, change: Change<impl Parts>) -> Option<()> {
        let Change::Items { dropped, kept, mut added } = change else { return None };
        if kept == 0 {
            *self = Self::new();
        } else if kept < self.len() {
            let end = dropped.checked_add(kept).filter(|end| *end <= self.len())?;
            *self = self.part(dropped, end);
        } else if (dropped, kept) != (0, self.len()) {
            return None;
        }
        while !added.is_empty() {
            self.push(added.value()?);
        }
        Some(())
    }
}

impl<T: Data> Seq<T> {
    /// How many items at the front of this sequence another one that was made from it lacks, and how many after them
    /// it still starts with.
    #[must_use]
    pub fn left_in(&self, other: &Self) -> (usize, usize) {
        let (ours, theirs) = (self.origin, other.origin);
        if ours.mark != 0 && ours.mark == theirs.mark && ours.dropped == 0 {
            let kept = ours.kept.saturating_sub(theirs.dropped).min(theirs.kept);
            (theirs.dropped.min(self.len()), kept)
        } else {
            (0, self.common_prefix(other))
        }
    }

    /// How many items at the start two sequences have in common. What they share is not looked at item by item.
    #[must_use]
    pub fn common_prefix(&self, other: &Self) -> usize {
        self.items.common_prefix(&other.items)
    }
}

impl<T: Data> From<List<T>> for Seq<T> {
    fn from(items: List<T>) -> Self {
        Self { items, origin: Origin::default() }
    }
}

impl<T: Data> PartialEq for Seq<T> {
    fn eq(&self, other: &Self) -> bool {
        self.items == other.items
    }
}

impl<T: Data> Eq for Seq<T> {}

impl<T: Data> Hash for Seq<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.len().hash(state);
        for x in self.iter() {
            x.hash(state);
        }
    }
}

impl<T: Data> Serialize for Seq<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de, T: Data> Deserialize<'de> for Seq<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<T>::deserialize(deserializer).map(|items| items.into_iter().collect())
    }
}

impl<T: Data> Default for Seq<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Data> Ord for Seq<T> {
    /// Shorter first, then item by item: the order of functions.
    fn cmp(&self, other: &Self) -> Ordering {
        let mut order = self.len().cmp(&other.len());
        let (mut items, mut others) = (self.items.iter(), other.items.iter());
        while let (Ordering::Equal, Some(a), Some(b)) = (order, items.next(), others.next()) {
            order = a.cmp(b);
        }
        order
    }
}

impl<T: Data> PartialOrd for Seq<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Data> fmt::Debug for Seq<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.items.iter()).finish()
    }
}

impl<T: Data, const N: usize> From<[T; N]> for Seq<T> {
    fn from(items: [T; N]) -> Self {
        items.into_iter().collect()
    }
}

impl<T: Data> FromIterator<T> for Seq<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::from(items.into_iter().collect::<List<T>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever is done to a marked sequence, what it claims to have kept it has.
    #[test]
    fn what_is_kept_of_a_marked_sequence_is_known() {
        let mut numbers = 1u64;
        let mut below = |n: i64| {
            numbers = numbers.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (numbers >> 33) as i64 % n
        };
        let (mut kept, mut front) = (0, 0);
        for _ in 0..2000 {
            let mut saved: Seq<i64> = (0..below(200)).collect();
            saved.mark();
            let mut changed = saved.clone();
            for _ in 0..below(6) {
                match below(6) {
                    0 => changed.push(below(3)),
                    1 => changed.append(&(0..below(80)).collect()),
                    2 if !changed.is_empty() => *changed.at_mut(1 + below(changed.len() as i64)).unwrap() = 1000,
                    3 => changed = changed.part(0, below(changed.len() as i64 + 1) as usize),
                    4 => changed = changed.part(below(changed.len() as i64 + 1).min(3) as usize, changed.len()),
                    5 => drop(changed.pop_front()),
                    _ => {}
                }
            }
            let (dropped, known) = saved.left_in(&changed);
            let left = saved.iter().skip(dropped).take(known);
            assert!(left.eq(changed.iter().take(known)), "{known} behind {dropped} of {saved:?} are in {changed:?}");
            assert!(dropped + known <= saved.len() && known <= changed.len());
            (kept, front) = (kept + known, front + dropped);
        }
        assert!(kept > 50_000 && front > 1000, "{kept} items are known to be kept, {front} to be dropped");
    }
}
