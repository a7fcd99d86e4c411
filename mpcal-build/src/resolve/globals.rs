//! The global variables that plain processes and procedures mention become `ref` parameters of
//! theirs, behind those that are declared. So a process that instantiates an archetype and a plain
//! one differ no more.

use std::collections::HashSet;

use super::{stmt, Resolver};
use crate::ast::Name;
use crate::diagnostic::Diagnostic;
use crate::resolved::mentions::called;
use crate::resolved::{Argument, Initial, Stmt, StmtKind, VariableId, VariableKind};
use crate::source::Span;

impl Resolver<'_, '_> {
    /// A hidden parameter for each global variable.
    pub(super) fn hidden_parameters(&mut self) -> Vec<VariableId> {
        let globals = self.model.globals.clone();
        let parameter = |global: VariableId| {
            let v = self.model.variable(global);
            let name = Name { text: v.name.clone(), span: v.span };
            let id = self.new_variable(&name, VariableKind::Ref(0));
            self.model.hidden.insert(id, global);
            id
        };
        globals.into_iter().map(parameter).collect()
    }

    /// The globals that statements and the initial values of `locals` need, as indices: those that they mention by
    /// their `hidden` parameters, and those of the operators that they use.
    pub(super) fn globals_used(&self, body: &[Stmt], locals: &[VariableId], hidden: &[VariableId]) -> Vec<usize> {
        let mut used = stmt::variables_used(body);
        let mut operators = Vec::new();
        stmt::each_expr_inside(body, &mut |e| operators.extend(called(e)));
        for local in locals {
            if let Initial::Value(e) | Initial::Element(e) = &self.model.variable(*local).initial {
                operators.extend(called(e));
                stmt::variables_of(e, &mut used);
            }
        }
        let of_operators = self.model.globals_of_operators();
        let mentioned: HashSet<_> = operators.iter().flat_map(|o| &of_operators[o.index()]).collect();
        let globals = &self.model.globals;
        (0..globals.len()).filter(|n| used.contains(&hidden[*n]) || mentioned.contains(&globals[*n])).collect()
    }

    /// Finds which globals each procedure needs, itself or for those that it calls, and passes them
    /// on. `hidden` are the hidden parameters of each procedure.
    pub(super) fn pass_globals(&mut self, hidden: &[Vec<VariableId>]) {
        let count = hidden.len();
        let mut needs: Vec<HashSet<usize>> = (0..count)
            .map(|n| {
                let procedure = &self.model.procedures[n];
                self.globals_used(&procedure.body, &procedure.locals, &hidden[n]).into_iter().collect()
            })
            .collect();
        let calls: Vec<HashSet<usize>> = (0..count)
            .map(|n| {
                let mut found = HashSet::new();
                each_call(&mut self.model.procedures[n].body, &mut |callee, _| {
                    found.insert(callee);
                });
                found
            })
            .collect();
        // Each round adds something, or is the last.
        loop {
            let mut changed = false;
            for n in 0..count {
                for callee in &calls[n] {
                    let more = needs[*callee].clone();
                    let before = needs[n].len();
                    needs[n].extend(more);
                    changed |= needs[n].len() > before;
                }
            }
            if !changed {
                break;
            }
        }
        self.needs = needs
            .into_iter()
            .map(|set| {
                let mut list: Vec<_> = set.into_iter().collect();
                list.sort_unstable();
                list
            })
            .collect();
        for (n, own) in hidden.iter().enumerate() {
            let mut body = std::mem::take(&mut self.model.procedures[n].body);
            self.extend_calls(&mut body, own);
            let procedure = &mut self.model.procedures[n];
            procedure.body = body;
            procedure.parameters.extend(self.needs[n].iter().map(|g| own[*g]));
        }
    }

    /// Passes the hidden parameters `own` on to the procedures that are called.
    pub(super) fn extend_calls(&self, body: &mut [Stmt], own: &[VariableId]) {
        each_call(body, &mut |callee, arguments| {
            arguments.extend(self.needs[callee].iter().map(|g| Argument::Ref(own[*g], 0, Span::default())));
        });
    }

    /// An archetype sees no global variable, not even through a procedure.
    pub(super) fn refuse_globals(&mut self, body: &mut [Stmt], at: Span) {
        let mut problems = Vec::new();
        each_call(body, &mut |callee, _| {
            if let Some(g) = self.needs[callee].first() {
                let global = self.model.variable(self.model.globals[*g]).name.clone();
                let procedure = &self.model.procedures[callee];
                problems.push(
                    Diagnostic::error(
                        "unknown-name",
                        procedure.span,
                        format!("procedure `{}` uses the global variable `{global}`", procedure.name),
                    )
                    .because("an archetype sees no global variable")
                    .and(at, "this archetype calls it")
                    .help(format!("add a parameter `ref {global}` to both and pass the variable")),
                );
            }
        });
        problems.into_iter().for_each(|p| self.out.push(p));
    }
}

/// Calls `f` on the callee and the arguments of every call.
fn each_call(body: &mut [Stmt], f: &mut dyn FnMut(usize, &mut Vec<Argument>)) {
    for s in body {
        match &mut s.kind {
            StmtKind::Call(callee, arguments) => f(callee.index(), arguments),
            StmtKind::If(_, a, b) => {
                each_call(a, f);
                each_call(b, f);
            }
            StmtKind::While(_, body) | StmtKind::With(_, _, _, body) | StmtKind::Block(body) => each_call(body, f),
            StmtKind::Either(arms) => arms.iter_mut().for_each(|a| each_call(a, f)),
            StmtKind::Assign(_) | StmtKind::Await(_) | StmtKind::Print(_) | StmtKind::Assert(_) => {}
            StmtKind::Skip | StmtKind::Return | StmtKind::Goto(..) | StmtKind::Yield(_) => {}
        }
    }
}
