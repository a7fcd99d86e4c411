//! A replica of a conflict-free replicated data type: each node reads and writes its own, and they converge.
//!
//! Class: volatile, or durable with a log. Stands for a mapping macro over one variable for each node, whose
//! read gives what the node knows, and which lets changes of other nodes come in at any time, in any order:
//! eventual consistency. A model writes ordinary values (`set := set \cup {x}`, `count := count + 1`); what
//! changed between what was read and what is written is the operation.
//!
//! Promises: a section sees one state, and what comes from other nodes meanwhile makes it run again; what is
//! committed reaches every node that can be reached, sooner or later, each in its own time; a node that was
//! away, or has lost its state, gets everything it lacks. With a log, what was committed is back after a
//! crash, and nothing that is not durable is told to others. Loss, duplication and reordering between nodes
//! do no harm. What a replica has not told anyone when it dies is lost, without a log.

mod gossip;
mod lattice;

use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

pub use self::lattice::{
    AddWinsSet, Crdt, GrowOnlyCounter, LastWriterWinsMap, LastWriterWinsSet, PnCounter, ReplicaId,
};
use super::mailbox::{Delivery, MailboxConfig, Mailboxes};
use crate::cell::{Cell, Core};
use crate::error::{panic_text, Error, Step};
use crate::host::{self, Listener};
use crate::mapping::{Class, MappingMacro, PlainVariable};
use crate::section::Section;
use crate::value::{Data, Eval};
use crate::wal::{name_in_use, Content, Entry, Marks, Stored, Tell, Wal};

/// The settings of a replica.
#[derive(Clone, Debug)]
pub struct CrdtConfig {
    /// The number of changes that are kept to be sent one by one; a node that lacks more gets the whole state. With 0
    /// only whole states are sent. Default: 128.
    pub deltas: usize,
    /// The time after which something is sent again if it was not confirmed; it doubles up to 64 times
    /// that. Default: 200 ms.
    pub retry: Duration,
    /// How nodes are connected; messages may get lost, whatever `delivery` says.
    pub mailbox: MailboxConfig,
}

impl Default for CrdtConfig {
    fn default() -> Self {
        Self { deltas: 128, retry: Duration::from_millis(200), mailbox: MailboxConfig::default() }
    }
}

/// A replica. Clones are the same one.
pub struct Replica<C: Crdt>(Arc<ReplicaCell<C>>);

impl<C: Crdt> Clone for Replica<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

struct ReplicaCell<C: Crdt> {
    core: Arc<Core>,
    id: ReplicaId,
    /// Log and name, if it is durable.
    durable: Option<(Wal, Arc<str>)>,
    state: Mutex<State<C>>,
    /// Most deltas that are kept.
    most: usize,
    /// Tells the task that tells others.
    news: Arc<Notify>,
    task: Mutex<Option<AbortHandle>>,
}

struct State<C> {
    whole: C,
    /// The number of changes so far.
    version: u64,
    /// The last changes, each with what must be durable before others hear of it.
    deltas: VecDeque<(C, Marks)>,
    /// What must be durable before others hear of the whole state.
    marks: Marks,
    /// Why it can no longer take part.
    failed: Option<String>,
}

impl<C: Crdt> Replica<C> {
    /// The replica of node `me`; all nodes, this one too, have these addresses. A listener is needed if others
    /// connect.
    ///
    /// # Errors
    /// If the address of the listener cannot be read.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn open<K: Data>(
        me: K,
        listener: Option<impl Into<Listener>>,
        addresses: &BTreeMap<K, SocketAddr>,
        config: &CrdtConfig,
    ) -> io::Result<Self> {
        let id = crate::host::unique()?;
        let cell = Arc::new(ReplicaCell::new(id, None, C::default(), config));
        Self::start(cell, me, listener, addresses, config)
    }

    /// As [`open`](Self::open), with a state that is in a log under this name.
    ///
    /// # Errors
    /// If what the log has under the name is something else, or as for [`open`](Self::open).
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn durable<K: Data>(
        me: K,
        listener: Option<impl Into<Listener>>,
        addresses: &BTreeMap<K, SocketAddr>,
        config: &CrdtConfig,
        wal: &Wal,
        name: &str,
    ) -> io::Result<Self> {
        let (cell, is_new) = wal.claim(name, |content| {
            let (id, state) = match content {
                None => (crate::host::unique()?, C::default()),
                Some(content) => content.value().ok_or_else(|| other_type(name))?,
            };
            Ok(Arc::new(ReplicaCell::new(id, Some((wal.clone(), name.into())), state, config)))
        })?;
        if !is_new {
            return Err(name_in_use(name));
        }
        Self::start(cell, me, listener, addresses, config)
    }

    fn start<K: Data>(
        cell: Arc<ReplicaCell<C>>,
        me: K,
        listener: Option<impl Into<Listener>>,
        addresses: &BTreeMap<K, SocketAddr>,
        config: &CrdtConfig,
    ) -> io::Result<Self> {
        let mailbox = MailboxConfig { delivery: Delivery::Relaxed, ..config.mailbox.clone() };
        let links = Mailboxes::open(listener, [me.clone()], addresses, &mailbox)?;
        let others = addresses.keys().filter(|k| **k != me).cloned().collect();
        let gossip = gossip::run(Arc::downgrade(&cell), links, me, others, config.retry, cell.news.clone());
        let weak = Arc::downgrade(&cell);
        *cell.task.lock() = Some(host::spawn(async move {
            let ended = AssertUnwindSafe(gossip).catch_unwind().await;
            if let (Err(panic), Some(cell)) = (ended, weak.upgrade()) {
                cell.fail(&*panic);
            }
        }));
        Ok(Self(cell))
    }

    /// The committed content, from outside of any section.
    ///
    /// # Errors
    /// If it is too large for its type.
    pub fn load(&self) -> Eval<C::Content> {
        self.0.state.lock().whole.content()
    }
}

fn other_type(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("`{name}` holds a value of another type"))
}

impl<C: Crdt> Drop for ReplicaCell<C> {
    fn drop(&mut self) {
        if let Some(task) = self.task.lock().take() {
            task.abort();
        }
        if let Some((wal, name)) = &self.durable {
            wal.give_back(name, || self.entry(&self.state.lock().whole).map(|(_, entry)| Content::whole(&entry)));
        }
    }
}

impl<C: Crdt> ReplicaCell<C> {
    fn new(id: ReplicaId, durable: Option<(Wal, Arc<str>)>, whole: C, config: &CrdtConfig) -> Self {
        // Everybody lacks the first version.
        let state = State { whole, version: 1, deltas: VecDeque::new(), marks: Marks::default(), failed: None };
        Self {
            core: Core::new(),
            id,
            durable,
            state: Mutex::new(state),
            most: config.deltas,
            news: Arc::default(),
            task: Mutex::default(),
        }
    }

    fn entry(&self, whole: &C) -> Option<(Wal, Entry)> {
        let (wal, name) = self.durable.as_ref()?;
        Some((wal.clone(), Entry::whole(name, &(self.id, whole))))
    }

    /// What the type does with another state panicked. Whoever uses the replica hears of it.
    fn fail(&self, panic: &(dyn Any + Send)) {
        let _gate = self.core.outside_change();
        self.state.lock().failed = Some(format!("a replica: {}", panic_text(panic)));
        self.core.changed();
    }

    /// Takes in what another node has; what must be durable before it may hear that we have it.
    fn merge(&self, theirs: C) -> Marks {
        let _gate = self.core.outside_change();
        let mut state = self.state.lock();
        if state.whole.merge(&theirs) {
            if let Some((wal, entry)) = self.entry(&state.whole) {
                let position = wal.append(&[entry]);
                self.core.depend(&wal, position);
            }
            let marks = self.core.marks();
            self.changed(&mut state, theirs, marks);
        }
        state.marks.prune();
        state.marks.clone()
    }

    /// The state has changed by a delta.
    fn changed(&self, state: &mut State<C>, delta: C, marks: Marks) {
        state.version += 1;
        state.deltas.push_back((delta, marks.clone()));
        state.marks.merge(&marks);
        if state.deltas.len() > self.most {
            state.deltas.pop_front();
        }
        self.core.changed();
        self.news.notify_one();
    }
}

impl<C: Crdt> Stored for ReplicaCell<C> {
    fn core(&self) -> &Core {
        &self.core
    }

    fn stored(&self) -> Option<Tell> {
        let ((_, name), id) = (self.durable.clone()?, self.id);
        let whole = self.state.lock().whole.clone();
        Some(Box::new(move |to| Entry::whole(&name, &(id, &whole)).tell()(to)))
    }
}

/// What a section has read and written.
pub struct Staged<C: Crdt> {
    content: Option<C::Content>,
    delta: Option<C>,
    entry: Option<(Wal, Entry)>,
    marks: Marks,
}

impl<C: Crdt> Default for Staged<C> {
    fn default() -> Self {
        Self { content: None, delta: None, entry: None, marks: Marks::default() }
    }
}

impl<C: Crdt> Cell for ReplicaCell<C> {
    type Staged = Staged<C>;

    fn core(&self) -> &Arc<Core> {
        &self.core
    }

    fn log(&self, staged: &Staged<C>) -> Option<&Wal> {
        self.durable.as_ref().filter(|_| staged.delta.is_some()).map(|(wal, _)| wal)
    }

    fn encode(&self, staged: &mut Staged<C>) {
        let (Some(_), Some(delta)) = (&self.durable, &staged.delta) else { return };
        let mut whole = self.state.lock().whole.clone();
        staged.entry = whole.merge(delta).then(|| self.entry(&whole)).flatten();
    }

    fn journal(&self, staged: &mut Staged<C>) -> Option<(Wal, Entry)> {
        staged.entry.take()
    }

    fn depends(&self, staged: &mut Staged<C>, marks: &Marks) {
        staged.marks.clone_from(marks);
    }

    fn commit(&self, staged: &mut Staged<C>) {
        let Some(delta) = staged.delta.take() else { return };
        let mut state = self.state.lock();
        if state.whole.merge(&delta) {
            self.changed(&mut state, delta, std::mem::take(&mut staged.marks));
        }
    }
}

impl<C: Crdt> MappingMacro for Replica<C> {
    type Index = ();
    type Read = C::Content;
    type Write = C::Content;

    fn read(&mut self, section: &mut Section, (): &()) -> Step<C::Content> {
        let staged = section.stage(&self.0);
        if let Some(content) = &staged.content {
            return Ok(content.clone());
        }
        let state = self.0.state.lock();
        if let Some(text) = &state.failed {
            return Err(Error::Panic(text.clone()).into());
        }
        let content = state.whole.content()?;
        staged.content = Some(content.clone());
        Ok(content)
    }

    fn write(&mut self, section: &mut Section, (): &(), content: C::Content) -> Step<()> {
        if let Some((wal, _)) = &self.0.durable {
            wal.check()?;
        }
        let staged = section.stage(&self.0);
        let state = self.0.state.lock();
        if let Some(text) = &state.failed {
            return Err(Error::Panic(text.clone()).into());
        }
        staged.delta = Some(state.whole.delta(self.0.id, &content)?);
        staged.content = Some(content);
        Ok(())
    }

    fn class(&self) -> Class {
        if self.0.durable.is_some() {
            Class::Durable
        } else {
            Class::Volatile
        }
    }
}

impl<C: Crdt> PlainVariable for Replica<C> {}
