//! Macros are replaced by their bodies.
//!
//! In: a block as parsed. Out: the same block without a `macro` call, a macro use standing as a
//! block of statements. A name that a macro binds is renamed apart where an argument mentions it.

use std::collections::{HashMap, HashSet};

use crate::ast::{Binding, Block, Expr, ExprKind, Initial, Macro, Name, Place, Step, Stmt, StmtKind, Unit};
use crate::diagnostic::{count_of, Diagnostic, Diagnostics};
use crate::symbol::Symbol;

/// Expands every macro use of the block. False if a macro uses itself, so that nothing was expanded;
/// after any other problem the rest of the block can still be checked.
pub fn expand(block: &mut Block, out: &mut Diagnostics) -> bool {
    let macros: HashMap<Symbol, Macro> = block.macros.iter().map(|m| (m.name.text, m.clone())).collect();
    let mut expander = Expander { macros: &macros, fresh: 0, out };
    let recursive = block.macros.iter().filter(|m| expander.check_recursion(m)).count();
    if recursive > 0 {
        return false;
    }
    for archetype in &mut block.archetypes {
        expander.stmts(&mut archetype.body);
    }
    for procedure in &mut block.procedures {
        expander.stmts(&mut procedure.body);
    }
    for mapping in &mut block.mapping_macros {
        expander.stmts(&mut mapping.read);
        expander.stmts(&mut mapping.write);
    }
    for process in &mut block.processes {
        if let crate::ast::ProcessKind::Plain(_, body) = &mut process.kind {
            expander.stmts(body);
        }
    }
    true
}

struct Expander<'m, 'd> {
    macros: &'m HashMap<Symbol, Macro>,
    fresh: usize,
    out: &'d mut Diagnostics,
}

impl Expander<'_, '_> {
    /// A macro that reaches itself would never end.
    fn check_recursion(&mut self, start: &Macro) -> bool {
        let mut seen: HashSet<Symbol> = HashSet::new();
        let mut todo = vec![start];
        while let Some(m) = todo.pop() {
            for (callee, at) in macro_uses(&m.body) {
                if callee == start.name.text {
                    self.out.push(
                        Diagnostic::error("macro-recursive", start.name.span, format!("macro `{callee}` uses itself"))
                            .and(at, "here")
                            .help("use a procedure"),
                    );
                    return true;
                }
                if let Some(next) = self.macros.get(&callee).filter(|_| seen.insert(callee)) {
                    todo.push(next);
                }
            }
        }
        false
    }

    fn stmts(&mut self, list: &mut [Stmt]) {
        list.iter_mut().for_each(|s| self.stmt(s));
    }

    fn stmt(&mut self, stmt: &mut Stmt) {
        match &mut stmt.kind {
            StmtKind::Macro(name, args) => {
                let (name, args) = (name.clone(), std::mem::take(args));
                stmt.kind = self.expansion(&name, args);
                move_label_inside(stmt);
            }
            StmtKind::If(_, then, otherwise) => {
                self.stmt(then);
                if let Some(s) = otherwise {
                    self.stmt(s);
                }
            }
            StmtKind::While(_, s) | StmtKind::With(_, s) => self.stmt(s),
            StmtKind::Either(list) | StmtKind::Block(list) => self.stmts(list),
            StmtKind::Assign(_) | StmtKind::Await(_) | StmtKind::Print(_) | StmtKind::Assert(_) => {}
            StmtKind::Skip | StmtKind::Return | StmtKind::Goto(_) | StmtKind::Call(..) | StmtKind::Yield(_) => {}
        }
    }

    fn expansion(&mut self, name: &Name, args: Vec<Expr>) -> StmtKind {
        let Some(m) = self.macros.get(&name.text) else {
            let known = self.macros.keys().map(|k| &**k);
            self.out.push(
                Diagnostic::error("unknown-macro", name.span, format!("there is no macro `{}`", name.text))
                    .suggest(&name.text, known),
            );
            return StmtKind::Skip;
        };
        if m.parameters.len() != args.len() {
            let message = format!(
                "macro `{}` expects {}, found {}",
                name.text,
                count_of(m.parameters.len(), "argument"),
                args.len()
            );
            self.out.push(Diagnostic::error("arity", name.span, message).and(m.name.span, "defined here"));
            return StmtKind::Skip;
        }
        let free = args.iter().flat_map(names_in).collect();
        let map = m.parameters.iter().map(|p| p.text).zip(args).collect();
        let mut body = m.body.clone();
        Substitution { map, free, fresh: &mut self.fresh, out: self.out }.stmts(&mut body);
        self.stmts(&mut body);
        StmtKind::Block(body)
    }
}

/// The label of a use of a macro is that of its first statement: it may be a `while`.
fn move_label_inside(stmt: &mut Stmt) {
    if let StmtKind::Block(body) = &mut stmt.kind {
        if let Some(first) = body.first_mut().filter(|first| first.label.is_none()) {
            first.label = stmt.label.take();
        }
    }
}

fn macro_uses(stmts: &[Stmt]) -> Vec<(Symbol, crate::source::Span)> {
    let mut found = Vec::new();
    let mut todo: Vec<&Stmt> = stmts.iter().collect();
    while let Some(s) = todo.pop() {
        match &s.kind {
            StmtKind::Macro(name, _) => found.push((name.text, name.span)),
            StmtKind::If(_, then, otherwise) => todo.extend(std::iter::once(&**then).chain(otherwise.as_deref())),
            StmtKind::While(_, s) | StmtKind::With(_, s) => todo.push(s),
            StmtKind::Either(list) | StmtKind::Block(list) => todo.extend(list),
            _ => {}
        }
    }
    found
}

/// Every name an expression mentions.
fn names_in(e: &Expr) -> Vec<Symbol> {
    let mut names = Vec::new();
    let mut copy = e.clone();
    let mut visit = |kind: &mut ExprKind| {
        if let ExprKind::Name(n) = kind {
            names.push(*n);
        }
    };
    walk(&mut copy, &mut visit);
    names
}

/// Calls `f` on an expression and everything in it, outer ones first.
pub(crate) fn walk(e: &mut Expr, f: &mut dyn FnMut(&mut ExprKind)) {
    f(&mut e.kind);
    for child in children(&mut e.kind) {
        walk(child, f);
    }
}

/// Direct sub-expressions, sets of bindings included.
fn children(kind: &mut ExprKind) -> Vec<&mut Expr> {
    fn sets(bindings: &mut [Binding]) -> impl Iterator<Item = &mut Expr> {
        bindings.iter_mut().filter_map(|b| b.set.as_deref_mut())
    }
    fn path(steps: &mut [Step]) -> impl Iterator<Item = &mut Expr> {
        steps.iter_mut().filter_map(|s| if let Step::Index(list) = s { Some(list) } else { None }).flatten()
    }
    match kind {
        ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Name(_) | ExprKind::At => Vec::new(),
        ExprKind::Apply(_, list)
        | ExprKind::Product(list)
        | ExprKind::Junction(_, list)
        | ExprKind::Tuple(list)
        | ExprKind::Set(list) => list.iter_mut().collect(),
        ExprKind::Prefix(_, a) | ExprKind::Postfix(_, a) | ExprKind::Field(a, _) | ExprKind::Lambda(_, a) => vec![a],
        ExprKind::Qualified(parts) => parts.iter_mut().flat_map(|(_, args)| args).collect(),
        ExprKind::TooLarge | ExprKind::Decimal | ExprKind::Subexpression | ExprKind::Temporal => Vec::new(),
        ExprKind::Infix(_, a, b) | ExprKind::FunctionSet(a, b) => vec![a, b],
        ExprKind::Index(a, list) => std::iter::once(&mut **a).chain(list).collect(),
        ExprKind::Filter(b, p) | ExprKind::Choose(b, p) => {
            sets(std::slice::from_mut(b)).chain(std::iter::once(&mut **p)).collect()
        }
        ExprKind::Map(e, bindings) | ExprKind::Function(bindings, e) | ExprKind::Quantified(_, bindings, e) => {
            sets(bindings).chain(std::iter::once(&mut **e)).collect()
        }
        ExprKind::Record(fields) | ExprKind::RecordSet(fields) => fields.iter_mut().map(|(_, e)| e).collect(),
        ExprKind::Except(base, updates) => {
            let mut list = vec![&mut **base];
            for (steps, value) in updates {
                list.extend(path(steps));
                list.push(value);
            }
            list
        }
        ExprKind::If(a, b, c) => vec![a, b, c],
        ExprKind::Case(arms, other) => {
            let mut list: Vec<&mut Expr> = arms.iter_mut().flat_map(|(a, b)| [a, b]).collect();
            list.extend(other.as_deref_mut());
            list
        }
        ExprKind::Let(units, body) => {
            let mut list = Vec::new();
            for unit in units {
                match unit {
                    Unit::Definition(d) => {
                        list.extend(d.domain.iter_mut().flat_map(|b| sets(b)));
                        list.push(&mut d.body);
                    }
                    Unit::Instance(instance) => list.extend(instance.with.iter_mut().map(|(_, e)| e)),
                    Unit::Constants(_) | Unit::Variables(_) | Unit::Recursive(_) => {}
                    Unit::Assume(_) | Unit::Module(_) | Unit::Opaque => {}
                }
            }
            list.push(body);
            list
        }
    }
}

/// Parameters to arguments, with bound names renamed apart from `free`.
struct Substitution<'f> {
    map: HashMap<Symbol, Expr>,
    free: HashSet<Symbol>,
    fresh: &'f mut usize,
    out: &'f mut Diagnostics,
}

impl Substitution<'_> {
    fn stmts(&mut self, list: &mut [Stmt]) {
        list.iter_mut().for_each(|s| self.stmt(s));
    }

    fn stmt(&mut self, stmt: &mut Stmt) {
        match &mut stmt.kind {
            StmtKind::Assign(list) => {
                for (place, value) in list {
                    self.place(place);
                    self.expr(value);
                }
            }
            StmtKind::If(c, then, otherwise) => {
                self.expr(c);
                self.stmt(then);
                if let Some(s) = otherwise {
                    self.stmt(s);
                }
            }
            StmtKind::While(c, s) => {
                self.expr(c);
                self.stmt(s);
            }
            StmtKind::Either(list) | StmtKind::Block(list) => self.stmts(list),
            StmtKind::With(bindings, body) => {
                let saved = self.map.clone();
                for b in bindings {
                    if let Initial::Value(e) | Initial::Element(e) = &mut b.initial {
                        self.expr(e);
                    }
                    self.bind(&mut b.name);
                }
                self.stmt(body);
                self.map = saved;
            }
            StmtKind::Await(e) | StmtKind::Print(e) | StmtKind::Assert(e) | StmtKind::Yield(e) => self.expr(e),
            StmtKind::Macro(_, args) => args.iter_mut().for_each(|e| self.expr(e)),
            StmtKind::Call(_, args) => {
                for a in args {
                    match a {
                        crate::ast::Argument::Value(e) => self.expr(e),
                        crate::ast::Argument::Ref(name, _) => {
                            if let Some(Expr { kind: ExprKind::Name(n), .. }) = self.map.get(&name.text) {
                                name.text = *n;
                            }
                        }
                    }
                }
            }
            StmtKind::Goto(name) => {
                if let Some(Expr { kind: ExprKind::Name(n), .. }) = self.map.get(&name.text) {
                    name.text = *n;
                }
            }
            StmtKind::Skip | StmtKind::Return => {}
        }
    }

    /// The target of an assignment may be a parameter: its argument must then be a place, too.
    fn place(&mut self, place: &mut Place) {
        for step in &mut place.path {
            if let Step::Index(list) = step {
                list.iter_mut().for_each(|e| self.expr(e));
            }
        }
        let Some(argument) = self.map.get(&place.name.text) else { return };
        let mut prefix = Vec::new();
        let mut at = argument;
        loop {
            match &at.kind {
                ExprKind::Name(n) => {
                    place.name = Name { text: *n, span: place.name.span };
                    prefix.reverse();
                    prefix.append(&mut place.path);
                    place.path = prefix;
                    return;
                }
                ExprKind::Index(base, list) => {
                    prefix.push(Step::Index(list.clone()));
                    at = base;
                }
                ExprKind::Field(base, field) => {
                    prefix.push(Step::Field(field.clone()));
                    at = base;
                }
                _ => {
                    self.out.push(
                        Diagnostic::error("not-assignable", argument.span, "the macro assigns this argument")
                            .because("only a variable can be assigned")
                            .and(place.span, "assigned here"),
                    );
                    return;
                }
            }
        }
    }

    fn bind(&mut self, name: &mut Name) {
        self.map.remove(&name.text);
        if self.free.contains(&name.text) {
            *self.fresh += 1;
            let renamed: Symbol = Symbol::from(format!("{}_{}", name.text, self.fresh));
            let kind = ExprKind::Name(renamed);
            self.map.insert(name.text, Expr { kind, span: name.span });
            name.text = renamed;
        }
    }

    fn expr(&mut self, e: &mut Expr) {
        if let ExprKind::Name(n) = &e.kind {
            if let Some(argument) = self.map.get(n) {
                e.kind = argument.kind.clone();
                e.span = argument.span;
            }
            return;
        }
        let saved = self.map.clone();
        match &mut e.kind {
            ExprKind::Apply(name, _) => {
                if let Some(Expr { kind: ExprKind::Name(n), .. }) = self.map.get(&name.text) {
                    name.text = *n;
                }
            }
            ExprKind::Filter(b, _) | ExprKind::Choose(b, _) => self.bindings(std::slice::from_mut(b)),
            ExprKind::Map(_, bindings) | ExprKind::Function(bindings, _) | ExprKind::Quantified(_, bindings, _) => {
                self.bindings(bindings);
            }
            ExprKind::Lambda(names, _) => names.iter_mut().for_each(|n| self.bind(n)),
            ExprKind::Let(units, _) => {
                for unit in units {
                    if let Unit::Definition(d) = unit {
                        self.bind(&mut d.name);
                    }
                }
            }
            _ => {}
        }
        // Sets of bindings were substituted before their names were bound; doing it again is
        // harmless only because arguments are not substituted into: so they are skipped here.
        let skip = binding_sets(&e.kind);
        for (n, child) in children(&mut e.kind).into_iter().enumerate() {
            if !skip.contains(&n) {
                self.expr(child);
            }
        }
        self.map = saved;
    }

    fn bindings(&mut self, bindings: &mut [Binding]) {
        for b in bindings.iter_mut() {
            if let Some(set) = &mut b.set {
                self.expr(set);
            }
        }
        for b in bindings {
            b.names.iter_mut().for_each(|n| self.bind(n));
        }
    }
}

/// Which of [`children`] are sets of bindings.
fn binding_sets(kind: &ExprKind) -> std::ops::Range<usize> {
    match kind {
        ExprKind::Filter(b, _) | ExprKind::Choose(b, _) => 0..usize::from(b.set.is_some()),
        ExprKind::Map(_, bindings) | ExprKind::Function(bindings, _) | ExprKind::Quantified(_, bindings, _) => {
            0..bindings.iter().filter(|b| b.set.is_some()).count()
        }
        _ => 0..0,
    }
}
