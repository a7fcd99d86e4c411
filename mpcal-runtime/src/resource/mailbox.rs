//! Mailboxes over TCP: each index is an inbox on some node, messages of one sender stay in order.
//!
//! Class: volatile for the inbox, external for what leaves the node.
//!
//! Stands for: *reliable*, a mapping macro that reads by `await Len($variable) > 0` and taking the head, and
//! writes by appending, where the order of *different* senders is that of arrival. *Relaxed*, one whose
//! write may also leave the message out.
//!
//! Promises, reliable: a committed message is delivered once, and in order per sender, while both processes
//! live, whatever happens to the connection between them. It leaves when what its section depends on is
//! durable, and is acknowledged when a section of the receiver has taken it and what came of that is
//! durable; until then the sender keeps it. So when the *receiver* dies, what it had not taken comes again
//! once it is back; what it had taken in its last moments may come twice, and a model that lets a node crash
//! must expect that. What the *sender* has not got acknowledged is lost with it. A full outbox makes `write`
//! blocked.
//!
//! Promises, durable ([`Mailboxes::durable`]): once, and in order per sender, also if either process dies, or both, and
//! comes back with its log. What a section sends is in its record until it is acknowledged, and what it takes is in its
//! record as the sender and the number of the message, which is acknowledged when that is on disk. A sender that comes
//! back goes on after what the receiver says that it has. Each process with a log has the next epoch: one with an
//! older epoch, or with an old copy of the log, is refused. So are mailboxes that are not durable. Assumes: one log per
//! node, which is not lost. A model has a variable that the crash leaves alone for them. How many messages wait may be
//! seen to become fewer in a crash: those of others have to arrive again. A migration of the log is asked for messages as
//! [`Part::Result`](crate::wal::Part::Result), and must leave everything else under the name as it is.
//!
//! Promises, relaxed: a message is delivered at most once, in order per sender, and `write` never blocks:
//! while the receiver cannot be reached, or its inbox or the outbox is full, messages are lost.
//!
//! Between two nodes there is one connection, in both directions if it comes from the address that the
//! address book has for the other node. It is made when there is something to send, and made again, with
//! longer and longer pauses, when it breaks; who is silent for three heartbeats is considered dead. Mailboxes
//! of one process are reached without a socket.
//!
//! A malformed or oversized frame, a silent or foreign peer costs its connection and a line in the
//! log, never the process. With a [`secret`](MailboxConfig::secret) both sides prove that they know it
//! before anything else is said; the messages themselves are neither hidden nor protected by that: for
//! this there is TLS, with the feature `tls`.

mod bell;
mod connection;
mod endpoint;
mod handshake;
mod incarnations;
pub(super) mod kept;
mod outbox;
mod session;
mod strangers;
#[cfg(feature = "tls")]
mod tls;
mod transport;
mod wire;

#[cfg(feature = "tls")]
pub use self::tls::Tls;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::AtomicUsize;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use self::bell::Bell;
use self::endpoint::Endpoint;
use self::incarnations::Incarnations;
use self::kept::Log;
use self::outbox::{Outbox, Peer};
use super::queue::Queue;
use super::secret::Secret;
use crate::error::{Abort, Error, Step};
use crate::host::{self, Listener};
use crate::identity::Identity;
use crate::mapping::{Class, MappingMacro};
use crate::measure;
use crate::section::Section;
use crate::value::{Data, EvalError};
use crate::wal::{Marks, Wal};

/// What mailboxes promise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Delivery {
    /// Once, and in order per sender, while both processes live.
    #[default]
    Reliable,
    /// At most once; a write never blocks.
    Relaxed,
    /// Once, and in order per sender, also if processes die and come back with their logs.
    Durable,
}

impl Delivery {
    fn is_reliable(self) -> bool {
        self != Self::Relaxed
    }
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reliable => "reliable",
            Self::Relaxed => "relaxed",
            Self::Durable => "durable",
        })
    }
}

/// What is adjustable about mailboxes.
#[derive(Clone, Debug)]
pub struct MailboxConfig {
    /// What mailboxes promise; the same on all nodes. [`Mailboxes::durable`] makes durable ones. Default: reliable.
    pub delivery: Delivery,
    /// Most messages of one sender that an inbox holds, or of one process in all if they are local. A sender
    /// whose messages are not taken waits. Default 1024.
    pub inbox_capacity: usize,
    /// Most messages that wait for one receiver to take them. It tells of them when it has taken a quarter of these
    /// or of its inbox, or 32, and at the latest after 5 ms; so small ones cost more acknowledgements. Default 1024.
    pub outbox_capacity: usize,
    /// Most messages from other nodes in all inboxes. A node that sends more is disconnected and tries again
    /// later. Default 65,536.
    pub max_messages: usize,
    /// Largest frame, in bytes. A message that is larger here, or at its receiver, is an error of the section that
    /// sends it. Default 1 MiB.
    pub max_frame: usize,
    /// Most connections accepted at a time; besides there are those that have not introduced themselves: at most 256
    /// from each address of the address book, and 256 from all others, 64 from one. One more drives out another, by
    /// lot. Default 1024.
    pub max_connections: usize,
    /// How long a new connection may take to introduce itself. Default 5 s.
    pub handshake_timeout: Duration,
    /// The time after which a connection that sent nothing sends a heartbeat. Default 5 s.
    pub heartbeat: Duration,
    /// The first pause before connecting again; it doubles up to 64 times that. Default 20 ms.
    pub reconnect_after: Duration,
    /// The model this node runs, with its constants: `identity` of generated `Constants`.
    pub model: Identity,
    /// Hashes of other models that may talk to this one, whatever their constants.
    pub compatible: Vec<u64>,
    /// What both sides must know. Default: nothing, everybody may connect.
    pub secret: Option<Secret>,
    /// Encrypts connections, and lets in who has a certificate. Default: none.
    #[cfg(feature = "tls")]
    pub tls: Option<Tls>,
}

impl Default for MailboxConfig {
    fn default() -> Self {
        Self {
            delivery: Delivery::Reliable,
            inbox_capacity: 1024,
            outbox_capacity: 1024,
            max_messages: 1 << 16,
            max_frame: 1 << 20,
            max_connections: 1024,
            handshake_timeout: Duration::from_secs(5),
            heartbeat: Duration::from_secs(5),
            reconnect_after: Duration::from_millis(20),
            model: Identity::default(),
            compatible: Vec::new(),
            secret: None,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }
}

/// What can be sent: anything that serializes.
pub trait Message: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {}

impl<T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static> Message for T {}

/// Mailboxes indexed by `K` that carry `M`. Clones are the same mailboxes.
pub struct Mailboxes<K: Data, M: Message> {
    inner: Arc<Inner<K, M>>,
}

impl<K: Data, M: Message> Clone for Mailboxes<K, M> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone() }
    }
}

struct Inner<K: Data, M: Message> {
    inboxes: BTreeMap<K, Arc<Queue<M>>>,
    outboxes: BTreeMap<K, Arc<Outbox<M>>>,
    address: Option<SocketAddr>,
    delivery: Delivery,
    /// Dropping them ends every task.
    _tasks: Mutex<JoinSet<()>>,
}

impl<K: Data, M: Message> Mailboxes<K, M> {
    /// Opens the inboxes of `local` behind a listener, and an outbox to every other address.
    ///
    /// # Errors
    /// If the address of the listener cannot be read, or the mailboxes should be durable, which these are not.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn open(
        listener: Option<impl Into<Listener>>,
        local: impl IntoIterator<Item = K>,
        addresses: &BTreeMap<K, SocketAddr>,
        config: &MailboxConfig,
    ) -> io::Result<Self> {
        if config.delivery == Delivery::Durable {
            let what = "durable mailboxes need a log: open them with `Mailboxes::durable`";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        }
        Self::start(listener.map(Into::into), local, addresses, config.clone(), None)
    }

    /// As [`open`](Self::open), durable: what is sent and what is taken is in a log, under names that begin with this one.
    /// The other nodes must have durable ones, too.
    ///
    /// # Errors
    /// If the log has something else under these names, or messages of another type, or as for [`open`](Self::open).
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn durable(
        listener: Option<impl Into<Listener>>,
        local: impl IntoIterator<Item = K>,
        addresses: &BTreeMap<K, SocketAddr>,
        config: &MailboxConfig,
        wal: &Wal,
        name: &str,
    ) -> io::Result<Self> {
        let config = MailboxConfig { delivery: Delivery::Durable, ..config.clone() };
        let log = Log { wal: wal.clone(), name: name.to_owned() };
        Self::start(listener.map(Into::into), local, addresses, config, Some(&log))
    }

    fn start(
        listener: Option<Listener>,
        local: impl IntoIterator<Item = K>,
        addresses: &BTreeMap<K, SocketAddr>,
        config: MailboxConfig,
        log: Option<&Log>,
    ) -> io::Result<Self> {
        let delivery = config.delivery;
        let incarnations = log.map(Incarnations::next).transpose()?;
        let local: BTreeSet<K> = local.into_iter().collect();
        let mut by_address: BTreeMap<SocketAddr, Vec<&K>> = BTreeMap::new();
        for (index, address) in addresses.iter().filter(|(index, _)| !local.contains(index)) {
            by_address.entry(*address).or_default().push(index);
        }
        let mut outboxes = BTreeMap::new();
        let mut peers = Vec::new();
        for (address, indices) in by_address {
            let bell = Arc::new(Bell::new(indices.len()));
            let mut peer = Peer { address, outboxes: Vec::new(), bell, turn: Arc::default() };
            for (place, index) in (0u32..).zip(indices) {
                let outbox = Self::outbox(index, &config, &peer.bell, place, log)?;
                peer.outboxes.push((wire::encode(index), outbox.clone()));
                outboxes.insert(index.clone(), outbox);
            }
            peers.push(Arc::new(peer));
        }
        let inbox = |index: K| Self::inbox_of(&index, &config, log).map(|inbox| (index, inbox));
        let inboxes: BTreeMap<K, Arc<Queue<M>>> = local.into_iter().map(inbox).collect::<io::Result<_>>()?;
        let endpoint = Arc::new(Endpoint {
            session: crate::host::unique()?,
            inboxes: inboxes.iter().map(|(index, inbox)| (wire::encode(index), inbox.clone())).collect(),
            peers,
            sessions: Mutex::default(),
            incarnations,
            held: Arc::default(),
            accepted: AtomicUsize::new(0),
            said: Mutex::default(),
            config,
        });
        endpoint.check_size()?;
        let mut tasks = JoinSet::new();
        for peer in &endpoint.peers {
            tasks.spawn(host::task(endpoint.clone().connect(peer.clone())));
        }
        let address = listener.as_ref().map(Listener::local_addr).transpose()?;
        if let Some(listener) = listener {
            tasks.spawn(host::task(endpoint.listen(listener)));
        }
        Ok(Self { inner: Arc::new(Inner { inboxes, outboxes, address, delivery, _tasks: Mutex::new(tasks) }) })
    }

    fn outbox(
        index: &K,
        config: &MailboxConfig,
        bell: &Arc<Bell>,
        place: u32,
        log: Option<&Log>,
    ) -> io::Result<Arc<Outbox<M>>> {
        let name = index.to_value().to_string();
        match log {
            None => Ok(Arc::new(Outbox::new(config, bell, place, name))),
            Some(log) => log.claim(&format!("to {name}"), |kept, found| {
                Ok(Outbox::kept(config, bell, place, name.clone(), Some(kept), found))
            }),
        }
    }

    fn inbox_of(index: &K, config: &MailboxConfig, log: Option<&Log>) -> io::Result<Arc<Queue<M>>> {
        let name = index.to_value().to_string();
        let (capacity, length) = (config.inbox_capacity, measure::inbox(name.clone()));
        match log {
            None => Ok(Arc::new(Queue::measured(capacity, length))),
            Some(log) => log.claim(&format!("at {name}"), |kept, found| {
                let decoded = found.messages.into_iter().map(|bytes| wire::decode(&bytes).map(|m| (m, bytes)));
                let other =
                    || io::Error::new(io::ErrorKind::InvalidData, format!("mailbox {name} holds other messages"));
                let messages: Vec<(M, _)> = decoded.collect::<Option<_>>().ok_or_else(other)?;
                Ok(Queue::kept(capacity, length, Some(kept), found.taken, messages))
            }),
        }
    }

    /// Mailboxes that all live in this node: no socket is opened. They are volatile.
    #[must_use]
    pub fn local(indices: impl IntoIterator<Item = K>, config: &MailboxConfig) -> Self {
        let inboxes = indices.into_iter().map(|k| (k, Arc::new(Queue::new(config.inbox_capacity)))).collect();
        let delivery = if config.delivery.is_reliable() { Delivery::Reliable } else { Delivery::Relaxed };
        let _tasks = Mutex::new(JoinSet::new());
        Self { inner: Arc::new(Inner { inboxes, outboxes: BTreeMap::new(), address: None, delivery, _tasks }) }
    }

    /// Where this node listens.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.inner.address
    }

    /// The lengths of the inboxes, as a resource of their own.
    #[must_use]
    pub fn lengths(&self) -> MailboxLengths<K, M> {
        MailboxLengths(self.clone())
    }

    /// Waits until every message committed so far was taken by its receiver; if nothing is acknowledged, until
    /// it was sent or lost.
    ///
    /// # Cancel safety
    /// Safe to drop; wrap it in a time-out, because a dead receiver never acknowledges.
    pub async fn flushed(&self) {
        for outbox in self.inner.outboxes.values() {
            outbox.flushed().await;
        }
    }

    /// Sends a message from outside of any section, after what it depends on is durable; false if it is lost
    /// because it is too large, there is no room, or nobody has that mailbox.
    pub(crate) fn post(&self, index: &K, message: &M, marks: &Marks) -> bool {
        self.inner.outboxes.get(index).is_some_and(|outbox| outbox.post(message, marks))
    }

    /// Takes the next message out of a mailbox of this node, from outside of any section.
    pub(crate) async fn take(&self, index: &K) -> M {
        match self.inner.inboxes.get(index) {
            Some(inbox) => inbox.take().await,
            None => std::future::pending().await,
        }
    }

    fn inbox(&self, index: &K) -> Step<&Arc<Queue<M>>> {
        let missing = || Error::Resource(format!("mailbox {} is not on this node", index.to_value()));
        Ok(self.inner.inboxes.get(index).ok_or_else(missing)?)
    }
}

impl<K: Data, M: Data> MappingMacro for Mailboxes<K, M> {
    type Index = K;
    type Read = M;
    type Write = M;

    fn read(&mut self, section: &mut Section, index: &K) -> Step<M> {
        let inbox = self.inbox(index)?;
        inbox.receive(section.stage(inbox))
    }

    fn write(&mut self, section: &mut Section, index: &K, value: M) -> Step<()> {
        if let Some(inbox) = self.inner.inboxes.get(index) {
            if self.inner.delivery == Delivery::Durable {
                let encoded = wire::encode(&value);
                return inbox.deliver_kept(section.stage(inbox), value, encoded);
            }
            return match inbox.deliver(section.stage(inbox), value) {
                Err(Abort::Retry) if !self.inner.delivery.is_reliable() => Ok(()),
                other => other,
            };
        }
        let missing = || EvalError(format!("mailbox {} has no address", index.to_value()));
        let outbox = self.inner.outboxes.get(index).ok_or_else(missing)?;
        outbox.send(section.stage(outbox), &value)
    }

    fn class(&self) -> Class {
        Class::External
    }
}

/// How many messages wait in an inbox of this node. It cannot be written.
pub struct MailboxLengths<K: Data, M: Message>(Mailboxes<K, M>);

impl<K: Data, M: Message> Clone for MailboxLengths<K, M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K: Data, M: Data> MappingMacro for MailboxLengths<K, M> {
    type Index = K;
    type Read = i64;
    type Write = i64;

    fn read(&mut self, section: &mut Section, index: &K) -> Step<i64> {
        let inbox = self.0.inbox(index)?;
        Ok(inbox.length(section.stage(inbox)))
    }

    fn write(&mut self, _: &mut Section, index: &K, _: i64) -> Step<()> {
        Err(Error::Resource(format!("the length of mailbox {} cannot be written", index.to_value())).into())
    }
}
