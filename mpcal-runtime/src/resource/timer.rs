//! A timer that an archetype reads, starts and stops.
//!
//! Class: volatile. Stands for a mapping macro whose read may give `TRUE` at any time: the model
//! must be right whenever it fires.
//!
//! Promises: it fires once after each start that is not followed by another or by a stop, not before its time, and
//! wakes who waits. Starting and stopping happen when the section commits, whether or not anybody reads. Assumes
//! nothing of how late it may fire: on a busy machine that is any time. It runs on the clock of tokio, which tests
//! can stop.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::task::AbortHandle;

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
    after: Duration,
    fired: Shared<bool>,
    running: Arc<Mutex<Running>>,
}

/// What will make it fire.
#[derive(Default)]
struct Running {
    /// How often it was started or stopped: a task that comes too late to be aborted knows that it is not the last.
    turns: u64,
    task: Option<AbortHandle>,
}

impl Timer {
    /// A stopped timer.
    #[must_use]
    pub fn new(after: Duration) -> Self {
        let (fired, running) = (Shared::new(false), Arc::default());
        Self { cell: Arc::new(TimerCell { core: Core::new(), after, fired, running }) }
    }

    /// A timer that runs from now on.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[must_use]
    pub fn started(after: Duration) -> Self {
        let timer = Self::new(after);
        timer.cell.turn(true);
        timer
    }
}

impl TimerCell {
    /// Starts the timer anew, or stops it.
    fn turn(&self, start: bool) {
        let mut running = self.running.lock();
        running.turns += 1;
        if let Some(task) = running.task.take() {
            task.abort();
        }
        if start {
            let (after, turn, fired, last) = (self.after, running.turns, self.fired.clone(), self.running.clone());
            let fire = async move {
                host::sleep(after).await;
                fired.update(|_| (last.lock().turns == turn).then_some(true));
            };
            running.task = Some(host::spawn(fire));
        }
    }
}

impl Drop for TimerCell {
    fn drop(&mut self) {
        self.turn(false);
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
