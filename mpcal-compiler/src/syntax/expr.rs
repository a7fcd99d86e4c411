//! TLA+ expressions, by precedence climbing over the operator table.

use nom::branch::alt;
use nom::combinator::opt;
use nom::multi::separated_list1;
use nom::sequence::{delimited, preceded, terminated};
use nom::Parser;

use super::brackets::{binding, bracket, separator_at_level, set, simple, tuple};
use super::lex::{Token, TokenKind};
use super::module::let_definitions;
use super::reference::reference;
use super::tokens::{any_word, measured, name, nested, reached, symbol, word, Res, Tokens};
use crate::ast::{Binding, Expr, ExprKind, Quantifier};
use crate::diagnostic::Diagnostic;
use crate::operators::{self, Fixity, Op};
use crate::symbol::Symbol;

/// Expr
pub(super) fn expr(i: Tokens<'_>) -> Res<'_, Expr> {
    nested(i, |i| infix(i, None))
}

pub(super) fn boxed(i: Tokens<'_>) -> Res<'_, Box<Expr>> {
    expr.map(Box::new).parse(i)
}

pub(super) fn node(start: Tokens<'_>, rest: Tokens<'_>, kind: ExprKind) -> Expr {
    Expr { kind, span: start.span_to(rest) }
}

/// What an operator to the left or right binds with: lowest and highest precedence.
type Range = (&'static operators::Operator, u8, u8);

/// The infix operator that comes next, if it may stand here.
fn infix_operator(i: Tokens<'_>) -> Option<Range> {
    let Some(Token { kind: TokenKind::Symbol(s), .. }) = i.first() else { return None };
    if i.in_block && (s == "||" || s == ":=") {
        return None;
    }
    let operator = operators::infix(s)?;
    let Fixity::Infix(low, high, _) = operator.fixity else { return None };
    Some((operator, low, high))
}

/// Whether `next` belongs to the operand on the right of `left`. Two operators whose ranges overlap
/// need parentheses, unless they are one and associative.
fn binds_tighter(i: Tokens<'_>, left: Range, next: Range) -> bool {
    if next.1 > left.2 {
        return true;
    }
    let associative = matches!(next.0.fixity, Fixity::Infix(_, _, true)) && std::ptr::eq(left.0, next.0);
    if next.2 >= left.1 && !associative {
        conflict(i, left.0, next.0);
    }
    false
}

fn conflict(i: Tokens<'_>, left: &operators::Operator, right: &operators::Operator) {
    i.cx.report(
        Diagnostic::error(
            "operator-precedence",
            i.here(),
            format!("`{}` and `{}` have the same precedence", left.name, right.name),
        )
        .because("it is not defined which of the two binds tighter")
        .help("add parentheses"),
    );
}

/// An expression to the right of `left`: as long as operators bind tighter than that one.
fn infix(start: Tokens<'_>, left: Option<Range>) -> Res<'_, Expr> {
    let (first, mut height) = measured(start, |i| operand(i, left));
    let (mut i, mut e) = first?;
    let mut last = None;
    while let Some(next) = infix_operator(i) {
        if left.is_some_and(|left| !binds_tighter(i, left, next)) {
            break;
        }
        let (read, inside) = measured(i.skip(1), |i| nested(i, |i| infix(i, Some(next))));
        let (rest, right) = read?;
        height = height.max(inside) + u16::from(!matches!(next.0.name, "/\\" | "\\/"));
        reached(rest, height)?;
        i = rest;
        e = match (last, e.kind) {
            // `R \X S \X T` is a set of triples, `(R \X S) \X T` is not.
            (Some("\\X"), ExprKind::Product(mut items)) if next.0.id == Op::Product => {
                items.push(right);
                Expr { kind: ExprKind::Product(items), span: e.span }
            }
            (_, kind) => join(next.0.name, Expr { kind, span: e.span }, right),
        };
        last = Some(next.0.name);
        e.span = start.span_to(i);
    }
    reached(i, height)?;
    Ok((i, e))
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
        "\\X" => ExprKind::Product(vec![left, right]),
        _ => ExprKind::Infix(op, Box::new(left), Box::new(right)),
    };
    Expr { kind, span }
}

/// The prefix operator that comes next.
pub(super) fn prefix_operator(i: Tokens<'_>) -> Option<&'static operators::Operator> {
    let token = i.first()?;
    match token.kind {
        TokenKind::Symbol(s) => operators::prefix(s),
        TokenKind::Word => operators::prefix(i.text(token)),
        TokenKind::Number | TokenKind::String | TokenKind::Step => None,
        TokenKind::Separator | TokenKind::ModuleEnd | TokenKind::Unknown => None,
    }
}

/// An operand with its prefix and postfix operators.
fn operand(start: Tokens<'_>, left: Option<Range>) -> Res<'_, Expr> {
    if let Some(Token { kind: TokenKind::Symbol(s @ ("/\\" | "\\/")), .. }) = start.first() {
        return nested(start, |i| junction(i, s));
    }
    if let Some(i) = label(start) {
        return labelled(start, i, left);
    }
    if let Some(op) = prefix_operator(start).filter(|op| op.id != Op::Negate || !is_nonfix(start)) {
        let Fixity::Prefix(low, high) = op.fixity else { return start.fail("an expression") };
        let (rest, e) = nested(start.skip(1), |i| infix(i, Some((op, low, high))))?;
        return Ok((rest, node(start, rest, ExprKind::Prefix(op.name, Box::new(e)))));
    }
    let (first, mut height) = measured(start, primary);
    let (mut i, mut e) = first?;
    loop {
        reached(i, height)?;
        let kind = if i.is_symbol("[") && !i.skip(1).is_word("_") {
            let args = separated_list1(symbol(","), expr);
            let (read, inside) = measured(i, |i| delimited(symbol("["), args, symbol("]")).parse(i));
            let (rest, args) = read?;
            height = height.max(inside);
            i = rest;
            ExprKind::Index(Box::new(e), args)
        } else if i.is_symbol(".") {
            let (rest, field) = preceded(symbol("."), any_word).parse(i)?;
            i = rest;
            ExprKind::Field(Box::new(e), field)
        } else if let Some(op) = postfix_operator(i) {
            if let Some(left) = left.filter(|l| l.2 >= 15) {
                binds_tighter(i, left, (op, 15, 15));
            }
            i = i.skip(1);
            ExprKind::Postfix(op.name, Box::new(e))
        } else {
            return Ok((i, e));
        };
        height += 1;
        e = node(start, i, kind);
    }
}

fn postfix_operator(i: Tokens<'_>) -> Option<&'static operators::Operator> {
    match i.first()?.kind {
        TokenKind::Symbol(s) => operators::postfix(s),
        _ => None,
    }
}

/// Whether the `-` that comes next is applied like a name: `-(a, b)`.
fn is_nonfix(i: Tokens<'_>) -> bool {
    i.skip(1).is_symbol("(") && separator_at_level(i.skip(2), ",")
}

/// What `l::` or `l(x, y)::` names, if that comes next.
fn label(i: Tokens<'_>) -> Option<Tokens<'_>> {
    let (mut rest, _) = (i.first()?.kind == TokenKind::Word).then(|| name(i).ok())??;
    if rest.is_symbol("(") {
        let mut after = rest.skip(1);
        while after.first()?.kind == TokenKind::Word && after.skip(1).is_symbol(",") {
            after = after.skip(2);
        }
        rest = name(after).ok()?.0;
        rest = rest.is_symbol(")").then(|| rest.skip(1))?;
    }
    rest.is_symbol("::").then(|| rest.skip(1))
}

/// A label names all that follows, so nothing in it may bind weaker than what stands before it.
fn labelled<'a>(start: Tokens<'a>, i: Tokens<'a>, left: Option<Range>) -> Res<'a, Expr> {
    let (rest, e) = nested(i, |i| infix(i, left))?;
    if infix_operator(rest).is_some() {
        return rest.fail("an operator that binds tighter than the one before the label");
    }
    Ok((rest, Expr { span: start.span_to(rest), ..e }))
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

pub(super) fn primary(i: Tokens<'_>) -> Res<'_, Expr> {
    let Some(token) = i.first() else { return i.fail("an expression") };
    match token.kind {
        TokenKind::Number => number(i, token),
        TokenKind::String => {
            let text = i.text(token);
            let value = unescape(&text[1..text.len() - 1]);
            Ok((i.skip(1), Expr { kind: ExprKind::String(Symbol::from(value)), span: token.span }))
        }
        TokenKind::Symbol(s) => match s {
            "(" => {
                let (rest, e) = delimited(symbol("("), expr, symbol(")")).parse(i)?;
                Ok((rest, Expr { span: i.span_to(rest), ..e }))
            }
            "<<" => tuple(i),
            "{" => set(i),
            "[" => bracket(i),
            "@" => Ok((i.skip(1), Expr { kind: ExprKind::At, span: token.span })),
            "\\A" => quantified(i, Quantifier::ForAll),
            "\\E" => quantified(i, Quantifier::Exists),
            "\\AA" | "\\EE" => {
                let bound = delimited(symbol(s), separated_list1(symbol(","), name), symbol(":"));
                let (rest, _) = (bound, expr).parse(i)?;
                Ok((rest, node(i, rest, ExprKind::Temporal)))
            }
            _ if i.skip(1).is_symbol("(") => nonfix(i, s),
            _ if i.skip(1).is_symbol("!") => reference(i),
            _ => i.fail("an expression"),
        },
        TokenKind::Word => match i.text(token) {
            "IF" => if_then_else(i),
            "CASE" => case(i),
            "LET" => let_in(i),
            "CHOOSE" => choose(i),
            "WF_" | "SF_" => fairness(i),
            _ => reference(i),
        },
        TokenKind::Step if i.in_proof => reference(i),
        TokenKind::Step => i.fail("an expression"),
        TokenKind::Separator | TokenKind::ModuleEnd | TokenKind::Unknown => i.fail("an expression"),
    }
}

/// `+(a, b)`, `^+(a)`
fn nonfix<'a>(start: Tokens<'a>, s: &'static str) -> Res<'a, Expr> {
    let s = if s == "-." { "-" } else { s };
    let (i, args) = delimited(symbol("("), separated_list1(symbol(","), expr), symbol(")")).parse(start.skip(1))?;
    let mut args = args.into_iter();
    let kind = match (args.next(), args.next(), args.next()) {
        (Some(a), Some(b), None) if operators::infix(s).is_some() => return Ok((i, join_as(start, i, s, a, b))),
        (Some(a), None, None) if operators::postfix(s).is_some() => ExprKind::Postfix(s, Box::new(a)),
        (Some(a), None, None) if operators::prefix(s).is_some() => ExprKind::Prefix(s, Box::new(a)),
        _ => return start.fail("an expression"),
    };
    Ok((i, node(start, i, kind)))
}

fn join_as(start: Tokens<'_>, rest: Tokens<'_>, s: &'static str, a: Expr, b: Expr) -> Expr {
    Expr { span: start.span_to(rest), ..join(s, a, b) }
}

/// `WF_v(A)`, `SF_<<v, w>>(A)`
fn fairness(start: Tokens<'_>) -> Res<'_, Expr> {
    let (mut i, subscript) = simple(start.skip(1))?;
    // The arguments of `v(A)` are the action.
    if i.is_symbol("(") {
        (i, _) = delimited(symbol("("), expr, symbol(")")).parse(i)?;
    } else {
        let args = match &subscript.kind {
            ExprKind::Apply(_, args) => args.len(),
            ExprKind::Qualified(parts) => parts.last().map_or(0, |(_, args)| args.len()),
            _ => 0,
        };
        if args != 1 {
            return i.fail("(");
        }
    }
    Ok((i, node(start, i, ExprKind::Temporal)))
}

fn number<'a>(i: Tokens<'a>, token: Token) -> Res<'a, Expr> {
    let text = i.text(token);
    if text.contains('.') {
        return Ok((i.skip(1), Expr { kind: ExprKind::Decimal, span: token.span }));
    }
    let value = match text.as_bytes() {
        [b'\\', b'b' | b'B', ..] => i64::from_str_radix(&text[2..], 2),
        [b'\\', b'o' | b'O', ..] => i64::from_str_radix(&text[2..], 8),
        [b'\\', b'h' | b'H', ..] => i64::from_str_radix(&text[2..], 16),
        _ => text.parse(),
    };
    let kind = match value {
        Ok(value) => ExprKind::Number(value),
        Err(_) => ExprKind::TooLarge,
    };
    Ok((i.skip(1), Expr { kind, span: token.span }))
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

fn quantified(start: Tokens<'_>, quantifier: Quantifier) -> Res<'_, Expr> {
    let i = start.skip(1);
    let bounded = separated_list1(symbol(","), name).parse(i).map_or(true, |(rest, _)| !rest.is_symbol(":"));
    let (i, bindings) = if bounded {
        separated_list1(symbol(","), binding).parse(i)?
    } else {
        separated_list1(symbol(","), name).map(|names| vec![Binding { names, tuple: false, set: None }]).parse(i)?
    };
    let (i, body) = preceded(symbol(":"), boxed).parse(i)?;
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

/// `IF a THEN b ELSE IF …` is read in a loop, so that a long one is not deep.
fn if_then_else(start: Tokens<'_>) -> Res<'_, Expr> {
    let mut arms = Vec::new();
    let (mut i, mut height) = (start, 0);
    let (rest, mut e) = loop {
        let arm = (preceded(word("IF"), boxed), preceded(word("THEN"), boxed));
        let (read, inside) = measured(i, |i| terminated(arm, word("ELSE")).parse(i));
        let (rest, arm) = read?;
        height = height.max(inside + arms.len() as u16);
        arms.push((i, arm));
        reached(rest, height.max(arms.len() as u16))?;
        i = rest;
        if !i.is_word("IF") {
            let (read, inside) = measured(i, expr);
            let (rest, e) = read?;
            reached(rest, height.max(inside + arms.len() as u16))?;
            break (rest, e);
        }
    };
    while let Some((from, (condition, then))) = arms.pop() {
        e = node(from, rest, ExprKind::If(condition, then, Box::new(e)));
    }
    Ok((rest, e))
}

fn case(start: Tokens<'_>) -> Res<'_, Expr> {
    let (mut i, _) = word("CASE")(start)?;
    let mut arms = Vec::new();
    let mut other = None;
    loop {
        if i.is_word("OTHER") && !arms.is_empty() {
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
    let (i, units) = let_definitions(i)?;
    let (i, body) = preceded(word("IN"), boxed).parse(i)?;
    Ok((i, node(start, i, ExprKind::Let(units, body))))
}

pub(super) fn lambda(start: Tokens<'_>) -> Res<'_, Expr> {
    let (i, names) = delimited(word("LAMBDA"), separated_list1(symbol(","), name), symbol(":")).parse(start)?;
    let (i, body) = boxed(i)?;
    Ok((i, node(start, i, ExprKind::Lambda(names, body))))
}
