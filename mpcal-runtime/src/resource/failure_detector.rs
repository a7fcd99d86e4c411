//! Failure detectors: by heartbeats of a monitor, or by SWIM.
//!
//! Class: volatile. Stands for a mapping macro whose read gives `TRUE` for a process that has
//! failed, and may give `TRUE` for one that has not: an eventually perfect detector.
//!
//! There are two kinds. With SWIM (`FailureDetector::swim`, feature `swim`) the load of each process does not
//! grow with their number; what one finds out takes some periods to get around.
//!
//! Otherwise a process runs a [`Monitor`], which sends a byte to whoever is connected, every interval. A
//! detector that hears nothing for its time-out suspects the process, one whose connection breaks
//! does so at once; when the process is heard again the suspicion ends.
//!
//! Promises: a process that has stopped for good is suspected in the end, and a suspicion ends when the process is
//! heard again. Assumes nothing of the network: loss and delay make a living process suspected for a while, as the
//! mapping macro allows. Reading never waits, and who waits for a change is woken by it.

#[cfg(feature = "swim")]
mod swim;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinSet};

#[cfg(feature = "swim")]
pub use self::swim::SwimConfig;
use super::shared::Shared;
use crate::error::{Error, Step};
use crate::host::{self, sleep, timeout, Listener, Stream};
use crate::mapping::MappingMacro;
use crate::section::Section;
use crate::value::Data;

/// What is adjustable about failure detection.
#[derive(Clone, Copy, Debug)]
pub struct FailureDetectorConfig {
    /// The time between two heartbeats. Default 100 ms.
    pub interval: Duration,
    /// How long a process may be silent before it is suspected. Default 500 ms.
    pub timeout: Duration,
    /// Most detectors that a monitor serves at a time. Default 1024.
    pub max_connections: usize,
}

impl Default for FailureDetectorConfig {
    fn default() -> Self {
        Self { interval: Duration::from_millis(100), timeout: Duration::from_millis(500), max_connections: 1024 }
    }
}

/// Says that this process is alive, until it is dropped.
pub struct Monitor(AbortHandle);

impl Monitor {
    /// Serves heartbeats on a listener.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[must_use]
    pub fn serve(listener: impl Into<Listener>, config: FailureDetectorConfig) -> Self {
        Self(host::spawn(serve(listener.into(), config)))
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn serve(listener: Listener, config: FailureDetectorConfig) {
    let slots = Arc::new(Semaphore::new(config.max_connections));
    let mut connections = JoinSet::new();
    loop {
        let Ok(slot) = slots.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(host::task(async move {
                    let _slot = slot;
                    beat(stream, config).await;
                }));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                sleep(config.interval).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
}

/// Sends heartbeats until nobody takes them.
async fn beat(mut stream: Stream, config: FailureDetectorConfig) {
    while let Ok(Ok(())) = timeout(config.timeout, stream.write_all(&[1])).await {
        sleep(config.interval).await;
    }
}

/// Suspects processes that are silent. A read gives `TRUE` for a suspected one.
pub struct FailureDetector<K: Data> {
    suspected: Arc<Suspected<K>>,
}

struct Suspected<K: Data> {
    by_index: BTreeMap<K, Shared<bool>>,
    /// Dropping them ends every task.
    _tasks: parking_lot::Mutex<JoinSet<()>>,
}

impl<K: Data> Clone for FailureDetector<K> {
    fn clone(&self) -> Self {
        Self { suspected: self.suspected.clone() }
    }
}

impl<K: Data> FailureDetector<K> {
    /// Listens to the monitors at these addresses.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[must_use]
    pub fn watch(monitors: &BTreeMap<K, SocketAddr>, config: FailureDetectorConfig) -> Self {
        let mut tasks = JoinSet::new();
        let by_index = monitors
            .iter()
            .map(|(index, address)| {
                let suspected = Shared::new(false);
                tasks.spawn(host::task(listen(*address, suspected.clone(), config)));
                (index.clone(), suspected)
            })
            .collect();
        Self::new(by_index, tasks)
    }

    fn new(by_index: BTreeMap<K, Shared<bool>>, tasks: JoinSet<()>) -> Self {
        Self { suspected: Arc::new(Suspected { by_index, _tasks: parking_lot::Mutex::new(tasks) }) }
    }

    /// Whether a process is suspected now.
    #[must_use]
    pub fn is_suspected(&self, index: &K) -> bool {
        self.suspected.by_index.get(index).is_some_and(Shared::load)
    }
}

async fn listen(address: SocketAddr, suspected: Shared<bool>, config: FailureDetectorConfig) {
    let set = |value: bool| {
        if suspected.load() != value {
            tracing::debug!(%address, suspected = value, "failure detector");
            suspected.store(value);
        }
    };
    let mut silent_since = host::now();
    loop {
        if let Ok(Ok(mut stream)) = timeout(config.timeout, Stream::connect(address)).await {
            let mut byte = [0; 64];
            while let Ok(Ok(1..)) = timeout(config.timeout, stream.read(&mut byte)).await {
                silent_since = host::now();
                set(false);
            }
            set(true);
        } else if host::now() - silent_since >= config.timeout {
            set(true);
        }
        sleep(config.interval).await;
    }
}

impl<K: Data> MappingMacro for FailureDetector<K> {
    type Index = K;
    type Read = bool;
    type Write = bool;

    fn read(&mut self, section: &mut Section, index: &K) -> Step<bool> {
        match self.suspected.by_index.get(index) {
            Some(suspected) => Ok(*suspected.get(section)),
            None => Err(Error::Resource(format!("process {} is not watched", index.to_value())).into()),
        }
    }

    fn write(&mut self, _: &mut Section, _: &K, _: bool) -> Step<()> {
        Err(Error::Resource("a failure detector cannot be written".to_owned()).into())
    }
}
