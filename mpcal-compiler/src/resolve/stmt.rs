//! Statements.

use std::collections::HashSet;

use super::{Entry, Resolver};
use crate::ast::{self, StmtKind as A};
use crate::diagnostic::{count_of, Diagnostic};
use crate::resolved::{Argument, Expr, ExprKind, Label, Step, Stmt, StmtKind, Target, VariableId, VariableKind};
use crate::source::Span;

impl Resolver<'_, '_> {
    pub(super) fn stmts(&mut self, list: &[ast::Stmt]) -> Vec<Stmt> {
        list.iter().map(|s| self.stmt(s)).collect()
    }

    /// One statement as a list; a block without a label is taken apart.
    fn list(&mut self, s: &ast::Stmt) -> Vec<Stmt> {
        match (&s.label, &s.kind) {
            (None, A::Block(list)) => self.stmts(list),
            _ => vec![self.stmt(s)],
        }
    }

    fn stmt(&mut self, s: &ast::Stmt) -> Stmt {
        let label = s.label.as_ref().map(|l| Label { name: l.name.text, modifier: l.modifier, span: l.name.span });
        let kind = match &s.kind {
            A::Assign(list) => {
                let each = |n: usize| self.assignment(&list[n].0, &list[n].1, &list[..n]);
                StmtKind::Assign((0..list.len()).filter_map(each).collect())
            }
            A::If(c, then, otherwise) => {
                let c = self.expr(c);
                let then = self.list(then);
                StmtKind::If(c, then, otherwise.as_ref().map(|s| self.list(s)).unwrap_or_default())
            }
            A::While(c, body) => StmtKind::While(self.expr(c), self.list(body)),
            A::Either(arms) => StmtKind::Either(arms.iter().map(|s| self.list(s)).collect()),
            A::With(bindings, body) => return self.scoped(|cx| cx.with(label, bindings, body, s)),
            A::Await(e) => StmtKind::Await(self.expr(e)),
            A::Print(e) => {
                self.needs("print", "PrintT", "TLC", s.span);
                StmtKind::Print(self.expr(e))
            }
            A::Assert(e) => {
                self.needs("assert", "Assert", "TLC", s.span);
                StmtKind::Assert(self.expr(e))
            }
            A::Yield(e) => {
                if self.in_mapping.is_none() {
                    self.out.push(Diagnostic::error(
                        "yield-outside-mapping",
                        s.span,
                        "`yield` exists only in a mapping macro",
                    ));
                }
                StmtKind::Yield(self.expr(e))
            }
            A::Skip => StmtKind::Skip,
            A::Return => StmtKind::Return,
            A::Goto(name) => StmtKind::Goto(name.text, name.span),
            A::Call(name, args) => self.call(name, args),
            A::Block(list) => StmtKind::Block(self.stmts(list)),
            // Reported when macros were expanded.
            A::Macro(..) => StmtKind::Skip,
        };
        Stmt { label, kind, span: s.span }
    }

    /// One `With` per binding, the label on the outermost.
    fn with(&mut self, label: Option<Label>, bindings: &[ast::WithBinding], body: &ast::Stmt, s: &ast::Stmt) -> Stmt {
        let Some((first, rest)) = bindings.split_first() else {
            return Stmt { label, kind: StmtKind::Block(self.list(body)), span: s.span };
        };
        let (element, value) = match &first.initial {
            ast::Initial::Element(e) => (true, self.expr(e)),
            ast::Initial::Value(e) => (false, self.expr(e)),
            ast::Initial::None => (false, self.model.expr(ExprKind::DefaultInit, first.name.span)),
        };
        let bound = self.bind(&first.name, 0);
        let inner = if rest.is_empty() { self.list(body) } else { vec![self.with(None, rest, body, s)] };
        Stmt { label, kind: StmtKind::With(bound, element, value, inner), span: s.span }
    }

    /// An assignment, after those that come earlier in the statement.
    fn assignment(
        &mut self,
        place: &ast::Place,
        value: &ast::Expr,
        earlier: &[(ast::Place, ast::Expr)],
    ) -> Option<(Target, Expr)> {
        let value = self.value(place, value, earlier);
        let name = &place.name;
        if &*name.text == "$variable" {
            if self.in_mapping.is_none() {
                self.out.push(Diagnostic::error(
                    "special-outside-mapping",
                    name.span,
                    "`$variable` exists only in a mapping macro",
                ));
            }
            return Some((Target::Mapped(self.path(&place.path)), value));
        }
        let found = self.scope.iter().rev().find(|(n, _)| *n == name.text).map(|(_, e)| *e);
        let id = match found {
            Some(Entry::Variable(id)) => id,
            Some(_) => {
                self.out.push(
                    Diagnostic::error("not-assignable", name.span, format!("`{}` cannot be assigned", name.text))
                        .because("only variables, parameters and `ref`s can"),
                );
                return None;
            }
            None => {
                let mut diagnostic =
                    Diagnostic::error("unknown-name", name.span, format!("there is no variable `{}`", name.text));
                if self.globals.contains_key(&name.text) {
                    diagnostic = diagnostic
                        .because("an archetype cannot see global variables")
                        .help(format!("add a parameter `ref {}` to the archetype and pass the variable", name.text));
                } else if self.find(self.env, &name.text).is_some() {
                    diagnostic =
                        Diagnostic::error("not-assignable", name.span, format!("`{}` is not a variable", name.text));
                } else {
                    let known = self.variable_names();
                    diagnostic = diagnostic.suggest_first(&name.text, known.iter().map(|n| &**n));
                }
                self.out.push(diagnostic);
                return None;
            }
        };
        match self.model.variable(id).kind {
            VariableKind::Ref(count) => self.write(id, count, place, value),
            _ => Some((Target::Variable(id, self.path(&place.path)), value)),
        }
    }

    /// The value that is assigned, in which `@` is what the place holds after the earlier ones.
    fn value(&mut self, place: &ast::Place, value: &ast::Expr, earlier: &[(ast::Place, ast::Expr)]) -> Expr {
        // What is not known is reported as the target.
        if !says_old(value) || self.lookup(&place.name.text).is_none() && &*place.name.text != "$variable" {
            return self.expr(value);
        }
        let old = place.path.iter().fold(self.old_whole(place, earlier), |base, step| {
            let kind = match step {
                ast::Step::Index(list) => ast::ExprKind::Index(Box::new(base), list.clone()),
                ast::Step::Field(field) => ast::ExprKind::Field(Box::new(base), field.clone()),
            };
            ast::Expr { kind, span: place.span }
        });
        let old = self.expr(&old);
        self.olds.push(old);
        let value = self.scoped(|cx| {
            cx.scope.push(("@".into(), Entry::Old(cx.olds.len() - 1)));
            cx.expr(value)
        });
        self.olds.pop();
        value
    }

    /// The variable of a place with what earlier targets of the statement make of it, as `EXCEPT` says it: that is what
    /// `pcal.trans` writes.
    fn old_whole(&self, place: &ast::Place, earlier: &[(ast::Place, ast::Expr)]) -> ast::Expr {
        let name = ast::Expr { kind: ast::ExprKind::Name(place.name.text), span: place.name.span };
        let indexed = match self.lookup(&place.name.text) {
            Some(Entry::Variable(id)) => matches!(self.model.variable(id).kind, VariableKind::Ref(1..)),
            _ => false,
        };
        let same = earlier.iter().filter(|(p, _)| p.name.text == place.name.text && !p.path.is_empty());
        let updates: Vec<_> = same.map(|(p, value)| (p.path.clone(), value.clone())).collect();
        if indexed || updates.is_empty() {
            return name;
        }
        ast::Expr { kind: ast::ExprKind::Except(Box::new(name), updates), span: place.span }
    }

    /// A `ref` is written at exactly its indices. The globals of a plain process are `ref`s of no
    /// index, and may be written below that.
    fn write(&mut self, id: VariableId, count: usize, place: &ast::Place, value: Expr) -> Option<(Target, Expr)> {
        let mut path = self.path(&place.path);
        if self.model.hidden.contains_key(&id) && !path.is_empty() {
            return Some((Target::Part(id, path), value));
        }
        let fields = path.iter().position(|s| matches!(s, Step::Field(_)));
        let found = fields.unwrap_or(path.len());
        if found < count {
            self.too_few_indices(id, count, found, place.span);
            return None;
        }
        if path.len() > count {
            let v = self.model.variable(id).clone();
            self.out.push(
                Diagnostic::error(
                    "ref-indices",
                    place.span,
                    if count == 0 {
                        format!("a part of `{}` is assigned, which has no indices", v.name)
                    } else {
                        format!("`{}` is assigned inside an indexed element", v.name)
                    },
                )
                .because("this would be a hidden read followed by a write")
                .and(v.span, "declared here")
                .help(if count == 0 {
                    format!(
                        "declare `ref {}[_]`, or read the value, change it with `EXCEPT`, and assign the whole",
                        v.name
                    )
                } else {
                    "read the value, change it with `EXCEPT`, and assign the whole".to_owned()
                }),
            );
            return None;
        }
        let indices = path.drain(..).filter_map(|s| if let Step::Index(e) = s { Some(e) } else { None }).collect();
        Some((Target::Write(id, indices), value))
    }

    /// The translator writes operators of modules that must be extended then.
    fn needs(&mut self, word: &str, operator: &str, module: &str, span: Span) {
        if self.has_processes && !self.extends(module) {
            self.out.push(
                Diagnostic::error("unknown-operator", span, format!("`{word}` needs the module {module}"))
                    .because(format!("the translator writes `{operator}` for it"))
                    .help(format!("add `{module}` to the `EXTENDS` of the module")),
            );
        }
    }

    fn call(&mut self, name: &ast::Name, args: &[ast::Argument]) -> StmtKind {
        self.needs("call", "Head", "Sequences", name.span);
        let arguments: Vec<Argument> = args.iter().map(|a| self.argument(a)).collect();
        let Some(&id) = self.procedures.get(&name.text) else {
            let known: Vec<_> = self.procedures.keys().copied().collect();
            self.out.push(
                Diagnostic::error("unknown-procedure", name.span, format!("there is no procedure `{}`", name.text))
                    .suggest(&name.text, known.iter().map(|n| &**n)),
            );
            return StmtKind::Skip;
        };
        let procedure = &self.model.procedures[id.index()];
        let takes = procedure.parameters.iter().filter(|p| !self.model.hidden.contains_key(p)).count();
        if takes != arguments.len() {
            let gets = arguments.len();
            let message = format!("procedure `{}` expects {}, found {gets}", name.text, count_of(takes, "argument"));
            let diagnostic = Diagnostic::error("arity", name.span, message).and(procedure.span, "defined here");
            self.out.push(diagnostic);
        }
        StmtKind::Call(id, arguments)
    }
}

/// Every variable that statements read, write or pass on.
pub(super) fn variables_used(stmts: &[Stmt]) -> HashSet<VariableId> {
    let mut used = HashSet::new();
    each_expr_inside(stmts, &mut |e| variables_of(e, &mut used));
    each_inside(stmts, &mut |s| match &s.kind {
        StmtKind::Assign(list) => {
            for (target, _) in list {
                if let Target::Write(id, _) | Target::Variable(id, _) | Target::Part(id, _) = target {
                    used.insert(*id);
                }
            }
        }
        StmtKind::Call(_, args) => {
            for a in args {
                if let Argument::Ref(id, ..) = a {
                    used.insert(*id);
                }
            }
        }
        _ => {}
    });
    used
}

/// The variables that an expression reads.
pub(super) fn variables_of(e: &Expr, used: &mut HashSet<VariableId>) {
    e.any(&mut |e| {
        if let ExprKind::Read(id, _) | ExprKind::Variable(id) = &e.kind {
            used.insert(*id);
        }
        false
    });
}

/// Calls `f` on all statements, also those inside others.
fn each_inside<'s>(stmts: &'s [Stmt], f: &mut dyn FnMut(&'s Stmt)) {
    for s in stmts {
        f(s);
        match &s.kind {
            StmtKind::If(_, a, b) => {
                each_inside(a, f);
                each_inside(b, f);
            }
            StmtKind::While(_, body) | StmtKind::With(_, _, _, body) | StmtKind::Block(body) => each_inside(body, f),
            StmtKind::Either(arms) => arms.iter().for_each(|a| each_inside(a, f)),
            _ => {}
        }
    }
}

/// Calls `f` on all expressions of statements, also of those inside others.
pub(super) fn each_expr_inside<'s>(stmts: &'s [Stmt], f: &mut dyn FnMut(&'s Expr)) {
    each_inside(stmts, &mut |s| each_expr(s, f));
}

/// The expressions of a statement itself, not those of statements inside it.
pub(crate) fn each_expr<'s>(s: &'s Stmt, f: &mut dyn FnMut(&'s Expr)) {
    match &s.kind {
        StmtKind::Assign(list) => {
            for (target, value) in list {
                match target {
                    Target::Variable(_, path) | Target::Part(_, path) | Target::Mapped(path) => {
                        path.iter().for_each(|s| {
                            if let Step::Index(e) = s {
                                f(e)
                            }
                        });
                    }
                    Target::Write(_, indices) => indices.iter().for_each(&mut *f),
                }
                f(value);
            }
        }
        StmtKind::If(e, ..) | StmtKind::While(e, _) | StmtKind::With(_, _, e, _) => f(e),
        StmtKind::Await(e) | StmtKind::Print(e) | StmtKind::Assert(e) | StmtKind::Yield(e) => f(e),
        StmtKind::Call(_, args) => args.iter().for_each(|a| {
            if let Argument::Value(e) = a {
                f(e)
            }
        }),
        StmtKind::Either(_) | StmtKind::Skip | StmtKind::Return | StmtKind::Goto(..) | StmtKind::Block(_) => {}
    }
}

/// Whether a value mentions `@`.
fn says_old(value: &ast::Expr) -> bool {
    let mut found = false;
    crate::expand::walk(&mut value.clone(), &mut |kind| found |= matches!(kind, ast::ExprKind::At));
    found
}
