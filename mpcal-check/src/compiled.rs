//! The system that generated code is: its section functions, over variables in memory.
//!
//! A section that is explored is not committed: what it stages is what the next state differs in. What a section does
//! depends on the state of its process and on the variables that it touches, and on nothing else; so it runs once for each
//! combination of these, and what it led to is remembered.

mod component;
mod memory;

use std::sync::Arc;

use mpcal_runtime::value::EvalError;
use mpcal_runtime::{self as model, initial_states, Model, Outcome};

use self::component::{Components, Tables};
use self::memory::{Memory, Outcomes, Way};
use crate::key::Key;
use crate::system::{Action, Change, Component, Failure, Fairness, Row, System, Worker};

/// Something that is true in a state or not.
pub(crate) type Predicate<S> = (Arc<str>, Box<dyn Fn(&S) -> Result<bool, EvalError> + Send + Sync>);

/// A model as a system.
pub struct Compiled<M: Model> {
    constants: Arc<M::Constants>,
    invariants: Arc<Vec<Predicate<M::Snapshot>>>,
    /// What properties mention.
    predicates: Arc<Vec<Predicate<M::Snapshot>>>,
    fairness: Vec<Fairness>,
    tables: Tables,
    width: usize,
}

impl<M: Model> Compiled<M> {
    /// A model with constants.
    ///
    /// # Errors
    /// If an initial value cannot be evaluated.
    pub(crate) fn new(
        constants: M::Constants,
        invariants: Vec<Predicate<M::Snapshot>>,
        predicates: Vec<Predicate<M::Snapshot>>,
    ) -> Result<Self, EvalError> {
        let (constants, tables) = (Arc::new(constants), Tables::default());
        let components = Components::new(&M::new(&constants)?, &constants, &tables)?;
        let (width, fairness) = (components.width(), components.fairness());
        let (invariants, predicates) = (Arc::new(invariants), Arc::new(predicates));
        Ok(Self { constants, invariants, predicates, fairness, tables, width })
    }
}

impl<M: Model> System for Compiled<M> {
    type Worker = Sections<M>;

    fn width(&self) -> usize {
        self.width
    }

    fn fairness(&self) -> Vec<Fairness> {
        self.fairness.clone()
    }

    fn worker(&self) -> Result<Sections<M>, EvalError> {
        let model = M::new(&self.constants)?;
        let components = Components::new(&model, &self.constants, &self.tables)?;
        let memories = components.processes.iter().map(|_| Memory::default()).collect();
        Ok(Sections {
            model,
            components,
            invariants: self.invariants.clone(),
            predicates: self.predicates.clone(),
            memories,
        })
    }

    fn initial(&self) -> Result<Vec<u32>, EvalError> {
        let all = initial_states(|| {
            let model = M::new(&self.constants)?;
            Ok(Components::new(&model, &self.constants, &self.tables)?.row())
        })?;
        Ok(all.concat())
    }
}

/// The sections of a model, run in one thread.
pub struct Sections<M: Model> {
    model: M,
    components: Components,
    invariants: Arc<Vec<Predicate<M::Snapshot>>>,
    predicates: Arc<Vec<Predicate<M::Snapshot>>>,
    /// What the sections of each process led to.
    memories: Vec<Memory>,
}

impl<M: Model> Worker for Sections<M> {
    fn steps(&mut self, state: &Row, show: &mut impl FnMut(Action, &Row)) -> Result<bool, Failure> {
        let mut next = state.to_vec();
        self.changes(state, Key::default(), &mut |action, change| {
            change.components.iter().for_each(|[at, value]| next[*at as usize] = *value);
            show(action, &next);
            change.components.iter().for_each(|[at, _]| next[*at as usize] = state[*at as usize]);
        })
    }

    fn changes(&mut self, state: &Row, key: Key, show: &mut impl FnMut(Action, Change<'_>)) -> Result<bool, Failure> {
        self.check(state)?;
        let (variables, mut may_end) = (self.components.variables.len(), true);
        for n in 0..self.memories.len() {
            let (at, process) = (variables + n, n as u32);
            let known = self.memories[n].find(state[at], state);
            let known = match known {
                Some(known) => known,
                None => {
                    let (touched, outcomes) = self.components.run(n, state);
                    self.memories[n].add(state[at], state, &touched, outcomes)
                }
            };
            let memory = &self.memories[n];
            for (way, (components, by)) in (0u32..).zip(memory.ways(known)) {
                show(Action { process, way }, Change { components, key: key.changed(by) });
            }
            if let Some(failure) = memory.failure(known) {
                return Err(failure.clone());
            }
            may_end &= memory.has_ended(known);
        }
        Ok(may_end)
    }

    fn holds(&mut self, state: &Row, predicate: usize) -> Result<bool, Failure> {
        let predicates = self.predicates.clone();
        let (name, holds) = &predicates[predicate];
        self.components.load(state);
        holds(&self.model.snapshot()).map_err(|error| Failure::Evaluation(name.clone(), error))
    }

    fn fair(&self, state: &Row, action: Action, to: &mut Vec<u16>) {
        let n = action.process as usize;
        match self.components.processes[n].fairness_of(state[self.components.variables.len() + n]) {
            model::Fairness::Unfair => {}
            model::Fairness::Weak => to.push(2 * n as u16),
            model::Fairness::Strong => to.push(2 * n as u16 + 1),
        }
        if self.components.is_fair {
            to.push(2 * self.components.processes.len() as u16);
        }
    }

    fn describe(&self, state: &Row, action: Action) -> (String, &'static str) {
        let n = action.process as usize;
        let process = &self.components.processes[n];
        (process.name(), process.label_of(state[self.components.variables.len() + n]))
    }

    fn components(&self, state: &Row) -> Vec<Component> {
        self.components.show(state)
    }

    fn taken(&self) -> Vec<(String, &'static str, u64)> {
        let mut found = Vec::new();
        for (process, memory) in self.components.processes.iter().zip(&self.memories) {
            let taken = memory.taken();
            found.extend(process.labels().iter().map(|label| (process.archetype(), *label, 0)));
            let taken = taken.filter(|(_, count)| *count > 0);
            found.extend(taken.map(|(state, count)| (process.archetype(), process.label_of(state), count)));
        }
        found
    }
}

impl<M: Model> Sections<M> {
    /// Evaluates the invariants.
    fn check(&mut self, state: &Row) -> Result<(), Failure> {
        if self.invariants.is_empty() {
            return Ok(());
        }
        self.components.load(state);
        let snapshot = self.model.snapshot();
        for (name, invariant) in &*self.invariants {
            match invariant(&snapshot) {
                Ok(true) => {}
                Ok(false) => return Err(Failure::Invariant(name.clone())),
                Err(error) => return Err(Failure::Evaluation(name.clone(), error)),
            }
        }
        Ok(())
    }
}

impl Components {
    /// For each process that it goes on where it can all the time, and where it can again and again; last, if the
    /// algorithm is fair, that some process does.
    fn fairness(&self) -> Vec<Fairness> {
        let of_process = |name: String| [false, true].map(|is_strong| Fairness { name: name.clone(), is_strong });
        let all = self.processes.iter().flat_map(|process| of_process(process.name()));
        let next = self.is_fair.then(|| Fairness { name: "Next".to_owned(), is_strong: false });
        all.chain(next).collect()
    }

    /// Runs every path of a process from a state: the variables that it touched, and what that came to.
    fn run(&mut self, n: usize, state: &Row) -> (Vec<u16>, Outcomes) {
        self.load(state);
        let variables = self.variables.len();
        self.processes[n].load(state[variables + n]);
        let process = &mut self.processes[n];
        let mut outcomes = Outcomes { ways: Vec::new(), failure: None, is_done: process.is_done() };
        let (mut touched, mut path) = (Vec::new(), Vec::new());
        loop {
            let outcome = process.explore(&path);
            let section = process.section();
            let from = touched.len();
            touched.extend(section.touched().filter_map(|cell| self.by_cell.get(&cell).copied()));
            match outcome {
                Outcome::Taken => {
                    let all = touched[from..].iter().filter_map(|variable| {
                        Some([u32::from(*variable), self.variables[*variable as usize].change(section)?])
                    });
                    let mut changes: Vec<_> = all.collect();
                    changes.push([(variables + n) as u32, process.after()]);
                    changes.retain(|[at, value]| state[*at as usize] != *value);
                    let change = |[at, value]: &[u32; 2]| Key::change(*at, state[*at as usize], *value);
                    let by = changes.iter().map(change).fold(Key::default(), Key::changed);
                    outcomes.ways.push(Way { changes, by });
                }
                Outcome::Blocked | Outcome::Conflict => {}
                Outcome::Failed(error) => {
                    outcomes.failure = Some(Failure::Step(Arc::new(error)));
                    break;
                }
            }
            if !process.next_path(&mut path) {
                break;
            }
        }
        touched.sort_unstable();
        touched.dedup();
        (touched, outcomes)
    }
}
