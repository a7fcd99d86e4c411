//! Messages on their way to one receiver.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::wire;
use crate::cell::{Cell, Core};
use crate::error::{Abort, Error, Step};
use crate::value::Data;

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
    messages: VecDeque<Vec<u8>>,
    /// The sequence number of the oldest.
    first: u64,
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
    pub(super) fn send(&self, staged: &mut Vec<Vec<u8>>, message: &M) -> Step<()> {
        if self.queue.lock().messages.len() + staged.len() >= self.capacity {
            return Err(Abort::Retry);
        }
        let encoded = wire::encode(message);
        if encoded.len() > self.max_message {
            let (size, most) = (encoded.len(), self.max_message);
            return Err(
                Error::Resource(format!("a message of {size} bytes is larger than {most}, raise max_frame")).into()
            );
        }
        staged.push(encoded);
        Ok(())
    }

    /// Waits until there is a message with this sequence number or a later one.
    pub(super) async fn has(&self, sequence: u64) {
        loop {
            let ready = self.ready.notified();
            {
                let queue = self.queue.lock();
                if queue.first + queue.messages.len() as u64 > sequence {
                    return;
                }
            }
            ready.await;
        }
    }

    /// The sequence number of the oldest message.
    pub(super) fn first(&self) -> u64 {
        self.queue.lock().first
    }

    /// Messages from a sequence number on, at most `count`.
    pub(super) fn from(&self, sequence: u64, count: usize) -> Vec<(u64, Vec<u8>)> {
        let queue = self.queue.lock();
        let skip = sequence.saturating_sub(queue.first) as usize;
        (queue.first + skip as u64..).zip(queue.messages.iter().skip(skip).take(count).cloned()).collect()
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
    type Staged = Vec<Vec<u8>>;

    fn core(&self) -> &Arc<Core> {
        &self.core
    }

    fn validate(&self, _: &Vec<Vec<u8>>, _: u64) -> bool {
        // A section only appends. Sections that run at once may together exceed the capacity, by as
        // many messages as they send.
        true
    }

    fn commit(&self, staged: &mut Vec<Vec<u8>>) {
        if staged.is_empty() {
            return;
        }
        self.queue.lock().messages.extend(staged.drain(..));
        self.ready.notify_waiters();
    }
}
