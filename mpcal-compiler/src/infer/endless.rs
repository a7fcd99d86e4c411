//! Types that would hold themselves: `t := {t}` makes a set of sets of sets of its first value.
//!
//! The solver unfolds such a type until it is too deep. Of the places that it was unfolded in, those that
//! close the circle are any value from the start when types are found again.

use std::collections::{BTreeSet, HashMap};

use super::generate::Generator;
use super::solve::TypeId;
use crate::resolved::{BoundId, Model, OperatorId, VariableId, VariableKind};

/// Types that nest deeper have been unfolded: nobody writes them.
const MAX_NESTED: usize = 12;

/// This many places are tried for each that is chosen.
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
/// Each is the one that helps most.
pub(super) fn needed(model: &Model, mut endless: Untyped, mut left: impl FnMut(&Untyped) -> Untyped) -> Untyped {
    let mut chosen = Untyped::new();
    while !endless.is_empty() {
        let mut best: Option<(Place, Untyped)> = None;
        for place in candidates(model, &endless) {
            let mut tried = chosen.clone();
            tried.insert(place);
            let rest = left(&tried);
            if best.as_ref().is_none_or(|(_, known)| rest.len() < known.len()) {
                best = Some((place, rest));
            }
        }
        let Some((place, rest)) = best else { break };
        if !chosen.insert(place) {
            break;
        }
        endless = rest;
    }
    chosen
}

/// Places to try, first those that people look at: local variables, global ones, names for those, other names.
fn candidates(model: &Model, endless: &Untyped) -> Vec<Place> {
    let mut all: Vec<Place> = endless.iter().copied().collect();
    all.sort_by_key(|place| match place {
        Place::Variable(id) => match model.variable(*id).kind {
            VariableKind::Local | VariableKind::Value => 0,
            VariableKind::Global => 1,
            VariableKind::Ref(_) => 2,
        },
        Place::Bound(_) => 3,
        Place::Result(_) => 4,
    });
    all.truncate(MAX_TRIED);
    all
}
