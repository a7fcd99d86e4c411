//! What has come from each process: which messages are in the inboxes, and which were taken.
//!
//! A process may connect again while messages of its earlier connection are still under way. From then on only the new
//! connection delivers, listens and acknowledges: each of these is done while the number of the last one is held.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::task::Context;

use parking_lot::Mutex;

use super::bell::Bell;
use super::wire::Known;
use crate::resource::queue::Taken;
use crate::wal::Marks;

/// Processes that are remembered.
const SESSIONS: usize = 4096;

/// The processes that have connected, the latest last.
#[derive(Default)]
pub(super) struct Sessions(VecDeque<Arc<Session>>);

impl Sessions {
    /// What is known of a process, and if nothing is, `taken` says up to where the log knows it, for each inbox; none if
    /// there are too many that are in use.
    pub(super) fn get(
        &mut self,
        id: u64,
        taken: impl ExactSizeIterator<Item = u64>,
        held: &Arc<AtomicUsize>,
    ) -> Option<Arc<Session>> {
        if let Some(known) = self.0.iter().find(|s| s.id == id) {
            return Some(known.clone());
        }
        if self.0.len() >= SESSIONS {
            // The oldest without connection and without messages in an inbox: forgetting another could
            // repeat messages.
            let idle = self.0.iter().position(|s| Arc::strong_count(s) == 1 && s.is_idle())?;
            self.0.remove(idle);
        }
        let bell = Arc::new(Bell::new(taken.len()));
        let source = |(place, taken)| {
            let state = Mutex::new(Arrived { arrived: taken, taken, ..Arrived::default() });
            Arc::new(Source { state, bell: bell.clone(), sender: id, place, held: held.clone() })
        };
        let sources = (0u32..).zip(taken).map(source).collect();
        let fresh = Arc::new(Session { id, connections: Mutex::new(0), sources, bell });
        self.0.push_back(fresh.clone());
        Some(fresh)
    }
}

/// A process that sends to this node.
pub(super) struct Session {
    id: u64,
    /// How many connections it has made.
    connections: Mutex<u64>,
    /// For each inbox of this node.
    pub(super) sources: Vec<Arc<Source>>,
    /// Tells the connection that messages were taken, or that it is not the last any more.
    bell: Arc<Bell>,
}

impl Session {
    /// A new connection, in place of those before; gives its number.
    pub(super) fn connect(&self) -> u64 {
        let mut connections = self.connections.lock();
        *connections += 1;
        let number = *connections;
        drop(connections);
        self.bell.wake();
        number
    }

    /// Does something for a connection that nobody may do for a later one meanwhile; none if it is not the last.
    pub(super) fn as_last<T>(&self, connection: u64, act: impl FnOnce(&Self) -> T) -> Option<T> {
        let connections = self.connections.lock();
        (*connections == connection).then(|| act(self))
    }

    /// Has the task of the last connection woken when there is something to do; false if this is not the last.
    pub(super) fn listen(&self, connection: u64, cx: &Context<'_>) -> bool {
        self.as_last(connection, |session| session.bell.listen(cx)).is_some()
    }

    /// Moves the inboxes from which something was taken after those in `places`, for the last connection.
    pub(super) fn take_rung(&self, connection: u64, places: &mut Vec<u32>) {
        self.as_last(connection, |session| session.bell.take(places));
    }

    fn is_idle(&self) -> bool {
        self.sources.iter().all(|source| source.state.lock().is_idle())
    }
}

/// What one process has sent to one inbox.
pub(super) struct Source {
    state: Mutex<Arrived>,
    bell: Arc<Bell>,
    /// Of the session.
    sender: u64,
    /// Among the inboxes.
    place: u32,
    /// Messages in all inboxes of the node.
    held: Arc<AtomicUsize>,
}

#[derive(Default)]
struct Arrived {
    /// The last sequence number in the inbox.
    arrived: u64,
    /// The last that was taken, and may be acknowledged.
    taken: u64,
    /// The last that was taken before a flush for which the acknowledgement waits.
    flushing: Option<(u64, Marks)>,
    /// The last that was taken since.
    behind: Option<(u64, Marks)>,
    /// How many are in the inbox.
    waiting: u64,
}

impl Arrived {
    fn is_idle(&self) -> bool {
        self.waiting == 0 && self.flushing.is_none()
    }
}

/// What a message is to an inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// The next one.
    Next,
    /// Sent again, because the connection broke.
    Known,
    /// One that must not come: messages before it are missing, or there are too many.
    Wrong,
}

impl Source {
    /// A message arrives that is to be acknowledged. If it is the next one, it must go into the inbox before another
    /// arrives.
    pub(super) fn arrive(&self, sequence: u64, window: u64) -> Arrival {
        let mut state = self.state.lock();
        if state.arrived != 0 && sequence <= state.arrived {
            return Arrival::Known;
        }
        let gap = state.arrived != 0 && sequence != state.arrived + 1;
        if gap || sequence == 0 || state.waiting >= window {
            return Arrival::Wrong;
        }
        state.arrived = sequence;
        state.waiting += 1;
        self.held.fetch_add(1, Ordering::Relaxed);
        Arrival::Next
    }

    /// A message arrives that needs no acknowledgement; whether it is new.
    pub(super) fn pass(&self, sequence: u64) -> bool {
        let mut state = self.state.lock();
        let fresh = sequence > state.arrived;
        state.arrived = state.arrived.max(sequence);
        fresh
    }

    /// What is known, for a new connection.
    pub(super) fn known(&self) -> Known {
        let (taken, _) = self.taken();
        Known { arrived: self.state.lock().arrived, taken }
    }

    /// The last message that may be acknowledged, and what the acknowledgement of those after it waits for.
    pub(super) fn taken(&self) -> (u64, Option<Marks>) {
        let mut state = self.state.lock();
        while let Some((sequence, mut marks)) = state.flushing.take() {
            marks.prune();
            if !marks.is_empty() {
                state.flushing = Some((sequence, marks.clone()));
                return (state.taken, Some(marks));
            }
            state.taken = sequence;
            state.flushing = state.behind.take();
        }
        (state.taken, None)
    }
}

impl Taken for Source {
    fn sender(&self) -> u64 {
        self.sender
    }

    fn taken(&self, number: u64, marks: &Marks) {
        {
            let mut state = self.state.lock();
            state.waiting = state.waiting.saturating_sub(1);
            match (&state.flushing, marks.is_empty()) {
                (None, true) => state.taken = number,
                (None, false) => state.flushing = Some((number, marks.clone())),
                (Some(_), _) => {
                    // What waits already is older, so all of it is waited for.
                    let mut all = marks.clone();
                    state.behind.iter().for_each(|(_, marks)| all.merge(marks));
                    state.behind = Some((number, all));
                }
            }
        }
        self.held.fetch_sub(1, Ordering::Relaxed);
        self.bell.ring(self.place);
    }
}
