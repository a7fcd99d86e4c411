//! Variables of processes that a procedure uses become variables of the algorithm.
//!
//! A `ref` argument may be a variable of the caller, but a PlusCal procedure reaches only what is global. To TLA+
//! there is no difference: `pcal.trans` makes `x = [self \in S |-> e]` of a variable `x = e` of the processes in
//! `S`, and that is what stands in the algorithm then, with `x[self]` in its place.

use std::collections::HashSet;

use super::expr::Printer;
use super::lower::{Lowered, LoweredProcess};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::normal::{Section, Step};
use crate::resolved::{Expr, ExprKind, Initial, Variable, VariableId};
use crate::symbol::Symbol;

/// The variables to move, for each process.
pub(super) fn moved(lowered: &Lowered) -> Vec<Vec<VariableId>> {
    let mut used = HashSet::new();
    for procedure in &lowered.procedures {
        mentioned(&procedure.sections, &mut used);
    }
    lowered.processes.iter().map(|p| escaping(lowered, p, &used)).collect()
}

/// Writes the declarations of what is moved, and says how it is spelt where it is used.
pub(super) fn declare(lowered: &mut Lowered, moved: &[Vec<VariableId>], out: &mut Diagnostics) {
    for (n, moved) in moved.iter().enumerate() {
        if moved.is_empty() {
            continue;
        }
        let process = &lowered.processes[n];
        if matches!(process.selves, Initial::Element(_)) {
            let unset = moved.iter().map(|v| lowered.model.variable(*v)).find(|v| matches!(v.initial, Initial::None));
            unset.filter(|_| !declares_default(lowered)).iter().for_each(|v| out.push(no_default(v)));
        }
        let mut names = lowered.names.clone();
        let set = match &process.selves {
            Initial::Element(set) => Some(Printer { model: &lowered.model, names: &names }.top(set)),
            Initial::Value(e) => {
                names.self_id = Some(Printer { model: &lowered.model, names: &names }.text(e));
                None
            }
            Initial::None => None,
        };
        let own = |v: &VariableId| lowered.names.variables.get(v).copied().unwrap_or_default();
        let bare: Vec<(VariableId, Symbol)> = moved.iter().map(|v| (*v, own(v))).collect();
        if set.is_some() {
            names.variables.extend(bare.iter().map(|(v, name)| (*v, Symbol::from(format!("{name}[self]")))));
        }
        let cx = Printer { model: &lowered.model, names: &names };
        let declare = |(v, name): &(VariableId, Symbol)| (*v, format!("{name}{}", start(&cx, *v, set.as_deref())));
        let declarations: Vec<_> = bare.iter().map(declare).collect();
        lowered.hoisted.extend(declarations);
        lowered.spelt.extend(moved.iter().filter_map(|v| Some((*v, *names.variables.get(v)?))));
    }
}

/// What a variable starts with, for one process or for each of a set.
fn start(cx: &Printer<'_>, variable: VariableId, set: Option<&str>) -> String {
    match (&cx.model.variable(variable).initial, set) {
        (Initial::None, None) => String::new(),
        (Initial::None, Some(set)) => format!(" = [self \\in {set} |-> defaultInitValue]"),
        (Initial::Value(e), None) => format!(" = {}", cx.top(e)),
        (Initial::Value(e), Some(set)) => format!(" = [self \\in {set} |-> {}]", cx.top(e)),
        (Initial::Element(e), None) => format!(" \\in {}", cx.top(e)),
        (Initial::Element(e), Some(set)) => format!(" \\in [{set} -> {}]", cx.top(e)),
    }
}

/// Whether the translator will declare `defaultInitValue`: a procedure has a parameter or variable without value.
fn declares_default(lowered: &Lowered) -> bool {
    let unset = |v: &VariableId| matches!(lowered.model.variable(*v).initial, Initial::None);
    lowered.procedures.iter().any(|p| p.parameters.iter().chain(&p.variables).any(unset))
        || lowered.model.globals.iter().any(unset)
}

fn no_default(variable: &Variable) -> Diagnostic {
    let message = format!("`{}` is passed to a procedure and starts without a value", variable.name);
    Diagnostic::error("call-unsupported", variable.span, message)
        .because("the PlusCal translator defines `defaultInitValue` only where one of its own variables needs it")
        .help("give it an initial value")
}

/// The variables of a process that procedures use, and those that they start with: the translator declares what
/// is global first.
fn escaping(lowered: &Lowered, process: &LoweredProcess, used: &HashSet<VariableId>) -> Vec<VariableId> {
    let mut moved: HashSet<VariableId> = process.variables.iter().copied().filter(|v| used.contains(v)).collect();
    for v in process.variables.iter().filter(|v| used.contains(v)) {
        add_mentioned(lowered, *v, &process.variables, &mut moved);
    }
    process.variables.iter().copied().filter(|v| moved.contains(v)).collect()
}

/// Adds what a variable starts with.
fn add_mentioned(lowered: &Lowered, variable: VariableId, own: &[VariableId], moved: &mut HashSet<VariableId>) {
    let (Initial::Value(e) | Initial::Element(e)) = &lowered.model.variable(variable).initial else { return };
    let mut found = HashSet::new();
    variables(e, &mut found);
    for v in found {
        if own.contains(&v) && moved.insert(v) {
            add_mentioned(lowered, v, own, moved);
        }
    }
}

fn mentioned(sections: &[Section], used: &mut HashSet<VariableId>) {
    for section in sections {
        section.block.each_expr(&mut |e| variables(e, used));
        section.block.each_step(&mut |s| {
            if let Step::Assign { variable, .. } = s {
                used.insert(*variable);
            }
        });
    }
}

fn variables(e: &Expr, found: &mut HashSet<VariableId>) {
    e.any(&mut |e| {
        if let ExprKind::Variable(v) = e.kind {
            found.insert(v);
        }
        false
    });
}
