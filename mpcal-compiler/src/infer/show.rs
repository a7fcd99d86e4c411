//! All types of a model, for `mpcal-build types`.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::Types;
use crate::normal::Normal;
use crate::resolved::{Argument, ConstantId, Expr, ExprKind, Initial, Model, OperatorId, VariableId};
use crate::source::{Source, Sources, Span};
use crate::symbol::Symbol;
use crate::types::Tag;

/// The operators that something is evaluated with.
fn used(model: &Model, normal: &Normal, types: &Types) -> BTreeSet<OperatorId> {
    let mut found = BTreeSet::new();
    let mut look = |e: &Expr| calls(e, model, &mut found);
    let bodies = normal.archetypes.iter().chain(&normal.procedures);
    bodies.flat_map(|b| &b.sections).for_each(|s| s.block.each_expr(&mut look));
    let steps = types.mappings.iter().flat_map(|m| m.read.iter().chain(&m.write));
    steps.for_each(|s| s.each(&mut |s| s.each_expr(&mut look)));
    let selves = model.processes.iter().map(|p| &p.selves);
    for initial in model.variables.iter().map(|v| &v.initial).chain(selves) {
        if let Initial::Value(e) | Initial::Element(e) = initial {
            look(e);
        }
    }
    for argument in model.processes.iter().flat_map(|p| &p.arguments) {
        if let Argument::Value(e) = argument {
            look(e);
        }
    }
    model.assumes.iter().for_each(&mut look);
    found
}

fn calls(e: &Expr, model: &Model, found: &mut BTreeSet<OperatorId>) {
    if let ExprKind::Call(id, _) | ExprKind::OperatorRef(id) = e.kind {
        if found.insert(id) {
            calls(&model.operators[id.index()].body, model, found);
        }
    }
    e.each_child(&mut |child| calls(child, model, found));
}

/// Everything that has a type, a line each, in the order of the text; then the records.
#[must_use]
pub fn show(sources: &Sources, model: &Model, normal: &Normal, types: &Types) -> String {
    let mut lines: Vec<(Span, String, String)> = Vec::new();
    for (n, c) in model.constants.iter().enumerate() {
        let text = match model.constant_tag(ConstantId(n as u32)) {
            Some(_) => "model value".to_owned(),
            None => types.text(&types.constants[n]),
        };
        lines.push((c.span, c.name.to_string(), text));
    }
    let of = |id: &VariableId| -> (Span, Symbol, String) {
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
        (v.span, v.name, text)
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
    // One that takes operators is there as its copies.
    for o in used(model, normal, types).into_iter().map(|id| &model.operators[id.index()]) {
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
            let _ = write!(out, "\n${}{variant} = {{ {} }}", record.name, fields.join(", "));
        }
    }
    for e in &types.enums {
        let tags = e.tags.iter().map(|(tag, _)| match tag {
            Tag::Str(text) => format!("{text:?}"),
            Tag::Model(name) => name.to_string(),
        });
        let all: Vec<_> = e.payload.iter().map(|t| types.text(t)).chain(tags).collect();
        let _ = write!(out, "\n${} = {}", e.name, all.join(" | "));
    }
    for e in &types.kinds {
        let all: Vec<_> = e.kinds.iter().map(|(t, _)| types.text(t)).collect();
        let _ = write!(out, "\n${} = {}", e.name, all.join(" | "));
    }
    if !(types.records.is_empty() && types.enums.is_empty() && types.kinds.is_empty()) {
        out.push('\n');
    }
    out
}
