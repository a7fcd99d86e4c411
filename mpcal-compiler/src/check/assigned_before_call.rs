//! `assigned-before-call`: what `pcal.trans` asks of a step that calls or returns, held against a translation.
//!
//! `call` gives the variables of the procedure new values and `return` old ones, in the same step, so no path assigns
//! them before. A tail call of a procedure by itself must give some variable a value: else the translator writes an
//! empty conjunct.

use std::collections::HashSet;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::resolved::{Model, ProcedureId, Stmt, StmtKind, Target, VariableId, VariableKind};

type Written = HashSet<VariableId>;

pub(super) fn check(model: &Model, out: &mut Diagnostics) {
    for n in 0..model.procedures.len() {
        let mut cx = Path { model, own: ProcedureId(n as u32), out };
        cx.list(&model.procedures[n].body, &mut Written::new());
    }
}

struct Path<'m, 'd> {
    model: &'m Model,
    own: ProcedureId,
    out: &'d mut Diagnostics,
}

impl Path<'_, '_> {
    fn list(&mut self, stmts: &[Stmt], written: &mut Written) {
        for (n, s) in stmts.iter().enumerate() {
            if s.label.is_some() {
                written.clear();
            }
            let returns = matches!(stmts.get(n + 1), Some(Stmt { label: None, kind: StmtKind::Return, .. }));
            match &s.kind {
                StmtKind::Assign(targets) => written.extend(targets.iter().filter_map(|(target, _)| match target {
                    Target::Variable(id, _) => Some(*id),
                    Target::Write(..) | Target::Part(..) | Target::Mapped(_) => None,
                })),
                StmtKind::Return => self.gives(self.own, s, written),
                StmtKind::Call(callee, _) => {
                    self.gives(*callee, s, written);
                    if returns {
                        self.gives(self.own, s, written);
                        self.starts_anew(*callee, s);
                    }
                }
                StmtKind::If(_, a, b) => self.branches([&a[..], &b[..]], written),
                StmtKind::Either(arms) => self.branches(arms.iter().map(|a| &a[..]), written),
                StmtKind::While(_, body) => self.list(body, &mut written.clone()),
                StmtKind::With(_, _, _, body) | StmtKind::Block(body) => self.list(body, written),
                StmtKind::Await(_) | StmtKind::Print(_) | StmtKind::Assert(_) | StmtKind::Skip => {}
                StmtKind::Goto(..) | StmtKind::Yield(_) => {}
            }
        }
    }

    fn branches<'s>(&mut self, arms: impl IntoIterator<Item = &'s [Stmt]>, written: &mut Written) {
        let before = written.clone();
        for arm in arms {
            let mut inside = before.clone();
            self.list(arm, &mut inside);
            written.extend(inside);
        }
    }

    /// A statement gives the parameters and variables of a procedure other values.
    fn gives(&mut self, procedure: ProcedureId, s: &Stmt, written: &Written) {
        let procedure = &self.model.procedures[procedure.index()];
        let mut all = procedure.parameters.iter().chain(&procedure.locals);
        if let Some(first) = all.find(|v| written.contains(v)) {
            let name = &self.model.variable(*first).name;
            let message = format!("`{name}` is assigned, and gets another value in the same step");
            self.out.push(Diagnostic::error("assigned-before-call", s.span, message));
        }
    }

    fn starts_anew(&mut self, callee: ProcedureId, s: &Stmt) {
        // Global variables are hidden `ref`s.
        let is_value = |v: &&VariableId| !matches!(self.model.variable(**v).kind, VariableKind::Ref(_));
        if callee == self.own && self.model.procedures[callee.index()].parameters.iter().find(is_value).is_none() {
            let message = "a tail call of a procedure without parameters by itself";
            self.out.push(Diagnostic::error("assigned-before-call", s.span, message));
        }
    }
}
