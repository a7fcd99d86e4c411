//! `label-required`: where a new step must start.

use super::{bodies, each_stmt, inner};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::resolved::{Model, Stmt, StmtKind};

pub(super) fn check(model: &Model, out: &mut Diagnostics) {
    for (body, span, procedure) in bodies(model) {
        match body.first() {
            Some(s) if first(s).label.is_none() => required(s, "this is the first statement of the body", "start", out),
            Some(_) => {}
            None => {
                let what = if procedure { "procedure" } else { "archetype" };
                out.push(Diagnostic::error("label-required", span, format!("the {what} has no labelled statement")));
            }
        }
        list(body, out);
        each_stmt(body, &mut |s| {
            if matches!(s.kind, StmtKind::While(..)) && s.label.is_none() {
                required(s, "`while` starts a critical section", "loop", out);
            }
        });
    }
}

/// Says that a statement needs a label, once, whatever else asks for it.
fn required(s: &Stmt, why: &str, example: &str, out: &mut Diagnostics) {
    if out.errors().iter().any(|d| d.code == "label-required" && d.primary.span == s.span) {
        return;
    }
    out.push(
        Diagnostic::error("label-required", s.span, "statement needs a label")
            .because(why)
            .help(format!("write a label before it, e.g. `{example}: …`")),
    );
}

fn list(stmts: &[Stmt], out: &mut Diagnostics) {
    for pair in stmts.windows(2) {
        let [before, s] = pair else { continue };
        let call_then_jump =
            matches!(last(before).kind, StmtKind::Call(..)) && matches!(s.kind, StmtKind::Return | StmtKind::Goto(..));
        if s.label.is_none() && !call_then_jump && ends_step(before) && first(s).label.is_none() {
            let why = match last(before).kind {
                StmtKind::Call(..) => "it follows a `call`",
                StmtKind::Goto(..) => "it follows a `goto`",
                StmtKind::Return => "it follows a `return`",
                _ => "the statement before it holds a label, `call`, `goto` or `return`",
            };
            required(s, why, "next", out);
        }
    }
    for s in stmts {
        inner(s).into_iter().for_each(|l| list(l, out));
    }
}

/// The statement that a block starts with.
fn first(s: &Stmt) -> &Stmt {
    match &s.kind {
        StmtKind::Block(list) if s.label.is_none() => list.first().map_or(s, first),
        _ => s,
    }
}

/// The statement that a block ends with.
fn last(s: &Stmt) -> &Stmt {
    match &s.kind {
        StmtKind::Block(list) => list.last().map_or(s, last),
        _ => s,
    }
}

/// Whether control leaves the step in or at the end of a statement.
fn ends_step(s: &Stmt) -> bool {
    let jumps = |list: &[Stmt]| {
        let mut found = false;
        each_stmt(list, &mut |s| {
            found |= s.label.is_some() || matches!(s.kind, StmtKind::Call(..) | StmtKind::Goto(..) | StmtKind::Return);
        });
        found
    };
    match &s.kind {
        StmtKind::Call(..) | StmtKind::Goto(..) | StmtKind::Return => true,
        StmtKind::If(_, a, b) => jumps(a) || jumps(b),
        StmtKind::Either(arms) => arms.iter().any(|a| jumps(a)),
        StmtKind::With(_, _, _, body) => jumps(body),
        StmtKind::Block(list) => list.last().is_some_and(ends_step),
        StmtKind::While(..) | StmtKind::Assign(_) | StmtKind::Await(_) | StmtKind::Print(_) => false,
        StmtKind::Assert(_) | StmtKind::Skip | StmtKind::Yield(_) => false,
    }
}
