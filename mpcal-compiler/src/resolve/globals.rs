//! The variables from outside that plain processes and procedures mention become `ref` parameters of theirs, after
//! those that are declared: global variables and, for a procedure, variables of the process that calls it. So a
//! process that instantiates an archetype and a plain one differ no more.

use std::collections::HashSet;

use super::{stmt, Resolver};
use crate::ast::{Block, Name, ProcessKind};
use crate::diagnostic::Diagnostic;
use crate::resolved::mentions::called;
use crate::resolved::{Argument, Initial, Stmt, StmtKind, VariableId, VariableKind};
use crate::source::Span;

/// A variable from outside.
#[derive(Clone, Debug)]
pub(super) struct Outer {
    pub(super) name: Name,
    /// None for one of plain processes.
    pub(super) global: Option<VariableId>,
}

impl Resolver<'_, '_> {
    /// What procedures may mention: global variables, and those of plain processes, each name once.
    pub(super) fn find_outer(&mut self, block: &Block) {
        for global in self.model.globals.clone() {
            let v = self.model.variable(global);
            self.outer.push(Outer { name: Name { text: v.name, span: v.span }, global: Some(global) });
        }
        let of_processes = block.processes.iter().flat_map(|p| match &p.kind {
            ProcessKind::Plain(variables, _) => &variables[..],
            ProcessKind::Instance(_) => &[],
        });
        for name in of_processes.map(|v| &v.name) {
            if self.outer.iter().all(|o| o.name.text != name.text) {
                self.outer.push(Outer { name: name.clone(), global: None });
            }
        }
    }

    /// A hidden parameter for each variable from outside.
    pub(super) fn hidden_parameters(&mut self) -> Vec<VariableId> {
        let outer = self.outer.clone();
        let parameter = |Outer { name, global }: Outer| {
            let id = self.new_variable(&name, VariableKind::Ref(0));
            self.model.hidden.insert(id, global);
            id
        };
        outer.into_iter().map(parameter).collect()
    }

    /// What statements and the initial values of `locals` need from outside, as indices: what they mention by their
    /// `hidden` parameters, and globals of the operators that they use.
    pub(super) fn outer_used(&self, body: &[Stmt], locals: &[VariableId], hidden: &[VariableId]) -> Vec<usize> {
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
        let by_operator = |o: &Outer| o.global.is_some_and(|g| mentioned.contains(&g));
        (0..hidden.len()).filter(|n| used.contains(&hidden[*n]) || by_operator(&self.outer[*n])).collect()
    }

    /// Finds what each procedure needs from outside, itself or for those that it calls, and passes it
    /// on. `hidden` are the hidden parameters of each procedure.
    pub(super) fn pass_outer(&mut self, hidden: &[Vec<VariableId>]) {
        let count = hidden.len();
        let mut needs: Vec<HashSet<usize>> = (0..count)
            .map(|n| {
                let procedure = &self.model.procedures[n];
                self.outer_used(&procedure.body, &procedure.locals, &hidden[n]).into_iter().collect()
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

    /// Passes what is called `own` here on to the procedures that are called.
    pub(super) fn extend_calls(&self, body: &mut [Stmt], own: &[VariableId]) {
        each_call(body, &mut |callee, arguments| {
            arguments.extend(self.needs[callee].iter().map(|g| Argument::Ref(own[*g], 0, Span::default())));
        });
    }

    /// What a plain process calls the variables from outside: its hidden parameters, and its own variables. One that
    /// it lacks and a procedure wants is reported.
    pub(super) fn own_outer(
        &mut self,
        body: &mut [Stmt],
        hidden: &[VariableId],
        locals: &[VariableId],
        at: Span,
    ) -> Vec<VariableId> {
        let mut wanted = HashSet::new();
        each_call(body, &mut |callee, _| wanted.extend(self.needs[callee].iter().map(|n| (*n, callee))));
        let mut own = hidden.to_vec();
        for (n, outer) in self.outer.clone().iter().enumerate().filter(|(_, o)| o.global.is_none()) {
            match locals.iter().find(|v| self.model.variable(**v).name == outer.name.text) {
                Some(local) => own[n] = *local,
                None => {
                    if let Some((_, callee)) = wanted.iter().find(|(m, _)| *m == n) {
                        self.lacks(&outer.name, *callee, at);
                    }
                }
            }
        }
        own
    }

    fn lacks(&mut self, variable: &Name, callee: usize, at: Span) {
        let (procedure, name) = (&self.model.procedures[callee], &variable.text);
        let message = format!("procedure `{}` uses `{name}`, which this process lacks", procedure.name);
        self.out.push(
            Diagnostic::error("unknown-name", at, message)
                .because("it calls the procedure")
                .and(variable.span, "the variable is one of another process")
                .help(format!("declare `{name}` in this process, too, or make it a parameter of the procedure")),
        );
    }

    /// An archetype has no variables from outside, not even through a procedure.
    pub(super) fn refuse_outer(&mut self, body: &mut [Stmt], at: Span) {
        let mut problems = Vec::new();
        each_call(body, &mut |callee, _| {
            if let Some(n) = self.needs[callee].first() {
                let Outer { name, global } = &self.outer[*n];
                let (name, procedure) = (&name.text, &self.model.procedures[callee]);
                let what = if global.is_some() { "the global variable" } else { "a variable of processes," };
                problems.push(
                    Diagnostic::error(
                        "unknown-name",
                        procedure.span,
                        format!("procedure `{}` uses {what} `{name}`", procedure.name),
                    )
                    .because("an archetype cannot see variables from outside")
                    .and(at, "this archetype calls it")
                    .help(format!("add a parameter `ref {name}` to both and pass the variable")),
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
