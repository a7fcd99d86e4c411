//! Messages on their way to one mailbox of another node, and the node they go to.

use std::collections::VecDeque;
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;

use super::bell::Bell;
use super::kept::{Found, Kept, Taken, OWN};
use super::wire::{self, Frame};
use super::{Delivery, MailboxConfig, Message};
use crate::cell::{Cell, Core};
use crate::error::{Abort, Error, Step};
use crate::measure::{self, Gauge};
use crate::resource::waiters::Waiters;
use crate::wal::{Entry, Marks, Stored, Tell, Wal};

/// Another node: all mailboxes with one address. One connection at a time sends to it.
pub(super) struct Peer<M> {
    pub(super) address: SocketAddr,
    /// With their encoded indices.
    pub(super) outboxes: Vec<(Vec<u8>, Arc<Outbox<M>>)>,
    pub(super) bell: Arc<Bell>,
    /// Held by the connection that sends.
    pub(super) turn: Arc<tokio::sync::Mutex<()>>,
}

impl<M> Peer<M> {
    pub(super) fn has_messages(&self) -> bool {
        self.outboxes.iter().any(|(_, outbox)| !outbox.is_empty())
    }

    /// A number that grows when messages have got through.
    pub(super) fn progress(&self) -> u64 {
        self.outboxes.iter().map(|(_, outbox)| outbox.queue.lock().through).sum()
    }

    /// No connection came about, or it broke.
    pub(super) fn connection_lost(&self) {
        self.outboxes.iter().for_each(|(_, outbox)| outbox.connection_lost());
    }
}

/// Messages to one mailbox.
pub(super) struct Outbox<M> {
    core: Arc<Core>,
    queue: Mutex<Queue>,
    capacity: usize,
    /// Largest frame that we send.
    max_frame: usize,
    /// Largest message, in bytes, that both sides take. What the receiver takes is known once it was connected.
    max_message: AtomicUsize,
    /// Of the mailbox, for errors.
    name: String,
    delivery: Delivery,
    /// Of the peer: tells the connection that there is something to send.
    bell: Arc<Bell>,
    /// Among the outboxes of the peer.
    place: u32,
    /// Tells who waits that everything was acknowledged.
    empty: Waiters,
    /// How many messages there are.
    length: Gauge,
    /// What the log has of it, if it is durable.
    kept: Option<Kept>,
    _messages: PhantomData<fn(M)>,
}

/// Encoded messages, the oldest first: those that were not acknowledged yet, or if nothing is
/// acknowledged those that were not sent yet.
struct Queue {
    messages: VecDeque<(Bytes, Marks)>,
    /// The sequence number of the oldest.
    first: u64,
    /// The sequence number to be sent next.
    next: u64,
    /// How many were taken, or if nothing is acknowledged sent.
    through: u64,
    /// The size of a message that was queued before it was known that the receiver does not take it: nothing gets past
    /// it.
    stuck: Option<usize>,
}

/// What a section sends, encoded.
#[derive(Default)]
pub(super) struct Staged {
    messages: Vec<Vec<u8>>,
    marks: Marks,
    committed: bool,
}

/// What there is to send.
pub(super) enum Pending {
    /// Nothing, or nothing that the receiver has room for.
    Nothing,
    /// More than fitted.
    More,
    /// A message that must wait for the log.
    Until(Marks),
}

impl<M: Message> Outbox<M> {
    /// The outbox at a place of a peer, whose bell it rings.
    pub(super) fn new(config: &MailboxConfig, bell: &Arc<Bell>, place: u32, name: String) -> Self {
        Self::kept(config, bell, place, name, None, Found::default())
    }

    /// As [`new`](Self::new), with messages that were found in the log.
    pub(super) fn kept(
        config: &MailboxConfig,
        bell: &Arc<Bell>,
        place: u32,
        name: String,
        kept: Option<Kept>,
        found: Found,
    ) -> Self {
        let taken = found.taken.get(&OWN).copied().unwrap_or(0);
        let messages: VecDeque<_> = found.messages.into_iter().map(|message| (message, Marks::default())).collect();
        // Any of them may have been sent.
        let next = taken + 1 + messages.len() as u64;
        Self {
            core: Core::new(),
            queue: Mutex::new(Queue { messages, first: taken + 1, next, through: 0, stuck: None }),
            capacity: config.outbox_capacity.max(1),
            max_frame: config.max_frame,
            max_message: AtomicUsize::new(config.max_frame.saturating_sub(wire::OVERHEAD)),
            length: measure::outbox(name.clone()),
            name,
            delivery: config.delivery,
            bell: bell.clone(),
            place,
            empty: Waiters::default(),
            kept,
            _messages: PhantomData,
        }
    }

    /// Sends a message, for a section.
    pub(super) fn send(&self, staged: &mut Staged, message: &M) -> Step<()> {
        let (length, stuck) = {
            let queue = self.queue.lock();
            (queue.messages.len(), queue.stuck)
        };
        if let Some(size) = stuck {
            return Err(self.too_large(size));
        }
        if length + staged.messages.len() >= self.capacity {
            return if self.delivery.is_reliable() { Err(Abort::Retry) } else { Ok(()) };
        }
        let encoded = wire::encode(message);
        if encoded.len() > self.max_message.load(Ordering::Relaxed) {
            return Err(self.too_large(encoded.len()));
        }
        staged.messages.push(encoded);
        Ok(())
    }

    fn too_large(&self, size: usize) -> Abort {
        let (name, most) = (&self.name, self.max_message.load(Ordering::Relaxed));
        let what = format!(
            "a message of {size} bytes to mailbox {name} is too large, at most {most} are taken: raise max_frame on both \
             nodes"
        );
        Error::Resource(what).into()
    }

    /// Sends a message from outside of any section; false if it is lost.
    pub(super) fn post(&self, message: &M, marks: &Marks) -> bool {
        let encoded = wire::encode(message);
        {
            let mut queue = self.queue.lock();
            if queue.messages.len() >= self.capacity || encoded.len() > self.max_message.load(Ordering::Relaxed) {
                return false;
            }
            queue.messages.push_back((encoded.into(), marks.clone()));
            self.length.set(queue.messages.len() as f64);
        }
        self.bell.ring(self.place);
        true
    }

    /// Whether a receiver can go on from what it knows, and this from its log; an error says what is missing.
    pub(super) fn check(&self, known: wire::Known) -> Result<(), &'static str> {
        let queue = self.queue.lock();
        let last = queue.first - 1 + queue.messages.len() as u64;
        if self.kept.is_none() {
            Ok(())
        } else if known.arrived > last {
            Err("it has messages that are not in the log here: this is an old copy")
        } else if known.arrived != 0 && known.arrived + 1 < queue.first {
            Err("it lacks messages that it has acknowledged: its log is an old copy")
        } else {
            Ok(())
        }
    }

    /// A connection has begun: the receiver has what it says, and gets what comes after that, in frames of at most
    /// `max_frame` bytes.
    pub(super) fn resume(&self, known: wire::Known, max_frame: usize) {
        let most = self.max_frame.min(max_frame).saturating_sub(wire::OVERHEAD);
        self.max_message.store(most, Ordering::Relaxed);
        self.queue.lock().stuck = None;
        let sent = self.queue.lock().next - 1;
        self.taken(known.taken.min(sent));
        let mut queue = self.queue.lock();
        let end = queue.first + queue.messages.len() as u64;
        queue.next = known.arrived.saturating_add(1).clamp(queue.first, end);
    }

    /// Adds frames with the next messages to `out` until it has `limit` bytes. The receiver holds at most
    /// `window` messages.
    pub(super) fn put(&self, to: u32, window: u64, limit: usize, out: &mut BytesMut) -> Pending {
        let mut queue = self.queue.lock();
        let queue = &mut *queue;
        loop {
            let at = (queue.next - queue.first) as usize;
            let full = self.delivery.is_reliable() && at as u64 >= window;
            let Some((payload, marks)) = queue.messages.get_mut(at).filter(|_| !full) else { return Pending::Nothing };
            marks.prune();
            if !marks.is_empty() {
                return Pending::Until(marks.clone());
            }
            if out.len() >= limit {
                return Pending::More;
            }
            let most = self.max_message.load(Ordering::Relaxed);
            if payload.len() > most && self.delivery.is_reliable() {
                queue.stuck = Some(payload.len());
                return Pending::Nothing;
            }
            // What nobody acknowledges is lost if it is too large.
            if payload.len() <= most {
                wire::put(out, &Frame::Message { to, sequence: queue.next, extension: &[], payload });
            }
            queue.next += 1;
            if self.delivery == Delivery::Relaxed {
                queue.messages.pop_front();
                queue.first += 1;
                queue.through += 1;
                self.is_shorter(queue.messages.len());
            }
        }
    }

    /// Whether a sequence number was sent.
    pub(super) fn has_sent(&self, sequence: u64) -> bool {
        sequence < self.queue.lock().next
    }

    /// The receiver has taken everything up to and with this sequence number.
    pub(super) fn taken(&self, sequence: u64) {
        let mut queue = self.queue.lock();
        let count = sequence.saturating_add(1).saturating_sub(queue.first).min(queue.messages.len() as u64);
        queue.messages.drain(..count as usize);
        queue.first += count;
        queue.through += count;
        queue.next = queue.next.max(queue.first);
        let length = queue.messages.len();
        drop(queue);
        self.is_shorter(length);
        if count > 0 {
            let _gate = self.core.outside_change();
            self.core.changed();
        }
    }

    pub(super) async fn flushed(&self) {
        self.empty.until(|| self.is_empty().then_some(())).await;
    }
}

impl<M> Outbox<M> {
    fn is_empty(&self) -> bool {
        self.queue.lock().messages.is_empty()
    }

    /// Messages have left the outbox, and this many are left.
    fn is_shorter(&self, length: usize) {
        self.length.set(length as f64);
        if length == 0 {
            self.empty.wake();
        }
    }

    /// The connection is lost: what is not acknowledged is sent again, what needs no acknowledgement is lost.
    pub(super) fn connection_lost(&self) {
        if self.delivery == Delivery::Relaxed {
            let mut queue = self.queue.lock();
            queue.first += queue.messages.len() as u64;
            queue.messages.clear();
            queue.next = queue.first;
            self.is_shorter(0);
        }
    }
}

impl<M> Outbox<M> {
    /// What the log has, or is about to be told.
    fn content(&self) -> (Taken, Vec<Bytes>) {
        let queue = self.queue.lock();
        let messages = queue.messages.iter().map(|(message, _)| message.clone()).collect();
        (Taken::from([(OWN, queue.first - 1)]), messages)
    }
}

impl<M: Message> Stored for Outbox<M> {
    fn core(&self) -> &Core {
        &self.core
    }

    fn stored(&self) -> Option<Tell> {
        let (taken, messages) = self.content();
        self.kept.as_ref()?.tell(taken, messages)
    }
}

impl<M> Drop for Outbox<M> {
    fn drop(&mut self) {
        if let Some(kept) = &self.kept {
            let (taken, messages) = self.content();
            kept.give_back(taken, messages);
        }
    }
}

impl<M: Message> Cell for Outbox<M> {
    type Staged = Staged;

    fn core(&self) -> &Arc<Core> {
        &self.core
    }

    fn validate(&self, _: &Staged, _: u64) -> bool {
        // A section only appends. Sections that run at once may together exceed the capacity, by as
        // many messages as they send.
        true
    }

    fn log(&self, staged: &Staged) -> Option<&Wal> {
        self.kept.as_ref().filter(|_| !staged.messages.is_empty()).map(Kept::wal)
    }

    fn journal(&self, staged: &mut Staged) -> Option<(Wal, Entry)> {
        let kept = self.kept.as_ref().filter(|_| !staged.messages.is_empty())?;
        let queue = self.queue.lock();
        let mut addition = kept.addition();
        if queue.first > 1 {
            addition.taken(OWN, queue.first - 1);
        }
        let next = queue.first + queue.messages.len() as u64;
        (next..).zip(&staged.messages).for_each(|(number, message)| addition.sent(number, message));
        Some((kept.wal().clone(), addition.into_entry()))
    }

    fn depends(&self, staged: &mut Staged, marks: &Marks) {
        staged.marks.clone_from(marks);
    }

    fn commit(&self, staged: &mut Staged) {
        let marks = std::mem::take(&mut staged.marks);
        staged.committed = !staged.messages.is_empty();
        if let Some(kept) = self.kept.as_ref().filter(|_| staged.committed) {
            kept.is_added();
        }
        let mut queue = self.queue.lock();
        queue.messages.extend(staged.messages.drain(..).map(|m| (m.into(), marks.clone())));
        self.length.set(queue.messages.len() as f64);
    }

    fn committed(&self, staged: &mut Staged) {
        if staged.committed {
            self.bell.ring(self.place);
        }
    }

    fn clear(&self, staged: &mut Staged) {
        staged.messages.clear();
        *staged = Staged { messages: std::mem::take(&mut staged.messages), ..Staged::default() };
    }
}
