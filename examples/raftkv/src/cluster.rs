//! Servers and clients, each with sockets of its own.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use mpcal_runtime::host::Listener;
use mpcal_runtime::resource::{
    input, output, Batched, Delivery, Dummy, Durable, DurableLog, Each, Input, InputSender, MailboxConfig, Mailboxes,
    Output, OutputReceiver, Shared, Ticker, Timer,
};
use mpcal_runtime::wal::{Wal, WalConfig};
use mpcal_runtime::Node;

use crate::model::{
    Answered, Asked, Client, ClientParameters, Command, Constants, Inbox, InboxRead as Message, Outcome, Post, Queued,
    Reply, ReplyRecord, Request, Server, ServerParameters, Sometimes, Told, Wanted, NOBODY,
};

/// Links of TCP keep the order of each sender; a message to a server that is away is lost.
impl Inbox for Mailboxes<i64, Message> {}

/// A message for each of some servers.
impl Post for Each<Mailboxes<i64, Message>> {}

/// Requests pile up while a server works, and are taken together.
impl Queued for Batched<Mailboxes<i64, Request>> {}

/// An answer for each of some clients.
impl Told for Each<Mailboxes<i64, ReplyRecord>> {}

/// One answer after another.
impl Reply for Mailboxes<i64, ReplyRecord> {}

/// A time-out passes some time after it was started.
impl Sometimes for Timer {}

/// An operator wants the leader to hand over.
impl Sometimes for Input<bool> {}

/// An operator wants a server to come or go.
impl Wanted for Input<i64> {}

/// Heartbeats are due again and again.
impl Sometimes for Ticker {}

/// A server does not crash by itself: that its process dies is what the model means.
impl Sometimes for Dummy<(), bool> {}

/// What the application wants next.
impl Asked for Input<Command> {}

/// What the application is told.
impl Answered for Output<Outcome> {}

const HEARTBEAT: Duration = Duration::from_millis(50);
const ELECTION: std::ops::Range<Duration> = Duration::from_millis(200)..Duration::from_millis(400);
const PATIENCE: std::ops::Range<Duration> = Duration::from_millis(300)..Duration::from_millis(500);
/// Most requests that a step takes.
const MOST_REQUESTS: usize = 256;

/// What every process of the service knows.
pub struct Cluster {
    constants: Arc<Constants>,
    data: PathBuf,
    servers: BTreeMap<i64, SocketAddr>,
    requests: BTreeMap<i64, SocketAddr>,
    replies: BTreeMap<i64, SocketAddr>,
}

/// What can be asked of a server, and seen of it, while it lives.
#[derive(Clone)]
pub struct Handle {
    /// Makes it hand over, if it leads.
    pub transfer: InputSender<bool>,
    /// Has a server leave or join, if it leads.
    pub change: InputSender<i64>,
    leader: Shared<i64>,
    term: Durable<i64>,
}

impl Handle {
    /// Who leads, as far as this server knows.
    pub fn leader(&self) -> Option<i64> {
        Some(self.leader.load()).filter(|leader| *leader != NOBODY)
    }

    /// The term that it is in.
    pub fn term(&self) -> i64 {
        self.term.load()
    }
}

/// The application's side of a client.
pub struct Connection {
    commands: InputSender<Command>,
    outcomes: OutputReceiver<Outcome>,
}

impl Connection {
    /// Has a command carried out, however often the service must be asked.
    pub async fn call(&self, command: Command) -> Outcome {
        self.commands.send(command).await;
        self.outcomes.receive().await
    }
}

impl Cluster {
    /// Everyone listens on ports of this machine.
    pub fn local(constants: Constants, data: PathBuf, base_port: u16) -> Result<Self> {
        Self::new(constants, data, (base_port..).map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port))))
    }

    /// Each server listens at two of these addresses, and each client at one.
    pub fn new(constants: Constants, data: PathBuf, mut addresses: impl Iterator<Item = SocketAddr>) -> Result<Self> {
        constants.check()?;
        let mut book = |of: &[i64]| of.iter().copied().zip(addresses.by_ref()).collect();
        let servers: Vec<i64> = constants.servers()?.iter().copied().collect();
        let clients: Vec<i64> = constants.clients()?.iter().copied().collect();
        let (servers, requests, replies) = (book(&servers), book(&servers), book(&clients));
        Ok(Self { constants: Arc::new(constants), data, servers, requests, replies })
    }

    /// The servers.
    pub fn servers(&self) -> impl Iterator<Item = i64> + '_ {
        self.servers.keys().copied()
    }

    /// The clients.
    pub fn clients(&self) -> impl Iterator<Item = i64> + '_ {
        self.replies.keys().copied()
    }

    /// A server with what it has on disk. Dropping the node closes its sockets and its log as they are, as a crash does.
    pub async fn server(&self, id: i64) -> Result<(Node, Handle)> {
        let wal = Wal::open(self.data.join(format!("server-{id}.wal")), &WalConfig::default())?;
        let inbox = open(Some(id), &self.servers, &self.config()).await?;
        let requests = open(Some(id), &self.requests, &self.config()).await?;
        let answer = open(None, &self.replies, &self.config()).await?;
        let (leader, term) = (Shared::new(NOBODY), Durable::new(&wal, "term", 0)?);
        let (transfer, transfers) = input(1);
        let (change, changes) = input(1);
        let parameters = ServerParameters {
            send: Each(inbox.clone()),
            inbox,
            requests: Batched::new(requests, MOST_REQUESTS),
            answer: Each(answer),
            election: Timer::random(ELECTION).running(),
            heartbeat: Ticker::every(HEARTBEAT, 1),
            change: changes,
            transfer: transfers,
            crash: Dummy::new(false),
            leader: leader.clone(),
            term: term.clone(),
            vote: Durable::new(&wal, "vote", NOBODY)?,
            log: DurableLog::new(&wal, "log")?,
            snapshot: Durable::new(&wal, "snapshot", self.constants.no_snapshot()?)?,
        };
        let mut node = Node::new();
        node.stop_with(&wal);
        node.spawn(Server::new(id, &self.constants, parameters)?);
        Ok((node, Handle { transfer, change, leader, term }))
    }

    /// Starts a client in a node.
    pub async fn client(&self, node: &mut Node, id: i64) -> Result<Connection> {
        let (commands, wish) = input(1);
        let (outcome, outcomes) = output(1);
        let parameters = ClientParameters {
            wish,
            requests: Batched::new(open(None, &self.requests, &self.config()).await?, 1),
            replies: open(Some(id), &self.replies, &self.config()).await?,
            patience: Timer::random(PATIENCE),
            outcome,
        };
        node.spawn(Client::new(id, &self.constants, parameters)?);
        Ok(Connection { commands, outcomes })
    }

    fn config(&self) -> MailboxConfig {
        MailboxConfig {
            delivery: Delivery::Relaxed,
            model: self.constants.identity(),
            max_frame: 16 << 20,
            ..MailboxConfig::default()
        }
    }
}

/// Opens the mailbox of one process, or none and only sends.
async fn open<M: mpcal_runtime::resource::Message>(
    local: Option<i64>,
    addresses: &BTreeMap<i64, SocketAddr>,
    config: &MailboxConfig,
) -> Result<Mailboxes<i64, M>> {
    let listener = match local {
        None => None,
        Some(id) => {
            let address = addresses[&id];
            let listening = Listener::bind(address).await;
            Some(listening.with_context(|| format!("cannot listen on {address}, see --base-port"))?)
        }
    };
    Ok(Mailboxes::open(listener, local, addresses, config)?)
}
