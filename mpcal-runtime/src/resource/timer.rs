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
    running: Mutex<Option<AbortHandle>>,
}

impl Timer {
    /// A stopped timer.
    #[must_use]
    pub fn new(after: Duration) -> Self {
        let running = Mutex::new(None);
        Self { cell: Arc::new(TimerCell { core: Core::new(), after, fired: Shared::new(false), running }) }
    }

    /// A timer that runs from now on.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[must_use]
    pub fn started(after: Duration) -> Self {
        let timer = Self::new(after);
        timer.cell.start();
        timer
    }
}

impl TimerCell {
    fn start(&self) {
        let (after, fired) = (self.after, self.fired.clone());
        let task = tokio::spawn(async move {
            tokio::time::sleep(after).await;
            fired.store(true);
        });
        self.stop(Some(task.abort_handle()));
    }

    fn stop(&self, next: Option<AbortHandle>) {
        if let Some(task) = std::mem::replace(&mut *self.running.lock(), next) {
            task.abort();
        }
    }
}

impl Drop for TimerCell {
    fn drop(&mut self) {
        self.stop(None);
    }
}

impl Cell for TimerCell {
    type Staged = Option<bool>;

    fn core(&self) -> &Arc<Core> {
        &self.core
    }

    fn commit(&self, staged: &mut Option<bool>) {
        match staged {
            Some(true) => self.start(),
            Some(false) => self.stop(None),
            None => return,
        }
        self.core.changed();
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
