//! Constraints of expressions.

use std::collections::BTreeMap;

use super::generate::{Generator, Named, RecordLiteral};
use super::signature::instantiate;
use super::solve::{Constraint, Term, TypeId};
use super::tags::Tag;
use crate::operators::{Op, Operator};
use crate::resolved::{Binding, BoundId, Expr, ExprKind};
use crate::symbol::Symbol;

impl Generator<'_> {
    fn bind(&mut self, b: &Binding) {
        let set = self.expr(&b.set);
        let names: Vec<_> = b.names.iter().map(|n| self.bounds[n.index()]).collect();
        if b.tuple {
            let tuple = self.solver.term(Term::Tuple(names));
            let wanted = self.solver.term(Term::Set(tuple));
            self.solver.flow(wanted, set);
        } else {
            for n in names {
                let wanted = self.solver.term(Term::Set(n));
                self.solver.flow(wanted, set);
            }
        }
    }

    fn same(&mut self, list: &[Expr]) -> TypeId {
        let items: Vec<_> = list.iter().map(|e| self.expr(e)).collect();
        self.solver.common(&items)
    }

    /// A place for the value of an expression.
    fn held(&mut self, e: &Expr) -> TypeId {
        let t = self.expr(e);
        self.solver.held(t)
    }

    pub(super) fn expr(&mut self, e: &Expr) -> TypeId {
        let t = self.infer(e);
        self.exprs.insert(e.id, t);
        t
    }

    fn infer(&mut self, e: &Expr) -> TypeId {
        match &e.kind {
            ExprKind::Bool(_) => self.solver.term(Term::Bool),
            ExprKind::Int(_) => self.solver.term(Term::Int),
            ExprKind::Str(s) => self.solver.tag(Tag::Str(*s)),
            ExprKind::ModelValue(name) => self.solver.tag(Tag::Model(*name)),
            ExprKind::SelfId => self.self_type,
            ExprKind::DefaultInit | ExprKind::Opaque(..) => self.solver.term(Term::Dynamic),
            ExprKind::Read(id, _) => self.variables[id.index()],
            ExprKind::Variable(id) => self.narrowed(e, self.variables[id.index()]),
            ExprKind::Bound(id) => self.narrowed(e, self.bounds[id.index()]),
            ExprKind::Constant(id) => match self.input.model.constant_tag(*id) {
                Some(tag) => self.solver.tag(tag),
                None => self.constants[id.index()],
            },
            ExprKind::MappedVariable => self.mapped.map_or(self.self_type, |(s, _)| s),
            ExprKind::MappedValue => self.mapped.map_or(self.self_type, |(_, v)| v),
            // A name for a string or model value is as good as that.
            ExprKind::Call(id, _) if self.input.model.tag_of(*id).is_some() => {
                let tag = self.input.model.tag_of(*id).unwrap_or_else(|| Tag::Str("".into()));
                self.solver.tag(tag)
            }
            ExprKind::Call(id, args) => {
                let parameters = self.input.model.operators[id.index()].parameters.clone();
                for (a, p) in args.iter().zip(parameters) {
                    let t = self.expr(a);
                    self.solver.flow(self.bounds[p.index()], t);
                }
                self.results[id.index()]
            }
            ExprKind::CallBound(id, args) => {
                let args = args.iter().map(|a| self.expr(a)).collect();
                let out = self.solver.fresh();
                let operator = self.solver.term(Term::Operator(args, out));
                self.solver.flow(self.bounds[id.index()], operator);
                out
            }
            ExprKind::CallConstant(_, args) => {
                args.iter().for_each(|a| {
                    self.expr(a);
                });
                // Whoever runs the system gives what the model uses.
                self.solver.fresh()
            }
            ExprKind::Builtin(op, args) => self.builtin(op, args),
            ExprKind::OperatorRef(id) => {
                let parameters = self.input.model.operators[id.index()].parameters.clone();
                let parameters = parameters.iter().map(|p| self.bounds[p.index()]).collect();
                let result = self.results[id.index()];
                self.solver.term(Term::Operator(parameters, result))
            }
            ExprKind::BuiltinRef(op) => {
                let (parameters, result) = instantiate(op.signature, &mut self.solver);
                self.solver.term(Term::Operator(parameters, result))
            }
            ExprKind::And(list) | ExprKind::Or(list) => {
                self.in_turn(&list.iter().collect::<Vec<_>>(), matches!(e.kind, ExprKind::And(_)));
                self.solver.term(Term::Bool)
            }
            ExprKind::Index(f, i) => {
                let (f, it) = (self.expr(f), self.expr(i));
                self.indexed(f, i, it, false)
            }
            ExprKind::Field(r, field) => {
                let r = self.expr(r);
                let out = self.solver.fresh();
                self.solver.require(Constraint::Field { r, field: *field, out, written: false });
                out
            }
            ExprKind::Tuple(items) => {
                let items = items.iter().map(|e| self.held(e)).collect();
                self.solver.term(Term::Tuple(items))
            }
            ExprKind::Set(items) => {
                let element = self.same(items);
                self.solver.term(Term::Set(element))
            }
            ExprKind::Filter(b, p) => {
                self.bind(b);
                self.expr(p);
                self.exprs[&b.set.id]
            }
            ExprKind::Map(body, bindings) => {
                bindings.iter().for_each(|b| self.bind(b));
                let t = self.held(body);
                self.solver.term(Term::Set(t))
            }
            ExprKind::Record(fields) => self.record(fields),
            ExprKind::RecordSet(fields) => {
                let mut map = BTreeMap::new();
                for (name, e) in fields {
                    let set = self.expr(e);
                    let element = self.solver.fresh();
                    let wanted = self.solver.term(Term::Set(element));
                    self.solver.flow(wanted, set);
                    map.insert(*name, element);
                }
                let record = self.solver.record(map, true);
                self.solver.foreign_record(record);
                self.solver.term(Term::Set(record))
            }
            ExprKind::Function(bindings, body) => self.function(bindings, body),
            ExprKind::FunctionSet(a, b) => {
                let (a, b) = (self.expr(a), self.expr(b));
                let (k, v) = (self.solver.fresh(), self.solver.fresh());
                let (ks, vs) = (self.solver.term(Term::Set(k)), self.solver.term(Term::Set(v)));
                self.solver.operand(ks, a);
                self.solver.operand(vs, b);
                let function = self.solver.term(Term::Function(k, v));
                self.solver.term(Term::Set(function))
            }
            ExprKind::Except(base, updates) => {
                let base = self.expr(base);
                for u in updates {
                    let mut place = base;
                    for s in &u.path {
                        place = self.path_step(place, s);
                    }
                    self.solver.flow(self.bounds[u.at.index()], place);
                    let t = self.expr(&u.value);
                    self.solver.flow(place, t);
                }
                base
            }
            ExprKind::Quantified(_, bindings, p) => {
                bindings.iter().for_each(|b| self.bind(b));
                self.expr(p);
                self.solver.term(Term::Bool)
            }
            ExprKind::Choose(b, p) => {
                self.bind(b);
                self.expr(p);
                let names: Vec<_> = b.names.iter().map(|n| self.bounds[n.index()]).collect();
                if b.tuple {
                    self.solver.term(Term::Tuple(names))
                } else {
                    names[0]
                }
            }
            ExprKind::If(c, a, b) => {
                self.expr(c);
                let out = self.solver.fresh();
                for (branch, truth) in [(a, true), (b, false)] {
                    let facts = self.facts_of(c, truth);
                    let t = self.knowing(facts, |cx| cx.expr(branch));
                    self.solver.flow(out, t);
                }
                out
            }
            ExprKind::Case(arms, other) => {
                let out = self.solver.fresh();
                for (guard, value) in arms {
                    self.expr(guard);
                    let facts = self.facts_of(guard, true);
                    let t = self.knowing(facts, |cx| cx.expr(value));
                    self.solver.flow(out, t);
                }
                if let Some(e) = other {
                    let t = self.expr(e);
                    self.solver.flow(out, t);
                }
                out
            }
            ExprKind::Let(definitions, body) => {
                for d in definitions {
                    let t = self.expr(&d.body);
                    if d.parameters.is_empty() {
                        self.name(d.bound, &d.body);
                    }
                    let t = match d.parameters.len() {
                        0 => t,
                        _ => {
                            let parameters = d.parameters.iter().map(|p| self.bounds[p.index()]).collect();
                            self.solver.term(Term::Operator(parameters, t))
                        }
                    };
                    self.solver.flow(self.bounds[d.bound.index()], t);
                }
                self.expr(body)
            }
            ExprKind::Lambda(names, body) => {
                let names = names.iter().map(|n| self.bounds[n.index()]).collect();
                let t = self.expr(body);
                self.solver.term(Term::Operator(names, t))
            }
        }
    }

    /// What stands at an index.
    pub(super) fn indexed(&mut self, f: TypeId, index: &Expr, i: TypeId, written: bool) -> TypeId {
        let literal = if let ExprKind::Int(n) = index.kind { Some(n) } else { None };
        let text = if let ExprKind::Str(text) = &index.kind { Some(*text) } else { None };
        let out = self.solver.fresh();
        self.solver.require(Constraint::Index { f, i, literal, text, out, written });
        out
    }

    fn record(&mut self, fields: &[(Symbol, Expr)]) -> TypeId {
        let mut map = BTreeMap::new();
        let mut tags = Vec::new();
        for (name, e) in fields {
            let t = self.held(e);
            map.insert(*name, t);
            if let Some(possible) = self.possible(e) {
                tags.push((*name, possible));
            }
        }
        let shape: Vec<Symbol> = map.keys().copied().collect();
        let record = self.solver.record(map, true);
        if let Term::Record(row) = self.solver.get(record) {
            self.literals.push(RecordLiteral { row: *row, shape, tags });
        }
        record
    }

    /// Notes what a name stands for.
    pub(super) fn name(&mut self, bound: BoundId, value: &Expr) {
        if let Some(possible) = self.possible(value) {
            self.named.insert(bound, possible);
        }
    }

    /// What names the value of an expression, if it is one of a few that are written down.
    fn possible(&self, e: &Expr) -> Option<Vec<Named>> {
        let all = |list: &mut dyn Iterator<Item = &Expr>| {
            let found: Option<Vec<_>> = list.map(|e| self.possible(e)).collect();
            found.map(|lists| lists.concat())
        };
        match &e.kind {
            ExprKind::If(_, a, b) => all(&mut [&**a, &**b].into_iter()),
            ExprKind::Case(arms, other) => all(&mut arms.iter().map(|(_, value)| value).chain(other.as_deref())),
            ExprKind::Bound(id) => self.named.get(id).cloned(),
            ExprKind::CallBound(id, args) if args.is_empty() => self.named.get(id).cloned(),
            _ => self.tag(e).map(|named| vec![named]),
        }
    }

    fn tag(&self, e: &Expr) -> Option<Named> {
        let model = &self.input.model;
        match &e.kind {
            ExprKind::Str(s) => Some((*s, Some(Tag::Str(*s)))),
            ExprKind::Call(id, args) if args.is_empty() => Some((model.operators[id.index()].name, model.tag_of(*id))),
            ExprKind::Constant(id) => Some((model.constants[id.index()].name, model.constant_tag(*id))),
            _ => None,
        }
    }

    fn function(&mut self, bindings: &[Binding], body: &Expr) -> TypeId {
        bindings.iter().for_each(|b| self.bind(b));
        let value = self.held(body);
        let mut keys: Vec<TypeId> = Vec::new();
        for b in bindings {
            if b.tuple {
                let names = b.names.iter().map(|n| self.bounds[n.index()]).collect();
                keys.push(self.solver.term(Term::Tuple(names)));
            } else {
                keys.extend(b.names.iter().map(|n| self.bounds[n.index()]));
            }
        }
        if let ([key], [b]) = (&keys[..], bindings) {
            return self.function_over(&b.set, *key, value);
        }
        let key = self.solver.term(Term::Tuple(keys));
        self.solver.term(Term::Function(key, value))
    }

    /// `[key \in set |-> value]`
    fn function_over(&mut self, set: &Expr, key: TypeId, value: TypeId) -> TypeId {
        match &set.kind {
            ExprKind::Builtin(op, args) if op.id == Op::Range && matches!(args[0].kind, ExprKind::Int(1)) => {
                self.solver.term(Term::Range(value))
            }
            ExprKind::Builtin(op, args) if op.id == Op::Domain => {
                let f = self.exprs.get(&args[0].id).copied().unwrap_or(key);
                let out = self.solver.fresh();
                self.solver.require(Constraint::Over { f, key, value, out });
                out
            }
            _ => self.solver.term(Term::Function(key, value)),
        }
    }

    /// Notes that a string or model value that the model names is compared with something. The empty
    /// string is not such a name: it says that there is none.
    fn compared(&mut self, e: &Expr, t: TypeId) {
        let named = match &e.kind {
            ExprKind::Str(text) => !text.is_empty(),
            ExprKind::Call(id, _) => self.input.model.tag_of(*id).is_some_and(|tag| !tag.text().is_empty()),
            _ => false,
        };
        if named {
            self.solver.compared(t);
        }
    }

    fn builtin(&mut self, op: &'static Operator, args: &[Expr]) -> TypeId {
        match op.id {
            Op::Equal | Op::NotEqual => {
                let (a, b) = (self.expr(&args[0]), self.expr(&args[1]));
                self.solver.require(Constraint::Compared(a, b));
                self.compared(&args[0], a);
                self.compared(&args[1], b);
                self.solver.term(Term::Bool)
            }
            Op::Implies => {
                self.in_turn(&[&args[0], &args[1]], true);
                self.solver.term(Term::Bool)
            }
            Op::In | Op::NotIn => {
                let (a, b) = (self.expr(&args[0]), self.expr(&args[1]));
                let set = self.solver.term(Term::Set(a));
                self.solver.require(Constraint::Compared(set, b));
                if let ExprKind::Set(items) = &args[1].kind {
                    items.iter().for_each(|e| self.compared(e, b));
                }
                self.solver.term(Term::Bool)
            }
            Op::Domain => {
                let f = self.expr(&args[0]);
                let out = self.solver.fresh();
                let text = self.solver.string();
                self.solver.require(Constraint::Domain { f, out, text });
                out
            }
            Op::Product => {
                let mut parts = Vec::new();
                for e in args {
                    let set = self.expr(e);
                    let element = self.solver.fresh();
                    let wanted = self.solver.term(Term::Set(element));
                    self.solver.operand(wanted, set);
                    parts.push(element);
                }
                let tuple = self.solver.term(Term::Tuple(parts));
                self.solver.term(Term::Set(tuple))
            }
            _ if op.signature.is_empty() => {
                args.iter().for_each(|a| {
                    self.expr(a);
                });
                self.solver.term(Term::Dynamic)
            }
            _ if op.strings => self.on_sequences(op, args),
            _ => {
                let (parameters, result) = instantiate(op.signature, &mut self.solver);
                for (a, p) in args.iter().zip(self.operands(parameters)) {
                    let t = self.expr(a);
                    match p {
                        Parameter::Any(p) => self.solver.flow(p, t),
                        Parameter::Of(p) => self.solver.operand(p, t),
                    }
                }
                result
            }
        }
    }

    /// What each parameter of an operator takes, before anything is given to one.
    fn operands(&self, parameters: Vec<TypeId>) -> Vec<Parameter> {
        let is_any = |p: TypeId| matches!(self.solver.get(p), Term::Free);
        parameters.into_iter().map(|p| if is_any(p) { Parameter::Any(p) } else { Parameter::Of(p) }).collect()
    }

    /// An operator that takes strings for sequences.
    fn on_sequences(&mut self, op: &'static Operator, args: &[Expr]) -> TypeId {
        let (parameters, result) = instantiate(op.signature, &mut self.solver);
        let mut arguments = Vec::new();
        for (a, p) in args.iter().zip(self.operands(parameters)) {
            let t = self.expr(a);
            match p {
                Parameter::Any(p) => self.solver.flow(p, t),
                Parameter::Of(p) => arguments.push((p, t)),
            }
        }
        let text = match self.solver.get(result) {
            Term::Seq(_) => self.solver.string(),
            _ => result,
        };
        let out = self.solver.fresh();
        self.solver.require(Constraint::Sequence { arguments, result, text, out });
        out
    }
}

/// A parameter of an operator of the table.
enum Parameter {
    /// It takes any value.
    Any(TypeId),
    /// It takes values of a kind.
    Of(TypeId),
}
