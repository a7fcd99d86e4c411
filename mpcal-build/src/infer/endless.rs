//! Types that would hold themselves: `t := {t}` makes a set of sets of sets of its first value.
//!
//! The solver unfolds such a type until it is too deep. The places that it was unfolded in are any
//! value from the start when types are found again; of these as few as will do.

use std::collections::{BTreeSet, HashMap};

use super::generate::Generator;
use super::solve::TypeId;
use crate::resolved::{BoundId, OperatorId, VariableId};

/// Types that nest deeper have been unfolded: nobody writes them.
const MAX_NESTED: usize = 12;

/// More places are not tried one by one.
const MAX_TRIED: usize = 16;

/// Something that has a type of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A variable or parameter.
    Variable(VariableId),
    /// A bound name.
    Bound(BoundId),
    /// What an operator gives.
    Result(OperatorId),
}

/// Places that are any value, whatever flows into them.
pub(super) type Untyped = BTreeSet<Place>;

impl Generator<'_> {
    /// The places whose types hold themselves.
    pub(super) fn endless(&self) -> Untyped {
        let mut depths = HashMap::new();
        let variables = (0..).map(|n| Place::Variable(VariableId(n))).zip(&self.variables);
        let bounds = (0..).map(|n| Place::Bound(BoundId(n))).zip(&self.bounds);
        let results = (0..).map(|n| Place::Result(OperatorId(n))).zip(&self.results);
        let all = variables.chain(bounds).chain(results);
        all.filter(|(_, t)| self.depth(**t, &mut depths).is_none_or(|d| d > MAX_NESTED))
            .map(|(place, _)| place)
            .collect()
    }

    /// How deep a type nests; none if it holds itself.
    fn depth(&self, t: TypeId, depths: &mut HashMap<TypeId, Option<usize>>) -> Option<usize> {
        let root = self.solver.find(t);
        if let Some(known) = depths.get(&root) {
            return *known;
        }
        // Whoever comes back here while it is being looked at has gone round.
        depths.insert(root, None);
        let parts = self.solver.children(self.solver.get(root));
        let inner = parts.into_iter().try_fold(0, |deepest, part| Some(deepest.max(self.depth(part, depths)?)));
        let depth = inner.map(|d| d + 1);
        depths.insert(root, depth);
        depth
    }
}

/// The places that must be any value, so that no type holds itself; `left` gives those that do where some are.
pub(super) fn needed(first: Untyped, mut left: impl FnMut(&Untyped) -> Untyped) -> Untyped {
    let mut all = first;
    loop {
        let more = left(&all);
        if more.is_subset(&all) {
            break;
        }
        all.extend(more);
    }
    if all.len() <= MAX_TRIED {
        // Variables say more than names that are bound to them, global ones more than parameters.
        for place in all.clone().into_iter().rev() {
            let mut fewer = all.clone();
            fewer.remove(&place);
            if left(&fewer).is_empty() {
                all = fewer;
            }
        }
    }
    all
}
