//! What clients were told.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Instant;

use crate::model::ToldRecord;

/// How often each back-end answered.
pub struct Summary {
    started: Instant,
    by: BTreeMap<i64, i64>,
    /// Requests that no back-end answered.
    refused: i64,
}

impl Summary {
    /// Nobody was told anything yet.
    pub fn new() -> Self {
        Self { started: Instant::now(), by: BTreeMap::new(), refused: 0 }
    }

    /// Counts what a client was told.
    pub fn add(&mut self, told: &ToldRecord) {
        if told.ok {
            *self.by.entry(told.by).or_default() += 1;
        } else {
            self.refused += 1;
        }
    }

    /// All requests that came to an end.
    pub fn requests(&self) -> i64 {
        self.by.values().sum::<i64>() + self.refused
    }

    /// The back-end that has answered most.
    pub fn busiest(&self) -> Option<i64> {
        self.by.iter().max_by_key(|(_, count)| **count).map(|(id, _)| *id)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (id, count) in &self.by {
            writeln!(f, "back-end {id} answered {count}")?;
        }
        writeln!(f, "the service was down for {}", self.refused)?;
        let (requests, elapsed) = (self.requests(), self.started.elapsed());
        write!(f, "{requests} requests in {elapsed:.0?}: {:.0} a second", requests as f64 / elapsed.as_secs_f64())
    }
}
