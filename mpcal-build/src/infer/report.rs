//! What was inferred, for people: types in the notation of Apalache's type system 1.2, and for a
//! variable without a type of its own the two uses that disagree.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::Types;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::normal::{Block, Normal, Step};
use crate::resolved::{Argument, BoundId, Expr, ExprKind, Initial, Model, VariableId};
use crate::types::Type;

impl Types {
    /// A type as Apalache writes it; `Value` for what could not be reconciled.
    #[must_use]
    pub fn text(&self, t: &Type) -> String {
        match t {
            Type::Bool => "Bool".to_owned(),
            Type::Int => "Int".to_owned(),
            Type::Str => "Str".to_owned(),
            // A model value of any uninterpreted type.
            Type::Atom => "ATOM".to_owned(),
            Type::Enum(id) => format!("${}", self.enums[*id].name),
            Type::Optional(id, _) => format!("${}", self.enums[*id].name),
            Type::Set(t) => format!("Set({})", self.text(t)),
            Type::Seq(t) => format!("Seq({})", self.text(t)),
            Type::Tuple(items) => {
                format!("<<{}>>", items.iter().map(|t| self.text(t)).collect::<Vec<_>>().join(", "))
            }
            Type::Function(k, v) => match **k {
                Type::Function(..) => format!("({}) -> {}", self.text(k), self.text(v)),
                _ => format!("{} -> {}", self.text(k), self.text(v)),
            },
            // An alias, defined once.
            Type::Record(id) => format!("${}", self.records[*id].name),
            Type::Value => "Value".to_owned(),
        }
    }
}

/// Says which variables have no type of their own, and which two uses disagree.
pub fn warn_untyped(model: &Model, normal: &Normal, types: &Types, out: &mut Diagnostics) {
    let uses = uses(model, normal);
    let bodies = model.archetypes.iter().flat_map(|a| a.parameters.iter().chain(&a.locals));
    let bodies = bodies.chain(model.procedures.iter().flat_map(|p| p.parameters.iter().chain(&p.locals)));
    for id in model.globals.iter().chain(bodies) {
        let variable = model.variable(*id);
        if !types.untyped.contains(id) {
            continue;
        }
        let mut warning =
            Diagnostic::warning("untyped", variable.span, format!("`{}` has no single type", variable.name))
                .because("its uses disagree: it is a dynamic `Value` in Rust");
        let given = uses.get(id).map_or(&[][..], |list| &list[..]);
        if let Some((first, second)) = disagreeing(types, given) {
            warning = warning
                .and(first.span, format!("here it is given {}", types.text(types.of(first.id))))
                .and(second.span, format!("here it is given {}", types.text(types.of(second.id))))
                .help("use two variables, or records with a field that tells the cases apart");
        }
        out.push(warning);
    }
    parts(model, normal, types, out);
}

/// Two values that a place is given, of types that disagree.
fn disagreeing<'m>(types: &Types, given: &[&'m Expr]) -> Option<(&'m Expr, &'m Expr)> {
    let known = |e: &&&'m Expr| *types.of(e.id) != Type::Value;
    let first = given.iter().find(known)?;
    let one = types.of(first.id);
    let second = given.iter().filter(known).find(|e| types.of(e.id) != one)?;
    Some((first, second))
}

/// Says which fields of records and which parameters of operators have no type of their own, although
/// what they are given has.
fn parts(model: &Model, normal: &Normal, types: &Types, out: &mut Diagnostics) {
    let mut fields: BTreeMap<(usize, Rc<str>), Vec<&Expr>> = BTreeMap::new();
    let mut parameters: BTreeMap<BoundId, Vec<&Expr>> = BTreeMap::new();
    fn each<'m>(e: &'m Expr, f: &mut dyn FnMut(&'m Expr)) {
        f(e);
        e.each_child(&mut |child| each(child, f));
    }
    let mut look = |e| each(e, &mut |e| note(e, model, types, &mut fields, &mut parameters));
    let sections = normal.archetypes.iter().chain(&normal.procedures).flat_map(|b| &b.sections);
    sections.for_each(|s| s.block.each_expr(&mut look));
    model.operators.iter().for_each(|o| look(&o.body));
    for v in &model.variables {
        if let Initial::Value(e) | Initial::Element(e) = &v.initial {
            look(e);
        }
    }
    for ((id, field), given) in &fields {
        if let Some((first, second)) = disagreeing(types, given) {
            let what = format!("the field `{field}` of `{}` has no single type", types.records[*id].name);
            out.push(disagreement(what, types, first, second));
        }
    }
    for (id, given) in &parameters {
        if let Some((first, second)) = disagreeing(types, given) {
            let what = format!("the parameter `{}` has no single type", model.bound(*id).name);
            out.push(disagreement(what, types, first, second));
        }
    }
}

fn disagreement(what: String, types: &Types, first: &Expr, second: &Expr) -> Diagnostic {
    Diagnostic::warning("untyped", first.span, what)
        .because(format!("here it is given {}", types.text(types.of(first.id))))
        .and(second.span, format!("here it is given {}", types.text(types.of(second.id))))
        .help("give the two cases names of their own, or write down the type that is meant: `\\* @type: …;`")
}

/// Notes what an expression gives to fields and parameters that are any value.
fn note<'m>(
    e: &'m Expr,
    model: &Model,
    types: &Types,
    fields: &mut BTreeMap<(usize, Rc<str>), Vec<&'m Expr>>,
    parameters: &mut BTreeMap<BoundId, Vec<&'m Expr>>,
) {
    match (&e.kind, types.of(e.id)) {
        (ExprKind::Record(list), Type::Record(id)) => {
            for (field, value) in list {
                if types.records[*id].fields.get(field) == Some(&Type::Value) {
                    fields.entry((*id, field.clone())).or_default().push(value);
                }
            }
        }
        (ExprKind::Call(id, args), _) => {
            for (parameter, value) in model.operators[id.index()].parameters.iter().zip(args) {
                if types.bounds[parameter.index()] == Type::Value {
                    parameters.entry(*parameter).or_default().push(value);
                }
            }
        }
        _ => {}
    }
}

/// The values that each variable is given as a whole.
fn uses<'m>(model: &'m Model, normal: &'m Normal) -> BTreeMap<VariableId, Vec<&'m Expr>> {
    let mut found: BTreeMap<VariableId, Vec<&Expr>> = BTreeMap::new();
    for (n, v) in model.variables.iter().enumerate() {
        if let Initial::Value(e) = &v.initial {
            found.entry(VariableId(n as u32)).or_default().push(e);
        }
    }
    let bodies = normal.archetypes.iter().chain(&normal.procedures);
    for section in bodies.flat_map(|b| &b.sections) {
        given(&section.block, &mut found);
    }
    // What a `ref` parameter is given, the variable behind it is given.
    for process in &model.processes {
        let parameters = &model.archetypes[process.archetype.index()].parameters;
        for (parameter, argument) in parameters.iter().zip(&process.arguments) {
            match argument {
                Argument::Ref(variable, ..) => {
                    let through = found.get(parameter).cloned().unwrap_or_default();
                    let own = found.entry(*variable).or_default();
                    own.extend(through);
                    let all = own.clone();
                    found.insert(*parameter, all);
                }
                Argument::Value(e) => found.entry(*parameter).or_default().push(e),
            }
        }
    }
    found
}

fn given<'m>(block: &'m Block, found: &mut BTreeMap<VariableId, Vec<&'m Expr>>) {
    block.each_step(&mut |step| match step {
        Step::Assign { variable, path, value, .. } if path.is_empty() => {
            found.entry(*variable).or_default().push(value);
        }
        Step::Write { parameter, indices, value, .. } if indices.is_empty() => {
            found.entry(*parameter).or_default().push(value);
        }
        _ => {}
    });
}
