//! What has changed from one value to another, told part by part, so that a store need not write all of it.
//!
//! In: a value and an earlier one. Out: calls of [`Changes`], from which [`Change`] builds the value again. A collection
//! that was marked knows what was done to it since, so nobody looks at the rest.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::Serialize;

use super::chunks::Item;
use super::list::List;

/// Who is told. One of `whole`, `items` and `entries` comes first, and says what follows.
pub trait Changes {
    /// This is the new value.
    fn whole<T: Serialize>(&mut self, value: &T);

    /// Of a sequence, this many items at the front are gone, and this many after them are left; each `item` that follows
    /// comes after these.
    fn items(&mut self, dropped: usize, kept: usize);

    /// An item at the end of a sequence.
    fn item<T: Serialize>(&mut self, item: &T);

    /// Each `entry` of a function or a set that follows has changed; if it is made anew, there are no others.
    fn entries(&mut self, anew: bool);

    /// An argument and its value; without a value it is gone.
    fn entry<K: Serialize, V: Serialize>(&mut self, key: &K, value: Option<&V>);
}

/// A change that was told.
pub enum Change<P> {
    /// The new value.
    Whole(P),
    /// What is left of a sequence, and what comes after that.
    Items {
        /// How many items at the front are gone.
        dropped: usize,
        /// How many after them are left.
        kept: usize,
        /// The items after these.
        added: P,
    },
    /// What has changed in a function or a set.
    Entries {
        /// Whether there are no others.
        anew: bool,
        /// The entries.
        changed: P,
    },
}

/// The parts of a change, one by one; none where there is something else.
pub trait Parts {
    /// Whether there are no more.
    fn is_empty(&self) -> bool;

    /// A value or an item.
    fn value<T: DeserializeOwned>(&mut self) -> Option<T>;

    /// An argument and its value, if it is still there.
    fn entry<K: DeserializeOwned, V: DeserializeOwned>(&mut self) -> Option<(K, Option<V>)>;
}

/// A number that no other mark has.
pub(crate) fn new_mark() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The keys whose entries may have changed since a collection was marked.
#[derive(Clone)]
pub(crate) struct Touched<K: Clone>(Option<Arc<Since<K>>>);

#[derive(Clone)]
struct Since<K: Clone> {
    mark: u64,
    keys: List<K>,
}

/// This many keys are kept, or as many as the collection has.
const KEPT: usize = 64;

impl<K: Item> Touched<K> {
    /// Nothing is known.
    pub(crate) const UNKNOWN: Self = Self(None);

    /// Nothing has changed since now.
    pub(crate) fn mark(&mut self) {
        self.0 = Some(Arc::new(Since { mark: new_mark(), keys: List::new() }));
    }

    /// The entry of a key in a collection of this size may change.
    #[inline]
    pub(crate) fn note(&mut self, key: &K, size: usize) {
        if self.0.is_some() {
            self.add(key, size);
        }
    }

    #[cold]
    fn add(&mut self, key: &K, size: usize) {
        let Some(since) = &mut self.0 else { return };
        if since.keys.len() >= size.max(KEPT) {
            self.0 = None;
        } else {
            Arc::make_mut(since).keys.push_back(key.clone());
        }
    }
}

impl<K: Item + Ord> Touched<K> {
    /// The keys whose entries may differ between two collections, in order, if they are of one origin.
    pub(crate) fn between<'t>(&'t self, other: &'t Self) -> Option<Vec<&'t K>> {
        let (Some(a), Some(b)) = (&self.0, &other.0) else { return None };
        if a.mark != b.mark {
            return None;
        }
        let mut keys: Vec<&K> = a.keys.iter().chain(b.keys.iter()).collect();
        keys.sort_unstable();
        keys.dedup();
        Some(keys)
    }
}
