//! Types that the author wrote down, held against what is given to the places that have them.
//!
//! What is given is followed to its parts, as far as they are written out; where the value comes from
//! elsewhere, its inferred type must have values in common with the one that is written down.

use std::collections::BTreeMap;

use super::signature::read;
use super::solve::{Solver, Term, TypeId};
use super::Types;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::normal::{Block, End, Normal, Step};
use crate::operators::Op;
use crate::resolved::{Argument, Expr, ExprKind, Initial, Literal, Model, Step as PathStep, VariableId, VariableKind};
use crate::source::Span;
use crate::symbol::Symbol;
use crate::types::{Tag, Type};

/// A type that an author wrote down.
#[derive(Clone, Debug)]
enum Written {
    Bool,
    Int,
    Str,
    Model,
    Set(Box<Written>),
    Seq(Box<Written>),
    Tuple(Vec<Written>),
    Function(Box<Written>, Box<Written>),
    Record(BTreeMap<Symbol, Written>),
    Operator(Vec<Written>, Box<Written>),
    /// A type variable.
    Any,
}

impl Written {
    fn of(solver: &Solver, t: TypeId) -> Self {
        let of = |t: TypeId| Self::of(solver, t);
        let boxed = |t: TypeId| Box::new(Self::of(solver, t));
        match solver.get(t) {
            Term::Bool => Written::Bool,
            Term::Int => Written::Int,
            Term::Tags(row) if solver.tags[solver.tags_of(*row)].strings() => Written::Str,
            Term::Tags(_) => Written::Model,
            Term::Set(t) => Written::Set(boxed(*t)),
            Term::Seq(t) => Written::Seq(boxed(*t)),
            Term::Range(t) => Written::Function(Box::new(Written::Int), boxed(*t)),
            Term::Tuple(items) => Written::Tuple(items.iter().map(|t| of(*t)).collect()),
            Term::Function(k, v) => Written::Function(boxed(*k), boxed(*v)),
            Term::Record(row) => {
                let fields = &solver.rows[solver.row(*row)].fields;
                Written::Record(fields.iter().map(|(name, t)| (*name, of(*t))).collect())
            }
            Term::Operator(parameters, result) => {
                Written::Operator(parameters.iter().map(|t| of(*t)).collect(), boxed(*result))
            }
            Term::Free | Term::Link(_) | Term::Kinds(_) | Term::Dynamic => Written::Any,
        }
    }
}

/// Reports what contradicts a type that is written down.
pub fn check_annotations(model: &Model, normal: &Normal, types: &Types, out: &mut Diagnostics) {
    let mut cx = Checker { model, types, out };
    if !model.annotations.types.is_empty() {
        cx.model(normal);
    }
}

struct Checker<'m, 'o> {
    model: &'m Model,
    types: &'m Types,
    out: &'o mut Diagnostics,
}

impl Checker<'_, '_> {
    /// What is written down at a declaration.
    fn written(&self, span: Span) -> Option<Written> {
        let annotations = &self.model.annotations;
        let mut solver = Solver::default();
        let t = read(annotations.types.get(&span)?, &annotations.aliases, &mut solver).ok()?;
        Some(Written::of(&solver, t))
    }

    /// What is written down of a variable; for a `ref` parameter of what stands at its indices.
    fn variable(&self, id: VariableId) -> Option<Written> {
        let variable = self.model.variable(id);
        let mut written = self.written(variable.span)?;
        if let (VariableKind::Ref(count), Some(r)) = (variable.kind, self.types.refs.get(&id)) {
            // What a mapping macro takes may be something else than what it gives.
            if r.read != r.write {
                return None;
            }
            let whole = written.clone();
            for _ in 0..count {
                match written {
                    Written::Function(_, value) => written = *value,
                    _ => return Some(whole),
                }
            }
        }
        Some(written)
    }

    fn model(&mut self, normal: &Normal) {
        self.constants();
        let model = self.model;
        for (n, v) in model.variables.iter().enumerate() {
            match (&v.initial, self.variable(VariableId(n as u32))) {
                (Initial::Value(e), Some(written)) => self.given(e, &written, v.span, &v.name),
                (Initial::Element(e), Some(written)) => {
                    self.given(e, &Written::Set(Box::new(written)), v.span, &v.name);
                }
                _ => {}
            }
            if let Initial::Value(e) | Initial::Element(e) = &v.initial {
                self.inside(e);
            }
        }
        for o in &model.operators {
            match self.written(o.span) {
                Some(Written::Operator(parameters, result)) if parameters.len() == o.parameters.len() => {
                    self.given(&o.body, &result, o.span, &o.name);
                }
                Some(Written::Operator(..)) => self.wrong_shape(o.span, &o.name, o.parameters.len()),
                Some(_) if !o.parameters.is_empty() => self.wrong_shape(o.span, &o.name, o.parameters.len()),
                Some(written) => self.given(&o.body, &written, o.span, &o.name),
                None => {}
            }
            self.inside(&o.body);
        }
        let bodies = normal.archetypes.iter().chain(&normal.procedures);
        bodies.flat_map(|b| &b.sections).for_each(|s| self.block(&s.block));
        for p in &model.processes {
            let parameters = &model.archetypes[p.archetype.index()].parameters;
            parameters.iter().zip(&p.arguments).for_each(|(parameter, a)| self.argument(*parameter, a));
        }
    }

    fn wrong_shape(&mut self, span: Span, name: &str, count: usize) {
        let arguments = if count == 1 { "1 argument" } else { &format!("{count} arguments") };
        let shape = match count {
            0 => "`() => Int`, or the type of its value".to_owned(),
            n => format!("`({}) => Int`", vec!["Int"; n].join(", ")),
        };
        self.out.push(
            Diagnostic::error(
                "annotation-mismatch",
                span,
                format!("`{name}` takes {arguments}, but its annotation says otherwise"),
            )
            .because(format!("its type is annotated as {}", self.text(span)))
            .help(format!("write a type like {shape}")),
        );
    }

    /// The type at a declaration, as it is written down.
    fn text(&self, declared: Span) -> Symbol {
        self.model.annotations.types.get(&declared).copied().unwrap_or_default()
    }

    /// What TLC's configuration gives to constants.
    fn constants(&mut self) {
        for c in &self.model.constants {
            let (Some(written), Some(given)) = (self.written(c.span), &c.given) else { continue };
            if !literal_fits(given, &written) {
                let message = format!("`{}` cannot be what the configuration gives it", c.name);
                self.out.push(
                    Diagnostic::error("annotation-mismatch", c.span, message)
                        .because(format!("its type is annotated as {}", self.text(c.span)))
                        .help("change the type in the comment above the declaration, or the configuration"),
                );
            }
        }
    }

    fn argument(&mut self, parameter: VariableId, argument: &Argument) {
        if let Argument::Value(e) = argument {
            let variable = self.model.variable(parameter);
            if let Some(written) = self.variable(parameter) {
                self.given(e, &written, variable.span, &variable.name);
            }
            self.inside(e);
        }
    }

    fn block(&mut self, block: &Block) {
        block.steps.iter().for_each(|s| s.each(&mut |s| self.step(s)));
        match &block.end {
            End::If(c, ..) => self.inside(c),
            End::Call(procedure, arguments, _) => {
                let parameters = &self.model.procedures[procedure.index()].parameters;
                parameters.iter().zip(arguments).for_each(|(parameter, a)| self.argument(*parameter, a));
            }
            End::Goto(_) | End::Return | End::Either(_) => {}
        }
        block.end.blocks().into_iter().for_each(|b| self.block(b));
    }

    fn step(&mut self, step: &Step) {
        step.each_expr(&mut |e| self.inside(e));
        match step {
            Step::Assign { variable: id, path, value, .. } => {
                if let Some(part) = self.variable(*id).and_then(|w| at(w, path)) {
                    let variable = self.model.variable(*id);
                    self.given(value, &part, variable.span, &variable.name);
                }
            }
            Step::Write { parameter, value, .. } => {
                if let Some(written) = self.variable(*parameter) {
                    let variable = self.model.variable(*parameter);
                    self.given(value, &written, variable.span, &variable.name);
                }
            }
            _ => {}
        }
    }

    /// What is given to the parameters of operators.
    fn inside(&mut self, e: &Expr) {
        if let ExprKind::Call(id, args) = &e.kind {
            let operator = &self.model.operators[id.index()];
            if let Some(Written::Operator(parameters, _)) = self.written(operator.span) {
                if parameters.len() == args.len() {
                    args.iter().zip(&parameters).for_each(|(a, w)| self.given(a, w, operator.span, &operator.name));
                }
            }
        }
        e.each_child(&mut |child| self.inside(child));
    }

    /// A value is given to something that has a type written down.
    fn given(&mut self, e: &Expr, written: &Written, declared: Span, name: &str) {
        if let Some(wrong) = self.contradicting(e, written) {
            let found = match wrong.kind {
                ExprKind::Record(_) => "this is a record with other fields".to_owned(),
                _ => format!("this is {}", self.types.text(self.types.of(wrong.id))),
            };
            self.out.push(
                Diagnostic::error("annotation-mismatch", wrong.span, format!("`{name}` cannot hold this value"))
                    .because(found)
                    .and(declared, format!("its type is annotated as {}", self.text(declared)))
                    .help("change the type in the comment above the declaration, or what is given here"),
            );
        }
    }

    /// The part of a value that no value of a type has.
    fn contradicting<'e>(&self, e: &'e Expr, written: &Written) -> Option<&'e Expr> {
        let all = |items: &'e [Expr], t: &Written| items.iter().find_map(|e| self.contradicting(e, t));
        match (&e.kind, written) {
            (_, Written::Any) => None,
            (ExprKind::If(_, a, b), _) => self.contradicting(a, written).or_else(|| self.contradicting(b, written)),
            (ExprKind::Case(arms, other), _) => {
                let mut values = arms.iter().map(|(_, e)| e).chain(other.as_deref());
                values.find_map(|e| self.contradicting(e, written))
            }
            (ExprKind::Let(_, body), _) => self.contradicting(body, written),
            (ExprKind::Tuple(items), Written::Seq(t)) => all(items, t),
            (ExprKind::Tuple(items), Written::Function(k, t)) if matches!(**k, Written::Int) => all(items, t),
            (ExprKind::Tuple(items), Written::Tuple(types)) if items.len() == types.len() => {
                items.iter().zip(types).find_map(|(e, t)| self.contradicting(e, t))
            }
            (ExprKind::Tuple(_), Written::Tuple(_)) => Some(e),
            (ExprKind::Set(items), Written::Set(t)) => all(items, t),
            (ExprKind::Map(body, _), Written::Set(t)) | (ExprKind::Function(_, body), Written::Function(_, t)) => {
                self.contradicting(body, t)
            }
            (ExprKind::Record(fields), Written::Record(types)) => {
                let same = fields.len() == types.len() && fields.iter().all(|(name, _)| types.contains_key(name));
                match same {
                    false => Some(e),
                    true => fields.iter().find_map(|(name, e)| self.contradicting(e, &types[name])),
                }
            }
            (ExprKind::Builtin(op, args), Written::Seq(t)) if op.id == Op::Append => {
                self.contradicting(&args[0], written).or_else(|| self.contradicting(&args[1], t))
            }
            (ExprKind::Builtin(op, args), Written::Seq(_) | Written::Set(_))
                if matches!(op.id, Op::Concat | Op::Union) =>
            {
                all(args, written)
            }
            _ => (!self.possible(self.types.of(e.id), written)).then_some(e),
        }
    }

    /// Whether a value of an inferred type may be one of a type that is written down.
    fn possible(&self, t: &Type, written: &Written) -> bool {
        match (t, written) {
            (Type::Value, _) | (_, Written::Any) => true,
            (Type::Kinds(_, kinds), _) => kinds.iter().any(|t| self.possible(t, written)),
            (Type::Bool, Written::Bool) | (Type::Int, Written::Int) | (Type::Str, Written::Str) => true,
            (Type::Atom, Written::Model) => true,
            (Type::Enum(id), Written::Str | Written::Model) => self.types.enums[*id].tags.iter().any(|(tag, _)| {
                let string = matches!(tag, Tag::Str(_));
                string == matches!(written, Written::Str)
            }),
            (Type::Optional(..), Written::Model) => true,
            (Type::Optional(_, t), _) => self.possible(t, written),
            // Either may be empty.
            (Type::Set(_), Written::Set(_)) | (Type::Seq(_), Written::Seq(_)) => true,
            (Type::Seq(_), Written::Tuple(_)) | (Type::Function(..), Written::Seq(_) | Written::Function(..)) => true,
            (Type::Function(k, _), Written::Tuple(_)) => self.possible(k, &Written::Int),
            (Type::Function(k, _), Written::Record(_)) => self.possible(k, &Written::Str),
            (Type::Seq(_), Written::Function(k, _)) => matches!(**k, Written::Int | Written::Any),
            (Type::Tuple(items), Written::Seq(w)) => items.iter().all(|t| self.possible(t, w)),
            (Type::Tuple(items), Written::Function(k, w)) => {
                matches!(**k, Written::Int | Written::Any) && items.iter().all(|t| self.possible(t, w))
            }
            (Type::Tuple(items), Written::Tuple(types)) => {
                items.len() == types.len() && items.iter().zip(types).all(|(t, w)| self.possible(t, w))
            }
            (Type::Record(id), Written::Record(types)) => {
                let record = &self.types.records[*id];
                record.shapes.iter().any(|s| {
                    s.fields.len() == types.len()
                        && s.fields
                            .iter()
                            .all(|f| types.get(f).zip(record.fields.get(f)).is_some_and(|(w, t)| self.possible(t, w)))
                })
            }
            _ => false,
        }
    }
}

/// Whether a value of a configuration has a type.
fn literal_fits(value: &Literal, written: &Written) -> bool {
    match (value, written) {
        (_, Written::Any) => true,
        (Literal::Bool(_), Written::Bool) | (Literal::Int(_), Written::Int) => true,
        (Literal::Str(_), Written::Str) | (Literal::Model(_), _) => true,
        (Literal::Set(items), Written::Set(t)) => items.iter().all(|i| literal_fits(i, t)),
        _ => false,
    }
}

/// The type of what stands at a path.
fn at(mut written: Written, path: &[PathStep]) -> Option<Written> {
    for step in path {
        written = match (written, step) {
            (Written::Seq(t), PathStep::Index(_)) | (Written::Function(_, t), PathStep::Index(_)) => *t,
            (Written::Tuple(items), PathStep::Index(Expr { kind: ExprKind::Int(n), .. })) => {
                items.get(usize::try_from(n - 1).ok()?)?.clone()
            }
            (Written::Record(fields), PathStep::Field(field)) => fields.get(field)?.clone(),
            _ => return None,
        };
    }
    Some(written)
}
