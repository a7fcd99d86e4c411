//! `multiple-writes`: with `--no-multiple-writes`, one assignment per variable and path in a label.

use std::collections::HashMap;

use super::bodies;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::resolved::{Model, Stmt, StmtKind, Target, VariableId};
use crate::source::Span;

type Written = HashMap<VariableId, Span>;

pub(super) fn check(model: &Model, out: &mut Diagnostics) {
    for (body, ..) in bodies(model) {
        list(model, body, &mut Written::new(), out);
    }
}

fn list(model: &Model, stmts: &[Stmt], written: &mut Written, out: &mut Diagnostics) {
    for s in stmts {
        if s.label.is_some() {
            written.clear();
        }
        match &s.kind {
            StmtKind::Assign(targets) => {
                let before = written.clone();
                for (target, _) in targets {
                    let (Target::Variable(id, _) | Target::Write(id, _) | Target::Part(id, _)) = target else {
                        continue;
                    };
                    if let Some(first) = before.get(id) {
                        let name = &model.variable(*id).name;
                        out.push(
                            Diagnostic::error(
                                "multiple-writes",
                                s.span,
                                format!("`{name}` is assigned twice in one step"),
                            )
                            .and(*first, "first assigned here"),
                        );
                    }
                    written.insert(*id, s.span);
                }
            }
            StmtKind::If(_, a, b) => branches(model, [&a[..], &b[..]], written, out),
            StmtKind::Either(arms) => branches(model, arms.iter().map(|a| &a[..]), written, out),
            // What comes after a loop is not in the same step as what stands in it.
            StmtKind::While(_, body) => list(model, body, &mut written.clone(), out),
            StmtKind::With(_, _, _, body) | StmtKind::Block(body) => list(model, body, written, out),
            _ => {}
        }
    }
}

fn branches<'s>(
    model: &Model,
    arms: impl IntoIterator<Item = &'s [Stmt]>,
    written: &mut Written,
    out: &mut Diagnostics,
) {
    let before = written.clone();
    for arm in arms {
        let mut inside = before.clone();
        list(model, arm, &mut inside, out);
        written.extend(inside);
    }
}
