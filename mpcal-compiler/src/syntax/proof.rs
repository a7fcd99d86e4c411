//! Theorems and proofs, as TLA+ version 2 has them. They are parsed and not kept.
//!
//! Grammar: *TLA+2: A Preliminary Guide*, section 7.

use nom::branch::alt;
use nom::combinator::opt;
use nom::multi::separated_list1;
use nom::sequence::{preceded, terminated};
use nom::Parser;

use super::brackets::binding;
use super::expr::expr;
use super::lex::{Token, TokenKind};
use super::module::{inner_definition, operator_shape};
use super::reference::is_operator;
use super::tokens::{name, nested, symbol, word, Res, Tokens};
use crate::ast::Unit;

/// What follows `THEOREM`.
pub(super) fn theorem(i: Tokens<'_>) -> Res<'_, Unit> {
    let (i, _) = opt(terminated(name, symbol("=="))).parse(i)?;
    let (i, ()) = statement(i)?;
    let (i, ()) = optional_proof(i.within_proof(true), OUTSIDE)?;
    Ok((i.within_proof(false), Unit::Opaque))
}

/// What follows `USE` or `HIDE`.
pub(super) fn use_or_hide(i: Tokens<'_>) -> Res<'_, Unit> {
    let (i, ()) = facts(i)?;
    Ok((i, Unit::Opaque))
}

/// Expr, or `ASSUME a, NEW x \in S PROVE b`
fn statement(i: Tokens<'_>) -> Res<'_, ()> {
    let boxed = i.is_symbol("[]") && i.skip(1).is_word("ASSUME");
    let i = if boxed { i.skip(1) } else { i };
    if !i.is_word("ASSUME") {
        return expr.map(|_| ()).parse(i);
    }
    let (i, _) = separated_list1(symbol(","), |i| nested(i, assumption)).parse(i.skip(1))?;
    let (i, _) = word("PROVE")(if boxed && i.is_symbol("[]") { i.skip(1) } else { i })?;
    expr.map(|_| ()).parse(i)
}

/// `NEW CONSTANT x \in S`, `STATE F(_)`, Expr, a nested `ASSUME … PROVE …`, which may have a label
fn assumption(i: Tokens<'_>) -> Res<'_, ()> {
    const KINDS: &[&str] = &["CONSTANT", "VARIABLE", "STATE", "ACTION", "TEMPORAL"];
    let new = i.is_word("NEW");
    let declared = if new { i.skip(1) } else { i };
    let kind = KINDS.iter().any(|k| declared.is_word(k));
    if !new && !kind {
        let named = i.skip(1).is_symbol("::") && i.skip(2).is_word("ASSUME");
        return statement(if named { name(i)?.0.skip(1) } else { i });
    }
    let declared = if kind { declared.skip(1) } else { declared };
    let (i, _) = operator_shape(declared)?;
    let (i, _) = opt(preceded(symbol("\\in"), expr)).parse(i)?;
    Ok((i, ()))
}

/// The level of what stands around the outermost proof, whose steps may have level 0.
const OUTSIDE: i32 = -1;

/// The level of the step that comes next: `<1>2.` has 1. `<*>` stays on the level we are on, `<+>`
/// goes one deeper.
fn step_level(i: Tokens<'_>, level: i32) -> Option<i32> {
    let token = i.first().filter(|t| t.kind == TokenKind::Step)?;
    let text = i.text(token);
    let inner = text.get(1..text.find('>')?)?;
    match inner {
        "*" => Some(level.max(0)),
        "+" => Some(level.saturating_add(1)),
        digits => digits.parse().ok(),
    }
}

/// A proof, if one follows; `level` is the level of the steps around it.
fn optional_proof(i: Tokens<'_>, level: i32) -> Res<'_, ()> {
    let deeper = step_level(i, level).is_some_and(|l| l > level);
    let starts = deeper || ["PROOF", "BY", "OBVIOUS", "OMITTED"].iter().any(|w| i.is_word(w));
    if starts {
        nested(i, |i| proof(i, level))
    } else {
        Ok((i, ()))
    }
}

fn proof(start: Tokens<'_>, level: i32) -> Res<'_, ()> {
    let i = if start.is_word("PROOF") { start.skip(1) } else { start };
    if i.is_word("OBVIOUS") || i.is_word("OMITTED") {
        return Ok((i.skip(1), ()));
    }
    if i.is_word("BY") {
        let next = i.skip(1);
        let next = if next.is_word("ONLY") { next.skip(1) } else { next };
        // Nothing need follow.
        return Ok(facts(next).unwrap_or((next, ())));
    }
    // `<*>` is on the level of the steps around, but for the first of a `PROOF`.
    let deeper = start.is_word("PROOF") && i.first().is_some_and(|t| i.text(t).starts_with("<*>"));
    steps(i, level, if deeper { level.checked_add(1) } else { step_level(i, level) })
}

/// Steps of one level, deeper than `outer`; the last is `QED`.
fn steps(mut i: Tokens<'_>, outer: i32, first: Option<i32>) -> Res<'_, ()> {
    let Some(level) = first.filter(|l| *l > outer) else { return i.fail("a step") };
    loop {
        i = i.skip(1);
        if i.is_word("QED") {
            return optional_proof(i.skip(1), level);
        }
        (i, _) = step(i, level)?;
        if step_level(i, level) != Some(level) {
            return i.fail("a step `QED` of this level");
        }
    }
}

/// What follows the number of a step.
fn step(i: Tokens<'_>, level: i32) -> Res<'_, ()> {
    let next = i.skip(1);
    let Some(token) = i.first() else { return i.fail("a step") };
    let bounds = |i| separated_list1(symbol(","), binding).parse(i).map(|(rest, _)| (rest, ()));
    let names = |i| separated_list1(symbol(","), name).parse(i).map(|(rest, _)| (rest, ()));
    let keyword = if token.kind == TokenKind::Word { i.text(token) } else { "" };
    match keyword {
        "USE" | "HIDE" => facts(next),
        "DEFINE" => definitions(next),
        "INSTANCE" => definitions(i),
        "HAVE" => expr.map(|_| ()).parse(next),
        "TAKE" => alt((bounds, names)).parse(next),
        "WITNESS" => separated_list1(symbol(","), expr).map(|_| ()).parse(next),
        "PICK" => {
            let (i, _) = (alt((bounds, names)), symbol(":"), expr).parse(next)?;
            optional_proof(i, level)
        }
        "CASE" => {
            let (i, _) = expr(next)?;
            optional_proof(i, level)
        }
        "SUFFICES" => {
            let (i, ()) = statement(next)?;
            optional_proof(i, level)
        }
        _ if inner_definition(i).is_ok() => definitions(i),
        _ => {
            let (i, ()) = statement(i)?;
            optional_proof(i, level)
        }
    }
}

fn definitions(i: Tokens<'_>) -> Res<'_, ()> {
    let (mut i, _) = inner_definition(i)?;
    while i.first().is_some_and(|t| t.kind != TokenKind::Step) {
        match inner_definition(i) {
            Ok((rest, _)) => i = rest,
            Err(_) => break,
        }
    }
    Ok((i, ()))
}

/// `a, MODULE M DEF x, y`
fn facts(mut i: Tokens<'_>) -> Res<'_, ()> {
    let is_def = |i: Tokens<'_>| i.is_word("DEF") || i.is_word("DEFS");
    if !is_def(i) {
        (i, _) = separated_list1(symbol(","), fact).parse(i)?;
    }
    if is_def(i) {
        (i, _) = separated_list1(symbol(","), defined).parse(i.skip(1))?;
    }
    Ok((i, ()))
}

fn fact(i: Tokens<'_>) -> Res<'_, ()> {
    if i.is_word("MODULE") {
        return name.map(|_| ()).parse(i.skip(1));
    }
    expr.map(|_| ()).parse(i)
}

/// What `DEF` names: an operator, perhaps of an instance, or a symbol.
fn defined(i: Tokens<'_>) -> Res<'_, ()> {
    if i.is_word("MODULE") {
        return name.map(|_| ()).parse(i.skip(1));
    }
    match i.first() {
        Some(Token { kind: TokenKind::Symbol(s), .. }) if is_operator(s) => Ok((i.skip(1), ())),
        _ => expr.map(|_| ()).parse(i),
    }
}
