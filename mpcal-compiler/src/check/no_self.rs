//! `no-self`: an algorithm that is one body and no process has no `self`.

use super::{bodies, each_stmt};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::resolve::each_expr;
use crate::resolved::{Expr, ExprKind, Initial, Model};

pub(super) fn check(model: &Model, out: &mut Diagnostics) {
    let [alone] = &model.processes[..] else { return };
    if !matches!(alone.selves, Initial::None) {
        return;
    }
    let mut look = |e: &Expr| {
        e.any(&mut |e| {
            if matches!(e.kind, ExprKind::SelfId) {
                out.push(
                    Diagnostic::error("no-self", e.span, "there is no `self` here")
                        .because("`self` identifies a process, but this block has a single body and no processes")
                        .help("write `process (name = identifier)` before the body"),
                );
            }
            false
        });
    };
    for (body, ..) in bodies(model) {
        each_stmt(body, &mut |s| each_expr(s, &mut look));
    }
    for variable in &model.variables {
        if let Initial::Value(e) | Initial::Element(e) = &variable.initial {
            look(e);
        }
    }
}
