//! Conflict-free replicated data types: states that any two replicas can merge, in any order, any number of
//! times, and come to the same.
//!
//! After Shapiro, Preguiça, Baquero, Zawirski, *A comprehensive study of convergent and commutative replicated
//! data types* (2011), and, for the differences, Almeida, Shoker, Baquero, *Delta state replicated data types*
//! (2018).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::value::{Data, Eval, EvalError, Function, Set};

/// A number that no other replica has, and this one has not had before, unless it remembers its state.
pub type ReplicaId = u64;

/// A replicated data type.
///
/// Implementers owe: `merge` is commutative, associative and idempotent; merging a delta into the state it was
/// made from gives a state with the wanted content; merging it elsewhere is as good as merging the whole
/// state once everything before it was merged, too.
pub trait Crdt: Clone + Debug + Default + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What a model sees: what a read gives and a write takes.
    type Content: Data;

    /// The content.
    ///
    /// # Errors
    /// If it is too large for its type.
    fn content(&self) -> Eval<Self::Content>;

    /// What makes this state one with the wanted content, as a change by this replica.
    ///
    /// # Errors
    /// If the type does not allow such a change.
    fn delta(&self, replica: ReplicaId, wanted: &Self::Content) -> Eval<Self>;

    /// Takes in what another replica has; whether that was new.
    fn merge(&mut self, other: &Self) -> bool;
}

/// A counter that only grows: each replica counts for itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrowOnlyCounter(BTreeMap<ReplicaId, u64>);

/// Takes the larger of two counts for each replica; whether any has grown. What has no count has no entry.
fn raise(counts: &mut BTreeMap<ReplicaId, u64>, others: &BTreeMap<ReplicaId, u64>) -> bool {
    let mut grown = false;
    for (replica, count) in others {
        if *count > counts.get(replica).copied().unwrap_or(0) {
            counts.insert(*replica, *count);
            grown = true;
        }
    }
    grown
}

impl GrowOnlyCounter {
    fn sum(&self) -> u128 {
        self.0.values().map(|count| u128::from(*count)).sum()
    }

    fn plus(&self, replica: ReplicaId, amount: u64) -> Eval<Self> {
        let before = self.0.get(&replica).copied().unwrap_or(0);
        let after = before.checked_add(amount).ok_or_else(too_large)?;
        Ok(Self((amount > 0).then_some((replica, after)).into_iter().collect()))
    }
}

fn too_large() -> EvalError {
    EvalError("a replicated counter is too large".to_owned())
}

impl Crdt for GrowOnlyCounter {
    type Content = i64;

    fn content(&self) -> Eval<i64> {
        i64::try_from(self.sum()).map_err(|_| too_large())
    }

    fn delta(&self, replica: ReplicaId, wanted: &i64) -> Eval<Self> {
        let amount = wanted.checked_sub(self.content()?).and_then(|more| u64::try_from(more).ok());
        let amount = amount.ok_or_else(|| EvalError(format!("a counter that only grows cannot become {wanted}")))?;
        self.plus(replica, amount)
    }

    fn merge(&mut self, other: &Self) -> bool {
        raise(&mut self.0, &other.0)
    }
}

/// A counter that grows and shrinks: two that only grow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PnCounter {
    up: GrowOnlyCounter,
    down: GrowOnlyCounter,
}

impl Crdt for PnCounter {
    type Content = i64;

    fn content(&self) -> Eval<i64> {
        let (up, down) = (i128::try_from(self.up.sum()), i128::try_from(self.down.sum()));
        let sum = up.ok().zip(down.ok()).and_then(|(up, down)| i64::try_from(up - down).ok());
        sum.ok_or_else(too_large)
    }

    fn delta(&self, replica: ReplicaId, wanted: &i64) -> Eval<Self> {
        let by = wanted.checked_sub(self.content()?).ok_or_else(too_large)?;
        let mut delta = Self::default();
        if by >= 0 {
            delta.up = self.up.plus(replica, by.unsigned_abs())?;
        } else {
            delta.down = self.down.plus(replica, by.unsigned_abs())?;
        }
        Ok(delta)
    }

    fn merge(&mut self, other: &Self) -> bool {
        let up = self.up.merge(&other.up);
        self.down.merge(&other.down) || up
    }
}

/// One addition: the n-th of which replica.
type Dot = (ReplicaId, u64);

/// The additions that a state knows of, also those of elements that are gone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    /// Of each replica everything up to here.
    up_to: BTreeMap<ReplicaId, u64>,
    /// Beyond that, one by one.
    beyond: BTreeSet<Dot>,
}

impl Seen {
    fn has(&self, dot: &Dot) -> bool {
        self.up_to.get(&dot.0).is_some_and(|last| dot.1 <= *last) || self.beyond.contains(dot)
    }

    fn add(&mut self, dot: Dot) -> bool {
        !self.has(&dot) && self.beyond.insert(dot)
    }

    /// Moves what has become gapless to `up_to`.
    fn compact(&mut self) {
        let Self { up_to, beyond } = self;
        beyond.retain(|(replica, number)| {
            let last = up_to.get(replica).copied().unwrap_or(0);
            if *number == last + 1 {
                up_to.insert(*replica, *number);
            }
            *number > last + 1
        });
    }

    fn merge(&mut self, other: &Self) -> bool {
        let mut news = raise(&mut self.up_to, &other.up_to);
        for dot in &other.beyond {
            news |= self.add(*dot);
        }
        self.compact();
        news
    }

    fn next(&self, replica: ReplicaId) -> Dot {
        let beyond = self.beyond.range((replica, 0)..=(replica, u64::MAX)).next_back().map_or(0, |dot| dot.1);
        (replica, self.up_to.get(&replica).copied().unwrap_or(0).max(beyond) + 1)
    }
}

/// A set in which an element that one replica adds while another removes it stays: a removal removes the
/// additions that its replica has seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct AddWinsSet<T: Data> {
    /// The additions that hold each element.
    elements: BTreeMap<T, BTreeSet<Dot>>,
    seen: Seen,
}

impl<T: Data> Default for AddWinsSet<T> {
    fn default() -> Self {
        Self { elements: BTreeMap::new(), seen: Seen::default() }
    }
}

impl<T: Data> Crdt for AddWinsSet<T> {
    type Content = Set<T>;

    fn content(&self) -> Eval<Set<T>> {
        Ok(self.elements.keys().cloned().collect())
    }

    fn delta(&self, replica: ReplicaId, wanted: &Set<T>) -> Eval<Self> {
        let mut delta = Self::default();
        let mut dot = self.seen.next(replica);
        for element in wanted.iter().filter(|element| !self.elements.contains_key(*element)) {
            delta.elements.insert(element.clone(), BTreeSet::from([dot]));
            delta.seen.add(dot);
            dot.1 += 1;
        }
        for (_, dots) in self.elements.iter().filter(|(element, _)| !wanted.contains(element)) {
            delta.seen.beyond.extend(dots);
        }
        delta.seen.compact();
        Ok(delta)
    }

    fn merge(&mut self, other: &Self) -> bool {
        let mut changed = false;
        let Self { elements, seen } = self;
        // What the other has seen and has no more is gone.
        elements.retain(|element, dots| {
            let theirs = other.elements.get(element);
            let before = dots.len();
            dots.retain(|dot| theirs.is_some_and(|t| t.contains(dot)) || !other.seen.has(dot));
            changed |= dots.len() < before;
            !dots.is_empty()
        });
        for (element, theirs) in &other.elements {
            for dot in theirs.iter().filter(|dot| !seen.has(dot)) {
                changed |= elements.entry(element.clone()).or_default().insert(*dot);
            }
        }
        seen.merge(&other.seen) || changed
    }
}

/// When something was written: a Lamport clock, and who.
type Stamp = (u64, ReplicaId);

/// A map in which of two writes to a key the later one stays, and of two at once that of the larger replica. A
/// removal is a write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct LastWriterWinsMap<K: Data, V: Data> {
    entries: BTreeMap<K, (Stamp, Option<V>)>,
    /// The latest clock in it.
    clock: u64,
}

impl<K: Data, V: Data> Default for LastWriterWinsMap<K, V> {
    fn default() -> Self {
        Self { entries: BTreeMap::new(), clock: 0 }
    }
}

impl<K: Data, V: Data> Crdt for LastWriterWinsMap<K, V> {
    type Content = Function<K, V>;

    fn content(&self) -> Eval<Function<K, V>> {
        let present = self.entries.iter().filter_map(|(key, (_, value))| Some((key.clone(), value.clone()?)));
        Ok(present.collect())
    }

    fn delta(&self, replica: ReplicaId, wanted: &Function<K, V>) -> Eval<Self> {
        let stamp = (self.clock + 1, replica);
        let mut entries = BTreeMap::new();
        for (key, value) in wanted.iter() {
            if self.entries.get(&key).and_then(|(_, known)| known.as_ref()) != Some(value) {
                entries.insert(key, (stamp, Some(value.clone())));
            }
        }
        for (key, (_, known)) in &self.entries {
            if known.is_some() && wanted.get(key).is_none() {
                entries.insert(key.clone(), (stamp, None));
            }
        }
        Ok(Self { entries, clock: stamp.0 })
    }

    fn merge(&mut self, other: &Self) -> bool {
        let mut news = other.clock > self.clock;
        self.clock = self.clock.max(other.clock);
        for (key, theirs) in &other.entries {
            match self.entries.get_mut(key) {
                // One replica writes each clock once, so equal stamps are the same write.
                Some(ours) if ours.0 >= theirs.0 => {}
                Some(ours) => {
                    ours.clone_from(theirs);
                    news = true;
                }
                None => {
                    self.entries.insert(key.clone(), theirs.clone());
                    news = true;
                }
            }
        }
        news
    }
}

/// A set in which the later of an addition and a removal stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct LastWriterWinsSet<T: Data>(LastWriterWinsMap<T, bool>);

impl<T: Data> Default for LastWriterWinsSet<T> {
    fn default() -> Self {
        Self(LastWriterWinsMap::default())
    }
}

impl<T: Data> Crdt for LastWriterWinsSet<T> {
    type Content = Set<T>;

    fn content(&self) -> Eval<Set<T>> {
        Ok(self.0.content()?.iter().map(|(element, _)| element.clone()).collect())
    }

    fn delta(&self, replica: ReplicaId, wanted: &Set<T>) -> Eval<Self> {
        let wanted = wanted.iter().map(|element| (element.clone(), true)).collect();
        self.0.delta(replica, &wanted).map(Self)
    }

    fn merge(&mut self, other: &Self) -> bool {
        self.0.merge(&other.0)
    }
}
