//! A timer that an archetype reads, starts and stops.
//!
//! Class: volatile. Stands for a mapping macro whose read may give `TRUE` at any time: the model
//! must be right whenever it fires.
//!
//! Promises: it fires once after each start that is not followed by another or by a stop, not before its time, and
//! wakes who waits. Starting and stopping happen when the section commits, whether or not anybody reads. Assumes
//! nothing of how late it may fire: on a busy machine that is any time. It runs on the clock of tokio, which tests
//! can stop.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::shared::Shared;
use crate::cell::{Cell, Core};
use crate::error::Step;
use crate::host;
use crate::mapping::MappingMacro;
use crate::section::Section;

/// Reads `TRUE` once its time has passed since the last start, and `FALSE` before that and while
/// stopped. Writing `TRUE` starts it anew, writing `FALSE` stops it; both count from the commit.
/// Who waits for it is woken when it fires.
pub struct Timer {
    cell: Arc<TimerCell>,
}

struct TimerCell {
    core: Arc<Core>,
    after: Range<Duration>,
    fired: Shared<bool>,
    running: Arc<Mutex<Running>>,
}

/// What will make it fire.
#[derive(Default)]
struct Running {
    /// When it fires, unless it is started anew or stopped.
    due: Option<Instant>,
    /// The task that waits, and until when it sleeps: not after it is due.
    task: Option<(Instant, AbortHandle)>,
}

impl Timer {
    /// A stopped timer.
    #[must_use]
    pub fn new(after: Duration) -> Self {
        Self::random(after..after)
    }

    /// A stopped timer that draws a new duration at each start.
    #[must_use]
    pub fn random(after: Range<Duration>) -> Self {
        let (fired, running) = (Shared::new(false), Arc::default());
        Self { cell: Arc::new(TimerCell { core: Core::new(), after, fired, running }) }
    }

    /// A timer that is running from now on.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[must_use]
    pub fn started(after: Duration) -> Self {
        Self::new(after).running()
    }

    /// The timer, started.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[must_use]
    pub fn running(self) -> Self {
        self.cell.turn(true);
        self
    }
}

impl TimerCell {
    /// Starts the timer anew, or stops it. A task that sleeps is left to sleep on, unless it would come too late: a
    /// timer that is started anew all the time costs little.
    fn turn(&self, start: bool) {
        let mut running = self.running.lock();
        running.due = start.then(|| host::after(host::between(&self.after)));
        let Some(due) = running.due else { return };
        if let Some((until, task)) = &running.task {
            if *until <= due {
                return;
            }
            task.abort();
        }
        let (fired, shared) = (self.fired.clone(), self.running.clone());
        running.task = Some((due, host::spawn(fire_when_due(fired, shared, due))));
    }
}

/// Sleeps until a timer is due, and makes it fire.
async fn fire_when_due(fired: Shared<bool>, running: Arc<Mutex<Running>>, mut until: Instant) {
    loop {
        host::sleep_until(until).await;
        // A section that starts the timer anew holds what `update` waits for: it is due still, or not any more.
        fired.update(|_| {
            let mut running = running.lock();
            let is_due = running.due.is_some_and(|due| due <= host::now());
            is_due.then(|| running.due = None).map(|()| true)
        });
        let mut running = running.lock();
        let Some(due) = running.due else {
            running.task = None;
            return;
        };
        until = due;
        if let Some((sleeps_until, _)) = &mut running.task {
            *sleeps_until = due;
        }
    }
}

impl Drop for TimerCell {
    fn drop(&mut self) {
        if let Some((_, task)) = self.running.lock().task.take() {
            task.abort();
        }
    }
}

impl Cell for TimerCell {
    type Staged = Option<bool>;

    fn core(&self) -> &Arc<Core> {
        &self.core
    }

    fn commit(&self, staged: &mut Option<bool>) {
        if let Some(start) = staged {
            self.turn(*start);
            self.core.changed();
        }
    }
}

impl MappingMacro for Timer {
    type Index = ();
    type Read = bool;
    type Write = bool;

    fn read(&mut self, section: &mut Section, (): &()) -> Step<bool> {
        Ok(*self.cell.fired.get(section))
    }

    fn write(&mut self, section: &mut Section, (): &(), start: bool) -> Step<()> {
        *self.cell.fired.get_mut(section) = false;
        *section.stage(&self.cell) = Some(start);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A timer that is about to fire while a section that starts it anew commits does not fire for the new start.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_comes_too_late_does_not_count() {
        let after = Duration::from_millis(50);
        let timer = Timer::started(after);
        let mut restart = std::time::Instant::now();
        timer.cell.fired.update(|_| {
            // As in a commit nobody else changes it; the first start has its time meanwhile, and waits.
            std::thread::sleep(2 * after);
            restart = std::time::Instant::now();
            timer.cell.turn(true);
            None
        });
        while restart.elapsed() < after / 2 {
            assert!(!timer.cell.fired.load() || restart.elapsed() >= after, "it fires early");
            tokio::task::yield_now().await;
        }
        while !timer.cell.fired.load() {
            tokio::task::yield_now().await;
        }
    }
}
