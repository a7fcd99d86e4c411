//! A system of its own as one resource of another: what an outer archetype reads and writes is asked of the
//! inner system.
//!
//! Class: external. Stands for a function whose reads and writes take effect, one after another, at some time
//! between the question and the answer: a mapping macro that lets others change the variable in between.
//!
//! Promises: a committed write is given to the inner system once, in order. A read asks the inner system and
//! blocks until it has answered; the question leaves when what the section has seen is on disk, it stays under way
//! when the section tries another path, and a later attempt finds the answer. An answer is used by one section that commits. A read sees the writes
//! that were committed before the question. Assumes that the inner system answers every question,
//! carries the number of a question to its answer, and gives no other answers; that nobody else
//! uses the channels; and that reading something twice does no harm.

use std::collections::BTreeMap;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::mpsc::{unbounded_channel, UnboundedSender};
use tokio::task::AbortHandle;

use super::channel::{InputSender, OutputReceiver};
use crate::cell::{Cell, Core};
use crate::error::{panic_text, Abort, Error, Step};
use crate::host;
use crate::mapping::{Class, MappingMacro};
use crate::section::Section;
use crate::value::Data;
use crate::wal::Marks;

/// How an inner system is asked, and what its answers mean. A panic in here fails the archetype that asks.
pub trait Protocol: Send + Sync + 'static {
    /// What the outer model indexes by.
    type Index: Data;
    /// What it reads and writes.
    type Content: Data;
    /// What the inner system takes.
    type Request: Data;
    /// What it gives.
    type Answer: Data;

    /// Asks for what is at an index.
    fn read(&self, number: i64, index: &Self::Index) -> Self::Request;
    /// Asks to change it. There is no answer, or none that [`answer`](Self::answer) takes.
    fn write(&self, number: i64, index: &Self::Index, content: Self::Content) -> Self::Request;
    /// The number of the question and what was read; nothing if it is another answer.
    fn answer(&self, answer: Self::Answer) -> Option<(i64, Self::Content)>;
}

/// An inner system. Clones are the same.
pub struct Nested<P: Protocol>(Arc<NestedCell<P>>);

impl<P: Protocol> Clone for Nested<P> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

struct NestedCell<P: Protocol> {
    core: Arc<Core>,
    protocol: P,
    state: Mutex<State<P>>,
    /// What goes to the inner system next, and what must be durable before that.
    outgoing: UnboundedSender<(P::Request, Marks)>,
    capacity: usize,
    tasks: Mutex<Vec<AbortHandle>>,
}

struct State<P: Protocol> {
    /// The number of the next question.
    next: i64,
    /// The question under way for an index, and its answer.
    asked: BTreeMap<P::Index, (i64, Option<P::Content>)>,
    /// Requests that the inner system has not taken yet.
    waiting: usize,
    /// Why no answer will be understood any more.
    failed: Option<String>,
}

/// What a section has read and written.
pub struct Staged<P: Protocol> {
    /// The questions whose answers it uses.
    read: BTreeMap<P::Index, i64>,
    writes: Vec<Write<P>>,
    marks: Marks,
}

/// A write, and what asks for it: made while the section runs, so that nothing of the protocol runs in a commit.
struct Write<P: Protocol> {
    index: P::Index,
    content: P::Content,
    request: P::Request,
}

impl<P: Protocol> Default for Staged<P> {
    fn default() -> Self {
        Self { read: BTreeMap::new(), writes: Vec::new(), marks: Marks::default() }
    }
}

impl<P: Protocol> Nested<P> {
    /// The system behind two channels. While it has not taken `capacity` requests, writes block.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn new(
        protocol: P,
        requests: InputSender<P::Request>,
        answers: OutputReceiver<P::Answer>,
        capacity: usize,
    ) -> Self {
        let (outgoing, mut waiting) = unbounded_channel::<(P::Request, Marks)>();
        let cell = Arc::new(NestedCell {
            core: Core::new(),
            protocol,
            state: Mutex::new(State { next: 1, asked: BTreeMap::new(), waiting: 0, failed: None }),
            outgoing,
            capacity: capacity.max(1),
            tasks: Mutex::default(),
        });
        let weak = Arc::downgrade(&cell);
        let forward = host::spawn(async move {
            while let Some((request, marks)) = waiting.recv().await {
                marks.flushed().await;
                requests.send(request).await;
                let Some(cell) = weak.upgrade() else { return };
                cell.change(|state| state.waiting -= 1);
            }
        });
        let weak = Arc::downgrade(&cell);
        let listen = host::spawn(async move {
            loop {
                let answer = answers.receive().await;
                let Some(cell) = weak.upgrade() else { return };
                let understood = catch_unwind(AssertUnwindSafe(|| cell.protocol.answer(answer)));
                match understood {
                    Ok(Some((number, content))) => cell.change(|state| {
                        if let Some((_, known)) = state.asked.values_mut().find(|(asked, _)| *asked == number) {
                            *known = Some(content);
                        }
                    }),
                    Ok(None) => {}
                    Err(panic) => {
                        let text = format!("an answer of the inner system: {}", panic_text(&*panic));
                        return cell.change(|state| state.failed = Some(text));
                    }
                }
            }
        });
        *cell.tasks.lock() = vec![forward, listen];
        Self(cell)
    }
}

impl<P: Protocol> NestedCell<P> {
    /// A change from outside of any section.
    fn change(&self, change: impl FnOnce(&mut State<P>)) {
        let _gate = self.core.outside_change();
        change(&mut self.state.lock());
        self.core.changed();
    }

    /// A number for a question.
    fn number(&self) -> i64 {
        let mut state = self.state.lock();
        state.next += 1;
        state.next - 1
    }

    fn check(&self) -> Step<()> {
        match &self.state.lock().failed {
            Some(text) => Err(Error::Panic(text.clone()).into()),
            None => Ok(()),
        }
    }

    fn send(&self, state: &mut State<P>, request: P::Request, marks: Marks) {
        state.waiting += 1;
        // The task that receives lives as long as this cell.
        let _ = self.outgoing.send((request, marks));
    }
}

impl<P: Protocol> Drop for NestedCell<P> {
    fn drop(&mut self) {
        self.tasks.lock().iter().for_each(AbortHandle::abort);
    }
}

impl<P: Protocol> Cell for NestedCell<P> {
    type Staged = Staged<P>;

    fn core(&self) -> &Arc<Core> {
        &self.core
    }

    fn validate(&self, staged: &Staged<P>, _: u64) -> bool {
        // No other section may have used the answers; what else happens makes no difference.
        let state = self.state.lock();
        staged.read.iter().all(|(index, number)| state.asked.get(index).is_some_and(|(asked, _)| asked == number))
    }

    fn depends(&self, staged: &mut Staged<P>, marks: &Marks) {
        staged.marks.clone_from(marks);
    }

    fn commit(&self, staged: &mut Staged<P>) {
        if staged.read.is_empty() && staged.writes.is_empty() {
            return;
        }
        let mut state = self.state.lock();
        for index in staged.read.keys() {
            state.asked.remove(index);
        }
        for Write { index, request, .. } in staged.writes.drain(..) {
            // What was asked before the write may be answered with what was there before.
            state.asked.remove(&index);
            self.send(&mut state, request, staged.marks.clone());
        }
        drop(state);
        self.core.changed();
    }
}

impl<P: Protocol> MappingMacro for Nested<P> {
    type Index = P::Index;
    type Read = P::Content;
    type Write = P::Content;

    fn read(&mut self, section: &mut Section, index: &P::Index) -> Step<P::Content> {
        self.0.check()?;
        let staged = section.stage(&self.0);
        if let Some(write) = staged.writes.iter().rev().find(|write| write.index == *index) {
            return Ok(write.content.clone());
        }
        match self.0.state.lock().asked.get(index) {
            Some((number, Some(content))) => {
                staged.read.insert(index.clone(), *number);
                return Ok(content.clone());
            }
            Some((_, None)) => return Err(Abort::Retry),
            None => {}
        }
        // The question tells the inner system what this section has seen.
        section.check_consistent()?;
        let (marks, number) = (section.depends(), self.0.number());
        let request = self.0.protocol.read(number, index);
        let mut state = self.0.state.lock();
        if !state.asked.contains_key(index) {
            state.asked.insert(index.clone(), (number, None));
            self.0.send(&mut state, request, marks);
        }
        Err(Abort::Retry)
    }

    fn write(&mut self, section: &mut Section, index: &P::Index, content: P::Content) -> Step<()> {
        self.0.check()?;
        let staged = section.stage(&self.0);
        if self.0.state.lock().waiting + staged.writes.len() >= self.0.capacity {
            return Err(Abort::Retry);
        }
        let request = self.0.protocol.write(self.0.number(), index, content.clone());
        staged.writes.push(Write { index: index.clone(), content, request });
        Ok(())
    }

    fn class(&self) -> Class {
        Class::External
    }
}
