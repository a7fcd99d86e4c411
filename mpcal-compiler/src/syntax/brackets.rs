//! Expressions in brackets: tuples, sets, functions, records, actions.

use nom::branch::alt;
use nom::multi::{separated_list0, separated_list1};
use nom::sequence::{delimited, preceded, terminated};
use nom::Parser;

use super::expr::{boxed, expr, node, prefix_operator, primary};
use super::lex::TokenKind;
use super::tokens::{any_word, name, symbol, word, Res, Tokens};
use super::MAX_DEPTH;
use crate::ast::{Binding, Expr, ExprKind, Name, Step};

/// `<<a, b>>`, `<<A>>_v`
pub(super) fn tuple(start: Tokens<'_>) -> Res<'_, Expr> {
    let (i, items) = preceded(symbol("<<"), separated_list0(symbol(","), expr)).parse(start)?;
    if items.len() == 1 && i.is_symbol(">>_") {
        return subscript(start, i.skip(1));
    }
    let (i, _) = symbol(">>")(i)?;
    Ok((i, node(start, i, ExprKind::Tuple(items))))
}

/// What follows `]_` or `>>_`.
fn subscript<'a>(start: Tokens<'a>, i: Tokens<'a>) -> Res<'a, Expr> {
    let (rest, _) = simple(i)?;
    Ok((rest, node(start, rest, ExprKind::Temporal)))
}

/// What an action is subscripted with: a name, or something in brackets.
pub(super) fn simple(i: Tokens<'_>) -> Res<'_, Expr> {
    let starts = i.first().is_some_and(|t| {
        matches!(t.kind, TokenKind::Word | TokenKind::Symbol("(" | "<<" | "{" | "[")) && prefix_operator(i).is_none()
    });
    match primary(i) {
        Ok((rest, e)) if starts && !matches!(e.kind, ExprKind::Subexpression) => Ok((rest, e)),
        Err(nom::Err::Failure(f)) => Err(nom::Err::Failure(f)),
        _ => i.fail("a subscript"),
    }
}

/// Which form starts with the `{` or `[` that was just read, told by the first separator at its own
/// level: a bound name's `:` does not count, nor does what stands before that.
pub(super) fn separator_at_level(i: Tokens<'_>, wanted: &'static str) -> bool {
    let (mut depth, mut bound) = (0usize, 0usize);
    for token in i.all() {
        if depth > usize::from(MAX_DEPTH) {
            return false;
        }
        match token.kind {
            TokenKind::Symbol("(" | "[" | "{" | "<<") => depth += 1,
            TokenKind::Symbol(")" | "]" | "}" | ">>" | "]_" | ">>_") if depth == 0 => return false,
            TokenKind::Symbol(")" | "]" | "}" | ">>" | "]_" | ">>_") => depth -= 1,
            TokenKind::Symbol("\\A" | "\\E" | "\\AA" | "\\EE") if depth == 0 => bound += 1,
            TokenKind::Word if depth == 0 && matches!(i.text(*token), "CHOOSE" | "LAMBDA") => bound += 1,
            TokenKind::Symbol(":") if depth == 0 && bound > 0 => bound -= 1,
            TokenKind::Symbol(s) if depth == 0 && bound == 0 && s == wanted => return true,
            TokenKind::Separator | TokenKind::ModuleEnd => return false,
            _ => {}
        }
    }
    false
}

/// Whether `x \in` or `<<x, y>> \in` comes next.
fn starts_binding(i: Tokens<'_>) -> bool {
    let list = |i| separated_list1(symbol(","), name).parse(i);
    let after = if i.is_symbol("<<") {
        delimited(symbol("<<"), list, symbol(">>")).parse(i).map(|(rest, _)| rest)
    } else {
        name(i).map(|(rest, _)| rest)
    };
    after.is_ok_and(|rest| rest.is_symbol("\\in"))
}

/// `{}`, `{a, b}`, `{x \in S : p}`, `{e : x \in S}`
pub(super) fn set(start: Tokens<'_>) -> Res<'_, Expr> {
    let (i, _) = symbol("{")(start)?;
    if starts_binding(i) && separator_at_level(i, ":") {
        let (i, b) = terminated(binding, symbol(":")).parse(i)?;
        let (i, body) = terminated(boxed, symbol("}")).parse(i)?;
        return Ok((i, node(start, i, ExprKind::Filter(b, body))));
    }
    let (i, mut items) = separated_list0(symbol(","), expr).parse(i)?;
    if items.len() == 1 && i.is_symbol(":") {
        let (i, bindings) = delimited(symbol(":"), separated_list1(symbol(","), binding), symbol("}")).parse(i)?;
        return Ok((i, node(start, i, ExprKind::Map(Box::new(items.remove(0)), bindings))));
    }
    let (i, _) = symbol("}")(i)?;
    Ok((i, node(start, i, ExprKind::Set(items))))
}

/// Everything that starts with `[`.
pub(super) fn bracket(start: Tokens<'_>) -> Res<'_, Expr> {
    let (i, _) = symbol("[")(start)?;
    if let (Some(a), Some(b)) = (i.first(), i.second()) {
        if a.kind == TokenKind::Word && b.kind == TokenKind::Symbol("|->") {
            let (i, fields) = terminated(separated_list1(symbol(","), field("|->")), symbol("]")).parse(i)?;
            return Ok((i, node(start, i, ExprKind::Record(fields))));
        }
        if a.kind == TokenKind::Word && b.kind == TokenKind::Symbol(":") {
            let (i, fields) = terminated(separated_list1(symbol(","), field(":")), symbol("]")).parse(i)?;
            return Ok((i, node(start, i, ExprKind::RecordSet(fields))));
        }
    }
    if separator_at_level(i, "|->") {
        let (i, bindings) = terminated(separated_list1(symbol(","), binding), symbol("|->")).parse(i)?;
        let (i, body) = terminated(boxed, symbol("]")).parse(i)?;
        return Ok((i, node(start, i, ExprKind::Function(bindings, body))));
    }
    let (i, e) = boxed(i)?;
    if i.is_word("EXCEPT") {
        let (i, updates) = delimited(word("EXCEPT"), separated_list1(symbol(","), update), symbol("]")).parse(i)?;
        return Ok((i, node(start, i, ExprKind::Except(e, updates))));
    }
    if i.is_symbol("->") {
        let (i, range) = delimited(symbol("->"), boxed, symbol("]")).parse(i)?;
        return Ok((i, node(start, i, ExprKind::FunctionSet(e, range))));
    }
    let (i, _) = symbol("]_")(i)?;
    subscript(start, i)
}

fn field<'a>(separator: &'static str) -> impl FnMut(Tokens<'a>) -> Res<'a, (Name, Expr)> {
    move |i| {
        let (i, field) = any_word(i)?;
        let (i, value) = preceded(symbol(separator), expr).parse(i)?;
        Ok((i, (field, value)))
    }
}

/// `![a].b = e`
fn update(i: Tokens<'_>) -> Res<'_, (Vec<Step>, Expr)> {
    let (i, _) = symbol("!")(i)?;
    let (i, path) = steps(i)?;
    if path.is_empty() {
        return i.fail("`[` or `.`");
    }
    let (i, value) = preceded(symbol("="), expr).parse(i)?;
    Ok((i, (path, value)))
}

/// `[a][b, c].d`
pub(super) fn steps(mut i: Tokens<'_>) -> Res<'_, Vec<Step>> {
    let mut path = Vec::new();
    loop {
        if i.is_symbol("[") {
            let (rest, args) = delimited(symbol("["), separated_list1(symbol(","), expr), symbol("]")).parse(i)?;
            path.push(Step::Index(args));
            i = rest;
        } else if i.is_symbol(".") {
            let (rest, field) = preceded(symbol("."), any_word).parse(i)?;
            path.push(Step::Field(field));
            i = rest;
        } else {
            return Ok((i, path));
        }
    }
}

/// `x, y \in S` or `<<x, y>> \in S`
pub(super) fn binding(i: Tokens<'_>) -> Res<'_, Binding> {
    let tuple = delimited(symbol("<<"), separated_list1(symbol(","), name), symbol(">>")).map(|names| (names, true));
    let plain = separated_list1(symbol(","), name).map(|names| (names, false));
    let (i, (names, tuple)) = alt((tuple, plain)).parse(i)?;
    let (i, set) = preceded(symbol("\\in"), boxed).parse(i)?;
    Ok((i, Binding { names, tuple, set: Some(set) }))
}
