//! The parts of the service, each with sockets of its own.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context, Result};
use mpcal_runtime::resource::{
    FailureDetector, FailureDetectorConfig, Family, MailboxConfig, Mailboxes, Monitor, Output, Shared,
};
use mpcal_runtime::Node;
use tokio::net::TcpListener;

use crate::model::{
    self, BackendParameters, ClientParameters, Constants, Detector, Link, Message, Relay, RelayParameters, Told,
    ToldRecord, BACK, FRONT,
};

/// TCP loses nothing while both sides live, and keeps the order of each sender.
impl Link for Mailboxes<i64, Message> {}

/// Heartbeats find every crash, and may be wrong about who lives.
impl Detector for FailureDetector<i64> {}

/// The application is told of each answer.
impl Told for Output<ToldRecord> {}

/// What every process of the service knows.
pub struct Cluster {
    /// The constants of the model.
    pub constants: Arc<Constants>,
    inboxes: BTreeMap<i64, SocketAddr>,
    /// Where a back-end says that it is alive.
    monitors: BTreeMap<i64, SocketAddr>,
}

/// A running back-end. Dropping it closes its sockets, as a crash does.
pub struct Backend {
    /// What runs.
    pub node: Node,
    _monitor: Monitor,
}

impl Cluster {
    /// Everyone listens on a port of this machine.
    pub fn new(constants: Constants, base_port: u16) -> Result<Self> {
        constants.check()?;
        let mut addresses = (base_port..).map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let last = 1 + constants.num_backends + constants.num_clients;
        let mut inboxes: BTreeMap<i64, SocketAddr> = (0..=last).zip(addresses.by_ref()).collect();
        // The relay has both its inboxes behind one listener.
        inboxes.insert(BACK, inboxes[&FRONT]);
        let monitors = constants.backends()?.iter().copied().zip(addresses).collect();
        Ok(Self { constants: Arc::new(constants), inboxes, monitors })
    }

    /// Starts the relay.
    pub async fn relay(&self) -> Result<Node> {
        let mut node = Node::new();
        let network = self.open(&[FRONT, BACK]).await?;
        let suspected = FailureDetector::watch(&self.monitors, FailureDetectorConfig::default());
        node.spawn(Relay::new(FRONT, &self.constants, RelayParameters { network, suspected })?);
        Ok(node)
    }

    /// Starts a back-end.
    pub async fn backend(&self, id: i64) -> Result<Backend> {
        let mut node = Node::new();
        let network = self.open(&[id]).await?;
        let crashed: Family<i64, Shared<bool>> = [(id, Shared::new(false))].into_iter().collect();
        node.spawn(model::Backend::new(id, &self.constants, BackendParameters { network, crashed })?);
        let monitor = Monitor::serve(listen(self.monitors[&id]).await?, FailureDetectorConfig::default());
        Ok(Backend { node, _monitor: monitor })
    }

    /// Starts a client in a node.
    pub async fn client(&self, node: &mut Node, id: i64, told: Output<ToldRecord>) -> Result<()> {
        let network = self.open(&[id]).await?;
        let rounds = self.constants.rounds;
        node.spawn(model::Client::new(id, &self.constants, ClientParameters { network, told, rounds })?);
        Ok(())
    }

    /// Makes a node say when it is ready.
    pub fn say_when_ready(&self, node: &mut Node, id: i64) {
        let ready = format!("process {id} is ready on {}\n", self.inboxes[&id]);
        node.when_ready(move || eprint!("{ready}"));
    }

    /// Opens inboxes of one process.
    async fn open(&self, local: &[i64]) -> Result<Mailboxes<i64, Message>> {
        let listener = listen(self.inboxes[&local[0]]).await?;
        let config = MailboxConfig { model: self.constants.identity(), ..MailboxConfig::default() };
        Ok(Mailboxes::open(Some(listener), local.iter().copied(), &self.inboxes, &config)?)
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener> {
    let listening = TcpListener::bind(address).await;
    listening.with_context(|| format!("cannot listen on {address}, see --base-port"))
}
