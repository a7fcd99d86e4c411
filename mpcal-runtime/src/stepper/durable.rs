//! Archetypes whose own state is durable, too: label, variables and procedure stack are part of the record of each
//! step.

use std::io;
use std::sync::Arc;

use super::Stepper;
use crate::archetype::Archetype;
use crate::cell::{Cell, Core};
use crate::encoding::{decode, encode};
use crate::error::Step;
use crate::section::Section;
use crate::wal::{name_in_use, Change, Content, Entry, Wal};
use parking_lot::Mutex;

/// Where the state of an archetype is kept.
pub(super) struct Keeper<S> {
    cell: Arc<StateCell>,
    encode: fn(&S) -> Vec<u8>,
}

struct StateCell {
    core: Arc<Core>,
    wal: Wal,
    name: String,
    /// The last state, encoded; none if there was no step.
    last: Mutex<Option<Vec<u8>>>,
}

impl Drop for StateCell {
    fn drop(&mut self) {
        if let Some(state) = self.last.lock().take() {
            self.wal.give_back(&self.name, Content::Whole(state));
        }
    }
}

impl<S> Keeper<S> {
    /// Makes the state part of the section.
    pub(super) fn keep(&self, state: &S, section: &mut Section) -> Step<()> {
        self.cell.wal.check()?;
        *section.stage(&self.cell) = Some((self.encode)(state));
        Ok(())
    }
}

impl Cell for StateCell {
    type Staged = Option<Vec<u8>>;

    fn core(&self) -> &Arc<Core> {
        &self.core
    }

    fn log(&self, staged: &Self::Staged) -> Option<&Wal> {
        staged.is_some().then_some(&self.wal)
    }

    fn journal(&self, staged: &Self::Staged) -> Option<(Wal, Entry)> {
        let change = Change::Whole(staged.clone()?);
        Some((self.wal.clone(), Entry { name: self.name.clone(), change }))
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
            let last = match content {
                None => None,
                Some(Content::Whole(bytes)) => Some(bytes.clone()),
                Some(Content::Items(_)) => return Err(other()),
            };
            if let Some(bytes) = &last {
                *archetype.state_mut() = decode(bytes).ok_or_else(other)?;
            }
            let (wal, name) = (wal.clone(), name.to_owned());
            Ok(Arc::new(StateCell { core: Core::new(), wal, name, last: Mutex::new(last) }))
        })?;
        if !is_new {
            return Err(name_in_use(name));
        }
        let keeper = Some(Keeper { cell, encode: encode::<A::State> as fn(&A::State) -> Vec<u8> });
        Ok(Self { keeper, ..Self::new(archetype) })
    }
}
