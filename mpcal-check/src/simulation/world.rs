//! The world that nodes live in: time, chance, who lives, what was seen.

use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use mpcal_runtime::host::within;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{sleep, Instant};

use super::disk::Files;
use super::host::Life;
use super::network::Network;
use super::trace::Trace;
use super::Failure;

/// A node, by its place among all; the scene is the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NodeId(pub(super) usize);

/// What a node does, from a start on.
pub(super) type Start = Box<dyn FnMut() -> Running + Send>;

/// A node that has started.
type Running = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// Something that holds all the time; otherwise it says what is wrong.
pub(super) type Invariant = Box<dyn FnMut() -> Result<(), String> + Send>;

/// How long it takes until a process that has failed because of its disk is started again.
const RESTART: Duration = Duration::from_secs(1);

/// A world. Clones are the same one.
#[derive(Clone)]
pub struct World(Arc<Shared>);

struct Shared {
    start: Instant,
    chance: Mutex<Chance>,
    nodes: Vec<Node>,
    network: Network,
    invariants: Mutex<Vec<(String, Invariant)>>,
    trace: Mutex<Trace>,
    failure: Mutex<Option<Failure>>,
    failed: Notify,
}

/// What a seed decides, each for itself: a fault more or less changes as little of the rest as can be.
struct Chance {
    tasks: Rng,
    network: Rng,
    disks: Rng,
    nodes: Rng,
}

/// A node, dead or alive.
pub(super) struct Node {
    name: String,
    start: Mutex<Start>,
    disk: Arc<Files>,
    /// How much faster than the world's its clock is, in parts per million.
    drift: i64,
    state: Mutex<NodeState>,
    /// Whether something is or was wrong with its disk that may end its process.
    has_disk_trouble: AtomicBool,
}

#[derive(Default)]
struct NodeState {
    life: Option<(Arc<Life>, AbortHandle)>,
    /// How much its clock is ahead.
    ahead: Duration,
}

impl Node {
    pub(super) fn new(name: String, start: Start, drift: i64) -> Self {
        Self {
            name,
            start: Mutex::new(start),
            disk: Arc::default(),
            drift,
            state: Mutex::default(),
            has_disk_trouble: AtomicBool::new(false),
        }
    }
}

impl World {
    pub(super) fn new(mut seeds: Rng, nodes: Vec<Node>, invariants: Vec<(String, Invariant)>, trace: Trace) -> Self {
        let chance = Chance { tasks: seeds.fork(), network: seeds.fork(), disks: seeds.fork(), nodes: seeds.fork() };
        Self(Arc::new(Shared {
            start: Instant::now(),
            chance: Mutex::new(chance),
            nodes,
            network: Network::default(),
            invariants: Mutex::new(invariants),
            trace: Mutex::new(trace),
            failure: Mutex::default(),
            failed: Notify::new(),
        }))
    }

    /// How much time has passed.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.start.elapsed()
    }

    /// Adds something to the trace.
    pub fn tell(&self, what: impl Display) {
        self.note(|| what.to_string());
    }

    /// Waits for a time that the seed decides.
    pub async fn wait(&self, most: Duration) {
        let share = self.0.chance.lock().nodes.f64();
        sleep(most.mul_f64(share)).await;
    }

    /// A number below `limit` that the seed decides.
    ///
    /// # Panics
    /// If `limit` is 0.
    #[must_use]
    pub fn below(&self, limit: u64) -> u64 {
        self.0.chance.lock().nodes.u64(..limit)
    }

    pub(super) fn start(&self) -> Instant {
        self.0.start
    }

    pub(super) fn network(&self) -> &Network {
        &self.0.network
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = NodeId> {
        (0..self.0.nodes.len()).map(NodeId)
    }

    pub(super) fn name(&self, node: NodeId) -> &str {
        self.0.nodes.get(node.0).map_or("the scene", |node| &node.name)
    }

    pub(super) fn find(&self, name: &str) -> Option<NodeId> {
        self.0.nodes.iter().position(|node| node.name == name).map(NodeId)
    }

    pub(super) fn note(&self, what: impl FnOnce() -> String) {
        let at = self.elapsed();
        self.0.trace.lock().add(at, what());
    }

    pub(super) fn goes_first(&self) -> bool {
        self.0.chance.lock().tasks.u8(..4) > 0
    }

    pub(super) fn latency(&self) -> Duration {
        let network = &mut self.0.chance.lock().network;
        // Most bytes take a millisecond, few of them much longer.
        let most = if network.u8(..100) == 0 { 50_000 } else { 2_000 };
        Duration::from_micros(100 + network.u64(..most))
    }

    pub(super) fn disk_latency(&self) -> Duration {
        let disks = &mut self.0.chance.lock().disks;
        let most = if disks.u8(..20) == 0 { 30_000 } else { 1_000 };
        Duration::from_micros(50 + disks.u64(..most))
    }

    pub(super) fn port(&self) -> u16 {
        self.0.chance.lock().network.u16(40_000..60_000)
    }

    pub(super) fn random_bytes(&self, bytes: &mut [u8]) {
        self.0.chance.lock().nodes.fill(bytes);
    }

    /// How much faster the clock of a node is, and how much it is ahead.
    pub(super) fn clock_of(&self, node: NodeId) -> (i64, Duration) {
        let node = self.0.nodes.get(node.0);
        node.map_or((0, Duration::ZERO), |node| (node.drift, node.state.lock().ahead))
    }

    /// Holds the invariants against what is.
    pub(super) fn look(&self) {
        for (name, holds) in &mut *self.0.invariants.lock() {
            if let Err(message) = holds() {
                self.fail(Failure::Invariant(name.clone(), message));
            }
        }
    }

    pub(super) fn fail(&self, failure: Failure) {
        let known = &mut *self.0.failure.lock();
        if known.is_none() {
            self.note(|| failure.to_string());
            *known = Some(failure);
            self.0.failed.notify_one();
        }
    }

    /// Waits for something to fail.
    pub(super) async fn failure(&self) -> Failure {
        loop {
            if let Some(failure) = self.0.failure.lock().clone() {
                return failure;
            }
            self.0.failed.notified().await;
        }
    }

    /// The end of the world: what happened.
    pub(super) fn end(&self) -> Trace {
        self.0.network.close();
        for node in &self.0.nodes {
            if let Some((life, task)) = node.state.lock().life.take() {
                life.end();
                task.abort();
            }
        }
        self.0.invariants.lock().clear();
        std::mem::take(&mut *self.0.trace.lock())
    }

    /// Starts a node, unless it lives.
    pub(super) fn start_node(&self, node: NodeId) {
        let it = &self.0.nodes[node.0];
        if it.state.lock().life.is_some() {
            return;
        }
        it.has_disk_trouble.store(it.disk.is_full(), Ordering::Relaxed);
        self.note(|| format!("{} starts", it.name));
        let life = Life::new(self.clone(), node, it.disk.clone());
        let task = tokio::spawn(within(life.clone(), (it.start.lock())()));
        it.state.lock().life = Some((life.clone(), task.abort_handle()));
        let world = self.clone();
        tokio::spawn(async move {
            let result = match task.await {
                Ok(result) => result,
                Err(error) if error.is_panic() => Err(panicked(error.into_panic().as_ref())),
                Err(_) => return,
            };
            if life.is_over() {
                return;
            }
            match result {
                Ok(()) => world.note(|| format!("{} has ended", world.name(node))),
                Err(error) => world.process_failed(node, error).await,
            }
        });
    }

    /// A process has failed: with its disk, or for no reason that we have given it.
    async fn process_failed(&self, node: NodeId, error: String) {
        let it = &self.0.nodes[node.0];
        if !it.has_disk_trouble.load(Ordering::Relaxed) {
            return self.fail(Failure::Node(it.name.clone(), error));
        }
        self.note(|| format!("{} fails: {error}", it.name));
        self.kill(node);
        sleep(RESTART).await;
        self.start_node(node);
    }

    /// Ends the life of a node.
    fn end_node(&self, node: NodeId) {
        if let Some((life, task)) = self.0.nodes[node.0].state.lock().life.take() {
            life.end();
            task.abort();
        }
    }

    /// Kills a process.
    pub(super) fn kill(&self, node: NodeId) {
        self.end_node(node);
        self.0.nodes[node.0].disk.unlock();
    }

    /// Takes the power from a node.
    pub(super) fn lose_power(&self, node: NodeId) {
        self.end_node(node);
        self.0.nodes[node.0].disk.lose_power(&mut self.0.chance.lock().disks);
    }

    pub(super) fn pause(&self, node: NodeId) {
        if let Some((life, _)) = &self.0.nodes[node.0].state.lock().life {
            life.pause();
        }
    }

    pub(super) fn go_on(&self, node: NodeId) {
        if let Some((life, _)) = &self.0.nodes[node.0].state.lock().life {
            life.go_on();
        }
    }

    pub(super) fn set_full(&self, node: NodeId, is_full: bool) {
        let it = &self.0.nodes[node.0];
        it.disk.set_full(is_full);
        it.has_disk_trouble.store(true, Ordering::Relaxed);
    }

    pub(super) fn fail_next_flush(&self, node: NodeId) {
        let it = &self.0.nodes[node.0];
        if it.state.lock().life.is_some() {
            it.disk.fail_next_flush();
            it.has_disk_trouble.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn jump(&self, node: NodeId, by: Duration) {
        self.0.nodes[node.0].state.lock().ahead += by;
    }
}

/// What a panic says.
fn panicked(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("it has panicked: {}", text.unwrap_or("nobody knows why"))
}
