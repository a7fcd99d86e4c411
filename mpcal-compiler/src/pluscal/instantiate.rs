//! A body of a mapping macro, copied into a section.

use std::collections::HashMap;

use super::lower::Lowerer;
use crate::normal::Step;
use crate::resolved::{BoundId, Expr, ExprKind, Step as PathStep, VariableId};
use crate::source::Span;

/// Where a `yield` goes.
pub(super) enum Yields {
    None,
    Bind(BoundId),
    Assign(VariableId),
    Write(Span),
}

/// A body of a mapping macro being copied into a section.
pub(super) struct Instantiation<'c, 'a, 'd> {
    pub(super) cx: &'c mut Lowerer<'a, 'd>,
    pub(super) target: VariableId,
    pub(super) indices: Vec<Expr>,
    pub(super) value: Option<Expr>,
    pub(super) renamed: HashMap<BoundId, BoundId>,
    pub(super) yields: Yields,
}

impl Instantiation<'_, '_, '_> {
    fn rename(&mut self, bound: BoundId) -> BoundId {
        let b = self.cx.lowered.model.bound(bound).clone();
        let fresh = self.cx.lowered.model.new_bound(b.name, b.span, b.arity);
        self.renamed.insert(bound, fresh);
        fresh
    }

    fn expr(&mut self, e: &Expr) -> Expr {
        let mut e = e.clone();
        self.replace(&mut e);
        e
    }

    fn replace(&mut self, e: &mut Expr) {
        match &e.kind {
            ExprKind::MappedVariable => {
                let indices = self.indices.clone();
                *e = self.cx.place(self.target, &indices, e.span);
            }
            ExprKind::MappedValue => {
                if let Some(value) = &self.value {
                    *e = value.clone();
                }
            }
            ExprKind::Bound(b) => {
                if let Some(fresh) = self.renamed.get(b) {
                    e.kind = ExprKind::Bound(*fresh);
                }
            }
            _ => e.each_child_mut(&mut |child| self.replace(child)),
        }
    }

    fn path(&mut self, path: &[PathStep]) -> Vec<PathStep> {
        let mut full: Vec<_> = self.indices.iter().cloned().map(PathStep::Index).collect();
        for s in path {
            full.push(match s {
                PathStep::Index(e) => PathStep::Index(self.expr(e)),
                field @ PathStep::Field(_) => field.clone(),
            });
        }
        full
    }

    pub(super) fn steps(&mut self, list: &[Step]) -> Vec<Step> {
        list.iter().filter_map(|s| self.step(s)).collect()
    }

    fn step(&mut self, step: &Step) -> Option<Step> {
        Some(match step {
            Step::Let { bound, value, author } => {
                let value = self.expr(value);
                Step::Let { bound: self.rename(*bound), value, author: *author }
            }
            Step::Pick { bound, set } => {
                let set = self.expr(set);
                Step::Pick { bound: self.rename(*bound), set }
            }
            Step::Await(e) => Step::Await(self.expr(e)),
            Step::Assert(e) => Step::Assert(self.expr(e)),
            Step::Print(e) => Step::Print(self.expr(e)),
            Step::If(c, a, b) => Step::If(self.expr(c), self.steps(a), self.steps(b)),
            Step::Either(arms) => Step::Either(arms.iter().map(|a| self.steps(a)).collect()),
            Step::AssignMapped { path, value } => {
                let value = self.expr(value);
                Step::Assign { variable: self.target, path: self.path(path), group: None, span: value.span, value }
            }
            Step::Yield(e) => {
                let value = self.expr(e);
                match self.yields {
                    Yields::Bind(bound) => Step::Let { bound, value, author: false },
                    Yields::Assign(variable) => {
                        Step::Assign { variable, path: Vec::new(), group: None, span: value.span, value }
                    }
                    Yields::Write(span) => {
                        Step::Assign { variable: self.target, path: self.path(&[]), value, group: None, span }
                    }
                    Yields::None => return None,
                }
            }
            Step::Read { .. } | Step::Write { .. } | Step::Assign { .. } => return None,
        })
    }
}
