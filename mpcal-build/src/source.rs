//! Source text and places in it.

use std::ops::Range;

/// A range of bytes in the source text, `start..end`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
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

    /// As a range for slicing.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// One file: the path it is called by in reports, and its text.
#[derive(Clone, Debug)]
pub struct Source {
    /// Path as the user gave it.
    pub path: String,
    /// The whole text.
    pub text: String,
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
        Self { path: path.into(), text, line_starts }
    }

    /// Line and column of a byte, both from 1, the column in characters.
    #[must_use]
    pub fn line_column(&self, at: u32) -> (usize, usize) {
        let line = self.line_starts.partition_point(|s| *s <= at).max(1);
        let start = self.line_starts[line - 1] as usize;
        let column = self.text.get(start..at as usize).map_or(1, |t| t.chars().count() + 1);
        (line, column)
    }

    /// The line of a byte, from 1.
    #[must_use]
    pub fn line(&self, at: u32) -> usize {
        self.line_starts.partition_point(|s| *s <= at).max(1)
    }

    /// The end of the text.
    #[must_use]
    pub fn files_end(&self) -> u32 {
        self.text.len() as u32
    }

    /// The text of a span.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or("")
    }
}
