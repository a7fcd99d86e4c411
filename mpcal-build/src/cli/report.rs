//! Problems on standard error: those of a model, and those of the use that is made of the command.

use std::io::IsTerminal;
use std::path::Path;

use serde_json::json;

use super::{Exit, MessageFormat};
use crate::{Config, Error};
use mpcal_compiler::diagnostic::{Annotation, Diagnostic, Severity};
use mpcal_compiler::{render, Compilation, Sources};

/// Opens a model, asks something of it, and shows what is wrong with it. The question says whether it was answered.
pub(super) fn ask(
    config: &Config,
    path: &Path,
    format: MessageFormat,
    question: impl FnOnce(&Compilation) -> bool,
) -> Result<Compilation, Exit> {
    let compilation = config.compilation(path).map_err(|e| unreadable(format, &e))?;
    let is_answered = question(&compilation);
    show(compilation.sources(), &compilation.diagnostics(), format);
    if is_answered && !compilation.has_errors() {
        Ok(compilation)
    } else {
        Err(Exit::Fault)
    }
}

/// Says that a file cannot be read.
pub(super) fn unreadable(format: MessageFormat, error: &Error) -> Exit {
    match error.file_and_cause() {
        Some((path, cause)) => refuse(format, Some(path), cause, None),
        None => refuse(format, None, &error.to_string(), None),
    }
}

/// Says why the command does not do what it was asked for, where no place in a model is at fault.
pub(super) fn refuse(format: MessageFormat, path: Option<&Path>, message: &str, help: Option<&str>) -> Exit {
    match format {
        MessageFormat::Human => {
            let place = path.map(|p| format!("{}: ", p.display())).unwrap_or_default();
            let help = help.map(|h| format!("\n  = help: {}", h.replace('\n', "\n          "))).unwrap_or_default();
            eprintln!("error: {place}{message}{help}");
        }
        MessageFormat::Json => eprintln!(
            "{}",
            json!({
                "code": null, "severity": "error", "message": message, "path": path.map(|p| p.display().to_string()),
                "primary": null, "further": [], "help": help,
            })
        ),
    }
    Exit::Usage
}

pub(super) fn show(sources: &Sources, diagnostics: &[Diagnostic], format: MessageFormat) {
    if diagnostics.is_empty() {
        return;
    }
    match format {
        MessageFormat::Human => {
            let styled = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            eprintln!("{}", render(sources, diagnostics, styled));
        }
        MessageFormat::Json => diagnostics.iter().for_each(|d| eprintln!("{}", as_json(sources, d))),
    }
}

fn as_json(sources: &Sources, d: &Diagnostic) -> serde_json::Value {
    let place = |a: &Annotation| {
        let source = sources.file(a.span);
        let (line, column) = source.line_column(a.span.start);
        let (end_line, end_column) = source.line_column(a.span.end);
        json!({
            "path": source.path, "line": line, "column": column, "end_line": end_line, "end_column": end_column, "text": a.text,
        })
    };
    json!({
        "code": d.code,
        "severity": match d.severity { Severity::Error => "error", Severity::Warning => "warning" },
        "message": d.message,
        "path": sources.file(d.primary.span).path,
        "primary": place(&d.primary),
        "further": d.further.iter().map(place).collect::<Vec<_>>(),
        "help": d.help,
    })
}
