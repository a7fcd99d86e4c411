//! `choose-order`: a `CHOOSE` that takes another element when the system runs than in TLC.
//!
//! Where several elements satisfy the predicate, both take the first, in an order that is a property of the
//! values, except for strings, model values and the fields of records: TLC has these in the order in which
//! it came across them. In: a model with its types. Out: a warning for each choice that this may decide.

use std::collections::BTreeSet;

use super::Types;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::normal::Normal;
use crate::operators::{Op, Operator};
use crate::resolved::{Argument, Binding, BoundId, Expr, ExprKind, Initial, LetDefinition, Model, OperatorId};
use crate::source::Span;
use crate::types::Type;

/// Types inside types are looked into so deep: a record may hold itself.
const MAX_DEPTH: usize = 8;

/// Warns of choices among values whose order TLC makes up.
pub fn warn_choose_order(model: &Model, normal: &Normal, types: &Types, out: &mut Diagnostics) {
    let mut choices = Choices { types, operator: None, seen: BTreeSet::new(), out };
    // One that takes operators is evaluated as its copies.
    let takes_operators = |p: &BoundId| model.bound(*p).arity > 0;
    let evaluated = model.operators.iter().enumerate().filter(|(_, o)| !o.parameters.iter().any(takes_operators));
    for (n, o) in evaluated {
        choices.operator = Some(OperatorId(n as u32));
        choices.look(&o.body);
    }
    choices.operator = None;
    let starts = model.variables.iter().map(|v| &v.initial).chain(model.processes.iter().map(|p| &p.selves));
    for initial in starts {
        if let Initial::Value(e) | Initial::Element(e) = initial {
            choices.look(e);
        }
    }
    for argument in model.processes.iter().flat_map(|p| &p.arguments) {
        if let Argument::Value(e) = argument {
            choices.look(e);
        }
    }
    model.assumes.iter().for_each(|e| choices.look(e));
    let sections = normal.archetypes.iter().chain(&normal.procedures).flat_map(|b| &b.sections);
    sections.for_each(|s| s.block.each_expr(&mut |e| choices.look(e)));
    for step in types.mappings.iter().flat_map(|m| m.read.iter().chain(&m.write)) {
        step.each(&mut |s| s.each_expr(&mut |e| choices.look(e)));
    }
}

struct Choices<'c> {
    types: &'c Types,
    /// The operator in whose body we are.
    operator: Option<OperatorId>,
    /// Copies of an operator are reported once.
    seen: BTreeSet<(u32, u32)>,
    out: &'c mut Diagnostics,
}

impl Choices<'_> {
    fn look(&mut self, e: &Expr) {
        match &e.kind {
            ExprKind::Choose(b, p) => self.choice(b, p, e.span),
            ExprKind::Let(definitions, body) => {
                for d in definitions {
                    match &d.body.kind {
                        ExprKind::Choose(b, p) if self.folds(d, b, p, body) => self.look(&b.set),
                        _ => self.look(&d.body),
                    }
                }
                return self.look(body);
            }
            _ => {}
        }
        e.each_child(&mut |child| self.look(child));
    }

    fn choice(&mut self, b: &Binding, p: &Expr, span: Span) {
        let element = match self.types.of(b.set.id) {
            Type::Set(t) => t,
            _ => &Type::Value,
        };
        let Some(what) = self.named(element, MAX_DEPTH) else { return };
        if is_single(&b.set) || fixes(p, b) || !self.seen.insert((span.start, span.end)) {
            return;
        }
        self.out.push(
            Diagnostic::warning("choose-order", span, "this `CHOOSE` may pick a different element than TLC")
                .because(format!(
                    "if several satisfy it, which one comes first depends on {what}: TLC orders these by where it first meets them"
                ))
                .help("make the choice unique, or write `with (x \\in S)` if any element will do"),
        );
    }

    /// What TLC orders by name among the values of a type.
    fn named(&self, t: &Type, depth: usize) -> Option<&'static str> {
        let inside = |t: &Type| self.named(t, depth.checked_sub(1)?);
        match t {
            Type::Bool | Type::Int => None,
            Type::Str => Some("strings"),
            Type::Atom => Some("model values"),
            Type::Enum(id) => self.tags(*id),
            Type::Optional(id, t) => self.tags(*id).or_else(|| inside(t)),
            Type::Set(t) | Type::Seq(t) => inside(t),
            Type::Tuple(items) | Type::Kinds(_, items) => items.iter().find_map(inside),
            Type::Function(k, v) => inside(k).or_else(|| inside(v)),
            Type::Record(id) => {
                let record = &self.types.records[*id];
                match &record.shapes[..] {
                    [only] if only.fields.len() == 1 => record.fields.values().find_map(inside),
                    _ => Some("the names of fields"),
                }
            }
            Type::Value => Some("strings or model values"),
        }
    }

    /// One name has no order.
    fn tags(&self, id: usize) -> Option<&'static str> {
        use crate::types::Tag;
        let tags = &self.types.enums[id].tags;
        let strings = tags.iter().filter(|(t, _)| matches!(t, Tag::Str(_))).count();
        if strings > 1 {
            Some("strings")
        } else {
            (tags.len() - strings > 1).then_some("model values")
        }
    }

    /// Whether an element is taken out and put together with what the operator gives for the others, by an operator
    /// that does not mind the order: `LET x == CHOOSE x \in S : TRUE IN f[x] + Sum(S \ {x})`.
    fn folds(&self, d: &LetDefinition, b: &Binding, p: &Expr, body: &Expr) -> bool {
        let (Some(own), ExprKind::Bool(true)) = (self.operator, &p.kind) else { return false };
        let is_self = |e: &Expr| matches!(&e.kind, ExprKind::Call(id, _) if *id == own);
        let both = match &body.kind {
            ExprKind::Builtin(op, args) if ignores_order(op) => &args[..],
            ExprKind::And(args) | ExprKind::Or(args) => args,
            _ => return false,
        };
        let [one, other] = both else { return false };
        let (one, rest) = if is_self(other) { (one, other) } else { (other, one) };
        let ExprKind::Call(_, args) = &rest.kind else { return false };
        let is_rest = |e: &Expr| match &e.kind {
            ExprKind::Builtin(op, sides) if op.id == Op::Difference => {
                same(&sides[0], &b.set)
                    && matches!(&sides[1].kind, ExprKind::Set(list) if matches!(&list[..], [x] if names(x, d.bound)))
            }
            _ => false,
        };
        let without = |e: &Expr| !e.any(&mut |e| names(e, d.bound));
        is_self(rest)
            && !one.any(&mut |e| is_self(e))
            && args.iter().filter(|a| is_rest(a)).count() == 1
            && args.iter().all(|a| is_rest(a) || without(a))
    }
}

/// Whether operands of an operator may be grouped and exchanged.
fn ignores_order(op: &Operator) -> bool {
    matches!(op.id, Op::Plus | Op::Times | Op::Union | Op::Intersection | Op::BagPlus)
}

/// Whether an expression is a bound name, also as an operator without arguments.
fn names(e: &Expr, bound: BoundId) -> bool {
    match &e.kind {
        ExprKind::Bound(id) => *id == bound,
        ExprKind::CallBound(id, args) => *id == bound && args.is_empty(),
        _ => false,
    }
}

/// Whether two expressions are the same name.
fn same(a: &Expr, b: &Expr) -> bool {
    match (&a.kind, &b.kind) {
        (ExprKind::Bound(a), ExprKind::Bound(b)) => a == b,
        (ExprKind::Variable(a), ExprKind::Variable(b)) => a == b,
        _ => false,
    }
}

/// Whether a set has one element at most.
fn is_single(set: &Expr) -> bool {
    matches!(&set.kind, ExprKind::Set(list) if list.len() < 2)
}

/// Whether a predicate says of one value only that it is true: `x = e`, `S = {x}`.
fn fixes(p: &Expr, b: &Binding) -> bool {
    let free = |e: &Expr| !e.any(&mut |e| b.names.iter().any(|n| names(e, *n)));
    match &p.kind {
        ExprKind::And(list) => list.iter().any(|p| fixes(p, b)),
        ExprKind::Or(list) => list.len() == 1 && fixes(&list[0], b),
        ExprKind::Builtin(op, sides) if op.id == Op::Equal && sides.len() == 2 => {
            let given = |x: &Expr, e: &Expr| b.names.iter().all(|n| holds(x, *n)) && free(e);
            given(&sides[0], &sides[1]) || given(&sides[1], &sides[0])
        }
        ExprKind::Builtin(op, sides) if op.id == Op::In => {
            b.names.iter().all(|n| holds(&sides[0], *n)) && is_single(&sides[1]) && free(&sides[1])
        }
        _ => false,
    }
}

/// Whether a value is built so that it tells what a bound name is.
fn holds(e: &Expr, bound: BoundId) -> bool {
    match &e.kind {
        ExprKind::Tuple(list) => list.iter().any(|e| holds(e, bound)),
        ExprKind::Record(fields) => fields.iter().any(|(_, e)| holds(e, bound)),
        ExprKind::Set(list) => matches!(&list[..], [only] if holds(only, bound)),
        _ => names(e, bound),
    }
}
