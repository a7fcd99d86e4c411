//! The MPCal block and its parts.

use nom::branch::alt;
use nom::combinator::opt;
use nom::multi::separated_list0;
use nom::sequence::{delimited, preceded, terminated};
use nom::Parser;

use super::expr::expr;
use super::lex::{Lexed, Token, TokenKind};
use super::module::definitions;
use super::stmt::{arguments, body};
use super::tokens::{name, symbol, wildcards, word, Context, Res, Tokens};
use crate::ast::{
    Archetype, Block, Fairness, Initial, Instance, Macro, Mapping, MappingMacro, MappingTarget, Name, Parameter,
    Procedure, Process, ProcessKind, Stmt, Variable,
};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{Source, Span};

/// Parses the block; its parts may come in any order.
pub(super) fn parse_block(source: &Source, lexed: &Lexed, out: &mut Diagnostics) -> Option<Block> {
    let block = parts(source, &lexed.tokens, out);
    // Where a brace is missing has often been told already.
    if let Some(unclosed) = lexed.unclosed.clone().filter(|_| !out.has_errors()) {
        out.push(unclosed);
    }
    block
}

fn parts(source: &Source, tokens: &[Token], out: &mut Diagnostics) -> Option<Block> {
    let cx = Context::new(source);
    let start = Tokens::new(&cx, tokens, true);
    let is_fair = start.is_word("--mpcal") && start.skip(1).is_word("fair") && !start.skip(2).is_symbol("{");
    let fair = is_fair || start.is_word("--fair");
    let keyword = |i| match fair {
        true => alt((terminated(word("--mpcal"), word("fair")), preceded(word("--fair"), word("algorithm")))).parse(i),
        false => alt((word("--mpcal"), word("--algorithm"))).parse(i),
    };
    let header = (keyword, name, symbol("{")).parse(start);
    let Ok((mut i, (_, block_name, _))) = header else {
        start.report_farthest();
        cx.finish(out);
        return None;
    };
    let mut block = Block {
        name: block_name,
        fair,
        definitions: Vec::new(),
        definition_spans: Vec::new(),
        macros: Vec::new(),
        procedures: Vec::new(),
        mapping_macros: Vec::new(),
        archetypes: Vec::new(),
        variables: Vec::new(),
        processes: Vec::new(),
        span: start.span_to(start.skip(tokens.len())),
    };
    loop {
        if i.is_symbol("}") || i.raw_first().is_none() {
            break;
        }
        match part(i, &mut block) {
            Ok((rest, ())) => i = rest,
            Err(_) if cx.too_deep.get() => break,
            Err(_) => {
                i = match cx.unclosed_body.take() {
                    Some(at) if starts_part(i.skip_to(at)) => i.skip_to(at),
                    Some(at) => next_part(i.skip_to(at), at),
                    None => next_part(i, i.report_farthest()),
                };
            }
        }
    }
    cx.finish(out);
    Some(block)
}

const PARTS: &[&str] =
    &["define", "macro", "procedure", "mapping", "archetype", "variable", "variables", "fair", "process"];

/// Whether a part comes next. `mapping` and `archetype` may be variables of plain PlusCal.
fn starts_part(i: Tokens<'_>) -> bool {
    let Some(token) = i.first() else { return false };
    match i.text(token) {
        "mapping" => i.skip(1).is_word("macro"),
        "archetype" => i.second().is_some_and(|t| t.kind == TokenKind::Word) && i.skip(2).is_symbol("("),
        text => PARTS.contains(&text),
    }
}

/// Whether what comes next, where statements stand, cannot be one of them: a `}` is missing before it.
pub(super) fn cannot_be_statement(i: Tokens<'_>) -> bool {
    let word = |n: usize| i.skip(n).first().is_some_and(|t| t.kind == TokenKind::Word);
    let symbol = |n: usize, s: &str| i.skip(n).is_symbol(s);
    match i.first().map_or("", |t| i.text(t)) {
        "archetype" | "procedure" | "macro" => word(1) && symbol(2, "("),
        "mapping" => i.skip(1).is_word("macro"),
        "define" | "read" | "write" | "or" | "else" => symbol(1, "{"),
        "process" => symbol(1, "(") && word(2) && (symbol(3, "=") || symbol(3, "\\in")),
        "fair" => symbol(1, "+") || i.skip(1).is_word("process"),
        "variable" | "variables" => word(1),
        _ => false,
    }
}

/// The place of the first token, if a part starts there and not a sentence.
pub(super) fn is_part(source: &Source, tokens: &[Token]) -> Option<Span> {
    let cx = Context::new(source);
    let i = Tokens::new(&cx, tokens, true);
    let starts =
        ["archetype", "procedure", "macro", "mapping", "define", "process", "fair"].iter().any(|w| i.is_word(w));
    (starts && cannot_be_statement(i)).then(|| tokens[0].span)
}

/// Skips a part that cannot be read after a place: to the next one, at the brace level of parts.
fn next_part(mut i: Tokens<'_>, fault: u32) -> Tokens<'_> {
    let mut depth = 0i32;
    while let Some(token) = i.raw_first() {
        match token.kind {
            TokenKind::Symbol("{") => depth += 1,
            TokenKind::Symbol("}") => depth -= 1,
            TokenKind::Word if depth <= 0 && token.span.start > fault && starts_part(i) => return i,
            _ => {}
        }
        i = i.skip(1);
    }
    i
}

fn part<'a>(i: Tokens<'a>, block: &mut Block) -> Res<'a, ()> {
    let Some(token) = i.first() else { return i.fail("a part of the block") };
    let rest = match i.text(token) {
        "define" => {
            let (inside, open) = symbol("{")(i.skip(1))?;
            let (end, units) = definitions(inside)?;
            let (rest, close) = symbol("}")(end)?;
            block.definitions.extend(units);
            block.definition_spans.push(Span { start: open.end, end: close.start });
            rest
        }
        "macro" => {
            let (rest, m) = macro_(i.skip(1))?;
            block.macros.push(m);
            rest
        }
        "procedure" => {
            let (rest, p) = procedure(i)?;
            block.procedures.push(p);
            rest
        }
        "mapping" => {
            let (rest, m) = mapping_macro(i)?;
            block.mapping_macros.push(m);
            rest
        }
        "archetype" => {
            let (rest, a) = archetype(i)?;
            block.archetypes.push(a);
            rest
        }
        "variable" | "variables" => {
            let (rest, v) = variables(i)?;
            block.variables.extend(v);
            rest
        }
        "fair" if behind_fair(i).is_symbol("{") => {
            let (i, fairness) = fairness(i);
            let (rest, stmts) = body(i)?;
            block.processes.push(uniprocess(block, fairness, stmts, token.span));
            rest
        }
        "fair" | "process" => {
            let (rest, p) = process(i)?;
            block.processes.push(p);
            rest
        }
        _ if i.is_symbol("{") => {
            let (rest, stmts) = body(i)?;
            block.processes.push(uniprocess(block, Fairness::Unfair, stmts, token.span));
            rest
        }
        _ => {
            for part in PARTS.iter().copied().chain(["{"]) {
                let _ = i.fail::<()>(part);
            }
            return i.fail("}");
        }
    };
    Ok((semicolons(rest), ()))
}

/// The one process of a block whose body has no name.
fn uniprocess(block: &Block, fairness: Fairness, body: Vec<crate::ast::Stmt>, span: Span) -> Process {
    let kind = ProcessKind::Plain(Vec::new(), body);
    Process { name: block.name.clone(), fairness, selves: Initial::None, kind, span }
}

/// `fair`, `fair+`, or nothing.
fn fairness(i: Tokens<'_>) -> (Tokens<'_>, Fairness) {
    match i.is_word("fair") {
        true if i.skip(1).is_symbol("+") => (i.skip(2), Fairness::Strong),
        true => (i.skip(1), Fairness::Weak),
        false => (i, Fairness::Unfair),
    }
}

fn behind_fair(i: Tokens<'_>) -> Tokens<'_> {
    fairness(i).0
}

fn semicolons(mut i: Tokens<'_>) -> Tokens<'_> {
    while i.is_symbol(";") {
        i = i.skip(1);
    }
    i
}

fn macro_(i: Tokens<'_>) -> Res<'_, Macro> {
    let (i, macro_name) = name(i)?;
    let (i, parameters) = delimited(symbol("("), separated_list0(symbol(","), name), symbol(")")).parse(i)?;
    let (i, stmts) = body(i)?;
    Ok((i, Macro { name: macro_name, parameters, body: stmts }))
}

/// `(ref x[_], y, z = 1)`
fn parameters(i: Tokens<'_>) -> Res<'_, Vec<Parameter>> {
    delimited(symbol("("), separated_list0(symbol(","), parameter), symbol(")")).parse(i)
}

fn parameter(i: Tokens<'_>) -> Res<'_, Parameter> {
    let is_ref = i.is_word("ref") && i.second().is_some_and(|t| t.kind == TokenKind::Word);
    if is_ref {
        let (i, found) = name(i.skip(1))?;
        let (i, count) = wildcards(i)?;
        return Ok((i, Parameter { name: found, by_ref: Some(count), initial: None }));
    }
    let (i, found) = name(i)?;
    let (i, initial) = opt(preceded(symbol("="), expr)).parse(i)?;
    Ok((i, Parameter { name: found, by_ref: None, initial }))
}

/// Zero or more `variables …` parts.
fn optional_variables(mut i: Tokens<'_>) -> Res<'_, Vec<Variable>> {
    let mut list = Vec::new();
    while i.is_word("variable") || i.is_word("variables") {
        let (rest, found) = variables(i)?;
        list.extend(found);
        i = rest;
    }
    Ok((i, list))
}

/// `variables x = 1, y \in S; z;` — the last separator may be left out before a body.
fn variables(i: Tokens<'_>) -> Res<'_, Vec<Variable>> {
    let mut i = i.skip(1);
    let mut list = Vec::new();
    loop {
        let (rest, variable) = variable(i)?;
        list.push(variable);
        i = rest;
        if !i.is_symbol(";") && !i.is_symbol(",") {
            return Ok((i, list));
        }
        i = i.skip(1);
        let more = i.first().is_some_and(|t| t.kind == TokenKind::Word) && !starts_part(i);
        if !more {
            return Ok((i, list));
        }
    }
}

fn variable(i: Tokens<'_>) -> Res<'_, Variable> {
    let (i, found) = name(i)?;
    let value = preceded(symbol("="), expr).map(Initial::Value);
    let element = preceded(symbol("\\in"), expr).map(Initial::Element);
    let (i, initial) = opt(alt((value, element))).parse(i)?;
    Ok((i, Variable { name: found, initial: initial.unwrap_or(Initial::None) }))
}

fn procedure(start: Tokens<'_>) -> Res<'_, Procedure> {
    let (i, found) = preceded(word("procedure"), name).parse(start)?;
    let (i, parameters) = parameters(i)?;
    let (i, variables) = optional_variables(i)?;
    let (i, stmts) = body(i)?;
    Ok((i, Procedure { name: found, parameters, variables, body: stmts }))
}

fn archetype(start: Tokens<'_>) -> Res<'_, Archetype> {
    let (i, found) = preceded(word("archetype"), name).parse(start)?;
    let (i, parameters) = parameters(i)?;
    let (i, variables) = optional_variables(i)?;
    let (i, stmts) = body(i)?;
    Ok((i, Archetype { name: found, parameters, variables, body: stmts }))
}

fn mapping_macro(i: Tokens<'_>) -> Res<'_, MappingMacro> {
    let (i, found) = preceded((word("mapping"), word("macro")), name).parse(i)?;
    let (i, _) = symbol("{")(i)?;
    if i.is_word("write") {
        return write_first(i, found);
    }
    let (i, read) = half(i, &found, "read")?;
    let (i, write) = half(i, &found, "write")?;
    let (i, _) = symbol("}")(i)?;
    Ok((i, MappingMacro { name: found, read, write }))
}

/// `read { … }` or `write { … }`; that it is not there is one fault, and what follows may be right.
fn half<'a>(i: Tokens<'a>, name: &Name, which: &'static str) -> Res<'a, Vec<Stmt>> {
    if i.is_symbol("}") {
        let does = if which == "read" { "yield $variable;" } else { "yield $value;" };
        i.cx.report(
            Diagnostic::error("syntax", name.span, format!("mapping macro `{}` has no `{which}`", name.text))
                .because("a mapping macro says how a variable is read, and then how it is written")
                .help(format!("add `{which} {{ {does} }}`, or `{which} {{ await FALSE; }}` if that never happens")),
        );
        return Ok((i, Vec::new()));
    }
    let (i, stmts) = preceded(word(which), body).parse(i)?;
    Ok((semicolons(i), stmts))
}

/// `write { … } read { … }`, or `write` alone.
fn write_first(i: Tokens<'_>, found: Name) -> Res<'_, MappingMacro> {
    let at = i.here();
    let (i, write) = half(i, &found, "write")?;
    if i.is_word("read") {
        i.cx.report(
            Diagnostic::error(
                "syntax",
                i.here(),
                format!("mapping macro `{}` defines `read` after `write`", found.text),
            )
            .and(at, "this comes second")
            .help("write `read { … }` first, then `write { … }`"),
        );
    }
    let (i, read) = half(i, &found, "read")?;
    let (i, _) = symbol("}")(i)?;
    Ok((i, MappingMacro { name: found, read, write }))
}

fn process(start: Tokens<'_>) -> Res<'_, Process> {
    let (i, fairness) = fairness(start);
    let value = preceded(symbol("="), expr).map(Initial::Value);
    let element = preceded(symbol("\\in"), expr).map(Initial::Element);
    let inner = (name, alt((value, element)));
    let (i, (found, selves)) = preceded(word("process"), delimited(symbol("("), inner, symbol(")"))).parse(i)?;
    let span = start.span_to(i);
    if i.is_symbol("==") {
        let (i, _) = word("instance")(i.skip(1))?;
        let (i, instance) = instance(i)?;
        return Ok((i, Process { name: found, fairness, selves, kind: ProcessKind::Instance(instance), span }));
    }
    let (i, locals) = optional_variables(i)?;
    let (i, stmts) = body(i)?;
    Ok((i, Process { name: found, fairness, selves, kind: ProcessKind::Plain(locals, stmts), span }))
}

fn instance(i: Tokens<'_>) -> Res<'_, Instance> {
    let (i, archetype) = name(i)?;
    let (mut i, arguments) = arguments(i)?;
    let mut mappings = Vec::new();
    while i.is_word("mapping") && !i.skip(1).is_word("macro") {
        let (rest, found) = mapping(i)?;
        mappings.push(found);
        i = rest;
    }
    if !i.is_symbol(";") && !i.is_symbol("}") {
        let _ = i.fail::<()>("mapping");
        return i.fail(";");
    }
    Ok((i, Instance { archetype, arguments, mappings }))
}

fn mapping(start: Tokens<'_>) -> Res<'_, Mapping> {
    let i = start.skip(1);
    let (i, target) =
        alt((preceded(symbol("@"), position).map(MappingTarget::Position), name.map(MappingTarget::Name))).parse(i)?;
    let (i, indices) = wildcards(i)?;
    let (i, via): (_, Name) = preceded(word("via"), name).parse(i)?;
    Ok((i, Mapping { target, indices, via, span: start.span_to(i) }))
}

fn position(i: Tokens<'_>) -> Res<'_, usize> {
    match i.first() {
        Some(t) if t.kind == TokenKind::Number => {
            let value = i.text(t).parse().unwrap_or(0);
            if value == 0 {
                i.cx.report(zero_position(t.span));
            }
            Ok((i.skip(1), value))
        }
        _ => i.fail("the number of an argument"),
    }
}

fn zero_position(span: Span) -> Diagnostic {
    Diagnostic::error("unknown-name", span, "arguments are counted from 1")
}
