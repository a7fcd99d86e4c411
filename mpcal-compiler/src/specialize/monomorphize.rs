//! An operator that is used at several types becomes one operator for each of them.
//!
//! In: a model whose operators take values only. Inference gives an operator one type; where its uses
//! disagree that is any value. Such an operator is copied for every use, types are found again, and
//! copies of one type become one.

use std::collections::HashMap;

use crate::fresh::Fresh;
use crate::infer::{infer, Types};
use crate::normal::{Block, MappingBody, Normal, Step};
use crate::resolved::{Argument, Expr, ExprKind, Initial, Model, OperatorId};
use crate::types::Type;

/// What an operator calls may disagree only once its own uses do not: this many calls deep.
const MAX_ROUNDS: usize = 8;

/// So deep may operators call each other in copies.
const MAX_DEPTH: usize = 30;

/// More copies than this are not made.
const MAX_COPIES: usize = 2_000;

/// Rewrites a model and its normal form.
pub fn monomorphize(model: &mut Model, normal: &mut Normal) {
    for _ in 0..MAX_ROUNDS {
        let types = infer(&mut model.clone(), normal);
        let polymorphic = disagreeing(model, normal, &types);
        if polymorphic.is_empty() {
            return;
        }
        let copies = split(model, normal, &polymorphic);
        let types = infer(&mut model.clone(), normal);
        if !merge(model, normal, &copies, &types) {
            return;
        }
    }
}

/// Operators that are used several times and take or give any value, or something that holds one.
fn disagreeing(model: &mut Model, normal: &mut Normal, types: &Types) -> Vec<OperatorId> {
    let mut uses: HashMap<OperatorId, usize> = HashMap::new();
    each_call(model, normal, &mut |_, owner, e| {
        if let ExprKind::Call(id, args) = &e.kind {
            if owner != Some(*id) && !args.is_empty() {
                *uses.entry(*id).or_default() += 1;
            }
        }
    });
    let any = |id: &OperatorId| {
        let definition = &model.operators[id.index()];
        let mut parameters = definition.parameters.iter().map(|p| &types.bounds[p.index()]);
        parameters.any(holds_any) || holds_any(types.of(definition.body.id))
    };
    let mut found: Vec<_> = uses.into_iter().filter(|(_, n)| *n > 1).map(|(id, _)| id).filter(any).collect();
    found.sort_unstable();
    found
}

fn holds_any(t: &Type) -> bool {
    match t {
        Type::Value | Type::Kinds(..) => true,
        Type::Bool | Type::Int | Type::Str | Type::Atom | Type::Enum(_) | Type::Record(_) => false,
        Type::Set(t) | Type::Seq(t) | Type::Optional(_, t) => holds_any(t),
        Type::Tuple(items) => items.iter().any(holds_any),
        Type::Function(k, v) => holds_any(k) || holds_any(v),
    }
}

/// The copies that were made of each operator.
type Copies = Vec<(OperatorId, Vec<OperatorId>)>;

/// Makes a copy for each use, and for each use inside a copy.
fn split(model: &mut Model, normal: &mut Normal, which: &[OperatorId]) -> Copies {
    let mut copies: Copies = which.iter().map(|id| (*id, Vec::new())).collect();
    each_call(model, normal, &mut |model, owner, e| {
        // The operator itself is only what copies are made of.
        if owner.is_none_or(|id| !which.contains(&id)) {
            copy_callee(model, owner, e, &mut copies, 0);
        }
    });
    copies
}

fn copy_callee(model: &mut Model, owner: Option<OperatorId>, e: &mut Expr, copies: &mut Copies, depth: usize) {
    let ExprKind::Call(id, _) = &mut e.kind else { return };
    let made: usize = copies.iter().map(|(_, list)| list.len()).sum();
    // A recursive use is of the same type.
    if owner == Some(*id) || made >= MAX_COPIES || depth > MAX_DEPTH {
        return;
    }
    let Some(at) = copies.iter().position(|(of, _)| of == id) else { return };
    let copy = copy(model, *id);
    copies[at].1.push(copy);
    *id = copy;
    let mut body = model.operators[copy.index()].body.clone();
    visit(model, Some(copy), &mut body, &mut |model, owner, e| copy_callee(model, owner, e, copies, depth + 1));
    model.operators[copy.index()].body = body;
}

fn copy(model: &mut Model, id: OperatorId) -> OperatorId {
    let definition = model.operators[id.index()].clone();
    let made = OperatorId(model.operators.len() as u32);
    model.operators.push(definition.clone());
    let mut fresh = Fresh::new(model);
    let parameters = definition.parameters.iter().map(|p| fresh.bound(*p)).collect();
    let mut body = fresh.copy(&definition.body);
    recur(&mut body, id, made);
    let own = &mut model.operators[made.index()];
    (own.parameters, own.body) = (parameters, body);
    made
}

fn recur(e: &mut Expr, from: OperatorId, to: OperatorId) {
    if let ExprKind::Call(id, _) = &mut e.kind {
        if *id == from {
            *id = to;
        }
    }
    e.each_child_mut(&mut |child| recur(child, from, to));
}

/// Makes one of copies that have one type; the first has the name of the operator. Says whether an
/// operator is several now.
fn merge(model: &mut Model, normal: &mut Normal, copies: &Copies, types: &Types) -> bool {
    let mut instead: HashMap<OperatorId, OperatorId> = HashMap::new();
    let mut several = false;
    for (of, list) in copies {
        let mut groups: Vec<(Vec<Type>, OperatorId)> = Vec::new();
        for copy in list {
            let definition = &model.operators[copy.index()];
            let mut signature: Vec<_> = definition.parameters.iter().map(|p| types.bounds[p.index()].clone()).collect();
            signature.push(types.of(definition.body.id).clone());
            match groups.iter().find(|(s, _)| *s == signature) {
                Some((_, known)) => {
                    instead.insert(*copy, *known);
                }
                None => groups.push((signature, *copy)),
            }
        }
        several |= groups.len() > 1;
        let name = model.operators[of.index()].name;
        if !groups.is_empty() {
            retire(model, *of);
        }
        for (n, (_, id)) in groups.iter().enumerate() {
            let numbered = if n == 0 { name.to_string() } else { format!("{name}{}", n + 1) };
            let taken = model.operators.iter().any(|o| *o.name == *numbered && !o.parts.is_empty() && n > 0);
            model.operators[id.index()].name = if taken { format!("{numbered}Other").into() } else { numbered.into() };
        }
    }
    each_call(model, normal, &mut |_, _, e| {
        if let ExprKind::Call(id, _) = &mut e.kind {
            *id = instead.get(id).copied().unwrap_or(*id);
        }
    });
    instead.keys().for_each(|id| retire(model, *id));
    several
}

/// What nobody uses any more must not speak for the types of others, nor keep its name from them.
fn retire(model: &mut Model, id: OperatorId) {
    let body = model.expr(ExprKind::Bool(true), model.operators[id.index()].span);
    let definition = &mut model.operators[id.index()];
    (definition.parts, definition.parameters, definition.body) = (Vec::new(), Vec::new(), body);
    definition.recursive = false;
    definition.name = format!("retired{}", id.0).into();
}

/// What is done with an expression of an operator, or of none.
type Visitor<'v> = dyn FnMut(&mut Model, Option<OperatorId>, &mut Expr) + 'v;

/// Calls `f` on every expression, outer ones first, with the operator that it stands in. Operators
/// that are added meanwhile are not visited.
fn each_call(model: &mut Model, normal: &mut Normal, f: &mut Visitor<'_>) {
    let none = Initial::None;
    for n in 0..model.operators.len() {
        let mut body = model.operators[n].body.clone();
        visit(model, Some(OperatorId(n as u32)), &mut body, f);
        model.operators[n].body = body;
    }
    for n in 0..model.variables.len() {
        let mut initial = std::mem::replace(&mut model.variables[n].initial, none.clone());
        if let Initial::Value(e) | Initial::Element(e) = &mut initial {
            visit(model, None, e, f);
        }
        model.variables[n].initial = initial;
    }
    for n in 0..model.processes.len() {
        let mut process = model.processes[n].clone();
        if let Initial::Value(e) | Initial::Element(e) = &mut process.selves {
            visit(model, None, e, f);
        }
        process.arguments.iter_mut().for_each(|a| argument(model, a, f));
        model.processes[n] = process;
    }
    let mut assumes = std::mem::take(&mut model.assumes);
    assumes.iter_mut().for_each(|e| visit(model, None, e, f));
    model.assumes = assumes;
    let bodies = normal.archetypes.iter_mut().chain(&mut normal.procedures);
    bodies.flat_map(|b| &mut b.sections).for_each(|s| block(model, &mut s.block, f));
    for MappingBody { read, write } in &mut normal.mapping_macros {
        steps(model, read, f);
        steps(model, write, f);
    }
}

fn visit(model: &mut Model, owner: Option<OperatorId>, e: &mut Expr, f: &mut Visitor<'_>) {
    f(model, owner, e);
    e.each_child_mut(&mut |child| visit(model, owner, child, f));
}

fn argument(model: &mut Model, a: &mut Argument, f: &mut Visitor<'_>) {
    if let Argument::Value(e) = a {
        visit(model, None, e, f);
    }
}

fn block(model: &mut Model, b: &mut Block, f: &mut Visitor<'_>) {
    b.each_expr_mut(&mut |e| visit(model, None, e, f));
}

fn steps(model: &mut Model, list: &mut [Step], f: &mut Visitor<'_>) {
    list.iter_mut().for_each(|s| s.each_mut(&mut |s| s.each_expr_mut(&mut |e| visit(model, None, e, f))));
}
