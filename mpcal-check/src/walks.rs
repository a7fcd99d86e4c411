//! Random walks: where there are too many states to see them all.

use fastrand::Rng;
use mpcal_runtime::value::EvalError;

use crate::breadth_first::{Counterexample, Explored};
use crate::limits::Limits;
use crate::system::{Action, System, Worker};

/// Random walks. Equal ones see the same states.
#[derive(Clone, Copy, Debug)]
pub struct Walks {
    /// What decides where they lead.
    pub seed: u64,
    /// How many steps one has at most. Default: 100, as TLC.
    pub depth: u64,
    /// How many there are. Default: 1000.
    pub count: u64,
}

impl Default for Walks {
    fn default() -> Self {
        Self { seed: 0, depth: 100, count: 1000 }
    }
}

/// Takes random walks, each from some initial state, until something is wrong. Each step is one of all that can be taken,
/// with the same probability. How many distinct states were seen is not known.
///
/// # Errors
/// If an initial value cannot be evaluated.
pub fn random_walks<S: System>(system: &S, walks: Walks, limits: Limits) -> Result<Explored, EvalError> {
    let (mut worker, initial, width) = (system.worker()?, system.initial()?, system.width());
    let (mut generated, mut depth, mut failure) = (0, 0, None);
    let watch = limits.watch();
    for walk in 0..walks.count {
        // A walk does not depend on those before it, so one can be repeated alone.
        let mut rng = Rng::with_seed(walks.seed.wrapping_add(walk));
        let first = initial.chunks(width).nth(rng.usize(..initial.len() / width.max(1))).unwrap_or_default();
        let (found, seen) = one(&mut worker, first, walks.depth, limits, &mut rng);
        generated += seen;
        depth = depth.max(seen);
        failure = found;
        if failure.is_some() || watch.is_over() {
            break;
        }
    }
    let incomplete = failure.is_none() && watch.is_over();
    Ok(Explored { generated, distinct: 0, depth, failure, incomplete, taken: worker.taken() })
}

/// What is wrong on a walk, and how many states it has.
fn one(
    worker: &mut impl Worker,
    first: &[u32],
    depth: u64,
    limits: Limits,
    rng: &mut Rng,
) -> (Option<Counterexample>, u64) {
    let (mut at, mut steps, mut seen) = (first.to_vec(), Vec::<(Action, Vec<u32>)>::new(), 1);
    loop {
        // The n-th that is shown replaces those before it with a probability of 1/n.
        let (mut count, mut next) = (0, None);
        let may_end = worker.steps(&at, &mut |action, row| {
            count += 1;
            if rng.usize(..count) == 0 {
                next = Some((action, row.to_vec()));
            }
        });
        let wrong = match may_end {
            Err(failure) => Some(Some(failure)),
            Ok(may_end) => (count == 0 && !may_end && limits.deadlock).then_some(None),
        };
        if let Some(failure) = wrong {
            return (Some(Counterexample { failure, first: first.to_vec(), steps }), seen);
        }
        let Some(step) = next.filter(|_| seen <= depth) else { return (None, seen) };
        at.clone_from(&step.1);
        steps.push(step);
        seen += 1;
    }
}
