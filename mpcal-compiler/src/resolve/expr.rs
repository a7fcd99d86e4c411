//! Expressions.

use super::{definition_key, Entry, Resolver, Side};
use crate::ast::{self, ExprKind as A, Name, Unit};
use crate::diagnostic::{count_of, Diagnostic};
use crate::operators::Op;
use crate::resolved::{Binding, BoundId, Expr, ExprKind, LetDefinition, Step, Update, VariableId, VariableKind};
use crate::source::Span;
use crate::symbol::Symbol;

impl Resolver<'_, '_> {
    pub(super) fn node(&mut self, kind: ExprKind, span: Span) -> Expr {
        self.model.expr(kind, span)
    }

    pub(super) fn exprs(&mut self, list: &[ast::Expr]) -> Vec<Expr> {
        list.iter().map(|e| self.expr(e)).collect()
    }

    pub(super) fn boxed(&mut self, e: &ast::Expr) -> Box<Expr> {
        Box::new(self.expr(e))
    }

    /// `[a, b]` indexes by the tuple `<<a, b>>`.
    pub(super) fn index(&mut self, list: &[ast::Expr], span: Span) -> Expr {
        match list {
            [one] => self.expr(one),
            many => {
                let items = self.exprs(many);
                self.node(ExprKind::Tuple(items), span)
            }
        }
    }

    pub(super) fn expr(&mut self, e: &ast::Expr) -> Expr {
        let span = e.span;
        let kind = match &e.kind {
            A::Number(n) => ExprKind::Int(*n),
            A::String(s) => ExprKind::Str(*s),
            A::Name(name) => self.name(name, span),
            A::Apply(name, args) => self.apply(name, args, span),
            A::Prefix(op, a) => self.operator(op, &[a], span),
            A::Infix(op, a, b) => self.operator(op, &[a, b], span),
            A::Product(items) => {
                let args = self.exprs(items);
                ExprKind::Builtin(Op::Product.row(), args)
            }
            A::Postfix(op, a) => self.operator(op, &[a], span),
            A::Junction(true, items) => ExprKind::And(self.exprs(items)),
            A::Junction(false, items) => ExprKind::Or(self.exprs(items)),
            A::Index(..) => self.indexed(e),
            A::Field(base, field) => ExprKind::Field(self.boxed(base), field.text),
            A::Tuple(items) => ExprKind::Tuple(self.exprs(items)),
            A::Set(items) => ExprKind::Set(self.exprs(items)),
            A::Record(fields) => ExprKind::Record(self.fields(fields)),
            A::RecordSet(fields) => ExprKind::RecordSet(self.fields(fields)),
            A::FunctionSet(a, b) => ExprKind::FunctionSet(self.boxed(a), self.boxed(b)),
            A::If(a, b, c) => ExprKind::If(self.boxed(a), self.boxed(b), self.boxed(c)),
            A::Case(arms, other) => {
                let arms = arms.iter().map(|(g, v)| (self.expr(g), self.expr(v))).collect();
                ExprKind::Case(arms, other.as_ref().map(|e| self.boxed(e)))
            }
            A::At => match self.lookup("@") {
                Some(Entry::Bound(id)) => ExprKind::Bound(id),
                Some(Entry::Old(n)) => {
                    let old = self.olds[n].clone();
                    crate::fresh::Fresh::new(&mut self.model).copy(&old).kind
                }
                _ => {
                    self.out.push(
                        Diagnostic::error("unknown-name", span, "`@` stands for the old value in `EXCEPT` and `:=`")
                            .because("neither surrounds it"),
                    );
                    ExprKind::DefaultInit
                }
            },
            A::Except(base, updates) => {
                let base = self.boxed(base);
                let updates = updates.iter().map(|(path, value)| self.update(path, value)).collect();
                ExprKind::Except(base, updates)
            }
            A::Filter(b, body) => self
                .scoped(|cx| {
                    let b = cx.binding(b)?;
                    Some(ExprKind::Filter(b, cx.boxed(body)))
                })
                .unwrap_or(ExprKind::DefaultInit),
            A::Choose(b, body) if b.set.is_some() => self
                .scoped(|cx| {
                    let b = cx.binding(b)?;
                    Some(ExprKind::Choose(b, cx.boxed(body)))
                })
                .unwrap_or(ExprKind::DefaultInit),
            A::Quantified(q, bindings, body) if bindings.iter().all(|b| b.set.is_some()) => self.scoped(|cx| {
                let bindings = cx.bindings(bindings);
                ExprKind::Quantified(*q, bindings, cx.boxed(body))
            }),
            A::Quantified(..) | A::Choose(..) => self.opaque(span, "its bound name ranges over everything"),
            A::Map(body, bindings) => self.scoped(|cx| {
                let bindings = cx.bindings(bindings);
                ExprKind::Map(cx.boxed(body), bindings)
            }),
            A::Function(bindings, body) => self.scoped(|cx| {
                let bindings = cx.bindings(bindings);
                ExprKind::Function(bindings, cx.boxed(body))
            }),
            A::Let(units, body) => self.scoped(|cx| cx.let_in(units, body)),
            A::Lambda(names, body) => self.scoped(|cx| {
                let names = names.iter().map(|n| cx.bind(n, 0)).collect();
                ExprKind::Lambda(names, cx.boxed(body))
            }),
            A::Qualified(parts) => {
                let kind = self.qualified(parts, span);
                let e = self.node(kind, span);
                if let (ExprKind::Builtin(..), Some(through)) = (&e.kind, self.qualifier(parts)) {
                    self.model.qualifiers.insert(e.id, through);
                }
                return e;
            }
            A::TooLarge => {
                let message = "this number does not fit in 64 bits";
                self.out.push(Diagnostic::error("number-too-large", span, message));
                ExprKind::Int(0)
            }
            A::Decimal => self.opaque(span, "there are no real numbers at run time"),
            A::Subexpression => self.opaque(span, "it names a part of a formula, as proofs do"),
            A::Temporal => self.opaque(span, "it speaks about steps, not about one state"),
        };
        self.node(kind, span)
    }

    fn fields(&mut self, fields: &[(Name, ast::Expr)]) -> Vec<(Symbol, Expr)> {
        fields.iter().map(|(n, e)| (n.text, self.expr(e))).collect()
    }

    pub(super) fn opaque(&self, span: Span, why: &'static str) -> ExprKind {
        ExprKind::Opaque(Symbol::from(self.source.file(span).aligned(span)), why)
    }

    pub(super) fn scoped<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.scope.len();
        let value = f(self);
        self.scope.truncate(length);
        value
    }

    pub(super) fn bind(&mut self, name: &Name, arity: usize) -> BoundId {
        let text = if self.in_definition { self.name_in_definition(name) } else { name.text };
        let id = self.model.new_bound(text, name.span, arity);
        self.scope.push((definition_key(&name.text, arity), Entry::Bound(id)));
        id
    }

    /// What a name is called that a definition binds. The block's own expressions are written anew, with other names; a
    /// definition is copied, so it may not bind one inside itself.
    fn name_in_definition(&mut self, name: &Name) -> Symbol {
        let found = self.lookup(&name.text).filter(|_| &*name.text != "@");
        let Some(Entry::Bound(first)) = found else { return name.text };
        // The module of the definition does not know the parameters of the instance around it, as the Rust does.
        if self.instance_parameters.contains(&first) {
            return Symbol::from(format!("{}Inside", name.text));
        }
        let first = self.model.bound(first).span;
        self.out.push(
            Diagnostic::error("duplicate-name", name.span, format!("`{}` is bound inside itself", name.text))
                .because("TLA+ has no shadowing")
                .and(first, "it is bound here before")
                .help("give one of them another name"),
        );
        name.text
    }

    fn binding(&mut self, b: &ast::Binding) -> Option<Binding> {
        let set = self.boxed(b.set.as_deref()?);
        let names = b.names.iter().map(|n| self.bind(n, 0)).collect();
        Some(Binding { names, tuple: b.tuple, set })
    }

    /// Several bindings are independent: the sets are outside the scope of all the names.
    fn bindings(&mut self, list: &[ast::Binding]) -> Vec<Binding> {
        let sets: Vec<_> = list.iter().filter_map(|b| b.set.as_deref()).map(|s| self.boxed(s)).collect();
        list.iter()
            .zip(sets)
            .map(|(b, set)| {
                let names = b.names.iter().map(|n| self.bind(n, 0)).collect();
                Binding { names, tuple: b.tuple, set }
            })
            .collect()
    }

    fn update(&mut self, path: &[ast::Step], value: &ast::Expr) -> Update {
        let path = self.path(path);
        self.scoped(|cx| {
            let at = cx.bind(&Name { text: Symbol::from("@"), span: value.span }, 0);
            Update { path, at, value: cx.expr(value) }
        })
    }

    pub(super) fn path(&mut self, path: &[ast::Step]) -> Vec<Step> {
        path.iter()
            .map(|s| match s {
                ast::Step::Index(list) => {
                    let span = list.iter().map(|e| e.span).reduce(Span::to).unwrap_or_default();
                    Step::Index(self.index(list, span))
                }
                ast::Step::Field(name) => Step::Field(name.text),
            })
            .collect()
    }

    fn let_in(&mut self, units: &[Unit], body: &ast::Expr) -> ExprKind {
        let mut definitions = Vec::new();
        let mut recursive: Vec<(Symbol, BoundId)> = Vec::new();
        for unit in units {
            match unit {
                Unit::Recursive(list) => {
                    for (name, arity) in list {
                        let id = self.bind(name, *arity);
                        recursive.push((name.text, id));
                    }
                }
                Unit::Definition(d) => {
                    if d.domain.is_some() {
                        // A function may mention itself.
                        let id = self.bind(&d.name, 0);
                        recursive.push((d.name.text, id));
                    }
                    let (parameters, value) = self.scoped(|cx| {
                        let parameters = d.parameters.iter().map(|(n, arity)| cx.bind(n, *arity)).collect();
                        (parameters, cx.definition_body(d))
                    });
                    let known = recursive.iter().find(|(n, _)| *n == d.name.text).map(|(_, id)| *id);
                    let bound = known.unwrap_or_else(|| self.bind(&d.name, d.parameters.len()));
                    definitions.push(LetDefinition { bound, parameters, body: value });
                }
                Unit::Instance(instance) => self.let_instance(instance, &mut definitions),
                Unit::Constants(_) | Unit::Variables(_) | Unit::Assume(_) | Unit::Module(_) | Unit::Opaque => {}
            }
        }
        ExprKind::Let(definitions, self.boxed(body))
    }

    /// `f[x \in S] == e` is `f == [x \in S |-> e]`.
    pub(super) fn definition_body(&mut self, d: &ast::Definition) -> Expr {
        match &d.domain {
            None => self.expr(&d.body),
            Some(bindings) => self.scoped(|cx| {
                let bindings = cx.bindings(bindings);
                let body = cx.boxed(&d.body);
                cx.node(ExprKind::Function(bindings, body), d.span)
            }),
        }
    }

    pub(super) fn lookup(&self, name: &str) -> Option<Entry> {
        self.scope.iter().rev().find(|(n, _)| **n == *name).map(|(_, e)| *e)
    }

    pub(super) fn special(&mut self, name: &str, span: Span) -> ExprKind {
        match (name, self.in_mapping) {
            ("$variable", Some(_)) => ExprKind::MappedVariable,
            ("$value", Some(Side::Write)) => ExprKind::MappedValue,
            ("$value", Some(Side::Read)) => {
                self.out.push(
                    Diagnostic::error("value-outside-write", span, "`$value` is the value being written")
                        .because("a `read` body has no value to write")
                        .help("use `$variable`"),
                );
                ExprKind::MappedVariable
            }
            _ => {
                self.out.push(Diagnostic::error(
                    "special-outside-mapping",
                    span,
                    format!("`{name}` exists only in a mapping macro"),
                ));
                ExprKind::DefaultInit
            }
        }
    }

    pub(super) fn variable(&mut self, id: VariableId, span: Span) -> ExprKind {
        match self.model.variable(id).kind {
            VariableKind::Ref(0) => ExprKind::Read(id, Vec::new()),
            VariableKind::Ref(count) => {
                self.too_few_indices(id, count, 0, span);
                ExprKind::DefaultInit
            }
            _ => ExprKind::Variable(id),
        }
    }

    pub(super) fn too_few_indices(&mut self, id: VariableId, count: usize, found: usize, span: Span) {
        let v = self.model.variable(id).clone();
        self.out.push(
            Diagnostic::error(
                "ref-indices",
                span,
                format!("`{}` expects {}, found {found}", v.name, count_of(count, "index")),
            )
            .and(v.span, "declared here")
            .help(format!("write `{}{}`", v.name, "[…]".repeat(count))),
        );
    }

    /// `x[i][j]`, where `x` may be a `ref` parameter that takes some of the indices.
    fn indexed(&mut self, e: &ast::Expr) -> ExprKind {
        let mut chain = Vec::new();
        let mut base = e;
        while let A::Index(inner, list) = &base.kind {
            chain.push((list, base.span));
            base = inner;
        }
        chain.reverse();
        if let A::Name(name) = &base.kind {
            if let Some(Entry::Variable(id)) = self.lookup(name) {
                if let VariableKind::Ref(count) = self.model.variable(id).kind {
                    if chain.len() < count {
                        self.too_few_indices(id, count, chain.len(), e.span);
                        return ExprKind::DefaultInit;
                    }
                    let rest = chain.split_off(count);
                    let span = chain.last().map_or(base.span, |(_, s)| *s);
                    let indices = chain.into_iter().map(|(list, span)| self.index(list, span)).collect();
                    let read = self.node(ExprKind::Read(id, indices), span);
                    return self.index_chain(read, rest).kind;
                }
            }
        }
        let base = self.expr(base);
        self.index_chain(base, chain).kind
    }

    fn index_chain(&mut self, mut base: Expr, chain: Vec<(&Vec<ast::Expr>, Span)>) -> Expr {
        for (list, span) in chain {
            let index = self.index(list, span);
            base = self.node(ExprKind::Index(Box::new(base), Box::new(index)), span);
        }
        base
    }
}
