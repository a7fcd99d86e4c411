//! Messages on their way to one receiver.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::wire;
use crate::cell::{Cell, Core};
use crate::error::{Abort, Error, Step};
use crate::value::Data;
use crate::wal::Marks;

pub(super) struct Outbox<M> {
    core: Arc<Core>,
    queue: Mutex<Queue>,
    capacity: usize,
    max_message: usize,
    /// Tells the connection that there is something to send.
    ready: Notify,
    _messages: std::marker::PhantomData<fn(M)>,
}

/// Encoded messages that were not acknowledged yet, the oldest first.
#[derive(Default)]
struct Queue {
    /// Each with what must be on disk before it may go.
    messages: VecDeque<(Vec<u8>, Marks)>,
    /// The sequence number of the oldest.
    first: u64,
}

/// What a section sends, encoded.
#[derive(Default)]
pub(super) struct Staged {
    messages: Vec<Vec<u8>>,
    marks: Marks,
}

impl<M: Data> Outbox<M> {
    pub(super) fn new(capacity: usize, max_frame: usize) -> Self {
        Self {
            core: Core::new(),
            queue: Mutex::new(Queue { messages: VecDeque::new(), first: 1 }),
            capacity: capacity.max(1),
            max_message: max_frame.saturating_sub(wire::OVERHEAD),
            ready: Notify::new(),
            _messages: std::marker::PhantomData,
        }
    }

    /// Sends a message, for a section.
    pub(super) fn send(&self, staged: &mut Staged, message: &M) -> Step<()> {
        if self.queue.lock().messages.len() + staged.messages.len() >= self.capacity {
            return Err(Abort::Retry);
        }
        let encoded = wire::encode(message);
        if encoded.len() > self.max_message {
            let (size, most) = (encoded.len(), self.max_message);
            return Err(
                Error::Resource(format!("a message of {size} bytes is larger than {most}, raise max_frame")).into()
            );
        }
        staged.messages.push(encoded);
        Ok(())
    }

    /// Waits until the message with this sequence number is there and may go.
    pub(super) async fn has(&self, sequence: u64) {
        loop {
            let ready = self.ready.notified();
            match self.marks(sequence) {
                Some(marks) => return marks.flushed().await,
                None => ready.await,
            }
        }
    }

    /// What must be on disk before a message may go, if there is one.
    fn marks(&self, sequence: u64) -> Option<Marks> {
        let queue = self.queue.lock();
        let at = sequence.saturating_sub(queue.first) as usize;
        queue.messages.get(at).map(|(_, marks)| marks.clone())
    }

    /// The sequence number of the oldest message.
    pub(super) fn first(&self) -> u64 {
        self.queue.lock().first
    }

    /// Messages from a sequence number on that may go, at most `count`.
    pub(super) fn from(&self, sequence: u64, count: usize) -> Vec<(u64, Vec<u8>)> {
        let mut queue = self.queue.lock();
        let skip = sequence.saturating_sub(queue.first) as usize;
        let first = queue.first;
        let ready = queue.messages.iter_mut().skip(skip).take(count).map_while(|(message, marks)| {
            marks.prune();
            marks.is_empty().then(|| message.clone())
        });
        (first + skip as u64..).zip(ready).collect()
    }

    /// The receiver has everything up to and with this sequence number.
    pub(super) fn acknowledged(&self, sequence: u64) {
        let mut queue = self.queue.lock();
        let count = (sequence + 1).saturating_sub(queue.first).min(queue.messages.len() as u64);
        queue.messages.drain(..count as usize);
        queue.first += count;
        drop(queue);
        if count > 0 {
            let _gate = self.core.outside_change();
            self.core.changed();
            self.ready.notify_waiters();
        }
    }

    pub(super) async fn flushed(&self) {
        loop {
            let ready = self.ready.notified();
            if self.queue.lock().messages.is_empty() {
                return;
            }
            ready.await;
        }
    }
}

impl<M: Data> Cell for Outbox<M> {
    type Staged = Staged;

    fn core(&self) -> &Arc<Core> {
        &self.core
    }

    fn validate(&self, _: &Staged, _: u64) -> bool {
        // A section only appends. Sections that run at once may together exceed the capacity, by as
        // many messages as they send.
        true
    }

    fn depends(&self, staged: &mut Staged, marks: &Marks) {
        staged.marks.clone_from(marks);
    }

    fn commit(&self, staged: &mut Staged) {
        if staged.messages.is_empty() {
            return;
        }
        let marks = std::mem::take(&mut staged.marks);
        self.queue.lock().messages.extend(staged.messages.drain(..).map(|m| (m, marks.clone())));
        self.ready.notify_waiters();
    }
}
