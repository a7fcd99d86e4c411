//! Text to [`ast`](crate::ast): a lexer and a nom parser over its tokens.
//!
//! The module and the MPCal block inside one of its comments are two token streams over one text,
//! so every place in either points into the file as the user sees it.

mod block;
mod brackets;
mod expr;
pub(crate) mod lex;
mod module;
mod proof;
mod reference;
mod stmt;
mod tokens;

use std::ops::Range;

use crate::ast::{Block, Module};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::Source;

use lex::{lex, Lexed};

/// How deep expressions and statements may nest. What we emit goes through rustc, SANY and
/// `pcal.trans`, which recurse.
pub const MAX_DEPTH: u16 = 100;

/// How long a chain may be that is flat to read and deep as a tree: `a + b + …`, `if … else if …`. Chains
/// in the first operand of one another are counted together, so this bounds a path through the tree.
pub const MAX_CHAIN: u16 = 250;

/// What a file holds.
#[derive(Clone, Debug)]
pub struct File {
    /// The TLA+ module around the block; empty if the text is a bare block.
    pub module: Module,
    /// The MPCal block.
    pub block: Block,
}

/// Parses a module with an MPCal block, or a bare block.
pub fn parse(source: &Source, out: &mut Diagnostics) -> Option<File> {
    let Some(start) = find_block(&source.text) else {
        if let Some(at) = source.text.find("--mpcal ") {
            let line = source.text[at..].lines().next().unwrap_or("").trim_end().len();
            out.push(
                Diagnostic::error("no-block", source.span(at..at + line), "this block has no braces")
                    .because("PlusCal's P-syntax (`begin … end`) is not supported, only its C-syntax")
                    .help("write `--mpcal Name {`, and braces for every `begin`, `do` and `then` with its `end`"),
            );
            return None;
        }
        if let Some(header) = blocks(&source.text, "algorithm").next() {
            out.push(
                Diagnostic::error("no-block", source.span(header), "this is a PlusCal algorithm, not an MPCal block")
                    .because("it is translated by `pcal.trans` alone")
                    .help("to compile it, write `--mpcal Name {`, and after the block:\n\\* BEGIN PLUSCAL TRANSLATION\n\\* END PLUSCAL TRANSLATION"),
            );
            return None;
        }
        out.push(
            Diagnostic::error("no-block", source.span(0..0), "no MPCal block in this file")
                .help("write `--mpcal Name { … }` inside a comment of the module"),
        );
        return None;
    };
    if let Some(module) = lex::module_header(&source.text).filter(|module| *module > start) {
        let header = headers(&source.text).next().unwrap_or(start..start);
        let line = source.text[module..].lines().next().unwrap_or("").trim_end().len();
        out.push(
            Diagnostic::error("no-block", source.span(header), "the block comes before the module")
                .because("the module and what it extends are not known yet")
                .and(source.span(module..module + line), "the module starts here")
                .help("move the block into a comment of the module"),
        );
        return None;
    }
    let block_tokens = lex(source, start, lex::Until::BlockEnd, out);
    check_only_block(source, start, &block_tokens, out);
    let block = block::parse_block(source, &block_tokens, out);
    // Which brace is at fault has often been told already.
    if !out.has_errors() {
        check_end(source, &block_tokens, out);
    }
    let mut module = if source.text[..start].contains("MODULE") {
        check_comment_markers(source, &block_tokens, out);
        if out.has_errors() {
            // The comment around the block may not end where it seems to.
            return None;
        }
        let lexed = lex(source, 0, lex::Until::End, out);
        module::parse_module(source, &lexed.tokens, out)
    } else {
        Module::default()
    };
    module.instantiates.extend(module::instantiated(source, &block_tokens.tokens));
    block.map(|block| File { module, block })
}

/// What keeps a module from being read, with its block if it has one; no name is looked up.
#[must_use]
pub fn problems(source: &Source) -> Vec<Diagnostic> {
    crate::stack::with_stack(|| {
        let mut out = Diagnostics::default();
        if has_block(source) {
            parse(source, &mut out);
        } else {
            parse_module(source, &mut out);
        }
        out.sorted()
    })
}

/// Parses the block alone: its tree, and its tokens and comments.
pub fn parse_block(source: &Source, out: &mut Diagnostics) -> Option<(Block, Lexed)> {
    let start = find_block(&source.text)?;
    let lexed = lex(source, start, lex::Until::BlockEnd, out);
    let block = block::parse_block(source, &lexed, out)?;
    Some((block, lexed))
}

/// Whether there is an MPCal block in a file.
fn has_block(source: &Source) -> bool {
    find_block(&source.text).is_some()
}

/// Parses a plain PlusCal algorithm on its own.
pub fn parse_algorithm(source: &Source, out: &mut Diagnostics) -> Option<Block> {
    let lexed = lex(source, 0, lex::Until::BlockEnd, out);
    block::parse_block(source, &lexed, out)
}

/// Parses a module without a block, such as one that is extended.
pub fn parse_module(source: &Source, out: &mut Diagnostics) -> Module {
    let lexed = lex(source, 0, lex::Until::End, out);
    module::parse_module(source, &lexed.tokens, out)
}

/// The byte at which `--mpcal Name {` starts.
fn find_block(text: &str) -> Option<usize> {
    headers(text).next().map(|header| header.start)
}

/// Where `--mpcal Name {` or `--mpcal fair Name {` stands, other than in a line comment.
fn headers(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    blocks(text, "mpcal")
}

/// The text after `--mpcal`, `--mpcal fair`, `--algorithm` or `--fair algorithm`.
fn behind_keyword<'t>(text: &'t str, keyword: &str) -> Option<&'t str> {
    let word = |text: &'t str, word: &str| text.strip_prefix(word).filter(|rest| rest.starts_with(char::is_whitespace));
    let rest = text.strip_prefix("--")?;
    // `pcal.trans` looks for `--fair` in all of the file, so a block of ours says it after the keyword.
    let fair = word(rest, "fair").filter(|_| keyword == "algorithm").map(str::trim_start);
    let rest = word(fair.unwrap_or(rest), keyword)?;
    // A block can be called `fair`, too.
    let named = word(rest.trim_start(), "fair").filter(|rest| !rest.trim_start().starts_with('{'));
    Some(named.unwrap_or(rest))
}

fn blocks<'t>(text: &'t str, keyword: &'t str) -> impl Iterator<Item = Range<usize>> + 't {
    let starts = text.match_indices("--").filter(move |(at, _)| !text[..*at].ends_with('-'));
    starts.filter_map(move |(at, _)| {
        let rest = behind_keyword(&text[at..], keyword)?;
        let name = lex::without_blanks(rest);
        let after = name.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
        let end = text.len() - lex::without_blanks(after).len();
        let is_header = rest.len() > name.len() && after.len() < name.len() && text[end..].starts_with('{');
        let line = text[..at].rsplit('\n').next().unwrap_or_default();
        (is_header && !line.contains("\\*")).then_some(at..end + 1)
    })
}

/// Only one block of a file is read; a second one is pointed out.
fn check_only_block(source: &Source, start: usize, block: &Lexed, out: &mut Diagnostics) {
    let end = block.tokens.last().map_or(start, |t| source.range(t.span).end);
    let mut headers = headers(&source.text);
    let (first, second) = (headers.next(), headers.find(|h| h.start >= end));
    if let (Some(first), Some(second)) = (first, second) {
        out.push(
            Diagnostic::warning("second-block", source.span(second), "a second MPCal block in one file")
                .because("it is ignored: a file has one block")
                .and(source.span(first), "this is the one")
                .help("move it to a module of its own, or remove it"),
        );
    }
}

/// Text after a block is a comment of the author's, unless a brace too many has ended the block early.
fn check_end(source: &Source, block: &Lexed, out: &mut Diagnostics) {
    let Some(last) = block.tokens.last().filter(|t| source.slice(t.span) == "}") else { return };
    let rest = lex::without_blanks(&source.text[source.range(last.span).end..]);
    let behind = lex(source, source.text.len() - rest.len(), lex::Until::BlockEnd, &mut Diagnostics::default());
    let brace = rest.starts_with('}').then(|| source.text.len() - rest.len());
    let brace = brace.map(|at| source.span(at..at + 1));
    if let Some(at) = brace.or_else(|| block::is_part(source, &behind.tokens)) {
        out.push(
            Diagnostic::error("syntax", at, "unexpected text after the end of the block")
                .and(last.span, "the block ends here")
                .help("there is one `}` too many before it"),
        );
    }
}

/// SANY sees the block as a comment, so a comment marker inside a string or a line comment counts.
fn check_comment_markers(source: &Source, block: &Lexed, out: &mut Diagnostics) {
    for span in &block.quoted {
        let text = source.slice(*span);
        let opened = text.matches("(*").count();
        let closed = text.matches("*)").count();
        if opened != closed {
            out.push(
                Diagnostic::error("comment-marker", *span, "unbalanced comment marker inside the block")
                    .because("SANY reads the whole block as a comment, so it counts this marker")
                    .help("write the marker differently, for example with a space in it"),
            );
        }
    }
}
