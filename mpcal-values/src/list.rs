//! Persistent lists: cheap to clone, to change anywhere, and to lengthen and shorten at both ends.

use std::marker::PhantomData;

use super::chunks::{Chunk, Chunks, Item, Iter, CHUNK};

/// A persistent list. All chunks but the first and the last are full, so an index tells the chunk.
#[derive(Clone)]
pub struct List<T> {
    chunks: Chunks,
    /// How many items of the first chunk are in the list: its last ones.
    first: usize,
    len: usize,
    items: PhantomData<fn() -> T>,
}

impl<T: Item> List<T> {
    pub(crate) fn new() -> Self {
        Self { chunks: Chunks::new(), first: 0, len: 0, items: PhantomData }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn iter(&self) -> Iter<'_, T> {
        Iter::new(self.first_items(), &self.chunks, self.len)
    }

    /// The items of the first chunk that are in the list.
    #[inline]
    fn first_items(&self) -> &[T] {
        self.chunks.get(0).map_or(&[], |chunk| {
            let items = chunk.items();
            &items[items.len() - self.first..]
        })
    }

    #[inline]
    pub(crate) fn get(&self, at: usize) -> Option<&T> {
        match at.checked_sub(self.first) {
            None => self.first_items().get(at),
            Some(behind) => self.chunks.get(1 + behind / CHUNK)?.items().get(behind % CHUNK),
        }
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        let Some(behind) = at.checked_sub(self.first) else {
            let items = self.chunks.get_mut(0)?.items_mut(self.first);
            let skipped = items.len() - self.first;
            return items.get_mut(skipped + at);
        };
        if at >= self.len {
            return None;
        }
        self.chunks.get_mut(1 + behind / CHUNK)?.items_mut(CHUNK).get_mut(behind % CHUNK)
    }

    pub(crate) fn push_back(&mut self, item: T) {
        self.len += 1;
        let last = self.chunks.len().saturating_sub(1);
        let used = if last == 0 { self.first } else { CHUNK };
        match self.chunks.get_mut(last) {
            Some(chunk) if used <= CHUNK / 2 || chunk.items::<T>().len() < CHUNK => {
                let items = chunk.items_mut(used);
                if items.len() >= CHUNK {
                    *items = items.split_off(items.len() - used);
                }
                items.push(item);
            }
            _ => self.chunks.insert(last + 1, Chunk::one(item)),
        }
        if self.chunks.len() == 1 {
            self.first += 1;
        }
    }

    /// Leaves out the first items, of which there must be this many.
    pub(crate) fn skip(&mut self, count: usize) {
        if count == self.len {
            *self = Self::new();
            return;
        }
        self.len -= count;
        let Some(behind) = count.checked_sub(self.first) else {
            self.first -= count;
            return;
        };
        self.chunks.keep(1 + behind / CHUNK, self.chunks.len());
        self.first = self.chunks.get(0).map_or(0, |chunk| chunk.items::<T>().len() - behind % CHUNK);
    }

    /// Leaves out all but the first items, of which there must be this many.
    pub(crate) fn truncate(&mut self, len: usize) {
        if len == 0 {
            *self = Self::new();
            return;
        }
        self.len = len;
        let behind = len.checked_sub(self.first + 1);
        let count = behind.map_or(1, |behind| 2 + behind / CHUNK);
        self.chunks.keep(0, count);
        let Some(last) = self.chunks.get_mut(count - 1) else { return };
        let items = last.items::<T>();
        let kept = match behind {
            None => &items[items.len() - self.first..][..len],
            Some(behind) => &items[..=behind % CHUNK],
        };
        if kept.len() < items.len() {
            *last = Chunk::new(kept.to_vec());
        }
        self.first = self.first.min(len);
    }

    /// In time that is linear in the shorter list.
    pub(crate) fn append(&mut self, other: &Self) {
        if self.len >= other.len {
            for item in other.iter() {
                self.push_back(item.clone());
            }
            return;
        }
        // Its items and the first chunk of the other are made into chunks anew, from the back.
        let mut front = Vec::with_capacity(self.len + other.first);
        for item in self.iter() {
            front.push(item.clone());
        }
        for item in other.first_items() {
            front.push(item.clone());
        }
        let len = self.len + other.len;
        *self = Self { len, ..other.clone() };
        self.chunks.remove(0);
        while front.len() > CHUNK {
            let chunk = front.split_off(front.len() - CHUNK);
            self.chunks.insert(0, Chunk::new(chunk));
        }
        self.first = front.len();
        self.chunks.insert(0, Chunk::new(front));
    }
}

impl<T: Item + PartialEq> List<T> {
    /// How many items at the start two lists have in common. What they share is not looked at item by item.
    pub(crate) fn common_prefix(&self, other: &Self) -> usize {
        let (mut ours, mut theirs) = (self.iter(), other.iter());
        let (mut a, mut b): (&[T], &[T]) = (&[], &[]);
        let mut count = 0;
        loop {
            if a.is_empty() {
                let Some(next) = ours.next_slice() else { return count };
                a = next;
            }
            if b.is_empty() {
                let Some(next) = theirs.next_slice() else { return count };
                b = next;
            }
            let length = a.len().min(b.len());
            if !std::ptr::eq(a.as_ptr(), b.as_ptr()) {
                for at in 0..length {
                    if a[at] != b[at] {
                        return count + at;
                    }
                }
            }
            count += length;
            (a, b) = (&a[length..], &b[length..]);
        }
    }
}

impl<T: Item + PartialEq> PartialEq for List<T> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.common_prefix(other) == self.len
    }
}

impl<T: Item> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let (mut list, mut items) = (Self::new(), items.into_iter());
        loop {
            let chunk: Vec<T> = items.by_ref().take(CHUNK).collect();
            if chunk.is_empty() {
                return list;
            }
            if list.len == 0 {
                list.first = chunk.len();
            }
            list.len += chunk.len();
            list.chunks.insert(list.chunks.len(), Chunk::new(chunk));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever is done to a list, it holds what a vector does, and its copies do not change.
    #[test]
    fn a_list_is_what_a_vector_is() {
        let mut numbers = 1u64;
        let mut below = |n: usize| {
            numbers = numbers.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (numbers >> 33) as usize % n
        };
        let (mut list, mut vector): (List<usize>, Vec<usize>) = (List::new(), Vec::new());
        let mut saved = Vec::new();
        for round in 0..3_000 {
            let length = vector.len();
            match below(12) {
                0..=3 => {
                    list.push_back(round);
                    vector.push(round);
                }
                4 => {
                    let mut longer: List<usize> = [round].into_iter().collect();
                    longer.append(&list);
                    list = longer;
                    vector.insert(0, round);
                }
                5 if length > 0 => {
                    list.skip(1);
                    vector.remove(0);
                }
                6 if length > 0 => {
                    let at = below(length);
                    *list.get_mut(at).unwrap() = round;
                    vector[at] = round;
                }
                7 => {
                    let count = below(100);
                    let (more, items): (List<usize>, Vec<usize>) = ((0..count).collect(), (0..count).collect());
                    list.append(&more);
                    vector.extend(items);
                }
                8 if below(8) == 0 => {
                    let from = below(length + 1);
                    list.skip(from);
                    vector.drain(..from);
                }
                9 if below(8) == 0 => {
                    let to = below(length + 1);
                    list.truncate(to);
                    vector.truncate(to);
                }
                10 => saved.push((list.clone(), vector.clone())),
                11 if !saved.is_empty() => (list, vector) = saved.swap_remove(below(saved.len())),
                _ => assert!(list.get(length).is_none() && list.get_mut(length).is_none()),
            }
            assert_eq!(list.len(), vector.len());
            assert!(list.iter().eq(&vector), "{vector:?}");
            assert!((0..vector.len()).all(|at| list.get(at) == vector.get(at)), "{vector:?}");
            assert!(list == vector.iter().copied().collect());
        }
    }
}
