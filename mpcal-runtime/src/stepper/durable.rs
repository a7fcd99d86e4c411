//! Archetypes whose own state is durable, too: label, variables and procedure stack are part of the record of each
//! step.

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use super::Stepper;
use crate::archetype::Archetype;
use crate::cell::{Cell, Core};
use crate::error::Step;
use crate::section::Section;
use crate::wal::{name_in_use, Content, Entry, Stored, Tell, Wal};

/// Where the state of an archetype is kept.
pub(super) struct Keeper<S> {
    cell: Arc<StateCell>,
    encode: fn(&Arc<str>, &S) -> Entry,
}

struct StateCell {
    core: Arc<Core>,
    wal: Wal,
    name: Arc<str>,
    /// The last state, encoded; none if there was no step.
    last: Mutex<Option<Entry>>,
}

impl Drop for StateCell {
    fn drop(&mut self) {
        self.wal.give_back(&self.name, || self.last.lock().as_ref().map(Content::whole));
    }
}

impl Stored for StateCell {
    fn core(&self) -> &Core {
        &self.core
    }

    fn stored(&self) -> Option<Tell> {
        self.last.lock().clone().map(Entry::tell)
    }
}

impl<S> Keeper<S> {
    /// Makes the state part of the section.
    pub(super) fn keep(&self, state: &S, section: &mut Section) -> Step<()> {
        self.cell.wal.check()?;
        *section.stage(&self.cell) = Some((self.encode)(&self.cell.name, state));
        Ok(())
    }
}

impl Cell for StateCell {
    type Staged = Option<Entry>;

    fn core(&self) -> &Arc<Core> {
        &self.core
    }

    fn log(&self, staged: &Self::Staged) -> Option<&Wal> {
        staged.is_some().then_some(&self.wal)
    }

    fn journal(&self, staged: &mut Self::Staged) -> Option<(Wal, Entry)> {
        Some((self.wal.clone(), staged.clone()?))
    }

    fn commit(&self, staged: &mut Self::Staged) {
        *self.last.lock() = staged.take();
    }
}

impl<A: Archetype> Stepper<A> {
    /// Takes an archetype and goes on where the log has it under this name, or else where it is; each of its
    /// steps is in the log.
    ///
    /// # Errors
    /// If what the log has is not a state of this archetype.
    pub fn durable(mut archetype: A, wal: &Wal, name: &str) -> io::Result<Self> {
        let other = || io::Error::new(io::ErrorKind::InvalidData, format!("`{name}` is not a state of this archetype"));
        let (cell, is_new) = wal.claim(name, |content| {
            let (wal, name): (_, Arc<str>) = (wal.clone(), name.into());
            let mut last = None;
            if let Some(content) = content {
                *archetype.state_mut() = content.value().ok_or_else(other)?;
                last = Some(Entry::whole(&name, archetype.state()));
            }
            Ok(Arc::new(StateCell { core: Core::new(), wal, name, last: Mutex::new(last) }))
        })?;
        if !is_new {
            return Err(name_in_use(name));
        }
        let keeper = Some(Keeper { cell, encode: |name, state| Entry::whole(name, state) });
        Ok(Self { keeper, ..Self::new(archetype) })
    }
}
