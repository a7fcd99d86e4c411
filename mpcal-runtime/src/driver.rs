//! The loop of one archetype.
//!
//! Run the section. On success wait for what may wait, then commit; on `Retry` try the other paths
//! through its choices; when every path is blocked, sleep until a cell that one of them saw changes.
//! Nothing polls and nothing holds a lock while it waits.

use std::future::poll_fn;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::archetype::Archetype;
use crate::error::Error;
use crate::measure::{Count, Meter};
use crate::stepper::{Outcome, Stepper};
use crate::watched::Calls;

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
    stepper: Stepper<A>,
    sleeper: Arc<Notify>,
    counters: Counters,
    meter: Meter,
    turn: u32,
    /// Steps for which it is likely that others want the same cells.
    contended: u32,
}

impl<A: Archetype> Driver<A> {
    /// Takes an archetype in whatever state it is.
    pub fn new(archetype: A) -> Self {
        Self::of(Stepper::new(archetype))
    }

    /// Drives what takes the steps.
    pub(crate) fn of(stepper: Stepper<A>) -> Self {
        Self {
            meter: Meter::new(stepper.archetype().name()),
            stepper,
            sleeper: Arc::new(Notify::new()),
            counters: Counters::default(),
            turn: 0,
            contended: 0,
        }
    }

    /// The archetype.
    pub fn archetype(&self) -> &A {
        self.stepper.archetype()
    }

    /// Label, variables and procedure stack, as they are after the last step.
    pub fn into_state(mut self) -> A::State {
        self.stepper.state().clone()
    }

    /// The error of an archetype that is started too late.
    pub(crate) fn never_runs(&self) -> Error {
        self.stepper.located(Error::Stopped)
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
        let mut calls = Calls::default();
        loop {
            match calls.answer(self.step()).await? {
                Progress::Committed => self.breathe().await,
                Progress::Blocked => {
                    self.counters.sleeps += 1;
                    self.meter.publish();
                    let has_slept;
                    (has_slept, calls) = self.stepper.section.watched().sleep(&self.sleeper).await;
                    if has_slept {
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
        if !self.stepper.is_open() && self.stepper.section.has_prints() {
            self.show().await;
        }
        if !self.stepper.begin() {
            return Ok(Progress::Done);
        }
        if self.contended > 0 {
            self.contended -= 1;
            self.stepper.section.alone();
        }
        loop {
            match poll_fn(|cx| self.stepper.poll_attempt(cx)).await {
                Outcome::Taken => {
                    self.committed();
                    if self.stepper.section.has_prints() {
                        self.show().await;
                    }
                    return Ok(Progress::Committed);
                }
                Outcome::Blocked => {
                    self.counters.retries += 1;
                    self.meter.count(self.stepper.label(), Count::Retries);
                    if !self.stepper.section.next_path() {
                        return Ok(Progress::Blocked);
                    }
                    self.breathe().await;
                }
                Outcome::Conflict => {
                    self.counters.conflicts += 1;
                    self.meter.count(self.stepper.label(), Count::Conflicts);
                    self.contended = CONTENDED;
                    self.stepper.section.again_alone();
                }
                Outcome::Failed(error) => {
                    self.stepper.section.abort();
                    return Err(error);
                }
            }
        }
    }

    fn committed(&mut self) {
        let label = self.stepper.label();
        self.counters.commits += 1;
        self.meter.count(label, Count::Commits);
        tracing::trace!(archetype = self.stepper.archetype().name(), label, "committed");
    }

    /// Shows what was printed, as soon as what it came of is on disk.
    async fn show(&mut self) {
        self.stepper.section.marks().flushed().await;
        for value in self.stepper.section.take_prints() {
            println!("{value}");
        }
    }
}
