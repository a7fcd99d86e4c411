//! What a guard says of a value beside a model value: after `leader # None` it is there.
//!
//! A fact holds for the rest of a conjunction, a branch, or a list of statements, until what it is about
//! may have been written.

use std::collections::BTreeSet;

use super::generate::Generator;
use super::solve::{Constraint, TypeId};
use super::tags::Tag;
use crate::normal::Step;
use crate::operators::Op;
use crate::resolved::{ArchetypeId, Argument, BoundId, Expr, ExprKind, VariableId, VariableKind};

/// What a fact is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    Variable(VariableId),
    Bound(BoundId),
    /// What a `ref` parameter gives that nothing is mapped to, read as a whole.
    Read(VariableId),
}

/// A value is not a certain model value.
pub(super) type Fact = (Subject, Tag);

impl Generator<'_> {
    /// Runs with more facts than before.
    pub(super) fn knowing<T>(&mut self, more: Vec<Fact>, f: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.facts.clone();
        self.facts.extend(more);
        let result = f(self);
        self.facts = before;
        result
    }

    /// The facts that hold where a condition is true, or false.
    pub(super) fn facts_of(&self, e: &Expr, truth: bool) -> Vec<Fact> {
        let all = |list: &[Expr], truth: bool| list.iter().flat_map(|e| self.facts_of(e, truth)).collect();
        match &e.kind {
            ExprKind::And(list) if truth => all(list, true),
            ExprKind::Or(list) if !truth => all(list, false),
            ExprKind::Builtin(op, args) => match (op.id, truth) {
                (Op::Not, _) => self.facts_of(&args[0], !truth),
                (Op::Implies, false) => {
                    self.facts_of(&args[0], true).into_iter().chain(self.facts_of(&args[1], false)).collect()
                }
                (Op::NotEqual, true) | (Op::Equal, false) => {
                    let one = |a: &Expr, b: &Expr| Some((self.subject(a)?, self.model_value(b)?));
                    one(&args[0], &args[1]).or_else(|| one(&args[1], &args[0])).into_iter().collect()
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// Items of which each is evaluated only if those before it have a value of truth.
    pub(super) fn in_turn(&mut self, items: &[&Expr], truth: bool) {
        let before = self.facts.clone();
        for e in items {
            self.expr(e);
            let more = self.facts_of(e, truth);
            self.facts.extend(more);
        }
        self.facts = before;
    }

    fn subject(&self, e: &Expr) -> Option<Subject> {
        match e.kind {
            ExprKind::Variable(id) => Some(Subject::Variable(id)),
            ExprKind::Bound(id) => Some(self.reads.get(&id).map_or(Subject::Bound(id), |p| Subject::Read(*p))),
            _ => None,
        }
    }

    fn model_value(&self, e: &Expr) -> Option<Tag> {
        let model = &self.input.model;
        let tag = match &e.kind {
            ExprKind::ModelValue(name) => Some(Tag::Model(*name)),
            ExprKind::Constant(id) => model.constant_tag(*id),
            ExprKind::Call(id, _) => model.tag_of(*id),
            _ => None,
        };
        tag.filter(|t| matches!(t, Tag::Model(_)))
    }

    /// The type of a value where facts hold.
    pub(super) fn narrowed(&mut self, e: &Expr, t: TypeId) -> TypeId {
        let Some(subject) = self.subject(e) else { return t };
        let not: BTreeSet<Tag> = self.facts.iter().filter(|(s, _)| *s == subject).map(|(_, tag)| tag.clone()).collect();
        if not.is_empty() {
            return t;
        }
        let out = self.solver.fresh();
        self.solver.require(Constraint::Present { of: t, not, out });
        out
    }

    /// Notes that a name holds what a parameter gives, if that is the variable itself: two reads give the same.
    pub(super) fn note_read(&mut self, bound: BoundId, parameter: VariableId) {
        if self.input.model.variable(parameter).kind == VariableKind::Ref(0) && self.is_plain(parameter) {
            self.reads.insert(bound, parameter);
        }
    }

    /// The archetype that has a parameter, and which of its parameters it is.
    fn parameter_of(&self, parameter: VariableId) -> Option<(ArchetypeId, usize)> {
        (0u32..)
            .map(ArchetypeId)
            .zip(&self.input.model.archetypes)
            .find_map(|(id, a)| a.parameters.iter().position(|p| *p == parameter).map(|n| (id, n)))
    }

    /// Whether a parameter is a variable of the model wherever it is used.
    fn is_plain(&self, parameter: VariableId) -> bool {
        let Some((archetype, n)) = self.parameter_of(parameter) else { return false };
        let mut uses = self.input.model.processes.iter().filter(|p| p.archetype == archetype);
        uses.all(|p| p.mappings[n].is_none() && matches!(p.arguments[n], Argument::Ref(..)))
    }

    /// Whether two parameters may be the same variable.
    fn may_be_one(&self, a: VariableId, b: VariableId) -> bool {
        match (self.parameter_of(a), self.parameter_of(b)) {
            (Some((archetype, m)), Some((other, n))) if archetype == other && m != n => {
                let mut uses = self.input.model.processes.iter().filter(|p| p.archetype == archetype);
                uses.any(|p| match (&p.arguments[m], &p.arguments[n]) {
                    (Argument::Ref(v, ..), Argument::Ref(w, ..)) => v == w,
                    _ => false,
                })
            }
            _ => true,
        }
    }

    /// Forgets what a step may have changed.
    pub(super) fn forget(&mut self, step: &Step) {
        step.each(&mut |s| match s {
            Step::Assign { variable, .. } => self.facts.retain(|(s, _)| *s != Subject::Variable(*variable)),
            // What was read before is the old value.
            Step::Write { parameter, .. } => {
                let written: Vec<_> =
                    self.reads.values().copied().filter(|p| self.may_be_one(*parameter, *p)).collect();
                self.facts.retain(|(s, _)| !matches!(s, Subject::Read(p) if written.contains(p)));
                self.reads.retain(|_, p| !written.contains(p));
            }
            _ => {}
        });
    }
}
