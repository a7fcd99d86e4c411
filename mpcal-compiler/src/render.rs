//! Diagnostics to text, as rustc shows them. The only file that knows the renderer.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::Sources;

/// Renders a report; `styled` adds the colours of a terminal.
#[must_use]
pub fn render(sources: &Sources, diagnostics: &[Diagnostic], styled: bool) -> String {
    let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
    let parts: Vec<String> = diagnostics.iter().map(|d| one(&renderer, sources, d)).collect();
    parts.join("\n\n")
}

fn one(renderer: &Renderer, sources: &Sources, d: &Diagnostic) -> String {
    let level = match d.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let source = sources.file(d.primary.span);
    let mut snippet = Snippet::source(&source.text[..]).path(&source.path[..]).fold(true);
    let primary = AnnotationKind::Primary.span(source.range(d.primary.span));
    snippet = snippet.annotation(if d.primary.text.is_empty() { primary } else { primary.label(&d.primary.text[..]) });
    let (here, elsewhere): (Vec<_>, Vec<_>) =
        d.further.iter().partition(|a| std::ptr::eq(sources.file(a.span), source));
    for a in here {
        snippet = snippet.annotation(AnnotationKind::Context.span(source.range(a.span)).label(&a.text[..]));
    }
    let mut group: Group<'_> = level.primary_title(&d.message[..]).id(d.code).element(snippet);
    for a in elsewhere {
        let source = sources.file(a.span);
        let snippet = Snippet::source(&source.text[..]).path(&source.path[..]).fold(true);
        let annotation = AnnotationKind::Context.span(source.range(a.span)).label(&a.text[..]);
        group = group.element(snippet.annotation(annotation));
    }
    if let Some(help) = &d.help {
        group = group.element(Level::HELP.message(&help[..]));
    }
    renderer.render(&[group]).to_string()
}
