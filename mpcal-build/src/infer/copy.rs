//! Steps with expressions and bound names of their own, for each use of a mapping macro.

use std::collections::HashMap;

use super::generate::Generator;
use crate::normal::Step;
use crate::resolved::{BoundId, Expr, ExprKind, Step as PathStep};

/// Steps with ids of their own.
pub(super) struct Copier<'c, 'm> {
    cx: &'c mut Generator<'m>,
    bounds: HashMap<BoundId, BoundId>,
}

impl<'c, 'm> Copier<'c, 'm> {
    pub(super) fn new(cx: &'c mut Generator<'m>) -> Self {
        Self { cx, bounds: HashMap::new() }
    }

    fn bound(&mut self, b: BoundId) -> BoundId {
        if let Some(known) = self.bounds.get(&b) {
            return *known;
        }
        let old = self.cx.input.model.bound(b).clone();
        let fresh = self.cx.input.model.new_bound(old.name, old.span, old.arity);
        let t = self.cx.solver.fresh();
        self.cx.bounds.push(t);
        self.bounds.insert(b, fresh);
        fresh
    }

    fn expr(&mut self, e: &Expr) -> Expr {
        let mut e = e.clone();
        self.renew(&mut e);
        e
    }

    fn renew(&mut self, e: &mut Expr) {
        e.id = self.cx.input.model.next_expr();
        match &mut e.kind {
            ExprKind::Bound(b) | ExprKind::CallBound(b, _) => *b = self.bound(*b),
            ExprKind::Filter(b, _) | ExprKind::Choose(b, _) => {
                b.names = b.names.clone().into_iter().map(|n| self.bound(n)).collect();
            }
            ExprKind::Map(_, list) | ExprKind::Function(list, _) | ExprKind::Quantified(_, list, _) => {
                for b in list {
                    b.names = b.names.clone().into_iter().map(|n| self.bound(n)).collect();
                }
            }
            ExprKind::Lambda(names, _) => *names = names.clone().into_iter().map(|n| self.bound(n)).collect(),
            ExprKind::Let(definitions, _) => {
                for d in definitions {
                    d.bound = self.bound(d.bound);
                    d.parameters = d.parameters.clone().into_iter().map(|n| self.bound(n)).collect();
                }
            }
            ExprKind::Except(_, updates) => {
                for u in updates {
                    u.at = self.bound(u.at);
                }
            }
            _ => {}
        }
        e.each_child_mut(&mut |child| self.renew(child));
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
