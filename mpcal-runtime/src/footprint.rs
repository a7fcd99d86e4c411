//! The footprint of a section: what it has touched, cell by cell, and what it stages there.
//!
//! What a section sees was true at one moment, also if it is never committed: nothing is evaluated on half of a
//! commit. Whenever it has read another cell, it looks whether those it read before still hold (opacity); if not, it
//! ends. A section that reads many cells looks again only if something was committed meanwhile.

mod committing;

use std::any::Any;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::task::{Context, Poll};

use parking_lot::{ArcMutexGuard, Mutex, RawMutex};

use self::committing::{apply, each, gates, intend, is_reserved, still_holds, Applying};
use crate::cell::{commits, Cell, Core, Decision};
use crate::error::{caught, Abort, Step};
use crate::wal::{self, Marks, Wal};
use crate::watched::{Awaits, Watched};

/// A cell in the footprint, whatever its type.
trait Entry: Send {
    fn core(&self) -> &Arc<Core>;
    fn seen(&self) -> Option<u64>;
    fn only_read(&self) -> Option<u64>;
    fn poll_pre_commit(&mut self, cx: &mut Context<'_>) -> Poll<Step<()>>;
    fn validate(&self) -> bool;
    fn awaits(&self) -> Awaits;
    fn log(&self) -> Option<&Wal>;
    fn encode(&mut self);
    fn journal(&mut self) -> Option<(Wal, wal::Entry)>;
    fn decision(&self) -> Decision;
    fn intend(&mut self, records: &[(Wal, wal::Entry)]) -> Step<()>;
    fn poll_decision(&mut self, only_read: bool, cx: &mut Context<'_>) -> Poll<Step<()>>;
    fn withdraw(&mut self) -> bool;
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
    /// The version that was read, if the section did nothing else.
    fn only_read(&self) -> Option<u64> {
        self.seen.filter(|_| self.cell.is_only_read(&self.staged))
    }
    fn poll_pre_commit(&mut self, cx: &mut Context<'_>) -> Poll<Step<()>> {
        self.cell.poll_pre_commit(&mut self.staged, cx)
    }
    fn validate(&self) -> bool {
        self.seen.is_none_or(|seen| self.cell.validate(&self.staged, seen))
    }
    fn awaits(&self) -> Awaits {
        self.cell.awaits(&self.staged)
    }
    fn log(&self) -> Option<&Wal> {
        self.cell.log(&self.staged)
    }
    fn encode(&mut self) {
        self.cell.encode(&mut self.staged);
    }
    fn journal(&mut self) -> Option<(Wal, wal::Entry)> {
        self.cell.journal(&mut self.staged)
    }
    fn decision(&self) -> Decision {
        self.cell.decision(&self.staged)
    }
    fn intend(&mut self, records: &[(Wal, wal::Entry)]) -> Step<()> {
        self.cell.intend(&mut self.staged, records)
    }
    fn poll_decision(&mut self, only_read: bool, cx: &mut Context<'_>) -> Poll<Step<()>> {
        self.cell.poll_decision(&mut self.staged, only_read, cx)
    }
    fn withdraw(&mut self) -> bool {
        self.cell.withdraw(&mut self.staged)
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
pub(crate) struct Footprint {
    cores: Vec<Arc<Core>>,
    /// The place of each cell in `cores`, where they are many.
    places: HashMap<u64, usize, BuildHasherDefault<IdHasher>>,
    /// What is staged in the cell with the same place in `cores`.
    entries: Vec<Box<dyn Entry>>,
    /// The places of the cells that the section has touched; sorted by the ids of the cells before gates are taken.
    order: Vec<usize>,
    /// Those of the section before.
    previous: Vec<usize>,
    /// Whether what the section writes to a log was encoded.
    is_encoded: bool,
    /// How many of those in `order` were looked at whether they fit the others.
    consistent: usize,
    /// One of these was touched again since: it may hold more than what was read of it then.
    again: bool,
    /// How many commits there were when a section that reads many cells looked at them last.
    commits: u64,
    /// Gates taken before the section runs, with the ids of their cells, which increase.
    held: Vec<(u64, ArcMutexGuard<RawMutex, ()>)>,
    /// What cells know the section by that has reserved them; 0 if it never has.
    id: u64,
    /// Cells that are reserved until it is known what others have decided.
    reserved: Vec<Arc<Core>>,
    /// What is written to a log if they have decided that the section commits.
    intended: Vec<(Wal, wal::Entry)>,
    /// They have.
    is_decided: bool,
}

/// Entries kept beyond a section, or twice as many as it has touched.
const KEPT: usize = 64;

/// This many cells are found by looking at all of them, and looked at whenever another one is read.
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

impl Footprint {
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
        } else {
            self.again = true;
        }
        self.entries[at].staged().downcast_mut().expect("a cell id belongs to one cell, which has one type")
    }

    /// The ids of the cells that the section has touched.
    pub(crate) fn touched(&self) -> impl Iterator<Item = u64> + '_ {
        self.order.iter().map(|at| self.cores[*at].id)
    }

    /// What is staged in a cell that the section has touched.
    pub(crate) fn staged<C: Cell>(&mut self, cell: &Arc<C>) -> Option<&mut C::Staged> {
        let at = self.place_of(cell.core().id)?;
        self.entries[at].seen()?;
        self.entries[at].staged().downcast_mut()
    }

    fn place_of(&self, id: u64) -> Option<usize> {
        if self.cores.len() <= FEW {
            return self.cores.iter().position(|core| core.id == id);
        }
        // Often it is that which the section before has touched as the n-th, too.
        let likely = self.previous.get(self.order.len()).copied();
        if likely.is_some_and(|at| self.cores.get(at).is_some_and(|core| core.id == id)) {
            return likely;
        }
        self.places.get(&id).copied()
    }

    /// Whether what the section has seen so far was true together. What it has touched since it last asked must have
    /// been read by now.
    #[inline]
    pub(crate) fn is_consistent(&mut self) -> bool {
        !self.again && self.consistent == self.order.len() || self.look()
    }

    /// Looks at the cells that were touched.
    fn look(&mut self) -> bool {
        let new = std::mem::replace(&mut self.consistent, self.order.len());
        let again = std::mem::take(&mut self.again);
        if self.order.len() == 1 && !again {
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

    /// What must be on disk before what the section has seen may leave the node; `marks` is what the archetype depends
    /// on.
    pub(crate) fn depends(&self, marks: &Marks) -> Marks {
        let mut all = marks.clone();
        self.order.iter().for_each(|at| all.merge(&self.cores[*at].marks.lock()));
        all.prune();
        all
    }

    /// `marks` is what the archetype depends on.
    pub(crate) fn poll_pre_commit(&mut self, marks: &Marks, cx: &mut Context<'_>) -> Poll<Step<()>> {
        if wal::in_use() {
            let marks = self.depends(marks);
            if !marks.is_empty() {
                self.order.iter().for_each(|at| self.entries[*at].depends(&marks));
            }
        }
        if !self.reserved.is_empty() {
            return self.poll_decision(cx);
        }
        let mut pending = false;
        if wal::in_use() {
            self.encode()?;
            let mut logs = self.order.iter().filter_map(|at| self.entries[*at].log());
            pending = logs.any(|log| log.poll_space(cx).is_pending());
        }
        for at in &self.order {
            match self.entries[*at].poll_pre_commit(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(abort)) => return Poll::Ready(Err(abort)),
                Poll::Pending => pending = true,
            }
        }
        for at in &self.order {
            pending |= self.cores[*at].poll_free(self.id, cx).is_pending();
        }
        if pending {
            return Poll::Pending;
        }
        if self.decision() == Decision::Here {
            return Poll::Ready(Ok(()));
        }
        self.reserve()?;
        self.poll_decision(cx)
    }

    fn decision(&self) -> Decision {
        self.order.iter().map(|at| self.entries[*at].decision()).max().unwrap_or_default()
    }

    /// Makes what the section saw hold until it is known what others decide. Cells that others only confirm stay free:
    /// whoever changes them makes this section run again.
    fn reserve(&mut self) -> Step<()> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        if self.id == 0 {
            self.id = NEXT.fetch_add(1, Ordering::Relaxed);
        }
        self.sort();
        let Some(_gates) = gates(&self.cores, &self.order, &self.held) else { return Err(Abort::Conflict) };
        if is_reserved(&self.cores, &self.order, self.id) || !still_holds(&self.entries, &self.order) {
            return Err(Abort::Conflict);
        }
        self.intended = intend(&mut self.entries, &self.order)?;
        let ours = self.order.iter().filter(|at| self.entries[**at].decision() != Decision::Confirmed);
        self.reserved.extend(ours.map(|at| self.cores[*at].clone()));
        self.reserved.iter().for_each(|core| core.reserve(self.id));
        Ok(())
    }

    /// Waits for what others decide.
    fn poll_decision(&mut self, cx: &mut Context<'_>) -> Poll<Step<()>> {
        let decided = self.poll_others(false, cx);
        if matches!(decided, Poll::Ready(Ok(()))) {
            self.is_decided = self.decision() == Decision::Elsewhere;
        }
        decided
    }

    /// Waits until others have confirmed what the section has read, whatever it has written.
    pub(crate) fn poll_confirmation(&mut self, cx: &mut Context<'_>) -> Poll<Step<()>> {
        self.poll_others(true, cx)
    }

    fn poll_others(&mut self, only_read: bool, cx: &mut Context<'_>) -> Poll<Step<()>> {
        let mut pending = false;
        for at in &self.order {
            if self.entries[*at].decision() == Decision::Here {
                continue;
            }
            match self.entries[*at].poll_decision(only_read, cx) {
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

    /// Whether the section will not be committed unless this node goes on with it.
    pub(crate) fn withdraw(&mut self) -> bool {
        !self.is_decided && self.order.iter().all(|at| self.entries[*at].withdraw())
    }

    /// Lets others commit to what was reserved.
    fn give_back(&mut self) {
        self.is_decided = false;
        self.intended.clear();
        self.reserved.drain(..).for_each(|core| core.give_back());
    }

    /// Encodes what the section writes to a log: before it takes gates, and while nothing is changed if a user's code
    /// panics.
    fn encode(&mut self) -> Step<()> {
        if std::mem::replace(&mut self.is_encoded, true) {
            return Ok(());
        }
        Ok(caught(|| self.order.iter().for_each(|at| self.entries[*at].encode()))?)
    }

    /// Whether what the section saw was true at one moment, which is now.
    pub(crate) fn validate(&mut self) -> bool {
        self.sort();
        let Some(_gates) = gates(&self.cores, &self.order, &self.held) else { return false };
        // Where it cannot be told the failure stands.
        caught(|| still_holds(&self.entries, &self.order)).unwrap_or(true)
    }

    /// Commits everything or nothing. `marks` is what the archetype depends on, and what it depends on afterwards.
    ///
    /// # Errors
    /// `Conflict` if another commit came in between. If a cell panics when it is asked whether what the section saw still
    /// holds, nothing is committed; if it does later, everything else is.
    pub(crate) fn commit(&mut self, marks: &mut Marks) -> Step<()> {
        // Where it was little, gates cost less than asking.
        if self.order.len() > FEW {
            if let Some(still_holds) = self.still_holds_if_only_read() {
                return if still_holds { self.commit_reads(marks) } else { Err(Abort::Conflict) };
            }
        }
        self.sort();
        if self.is_decided {
            self.release();
        }
        let Some(gates) = gates(&self.cores, &self.order, &self.held) else { return Err(Abort::Conflict) };
        let may_commit = || !is_reserved(&self.cores, &self.order, self.id) && still_holds(&self.entries, &self.order);
        if !self.is_decided && !caught(may_commit)? {
            return Err(Abort::Conflict);
        }
        let applied = {
            let _applying = Applying::start(&self.cores, &self.order);
            apply(&mut self.entries, &self.order, &mut self.intended, marks)
        };
        drop(gates);
        self.release();
        self.give_back();
        let handed_on = each(&self.order, |at| self.entries[at].committed());
        self.clear();
        Ok(applied.and(handed_on)?)
    }

    /// Whether all that was read was true at one moment, which is now; none if the section has done more than that. No gate is
    /// needed: nothing of it has changed between the last read and the first look, nor is a commit half-way.
    #[cold]
    fn still_holds_if_only_read(&self) -> Option<bool> {
        if !self.reserved.is_empty() {
            return None;
        }
        for at in self.order.iter().rev() {
            let (seen, core) = (self.entries[*at].only_read()?, &self.cores[*at]);
            // In this order: who has reserved it gives it back when it has changed it.
            if !core.is_settled() || core.is_reserved(self.id) || core.version() != seen {
                return Some(false);
            }
        }
        Some(true)
    }

    /// Commits a section that has only read.
    #[cold]
    fn commit_reads(&mut self, marks: &mut Marks) -> Step<()> {
        self.release();
        if wal::in_use() {
            self.order.iter().for_each(|at| marks.merge(&self.cores[*at].marks.lock()));
            marks.prune();
        }
        let handed_on = each(&self.order, |at| self.entries[at].committed());
        self.clear();
        Ok(handed_on?)
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
        self.give_back();
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
        (self.consistent, self.again, self.is_encoded) = (0, false, false);
        let kept = KEPT.max(2 * self.previous.len());
        if self.cores.len() > kept {
            self.cores.truncate(kept);
            self.entries.truncate(kept);
            self.places.retain(|_, at| *at < kept);
        }
    }

    /// Adds what this attempt depended on to what a sleeper must watch.
    pub(crate) fn watch(&mut self, watched: &mut Watched) {
        for at in &self.order {
            if let Some(seen) = self.entries[*at].seen() {
                watched.add(&self.cores[*at], seen, self.entries[*at].awaits());
            }
        }
    }
}
