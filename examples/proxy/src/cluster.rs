//! The parts of the service, each with sockets of its own.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use mpcal_runtime::resource::{
    output, FailureDetector, FailureDetectorConfig, Family, MailboxConfig, Mailboxes, Monitor, Output, OutputReceiver,
    Shared,
};
use mpcal_runtime::Node;
use tokio::net::TcpListener;

use crate::model::{self, Constants, Detector, Link, Message, Relay, RelayParameters, Told, ToldRecord, BACK, FRONT};

/// TCP loses nothing while both sides live, and keeps the order of each sender.
impl Link for Mailboxes<i64, Message> {}

/// Heartbeats find every crash, and may be wrong about who lives.
impl Detector for FailureDetector<i64> {}

/// The application is told of each answer.
impl Told for Output<ToldRecord> {}

type Links = Mailboxes<i64, Message>;

/// Who listens where.
pub struct Cluster {
    /// The constants of the model.
    pub constants: Arc<Constants>,
    base_port: Option<u16>,
    listeners: BTreeMap<i64, (TcpListener, TcpListener)>,
    inboxes: BTreeMap<i64, SocketAddr>,
    monitors: BTreeMap<i64, SocketAddr>,
}

impl Cluster {
    /// Nobody listens yet; with a base port it is known where everyone will.
    pub fn new(constants: Arc<Constants>, base_port: Option<u16>) -> Self {
        let mut cluster = Self {
            constants,
            base_port,
            listeners: BTreeMap::new(),
            inboxes: BTreeMap::new(),
            monitors: BTreeMap::new(),
        };
        if base_port.is_some() {
            let last = 1 + cluster.constants.num_backends + cluster.constants.num_clients;
            for id in 0..=last {
                // Both inboxes of the relay are behind one listener.
                let place = if id == BACK { FRONT } else { id };
                cluster.inboxes.insert(id, cluster.address(place));
                cluster.monitors.insert(id, cluster.address(place + 100));
            }
        }
        cluster
    }

    fn address(&self, offset: i64) -> SocketAddr {
        let port = self.base_port.map_or(0, |p| p.saturating_add(u16::try_from(offset).unwrap_or(u16::MAX)));
        SocketAddr::from((Ipv4Addr::LOCALHOST, port))
    }

    /// Opens the listeners of an inbox and of its monitor.
    pub async fn listen(&mut self, id: i64) -> std::io::Result<()> {
        if id == BACK {
            let front = self.inboxes[&FRONT];
            self.inboxes.insert(BACK, front);
            return Ok(());
        }
        let inbox = TcpListener::bind(self.address(id)).await?;
        let monitor = TcpListener::bind(self.address(id + 100)).await?;
        self.inboxes.insert(id, inbox.local_addr()?);
        self.monitors.insert(id, monitor.local_addr()?);
        self.listeners.insert(id, (inbox, monitor));
        Ok(())
    }

    fn open(&mut self, id: i64, local: &[i64]) -> Result<(Links, Monitor), Box<dyn Error>> {
        let (inbox, monitor) = self.listeners.remove(&id).ok_or("nobody listens there")?;
        let config = MailboxConfig { model: model::MODEL_HASH, ..MailboxConfig::default() };
        let links = Mailboxes::open(Some(inbox), local.iter().copied(), &self.inboxes, &config)?;
        Ok((links, Monitor::serve(monitor, FailureDetectorConfig::default())))
    }

    /// Starts the relay.
    pub fn relay(&mut self, node: &mut Node) -> Result<Links, Box<dyn Error>> {
        let (links, _) = self.open(FRONT, &[FRONT, BACK])?;
        let detector = FailureDetector::watch(&self.monitors, FailureDetectorConfig::default());
        node.spawn(Relay::new(
            FRONT,
            &self.constants,
            RelayParameters { network: links.clone(), suspected: detector },
        )?);
        Ok(links)
    }

    /// Starts a back-end.
    pub fn backend(&mut self, id: i64) -> Result<Backend, Box<dyn Error>> {
        let (links, monitor) = self.open(id, &[id])?;
        let crashed: Family<i64, Shared<bool>> = [(id, Shared::new(false))].into_iter().collect();
        let mut node = Node::new();
        node.spawn(model::Backend::new(
            id,
            &self.constants,
            model::BackendParameters { network: links.clone(), crashed },
        )?);
        Ok(Backend { id, node, _links: links, _monitor: monitor })
    }

    /// Starts a client.
    pub fn client(&mut self, id: i64, clients: &mut Clients) -> Result<(), Box<dyn Error>> {
        let (links, _) = self.open(id, &[id])?;
        let rounds = self.constants.rounds;
        let told = clients.told.clone();
        let parameters = model::ClientParameters { network: links.clone(), told, rounds };
        clients.node.spawn(model::Client::new(id, &self.constants, parameters)?);
        clients.links.push(links);
        Ok(())
    }
}

/// A running back-end; dropping it closes its sockets, as a crash does.
pub struct Backend {
    /// Its identifier.
    pub id: i64,
    /// What runs.
    pub node: Node,
    _links: Links,
    _monitor: Monitor,
}

/// The running clients, and what they were told.
pub struct Clients {
    node: Node,
    links: Vec<Links>,
    told: Output<ToldRecord>,
    answers: OutputReceiver<ToldRecord>,
    summary: Summary,
}

/// How often each back-end answered.
#[derive(Default)]
pub struct Summary {
    by: BTreeMap<i64, i64>,
    /// Requests that no back-end answered.
    pub refused: i64,
}

impl Summary {
    /// Requests that some back-end answered.
    pub fn answered(&self) -> i64 {
        self.by.values().sum()
    }

    fn add(&mut self, told: &ToldRecord) {
        if told.ok {
            *self.by.entry(told.by).or_default() += 1;
        } else {
            self.refused += 1;
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (id, count) in &self.by {
            write!(f, "back-end {id} answered {count}, ")?;
        }
        write!(f, "service down {}", self.refused)
    }
}

impl Clients {
    /// No client yet.
    pub fn new() -> Self {
        let (told, answers) = output(16);
        Self { node: Node::new(), links: Vec::new(), told, answers, summary: Summary::default() }
    }

    /// Waits for so many answers; says who gave most of them.
    pub async fn watch_until(&mut self, count: i64) -> i64 {
        while self.summary.answered() + self.summary.refused < count {
            let told = self.answers.receive().await;
            self.summary.add(&told);
        }
        self.summary.by.iter().max_by_key(|(_, count)| **count).map_or(0, |(id, _)| *id)
    }

    /// Waits for all clients to finish.
    pub async fn finish(mut self, signal: impl Future<Output = ()>) -> Result<Summary, Box<dyn Error>> {
        let answers = self.answers.clone();
        let summary = &mut self.summary;
        let collect = async {
            loop {
                summary.add(&answers.receive().await);
            }
        };
        tokio::select! {
            ended = self.node.join_until(signal) => drop(ended?),
            () = collect => {}
        }
        while let Some(told) = self.answers.try_receive() {
            self.summary.add(&told);
        }
        Ok(self.summary)
    }
}
