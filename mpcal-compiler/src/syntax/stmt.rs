//! PlusCal statements, C-syntax, with the additions of MPCal.

use nom::branch::alt;
use nom::combinator::opt;
use nom::multi::{many1, separated_list0, separated_list1};
use nom::sequence::{delimited, preceded};
use nom::Parser;

use super::block::cannot_be_statement;
use super::brackets::steps;
use super::expr::expr;
use super::lex::{Token, TokenKind};
use super::tokens::{measured, name, nested, reached, symbol, wildcards, word, Failed, Res, Tokens};
use crate::ast::{Argument, Initial, Label, Name, Place, Stmt, StmtKind, WithBinding};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// `{ s; s }`
pub(super) fn body(i: Tokens<'_>) -> Res<'_, Vec<Stmt>> {
    let (inside, open) = symbol("{")(i)?;
    let (i, stmts) = nested(inside, stmts)?;
    if cannot_be_statement(i) {
        return unclosed(i, open);
    }
    let (i, _) = symbol("}")(i)?;
    Ok((i, stmts))
}

/// Reports that a body is not closed where a part of the block starts, and gives up on the part it is in.
fn unclosed<'a, T>(i: Tokens<'a>, open: Span) -> Res<'a, T> {
    let here = i.here();
    i.cx.unclosed_body.set(Some(here.start));
    i.cx.report(
        Diagnostic::error("unclosed", here, format!("`{}` inside a body", i.cx.source.slice(here)))
            .because("a `}` is missing before this")
            .and(open, "this may be the unclosed one"),
    );
    Err(nom::Err::Failure(Failed))
}

/// Statements up to the closing brace. One that cannot be parsed is reported and read over.
fn stmts(mut i: Tokens<'_>) -> Res<'_, Vec<Stmt>> {
    let mut list = Vec::new();
    loop {
        while i.is_symbol(";") {
            i = i.skip(1);
        }
        if i.raw_first().is_none() || i.is_symbol("}") || cannot_be_statement(i) {
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
                i = recover(rest, i.report_misspelt(keyword(i), KEYWORDS));
            }
            Err(nom::Err::Failure(f)) => return Err(nom::Err::Failure(f)),
            Err(_) => {
                i = recover(i, i.report_misspelt(keyword(i), KEYWORDS));
            }
        }
    }
}

/// The words that statements start with.
const KEYWORDS: &[&str] =
    &["assert", "await", "call", "either", "goto", "if", "print", "return", "skip", "when", "while", "with", "yield"];

/// The word that a statement starts with, after its label.
fn keyword(i: Tokens<'_>) -> Option<Token> {
    label(i).map_or(i, |(rest, _)| rest).first()
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

/// Skips to the next `;` or `}` of this brace level that is not before a fault. A `;` in parentheses
/// separates bindings.
fn recover(i: Tokens<'_>, fault: u32) -> Tokens<'_> {
    let (mut braces, mut parentheses) = (0usize, 0usize);
    let end = i.all().iter().position(|t| match t.kind {
        TokenKind::Symbol("}") if braces == 0 => true,
        TokenKind::Symbol(";") => braces + parentheses == 0 && t.span.start >= fault,
        TokenKind::Symbol(symbol) => {
            match symbol {
                "{" => braces += 1,
                "}" => braces -= 1,
                "(" => parentheses += 1,
                ")" => parentheses = parentheses.saturating_sub(1),
                _ => {}
            }
            false
        }
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
        "if" => if_stmt(i),
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
        "yield" if !is_assignment(i) => expr.map(StmtKind::Yield).parse(next),
        "skip" => Ok((next, StmtKind::Skip)),
        "return" => Ok((next, StmtKind::Return)),
        "goto" => alt((name, quoted)).map(StmtKind::Goto).parse(next),
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

/// `"Done"`: a label may be written as the value of `pc`.
fn quoted(i: Tokens<'_>) -> Res<'_, Name> {
    match i.first() {
        Some(t) if t.kind == TokenKind::String => {
            Ok((i.skip(1), Name { text: i.text(t).trim_matches('"').into(), span: t.span }))
        }
        _ => i.fail("a label"),
    }
}

/// `if (a) s else if (b) s …` is read in a loop, so that a long one is not deep.
fn if_stmt(start: Tokens<'_>) -> Res<'_, StmtKind> {
    let mut arms = Vec::new();
    let (mut i, mut height) = (start, 0);
    let (rest, otherwise) = loop {
        let arm = (delimited(symbol("("), expr, symbol(")")), boxed);
        let (read, inside) = measured(i.skip(1), |i| (arm, opt((opt(symbol(";")), word("else")))).parse(i));
        let (rest, (arm, more)) = read?;
        height = height.max(inside + arms.len() as u16);
        arms.push((i, arm));
        reached(rest, height.max(arms.len() as u16))?;
        if more.is_none() && (rest.is_word("elseif") || rest.is_word("elsif")) && rest.skip(1).is_symbol("(") {
            let word = rest.first().map_or(rest.here(), |t| t.span);
            let message = format!("there is no `{}`", rest.first().map_or("", |t| rest.text(t)));
            rest.cx.report(Diagnostic::error("syntax", word, message).help("write `else if`"));
            i = rest;
            continue;
        }
        if more.is_none() {
            break (rest, None);
        }
        if !rest.is_word("if") {
            let (read, inside) = measured(rest, boxed);
            let (rest, last) = read?;
            reached(rest, height.max(inside + arms.len() as u16))?;
            break (rest, Some(last));
        }
        i = rest;
    };
    let statement = arms.into_iter().rev().fold(otherwise, |otherwise, (from, (condition, then))| {
        let kind = StmtKind::If(condition, then, otherwise);
        Some(Box::new(Stmt { label: None, kind, span: from.span_to(rest) }))
    });
    match statement {
        Some(statement) => Ok((rest, statement.kind)),
        None => start.fail("if"),
    }
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

/// Whether an assignment comes next. Plain PlusCal may have variables that are called as MPCal's statements.
fn is_assignment(i: Tokens<'_>) -> bool {
    name(i).and_then(|(i, _)| steps(i)).is_ok_and(|(i, _)| i.is_symbol(":="))
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
    let (rest, passed): (_, Name) = name(i.skip(1))?;
    let (rest, count) = wildcards(rest)?;
    if !rest.is_symbol("[") && !rest.is_symbol(".") {
        return Ok((rest, Argument::Ref(passed, count)));
    }
    let (end, _) = steps(rest)?;
    let name = &passed.text;
    i.cx.report(
        Diagnostic::error(
            "syntax",
            i.span_to(end),
            format!("a `ref` argument must be a whole variable, not a part of `{name}`"),
        )
        .because(format!("`{name}` can be passed, or all of its indices as `{name}[_]`"))
        .help(format!(
            "pass `ref {name}[_]`, declare the parameter as `ref {name}[_]`, and write the index where it is used"
        )),
    );
    Ok((end, Argument::Ref(passed, count)))
}
