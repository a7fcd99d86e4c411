//! What a blocked archetype sleeps on.

use std::future::{poll_fn, Future};
use std::pin::pin;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::cell::Core;

/// Cells that a blocked archetype sleeps on, in the versions it saw.
#[derive(Debug, Default)]
pub(crate) struct Watched(Vec<(Arc<Core>, u64)>);

impl Watched {
    pub(crate) fn add(&mut self, core: &Arc<Core>, seen: u64) {
        match self.0.iter_mut().find(|(c, _)| c.id == core.id) {
            // The oldest version counts: a change since then may enable the path that saw it.
            Some((_, known)) => *known = (*known).min(seen),
            None => self.0.push((core.clone(), seen)),
        }
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sleeps until one of the cells has another version; whether it had to, so that others could run.
    ///
    /// # Cancel safety
    /// Dropping the future only loses the place among the sleepers.
    pub(crate) async fn sleep(&self, sleeper: &Arc<Notify>) -> bool {
        let _place = Place { watched: self, sleeper };
        self.0.iter().for_each(|(core, _)| core.sleep(sleeper));
        if self.0.iter().any(|(core, seen)| core.version() != *seen) {
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
        self.watched.0.iter().for_each(|(core, _)| core.wake_up(self.sleeper));
    }
}
