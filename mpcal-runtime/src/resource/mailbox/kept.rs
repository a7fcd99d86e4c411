//! What one durable mailbox has in the log, or an outbox for one: a function from a sender and a number to a message.
//!
//! An entry that is there is a message of this node that nobody has taken. One that is gone was taken, and so was
//! everything that this sender had sent before: dropping any number of messages is one entry. Of other senders it
//! knows no more than that, because what they have sent is in their logs until we have acknowledged it. Numbers only
//! grow, so what an acknowledgement has made superfluous need not be dropped from the log at once: the next message
//! that is sent does that, and a receiver says at the beginning of a connection what it has.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use bytes::Bytes;

use crate::wal::{name_in_use, Content, Entry, Stored, Tell, Wal};

/// This node, as a sender.
pub(in crate::resource) const OWN: u64 = 0;

/// The last message of each sender that was taken.
pub(in crate::resource) type Taken = BTreeMap<u64, u64>;

/// A log, and what the names of durable mailboxes in it begin with.
pub(super) struct Log {
    pub(super) wal: Wal,
    pub(super) name: String,
}

impl Log {
    /// Makes what has this in the log, after the name of the mailboxes.
    pub(super) fn claim<R: Stored>(
        &self,
        what: &str,
        make: impl FnOnce(Kept, Found) -> io::Result<R>,
    ) -> io::Result<Arc<R>> {
        let name: Arc<str> = format!("{} {what}", self.name).into();
        let (made, is_new) = self.wal.claim(&name, |content| {
            let other =
                || io::Error::new(io::ErrorKind::InvalidData, format!("`{name}` is not what a mailbox has kept"));
            let found = content.as_ref().map_or(Some(Found::default()), |content| Found::read(content));
            let is_stored = AtomicBool::new(content.is_some());
            let kept = Kept { wal: self.wal.clone(), name: name.clone(), is_stored };
            make(kept, found.ok_or_else(other)?).map(Arc::new)
        })?;
        if is_new {
            Ok(made)
        } else {
            Err(name_in_use(&name))
        }
    }
}

/// What was found in the log.
#[derive(Default)]
pub(in crate::resource) struct Found {
    pub(in crate::resource) taken: Taken,
    /// Those of this node after the last that was taken.
    pub(in crate::resource) messages: VecDeque<Bytes>,
}

impl Found {
    fn read(content: &Content) -> Option<Self> {
        let (mut taken, mut messages) = (Taken::new(), VecDeque::new());
        content.entries(|(sender, number): (u64, u64), message| {
            let last = taken.entry(sender).or_default();
            if let Some(message) = message {
                let is_next = sender == OWN && number == *last + messages.len() as u64 + 1;
                return is_next.then(|| messages.push_back(Bytes::copy_from_slice(message)));
            }
            let count = usize::try_from(number.checked_sub(std::mem::replace(last, number))?).ok()?;
            if sender == OWN {
                messages.drain(..count.min(messages.len()));
            }
            Some(())
        })?;
        Some(Self { taken, messages })
    }
}

/// The place of a mailbox in the log. The gate of its cell is held when something is added.
pub(in crate::resource) struct Kept {
    wal: Wal,
    name: Arc<str>,
    /// Whether the log has something of it.
    is_stored: AtomicBool,
}

/// What a section adds to the record of a mailbox.
pub(in crate::resource) struct Addition(Entry);

impl Kept {
    pub(in crate::resource) fn wal(&self) -> &Wal {
        &self.wal
    }

    /// For a section that is about to commit.
    pub(in crate::resource) fn addition(&self) -> Addition {
        Addition(Entry::entries(&self.name, !self.is_stored.load(Ordering::Relaxed)))
    }

    /// The section has committed.
    pub(in crate::resource) fn is_added(&self) {
        self.is_stored.store(true, Ordering::Relaxed);
    }

    /// Tells all of it; none if the log has nothing.
    pub(in crate::resource) fn tell(&self, taken: Taken, messages: Vec<Bytes>) -> Option<Tell> {
        let name = self.is_stored.load(Ordering::Relaxed).then(|| self.name.clone())?;
        Some(Box::new(move |to| {
            let first = taken.get(&OWN).map_or(1, |last| last + 1);
            let mut whole = Addition(Entry::entries(&name, true));
            for (sender, number) in taken {
                whole.taken(sender, number);
                whole.0.tell_piece(to);
            }
            for (number, message) in (first..).zip(messages) {
                whole.sent(number, &message);
                whole.0.tell_piece(to);
            }
            whole.0.tell()(to);
        }))
    }

    /// Gives it back to the log, for the next one with its name.
    pub(in crate::resource) fn give_back(&self, taken: Taken, messages: Vec<Bytes>) {
        self.wal.give_back(&self.name, || self.tell(taken, messages).map(Content::told));
    }
}

impl Addition {
    /// This node has sent a message.
    pub(in crate::resource) fn sent(&mut self, number: u64, message: &[u8]) {
        self.0.add(&(OWN, number), Some(message));
    }

    /// A message was taken, and all before it.
    pub(in crate::resource) fn taken(&mut self, sender: u64, number: u64) {
        self.0.add(&(sender, number), None);
    }

    pub(in crate::resource) fn into_entry(self) -> Entry {
        self.0
    }
}
