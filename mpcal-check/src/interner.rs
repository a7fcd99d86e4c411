//! Values with numbers: equal values have equal ones.

use std::hash::{BuildHasher, Hash};

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use parking_lot::RwLock;

/// This many threads can add values at a time.
const SHARDS: usize = 16;

/// The values of one component, shared by all threads.
pub(crate) struct Interner<T> {
    /// The numbers of values, by their hashes.
    shards: [RwLock<HashTable<u32>>; SHARDS],
    values: boxcar::Vec<T>,
    hasher: FixedState,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self { shards: Default::default(), values: boxcar::Vec::new(), hasher: FixedState::default() }
    }
}

impl<T: Eq + Hash + Clone> Interner<T> {
    /// The number of a value.
    pub(crate) fn number(&self, value: &T) -> u32 {
        let hash = self.hasher.hash_one(value);
        let shard = &self.shards[(hash >> 58) as usize % SHARDS];
        let is_it = |number: &u32| self.values[*number as usize] == *value;
        if let Some(known) = shard.read().find(hash, is_it) {
            return *known;
        }
        let mut shard = shard.write();
        if let Some(known) = shard.find(hash, is_it) {
            return *known;
        }
        let number = u32::try_from(self.values.push(value.clone())).expect("there are fewer than 2^32 values");
        shard.insert_unique(hash, number, |known| self.hasher.hash_one(&self.values[*known as usize]));
        number
    }

    /// The value with a number.
    pub(crate) fn value(&self, number: u32) -> &T {
        &self.values[number as usize]
    }
}
