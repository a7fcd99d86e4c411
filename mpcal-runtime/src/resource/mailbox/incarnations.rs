//! Who durable mailboxes are, and how often they and others have started.
//!
//! In: a log, and the incarnations of others. Out: whether one of them may talk to us. A process that has died, or
//! that runs with an old copy of its log, must not be heard once a later one was: both count their messages in the same
//! way, so it would seem to send what the later one has sent.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::kept::Log;
use crate::cell::Core;
use crate::wal::{name_in_use, Content, Entry, Marks, Stored, Tell, Wal};

/// Senders that are remembered; what is kept of them must not fill the disk.
const MOST: usize = 4096;

/// One of the processes that have had a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Incarnation {
    /// A number that was chosen with the log.
    pub(super) identity: u64,
    /// How many have had it, this one too.
    pub(super) epoch: u64,
}

/// What the log has.
#[derive(Clone, Serialize, Deserialize)]
struct Seen {
    own: Incarnation,
    /// The last epoch of others.
    others: BTreeMap<u64, u64>,
}

/// The incarnations that durable mailboxes know.
pub(super) struct Incarnations {
    core: Arc<Core>,
    wal: Wal,
    name: Arc<str>,
    seen: Mutex<Seen>,
    /// The processes that these are.
    processes: Mutex<BTreeMap<u64, u64>>,
}

impl Incarnations {
    /// The next incarnation that has this log; nobody may hear of it before [`written`](Self::written).
    pub(super) fn next(log: &Log) -> io::Result<Arc<Self>> {
        let other = || io::Error::new(io::ErrorKind::InvalidData, format!("`{}` does not hold mailboxes", log.name));
        let (this, is_new) = log.wal.claim(&log.name, |content| {
            let mut seen = match content {
                Some(content) => content.value().ok_or_else(other)?,
                None => {
                    let own = Incarnation { identity: crate::host::unique()?.max(1), epoch: 0 };
                    Seen { own, others: BTreeMap::new() }
                }
            };
            seen.own.epoch += 1;
            let (core, wal, name) = (Core::new(), log.wal.clone(), log.name.clone().into());
            Ok(Arc::new(Self { core, wal, name, seen: Mutex::new(seen), processes: Mutex::default() }))
        })?;
        if !is_new {
            return Err(name_in_use(&log.name));
        }
        {
            let _gate = this.core.outside_change();
            this.write(&this.seen.lock());
        }
        Ok(this)
    }

    /// Who we are.
    pub(super) fn own(&self) -> Incarnation {
        self.seen.lock().own
    }

    /// What must be on disk before anybody hears who we are, and whom we know.
    pub(super) fn written(&self) -> Marks {
        self.core.marks()
    }

    /// A process says which incarnation it is; an error says why it may not talk to us.
    pub(super) fn meet(&self, them: Incarnation, process: u64) -> Result<(), &'static str> {
        let _gate = self.core.outside_change();
        let (mut seen, mut processes) = (self.seen.lock(), self.processes.lock());
        let known = seen.others.get(&them.identity).copied();
        if them.identity == seen.own.identity {
            return Err("both nodes have copies of one log: give each a log of its own");
        }
        let is_other = || processes.get(&them.identity).is_some_and(|known| *known != process);
        if known.is_some_and(|known| known > them.epoch || (known == them.epoch && is_other())) {
            return Err("a later process with its log was here: one of them has an old copy of the log");
        }
        if known.is_none() && seen.others.len() >= MOST {
            return Err("there are too many senders");
        }
        processes.insert(them.identity, process);
        if known != Some(them.epoch) {
            seen.others.insert(them.identity, them.epoch);
            self.write(&seen);
        }
        Ok(())
    }

    /// Adds what is known to the log; the gate is held.
    fn write(&self, seen: &Seen) {
        let position = self.wal.append(&[Entry::whole(&self.name, seen)]);
        self.core.depend(&self.wal, position);
    }

    fn entry(&self) -> Entry {
        Entry::whole(&self.name, &*self.seen.lock())
    }
}

impl Stored for Incarnations {
    fn core(&self) -> &Core {
        &self.core
    }

    fn stored(&self) -> Option<Tell> {
        Some(self.entry().tell())
    }
}

impl Drop for Incarnations {
    fn drop(&mut self) {
        self.wal.give_back(&self.name, || Some(Content::whole(&self.entry())));
    }
}
