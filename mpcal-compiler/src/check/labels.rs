//! `label-forbidden`, `label-reserved`, `label-duplicate`, `unknown-label`, `goto-in-mapping`,
//! `return-outside-procedure`: where labels and jumps may stand.

use std::collections::HashMap;

use super::{bodies, each_stmt};
use crate::ast::{self, Block};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::resolved::{Model, Stmt, StmtKind};
use crate::source::Span;

pub(super) fn check(block: &Block, model: &Model, out: &mut Diagnostics) {
    for m in &block.macros {
        macro_labels(&m.body, out);
    }
    for m in &model.mapping_macros {
        for body in [&m.read, &m.write] {
            no_labels(body, "a mapping macro is expanded inside one step", out);
            each_stmt(body, &mut |s| {
                if matches!(s.kind, StmtKind::Goto(..) | StmtKind::Return | StmtKind::Call(..) | StmtKind::While(..)) {
                    let message = "a mapping macro cannot jump, loop, call or return";
                    out.push(Diagnostic::error("goto-in-mapping", s.span, message));
                }
            });
        }
    }
    for (body, _, procedure) in bodies(model) {
        one_body(body, procedure, out);
    }
}

fn one_body(body: &[Stmt], procedure: bool, out: &mut Diagnostics) {
    let mut labels: HashMap<&str, Span> = HashMap::new();
    each_stmt(body, &mut |s| {
        if let Some(label) = &s.label {
            if matches!(&*label.name, "Done" | "Error") {
                out.push(Diagnostic::error(
                    "label-reserved",
                    label.span,
                    format!("`{}` is a reserved label", label.name),
                ));
            }
            if let Some(first) = labels.insert(&label.name, label.span) {
                out.push(
                    Diagnostic::error(
                        "label-duplicate",
                        label.span,
                        format!("label `{}` is defined twice", label.name),
                    )
                    .and(first, "first defined here")
                    .help("a macro with a label can be used once per body; rename one of them"),
                );
            }
        }
        if let StmtKind::With(_, _, _, inner) = &s.kind {
            no_labels(inner, "the names bound by `with` live within one step", out);
        }
    });
    each_stmt(body, &mut |s| match &s.kind {
        StmtKind::Goto(label, span) if !labels.contains_key(&**label) && !matches!(&**label, "Done" | "Error") => {
            out.push(
                Diagnostic::error("unknown-label", *span, format!("there is no label `{label}` in this body"))
                    .suggest(label, labels.keys().copied()),
            );
        }
        StmtKind::Return if !procedure => {
            out.push(
                Diagnostic::error("return-outside-procedure", s.span, "`return` outside a procedure")
                    .help("write `goto Done`"),
            );
        }
        _ => {}
    });
}

fn no_labels(list: &[Stmt], why: &str, out: &mut Diagnostics) {
    each_stmt(list, &mut |s| {
        if let Some(label) = &s.label {
            out.push(
                Diagnostic::error("label-forbidden", label.span, format!("label `{}` is not allowed here", label.name))
                    .because(why),
            );
        }
    });
}

fn macro_labels(list: &[ast::Stmt], out: &mut Diagnostics) {
    for s in list {
        if let Some(label) = &s.label {
            let name = &label.name;
            out.push(
                Diagnostic::error("label-forbidden", name.span, format!("label `{}` is not allowed here", name.text))
                    .because("a macro is expanded inside one step"),
            );
        }
        match &s.kind {
            ast::StmtKind::If(_, a, b) => {
                macro_labels(std::slice::from_ref(a), out);
                if let Some(b) = b {
                    macro_labels(std::slice::from_ref(b), out);
                }
            }
            ast::StmtKind::While(_, b) | ast::StmtKind::With(_, b) => macro_labels(std::slice::from_ref(b), out),
            ast::StmtKind::Either(list) | ast::StmtKind::Block(list) => macro_labels(list, out),
            _ => {}
        }
    }
}
