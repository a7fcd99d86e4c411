//! A periodic trigger.
//!
//! Class: volatile. Stands for a mapping macro whose read is `await` of something that happens again and
//! again, such as `await ticks > 0; ticks := ticks - 1`.
//!
//! Promises: a read takes one tick, and blocks until there is one; each tick is taken once, whoever reads.
//! Ticks that nobody takes gather up to `burst`, those beyond it are lost. Assumes nothing of the moment:
//! a tick may come late on a busy machine, and late ones are not made up for.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::AbortHandle;

use super::shared::Shared;
use crate::error::{Abort, Error, Step};
use crate::host;
use crate::mapping::MappingMacro;
use crate::section::Section;

/// Reads give `TRUE` once for each tick. Clones share the ticks.
#[derive(Clone)]
pub struct Ticker {
    ticks: Shared<i64>,
    _task: Arc<Task>,
}

struct Task(AbortHandle);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Ticker {
    /// Ticks every `period`, for the first time after one period. At most `burst` ticks, and at least one, accumulate.
    ///
    /// # Panics
    /// Outside a tokio runtime, or if the period is zero.
    #[must_use]
    pub fn every(period: Duration, burst: u32) -> Self {
        let ticks = Shared::new(0);
        let (gathered, most) = (ticks.clone(), i64::from(burst.max(1)));
        assert!(!period.is_zero(), "a ticker needs a period");
        let task = host::spawn(async move {
            let mut next = host::now();
            loop {
                // Ticks that were missed are left out.
                while next <= host::now() {
                    next += period;
                }
                host::sleep_until(next).await;
                gathered.update(|ticks| if *ticks < most { Some(*ticks + 1) } else { None });
            }
        });
        Self { ticks, _task: Arc::new(Task(task)) }
    }
}

impl MappingMacro for Ticker {
    type Index = ();
    type Read = bool;
    type Write = bool;

    fn read(&mut self, section: &mut Section, (): &()) -> Step<bool> {
        if *self.ticks.get(section) == 0 {
            return Err(Abort::Retry);
        }
        *self.ticks.get_mut(section) -= 1;
        Ok(true)
    }

    fn write(&mut self, _: &mut Section, (): &(), _: bool) -> Step<()> {
        Err(Error::Resource("a ticker cannot be written".to_owned()).into())
    }
}
