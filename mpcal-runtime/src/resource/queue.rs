//! A bounded queue between sections and the world outside: what mailboxes and channels are made of.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::cell::{Cell, Core};
use crate::error::{Abort, Step};
use crate::value::Data;
use crate::wal::Marks;

/// Messages in order. Sections take and deliver in their log; the outside waits for space or for a
/// message.
pub(super) struct Queue<M> {
    core: Arc<Core>,
    state: Mutex<State<M>>,
    capacity: usize,
    /// Tells the outside that something was taken or delivered.
    moved: Notify,
}

struct State<M> {
    /// Each with what must be on disk before it may leave the node.
    messages: VecDeque<(M, Marks)>,
    /// Messages ever taken out: two sections that take the same message see it in here.
    taken: u64,
}

/// What a section has taken out and put in, in order.
#[derive(Debug)]
pub(super) struct Staged<M> {
    taken: usize,
    /// The count of taken messages when the section looked first.
    seen_taken: Option<u64>,
    /// It has seen the end of the queue, so a message that arrives since makes a difference.
    seen_end: bool,
    delivered: Vec<M>,
    /// What must be on disk before it may leave the node.
    marks: Marks,
}

impl<M> Default for Staged<M> {
    fn default() -> Self {
        Self { taken: 0, seen_taken: None, seen_end: false, delivered: Vec::new(), marks: Marks::default() }
    }
}

impl<M: Data> Queue<M> {
    pub(super) fn new(capacity: usize) -> Self {
        let state = Mutex::new(State { messages: VecDeque::new(), taken: 0 });
        Self { core: Core::new(), state, capacity: capacity.max(1), moved: Notify::new() }
    }

    /// The next message, for a section.
    pub(super) fn receive(&self, staged: &mut Staged<M>) -> Step<M> {
        let state = self.state.lock();
        staged.seen_taken.get_or_insert(state.taken);
        if let Some((message, _)) = state.messages.get(staged.taken) {
            staged.taken += 1;
            return Ok(message.clone());
        }
        staged.seen_end = true;
        // What the section itself has delivered comes behind everything that had arrived.
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
            staged.seen_end = true;
            return Err(Abort::Retry);
        }
        staged.delivered.push(message);
        Ok(())
    }

    pub(super) fn length(&self, staged: &mut Staged<M>) -> i64 {
        staged.seen_end = true;
        (self.state.lock().messages.len() + staged.delivered.len() - staged.taken) as i64
    }

    /// Puts a message in, from outside; waits while the queue is full.
    ///
    /// # Cancel safety
    /// A dropped future has put nothing in.
    pub(super) async fn arrive(&self, message: M) {
        loop {
            let moved = self.moved.notified();
            {
                let _gate = self.core.outside_change();
                let mut state = self.state.lock();
                if state.messages.len() < self.capacity {
                    state.messages.push_back((message, Marks::default()));
                    drop(state);
                    self.core.changed();
                    return;
                }
            }
            moved.await;
        }
    }

    /// Takes a message out, from outside; waits while the queue is empty.
    ///
    /// # Cancel safety
    /// A dropped future has taken nothing out.
    pub(super) async fn take(&self) -> M {
        loop {
            let moved = self.moved.notified();
            if let Some(message) = self.try_take() {
                return message;
            }
            let first = self.state.lock().messages.front().map(|(_, marks)| marks.clone());
            match first {
                Some(marks) => marks.flushed().await,
                None => moved.await,
            }
        }
    }

    /// Takes a message out, from outside, if there is one that may leave the node.
    pub(super) fn try_take(&self) -> Option<M> {
        let _gate = self.core.outside_change();
        let mut state = self.state.lock();
        let (_, marks) = state.messages.front_mut()?;
        marks.prune();
        if !marks.is_empty() {
            return None;
        }
        let (message, _) = state.messages.pop_front()?;
        state.taken += 1;
        drop(state);
        self.core.changed();
        Some(message)
    }
}

impl<M: Data> Cell for Queue<M> {
    type Staged = Staged<M>;

    fn core(&self) -> &Arc<Core> {
        &self.core
    }

    fn validate(&self, staged: &Staged<M>, seen: u64) -> bool {
        if staged.seen_end {
            return self.core.version() == seen;
        }
        // Messages that arrive behind those it took make no difference.
        staged.seen_taken.is_none_or(|taken| self.state.lock().taken == taken)
    }

    fn depends(&self, staged: &mut Staged<M>, marks: &Marks) {
        staged.marks.clone_from(marks);
    }

    fn commit(&self, staged: &mut Staged<M>) {
        let changed = staged.taken > 0 || !staged.delivered.is_empty();
        {
            let mut state = self.state.lock();
            let marks = std::mem::take(&mut staged.marks);
            state.messages.extend(staged.delivered.drain(..).map(|m| (m, marks.clone())));
            state.messages.drain(..staged.taken);
            state.taken += staged.taken as u64;
        }
        if changed {
            self.core.changed();
            self.moved.notify_waiters();
        }
    }

    fn clear(&self, staged: &mut Staged<M>) {
        staged.delivered.clear();
        *staged = Staged { delivered: std::mem::take(&mut staged.delivered), ..Staged::default() };
    }
}
