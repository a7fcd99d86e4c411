//! What can be explored.

use std::sync::Arc;

use mpcal_runtime::value::{EvalError, Value};
use mpcal_runtime::Error;

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

    /// The states that it can start in, one behind the other.
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

    /// What a step is, for people: the process and its label.
    fn describe(&self, state: &Row, action: Action) -> (String, &'static str);

    /// The components of a state, with names and values.
    fn components(&self, state: &Row) -> Vec<Component>;

    /// How often each label was taken, by archetype.
    fn taken(&self) -> Vec<(String, &'static str, u64)>;
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
    Process(String),
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
