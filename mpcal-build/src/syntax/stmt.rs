//! PlusCal statements, C-syntax, with the additions of MPCal.

use nom::branch::alt;
use nom::combinator::opt;
use nom::multi::{many1, separated_list0, separated_list1};
use nom::sequence::{delimited, preceded};
use nom::Parser;

use super::brackets::steps;
use super::expr::expr;
use super::lex::TokenKind;
use super::tokens::{name, nested, symbol, wildcards, word, Res, Tokens};
use crate::ast::{Argument, Initial, Label, Name, Place, Stmt, StmtKind, WithBinding};

/// `{ s; s }`
pub(super) fn body(i: Tokens<'_>) -> Res<'_, Vec<Stmt>> {
    let (i, _) = symbol("{")(i)?;
    let (i, stmts) = nested(i, stmts)?;
    let (i, _) = symbol("}")(i)?;
    Ok((i, stmts))
}

/// Statements up to the closing brace. One that cannot be parsed is reported and read over.
fn stmts(mut i: Tokens<'_>) -> Res<'_, Vec<Stmt>> {
    let mut list = Vec::new();
    loop {
        while i.is_symbol(";") {
            i = i.skip(1);
        }
        if i.raw_first().is_none() || i.is_symbol("}") {
            return Ok((i, list));
        }
        match stmt(i) {
            Ok((rest, s))
                if rest.is_symbol(";")
                    || rest.is_symbol("}")
                    || matches!(s.kind, StmtKind::Block(_))
                    || ends_in_block(&s) =>
            {
                list.push(s);
                i = rest;
            }
            Ok((rest, _)) => {
                let _ = rest.fail::<()>(";");
                i.report_farthest();
                i = recover(rest);
            }
            Err(nom::Err::Failure(f)) => return Err(nom::Err::Failure(f)),
            Err(_) => {
                i.report_farthest();
                i = recover(i);
            }
        }
    }
}

/// After a body in braces the semicolon may be left out.
fn ends_in_block(s: &Stmt) -> bool {
    match &s.kind {
        StmtKind::Block(_) => true,
        StmtKind::If(_, then, otherwise) => ends_in_block(otherwise.as_deref().unwrap_or(then)),
        StmtKind::While(_, body) | StmtKind::With(_, body) => ends_in_block(body),
        StmtKind::Either(arms) => arms.last().is_some_and(ends_in_block),
        _ => false,
    }
}

/// Skips to the next `;` or `}` of this brace level.
fn recover(i: Tokens<'_>) -> Tokens<'_> {
    let mut depth = 0usize;
    let end = i.all().iter().position(|t| match t.kind {
        TokenKind::Symbol("{") => {
            depth += 1;
            false
        }
        TokenKind::Symbol("}") if depth == 0 => true,
        TokenKind::Symbol("}") => {
            depth -= 1;
            false
        }
        TokenKind::Symbol(";") => depth == 0,
        _ => false,
    });
    i.skip(end.unwrap_or(i.all().len()))
}

/// Stmt
fn stmt(start: Tokens<'_>) -> Res<'_, Stmt> {
    let (i, label) = label(start)?;
    let (rest, kind) = nested(i, unlabelled)?;
    Ok((rest, Stmt { label, kind, span: i.span_to(rest) }))
}

fn boxed(i: Tokens<'_>) -> Res<'_, Box<Stmt>> {
    stmt.map(Box::new).parse(i)
}

/// `name:`, `name:+`, `name:-`
fn label(i: Tokens<'_>) -> Res<'_, Option<Label>> {
    let is_label = i.first().is_some_and(|t| t.kind == TokenKind::Word)
        && i.second().is_some_and(|t| t.kind == TokenKind::Symbol(":"));
    if !is_label {
        return Ok((i, None));
    }
    let (i, found) = name(i)?;
    let mut i = i.skip(1);
    let mut modifier = None;
    for (s, c) in [("+", '+'), ("-", '-')] {
        if i.is_symbol(s) {
            modifier = Some(c);
            i = i.skip(1);
        }
    }
    Ok((i, Some(Label { name: found, modifier })))
}

fn unlabelled(i: Tokens<'_>) -> Res<'_, StmtKind> {
    if i.is_symbol("{") {
        return body.map(StmtKind::Block).parse(i);
    }
    let Some(token) = i.first() else { return i.fail("a statement") };
    let next = i.skip(1);
    match i.text(token) {
        "if" => if_stmt(next),
        "while" => {
            let (i, c) = delimited(symbol("("), expr, symbol(")")).parse(next)?;
            boxed.map(|s| StmtKind::While(c.clone(), s)).parse(i)
        }
        "either" => {
            let (i, first) = stmt(next)?;
            let separator = |i| preceded(opt(symbol(";")), word("or")).parse(i);
            let (i, mut rest) = many1(preceded(separator, stmt)).parse(i)?;
            rest.insert(0, first);
            Ok((i, StmtKind::Either(rest)))
        }
        "with" => with(next),
        "await" | "when" => expr.map(StmtKind::Await).parse(next),
        "print" => expr.map(StmtKind::Print).parse(next),
        "assert" => expr.map(StmtKind::Assert).parse(next),
        "yield" => expr.map(StmtKind::Yield).parse(next),
        "skip" => Ok((next, StmtKind::Skip)),
        "return" => Ok((next, StmtKind::Return)),
        "goto" => name.map(StmtKind::Goto).parse(next),
        "call" => {
            let (i, callee) = name(next)?;
            let (i, args) = arguments(i)?;
            Ok((i, StmtKind::Call(callee, args)))
        }
        _ if next.is_symbol("(") => {
            let (i, callee) = name(i)?;
            let (i, args) = delimited(symbol("("), separated_list0(symbol(","), expr), symbol(")")).parse(i)?;
            Ok((i, StmtKind::Macro(callee, args)))
        }
        _ => separated_list1(symbol("||"), assignment).map(StmtKind::Assign).parse(i),
    }
}

fn if_stmt(i: Tokens<'_>) -> Res<'_, StmtKind> {
    let (i, condition) = delimited(symbol("("), expr, symbol(")")).parse(i)?;
    let (i, then) = boxed(i)?;
    let (i, otherwise) = opt(preceded((opt(symbol(";")), word("else")), boxed)).parse(i)?;
    Ok((i, StmtKind::If(condition, then, otherwise)))
}

fn with(i: Tokens<'_>) -> Res<'_, StmtKind> {
    let separator = alt((symbol(";"), symbol(",")));
    let (i, bindings) = delimited(
        symbol("("),
        separated_list1(separator, with_binding),
        (opt(alt((symbol(";"), symbol(",")))), symbol(")")),
    )
    .parse(i)?;
    let (i, inner) = boxed(i)?;
    Ok((i, StmtKind::With(bindings, inner)))
}

fn with_binding(i: Tokens<'_>) -> Res<'_, WithBinding> {
    let (i, bound) = name(i)?;
    let value = preceded(symbol("="), expr).map(Initial::Value);
    let element = preceded(symbol("\\in"), expr).map(Initial::Element);
    let (i, initial) = alt((value, element)).parse(i)?;
    Ok((i, WithBinding { name: bound, initial }))
}

fn assignment(start: Tokens<'_>) -> Res<'_, (Place, crate::ast::Expr)> {
    let (i, target) = name(start)?;
    let (i, path) = steps(i)?;
    let span = start.span_to(i);
    let (i, value) = preceded(symbol(":="), expr).parse(i)?;
    Ok((i, (Place { name: target, path, span }, value)))
}

/// `(ref x[_], 1)`
pub(super) fn arguments(i: Tokens<'_>) -> Res<'_, Vec<Argument>> {
    delimited(symbol("("), separated_list0(symbol(","), argument), symbol(")")).parse(i)
}

fn argument(i: Tokens<'_>) -> Res<'_, Argument> {
    let is_ref = i.is_word("ref") && i.second().is_some_and(|t| t.kind == TokenKind::Word);
    if !is_ref {
        return expr.map(Argument::Value).parse(i);
    }
    let (i, passed): (_, Name) = name(i.skip(1))?;
    let (i, count) = wildcards(i)?;
    Ok((i, Argument::Ref(passed, count)))
}
