//! The tokens of a block and the comments between them, printed in their order.
//!
//! Layout says of each token what stands before it: nothing, a space, or a new line. A comment belongs to the
//! gap between two tokens and is printed there, so that none can be lost or change places with a token.

use super::shift::{self, width};
use super::WIDTH;
use crate::source::{Source, Span};
use crate::syntax::lex::{Lexed, Token, TokenKind};

/// What stands before a token where there is no comment.
#[derive(Clone, Copy)]
pub(super) enum Gap {
    /// Nothing.
    None,
    /// A space; after a comment that ends the line it goes on one deeper.
    Space,
    /// A space; after a comment that ends the line it goes on as deep as the line started.
    Even,
    /// A new line.
    Line(Line),
}

/// A new line.
#[derive(Clone, Copy)]
pub(super) struct Line {
    depth: usize,
    /// How deep the comments before it are.
    comments: usize,
    blank: Blank,
}

/// Whether a blank line goes before it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Blank {
    Never,
    /// Only after a comment, if the author left one there.
    First,
    /// If the author left one.
    Kept,
    Always,
}

impl Gap {
    pub(super) fn line(depth: usize) -> Self {
        Gap::Line(Line { depth, comments: depth, blank: Blank::First })
    }

    /// Before a statement that is not the first.
    pub(super) fn next(depth: usize) -> Self {
        Gap::Line(Line { depth, comments: depth, blank: Blank::Kept })
    }

    /// Before a part of the block that is not the first.
    pub(super) fn apart(depth: usize) -> Self {
        Gap::Line(Line { depth, comments: depth, blank: Blank::Always })
    }

    /// Before the end of a list, whose comments are still part of it.
    pub(super) fn closing(depth: usize, comments: usize) -> Self {
        Gap::Line(Line { depth, comments, blank: Blank::First })
    }
}

/// Where printing stands.
#[derive(Clone, Copy)]
struct At {
    token: usize,
    comment: usize,
    /// Where the last token or comment that was printed ended in the source.
    end: u32,
    /// How deep the current line started.
    depth: usize,
}

/// What was printed last in a gap.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Nothing,
    /// A comment that something may follow.
    Comment,
    /// A comment after which a line must start.
    EndsLine,
}

pub(super) struct Printer<'s> {
    source: &'s Source,
    tokens: &'s [Token],
    comments: &'s [Span],
    at: At,
    /// Whether what would start a line follows on the same one.
    one_line: bool,
    out: String,
}

impl<'s> Printer<'s> {
    pub(super) fn new(source: &'s Source, lexed: &'s Lexed) -> Self {
        let start = lexed.tokens.first().map_or(0, |t| t.span.start);
        let at = At { token: 0, comment: 0, end: start, depth: 0 };
        Self { source, tokens: &lexed.tokens, comments: &lexed.comments, at, one_line: false, out: String::new() }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    /// The next token.
    pub(super) fn next(&self) -> Option<Token> {
        self.tokens.get(self.at.token).copied()
    }

    pub(super) fn is_symbol(&self, symbol: &str) -> bool {
        self.next().is_some_and(|t| matches!(t.kind, TokenKind::Symbol(s) if s == symbol))
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        self.next().is_some_and(|t| t.kind == TokenKind::Word && self.source.slice(t.span) == word)
    }

    /// Prints what stands before the next token.
    pub(super) fn start(&mut self, gap: Gap) {
        let Some(token) = self.next() else { return };
        self.gap(gap, token.span.start, false);
    }

    /// Prints the next token.
    pub(super) fn take(&mut self, gap: Gap) {
        let text = self.next().map_or("", |t| self.source.slice(t.span));
        self.take_as(gap, text);
    }

    /// Prints the next token in another spelling.
    pub(super) fn take_as(&mut self, gap: Gap, text: &str) {
        let Some(token) = self.next() else { return };
        self.gap(gap, token.span.start, matches!(text, ";" | "," | ")" | "]" | ":"));
        self.out.push_str(text);
        self.at.end = token.span.end;
        self.skip();
    }

    /// Prints this many tokens without anything between them.
    pub(super) fn take_glued(&mut self, count: usize) {
        (0..count).for_each(|_| self.take(Gap::None));
    }

    /// Leaves out the next token; comments before it are printed before the next one.
    pub(super) fn skip(&mut self) {
        self.at.token += usize::from(self.next().is_some());
    }

    /// Prints what the author left out, right after the last token.
    pub(super) fn insert(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// Prints a closing brace that the author left out; comments on the line of the last token stay on it.
    pub(super) fn insert_closing(&mut self, depth: usize) {
        if self.one_line {
            self.out.push_str(" }");
            return;
        }
        let next = self.next().map_or(self.at.end, |t| t.span.start);
        while let Some(comment) = self.pending(next).filter(|c| self.is_behind(*c)) {
            self.behind(comment);
        }
        self.new_line(depth, &mut Blank::Never, self.at.end);
        self.at.depth = depth;
        self.out.push('}');
    }

    /// Prints the tokens up to a place as the author broke them into lines, moved as a whole.
    pub(super) fn verbatim(&mut self, gap: Gap, end: u32) {
        self.verbatim_below(gap, end, 0);
    }

    /// The same; lines that hang to the left are this many levels less deep.
    pub(super) fn verbatim_below(&mut self, gap: Gap, end: u32, less: usize) {
        let Some(first) = self.next().filter(|t| t.span.start < end) else { return };
        self.gap(gap, first.span.start, false);
        let count = self.tokens[self.at.token..].iter().take_while(|t| t.span.start < end).count();
        let tokens = &self.tokens[self.at.token..self.at.token + count];
        let line = self.out.rfind('\n').map_or(0, |n| n + 1);
        let moved = shift::expression(self.source, tokens, width(&self.out[line..]), (self.at.depth - less) * 2);
        if moved.new_line {
            self.out.truncate(self.out.trim_end().len());
            self.out.push('\n');
        }
        self.out.push_str(&moved.text);
        self.at.token += count;
        self.at.end = tokens.last().map_or(self.at.end, |t| t.span.end);
        while self.pending(self.at.end).is_some() {
            self.at.comment += 1;
        }
    }

    /// The next comment, if it stands before a place.
    fn pending(&self, before: u32) -> Option<Span> {
        self.comments.get(self.at.comment).copied().filter(|c| c.start < before)
    }

    /// Whether there are comments between the next token and a place.
    pub(super) fn commented(&self, end: u32) -> bool {
        let from = self.next().map_or(end, |t| t.span.start);
        self.comments[self.at.comment..].iter().any(|c| c.start > from && c.start < end)
    }

    /// Whether comments stand before the next token.
    pub(super) fn comment_is_next(&self) -> bool {
        self.next().is_some_and(|t| self.pending(t.span.start).is_some())
    }

    /// White space and comments up to the token that starts at a place.
    fn gap(&mut self, gap: Gap, before: u32, closer: bool) {
        let (depth, mut line) = match gap {
            Gap::None | Gap::Space => (self.at.depth + 1, None),
            Gap::Even => (self.at.depth, None),
            Gap::Line(line) if self.one_line => (line.comments, None),
            Gap::Line(line) => (line.comments, Some(line)),
        };
        let blank = &mut line.as_mut().map_or(Blank::Never, |l| l.blank);
        let last = self.comments(depth, blank, before);
        match (line, last) {
            (Some(line), _) => {
                self.new_line(line.depth, blank, before);
                self.at.depth = line.depth;
            }
            (None, Last::EndsLine) => self.new_line(depth, blank, before),
            (None, Last::Nothing) if matches!(gap, Gap::None) => {}
            (None, Last::Comment) if closer => {}
            (None, Last::Nothing | Last::Comment) => self.out.push(' '),
        }
    }

    /// Prints the comments before a place: after the last token if they are there, else each on its own line.
    fn comments(&mut self, depth: usize, blank: &mut Blank, before: u32) -> Last {
        let mut last = Last::Nothing;
        while let Some(comment) = self.pending(before) {
            if last != Last::EndsLine && self.is_behind(comment) {
                self.behind(comment);
                let ends_line = self.source.slice(comment).starts_with("\\*");
                last = if ends_line { Last::EndsLine } else { Last::Comment };
            } else {
                self.new_line(depth, blank, comment.start);
                let moved = shift::comment(self.source, comment, depth * 2);
                self.out.push_str(&moved);
                self.read_comment(comment);
                last = Last::EndsLine;
            }
        }
        last
    }

    /// Whether a comment follows the last token on its line and fits there.
    fn is_behind(&self, comment: Span) -> bool {
        let between = self.source.slice(Span { start: self.at.end, end: comment.end });
        !between.trim_end().contains('\n')
    }

    fn behind(&mut self, comment: Span) {
        self.out.push(' ');
        self.out.push_str(self.source.slice(comment).trim_end());
        self.read_comment(comment);
    }

    fn read_comment(&mut self, comment: Span) {
        self.at.comment += 1;
        self.at.end = comment.end;
    }

    /// Starts a line for what stands at a place.
    fn new_line(&mut self, depth: usize, blank: &mut Blank, place: u32) {
        let between = self.source.slice(Span { start: self.at.end, end: place });
        let is_blank = match *blank {
            Blank::Never | Blank::First => false,
            Blank::Kept => between.matches('\n').count() > 1,
            Blank::Always => true,
        };
        if *blank != Blank::Never {
            // Between comments they stay as they are.
            *blank = Blank::Kept;
        }
        self.out.push_str(if is_blank { "\n\n" } else { "\n" });
        self.out.push_str(&"  ".repeat(depth));
    }

    /// Prints on one line, if what is on it then is at most so long; else prints nothing.
    pub(super) fn try_within(&mut self, width: usize, print: impl FnOnce(&mut Self)) -> bool {
        let (at, length) = (self.at, self.out.len());
        print(self);
        let line = self.out[..length].rfind('\n').map_or(0, |n| n + 1);
        let fits = !self.out[length..].contains('\n') && self.out[line..].chars().count() <= width;
        if !fits {
            self.at = at;
            self.out.truncate(length);
        }
        fits
    }

    /// Prints what is there on one line in the source on one line, if it fits; else prints nothing.
    pub(super) fn try_as_it_was(&mut self, span: Span, print: impl FnOnce(&mut Self)) -> bool {
        let text = self.source.slice(span);
        if self.one_line || text.contains('\n') || text.len() > 2 * WIDTH || self.commented(span.end) {
            return false;
        }
        self.one_line = true;
        let fits = self.try_within(WIDTH, print);
        self.one_line = false;
        fits
    }

    /// Lines that go on are deeper than this.
    pub(super) fn set_depth(&mut self, depth: usize) {
        self.at.depth = depth;
    }
}
