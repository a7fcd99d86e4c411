//! A variable that all nodes of a fixed set hold, changed by two-phase commit.
//!
//! Class: volatile. Stands for one plain variable that all of these nodes share.
//!
//! Promises: sections of all nodes that use the variable are linearizable with regard to it: a change is
//! committed when every node has agreed to it, and no node reads the old value after another could read the
//! new one. Loss, delay and duplication of messages and restarts of nodes do no harm; a node that starts takes
//! over the value from the others, and does not read before it has heard from all of them. Assumes that no node
//! dies before the one that died before it has heard from all others again: when a node dies together with one
//! that has voted for its change, that change may be lost, for all; when all die, everything is.
//!
//! The price is that everybody is needed: while a node is away nobody can change the variable, and if it was in the
//! middle of a change, some cannot read it, until it is back; a change that it gave up in its last moments, without
//! anybody hearing of that, is then made nevertheless. A section that waits for votes does so
//! before it commits, without holding anything of this node back, for at most
//! [`patience`](ReplicatedConfig::patience); then its other paths are tried.

mod protocol;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use self::protocol::{Attempt, Member, Message};
use super::mailbox::{Delivery, MailboxConfig, Mailboxes};
use crate::cell::{Cell, Core};
use crate::error::{Abort, Step};
use crate::host::{self, Listener};
use crate::mapping::{MappingMacro, PlainVariable};
use crate::section::Section;
use crate::value::Data;
use crate::wal::Marks;

/// What is adjustable about a replicated variable.
#[derive(Clone, Debug)]
pub struct ReplicatedConfig {
    /// How long a section waits for the votes of the others before it tries another path. Default: 1 s.
    pub patience: Duration,
    /// The time after which what did not come is asked for again, and what was refused tried again.
    /// Default: 50 ms.
    pub retry: Duration,
    /// How nodes are connected; messages may get lost, whatever it says.
    pub mailbox: MailboxConfig,
}

impl Default for ReplicatedConfig {
    fn default() -> Self {
        Self { patience: Duration::from_secs(1), retry: Duration::from_millis(50), mailbox: MailboxConfig::default() }
    }
}

/// A replicated variable. Clones are the same member.
pub struct Replicated<K: Data, T: Data>(Arc<VariableCell<K, T>>);

impl<K: Data, T: Data> Clone for Replicated<K, T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

struct VariableCell<K: Data, T: Data> {
    core: Arc<Core>,
    state: Mutex<State<K, T>>,
    patience: Duration,
    /// Tells the task that something is to be sent, or to be waited for.
    work: Arc<Notify>,
    task: Mutex<Option<AbortHandle>>,
}

struct State<K, T> {
    member: Member<K, T>,
    /// What waits for the votes of the others.
    voting: Option<Voting>,
    /// A change was refused: it can be tried again after a while.
    refused: bool,
    /// What must be durable before others hear of the value.
    marks: Marks,
}

struct Voting {
    waker: Waker,
    until: Instant,
}

/// What a section has read and written.
pub struct Staged<K, T> {
    version: Option<u64>,
    value: Option<T>,
    changed: bool,
    attempt: Option<Attempt<K>>,
    marks: Marks,
}

impl<K, T> Default for Staged<K, T> {
    fn default() -> Self {
        Self { version: None, value: None, changed: false, attempt: None, marks: Marks::default() }
    }
}

impl<K: Data, T: Data> Replicated<K, T> {
    /// The variable at node `me`; all nodes, this one too, have these addresses. The initial value must be the
    /// same for all of them.
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
        let mailbox = MailboxConfig { delivery: Delivery::Relaxed, ..config.mailbox.clone() };
        let links = Mailboxes::open(Some(listener.into()), [me.clone()], addresses, &mailbox)?;
        let member = Member::new(me.clone(), addresses.keys().cloned(), crate::host::unique()?, initial);
        let state = State { member, voting: None, refused: false, marks: Marks::default() };
        let cell = Arc::new(VariableCell {
            core: Core::new(),
            state: Mutex::new(state),
            patience: config.patience,
            work: Arc::default(),
            task: Mutex::default(),
        });
        let task = host::spawn(run(Arc::downgrade(&cell), cell.work.clone(), links, me, config.retry));
        *cell.task.lock() = Some(task);
        Ok(Self(cell))
    }

    /// The value as far as this node knows, from outside of any section.
    #[must_use]
    pub fn load(&self) -> T {
        self.0.state.lock().member.value().clone()
    }
}

impl<K: Data, T: Data> Drop for VariableCell<K, T> {
    fn drop(&mut self) {
        if let Some(task) = self.task.lock().take() {
            task.abort();
        }
    }
}

/// What the task of a variable has to do.
struct Turn<K, T> {
    messages: Vec<(K, Message<K, T>)>,
    /// What must be durable before they go.
    marks: Marks,
    /// When to look again.
    due: Option<Instant>,
}

/// Carries messages and reminds, as long as the variable lives: waiting does not keep it alive.
async fn run<K: Data, T: Data>(
    cell: Weak<VariableCell<K, T>>,
    work: Arc<Notify>,
    links: Mailboxes<K, Message<K, T>>,
    me: K,
    retry: Duration,
) {
    let mut remind_at = None;
    loop {
        let turn = cell.upgrade().map(|cell| cell.turn(&mut remind_at, retry));
        let Some(Turn { messages, marks, due }) = turn else { return };
        for (to, message) in messages {
            let _ = links.post(&to, &message, &marks);
        }
        let later = async {
            match due {
                Some(at) => host::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = work.notified() => {}
            message = links.take(&me) => match cell.upgrade() {
                Some(cell) => cell.hear(message),
                None => return,
            },
            () = later => {}
        }
    }
}

impl<K: Data, T: Data> VariableCell<K, T> {
    /// What is to be done now.
    fn turn(&self, remind_at: &mut Option<Instant>, retry: Duration) -> Turn<K, T> {
        let now = host::now();
        let mut state = self.state.lock();
        let impatient = state.voting.as_ref().is_some_and(|voting| voting.until <= now);
        if impatient {
            if let Some(voting) = &state.voting {
                voting.waker.wake_by_ref();
            }
        }
        let waits = state.member.waits() || state.refused;
        if !waits {
            *remind_at = None;
        } else if remind_at.is_some_and(|at| at <= now) {
            state.member.remind();
            *remind_at = Some(now + retry);
            if std::mem::take(&mut state.refused) {
                drop(state);
                let _gate = self.core.outside_change();
                self.core.changed();
                state = self.state.lock();
            }
        } else if remind_at.is_none() {
            *remind_at = Some(now + retry);
        }
        let patience = state.voting.as_ref().filter(|_| !impatient).map(|voting| voting.until);
        let due = remind_at.iter().copied().chain(patience).min();
        state.marks.prune();
        Turn { messages: state.member.take_messages(), marks: state.marks.clone(), due }
    }

    fn hear(&self, message: Message<K, T>) {
        let _gate = self.core.outside_change();
        let mut state = self.state.lock();
        if !state.member.hear(message) {
            return;
        }
        if let Some(voting) = &state.voting {
            voting.waker.wake_by_ref();
        }
        drop(state);
        self.core.changed();
    }
}

impl<K: Data, T: Data> Cell for VariableCell<K, T> {
    type Staged = Staged<K, T>;

    fn core(&self) -> &Arc<Core> {
        &self.core
    }

    fn poll_pre_commit(&self, staged: &mut Staged<K, T>, cx: &mut Context<'_>) -> Poll<Step<()>> {
        let (true, Some(value), Some(version)) = (staged.changed, &staged.value, staged.version) else {
            return Poll::Ready(Ok(()));
        };
        let mut state = self.state.lock();
        if staged.attempt.is_none() {
            staged.attempt = state.member.begin(version, value);
            // Where another section of this node is being voted on, that goes on.
            if staged.attempt.is_some() {
                // Others hear of the value before it is committed.
                state.marks.merge(&staged.marks);
                let until = host::now() + self.patience;
                state.voting = Some(Voting { waker: cx.waker().clone(), until });
                self.work.notify_one();
            }
        }
        let agreed = staged.attempt.as_ref().and_then(|attempt| state.member.agreed(attempt));
        let patient = state.voting.as_ref().is_some_and(|voting| host::now() < voting.until);
        match agreed {
            Some(true) => Poll::Ready(Ok(())),
            Some(false) if patient => {
                if let Some(voting) = &mut state.voting {
                    voting.waker.clone_from(cx.waker());
                }
                Poll::Pending
            }
            Some(false) | None => {
                state.refused = true;
                self.work.notify_one();
                Poll::Ready(Err(Abort::Retry))
            }
        }
    }

    fn validate(&self, staged: &Staged<K, T>, seen: u64) -> bool {
        match &staged.attempt {
            // The votes of the others have changed the version of the cell.
            Some(attempt) => self.state.lock().member.agreed(attempt) == Some(true),
            None => !staged.changed && self.core.version() == seen,
        }
    }

    fn depends(&self, staged: &mut Staged<K, T>, marks: &Marks) {
        staged.marks.clone_from(marks);
    }

    fn commit(&self, staged: &mut Staged<K, T>) {
        let (Some(value), Some(_)) = (staged.value.take(), staged.attempt.take()) else { return };
        let mut state = self.state.lock();
        state.marks.merge(&staged.marks);
        state.member.commit(value);
        state.voting = None;
        drop(state);
        self.core.changed();
        self.work.notify_one();
    }

    fn abort(&self, staged: &mut Staged<K, T>) {
        if let Some(attempt) = staged.attempt.take() {
            let mut state = self.state.lock();
            state.member.abort(&attempt);
            state.voting = None;
            self.work.notify_one();
        }
    }
}

impl<K: Data, T: Data> MappingMacro for Replicated<K, T> {
    type Index = ();
    type Read = T;
    type Write = T;

    fn read(&mut self, section: &mut Section, (): &()) -> Step<T> {
        let staged = section.stage(&self.0);
        if let Some(value) = &staged.value {
            return Ok(value.clone());
        }
        let state = self.0.state.lock();
        let (version, value) = state.member.read().ok_or(Abort::Retry)?;
        staged.version = Some(version);
        staged.value = Some(value.clone());
        Ok(value.clone())
    }

    fn write(&mut self, section: &mut Section, (): &(), value: T) -> Step<()> {
        if section.stage(&self.0).version.is_none() {
            self.read(section, &())?;
        }
        let staged = section.stage(&self.0);
        staged.value = Some(value);
        staged.changed = true;
        Ok(())
    }
}

impl<K: Data, T: Data> PlainVariable for Replicated<K, T> {}
