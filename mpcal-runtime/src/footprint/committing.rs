//! What is done with the cells of a section that commits: gates, validation, records for logs, changes. In: entries of a
//! footprint, and the places of those that the section has touched.

use std::sync::atomic::Ordering;
use std::sync::Arc;

use parking_lot::{ArcMutexGuard, MutexGuard, RawMutex};
use smallvec::SmallVec;

use super::Entry;
use crate::cell::{count_commit, Core, Decision};
use crate::error::{caught, Error, Step};
use crate::wal::{self, Marks, Wal};

/// The gates of all cells of a section, taken in the order of their ids.
pub(super) type Gates<'c> = SmallVec<[MutexGuard<'c, ()>; 8]>;

/// A commit that is being applied to cells, whose gates are held.
pub(super) struct Applying<'c> {
    cores: &'c [Arc<Core>],
    touched: &'c [usize],
}

impl<'c> Applying<'c> {
    #[inline]
    pub(super) fn start(cores: &'c [Arc<Core>], touched: &'c [usize]) -> Self {
        let this = Self { cores, touched };
        this.set(true);
        count_commit();
        this
    }

    #[inline]
    fn set(&self, applying: bool) {
        self.touched.iter().for_each(|at| self.cores[*at].applying.store(applying, Ordering::Release));
    }
}

impl Drop for Applying<'_> {
    fn drop(&mut self) {
        self.set(false);
    }
}

/// Takes the gates that are not held already; none if one is taken and waiting for it might be forever, because
/// a gate of a later cell is held.
#[inline]
pub(super) fn gates<'c>(
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

/// Does something with each cell, also after one that panics; the error is the first panic.
#[inline]
pub(super) fn each(touched: &[usize], mut act: impl FnMut(usize)) -> Result<(), Error> {
    let mut done = Ok(());
    for at in touched {
        let this = caught(|| act(*at));
        done = done.and(this);
    }
    done
}

#[inline]
pub(super) fn still_holds(entries: &[Box<dyn Entry>], touched: &[usize]) -> bool {
    touched.iter().all(|at| entries[*at].validate())
}

/// Whether a section other than this one has reserved one of the cells.
#[inline]
pub(super) fn is_reserved(cores: &[Arc<Core>], touched: &[usize], me: u64) -> bool {
    touched.iter().any(|at| cores[*at].is_reserved(me))
}

/// Says what the section is about to write to logs to the cell with which others decide whether it does, and gives it. The
/// gates of all cells are held.
pub(super) fn intend(entries: &mut [Box<dyn Entry>], touched: &[usize]) -> Step<Vec<(Wal, wal::Entry)>> {
    let decides = touched.iter().copied().find(|at| entries[*at].decision() == Decision::Elsewhere);
    let Some(decides) = decides else { return Ok(Vec::new()) };
    if touched.iter().any(|at| *at != decides && entries[*at].decision() != Decision::Here) {
        let reason = "replicated variables that are used in one section belong into one `ReplicatedSet`";
        return Err(Error::Resource(reason.to_owned()).into());
    }
    let others = touched.iter().filter(|at| **at != decides);
    let records: Vec<_> = others.filter_map(|at| entries[*at].journal()).collect();
    entries[decides].intend(&records)?;
    Ok(records)
}

/// Applies what was staged. The gates of all cells are held. What was intended is written instead of what is staged.
#[inline]
pub(super) fn apply(
    entries: &mut [Box<dyn Entry>],
    touched: &[usize],
    intended: &mut Vec<(Wal, wal::Entry)>,
    marks: &mut Marks,
) -> Result<(), Error> {
    if !wal::in_use() {
        return each(touched, |at| entries[at].commit());
    }
    // What the section saw may come from sections that are not on disk yet.
    touched.iter().for_each(|at| marks.merge(&entries[*at].core().marks.lock()));
    let mut records: Vec<(Wal, Vec<wal::Entry>)> = Vec::new();
    let is_decided = !intended.is_empty();
    let staged = touched.iter().filter(|at| !is_decided || entries[**at].decision() == Decision::Elsewhere).copied();
    let staged: SmallVec<[usize; 8]> = staged.collect();
    let journal = staged.into_iter().filter_map(|at| entries[at].journal());
    for (log, entry) in intended.drain(..).chain(journal) {
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
    each(touched, |at| {
        let e = &mut entries[at];
        let before = e.core().version();
        if !marks.is_empty() {
            e.depends(marks);
        }
        e.commit();
        if e.core().version() != before {
            e.core().marks.lock().clone_from(marks);
        }
    })
}
