//! Variables that may be used before they have a value: those declared without one, and those that get the value of
//! such a variable as it is; a `ref` parameter stands for the variable made from an expression. Each is a `Slot`,
//! which fails when its value is needed and there is none.

use std::collections::{HashMap, HashSet};

use proc_macro2::TokenStream;
use quote::quote;

use super::code::Scope;
use super::expression::{rust, Rust};
use super::Emitter;
use crate::infer::Types;
use crate::normal::{End, Normal, Step};
use crate::operators::Op;
use crate::resolved::{Argument, BoundId, Expr, ExprKind, Initial, Model, VariableId, VariableKind};
use crate::types::Type;

/// The variables that may have no value. What can hold any value is not among them: it holds TLC's
/// `defaultInitValue` until it is assigned.
#[derive(Default)]
pub(super) struct Slots {
    /// The variables; a `ref` parameter is the one made from an expression.
    variables: HashSet<VariableId>,
    /// The `ref` parameters that such a variable may be bound to.
    refs: HashSet<VariableId>,
    /// The names of what is read from `ref` parameters without indices.
    reads: HashMap<BoundId, VariableId>,
}

impl Slots {
    /// Whether an expression is a variable that may have no value.
    pub(super) fn may_be_none(&self, e: &Expr) -> bool {
        match &e.kind {
            ExprKind::Variable(v) => self.variables.contains(v),
            ExprKind::Bound(b) => self.reads.get(b).is_some_and(|p| self.refs.contains(p)),
            ExprKind::If(_, a, b) => self.may_be_none(a) || self.may_be_none(b),
            _ => false,
        }
    }

    fn may_refer_to_none(&self, v: VariableId) -> bool {
        self.variables.contains(&v) || self.refs.contains(&v)
    }
}

/// Finds the variables that may have no value.
pub(super) fn slots(model: &Model, normal: &Normal, types: &Types) -> Slots {
    let variables = (0..model.variables.len()).map(|n| VariableId(n as u32));
    let can_be = |v: VariableId| types.variables[v.index()] != Type::Value;
    let local = |v: VariableId| matches!(model.variable(v).kind, VariableKind::Local | VariableKind::Global);
    let none = |v: VariableId| matches!(model.variable(v).initial, Initial::None);
    let mut found =
        Slots { variables: variables.filter(|v| can_be(*v) && local(*v) && none(*v)).collect(), ..Slots::default() };
    let Flow { copies, refs, reads } = flow(model, normal);
    found.reads = reads;
    // Each round finds another one, or is the last.
    loop {
        let before = found.variables.len() + found.refs.len();
        for (to, e) in &copies {
            if can_be(*to) && found.may_be_none(e) {
                let by_ref = matches!(model.variable(*to).kind, VariableKind::Ref(_));
                found.variables.insert(*to);
                found.refs.extend(by_ref.then_some(*to));
            }
        }
        for (parameter, passed) in &refs {
            if can_be(*parameter) && found.may_refer_to_none(*passed) {
                found.refs.insert(*parameter);
            }
        }
        if found.variables.len() + found.refs.len() == before {
            return found;
        }
    }
}

/// What is passed on as it is.
#[derive(Default)]
struct Flow<'m> {
    /// Variables, each with an expression that gives it a value.
    copies: Vec<(VariableId, &'m Expr)>,
    /// `ref` parameters, each with what is passed.
    refs: Vec<(VariableId, VariableId)>,
    /// Names of what is read from `ref` parameters without indices.
    reads: HashMap<BoundId, VariableId>,
}

fn flow<'m>(model: &'m Model, normal: &'m Normal) -> Flow<'m> {
    let mut found = Flow::default();
    for (n, v) in model.variables.iter().enumerate() {
        if let Initial::Value(e) = &v.initial {
            found.copies.push((VariableId(n as u32), e));
        }
    }
    for p in &model.processes {
        arguments(&model.archetypes[p.archetype.index()].parameters, &p.arguments, &mut found);
    }
    for body in normal.archetypes.iter().chain(&normal.procedures) {
        for section in &body.sections {
            section.block.each_step(&mut |s| {
                s.each(&mut |s| match s {
                    Step::Assign { variable, path, value, .. } if path.is_empty() => {
                        found.copies.push((*variable, value));
                    }
                    Step::Read { bound, parameter, indices, .. } if indices.is_empty() => {
                        found.reads.insert(*bound, *parameter);
                    }
                    _ => {}
                });
            });
            section.block.each(&mut |b| {
                if let End::Call(procedure, given, _) = &b.end {
                    arguments(&model.procedures[procedure.index()].parameters, given, &mut found);
                }
            });
        }
    }
    found
}

fn arguments<'m>(parameters: &[VariableId], given: &'m [Argument], found: &mut Flow<'m>) {
    for (parameter, argument) in parameters.iter().zip(given) {
        match argument {
            Argument::Value(e) => found.copies.push((*parameter, e)),
            Argument::Ref(passed, 0, _) => found.refs.push((*parameter, *passed)),
            // What indices lead to is there.
            Argument::Ref(..) => {}
        }
    }
}

impl Emitter<'_> {
    /// Whether a variable may be used before it has a value.
    pub(super) fn is_slot(&self, id: VariableId) -> bool {
        self.slots.variables.contains(&id)
    }

    /// Whether what is read under a name may be no value, and is looked at in a way that does not need one.
    pub(super) fn is_read_slot(&self, bound: BoundId, rest: &[Step], end: Option<&End>) -> bool {
        let may_be_none = self.slots.reads.get(&bound).is_some_and(|p| self.slots.refs.contains(p));
        may_be_none
            && (rest.iter().any(|s| {
                let mut found = false;
                s.each(&mut |s| found |= self.step_passes_on(s, bound));
                found
            }) || matches!(end, Some(End::If(c, ..)) if compares(c, bound)))
    }

    fn step_passes_on(&self, step: &Step, bound: BoundId) -> bool {
        let is_it = |e: &Expr| matches!(e.kind, ExprKind::Bound(b) if b == bound);
        let mut found = match step {
            Step::Assign { variable, path, value, .. } => {
                self.is_slot(*variable) && path.is_empty() && value.any(&mut |e| is_it(e))
            }
            Step::Print(e) => is_it(e),
            _ => false,
        };
        step.each_expr(&mut |e| found |= compares(e, bound));
        found
    }

    /// The type of the field that holds a variable.
    pub(super) fn stored_type(&self, id: VariableId) -> TokenStream {
        let t = self.rust_type(&self.types.variables[id.index()]);
        if self.is_slot(id) {
            quote!(rt::Slot<#t>)
        } else {
            t
        }
    }

    /// What a variable holds that is declared without a value.
    pub(super) fn no_value(&self, id: VariableId) -> Rust {
        if self.is_slot(id) {
            rust!(rt::Slot::Uninit)
        } else {
            rust!(rt::Value::DEFAULT_INIT)
        }
    }

    /// What a variable holds when it gets the value of an expression.
    pub(super) fn stored(&self, id: VariableId, e: &Expr, s: &Scope) -> Rust {
        self.stored_as(id, &self.types.variables[id.index()], e, s)
    }

    /// What a variable holds at a type when it gets the value of an expression.
    pub(super) fn stored_as(&self, id: VariableId, t: &Type, e: &Expr, s: &Scope) -> Rust {
        if self.is_slot(id) {
            self.slot_of(e, t, s)
        } else {
            self.owned(e, t, s)
        }
    }

    fn slot_of(&self, e: &Expr, want: &Type, s: &Scope) -> Rust {
        match &e.kind {
            ExprKind::Variable(_) | ExprKind::Bound(_) => {
                let code = self.code(e, None, s);
                if let (Some(slot), true) = (&code.slot, code.ty == *want) {
                    return slot.clone().cloned();
                }
            }
            ExprKind::If(c, a, b) if self.slots.may_be_none(e) => {
                let c = self.condition(c, s);
                let (a, b) = (self.slot_of(a, want, s), self.slot_of(b, want, s));
                return Rust::branch(&c, &a, &b);
            }
            _ => {}
        }
        let value = self.owned(e, want, s);
        rust!(rt::Slot::Value(#value))
    }
}

/// Whether an expression compares a name as a whole with something, or looks for it in a set.
fn compares(e: &Expr, bound: BoundId) -> bool {
    e.any(&mut |e| match &e.kind {
        ExprKind::Builtin(op, args) if matches!(op.id, Op::Equal | Op::NotEqual | Op::In | Op::NotIn) => {
            args.iter().any(|a| matches!(a.kind, ExprKind::Bound(b) if b == bound))
        }
        _ => false,
    })
}
