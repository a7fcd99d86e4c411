//! A model, its invariants, and what was found.

use std::fmt;
use std::time::{Duration, Instant};

use mpcal_runtime::value::EvalError;
use mpcal_runtime::Model;

use crate::breadth_first::{breadth_first, Counterexample, Limits};
use crate::compiled::{Compiled, Predicate};
use crate::system::{Component, Failure, System, Worker};

/// Checks the model that has these variables, with these constants.
pub fn checker<M: Model>(constants: M::Constants) -> Checker<M> {
    Checker { constants, invariants: Vec::new(), threads: 1, limits: Limits::default() }
}

/// What is to be checked.
pub struct Checker<M: Model> {
    constants: M::Constants,
    invariants: Vec<Predicate<M::Snapshot>>,
    threads: usize,
    limits: Limits,
}

impl<M: Model> Checker<M> {
    /// Something that holds in every state.
    #[must_use]
    pub fn invariant(self, name: &str, holds: impl Fn(&M::Snapshot) -> bool + Send + Sync + 'static) -> Self {
        self.evaluated(name, move |snapshot| Ok(holds(snapshot)))
    }

    /// Something that holds in every state, where evaluating it may fail.
    #[must_use]
    pub fn evaluated(
        mut self,
        name: &str,
        holds: impl Fn(&M::Snapshot) -> Result<bool, EvalError> + Send + Sync + 'static,
    ) -> Self {
        self.invariants.push((name.into(), Box::new(holds)));
        self
    }

    /// How many threads explore. Default: one.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Lets the model come to a state from which nothing leads although not every process has ended, as a server that
    /// waits for requests does when there are no more. Default: that is a violation.
    #[must_use]
    pub fn allow_deadlock(mut self) -> Self {
        self.limits.deadlock = false;
        self
    }

    /// Gives up when there are more distinct states than this. Default: never.
    #[must_use]
    pub fn most_states(mut self, states: u64) -> Self {
        self.limits.states = states;
        self
    }

    /// Explores every state.
    ///
    /// # Errors
    /// If an initial value cannot be evaluated.
    pub fn run(self) -> Result<Report, EvalError> {
        let start = Instant::now();
        let system = Compiled::<M>::new(self.constants, self.invariants, Vec::new())?;
        let found = breadth_first(&system, self.threads, self.limits)?;
        let verdict = match found.failure {
            None => Verdict::Holds,
            Some(Counterexample { failure, first, steps }) => {
                let worker = system.worker()?;
                let mut states = vec![State { step: None, components: worker.components(&first) }];
                let mut from = &first;
                for (action, row) in &steps {
                    let step = Some(worker.describe(from, *action));
                    states.push(State { step, components: worker.components(row) });
                    from = row;
                }
                Verdict::Violated(failure, states)
            }
        };
        Ok(Report {
            verdict,
            generated: found.generated,
            distinct: found.distinct,
            depth: found.depth,
            incomplete: found.incomplete,
            taken: found.taken,
            elapsed: start.elapsed(),
        })
    }
}

/// What was found.
#[derive(Debug)]
pub struct Report {
    /// Whether everything holds.
    pub verdict: Verdict,
    /// States that were generated, those that were known included.
    pub generated: u64,
    /// Distinct states.
    pub distinct: u64,
    /// Levels: states on the longest of the shortest ways.
    pub depth: u64,
    /// Whether a limit was reached.
    pub incomplete: bool,
    /// How often each label was taken, by archetype.
    pub taken: Vec<(String, &'static str, u64)>,
    /// How long it took.
    pub elapsed: Duration,
}

/// Whether everything holds.
#[derive(Debug)]
pub enum Verdict {
    /// In every state that was found.
    Holds,
    /// What does not, in the last of these states; nothing for a deadlock.
    Violated(Option<Failure>, Vec<State>),
}

/// A state of a counterexample.
#[derive(Debug)]
pub struct State {
    /// The process and the label of the step that has led to it; none for the first.
    pub step: Option<(String, &'static str)>,
    /// What it holds.
    pub components: Vec<Component>,
}

impl Report {
    /// Expects that everything holds, and that everything was looked at.
    ///
    /// # Panics
    /// With a counterexample otherwise.
    pub fn expect_no_violation(&self) {
        assert!(matches!(self.verdict, Verdict::Holds), "{self}");
        assert!(!self.incomplete, "not every state was looked at: {self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Verdict::Violated(failure, states) = &self.verdict {
            match failure {
                None => writeln!(f, "deadlock: no process can go on, and not all have ended")?,
                Some(Failure::Invariant(name)) => writeln!(f, "invariant {name} is violated")?,
                Some(Failure::Evaluation(name, error)) => writeln!(f, "invariant {name} has no value: {error}")?,
                Some(Failure::Step(error)) => writeln!(f, "{error}")?,
            }
            for (n, state) in (1..).zip(states) {
                match &state.step {
                    None => writeln!(f, "{n}: initial state")?,
                    Some((process, label)) => writeln!(f, "{n}: {process} takes {label}")?,
                }
                for component in &state.components {
                    writeln!(f, "    {component}")?;
                }
            }
        }
        let Self { generated, distinct, depth, elapsed, .. } = self;
        write!(f, "{generated} states generated, {distinct} distinct, depth {depth}, in {elapsed:.1?}")
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            crate::system::Held::Value(value) => write!(f, "{} = {value}", self.name),
            crate::system::Held::Process(label, variables) => {
                write!(f, "{} is at {label}", self.name)?;
                variables.iter().try_for_each(|(name, value)| write!(f, ", {name} = {value}"))
            }
        }
    }
}
