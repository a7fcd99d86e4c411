//! What must happen at some time: a behaviour that violates it ends in a cycle that is fair and in which it does not.
//!
//! A cycle is fair if for each [`Fairness`](crate::Fairness) a step of it is taken in the cycle, or none can be taken
//! somewhere in it, and if it is strong, anywhere in it. Staying in a state is a cycle. What can be taken is judged in the
//! whole graph, what is taken in the cycle alone; and only what changes the state counts, as in `<<A>>_vars`.

mod components;
mod cycle;

use std::collections::VecDeque;
use std::sync::Arc;

use self::components::Components;
use crate::graph::{Edge, Graph};
use crate::system::{Action, Failure, System, Worker};

/// Something that must hold of every behaviour. A conjunction is several with one name.
#[derive(Clone, Debug)]
pub struct Property {
    /// Its name.
    pub name: Arc<str>,
    /// What it says.
    pub formula: Formula,
}

/// What a property says of predicates, which are numbers ([`Worker::holds`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Formula {
    /// `<>P`
    Eventually(usize),
    /// `[]<>P`
    AlwaysEventually(usize),
    /// `<>[]P`
    EventuallyAlways(usize),
    /// `P ~> Q`
    LeadsTo(usize, usize),
}

/// A behaviour that violates a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lasso {
    /// The property.
    pub property: Arc<str>,
    /// The first state.
    pub first: Vec<u32>,
    /// Each step, with the state that it leads to. The last leads back to an earlier state, unless the behaviour stays in
    /// its last state.
    pub steps: Vec<(Action, Vec<u32>)>,
    /// Which of the states, counted from 0, is the same as the last one; none if the behaviour stays in its last state.
    pub back_to: Option<usize>,
}

/// What a violation looks like: from a state on everything stays in a region, and comes by some state again and again.
struct Violation {
    /// Where it can begin.
    starts: Vec<bool>,
    /// Where it stays.
    region: Vec<bool>,
    /// Where it comes by, if it has to.
    visits: Option<Vec<bool>>,
}

/// Looks for a behaviour that violates one of the properties; the first that is violated is told.
///
/// # Errors
/// If a predicate cannot be evaluated in a state.
pub fn violated<S: System>(system: &S, graph: &Graph, properties: &[Property]) -> Result<Option<Lasso>, Failure> {
    if properties.is_empty() {
        return Ok(None);
    }
    let unmade = |error| Failure::Evaluation("the initial state".into(), error);
    let (mut worker, fairness) = (system.worker().map_err(unmade)?, system.fairness());
    for property in properties {
        let violation = Violation::of(property.formula, graph, &mut worker)?;
        let components = Components::fair(graph, &fairness, &violation);
        let Some((first, mut way)) = violation.way(graph, &components) else { continue };
        let reached = way.last().map_or(first, |edge| edge.to);
        let (from, cycle) = (way.len(), components.cycle(reached, &violation));
        way.extend(&cycle);
        let (mut at, mut steps) = (first, Vec::new());
        for edge in way {
            steps.push((graph.action(&mut worker, at, edge)?, graph.row(edge.to).to_vec()));
            at = edge.to;
        }
        let back_to = (!cycle.is_empty()).then_some(from);
        return Ok(Some(Lasso { property: property.name.clone(), first: graph.row(first).to_vec(), steps, back_to }));
    }
    Ok(None)
}

impl Violation {
    fn of(formula: Formula, graph: &Graph, worker: &mut impl Worker) -> Result<Self, Failure> {
        let mut all = |predicate: usize, value: bool| -> Result<Vec<bool>, Failure> {
            (0..graph.len()).map(|state| Ok(worker.holds(graph.row(state), predicate)? == value)).collect()
        };
        let region = match formula {
            Formula::EventuallyAlways(_) => vec![true; graph.len() as usize],
            Formula::Eventually(p) | Formula::AlwaysEventually(p) | Formula::LeadsTo(_, p) => all(p, false)?,
        };
        let both = |mask: Vec<bool>| mask.iter().zip(&region).map(|(a, b)| *a && *b).collect();
        let starts = match formula {
            Formula::AlwaysEventually(_) | Formula::EventuallyAlways(_) => region.clone(),
            Formula::Eventually(_) => both((0..graph.len()).map(|state| state < graph.initial()).collect()),
            Formula::LeadsTo(p, _) => both(all(p, true)?),
        };
        let visits = match formula {
            Formula::EventuallyAlways(p) => Some(all(p, false)?),
            _ => None,
        };
        let region = reached(graph, &starts, &region);
        Ok(Self { starts, region, visits })
    }

    /// A shortest way from an initial state to where it begins, and on to a fair component: the first state, and steps.
    fn way(&self, graph: &Graph, components: &Components<'_>) -> Option<(u32, Vec<Edge>)> {
        const UNSEEN: u32 = u32::MAX;
        // A place is a state before or after the beginning; for each, the one before it, and the first ones themselves.
        let mut before = vec![UNSEEN; 2 * graph.len() as usize];
        let mut queue: VecDeque<u32> = (0..graph.initial()).map(|state| 2 * state).collect();
        queue.iter().for_each(|place| before[*place as usize] = *place);
        let place = loop {
            let place = queue.pop_front()?;
            let (state, has_begun) = (place / 2, place % 2 == 1);
            if has_begun && components.of(state).is_some() {
                break place;
            }
            if !has_begun && self.starts[state as usize] && before[place as usize + 1] == UNSEEN {
                before[place as usize + 1] = place;
                queue.push_front(place);
                queue.push_front(place + 1);
                continue;
            }
            for edge in graph.steps(state) {
                let next = 2 * edge.to + place % 2;
                if before[next as usize] == UNSEEN && (!has_begun || self.region[edge.to as usize]) {
                    before[next as usize] = place;
                    queue.push_back(next);
                }
            }
        };
        let (mut way, mut at) = (Vec::new(), place);
        while before[at as usize] != at {
            let from = before[at as usize];
            if from / 2 != at / 2 {
                way.extend(graph.steps(from / 2).iter().find(|edge| edge.to == at / 2));
            }
            at = from;
        }
        way.reverse();
        Some((at / 2, way))
    }
}

/// What can be reached from some states inside a region.
fn reached(graph: &Graph, starts: &[bool], region: &[bool]) -> Vec<bool> {
    let mut found = starts.to_vec();
    let mut todo: Vec<u32> = (0..graph.len()).filter(|state| starts[*state as usize]).collect();
    while let Some(state) = todo.pop() {
        for edge in graph.steps(state) {
            let to = edge.to as usize;
            if region[to] && !found[to] {
                found[to] = true;
                todo.push(edge.to);
            }
        }
    }
    found
}
