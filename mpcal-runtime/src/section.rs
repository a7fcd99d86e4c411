//! The handle of the step that is being attempted.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

use crate::cell::Cell;
use crate::choice::Chooser;
use crate::error::{Abort, Error, Step};
use crate::footprint::Footprint;
use crate::host;
use crate::value::{Data, Set, Value};
use crate::wal::Marks;
use crate::watched::Watched;

/// One attempt at one critical section.
///
/// Everything a section does goes through this handle: it is the only source of choices, it holds
/// the footprint, what was staged, and it knows who is asking. Nothing in a section may wait, read a
/// clock or draw a random number in another way.
pub struct Section {
    process: Value,
    footprint: Footprint,
    chooser: Chooser,
    watched: Watched,
    prints: Vec<Value>,
    /// What the archetype has seen must be on disk up to here before it may tell others.
    marks: Marks,
}

impl Section {
    /// A handle for the process with this identifier.
    pub(crate) fn new(process: Value) -> Self {
        Self {
            process,
            footprint: Footprint::default(),
            chooser: Chooser::default(),
            watched: Watched::default(),
            prints: Vec::new(),
            marks: Marks::default(),
        }
    }

    /// `self`: the identifier of the process.
    #[must_use]
    pub fn process(&self) -> &Value {
        &self.process
    }

    /// What this section has staged in a cell, to read and to add to.
    pub fn stage<C: Cell>(&mut self, cell: &Arc<C>) -> &mut C::Staged {
        self.footprint.stage(cell)
    }

    /// The numbers of the cells that this section has touched.
    pub fn touched(&self) -> impl Iterator<Item = u64> + '_ {
        self.footprint.touched()
    }

    /// What this section has staged in a cell that it has touched.
    pub(crate) fn staged<C: Cell>(&mut self, cell: &Arc<C>) -> Option<&mut C::Staged> {
        self.footprint.staged(cell)
    }

    /// Whether what the section has read so far was true at one moment. A resource that evaluates something on what
    /// it reads here and elsewhere asks first; generated code asks after each read.
    ///
    /// # Errors
    /// `Conflict` if it was not: the section runs again.
    pub fn check_consistent(&mut self) -> Step<()> {
        if self.footprint.is_consistent() {
            Ok(())
        } else {
            Err(Abort::Conflict)
        }
    }

    /// What must be on disk before what this section has seen so far may leave the node.
    pub(crate) fn depends(&self) -> Marks {
        self.footprint.depends(&self.marks)
    }

    /// `await condition`
    ///
    /// # Errors
    /// `Retry` if the condition is false.
    pub fn wait_for(&self, condition: bool) -> Step<()> {
        if condition {
            Ok(())
        } else {
            Err(Abort::Retry)
        }
    }

    /// `either … or …`: which of `count` branches to take, from 0.
    pub fn either(&mut self, count: usize) -> usize {
        self.chooser.choose(count)
    }

    /// `with (x \in set)`: some element.
    ///
    /// # Errors
    /// `Retry` if the set is empty.
    pub fn pick<T: Data>(&mut self, set: &Set<T>) -> Step<T> {
        if set.is_empty() {
            return Err(Abort::Retry);
        }
        let chosen = if set.len() == 1 { 0 } else { self.chooser.choose(set.len()) };
        set.iter().nth(chosen).cloned().ok_or(Abort::Retry)
    }

    /// `assert condition`
    ///
    /// # Errors
    /// [`Error::Assertion`] if the condition is false.
    pub fn assert(&self, condition: bool, expression: &str, place: &str) -> Step<()> {
        if condition {
            return Ok(());
        }
        Err(Abort::Fatal(Error::Assertion { expression: expression.to_owned(), place: place.to_owned() }))
    }

    /// `print value`: shown once, when the step commits.
    pub fn print(&mut self, value: &impl Data) {
        self.prints.push(value.to_value());
    }

    pub(crate) fn begin(&mut self, label: &'static str) {
        self.chooser.begin(label);
        self.watched.clear();
    }

    /// As [`begin`](Self::begin), with the choices of a path.
    pub(crate) fn begin_at(&mut self, path: &[usize]) {
        self.chooser.begin_at(path);
        self.watched.clear();
    }

    /// What was chosen, and out of how many.
    pub(crate) fn choices(&self) -> &[(usize, usize)] {
        self.chooser.choices()
    }

    /// Makes of `path` the one after that of this attempt; false if there is none.
    pub(crate) fn path_behind(&self, path: &mut Vec<usize>) -> bool {
        self.chooser.path_behind(path)
    }

    pub(crate) fn poll_pre_commit(&mut self, cx: &mut Context<'_>) -> Poll<Step<()>> {
        self.footprint.poll_pre_commit(&self.marks, cx)
    }

    /// Waits until others have confirmed what the section has read.
    pub(crate) fn poll_confirmation(&mut self, cx: &mut Context<'_>) -> Poll<Step<()>> {
        self.footprint.poll_confirmation(cx)
    }

    /// Whether nothing comes of the section unless this node goes on with it; otherwise others may have decided that it
    /// commits.
    pub(crate) fn withdraw(&mut self) -> bool {
        self.footprint.withdraw()
    }

    /// Whether what the section saw still holds, so that its failure can be believed.
    pub(crate) fn is_valid(&mut self) -> bool {
        self.footprint.validate()
    }

    pub(crate) fn is_local(&self) -> bool {
        self.footprint.is_empty()
    }

    /// Commits what was staged.
    ///
    /// # Errors
    /// `Conflict` if another commit came in between, or the panic of a cell.
    pub(crate) fn commit(&mut self, label: &'static str) -> Step<()> {
        if self.footprint.is_empty() {
            self.footprint.release();
        } else {
            self.footprint.commit(&mut self.marks)?;
        }
        self.chooser.committed(label);
        Ok(())
    }

    /// Whether committed steps printed something that was not shown.
    pub(crate) fn has_prints(&self) -> bool {
        !self.prints.is_empty()
    }

    /// What must be on disk before others hear of what the archetype has done.
    pub(crate) fn marks(&self) -> &Marks {
        &self.marks
    }

    /// What the committed step printed.
    pub(crate) fn take_prints(&mut self) -> std::vec::Drain<'_, Value> {
        self.prints.drain(..)
    }

    /// Drops what was staged, to run the same path again.
    pub(crate) fn again(&mut self) {
        self.footprint.abort();
        self.prints.clear();
        self.chooser.again();
    }

    /// As [`again`](Self::again), and nobody else changes what this attempt has touched until the next one ends:
    /// so a long section gets its turn among short ones. The next attempt must not wait while it holds that;
    /// see [`release`](Self::release).
    pub(crate) fn again_alone(&mut self) {
        self.footprint.hold();
        self.prints.clear();
        self.chooser.again();
    }

    /// Nobody else changes what the step before has touched until the next attempt ends.
    pub(crate) fn alone(&mut self) {
        self.footprint.hold_previous();
    }

    /// Lets others change what this attempt has touched.
    pub(crate) fn release(&mut self) {
        self.footprint.release();
    }

    /// Drops what was staged and moves on to another path; false if there is none left.
    pub(crate) fn next_path(&mut self) -> bool {
        self.footprint.watch(&mut self.watched);
        self.footprint.abort();
        self.prints.clear();
        self.chooser.next_path()
    }

    /// Drops what was staged, for good.
    pub(crate) fn abort(&mut self) {
        self.footprint.abort();
        self.prints.clear();
    }

    pub(crate) fn watched(&self) -> &Watched {
        &self.watched
    }
}

impl Drop for Section {
    fn drop(&mut self) {
        // Nobody is there to go on when the runtime ends.
        if self.footprint.withdraw() || Handle::try_current().is_err() {
            return self.footprint.abort();
        }
        // Others decide: what it has changed here follows.
        let (mut footprint, mut marks) = (std::mem::take(&mut self.footprint), std::mem::take(&mut self.marks));
        host::spawn(async move {
            let decided = poll_fn(|cx| footprint.poll_pre_commit(&marks, cx)).await;
            if decided.is_err() || footprint.commit(&mut marks).is_err() {
                footprint.abort();
            }
        });
    }
}
