//! The static rules that need more than a name to be known, one file each.
//!
//! In: a resolved model. Out: problems; the model is not changed. After this: every critical
//! section is well formed, so `normalize` cannot fail.

mod assigned_before_call;
mod eager_read;
mod label_required;
mod labels;
mod multiple_writes;
mod no_self;
mod old_value;
mod procedure_set;
mod ref_mismatch;
mod yield_paths;

pub use old_value::warn_old_values;

use crate::ast::Block;
use crate::diagnostic::Diagnostics;
use crate::resolved::{Model, Stmt, StmtKind};

/// What is adjustable about the rules.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules {
    /// Assign a variable at most once per path through a label.
    pub no_multiple_writes: bool,
    /// What is checked is a translation: `pcal.trans` will read it.
    pub plain: bool,
}

/// Checks everything.
pub fn check(block: &Block, model: &Model, rules: Rules, out: &mut Diagnostics) {
    labels::check(block, model, out);
    label_required::check(model, out);
    ref_mismatch::check(model, out);
    yield_paths::check(model, out);
    eager_read::check(model, out);
    procedure_set::check(model, out);
    no_self::check(model, out);
    if rules.no_multiple_writes {
        multiple_writes::check(model, out);
    }
    if rules.plain {
        assigned_before_call::check(model, out);
    }
}

/// The bodies of archetypes and procedures: the flag is true for a procedure.
fn bodies(model: &Model) -> impl Iterator<Item = (&[Stmt], crate::source::Span, bool)> {
    let archetypes = model.archetypes.iter().map(|a| (&a.body[..], a.span, false));
    archetypes.chain(model.procedures.iter().map(|p| (&p.body[..], p.span, true)))
}

/// The lists of statements directly inside a statement.
fn inner(s: &Stmt) -> Vec<&[Stmt]> {
    match &s.kind {
        StmtKind::If(_, a, b) => vec![a, b],
        StmtKind::While(_, body) | StmtKind::With(_, _, _, body) | StmtKind::Block(body) => vec![body],
        StmtKind::Either(arms) => arms.iter().map(|a| &a[..]).collect(),
        StmtKind::Assign(_) | StmtKind::Await(_) | StmtKind::Print(_) | StmtKind::Assert(_) | StmtKind::Skip => vec![],
        StmtKind::Return | StmtKind::Goto(..) | StmtKind::Call(..) | StmtKind::Yield(_) => vec![],
    }
}

/// Calls `f` on every statement, outer ones first.
fn each_stmt<'s>(list: &'s [Stmt], f: &mut dyn FnMut(&'s Stmt)) {
    for s in list {
        f(s);
        for list in inner(s) {
            each_stmt(list, f);
        }
    }
}
