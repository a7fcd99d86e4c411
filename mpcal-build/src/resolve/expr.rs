//! Expressions.

use std::rc::Rc;

use super::{definition_key, Entry, Resolver, Side};
use crate::ast::{self, ExprKind as A, Name, Unit};
use crate::diagnostic::Diagnostic;
use crate::operators::{self, Fixity, Operator};
use crate::resolved::{
    Binding, BoundId, Definition, Expr, ExprKind, LetDefinition, OperatorId, Step, Update, VariableId, VariableKind,
};
use crate::source::Span;

impl Resolver<'_, '_> {
    fn node(&mut self, kind: ExprKind, span: Span) -> Expr {
        self.model.expr(kind, span)
    }

    pub(super) fn exprs(&mut self, list: &[ast::Expr]) -> Vec<Expr> {
        list.iter().map(|e| self.expr(e)).collect()
    }

    fn boxed(&mut self, e: &ast::Expr) -> Box<Expr> {
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
            A::String(s) => ExprKind::Str(s.clone()),
            A::Name(name) => self.name(name, span),
            A::Apply(name, args) => self.apply(name, args, span),
            A::Prefix(op, a) => self.operator(op, &[a], span),
            A::Infix(op, a, b) => self.operator(op, &[a, b], span),
            A::Postfix(op, a) => self.operator(op, &[a], span),
            A::Junction(true, items) => ExprKind::And(self.exprs(items)),
            A::Junction(false, items) => ExprKind::Or(self.exprs(items)),
            A::Index(..) => self.indexed(e),
            A::Field(base, field) => ExprKind::Field(self.boxed(base), field.text.clone()),
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
                _ => {
                    self.out.push(
                        Diagnostic::error("unknown-name", span, "`@` stands for the old value in `EXCEPT`")
                            .because("there is no `EXCEPT` around it"),
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
            A::Action(_) => self.opaque(span, "it speaks about steps, not about one state"),
        };
        self.node(kind, span)
    }

    fn fields(&mut self, fields: &[(Name, ast::Expr)]) -> Vec<(Rc<str>, Expr)> {
        fields.iter().map(|(n, e)| (n.text.clone(), self.expr(e))).collect()
    }

    fn opaque(&self, span: Span, why: &'static str) -> ExprKind {
        ExprKind::Opaque(Rc::from(self.source.slice(span)), why)
    }

    pub(super) fn scoped<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.scope.len();
        let value = f(self);
        self.scope.truncate(length);
        value
    }

    pub(super) fn bind(&mut self, name: &Name, arity: usize) -> BoundId {
        let id = self.model.new_bound(name.text.clone(), name.span, arity);
        self.scope.push((name.text.clone(), Entry::Bound(id)));
        id
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
            let at = cx.bind(&Name { text: Rc::from("@"), span: value.span }, 0);
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
                ast::Step::Field(name) => Step::Field(name.text.clone()),
            })
            .collect()
    }

    fn let_in(&mut self, units: &[Unit], body: &ast::Expr) -> ExprKind {
        let mut definitions = Vec::new();
        let mut recursive: Vec<(Rc<str>, BoundId)> = Vec::new();
        for unit in units {
            match unit {
                Unit::Recursive(list) => {
                    for (name, arity) in list {
                        let id = self.bind(name, *arity);
                        recursive.push((name.text.clone(), id));
                    }
                }
                Unit::Definition(d) => {
                    let (parameters, value) = self.scoped(|cx| {
                        let parameters = d.parameters.iter().map(|(n, arity)| cx.bind(n, *arity)).collect();
                        (parameters, cx.definition_body(d))
                    });
                    let known = recursive.iter().find(|(n, _)| *n == d.name.text).map(|(_, id)| *id);
                    let bound = known.unwrap_or_else(|| self.bind(&d.name, d.parameters.len()));
                    definitions.push(LetDefinition { bound, parameters, body: value });
                }
                Unit::Constants(_) | Unit::Variables(_) | Unit::Assume(_) | Unit::Opaque => {}
            }
        }
        ExprKind::Let(definitions, self.boxed(body))
    }

    /// `f[x \in S] == e` is `f == [x \in S |-> e]`.
    fn definition_body(&mut self, d: &ast::Definition) -> Expr {
        match &d.domain {
            None => self.expr(&d.body),
            Some(bindings) => self.scoped(|cx| {
                let bindings = cx.bindings(bindings);
                let body = cx.boxed(&d.body);
                cx.node(ExprKind::Function(bindings, body), d.span)
            }),
        }
    }

    fn lookup(&self, name: &str) -> Option<Entry> {
        self.scope.iter().rev().find(|(n, _)| **n == *name).map(|(_, e)| *e)
    }

    fn name(&mut self, name: &Rc<str>, span: Span) -> ExprKind {
        match &**name {
            "TRUE" => return ExprKind::Bool(true),
            "FALSE" => return ExprKind::Bool(false),
            "defaultInitValue" => return ExprKind::DefaultInit,
            "$variable" | "$value" => return self.special(name, span),
            _ => {}
        }
        match self.lookup(name) {
            Some(Entry::SelfId) => return ExprKind::SelfId,
            Some(Entry::Bound(id)) => {
                return if self.model.bound(id).arity == 0 {
                    ExprKind::Bound(id)
                } else {
                    ExprKind::CallBound(id, Vec::new())
                };
            }
            Some(Entry::Variable(id)) => return self.variable(id, span),
            None => {}
        }
        if let Some(id) = self.constants.get(name) {
            return ExprKind::Constant(*id);
        }
        if self.definitions.contains_key(name) {
            let id = self.use_definition(name);
            return match self.model.operators[id.index()].parameters.len() {
                0 => ExprKind::Call(id, Vec::new()),
                _ => ExprKind::OperatorRef(id),
            };
        }
        if let Some(op) = operators::call(name).filter(|o| self.extends(o.module)) {
            return if op.fixity == Fixity::Call(0) {
                ExprKind::Builtin(op, Vec::new())
            } else {
                ExprKind::BuiltinRef(op)
            };
        }
        if let Some(op) = operators::infix(name) {
            return ExprKind::BuiltinRef(op);
        }
        self.unknown(name, span)
    }

    fn special(&mut self, name: &str, span: Span) -> ExprKind {
        match (name, self.in_mapping) {
            ("$variable", Some(_)) => ExprKind::MappedVariable,
            ("$value", Some(Side::Write)) => ExprKind::MappedValue,
            ("$value", Some(Side::Read)) => {
                self.out.push(
                    Diagnostic::error("value-outside-write", span, "`$value` is the value being written")
                        .because("a `read` body has none")
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

    fn variable(&mut self, id: VariableId, span: Span) -> ExprKind {
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
            Diagnostic::error("ref-indices", span, format!("`{}` takes {count} indices, here it has {found}", v.name))
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

    fn operator(&mut self, symbol: &'static str, args: &[&ast::Expr], span: Span) -> ExprKind {
        let args: Vec<_> = args.iter().map(|e| self.expr(e)).collect();
        let key = definition_key(symbol, args.len());
        if self.definitions.contains_key(&key) {
            return ExprKind::Call(self.use_definition(&key), args);
        }
        let row = if args.len() == 1 {
            operators::prefix(symbol).or(operators::postfix(symbol))
        } else {
            operators::infix(symbol)
        };
        match row {
            Some(op) if self.extends(op.module) => match op.name {
                "/\\" => ExprKind::And(args),
                "\\/" => ExprKind::Or(args),
                _ => ExprKind::Builtin(op, args),
            },
            Some(op) => self.missing_module(op, span),
            None => self.unknown(symbol, span),
        }
    }

    fn missing_module(&mut self, op: &Operator, span: Span) -> ExprKind {
        self.out.push(
            Diagnostic::error("unknown-operator", span, format!("`{}` is not defined here", op.name))
                .because(format!("it is an operator of the module {}", op.module))
                .help(format!("add `{}` to the `EXTENDS` of the module", op.module)),
        );
        ExprKind::DefaultInit
    }

    fn apply(&mut self, name: &Name, args: &[ast::Expr], span: Span) -> ExprKind {
        if name.text.contains('!') {
            return self.opaque(span, "operators of an instantiated module are not supported");
        }
        let args = self.exprs(args);
        if let Some(Entry::Bound(id)) = self.lookup(&name.text) {
            let arity = self.model.bound(id).arity;
            self.check_arity(&name.text, arity, args.len(), name.span);
            return ExprKind::CallBound(id, args);
        }
        if let Some(&id) = self.constants.get(&name.text) {
            let arity = self.model.constants[id.index()].arity;
            self.check_arity(&name.text, arity, args.len(), name.span);
            return ExprKind::CallConstant(id, args);
        }
        if self.definitions.contains_key(&name.text) {
            let id = self.use_definition(&name.text);
            let arity = self.model.operators[id.index()].parameters.len();
            self.check_arity(&name.text, arity, args.len(), name.span);
            return ExprKind::Call(id, args);
        }
        match operators::call(&name.text) {
            Some(op) if !self.extends(op.module) => self.missing_module(op, name.span),
            Some(op) => {
                if let Fixity::Call(arity) = op.fixity {
                    self.check_arity(&name.text, arity, args.len(), name.span);
                }
                ExprKind::Builtin(op, args)
            }
            None => self.unknown(&name.text, name.span),
        }
    }

    fn check_arity(&mut self, name: &str, takes: usize, gets: usize, span: Span) {
        if takes != gets {
            let message = format!("operator `{name}` takes {takes} arguments, not {gets}");
            self.out.push(Diagnostic::error("arity", span, message));
        }
    }

    fn unknown(&mut self, name: &str, span: Span) -> ExprKind {
        if name.contains('!') {
            return self.opaque(span, "operators of an instantiated module are not supported");
        }
        if self.foreign.iter().any(|f| **f == *name) {
            return self.opaque(span, "it is a variable of the module, not of the block");
        }
        let mut diagnostic = Diagnostic::error("unknown-name", span, format!("there is no `{name}`"));
        if self.globals.contains_key(name) {
            diagnostic = diagnostic
                .because("an archetype sees no global variable")
                .help(format!("add a parameter `ref {name}` to the archetype and pass the variable"));
        } else if let Some(op) = operators::call(name) {
            diagnostic = diagnostic.help(format!("add `{}` to the `EXTENDS` of the module", op.module));
        } else {
            let known = self.known_names();
            diagnostic = diagnostic.suggest(name, known.iter().map(|n| &**n));
        }
        self.out.push(diagnostic);
        ExprKind::DefaultInit
    }

    /// Resolves a definition when it is used first.
    fn use_definition(&mut self, name: &str) -> OperatorId {
        let pending = self.definitions[name].clone();
        if let Some(id) = pending.id {
            return id;
        }
        let d = pending.definition;
        let id = OperatorId(self.model.operators.len() as u32);
        let recursive = self.recursive.iter().any(|r| **r == *name);
        if let Some(p) = self.definitions.get_mut(name) {
            p.id = Some(id);
        }
        let saved = std::mem::take(&mut self.scope);
        let saved_mapping = self.in_mapping.take();
        let parameters: Vec<_> = d.parameters.iter().map(|(n, arity)| self.bind(n, *arity)).collect();
        let placeholder = self.node(ExprKind::DefaultInit, d.span);
        let name: Rc<str> = d.name.text.clone();
        self.model.operators.push(Definition { name, parameters, body: placeholder, recursive, span: d.name.span });
        // A global variable may stand in a definition; what may use such a definition is checked later.
        for (name, g) in &self.globals {
            self.scope.insert(0, (name.clone(), Entry::Variable(*g)));
        }
        let before = self.out.len();
        let body = self.definition_body(d);
        if let Some(from) = pending.from {
            let text = format!("in `{}` of this module", d.name.text);
            self.out.relocate(before, from.span, &text);
        }
        self.model.operators[id.index()].recursive |=
            body.any(&mut |e| matches!(e.kind, ExprKind::Call(c, _) if c == id));
        self.model.operators[id.index()].body = body;
        self.scope = saved;
        self.in_mapping = saved_mapping;
        id
    }
}
