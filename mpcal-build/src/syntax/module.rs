//! Modules and their units.

use std::rc::Rc;

use nom::combinator::opt;
use nom::multi::separated_list1;
use nom::sequence::{delimited, preceded, terminated};
use nom::Parser;

use super::expr::{binding, expr};
use super::lex::{Token, TokenKind};
use super::tokens::{name, symbol, word, Context, Res, Tokens};
use crate::ast::{Definition, Module, Name, Unit};
use crate::diagnostic::Diagnostics;
use crate::operators;
use crate::source::Source;

/// Parses a whole module. A unit that cannot be parsed is reported and read over.
pub(super) fn parse_module(source: &Source, tokens: &[Token], out: &mut Diagnostics) -> Module {
    let cx = Context::new(source);
    let mut module = Module::default();
    let mut i = Tokens::new(&cx, tokens, false);
    if let Ok((rest, name)) = header(i) {
        module.name = Some(name);
        i = rest;
        if let Ok((rest, names)) = preceded(word("EXTENDS"), separated_list1(symbol(","), name_of)).parse(i) {
            module.extends = names;
            i = rest;
        }
    } else if !tokens.is_empty() {
        i.report_farthest();
    }
    while let Some(token) = i.raw_first() {
        match token.kind {
            TokenKind::ModuleEnd => i = i.skip(1),
            TokenKind::Separator => {
                // A nested module has a name space of its own: read over it.
                i = if i.skip(1).is_word("MODULE") { skip_module(i) } else { i.skip(1) };
            }
            _ => match unit(i) {
                Ok((rest, unit)) => {
                    module.units.push(unit);
                    i = rest;
                }
                Err(_) => {
                    i.report_farthest();
                    i = next_unit(i.skip(1));
                }
            },
        }
        if cx.too_deep.get() {
            break;
        }
    }
    cx.finish(out);
    module
}

fn name_of(i: Tokens<'_>) -> Res<'_, Name> {
    name(i)
}

/// `---- MODULE M ----`
fn header(i: Tokens<'_>) -> Res<'_, Name> {
    let (i, found) = preceded(word("MODULE"), name).parse(separator(i))?;
    Ok((separator(i), found))
}

fn separator(i: Tokens<'_>) -> Tokens<'_> {
    match i.first() {
        Some(Token { kind: TokenKind::Separator, .. }) => i.skip(1),
        _ => i,
    }
}

fn skip_module(i: Tokens<'_>) -> Tokens<'_> {
    let end = i.all().iter().position(|t| t.kind == TokenKind::ModuleEnd);
    i.skip(end.map_or(i.all().len(), |n| n + 1))
}

/// The units of a `define` or a `LET`.
pub(super) fn definitions(mut i: Tokens<'_>) -> Res<'_, Vec<Unit>> {
    let mut units = Vec::new();
    while !i.is_word("IN") && !i.is_symbol("}") {
        let (rest, unit) = unit(i)?;
        units.push(unit);
        i = rest;
        if i.is_symbol(";") {
            i = i.skip(1);
        }
    }
    Ok((i, units))
}

/// Unit
pub(super) fn unit(i: Tokens<'_>) -> Res<'_, Unit> {
    let Some(token) = i.raw_first() else { return i.fail("a definition") };
    if token.kind != TokenKind::Word {
        return definition(i);
    }
    match i.text(token) {
        "LOCAL" => unit(i.skip(1)),
        "CONSTANT" | "CONSTANTS" => separated_list1(symbol(","), operator_shape).map(Unit::Constants).parse(i.skip(1)),
        "RECURSIVE" => separated_list1(symbol(","), operator_shape).map(Unit::Recursive).parse(i.skip(1)),
        "VARIABLE" | "VARIABLES" => separated_list1(symbol(","), name).map(Unit::Variables).parse(i.skip(1)),
        "ASSUME" | "ASSUMPTION" | "AXIOM" => {
            let named = opt(terminated(name, symbol("=="))).parse(i.skip(1));
            let (rest, _) = named?;
            expr.map(Unit::Assume).parse(rest)
        }
        "INSTANCE" | "THEOREM" | "LEMMA" | "PROPOSITION" | "COROLLARY" | "PROOF" | "BY" | "OBVIOUS" | "OMITTED"
        | "USE" | "HIDE" | "QED" => Ok((next_unit(i.skip(1)), Unit::Opaque)),
        _ => definition(i),
    }
}

/// `Op`, `Op(_, _)`, `_ + _`
fn operator_shape(i: Tokens<'_>) -> Res<'_, (Name, usize)> {
    let (i, found) = name(i)?;
    if !i.is_symbol("(") {
        return Ok((i, (found, 0)));
    }
    let (i, places) = delimited(symbol("("), separated_list1(symbol(","), word("_")), symbol(")")).parse(i)?;
    Ok((i, (found, places.len())))
}

/// `Op(a, F(_)) == e`, `f[x \in S] == e`, `a + b == e`, `I == INSTANCE M`
fn definition(start: Tokens<'_>) -> Res<'_, Unit> {
    if let Some((rest, defined, parameters)) = symbolic_head(start) {
        let (i, body) = preceded(symbol("=="), expr).parse(rest)?;
        let span = start.span_to(i);
        return Ok((i, Unit::Definition(Definition { name: defined, parameters, domain: None, body, span })));
    }
    let (mut i, defined) = name(start)?;
    let mut parameters = Vec::new();
    let mut domain = None;
    if i.is_symbol("(") {
        (i, parameters) = delimited(symbol("("), separated_list1(symbol(","), operator_shape), symbol(")")).parse(i)?;
    } else if i.is_symbol("[") {
        let (rest, bindings) = delimited(symbol("["), separated_list1(symbol(","), binding), symbol("]")).parse(i)?;
        (i, domain) = (rest, Some(bindings));
    }
    let (i, _) = symbol("==")(i)?;
    if i.is_word("INSTANCE") {
        return Ok((next_unit(i.skip(1)), Unit::Opaque));
    }
    let (i, body) = expr(i)?;
    let span = start.span_to(i);
    Ok((i, Unit::Definition(Definition { name: defined, parameters, domain, body, span })))
}

/// Names with the number of arguments they take themselves.
type Parameters = Vec<(Name, usize)>;

/// `a (+) b`, `- a`, `a ^+` before `==`
fn symbolic_head(i: Tokens<'_>) -> Option<(Tokens<'_>, Name, Parameters)> {
    let is_definition = |i: Tokens<'_>| i.is_symbol("==");
    let operator = |i: Tokens<'_>| match i.first()? {
        Token { kind: TokenKind::Symbol(s), span, .. } => Some((s, Name { text: Rc::from(s), span })),
        _ => None,
    };
    if let Some((s, op)) = operator(i) {
        operators::prefix(s)?;
        let (rest, a) = name(i.skip(1)).ok()?;
        return is_definition(rest).then(|| (rest, op, vec![(a, 0)]));
    }
    let (rest, a) = name(i).ok()?;
    let (s, op) = operator(rest)?;
    if operators::postfix(s).is_some() && is_definition(rest.skip(1)) {
        return Some((rest.skip(1), op, vec![(a, 0)]));
    }
    operators::infix(s)?;
    let (rest, b) = name(rest.skip(1)).ok()?;
    is_definition(rest).then(|| (rest, op, vec![(a, 0), (b, 0)]))
}

/// Skips to something that looks like the start of the next unit.
fn next_unit(i: Tokens<'_>) -> Tokens<'_> {
    const STARTS: &[&str] = &[
        "CONSTANT",
        "CONSTANTS",
        "VARIABLE",
        "VARIABLES",
        "ASSUME",
        "ASSUMPTION",
        "AXIOM",
        "THEOREM",
        "LEMMA",
        "PROPOSITION",
        "COROLLARY",
        "RECURSIVE",
        "LOCAL",
        "INSTANCE",
    ];
    let source = i.cx.source;
    let tokens = i.all();
    let at = (0..tokens.len()).find(|n| {
        let token = tokens[*n];
        match token.kind {
            TokenKind::Separator | TokenKind::ModuleEnd => true,
            TokenKind::Word if STARTS.contains(&source.slice(token.span)) => true,
            TokenKind::Word => starts_definition(&tokens[n + 1..], token),
            _ => false,
        }
    });
    i.skip(at.unwrap_or(tokens.len()))
}

/// Whether what follows a name at the start of a line is `==`, or `( … ) ==`, or `[ … ] ==`.
fn starts_definition(after: &[Token], name: Token) -> bool {
    if name.column != 1 {
        return false;
    }
    let mut depth = 0usize;
    for token in after.iter().take(200) {
        match token.kind {
            TokenKind::Symbol("==") if depth == 0 => return true,
            TokenKind::Symbol("(" | "[") => depth += 1,
            TokenKind::Symbol(")" | "]") => depth = depth.saturating_sub(1),
            _ if depth == 0 => return false,
            _ => {}
        }
    }
    false
}
