//! What persistent collections are made of: chunks of items, shared until one is changed.
//!
//! rustc compiles generic code anew for each type of a model. A chunk does not tell what it holds, so what is done with
//! chunks, and with what counts references to them, is compiled once; what is done with the items of one is short.

use std::any::Any;
use std::slice;
use std::sync::Arc;

use imbl::Vector;

/// How many items a chunk holds, at most.
pub(crate) const CHUNK: usize = 64;

/// What chunks hold.
pub trait Item: Clone + Send + Sync + 'static {}

impl<T: Clone + Send + Sync + 'static> Item for T {}

/// Items in a row.
#[derive(Clone)]
pub(crate) struct Chunk(Arc<dyn Any + Send + Sync>);

impl Chunk {
    pub(crate) fn new<T: Item>(items: Vec<T>) -> Self {
        Self(Arc::new(items))
    }

    pub(crate) fn one<T: Item>(item: T) -> Self {
        let mut items = Vec::with_capacity(4);
        items.push(item);
        Self::new(items)
    }

    #[inline]
    pub(crate) fn items<T: Item>(&self) -> &Vec<T> {
        self.0.downcast_ref().expect("a chunk holds what its collection does")
    }

    /// The items, to be changed. Where others hold the chunk, too, a copy of the last `used` takes its place.
    pub(crate) fn items_mut<T: Item>(&mut self, used: usize) -> &mut Vec<T> {
        if Arc::strong_count(&self.0) > 1 {
            let items = self.items::<T>();
            let used = &items[items.len().saturating_sub(used)..];
            let mut own = Vec::with_capacity(used.len() + 1);
            // This is less to compile than what the standard library has for it.
            for item in used {
                own.push(item.clone());
            }
            *self = Self::new(own);
        }
        let own = Arc::get_mut(&mut self.0).expect("nobody else holds it");
        own.downcast_mut().expect("a chunk holds what its collection does")
    }

    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// Chunks in a row; most collections have one.
#[derive(Clone)]
pub(crate) enum Chunks {
    One(Chunk),
    Many(Vector<Chunk>),
}

impl Chunks {
    pub(crate) fn new() -> Self {
        Self::Many(Vector::new())
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Many(chunks) => chunks.len(),
        }
    }

    #[inline]
    pub(crate) fn get(&self, at: usize) -> Option<&Chunk> {
        match self {
            Self::One(chunk) if at == 0 => Some(chunk),
            Self::One(_) => None,
            Self::Many(chunks) => chunks.get(at),
        }
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut Chunk> {
        match self {
            Self::One(chunk) if at == 0 => Some(chunk),
            Self::One(_) => None,
            Self::Many(chunks) => chunks.get_mut(at),
        }
    }

    pub(crate) fn insert(&mut self, at: usize, chunk: Chunk) {
        match self {
            Self::Many(chunks) if chunks.is_empty() => *self = Self::One(chunk),
            Self::Many(chunks) => chunks.insert(at, chunk),
            Self::One(one) => {
                let mut chunks = Vector::unit(one.clone());
                chunks.insert(at, chunk);
                *self = Self::Many(chunks);
            }
        }
    }

    /// Leaves out all chunks but these.
    pub(crate) fn keep(&mut self, from: usize, to: usize) {
        if let Self::Many(chunks) = self {
            if to - from == 1 {
                *self = Self::One(chunks[from].clone());
            } else {
                *chunks = chunks.slice(from..to);
            }
        } else if from == to {
            *self = Self::new();
        }
    }

    pub(crate) fn remove(&mut self, at: usize) {
        match self {
            Self::One(_) => *self = Self::new(),
            Self::Many(chunks) => {
                chunks.remove(at);
                if let (1, Some(chunk)) = (chunks.len(), chunks.front()) {
                    *self = Self::One(chunk.clone());
                }
            }
        }
    }

    /// Whether these are the same chunks, so that there is nothing to compare.
    pub(crate) fn are(&self, other: &Self) -> bool {
        self.len() == other.len()
            && (0..self.len()).all(|at| matches!((self.get(at), other.get(at)), (Some(a), Some(b)) if a.is(b)))
    }
}

/// The items of chunks, one after the other.
pub struct Iter<'c, T> {
    chunk: slice::Iter<'c, T>,
    chunks: &'c Chunks,
    next: usize,
    left: usize,
}

impl<'c, T: Item> Iter<'c, T> {
    /// This many items: these of the first chunk, and all of the others.
    pub(crate) fn new(first: &'c [T], chunks: &'c Chunks, count: usize) -> Self {
        Self { chunk: first.iter(), chunks, next: 1, left: count }
    }

    /// The items of the chunk that the next one is in, from that one on.
    pub(crate) fn next_slice(&mut self) -> Option<&'c [T]> {
        if self.chunk.len() == 0 {
            self.chunk = self.chunks.get(self.next)?.items().iter();
            self.next += 1;
        }
        let slice = self.chunk.as_slice();
        self.left -= slice.len();
        self.chunk = [].iter();
        Some(slice)
    }
}

impl<'c, T: Item> Iterator for Iter<'c, T> {
    type Item = &'c T;

    fn next(&mut self) -> Option<&'c T> {
        loop {
            if let Some(item) = self.chunk.next() {
                self.left -= 1;
                return Some(item);
            }
            self.chunk = self.chunks.get(self.next)?.items().iter();
            self.next += 1;
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}
