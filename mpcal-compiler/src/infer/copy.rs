//! Steps with expressions and bound names of their own, for each use of a mapping macro.

use crate::fresh::Fresh;
use crate::normal::Step;
use crate::resolved::Model;

/// Steps with ids of their own.
pub(super) struct Copier<'m> {
    fresh: Fresh<'m>,
}

impl<'m> Copier<'m> {
    pub(super) fn new(model: &'m mut Model) -> Self {
        Self { fresh: Fresh::new(model) }
    }

    pub(super) fn steps(&mut self, list: &[Step]) -> Vec<Step> {
        let mut copy = list.to_vec();
        copy.iter_mut().for_each(|s| s.each_mut(&mut |s| self.renew(s)));
        copy
    }

    fn renew(&mut self, step: &mut Step) {
        if let Step::Let { bound, .. } | Step::Pick { bound, .. } = step {
            *bound = self.fresh.bound(*bound);
        }
        step.each_expr_mut(&mut |e| *e = self.fresh.copy(e));
    }
}
