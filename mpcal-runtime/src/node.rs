//! Runs archetypes until they end, fail, or are stopped.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::archetype::Archetype;
use crate::driver::{Counters, Driver};
use crate::error::Error;
use crate::wal::Wal;

/// Stops a [`Node`]: from any task, any number of times.
#[derive(Clone, Debug)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Stop {
    /// Makes every archetype of the node stop before its next step.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Waits until [`stop`](Stop::stop) was called.
    ///
    /// # Cancel safety
    /// Safe to drop.
    pub async fn stopped(&self) {
        let mut receiver = self.0.subscribe();
        // The sender lives as long as `self`, so this ends only by a stop.
        let _ = receiver.wait_for(|stopped| *stopped).await;
    }
}

/// A set of archetypes that run together: all end, or one fails and the others are stopped. Dropping it
/// stops them where they are, so keep it as long as they are to run.
pub struct Node {
    stop: Stop,
    logs: Vec<Wal>,
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
        Self { stop: Stop(Arc::new(watch::channel(false).0)), logs: Vec::new(), tasks: JoinSet::new() }
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

    /// Starts an archetype.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn spawn<A: Archetype>(&mut self, archetype: A) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            let mut driver = Driver::new(archetype);
            let name = driver.archetype().name();
            tracing::debug!(archetype = name, process = %driver.archetype().process(), "started");
            let result = tokio::select! {
                biased;
                () = stop.stopped() => Ok(()),
                result = driver.run() => result,
            };
            let counters = driver.counters();
            tracing::debug!(archetype = name, ?counters, ok = result.is_ok(), "ended");
            result.map(|()| counters)
        });
    }

    /// Waits until every archetype has ended. When one fails, the others are stopped.
    ///
    /// # Errors
    /// The first failure.
    ///
    /// # Cancel safety
    /// Dropping the future drops nothing; call it again to go on waiting.
    pub async fn join(&mut self) -> Result<Counters, Error> {
        let mut total = Counters::default();
        let mut first = None;
        loop {
            let joined = tokio::select! {
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
                Ok(c) => {
                    total.commits += c.commits;
                    total.retries += c.retries;
                    total.conflicts += c.conflicts;
                    total.sleeps += c.sleeps;
                }
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
        let mut signal = std::pin::pin!(signal);
        let mut joined = std::pin::pin!(self.join());
        tokio::select! {
            result = &mut joined => return result,
            () = &mut signal => stop.stop(),
        }
        joined.await
    }
}

/// Waits for a log to fail.
async fn failure(logs: &[Wal]) -> Error {
    if logs.is_empty() {
        return std::future::pending().await;
    }
    futures_util::future::select_all(logs.iter().map(|wal| Box::pin(wal.failure()))).await.0
}
