//! Names in expressions, and operators given as arguments.

use nom::multi::separated_list1;
use nom::sequence::delimited;
use nom::Parser;

use super::expr::{expr, lambda};
use super::lex::{Token, TokenKind};
use super::tokens::{name, symbol, Res, Tokens};
use crate::ast::{Expr, ExprKind, Name};
use crate::operators;
use crate::symbol::Symbol;

/// A name, perhaps applied (`Op(a, b)`), of an instance (`I(x)!Op(a)`), or with selectors of a
/// subexpression (`Op!1!<<`, `+!1`).
pub(super) fn reference(start: Tokens<'_>) -> Res<'_, Expr> {
    let (mut i, first) = match start.first() {
        Some(t) if t.kind == TokenKind::Step && start.text(t).ends_with(|c: char| c.is_ascii_alphanumeric()) => {
            (start.skip(1), Name { text: Symbol::from(start.text(t)), span: t.span })
        }
        Some(Token { kind: TokenKind::Symbol(s), span, .. }) if is_operator(s) => {
            (start.skip(1), Name { text: Symbol::from(s), span })
        }
        _ => name(start)?,
    };
    let mut selects = start.first().is_some_and(|t| t.kind != TokenKind::Word);
    let mut parts = vec![(first, Vec::new())];
    loop {
        if i.is_symbol("(") {
            let (rest, args) = delimited(symbol("("), separated_list1(symbol(","), argument), symbol(")")).parse(i)?;
            if let Some((_, list)) = parts.last_mut() {
                *list = args;
            }
            i = rest;
        }
        if !i.is_symbol("!") {
            break;
        }
        let (rest, (part, selector)) = selector(i.skip(1))?;
        selects |= selector;
        parts.push((part, Vec::new()));
        i = rest;
    }
    let span = start.span_to(i);
    let kind = match (selects, parts.len()) {
        (true, _) => ExprKind::Subexpression,
        (false, 1) => {
            let (found, args) = parts.swap_remove(0);
            if args.is_empty() {
                ExprKind::Name(found.text)
            } else {
                ExprKind::Apply(found, args)
            }
        }
        (false, _) => ExprKind::Qualified(parts),
    };
    Ok((i, Expr { kind, span }))
}

/// What may follow a `!`: a name or an operator of an instance; or, with the flag, the way to a
/// subexpression.
fn selector(i: Tokens<'_>) -> Res<'_, (Name, bool)> {
    let Some(token) = i.first() else { return i.fail("a name") };
    let found = |i: Tokens<'_>| Name { text: Symbol::from(i.text(token)), span: token.span };
    match token.kind {
        TokenKind::Word if is_operator(i.text(token)) => Ok((i.skip(1), (found(i), true))),
        TokenKind::Word => name(i).map(|(rest, n)| (rest, (n, false))),
        TokenKind::Number | TokenKind::Symbol("<<" | ">>" | "@" | ":") => Ok((i.skip(1), (found(i), true))),
        TokenKind::Symbol("(") => Ok((i, (found(i), true))),
        TokenKind::Symbol(s) if is_operator(s) => Ok((i.skip(1), (found(i), false))),
        _ => i.fail("a name"),
    }
}

/// Whether a symbol can be an operator.
pub(super) fn is_operator(s: &str) -> bool {
    s == "-." || operators::infix(s).is_some() || operators::prefix(s).is_some() || operators::postfix(s).is_some()
}

/// An argument: an expression, or an operator given to a higher-order operator: `+`, `SUBSET`,
/// `LAMBDA x : e`.
pub(super) fn argument(i: Tokens<'_>) -> Res<'_, Expr> {
    if i.is_word("LAMBDA") {
        return lambda(i);
    }
    if let (Some(token), Some(next)) = (i.first(), i.second()) {
        let spelling = match token.kind {
            TokenKind::Symbol(s) => s,
            _ => i.text(token),
        };
        if is_operator(spelling) && matches!(next.kind, TokenKind::Symbol("," | ")")) {
            let text = if spelling == "-." { "prefix -" } else { spelling };
            return Ok((i.skip(1), Expr { kind: ExprKind::Name(Symbol::from(text)), span: token.span }));
        }
    }
    expr(i)
}
