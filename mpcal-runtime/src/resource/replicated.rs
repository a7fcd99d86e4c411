//! Variables that all nodes of a fixed set hold, and that a majority of the nodes agrees on.
//!
//! Class: volatile, or durable with a log. Stands for plain variables that all of these nodes share.
//!
//! Promises: sections of all nodes that use the variables are serializable, in an order that fits what is seen from
//! outside: a section commits when a majority has accepted what it writes, or confirmed what it has read, so nobody
//! who asks afterwards acts on anything older. A minority may be down, or cut off: the others go on. What was committed
//! stays, and nothing that dead runs of nodes have said before harms. Loss, delay, duplication and reordering of messages do
//! no harm either.
//!
//! * *Volatile*: a node that starts anew takes over what the others know before it takes part. Nothing is lost as long as
//!   no more than a minority is dead or has not taken part again yet. If a majority dies at once, the first of the nodes
//!   waits until everybody is there, and all go on with the latest that anybody knows: then a change may be lost.
//! * *Durable* ([`ReplicatedSet::durable`]): nothing is lost, whoever dies and however often, as long as the logs are
//!   kept. A section that also writes what is durable in the same log, as a `Durable` or the state of a durable archetype,
//!   makes both changes or neither: its record says what it means to do before anybody hears of it, and a node that has died
//!   in between asks the others, when it starts, what became of it. Until a majority knows, `durable` waits, and what is in
//!   doubt cannot be opened.
//!
//! Assumes that one process at a time runs as a member, that all nodes list the same members, and, to begin, that all are there
//! once.
//!
//! Until a section knows that a majority has accepted what it writes, other sections of its node wait that would commit to
//! anything that it has touched: its outcome is not for the node to decide any more. What has not been told to anybody yet is
//! given up after [`patience`](ReplicatedConfig::patience), and tried again when there is a majority; what has been
//! told waits for one. A variable is read as this node knows it, and confirmed when the section commits or fails; an
//! attempt that is not committed may see the variables older than what a message tells of them.
//!
//! Sections may use several variables of one set. Those of two sets they may read together, but not write.

mod carrier;
mod cell;
mod log;
mod protocol;
mod values;

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use parking_lot::Mutex;

use self::carrier::{Clock, Message};
use self::cell::SetCell;
use self::log::{intention, Intention, Log};
use self::protocol::Kept;
use super::mailbox::{Delivery, MailboxConfig, Mailboxes};
use crate::encoding::{decode, encode};
use crate::error::{Error, Step};
use crate::host::{self, Listener};
use crate::mapping::{Class, MappingMacro, PlainVariable};
use crate::section::Section;
use crate::value::Data;
use crate::wal::{name_in_use, Wal};

/// The settings of replicated variables.
#[derive(Clone, Debug)]
pub struct ReplicatedConfig {
    /// How long a section waits for a majority before it tries another path. Default: 1 s.
    pub patience: Duration,
    /// The time after which what was not answered is asked again, and after which a member does what another was to
    /// finish; it doubles up to 32 times that while nothing gets on. Default: 50 ms.
    pub retry: Duration,
    /// How often members tell each other what they have, in case that messages were lost. Default: 1 s.
    pub heartbeat: Duration,
    /// How nodes are connected; messages may get lost, whatever `delivery` says.
    pub mailbox: MailboxConfig,
}

impl Default for ReplicatedConfig {
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(1),
            retry: Duration::from_millis(50),
            heartbeat: Duration::from_secs(1),
            mailbox: MailboxConfig::default(),
        }
    }
}

/// Replicated variables that sections may use together. Clones are the same member.
pub struct ReplicatedSet<K: Data>(Arc<SetCell<K>>);

impl<K: Data> Clone for ReplicatedSet<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K: Data> ReplicatedSet<K> {
    /// The variables at node `me`; all nodes, this one too, have these addresses. What this node knows is lost with it.
    ///
    /// # Errors
    /// If the address of the listener cannot be read.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn open(
        me: K,
        listener: impl Into<Listener>,
        addresses: &BTreeMap<K, SocketAddr>,
        config: &ReplicatedConfig,
    ) -> io::Result<Self> {
        let cell = SetCell::new(&me, addresses, config, Kept::new(host::unique()?), |_| None)?;
        Self::start(Arc::new(cell), me, listener, addresses, config)
    }

    /// As [`open`](Self::open), and what this node has agreed to is in its log under this name. Open it before what sections
    /// write together with the variables: what a section meant to write when the node died is written, or dropped, once
    /// a majority of the nodes has said which; until then this waits.
    ///
    /// # Errors
    /// If something else has that name, what the log has cannot be read, or the address of the listener cannot.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    ///
    /// # Cancel safety
    /// Safe to drop: nothing is open then.
    pub async fn durable(
        me: K,
        listener: impl Into<Listener>,
        addresses: &BTreeMap<K, SocketAddr>,
        config: &ReplicatedConfig,
        wal: &Wal,
        name: &str,
    ) -> io::Result<Self> {
        let other =
            || io::Error::new(io::ErrorKind::InvalidData, format!("`{name}` does not hold replicated variables"));
        let (cell, is_new) = wal.claim(name, |content| {
            let kept = match content {
                Some(content) => content.value().ok_or_else(other)?,
                None => Kept::new(host::unique()?),
            };
            SetCell::new(&me, addresses, config, kept, |core| Some(Log::new(wal, name, core))).map(Arc::new)
        })?;
        if !is_new {
            return Err(name_in_use(name));
        }
        let set = Self::start(cell, me, listener, addresses, config)?;
        let is_made = match wal.intended(&intention(name)) {
            Some(known_as) => set.outcome(decode(&known_as).ok_or_else(other)?).await,
            None => false,
        };
        let position = wal.decided(&intention(name), is_made)?;
        set.0.state.lock().marks.add(wal, position);
        if let Some(log) = &set.0.log {
            wal.claim(&intention(name), |_| Ok(log.intended().clone()))?;
        }
        Ok(set)
    }

    fn start(
        cell: Arc<SetCell<K>>,
        me: K,
        listener: impl Into<Listener>,
        addresses: &BTreeMap<K, SocketAddr>,
        config: &ReplicatedConfig,
    ) -> io::Result<Self> {
        let mailbox = MailboxConfig { delivery: Delivery::Relaxed, ..config.mailbox.clone() };
        let links = Mailboxes::<K, Message<K>>::open(Some(listener), [me.clone()], addresses, &mailbox)?;
        let clock = Clock::new(config.retry, config.heartbeat);
        let task = host::spawn(carrier::run(Arc::downgrade(&cell), cell.work.clone(), links, me, clock));
        *cell.task.lock() = Some(task);
        Ok(Self(cell))
    }

    /// Waits until it is known whether a section of the process before this one has committed.
    async fn outcome(&self, (base, attempt): Intention) -> bool {
        self.0.state.lock().member.want(base);
        self.0.work.notify_one();
        poll_fn(|cx| {
            let mut state = self.0.state.lock();
            match state.member.outcome(attempt, base) {
                Some(is_made) => Poll::Ready(is_made),
                None => {
                    state.waiting.push((cx.waker().clone(), None));
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// The variable with this name. Its initial value must be the same at all nodes, and so must its type.
    pub fn variable<T: Data>(&self, name: &str, initial: T) -> Replicated<K, T> {
        Replicated { set: self.0.clone(), name: name.into(), initial, decoded: Arc::default() }
    }
}

/// A replicated variable. Clones are the same one.
pub struct Replicated<K: Data, T: Data> {
    set: Arc<SetCell<K>>,
    name: Arc<str>,
    initial: T,
    /// The value in the version that was looked at last.
    decoded: Arc<Mutex<Option<(u64, T)>>>,
}

impl<K: Data, T: Data> Clone for Replicated<K, T> {
    fn clone(&self) -> Self {
        let (set, name, decoded) = (self.set.clone(), self.name.clone(), self.decoded.clone());
        Self { set, name, initial: self.initial.clone(), decoded }
    }
}

impl<K: Data, T: Data> Replicated<K, T> {
    /// A variable that is a set by itself; see [`ReplicatedSet::open`]. The initial value must be the same at all nodes.
    ///
    /// # Errors
    /// If the address of the listener cannot be read.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn open(
        me: K,
        listener: impl Into<Listener>,
        addresses: &BTreeMap<K, SocketAddr>,
        initial: T,
        config: &ReplicatedConfig,
    ) -> io::Result<Self> {
        Ok(ReplicatedSet::open(me, listener, addresses, config)?.variable("", initial))
    }

    /// The value as far as this node knows, from outside of any section.
    #[must_use]
    pub fn load(&self) -> T {
        let state = self.set.state.lock();
        let bytes = state.member.version().and_then(|version| version.state.get(&self.name));
        bytes.and_then(decode).unwrap_or_else(|| self.initial.clone())
    }

    fn decode(&self, bytes: Option<&[u8]>) -> Step<T> {
        let Some(bytes) = bytes else { return Ok(self.initial.clone()) };
        let other =
            || Error::Resource(format!("the replicated variable `{}` holds a value of another type", self.name));
        Ok(decode(bytes).ok_or_else(other)?)
    }
}

impl<K: Data, T: Data> MappingMacro for Replicated<K, T> {
    type Index = ();
    type Read = T;
    type Write = T;

    fn read(&mut self, section: &mut Section, (): &()) -> Step<T> {
        let staged = section.stage(&self.set);
        self.set.look(staged)?;
        if let Some(bytes) = staged.written.get(&*self.name) {
            return self.decode(Some(bytes));
        }
        let version = staged.version.unwrap_or_default();
        let mut decoded = self.decoded.lock();
        if let Some((_, value)) = decoded.as_ref().filter(|(known, _)| *known == version) {
            return Ok(value.clone());
        }
        let value = self.decode(staged.values.get(&self.name))?;
        *decoded = Some((version, value.clone()));
        Ok(value)
    }

    fn write(&mut self, section: &mut Section, (): &(), value: T) -> Step<()> {
        let staged = section.stage(&self.set);
        self.set.look(staged)?;
        staged.written.insert(self.name.to_string(), encode(&value));
        Ok(())
    }

    fn class(&self) -> Class {
        if self.set.log.is_some() {
            Class::Durable
        } else {
            Class::Volatile
        }
    }
}

impl<K: Data, T: Data> PlainVariable for Replicated<K, T> {}
