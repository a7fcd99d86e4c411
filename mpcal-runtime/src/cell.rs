//! Cells: the state that sections share.
//!
//! A [`Cell`] is state with a version. A section stages what it does to a cell in the cell's
//! [`Cell::Staged`]; several resources that are views of one cell share what is staged, in the
//! order in which it was. To commit, the driver takes the gates of all touched cells in the order
//! of their ids, so that no two commits wait for each other, asks each whether what the section
//! saw still holds, and only then applies everything.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::{Mutex, MutexGuard};

use crate::error::Step;
use crate::wal::{self, Marks, Wal};
use crate::watched::{Awaits, Sleepers, Supply};

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
pub(crate) fn count_commit() {
    COMMITS[PLACE.with(|place| *place)].0.fetch_add(1, Ordering::AcqRel);
}

/// Two sums are equal only if nothing was counted in between.
pub(crate) fn commits() -> u64 {
    COMMITS.iter().map(|count| count.0.load(Ordering::Acquire)).sum()
}

/// So often one looks whether a commit is through before one's own attempt ends: applying takes no longer.
const SPINS: u32 = 200;

/// What every cell has: an identity, a version, and those who sleep until it changes.
#[derive(Debug)]
pub struct Core {
    pub(crate) id: u64,
    version: AtomicU64,
    /// Whether a commit is being applied that may change the cell, or a change from outside.
    pub(crate) applying: AtomicBool,
    pub(crate) gate: Arc<Mutex<()>>,
    pub(crate) sleepers: Sleepers,
    /// What must be on disk before what the cell holds may leave the node.
    pub(crate) marks: Mutex<Marks>,
    /// The section whose commit others decide, and that nobody may come before; 0 if there is none. It changes with the
    /// gate held.
    reserved: AtomicU64,
    /// It was changed from outside since then.
    overtaken: AtomicBool,
    /// Sections that wait until it has ended.
    waiting: Mutex<Vec<Waker>>,
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
            sleepers: Sleepers::default(),
            marks: Mutex::new(Marks::default()),
            reserved: AtomicU64::new(0),
            overtaken: AtomicBool::new(false),
            waiting: Mutex::default(),
        })
    }

    /// The number of changes so far.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::SeqCst)
    }

    pub(crate) fn version_counter(&self) -> &AtomicU64 {
        &self.version
    }

    /// Says that the cell has changed: call it after the change, in [`Cell::commit`] or while
    /// holding the guard of [`Core::outside_change`]. Wakes everyone who sleeps on it.
    pub fn changed(&self) {
        self.version.fetch_add(1, Ordering::SeqCst);
        self.sleepers.rouse(&self.version);
    }

    /// As [`changed`](Self::changed), for a cell whose sleepers are woken one by one, each for what it can take.
    pub(crate) fn changed_to(&self, supply: Supply) {
        self.sleepers.supply(supply);
        self.changed();
    }

    /// Keeps sections from committing, and from going on with what they read of the cell, while something that is not a
    /// section changes it.
    ///
    /// # Panics
    /// Inside a section, which may hold the cell: there a change is staged.
    pub fn outside_change(&self) -> OutsideChange<'_> {
        assert!(!Inside::is_entered(), "a section changes what it stages, and nothing else");
        let gate = self.gate.lock();
        self.applying.store(true, Ordering::Release);
        count_commit();
        if self.is_reserved(0) {
            self.overtaken.store(true, Ordering::Release);
        }
        OutsideChange { core: self, _gate: gate }
    }

    /// Whether the cell was changed from outside after the decision on what is committed to it now: the change comes
    /// after that. The gate is held.
    pub(crate) fn is_overtaken(&self) -> bool {
        self.overtaken.load(Ordering::Acquire)
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

    /// Waits until nothing is being applied that may change the cell; false if that takes too long.
    pub(crate) fn is_settled(&self) -> bool {
        for _ in 0..SPINS {
            if !self.applying.load(Ordering::Acquire) {
                return true;
            }
            std::hint::spin_loop();
        }
        false
    }

    /// Whether a section other than this one has reserved the cell.
    pub(crate) fn is_reserved(&self, by_other_than: u64) -> bool {
        let holder = self.reserved.load(Ordering::SeqCst);
        holder != 0 && holder != by_other_than
    }

    /// Waits until no other section has reserved the cell.
    pub(crate) fn poll_free(&self, me: u64, cx: &Context<'_>) -> Poll<()> {
        if !self.is_reserved(me) {
            return Poll::Ready(());
        }
        let mut waiting = self.waiting.lock();
        // It may have been given back meanwhile, before or after who waits was woken.
        if !self.is_reserved(me) {
            return Poll::Ready(());
        }
        if !waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }

    /// No section but this one commits anything to the cell until it is given back. The gate is held.
    pub(crate) fn reserve(&self, me: u64) {
        self.reserved.store(me, Ordering::SeqCst);
    }

    /// The section that has reserved the cell has ended.
    pub(crate) fn give_back(&self) {
        self.overtaken.store(false, Ordering::Release);
        self.reserved.store(0, Ordering::SeqCst);
        self.waiting.lock().drain(..).for_each(Waker::wake);
    }
}

/// A change of a cell by something that is not a section; it ends when this is dropped.
#[must_use = "the change ends when this is dropped"]
pub struct OutsideChange<'c> {
    core: &'c Core,
    _gate: MutexGuard<'c, ()>,
}

impl Drop for OutsideChange<'_> {
    fn drop(&mut self) {
        self.core.applying.store(false, Ordering::Release);
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

/// Who decides whether a section commits.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decision {
    /// This node alone.
    #[default]
    Here,
    /// This node, after others have confirmed what the section has read.
    Confirmed,
    /// The others, once they have heard of it: until this node knows, nobody commits what would come in between.
    Elsewhere,
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

    /// Whether the section has only read the cell, whatever it staged, and what it saw holds as long as the version does.
    #[doc(hidden)]
    fn is_only_read(&self, _staged: &Self::Staged) -> bool {
        false
    }

    /// What must change for a section that the cell has blocked to go on.
    #[doc(hidden)]
    fn awaits(&self, _staged: &Self::Staged) -> Awaits {
        Awaits::Change
    }

    /// Applies what was staged. Called with the gate held.
    fn commit(&self, staged: &mut Self::Staged);

    /// Called after every cell of the section has committed and every gate is free again: here what was
    /// committed may be handed on. It does not fail, wait or panic.
    fn committed(&self, _staged: &mut Self::Staged) {}

    /// Forgets what was staged; needed only where staging took hold of something.
    fn abort(&self, _staged: &mut Self::Staged) {}

    /// Encodes what a commit would write to the log, if the cell is durable. Called once a section has run, without the
    /// gate: what the cell holds may be newer than what the section saw, and then the section does not commit. What a
    /// user has written may run here, and at no later point.
    #[doc(hidden)]
    fn encode(&self, _staged: &mut Self::Staged) {}

    /// What a commit writes to the log of the node, if the cell is durable. Called with the gate held,
    /// before [`commit`](Cell::commit).
    #[doc(hidden)]
    fn journal(&self, _staged: &mut Self::Staged) -> Option<(Wal, wal::Entry)> {
        None
    }

    /// The log that a commit writes to, if the cell is durable: it may have to wait for space.
    #[doc(hidden)]
    fn log(&self, _staged: &Self::Staged) -> Option<&Wal> {
        None
    }

    /// Who decides on what was staged.
    #[doc(hidden)]
    fn decision(&self, _staged: &Self::Staged) -> Decision {
        Decision::Here
    }

    /// What the section writes to logs if it is decided elsewhere that it commits. Called with the gate held, before
    /// anybody hears of it.
    #[doc(hidden)]
    fn intend(&self, _staged: &mut Self::Staged, _records: &[(Wal, wal::Entry)]) -> Step<()> {
        Ok(())
    }

    /// Waits for the decision; or, if `only_read`, until others have confirmed what was read. Nobody comes in between.
    #[doc(hidden)]
    fn poll_decision(&self, _staged: &mut Self::Staged, _only_read: bool, _cx: &mut Context<'_>) -> Poll<Step<()>> {
        Poll::Ready(Ok(()))
    }

    /// Whether what was staged will not be committed unless this node goes on with it: others have not heard of it, and
    /// will not.
    #[doc(hidden)]
    fn withdraw(&self, _staged: &mut Self::Staged) -> bool {
        true
    }

    /// Says what must be on disk before what was staged may leave the node: so far before
    /// [`poll_pre_commit`](Cell::poll_pre_commit), and for good, with the gate held, before
    /// [`commit`](Cell::commit). Only called if there is something to wait for. A cell whose content leaves the
    /// node keeps it with what leaves.
    fn depends(&self, _staged: &mut Self::Staged, _marks: &Marks) {}

    /// Resets what was staged to its default, for the next section; memory may be kept.
    fn clear(&self, staged: &mut Self::Staged) {
        *staged = Self::Staged::default();
    }
}
