//! All states with the steps between them, in memory: what needs more than one look at a state stands on it.

use std::collections::HashMap;
use std::sync::Arc;

use hashbrown::hash_table::Entry;
use hashbrown::HashTable;

use crate::key::Key;
use crate::system::{Action, Failure, Row, System, Worker};

/// The states of a system, each with a number, the initial ones first, and the steps that change the state.
pub struct Graph {
    width: usize,
    rows: Vec<u32>,
    initial: u32,
    /// Where the steps from each state begin; one more than there are states.
    begins: Vec<usize>,
    edges: Vec<Edge>,
    /// The sets of places in [`System::fairness`] that steps have.
    sets: Vec<Vec<u16>>,
}

/// A step to another state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The state that it leads to.
    pub to: u32,
    /// What is fair to it, by number.
    set: u32,
}

impl Graph {
    /// Explores every state of a system. Each takes 4 bytes for each component, and 8 for each step from it.
    ///
    /// # Errors
    /// What is wrong in a state, or with a step from it.
    pub fn of<S: System>(system: &S) -> Result<Self, Failure> {
        let unmade = |error| Failure::Evaluation("the initial state".into(), error);
        let mut worker = system.worker().map_err(unmade)?;
        let mut graph = Self {
            width: system.width(),
            rows: Vec::new(),
            initial: 0,
            begins: vec![0],
            edges: Vec::new(),
            sets: Vec::new(),
        };
        let mut numbers = HashTable::new();
        for row in system.initial().map_err(unmade)?.chunks(graph.width) {
            graph.number(row, &mut numbers);
        }
        graph.initial = graph.len();
        let (mut known_sets, mut found, mut rows) = (HashMap::<Vec<u16>, u32>::new(), Vec::new(), Vec::new());
        let (mut at, mut set) = (0, Vec::new());
        while at < graph.len() {
            worker.steps(&graph.rows[at as usize * graph.width..][..graph.width], &mut |action, row| {
                found.push(action);
                rows.extend_from_slice(row);
            })?;
            let begin = graph.edges.len();
            for (action, row) in found.drain(..).zip(rows.chunks(graph.width)) {
                let to = graph.number(row, &mut numbers);
                if to == at {
                    continue;
                }
                set.clear();
                worker.fair(graph.row(at), action, &mut set);
                let known = known_sets.get(&set).copied();
                let set = known.unwrap_or_else(|| {
                    graph.sets.push(set.clone());
                    let number = graph.sets.len() as u32 - 1;
                    known_sets.insert(set.clone(), number);
                    number
                });
                let edge = Edge { to, set };
                if !graph.edges[begin..].contains(&edge) {
                    graph.edges.push(edge);
                }
            }
            rows.clear();
            graph.begins.push(graph.edges.len());
            at += 1;
        }
        Ok(graph)
    }

    /// The number of a state, which is new or not.
    fn number(&mut self, row: &Row, numbers: &mut HashTable<u32>) -> u32 {
        let (width, rows) = (self.width, &self.rows);
        let at = |number: &u32| &rows[*number as usize * width..][..width];
        match numbers.entry(Key::of(row).halves()[0], |known| at(known) == row, |known| Key::of(at(known)).halves()[0])
        {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(vacant) => {
                let number = u32::try_from(rows.len() / width).expect("a graph has less than 2^32 states");
                vacant.insert(number);
                self.rows.extend_from_slice(row);
                number
            }
        }
    }

    /// How many states there are.
    #[must_use]
    pub fn len(&self) -> u32 {
        (self.rows.len() / self.width) as u32
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many of them are initial.
    #[must_use]
    pub fn initial(&self) -> u32 {
        self.initial
    }

    /// A state.
    #[must_use]
    pub fn row(&self, state: u32) -> &Row {
        &self.rows[state as usize * self.width..][..self.width]
    }

    /// The steps from a state to others.
    #[must_use]
    pub fn steps(&self, state: u32) -> &[Edge] {
        &self.edges[self.begins[state as usize]..self.begins[state as usize + 1]]
    }

    /// The places in [`System::fairness`] of what is fair to a step.
    #[must_use]
    pub fn fair(&self, edge: Edge) -> &[u16] {
        &self.sets[edge.set as usize]
    }

    /// An action that makes a step from a state.
    ///
    /// # Errors
    /// What is wrong with the steps of the state.
    pub fn action(&self, worker: &mut impl Worker, from: u32, edge: Edge) -> Result<Action, Failure> {
        let (row, to, mut all) = (self.row(from), self.row(edge.to), Vec::new());
        worker.steps(row, &mut |action, next| {
            if next == to {
                all.push(action);
            }
        })?;
        let mut set = Vec::new();
        let is_it = |action: &Action| {
            set.clear();
            worker.fair(row, *action, &mut set);
            set == self.fair(edge)
        };
        let unknown =
            || Failure::Evaluation(Arc::from("a step"), mpcal_runtime::value::EvalError("is gone".to_owned()));
        all.into_iter().find(is_it).ok_or_else(unknown)
    }
}
