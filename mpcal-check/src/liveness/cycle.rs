//! A cycle through a fair component that has all that makes it fair, and no more than that.

use std::collections::{HashMap, VecDeque};

use super::components::Components;
use super::Violation;
use crate::graph::Edge;

/// What a cycle still has to come by.
struct Missing<'c> {
    components: &'c Components<'c>,
    /// Whether each fairness is still to be seen to.
    fairness: Vec<bool>,
    visits: Option<&'c [bool]>,
}

impl Missing<'_> {
    fn is_empty(&self) -> bool {
        self.visits.is_none() && self.fairness.iter().all(|missing| !missing)
    }

    /// What a state is good for: that nothing can be taken in it.
    fn sees_state(&self, state: u32) -> bool {
        let is_disabled = |n: usize| self.is_weak(n) && !self.components.can_take(state, n);
        self.visits.is_some_and(|visits| visits[state as usize]) || self.missing().any(is_disabled)
    }

    fn sees_step(&self, edge: Edge) -> bool {
        self.components.graph.fair(edge).iter().any(|n| self.fairness[usize::from(*n)])
    }

    fn missing(&self) -> impl Iterator<Item = usize> + '_ {
        self.fairness.iter().enumerate().filter(|(_, missing)| **missing).map(|(n, _)| n)
    }

    fn is_weak(&self, n: usize) -> bool {
        !self.components.fairness[n].is_strong
    }

    /// The cycle comes by a state.
    fn at(&mut self, state: u32) {
        for n in 0..self.fairness.len() {
            self.fairness[n] &= !self.is_weak(n) || self.components.can_take(state, n);
        }
        self.visits = self.visits.filter(|visits| !visits[state as usize]);
    }

    /// The cycle takes a step.
    fn by(&mut self, edge: Edge) {
        self.components.graph.fair(edge).iter().for_each(|n| self.fairness[usize::from(*n)] = false);
        self.at(edge.to);
    }
}

impl Components<'_> {
    /// The steps of a cycle that begins and ends in a state; none if staying there is one.
    pub(super) fn cycle(&self, start: u32, violation: &Violation) -> Vec<Edge> {
        // Of what is strong, a component has either a step or no state in which one can be taken.
        let is_missing = |n: usize| !self.fairness[n].is_strong || self.has_enabled(start, n);
        let fairness = (0..self.fairness.len()).map(is_missing).collect();
        let mut missing = Missing { components: self, fairness, visits: violation.visits.as_deref() };
        missing.at(start);
        let (mut cycle, mut at) = (Vec::new(), start);
        while !missing.is_empty() {
            let way = self.way(at, |state| missing.sees_state(state), |edge| missing.sees_step(edge));
            let Some(last) = way.last() else { break };
            at = last.to;
            way.iter().for_each(|edge| missing.by(*edge));
            cycle.extend(way);
        }
        if at != start {
            cycle.extend(self.way(at, |state| state == start, |_| false));
        }
        cycle
    }

    /// Whether a step can be taken somewhere in the component of a state.
    fn has_enabled(&self, inside: u32, fairness: usize) -> bool {
        let component = self.of(inside);
        (0..self.graph.len()).any(|state| self.of(state) == component && self.can_take(state, fairness))
    }

    /// A shortest way inside a component, of one step at least, to a state or up to a step.
    fn way(&self, from: u32, state: impl Fn(u32) -> bool, step: impl Fn(Edge) -> bool) -> Vec<Edge> {
        let (mut before, mut queue) = (HashMap::<u32, (u32, Edge)>::new(), VecDeque::from([from]));
        while let Some(at) = queue.pop_front() {
            for edge in self.graph.steps(at).iter().filter(|edge| self.of(edge.to) == self.of(from)) {
                if state(edge.to) || step(*edge) {
                    let (mut way, mut at) = (vec![*edge], at);
                    while at != from {
                        let (earlier, edge) = before[&at];
                        way.push(edge);
                        at = earlier;
                    }
                    way.reverse();
                    return way;
                }
                if edge.to != from && !before.contains_key(&edge.to) {
                    before.insert(edge.to, (at, *edge));
                    queue.push_back(edge.to);
                }
            }
        }
        Vec::new()
    }
}
