//! Labels that `pcal.trans` would add.
//!
//! In: a block, macros expanded. Out: the same, and if it is one body and procedures in plain PlusCal without any
//! label, with `Lbl_1`, `Lbl_2`, … where the translator puts them: at the start of a body, at every `while`, after
//! what leaves a step, and where a variable is assigned again in a step.

use std::collections::HashSet;

use crate::ast::{Block, Initial, Label, Name, ProcessKind, Stmt, StmtKind};
use crate::source::Span;
use crate::symbol::Symbol;

/// Adds labels to a block that has none.
pub fn add(block: &mut Block) {
    let alone = matches!(&block.processes[..], [p] if matches!(p.selves, Initial::None));
    if !alone || !block.archetypes.is_empty() || bodies(block).into_iter().flatten().any(has_label) {
        return;
    }
    let own: Assigned = block
        .procedures
        .iter()
        .flat_map(|p| p.parameters.iter().map(|p| &p.name).chain(p.variables.iter().map(|v| &v.name)))
        .map(|n| n.text)
        .collect();
    let mut cx = Adder { count: 0, own, procedure: None };
    for p in &mut block.procedures {
        cx.procedure = Some(p.name.text);
        cx.body(&mut p.body);
    }
    cx.procedure = None;
    for p in &mut block.processes {
        if let ProcessKind::Plain(_, body) = &mut p.kind {
            cx.body(body);
        }
    }
}

fn bodies(block: &Block) -> Vec<&[Stmt]> {
    let processes = block.processes.iter().filter_map(|p| match &p.kind {
        ProcessKind::Plain(_, body) => Some(&body[..]),
        ProcessKind::Instance(_) => None,
    });
    block.procedures.iter().map(|p| &p.body[..]).chain(processes).collect()
}

fn has_label(s: &Stmt) -> bool {
    s.label.is_some()
        || match &s.kind {
            StmtKind::If(_, a, b) => has_label(a) || b.as_deref().is_some_and(has_label),
            StmtKind::While(_, s) | StmtKind::With(_, s) => has_label(s),
            StmtKind::Either(list) | StmtKind::Block(list) => list.iter().any(has_label),
            StmtKind::Assign(_) | StmtKind::Await(_) | StmtKind::Print(_) | StmtKind::Assert(_) => false,
            StmtKind::Skip | StmtKind::Return | StmtKind::Goto(_) => false,
            StmtKind::Call(..) | StmtKind::Macro(..) | StmtKind::Yield(_) => false,
        }
}

/// Statements in order, those of blocks without the braces.
fn flat<'s>(list: &'s mut [Stmt], out: &mut Vec<&'s mut Stmt>) {
    for s in list {
        if matches!(s.kind, StmtKind::Block(_)) {
            if let StmtKind::Block(list) = &mut s.kind {
                flat(list, out);
            }
        } else {
            out.push(s);
        }
    }
}

/// Variables that are assigned in a step.
type Assigned = HashSet<Symbol>;

/// Where a list of statements stands.
#[derive(Clone, Copy)]
struct Place {
    /// Its first statement starts a step.
    first: bool,
    /// It is inside a `with`, where no label can be.
    in_with: bool,
}

struct Adder {
    count: usize,
    /// Parameters and variables of all procedures: a `return` assigns them.
    own: Assigned,
    procedure: Option<Symbol>,
}

impl Adder {
    fn body(&mut self, body: &mut [Stmt]) {
        self.list(body, Place { first: true, in_with: false }, &Assigned::new());
    }

    fn label(&mut self, s: &mut Stmt) {
        if s.label.is_none() {
            self.count += 1;
            let at = Span { start: s.span.start, end: s.span.start };
            let name = Name { text: Symbol::from(format!("Lbl_{}", self.count)), span: at };
            s.label = Some(Label { name, modifier: None });
        }
    }

    /// Labels what needs it. Gives whether what comes after the list needs a label, and what is assigned then.
    fn list(&mut self, list: &mut [Stmt], place: Place, before: &Assigned) -> (bool, Assigned) {
        let (mut assigned, mut needed, mut labelled) = (before.clone(), place.first, false);
        let mut statements = Vec::new();
        flat(list, &mut statements);
        let mut statements = statements.into_iter().peekable();
        let mut calls = false;
        while let Some(s) = statements.next() {
            if calls && matches!(s.kind, StmtKind::Return | StmtKind::Goto(_)) {
                // `call P(); return` is one statement.
                calls = false;
                continue;
            }
            calls = matches!(s.kind, StmtKind::Call(..));
            let mut changed = self.changed(s);
            if let Some(next) = statements.peek().filter(|next| calls && matches!(next.kind, StmtKind::Return)) {
                changed.extend(self.changed(next));
            }
            let again = changed.iter().any(|v| assigned.contains(v));
            if (needed || again || matches!(s.kind, StmtKind::While(..))) && !place.in_with {
                self.label(s);
                labelled = true;
                assigned.clear();
            }
            assigned.extend(changed);
            needed = match &mut s.kind {
                StmtKind::If(_, a, b) => {
                    let arms = std::iter::once(&mut **a).chain(b.as_deref_mut());
                    self.arms(arms, place, &mut assigned)
                }
                StmtKind::Either(arms) => self.arms(arms.iter_mut(), place, &mut assigned),
                StmtKind::While(_, body) => {
                    self.list(std::slice::from_mut(body), Place { first: false, in_with: false }, &Assigned::new());
                    false
                }
                StmtKind::With(_, body) => {
                    let around = if place.in_with { before.clone() } else { Assigned::new() };
                    let inside = Place { first: false, in_with: true };
                    let (leaves, inside) = self.list(std::slice::from_mut(body), inside, &around);
                    assigned = inside;
                    // The translator looks only at what was assigned before the list.
                    if !place.in_with && assigned.iter().any(|v| before.contains(v)) {
                        self.label(s);
                        labelled = true;
                        assigned.clear();
                    }
                    leaves
                }
                StmtKind::Goto(_) | StmtKind::Return | StmtKind::Call(..) => true,
                StmtKind::Assign(_) | StmtKind::Await(_) | StmtKind::Print(_) | StmtKind::Assert(_) => false,
                StmtKind::Skip | StmtKind::Macro(..) | StmtKind::Yield(_) | StmtKind::Block(_) => false,
            };
        }
        (labelled || needed, assigned)
    }

    /// Branches that meet.
    fn arms<'s>(&mut self, arms: impl Iterator<Item = &'s mut Stmt>, place: Place, assigned: &mut Assigned) -> bool {
        let (before, mut needed) = (assigned.clone(), false);
        for arm in arms {
            let (leaves, inside) = self.list(std::slice::from_mut(arm), Place { first: false, ..place }, &before);
            needed |= leaves;
            assigned.extend(inside);
        }
        needed
    }

    /// What a statement itself assigns.
    fn changed(&self, s: &Stmt) -> Assigned {
        let stack = || std::iter::once(Symbol::from("stack"));
        match &s.kind {
            StmtKind::Assign(list) => list.iter().map(|(place, _)| place.name.text).collect(),
            StmtKind::Call(callee, _) if Some(&callee.text) != self.procedure.as_ref() => stack().collect(),
            StmtKind::Call(..) | StmtKind::Return => stack().chain(self.own.iter().copied()).collect(),
            StmtKind::If(..) | StmtKind::While(..) | StmtKind::Either(_) | StmtKind::With(..) => Assigned::new(),
            StmtKind::Await(_) | StmtKind::Print(_) | StmtKind::Assert(_) | StmtKind::Skip => Assigned::new(),
            StmtKind::Goto(_) | StmtKind::Macro(..) | StmtKind::Yield(_) | StmtKind::Block(_) => Assigned::new(),
        }
    }
}
