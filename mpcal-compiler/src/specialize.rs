//! Operators that take operators, and operators that are recursive inside an expression, to plain
//! operators.
//!
//! In: a model and its normal form. After this, in both: every operator takes values only, an operator
//! or function of a `LET` that is recursive or takes operators stands on its own, and a recursive function
//! is an operator that gives one value. What an operator mentions from outside itself it takes as further
//! parameters, first:
//!
//! ```text
//! Map(F(_), s) == …F(s[i])…;  Map(LAMBDA x : x + n, q)   ⇒  Map1(n, s) == …Lambda(n, s[i])…;  Map1(n, q)
//! f[i \in S] == …f[i - 1]…;  f[3]                        ⇒  f1(i) == CASE i \in S -> …f1(i - 1)…;  f1(3)
//! ```
//!
//! PlusCal keeps the model's own definitions, so only Rust and the interpreter see this.

mod globals;
mod monomorphize;
mod program_counter;
mod reads;

use std::collections::{HashMap, HashSet};

use crate::fresh::free::{bound_by, free, Free};
use crate::fresh::{Fresh, Replacement};
use crate::normal::{Block, End, MappingBody, Normal, Step};
use crate::operators::{self, Fixity, Op, Operator};
use crate::resolved::{Argument, BoundId, Definition, Expr, ExprId, ExprKind, Initial, Model, OperatorId};
use crate::source::Span;
use crate::symbol::Symbol;
use crate::unused::unused;

pub use globals::pass_initials;
pub use monomorphize::monomorphize;
pub use reads::{plain_parameters, share_reads};

/// More copies of operators than this are not made: an operator may take ever larger ones.
const MAX_COPIES: usize = 1_000;

/// Rewrites a model and its normal form.
pub fn specialize(model: &mut Model, normal: &mut Normal) {
    program_counter::program_counter(model, normal);
    globals::pass_globals(model, normal);
    let mut cx = Specializer { model, copies: HashMap::new(), values: HashMap::new() };
    // The list grows while it is gone through.
    let mut n = 0;
    while n < cx.model.operators.len() {
        cx.operator(n);
        n += 1;
    }
    let initials = |i: &mut Initial, cx: &mut Specializer<'_>| match i {
        Initial::None => {}
        Initial::Value(e) | Initial::Element(e) => cx.expr(e),
    };
    for v in 0..cx.model.variables.len() {
        let mut initial = std::mem::replace(&mut cx.model.variables[v].initial, Initial::None);
        initials(&mut initial, &mut cx);
        cx.model.variables[v].initial = initial;
    }
    for p in 0..cx.model.processes.len() {
        let mut process = cx.model.processes[p].clone();
        initials(&mut process.selves, &mut cx);
        for a in &mut process.arguments {
            if let Argument::Value(e) = a {
                cx.expr(e);
            }
        }
        cx.model.processes[p] = process;
    }
    let mut assumes = std::mem::take(&mut cx.model.assumes);
    assumes.iter_mut().for_each(|e| cx.expr(e));
    cx.model.assumes = assumes;
    let bodies = normal.archetypes.iter_mut().chain(&mut normal.procedures);
    bodies.flat_map(|b| &mut b.sections).for_each(|s| cx.block(&mut s.block));
    for MappingBody { read, write } in &mut normal.mapping_macros {
        cx.steps(read);
        cx.steps(write);
    }
    // What bodies use may have made more operators.
    while n < cx.model.operators.len() {
        cx.operator(n);
        n += 1;
    }
}

struct Specializer<'m> {
    model: &'m mut Model,
    /// Copies of operators, by what they are given for their operators.
    copies: HashMap<(OperatorId, Vec<Given>), OperatorId>,
    /// For a recursive function the operator that gives one value.
    values: HashMap<OperatorId, OperatorId>,
}

/// What stands for an operator that is an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Given {
    Operator(OperatorId),
    Builtin(Op),
}

impl Specializer<'_> {
    fn node(&mut self, kind: ExprKind, span: Span) -> Expr {
        self.model.expr(kind, span)
    }

    fn operator(&mut self, n: usize) {
        let placeholder = self.placeholder();
        let mut body = std::mem::replace(&mut self.model.operators[n].body, placeholder);
        // One that takes operators is only used through its copies.
        let plain = self.model.operators[n].parameters.iter().all(|p| self.model.bound(*p).arity == 0);
        if plain {
            self.expr(&mut body);
        }
        self.model.operators[n].body = body;
        if plain {
            self.recursive_function(OperatorId(n as u32));
        }
    }

    fn placeholder(&self) -> Expr {
        Expr { id: ExprId(0), kind: ExprKind::Bool(true), span: Span::default() }
    }

    fn block(&mut self, block: &mut Block) {
        self.steps(&mut block.steps);
        match &mut block.end {
            End::Goto(_) | End::Return => {}
            End::Call(_, arguments, _) => arguments.iter_mut().for_each(|a| {
                if let Argument::Value(e) = a {
                    self.expr(e);
                }
            }),
            End::If(c, a, b) => {
                self.random(c, &mut block.steps);
                self.expr(c);
                self.block(a);
                self.block(b);
            }
            End::Either(arms) => arms.iter_mut().for_each(|a| self.block(a)),
        }
    }

    /// `RandomElement(S)` of a step is a choice before it.
    fn random(&mut self, e: &mut Expr, before: &mut Vec<Step>) {
        let binds = !bound_by(e).is_empty();
        if !binds {
            e.each_child_mut(&mut |child| self.random(child, before));
        }
        if let ExprKind::Builtin(op, args) = &mut e.kind {
            if op.id == Op::RandomElement {
                let bound = self.model.new_bound("element", e.span, 0);
                before.extend(args.pop().map(|set| Step::Pick { bound, set }));
                e.kind = ExprKind::Bound(bound);
            }
        }
    }

    fn steps(&mut self, list: &mut Vec<Step>) {
        let mut all = Vec::with_capacity(list.len());
        for mut step in std::mem::take(list) {
            // What is bound is evaluated only where it is used.
            if !matches!(step, Step::Let { .. }) {
                step.each_expr_mut(&mut |e| self.random(e, &mut all));
            }
            all.push(step);
        }
        *list = all;
        for step in list {
            step.each_expr_mut(&mut |e| self.expr(e));
            step.inner_mut().into_iter().for_each(|list| self.steps(list));
        }
    }

    fn expr(&mut self, e: &mut Expr) {
        if let ExprKind::Builtin(op, args) = &mut e.kind {
            if let Some(by) = self.model.replaced.get(op.name) {
                e.kind = ExprKind::Call(*by, std::mem::take(args));
            }
        }
        if let ExprKind::Let(definitions, _) = &mut e.kind {
            definitions.retain(|d| !d.is_instance());
            let names: HashSet<_> = definitions.iter().map(|d| d.bound).collect();
            let stands_alone = definitions.iter().enumerate().any(|(n, d)| {
                // A definition may use those before it.
                let later: HashSet<_> = definitions[n..].iter().map(|d| d.bound).collect();
                mentions(&d.body, &later) || d.parameters.iter().any(|p| self.model.bound(*p).arity > 0)
            });
            if stands_alone {
                self.lift(e, &names);
            }
        }
        e.each_child_mut(&mut |child| self.expr(child));
        match &mut e.kind {
            ExprKind::Call(id, args) => {
                let id = *id;
                let higher = self.model.operators[id.index()].parameters.iter().any(|p| self.model.bound(*p).arity > 0);
                if higher {
                    let args = std::mem::take(args);
                    e.kind = self.call(id, args, e.span);
                }
            }
            ExprKind::Builtin(_, args) => {
                for a in args {
                    if let ExprKind::BuiltinRef(op) = a.kind {
                        self.eta(a, op);
                    }
                }
            }
            ExprKind::Index(f, i) => {
                if let ExprKind::Call(id, args) = &f.kind {
                    if let Some(applied) = self.applied(*id, args, i) {
                        e.kind = applied;
                    }
                }
            }
            _ => {}
        }
    }

    /// A symbol that an operator of the table takes becomes a `LAMBDA`.
    fn eta(&mut self, a: &mut Expr, op: &'static Operator) {
        let arity = match op.fixity {
            Fixity::Infix(..) => 2,
            Fixity::Prefix(..) | Fixity::Postfix(_) => 1,
            Fixity::Call(arity) => arity,
        };
        let names: Vec<_> = (1..=arity).map(|n| self.model.new_bound(format!("item{n}"), a.span, 0)).collect();
        let args = names.iter().map(|n| self.model.expr(ExprKind::Bound(*n), a.span)).collect();
        let call = self.node(ExprKind::Builtin(op, args), a.span);
        a.kind = ExprKind::Lambda(names, Box::new(call));
    }

    /// A call of an operator that takes operators: a call of the copy that is made for these.
    fn call(&mut self, id: OperatorId, args: Vec<Expr>, span: Span) -> ExprKind {
        let parameters = self.model.operators[id.index()].parameters.clone();
        let (mut given, mut counts) = (Vec::new(), Vec::new());
        let (mut captured, mut values) = (Vec::new(), Vec::new());
        for (p, a) in parameters.iter().zip(&args) {
            let arity = self.model.bound(*p).arity;
            if arity == 0 {
                values.push(a.clone());
                continue;
            }
            match self.given(a, arity) {
                Some((g, free)) => {
                    given.push(g);
                    counts.push(free.len());
                    captured.extend(free);
                }
                None => return ExprKind::Call(id, args),
            }
        }
        if self.copies.len() > MAX_COPIES {
            return ExprKind::Call(id, args);
        }
        let copy = match self.copies.get(&(id, given.clone())) {
            Some(copy) => *copy,
            None => self.copy(id, &given, &counts, span),
        };
        captured.extend(values);
        ExprKind::Call(copy, captured)
    }

    /// What an operator argument is, and what it takes besides its own arguments.
    fn given(&mut self, a: &Expr, arity: usize) -> Option<(Given, Vec<Expr>)> {
        match &a.kind {
            ExprKind::OperatorRef(id) => Some((Given::Operator(*id), Vec::new())),
            ExprKind::BuiltinRef(op) => {
                let id = builtin(op.name, arity)?.id;
                (id != Op::User).then_some((Given::Builtin(id), Vec::new()))
            }
            ExprKind::Lambda(names, body) => match &body.kind {
                // The form that a captured operator has: it is one already.
                ExprKind::Call(id, args) if is_eta(names, args) => {
                    let own = args.len() - names.len();
                    Some((Given::Operator(*id), args[..own].to_vec()))
                }
                _ => {
                    let free = free(body, &names.iter().copied().collect());
                    let id = self.define("Lambda", &free, names, body);
                    let captured = free.iter().map(|f| self.node(f.kind(), a.span)).collect();
                    Some((Given::Operator(id), captured))
                }
            },
            _ => None,
        }
    }

    /// A new operator `name(free…, parameters…) == body`.
    fn define(&mut self, name: &str, free: &[Free], parameters: &[BoundId], body: &Expr) -> OperatorId {
        let id = OperatorId(self.model.operators.len() as u32);
        let span = body.span;
        let placeholder = self.placeholder();
        let definition = Definition {
            name: self.unique(name),
            parts: Vec::new(),
            parameters: Vec::new(),
            body: placeholder,
            recursive: false,
            span,
        };
        self.model.operators.push(definition);
        let mut fresh = Fresh::new(self.model);
        let mut taken = fresh.names(parameters, body);
        let mut all = fresh.parameters(free, &mut taken, span);
        all.extend(parameters.iter().map(|p| fresh.bound(*p)));
        let body = fresh.copy(body);
        let own = &mut self.model.operators[id.index()];
        (own.parts, own.parameters, own.body) = (vec![all.len()], all, body);
        id
    }

    /// The copy of an operator for given operators; each takes `counts` values before its own.
    fn copy(&mut self, id: OperatorId, given: &[Given], counts: &[usize], span: Span) -> OperatorId {
        let definition = self.model.operators[id.index()].clone();
        let made = OperatorId(self.model.operators.len() as u32);
        self.copies.insert((id, given.to_vec()), made);
        let names: String = given.iter().map(|g| self.word(*g)).collect();
        let name = self.unique(&format!("{}With{names}", definition.name));
        let placeholder = self.placeholder();
        self.model.operators.push(Definition { name, body: placeholder, ..definition.clone() });
        let mut fresh = Fresh::new(self.model);
        let mut parameters = Vec::new();
        // What the operator binds itself may not hide what is captured.
        let mut taken = fresh.names(&definition.parameters, &definition.body);
        let mut at = 0;
        for p in &definition.parameters {
            if fresh.model.bound(*p).arity == 0 {
                continue;
            }
            let (Some(g), Some(count)) = (given.get(at), counts.get(at)) else { break };
            at += 1;
            let replacement = match g {
                Given::Builtin(id) => Replacement::Builtin(id.row()),
                Given::Operator(target) => {
                    let first = fresh.model.operators[target.index()].parameters.clone();
                    let own: Vec<_> = first
                        .iter()
                        .take(*count)
                        .map(|b| {
                            let name = fresh.model.bound(*b).name;
                            fresh.apart(&name, &mut taken, span)
                        })
                        .collect();
                    parameters.extend(&own);
                    let captured = own.iter().map(|b| fresh.model.expr(ExprKind::Bound(*b), span)).collect();
                    Replacement::Operator(*target, captured)
                }
            };
            fresh.given.insert(*p, replacement);
        }
        for p in &definition.parameters {
            if fresh.model.bound(*p).arity == 0 {
                parameters.push(fresh.bound(*p));
            }
        }
        let body = fresh.copy(&definition.body);
        let own = &mut self.model.operators[made.index()];
        (own.parts, own.parameters, own.body) = (vec![parameters.len()], parameters, body);
        made
    }

    /// A name that no operator has.
    fn unique(&self, name: &str) -> Symbol {
        Symbol::from(unused(name, |n| self.model.operators.iter().all(|o| *o.name != *n)))
    }

    fn word(&self, given: Given) -> String {
        match given {
            Given::Operator(id) => self.model.operators[id.index()].name.replace('!', ""),
            Given::Builtin(id) if id.row().name.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                id.row().name.to_owned()
            }
            Given::Builtin(_) => "Symbol".to_owned(),
        }
    }

    /// Makes operators of the definitions of a `LET`.
    fn lift(&mut self, e: &mut Expr, names: &HashSet<BoundId>) {
        let ExprKind::Let(definitions, body) = &mut e.kind else { return };
        let (definitions, mut body) = (std::mem::take(definitions), (**body).clone());
        let mut all: Vec<Free> = Vec::new();
        for d in &definitions {
            let own: HashSet<_> = names.iter().chain(&d.parameters).copied().collect();
            for f in free(&d.body, &own) {
                if !all.contains(&f) {
                    all.push(f);
                }
            }
        }
        let ids: Vec<_> = definitions
            .iter()
            .map(|d| {
                let name = self.model.bound(d.bound).name;
                self.define(&name, &all, &d.parameters, &d.body)
            })
            .collect();
        let replacements: Vec<(BoundId, OperatorId)> = definitions.iter().map(|d| d.bound).zip(ids.clone()).collect();
        // Inside they are called with the parameters that they have themselves.
        for (id, d) in ids.iter().zip(&definitions) {
            let own = self.model.operators[id.index()].parameters.clone();
            let captured: Vec<_> = own.iter().take(all.len()).map(|b| ExprKind::Bound(*b)).collect();
            let placeholder = self.placeholder();
            let mut inside = std::mem::replace(&mut self.model.operators[id.index()].body, placeholder);
            self.redirect(&mut inside, &replacements, &captured);
            self.model.operators[id.index()].recursive = mentions_call(&inside, *id) || !d.parameters.is_empty();
            self.model.operators[id.index()].body = inside;
        }
        let captured: Vec<_> = all.iter().map(|f| f.kind()).collect();
        self.redirect(&mut body, &replacements, &captured);
        *e = body;
    }

    /// Calls operators where bound ones stood.
    fn redirect(&mut self, e: &mut Expr, to: &[(BoundId, OperatorId)], captured: &[ExprKind]) {
        e.each_child_mut(&mut |child| self.redirect(child, to, captured));
        let (bound, own) = match &mut e.kind {
            ExprKind::Bound(b) => (*b, Vec::new()),
            ExprKind::CallBound(b, args) => (*b, std::mem::take(args)),
            _ => return,
        };
        match to.iter().find(|(b, _)| *b == bound) {
            Some((_, id)) => {
                let mut args: Vec<_> = captured.iter().map(|k| self.node(k.clone(), e.span)).collect();
                // One that is passed on takes its arguments later.
                let later = if own.is_empty() { self.model.bound(bound).arity } else { 0 };
                let names: Vec<_> = (1..=later).map(|n| self.model.new_bound(format!("item{n}"), e.span, 0)).collect();
                args.extend(own);
                args.extend(names.iter().map(|n| self.model.expr(ExprKind::Bound(*n), e.span)));
                let call = ExprKind::Call(*id, args);
                e.kind = if later == 0 { call } else { ExprKind::Lambda(names, Box::new(self.node(call, e.span))) };
            }
            None => {
                if let ExprKind::CallBound(_, args) = &mut e.kind {
                    *args = own;
                }
            }
        }
    }

    /// Gives a recursive function an operator for one of its values.
    fn recursive_function(&mut self, id: OperatorId) {
        let definition = self.model.operators[id.index()].clone();
        let ExprKind::Function(bindings, body) = &definition.body.kind else { return };
        if self.values.contains_key(&id) || !mentions_call(body, id) {
            return;
        }
        let value = OperatorId(self.model.operators.len() as u32);
        self.values.insert(id, value);
        let span = definition.span;
        let names: Vec<BoundId> = bindings.iter().flat_map(|b| b.names.iter().copied()).collect();
        // The value, where the arguments are in the domain; elsewhere no arm of the CASE is true.
        let mut tests = Vec::new();
        for b in bindings {
            let one = |cx: &mut Self, n: BoundId| cx.node(ExprKind::Bound(n), span);
            let elements: Vec<Expr> = if b.tuple {
                let items = b.names.iter().map(|n| one(self, *n)).collect();
                vec![self.node(ExprKind::Tuple(items), span)]
            } else {
                b.names.iter().map(|n| one(self, *n)).collect()
            };
            for e in elements {
                tests.push(self.node(ExprKind::Builtin(Op::In.row(), vec![e, (*b.set).clone()]), span));
            }
        }
        let guard = self.node(ExprKind::And(tests), span);
        let case = self.node(ExprKind::Case(vec![(guard, (**body).clone())], None), span);
        let parameters: Vec<_> = definition.parameters.iter().chain(&names).copied().collect();
        let name = format!("{}At", definition.name);
        let made = self.define(&name, &[], &parameters, &case);
        self.model.operators[made.index()].recursive = true;
        // The whole function takes its values from the operator.
        let all = definition.parameters.iter().chain(&names).map(|b| ExprKind::Bound(*b)).collect::<Vec<_>>();
        let args = all.into_iter().map(|k| self.node(k, span)).collect();
        let call = self.node(ExprKind::Call(made, args), span);
        let whole = ExprKind::Function(bindings.clone(), Box::new(call));
        self.model.operators[id.index()].body.kind = whole;
        self.model.operators[id.index()].recursive = false;
    }

    /// `f[i]` of a recursive function as a call.
    fn applied(&mut self, id: OperatorId, args: &[Expr], index: &Expr) -> Option<ExprKind> {
        let definition = &self.model.operators[id.index()];
        let ExprKind::Function(bindings, body) = &definition.body.kind else { return None };
        let count: usize = bindings.iter().map(|b| b.names.len()).sum();
        let value = match self.values.get(&id) {
            Some(value) => *value,
            None if mentions_call(body, id) => {
                self.recursive_function(id);
                *self.values.get(&id)?
            }
            None => return None,
        };
        let mut all = args.to_vec();
        match (&index.kind, count) {
            (_, 1) if !bindings_are_tuple(&self.model.operators[id.index()]) => all.push(index.clone()),
            (ExprKind::Tuple(items), n) if items.len() == n => all.extend(items.iter().cloned()),
            _ => return None,
        }
        Some(ExprKind::Call(value, all))
    }
}

fn bindings_are_tuple(definition: &Definition) -> bool {
    matches!(&definition.body.kind, ExprKind::Function(bindings, _) if bindings.iter().any(|b| b.tuple))
}

/// Whether a lambda only calls an operator with its own names last.
fn is_eta(names: &[BoundId], args: &[Expr]) -> bool {
    args.len() >= names.len()
        && args[args.len() - names.len()..]
            .iter()
            .zip(names)
            .all(|(a, n)| matches!(a.kind, ExprKind::Bound(b) if b == *n))
        && args[..args.len() - names.len()].iter().all(|a| Free::of(a).is_some())
}

fn builtin(name: &str, arity: usize) -> Option<&'static Operator> {
    match arity {
        1 => operators::prefix(name).or_else(|| operators::postfix(name)).or_else(|| operators::call(name)),
        _ => operators::infix(name).or_else(|| operators::call(name)),
    }
}

fn mentions(e: &Expr, names: &HashSet<BoundId>) -> bool {
    e.any(&mut |e| matches!(e.kind, ExprKind::Bound(b) | ExprKind::CallBound(b, _) if names.contains(&b)))
}

fn mentions_call(e: &Expr, id: OperatorId) -> bool {
    e.any(&mut |e| matches!(e.kind, ExprKind::Call(c, _) if c == id))
}
