//! Names with two meanings, where the author must choose another one.
//!
//! In: a translation, and the names it stands among. Out: `duplicate-name` and `reserved-name` for what SANY would
//! refuse later. What may be renamed was renamed by [`symbols`](super::symbols) and [`bounds`](super::bounds).

use super::scope::{From, Places, Scope};
use super::symbols::{Entry, Kind, WORDS};
use crate::ast::{Block, Expr, ExprKind, Initial, Process, ProcessKind, Stmt, StmtKind};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// Reports what clashes; `block` is the translation.
pub(super) fn check(block: &Block, symbols: &[Entry], scope: &Scope, out: &mut Diagnostics) {
    for name in translator_defines(block) {
        translators(name, symbols, scope, out);
    }
    defined(scope, out);
    symbols.iter().filter(|s| !s.is_translators()).for_each(|s| own_name(s, scope, out));
}

/// Reports what the author calls like something of the translator's.
fn translators(name: &str, symbols: &[Entry], scope: &Scope, out: &mut Diagnostics) {
    let is_variable = matches!(name, "pc" | "stack");
    // A parameter of every action is bound in the translation, and only there.
    let places: &[&Places] = match name {
        "self" => &[&scope.before, &scope.define],
        "pc" | "stack" | "defaultInitValue" => {
            &[&scope.before, &scope.define, &scope.behind, &scope.bound_behind, &scope.bound_in_define]
        }
        _ => &[&scope.before, &scope.define, &scope.behind, &scope.bound_behind],
    };
    for place in places.iter().filter_map(|p| p.get(name)) {
        if let From::Place(span) = place {
            let what = if is_variable { "declares" } else { "defines" };
            out.push(
                Diagnostic::error("reserved-name", *span, format!("the translator {what} `{name}`"))
                    .because("the name would have two meanings in the module")
                    .help("give it another name"),
            );
        }
    }
    for symbol in symbols.iter().filter(|s| &*s.spelt == name && !s.is_translators()) {
        out.push(
            Diagnostic::error("reserved-name", symbol.span, format!("`{name}` is reserved for the translator"))
                .because("the module would contain it twice")
                .help("give it another name"),
        );
    }
}

/// Reports what clashes with a `define`, which stands in the translation after the global variables.
fn defined(scope: &Scope, out: &mut Diagnostics) {
    let clashes = |names: &Places, others: &Places, what: &str, out: &mut Diagnostics| {
        for (name, place) in names {
            let (From::Place(span), Some(other)) = (place, others.get(name)) else { continue };
            let twice = Diagnostic::error("duplicate-name", *span, format!("`{name}` {what}"))
                .because("TLA+ has no shadowing")
                .help("give one of them another name");
            match other {
                // What is bound before something of its name is defined does no harm; other files come first.
                From::Place(first) if first < span || !std::ptr::eq(others, &scope.define) => {
                    out.push(twice.and(*first, "first defined here"))
                }
                From::Place(_) => {}
                From::Standard(module) => out.push(twice.because(format!("the module {module} defines it"))),
            }
        }
    };
    clashes(&scope.define, &scope.before, "is defined twice", out);
    clashes(&scope.behind, &scope.define, "is defined twice", out);
    clashes(&scope.bound_in_define, &scope.before, "is bound here and is known outside", out);
    clashes(&scope.bound_in_define, &scope.define, "is bound here and is known outside", out);
    clashes(&scope.bound_behind, &scope.define, "is bound here and is known outside", out);
}

/// Reports what stands in the translation under the author's name, and is a word of PlusCal.
pub(super) fn check_words(symbols: &[Entry], scope: &Scope, out: &mut Diagnostics) {
    let variables = symbols.iter().filter(|s| s.kind == Kind::Global).map(|s| (&s.spelt, s.span));
    let places = scope.define.iter().chain(&scope.bound_in_define);
    let written = places.filter_map(|(name, place)| match place {
        From::Place(span) => Some((name, *span)),
        From::Standard(_) => None,
    });
    for (name, span) in variables.chain(written).filter(|(name, _)| WORDS.contains(&&***name)) {
        out.push(
            Diagnostic::error("reserved-name", span, format!("`{name}` is a word of PlusCal"))
                .because("the translator would not recognize it as a name")
                .help("give it another name"),
        );
    }
}

/// A variable or label that something else in the module is called like.
fn own_name(symbol: &Entry, scope: &Scope, out: &mut Diagnostics) {
    let name = &symbol.spelt;
    let twice = |what: &str| {
        Diagnostic::error("duplicate-name", symbol.span, format!("`{name}` has two meanings in the module"))
            .because(what)
            .help("give one of them another name")
    };
    let what =
        if symbol.kind == Kind::Label { "a label is an operator of the module" } else { "here it is a variable" };
    for place in [&scope.before, &scope.define, &scope.behind].into_iter().filter_map(|p| p.get(name)) {
        out.push(match place {
            From::Place(span) => twice(what).and(*span, "here it is something else"),
            From::Standard(module) => twice(&format!("{what}, and the module {module} defines it, too")),
        });
    }
    let inside = (symbol.kind == Kind::Global).then_some(&scope.bound_in_define);
    for place in inside.into_iter().chain([&scope.bound_behind]).filter_map(|p| p.get(name)) {
        if let From::Place(span) = place {
            out.push(
                Diagnostic::error("duplicate-name", *span, format!("`{name}` is bound here and is known outside"))
                    .because("TLA+ has no shadowing")
                    .and(symbol.span, what)
                    .help("give one of them another name"),
            );
        }
    }
}

/// What `pcal.trans` will define or declare for an algorithm.
fn translator_defines(block: &Block) -> Vec<&'static str> {
    let alone = block.processes.iter().any(|p| matches!(p.selves, Initial::None));
    let jumps = Jumps::of(block);
    let endless = |p: &Process| only_loop(p).is_some();
    let stutters =
        jumps.done || if alone { !block.processes.iter().all(endless) } else { !block.processes.iter().any(endless) };
    let needs_pc = |p: &Process| only_loop(p).is_none_or(has_label);
    let pc = jumps.any || !block.procedures.is_empty() || block.processes.iter().any(needs_pc);
    let parts = [
        (!alone, "ProcSet"),
        (!alone, "self"),
        (pc, "pc"),
        (!block.procedures.is_empty(), "stack"),
        (stutters, "Terminating"),
        (pc && stutters, "Termination"),
        (starts_without_value(block), "defaultInitValue"),
    ];
    let always = ["Init", "Next", "Spec", "vars"];
    always.into_iter().chain(parts.into_iter().filter_map(|(is, name)| is.then_some(name))).collect()
}

/// Jumps and modifiers of labels in an algorithm.
#[derive(Default)]
struct Jumps {
    /// There is a `goto` or a modifier.
    any: bool,
    /// There is a `goto Done`.
    done: bool,
}

impl Jumps {
    fn of(block: &Block) -> Self {
        let mut found = Self::default();
        let bodies = block.procedures.iter().map(|p| &p.body).chain(block.processes.iter().filter_map(plain));
        bodies.flatten().for_each(|s| found.stmt(s));
        found
    }

    fn stmt(&mut self, s: &Stmt) {
        self.any |= s.label.as_ref().is_some_and(|l| l.modifier.is_some());
        if let StmtKind::Goto(label) = &s.kind {
            self.any = true;
            self.done |= &*label.text == "Done";
        }
        inner(s).into_iter().for_each(|s| self.stmt(s));
    }
}

fn plain(process: &Process) -> Option<&Vec<Stmt>> {
    match &process.kind {
        ProcessKind::Plain(_, body) => Some(body),
        ProcessKind::Instance(_) => None,
    }
}

/// The body of a process that is nothing but `l: while (TRUE) …`.
fn only_loop(process: &Process) -> Option<&Stmt> {
    let [Stmt { kind: StmtKind::While(Expr { kind: ExprKind::Name(name), .. }, body), .. }] = &plain(process)?[..]
    else {
        return None;
    };
    (&**name == "TRUE").then_some(body)
}

fn has_label(s: &Stmt) -> bool {
    s.label.is_some() || matches!(s.kind, StmtKind::Call(..)) || inner(s).into_iter().any(has_label)
}

fn inner(s: &Stmt) -> Vec<&Stmt> {
    match &s.kind {
        StmtKind::If(_, a, b) => std::iter::once(&**a).chain(b.as_deref()).collect(),
        StmtKind::While(_, s) | StmtKind::With(_, s) => vec![s],
        StmtKind::Either(list) | StmtKind::Block(list) => list.iter().collect(),
        StmtKind::Assign(_) | StmtKind::Await(_) | StmtKind::Print(_) | StmtKind::Assert(_) | StmtKind::Skip => vec![],
        StmtKind::Return | StmtKind::Goto(_) | StmtKind::Call(..) | StmtKind::Macro(..) | StmtKind::Yield(_) => vec![],
    }
}

/// Whether a variable or parameter starts with `defaultInitValue`.
fn starts_without_value(block: &Block) -> bool {
    let locals = block.processes.iter().flat_map(|p| match &p.kind {
        ProcessKind::Plain(variables, _) => &variables[..],
        ProcessKind::Instance(_) => &[],
    });
    let variables = block.variables.iter().chain(locals).chain(block.procedures.iter().flat_map(|p| &p.variables));
    variables.into_iter().any(|v| matches!(v.initial, Initial::None))
        || block.procedures.iter().flat_map(|p| &p.parameters).any(|p| p.initial.is_none())
}
