//! When to give up, and what is told until then.

use std::time::{Duration, Instant};

/// When to give up.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most distinct states. Default: no limit.
    pub states: u64,
    /// Most time. Default: no limit.
    pub time: Option<Duration>,
    /// Whether a state from which nothing leads is a failure, unless every process has ended. Default: it is.
    pub deadlock: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { states: u64::MAX, time: None, deadlock: true }
    }
}

impl Limits {
    /// Starts the time.
    pub(crate) fn watch(&self) -> Watch {
        Watch { start: Instant::now(), end: self.time.and_then(|time| Instant::now().checked_add(time)) }
    }
}

/// When an exploration began and has to end.
#[derive(Debug)]
pub(crate) struct Watch {
    start: Instant,
    end: Option<Instant>,
}

impl Watch {
    pub(crate) fn is_over(&self) -> bool {
        self.end.is_some_and(|end| Instant::now() >= end)
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

/// How far an exploration has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Steps that lead from states, and initial states.
    pub generated: u64,
    /// Distinct states.
    pub distinct: u64,
    /// Levels, the one that is being explored included.
    pub depth: u64,
    /// States of this level that are still to be explored.
    pub left: u64,
    /// Since the beginning.
    pub elapsed: Duration,
}
