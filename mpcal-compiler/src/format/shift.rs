//! Text of several lines, moved to another column.
//!
//! Lists of `/\` and `\/` mean something by their columns, so an expression is moved as a whole. Only
//! where no list starts on its first line can the others move on their own.

use crate::source::{Source, Span};
use crate::syntax::lex::{Token, TokenKind};

/// A line: the column it starts in, from 0, and its text without tabs and the white space around it.
struct Line {
    column: usize,
    text: String,
}

/// An expression where it is to be printed.
pub(super) struct Moved {
    pub(super) text: String,
    /// Whether it must start on a line of its own, with the indentation that is part of the text.
    pub(super) new_line: bool,
}

/// Moves an expression to a column. Lines that hang to the left of its start are laid below the statement
/// that it is part of, which starts at `indent`.
pub(super) fn expression(source: &Source, tokens: &[Token], column: usize, indent: usize) -> Moved {
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else {
        return Moved { text: String::new(), new_line: false };
    };
    let strings: Vec<Span> = tokens.iter().filter(|t| t.kind == TokenKind::String).map(|t| t.span).collect();
    let lines = lines(source, first.span.to(last.span), &strings);
    let old = lines[0].column;
    let Some(left) = leftmost(&lines).filter(|l| l.column < old) else {
        return Moved { text: shifted(&lines, old, column), new_line: false };
    };
    if starts_list(source, tokens) {
        let hangs = left.column + column < old + indent;
        let column = if hangs { old - left.column + indent + 2 } else { column };
        let text = shifted(&lines, old, column);
        let text = if hangs { format!("{}{text}", " ".repeat(column)) } else { text };
        return Moved { text, new_line: hangs };
    }
    Moved { text: shifted(&lines, left.column, hanging(left, indent)), new_line: false }
}

/// Moves a comment to a column.
pub(super) fn comment(source: &Source, span: Span, column: usize) -> String {
    let lines = lines(source, span, &[]);
    let old = lines[0].column;
    match leftmost(&lines).filter(|l| l.column < old) {
        None => shifted(&lines, old, column),
        Some(left) => shifted(&lines, left.column, hanging(left, column)),
    }
}

/// Where the leftmost of the lines goes that hang to the left.
fn hanging(left: &Line, indent: usize) -> usize {
    let closes = left.text.starts_with([')', ']', '}', '>']);
    indent + if closes { 0 } else { 2 }
}

/// Whether a list starts on the first line.
fn starts_list(source: &Source, tokens: &[Token]) -> bool {
    let line = tokens.first().map_or(0, |t| source.line(t.span.start));
    let mut first_line = tokens.iter().take_while(|t| source.line(t.span.start) == line);
    first_line.any(|t| matches!(t.kind, TokenKind::Symbol("/\\" | "\\/")))
}

/// The leftmost line but the first.
fn leftmost(lines: &[Line]) -> Option<&Line> {
    lines[1..].iter().filter(|l| !l.text.is_empty()).min_by_key(|l| l.column)
}

/// The first line without its indentation, the others by this much to the right as `from` is to `to`.
fn shifted(lines: &[Line], from: usize, to: usize) -> String {
    let mut out = lines[0].text.clone();
    for line in &lines[1..] {
        out.push('\n');
        if !line.text.is_empty() {
            out.push_str(&" ".repeat(line.column + to - from));
            out.push_str(&line.text);
        }
    }
    out
}

/// The lines of a span. Tabs become spaces, but not in strings.
fn lines(source: &Source, span: Span, strings: &[Span]) -> Vec<Line> {
    let range = source.range(span);
    let start = source.text[..range.start].rfind('\n').map_or(0, |n| n + 1);
    let mut column = width(&source.text[start..range.start]);
    let (mut lines, mut at) = (Vec::new(), range.start);
    for piece in source.text[range].split('\n') {
        let before = column;
        let mut text = String::new();
        for (n, c) in piece.char_indices() {
            let next = after(column, c);
            let place = source.span(at + n..at + n).start;
            if c == '\t' && !strings.iter().any(|s| s.start < place && place < s.end) {
                text.push_str(&" ".repeat(next - column));
            } else {
                text.push(c);
            }
            column = next;
        }
        let indent = text.chars().take_while(|c| c.is_whitespace()).count();
        lines.push(Line { column: before + indent, text: text.trim().to_owned() });
        at += piece.len() + 1;
        column = 0;
    }
    lines
}

/// How many columns a text takes that starts a line.
pub(super) fn width(text: &str) -> usize {
    text.chars().fold(0, after)
}

/// The column after a character; a tab goes to the next multiple of eight.
fn after(column: usize, c: char) -> usize {
    if c == '\t' {
        column / 8 * 8 + 8
    } else {
        column + 1
    }
}
