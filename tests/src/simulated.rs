//! A world in one thread: nodes as they are deployed, on a clock that nobody waits for, a network and disks that a seed
//! decides.

mod disk;

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use mpcal_runtime::host::{within, Accept, Boxed, Disk, Host, Listener, Stream};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf};
use tokio::sync::mpsc::{unbounded_channel, UnboundedReceiver, UnboundedSender};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, Instant};

use self::disk::Files;
use crate::generate::Numbers;

/// A world. Clones are the same one.
#[derive(Clone)]
pub struct World(Arc<Shared>);

struct Shared {
    numbers: Mutex<Numbers>,
    start: Instant,
    listeners: Mutex<BTreeMap<SocketAddr, UnboundedSender<Connection>>>,
    /// What carries bytes.
    wires: Mutex<JoinSet<()>>,
    /// By the names of the nodes.
    disks: Mutex<BTreeMap<&'static str, Arc<Files>>>,
    trace: Mutex<Vec<String>>,
}

type Connection = (Stream, SocketAddr);

/// The chance in a thousand that a piece is lost, and the connection with it.
const LOSS: usize = 40;

/// How many bytes are on the way in one direction, at most.
const ON_THE_WAY: usize = 1 << 12;

impl World {
    /// Runs a world to the end of `scene`; gives what came of it, what happened on the network, and how much time passed
    /// there.
    pub fn run<T, F: Future<Output = T>>(seed: u64, scene: impl FnOnce(Self) -> F) -> (T, Vec<String>, Duration) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime starts").block_on(async {
            let world = Self(Arc::new(Shared {
                numbers: Mutex::new(Numbers::new(seed)),
                start: Instant::now(),
                listeners: Mutex::default(),
                wires: Mutex::default(),
                disks: Mutex::default(),
                trace: Mutex::default(),
            }));
            let result = scene(world.clone()).await;
            let trace = std::mem::take(&mut *world.0.trace.lock());
            (result, trace, world.0.start.elapsed())
        })
    }

    /// Starts what a node does, whose clock goes as much faster than that of the world, in parts per million.
    pub fn start(&self, name: &'static str, faster: i64, node: impl Future<Output = ()> + Send + 'static) -> Running {
        let disk = self.0.disks.lock().entry(name).or_default().clone();
        let host = Arc::new(Node { world: self.clone(), faster, disk, crashed: AtomicBool::new(false) });
        Running { task: tokio::spawn(within(host.clone(), node)).abort_handle(), host }
    }

    /// Waits for a time that the seed decides.
    pub async fn wait(&self, most: Duration) {
        sleep(most * self.below(1_000) as u32 / 1_000).await;
    }

    fn below(&self, limit: usize) -> usize {
        self.0.numbers.lock().below(limit)
    }

    fn note(&self, what: &str) {
        self.0.trace.lock().push(format!("{:?} {what}", self.0.start.elapsed()));
    }

    async fn delay(&self) {
        let micros = self.below(2_000) as u64;
        sleep(Duration::from_micros(100 + micros)).await;
    }

    async fn connect(self, to: SocketAddr) -> io::Result<Stream> {
        self.delay().await;
        let listener = self.0.listeners.lock().get(&to).cloned().ok_or(io::ErrorKind::ConnectionRefused)?;
        let ((here, near), (far, there)) = (tokio::io::duplex(ON_THE_WAY), tokio::io::duplex(ON_THE_WAY));
        let from = SocketAddr::from(([10, 1, 0, 1], 40_000 + self.below(20_000) as u16));
        self.note(&format!("{from} connects to {to}"));
        listener.send((Stream::new(there), from)).map_err(|_| io::ErrorKind::ConnectionRefused)?;
        let world = self.clone();
        self.0.wires.lock().spawn(async move {
            let ((from, back), (answers, forward)) = (tokio::io::split(near), tokio::io::split(far));
            tokio::select! {
                biased;
                () = world.carry(from, forward, '>') => {}
                () = world.carry(answers, back, '<') => {}
            }
            world.note("cut");
        });
        Ok(Stream::new(here))
    }

    /// Carries bytes one way, until some are lost.
    async fn carry(&self, mut from: ReadHalf<DuplexStream>, mut to: WriteHalf<DuplexStream>, arrow: char) {
        let mut buffer = [0; 256];
        while let Ok(count @ 1..) = from.read(&mut buffer).await {
            self.delay().await;
            self.note(&format!("{arrow} {count}"));
            if self.below(1_000) < LOSS || to.write_all(&buffer[..count]).await.is_err() {
                return;
            }
        }
    }
}

/// A node that runs.
pub struct Running {
    host: Arc<Node>,
    task: AbortHandle,
}

impl Running {
    /// The node is no more; its disk is as a loss of power leaves it.
    pub fn crash(self) {
        self.host.crashed.store(true, Ordering::Relaxed);
        self.task.abort();
        self.host.world.note("crash");
        self.host.disk.crash(&mut self.host.world.0.numbers.lock());
    }
}

/// A node in a world.
struct Node {
    world: World,
    faster: i64,
    disk: Arc<Files>,
    crashed: AtomicBool,
}

impl Node {
    /// How much time is on one clock when so much is on another, which is slower by so many millionths.
    fn scaled(time: Duration, faster: i64) -> Duration {
        let nanos = time.as_nanos() as i128;
        Duration::from_nanos((nanos + nanos * i128::from(faster) / 1_000_000) as u64)
    }
}

impl Host for Node {
    fn clock(&self, at: Instant) -> Instant {
        self.world.0.start + Self::scaled(at - self.world.0.start, self.faster)
    }

    fn runtime_clock(&self, at: Instant) -> Instant {
        self.world.0.start + Self::scaled(at - self.world.0.start, -self.faster) + Duration::from_millis(1)
    }

    fn time_of_day(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.world.0.start.elapsed()
    }

    fn poll_task(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.crashed.load(Ordering::Relaxed) {
            return Poll::Pending;
        }
        if self.world.below(4) > 0 {
            return Poll::Ready(());
        }
        // Others go first.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn run_apart(&self, _: &str, work: Boxed<()>) -> io::Result<()> {
        tokio::spawn(work);
        Ok(())
    }

    fn disk(&self) -> Arc<dyn Disk> {
        self.disk.clone()
    }

    fn random(&self, bytes: &mut [u8]) -> io::Result<()> {
        bytes.fill_with(|| self.world.below(256) as u8);
        Ok(())
    }

    fn listen(&self, at: SocketAddr) -> Boxed<io::Result<Listener>> {
        let (sender, connections) = unbounded_channel();
        let taken = self.world.0.listeners.lock().insert(at, sender).is_some_and(|before| !before.is_closed());
        let listens = Listens { address: at, connections: Arc::new(tokio::sync::Mutex::new(connections)) };
        let result = if taken { Err(io::ErrorKind::AddrInUse.into()) } else { Ok(Listener::new(listens)) };
        Box::pin(std::future::ready(result))
    }

    fn connect(&self, to: SocketAddr) -> Boxed<io::Result<Stream>> {
        Box::pin(self.world.clone().connect(to))
    }
}

struct Listens {
    address: SocketAddr,
    connections: Arc<tokio::sync::Mutex<UnboundedReceiver<Connection>>>,
}

impl Accept for Listens {
    fn accept(&self) -> Boxed<io::Result<Connection>> {
        let connections = self.connections.clone();
        Box::pin(async move { connections.lock().await.recv().await.ok_or_else(|| io::ErrorKind::NotConnected.into()) })
    }

    fn address(&self) -> SocketAddr {
        self.address
    }
}
