//! Copies of expressions with ids and bound names of their own.

pub(crate) mod free;

use std::collections::{HashMap, HashSet};

use crate::operators::{Op, Operator};
use crate::resolved::{BoundId, Expr, ExprKind, LetDefinition, Model, OperatorId};
use crate::source::Span;
use crate::symbol::Symbol;
use crate::unused::unused;

use free::{bound_by, Free};

/// What stands for a bound operator inside a copy.
#[derive(Clone)]
pub(crate) enum Replacement {
    /// A defined operator, and what it takes before its own arguments.
    Operator(OperatorId, Vec<Expr>),
    Builtin(&'static Operator),
}

/// Makes a copy of an expression with ids and bound names of its own.
pub(crate) struct Fresh<'m> {
    pub(crate) model: &'m mut Model,
    pub(crate) bounds: HashMap<BoundId, BoundId>,
    /// What became a parameter.
    pub(crate) free: HashMap<Free, BoundId>,
    /// What bound operators stand for.
    pub(crate) given: HashMap<BoundId, Replacement>,
}

impl<'m> Fresh<'m> {
    /// Starts with nothing renamed.
    pub(crate) fn new(model: &'m mut Model) -> Self {
        Self { model, bounds: HashMap::new(), free: HashMap::new(), given: HashMap::new() }
    }

    pub(crate) fn bound(&mut self, b: BoundId) -> BoundId {
        if let Some(known) = self.bounds.get(&b) {
            return *known;
        }
        let old = self.model.bound(b).clone();
        let fresh = self.model.new_bound(old.name, old.span, old.arity);
        self.bounds.insert(b, fresh);
        fresh
    }

    /// A parameter for each thing that is mentioned from outside; `taken` are names that it may not hide.
    pub(crate) fn parameters(&mut self, free: &[Free], taken: &mut HashSet<Symbol>, span: Span) -> Vec<BoundId> {
        free.iter()
            .map(|f| {
                let name: Symbol = match f {
                    Free::Bound(b) => self.model.bound(*b).name,
                    Free::Variable(v) => self.model.variable(*v).name,
                    Free::SelfId => Symbol::from("process"),
                    Free::MappedVariable => Symbol::from("variable"),
                    Free::MappedValue => Symbol::from("value"),
                };
                let name = if &*name == "@" { Symbol::from("old") } else { name };
                let b = self.apart(&name, taken, span);
                self.free.insert(*f, b);
                b
            })
            .collect()
    }

    /// A bound name that is none of those taken, and is from now on.
    pub(crate) fn apart(&mut self, name: &str, taken: &mut HashSet<Symbol>, span: Span) -> BoundId {
        let name = Symbol::from(unused(name, |n| !taken.contains(n)));
        taken.insert(name);
        self.model.new_bound(name, span, 0)
    }

    /// The names that an expression binds, and those of some parameters.
    pub(crate) fn names(&self, parameters: &[BoundId], e: &Expr) -> HashSet<Symbol> {
        let mut bound = parameters.to_vec();
        e.any(&mut |e| {
            bound.extend(bound_by(e));
            false
        });
        bound.into_iter().map(|b| self.model.bound(b).name).collect()
    }

    pub(crate) fn copy(&mut self, e: &Expr) -> Expr {
        let mut e = e.clone();
        self.renew(&mut e);
        e
    }

    fn renew(&mut self, e: &mut Expr) {
        self.model.renumber(e);
        let span = e.span;
        if let Some(b) = Free::of(e).and_then(|f| self.free.get(&f).copied()) {
            if !matches!(e.kind, ExprKind::CallBound(..)) {
                e.kind = ExprKind::Bound(b);
                return;
            }
        }
        match &mut e.kind {
            ExprKind::Bound(b) => *b = self.bounds.get(b).copied().unwrap_or(*b),
            ExprKind::CallBound(b, args) => {
                if let Some(replacement) = self.given.get(b).cloned() {
                    let args = std::mem::take(args);
                    let arity = self.model.bound(*b).arity;
                    e.kind = self.replaced(&replacement, args, arity, span);
                    return;
                }
                *b = self.bounds.get(b).copied().unwrap_or(*b);
            }
            ExprKind::Filter(b, _) | ExprKind::Choose(b, _) => {
                b.names = b.names.clone().into_iter().map(|n| self.bound(n)).collect();
            }
            ExprKind::Map(_, list) | ExprKind::Function(list, _) | ExprKind::Quantified(_, list, _) => {
                for b in list {
                    b.names = b.names.clone().into_iter().map(|n| self.bound(n)).collect();
                }
            }
            ExprKind::Lambda(names, _) => *names = names.clone().into_iter().map(|n| self.bound(n)).collect(),
            ExprKind::Let(definitions, _) => {
                for LetDefinition { bound, parameters, .. } in definitions {
                    *bound = self.bound(*bound);
                    *parameters = parameters.clone().into_iter().map(|n| self.bound(n)).collect();
                }
            }
            ExprKind::Except(_, updates) => {
                for u in updates {
                    u.at = self.bound(u.at);
                }
            }
            _ => {}
        }
        e.each_child_mut(&mut |child| self.renew(child));
    }

    /// An application of what stands for a bound operator, or that operator as an argument.
    fn replaced(&mut self, to: &Replacement, mut args: Vec<Expr>, arity: usize, span: Span) -> ExprKind {
        args.iter_mut().for_each(|a| self.renew(a));
        match to {
            Replacement::Builtin(op) if args.is_empty() => ExprKind::BuiltinRef(op),
            Replacement::Builtin(op) if op.id == Op::And => ExprKind::And(args),
            Replacement::Builtin(op) if op.id == Op::Or => ExprKind::Or(args),
            Replacement::Builtin(op) => ExprKind::Builtin(op, args),
            Replacement::Operator(id, captured) if args.is_empty() && captured.is_empty() => ExprKind::OperatorRef(*id),
            Replacement::Operator(id, captured) => {
                let mut all: Vec<_> = captured.iter().map(|c| self.model.expr(c.kind.clone(), span)).collect();
                if !args.is_empty() {
                    all.extend(args);
                    return ExprKind::Call(*id, all);
                }
                let mut taken = HashSet::new();
                for c in captured {
                    if let Some(Free::Bound(b)) = Free::of(c) {
                        taken.insert(self.model.bound(b).name);
                    }
                }
                let names: Vec<_> = (1..=arity).map(|n| self.apart(&format!("item{n}"), &mut taken, span)).collect();
                all.extend(names.iter().map(|n| self.model.expr(ExprKind::Bound(*n), span)).collect::<Vec<_>>());
                let call = self.model.expr(ExprKind::Call(*id, all), span);
                ExprKind::Lambda(names, Box::new(call))
            }
        }
    }
}
