//! A bounded queue between sections and the world outside: what mailboxes and channels are made of.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

use super::mailbox::kept::{self, Kept, OWN};
use super::waiters::Waiters;
use crate::cell::{Cell, Core};
use crate::error::{Abort, Step};
use crate::measure::Gauge;
use crate::wal::{Entry, Marks, Stored, Tell, Wal};
use crate::watched::{Awaits, Supply};

/// Told when a section has taken a message that came from outside.
pub(super) trait Taken: Send + Sync {
    /// The message with this number was taken, and all before it; whoever is told of that must wait for
    /// the marks.
    fn taken(&self, number: u64, marks: &Marks);

    /// Who has sent it, to a durable mailbox.
    fn sender(&self) -> u64;
}

/// Messages in order. Sections take and deliver in their log; the outside waits for space or for a
/// message.
pub(super) struct Queue<M> {
    core: Arc<Core>,
    state: Mutex<State<M>>,
    capacity: usize,
    /// Tells the outside that something was taken or delivered.
    moved: Waiters,
    /// How many messages there are.
    length: Gauge,
    /// What the log has of it, if it is durable.
    kept: Option<Kept>,
}

struct State<M> {
    messages: VecDeque<Message<M>>,
    /// Messages ever taken out: two sections that take the same message see it in here.
    taken: u64,
    /// The last of each sender that sections have taken, and the last of this node that there was, if that is kept.
    last: kept::Taken,
    delivered: u64,
}

struct Message<M> {
    content: M,
    /// As it is kept, if it is a message of this node.
    encoded: Bytes,
    /// What must be on disk before it may leave the node.
    marks: Marks,
    /// Who wants to know when it is taken, and the number it has there.
    origin: Option<(Arc<dyn Taken>, u64)>,
}

impl<M> Message<M> {
    fn new(content: M) -> Self {
        Self { content, encoded: Bytes::new(), marks: Marks::default(), origin: None }
    }
}

/// What a section has taken out and put in, in order.
#[derive(Debug)]
pub(super) struct Staged<M> {
    taken: usize,
    /// The count of taken messages when the section looked first.
    seen_taken: Option<u64>,
    /// It has seen the end of the queue, so a message that arrives since makes a difference.
    seen_end: bool,
    /// What must come so that it can go on.
    awaits: Option<Awaits>,
    delivered: Vec<M>,
    /// As they are kept.
    encoded: Vec<Bytes>,
    /// What must be on disk before it may leave the node.
    marks: Marks,
}

impl<M> Default for Staged<M> {
    fn default() -> Self {
        Self {
            taken: 0,
            seen_taken: None,
            seen_end: false,
            awaits: None,
            delivered: Vec::new(),
            encoded: Vec::new(),
            marks: Marks::default(),
        }
    }
}

impl<M> Staged<M> {
    /// It has seen the end of the queue, and goes on when this has come.
    fn sees_end(&mut self, awaits: Awaits) {
        self.seen_end = true;
        let is_same = self.awaits.is_none_or(|known| known == awaits);
        self.awaits = Some(if is_same { awaits } else { Awaits::Change });
    }

    fn changes(&self) -> bool {
        self.taken > 0 || !self.delivered.is_empty()
    }
}

impl<M> State<M> {
    /// The last of each sender in what a section takes, before it is taken.
    fn takes(&self, count: usize) -> kept::Taken {
        let (mut last, mut own) = (kept::Taken::new(), self.last.get(&OWN).copied().unwrap_or(0));
        for message in self.messages.iter().take(count) {
            let (sender, number) = match &message.origin {
                Some((origin, number)) => (origin.sender(), *number),
                None => (OWN, own + 1),
            };
            own += u64::from(sender == OWN);
            last.insert(sender, number);
        }
        // After these it takes what it has delivered itself.
        let behind = count.saturating_sub(self.messages.len()) as u64;
        if behind > 0 {
            last.insert(OWN, own + behind);
        }
        last
    }
}

impl<M> Queue<M> {
    /// What the log has.
    fn content(&self) -> (kept::Taken, Vec<Bytes>) {
        let state = self.state.lock();
        let own = state.messages.iter().filter(|message| message.origin.is_none());
        (state.last.clone(), own.map(|message| message.encoded.clone()).collect())
    }
}

impl<M: Clone + Send + Sync + 'static> Stored for Queue<M> {
    fn core(&self) -> &Core {
        &self.core
    }

    fn stored(&self) -> Option<Tell> {
        let (taken, messages) = self.content();
        self.kept.as_ref()?.tell(taken, messages)
    }
}

impl<M> Drop for Queue<M> {
    fn drop(&mut self) {
        if let Some(kept) = &self.kept {
            let (taken, messages) = self.content();
            kept.give_back(taken, messages);
        }
    }
}

impl<M: Clone + Send + Sync + 'static> Queue<M> {
    pub(super) fn new(capacity: usize) -> Self {
        Self::measured(capacity, Gauge::noop())
    }

    /// A queue whose length is measured.
    pub(super) fn measured(capacity: usize, length: Gauge) -> Self {
        Self::kept(capacity, length, None, kept::Taken::new(), [])
    }

    /// As [`measured`](Self::measured), with messages of this node that were found in the log, and what had been taken.
    pub(super) fn kept(
        capacity: usize,
        length: Gauge,
        kept: Option<Kept>,
        last: kept::Taken,
        found: impl IntoIterator<Item = (M, Bytes)>,
    ) -> Self {
        let messages: VecDeque<_> =
            found.into_iter().map(|(m, encoded)| Message { encoded, ..Message::new(m) }).collect();
        let delivered = last.get(&OWN).copied().unwrap_or(0) + messages.len() as u64;
        let state = Mutex::new(State { messages, taken: 0, last, delivered });
        Self { core: Core::new(), state, capacity: capacity.max(1), moved: Waiters::default(), length, kept }
    }

    /// The last message of a sender that a section has taken, if that is kept.
    pub(super) fn last_of(&self, sender: u64) -> u64 {
        self.state.lock().last.get(&sender).copied().unwrap_or(0)
    }

    /// Says that the queue has changed.
    fn changed(&self, length: usize) {
        self.length.set(length as f64);
        self.core.changed_to(Supply { messages: length, space: self.capacity.saturating_sub(length) });
        self.moved.wake();
    }

    /// The next message, for a section.
    pub(super) fn receive(&self, staged: &mut Staged<M>) -> Step<M> {
        let state = self.state.lock();
        staged.seen_taken.get_or_insert(state.taken);
        if let Some(message) = state.messages.get(staged.taken) {
            staged.taken += 1;
            return Ok(message.content.clone());
        }
        staged.sees_end(Awaits::Message);
        // What the section itself has delivered comes after everything that had arrived.
        let own = staged.taken - state.messages.len().min(staged.taken);
        match staged.delivered.get(own) {
            Some(message) => {
                let message = message.clone();
                staged.taken += 1;
                Ok(message)
            }
            None => Err(Abort::Retry),
        }
    }

    /// Puts a message in, for a section.
    pub(super) fn deliver(&self, staged: &mut Staged<M>, message: M) -> Step<()> {
        let length = self.state.lock().messages.len() + staged.delivered.len();
        if length >= self.capacity + staged.taken {
            staged.sees_end(Awaits::Space);
            return Err(Abort::Retry);
        }
        staged.delivered.push(message);
        Ok(())
    }

    /// As [`deliver`](Self::deliver), for a queue that is kept.
    pub(super) fn deliver_kept(&self, staged: &mut Staged<M>, message: M, encoded: Vec<u8>) -> Step<()> {
        self.deliver(staged, message)?;
        staged.encoded.push(encoded.into());
        Ok(())
    }

    pub(super) fn length(&self, staged: &mut Staged<M>) -> i64 {
        staged.sees_end(Awaits::Change);
        // Another section may have taken what this one has; then it runs again.
        (self.state.lock().messages.len() + staged.delivered.len()) as i64 - staged.taken as i64
    }

    /// Puts a message in, from outside; waits while the queue is full.
    ///
    /// # Cancel safety
    /// A dropped future has put nothing in.
    pub(super) async fn arrive(&self, message: M) {
        let mut waiting = Some(message);
        let put = || match self.try_push(waiting.take()?) {
            Ok(()) => Some(()),
            Err(message) => {
                waiting = Some(message);
                None
            }
        };
        self.moved.until(put).await;
    }

    /// Puts a message in, from outside, however many there are.
    pub(super) fn push(&self, message: M, origin: Arc<dyn Taken>, number: u64) {
        let _gate = self.core.outside_change();
        let message = Message { origin: Some((origin, number)), ..Message::new(message) };
        let mut state = self.state.lock();
        state.messages.push_back(message);
        let length = state.messages.len();
        drop(state);
        self.changed(length);
    }

    /// Puts a message in, from outside, or gives it back if there is no space.
    pub(super) fn try_push(&self, message: M) -> Result<(), M> {
        let _gate = self.core.outside_change();
        let mut state = self.state.lock();
        if state.messages.len() >= self.capacity {
            return Err(message);
        }
        state.messages.push_back(Message::new(message));
        let length = state.messages.len();
        drop(state);
        self.changed(length);
        Ok(())
    }

    /// Takes a message out, from outside; waits while the queue is empty.
    ///
    /// # Cancel safety
    /// A dropped future has taken nothing out.
    pub(super) async fn take(&self) -> M {
        loop {
            let first = self.moved.until(|| match self.try_take() {
                Some(message) => Some(Ok(message)),
                None => self.state.lock().messages.front().map(|first| Err(first.marks.clone())),
            });
            match first.await {
                Ok(message) => return message,
                Err(marks) => marks.flushed().await,
            }
        }
    }

    /// Takes a message out, from outside, if there is one that may leave the node.
    pub(super) fn try_take(&self) -> Option<M> {
        let _gate = self.core.outside_change();
        let mut state = self.state.lock();
        let first = state.messages.front_mut()?;
        first.marks.prune();
        if !first.marks.is_empty() {
            return None;
        }
        let message = state.messages.pop_front()?;
        state.taken += 1;
        let length = state.messages.len();
        drop(state);
        self.changed(length);
        if let Some((origin, number)) = &message.origin {
            origin.taken(*number, &Marks::default());
        }
        Some(message.content)
    }
}

impl<M: Clone + Send + Sync + 'static> Cell for Queue<M> {
    type Staged = Staged<M>;

    fn core(&self) -> &Arc<Core> {
        &self.core
    }

    fn validate(&self, staged: &Staged<M>, seen: u64) -> bool {
        if staged.seen_end {
            return self.core.version() == seen;
        }
        let state = self.state.lock();
        // The space for what it delivers may be gone.
        let fits = || state.messages.len() + staged.delivered.len() <= self.capacity + staged.taken;
        // Messages that arrive after those it took make no difference.
        staged.seen_taken.is_none_or(|taken| state.taken == taken) && (staged.delivered.is_empty() || fits())
    }

    fn awaits(&self, staged: &Staged<M>) -> Awaits {
        staged.awaits.unwrap_or(Awaits::Change)
    }

    fn log(&self, staged: &Staged<M>) -> Option<&Wal> {
        self.kept.as_ref().filter(|_| staged.changes()).map(Kept::wal)
    }

    fn journal(&self, staged: &mut Staged<M>) -> Option<(Wal, Entry)> {
        let kept = self.kept.as_ref().filter(|_| staged.changes())?;
        let mut addition = kept.addition();
        let state = self.state.lock();
        (state.delivered + 1..).zip(&staged.encoded).for_each(|(number, message)| addition.sent(number, message));
        state.takes(staged.taken).into_iter().for_each(|(sender, number)| addition.taken(sender, number));
        Some((kept.wal().clone(), addition.into_entry()))
    }

    fn depends(&self, staged: &mut Staged<M>, marks: &Marks) {
        staged.marks.clone_from(marks);
    }

    fn commit(&self, staged: &mut Staged<M>) {
        let changed = staged.changes();
        let length = {
            let mut state = self.state.lock();
            let marks = std::mem::take(&mut staged.marks);
            if let Some(kept) = self.kept.as_ref().filter(|_| changed) {
                let takes = state.takes(staged.taken);
                state.last.extend(takes);
                state.delivered += staged.encoded.len() as u64;
                kept.is_added();
            }
            let mut encoded = staged.encoded.drain(..);
            let delivered = staged.delivered.drain(..).map(|m| Message {
                encoded: encoded.next().unwrap_or_default(),
                marks: marks.clone(),
                ..Message::new(m)
            });
            state.messages.extend(delivered);
            for message in state.messages.drain(..staged.taken) {
                if let Some((origin, number)) = &message.origin {
                    origin.taken(*number, &marks);
                }
            }
            state.taken += staged.taken as u64;
            state.messages.len()
        };
        if changed {
            self.changed(length);
        }
    }

    fn clear(&self, staged: &mut Staged<M>) {
        staged.delivered.clear();
        *staged = Staged { delivered: std::mem::take(&mut staged.delivered), ..Staged::default() };
    }
}
