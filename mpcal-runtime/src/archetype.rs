//! What the compiler generates for an archetype.

use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::Serialize;

use crate::error::Step;
use crate::resource::Shared;
use crate::section::Section;
use crate::value::{Data, Eval, Value};

/// Whether a process may stop for good where it could go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fairness {
    /// It may.
    #[default]
    Unfair,
    /// Not where it could go on all the time.
    Weak,
    /// Not where it could go on again and again.
    Strong,
}

/// A running archetype: a state, and the resources bound to its parameters. Generated code
/// implements it; a driver runs it.
pub trait Archetype: Send + 'static {
    /// Label, variables and procedure stack: one plain value.
    type State: Clone + Debug + Eq + Hash + Serialize + DeserializeOwned + Send + Sync;

    /// The name in the model.
    fn name(&self) -> &'static str;

    /// `self`, untyped.
    fn process(&self) -> Value;

    /// The label that control is at.
    fn label(&self) -> &'static str {
        Self::label_of(self.state())
    }

    /// The label that control is at in a state.
    fn label_of(state: &Self::State) -> &'static str;

    /// Every label, in the order of the model, without `Done`.
    fn labels() -> &'static [&'static str] {
        &[]
    }

    /// How fair the next step from a state is, in a process that is declared to be this fair.
    fn fairness_of(state: &Self::State, process: Fairness) -> Fairness {
        let _ = state;
        process
    }

    /// The variables in a state, as the model names them; with procedures also their `stack`.
    fn variables_of(state: &Self::State) -> Vec<(&'static str, Value)> {
        let _ = state;
        Vec::new()
    }

    /// Whether control has reached `Done`.
    fn is_done(&self) -> bool;

    /// The state.
    fn state(&self) -> &Self::State;

    /// The state, to be put back or changed.
    fn state_mut(&mut self) -> &mut Self::State;

    /// Whether the step at this label neither blocks nor touches a resource, so that nothing needs
    /// to be undone.
    fn is_local(&self) -> bool;

    /// Attempts the step at the current label: changes the state, stages the rest.
    ///
    /// # Errors
    /// `Retry` if the path is blocked, a fatal error if the model is violated. The state is then
    /// undefined and the driver puts the old one back.
    fn step(&mut self, section: &mut Section) -> Step<()>;
}

/// Where the processes of a model are started: a [`Node`](crate::Node) runs them; a checker explores what they can do.
pub trait Spawn {
    /// Starts one.
    fn spawn<A: Archetype>(&mut self, archetype: A);

    /// Starts one that the model declares to be this fair. What runs a process goes on with it in any case.
    fn spawn_as<A: Archetype>(&mut self, archetype: A, fairness: Fairness) {
        let _ = fairness;
        self.spawn(archetype);
    }

    /// Starts one that is weakly fair: `fair process`.
    fn spawn_fair<A: Archetype>(&mut self, archetype: A) {
        self.spawn_as(archetype, Fairness::Weak);
    }

    /// Starts one that is strongly fair: `fair+ process`.
    fn spawn_strongly_fair<A: Archetype>(&mut self, archetype: A) {
        self.spawn_as(archetype, Fairness::Strong);
    }

    /// Says that the algorithm is fair: some process goes on as long as one can.
    fn fair_algorithm(&mut self) {}
}

/// The system that TLC checks: the variables of a model in memory, and processes over them. What is generated for a model
/// implements it.
pub trait Model: Sized + Send + 'static {
    /// The constants of the model.
    type Constants: Send + Sync;
    /// The values of the variables.
    type Snapshot: Clone + Eq + Hash + Serialize + DeserializeOwned;

    /// The variables with initial values; [`initial_states`](crate::initial_states) gives all that there are.
    ///
    /// # Errors
    /// If one cannot be evaluated.
    fn new(constants: &Self::Constants) -> Eval<Self>;

    /// Starts every process.
    ///
    /// # Errors
    /// If an `ASSUME` does not hold or an initial value cannot be evaluated.
    fn spawn(&self, processes: &mut impl Spawn, constants: &Arc<Self::Constants>) -> Eval<()>;

    /// Shows each variable.
    fn variables(&self, visitor: &mut impl VisitVariables);

    /// The committed values of the global variables, untyped, in the order of the model.
    fn values(&self) -> Vec<Value>;

    /// The committed values, each for itself: all are of one moment if nothing commits meanwhile.
    fn snapshot(&self) -> Self::Snapshot;

    /// Sets all variables, from outside of any section.
    fn restore(&self, snapshot: &Self::Snapshot);
}

/// Visits the variables of a [`Model`], each with its type.
pub trait VisitVariables {
    /// A variable; if each instance of a process has one, that of this instance.
    fn variable<T: Data>(&mut self, name: &'static str, instance: Option<Value>, variable: &Shared<T>);
}
