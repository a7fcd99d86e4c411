//! Every state within a number of steps, one branch after the other: finds what lies deep in a large model, with little
//! memory.

use std::collections::HashMap;

use mpcal_runtime::value::EvalError;

use crate::breadth_first::{Counterexample, Explored};
use crate::key::Key;
use crate::limits::{Limits, Watch};
use crate::system::{Action, Failure, Row, System, Worker};

struct Search<W> {
    worker: W,
    limits: Limits,
    /// After how many steps each state was seen, at least.
    seen: HashMap<Key, u64>,
    generated: u64,
    way: Vec<(Action, Vec<u32>)>,
    /// The steps that are still to be taken from each state on the way.
    places: Vec<Vec<(Action, Vec<u32>)>>,
}

/// Explores the states that are at most this many steps from an initial one. What is wrong is found on a way that need not be
/// a shortest one. The search is incomplete if a step leads further.
///
/// # Errors
/// If an initial value cannot be evaluated.
pub fn depth_first<S: System>(system: &S, bound: u64, limits: Limits) -> Result<Explored, EvalError> {
    let (initial, worker) = (system.initial()?, system.worker()?);
    let (seen, watch) = (HashMap::new(), limits.watch());
    let mut search = Search { worker, limits, seen, generated: 0, way: Vec::new(), places: Vec::new() };
    let (mut depth, mut incomplete, mut failure) = (0, false, None);
    for first in initial.chunks(system.width()) {
        search.generated += 1;
        let mut wrong = search.enter(first, 0).err();
        while wrong.is_none() && !(incomplete && search.is_over(&watch)) {
            depth = depth.max(search.places.len() as u64);
            let Some(steps) = search.places.last_mut() else { break };
            let Some((action, row)) = steps.pop() else {
                search.places.pop();
                search.way.pop();
                continue;
            };
            let after = search.places.len() as u64;
            match search.seen.get(&Key::of(&row)) {
                Some(known) if *known <= after => {}
                known if after > bound => incomplete |= known.is_none(),
                _ => {
                    search.way.push((action, row.clone()));
                    wrong = search.enter(&row, after).err();
                }
            }
            incomplete |= search.is_over(&watch);
        }
        if let Some(wrong) = wrong {
            let steps = std::mem::take(&mut search.way);
            failure = Some(Counterexample { failure: wrong, first: first.to_vec(), steps });
            break;
        }
        search.places.clear();
        search.way.clear();
    }
    let (generated, distinct) = (search.generated, search.seen.len() as u64);
    Ok(Explored { generated, distinct, depth, failure, incomplete, taken: search.worker.taken() })
}

impl<W: Worker> Search<W> {
    /// Whether a limit was reached.
    fn is_over(&self, watch: &Watch) -> bool {
        self.seen.len() as u64 >= self.limits.states || watch.is_over()
    }

    /// Comes to a state after this many steps. An error without a failure is a deadlock.
    fn enter(&mut self, row: &Row, after: u64) -> Result<(), Option<Failure>> {
        self.seen.insert(Key::of(row), after);
        let mut steps = Vec::new();
        let may_end = self.worker.steps(row, &mut |action, next| steps.push((action, next.to_vec())))?;
        self.generated += steps.len() as u64;
        if steps.is_empty() && !may_end && self.limits.deadlock {
            return Err(None);
        }
        // The first is taken first.
        steps.reverse();
        self.places.push(steps);
        Ok(())
    }
}
