//! What happened in a run.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use xxhash_rust::xxh3::Xxh3;

/// This many of the last events are kept as text, unless all are.
const KEPT: usize = 200;

/// What happened: all of it as a hash, the end of it as text. Equal runs have equal traces.
#[derive(Clone, Default)]
pub struct Trace {
    hash: Xxh3,
    count: u64,
    keeps_all: bool,
    last: VecDeque<(Duration, String)>,
}

impl Trace {
    /// Keeps all of it as text.
    pub(super) fn whole() -> Self {
        Self { keeps_all: true, ..Self::default() }
    }

    /// The first event that another trace, of which everything is kept as of this one, does not have at the same place.
    pub(super) fn first_difference(&self, other: &Self) -> Option<String> {
        let count = self.last.len().max(other.last.len());
        let at = (0..count).find(|n| self.last.get(*n) != other.last.get(*n))?;
        let line = |trace: &Self| match trace.last.get(at) {
            Some((at, what)) => format!("at {at:?}: {what}"),
            None => "nothing".to_owned(),
        };
        Some(format!("event {at}: {}; and {}", line(self), line(other)))
    }

    pub(super) fn add(&mut self, at: Duration, what: String) {
        self.hash.update(&at.as_nanos().to_le_bytes());
        self.hash.update(what.as_bytes());
        self.count += 1;
        if self.last.len() == KEPT && !self.keeps_all {
            self.last.pop_front();
        }
        self.last.push_back((at, what));
    }

    /// How many events there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// A hash of all events, with their times.
    #[must_use]
    pub fn hash(&self) -> u128 {
        self.hash.digest128()
    }
}

impl PartialEq for Trace {
    fn eq(&self, other: &Self) -> bool {
        self.count == other.count && self.hash() == other.hash()
    }
}

impl Eq for Trace {}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace").field("count", &self.count).field("hash", &self.hash()).finish_non_exhaustive()
    }
}

/// The last events, a line each.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.last.iter().try_for_each(|(at, what)| writeln!(f, "  {:>11.6}s  {what}", at.as_secs_f64()))
    }
}
