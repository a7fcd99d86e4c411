//! All that has queued up, in one read.
//!
//! Class: that of the queue. Stands for a mapping macro that reads by `await $variable # <<>>`, taking some or all of
//! the sequence from its front, and writes by appending.
//!
//! Promises: a read takes at least one value, blocks until there is one, and keeps their order. It takes what is there
//! up to the limit, and waits for nothing more. For the rest it promises what the queue promises.

use crate::error::{Abort, Step};
use crate::mapping::{Class, MappingMacro};
use crate::section::Section;
use crate::value::Seq;

/// Reads a queue, such as [`Input`](super::Input) or [`Mailboxes`](super::Mailboxes), many values at a time. Writes go
/// to the queue one by one.
#[derive(Clone, Debug)]
pub struct Batched<R> {
    queue: R,
    limit: usize,
}

impl<R> Batched<R> {
    /// Reads from a queue, at most `limit` values at a time, and at least one.
    #[must_use]
    pub fn new(queue: R, limit: usize) -> Self {
        Self { queue, limit: limit.max(1) }
    }
}

impl<R: MappingMacro> MappingMacro for Batched<R> {
    type Index = R::Index;
    type Read = Seq<R::Read>;
    type Write = R::Write;

    fn read(&mut self, section: &mut Section, index: &R::Index) -> Step<Seq<R::Read>> {
        let mut batch = Seq::new();
        batch.push(self.queue.read(section, index)?);
        while batch.len() < self.limit {
            match self.queue.read(section, index) {
                Ok(value) => batch.push(value),
                Err(Abort::Retry) => break,
                Err(other) => return Err(other),
            }
        }
        Ok(batch)
    }

    fn write(&mut self, section: &mut Section, index: &R::Index, value: R::Write) -> Step<()> {
        self.queue.write(section, index, value)
    }

    fn class(&self) -> Class {
        self.queue.class()
    }
}
