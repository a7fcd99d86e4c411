//! What can be explored.

use std::sync::Arc;

use mpcal_runtime::value::{EvalError, Value};
use mpcal_runtime::Error;

use crate::key::Key;

/// A state: a number for each component. Equal numbers stand for equal values.
pub type Row = [u32];

/// A transition system.
pub trait System: Sync {
    /// What explores it in one thread.
    type Worker: Worker;

    /// How many components a state has.
    fn width(&self) -> usize;

    /// What explores it in this thread.
    ///
    /// # Errors
    /// If an initial value cannot be evaluated.
    fn worker(&self) -> Result<Self::Worker, EvalError>;

    /// What must not be left out forever: each says that some steps are fair. Steps say by their place here which of
    /// them they are of ([`Worker::fair`]).
    fn fairness(&self) -> Vec<Fairness> {
        Vec::new()
    }

    /// The states that it can start in, one after the other.
    ///
    /// # Errors
    /// If an initial value cannot be evaluated.
    fn initial(&self) -> Result<Vec<u32>, EvalError>;
}

/// What explores a system in one thread.
pub trait Worker {
    /// Shows every step that leads from a state, in the same order each time; whether it may end there.
    ///
    /// # Errors
    /// What is wrong in this state or with a step from it, after the steps that were shown.
    fn steps(&mut self, state: &Row, show: &mut impl FnMut(Action, &Row)) -> Result<bool, Failure>;

    /// The same, each step as what it changes; `key` is that of the state.
    ///
    /// # Errors
    /// As of [`steps`](Self::steps).
    fn changes(&mut self, state: &Row, key: Key, show: &mut impl FnMut(Action, Change<'_>)) -> Result<bool, Failure> {
        let mut components = Vec::new();
        self.steps(state, &mut |action, next| {
            let all = (0..).zip(state.iter().zip(next)).filter(|(_, (from, to))| from != to);
            components.clear();
            components.extend(all.map(|(at, (_, to))| [at, *to]));
            let by = |key: Key, [at, to]: &[u32; 2]| key.changed(Key::change(*at, state[*at as usize], *to));
            show(action, Change { components: &components, key: components.iter().fold(key, by) });
        })
    }

    /// Whether a predicate of the system is true in a state. Properties mention predicates by number.
    ///
    /// # Errors
    /// If it cannot be evaluated.
    fn holds(&mut self, state: &Row, predicate: usize) -> Result<bool, Failure>;

    /// Adds the places in [`System::fairness`] of what is fair to a step.
    fn fair(&self, state: &Row, action: Action, to: &mut Vec<u16>) {
        let _ = (state, action, to);
    }

    /// What a step is, for people: the process and its label.
    fn describe(&self, state: &Row, action: Action) -> (String, &'static str);

    /// The components of a state, with names and values.
    fn components(&self, state: &Row) -> Vec<Component>;

    /// How often each label was taken, by archetype.
    fn taken(&self) -> Vec<(String, &'static str, u64)>;
}

/// That some steps are fair, as `WF_vars(A)` and `SF_vars(A)` say it: where one that changes the state can be taken all the
/// time, or if it is strong again and again, one is taken again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fairness {
    /// What is fair, for people.
    pub name: String,
    /// Whether it is enough that such a step can be taken again and again.
    pub is_strong: bool,
}

/// What a step changes.
#[derive(Clone, Copy, Debug)]
pub struct Change<'c> {
    /// The components that change, each with its new value.
    pub components: &'c [[u32; 2]],
    /// The key of the state that it leads to.
    pub key: Key,
}

/// A step from a state that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action {
    /// The number of the process.
    pub process: u32,
    /// The number of the way that it takes, among all that it can take.
    pub way: u32,
}

/// A component of a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// The name of the variable, or of the process.
    pub name: String,
    /// What it holds.
    pub value: Held,
}

/// What a component holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// The value of a variable.
    Value(Value),
    /// Label and variables of a process.
    Process(&'static str, Vec<(&'static str, Value)>),
}

/// What is wrong with a state, or with a step from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The invariant with this name does not hold.
    Invariant(Arc<str>),
    /// A step of the model fails.
    Step(Arc<Error>),
    /// An invariant cannot be evaluated.
    Evaluation(Arc<str>, EvalError),
}
