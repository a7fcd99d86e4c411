//! What the runtime counts and measures, through the `metrics` facade: install a recorder before the first
//! archetype starts, and it receives
//!
//! | name | kind | labels |
//! | --- | --- | --- |
//! | `mpcal_commits_total` | counter | `archetype`, `label` |
//! | `mpcal_retries_total` | counter: paths that were blocked | `archetype`, `label` |
//! | `mpcal_conflicts_total` | counter: attempts repeated because another commit came first | `archetype`, `label` |
//! | `mpcal_restarts_total` | counter | `archetype` |
//! | `mpcal_inbox_messages` | gauge | `mailbox` |
//! | `mpcal_outbox_messages` | gauge | `mailbox` |
//! | `mpcal_flush_seconds` | histogram | |
//!
//! Counters are handed on every few steps and whenever an archetype goes to sleep, so that counting costs a
//! step next to nothing.

use std::time::Duration;

pub(crate) use metrics::Gauge;
use metrics::{Counter, Histogram};

/// Counts what one archetype does, by label.
pub(crate) struct Meter {
    archetype: &'static str,
    labels: Vec<Label>,
}

struct Label {
    name: &'static str,
    counts: [u64; 3],
    counters: [Counter; 3],
}

/// What a label counts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Count {
    Commits,
    Retries,
    Conflicts,
}

impl Meter {
    pub(crate) fn new(archetype: &'static str) -> Self {
        Self { archetype, labels: Vec::new() }
    }

    pub(crate) fn count(&mut self, label: &'static str, what: Count) {
        // Labels are constants of the archetype, so nearly always the same text.
        let at = self.labels.iter().position(|known| std::ptr::eq(known.name, label));
        let at = at.unwrap_or_else(|| self.add(label));
        self.labels[at].counts[what as usize] += 1;
    }

    #[cold]
    fn add(&mut self, name: &'static str) -> usize {
        let archetype = self.archetype;
        let counters = [
            metrics::counter!("mpcal_commits_total", "archetype" => archetype, "label" => name),
            metrics::counter!("mpcal_retries_total", "archetype" => archetype, "label" => name),
            metrics::counter!("mpcal_conflicts_total", "archetype" => archetype, "label" => name),
        ];
        self.labels.push(Label { name, counts: [0; 3], counters });
        self.labels.len() - 1
    }

    /// Hands on what was counted.
    pub(crate) fn publish(&mut self) {
        for label in &mut self.labels {
            for (count, counter) in label.counts.iter_mut().zip(&label.counters) {
                if *count > 0 {
                    counter.increment(std::mem::take(count));
                }
            }
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.publish();
    }
}

/// An archetype was started anew.
pub(crate) fn restarted(archetype: &'static str) {
    metrics::counter!("mpcal_restarts_total", "archetype" => archetype).increment(1);
}

/// The number of messages in an inbox.
pub(crate) fn inbox(mailbox: String) -> Gauge {
    metrics::gauge!("mpcal_inbox_messages", "mailbox" => mailbox)
}

/// The number of messages on their way to a mailbox.
pub(crate) fn outbox(mailbox: String) -> Gauge {
    metrics::gauge!("mpcal_outbox_messages", "mailbox" => mailbox)
}

/// How long the flushes of logs take.
pub(crate) struct Flushes(Histogram);

impl Flushes {
    pub(crate) fn new() -> Self {
        Self(metrics::histogram!("mpcal_flush_seconds"))
    }

    pub(crate) fn took(&self, time: Duration) {
        self.0.record(time.as_secs_f64());
    }
}
