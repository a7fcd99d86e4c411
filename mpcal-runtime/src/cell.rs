//! Cells: the state that sections share, and the log of one section.
//!
//! A [`Cell`] is state with a version. A section stages what it does to a cell in the cell's
//! [`Cell::Staged`]; several resources that are views of one cell share what is staged, in the
//! order in which it was. To commit, the driver takes the gates of all touched cells in the order
//! of their ids, so that no two commits wait for each other, asks each whether what the section
//! saw still holds, and only then applies everything.

use std::any::Any;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::task::{Context, Poll};

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;

use crate::error::Step;
use crate::wal::{self, Marks, Wal};

/// What every cell has: an identity, a version, and those who sleep until it changes.
#[derive(Debug)]
pub struct Core {
    id: u64,
    version: AtomicU64,
    gate: Mutex<()>,
    sleepers: Mutex<Vec<Arc<Notify>>>,
    /// What must be on disk before what the cell holds may leave the node.
    marks: Mutex<Marks>,
}

impl Core {
    /// A new identity with version 0.
    #[must_use]
    pub fn new() -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Arc::new(Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            version: AtomicU64::new(0),
            gate: Mutex::new(()),
            sleepers: Mutex::new(Vec::new()),
            marks: Mutex::new(Marks::default()),
        })
    }

    /// The number of changes so far.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Says that the cell has changed: call it after the change, in [`Cell::commit`] or while
    /// holding the guard of [`Core::outside_change`]. Wakes everyone who sleeps on it.
    pub fn changed(&self) {
        self.version.fetch_add(1, Ordering::AcqRel);
        for sleeper in self.sleepers.lock().drain(..) {
            sleeper.notify_one();
        }
    }

    /// Keeps sections from committing while something that is no section changes the cell.
    pub fn outside_change(&self) -> MutexGuard<'_, ()> {
        self.gate.lock()
    }

    fn sleep(&self, sleeper: &Arc<Notify>) {
        self.sleepers.lock().push(sleeper.clone());
    }

    fn wake_up(&self, sleeper: &Arc<Notify>) {
        self.sleepers.lock().retain(|s| !Arc::ptr_eq(s, sleeper));
    }
}

/// State that sections read and change.
///
/// Implementers owe:
/// * nothing that a section stages is visible to another section before [`commit`](Cell::commit),
///   or at all after [`abort`](Cell::abort);
/// * every change calls [`Core::changed`];
/// * what a section may have seen and is no longer true makes [`validate`](Cell::validate) false;
/// * `commit` and `abort` do not fail, wait or panic.
pub trait Cell: Send + Sync + 'static {
    /// What a section has done to the cell and not committed yet, in order.
    type Staged: Default + Send + 'static;

    /// Identity and version.
    fn core(&self) -> &Arc<Core>;

    /// Waits for what a commit needs, such as space or remote votes, holding no lock. Giving
    /// [`Retry`](crate::Abort::Retry) makes the section try another path.
    ///
    /// # Errors
    /// Whatever keeps this path from committing.
    fn poll_pre_commit(&self, _staged: &mut Self::Staged, _cx: &mut Context<'_>) -> Poll<Step<()>> {
        Poll::Ready(Ok(()))
    }

    /// Whether what the section saw still holds; `seen` is the version when it first touched the
    /// cell. Called with the gate held.
    fn validate(&self, _staged: &Self::Staged, seen: u64) -> bool {
        self.core().version() == seen
    }

    /// Applies what was staged. Called with the gate held.
    fn commit(&self, staged: &mut Self::Staged);

    /// Forgets what was staged; needed only where staging took hold of something.
    fn abort(&self, _staged: &mut Self::Staged) {}

    /// What a commit writes to the log of the node, if the cell is durable. Called with the gate held,
    /// before [`commit`](Cell::commit).
    #[doc(hidden)]
    fn journal(&self, _staged: &Self::Staged) -> Option<(Wal, wal::Entry)> {
        None
    }

    /// Says what must be on disk before what was staged may leave the node. Called with the gate held,
    /// before [`commit`](Cell::commit), and only if there is something to wait for. A cell whose content
    /// leaves the node keeps it with what leaves.
    fn depends(&self, _staged: &mut Self::Staged, _marks: &Marks) {}

    /// Makes what was staged what it is by default, for the next section; memory can be kept.
    fn clear(&self, staged: &mut Self::Staged) {
        *staged = Self::Staged::default();
    }
}

/// A cell in the log, whatever its type.
trait Entry: Send {
    fn core(&self) -> &Arc<Core>;
    fn seen(&self) -> Option<u64>;
    fn poll_pre_commit(&mut self, cx: &mut Context<'_>) -> Poll<Step<()>>;
    fn validate(&self) -> bool;
    fn journal(&self) -> Option<(Wal, wal::Entry)>;
    fn depends(&mut self, marks: &Marks);
    fn commit(&mut self);
    fn abort(&mut self);
    fn staged(&mut self) -> &mut dyn Any;
}

struct Touched<C: Cell> {
    cell: Arc<C>,
    staged: C::Staged,
    /// The version at the first touch; none if this section has not touched the cell.
    seen: Option<u64>,
}

impl<C: Cell> Entry for Touched<C> {
    fn core(&self) -> &Arc<Core> {
        self.cell.core()
    }
    fn seen(&self) -> Option<u64> {
        self.seen
    }
    fn poll_pre_commit(&mut self, cx: &mut Context<'_>) -> Poll<Step<()>> {
        self.cell.poll_pre_commit(&mut self.staged, cx)
    }
    fn validate(&self) -> bool {
        self.seen.is_none_or(|seen| self.cell.validate(&self.staged, seen))
    }
    fn journal(&self) -> Option<(Wal, wal::Entry)> {
        self.cell.journal(&self.staged)
    }
    fn depends(&mut self, marks: &Marks) {
        self.cell.depends(&mut self.staged, marks);
    }
    fn commit(&mut self) {
        self.cell.commit(&mut self.staged);
        self.cell.clear(&mut self.staged);
        self.seen = None;
    }
    fn abort(&mut self) {
        self.cell.abort(&mut self.staged);
        self.cell.clear(&mut self.staged);
        self.seen = None;
    }
    fn staged(&mut self) -> &mut dyn Any {
        if self.seen.is_none() {
            self.seen = Some(self.cell.core().version());
        }
        &mut self.staged
    }
}

/// What one section has staged, cell by cell in the order of the first touch.
///
/// Entries are kept from section to section, because an archetype touches the same few cells again
/// and again; `active` are those that the current section has touched.
#[derive(Default)]
pub(crate) struct Log {
    entries: Vec<Box<dyn Entry>>,
    active: usize,
}

/// Entries kept beyond a section.
const KEPT: usize = 64;

impl Log {
    pub(crate) fn stage<C: Cell>(&mut self, cell: &Arc<C>) -> &mut C::Staged {
        let id = cell.core().id;
        let at = match self.entries.iter().position(|e| e.core().id == id) {
            Some(at) => at,
            None => {
                self.entries.push(Box::new(Touched { cell: cell.clone(), staged: C::Staged::default(), seen: None }));
                self.entries.len() - 1
            }
        };
        // The order of the first touch is the order of the active entries.
        let at = if at >= self.active {
            self.entries[self.active..=at].rotate_right(1);
            self.active += 1;
            self.active - 1
        } else {
            at
        };
        self.entries[at].staged().downcast_mut().expect("a cell id belongs to one cell, which has one type")
    }

    fn touched(&mut self) -> &mut [Box<dyn Entry>] {
        &mut self.entries[..self.active]
    }

    /// Whether the section touched no cell at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.active == 0
    }

    pub(crate) fn poll_pre_commit(&mut self, cx: &mut Context<'_>) -> Poll<Step<()>> {
        let mut pending = false;
        for entry in self.touched() {
            match entry.poll_pre_commit(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(abort)) => return Poll::Ready(Err(abort)),
                Poll::Pending => pending = true,
            }
        }
        if pending {
            Poll::Pending
        } else {
            Poll::Ready(Ok(()))
        }
    }

    /// Whether what the section saw still holds; only a moment's answer, no gate is kept.
    pub(crate) fn validate(&mut self) -> bool {
        self.touched().iter().all(|e| e.validate())
    }

    /// Commits everything or nothing; false if another commit came in between. `marks` is what the
    /// archetype depends on, and what it depends on afterwards.
    pub(crate) fn commit(&mut self, marks: &mut Marks) -> bool {
        let active = self.active;
        let touched = &mut self.entries[..active];
        if let [one] = touched {
            let core = one.core().clone();
            let _gate = core.gate.lock();
            if !one.validate() {
                return false;
            }
            apply(std::slice::from_mut(one), marks);
        } else {
            let mut cores: Vec<Arc<Core>> = touched.iter().map(|e| e.core().clone()).collect();
            cores.sort_by_key(|c| c.id);
            let _gates: Vec<MutexGuard<'_, ()>> = cores.iter().map(|c| c.gate.lock()).collect();
            if !touched.iter().all(|e| e.validate()) {
                return false;
            }
            apply(touched, marks);
        }
        self.clear();
        true
    }

    pub(crate) fn abort(&mut self) {
        self.touched().iter_mut().for_each(|e| e.abort());
        self.clear();
    }

    fn clear(&mut self) {
        self.active = 0;
        self.entries.truncate(KEPT);
    }

    /// Adds what this attempt depended on to what a sleeper must watch.
    pub(crate) fn watch(&mut self, watched: &mut Watched) {
        for entry in self.touched() {
            if let Some(seen) = entry.seen() {
                watched.add(entry.core(), seen);
            }
        }
    }
}

/// Applies what was staged. The gates of all cells are held.
fn apply(touched: &mut [Box<dyn Entry>], marks: &mut Marks) {
    if !wal::in_use() {
        touched.iter_mut().for_each(|e| e.commit());
        return;
    }
    // What the section saw may come from sections that are not on disk yet.
    touched.iter().for_each(|e| marks.merge(&e.core().marks.lock()));
    let mut records: Vec<(Wal, Vec<wal::Entry>)> = Vec::new();
    for (log, entry) in touched.iter().filter_map(|e| e.journal()) {
        match records.iter_mut().find(|(known, _)| known.is(&log)) {
            Some((_, entries)) => entries.push(entry),
            None => records.push((log, vec![entry])),
        }
    }
    for (log, entries) in records {
        let position = log.append(&entries);
        marks.add(&log, position);
    }
    marks.prune();
    for e in touched {
        let before = e.core().version();
        if !marks.is_empty() {
            e.depends(marks);
        }
        e.commit();
        if e.core().version() != before {
            e.core().marks.lock().clone_from(marks);
        }
    }
}

/// Cells that a blocked archetype sleeps on, in the versions it saw.
#[derive(Debug, Default)]
pub(crate) struct Watched(Vec<(Arc<Core>, u64)>);

impl Watched {
    fn add(&mut self, core: &Arc<Core>, seen: u64) {
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

    /// Sleeps until one of the cells has another version.
    ///
    /// # Cancel safety
    /// Dropping the future only loses the place among the sleepers.
    pub(crate) async fn sleep(&self, sleeper: &Arc<Notify>) {
        let _place = Place { watched: self, sleeper };
        self.0.iter().for_each(|(core, _)| core.sleep(sleeper));
        if self.0.iter().all(|(core, seen)| core.version() == *seen) {
            sleeper.notified().await;
        }
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
