//! TLA+ expressions, by precedence climbing over the operator table.

use std::rc::Rc;

use nom::branch::alt;
use nom::combinator::opt;
use nom::multi::{separated_list0, separated_list1};
use nom::sequence::{delimited, preceded, terminated};
use nom::Parser;

use super::lex::{Token, TokenKind};
use super::module::definitions;
use super::tokens::{name, nested, symbol, too_deep, word, Res, Tokens};
use super::MAX_DEPTH;
use crate::ast::{Binding, Expr, ExprKind, Name, Quantifier, Step};
use crate::diagnostic::Diagnostic;
use crate::operators::{self, Fixity};

/// Expr
pub(super) fn expr(i: Tokens<'_>) -> Res<'_, Expr> {
    nested(i, |i| infix(i, 0))
}

fn boxed(i: Tokens<'_>) -> Res<'_, Box<Expr>> {
    expr.map(Box::new).parse(i)
}

fn node(start: Tokens<'_>, rest: Tokens<'_>, kind: ExprKind) -> Expr {
    Expr { kind, span: start.span_to(rest) }
}

/// The infix operator that comes next, if it may stand here.
fn infix_operator(i: Tokens<'_>) -> Option<&'static operators::Operator> {
    let Some(Token { kind: TokenKind::Symbol(s), .. }) = i.first() else { return None };
    if i.in_block && (s == "||" || s == ":=") {
        return None;
    }
    operators::infix(s)
}

/// An expression all of whose infix operators bind at least as tightly as `min`.
fn infix(start: Tokens<'_>, min: u8) -> Res<'_, Expr> {
    let (mut i, mut left) = operand(start)?;
    let mut last: Option<(&'static operators::Operator, (u8, u8))> = None;
    let mut chain = 0;
    while let Some(op) = infix_operator(i) {
        let Fixity::Infix(low, high, associative) = op.fixity else { break };
        if low < min {
            break;
        }
        if let Some((before, (l, h))) = last {
            let fine = std::ptr::eq(before, op) && associative;
            if !fine && low <= h && l <= high {
                i.cx.report(
                    Diagnostic::error(
                        "operator-precedence",
                        i.here(),
                        format!("`{}` and `{}` have the same precedence", before.name, op.name),
                    )
                    .because("which of the two binds tighter is not defined")
                    .help("add parentheses"),
                );
            }
        }
        chain += 1;
        if chain > MAX_DEPTH && !matches!(op.name, "/\\" | "\\/") {
            return too_deep(i);
        }
        let (rest, right) = nested(i.skip(1), |i| infix(i, high + 1))?;
        i = rest;
        last = Some((op, (low, high)));
        left = join(op.name, left, right);
        left.span = start.span_to(i);
    }
    Ok((i, left))
}

/// Conjunctions and disjunctions are flat, so that long ones stay shallow.
fn join(op: &'static str, left: Expr, right: Expr) -> Expr {
    let span = left.span.to(right.span);
    let kind = match op {
        "/\\" | "\\/" => {
            let and = op == "/\\";
            match left.kind {
                ExprKind::Junction(a, mut items) if a == and => {
                    items.push(right);
                    ExprKind::Junction(and, items)
                }
                kind => ExprKind::Junction(and, vec![Expr { kind, span: left.span }, right]),
            }
        }
        _ => ExprKind::Infix(op, Box::new(left), Box::new(right)),
    };
    Expr { kind, span }
}

/// An operand with its prefix and postfix operators.
fn operand(start: Tokens<'_>) -> Res<'_, Expr> {
    if let Some(Token { kind: TokenKind::Symbol(s), .. }) = start.first() {
        if s == "/\\" || s == "\\/" {
            return nested(start, |i| junction(i, s));
        }
        if let Some(op) = operators::prefix(s) {
            return prefix(start, op);
        }
    } else if let Some(t) = start.first() {
        if let Some(op) = operators::prefix(start.text(t)).filter(|_| t.kind == TokenKind::Word) {
            return prefix(start, op);
        }
    }
    let (mut i, mut e) = primary(start)?;
    let mut chain = 0;
    loop {
        chain += 1;
        if chain > MAX_DEPTH {
            return too_deep(i);
        }
        let kind = if i.is_symbol("[") && !i.skip(1).is_word("_") {
            let (rest, args) = delimited(symbol("["), separated_list1(symbol(","), expr), symbol("]")).parse(i)?;
            i = rest;
            ExprKind::Index(Box::new(e), args)
        } else if i.is_symbol(".") {
            let (rest, field) = preceded(symbol("."), name).parse(i)?;
            i = rest;
            ExprKind::Field(Box::new(e), field)
        } else if let Some(op) = postfix_operator(i) {
            i = i.skip(1);
            ExprKind::Postfix(op, Box::new(e))
        } else {
            return Ok((i, e));
        };
        e = node(start, i, kind);
    }
}

fn postfix_operator(i: Tokens<'_>) -> Option<&'static str> {
    match i.first()?.kind {
        TokenKind::Symbol(s) => operators::postfix(s).map(|o| o.name),
        _ => None,
    }
}

fn prefix<'a>(start: Tokens<'a>, op: &'static operators::Operator) -> Res<'a, Expr> {
    let Fixity::Prefix(low, _) = op.fixity else { return start.fail("an expression") };
    let (rest, e) = nested(start.skip(1), |i| infix(i, low))?;
    Ok((rest, node(start, rest, ExprKind::Prefix(op.name, Box::new(e)))))
}

/// A list of `/\` or `\/` in one column.
fn junction<'a>(start: Tokens<'a>, bullet: &'static str) -> Res<'a, Expr> {
    let Some(first) = start.first() else { return start.fail("an expression") };
    let mut i = start;
    let mut items = Vec::new();
    while i.first().is_some_and(|t| t.column == first.column && matches!(t.kind, TokenKind::Symbol(s) if s == bullet)) {
        let (rest, item) = expr(i.skip(1).with_column(first.column))?;
        items.push(item);
        i = rest.with_column(start.column);
    }
    if items.len() == 1 {
        return Ok((i, items.remove(0)));
    }
    Ok((i, node(start, i, ExprKind::Junction(bullet == "/\\", items))))
}

fn primary(i: Tokens<'_>) -> Res<'_, Expr> {
    let Some(token) = i.first() else { return i.fail("an expression") };
    match token.kind {
        TokenKind::Number => number(i, token),
        TokenKind::String => {
            let text = i.text(token);
            let value = unescape(&text[1..text.len() - 1]);
            Ok((i.skip(1), Expr { kind: ExprKind::String(Rc::from(value)), span: token.span }))
        }
        TokenKind::Symbol(s) => match s {
            "(" => delimited(symbol("("), expr, symbol(")")).parse(i),
            "<<" => tuple(i),
            "{" => set(i),
            "[" => bracket(i),
            "@" => Ok((i.skip(1), Expr { kind: ExprKind::At, span: token.span })),
            "\\A" | "\\forall" | "\\AA" => quantified(i, Quantifier::ForAll),
            "\\E" | "\\exists" | "\\EE" => quantified(i, Quantifier::Exists),
            _ => i.fail("an expression"),
        },
        TokenKind::Word => match i.text(token) {
            "IF" => if_then_else(i),
            "CASE" => case(i),
            "LET" => let_in(i),
            "CHOOSE" => choose(i),
            "LAMBDA" => lambda(i),
            _ => reference(i),
        },
        _ => i.fail("an expression"),
    }
}

fn number<'a>(i: Tokens<'a>, token: Token) -> Res<'a, Expr> {
    let text = i.text(token);
    let value = match text.as_bytes() {
        [b'\\', b'b' | b'B', ..] => i64::from_str_radix(&text[2..], 2),
        [b'\\', b'o' | b'O', ..] => i64::from_str_radix(&text[2..], 8),
        [b'\\', b'h' | b'H', ..] => i64::from_str_radix(&text[2..], 16),
        _ => text.parse(),
    };
    let value = value.unwrap_or_else(|_| {
        i.cx.report(Diagnostic::error("number-too-large", token.span, "this number does not fit in 64 bits"));
        0
    });
    Ok((i.skip(1), Expr { kind: ExprKind::Number(value), span: token.span }))
}

fn unescape(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n') => value.push('\n'),
                Some('t') => value.push('\t'),
                Some('r') => value.push('\r'),
                Some('f') => value.push('\u{c}'),
                Some(other) => value.push(other),
                None => {}
            },
            _ => value.push(c),
        }
    }
    value
}

/// A name, perhaps qualified (`M!Op`), perhaps applied (`Op(a, b)`).
fn reference(start: Tokens<'_>) -> Res<'_, Expr> {
    let (mut i, first) = name(start)?;
    let mut text = first.text.to_string();
    while i.is_symbol("!") && i.skip(1).first().is_some_and(|t| t.kind == TokenKind::Word) {
        let (rest, part) = name(i.skip(1))?;
        text = format!("{text}!{}", part.text);
        i = rest;
    }
    let span = start.span_to(i);
    let full: Rc<str> = Rc::from(text);
    if !i.is_symbol("(") {
        return Ok((i, Expr { kind: ExprKind::Name(full), span }));
    }
    let (rest, args) = delimited(symbol("("), separated_list1(symbol(","), argument), symbol(")")).parse(i)?;
    Ok((rest, node(start, rest, ExprKind::Apply(Name { text: full, span }, args))))
}

/// An argument: an expression, or an operator symbol given to a higher-order operator.
fn argument(i: Tokens<'_>) -> Res<'_, Expr> {
    if let (Some(Token { kind: TokenKind::Symbol(s), span, .. }), Some(next)) = (i.first(), i.second()) {
        if operators::infix(s).is_some() && matches!(next.kind, TokenKind::Symbol("," | ")")) {
            return Ok((i.skip(1), Expr { kind: ExprKind::Name(Rc::from(s)), span }));
        }
    }
    expr(i)
}

fn tuple(start: Tokens<'_>) -> Res<'_, Expr> {
    let (i, items) = delimited(symbol("<<"), separated_list0(symbol(","), expr), symbol(">>")).parse(start)?;
    action_subscript(start, i, ExprKind::Tuple(items))
}

/// `_v` after `[A]` or `<<A>>` makes an action of it.
fn action_subscript<'a>(start: Tokens<'a>, i: Tokens<'a>, kind: ExprKind) -> Res<'a, Expr> {
    match i.first() {
        Some(t) if t.kind == TokenKind::Word && i.text(t).starts_with('_') => {
            let mut rest = i.skip(1);
            if i.text(t) == "_" {
                (rest, _) = primary(rest)?;
            }
            Ok((rest, node(start, rest, ExprKind::Action(Box::new(node(start, i, kind))))))
        }
        _ => Ok((i, node(start, i, kind))),
    }
}

/// `{}`, `{a, b}`, `{x \in S : p}`, `{e : x \in S}`
fn set(start: Tokens<'_>) -> Res<'_, Expr> {
    let (i, _) = symbol("{")(start)?;
    let filter = terminated(binding, symbol(":")).parse(i);
    if let Ok((i, b)) = filter {
        if b.names.len() == 1 || b.tuple {
            let (i, body) = terminated(boxed, symbol("}")).parse(i)?;
            return Ok((i, node(start, i, ExprKind::Filter(b, body))));
        }
    } else if let Err(nom::Err::Failure(f)) = filter {
        return Err(nom::Err::Failure(f));
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
fn bracket(start: Tokens<'_>) -> Res<'_, Expr> {
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
    match terminated(separated_list1(symbol(","), binding), symbol("|->")).parse(i) {
        Ok((i, bindings)) => {
            let (i, body) = terminated(boxed, symbol("]")).parse(i)?;
            return Ok((i, node(start, i, ExprKind::Function(bindings, body))));
        }
        Err(nom::Err::Failure(f)) => return Err(nom::Err::Failure(f)),
        Err(_) => {}
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
    let (i, _) = symbol("]")(i)?;
    action_subscript(start, i, e.kind)
}

fn field<'a>(separator: &'static str) -> impl FnMut(Tokens<'a>) -> Res<'a, (Name, Expr)> {
    move |i| {
        let (i, field) = name(i)?;
        let (i, value) = preceded(symbol(separator), expr).parse(i)?;
        Ok((i, (field, value)))
    }
}

/// `![a].b = e`
fn update(i: Tokens<'_>) -> Res<'_, (Vec<Step>, Expr)> {
    let (i, _) = symbol("!")(i)?;
    let (i, path) = steps(i)?;
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
            let (rest, field) = preceded(symbol("."), name).parse(i)?;
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

fn quantified(start: Tokens<'_>, quantifier: Quantifier) -> Res<'_, Expr> {
    let i = start.skip(1);
    let (i, bindings) = match terminated(separated_list1(symbol(","), binding), symbol(":")).parse(i) {
        Ok(found) => found,
        Err(nom::Err::Failure(f)) => return Err(nom::Err::Failure(f)),
        Err(_) => terminated(separated_list1(symbol(","), name), symbol(":"))
            .map(|names| vec![Binding { names, tuple: false, set: None }])
            .parse(i)?,
    };
    let (i, body) = boxed(i)?;
    Ok((i, node(start, i, ExprKind::Quantified(quantifier, bindings, body))))
}

fn choose(start: Tokens<'_>) -> Res<'_, Expr> {
    let (i, _) = word("CHOOSE")(start)?;
    let tuple = delimited(symbol("<<"), separated_list1(symbol(","), name), symbol(">>")).map(|names| (names, true));
    let (i, (names, tuple)) = alt((tuple, name.map(|n| (vec![n], false)))).parse(i)?;
    let (i, set) = opt(preceded(symbol("\\in"), boxed)).parse(i)?;
    let (i, body) = preceded(symbol(":"), boxed).parse(i)?;
    Ok((i, node(start, i, ExprKind::Choose(Binding { names, tuple, set }, body))))
}

fn if_then_else(start: Tokens<'_>) -> Res<'_, Expr> {
    let (i, condition) = preceded(word("IF"), boxed).parse(start)?;
    let (i, then) = preceded(word("THEN"), boxed).parse(i)?;
    let (i, otherwise) = preceded(word("ELSE"), boxed).parse(i)?;
    Ok((i, node(start, i, ExprKind::If(condition, then, otherwise))))
}

fn case(start: Tokens<'_>) -> Res<'_, Expr> {
    let (mut i, _) = word("CASE")(start)?;
    let mut arms = Vec::new();
    let mut other = None;
    loop {
        if i.is_word("OTHER") {
            let (rest, e) = preceded((word("OTHER"), symbol("->")), boxed).parse(i)?;
            other = Some(e);
            i = rest;
            break;
        }
        let (rest, guard) = expr(i)?;
        let (rest, value) = preceded(symbol("->"), expr).parse(rest)?;
        arms.push((guard, value));
        i = rest;
        if !i.is_symbol("[]") {
            break;
        }
        i = i.skip(1);
    }
    Ok((i, node(start, i, ExprKind::Case(arms, other))))
}

fn let_in(start: Tokens<'_>) -> Res<'_, Expr> {
    let (i, _) = word("LET")(start)?;
    let (i, units) = definitions(i)?;
    let (i, body) = preceded(word("IN"), boxed).parse(i)?;
    Ok((i, node(start, i, ExprKind::Let(units, body))))
}

fn lambda(start: Tokens<'_>) -> Res<'_, Expr> {
    let (i, names) = delimited(word("LAMBDA"), separated_list1(symbol(","), name), symbol(":")).parse(start)?;
    let (i, body) = boxed(i)?;
    Ok((i, node(start, i, ExprKind::Lambda(names, body))))
}
