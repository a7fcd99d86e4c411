//! The result of a run, for people and for programs.

use std::fmt;
use std::time::Duration;

use mpcal_runtime::Counters;
use serde::Serialize;

/// What clients did in some time.
#[derive(Serialize)]
pub struct Report {
    /// How often the lock was taken.
    operations: i64,
    /// Operations that are missing in the unprotected counter.
    pub lost: i64,
    seconds: f64,
    operations_per_second: f64,
    /// Steps that the clients made.
    steps: u64,
    /// Attempts at a step that had to wait.
    retries: u64,
}

impl Report {
    /// The lock was taken so often, while the unprotected counter came to `counted`.
    pub fn new(operations: i64, counted: i64, elapsed: Duration, counters: Counters) -> Self {
        let seconds = elapsed.as_secs_f64();
        Self {
            operations,
            lost: operations - counted,
            seconds,
            operations_per_second: operations as f64 / seconds,
            steps: counters.commits,
            retries: counters.retries,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operations, lost, seconds, operations_per_second, steps, retries } = self;
        writeln!(
            f,
            "the lock was taken {operations} times in {seconds:.3} s: {operations_per_second:.0} times a second"
        )?;
        writeln!(f, "the clients made {steps} steps and had to wait {retries} times")?;
        write!(f, "of the unprotected counts {lost} were lost")
    }
}
