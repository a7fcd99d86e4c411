//! `yield-paths`: how often the paths of a mapping macro yield.

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::resolved::{ExprKind, Model, Stmt, StmtKind};
use crate::source::Span;

/// What the paths through a list of statements do. A path that cannot be completed counts for
/// nothing.
#[derive(Clone, Copy)]
struct Paths {
    /// The fewest yields of a path that completes; none if no path does.
    least: Option<usize>,
    /// The most.
    most: usize,
    /// A statement with an effect after a yield.
    after: Option<Span>,
}

pub(super) fn check(model: &Model, out: &mut Diagnostics) {
    for m in &model.mapping_macros {
        let read = paths(&m.read);
        let report = |message: &str, out: &mut Diagnostics| {
            out.push(
                Diagnostic::error("yield-paths", m.span, format!("mapping macro `{}`: {message}", m.name))
                    .help("`mpcal-build explain yield-paths` explains the rule"),
            );
        };
        match read.least {
            Some(0) => report("a path of `read` does not yield", out),
            _ if read.most > 1 => report("a path of `read` yields more than once", out),
            _ => {}
        }
        if let Some(at) = read.after.filter(|_| read.most == 1) {
            out.push(
                Diagnostic::error("yield-paths", at, "a statement after the `yield` of a `read`")
                    .help("make the `yield` the last statement"),
            );
        }
        if paths(&m.write).most > 1 {
            report("a path of `write` yields more than once", out);
        }
    }
}

fn paths(list: &[Stmt]) -> Paths {
    let mut total = Paths { least: Some(0), most: 0, after: None };
    for s in list {
        if total.most > 0 && total.after.is_none() && !matches!(s.kind, StmtKind::Skip) {
            total.after = Some(s.span);
        }
        let p = stmt(s);
        total.least = total.least.zip(p.least).map(|(a, b)| a + b);
        total.most += p.most;
        total.after = total.after.or(p.after);
    }
    total
}

fn stmt(s: &Stmt) -> Paths {
    let join = |a: Paths, b: Paths| Paths {
        least: match (a.least, b.least) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        },
        most: a.most.max(b.most),
        after: a.after.or(b.after),
    };
    let none = Paths { least: Some(0), most: 0, after: None };
    match &s.kind {
        StmtKind::Yield(_) => Paths { least: Some(1), most: 1, after: None },
        StmtKind::Await(e) | StmtKind::Assert(e) if matches!(e.kind, ExprKind::Bool(false)) => {
            Paths { least: None, ..none }
        }
        StmtKind::If(_, a, b) => join(paths(a), paths(b)),
        StmtKind::Either(arms) => arms.iter().map(|a| paths(a)).reduce(join).unwrap_or(none),
        StmtKind::With(_, _, _, body) | StmtKind::While(_, body) | StmtKind::Block(body) => paths(body),
        StmtKind::Assign(_) | StmtKind::Await(_) | StmtKind::Print(_) | StmtKind::Assert(_) | StmtKind::Skip => none,
        StmtKind::Return | StmtKind::Goto(..) | StmtKind::Call(..) => none,
    }
}
