//! Source texts and places in them.
//!
//! All files of one run share one range of positions, one file after the other, so that a [`Span`]
//! says by itself which file it points into.

use std::ops::Range;

/// A range of positions, `start..end`, within one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// Position of the first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The smallest span that holds both.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// One file: the path it is called by in reports, and its text.
#[derive(Clone, Debug)]
pub struct Source {
    /// Path as the user gave it.
    pub path: String,
    /// The whole text.
    pub text: String,
    /// Position of the first byte.
    base: u32,
    line_starts: Vec<u32>,
}

impl Source {
    /// Takes a text; `path` is only used in reports.
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let line_starts = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i as u32 + 1))
            .collect();
        Self { path: path.into(), text, base: 0, line_starts }
    }

    /// The span of a range of bytes.
    #[must_use]
    pub fn span(&self, bytes: Range<usize>) -> Span {
        Span { start: self.base + bytes.start as u32, end: self.base + bytes.end as u32 }
    }

    /// The empty span after the last byte.
    #[must_use]
    pub fn end(&self) -> Span {
        self.span(self.text.len()..self.text.len())
    }

    /// The bytes of a span: inside the text, on character boundaries.
    #[must_use]
    pub fn range(&self, span: Span) -> Range<usize> {
        let floor = |position: u32| {
            let mut at = (position.saturating_sub(self.base) as usize).min(self.text.len());
            while !self.text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let (start, end) = (floor(span.start), floor(span.end));
        start..end.max(start)
    }

    /// The text of a span.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        &self.text[self.range(span)]
    }

    /// The text of a span without the white space around it, each line as far to the right of the others as it
    /// stands in the file, the leftmost at the margin. Lists of `/\` and `\/` mean something by their columns.
    #[must_use]
    pub fn aligned(&self, span: Span) -> String {
        let range = self.range(span);
        let text = self.text[range.clone()].trim_end();
        let start = range.start + (text.len() - text.trim_start().len());
        let line_start = self.text[..start].rfind('\n').map_or(0, |n| n + 1);
        let before = without_tabs(&self.text[line_start..start], 0).chars().count();
        let first = without_tabs(text.trim_start().lines().next().unwrap_or(""), before);
        let others = text.trim_start().lines().skip(1).map(|line| {
            let line = without_tabs(line, 0);
            (line.len() - line.trim_start().len(), line.trim_start().to_owned())
        });
        let lines: Vec<(usize, String)> = std::iter::once((before, first)).chain(others).collect();
        let margin = lines.iter().filter(|(_, line)| !line.is_empty()).map(|(column, _)| *column).min().unwrap_or(0);
        let shifted = lines.iter().map(|(column, line)| match line.is_empty() {
            true => String::new(),
            false => format!("{}{line}", " ".repeat(column - margin)),
        });
        shifted.collect::<Vec<_>>().join("\n")
    }

    /// The line of a position, from 1.
    #[must_use]
    pub fn line(&self, at: u32) -> usize {
        self.line_starts.partition_point(|s| *s + self.base <= at).max(1)
    }

    /// Line and column of a position, both from 1, the column in characters.
    #[must_use]
    pub fn line_column(&self, at: u32) -> (usize, usize) {
        let line = self.line(at);
        let start = self.line_starts[line - 1] as usize;
        let end = self.range(Span { start: at, end: at }).start;
        (line, self.text[start.min(end)..end].chars().count() + 1)
    }
}

/// A text that starts at a column, from 0, with spaces for its tabs.
fn without_tabs(text: &str, column: usize) -> String {
    let (mut out, mut column) = (String::new(), column);
    for c in text.chars() {
        let width = if c == '\t' { 8 - column % 8 } else { 1 };
        column += width;
        if c == '\t' {
            out.push_str(&" ".repeat(width));
        } else {
            out.push(c);
        }
    }
    out
}

/// The files of one run: the model, and the modules it needs.
#[derive(Clone, Debug)]
pub struct Sources {
    files: Vec<Source>,
}

/// All files together may hold this many bytes.
pub const MAX_BYTES: usize = 1 << 30;

impl Sources {
    /// Starts with the model.
    #[must_use]
    pub fn new(model: Source) -> Self {
        Self { files: vec![model] }
    }

    /// The file with the model.
    #[must_use]
    pub fn model(&self) -> &Source {
        &self.files[0]
    }

    /// All files.
    pub fn files(&self) -> impl Iterator<Item = &Source> {
        self.files.iter()
    }

    /// The paths of the other files.
    pub fn modules(&self) -> impl Iterator<Item = &str> {
        self.files[1..].iter().map(|f| &f.path[..])
    }

    /// Adds a file after the others; none if all together are too large.
    pub fn add(&mut self, mut file: Source) -> Option<&Source> {
        let last = self.files.last().map_or(0, |f| f.base as usize + f.text.len() + 1);
        file.base = u32::try_from(last).ok().filter(|_| last + file.text.len() < MAX_BYTES)?;
        self.files.push(file);
        self.files.last()
    }

    /// The file that a span points into.
    #[must_use]
    pub fn file(&self, span: Span) -> &Source {
        let n = self.files.partition_point(|f| f.base <= span.start);
        &self.files[n.max(1) - 1]
    }

    /// The text of a span.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.file(span).slice(span)
    }
}
