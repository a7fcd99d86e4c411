//! Telling other nodes what they lack, each for itself, until each has confirmed it.
//!
//! Nothing is sent while everybody has everything. A node that does not answer is told again, less and less
//! often, and keeps nobody else waiting; a node that starts anew is told everything.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Weak};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::{Crdt, ReplicaCell};
use crate::host;
use crate::resource::mailbox::Mailboxes;
use crate::value::Data;
use crate::wal::Marks;

/// What nodes say to each other. An incarnation is one run of a node.
#[derive(Clone, Serialize, Deserialize)]
pub(super) enum Message<K, C> {
    /// Somebody's state, or what is new in it, up to a version.
    News { from: K, incarnation: u64, version: u64, state: C },
    /// Somebody has everything up to this version of an incarnation.
    Confirmed { from: K, incarnation: u64, of: u64, version: u64 },
}

/// What is known of another node.
#[derive(Default)]
struct Other {
    incarnation: u64,
    /// The version it has confirmed.
    confirmed: u64,
    /// The version that was sent last, and when to send again.
    sent: u64,
    again: Option<Instant>,
    failures: u32,
}

/// One replica among others.
struct Gossip<K: Data, C: Crdt> {
    cell: Weak<ReplicaCell<C>>,
    links: Mailboxes<K, Message<K, C>>,
    me: K,
    incarnation: u64,
    others: BTreeMap<K, Other>,
    retry: Duration,
    /// What must be on disk before that which was told last leaves this node. Until then nothing more is told, so that
    /// what changes meanwhile is told at once.
    leaves: Marks,
}

pub(super) async fn run<K: Data, C: Crdt>(
    cell: Weak<ReplicaCell<C>>,
    links: Mailboxes<K, Message<K, C>>,
    me: K,
    others: BTreeSet<K>,
    retry: Duration,
    news: Arc<Notify>,
) {
    let Ok(incarnation) = crate::host::unique() else { return };
    let others = others.into_iter().map(|k| (k, Other::default())).collect();
    let leaves = Marks::default();
    let mut gossip = Gossip { cell, links, me, incarnation, others, retry, leaves };
    loop {
        if !gossip.tell() {
            return;
        }
        let again = gossip.others.values().filter_map(|other| other.again).min();
        let later = async {
            match again {
                Some(at) if gossip.leaves.is_empty() => host::sleep_until(at).await,
                _ => std::future::pending().await,
            }
        };
        let leaves = gossip.leaves.clone();
        let durable = async {
            match leaves.is_empty() {
                false => leaves.flushed().await,
                true => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = news.notified() => {}
            message = gossip.links.take(&gossip.me) => gossip.hear(message),
            () = later => {}
            () = durable => {}
        }
    }
}

impl<K: Data, C: Crdt> Gossip<K, C> {
    /// Tells everybody what they lack and were not told lately; it leaves when it is durable. False if the replica is
    /// gone.
    fn tell(&mut self) -> bool {
        let Some(cell) = self.cell.upgrade() else { return false };
        self.leaves.prune();
        if !self.leaves.is_empty() {
            return true;
        }
        let mut state = cell.state.lock();
        state.marks.prune();
        let now = host::now();
        let mut whole = None;
        for (index, other) in &mut self.others {
            let due = other.sent < state.version || other.again.is_some_and(|at| at <= now);
            if other.confirmed >= state.version || !due {
                continue;
            }
            let lacks = (state.version - other.confirmed) as usize;
            let news = if lacks <= state.deltas.len() && other.confirmed > 0 {
                let mut deltas = state.deltas.iter().skip(state.deltas.len() - lacks).map(|(delta, _)| delta);
                let mut news = deltas.next().cloned().unwrap_or_default();
                deltas.for_each(|delta| {
                    news.merge(delta);
                });
                news
            } else {
                whole.get_or_insert_with(|| state.whole.clone()).clone()
            };
            let (from, incarnation, version) = (self.me.clone(), self.incarnation, state.version);
            let message = Message::News { from, incarnation, version, state: news };
            // Lost or not, it is sent again unless it is confirmed.
            self.leaves.clone_from(&state.marks);
            if !self.links.post(index, &message, &state.marks) {
                tracing::warn!(?index, "a state is too large to be told, or too many wait already");
            }
            if other.sent < state.version {
                other.failures = 0;
            }
            other.sent = state.version;
            other.again = Some(now + self.retry * (1 << other.failures));
            other.failures = (other.failures + 1).min(6);
        }
        true
    }

    fn hear(&mut self, message: Message<K, C>) {
        match message {
            Message::News { from, incarnation, version, state } => {
                let Some(cell) = self.cell.upgrade() else { return };
                let marks = cell.merge(state);
                self.met(&from, incarnation);
                let (me, mine) = (self.me.clone(), self.incarnation);
                let confirmed = Message::Confirmed { from: me, incarnation: mine, of: incarnation, version };
                let _ = self.links.post(&from, &confirmed, &marks);
            }
            Message::Confirmed { from, incarnation, of, version } => {
                self.met(&from, incarnation);
                if let (Some(other), true) = (self.others.get_mut(&from), of == self.incarnation) {
                    other.confirmed = other.confirmed.max(version);
                    if other.confirmed >= other.sent {
                        other.again = None;
                        other.failures = 0;
                    }
                }
            }
        }
    }

    /// A node that has started anew has confirmed nothing.
    fn met(&mut self, index: &K, incarnation: u64) {
        if let Some(other) = self.others.get_mut(index).filter(|other| other.incarnation != incarnation) {
            *other = Other { incarnation, ..Other::default() };
        }
    }
}
