//! Runs the nodes of a system as they are deployed, in one thread, in a world where a seed decides everything: the order of
//! tasks, delays, what is cut off from what, crashes, what a disk has kept, the drift of clocks.
//!
//! ```ignore
//! #[test]
//! fn the_store_is_linearizable() {
//!     simulation::check(100, |mut simulation| {
//!         for id in 1..=3 {
//!             simulation.node(format!("s{id}"), move || server(id));
//!         }
//!         simulation.invariant("one leader in a term", move || one_leader());
//!         simulation.run(|world| async move { clients(&world).await })
//!     });
//! }
//! ```
//!
//! A node is a future, such as that of [`Node::join`](mpcal_runtime::Node::join), which is made again for each of its
//! lives. Everything that it does through the runtime — mailboxes, timers, logs, tasks, random numbers — it does in that
//! world, whose time passes as soon as nobody has anything else to do.
//!
//! A run has two phases. First things go wrong, as a [`Plan`] says that the seed makes of [`Faults`]. Then everything is
//! well again, every node lives, and the scene, which stands for the users of the system, has to come to its end.

mod disk;
mod host;
mod network;
mod plan;
mod seeds;
mod trace;
mod world;

use std::fmt::Display;
use std::future::Future;
use std::time::{Duration, Instant};

use fastrand::Rng;
use mpcal_runtime::host::within;
use tokio::time::{sleep, sleep_until};

use self::host::Life;
pub use self::plan::{Fault, Faults, Plan};
pub use self::seeds::{check, Checked};
pub use self::trace::Trace;
pub use self::world::World;
use self::world::{Invariant, Node, NodeId, Start};

/// A run that is being prepared.
pub struct Simulation {
    seed: u64,
    /// Which faults of the plan happen; all if it does not say.
    only: Option<Vec<usize>>,
    /// What happened before the start: nothing.
    trace: Trace,
    faults: Faults,
    nodes: Vec<(String, Start)>,
    invariants: Vec<(String, Invariant)>,
    patience: Duration,
}

/// What came of a run.
#[derive(Debug)]
pub struct Run<T> {
    /// What decided everything.
    pub seed: u64,
    /// What went wrong.
    pub plan: Plan,
    /// What the scene came to.
    pub outcome: Result<T, Failure>,
    /// What happened.
    pub trace: Trace,
    /// How much time passed in the world.
    pub simulated: Duration,
    /// How much time passed outside.
    pub elapsed: Duration,
}

/// What a run must not come to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// A process has failed, and nothing was wrong with its disk.
    #[error("{0} has failed: {1}")]
    Node(String, String),
    /// An invariant does not hold.
    #[error("invariant {0} is violated: {1}")]
    Invariant(String, String),
    /// The scene does not like what it sees.
    #[error("{0}")]
    Scene(String),
    /// The scene has not come to its end, although everything was well for so long.
    #[error("no end after {0:?} in which everything was well")]
    NoProgress(Duration),
}

impl Simulation {
    /// A world with a seed, in which things go wrong as [`Faults::default`] says.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            only: None,
            trace: Trace::default(),
            faults: Faults::default(),
            nodes: Vec::new(),
            invariants: Vec::new(),
            patience: Duration::from_secs(60),
        }
    }

    /// The seed.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// A node: what its process does from a start on, until it fails or is killed.
    pub fn node<F, E>(&mut self, name: impl Into<String>, mut start: impl FnMut() -> F + Send + 'static)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Display,
    {
        let start = move || {
            let process = start();
            Box::pin(async move { process.await.map_err(|error| format!("{error:#}")) }) as _
        };
        self.nodes.push((name.into(), Box::new(start)));
    }

    /// What may go wrong.
    pub fn faults(&mut self, faults: Faults) {
        self.faults = faults;
    }

    /// Something that holds whenever a task of a node goes on; otherwise it says what is wrong. It must not wait.
    pub fn invariant(&mut self, name: impl Into<String>, holds: impl FnMut() -> Result<(), String> + Send + 'static) {
        self.invariants.push((name.into(), Box::new(holds)));
    }

    /// How long the scene may take once everything is well. Default: a minute.
    pub fn patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Runs the world until the scene comes to its end or something fails. The scene can use the network, too; nothing ever
    /// happens to it.
    ///
    /// # Panics
    /// If no more threads, timers or files can be had from the operating system.
    pub fn run<T, E: Display, F: Future<Output = Result<T, E>>>(self, scene: impl FnOnce(World) -> F) -> Run<T> {
        let start = Instant::now();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let mut run = runtime.expect("a runtime starts").block_on(self.play(scene));
        run.elapsed = start.elapsed();
        run
    }

    async fn play<T, E: Display, F: Future<Output = Result<T, E>>>(self, scene: impl FnOnce(World) -> F) -> Run<T> {
        let Self { seed, only, trace, faults, nodes, invariants, patience } = self;
        let mut seeds = Rng::with_seed(seed);
        let names: Vec<String> = nodes.iter().map(|(name, _)| name.clone()).collect();
        let mut plan = Plan::random(&mut seeds.fork(), &faults, &names);
        if let Some(places) = only {
            plan = plan.only(&places);
        }
        let drift = i64::from(faults.drift);
        let mut drifts = seeds.fork();
        let nodes = nodes.into_iter().map(|(name, start)| Node::new(name, start, drifts.i64(-drift..=drift))).collect();
        let world = World::new(seeds, nodes, invariants, trace);
        world.nodes().for_each(|node| world.start_node(node));
        let life = Life::new(world.clone(), NodeId(names.len()), std::sync::Arc::default());
        let scene = within(life, scene(world.clone()));
        let outcome = tokio::select! {
            biased;
            failure = world.failure() => Err(failure),
            result = scene => result.map_err(|error| Failure::Scene(format!("{error:#}"))),
            () = async { world.suffer(&plan).await; sleep(patience).await } => Err(Failure::NoProgress(patience)),
        };
        let simulated = world.elapsed();
        Run { seed, plan, outcome, trace: world.end(), simulated, elapsed: Duration::ZERO }
    }
}

/// Something that happens to a world.
type Event<'p> = Box<dyn FnOnce(&World) + 'p>;

impl World {
    /// What a plan says happens; then everything is well, and every node lives.
    async fn suffer(&self, plan: &Plan) {
        let mut events: Vec<(Duration, Event<'_>)> = Vec::new();
        for (at, fault) in &plan.0 {
            let start = move |world: &Self| {
                world.tell(fault);
                world.begin(fault);
            };
            events.push((*at, Box::new(start)));
            if let Some(time) = fault.lasts() {
                events.push((*at + time, Box::new(move |world| world.finish(fault))));
            }
        }
        events.sort_by_key(|(at, _)| *at);
        for (at, event) in events {
            sleep_until(self.start() + at).await;
            event(self);
        }
        self.tell("everything is well");
        self.nodes().for_each(|node| self.start_node(node));
    }

    fn begin(&self, fault: &Fault) {
        match fault {
            Fault::PowerLoss(node, _) => self.with(node, |node, others| {
                self.lose_power(node);
                self.network().block(&[node], others);
                self.network().block(others, &[node]);
            }),
            Fault::Kill(node, _) => self.with(node, |node, _| self.kill(node)),
            Fault::Pause(node, _) => self.with(node, |node, _| self.pause(node)),
            Fault::Partition(nodes, _) => {
                let (some, others) = self.sides(nodes);
                self.network().block(&some, &others);
                self.network().block(&others, &some);
            }
            Fault::Deaf(node, _) => self.with(node, |node, others| self.network().block(others, &[node])),
            Fault::Slow(node, by, _) => self.with(node, |node, _| self.network().slow(node, *by)),
            Fault::Cut(node) => self.with(node, |node, _| self.network().cut(node)),
            Fault::FullDisk(node, _) => self.with(node, |node, _| self.set_full(node, true)),
            Fault::FailedFlush(node) => self.with(node, |node, _| self.fail_next_flush(node)),
            Fault::ClockJump(node, by) => self.with(node, |node, _| self.jump(node, *by)),
        }
    }

    fn finish(&self, fault: &Fault) {
        match fault {
            Fault::PowerLoss(node, _) => self.with(node, |node, others| {
                self.network().unblock(&[node], others);
                self.network().unblock(others, &[node]);
                self.start_node(node);
            }),
            Fault::Kill(node, _) => self.with(node, |node, _| self.start_node(node)),
            Fault::Pause(node, _) => self.with(node, |node, _| self.go_on(node)),
            Fault::Partition(nodes, _) => {
                let (some, others) = self.sides(nodes);
                self.network().unblock(&some, &others);
                self.network().unblock(&others, &some);
            }
            Fault::Deaf(node, _) => self.with(node, |node, others| self.network().unblock(others, &[node])),
            Fault::Slow(node, ..) => self.with(node, |node, _| self.network().slow(node, Duration::ZERO)),
            Fault::FullDisk(node, _) => self.with(node, |node, _| self.set_full(node, false)),
            Fault::Cut(_) | Fault::FailedFlush(_) | Fault::ClockJump(..) => {}
        }
    }

    /// Does something with a node and all others, among them the scene.
    fn with(&self, name: &str, act: impl FnOnce(NodeId, &[NodeId])) {
        if let Some(node) = self.find(name) {
            let (_, others) = self.sides(&[name.to_owned()]);
            act(node, &others);
        }
    }

    /// Nodes with these names, and those with others; the scene is on neither side of a partition of nodes, unless there is
    /// one node only.
    fn sides(&self, names: &[String]) -> (Vec<NodeId>, Vec<NodeId>) {
        let scene = NodeId(self.nodes().count());
        let (some, mut others): (Vec<_>, Vec<_>) =
            self.nodes().partition(|node| names.iter().any(|name| name == self.name(*node)));
        others.push(scene);
        (some, others)
    }
}

impl Fault {
    /// How long it lasts, if it does.
    fn lasts(&self) -> Option<Duration> {
        match self {
            Self::PowerLoss(_, time)
            | Self::Kill(_, time)
            | Self::Pause(_, time)
            | Self::Partition(_, time)
            | Self::Deaf(_, time)
            | Self::Slow(_, _, time)
            | Self::FullDisk(_, time) => Some(*time),
            Self::Cut(_) | Self::FailedFlush(_) | Self::ClockJump(..) => None,
        }
    }
}
