//! `eager-read`: a read that is performed though its value may not be needed.
//!
//! All reads of an expression happen first, also those after `/\`, `\/`, `=>` and in branches of `IF` and
//! `CASE` that evaluation does not reach. That matters where the mapping macro of the variable makes a
//! read wait or change something.

use std::collections::{BTreeMap, BTreeSet};

use super::{bodies, each_stmt};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::operators::Op;
use crate::resolved::{
    Argument, Expr, ExprKind, MappingMacroId, Model, Step, Stmt, StmtKind, Target, VariableId, VariableKind,
};

pub(super) fn check(model: &Model, out: &mut Diagnostics) {
    let mapped = mapped(model);
    for (body, ..) in bodies(model) {
        each_stmt(body, &mut |s| {
            for e in expressions(s) {
                walk(e, None, &mut |id, read, why| {
                    let does = mapped.get(&id).into_iter().flatten().find_map(|m| {
                        let m = &model.mapping_macros[m.index()];
                        does_more(&m.read).map(|does| (m, does))
                    });
                    let Some((m, does)) = does else { return };
                    let name = &model.variable(id).name;
                    out.push(
                        Diagnostic::warning(
                            "eager-read",
                            read.span,
                            format!("`{name}` is read even when its value is not needed"),
                        )
                        .because(format!("all reads happen first, even those {why}"))
                        .and(m.span, format!("its read {does}"))
                        .help("use the statement `if`, and read it inside"),
                    );
                });
            }
        });
    }
}

/// The mapping macros that a `ref` parameter may have, those of procedures through all calls.
fn mapped(model: &Model) -> BTreeMap<VariableId, BTreeSet<MappingMacroId>> {
    let mut found: BTreeMap<VariableId, BTreeSet<MappingMacroId>> = BTreeMap::new();
    for process in &model.processes {
        let parameters = &model.archetypes[process.archetype.index()].parameters;
        for (parameter, mapping) in parameters.iter().zip(&process.mappings) {
            found.entry(*parameter).or_default().extend(mapping);
        }
    }
    let mut passed = Vec::new();
    for (body, ..) in bodies(model) {
        each_stmt(body, &mut |s| {
            if let StmtKind::Call(id, arguments) = &s.kind {
                for (argument, parameter) in arguments.iter().zip(&model.procedures[id.index()].parameters) {
                    if let Argument::Ref(from, ..) = argument {
                        passed.push((*from, *parameter));
                    }
                }
            }
        });
    }
    loop {
        let before: usize = found.values().map(BTreeSet::len).sum();
        for (from, to) in &passed {
            let more = found.get(from).cloned().unwrap_or_default();
            found.entry(*to).or_default().extend(more);
        }
        if found.values().map(BTreeSet::len).sum::<usize>() == before {
            found.retain(|id, _| matches!(model.variable(*id).kind, VariableKind::Ref(_)));
            return found;
        }
    }
}

/// What a read does besides giving a value.
fn does_more(read: &[Stmt]) -> Option<&'static str> {
    let mut found = None;
    each_stmt(read, &mut |s| {
        let does = match &s.kind {
            StmtKind::Await(e) if !matches!(e.kind, ExprKind::Bool(true)) => Some("may have to wait"),
            StmtKind::With(_, true, set, _) if !has_elements(set) => Some("waits while a set is empty"),
            StmtKind::Assign(_) => Some("changes the variable"),
            StmtKind::Print(_) => Some("prints"),
            StmtKind::Await(_) | StmtKind::With(..) | StmtKind::Assert(_) | StmtKind::Skip | StmtKind::If(..) => None,
            StmtKind::While(..) | StmtKind::Block(_) | StmtKind::Yield(_) | StmtKind::Either(_) => None,
            StmtKind::Return | StmtKind::Goto(..) | StmtKind::Call(..) => None,
        };
        found = found.or(does);
    });
    found
}

/// Whether a set evidently has an element: a choice among several that is not needed makes no difference.
fn has_elements(set: &Expr) -> bool {
    let natural = |e: &Expr| match &e.kind {
        ExprKind::Int(n) => *n >= 0,
        ExprKind::Builtin(op, _) => matches!(op.id, Op::Len | Op::Cardinality | Op::BagCardinality),
        _ => false,
    };
    match &set.kind {
        ExprKind::Set(list) => !list.is_empty(),
        ExprKind::Builtin(op, list) => match &list[..] {
            [] => op.id == Op::Boolean,
            [from, to] => op.id == Op::Range && matches!(from.kind, ExprKind::Int(0)) && natural(to),
            _ => false,
        },
        _ => false,
    }
}

/// The expressions of a statement, without those of statements inside it.
fn expressions(s: &Stmt) -> Vec<&Expr> {
    match &s.kind {
        StmtKind::If(e, ..) | StmtKind::While(e, _) | StmtKind::With(_, _, e, _) | StmtKind::Await(e) => vec![e],
        StmtKind::Print(e) | StmtKind::Assert(e) | StmtKind::Yield(e) => vec![e],
        StmtKind::Assign(list) => list.iter().flat_map(|(t, e)| indices(t).into_iter().chain([e])).collect(),
        StmtKind::Call(_, arguments) => {
            arguments.iter().filter_map(|a| if let Argument::Value(e) = a { Some(e) } else { None }).collect()
        }
        StmtKind::Either(_) | StmtKind::Block(_) | StmtKind::Skip | StmtKind::Return | StmtKind::Goto(..) => vec![],
    }
}

fn indices(target: &Target) -> Vec<&Expr> {
    match target {
        Target::Variable(_, path) | Target::Part(_, path) | Target::Mapped(path) => {
            path.iter().filter_map(|s| if let Step::Index(e) = s { Some(e) } else { None }).collect()
        }
        Target::Write(_, indices) => indices.iter().collect(),
    }
}

type Found<'f> = &'f mut dyn FnMut(VariableId, &Expr, &'static str);

/// Calls `found` for each read that evaluation may not reach, with what stands in its way.
fn walk(e: &Expr, way: Option<&'static str>, found: Found<'_>) {
    let mut parts: Vec<(&Expr, Option<&'static str>)> = Vec::new();
    let behind = |reason: &'static str| way.or(Some(reason));
    match &e.kind {
        ExprKind::And(list) | ExprKind::Or(list) => {
            let reason = if matches!(e.kind, ExprKind::And(_)) { "after `/\\`" } else { "after `\\/`" };
            parts.extend(list.iter().enumerate().map(|(n, e)| (e, if n == 0 { way } else { behind(reason) })));
        }
        ExprKind::Builtin(op, list) if op.id == Op::Implies => {
            parts.extend(list.iter().enumerate().map(|(n, e)| (e, if n == 0 { way } else { behind("after `=>`") })));
        }
        ExprKind::If(c, a, b) => {
            let reason = behind("in a branch of `IF`");
            parts.extend([(&**c, way), (&**a, reason), (&**b, reason)]);
        }
        ExprKind::Case(arms, other) => {
            let reason = behind("in an arm of `CASE`");
            for (n, (guard, value)) in arms.iter().enumerate() {
                parts.extend([(guard, if n == 0 { way } else { reason }), (value, reason)]);
            }
            parts.extend(other.iter().map(|e| (&**e, reason)));
        }
        _ => e.each_child(&mut |e| parts.push((e, way))),
    }
    for (part, way) in parts {
        walk(part, way, found);
    }
    if let (ExprKind::Read(id, _), Some(why)) = (&e.kind, way) {
        found(*id, e, why);
    }
}
