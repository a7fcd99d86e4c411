//! Persistent sorted collections of keys, each with something.

use std::cmp::Ordering;
use std::marker::PhantomData;

use super::chunks::{Chunk, Chunks, Item, Iter, CHUNK};

/// Keys in order, each with something: a place, or nothing in a set. No chunk is empty.
#[derive(Clone)]
pub(crate) struct Sorted<K, P> {
    chunks: Chunks,
    len: usize,
    entries: PhantomData<fn() -> (K, P)>,
}

impl<K: Item + Ord, P: Item> Sorted<K, P> {
    pub(crate) fn new() -> Self {
        Self { chunks: Chunks::new(), len: 0, entries: PhantomData }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn iter(&self) -> Iter<'_, (K, P)> {
        Iter::new(self.entries(0), &self.chunks, self.len)
    }

    /// Whether these are the same chunks, so that there is nothing to compare.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.len == other.len && self.chunks.are(&other.chunks)
    }

    /// The chunk that a key is in or belongs into, and its place there or that of the first that is greater.
    fn find(&self, key: &K) -> (usize, Result<usize, usize>) {
        let (mut from, mut to) = (0, self.chunks.len());
        while from + 1 < to {
            let middle = usize::midpoint(from, to);
            if self.entries(middle)[0].0 <= *key {
                from = middle;
            } else {
                to = middle;
            }
        }
        (from, search(self.entries(from), key))
    }

    fn entries(&self, chunk: usize) -> &[(K, P)] {
        self.chunks.get(chunk).map_or(&[], |chunk| chunk.items())
    }

    pub(crate) fn get(&self, key: &K) -> Option<&P> {
        let (chunk, at) = self.find(key);
        Some(&self.entries(chunk)[at.ok()?].1)
    }

    /// Adds a key that may be there already.
    pub(crate) fn insert(&mut self, key: K, with: P) {
        let (at_chunk, Err(at)) = self.find(&key) else { return };
        self.len += 1;
        let Some(chunk) = self.chunks.get_mut(at_chunk) else {
            return self.chunks.insert(0, Chunk::one((key, with)));
        };
        if chunk.items::<(K, P)>().len() < CHUNK {
            return chunk.items_mut(CHUNK).insert(at, (key, with));
        }
        // Keys that come in order leave full chunks.
        let half = if at == CHUNK { CHUNK } else { CHUNK / 2 };
        let entries = chunk.items_mut(CHUNK);
        let mut rest = entries.split_off(half);
        if at <= half && half < CHUNK {
            entries.insert(at, (key, with));
        } else {
            rest.insert(at - half, (key, with));
        }
        self.chunks.insert(at_chunk + 1, Chunk::new(rest));
    }

    pub(crate) fn remove(&mut self, key: &K) {
        let (at_chunk, Ok(at)) = self.find(key) else { return };
        self.len -= 1;
        let Some(chunk) = self.chunks.get_mut(at_chunk) else { return };
        let entries = chunk.items_mut::<(K, P)>(CHUNK);
        entries.remove(at);
        if entries.is_empty() {
            self.chunks.remove(at_chunk);
        } else if entries.len() < CHUNK / 4 {
            self.join(at_chunk);
            if at_chunk > 0 {
                self.join(at_chunk - 1);
            }
        }
    }

    /// Makes one chunk of this and the next, where they have few entries.
    fn join(&mut self, chunk: usize) {
        let count = self.entries(chunk).len() + self.entries(chunk + 1).len();
        if chunk + 1 < self.chunks.len() && count <= CHUNK / 2 {
            let next = self.entries(chunk + 1).to_vec();
            self.chunks.remove(chunk + 1);
            if let Some(chunk) = self.chunks.get_mut(chunk) {
                chunk.items_mut(CHUNK).extend(next);
            }
        }
    }
}

fn search<K: Ord, P>(entries: &[(K, P)], key: &K) -> Result<usize, usize> {
    let (mut from, mut to) = (0, entries.len());
    while from < to {
        let middle = usize::midpoint(from, to);
        match entries[middle].0.cmp(key) {
            Ordering::Equal => return Ok(middle),
            Ordering::Less => from = middle + 1,
            Ordering::Greater => to = middle,
        }
    }
    Err(from)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Whatever is done to it, it holds what a map of the standard library does, and its copies do not change.
    #[test]
    fn keys_are_found_where_they_are() {
        let mut numbers = 1u64;
        let mut below = |n: usize| {
            numbers = numbers.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (numbers >> 33) as usize % n
        };
        let (mut sorted, mut map): (Sorted<usize, usize>, BTreeMap<usize, usize>) = (Sorted::new(), BTreeMap::new());
        let mut saved = Vec::new();
        for round in 0..1_500 {
            let key = below(1_500);
            match below(8) {
                0..=2 => {
                    sorted.insert(key, round);
                    map.entry(key).or_insert(round);
                }
                3 => {
                    for key in (key..key + 80).chain((0..key).rev().take(20)) {
                        sorted.insert(key, round);
                        map.entry(key).or_insert(round);
                    }
                }
                4 => {
                    for key in key..key + 60 {
                        sorted.remove(&key);
                        map.remove(&key);
                    }
                }
                5 | 6 => {
                    sorted.remove(&key);
                    map.remove(&key);
                }
                _ if round % 2 == 0 => saved.push((sorted.clone(), map.clone())),
                _ if !saved.is_empty() => (sorted, map) = saved.swap_remove(below(saved.len())),
                _ => {}
            }
            assert_eq!(sorted.len(), map.len());
            assert!(sorted.iter().map(|(k, v)| (k, v)).eq(&map), "{map:?}");
            assert!((0..1_600).step_by(9).all(|key| sorted.get(&key) == map.get(&key)), "{map:?}");
            let count = sorted.chunks.len();
            assert!((0..count).all(|at| (1..=CHUNK).contains(&sorted.entries(at).len())), "{map:?}");
            assert!(count <= 1 + sorted.len() / (CHUNK / 8), "{count} chunks of {} keys", sorted.len());
        }
    }
}
