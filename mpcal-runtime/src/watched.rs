//! What a blocked archetype sleeps on.

use std::collections::HashMap;
use std::future::{poll_fn, Future};
use std::pin::pin;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::cell::Core;

/// Cells that a blocked archetype sleeps on, in the versions it saw.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    cells: Vec<(Arc<Core>, u64)>,
    /// Where each of them is, by its id, once they are many.
    places: HashMap<u64, usize>,
}

/// So many are found by looking at all of them.
const FEW: usize = 16;

impl Watched {
    pub(crate) fn add(&mut self, core: &Arc<Core>, seen: u64) {
        match self.place_of(core.id) {
            // The oldest version counts: a change since then may enable the path that saw it.
            Some(at) => self.cells[at].1 = self.cells[at].1.min(seen),
            None => self.cells.push((core.clone(), seen)),
        }
    }

    fn place_of(&mut self, id: u64) -> Option<usize> {
        if self.cells.len() <= FEW {
            return self.cells.iter().position(|(core, _)| core.id == id);
        }
        let (known, ids) = (self.places.len(), self.cells.iter().map(|(core, _)| core.id));
        self.places.extend(ids.zip(0..).skip(known));
        self.places.get(&id).copied()
    }

    pub(crate) fn clear(&mut self) {
        self.cells.clear();
        self.places.clear();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Sleeps until one of the cells has another version; whether it had to, so that others could run.
    ///
    /// # Cancel safety
    /// Dropping the future only loses the place among the sleepers.
    pub(crate) async fn sleep(&self, sleeper: &Arc<Notify>) -> bool {
        let _place = Place { watched: self, sleeper };
        self.cells.iter().for_each(|(core, _)| core.sleep(sleeper));
        if self.cells.iter().any(|(core, seen)| core.version() != *seen) {
            return false;
        }
        let (mut notified, mut polls) = (pin!(sleeper.notified()), 0);
        poll_fn(|cx| {
            polls += 1;
            notified.as_mut().poll(cx)
        })
        .await;
        polls > 1
    }
}

/// A place among the sleepers, given up when dropped.
struct Place<'w> {
    watched: &'w Watched,
    sleeper: &'w Arc<Notify>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.watched.cells.iter().for_each(|(core, _)| core.wake_up(self.sleeper));
    }
}
