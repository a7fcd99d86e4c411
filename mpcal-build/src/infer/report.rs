//! What was inferred, for people: types in the notation of Apalache's type system 1.2, and for a
//! variable without a type of its own the two uses that disagree.

use std::collections::BTreeMap;

use super::Types;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::normal::{Block, Normal, Step};
use crate::resolved::{Argument, Expr, Initial, Model, VariableId};
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
        let empty: Vec<&Expr> = Vec::new();
        let given = uses.get(id).unwrap_or(&empty);
        let known = |e: &&&Expr| *types.of(e.id) != Type::Value;
        if let Some(first) = given.iter().find(known) {
            let one = types.of(first.id);
            if let Some(second) = given.iter().filter(known).find(|e| types.of(e.id) != one) {
                warning = warning
                    .and(first.span, format!("here it is given {}", types.text(one)))
                    .and(second.span, format!("here it is given {}", types.text(types.of(second.id))))
                    .help("use two variables, or records with a field that tells the cases apart");
            }
        }
        out.push(warning);
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
