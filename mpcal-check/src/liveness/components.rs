//! Sets of states between which one can go back and forth, and in which a fair cycle can visit everything.

use super::Violation;
use crate::graph::Graph;
use crate::system::Fairness;

/// A number that no component and no group has.
const NONE: u32 = u32::MAX;

/// The components in which there is a fair cycle that violates a property.
pub(super) struct Components<'g> {
    pub(super) graph: &'g Graph,
    pub(super) fairness: &'g [Fairness],
    /// The component of each state.
    of: Vec<u32>,
}

/// What a component has for each fairness.
struct Had {
    /// Whether a step is taken in it.
    taken: Vec<bool>,
    /// Whether one can be taken in some of its states.
    enabled: Vec<bool>,
    /// In how many of them.
    count: Vec<usize>,
}

impl<'g> Components<'g> {
    /// Emerson and Lei's way: where a strong fairness is violated, its states go, and what is left is looked at again.
    pub(super) fn fair(graph: &'g Graph, fairness: &'g [Fairness], violation: &Violation) -> Self {
        let mut own = Self { graph, fairness, of: vec![NONE; graph.len() as usize] };
        let mut group: Vec<u32> = violation.region.iter().map(|inside| if *inside { 0 } else { NONE }).collect();
        let all: Vec<u32> = (0..graph.len()).filter(|state| violation.region[*state as usize]).collect();
        let (mut todo, mut groups, mut count) = (vec![all], 1, 0);
        let mut search = Search::new(graph.len() as usize);
        while let Some(states) = todo.pop() {
            for component in search.components(graph, &group, &states) {
                groups += 1;
                component.iter().for_each(|state| group[*state as usize] = groups);
                let visits = violation.visits.as_ref();
                if visits.is_some_and(|visits| component.iter().all(|state| !visits[*state as usize])) {
                    continue;
                }
                let had = own.had(&component, &group);
                let broken = |n: usize| !had.taken[n] && had.enabled[n];
                let all_along = |n: usize| had.count[n] == component.len();
                let weak = |n: usize| !fairness[n].is_strong;
                if (0..fairness.len()).any(|n| broken(n) && (weak(n) && all_along(n))) {
                    continue;
                }
                let strong: Vec<usize> = (0..fairness.len()).filter(|n| broken(*n) && !weak(*n)).collect();
                if strong.is_empty() {
                    component.iter().for_each(|state| own.of[*state as usize] = count);
                    count += 1;
                    continue;
                }
                let is_left = |state: &u32| strong.iter().all(|n| !own.can_take(*state, *n));
                let left: Vec<u32> = component.into_iter().filter(is_left).collect();
                if !left.is_empty() {
                    groups += 1;
                    left.iter().for_each(|state| group[*state as usize] = groups);
                    todo.push(left);
                }
            }
        }
        own
    }

    /// The component of a state.
    pub(super) fn of(&self, state: u32) -> Option<u32> {
        Some(self.of[state as usize]).filter(|component| *component != NONE)
    }

    /// Whether a step can be taken in a state, wherever it leads.
    pub(super) fn can_take(&self, state: u32, fairness: usize) -> bool {
        self.graph.steps(state).iter().any(|edge| self.graph.fair(*edge).contains(&(fairness as u16)))
    }

    fn had(&self, component: &[u32], group: &[u32]) -> Had {
        let count = self.fairness.len();
        let mut had = Had { taken: vec![false; count], enabled: vec![false; count], count: vec![0; count] };
        let mut last = vec![NONE; count];
        for state in component {
            for edge in self.graph.steps(*state) {
                let inside = group[edge.to as usize] == group[*state as usize];
                for n in self.graph.fair(*edge).iter().map(|n| usize::from(*n)) {
                    had.taken[n] |= inside;
                    had.enabled[n] = true;
                    had.count[n] += usize::from(last[n] != *state);
                    last[n] = *state;
                }
            }
        }
        had
    }
}

/// Tarjan's search, without recursion.
struct Search {
    /// When a state was found, from 1; 0 if it was not.
    found: Vec<u32>,
    /// The earliest state on the stack that can be reached from it; [`NONE`] for those that have their component.
    low: Vec<u32>,
    time: u32,
}

impl Search {
    fn new(states: usize) -> Self {
        Self { found: vec![0; states], low: vec![0; states], time: 0 }
    }

    /// The components of states that are a group of their own.
    fn components(&mut self, graph: &Graph, group: &[u32], states: &[u32]) -> Vec<Vec<u32>> {
        states.iter().for_each(|state| self.found[*state as usize] = 0);
        self.time = 0;
        let (mut all, mut stack, mut calls) = (Vec::new(), Vec::new(), Vec::new());
        for root in states {
            if self.found[*root as usize] == 0 {
                self.enter(*root, &mut stack, &mut calls);
            }
            while let Some((state, next)) = calls.last_mut() {
                let state = *state;
                let Some(edge) = graph.steps(state).get(*next) else {
                    calls.pop();
                    self.leave(state, &mut stack, &calls, &mut all);
                    continue;
                };
                *next += 1;
                let to = edge.to as usize;
                if group[to] != group[state as usize] {
                    continue;
                }
                if self.found[to] == 0 {
                    self.enter(edge.to, &mut stack, &mut calls);
                } else if self.low[to] != NONE {
                    self.low[state as usize] = self.low[state as usize].min(self.found[to]);
                }
            }
        }
        all
    }

    fn enter(&mut self, state: u32, stack: &mut Vec<u32>, calls: &mut Vec<(u32, usize)>) {
        self.time += 1;
        self.found[state as usize] = self.time;
        self.low[state as usize] = self.time;
        stack.push(state);
        calls.push((state, 0));
    }

    fn leave(&mut self, state: u32, stack: &mut Vec<u32>, calls: &[(u32, usize)], all: &mut Vec<Vec<u32>>) {
        let low = self.low[state as usize];
        if low == self.found[state as usize] {
            let from = stack.iter().rposition(|on| *on == state).unwrap_or(0);
            let component = stack.split_off(from);
            component.iter().for_each(|state| self.low[*state as usize] = NONE);
            all.push(component);
        }
        if let Some((caller, _)) = calls.last() {
            // What has its component says nothing of the caller's.
            if self.low[state as usize] != NONE {
                self.low[*caller as usize] = self.low[*caller as usize].min(low);
            }
        }
    }
}
