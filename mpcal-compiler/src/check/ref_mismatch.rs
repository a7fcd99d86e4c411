//! `ref-mismatch`: what is passed to a `ref` parameter.

use super::{bodies, each_stmt};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::resolved::{Argument, Model, StmtKind, VariableId, VariableKind};
use crate::source::Span;

pub(super) fn check(model: &Model, out: &mut Diagnostics) {
    for process in &model.processes {
        let parameters = &model.archetypes[process.archetype.index()].parameters;
        for (argument, parameter) in process.arguments.iter().zip(parameters) {
            one(model, argument, *parameter, process.span, out);
        }
    }
    for (body, ..) in bodies(model) {
        each_stmt(body, &mut |s| {
            if let StmtKind::Call(id, arguments) = &s.kind {
                for (argument, parameter) in arguments.iter().zip(&model.procedures[id.index()].parameters) {
                    one(model, argument, *parameter, s.span, out);
                }
            }
        });
    }
}

fn one(model: &Model, argument: &Argument, parameter: VariableId, _at: Span, out: &mut Diagnostics) {
    let parameter = model.variable(parameter);
    let Argument::Ref(passed, indices, span) = argument else { return };
    if *span == Span::default() {
        return;
    }
    match parameter.kind {
        VariableKind::Ref(count) if count == *indices => {}
        VariableKind::Ref(count) => {
            let message = format!("`{}` has {count} `[_]`, the argument has {indices}", parameter.name);
            out.push(
                Diagnostic::error("ref-mismatch", *span, message).and(parameter.span, "the parameter is declared here"),
            );
        }
        _ => out.push(
            Diagnostic::error("ref-mismatch", *span, format!("`{}` is a value parameter", parameter.name))
                .because("a `ref` cannot be passed to it")
                .and(parameter.span, "the parameter is declared here")
                .help("leave out `ref`, or declare the parameter as `ref`"),
        ),
    }
    let passed = model.variable(*passed);
    match passed.kind {
        VariableKind::Ref(count) if count != *indices => {
            let message = format!("`{}` has {count} `[_]`, here it has {indices}", passed.name);
            out.push(Diagnostic::error("ref-mismatch", *span, message).and(passed.span, "declared here"));
        }
        _ => {}
    }
}
