//! The cell of a set of replicated variables: what sections stage in it, and how their commits are decided.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::log::Log;
use super::protocol::{Attempt, Kept, Member};
use super::values::Values;
use super::ReplicatedConfig;
use crate::cell::{Cell, Core, Decision};
use crate::error::{Abort, Error, Step};
use crate::host;
use crate::value::Data;
use crate::wal::{Entry, Marks, Stored, Tell, Wal};

pub(super) struct SetCell<K: Data> {
    pub(super) core: Arc<Core>,
    pub(super) state: Mutex<State<K>>,
    pub(super) patience: Duration,
    /// Tells the task that something is to be sent, or to be waited for.
    pub(super) work: Arc<Notify>,
    pub(super) task: Mutex<Option<AbortHandle>>,
    /// Where the member keeps what it must not forget.
    pub(super) log: Option<Log>,
}

pub(super) struct State<K: Data> {
    pub(super) member: Member<K, Values>,
    /// The attempt that a section of this node waits for, and the version it has seen.
    deciding: Option<(Attempt, u64)>,
    /// Sections that wait for others, and until when.
    pub(super) waiting: Vec<(Waker, Option<Instant>)>,
    /// Sections have given up waiting: they can try again once there is a majority.
    pub(super) gave_up: bool,
    /// Something that was under way has got on.
    pub(super) got_on: bool,
    /// What must be durable before others hear anything.
    pub(super) marks: Marks,
}

impl<K: Data> State<K> {
    pub(super) fn new(member: Member<K, Values>) -> Self {
        Self { member, deciding: None, waiting: Vec::new(), gave_up: false, got_on: false, marks: Marks::default() }
    }

    pub(super) fn wake(&mut self) {
        self.waiting.drain(..).for_each(|(waker, _)| waker.wake());
    }
}

/// What a section has read and written.
#[derive(Default)]
pub(super) struct Staged {
    /// The version that it reads.
    pub(super) version: Option<u64>,
    pub(super) values: Values,
    pub(super) written: BTreeMap<String, Vec<u8>>,
    attempt: Option<(Attempt, u64)>,
    /// The log has what the section writes to it if it commits.
    is_intended: bool,
    /// The confirmation that it waits for.
    round: Option<u64>,
    until: Option<Instant>,
    marks: Marks,
}

impl Staged {
    fn is_written(&self) -> bool {
        !self.written.is_empty()
    }
}

impl<K: Data> SetCell<K> {
    pub(super) fn new(
        me: &K,
        addresses: &BTreeMap<K, SocketAddr>,
        config: &ReplicatedConfig,
        kept: Kept<K, Values>,
        log: impl FnOnce(&Arc<Core>) -> Option<Log>,
    ) -> io::Result<Self> {
        let member = Member::new(me.clone(), addresses.keys().cloned(), host::unique()?, kept);
        let core = Core::new();
        let log = log(&core);
        Ok(Self {
            core,
            state: Mutex::new(State::new(member)),
            patience: config.patience,
            work: Arc::default(),
            task: Mutex::default(),
            log,
        })
    }

    /// The version that a section reads from now on.
    pub(super) fn look(&self, staged: &mut Staged) -> Step<()> {
        if staged.version.is_some() {
            return Ok(());
        }
        if let Some(log) = &self.log {
            log.wal().check()?;
        }
        let state = self.state.lock();
        // What was decided for a section of this node is read once the rest of that is committed, too.
        let is_ahead = state.deciding.is_some_and(|(attempt, base)| state.member.outcome(attempt, base) == Some(true));
        let version = state.member.read().filter(|_| !is_ahead).ok_or(Abort::Retry)?;
        staged.version = Some(version.number);
        staged.values = version.state.clone();
        Ok(())
    }

    /// Waits for others to confirm what was read.
    fn poll_confirmed(&self, staged: &mut Staged, cx: &mut Context<'_>) -> Poll<Step<()>> {
        let Some(version) = staged.version else { return Poll::Ready(Ok(())) };
        let mut state = self.state.lock();
        let round = *staged.round.get_or_insert_with(|| {
            self.work.notify_one();
            state.member.confirm()
        });
        match state.member.is_confirmed(round, version) {
            Some(true) => Poll::Ready(Ok(())),
            Some(false) => Poll::Ready(Err(Abort::Conflict)),
            None if self.is_out_of_patience(staged) => self.give_up(&mut state),
            None => wait(&mut state, staged, cx),
        }
    }

    /// Waits for the decision on what was written.
    fn poll_decided(&self, staged: &mut Staged, cx: &mut Context<'_>) -> Poll<Step<()>> {
        let mut state = self.state.lock();
        if staged.attempt.is_none() {
            self.begin(&mut state, staged);
        }
        let Some((attempt, base)) = staged.attempt else {
            let is_old = state.member.version().map(|version| version.number) != staged.version;
            return if is_old {
                Poll::Ready(Err(Abort::Conflict))
            } else if self.is_out_of_patience(staged) {
                self.give_up(&mut state)
            } else {
                // An attempt that nobody waits for is still open.
                wait(&mut state, staged, cx)
            };
        };
        match state.member.outcome(attempt, base) {
            Some(true) => Poll::Ready(Ok(())),
            Some(false) => Poll::Ready(Err(Abort::Conflict)),
            None if self.is_out_of_patience(staged) && state.member.withdraw(attempt) => self.give_up(&mut state),
            None => wait(&mut state, staged, cx),
        }
    }

    fn begin(&self, state: &mut State<K>, staged: &mut Staged) {
        let Some(base) = staged.version else { return };
        let Some(attempt) = state.member.begin(base, staged.values.with(&staged.written)) else { return };
        // Others hear of the values before they are committed.
        state.marks.merge(&staged.marks);
        staged.attempt = Some((attempt, base));
        state.deciding = staged.attempt;
        self.work.notify_one();
    }

    fn is_out_of_patience(&self, staged: &mut Staged) -> bool {
        let now = host::now();
        now >= *staged.until.get_or_insert(now + self.patience)
    }

    fn give_up(&self, state: &mut State<K>) -> Poll<Step<()>> {
        state.gave_up = true;
        Poll::Ready(Err(Abort::Retry))
    }
}

fn wait<K: Data>(state: &mut State<K>, staged: &Staged, cx: &Context<'_>) -> Poll<Step<()>> {
    state.waiting.retain(|(waker, _)| !waker.will_wake(cx.waker()));
    // What others have heard of waits for them, however long that takes.
    let is_out = staged.attempt.is_some_and(|(attempt, _)| state.member.is_out(attempt));
    state.waiting.push((cx.waker().clone(), staged.until.filter(|_| !is_out)));
    Poll::Pending
}

impl<K: Data> Cell for SetCell<K> {
    type Staged = Staged;

    fn core(&self) -> &Arc<Core> {
        &self.core
    }

    fn validate(&self, staged: &Staged, seen: u64) -> bool {
        match staged.version {
            Some(version) => self.state.lock().member.read().is_some_and(|known| known.number == version),
            None => self.core.version() == seen,
        }
    }

    fn decision(&self, staged: &Staged) -> Decision {
        match staged.version {
            Some(_) if staged.is_written() => Decision::Elsewhere,
            Some(_) => Decision::Confirmed,
            None => Decision::Here,
        }
    }

    fn intend(&self, staged: &mut Staged, records: &[(Wal, Entry)]) -> Step<()> {
        let mut state = self.state.lock();
        self.begin(&mut state, staged);
        if records.is_empty() {
            return Ok(());
        }
        let log = self.log.as_ref().filter(|log| records.iter().all(|(wal, _)| wal.is(log.wal())));
        let log = log.ok_or_else(|| {
            Error::Resource(
                "a replicated variable changes together with what is durable in another log: open it with \
                 `ReplicatedSet::durable` and that log"
                    .to_owned(),
            )
        })?;
        let Some(attempt) = staged.attempt else {
            // An attempt that nobody waits for is still open.
            state.gave_up = true;
            return Err(Abort::Retry);
        };
        let position = log.intended().intend(attempt, records);
        state.marks.add(log.wal(), position);
        staged.is_intended = true;
        Ok(())
    }

    fn poll_decision(&self, staged: &mut Staged, only_read: bool, cx: &mut Context<'_>) -> Poll<Step<()>> {
        if only_read || !staged.is_written() {
            self.poll_confirmed(staged, cx)
        } else {
            self.poll_decided(staged, cx)
        }
    }

    fn withdraw(&self, staged: &mut Staged) -> bool {
        let Some((attempt, base)) = staged.attempt else { return true };
        let mut state = self.state.lock();
        state.member.outcome(attempt, base) == Some(false) || state.member.withdraw(attempt)
    }

    fn depends(&self, staged: &mut Staged, marks: &Marks) {
        staged.marks.clone_from(marks);
    }

    fn journal(&self, staged: &mut Staged) -> Option<(Wal, Entry)> {
        let log = self.log.as_ref().filter(|_| staged.is_intended)?;
        Some((log.wal().clone(), log.intended().nothing()))
    }

    fn commit(&self, staged: &mut Staged) {
        let Some((attempt, _)) = staged.attempt.take() else { return };
        let mut state = self.state.lock();
        state.marks.merge(&staged.marks);
        state.member.forget(attempt);
        state.deciding = None;
        drop(state);
        self.core.changed();
        self.work.notify_one();
    }

    fn abort(&self, staged: &mut Staged) {
        let Some((attempt, _)) = staged.attempt.take() else { return };
        if let Some(log) = self.log.as_ref().filter(|_| staged.is_intended) {
            log.intended().forget();
        }
        let mut state = self.state.lock();
        state.member.forget(attempt);
        state.deciding = None;
        // Another section of this node may want its turn.
        state.wake();
        self.work.notify_one();
    }
}

impl<K: Data> Stored for SetCell<K> {
    fn core(&self) -> &Core {
        &self.core
    }

    fn stored(&self) -> Option<Tell> {
        self.log.as_ref().map(|log| log.entry(self.state.lock().member.kept()).tell())
    }
}

impl<K: Data> Drop for SetCell<K> {
    fn drop(&mut self) {
        if let Some(task) = self.task.lock().take() {
            task.abort();
        }
        if let Some(log) = &self.log {
            log.give_back(self.state.get_mut().member.kept());
        }
    }
}
