//! The states that were found, each by its key and by half of the key of the one that it was found from.
//!
//! A shard is a table with linear probing, in the order of the keys: it grows by moving everything once, front to
//! back. So a state takes 32 to 48 bytes.

use parking_lot::Mutex;

use crate::key::Key;

/// This many threads can add states at a time.
const SHARDS: usize = 64;

/// How many states a shard has room for at first.
const FIRST: usize = 64;

/// A state that was found, and half of the key of the one that it was found from: enough to find that again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    key: [u64; 2],
    from: u64,
}

impl Found {
    pub(crate) fn new(key: Key, from: Option<Key>) -> Self {
        let [high, low] = key.halves();
        // Nothing stands for no state.
        Self { key: [high, low.max(1)], from: from.map_or(0, |key| key.halves()[0]) }
    }

    /// Whether it is the state with a key.
    pub(crate) fn is(&self, key: Key) -> bool {
        Self::new(key, None).key == self.key
    }

    fn shard(&self) -> usize {
        self.key[1] as usize % SHARDS
    }
}

/// The states that were found.
pub(crate) struct Visited {
    shards: [Mutex<Shard>; SHARDS],
}

impl Default for Visited {
    fn default() -> Self {
        Self { shards: [const { Mutex::new(Shard { keys: Vec::new(), from: Vec::new(), count: 0 }) }; SHARDS] }
    }
}

/// Lists of places, one for each shard, to be used again and again by a thread that adds states.
#[derive(Debug)]
pub(crate) struct Places([Vec<u32>; SHARDS]);

impl Default for Places {
    fn default() -> Self {
        Self([const { Vec::new() }; SHARDS])
    }
}

impl Visited {
    /// Adds states; gives the places of those that are new, in order.
    pub(crate) fn add(&self, found: &[Found], places: &mut Places, new: &mut Vec<u32>) {
        new.clear();
        let Places(places) = places;
        places.iter_mut().for_each(Vec::clear);
        (0..).zip(found).for_each(|(at, found)| places[found.shard()].push(at));
        for (shard, places) in self.shards.iter().zip(&*places).filter(|(_, places)| !places.is_empty()) {
            let mut shard = shard.lock();
            shard.reserve(places.len());
            new.extend(places.iter().filter(|at| shard.add(found[**at as usize])));
        }
        new.sort_unstable();
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u64 {
        self.shards.iter().map(|shard| shard.lock().count as u64).sum()
    }

    /// The keys of the states on the way to one, from an initial state to this one.
    pub(crate) fn way_to(&self, state: Key) -> Vec<Found> {
        let (mut way, mut at) = (Vec::new(), self.find(state.halves()[0]));
        while let Some(found) = at {
            way.push(found);
            at = if found.from == 0 { None } else { self.find(found.from) };
        }
        way.reverse();
        way
    }

    /// The state whose key has this first half.
    fn find(&self, half: u64) -> Option<Found> {
        self.shards.iter().find_map(|shard| shard.lock().find(half))
    }
}

/// A table: where a key would be is its first half, scaled to the room that there is.
struct Shard {
    keys: Vec<[u64; 2]>,
    from: Vec<u64>,
    count: usize,
}

impl Shard {
    fn place(&self, half: u64) -> usize {
        ((u128::from(half) * self.keys.len() as u128) >> 64) as usize
    }

    /// Makes room for this many states, so that a quarter of the table stays empty.
    fn reserve(&mut self, more: usize) {
        if (self.count + more) * 4 <= self.keys.len() * 3 {
            return;
        }
        let room = ((self.count + more) * 2).max(FIRST);
        let keys = std::mem::replace(&mut self.keys, vec![[0; 2]; room]);
        let from = std::mem::replace(&mut self.from, vec![0; room]);
        self.count = 0;
        for (key, from) in keys.into_iter().zip(from).filter(|(key, _)| key[1] != 0) {
            self.add(Found { key, from });
        }
    }

    /// Adds a state; whether it is new.
    fn add(&mut self, found: Found) -> bool {
        let mut at = self.place(found.key[0]);
        loop {
            match self.keys[at] {
                [_, 0] => break,
                key if key == found.key => return false,
                _ => at = if at + 1 == self.keys.len() { 0 } else { at + 1 },
            }
        }
        self.keys[at] = found.key;
        self.from[at] = found.from;
        self.count += 1;
        true
    }

    fn find(&self, half: u64) -> Option<Found> {
        let len = self.keys.len();
        let mut from = (0..len).map(|n| (self.place(half) + n) % len).take_while(|at| self.keys[*at][1] != 0);
        let at = from.find(|at| self.keys[*at][0] == half)?;
        Some(Found { key: self.keys[at], from: self.from[at] })
    }
}
