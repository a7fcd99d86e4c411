//! What a blocked archetype sleeps on, and who is woken when it changes.
//!
//! A change wakes everyone who may go on because of it. Where something is there to be taken, a message or the space for
//! one, it wakes as many as there are such things. Who is woken for one is *called* until its next attempt has come to an
//! end: whether it has taken it, was blocked by something else, or was stopped, whoever else sleeps is called then if there
//! is more than those who are called already can take.

use std::collections::HashMap;
use std::future::{poll_fn, Future};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::cell::Core;

/// What a change must bring for a sleeper to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaits {
    /// Anything.
    Change,
    /// A message that it can take.
    Message,
    /// Space for a message.
    Space,
}

impl Awaits {
    /// The place of what can be taken.
    fn place(self) -> Option<usize> {
        match self {
            Self::Change => None,
            Self::Message => Some(0),
            Self::Space => Some(1),
        }
    }
}

/// What is there to be taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Supply {
    pub(crate) messages: usize,
    pub(crate) space: usize,
}

/// Those who sleep on a cell.
#[derive(Debug, Default)]
pub(crate) struct Sleepers {
    asleep: Mutex<Asleep>,
    /// How many they are, to be looked at without the lock.
    count: AtomicUsize,
    /// By place.
    supply: [AtomicUsize; 2],
}

#[derive(Debug, Default)]
struct Asleep {
    /// In the order in which they went to sleep.
    sleepers: Vec<Sleeper>,
    /// By place: how many are called.
    called: [usize; 2],
}

#[derive(Debug)]
struct Sleeper {
    notify: Arc<Notify>,
    /// The version that it saw; it has no use for what it would find in that.
    seen: u64,
    awaits: Awaits,
}

impl Sleepers {
    /// Says what is there before the version changes.
    pub(crate) fn supply(&self, supply: Supply) {
        self.supply[0].store(supply.messages, Ordering::SeqCst);
        self.supply[1].store(supply.space, Ordering::SeqCst);
    }

    /// Wakes those for whom there is something in the current version.
    pub(crate) fn rouse(&self, version: &AtomicU64) {
        // Who goes to sleep announces itself before it looks at the version: one of the two sees the other.
        if self.count.load(Ordering::SeqCst) > 0 {
            self.rouse_among(&mut self.asleep.lock(), version);
        }
    }

    fn rouse_among(&self, asleep: &mut Asleep, version: &AtomicU64) {
        let version = version.load(Ordering::SeqCst);
        let Asleep { sleepers, called } = asleep;
        sleepers.retain(|sleeper| {
            if sleeper.seen == version {
                return true;
            }
            if let Some(place) = sleeper.awaits.place() {
                if called[place] >= self.supply[place].load(Ordering::SeqCst) {
                    return true;
                }
                called[place] += 1;
            }
            sleeper.notify.notify_one();
            false
        });
        self.count.store(sleepers.len(), Ordering::SeqCst);
    }
}

impl Core {
    /// Goes to sleep, unless there is something already.
    fn sleep(&self, sleeper: Sleeper) {
        let mut asleep = self.sleepers.asleep.lock();
        asleep.sleepers.push(sleeper);
        self.sleepers.count.store(asleep.sleepers.len(), Ordering::SeqCst);
        self.sleepers.rouse_among(&mut asleep, self.version_counter());
    }

    /// Sleeps no more; whether it was called.
    fn leave(&self, notify: &Arc<Notify>) -> bool {
        let mut asleep = self.sleepers.asleep.lock();
        let before = asleep.sleepers.len();
        asleep.sleepers.retain(|sleeper| !Arc::ptr_eq(&sleeper.notify, notify));
        self.sleepers.count.store(asleep.sleepers.len(), Ordering::SeqCst);
        asleep.sleepers.len() == before
    }

    /// One who was called has made its attempt.
    fn answered(&self, place: usize) {
        let mut asleep = self.sleepers.asleep.lock();
        asleep.called[place] -= 1;
        self.sleepers.rouse_among(&mut asleep, self.version_counter());
    }
}

/// What a sleeper was woken for: as long as it has this, others are not woken for it.
#[derive(Debug)]
pub(crate) struct Call {
    core: Arc<Core>,
    place: usize,
}

impl Drop for Call {
    fn drop(&mut self) {
        self.core.answered(self.place);
    }
}

/// What a sleeper was woken for.
#[derive(Debug, Default)]
pub(crate) struct Calls(Vec<Call>);

impl Calls {
    /// Runs an attempt, after which, or as soon as it has to wait, others are called.
    pub(crate) async fn answer<T>(&mut self, attempt: impl Future<Output = T>) -> T {
        let mut attempt = pin!(attempt);
        poll_fn(|cx| {
            let polled = attempt.as_mut().poll(cx);
            self.0.clear();
            polled
        })
        .await
    }
}

/// Cells that a blocked archetype sleeps on, in the versions it saw.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    cells: Vec<Cell>,
    /// Where each of them is, by its id, once they are many.
    places: HashMap<u64, usize>,
}

#[derive(Debug)]
struct Cell {
    core: Arc<Core>,
    seen: u64,
    awaits: Awaits,
}

/// This many are found by looking at all of them.
const FEW: usize = 16;

impl Watched {
    pub(crate) fn add(&mut self, core: &Arc<Core>, seen: u64, awaits: Awaits) {
        let Some(at) = self.place_of(core.id) else {
            return self.cells.push(Cell { core: core.clone(), seen, awaits });
        };
        let cell = &mut self.cells[at];
        // The oldest version counts: a change since then may enable the path that saw it.
        cell.seen = cell.seen.min(seen);
        if cell.awaits != awaits {
            cell.awaits = Awaits::Change;
        }
    }

    fn place_of(&mut self, id: u64) -> Option<usize> {
        if self.cells.len() <= FEW {
            return self.cells.iter().position(|cell| cell.core.id == id);
        }
        let (known, ids) = (self.places.len(), self.cells.iter().map(|cell| cell.core.id));
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

    /// Sleeps until one of the cells has another version that may be of use; whether it had to, so that others could run,
    /// and what it was called for.
    ///
    /// # Cancel safety
    /// Dropping the future only loses the place among the sleepers.
    pub(crate) async fn sleep(&self, notify: &Arc<Notify>) -> (bool, Calls) {
        let mut place = Place { watched: self, notify, calls: Calls::default(), sleeps: true };
        for Cell { core, seen, awaits } in &self.cells {
            core.sleep(Sleeper { notify: notify.clone(), seen: *seen, awaits: *awaits });
        }
        let (mut notified, mut polls) = (pin!(notify.notified()), 0);
        poll_fn(|cx| {
            polls += 1;
            notified.as_mut().poll(cx)
        })
        .await;
        place.leave();
        (polls > 1, std::mem::take(&mut place.calls))
    }
}

/// A place among the sleepers, given up when dropped.
struct Place<'w> {
    watched: &'w Watched,
    notify: &'w Arc<Notify>,
    calls: Calls,
    sleeps: bool,
}

impl Place<'_> {
    fn leave(&mut self) {
        if !std::mem::take(&mut self.sleeps) {
            return;
        }
        for Cell { core, awaits, .. } in &self.watched.cells {
            if let (true, Some(place)) = (core.leave(self.notify), awaits.place()) {
                self.calls.0.push(Call { core: core.clone(), place });
            }
        }
        // Several cells may have woken it, once is enough.
        pin!(self.notify.notified()).enable();
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}
