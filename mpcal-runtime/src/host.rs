//! What a node needs from the world: time, tasks, random numbers, network and disk.
//!
//! The operating system is the default [`Host`]; a simulator is another one.
//! A host belongs to a task: what runs [`within`] one passes it on to every task that it starts. Nothing in this crate
//! reaches the outside world in any other way.
//!
//! Tasks run on a tokio runtime, whose clock a simulator can stop and move; a host can delay a task, and its clock may
//! differ from the runtime's.

mod clock;
mod disk;
mod network;
mod os;

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{ready, Context, Poll};
use std::time::{Duration, SystemTime};

use tokio::task::AbortHandle;
use tokio::time::Instant;

#[cfg(feature = "swim")]
pub(crate) use self::clock::time_of_day;
pub(crate) use self::clock::{after, now, sleep_until};
pub use self::clock::{sleep, timeout, Sleep, TimedOut};
pub(crate) use self::disk::{disk, read_to_string};
pub use self::disk::{Access, Disk, DiskFile};
pub use self::network::{Accept, Duplex, Listener, Stream};
use self::os::Os;

/// A future in a box.
pub type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What a node needs from the world.
pub trait Host: Send + Sync + 'static {
    /// The reading of the node's clock when the runtime's clock reads `at`. It never goes backwards.
    fn clock(&self, at: Instant) -> Instant;

    /// The reading of the runtime's clock when the node's clock reads `at`, or slightly later.
    fn runtime_clock(&self, at: Instant) -> Instant;

    /// The time of day. It is only shown to people; no guarantee depends on it.
    fn time_of_day(&self) -> SystemTime;

    /// Called before a task of the node is polled. `Pending` delays the task, which the host must wake later.
    fn poll_task(&self, cx: &mut Context<'_>) -> Poll<()>;

    /// Runs work that uses the disk and may block: on a thread of its own or, where nothing blocks, as a task.
    ///
    /// # Errors
    /// If no thread can be started.
    fn run_apart(&self, name: &str, work: Boxed<()>) -> io::Result<()>;

    /// The files of the node.
    fn disk(&self) -> Arc<dyn Disk>;

    /// Fills `bytes` with unpredictable bytes.
    ///
    /// # Errors
    /// If there is no source of randomness.
    fn random(&self, bytes: &mut [u8]) -> io::Result<()>;

    /// Listens for connections; port 0 stands for any free port.
    ///
    /// # Errors
    /// If the address is taken, or not one of this node.
    fn listen(&self, at: SocketAddr) -> Boxed<io::Result<Listener>>;

    /// Connects to the listener at an address.
    ///
    /// # Errors
    /// If nobody listens there, or the address cannot be reached.
    fn connect(&self, to: SocketAddr) -> Boxed<io::Result<Stream>>;
}

thread_local! {
    /// The host of the task that runs in this thread; none for the operating system.
    static CURRENT: RefCell<Option<Arc<dyn Host>>> = const { RefCell::new(None) };
}

/// The host of the task that is running.
fn with<T>(use_it: impl FnOnce(&dyn Host) -> T) -> T {
    match CURRENT.with_borrow(Clone::clone) {
        Some(host) => use_it(&*host),
        None => use_it(&Os),
    }
}

/// A task on a host, which is that of all tasks it starts.
pub fn within<F: Future>(host: Arc<dyn Host>, task: F) -> Within<F> {
    Within { host: Some(host), task: Box::pin(task) }
}

/// What [`within`] gives.
#[derive(Debug)]
pub struct Within<F> {
    /// None for the operating system.
    host: Option<Arc<dyn Host>>,
    task: Pin<Box<F>>,
}

impl std::fmt::Debug for dyn Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Host")
    }
}

impl<F: Future> Future for Within<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Some(host) = self.host.clone() else { return self.task.as_mut().poll(cx) };
        ready!(host.poll_task(cx));
        let _entered = Entered::enter(host);
        self.task.as_mut().poll(cx)
    }
}

/// A host that is the current one until this is dropped.
struct Entered(Option<Arc<dyn Host>>);

impl Entered {
    fn enter(host: Arc<dyn Host>) -> Self {
        Self(CURRENT.replace(Some(host)))
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

/// A task on the host of this one, to be spawned: what a node does beside its archetypes.
pub fn task<F: Future>(task: F) -> Within<F> {
    Within { host: CURRENT.with_borrow(Clone::clone), task: Box::pin(task) }
}

/// Starts a task on the host of this one.
#[allow(clippy::disallowed_methods, reason = "the host decides when it goes on")]
pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
    tokio::spawn(task(future)).abort_handle()
}

/// Runs what uses the disk, on the host of this task.
pub(crate) fn run_apart(name: &str, work: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
    let work = Box::pin(task(work));
    with(|host| host.run_apart(name, work))
}

/// Where a node may be stopped in the middle of what it does.
pub(crate) async fn pause() {
    std::future::poll_fn(|cx| with(|host| host.poll_task(cx))).await;
}

/// Unpredictable bytes. Never used for the choices of a model.
///
/// # Errors
/// If the host has no random numbers.
pub fn random_bytes<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    with(|host| host.random(&mut bytes))?;
    Ok(bytes)
}

/// A duration out of a range; its start, if the range is empty. Never for choices of a model.
pub(crate) fn between(range: &Range<Duration>) -> Duration {
    let width = range.end.saturating_sub(range.start);
    let share = unique().map_or(0.5, |random| random as f64 / (u64::MAX as f64 + 1.0));
    range.start + width.mul_f64(share)
}

/// A unique number. Never used for the choices of a model.
///
/// # Errors
/// If the host has no random numbers.
pub fn unique() -> io::Result<u64> {
    Ok(u64::from_le_bytes(random_bytes()?))
}
