//! Runs archetypes until they end, fail, or are stopped.

#[cfg(feature = "config")]
mod config;
mod process;

#[cfg(feature = "config")]
pub use self::config::{ConfigError, NodeConfig};

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::{pin, Pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::Instrument;

use crate::archetype::{Archetype, Spawn};
use crate::driver::{Counters, Driver};
use crate::error::Error;
use crate::host;
use crate::measure;
use crate::resource::{Mailboxes, Message};
use crate::stepper::Stepper;
use crate::value::{Data, EvalError};
use crate::wal::Wal;

/// Stops a [`Node`]: from any task, any number of times.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<Stopped>);

/// Who waits for a stop is woken in the order of waiting, so that a simulated node does the same each time.
#[derive(Debug, Default)]
struct Stopped {
    is_stopped: AtomicBool,
    notify: Notify,
}

impl Stop {
    /// Makes every archetype of the node stop before its next step.
    pub fn stop(&self) {
        self.0.is_stopped.store(true, Ordering::SeqCst);
        self.0.notify.notify_waiters();
    }

    /// Whether [`stop`](Stop::stop) was called, by a signal or because an archetype has failed, too.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.is_stopped.load(Ordering::SeqCst)
    }

    /// Waits until [`stop`](Stop::stop) was called.
    ///
    /// # Cancel safety
    /// Safe to drop.
    pub async fn stopped(&self) {
        let mut notified = pin!(self.0.notify.notified());
        // From here on no call is missed.
        notified.as_mut().enable();
        if !self.is_stopped() {
            notified.await;
        }
    }
}

/// A set of archetypes that run together: all end, or one fails and the others are stopped. Dropping it
/// stops them where they are, so keep it as long as they are to run.
pub struct Node {
    stop: Stop,
    logs: Vec<Wal>,
    /// Told when the node is ready.
    ready: Vec<Box<dyn FnOnce() + Send>>,
    /// What is to be done when the archetypes have ended.
    ends: Vec<Pin<Box<dyn Future<Output = ()> + Send>>>,
    tasks: JoinSet<Result<Counters, Error>>,
}

impl Default for Node {
    fn default() -> Self {
        Self::new()
    }
}

impl Node {
    /// An empty node.
    #[must_use]
    pub fn new() -> Self {
        Self { stop: Stop::default(), logs: Vec::new(), ready: Vec::new(), ends: Vec::new(), tasks: JoinSet::new() }
    }

    /// A handle that stops this node.
    #[must_use]
    pub fn stop_handle(&self) -> Stop {
        self.stop.clone()
    }

    /// Stops the node when a log fails, at once and not only when an archetype uses it again.
    pub fn stop_with(&mut self, wal: &Wal) {
        self.logs.push(wal.clone());
    }

    /// Calls `tell` when [`run`](Self::run) is ready: the archetypes run, and a signal ends them in order.
    pub fn when_ready(&mut self, tell: impl FnOnce() + Send + 'static) {
        self.ready.push(Box::new(tell));
    }

    /// When the archetypes have ended, [`run`](Self::run) waits until everything they sent through these mailboxes
    /// was taken, at most `limit`.
    pub fn drain<K: Data, M: Message>(&mut self, mailboxes: &Mailboxes<K, M>, limit: Duration) {
        let mailboxes = mailboxes.clone();
        self.ends.push(Box::pin(async move {
            if host::timeout(limit, mailboxes.flushed()).await.is_err() {
                tracing::warn!("messages were not taken before the end");
            }
        }));
    }

    /// Starts an archetype. The returned handle gives its final state; drop it if that does not matter.
    ///
    /// An archetype that is started after the node was stopped never runs, and [`join`](Self::join) says so.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn spawn<A: Archetype>(&mut self, archetype: A) -> Ended<A::State> {
        self.drive(Driver::new(archetype))
    }

    /// Starts an archetype whose own state is durable: label, variables and procedure stack are in the log under
    /// this name, as they were after its last step, and it goes on from there.
    ///
    /// # Errors
    /// If what the log has is not a state of this archetype.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn spawn_durable<A: Archetype>(&mut self, archetype: A, wal: &Wal, name: &str) -> io::Result<Ended<A::State>> {
        Ok(self.drive(Driver::of(Stepper::durable(archetype, wal, name)?)))
    }

    fn drive<A: Archetype>(&mut self, mut driver: Driver<A>) -> Ended<A::State> {
        let (stop, ended) = (self.stop.clone(), Ended(Arc::default()));
        if stop.is_stopped() {
            let error = driver.never_runs();
            self.start(Box::pin(async { Err(error) }));
            return ended;
        }
        let state = ended.0.clone();
        self.start(Box::pin(async move {
            run(&mut driver, &stop).await?;
            let counters = driver.counters();
            *state.lock() = Some(driver.into_state());
            Ok(counters)
        }));
        ended
    }

    /// Starts a task, whose type is always the same: what tokio makes of it is compiled once, here.
    fn start(&mut self, task: Pin<Box<dyn Future<Output = Result<Counters, Error>> + Send>>) {
        self.tasks.spawn(host::task(task));
    }

    /// Starts an archetype, and restarts it when it fails: its state is lost, what its resources keep is
    /// not, and the section that failed has no effect. The node fails only if the archetype fails too often.
    ///
    /// # Errors
    /// If it cannot be created the first time.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn supervise<A: Archetype>(
        &mut self,
        restarts: Restarts,
        mut make: impl FnMut() -> Result<A, EvalError> + Send + 'static,
    ) -> Result<(), EvalError> {
        let stop = self.stop.clone();
        let mut archetype = make()?;
        if stop.is_stopped() {
            let error = Driver::new(archetype).never_runs();
            self.start(Box::pin(async { Err(error) }));
            return Ok(());
        }
        self.start(Box::pin(async move {
            let mut total = Counters::default();
            let mut failures: VecDeque<Instant> = VecDeque::new();
            loop {
                let name = archetype.name();
                let mut driver = Driver::new(archetype);
                let result = run(&mut driver, &stop).await;
                total += driver.counters();
                let Err(error) = result else { return Ok(total) };
                failures.retain(|at| host::now() - *at < restarts.within);
                if failures.len() >= restarts.most as usize {
                    return Err(error);
                }
                failures.push_back(host::now());
                tracing::warn!(%error, "started anew");
                measure::restarted(name);
                tokio::select! {
                    biased;
                    () = stop.stopped() => return Ok(total),
                    () = host::sleep(restarts.pause) => {}
                }
                archetype = make()?;
            }
        }));
        Ok(())
    }

    /// Waits until every archetype has ended. When one fails, the others are stopped.
    ///
    /// # Errors
    /// The first failure.
    ///
    /// # Cancel safety
    /// Safe to drop; call it again to go on waiting.
    pub async fn join(&mut self) -> Result<Counters, Error> {
        let mut total = Counters::default();
        let mut first = None;
        loop {
            let joined = tokio::select! {
                biased;
                joined = self.tasks.join_next() => joined,
                error = failure(&self.logs), if first.is_none() && !self.tasks.is_empty() => {
                    self.stop.stop();
                    first = Some(error);
                    continue;
                }
            };
            let Some(joined) = joined else { break };
            let result = joined.unwrap_or_else(|e| Err(Error::Panic(e.to_string())));
            match result {
                Ok(counters) => total += counters,
                Err(error) => {
                    self.stop.stop();
                    first.get_or_insert(error);
                }
            }
        }
        first.map_or(Ok(total), Err)
    }

    /// Waits as [`join`](Self::join), and stops when `signal` is ready.
    ///
    /// # Errors
    /// The first failure.
    pub async fn join_until(&mut self, signal: impl Future<Output = ()>) -> Result<Counters, Error> {
        let stop = self.stop.clone();
        let mut signal = pin!(signal);
        let mut joined = pin!(self.join());
        tokio::select! {
            biased;
            result = &mut joined => return result,
            () = &mut signal => stop.stop(),
        }
        joined.await
    }

    /// Runs as a process does: says that it is ready, stops on Ctrl-C or `SIGTERM`, [drains](Self::drain) its mailboxes,
    /// and closes the logs of [`stop_with`](Self::stop_with), so that everything that was committed is on disk.
    ///
    /// Under systemd (`Type=notify`) readiness is reported through `NOTIFY_SOCKET`; see [`when_ready`](Self::when_ready) for
    /// other ways.
    ///
    /// # Errors
    /// The first failure, of an archetype or of a log.
    pub async fn run(&mut self) -> Result<Counters, Error> {
        let asked = process::asked_to_stop();
        process::ready();
        self.ready.drain(..).for_each(|tell| tell());
        self.run_until(asked).await
    }

    /// As [`run`](Self::run), but stops when `signal` is ready.
    ///
    /// # Errors
    /// The first failure, of an archetype or of a log.
    pub async fn run_until(&mut self, signal: impl Future<Output = ()>) -> Result<Counters, Error> {
        let result = self.join_until(signal).await;
        futures_util::future::join_all(self.ends.drain(..)).await;
        for log in &self.logs {
            if let (Err(error), true) = (log.close().await, result.is_ok()) {
                return Err(Error::Resource(format!("the write-ahead log has failed: {error}")));
            }
        }
        result
    }
}

impl Spawn for Node {
    fn spawn<A: Archetype>(&mut self, archetype: A) {
        Node::spawn(self, archetype);
    }
}

/// The state of an archetype of a [`Node`] when it has ended: label, variables and procedure stack.
#[derive(Debug)]
pub struct Ended<S>(Arc<Mutex<Option<S>>>);

impl<S> Ended<S> {
    /// The state after its last step, also if it was stopped before it came to its end; nothing while it runs, if it
    /// has failed, or if the state was taken before.
    #[must_use]
    pub fn take(&self) -> Option<S> {
        self.0.lock().take()
    }
}

/// How often an archetype is restarted.
#[derive(Clone, Copy, Debug)]
pub struct Restarts {
    /// The number of restarts; after one more failure the node fails. Default: 5.
    pub most: u32,
    /// Failures that are longer ago do not count. Default: one minute.
    pub within: Duration,
    /// The pause between a failure and the restart. Default: 100 ms.
    pub pause: Duration,
}

impl Default for Restarts {
    fn default() -> Self {
        Self { most: 5, within: Duration::from_secs(60), pause: Duration::from_millis(100) }
    }
}

/// Runs an archetype until it ends, fails, or is stopped.
async fn run<A: Archetype>(driver: &mut Driver<A>, stop: &Stop) -> Result<(), Error> {
    let archetype = driver.archetype();
    let span = tracing::info_span!("archetype", name = archetype.name(), process = %archetype.process());
    until_stopped(Box::pin(driver.run()), stop).instrument(span).await
}

/// Of one type for all archetypes, so that it is compiled once, here.
async fn until_stopped(running: Running<'_>, stop: &Stop) -> Result<(), Error> {
    tracing::debug!("started");
    let result = tokio::select! {
        biased;
        () = stop.stopped() => Ok(()),
        result = running => result,
    };
    tracing::debug!(ok = result.is_ok(), "ended");
    result
}

type Running<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;

/// Waits for a log to fail.
async fn failure(logs: &[Wal]) -> Error {
    if logs.is_empty() {
        return std::future::pending().await;
    }
    futures_util::future::select_all(logs.iter().map(|wal| Box::pin(wal.failure()))).await.0
}
