//! What a member of a durable set has in the log of its node: what it must not forget, and what a section of the node means
//! to write if it is decided that it commits.

use std::sync::Arc;

use parking_lot::Mutex;

use super::protocol::{Attempt, Kept};
use super::values::Values;
use crate::cell::Core;
use crate::encoding::encode;
use crate::value::Data;
use crate::wal::{Content, Entry, Stored, Tell, Wal, INTENTION};

/// What others know a section by that they decide on: the version that it has seen, and its attempt.
pub(super) type Intention = (u64, Attempt);

pub(super) struct Log {
    wal: Wal,
    name: Arc<str>,
    intended: Arc<Intended>,
}

/// What a section means to write.
pub(super) struct Intended {
    core: Arc<Core>,
    wal: Wal,
    name: Arc<str>,
    entry: Mutex<Option<Entry>>,
}

/// The name under which it is written what sections mean to do.
pub(super) fn intention(name: &str) -> String {
    format!("{name}{INTENTION}")
}

impl Log {
    /// The log of a set with this name.
    pub(super) fn new(wal: &Wal, name: &str, core: &Arc<Core>) -> Self {
        let (wal, core) = (wal.clone(), core.clone());
        let intended = Intended { core, wal: wal.clone(), name: intention(name).into(), entry: Mutex::default() };
        Self { wal, name: name.into(), intended: Arc::new(intended) }
    }

    pub(super) fn wal(&self) -> &Wal {
        &self.wal
    }

    /// What is to be claimed once it is known what became of the intention that the log has.
    pub(super) fn intended(&self) -> &Arc<Intended> {
        &self.intended
    }

    /// What the log has of the member.
    pub(super) fn entry<K: Data>(&self, kept: &Kept<K, Values>) -> Entry {
        Entry::whole(&self.name, kept)
    }

    /// For the next member with this name.
    pub(super) fn give_back<K: Data>(&self, kept: &Kept<K, Values>) {
        self.wal.give_back(&self.name, || Some(Content::whole(&self.entry(kept))));
    }
}

impl Intended {
    /// Writes what a section writes if its attempt on a version is made; gives the position. The gate of the cell is held.
    pub(super) fn intend(&self, (attempt, base): (Attempt, u64), records: &[(Wal, Entry)]) -> u64 {
        let records: Vec<Entry> = records.iter().map(|(_, entry)| entry.clone()).collect();
        let entry = Entry::intended(&self.name, &encode::<Intention>(&(base, attempt)), &records);
        let position = self.wal.append(std::slice::from_ref(&entry));
        *self.entry.lock() = Some(entry);
        position
    }

    /// What a section that has been decided on writes, besides what it meant to write. The gate of the cell is held.
    pub(super) fn nothing(&self) -> Entry {
        *self.entry.lock() = None;
        Entry::whole(&self.name, &())
    }

    /// It is decided that a section does not write what it meant to.
    pub(super) fn forget(&self) {
        let _gate = self.core.gate.lock();
        self.wal.append(&[self.nothing()]);
    }
}

impl Stored for Intended {
    fn core(&self) -> &Core {
        &self.core
    }

    fn stored(&self) -> Option<Tell> {
        self.entry.lock().clone().map(Entry::tell)
    }
}

impl Drop for Intended {
    fn drop(&mut self) {
        self.wal.give_back(&self.name, || self.entry.lock().as_ref().map(Content::whole));
    }
}
