//! What nom reads: a `Copy` view of the tokens, and the terminals of the grammar.
//!
//! Besides the rest of the tokens the view carries what a layout-sensitive grammar needs: the
//! column that ends the innermost junction list, and how deep we are.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::sync::OnceLock;

use nom::error::{ErrorKind, ParseError};
use nom::{IResult, Input, Needed};

use super::lex::{Token, TokenKind};
use super::{MAX_CHAIN, MAX_DEPTH};
use crate::ast::Name;
use crate::diagnostic::{nearest, Diagnostic, Diagnostics};
use crate::source::{Source, Span};
use crate::symbol::Symbol;

/// What parsers share: the text, the farthest failure so far, and the problems found.
pub(super) struct Context<'a> {
    pub(super) source: &'a Source,
    farthest: RefCell<(u32, Vec<&'static str>)>,
    problems: RefCell<Vec<Diagnostic>>,
    /// Set once nesting is too deep: the rest of the file is then read over.
    pub(super) too_deep: Cell<bool>,
    /// Where a part of the block starts inside a body that is never closed, which has been reported.
    pub(super) unclosed_body: Cell<Option<u32>>,
    /// The links of chains on the longest path through what was read last.
    height: Cell<u16>,
}

impl<'a> Context<'a> {
    pub(super) fn new(source: &'a Source) -> Self {
        Self {
            source,
            farthest: RefCell::default(),
            problems: RefCell::default(),
            too_deep: Cell::default(),
            unclosed_body: Cell::default(),
            height: Cell::default(),
        }
    }

    fn expected(&self, at: u32, what: &'static str) {
        let mut farthest = self.farthest.borrow_mut();
        if at > farthest.0 {
            *farthest = (at, Vec::new());
        }
        if at == farthest.0 && !farthest.1.contains(&what) {
            farthest.1.push(what);
        }
    }

    pub(super) fn report(&self, diagnostic: Diagnostic) {
        self.problems.borrow_mut().push(diagnostic);
    }

    pub(super) fn finish(self, out: &mut Diagnostics) {
        for problem in self.problems.into_inner() {
            out.push(problem);
        }
    }
}

/// The rest of the input.
#[derive(Clone, Copy)]
pub(super) struct Tokens<'a> {
    pub(super) cx: &'a Context<'a>,
    tokens: &'a [Token],
    /// A token at or left of this column ends the item of a junction list.
    pub(super) column: u32,
    depth: u16,
    /// Inside the block `||` and `:=` belong to assignments.
    pub(super) in_block: bool,
    /// Inside a proof an expression may name a step.
    pub(super) in_proof: bool,
}

/// A failure is told by [`Context`], so the error itself is empty.
#[derive(Debug)]
pub(super) struct Failed;

pub(super) type Res<'a, T> = IResult<Tokens<'a>, T, Failed>;

impl<'a> ParseError<Tokens<'a>> for Failed {
    fn from_error_kind(_: Tokens<'a>, _: ErrorKind) -> Self {
        Failed
    }
    fn append(_: Tokens<'a>, _: ErrorKind, other: Self) -> Self {
        other
    }
}

impl<'a> Tokens<'a> {
    pub(super) fn new(cx: &'a Context<'a>, tokens: &'a [Token], in_block: bool) -> Self {
        Self { cx, tokens, column: 0, depth: 0, in_block, in_proof: false }
    }

    /// The next token, unless it ends the junction item we are in.
    pub(super) fn first(&self) -> Option<Token> {
        self.tokens.first().copied().filter(|t| t.column > self.column)
    }

    /// The next token, junction lists or not.
    pub(super) fn raw_first(&self) -> Option<Token> {
        self.tokens.first().copied()
    }

    pub(super) fn second(&self) -> Option<Token> {
        self.tokens.get(1).copied().filter(|t| t.column > self.column)
    }

    pub(super) fn all(&self) -> &'a [Token] {
        self.tokens
    }

    /// Skips what stands before a place.
    pub(super) fn skip_to(self, place: u32) -> Self {
        self.skip(self.tokens.partition_point(|t| t.span.start < place))
    }

    pub(super) fn skip(self, count: usize) -> Self {
        Self { tokens: &self.tokens[count.min(self.tokens.len())..], ..self }
    }

    pub(super) fn text(&self, token: Token) -> &'a str {
        self.cx.source.slice(token.span)
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        self.first().is_some_and(|t| t.kind == TokenKind::Word && self.text(t) == word)
    }

    pub(super) fn is_symbol(&self, symbol: &str) -> bool {
        self.first().is_some_and(|t| matches!(t.kind, TokenKind::Symbol(s) if s == symbol))
    }

    /// The place of the next token, or the end of the text.
    pub(super) fn here(&self) -> Span {
        self.raw_first().map_or(self.cx.source.end(), |t| t.span)
    }

    /// From the start of `self` to the last token before `rest`.
    pub(super) fn span_to(&self, rest: Tokens<'_>) -> Span {
        let taken = self.tokens.len() - rest.tokens.len();
        match taken.checked_sub(1).and_then(|last| self.tokens.get(last)) {
            Some(last) => self.here().to(last.span),
            None => Span { start: self.here().start, end: self.here().start },
        }
    }

    pub(super) fn with_column(self, column: u32) -> Self {
        Self { column, ..self }
    }

    pub(super) fn within_proof(self, in_proof: bool) -> Self {
        Self { in_proof, ..self }
    }

    pub(super) fn fail<T>(&self, what: &'static str) -> Res<'a, T> {
        self.cx.expected(self.here().start, what);
        Err(nom::Err::Error(Failed))
    }

    /// Reports what was expected at the farthest place reached, forgets it, and gives that place. A word
    /// that stands there may be one of those misspelt.
    pub(super) fn report_farthest(&self) -> u32 {
        self.report_misspelt(None, &[])
    }

    /// The same, where the fault may be that a word further up is not one of the known ones.
    pub(super) fn report_misspelt(&self, word: Option<Token>, known: &[&str]) -> u32 {
        let (at, mut expected) = self.cx.farthest.take();
        if self.cx.too_deep.get() {
            return at;
        }
        let source = self.cx.source;
        let found = self.tokens.iter().find(|t| t.span.start == at);
        let span = found.map_or(Span { start: at, end: at }, |t| t.span);
        let what = found.map_or("end of file".to_owned(), |t| format!("`{}`", source.slice(t.span)));
        expected.sort_unstable();
        let list = alternatives(&expected);
        let report =
            Diagnostic::error("syntax", span, format!("unexpected {what}")).because(format!("expected {list}"));
        let is_word = |t: &Token| t.kind == TokenKind::Word;
        let words = expected.iter().copied().filter(|e| e.chars().all(char::is_alphabetic));
        let report = match (found.filter(|t| is_word(t)), word.filter(is_word)) {
            (Some(found), _) if nearest(self.text(*found), words.clone()).is_some() => {
                report.suggest(self.text(*found), words)
            }
            (_, Some(word)) => report.suggest(self.text(word), known.iter().copied()),
            (_, None) => report,
        };
        self.cx.report(report);
        at
    }
}

/// What may come next: "a name, `,` or `;`".
fn alternatives(expected: &[&str]) -> String {
    let is_phrase = |e: &str| e.contains([' ', '`']);
    let quoted = |e: &&str| if is_phrase(e) { (*e).to_owned() } else { format!("`{e}`") };
    let all: Vec<_> = expected.iter().take(6).map(quoted).collect();
    match all.split_last() {
        _ if expected.len() > 6 => format!("{}, …", all.join(", ")),
        Some((last, before)) if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        _ => all.concat(),
    }
}

/// Runs a parser one level deeper.
pub(super) fn nested<'a, T>(i: Tokens<'a>, parser: impl FnOnce(Tokens<'a>) -> Res<'a, T>) -> Res<'a, T> {
    if i.depth >= MAX_DEPTH {
        return too_deep(i);
    }
    let (rest, value) = parser(Tokens { depth: i.depth + 1, ..i })?;
    Ok((Tokens { depth: i.depth, ..rest }, value))
}

/// Reports that nesting is too deep, once, and gives up on the file.
pub(super) fn too_deep<'a, T>(i: Tokens<'a>) -> Res<'a, T> {
    give_up(i, format!("nested more than {MAX_DEPTH} levels deep"))
}

fn give_up<'a, T>(i: Tokens<'a>, message: String) -> Res<'a, T> {
    if !i.cx.too_deep.replace(true) {
        i.cx.report(
            Diagnostic::error("nesting-too-deep", i.here(), message)
                .help("name a part of it, with an operator or a macro"),
        );
    }
    Err(nom::Err::Failure(Failed))
}

/// Runs a parser, and measures the chains in what it reads.
pub(super) fn measured<'a, T>(i: Tokens<'a>, parser: impl FnOnce(Tokens<'a>) -> Res<'a, T>) -> (Res<'a, T>, u16) {
    let around = i.cx.height.replace(0);
    let result = parser(i);
    (result, i.cx.height.replace(around))
}

/// Notes that a chain with what is in it is so high, unless that is too much.
pub(super) fn reached(i: Tokens<'_>, height: u16) -> Res<'_, ()> {
    if height > MAX_CHAIN {
        return give_up(i, format!("a chain of more than {MAX_CHAIN} parts"));
    }
    i.cx.height.set(height.max(i.cx.height.get()));
    Ok((i, ()))
}

/// A symbol.
pub(super) fn symbol<'a>(symbol: &'static str) -> impl Fn(Tokens<'a>) -> Res<'a, Span> {
    move |i| match i.first() {
        Some(Token { kind: TokenKind::Symbol(s), span, .. }) if s == symbol => Ok((i.skip(1), span)),
        _ => i.fail(symbol),
    }
}

/// A keyword.
pub(super) fn word<'a>(word: &'static str) -> impl Fn(Tokens<'a>) -> Res<'a, Span> {
    move |i| match i.first() {
        Some(t) if t.kind == TokenKind::Word && i.text(t) == word => Ok((i.skip(1), t.span)),
        _ => i.fail(word),
    }
}

/// A name that is not a keyword of TLA+.
pub(super) fn name(i: Tokens<'_>) -> Res<'_, Name> {
    match i.first() {
        Some(t) if t.kind == TokenKind::Word && !is_reserved(i.text(t)) => {
            Ok((i.skip(1), Name { text: Symbol::from(i.text(t)), span: t.span }))
        }
        _ => i.fail("a name"),
    }
}

/// The name of a field, which may be a keyword.
pub(super) fn any_word(i: Tokens<'_>) -> Res<'_, Name> {
    match i.first() {
        Some(t) if t.kind == TokenKind::Word && i.text(t) != "_" => {
            Ok((i.skip(1), Name { text: Symbol::from(i.text(t)), span: t.span }))
        }
        _ => i.fail("a field"),
    }
}

/// Zero or more `[_]`.
pub(super) fn wildcards(mut i: Tokens<'_>) -> Res<'_, usize> {
    let mut count = 0;
    while i.is_symbol("[") && i.skip(1).is_word("_") {
        (i, _) = symbol("]")(i.skip(2))?;
        count += 1;
    }
    Ok((i, count))
}

/// Whether a word is a keyword of TLA+, or the placeholder `_`.
fn is_reserved(text: &str) -> bool {
    static WORDS: OnceLock<HashSet<&'static str>> = OnceLock::new();
    WORDS.get_or_init(|| RESERVED.split_whitespace().collect()).contains(text)
}

const RESERVED: &str = "
    ASSUME ASSUMPTION AXIOM BY CASE CHOOSE CONSTANT CONSTANTS COROLLARY DEF DEFINE DEFS DOMAIN ELSE ENABLED
    EXCEPT EXTENDS HAVE HIDE IF IN INSTANCE LAMBDA LEMMA LET LOCAL MODULE NEW OBVIOUS OMITTED ONLY OTHER PICK
    PROOF PROPOSITION PROVE QED RECURSIVE SF_ STATE SUBSET SUFFICES TAKE TEMPORAL THEN THEOREM ACTION UNCHANGED
    UNION USE VARIABLE VARIABLES WF_ WITH WITNESS _";

/// nom's combinators ask for these.
impl<'a> Input for Tokens<'a> {
    type Item = Token;
    type Iter = std::iter::Copied<std::slice::Iter<'a, Token>>;
    type IterIndices = std::iter::Enumerate<Self::Iter>;

    fn input_len(&self) -> usize {
        self.tokens.len()
    }
    fn take(&self, index: usize) -> Self {
        Self { tokens: &self.tokens[..index], ..*self }
    }
    fn take_from(&self, index: usize) -> Self {
        Self { tokens: &self.tokens[index..], ..*self }
    }
    fn take_split(&self, index: usize) -> (Self, Self) {
        (self.take_from(index), self.take(index))
    }
    fn position<P: Fn(Token) -> bool>(&self, predicate: P) -> Option<usize> {
        self.tokens.iter().position(|t| predicate(*t))
    }
    fn iter_elements(&self) -> Self::Iter {
        self.tokens.iter().copied()
    }
    fn iter_indices(&self) -> Self::IterIndices {
        self.tokens.iter().copied().enumerate()
    }
    fn slice_index(&self, count: usize) -> Result<usize, Needed> {
        if self.tokens.len() >= count {
            Ok(count)
        } else {
            Err(Needed::new(count - self.tokens.len()))
        }
    }
}
