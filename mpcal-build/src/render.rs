//! Diagnostics to text, as rustc shows them. The only file that knows the renderer.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{Source, Span};

/// Renders a report; `styled` adds the colours of a terminal.
#[must_use]
pub fn render(source: &Source, diagnostics: &[Diagnostic], styled: bool) -> String {
    let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
    let parts: Vec<String> = diagnostics.iter().map(|d| one(&renderer, source, d)).collect();
    parts.join("\n\n")
}

fn one(renderer: &Renderer, source: &Source, d: &Diagnostic) -> String {
    let level = match d.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut snippet = Snippet::source(&source.text[..]).path(&source.path[..]).fold(true);
    let primary = AnnotationKind::Primary.span(range(source, d.primary.span));
    snippet = snippet.annotation(if d.primary.text.is_empty() { primary } else { primary.label(&d.primary.text[..]) });
    for a in &d.further {
        snippet = snippet.annotation(AnnotationKind::Context.span(range(source, a.span)).label(&a.text[..]));
    }
    let mut group: Group<'_> = level.primary_title(&d.message[..]).id(d.code).element(snippet);
    if let Some(help) = &d.help {
        group = group.element(Level::HELP.message(&help[..]));
    }
    renderer.render(&[group]).to_string()
}

/// A range the renderer takes: inside the text, on character boundaries.
fn range(source: &Source, span: Span) -> std::ops::Range<usize> {
    let floor = |mut at: usize| {
        at = at.min(source.text.len());
        while !source.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let (start, end) = (floor(span.start as usize), floor(span.end as usize));
    start..end.max(start)
}
