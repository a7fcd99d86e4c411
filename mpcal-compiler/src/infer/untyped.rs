//! Where a value has no single type, and which two uses disagree: one warning for one disagreement.
//!
//! A place that is given a dynamic value from elsewhere is dynamic, too; there is nothing to say of it,
//! as the disagreement is shown where it is.

use std::collections::{BTreeMap, BTreeSet};

use super::{Place, Types};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::normal::{Block, End, Normal, Step};
use crate::operators::Op;
use crate::resolved::{
    Argument, BoundId, Expr, ExprKind, Initial, MappingMacroId, Model, OperatorId, Step as PathStep, VariableId,
};
use crate::source::Span;
use crate::symbol::Symbol;
use crate::types::Type;

/// Something that values are given to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Given {
    /// A variable, or a part of what it holds.
    Variable(VariableId, Vec<Part>),
    /// A field of a record type.
    Field(usize, Symbol),
    /// A parameter of an operator.
    Parameter(BoundId),
    /// What an operator gives.
    Result(OperatorId),
}

/// A part of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Element,
    Value,
    Item(usize),
    /// What is written through a mapping macro or at indices.
    Written,
}

/// Says which places have no type of their own, and which two uses disagree.
pub fn warn_untyped(model: &Model, normal: &Normal, types: &Types, out: &mut Diagnostics) {
    let mut cx = Collector { model, types, found: BTreeMap::new() };
    cx.model(normal);
    let mut shown = BTreeSet::new();
    for place in &types.endless {
        if let Some((span, name)) = cx.declared(*place) {
            if shown.insert(span) {
                out.push(endless(span, &name));
            }
        }
    }
    for (given, values) in &cx.found {
        let Some((first, second)) = disagreeing(types, values) else { continue };
        // What a parameter is given, the variable that it stands for is given, too.
        let place = if let Given::Variable(id, _) = given { model.variable(*id).span } else { first.span };
        if ![place, first.span, second.span].iter().any(|span| shown.contains(span)) {
            shown.extend([place, first.span, second.span]);
            out.push(cx.disagreement(given, first, second));
        }
    }
    if shown.is_empty() {
        cx.unexplained(out);
    }
}

/// Two values that a place is given, of types that disagree: of different kinds, or else of kinds that differ inside.
fn disagreeing<'m>(types: &Types, given: &[&'m Expr]) -> Option<(&'m Expr, &'m Expr)> {
    let of = |e: &Expr| types.of(e.id);
    let known: Vec<_> = given.iter().copied().filter(|e| *of(e) != Type::Value).collect();
    let first = *known.first()?;
    let other = |differ: &dyn Fn(&Expr) -> bool| known.iter().copied().find(|e| differ(e));
    let kind = kind(of(first));
    let inside = |t: &Type| matches!(t, Type::Record(_)) || t.has_value(&types.records);
    let second = other(&|e| self::kind(of(e)) != kind)
        .or_else(|| other(&|e| of(e) != of(first) && !inside(of(e)) && !inside(of(first))))?;
    Some((first, second))
}

/// What kind of value a type has; a model value may stand beside any.
fn kind(t: &Type) -> Kind {
    match t {
        Type::Bool => Kind::Bool,
        Type::Int => Kind::Int,
        Type::Str | Type::Atom | Type::Enum(_) => Kind::Name,
        Type::Optional(_, t) => kind(t),
        Type::Set(_) => Kind::Set,
        Type::Seq(_) | Type::Tuple(_) | Type::Function(..) => Kind::Function,
        Type::Record(_) => Kind::Record,
        Type::Kinds(..) | Type::Value => Kind::Any,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bool,
    Int,
    Name,
    Set,
    Function,
    Record,
    Any,
}

fn endless(span: Span, name: &str) -> Diagnostic {
    Diagnostic::warning("untyped", span, format!("`{name}` has no single type"))
        .because("its type would contain itself: it is a dynamic `Value` in Rust")
        .help("keep the inner value in a variable of its own, or keep only its depth")
}

/// Collects what is given to places that are any value, or hold any.
struct Collector<'m> {
    model: &'m Model,
    types: &'m Types,
    found: BTreeMap<Given, Vec<&'m Expr>>,
}

impl<'m> Collector<'m> {
    fn model(&mut self, normal: &'m Normal) {
        for (n, v) in self.model.variables.iter().enumerate() {
            if let Initial::Value(e) = &v.initial {
                self.variable(VariableId(n as u32), &[], e);
            }
            if let Initial::Value(e) | Initial::Element(e) = &v.initial {
                self.inside(e);
            }
        }
        for (n, o) in self.model.operators.iter().enumerate() {
            self.value(Given::Result(OperatorId(n as u32)), &o.body, &mut Vec::new(), self.types.of(o.body.id));
            self.inside(&o.body);
        }
        let bodies = normal.archetypes.iter().chain(&normal.procedures);
        bodies.flat_map(|b| &b.sections).for_each(|s| self.block(&s.block));
        for p in &self.model.processes {
            let parameters = &self.model.archetypes[p.archetype.index()].parameters;
            for ((parameter, argument), mapping) in parameters.iter().zip(&p.arguments).zip(&p.mappings) {
                self.argument(*parameter, argument, *mapping);
            }
        }
    }

    fn block(&mut self, block: &'m Block) {
        block.each_step(&mut |step| {
            step.each_expr(&mut |e| self.inside(e));
            match step {
                Step::Assign { variable, path, value, .. } => self.variable(*variable, path, value),
                Step::Write { parameter, value, .. } => self.variable(*parameter, &[], value),
                _ => {}
            }
        });
        block.each(&mut |b| match &b.end {
            End::If(c, ..) => self.inside(c),
            End::Call(procedure, arguments, _) => {
                let parameters = &self.model.procedures[procedure.index()].parameters;
                for (parameter, argument) in parameters.iter().zip(arguments) {
                    self.argument(*parameter, argument, None);
                }
            }
            End::Goto(_) | End::Return | End::Either(_) => {}
        });
    }

    /// What a `ref` parameter is given, the variable that it stands for is given.
    fn argument(&mut self, parameter: VariableId, argument: &'m Argument, mapping: Option<MappingMacroId>) {
        match argument {
            Argument::Value(e) => {
                self.variable(parameter, &[], e);
                self.inside(e);
            }
            Argument::Ref(variable, indices, _) => {
                let whole = *indices == 0 && mapping.is_none();
                let mut through = Vec::new();
                for (given, values) in &self.found {
                    match given {
                        Given::Variable(v, parts) if *v == parameter => {
                            let parts = if whole { parts.clone() } else { vec![Part::Written] };
                            through.push((Given::Variable(*variable, parts), values.clone()));
                        }
                        _ => {}
                    }
                }
                for (given, values) in through {
                    self.found.entry(given).or_default().extend(values);
                }
            }
        }
    }

    /// A value that a variable is given at a path.
    fn variable(&mut self, id: VariableId, path: &'m [PathStep], value: &'m Expr) {
        let types = self.types;
        let mut t = match types.refs.get(&id) {
            Some(r) => &r.write,
            None => &types.variables[id.index()],
        };
        let mut parts = Vec::new();
        for step in path {
            let next = match (t, step) {
                (Type::Seq(e), PathStep::Index(_)) => (&**e, Part::Element),
                (Type::Function(_, v), PathStep::Index(_)) => (&**v, Part::Value),
                (Type::Tuple(items), PathStep::Index(Expr { kind: ExprKind::Int(n), .. })) => {
                    let at = usize::try_from(n - 1).unwrap_or(usize::MAX);
                    let Some(item) = items.get(at) else { return };
                    (item, Part::Item(at))
                }
                (Type::Record(id), PathStep::Field(field)) => {
                    self.field(*id, field, value);
                    return;
                }
                _ => return,
            };
            t = next.0;
            parts.push(next.1);
        }
        self.value(Given::Variable(id, Vec::new()), value, &mut parts, t);
    }

    fn field(&mut self, id: usize, field: &Symbol, value: &'m Expr) {
        if self.types.records[id].fields.get(field) == Some(&Type::Value) {
            self.found.entry(Given::Field(id, *field)).or_default().push(value);
        }
    }

    /// Follows a value to its parts, as far as the type of what it is given to is known.
    fn value(&mut self, to: Given, e: &'m Expr, parts: &mut Vec<Part>, t: &'m Type) {
        let mut part = |cx: &mut Self, e: &'m Expr, part: Part, t: &'m Type| {
            parts.push(part);
            cx.value(to.clone(), e, parts, t);
            parts.pop();
        };
        match (&e.kind, t) {
            (ExprKind::If(_, a, b), _) => {
                self.value(to.clone(), a, parts, t);
                self.value(to, b, parts, t);
            }
            (ExprKind::Let(_, body), _) => self.value(to, body, parts, t),
            (_, Type::Value) => {
                let to = match to {
                    Given::Variable(id, _) => Given::Variable(id, parts.clone()),
                    Given::Field(..) | Given::Parameter(_) | Given::Result(_) if parts.is_empty() => to,
                    Given::Field(..) | Given::Parameter(_) | Given::Result(_) => return,
                };
                self.found.entry(to).or_default().push(e);
            }
            (ExprKind::Tuple(items), Type::Seq(t)) => {
                items.iter().for_each(|e| part(self, e, Part::Element, t));
            }
            (ExprKind::Tuple(items), Type::Tuple(types)) if items.len() == types.len() => {
                for (n, (e, t)) in items.iter().zip(types).enumerate() {
                    part(self, e, Part::Item(n), t);
                }
            }
            (ExprKind::Set(items), Type::Set(t)) => items.iter().for_each(|e| part(self, e, Part::Element, t)),
            (ExprKind::Map(body, _), Type::Set(t)) => part(self, body, Part::Element, t),
            (ExprKind::Function(_, body), Type::Function(_, t)) => part(self, body, Part::Value, t),
            (ExprKind::Function(_, body), Type::Seq(t)) => part(self, body, Part::Element, t),
            (ExprKind::Builtin(op, args), _) => match (op.id, t) {
                (Op::Append, Type::Seq(element)) => {
                    part(self, &args[1], Part::Element, element);
                    self.value(to, &args[0], parts, t);
                }
                (Op::Concat | Op::Union, Type::Seq(_) | Type::Set(_)) => {
                    self.value(to.clone(), &args[0], parts, t);
                    self.value(to, &args[1], parts, t);
                }
                _ => {}
            },
            _ => {}
        }
    }

    /// What an expression gives to fields and parameters.
    fn inside(&mut self, e: &'m Expr) {
        match (&e.kind, self.types.of(e.id)) {
            (ExprKind::Record(list), Type::Record(id)) => {
                list.iter().for_each(|(field, value)| self.field(*id, field, value));
            }
            (ExprKind::Call(id, args), _) => {
                for (parameter, value) in self.model.operators[id.index()].parameters.iter().zip(args) {
                    if self.types.bounds[parameter.index()] == Type::Value {
                        self.found.entry(Given::Parameter(*parameter)).or_default().push(value);
                    }
                }
            }
            _ => {}
        }
        e.each_child(&mut |child| self.inside(child));
    }

    /// The place and the name of what has no type.
    fn declared(&self, place: Place) -> Option<(Span, Symbol)> {
        let model = self.model;
        match place {
            Place::Variable(id) => model.variables.get(id.index()).map(|v| (v.span, v.name)),
            Place::Bound(id) => model.bounds.get(id.index()).map(|b| (b.span, b.name)),
            Place::Result(id) => model.operators.get(id.index()).map(|o| (o.span, o.name)),
        }
    }

    fn disagreement(&self, given: &Given, first: &Expr, second: &Expr) -> Diagnostic {
        let types = self.types;
        let (one, other) = (types.text(types.of(first.id)), types.text(types.of(second.id)));
        if let Given::Variable(id, parts) = given {
            let variable = self.model.variable(*id);
            let (what, because) = match parts[..] {
                [] => (String::new(), "its uses disagree: it is a dynamic `Value` in Rust"),
                _ => ("what is in ".to_owned(), "its uses disagree: it holds dynamic `Value`s in Rust"),
            };
            return Diagnostic::warning(
                "untyped",
                variable.span,
                format!("{what}`{}` has no single type", variable.name),
            )
            .because(because)
            .and(first.span, format!("here it is given {one}"))
            .and(second.span, format!("here it is given {other}"))
            .help("use two variables, or records with a field that tells the cases apart");
        }
        let what = match given {
            Given::Field(id, field) => format!("the field `{field}` of `{}`", types.records[*id].name),
            Given::Parameter(id) => format!("the parameter `{}`", self.model.bound(*id).name),
            Given::Result(id) => format!("`{}`", self.model.operators[id.index()].name),
            Given::Variable(id, _) => format!("`{}`", self.model.variable(*id).name),
        };
        Diagnostic::warning("untyped", first.span, format!("{what} has no single type"))
            .because(format!("here it is given {one}"))
            .and(second.span, format!("here it is given {other}"))
            .help("use a different name for each case, or annotate the intended type: `\\* @type: …;`")
    }

    /// Variables that are any value, where nothing says why.
    fn unexplained(&self, out: &mut Diagnostics) {
        let mut shown = BTreeSet::new();
        for id in &self.types.untyped {
            let variable = self.model.variable(*id);
            if shown.insert(variable.span) {
                let message = format!("`{}` has no single type", variable.name);
                out.push(
                    Diagnostic::warning("untyped", variable.span, message)
                        .because("it is given dynamic values: it is a dynamic `Value` in Rust"),
                );
            }
        }
    }
}
