//! What a client does while it holds the lock: a resource of our own.
//!
//! The model has a variable `holding[client]`. Here `TRUE` starts the work and `FALSE` waits until
//! it is done: the write is refused until then, and the archetype sleeps on the cell.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mpcal_runtime::resource::Shared;
use mpcal_runtime::{Cell, Core, MappingMacro, PlainVariable, Section, Step};

/// A counter that is read, and written back later: two clients at once would lose a count.
pub struct Register {
    count: AtomicI64,
    operations: AtomicI64,
    pause: Duration,
    quiet: bool,
    started: Instant,
}

impl Register {
    /// A counter at zero, which is written back after a pause.
    pub fn new(pause: Duration, quiet: bool) -> Arc<Self> {
        let (count, operations) = Default::default();
        Arc::new(Self { count, operations, pause, quiet, started: Instant::now() })
    }

    /// What it counts.
    pub fn count(&self) -> i64 {
        self.count.load(Ordering::SeqCst)
    }

    /// How often it was counted up.
    pub fn operations(&self) -> i64 {
        self.operations.load(Ordering::SeqCst)
    }

    /// The time since it was made.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    async fn count_up(&self, client: i64) {
        if !self.quiet {
            println!("{:>6} ms  client {client} holds the lock", self.elapsed().as_millis());
        }
        let before = self.count();
        if self.pause.is_zero() {
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(self.pause).await;
        }
        self.count.store(before + 1, Ordering::SeqCst);
        self.operations.fetch_add(1, Ordering::SeqCst);
    }
}

/// `holding[id]`: the work done under the lock.
pub struct Work {
    cell: Arc<WorkCell>,
}

struct WorkCell {
    core: Arc<Core>,
    id: i64,
    register: Arc<Register>,
    /// Whether the work is going on.
    busy: Shared<bool>,
}

impl Work {
    /// The work of client `id`.
    pub fn new(id: i64, register: Arc<Register>) -> Self {
        Self { cell: Arc::new(WorkCell { core: Core::new(), id, register, busy: Shared::new(false) }) }
    }
}

impl Cell for WorkCell {
    type Staged = Option<bool>;

    fn core(&self) -> &Arc<Core> {
        &self.core
    }

    fn commit(&self, staged: &mut Option<bool>) {
        if *staged != Some(true) {
            return;
        }
        self.core.changed();
        let (id, register, busy) = (self.id, self.register.clone(), self.busy.clone());
        tokio::spawn(async move {
            register.count_up(id).await;
            busy.store(false);
        });
    }
}

impl MappingMacro for Work {
    type Index = i64;
    type Read = bool;
    type Write = bool;

    fn read(&mut self, section: &mut Section, _: &i64) -> Step<bool> {
        Ok(*self.cell.busy.get(section))
    }

    fn write(&mut self, section: &mut Section, _: &i64, holding: bool) -> Step<()> {
        if holding {
            *self.cell.busy.get_mut(section) = true;
        } else {
            let busy = *self.cell.busy.get(section);
            section.wait_for(!busy)?;
        }
        *section.stage(&self.cell) = Some(holding);
        Ok(())
    }
}

impl PlainVariable for Work {}
