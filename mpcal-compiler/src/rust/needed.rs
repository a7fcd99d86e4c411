//! What is certain to be evaluated. Names are as lazy as in TLC: what fails after one fails when it is used.

use super::Emitter;
use crate::normal::{End, Step};
use crate::operators::Op;
use crate::resolved::{Argument, BoundId, Expr, ExprKind, OperatorId};

impl Emitter<'_> {
    /// Whether the value of a name is needed on every path, unless the path is blocked.
    pub(super) fn is_needed(&self, bound: BoundId, rest: &[Step], end: Option<&End>) -> bool {
        for (n, step) in rest.iter().enumerate() {
            let mut found = false;
            match step {
                Step::If(c, ..) => found = self.always_uses(c, bound),
                Step::Let { bound: name, value, .. } => {
                    found = self.always_uses(value, bound) && self.is_needed(*name, &rest[n + 1..], end);
                }
                other => other.each_expr(&mut |e| found |= self.always_uses(e, bound)),
            }
            if found {
                return true;
            }
        }
        match end {
            Some(End::If(c, ..)) => self.always_uses(c, bound),
            Some(End::Call(_, arguments, _)) => {
                arguments.iter().any(|a| matches!(a, Argument::Value(e) if self.always_uses(e, bound)))
            }
            Some(End::Goto(_) | End::Return | End::Either(_)) | None => false,
        }
    }

    /// Whether a name is evaluated on every path before anything can block.
    pub(super) fn used_at_once(&self, bound: BoundId, rest: &[Step], end: Option<&End>) -> bool {
        for step in rest {
            let mut found = false;
            match step {
                Step::If(c, ..) => found = self.always_uses(c, bound),
                Step::Let { .. } => continue,
                other => other.each_expr(&mut |e| found |= self.always_uses(e, bound)),
            }
            if found {
                return true;
            }
            if self.may_stop(step) {
                return false;
            }
        }
        matches!(end, Some(End::If(c, ..)) if self.always_uses(c, bound))
    }

    /// Whether a step may block, fail with more than an error of evaluation, or choose.
    fn may_stop(&self, step: &Step) -> bool {
        match step {
            Step::Let { .. } | Step::Assign { .. } | Step::AssignMapped { .. } | Step::Print(_) | Step::Yield(_) => {
                false
            }
            Step::Read { parameter, .. } | Step::Write { parameter, .. } => !self.plain.contains(parameter),
            Step::Pick { .. } | Step::Await(_) | Step::Assert(_) | Step::Either(_) => true,
            Step::If(_, a, b) => a.iter().chain(b).any(|s| self.may_stop(s)),
        }
    }

    /// Whether evaluating an expression evaluates a name.
    fn always_uses(&self, e: &Expr, bound: BoundId) -> bool {
        match &e.kind {
            ExprKind::Bound(b) => *b == bound,
            ExprKind::If(c, ..) => self.always_uses(c, bound),
            ExprKind::And(items) | ExprKind::Or(items) => items.first().is_some_and(|e| self.always_uses(e, bound)),
            ExprKind::Case(arms, _) => arms.first().is_some_and(|(g, _)| self.always_uses(g, bound)),
            ExprKind::Builtin(op, args) if op.id == Op::Implies => {
                args.first().is_some_and(|e| self.always_uses(e, bound))
            }
            ExprKind::Quantified(_, bindings, _) | ExprKind::Function(bindings, _) | ExprKind::Map(_, bindings) => {
                bindings.first().is_some_and(|b| self.always_uses(&b.set, bound))
            }
            ExprKind::Filter(b, _) | ExprKind::Choose(b, _) => self.always_uses(&b.set, bound),
            ExprKind::Call(id, args) => {
                args.iter().enumerate().any(|(n, a)| self.always_uses(a, bound) && self.needs_parameter(*id, n))
            }
            ExprKind::Let(_, body) => self.always_uses(body, bound),
            ExprKind::Lambda(..) | ExprKind::CallBound(..) => false,
            _ => {
                let mut found = false;
                e.each_child(&mut |child| found |= self.always_uses(child, bound));
                found
            }
        }
    }

    /// Whether evaluating an operator evaluates its n-th argument.
    fn needs_parameter(&self, id: OperatorId, n: usize) -> bool {
        let definition = &self.model.operators[id.index()];
        !definition.recursive && definition.parameters.get(n).is_some_and(|p| self.always_uses(&definition.body, *p))
    }
}
