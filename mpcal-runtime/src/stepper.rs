//! Steps of an archetype, path by path, without waiting: what a driver on tokio, a checker and a simulator stand on.

mod durable;

use std::task::{ready, Context, Poll, Waker};

use self::durable::Keeper;
use crate::archetype::Archetype;
use crate::cell::Inside;
use crate::error::{caught, Abort, Error, Step};
use crate::section::Section;

/// What one path through a step came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The path was taken, or can be.
    Taken,
    /// The path is blocked; nothing was done.
    Blocked,
    /// Another commit came in between; nothing was done, and the same path can be run again.
    Conflict,
    /// The model is violated, or a resource cannot go on; nothing was done.
    Failed(Error),
}

/// Takes the steps of an archetype.
///
/// ```
/// # use mpcal_runtime::{Archetype, Outcome, Stepper};
/// /// How many ways there are to take the next step.
/// fn ways<A: Archetype>(stepper: &mut Stepper<A>, restore: impl Fn(&mut Stepper<A>)) -> usize {
///     let (mut path, mut ways) = (Vec::new(), 0);
///     loop {
///         if stepper.attempt(&path) == Outcome::Taken {
///             ways += 1;
///             restore(stepper);
///         }
///         if !stepper.next_path(&mut path) {
///             return ways;
///         }
///     }
/// }
/// ```
pub struct Stepper<A: Archetype> {
    archetype: A,
    pub(crate) section: Section,
    /// The label of the step.
    label: &'static str,
    /// The state before a step that has not committed.
    before: Option<A::State>,
    /// Whether the path was run and waits to be committed, or for its failure to be believed.
    has_run: bool,
    failure: Option<Error>,
    /// Where the state is kept, if it is durable.
    keeper: Option<Keeper<A::State>>,
}

impl<A: Archetype> Stepper<A> {
    /// Takes an archetype in whatever state it is.
    pub fn new(archetype: A) -> Self {
        let (section, label) = (Section::new(archetype.process()), archetype.label());
        Self { archetype, section, label, before: None, has_run: false, failure: None, keeper: None }
    }

    /// The archetype.
    pub fn archetype(&self) -> &A {
        &self.archetype
    }

    /// The label of the step that is taken, or was taken last.
    pub(crate) fn label(&self) -> &'static str {
        self.label
    }

    /// Whether there is a step that has not committed.
    pub(crate) fn is_open(&self) -> bool {
        self.before.is_some()
    }

    /// Label, variables and procedure stack, as they are after the last step.
    pub fn state(&mut self) -> &A::State {
        self.undo();
        self.before.as_ref().unwrap_or_else(|| self.archetype.state())
    }

    /// Goes to another state. What its resources hold stays.
    pub fn restore(&mut self, state: A::State) {
        self.undo();
        *self.archetype.state_mut() = state;
    }

    /// Runs one path through the step at the current label, and commits it if nothing is in the way. `path` says what
    /// to choose at each `either` and `with`, counted from 0; after its end the first.
    ///
    /// A path that would have to wait before it can commit, for a peer or for the disk, is blocked. An archetype that
    /// has ended is blocked. A path of which others may have decided that it commits is gone on with, whatever `path` says.
    pub fn attempt(&mut self, path: &[usize]) -> Outcome {
        let outcome = match self.explore(path) {
            Outcome::Taken => self.commit(),
            refused => refused,
        };
        self.undo();
        outcome
    }

    /// As [`attempt`](Self::attempt), but leaves it at what the path would come to, to be looked at until the next call:
    /// [`archetype`](Self::archetype) is as it would be, and [`section`](Self::section) knows what it would change.
    pub fn explore(&mut self, path: &[usize]) -> Outcome {
        if !self.undo() {
            if self.archetype.is_done() {
                return Outcome::Blocked;
            }
            self.label = self.archetype.label();
            self.before = Some(self.archetype.state().clone());
            self.section.begin_at(path);
        }
        match self.poll_ready(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(())) => Outcome::Taken,
            Poll::Ready(Err(abort)) => self.ended(abort),
            Poll::Pending => Outcome::Blocked,
        }
    }

    /// What the last path has touched, and what it stages.
    pub fn section(&mut self) -> &mut Section {
        &mut self.section
    }

    /// The choices of the last attempt: what was chosen, from 0, and out of how many.
    pub fn choices(&self) -> &[(usize, usize)] {
        self.section.choices()
    }

    /// Makes of `path` the one after that of the last attempt, in depth-first order; false if it was the last.
    pub fn next_path(&self, path: &mut Vec<usize>) -> bool {
        self.section.path_behind(path)
    }

    /// Starts a step at the current label, whose paths are those of the section; false if there is none. One of which
    /// others may have decided that it commits is gone on with.
    pub(crate) fn begin(&mut self) -> bool {
        if self.undo() {
            return true;
        }
        self.label = self.archetype.label();
        self.section.begin(self.label);
        !self.archetype.is_done()
    }

    /// Runs the path that the section plans, unless that was done, and commits it as soon as what it waits for is there.
    /// What it has touched and staged stays in the section if it does not commit.
    pub(crate) fn poll_attempt(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        match ready!(self.poll_ready(cx)) {
            Ok(()) => Poll::Ready(self.commit()),
            Err(abort) => Poll::Ready(self.ended(abort)),
        }
    }

    /// Runs the path that the section plans, unless that was done, and waits for what it needs to commit.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Step<()>> {
        if !self.has_run {
            match self.run() {
                Ok(()) => {}
                Err(Abort::Fatal(error)) => self.failure = Some(error),
                Err(abort) => return Poll::Ready(Err(abort)),
            }
            self.has_run = true;
        }
        let ready = caught(|| match &self.failure {
            Some(_) => self.section.poll_confirmation(cx),
            None if self.section.is_local() => Poll::Ready(Ok(())),
            None => self.section.poll_pre_commit(cx),
        });
        let ready = ready.unwrap_or_else(|panic| Poll::Ready(Err(panic.into())));
        if ready.is_pending() {
            self.section.release();
        }
        match (ready, self.failure.is_some()) {
            (Poll::Ready(Ok(())), true) => Poll::Ready(self.failure.take().map_or(Ok(()), |error| Err(error.into()))),
            (ready, _) => ready,
        }
    }

    fn commit(&mut self) -> Outcome {
        if let Err(abort) = self.section.commit(self.label) {
            return self.ended(abort);
        }
        (self.before, self.has_run) = (None, false);
        Outcome::Taken
    }

    fn run(&mut self) -> Step<()> {
        caught(|| {
            if self.keeper.is_some() || !self.archetype.is_local() {
                self.before.get_or_insert_with(|| self.archetype.state().clone());
            }
            let inside = Inside::enter();
            self.archetype.step(&mut self.section)?;
            drop(inside);
            match &self.keeper {
                Some(keeper) => keeper.keep(self.archetype.state(), &mut self.section),
                None => Ok(()),
            }
        })?
    }

    /// Puts the state back after an attempt that has not committed.
    fn ended(&mut self, abort: Abort) -> Outcome {
        (self.has_run, self.failure) = (false, None);
        if let Some(before) = &self.before {
            self.archetype.state_mut().clone_from(before);
        }
        match abort {
            Abort::Retry => Outcome::Blocked,
            // A failure on what is not true any more, here or at other nodes, is none.
            Abort::Fatal(error) if self.section.is_valid() => Outcome::Failed(self.located(error)),
            Abort::Fatal(_) | Abort::Conflict => Outcome::Conflict,
        }
    }

    /// Undoes a step that has not committed, unless others may have decided that it does; whether it is still open then.
    pub(crate) fn undo(&mut self) -> bool {
        if self.before.is_some() && !self.section.withdraw() {
            return true;
        }
        (self.has_run, self.failure) = (false, None);
        if let Some(before) = self.before.take() {
            *self.archetype.state_mut() = before;
            self.section.abort();
        }
        false
    }

    /// An error of this archetype.
    pub(crate) fn located(&self, cause: Error) -> Error {
        Error::In {
            archetype: self.archetype.name(),
            process: self.archetype.process().to_string(),
            label: self.label,
            cause: Box::new(cause),
        }
    }
}
