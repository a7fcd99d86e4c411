//! The task of a set of replicated variables: carries messages, writes what is to be kept, and reminds.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::cell::SetCell;
use super::protocol;
use super::values::Values;
use crate::host::{self, sleep_until};
use crate::resource::mailbox::Mailboxes;
use crate::value::Data;
use crate::wal::Marks;

pub(super) type Message<K> = protocol::Message<K, Values>;

/// Reminders come at intervals that double this often while nothing gets on.
const DOUBLINGS: u32 = 5;

/// Most messages of a member to itself that wait for the disk; more are lost, as others are.
const OWN: usize = 1024;

/// What the task does by itself, and when.
pub(super) struct Clock {
    pub(super) retry: Duration,
    pub(super) heartbeat: Duration,
    /// When to tell others which version there is, and when to remind if something is under way.
    beat_at: Instant,
    remind_at: Option<Instant>,
    reminded: u32,
}

impl Clock {
    pub(super) fn new(retry: Duration, heartbeat: Duration) -> Self {
        Self { retry, heartbeat, beat_at: host::now() + heartbeat, remind_at: None, reminded: 0 }
    }

    /// Whether something that is under way, if it is, has got on since the last time.
    fn waits(&mut self, waits: bool, got_on: bool) {
        if got_on || !waits {
            (self.remind_at, self.reminded) = (None, 0);
        }
        if waits && self.remind_at.is_none() {
            self.remind_at = Some(host::now() + self.retry * (1 << self.reminded));
        }
    }

    fn is_time_to_remind(&mut self, now: Instant) -> bool {
        let is_time = self.remind_at.is_some_and(|at| at <= now);
        if is_time {
            self.remind_at = None;
            self.reminded = (self.reminded + 1).min(DOUBLINGS);
        }
        is_time
    }

    fn is_time_for_heartbeat(&mut self, now: Instant) -> bool {
        let is_time = self.beat_at <= now;
        if is_time {
            self.beat_at = now + self.heartbeat;
        }
        is_time
    }
}

/// What the task has to do.
struct Turn<K: Data> {
    messages: Vec<(K, Message<K>)>,
    /// What must be durable before they go.
    marks: Marks,
    /// When to look again.
    due: Instant,
}

/// Runs as long as the variables live: waiting does not keep them alive.
pub(super) async fn run<K: Data>(
    cell: Weak<SetCell<K>>,
    work: Arc<Notify>,
    links: Mailboxes<K, Message<K>>,
    me: K,
    mut clock: Clock,
) {
    // What this member says to itself counts no sooner than what it says to others.
    let mut own: VecDeque<(Message<K>, Marks)> = VecDeque::new();
    loop {
        let turn = cell.upgrade().map(|cell| cell.turn(&mut clock));
        let Some(Turn { messages, marks, due }) = turn else { return };
        for (to, message) in messages {
            if to == me {
                if own.len() < OWN {
                    own.push_back((message, marks.clone()));
                }
            } else {
                let _ = links.post(&to, &message, &marks);
            }
        }
        let next = async {
            match own.front() {
                Some((_, marks)) => marks.flushed().await,
                None => std::future::pending().await,
            }
        };
        let message = tokio::select! {
            biased;
            () = next => own.pop_front().map(|(message, _)| message),
            message = links.take(&me) => Some(message),
            () = work.notified() => None,
            () = sleep_until(due) => None,
        };
        if let Some(message) = message {
            match cell.upgrade() {
                Some(cell) => cell.hear(message),
                None => return,
            }
        }
    }
}

impl<K: Data> SetCell<K> {
    /// What is to be done now.
    fn turn(&self, clock: &mut Clock) -> Turn<K> {
        let now = host::now();
        let mut state = self.state.lock();
        if clock.is_time_for_heartbeat(now) {
            state.member.heartbeat();
        }
        if clock.is_time_to_remind(now) {
            state.member.remind();
        }
        let messages = state.member.take_messages();
        if let (Some(log), Some(kept)) = (&self.log, state.member.take_kept()) {
            let position = log.wal().append(&[log.entry(kept)]);
            state.marks.add(log.wal(), position);
        }
        let got_on = std::mem::take(&mut state.got_on);
        clock.waits(state.member.waits(), got_on);
        let impatient = state.waiting.iter().any(|(_, until)| until.is_some_and(|until| until <= now));
        if impatient {
            state.wake();
        }
        let until = state.waiting.iter().filter_map(|(_, until)| *until);
        let due = until.chain(clock.remind_at).chain([clock.beat_at]).min().unwrap_or(clock.beat_at);
        state.marks.prune();
        Turn { messages, marks: state.marks.clone(), due }
    }

    fn hear(&self, message: Message<K>) {
        let _gate = self.core.outside_change();
        let mut state = self.state.lock();
        let number = state.member.version().map(|version| version.number);
        if !state.member.hear(message) {
            return;
        }
        state.got_on = true;
        state.wake();
        let is_other = state.member.version().map(|version| version.number) != number;
        let gave_up = std::mem::take(&mut state.gave_up);
        drop(state);
        if is_other || gave_up {
            self.core.changed();
        }
    }
}
