//! What cannot be evaluated, whatever the values are: TLC stops where it comes there, and so does the Rust.
//!
//! In: a model with its types. A place is reported if it fails in each copy that was made of it: an
//! operator used at two types may hold a branch for each.

use std::collections::{BTreeMap, HashMap};

use super::signature::instantiate;
use super::solve::{Solver, Term};
use super::Types;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::normal::{Block, End, Normal, Step};
use crate::operators::{Op, Operator};
use crate::resolved::{Argument, Binding, BoundId, Expr, ExprKind, Initial, Model, Step as PathStep, VariableId};
use crate::source::Span;
use crate::symbol::Symbol;
use crate::types::{Tag, Type};

/// What is certain of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bool,
    Int,
    Str,
    Model,
    Set,
    Seq,
    Function,
    Record,
}

impl Kind {
    fn named(self) -> &'static str {
        match self {
            Kind::Bool => "a boolean",
            Kind::Int => "an integer",
            Kind::Str => "a string",
            Kind::Model => "a model value",
            Kind::Set => "a set",
            Kind::Seq => "a sequence",
            Kind::Function => "a function",
            Kind::Record => "a record",
        }
    }

    /// Records and sequences are functions; a function may be a sequence.
    fn fits(self, wanted: Kind) -> bool {
        match wanted {
            Kind::Seq => matches!(self, Kind::Seq | Kind::Function),
            Kind::Function => matches!(self, Kind::Seq | Kind::Function | Kind::Record),
            Kind::Record => matches!(self, Kind::Function | Kind::Record),
            Kind::Bool | Kind::Int | Kind::Str | Kind::Model | Kind::Set => self == wanted,
        }
    }
}

/// Warns of what is certain to fail.
pub fn warn_failures(model: &Model, normal: &Normal, types: &Types, out: &mut Diagnostics) {
    let mut cx = Finder { model, types, sources: HashMap::new(), made: HashMap::new(), found: BTreeMap::new() };
    cx.all(normal, &mut |cx, e| cx.note(e));
    cx.all(normal, &mut |cx, e| cx.look(e));
    cx.found.into_values().flatten().for_each(|d| out.push(d));
}

/// What is asked of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// To be what the operator around it takes.
    Operand,
    /// To compare two values.
    Comparison,
    /// To have a field.
    Field,
}

/// Where the value of a bound name comes from.
#[derive(Clone, Copy)]
enum Source<'m> {
    Value(&'m Expr),
    Parameter(VariableId),
}

struct Finder<'m> {
    model: &'m Model,
    types: &'m Types,
    sources: HashMap<BoundId, Source<'m>>,
    /// The first record of each type that is made.
    made: HashMap<usize, Span>,
    /// What fails, by the place and what is asked of it; nothing where a copy does not.
    found: BTreeMap<(Span, Part), Option<Diagnostic>>,
}

/// What is done with an expression.
type Visitor<'v, 'm> = dyn FnMut(&mut Finder<'m>, &'m Expr) + 'v;

impl<'m> Finder<'m> {
    /// Calls `f` on every expression that may be evaluated.
    fn all(&mut self, normal: &'m Normal, f: &mut Visitor<'_, 'm>) {
        let (model, types) = (self.model, self.types);
        let instantiated =
            |n: usize| model.processes.is_empty() || model.processes.iter().any(|p| p.archetype.index() == n);
        let archetypes = model.archetypes.iter().enumerate().filter(|(n, _)| instantiated(*n));
        let mut variables: Vec<VariableId> = model.globals.clone();
        let mut bodies: Vec<_> = normal.procedures.iter().collect();
        for (n, a) in archetypes {
            variables.extend(&a.locals);
            bodies.extend(normal.archetypes.get(n));
        }
        variables.extend(model.procedures.iter().flat_map(|p| &p.locals));
        for v in variables {
            if let Initial::Value(e) | Initial::Element(e) = &model.variable(v).initial {
                self.visit(e, f);
            }
        }
        for o in model.operators.iter().filter(|o| !o.parts.is_empty()) {
            self.visit(&o.body, f);
        }
        bodies.into_iter().flat_map(|b| &b.sections).for_each(|s| self.block(&s.block, f));
        for m in &types.mappings {
            self.steps(&m.read, f);
            self.steps(&m.write, f);
        }
        for p in &model.processes {
            if let Initial::Value(e) | Initial::Element(e) = &p.selves {
                self.visit(e, f);
            }
            p.arguments.iter().for_each(|a| self.argument(a, f));
        }
    }

    fn visit(&mut self, e: &'m Expr, f: &mut Visitor<'_, 'm>) {
        f(self, e);
        e.each_child(&mut |child| self.visit(child, f));
    }

    fn argument(&mut self, a: &'m Argument, f: &mut Visitor<'_, 'm>) {
        if let Argument::Value(e) = a {
            self.visit(e, f);
        }
    }

    fn block(&mut self, block: &'m Block, f: &mut Visitor<'_, 'm>) {
        self.steps(&block.steps, f);
        match &block.end {
            End::If(c, ..) => {
                self.demand(c, Kind::Bool, "a condition");
                self.visit(c, f);
            }
            End::Call(_, arguments, _) => arguments.iter().for_each(|a| self.argument(a, f)),
            End::Goto(_) | End::Return | End::Either(_) => {}
        }
        block.end.blocks().into_iter().for_each(|b| self.block(b, f));
    }

    fn steps(&mut self, steps: &'m [Step], f: &mut Visitor<'_, 'm>) {
        for step in steps {
            step.each_expr(&mut |e| self.visit(e, f));
            match step {
                Step::Let { bound, value, .. } | Step::Pick { bound, set: value } => {
                    self.sources.insert(*bound, Source::Value(value));
                    if let Step::Pick { set, .. } = step {
                        self.demand(set, Kind::Set, "`\\in`");
                    }
                }
                Step::Read { bound, parameter, .. } => {
                    self.sources.insert(*bound, Source::Parameter(*parameter));
                }
                Step::Assign { variable, path, span, .. } => {
                    let t = &self.types.variables[variable.index()];
                    self.path(t, path, *span);
                }
                Step::Await(e) | Step::Assert(e) | Step::If(e, ..) => {
                    self.demand(e, Kind::Bool, "a condition");
                }
                Step::Write { .. } | Step::AssignMapped { .. } => {}
                Step::Yield(_) | Step::Print(_) | Step::Either(_) => {}
            }
            step.inner().into_iter().for_each(|inner| self.steps(inner, f));
        }
    }

    /// Notes what explains others.
    fn note(&mut self, e: &'m Expr) {
        if let (ExprKind::Record(_), Type::Record(id)) = (&e.kind, self.types.of(e.id)) {
            let known = self.made.entry(*id).or_insert(e.span);
            *known = e.span.min(*known);
        }
        match &e.kind {
            ExprKind::Filter(b, _) | ExprKind::Choose(b, _) => self.bind(b),
            ExprKind::Map(_, list) | ExprKind::Function(list, _) | ExprKind::Quantified(_, list, _) => {
                list.iter().for_each(|b| self.bind(b));
            }
            ExprKind::Let(definitions, _) => definitions.iter().for_each(|d| {
                self.sources.insert(d.bound, Source::Value(&d.body));
            }),
            _ => {}
        }
    }

    fn bind(&mut self, b: &'m Binding) {
        for name in &b.names {
            self.sources.insert(*name, Source::Value(&b.set));
        }
    }

    /// What is certain of values of a type.
    fn kind(&self, t: &Type) -> Option<Kind> {
        match t {
            Type::Bool => Some(Kind::Bool),
            Type::Int => Some(Kind::Int),
            Type::Str => Some(Kind::Str),
            Type::Atom => Some(Kind::Model),
            Type::Enum(id) => {
                let tags = &self.types.enums[*id].tags;
                let strings = tags.iter().filter(|(tag, _)| matches!(tag, Tag::Str(_))).count();
                match strings {
                    0 => Some(Kind::Model),
                    n if n == tags.len() => Some(Kind::Str),
                    _ => None,
                }
            }
            // A model value is none of what is asked for, so it is about the other.
            Type::Optional(_, t) => self.kind(t),
            Type::Set(_) => Some(Kind::Set),
            Type::Seq(_) | Type::Tuple(_) => Some(Kind::Seq),
            Type::Function(..) => Some(Kind::Function),
            Type::Record(_) => Some(Kind::Record),
            Type::Kinds(..) | Type::Value => None,
        }
    }

    fn report(&mut self, at: Span, part: Part, failure: Option<Diagnostic>) {
        let known = self.found.entry((at, part)).or_insert_with(|| failure.clone());
        if failure.is_none() {
            *known = None;
        }
    }

    /// An operand must be of a kind.
    fn demand(&mut self, e: &'m Expr, wanted: Kind, by: &str) {
        let t = self.types.of(e.id);
        let failure = self.kind(t).filter(|kind| !kind.fits(wanted)).map(|kind| {
            let text = format!("this always fails: {by} needs {}, not {}", wanted.named(), kind.named());
            let failure =
                Diagnostic::warning("always-fails", e.span, text).because(format!("this is {}", self.types.text(t)));
            self.from(failure, e)
        });
        self.report(e.span, Part::Operand, failure);
    }

    /// Says where a value comes from.
    fn from(&self, failure: Diagnostic, e: &'m Expr) -> Diagnostic {
        match self.origin(e, 0) {
            Some((span, name)) if span != e.span => failure.and(span, format!("it comes from `{name}`")),
            _ => failure,
        }
    }

    /// The declaration that a value comes from.
    fn origin(&self, e: &'m Expr, depth: usize) -> Option<(Span, Symbol)> {
        let model = self.model;
        let variable = |id: VariableId| Some((model.variable(id).span, model.variable(id).name));
        match &e.kind {
            _ if depth > 32 => None,
            ExprKind::Variable(id) => variable(*id),
            ExprKind::Bound(id) => match self.sources.get(id) {
                Some(Source::Parameter(p)) => variable(*p),
                Some(Source::Value(v)) => self.origin(v, depth + 1).or(Some((v.span, model.bound(*id).name))),
                None => Some((model.bound(*id).span, model.bound(*id).name)),
            },
            ExprKind::Constant(id) => {
                let constant = &model.constants[id.index()];
                Some((constant.span, constant.name))
            }
            ExprKind::Call(id, _) => {
                let operator = &model.operators[id.index()];
                Some((operator.span, operator.name))
            }
            _ => {
                let mut found = None;
                e.each_child(&mut |child| found = found.take().or_else(|| self.origin(child, depth + 1)));
                found
            }
        }
    }

    fn look(&mut self, e: &'m Expr) {
        match &e.kind {
            ExprKind::Builtin(op, args) => self.builtin(op, args, e),
            ExprKind::And(list) | ExprKind::Or(list) => {
                for item in list {
                    self.demand(item, Kind::Bool, "a condition");
                }
            }
            ExprKind::If(c, ..) => self.demand(c, Kind::Bool, "a condition"),
            ExprKind::Case(arms, _) => {
                for (guard, _) in arms {
                    self.demand(guard, Kind::Bool, "a condition");
                }
            }
            ExprKind::Filter(b, p) | ExprKind::Choose(b, p) => {
                self.bindings(std::slice::from_ref(b));
                self.demand(p, Kind::Bool, "a condition");
            }
            ExprKind::Quantified(_, list, p) => {
                self.bindings(list);
                self.demand(p, Kind::Bool, "a condition");
            }
            ExprKind::Map(_, list) | ExprKind::Function(list, _) => self.bindings(list),
            ExprKind::Index(f, i) => self.index(f, i, e),
            ExprKind::Field(r, field) => {
                self.demand(r, Kind::Record, &format!("`.{field}`"));
                self.field(self.types.of(r.id), field, e.span, Some(r));
            }
            ExprKind::Except(base, updates) => {
                for u in updates {
                    self.path(self.types.of(base.id), &u.path, base.span);
                }
            }
            _ => {}
        }
    }

    fn bindings(&mut self, list: &'m [Binding]) {
        for b in list {
            self.demand(&b.set, Kind::Set, "`\\in`");
        }
    }

    fn builtin(&mut self, op: &'static Operator, args: &'m [Expr], e: &'m Expr) {
        let by = format!("`{}`", op.name);
        match op.id {
            Op::Equal | Op::NotEqual => return self.compared(&args[0], &args[1], e),
            Op::In | Op::NotIn => return self.demand(&args[1], Kind::Set, &by),
            Op::Domain => return self.demand(&args[0], Kind::Function, &by),
            _ => {}
        }
        let mut solver = Solver::default();
        let (parameters, _) = instantiate(op.signature, &mut solver);
        for (a, p) in args.iter().zip(parameters) {
            let wanted = match solver.get(p) {
                Term::Bool => Kind::Bool,
                Term::Int => Kind::Int,
                Term::Set(_) => Kind::Set,
                Term::Seq(_) if op.strings && self.kind(self.types.of(a.id)) == Some(Kind::Str) => Kind::Str,
                Term::Seq(_) => Kind::Seq,
                Term::Function(..) => Kind::Function,
                Term::Tags(_) => Kind::Str,
                _ => continue,
            };
            self.demand(a, wanted, &by);
        }
    }

    /// Values of different kinds cannot be compared, unless one is a model value.
    fn compared(&mut self, a: &'m Expr, b: &'m Expr, e: &'m Expr) {
        let types = self.types;
        let (t, u) = (types.of(a.id), types.of(b.id));
        let optional = |t: &Type| matches!(t, Type::Optional(..));
        let failure = match (self.kind(t), self.kind(u)) {
            (Some(k), Some(l)) if !optional(t) && !optional(u) && incomparable(k, l) => {
                let text = format!("this always fails: {} is compared with {}", k.named(), l.named());
                let failure = Diagnostic::warning("always-fails", e.span, text).because(format!(
                    "{} beside {}",
                    types.text(t),
                    types.text(u)
                ));
                Some(self.from(self.from(failure, a), b))
            }
            _ => None,
        };
        self.report(e.span, Part::Comparison, failure);
    }

    fn index(&mut self, f: &'m Expr, i: &'m Expr, e: &'m Expr) {
        self.demand(f, Kind::Function, "an index");
        let t = self.types.of(f.id);
        match (present(t), &i.kind) {
            (Type::Record(_), ExprKind::Str(field)) => self.field(t, field, e.span, Some(f)),
            (Type::Record(_), _) => self.demand(i, Kind::Str, "a record"),
            (Type::Seq(_) | Type::Tuple(_), _) => self.demand(i, Kind::Int, "a sequence"),
            _ => {}
        }
    }

    /// A field that no record of a type has.
    fn field(&mut self, t: &Type, field: &Symbol, at: Span, r: Option<&'m Expr>) {
        let Type::Record(id) = present(t) else { return };
        let record = &self.types.records[*id];
        let failure = (!record.ever(field)).then(|| {
            let text = match r {
                Some(_) => format!("this always fails: no record there has a field `{field}`"),
                None => format!(
                    "no record there has a field `{field}`: TLC changes nothing, and the Rust code stops with an error"
                ),
            };
            let failure = Diagnostic::warning("always-fails", at, text)
                .because(format!("this is {}", self.types.text(t)))
                .suggest(field, record.shapes.iter().flat_map(|s| &s.fields).map(|f| &**f));
            match (self.made.get(id), r) {
                (Some(made), _) => failure.and(*made, "the records are made like this one"),
                (None, Some(r)) => self.from(failure, r),
                (None, None) => failure,
            }
        });
        self.report(at, Part::Field, failure);
    }

    /// The fields that an assignment or `EXCEPT` changes.
    fn path(&mut self, t: &Type, path: &'m [PathStep], at: Span) {
        let mut t = t.clone();
        for step in path {
            let next = match (present(&t), step) {
                (Type::Record(id), PathStep::Field(field)) => {
                    self.field(&t, field, at, None);
                    self.types.records[*id].fields.get(field).cloned()
                }
                (Type::Seq(e) | Type::Function(_, e), PathStep::Index(_)) => Some((**e).clone()),
                _ => None,
            };
            let Some(next) = next else { return };
            t = next;
        }
    }
}

fn present(t: &Type) -> &Type {
    match t {
        Type::Optional(_, t) => t,
        other => other,
    }
}

/// Whether TLC refuses to compare values of two kinds.
fn incomparable(a: Kind, b: Kind) -> bool {
    let functions = |k: Kind| matches!(k, Kind::Seq | Kind::Function | Kind::Record);
    match (a, b) {
        (Kind::Model, _) | (_, Kind::Model) => false,
        (Kind::Str, k) | (k, Kind::Str) if functions(k) => false,
        (a, b) => a != b && !(functions(a) && functions(b)),
    }
}
