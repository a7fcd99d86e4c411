//! The world as a node sees it.

use std::future::{poll_fn, Future};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::task::{ready, Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use mpcal_runtime::host::{Accept, Boxed, Disk, Host, Listener, Stream};
use parking_lot::Mutex;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::Notify;
use tokio::time::{sleep, Instant};

use super::disk::Files;
use super::network::Incoming;
use super::world::{NodeId, World};

/// One life of a node: from a start to a crash.
pub(super) struct Life {
    me: Weak<Self>,
    pub(super) world: World,
    pub(super) node: NodeId,
    disk: Arc<Files>,
    state: Mutex<State>,
    ended: Notify,
}

/// Whether it goes on.
enum State {
    Runs,
    /// What waits for it to go on.
    Paused(Vec<Waker>),
    Over,
}

impl Life {
    pub(super) fn new(world: World, node: NodeId, disk: Arc<Files>) -> Arc<Self> {
        let (state, ended) = (Mutex::new(State::Runs), Notify::new());
        Arc::new_cyclic(|me| Self { me: me.clone(), world, node, disk, state, ended })
    }

    fn me(&self) -> Arc<Self> {
        self.me.upgrade().expect("it is alive")
    }

    /// It does nothing from now on.
    pub(super) fn end(&self) {
        *self.state.lock() = State::Over;
        self.ended.notify_waiters();
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(*self.state.lock(), State::Over)
    }

    /// Waits for its end.
    pub(super) async fn ended(&self) {
        let mut ended = pin!(self.ended.notified());
        // From here on no call is missed.
        ended.as_mut().enable();
        if !self.is_over() {
            ended.await;
        }
    }

    pub(super) fn pause(&self) {
        let state = &mut *self.state.lock();
        if matches!(state, State::Runs) {
            *state = State::Paused(Vec::new());
        }
    }

    pub(super) fn go_on(&self) {
        let state = &mut *self.state.lock();
        if let State::Paused(wakers) = state {
            wakers.drain(..).for_each(Waker::wake);
            *state = State::Runs;
        }
    }
}

/// How much time is on one clock when this much is on another, which is slower by this many millionths.
fn scaled(time: Duration, faster: i64) -> Duration {
    let nanos = time.as_nanos() as i128;
    Duration::from_nanos((nanos + nanos * i128::from(faster) / 1_000_000) as u64)
}

impl Host for Life {
    fn clock(&self, at: Instant) -> Instant {
        let (drift, ahead) = self.world.clock_of(self.node);
        self.world.start() + scaled(at - self.world.start(), drift) + ahead
    }

    fn runtime_clock(&self, at: Instant) -> Instant {
        let (drift, ahead) = self.world.clock_of(self.node);
        let passed = (at - self.world.start()).saturating_sub(ahead);
        self.world.start() + scaled(passed, -drift) + Duration::from_millis(1)
    }

    fn time_of_day(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.world.elapsed()
    }

    fn poll_task(&self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut *self.state.lock() {
            State::Runs => {}
            State::Paused(wakers) => {
                wakers.push(cx.waker().clone());
                return Poll::Pending;
            }
            State::Over => return Poll::Pending,
        }
        self.world.look();
        if self.world.goes_first() {
            return Poll::Ready(());
        }
        // Others go first.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn run_apart(&self, _: &str, work: Boxed<()>) -> io::Result<()> {
        tokio::spawn(slowed(self.world.clone(), work));
        Ok(())
    }

    fn disk(&self) -> Arc<dyn Disk> {
        self.disk.clone()
    }

    fn random(&self, bytes: &mut [u8]) -> io::Result<()> {
        self.world.random_bytes(bytes);
        Ok(())
    }

    fn listen(&self, at: SocketAddr) -> Boxed<io::Result<Listener>> {
        let result = self.world.listen(self.me(), at).map(|(address, connections)| {
            Listener::new(Listening { address, connections: Arc::new(tokio::sync::Mutex::new(connections)) })
        });
        Box::pin(std::future::ready(result))
    }

    fn connect(&self, to: SocketAddr) -> Boxed<io::Result<Stream>> {
        Box::pin(self.world.clone().connect(self.me(), to))
    }
}

/// Work on a disk, which takes its time whenever it goes on.
async fn slowed(world: World, mut work: Boxed<()>) {
    let mut delay = None;
    poll_fn(|cx| {
        let waited = delay.get_or_insert_with(|| Box::pin(sleep(world.disk_latency())));
        ready!(waited.as_mut().poll(cx));
        delay = None;
        work.as_mut().poll(cx)
    })
    .await;
}

/// What listens at an address.
struct Listening {
    address: SocketAddr,
    connections: Arc<tokio::sync::Mutex<UnboundedReceiver<Incoming>>>,
}

impl Accept for Listening {
    fn accept(&self) -> Boxed<io::Result<Incoming>> {
        let connections = self.connections.clone();
        Box::pin(async move { connections.lock().await.recv().await.ok_or_else(|| io::ErrorKind::NotConnected.into()) })
    }

    fn address(&self) -> SocketAddr {
        self.address
    }
}
