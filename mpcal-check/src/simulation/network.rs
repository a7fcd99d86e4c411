//! The network between nodes: streams of bytes that take their time, stand still while nodes are cut off from each other,
//! and break.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use mpcal_runtime::host::Stream;
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf};
use tokio::sync::mpsc::{channel, unbounded_channel, Receiver, Sender, UnboundedReceiver, UnboundedSender};
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{sleep_until, timeout, Instant};

use super::host::Life;
use super::world::{NodeId, World};

/// How many bytes wait at each end of a connection, at most.
const BUFFER: usize = 1 << 16;

/// How many bytes travel together, at most.
const LARGEST_PIECE: usize = 1 << 12;

/// How many pieces are on the way in one direction, at most.
const PIECES: usize = 64;

/// How long a node waits for a connection.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection for who listens, and where it comes from.
pub(super) type Incoming = (Stream, SocketAddr);

/// Bytes on the way, and when they arrive.
type Piece = (Instant, Vec<u8>);

/// Who listens where, what is connected, and what is cut off from what.
#[derive(Default)]
pub(super) struct Network {
    listeners: Mutex<BTreeMap<SocketAddr, Listener>>,
    links: Mutex<Links>,
    /// Called when something may pass that could not before. It wakes in the order of waiting, as nothing else of tokio does
    /// that several can wait for.
    opened: Notify,
    wires: Mutex<Vec<Wire>>,
}

struct Listener {
    life: Arc<Life>,
    sender: UnboundedSender<Incoming>,
}

/// A connection.
struct Wire {
    nodes: [NodeId; 2],
    task: AbortHandle,
}

/// The state of the links between nodes.
#[derive(Default)]
struct Links {
    /// How many faults keep bytes from getting from one node to another.
    blocked: BTreeMap<(NodeId, NodeId), usize>,
    /// How much longer it takes from a node.
    slow: BTreeMap<NodeId, Duration>,
}

impl Links {
    fn is_open(&self, from: NodeId, to: NodeId) -> bool {
        self.blocked.get(&(from, to)).is_none_or(|count| *count == 0)
    }
}

impl Network {
    /// Lets nothing pass from any of some nodes to any of others, until it is unblocked as often.
    pub(super) fn block(&self, from: &[NodeId], to: &[NodeId]) {
        self.change(from, to, |count| *count += 1);
    }

    pub(super) fn unblock(&self, from: &[NodeId], to: &[NodeId]) {
        self.change(from, to, |count| *count = count.saturating_sub(1));
    }

    fn change(&self, from: &[NodeId], to: &[NodeId], change: impl Fn(&mut usize)) {
        let links = &mut *self.links.lock();
        let pairs = from.iter().flat_map(|from| to.iter().map(move |to| (*from, *to)));
        pairs.filter(|(from, to)| from != to).for_each(|pair| change(links.blocked.entry(pair).or_default()));
        self.opened.notify_waiters();
    }

    /// What a node sends takes this much longer from now on.
    pub(super) fn slow(&self, from: NodeId, by: Duration) {
        self.links.lock().slow.insert(from, by);
    }

    /// Breaks all connections of a node.
    pub(super) fn cut(&self, node: NodeId) {
        self.wires.lock().retain(|wire| {
            let is_of_it = wire.nodes.contains(&node);
            if is_of_it {
                wire.task.abort();
            }
            !is_of_it && !wire.task.is_finished()
        });
    }

    /// Forgets who listens.
    pub(super) fn close(&self) {
        self.listeners.lock().clear();
    }

    /// Waits until something could pass.
    async fn open(&self, from: NodeId, to: NodeId) {
        loop {
            let mut opened = pin!(self.opened.notified());
            // From here on no call is missed.
            opened.as_mut().enable();
            if self.links.lock().is_open(from, to) {
                return;
            }
            opened.await;
        }
    }

    fn find(&self, at: SocketAddr) -> Option<(Arc<Life>, UnboundedSender<Incoming>)> {
        let listeners = self.listeners.lock();
        let listener =
            listeners.get(&at).filter(|listener| !listener.life.is_over() && !listener.sender.is_closed())?;
        Some((listener.life.clone(), listener.sender.clone()))
    }
}

impl World {
    /// Listens at an address, or at one that is free.
    pub(super) fn listen(
        &self,
        life: Arc<Life>,
        mut at: SocketAddr,
    ) -> io::Result<(SocketAddr, UnboundedReceiver<Incoming>)> {
        let network = self.network();
        if at.port() == 0 {
            let free = (49_152..=u16::MAX).find(|port| network.find(SocketAddr::new(at.ip(), *port)).is_none());
            at.set_port(free.ok_or(io::ErrorKind::AddrInUse)?);
        }
        if network.find(at).is_some() {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        let (sender, receiver) = unbounded_channel();
        network.listeners.lock().insert(at, Listener { life, sender });
        Ok((at, receiver))
    }

    /// Connects a node to who listens at an address.
    pub(super) async fn connect(self, from: Arc<Life>, to: SocketAddr) -> io::Result<Stream> {
        sleep_until(self.arrival(from.node)).await;
        let network = self.network();
        // Where nobody ever listened there is no host to refuse a connection, but nobody waits for that here.
        let node = network.listeners.lock().get(&to).map(|listener| listener.life.node);
        let node = node.ok_or(io::ErrorKind::ConnectionRefused)?;
        let there_and_back = async {
            network.open(from.node, node).await;
            network.open(node, from.node).await;
        };
        timeout(PATIENCE, there_and_back).await.map_err(|_| io::ErrorKind::TimedOut)?;
        let (life, listener) = network.find(to).ok_or(io::ErrorKind::ConnectionRefused)?;
        let ((here, near), (far, there)) = (tokio::io::duplex(BUFFER), tokio::io::duplex(BUFFER));
        let address = SocketAddr::from(([10, 255, 0, from.node.0 as u8], self.port()));
        self.note(|| format!("{} connects to {}", self.name(from.node), self.name(node)));
        listener.send((Stream::new(there), address)).map_err(|_| io::ErrorKind::ConnectionRefused)?;
        let (world, nodes) = (self.clone(), [from.node, node]);
        let task = tokio::spawn(async move { world.wire([from, life], near, far).await }).abort_handle();
        let mut wires = network.wires.lock();
        wires.retain(|wire| !wire.task.is_finished());
        wires.push(Wire { nodes, task });
        Ok(Stream::new(here))
    }

    /// A connection, until both ends are closed, or one of the processes is gone and the other can hear of it.
    async fn wire(&self, [one, other]: [Arc<Life>; 2], near: DuplexStream, far: DuplexStream) {
        let [a, b] = [one.node, other.node];
        let ((from_a, to_a), (from_b, to_b)) = (tokio::io::split(near), tokio::io::split(far));
        let gone = async {
            tokio::select! {
                biased;
                () = async { one.ended().await; self.network().open(a, b).await } => {}
                () = async { other.ended().await; self.network().open(b, a).await } => {}
            }
        };
        tokio::select! {
            biased;
            () = gone => {}
            _ = async { tokio::try_join!(biased; self.carry(a, b, from_a, to_b), self.carry(b, a, from_b, to_a)) } => {}
        }
        self.note(|| format!("a connection of {} and {} ends", self.name(a), self.name(b)));
    }

    /// Carries bytes from one node to another, until one closes its end; fails if the other does not want them.
    async fn carry(
        &self,
        from: NodeId,
        to: NodeId,
        reader: ReadHalf<DuplexStream>,
        writer: WriteHalf<DuplexStream>,
    ) -> io::Result<()> {
        let (sender, receiver) = channel(PIECES);
        tokio::try_join!(biased; self.take(from, reader, sender), self.give(from, to, receiver, writer))?;
        Ok(())
    }

    async fn take(
        &self,
        from: NodeId,
        mut reader: ReadHalf<DuplexStream>,
        on_the_way: Sender<Piece>,
    ) -> io::Result<()> {
        let (mut buffer, mut due) = (vec![0; LARGEST_PIECE], self.start());
        loop {
            let count = reader.read(&mut buffer).await?;
            due = due.max(self.arrival(from));
            if count == 0 || on_the_way.send((due, buffer[..count].to_vec())).await.is_err() {
                return Ok(());
            }
        }
    }

    async fn give(
        &self,
        from: NodeId,
        to: NodeId,
        mut on_the_way: Receiver<Piece>,
        mut writer: WriteHalf<DuplexStream>,
    ) -> io::Result<()> {
        while let Some((due, bytes)) = on_the_way.recv().await {
            sleep_until(due).await;
            self.network().open(from, to).await;
            self.note(|| format!("{} bytes from {} to {}", bytes.len(), self.name(from), self.name(to)));
            writer.write_all(&bytes).await?;
        }
        self.network().open(from, to).await;
        writer.shutdown().await
    }

    /// When something arrives that a node sends now.
    fn arrival(&self, from: NodeId) -> Instant {
        let slow = self.network().links.lock().slow.get(&from).copied().unwrap_or_default();
        Instant::now() + slow + self.latency()
    }
}
