//! A model, its invariants, and what was found.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mpcal_runtime::value::EvalError;
use mpcal_runtime::Model;

use crate::breadth_first::{breadth_first_watched, Counterexample, Explored};
use crate::compiled::{Compiled, Predicate};
use crate::depth_first::depth_first;
use crate::graph::Graph;
use crate::limits::{Limits, Progress};
use crate::liveness::{self, Formula, Lasso, Property};
use crate::report::{Report, State, Verdict};
use crate::system::{Action, System, Worker};
use crate::walks::{random_walks, Walks};

/// Checks the model that has these variables, with these constants.
pub fn checker<M: Model>(constants: M::Constants) -> Checker<M> {
    Checker {
        constants,
        invariants: Vec::new(),
        predicates: Vec::new(),
        properties: Vec::new(),
        threads: 1,
        limits: Limits::default(),
        way: Way::BreadthFirst,
        tell: Box::new(|_| {}),
    }
}

/// A predicate that always has a value.
type Test<M> = Box<dyn Fn(&<M as Model>::Snapshot) -> bool + Send + Sync>;

/// What is to be checked.
pub struct Checker<M: Model> {
    constants: M::Constants,
    invariants: Vec<Predicate<M::Snapshot>>,
    /// What properties mention.
    predicates: Vec<Predicate<M::Snapshot>>,
    properties: Vec<Property>,
    threads: usize,
    limits: Limits,
    way: Way,
    tell: Box<dyn Fn(Progress) + Sync>,
}

/// How states are explored.
enum Way {
    BreadthFirst,
    DepthFirst(u64),
    Walks(Walks),
}

impl<M: Model> Checker<M> {
    /// Something that holds in every state.
    #[must_use]
    pub fn invariant(self, name: &str, holds: impl Fn(&M::Snapshot) -> bool + Send + Sync + 'static) -> Self {
        self.evaluated(name, move |snapshot| Ok(holds(snapshot)))
    }

    /// Something that holds in every state, where evaluating it may fail.
    #[must_use]
    pub fn evaluated(
        mut self,
        name: &str,
        holds: impl Fn(&M::Snapshot) -> Result<bool, EvalError> + Send + Sync + 'static,
    ) -> Self {
        self.invariants.push((name.into(), Box::new(holds)));
        self
    }

    /// Something that holds at some time in every behaviour: `<>P`.
    ///
    /// Behaviours are those that the fairness allows which the processes of the model declare. Properties are looked at
    /// when every state is known and nothing else is wrong; all states and steps are kept in memory for that.
    #[must_use]
    pub fn eventually(self, name: &str, p: impl Fn(&M::Snapshot) -> bool + Send + Sync + 'static) -> Self {
        self.property(name, [Box::new(p)], |[p]| Formula::Eventually(p))
    }

    /// Something that holds again and again: `[]<>P`. Of behaviours, see [`eventually`](Self::eventually).
    #[must_use]
    pub fn always_eventually(self, name: &str, p: impl Fn(&M::Snapshot) -> bool + Send + Sync + 'static) -> Self {
        self.property(name, [Box::new(p)], |[p]| Formula::AlwaysEventually(p))
    }

    /// Something that holds from some time on: `<>[]P`. Of behaviours, see [`eventually`](Self::eventually).
    #[must_use]
    pub fn eventually_always(self, name: &str, p: impl Fn(&M::Snapshot) -> bool + Send + Sync + 'static) -> Self {
        self.property(name, [Box::new(p)], |[p]| Formula::EventuallyAlways(p))
    }

    /// Whenever `p` holds, `q` does then or later: `P ~> Q`. Of behaviours, see [`eventually`](Self::eventually).
    #[must_use]
    pub fn leads_to(
        self,
        name: &str,
        p: impl Fn(&M::Snapshot) -> bool + Send + Sync + 'static,
        q: impl Fn(&M::Snapshot) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.property(name, [Box::new(p), Box::new(q)], |[p, q]| Formula::LeadsTo(p, q))
    }

    fn property<const N: usize>(
        mut self,
        name: &str,
        predicates: [Test<M>; N],
        formula: impl Fn([usize; N]) -> Formula,
    ) -> Self {
        let (name, numbers) = (Arc::<str>::from(name), std::array::from_fn(|n| self.predicates.len() + n));
        let own = name.clone();
        self.predicates.extend(predicates.map(|p| -> Predicate<_> { (own.clone(), Box::new(move |v| Ok(p(v)))) }));
        self.properties.push(Property { name, formula: formula(numbers) });
        self
    }

    /// How many threads explore. Default: one.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Lets the model come to a state from which nothing leads although not every process has ended, as a server that
    /// waits for requests does when there are no more. Default: that is a violation.
    #[must_use]
    pub fn allow_deadlock(mut self) -> Self {
        self.limits.deadlock = false;
        self
    }

    /// Gives up when there are more distinct states than this. Default: never.
    #[must_use]
    pub fn most_states(mut self, states: u64) -> Self {
        self.limits.states = states;
        self
    }

    /// Gives up after so long. Default: never.
    #[must_use]
    pub fn most_time(mut self, time: Duration) -> Self {
        self.limits.time = Some(time);
        self
    }

    /// Explores one branch after the other, in one thread, and no state that is more than this many steps from the first.
    #[must_use]
    pub fn depth_first(mut self, bound: u64) -> Self {
        self.way = Way::DepthFirst(bound);
        self
    }

    /// Takes random walks, in one thread, instead of exploring every state. Distinct states are not counted, and
    /// properties that say what must happen at some time are not looked at.
    #[must_use]
    pub fn simulate(mut self, walks: Walks) -> Self {
        self.way = Way::Walks(walks);
        self
    }

    /// Tells once a second how far it has come, while it explores level by level.
    #[must_use]
    pub fn on_progress(mut self, tell: impl Fn(Progress) + Sync + 'static) -> Self {
        self.tell = Box::new(tell);
        self
    }

    /// Explores every state.
    ///
    /// # Errors
    /// If an initial value cannot be evaluated.
    pub fn run(self) -> Result<Report, EvalError> {
        let start = Instant::now();
        let Self { constants, invariants, predicates, properties, threads, limits, way, tell } = self;
        let system = Compiled::<M>::new(constants, invariants, predicates)?;
        let found = match way {
            Way::BreadthFirst => breadth_first_watched(&system, threads, limits, &*tell)?,
            Way::DepthFirst(bound) => depth_first(&system, bound, limits)?,
            Way::Walks(walks) => {
                // Of behaviours that do not end, walks say nothing.
                let found = random_walks(&system, walks, limits)?;
                Explored { incomplete: found.incomplete || !properties.is_empty(), ..found }
            }
        };
        let worker = system.worker()?;
        let verdict = match found.failure {
            Some(Counterexample { failure, first, steps }) => {
                Verdict::Violated(failure, states(&worker, &first, &steps))
            }
            None if properties.is_empty() || found.incomplete => Verdict::Holds,
            None => match Graph::of(&system).and_then(|graph| liveness::violated(&system, &graph, &properties)) {
                Ok(None) => Verdict::Holds,
                Ok(Some(Lasso { property, first, steps, back_to })) => {
                    Verdict::Unmet(property, states(&worker, &first, &steps), back_to)
                }
                Err(failure) => Verdict::Violated(Some(failure), Vec::new()),
            },
        };
        Ok(Report {
            verdict,
            generated: found.generated,
            distinct: found.distinct,
            depth: found.depth,
            incomplete: found.incomplete,
            taken: found.taken,
            elapsed: start.elapsed(),
        })
    }
}

/// The states of a behaviour, as people read them.
fn states(worker: &impl Worker, first: &[u32], steps: &[(Action, Vec<u32>)]) -> Vec<State> {
    let mut states = vec![State { step: None, components: worker.components(first) }];
    let mut from = first;
    for (action, row) in steps {
        let step = Some(worker.describe(from, *action));
        states.push(State { step, components: worker.components(row) });
        from = row;
    }
    states
}
