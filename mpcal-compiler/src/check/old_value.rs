//! `old-value`: an operator that looks at a variable which the step has assigned.
//!
//! In: a model in normal form. Out: a warning for each use of an operator that mentions a global variable, after an
//! assignment to that variable in the same step: it sees what the variable held when the step began.

use std::collections::{HashMap, HashSet};

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::normal::{Block, Normal, Step};
use crate::resolved::{Expr, ExprKind, Model, VariableId};
use crate::source::Span;

/// Warns of operators that see old values.
pub fn warn_old_values(model: &Model, normal: &Normal, out: &mut Diagnostics) {
    let needs = model.globals_of_operators();
    let mut cx = Finder { model, needs, seen: HashSet::new(), out };
    for section in normal.archetypes.iter().chain(&normal.procedures).flat_map(|b| &b.sections) {
        cx.block(&section.block, &mut Written::default());
    }
}

/// The variables that a path has assigned, with the places.
#[derive(Clone, Default)]
struct Written {
    before: HashMap<VariableId, Span>,
    /// What the `||` we are in has assigned: its values were taken before.
    group: Option<(u32, HashMap<VariableId, Span>)>,
}

impl Written {
    fn add(&mut self, global: VariableId, group: Option<u32>, span: Span) {
        match (&mut self.group, group) {
            (Some((now, list)), Some(group)) if *now == group => {
                list.insert(global, span);
            }
            (_, Some(group)) => self.group = Some((group, HashMap::from([(global, span)]))),
            (_, None) => {
                self.before.insert(global, span);
            }
        }
    }

    /// A step of another statement: the `||` is behind us.
    fn leave(&mut self, group: Option<u32>) {
        if self.group.as_ref().is_some_and(|(now, _)| Some(*now) != group) {
            self.before.extend(self.group.take().into_iter().flat_map(|(_, list)| list));
        }
    }
}

struct Finder<'m> {
    model: &'m Model,
    /// The global variables that each operator mentions.
    needs: Vec<Vec<VariableId>>,
    /// Uses that were reported.
    seen: HashSet<Span>,
    out: &'m mut Diagnostics,
}

impl Finder<'_> {
    fn block(&mut self, block: &Block, written: &mut Written) {
        self.steps(&block.steps, written);
        written.leave(None);
        block.end.each_expr(&mut |e| self.look(e, written));
        block.end.blocks().into_iter().for_each(|b| self.block(b, &mut written.clone()));
    }

    fn steps(&mut self, list: &[Step], written: &mut Written) {
        for step in list {
            let group = match step {
                Step::Write { group, .. } | Step::Assign { group, .. } => *group,
                // What a part of a variable is put into is read inside the `||`.
                Step::Read { .. } => written.group.as_ref().map(|(now, _)| *now),
                _ => None,
            };
            written.leave(group);
            step.each_expr(&mut |e| self.look(e, written));
            if let Step::Write { parameter, group, span, .. } = step {
                if let Some(global) = self.model.hidden.get(parameter).copied().flatten() {
                    written.add(global, *group, *span);
                }
            }
            let mut after = written.clone();
            for inner in step.inner() {
                let mut path = written.clone();
                self.steps(inner, &mut path);
                path.leave(None);
                after.before.extend(path.before);
            }
            *written = after;
        }
    }

    fn look(&mut self, e: &Expr, written: &Written) {
        e.any(&mut |e| {
            if let ExprKind::Call(id, _) | ExprKind::OperatorRef(id) = e.kind {
                let mut needs = self.needs[id.index()].iter();
                if let Some((global, at)) = needs.find_map(|g| Some((*g, *written.before.get(g)?))) {
                    self.report(&self.model.operators[id.index()].name.clone(), e.span, global, at);
                }
            }
            false
        });
    }

    fn report(&mut self, operator: &str, at: Span, global: VariableId, assigned: Span) {
        if !self.seen.insert(at) {
            return;
        }
        let name = &self.model.variable(global).name;
        self.out.push(
            Diagnostic::warning("old-value", at, format!("`{operator}` sees the value that `{name}` had before"))
                .because("an operator sees variables as they were when the step began")
                .and(assigned, "this step has assigned it")
                .help(format!("write a label in between, or pass `{name}` to the operator as an argument")),
        );
    }
}
