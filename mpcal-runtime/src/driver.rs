//! The loop of one archetype.
//!
//! Run the section. On success wait for what may wait, then commit; on `Retry` try the other paths
//! through its choices; when every path is blocked, sleep until a cell that one of them saw changes.
//! Nothing polls and nothing holds a lock while it waits.

mod durable;

use std::future::poll_fn;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Arc;

use tokio::sync::Notify;

use self::durable::Keeper;
use crate::archetype::Archetype;
use crate::cell::Inside;
use crate::error::{panic_text, Abort, Error};
use crate::measure::{Count, Meter};
use crate::section::Section;

/// How often a loop that never blocks lets others run: after that many steps, or paths tried.
const STEPS_PER_TURN: u32 = 128;

/// How many steps after a conflict nobody else may change what a step touches while it runs.
const CONTENDED: u32 = 16;

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// One step was committed.
    Committed,
    /// Every path is blocked.
    Blocked,
    /// The archetype had ended before.
    Done,
}

/// Counts of what an archetype did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Steps committed.
    pub commits: u64,
    /// Paths that gave `Retry`.
    pub retries: u64,
    /// Steps run again because another commit came in between.
    pub conflicts: u64,
    /// Times it went to sleep.
    pub sleeps: u64,
}

impl std::ops::AddAssign for Counters {
    fn add_assign(&mut self, other: Self) {
        self.commits += other.commits;
        self.retries += other.retries;
        self.conflicts += other.conflicts;
        self.sleeps += other.sleeps;
    }
}

/// Runs one archetype.
pub struct Driver<A: Archetype> {
    archetype: A,
    section: Section,
    sleeper: Arc<Notify>,
    counters: Counters,
    meter: Meter,
    turn: u32,
    /// Steps for which it is likely that others want the same cells.
    contended: u32,
    /// The state before a step that has not committed.
    before: Option<A::State>,
    /// Where the state is kept, if it is durable.
    keeper: Option<Keeper<A::State>>,
}

impl<A: Archetype> Driver<A> {
    /// Takes an archetype in whatever state it is.
    pub fn new(archetype: A) -> Self {
        let section = Section::new(archetype.process());
        Self {
            meter: Meter::new(archetype.name()),
            archetype,
            section,
            sleeper: Arc::new(Notify::new()),
            counters: Counters::default(),
            turn: 0,
            contended: 0,
            before: None,
            keeper: None,
        }
    }

    /// The archetype.
    pub fn archetype(&self) -> &A {
        &self.archetype
    }

    /// Label, variables and procedure stack, as they are after the last step.
    pub fn into_state(mut self) -> A::State {
        self.undo();
        self.archetype.state().clone()
    }

    /// The error of an archetype that is started too late.
    pub(crate) fn never_runs(&self) -> Error {
        self.located(self.archetype.label(), Error::Stopped)
    }

    /// What it did so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Runs until the archetype ends.
    ///
    /// # Errors
    /// A failed assertion or evaluation, a resource that cannot go on, a panic.
    ///
    /// # Cancel safety
    /// A step commits whole or not at all; dropping the future between steps loses nothing.
    pub async fn run(&mut self) -> Result<(), Error> {
        loop {
            match self.step().await? {
                Progress::Committed => self.breathe().await,
                Progress::Blocked => {
                    self.counters.sleeps += 1;
                    self.meter.publish();
                    if self.section.watched().sleep(&self.sleeper).await {
                        self.turn = 0;
                    }
                }
                Progress::Done => return Ok(()),
            }
        }
    }

    /// Lets others run every so often.
    async fn breathe(&mut self) {
        self.turn += 1;
        if self.turn >= STEPS_PER_TURN {
            self.turn = 0;
            self.meter.publish();
            tokio::task::yield_now().await;
        }
    }

    /// Attempts one step, all paths of it.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    ///
    /// # Cancel safety
    /// The step commits whole or not at all.
    pub async fn step(&mut self) -> Result<Progress, Error> {
        // The future of an earlier step may have been dropped while it waited.
        if self.section.has_prints() {
            self.show().await;
        }
        self.undo();
        if self.archetype.is_done() {
            return Ok(Progress::Done);
        }
        let label = self.archetype.label();
        self.section.begin(label);
        if self.archetype.is_local() && self.keeper.is_none() {
            return self.local_step(label).await;
        }
        self.before = Some(self.archetype.state().clone());
        if self.contended > 0 {
            self.contended -= 1;
            self.section.alone();
        }
        loop {
            let failed = match self.attempt(label).await {
                Ok(true) => {
                    self.before = None;
                    self.committed(label);
                    if self.section.has_prints() {
                        self.show().await;
                    }
                    return Ok(Progress::Committed);
                }
                Ok(false) => None,
                Err(abort) => Some(abort),
            };
            if let Some(before) = &self.before {
                self.archetype.state_mut().clone_from(before);
            }
            match failed {
                Some(Abort::Retry) => {
                    self.counters.retries += 1;
                    self.meter.count(label, Count::Retries);
                    if !self.section.next_path() {
                        return Ok(Progress::Blocked);
                    }
                }
                // A failure on a torn snapshot is none.
                Some(Abort::Fatal(error)) if self.section.is_valid() => {
                    self.section.abort();
                    return Err(self.located(label, error));
                }
                Some(Abort::Fatal(_) | Abort::Conflict) | None => {
                    self.counters.conflicts += 1;
                    self.meter.count(label, Count::Conflicts);
                    self.contended = CONTENDED;
                    self.section.again_alone();
                    continue;
                }
            }
            self.breathe().await;
        }
    }

    /// Undoes a step that has not committed.
    fn undo(&mut self) {
        if let Some(before) = self.before.take() {
            *self.archetype.state_mut() = before;
            self.section.abort();
        }
    }

    /// A step that touches nothing but the state of the archetype, and cannot block.
    async fn local_step(&mut self, label: &'static str) -> Result<Progress, Error> {
        match self.run_section() {
            Ok(()) => {
                debug_assert!(self.section.is_local(), "a local step touched a cell");
                self.section.commit(label);
                self.committed(label);
                if self.section.has_prints() {
                    self.show().await;
                }
                Ok(Progress::Committed)
            }
            Err(Abort::Retry | Abort::Conflict) => Ok(Progress::Blocked),
            Err(Abort::Fatal(error)) => Err(self.located(label, error)),
        }
    }

    /// One path: true if it committed, false if another commit came in between.
    async fn attempt(&mut self, label: &'static str) -> Result<bool, Abort> {
        self.run_section()?;
        if let Some(keeper) = &self.keeper {
            keeper.keep(self.archetype.state(), &mut self.section)?;
        }
        if !self.section.is_local() {
            poll_fn(|cx| {
                let ready = self.section.poll_pre_commit(cx);
                if ready.is_pending() {
                    self.section.release();
                }
                ready
            })
            .await?;
        }
        Ok(self.section.commit(label))
    }

    fn run_section(&mut self) -> Result<(), Abort> {
        let _inside = Inside::enter();
        let run = AssertUnwindSafe(|| self.archetype.step(&mut self.section));
        catch_unwind(run).unwrap_or_else(|panic| Err(Abort::Fatal(Error::Panic(panic_text(&*panic)))))
    }

    fn committed(&mut self, label: &'static str) {
        self.counters.commits += 1;
        self.meter.count(label, Count::Commits);
        tracing::trace!(archetype = self.archetype.name(), label, "committed");
    }

    /// Shows what was printed, as soon as what it came of is on disk.
    async fn show(&mut self) {
        self.section.marks().flushed().await;
        for value in self.section.take_prints() {
            println!("{value}");
        }
    }

    /// An error of this archetype, at a label.
    fn located(&self, label: &'static str, cause: Error) -> Error {
        Error::In {
            archetype: self.archetype.name(),
            process: self.archetype.process().to_string(),
            label,
            cause: Box::new(cause),
        }
    }
}
