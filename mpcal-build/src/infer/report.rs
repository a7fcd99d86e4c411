//! What was inferred, for people: types in the notation of Apalache's type system 1.2, and for a
//! variable without a type of its own the two uses that disagree.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::Types;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::normal::{Block, Normal, Step};
use crate::resolved::{Argument, Expr, Initial, Model, VariableId};
use crate::source::{Source, Sources, Span};
use crate::types::Type;

impl Types {
    /// A type as Apalache writes it; `Value` for what could not be reconciled.
    #[must_use]
    pub fn text(&self, t: &Type) -> String {
        match t {
            Type::Bool => "Bool".to_owned(),
            Type::Int => "Int".to_owned(),
            Type::Str => "Str".to_owned(),
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

/// Everything that has a type, a line each, in the order of the text; then the records.
#[must_use]
pub fn show(sources: &Sources, model: &Model, types: &Types) -> String {
    let mut lines: Vec<(Span, String, String)> = Vec::new();
    for (n, c) in model.constants.iter().enumerate() {
        lines.push((c.span, c.name.to_string(), types.text(&types.constants[n])));
    }
    let of = |id: &VariableId| -> (Span, Rc<str>, String) {
        let v = model.variable(*id);
        let text = match types.refs.get(id) {
            None => types.text(&types.variables[id.index()]),
            Some(r) => {
                let indices: Vec<_> = r.indices.iter().map(|t| format!("[{}]", types.text(t))).collect();
                let (read, write) = (types.text(&r.read), types.text(&r.write));
                let both = if read == write { read } else { format!("{read} read, {write} written") };
                format!("ref {}{both}", indices.iter().map(|i| format!("{i} ")).collect::<String>())
            }
        };
        (v.span, v.name.clone(), text)
    };
    for g in &model.globals {
        let (span, name, text) = of(g);
        lines.push((span, name.to_string(), text));
    }
    let archetypes = model.archetypes.iter().map(|a| (&a.name, &a.parameters, &a.locals));
    let procedures = model.procedures.iter().map(|p| (&p.name, &p.parameters, &p.locals));
    for (owner, parameters, locals) in archetypes.chain(procedures) {
        for id in parameters.iter().chain(locals) {
            let (span, name, text) = of(id);
            lines.push((span, format!("{owner}.{name}"), text));
        }
    }
    // One that specialization has retired has no name of its own.
    for o in model.operators.iter().filter(|o| !o.parts.is_empty()) {
        let result = types.text(types.of(o.body.id));
        let parameters: Vec<_> = o.parameters.iter().map(|p| types.text(&types.bounds[p.index()])).collect();
        let text = if parameters.is_empty() { result } else { format!("({}) => {result}", parameters.join(", ")) };
        lines.push((o.span, o.name.to_string(), text));
    }
    lines.sort_by_key(|(span, ..)| *span);
    let place = |span: Span| {
        let file: &Source = sources.file(span);
        format!("{}:{}", file.path, file.line(span.start))
    };
    let rows: Vec<_> = lines.into_iter().map(|(span, name, text)| (place(span), name, text)).collect();
    let width = |f: &dyn Fn(&(String, String, String)) -> usize| rows.iter().map(f).max().unwrap_or(0);
    let (places, names) = (width(&|r| r.0.chars().count()), width(&|r| r.1.chars().count()));
    let mut out: String =
        rows.iter().map(|(place, name, text)| format!("{place:places$}  {name:names$}  {text}\n")).collect();
    for record in &types.records {
        for shape in &record.shapes {
            let fields: Vec<_> = shape
                .fields
                .iter()
                .map(|f| format!("{f}: {}", record.fields.get(f).map_or("Value".to_owned(), |t| types.text(t))))
                .collect();
            let variant = if record.shapes.len() > 1 { format!("::{}", shape.name) } else { String::new() };
            out.push_str(&format!("\n${}{variant} = {{ {} }}", record.name, fields.join(", ")));
        }
    }
    if !types.records.is_empty() {
        out.push('\n');
    }
    out
}
