//! Modules and their units.

use nom::branch::alt;
use nom::combinator::opt;
use nom::multi::{separated_list0, separated_list1};
use nom::sequence::{delimited, preceded, terminated};
use nom::Parser;

use super::brackets::binding;
use super::expr::{expr, prefix_operator};
use super::lex::{Token, TokenKind};
use super::proof;
use super::reference::argument;
use super::tokens::{name, nested, symbol, word, Context, Res, Tokens};
use crate::ast::{Definition, Expr, ExprKind, Module, ModuleInstance, Name, Unit};
use crate::diagnostic::Diagnostics;
use crate::operators::{self, Op};
use crate::source::Source;
use crate::symbol::Symbol;

/// Parses a whole module. A unit that cannot be parsed is reported and read over.
pub(super) fn parse_module(source: &Source, tokens: &[Token], out: &mut Diagnostics) -> Module {
    let cx = Context::new(source);
    let start = Tokens::new(&cx, tokens, false);
    let module = match module(start) {
        Ok((rest, mut module)) => {
            module.instantiates = instantiated(source, &tokens[..tokens.len() - rest.all().len()]);
            module
        }
        Err(_) => {
            start.report_farthest();
            Module::default()
        }
    };
    cx.finish(out);
    module
}

/// The modules after each `INSTANCE`.
pub(super) fn instantiated(source: &Source, tokens: &[Token]) -> Vec<Name> {
    let pairs = tokens.windows(2).filter(|pair| source.slice(pair[0].span) == "INSTANCE");
    let names = pairs.filter(|pair| pair[1].kind == TokenKind::Word);
    names.map(|pair| Name { text: Symbol::from(source.slice(pair[1].span)), span: pair[1].span }).collect()
}

/// `---- MODULE M ---- EXTENDS A, B … ====`
fn module(start: Tokens<'_>) -> Res<'_, Module> {
    let mut header = (separator, word("MODULE"), name, separator);
    let (mut i, (_, _, found, _)) = header.parse(start)?;
    let mut module = Module { name: Some(found), ..Module::default() };
    if i.is_word("EXTENDS") {
        (i, module.extends) = separated_list1(symbol(","), name).parse(i.skip(1))?;
    }
    loop {
        let Some(token) = i.raw_first() else {
            // Reported, and not a failure: nothing could be read in another way.
            let _ = i.fail::<()>("`====`");
            i.report_farthest();
            return Ok((i, module));
        };
        match token.kind {
            TokenKind::ModuleEnd => return Ok((i.skip(1), module)),
            TokenKind::Separator if !i.skip(1).is_word("MODULE") => i = i.skip(1),
            _ => match nested(i, unit) {
                Ok((rest, unit)) => {
                    module.units.push(unit);
                    i = rest;
                }
                Err(e) => {
                    i.report_farthest();
                    if i.cx.too_deep.get() {
                        return Err(e);
                    }
                    i = next_unit(i.skip(1));
                }
            },
        }
    }
}

fn separator(i: Tokens<'_>) -> Res<'_, ()> {
    match i.first() {
        Some(t) if t.kind == TokenKind::Separator => Ok((i.skip(1), ())),
        _ => i.fail("`----`"),
    }
}

/// The definitions of a `define`, which may be separated by `;`.
pub(super) fn definitions(mut i: Tokens<'_>) -> Res<'_, Vec<Unit>> {
    let mut units = Vec::new();
    while i.first().is_some() && !i.is_symbol("}") {
        let (rest, found) = unit(i)?;
        units.push(found);
        i = rest;
        while i.is_symbol(";") {
            i = i.skip(1);
        }
    }
    Ok((i, units))
}

/// The definitions of a `LET`, at least one.
pub(super) fn let_definitions(mut i: Tokens<'_>) -> Res<'_, Vec<Unit>> {
    let mut units = Vec::new();
    loop {
        let (rest, found) = if i.is_word("RECURSIVE") { unit(i)? } else { inner_definition(i)? };
        if matches!(&found, Unit::Instance(instance) if instance.name.is_none()) {
            return i.fail("a definition");
        }
        units.push(found);
        i = rest;
        if i.is_word("IN") {
            return Ok((i, units));
        }
    }
}

/// Unit
fn unit(i: Tokens<'_>) -> Res<'_, Unit> {
    let Some(token) = i.raw_first() else { return i.fail("a definition") };
    if token.kind == TokenKind::Separator {
        return module.map(Unit::Module).parse(i);
    }
    if token.kind != TokenKind::Word {
        return definition(i);
    }
    match i.text(token) {
        "CONSTANT" | "CONSTANTS" => separated_list1(symbol(","), operator_shape).map(Unit::Constants).parse(i.skip(1)),
        "RECURSIVE" => separated_list1(symbol(","), operator_shape).map(Unit::Recursive).parse(i.skip(1)),
        "VARIABLE" | "VARIABLES" => separated_list1(symbol(","), name).map(Unit::Variables).parse(i.skip(1)),
        "ASSUME" | "ASSUMPTION" | "AXIOM" => {
            let (rest, _) = opt(terminated(name, symbol("=="))).parse(i.skip(1))?;
            expr.map(Unit::Assume).parse(rest)
        }
        "THEOREM" | "LEMMA" | "PROPOSITION" | "COROLLARY" => proof::theorem(i.skip(1)),
        "USE" | "HIDE" => proof::use_or_hide(i.skip(1)),
        _ => definition(i),
    }
}

/// `Op`, `Op(_, _)`, `_ + _`, `-. _`, `SUBSET _`, `_ ^+`: a name and how many arguments it takes.
pub(super) fn operator_shape(i: Tokens<'_>) -> Res<'_, (Name, usize)> {
    let placeholder = word("_");
    if i.is_word("_") {
        let (rest, found) = operator_symbol(i.skip(1))?;
        return match placeholder(rest) {
            Ok((rest, _)) if operators::infix(&found.text).is_some() => Ok((rest, (found, 2))),
            _ if operators::postfix(&found.text).is_some() => Ok((rest, (found, 1))),
            _ => rest.fail("_"),
        };
    }
    if i.is_symbol("-.") {
        return terminated(operator_symbol, placeholder).map(|found| (found, 1)).parse(i);
    }
    if let Some(op) = prefix_operator(i).filter(|op| op.id != Op::Negate) {
        let found = Name { text: Symbol::from(op.name), span: i.here() };
        return placeholder(i.skip(1)).map(|(rest, _)| (rest, (found, 1)));
    }
    let (i, found) = name(i)?;
    if !i.is_symbol("(") {
        return Ok((i, (found, 0)));
    }
    let (i, places) = delimited(symbol("("), separated_list1(symbol(","), placeholder), symbol(")")).parse(i)?;
    Ok((i, (found, places.len())))
}

/// A symbol that a module may define; the prefix `-` is written `-.`.
fn operator_symbol(i: Tokens<'_>) -> Res<'_, Name> {
    match i.first() {
        Some(Token { kind: TokenKind::Symbol(s), span, .. }) => {
            let text = if s == "-." { "-" } else { s };
            let known = operators::infix(text).is_some() || operators::postfix(text).is_some();
            if known {
                Ok((i.skip(1), Name { text: Symbol::from(text), span }))
            } else {
                i.fail("an operator")
            }
        }
        _ => i.fail("an operator"),
    }
}

/// A definition in a `LET` or a proof, which cannot be `LOCAL`.
pub(super) fn inner_definition(i: Tokens<'_>) -> Res<'_, Unit> {
    if i.is_word("LOCAL") {
        return i.fail("a definition");
    }
    definition(i)
}

/// `Op(a, F(_)) == e`, `f[x \in S] == e`, `a + b == e`, `I == INSTANCE M`, `INSTANCE M`, each
/// perhaps `LOCAL`.
pub(super) fn definition(start: Tokens<'_>) -> Res<'_, Unit> {
    let local = start.is_word("LOCAL");
    let i = if local { start.skip(1) } else { start };
    if i.is_word("INSTANCE") {
        let (i, (module, with)) = instance(i)?;
        return Ok((i, Unit::Instance(ModuleInstance { name: None, parameters: Vec::new(), module, with, local })));
    }
    let (i, (defined, parameters, domain)) = head(i)?;
    let (i, _) = symbol("==")(i)?;
    if i.is_word("INSTANCE") && domain.is_none() {
        let (i, (module, with)) = instance(i)?;
        return Ok((i, Unit::Instance(ModuleInstance { name: Some(defined), parameters, module, with, local })));
    }
    let (i, body) = expr(i)?;
    let span = start.span_to(i);
    Ok((i, Unit::Definition(Definition { name: defined, parameters, domain, body, local, span })))
}

/// `INSTANCE M WITH x <- e`
fn instance(i: Tokens<'_>) -> Res<'_, (Name, Vec<(Name, Expr)>)> {
    let (i, module) = preceded(word("INSTANCE"), name).parse(i)?;
    let target = alt((name, operator_symbol, prefix_symbol));
    let substitution = (target, preceded(symbol("<-"), |i| with_argument(i)));
    let (i, with) = opt(preceded(word("WITH"), separated_list1(symbol(","), substitution))).parse(i)?;
    Ok((i, (module, with.unwrap_or_default())))
}

/// A symbol or a word that stands before its operand.
fn prefix_symbol(i: Tokens<'_>) -> Res<'_, Name> {
    match prefix_operator(i) {
        Some(op) => Ok((i.skip(1), Name { text: Symbol::from(op.name), span: i.here() })),
        None => i.fail("an operator"),
    }
}

/// What stands for a constant: an expression, or an operator, after which the next definition may
/// start (`INSTANCE M WITH A <- ~` before `y == 2`).
fn with_argument(i: Tokens<'_>) -> Res<'_, Expr> {
    let Ok((rest, found)) = alt((operator_symbol, prefix_symbol)).parse(i) else { return argument(i) };
    match argument(i) {
        Ok((rest, e)) if !rest.is_symbol("==") => Ok((rest, e)),
        Err(nom::Err::Failure(f)) => Err(nom::Err::Failure(f)),
        Ok(_) | Err(_) => {
            let text = if i.is_symbol("-.") { Symbol::from("prefix -") } else { found.text };
            Ok((rest, Expr { kind: ExprKind::Name(text), span: found.span }))
        }
    }
}

/// Names with the number of arguments they take themselves.
type Parameters = Vec<(Name, usize)>;
/// What stands before `==`: a name, its parameters, the bounds of a function.
type Head = (Name, Parameters, Option<Vec<crate::ast::Binding>>);

fn head(i: Tokens<'_>) -> Res<'_, Head> {
    if i.is_symbol("-.") {
        let (i, (op, a)) = (operator_symbol, name).parse(i)?;
        return Ok((i, (op, vec![(a, 0)], None)));
    }
    if let Some(op) = prefix_operator(i).filter(|op| op.id != Op::Negate) {
        let (rest, a) = name(i.skip(1))?;
        return Ok((rest, (Name { text: Symbol::from(op.name), span: i.here() }, vec![(a, 0)], None)));
    }
    let (i, first) = name(i)?;
    if i.is_symbol("(") {
        let shapes = separated_list0(symbol(","), operator_shape);
        let (i, parameters) = delimited(symbol("("), shapes, symbol(")")).parse(i)?;
        return if parameters.is_empty() { i.fail("a parameter") } else { Ok((i, (first, parameters, None))) };
    }
    if i.is_symbol("[") {
        let (i, domain) = delimited(symbol("["), separated_list1(symbol(","), binding), symbol("]")).parse(i)?;
        return Ok((i, (first, Vec::new(), Some(domain))));
    }
    if i.is_symbol("==") {
        return Ok((i, (first, Vec::new(), None)));
    }
    let (i, op) = operator_symbol(i)?;
    if i.is_symbol("==") && operators::postfix(&op.text).is_some() {
        return Ok((i, (op, vec![(first, 0)], None)));
    }
    let (i, second) = name(i)?;
    if operators::infix(&op.text).is_none() {
        return i.fail("==");
    }
    Ok((i, (op, vec![(first, 0), (second, 0)], None)))
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
