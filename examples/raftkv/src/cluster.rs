//! Servers: what each is told, and how one starts.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{ensure, Context, Result};
use mpcal_runtime::host::Listener;
use mpcal_runtime::resource::{
    input, output, Batched, Delivery, Dummy, Durable, DurableLog, Each, Family, Input, InputSender, MailboxConfig,
    Mailboxes, Output, Secret, Shared, Ticker, Timer,
};
use mpcal_runtime::value::Function;
use mpcal_runtime::wal::{Wal, WalConfig};
use mpcal_runtime::Node;

use crate::door::{Door, Service};
use crate::model::{
    self, Constants, Inbox, InboxRead as Message, Log, Post, Queued, ReplyRecord, Request, ServerParameters, Snapshot,
    Sometimes, Told, Wanted, Wish, NOBODY,
};
use crate::wire::{Status, Welcome};

/// Links of TCP keep the order of each sender; a message to a server that is away is lost.
impl Inbox for Mailboxes<i64, Message> {}

/// A message for each of some servers.
impl Post for Each<Mailboxes<i64, Message>> {}

/// Requests pile up while a server works, and are taken together.
impl Queued for Family<i64, Batched<Input<Request>>> {}

/// The answers of a step go to the door together.
impl Told for Output<Function<i64, ReplyRecord>> {}

/// An operator wants the leader to hand over.
impl Sometimes for Input<bool> {}

/// An operator wants a server to come or go.
impl Wanted for Input<Wish> {}

/// Heartbeats are due again and again.
impl Sometimes for Ticker {}

/// A server does not crash by itself: that its process dies is what the model means.
impl Sometimes for Dummy<(), bool> {}

const HEARTBEAT: Duration = Duration::from_millis(50);
const ELECTION: std::ops::Range<Duration> = Duration::from_millis(200)..Duration::from_millis(400);
/// Most requests that a step takes.
const MOST_REQUESTS: usize = 256;
/// Most requests that wait.
const MAX_REQUESTS: usize = 4096;
/// Most steps whose answers wait for the disk.
const MAX_ANSWERS: usize = 1024;

/// What every server knows.
pub struct Cluster {
    /// Those of the model.
    pub constants: Constants,
    /// The directory with a directory for each server.
    pub data: PathBuf,
    /// Where each server listens for the others, and for clients.
    pub servers: BTreeMap<i64, (SocketAddr, SocketAddr)>,
    /// What servers and clients must know.
    pub secret: Option<Secret>,
    /// Where the addresses are from, for errors.
    pub source: String,
}

/// A server that runs as long as this is there. Dropping it closes its sockets and its log as they are, as a crash does.
pub struct Server {
    node: Node,
    /// What can be asked of it and seen of it.
    pub handle: Handle,
    _door: Door,
}

impl Server {
    /// Its archetype, to be waited for.
    pub fn node(&mut self) -> &mut Node {
        &mut self.node
    }
}

/// What can be asked of a server, and seen of it, while it lives.
#[derive(Clone)]
pub struct Handle {
    /// Which one.
    pub id: i64,
    /// Makes it hand over, if it leads.
    pub transfer: InputSender<bool>,
    /// Has a server leave or join, if it leads.
    pub change: InputSender<Wish>,
    leader: Shared<i64>,
    term: Durable<i64>,
    log: DurableLog<Log>,
    snapshot: Durable<Snapshot>,
}

impl Handle {
    /// Who leads, as far as this server knows.
    #[must_use]
    pub fn leader(&self) -> Option<i64> {
        Some(self.leader.load()).filter(|leader| *leader != NOBODY)
    }

    /// The term that it is in.
    #[must_use]
    pub fn term(&self) -> i64 {
        self.term.load()
    }

    /// All that is known of it. Parts of it may be of different moments.
    #[must_use]
    pub fn status(&self) -> Status {
        let (log, snapshot) = (self.log.load(), self.snapshot.load());
        let members = log.iter().last().map_or(&snapshot.members, |entry| &entry.members);
        Status {
            server: self.id,
            leader: self.leader(),
            term: self.term(),
            last: snapshot.index + log.len() as i64,
            snapshot: snapshot.index,
            members: members.iter().copied().collect::<BTreeSet<_>>(),
        }
    }
}

impl Cluster {
    /// Where each server listens for clients.
    #[must_use]
    pub fn clients(&self) -> BTreeMap<i64, SocketAddr> {
        self.servers.iter().map(|(id, (_, clients))| (*id, *clients)).collect()
    }

    /// Where a server has what it keeps.
    #[must_use]
    pub fn directory(&self, id: i64) -> PathBuf {
        self.data.join(format!("server-{id}"))
    }

    /// Starts a server with what it has on disk.
    ///
    /// # Errors
    /// If its addresses or its log cannot be used, for instance because it runs already or its directory does not exist.
    pub async fn server(&self, id: i64) -> Result<Server> {
        self.constants.check()?;
        ensure!(self.servers.contains_key(&id), "there is no server {id}, see {}", self.source);
        let (peers, clients) = self.servers[&id];
        let constants = Arc::new(self.constants.clone());
        let wal = self.directory(id).join("log");
        let wal = Wal::open(&wal, &WalConfig::default()).with_context(|| format!("cannot open {}", wal.display()))?;
        let config = MailboxConfig {
            delivery: Delivery::Relaxed,
            model: constants.identity(),
            // A snapshot is one message.
            max_frame: 256 << 20,
            secret: self.secret.clone(),
            ..MailboxConfig::default()
        };
        let addresses = self.servers.iter().map(|(id, (peers, _))| (*id, *peers)).collect();
        let inbox = Mailboxes::open(Some(self.listen(peers).await?), [id], &addresses, &config)?;
        let (leader, term) = (Shared::new(NOBODY), Durable::new(&wal, "term", 0)?);
        let (log, snapshot) =
            (DurableLog::new(&wal, "log")?, Durable::new(&wal, "snapshot", constants.no_snapshot()?)?);
        let (requests, wanted) = input(MAX_REQUESTS);
        let (answer, answers) = output(MAX_ANSWERS);
        let (transfer, transfers) = input(1);
        let (change, changes) = input(1);
        let parameters = ServerParameters {
            send: Each(inbox.clone()),
            inbox,
            requests: Family::from_iter([(id, Batched::new(wanted, MOST_REQUESTS))]),
            answer,
            election: Timer::random(ELECTION).running(),
            heartbeat: Ticker::every(HEARTBEAT, 1),
            change: changes,
            transfer: transfers,
            crash: Dummy::new(false),
            leader: leader.clone(),
            term: term.clone(),
            vote: Durable::new(&wal, "vote", NOBODY)?,
            log: log.clone(),
            snapshot: snapshot.clone(),
        };
        let mut node = Node::new();
        node.stop_with(&wal);
        node.spawn(model::Server::new(id, &constants, parameters)?);
        let handle = Handle { id, transfer, change, leader, term, log, snapshot };
        let welcome = Welcome { server: id, servers: self.clients() };
        let service = Service { requests, handle: handle.clone(), secret: self.secret.clone(), welcome };
        let _door = Door::open(self.listen(clients).await?, service, answers);
        Ok(Server { node, handle, _door })
    }

    async fn listen(&self, address: SocketAddr) -> Result<Listener> {
        let listening = Listener::bind(address).await;
        listening.with_context(|| format!("cannot listen on {address}, see {}", self.source))
    }
}
