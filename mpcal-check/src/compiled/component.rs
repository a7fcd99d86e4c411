//! The components of a state: variables in cells, and processes.

use std::any::Any;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use mpcal_runtime::resource::Shared;
use mpcal_runtime::value::{Data, EvalError, Value};
use mpcal_runtime::{Archetype, Fairness, Model, Outcome, Section, Spawn, Stepper, VisitVariables};
use parking_lot::Mutex;

use crate::interner::Interner;
use crate::system::{Component, Held, Row};

/// The values of each component, by its place among variables or processes; all threads have the same.
#[derive(Default)]
pub(super) struct Tables(Mutex<HashMap<(bool, usize), Arc<dyn Any + Send + Sync>>>);

impl Tables {
    fn get<T: Eq + Hash + Clone + Send + Sync + 'static>(&self, is_variable: bool, place: usize) -> Arc<Interner<T>> {
        let new = || -> Arc<dyn Any + Send + Sync> { Arc::new(Interner::<T>::default()) };
        let table = self.0.lock().entry((is_variable, place)).or_insert_with(new).clone();
        table.downcast().expect("a component has the same type each time")
    }
}

/// The components of a model.
pub(super) struct Components {
    pub(super) variables: Vec<Box<dyn Variable>>,
    pub(super) processes: Vec<Box<dyn Process>>,
    /// The places of the variables, by cell.
    pub(super) by_cell: HashMap<u64, u16, foldhash::fast::FixedState>,
    /// Whether the algorithm is fair, beside its processes.
    pub(super) is_fair: bool,
}

impl Components {
    pub(super) fn new<M: Model>(model: &M, constants: &Arc<M::Constants>, tables: &Tables) -> Result<Self, EvalError> {
        let mut variables = Variables { tables, found: Vec::new() };
        model.variables(&mut variables);
        let mut processes = Processes { tables, found: Vec::new(), is_fair: false };
        model.spawn(&mut processes, constants)?;
        let by_cell = variables.found.iter().zip(0u16..).map(|(variable, place)| (variable.cell(), place)).collect();
        let (processes, is_fair) = (processes.found, processes.is_fair);
        Ok(Self { variables: variables.found, processes, by_cell, is_fair })
    }

    pub(super) fn width(&self) -> usize {
        self.variables.len() + self.processes.len()
    }

    /// The state that they are in.
    pub(super) fn row(&mut self) -> Vec<u32> {
        let variables = self.variables.iter_mut().map(|variable| variable.number());
        variables.chain(self.processes.iter_mut().map(|process| process.after())).collect()
    }

    /// Gives the variables the values of a state.
    pub(super) fn load(&mut self, state: &Row) {
        self.variables.iter_mut().zip(state).for_each(|(variable, value)| variable.load(*value));
    }

    pub(super) fn show(&self, state: &Row) -> Vec<Component> {
        let (variables, processes) = state.split_at(self.variables.len());
        let shown = self.variables.iter().zip(variables).map(|(variable, value)| variable.show(*value));
        shown.chain(self.processes.iter().zip(processes).map(|(process, state)| process.show(*state))).collect()
    }
}

/// A variable in a cell.
pub(super) trait Variable: Send {
    fn cell(&self) -> u64;
    /// Gives it a value.
    fn load(&mut self, value: u32);
    /// The value that it has.
    fn number(&mut self) -> u32;
    /// The value that a section would give it, if it has changed it.
    fn change(&self, section: &mut Section) -> Option<u32>;
    fn show(&self, value: u32) -> Component;
}

struct Cell<T: Data> {
    name: String,
    variable: Shared<T>,
    values: Arc<Interner<T>>,
    /// The value that was loaded last.
    loaded: Option<u32>,
}

impl<T: Data> Variable for Cell<T> {
    fn cell(&self) -> u64 {
        self.variable.cell()
    }

    fn load(&mut self, value: u32) {
        if self.loaded != Some(value) {
            self.loaded = Some(value);
            self.variable.store(self.values.value(value).clone());
        }
    }

    fn number(&mut self) -> u32 {
        self.values.number(&self.variable.load())
    }

    fn change(&self, section: &mut Section) -> Option<u32> {
        self.variable.change(section).map(|value| self.values.number(value))
    }

    fn show(&self, value: u32) -> Component {
        Component { name: self.name.clone(), value: Held::Value(self.values.value(value).to_value()) }
    }
}

struct Variables<'t> {
    tables: &'t Tables,
    found: Vec<Box<dyn Variable>>,
}

impl VisitVariables for Variables<'_> {
    fn variable<T: Data>(&mut self, name: &'static str, instance: Option<Value>, variable: &Shared<T>) {
        let values = self.tables.get(true, self.found.len());
        let name = instance.map_or_else(|| name.to_owned(), |id| format!("{name}[{id}]"));
        self.found.push(Box::new(Cell { name, variable: variable.clone(), values, loaded: None }));
    }
}

/// A process.
pub(super) trait Process: Send {
    fn archetype(&self) -> String;
    /// Archetype and identifier.
    fn name(&self) -> String;
    fn load(&mut self, state: u32);
    fn is_done(&self) -> bool;
    /// Runs a path, and leaves it at that.
    fn explore(&mut self, path: &[usize]) -> Outcome;
    /// What the path has touched and would change.
    fn section(&mut self) -> &mut Section;
    /// The state after the path.
    fn after(&mut self) -> u32;
    fn next_path(&self, path: &mut Vec<usize>) -> bool;
    fn label_of(&self, state: u32) -> &'static str;
    fn labels(&self) -> &'static [&'static str];
    /// How fair the next step is.
    fn fairness_of(&self, state: u32) -> Fairness;
    fn show(&self, state: u32) -> Component;
}

struct Steps<A: Archetype> {
    stepper: Stepper<A>,
    fairness: Fairness,
    states: Arc<Interner<A::State>>,
}

struct Processes<'t> {
    tables: &'t Tables,
    found: Vec<Box<dyn Process>>,
    is_fair: bool,
}

impl Spawn for Processes<'_> {
    fn spawn<A: Archetype>(&mut self, archetype: A) {
        self.spawn_as(archetype, Fairness::Unfair);
    }

    fn spawn_as<A: Archetype>(&mut self, archetype: A, fairness: Fairness) {
        let states = self.tables.get(false, self.found.len());
        self.found.push(Box::new(Steps { stepper: Stepper::new(archetype), fairness, states }));
    }

    fn fair_algorithm(&mut self) {
        self.is_fair = true;
    }
}

impl<A: Archetype> Process for Steps<A> {
    fn archetype(&self) -> String {
        self.stepper.archetype().name().to_owned()
    }

    fn name(&self) -> String {
        let archetype = self.stepper.archetype();
        format!("{}({})", archetype.name(), archetype.process())
    }

    fn load(&mut self, state: u32) {
        self.stepper.restore(self.states.value(state).clone());
    }

    fn is_done(&self) -> bool {
        self.stepper.archetype().is_done()
    }

    fn explore(&mut self, path: &[usize]) -> Outcome {
        self.stepper.explore(path)
    }

    fn section(&mut self) -> &mut Section {
        self.stepper.section()
    }

    fn after(&mut self) -> u32 {
        self.states.number(self.stepper.archetype().state())
    }

    fn next_path(&self, path: &mut Vec<usize>) -> bool {
        self.stepper.next_path(path)
    }

    fn label_of(&self, state: u32) -> &'static str {
        A::label_of(self.states.value(state))
    }

    fn labels(&self) -> &'static [&'static str] {
        A::labels()
    }

    fn fairness_of(&self, state: u32) -> Fairness {
        A::fairness_of(self.states.value(state), self.fairness)
    }

    fn show(&self, state: u32) -> Component {
        let state = self.states.value(state);
        Component { name: self.name(), value: Held::Process(A::label_of(state), A::variables_of(state)) }
    }
}
