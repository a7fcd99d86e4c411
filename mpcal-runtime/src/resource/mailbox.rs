//! Mailboxes over TCP: each index is an inbox on some node, messages of one sender stay in order.
//!
//! Class: volatile for the inbox, external for what leaves the node.
//!
//! Stands for a mapping macro that reads by `await Len($variable) > 0` and taking the head, and
//! writes by appending; the order of *different* senders is that of arrival.
//!
//! Promises: a committed message is delivered once, and in order per sender, while both nodes live,
//! whatever happens to the connection between them. A message leaves when its section has
//! committed. A full outbox makes `write` blocked; a full inbox makes the sender's connection wait.
//! What a node has not sent, or holds in an inbox, is lost when its process dies.
//!
//! A malformed or oversized frame, a silent or foreign peer costs its connection and a line in the
//! log, never the process.

mod outbox;
mod receive;
mod send;
mod wire;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use self::outbox::Outbox;
use super::queue::Queue;
use crate::error::{Error, Step};
use crate::mapping::{Class, MappingMacro};
use crate::section::Section;
use crate::value::{Data, EvalError};

/// What is adjustable about mailboxes.
#[derive(Clone, Debug)]
pub struct MailboxConfig {
    /// Most messages an inbox holds. A full one makes its senders wait. Default 1024.
    pub inbox_capacity: usize,
    /// Most messages that wait for one receiver to acknowledge them. Default 1024.
    pub outbox_capacity: usize,
    /// Largest frame, in bytes. A larger one ends its connection. Default 1 MiB.
    pub max_frame: usize,
    /// Most connections accepted at a time. Default 1024.
    pub max_connections: usize,
    /// How long a new connection may take to introduce itself. Default 5 s.
    pub handshake_timeout: Duration,
    /// The first pause before connecting again; it doubles up to 64 times that. Default 20 ms.
    pub reconnect_after: Duration,
    /// Hash of the model this node runs; generated code has it as `MODEL_HASH`.
    pub model: u64,
    /// Hashes of other models that may talk to this one.
    pub compatible: Vec<u64>,
}

impl Default for MailboxConfig {
    fn default() -> Self {
        Self {
            inbox_capacity: 1024,
            outbox_capacity: 1024,
            max_frame: 1 << 20,
            max_connections: 1024,
            handshake_timeout: Duration::from_secs(5),
            reconnect_after: Duration::from_millis(20),
            model: 0,
            compatible: Vec::new(),
        }
    }
}

/// Mailboxes indexed by `K` that carry `M`. Clones are the same mailboxes.
pub struct Mailboxes<K: Data, M: Data> {
    inner: Arc<Inner<K, M>>,
}

impl<K: Data, M: Data> Clone for Mailboxes<K, M> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone() }
    }
}

struct Inner<K: Data, M: Data> {
    inboxes: BTreeMap<K, Arc<Queue<M>>>,
    outboxes: BTreeMap<K, Arc<Outbox<M>>>,
    address: Option<SocketAddr>,
    /// Dropping them ends every task.
    _tasks: parking_lot::Mutex<JoinSet<()>>,
}

impl<K: Data, M: Data> Mailboxes<K, M> {
    /// Opens the inboxes of `local` behind a listener, and an outbox to every other address.
    ///
    /// # Errors
    /// If the address of the listener cannot be read.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn open(
        listener: Option<TcpListener>,
        local: impl IntoIterator<Item = K>,
        addresses: &BTreeMap<K, SocketAddr>,
        config: &MailboxConfig,
    ) -> io::Result<Self> {
        let config = Arc::new(config.clone());
        let session = wire::new_session();
        let inboxes: BTreeMap<K, Arc<Queue<M>>> =
            local.into_iter().map(|k| (k, Arc::new(Queue::new(config.inbox_capacity)))).collect();
        let mut tasks = JoinSet::new();
        let mut outboxes = BTreeMap::new();
        for (index, address) in addresses.iter().filter(|(k, _)| !inboxes.contains_key(k)) {
            let outbox = Arc::new(Outbox::new(config.outbox_capacity, config.max_frame));
            let hello = wire::Frame::Hello {
                magic: wire::MAGIC,
                version: wire::VERSION,
                model: config.model,
                session,
                to: wire::encode(index),
            };
            tasks.spawn(send::run(outbox.clone(), *address, hello, config.clone()));
            outboxes.insert(index.clone(), outbox);
        }
        let address = listener.as_ref().map(TcpListener::local_addr).transpose()?;
        if let Some(listener) = listener {
            tasks.spawn(receive::run(listener, inboxes.clone(), config));
        }
        Ok(Self { inner: Arc::new(Inner { inboxes, outboxes, address, _tasks: parking_lot::Mutex::new(tasks) }) })
    }

    /// Mailboxes that all live in this node: no socket is opened.
    #[must_use]
    pub fn local(indices: impl IntoIterator<Item = K>, config: &MailboxConfig) -> Self {
        let inboxes = indices.into_iter().map(|k| (k, Arc::new(Queue::new(config.inbox_capacity)))).collect();
        let _tasks = parking_lot::Mutex::new(JoinSet::new());
        Self { inner: Arc::new(Inner { inboxes, outboxes: BTreeMap::new(), address: None, _tasks }) }
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

    /// Waits until every message committed so far was acknowledged by its receiver.
    ///
    /// # Cancel safety
    /// Safe to drop; wrap it in a time-out, because a dead receiver never acknowledges.
    pub async fn flushed(&self) {
        for outbox in self.inner.outboxes.values() {
            outbox.flushed().await;
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
            return inbox.deliver(section.stage(inbox), value);
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
pub struct MailboxLengths<K: Data, M: Data>(Mailboxes<K, M>);

impl<K: Data, M: Data> Clone for MailboxLengths<K, M> {
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
