//! Steps with expressions and bound names of their own, for each use of a mapping macro.

use crate::fresh::Fresh;
use crate::normal::Step;
use crate::resolved::{BoundId, Expr, Model, Step as PathStep};

/// Steps with ids of their own.
pub(super) struct Copier<'m> {
    fresh: Fresh<'m>,
}

impl<'m> Copier<'m> {
    pub(super) fn new(model: &'m mut Model) -> Self {
        Self { fresh: Fresh::new(model) }
    }

    fn bound(&mut self, b: BoundId) -> BoundId {
        self.fresh.bound(b)
    }

    fn expr(&mut self, e: &Expr) -> Expr {
        self.fresh.copy(e)
    }

    fn path(&mut self, path: &[PathStep]) -> Vec<PathStep> {
        path.iter()
            .map(|s| match s {
                PathStep::Index(e) => PathStep::Index(self.expr(e)),
                field @ PathStep::Field(_) => field.clone(),
            })
            .collect()
    }

    pub(super) fn steps(&mut self, list: &[Step]) -> Vec<Step> {
        list.iter()
            .map(|s| match s {
                Step::Let { bound, value, author } => {
                    let value = self.expr(value);
                    Step::Let { bound: self.bound(*bound), value, author: *author }
                }
                Step::Pick { bound, set } => {
                    let set = self.expr(set);
                    Step::Pick { bound: self.bound(*bound), set }
                }
                Step::AssignMapped { path, value } => {
                    Step::AssignMapped { path: self.path(path), value: self.expr(value) }
                }
                Step::Yield(e) => Step::Yield(self.expr(e)),
                Step::Await(e) => Step::Await(self.expr(e)),
                Step::Assert(e) => Step::Assert(self.expr(e)),
                Step::Print(e) => Step::Print(self.expr(e)),
                Step::If(c, a, b) => Step::If(self.expr(c), self.steps(a), self.steps(b)),
                Step::Either(arms) => Step::Either(arms.iter().map(|a| self.steps(a)).collect()),
                other @ (Step::Read { .. } | Step::Write { .. } | Step::Assign { .. }) => other.clone(),
            })
            .collect()
    }
}
