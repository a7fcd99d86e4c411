//! `pc` and `ProcSet`, which the translation has and a block may mention.
//!
//! ```text
//! wait: await pc[other] = "Done"; goto ends;  ⇒  wait: await pc[other] = "Done"; pc[self] := "ends"; goto ends;
//! ```
//!
//! `ProcSet` becomes the union of the identifiers. `pc` becomes a variable of plain processes, which each step of
//! theirs writes last: expressions see what it was when the step began. Where there are procedures or instances of
//! archetypes, it stays what nothing but TLC can evaluate.

use crate::fresh::Fresh;
use crate::normal::{Block, Body, End, Jump, Normal, Step};
use crate::operators::Op;
use crate::resolved::{
    Argument, Binding, Definition, Expr, ExprKind, Initial, Model, OperatorId, Step as PathStep, Update, Variable,
    VariableId, VariableKind,
};
use crate::source::Span;
use crate::symbol::Symbol;

/// Rewrites what mentions them.
pub(super) fn program_counter(model: &mut Model, normal: &mut Normal) {
    let multiprocess = model.processes.iter().all(|p| !matches!(p.selves, Initial::None));
    if multiprocess && mentions(model, normal, "ProcSet") {
        if let Some(set) = identifiers(model) {
            let operator = define(model, "ProcSet", set);
            replace(model, normal, "ProcSet", operator);
        }
    }
    if mentions(model, normal, "pc") && all_plain(model) {
        add(model, normal, multiprocess);
    }
}

fn is_named(e: &Expr, name: &str) -> bool {
    matches!(&e.kind, ExprKind::Opaque(text, _) if **text == *name)
}

fn mentions(model: &Model, normal: &Normal, name: &str) -> bool {
    let inside = |e: &Expr| e.any(&mut |e| is_named(e, name));
    let starts = |v: &Variable| matches!(&v.initial, Initial::Value(e) | Initial::Element(e) if inside(e));
    let mut found = model.operators.iter().any(|o| inside(&o.body)) || model.variables.iter().any(starts);
    for section in normal.archetypes.iter().flat_map(|b| &b.sections) {
        section.block.each_expr(&mut |e| found |= inside(e));
    }
    found
}

/// Whether every process has statements of its own, and calls no procedure.
fn all_plain(model: &Model) -> bool {
    let hidden = |a: &crate::resolved::Archetype| a.parameters.iter().all(|p| model.hidden.contains_key(p));
    model.procedures.is_empty()
        && model.archetypes.len() == model.processes.len()
        && model.archetypes.iter().all(hidden)
}

/// `{a} \cup S`: the identifiers of all processes.
fn identifiers(model: &mut Model) -> Option<Expr> {
    let mut all: Option<Expr> = None;
    for selves in model.processes.iter().map(|p| p.selves.clone()).collect::<Vec<_>>() {
        let set = match selves {
            Initial::Element(set) => Fresh::new(model).copy(&set),
            Initial::Value(id) => {
                let id = Fresh::new(model).copy(&id);
                let span = id.span;
                model.expr(ExprKind::Set(vec![id]), span)
            }
            Initial::None => return None,
        };
        let span = set.span;
        all = Some(match all {
            None => set,
            Some(before) => model.expr(ExprKind::Builtin(Op::Union.row(), vec![before, set]), span),
        });
    }
    all
}

fn define(model: &mut Model, name: &str, body: Expr) -> OperatorId {
    let span = body.span;
    let name = Symbol::from(name);
    model.operators.push(Definition { name, parts: vec![0], parameters: Vec::new(), body, recursive: false, span });
    OperatorId(model.operators.len() as u32 - 1)
}

/// Calls an operator wherever the name stands.
fn replace(model: &mut Model, normal: &mut Normal, name: &str, by: OperatorId) {
    for operator in &mut model.operators {
        call(&mut operator.body, name, by);
    }
    for variable in &mut model.variables {
        if let Initial::Value(e) | Initial::Element(e) = &mut variable.initial {
            call(e, name, by);
        }
    }
    for section in normal.archetypes.iter_mut().flat_map(|b| &mut b.sections) {
        section.block.each_expr_mut(&mut |e| call(e, name, by));
    }
}

fn call(e: &mut Expr, name: &str, by: OperatorId) {
    if is_named(e, name) {
        e.kind = ExprKind::Call(by, Vec::new());
    }
    e.each_child_mut(&mut |child| call(child, name, by));
}

/// Makes `pc` a variable that every step writes.
fn add(model: &mut Model, normal: &mut Normal, multiprocess: bool) {
    let Some(initial) = initial(model, normal, multiprocess) else { return };
    let span = initial.span;
    let name: Symbol = Symbol::from("pc");
    let variable = |model: &mut Model, kind, initial| {
        model.variables.push(Variable { name, span, kind, initial });
        VariableId(model.variables.len() as u32 - 1)
    };
    let pc = variable(model, VariableKind::Global, Initial::Value(initial));
    model.globals.push(pc);
    let value = model.expr(ExprKind::Variable(pc), span);
    let operator = define(model, "pc", value);
    replace(model, normal, "pc", operator);
    for (n, body) in normal.archetypes.iter_mut().enumerate() {
        let parameter = variable(model, VariableKind::Ref(0), Initial::None);
        model.hidden.insert(parameter, Some(pc));
        model.archetypes[n].parameters.push(parameter);
        for process in model.processes.iter_mut().filter(|p| p.archetype.index() == n) {
            process.arguments.push(Argument::Ref(pc, 0, span));
            process.mappings.push(None);
        }
        for section in &mut body.sections {
            section.block.each_mut(&mut |block| write(model, block, parameter, multiprocess));
        }
    }
}

/// Where each process starts: `[p \in ProcSet |-> CASE p \in S -> "first" …]`.
fn initial(model: &mut Model, normal: &Normal, multiprocess: bool) -> Option<Expr> {
    let first = |body: &Body| body.sections.first().map_or(Symbol::from("Done"), |s| s.label);
    if !multiprocess {
        return Some(model.expr(ExprKind::Str(first(normal.archetypes.first()?)), model.processes.first()?.span));
    }
    let all = identifiers(model)?;
    let span = all.span;
    let process = model.new_bound("process", span, 0);
    let mut arms = Vec::new();
    for p in model.processes.clone() {
        let own = model.expr(ExprKind::Bound(process), span);
        let test = match p.selves {
            Initial::Element(set) => ExprKind::Builtin(Op::In.row(), vec![own, Fresh::new(model).copy(&set)]),
            Initial::Value(id) => ExprKind::Builtin(Op::Equal.row(), vec![own, Fresh::new(model).copy(&id)]),
            Initial::None => return None,
        };
        let label = ExprKind::Str(first(&normal.archetypes[p.archetype.index()]));
        arms.push((model.expr(test, span), model.expr(label, span)));
    }
    let case = model.expr(ExprKind::Case(arms, None), span);
    let binding = Binding { names: vec![process], tuple: false, set: Box::new(all) };
    Some(model.expr(ExprKind::Function(vec![binding], Box::new(case)), span))
}

/// Writes `pc` where a path ends.
fn write(model: &mut Model, block: &mut Block, parameter: VariableId, multiprocess: bool) {
    let End::Goto(to) = &block.end else { return };
    let label = match to {
        Jump::Label(label) => *label,
        Jump::Done => Symbol::from("Done"),
        Jump::Error => Symbol::from("Error"),
    };
    let span = Span::default();
    let label = model.expr(ExprKind::Str(label), span);
    let value = if multiprocess {
        let bound = model.new_bound("pcRead", span, 0);
        block.steps.push(Step::Read { bound, parameter, indices: Vec::new(), span });
        let base = Box::new(model.expr(ExprKind::Bound(bound), span));
        let own = PathStep::Index(model.expr(ExprKind::SelfId, span));
        let at = model.new_bound("@", span, 0);
        model.expr(ExprKind::Except(base, vec![Update { path: vec![own], at, value: label }]), span)
    } else {
        label
    };
    block.steps.push(Step::Write { parameter, indices: Vec::new(), value, group: None, span });
}
