//! The states that were found, each by a hash of 128 bits.

use hashbrown::hash_table::Entry;
use hashbrown::HashTable;
use parking_lot::Mutex;
use xxhash_rust::xxh3::xxh3_128;

use crate::system::Row;

/// So many threads can add states at a time.
const SHARDS: usize = 16;

/// What stands for a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key(u64, u64);

impl Key {
    pub(crate) fn of(state: &Row) -> Self {
        let hash = xxh3_128(bytemuck::cast_slice(state));
        Self((hash >> 64) as u64, hash as u64)
    }

    pub(crate) fn hash(self) -> u64 {
        self.1
    }

    fn shard(self) -> usize {
        self.0 as usize % SHARDS
    }
}

/// A state that was found, and half of the key of the one that it was found from: enough to find that again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) key: Key,
    pub(crate) from: u64,
}

impl Found {
    pub(crate) fn new(state: &Row, from: Option<Key>) -> Self {
        Self { key: Key::of(state), from: from.map_or(0, |key| key.1) }
    }
}

/// The states that were found.
#[derive(Default)]
pub(crate) struct Visited {
    shards: [Mutex<HashTable<Found>>; SHARDS],
}

impl Visited {
    /// Adds states; gives the places of those that are new.
    pub(crate) fn add(&self, found: &[Found]) -> Vec<usize> {
        let (mut new, mut by_shard) = (Vec::new(), [const { Vec::new() }; SHARDS]);
        found.iter().enumerate().for_each(|(at, found)| by_shard[found.key.shard()].push(at));
        for (shard, places) in self.shards.iter().zip(by_shard) {
            if places.is_empty() {
                continue;
            }
            let mut shard = shard.lock();
            for at in places {
                let is_it = |known: &Found| known.key == found[at].key;
                if let Entry::Vacant(vacant) = shard.entry(found[at].key.1, is_it, |known| known.key.1) {
                    vacant.insert(found[at]);
                    new.push(at);
                }
            }
        }
        new.sort_unstable();
        new
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u64 {
        self.shards.iter().map(|shard| shard.lock().len() as u64).sum()
    }

    /// The keys of the states on the way to one, from an initial state to this one.
    pub(crate) fn way_to(&self, state: Key) -> Vec<Key> {
        let (mut way, mut at) = (Vec::new(), self.find(state.1));
        while let Some(found) = at {
            way.push(found.key);
            at = if found.from == 0 { None } else { self.find(found.from) };
        }
        way.reverse();
        way
    }

    fn find(&self, half: u64) -> Option<Found> {
        self.shards.iter().find_map(|shard| shard.lock().find(half, |known| known.key.1 == half).copied())
    }
}
