//! Documentation that quotes the model.

use super::{file_name, Emitter};
use crate::normal::Section;
use crate::resolved::{Definition, Initial, Process, VariableId};
use crate::source::Span;

/// Longer texts are cut.
const MAX_LINES: usize = 60;

/// What a line of documentation begins with that is to be a plain comment: nobody reads the documentation of a private
/// function, and the tree of Rust that is printed has no comments.
pub(super) const QUOTED: &str = "| ";

/// Longer definitions are named and not quoted.
const MAX_COLUMNS: usize = 100;

impl Emitter<'_> {
    /// A line of documentation that leads back to the model.
    pub(super) fn origin(&self, what: &str, span: Span) -> String {
        format!(" {what}, {}:{}", file_name(&self.source.file(span).path), self.source.file(span).line(span.start))
    }

    /// An operator, quoted if it is short.
    pub(super) fn operator_doc(&self, definition: &Definition) -> String {
        let body = self.one_line(definition.body.span);
        let quoted = if definition.parameters.is_empty() {
            format!("{} == {body}", definition.name)
        } else {
            let names: Vec<&str> = definition.parameters.iter().map(|p| &*self.model.bound(*p).name).collect();
            format!("{}({}) == {body}", definition.name, names.join(", "))
        };
        let short = quoted.len() <= MAX_COLUMNS && !quoted.contains('`');
        self.origin(&format!("`{}`", if short { &quoted } else { &*definition.name }), definition.span)
    }

    /// A variable, with its initial value if that is short.
    pub(super) fn variable_doc(&self, id: VariableId) -> String {
        let variable = self.model.variable(id);
        let quoted = match &variable.initial {
            Initial::None => variable.name.to_string(),
            Initial::Value(e) => format!("{} = {}", variable.name, self.one_line(e.span)),
            Initial::Element(e) => format!("{} \\in {}", variable.name, self.one_line(e.span)),
        };
        let short = quoted.len() <= MAX_COLUMNS && !quoted.contains('`');
        self.origin(&format!("`{}`", if short { &quoted } else { &*variable.name }), variable.span)
    }

    /// A variable that only the instances of a process have.
    pub(super) fn own_variable_doc(&self, process: &Process, parameter: VariableId) -> String {
        self.origin(&format!("`{}` of `{}`", self.model.variable(parameter).name, process.name), process.span)
    }

    fn one_line(&self, span: Span) -> String {
        self.source.slice(span).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Where a section stands, and its text, from its label to the last line that belongs to it, as lines of a comment.
    pub(super) fn section_doc(&self, section: &Section, next: Option<&Section>) -> Vec<String> {
        let mut lines = vec![self.origin(&format!("`{}`", section.label), section.span)];
        let file = self.source.file(section.span);
        let limit = next.map(|s| s.span.start).filter(|at| *at > section.span.start).unwrap_or(u32::MAX);
        let mut end = section.span.end;
        section.block.each_expr(&mut |e| {
            // What a macro stands for is written elsewhere.
            if (section.span.start..limit).contains(&e.span.start) && e.span.end <= file.end().end {
                end = end.max(e.span.end);
            }
        });
        let range = file.range(Span { start: section.span.start, end });
        let last = file.text[range.end..].find('\n').map_or(file.text.len(), |n| range.end + n);
        let first = file.text[..range.start].rfind('\n').map_or(0, |n| n + 1);
        let text: Vec<&str> = file.text[first..last].lines().map(str::trim_end).collect();
        let indent = text.iter().filter(|l| !l.is_empty()).map(|l| l.len() - l.trim_start().len()).min().unwrap_or(0);
        if text.len() <= MAX_LINES && text.iter().all(|l| l.is_char_boundary(indent.min(l.len()))) {
            let quoted = |l: &str| format!("{QUOTED}{}", l.get(indent..).unwrap_or("")).trim_end().to_owned();
            // The line above names the label.
            let named = text.first().is_some_and(|l| l.trim() == format!("{}:", section.label));
            lines.extend(text.into_iter().skip(usize::from(named)).map(quoted));
        }
        lines
    }
}
