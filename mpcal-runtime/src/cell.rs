//! Cells: the state that sections share, and the log of one section.
//!
//! A [`Cell`] is state with a version. A section stages what it does to a cell in the cell's
//! [`Cell::Staged`]; several resources that are views of one cell share what is staged, in the
//! order in which it was. To commit, the driver takes the gates of all touched cells in the order
//! of their ids, so that no two commits wait for each other, asks each whether what the section
//! saw still holds, and only then applies everything.
//!
//! What a section sees was true at one moment, also if it is never committed: nothing is evaluated on half of a
//! commit. Whenever it has read another cell, it looks whether those it read before still hold (opacity); if not, it
//! ends. A section that reads many cells looks again only if something was committed meanwhile.

use std::any::Any;
use std::collections::HashMap;
use std::future::{poll_fn, Future};
use std::hash::{BuildHasherDefault, Hasher};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::Arc;
use std::task::{Context, Poll};

use parking_lot::{ArcMutexGuard, Mutex, MutexGuard, RawMutex};
use smallvec::SmallVec;
use tokio::sync::Notify;

use crate::error::Step;
use crate::wal::{self, Marks, Wal};

/// How many commits and changes from outside there were, counted in several places so that threads do not wait for each
/// other.
static COMMITS: [Count; 8] = [const { Count(AtomicU64::new(0)) }; 8];

/// A counter in a cache line of its own.
#[repr(align(128))]
struct Count(AtomicU64);

thread_local! {
    /// Where this thread counts.
    static PLACE: usize = {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        NEXT.fetch_add(1, Ordering::Relaxed) % COMMITS.len()
    };
}

/// Counts a commit: after it was announced to the cells, and before it changes one.
fn count_commit() {
    COMMITS[PLACE.with(|place| *place)].0.fetch_add(1, Ordering::AcqRel);
}

/// Two sums are equal only if nothing was counted in between.
fn commits() -> u64 {
    COMMITS.iter().map(|count| count.0.load(Ordering::Acquire)).sum()
}

/// So often one looks whether a commit is through before one's own attempt ends: applying takes no longer.
const SPINS: u32 = 200;

/// What every cell has: an identity, a version, and those who sleep until it changes.
#[derive(Debug)]
pub struct Core {
    id: u64,
    version: AtomicU64,
    /// Whether a commit is being applied that may change the cell.
    applying: AtomicBool,
    gate: Arc<Mutex<()>>,
    sleepers: Mutex<Vec<Arc<Notify>>>,
    /// How many there are, to be looked at without the lock.
    sleeping: AtomicUsize,
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
            applying: AtomicBool::new(false),
            gate: Arc::default(),
            sleepers: Mutex::new(Vec::new()),
            sleeping: AtomicUsize::new(0),
            marks: Mutex::new(Marks::default()),
        })
    }

    /// The number of changes so far.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::SeqCst)
    }

    /// Says that the cell has changed: call it after the change, in [`Cell::commit`] or while
    /// holding the guard of [`Core::outside_change`]. Wakes everyone who sleeps on it.
    pub fn changed(&self) {
        // A sleeper announces itself before it looks at the version: one of the two sees the other.
        self.version.fetch_add(1, Ordering::SeqCst);
        if self.sleeping.load(Ordering::SeqCst) > 0 {
            let mut sleepers = self.sleepers.lock();
            sleepers.drain(..).for_each(|sleeper| sleeper.notify_one());
            self.sleeping.store(0, Ordering::SeqCst);
        }
    }

    /// Keeps sections from committing while something that is not a section changes the cell.
    ///
    /// # Panics
    /// Inside a section, which may hold the cell: there a change is staged.
    pub fn outside_change(&self) -> MutexGuard<'_, ()> {
        assert!(!Inside::is_entered(), "a section changes what it stages, and nothing else");
        let gate = self.gate.lock();
        count_commit();
        gate
    }

    /// A change from outside depends on a position of a log. The guard of [`outside_change`] is held.
    ///
    /// [`outside_change`]: Self::outside_change
    pub(crate) fn depend(&self, wal: &Wal, position: u64) {
        self.marks.lock().add(wal, position);
    }

    /// What must be on disk before what the cell holds may leave the node.
    pub(crate) fn marks(&self) -> Marks {
        self.marks.lock().clone()
    }

    /// Waits until no commit is being applied that may change the cell; false if that takes too long.
    fn is_settled(&self) -> bool {
        for _ in 0..SPINS {
            if !self.applying.load(Ordering::Acquire) {
                return true;
            }
            std::hint::spin_loop();
        }
        false
    }

    fn sleep(&self, sleeper: &Arc<Notify>) {
        let mut sleepers = self.sleepers.lock();
        sleepers.push(sleeper.clone());
        self.sleeping.store(sleepers.len(), Ordering::SeqCst);
    }

    fn wake_up(&self, sleeper: &Arc<Notify>) {
        let mut sleepers = self.sleepers.lock();
        sleepers.retain(|s| !Arc::ptr_eq(s, sleeper));
        self.sleeping.store(sleepers.len(), Ordering::SeqCst);
    }
}

thread_local! {
    /// Whether the thread runs a section.
    static INSIDE: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// A section runs in this thread.
pub(crate) struct Inside(());

impl Inside {
    pub(crate) fn enter() -> Self {
        INSIDE.set(true);
        Self(())
    }

    fn is_entered() -> bool {
        INSIDE.get()
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.set(false);
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

    /// Called after every cell of the section has committed and every gate is free again: here what was
    /// committed may be handed on. It does not fail, wait or panic.
    fn committed(&self, _staged: &mut Self::Staged) {}

    /// Forgets what was staged; needed only where staging took hold of something.
    fn abort(&self, _staged: &mut Self::Staged) {}

    /// What a commit writes to the log of the node, if the cell is durable. Called with the gate held,
    /// before [`commit`](Cell::commit).
    #[doc(hidden)]
    fn journal(&self, _staged: &Self::Staged) -> Option<(Wal, wal::Entry)> {
        None
    }

    /// Says what must be on disk before what was staged may leave the node: so far before
    /// [`poll_pre_commit`](Cell::poll_pre_commit), and for good, with the gate held, before
    /// [`commit`](Cell::commit). Only called if there is something to wait for. A cell whose content leaves the
    /// node keeps it with what leaves.
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
    fn committed(&mut self);
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
    }
    fn committed(&mut self) {
        self.cell.committed(&mut self.staged);
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

/// What one section has staged, cell by cell.
///
/// Entries are kept from section to section, because an archetype touches the same few cells again
/// and again; those that the current section has touched are in `order`.
#[derive(Default)]
pub(crate) struct Log {
    cores: Vec<Arc<Core>>,
    /// The place of each cell in `cores`, where they are many.
    places: HashMap<u64, usize, BuildHasherDefault<IdHasher>>,
    /// What is staged in the cell with the same place in `cores`.
    entries: Vec<Box<dyn Entry>>,
    /// The places of the cells that the section has touched; sorted by the ids of the cells before gates are taken.
    order: Vec<usize>,
    /// Those of the section before.
    previous: Vec<usize>,
    /// How many of those in `order` were looked at whether they fit the others.
    consistent: usize,
    /// How many commits there were when a section that reads many cells looked at them last.
    commits: u64,
    /// Gates taken before the section runs, with the ids of their cells, which increase.
    held: Vec<(u64, ArcMutexGuard<RawMutex, ()>)>,
}

/// Entries kept beyond a section.
const KEPT: usize = 64;

/// So many cells are found by looking at all of them, and looked at whenever another one is read.
const FEW: usize = 16;

/// Ids are numbers in a row.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|b| self.write_u64(u64::from(*b)));
    }

    fn write_u64(&mut self, id: u64) {
        self.0 = (self.0 ^ id).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(26);
    }
}

/// The gates of all cells of a section, taken in the order of their ids.
type Gates<'c> = SmallVec<[MutexGuard<'c, ()>; 8]>;

impl Log {
    pub(crate) fn stage<C: Cell>(&mut self, cell: &Arc<C>) -> &mut C::Staged {
        let id = cell.core().id;
        let at = match self.place_of(id) {
            Some(at) => at,
            None => {
                self.places.insert(id, self.cores.len());
                self.cores.push(cell.core().clone());
                self.entries.push(Box::new(Touched { cell: cell.clone(), staged: C::Staged::default(), seen: None }));
                self.entries.len() - 1
            }
        };
        if self.entries[at].seen().is_none() {
            self.order.push(at);
        }
        self.entries[at].staged().downcast_mut().expect("a cell id belongs to one cell, which has one type")
    }

    fn place_of(&self, id: u64) -> Option<usize> {
        if self.cores.len() <= FEW {
            return self.cores.iter().position(|core| core.id == id);
        }
        self.places.get(&id).copied()
    }

    /// Whether what the section has seen so far was true together. What it has touched since it last asked must have
    /// been read by now.
    #[inline]
    pub(crate) fn is_consistent(&mut self) -> bool {
        self.consistent == self.order.len() || self.look()
    }

    /// Looks at the cells that were touched.
    fn look(&mut self) -> bool {
        let new = std::mem::replace(&mut self.consistent, self.order.len());
        if self.order.len() == 1 {
            return true;
        }
        let many = self.order.len() > FEW;
        let commits = if many { commits() } else { 0 };
        let from = if many && commits == self.commits { new } else { 0 };
        self.commits = commits;
        self.order[from..].iter().all(|at| self.cores[*at].is_settled() && self.is_unchanged(*at))
    }

    /// Whether what the section saw of a cell still holds, as far as that can be told without its gate.
    fn is_unchanged(&self, at: usize) -> bool {
        self.entries[at].seen() == Some(self.cores[at].version()) || self.entries[at].validate()
    }

    /// Whether the section touched no cell at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// `marks` is what the archetype depends on.
    pub(crate) fn poll_pre_commit(&mut self, marks: &Marks, cx: &mut Context<'_>) -> Poll<Step<()>> {
        if wal::in_use() {
            let mut marks = marks.clone();
            self.order.iter().for_each(|at| marks.merge(&self.cores[*at].marks.lock()));
            marks.prune();
            if !marks.is_empty() {
                self.order.iter().for_each(|at| self.entries[*at].depends(&marks));
            }
        }
        let mut pending = false;
        for at in &self.order {
            match self.entries[*at].poll_pre_commit(cx) {
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

    /// Whether what the section saw was true at one moment, which is now.
    pub(crate) fn validate(&mut self) -> bool {
        self.sort();
        gates(&self.cores, &self.order, &self.held).is_some_and(|_gates| still_holds(&self.entries, &self.order))
    }

    /// Commits everything or nothing; false if another commit came in between. `marks` is what the
    /// archetype depends on, and what it depends on afterwards.
    pub(crate) fn commit(&mut self, marks: &mut Marks) -> bool {
        self.sort();
        let Some(gates) = gates(&self.cores, &self.order, &self.held) else { return false };
        if !still_holds(&self.entries, &self.order) {
            return false;
        }
        {
            let _applying = Applying::start(&self.cores, &self.order);
            apply(&mut self.entries, &self.order, marks);
        }
        drop(gates);
        self.release();
        for at in &self.order {
            self.entries[*at].committed();
        }
        self.clear();
        true
    }

    /// Drops what was staged, and takes the gates of all cells that were touched: until it commits or aborts
    /// nobody else changes them.
    pub(crate) fn hold(&mut self) {
        self.abort();
        self.hold_previous();
    }

    /// Takes the gates of all cells that the section before has touched.
    pub(crate) fn hold_previous(&mut self) {
        self.release();
        let cores = &self.cores;
        self.previous.sort_unstable_by_key(|at| cores.get(*at).map(|core| core.id));
        let cores = self.previous.iter().filter_map(|at| self.cores.get(*at));
        self.held.extend(cores.map(|core| (core.id, Mutex::lock_arc(&core.gate))));
    }

    /// Gives back the gates that were taken before the section ran.
    pub(crate) fn release(&mut self) {
        self.held.clear();
    }

    pub(crate) fn abort(&mut self) {
        self.release();
        for at in &self.order {
            self.entries[*at].abort();
        }
        self.clear();
    }

    /// Gates are taken in the order of the ids of the cells.
    fn sort(&mut self) {
        let cores = &self.cores;
        self.order.sort_unstable_by_key(|at| cores[*at].id);
    }

    fn clear(&mut self) {
        std::mem::swap(&mut self.order, &mut self.previous);
        self.order.clear();
        self.consistent = 0;
        if self.cores.len() > KEPT {
            self.cores.truncate(KEPT);
            self.entries.truncate(KEPT);
            self.places.retain(|_, at| *at < KEPT);
        }
    }

    /// Adds what this attempt depended on to what a sleeper must watch.
    pub(crate) fn watch(&mut self, watched: &mut Watched) {
        for at in &self.order {
            if let Some(seen) = self.entries[*at].seen() {
                watched.add(&self.cores[*at], seen);
            }
        }
    }
}

/// A commit that is being applied to cells, whose gates are held.
struct Applying<'c> {
    cores: &'c [Arc<Core>],
    touched: &'c [usize],
}

impl<'c> Applying<'c> {
    fn start(cores: &'c [Arc<Core>], touched: &'c [usize]) -> Self {
        let this = Self { cores, touched };
        this.set(true);
        count_commit();
        this
    }

    fn set(&self, applying: bool) {
        self.touched.iter().for_each(|at| self.cores[*at].applying.store(applying, Ordering::Release));
    }
}

impl Drop for Applying<'_> {
    fn drop(&mut self) {
        self.set(false);
    }
}

/// Takes the gates that are not held already; none if one is taken and waiting for it might be for ever, because
/// a gate of a later cell is held.
fn gates<'c>(
    cores: &'c [Arc<Core>],
    touched: &[usize],
    held: &[(u64, ArcMutexGuard<RawMutex, ()>)],
) -> Option<Gates<'c>> {
    let Some((last, _)) = held.last() else {
        return Some(touched.iter().map(|at| cores[*at].gate.lock()).collect());
    };
    let missing = touched.iter().map(|at| &cores[*at]).filter(|core| held.iter().all(|(id, _)| *id != core.id));
    missing.map(|core| if core.id > *last { Some(core.gate.lock()) } else { core.gate.try_lock() }).collect()
}

fn still_holds(entries: &[Box<dyn Entry>], touched: &[usize]) -> bool {
    touched.iter().all(|at| entries[*at].validate())
}

/// Applies what was staged. The gates of all cells are held.
fn apply(entries: &mut [Box<dyn Entry>], touched: &[usize], marks: &mut Marks) {
    if !wal::in_use() {
        touched.iter().for_each(|at| entries[*at].commit());
        return;
    }
    // What the section saw may come from sections that are not on disk yet.
    touched.iter().for_each(|at| marks.merge(&entries[*at].core().marks.lock()));
    let mut records: Vec<(Wal, Vec<wal::Entry>)> = Vec::new();
    for (log, entry) in touched.iter().filter_map(|at| entries[*at].journal()) {
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
    for at in touched {
        let e = &mut entries[*at];
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
