//! The constants that TLC is run with, from its configuration file.
//!
//! In: the text of a `.cfg`. Out: what it gives to constants; the rest of the file is TLC's. A constant
//! that is a model value there, like `Nil = Nil`, is one in Rust; a set of model values makes their
//! elements ones that are known only when the system runs.

use std::collections::HashMap;

#[cfg(feature = "interpret")]
use mpcal_values::Value;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::resolved::{ExprKind, Literal, Model};
use crate::source::{Source, Span};
use crate::symbol::Symbol;
use crate::syntax::lex::{lex, Token, TokenKind, Until};

/// What a configuration gives to names.
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    given: HashMap<Symbol, Literal>,
    /// `Nat <- Small`: names, with the operators in their places.
    pub(crate) replaced: Vec<(Symbol, Symbol)>,
}

#[cfg(feature = "interpret")]
impl Configuration {
    /// What it gives, as values.
    pub fn values(&self) -> impl Iterator<Item = (String, Value)> + '_ {
        self.given.iter().map(|(name, literal)| (name.to_string(), value(literal)))
    }
}

#[cfg(feature = "interpret")]
fn value(literal: &Literal) -> Value {
    match literal {
        Literal::Bool(b) => Value::Bool(*b),
        Literal::Int(n) => Value::Int(*n),
        Literal::Str(text) => Value::Str((&**text).into()),
        Literal::Model(name) => Value::Model((&**name).into()),
        Literal::Set(items) => Value::Set(items.iter().map(value).collect()),
    }
}

/// The keywords that start a section.
const SECTIONS: &[&str] = &[
    "CONSTANT",
    "CONSTANTS",
    "SPECIFICATION",
    "INIT",
    "NEXT",
    "INVARIANT",
    "INVARIANTS",
    "PROPERTY",
    "PROPERTIES",
    "SYMMETRY",
    "VIEW",
    "CONSTRAINT",
    "CONSTRAINTS",
    "ACTION_CONSTRAINT",
    "ACTION_CONSTRAINTS",
    "CHECK_DEADLOCK",
    "POSTCONDITION",
    "ALIAS",
    "TYPE",
    "TYPE_CONSTRAINT",
    "_PERIODIC",
    "_RL_REWARD",
];

/// Reads a configuration.
pub fn parse(source: &Source, out: &mut Diagnostics) -> Configuration {
    // What TLC does not take is for TLC to report.
    let tokens = lex(source, 0, Until::TextEnd, &mut Diagnostics::default()).tokens;
    let mut parser = Parser { source, tokens: &tokens, at: 0 };
    let mut found = Configuration::default();
    let mut in_constants = false;
    while let Some(token) = parser.next() {
        let word = source.slice(token.span);
        if SECTIONS.contains(&word) {
            in_constants = word.starts_with("CONSTANT");
        } else if in_constants && token.kind == TokenKind::Word {
            match parser.symbol() {
                Some("=") => match parser.value(0) {
                    Some(value) => {
                        found.given.insert(word.into(), value);
                    }
                    None => {
                        out.push(unreadable(token.span, word));
                        return found;
                    }
                },
                // `Op <- [Module]Op` is about another module.
                Some("<-") if parser.peek() == Some("[") => parser.at += 4,
                Some("<-") => {
                    let to = parser.next().map_or("", |t| source.slice(t.span));
                    found.replaced.push((word.into(), to.into()));
                }
                _ => {
                    out.push(unreadable(token.span, word));
                    return found;
                }
            }
        }
    }
    found
}

fn unreadable(span: Span, name: &str) -> Diagnostic {
    Diagnostic::warning("configuration", span, format!("cannot read the value of `{name}`"))
        .because("expected a number, a string, `TRUE`, `FALSE`, a name, or a set of these after `=`")
        .help("the rest of the file is ignored; TLC has more to say about it")
}

struct Parser<'s> {
    source: &'s Source,
    tokens: &'s [Token],
    at: usize,
}

impl<'s> Parser<'s> {
    fn next(&mut self) -> Option<Token> {
        self.at += 1;
        self.tokens.get(self.at - 1).copied()
    }

    fn peek(&self) -> Option<&'static str> {
        match self.tokens.get(self.at)?.kind {
            TokenKind::Symbol(s) => Some(s),
            _ => None,
        }
    }

    fn symbol(&mut self) -> Option<&'static str> {
        match self.next()?.kind {
            TokenKind::Symbol(s) => Some(s),
            _ => None,
        }
    }

    fn value(&mut self, depth: usize) -> Option<Literal> {
        let token = self.next()?;
        let text = self.source.slice(token.span);
        match token.kind {
            TokenKind::Number => text.parse().ok().map(Literal::Int),
            TokenKind::String => Some(Literal::Str(text.trim_matches('"').into())),
            TokenKind::Word => Some(match text {
                "TRUE" => Literal::Bool(true),
                "FALSE" => Literal::Bool(false),
                name => Literal::Model(name.into()),
            }),
            TokenKind::Symbol("-") => match self.value(depth)? {
                Literal::Int(n) => Some(Literal::Int(-n)),
                _ => None,
            },
            TokenKind::Symbol("{") if depth < 16 => {
                let mut items = Vec::new();
                if self.peek() == Some("}") {
                    self.at += 1;
                    return Some(Literal::Set(items));
                }
                loop {
                    items.push(self.value(depth + 1)?);
                    match self.symbol()? {
                        "," => {}
                        "}" => return Some(Literal::Set(items)),
                        _ => return None,
                    }
                }
            }
            _ => None,
        }
    }
}

/// Gives its constants to a model. An operator that TLC replaces by a model value is one.
pub fn configure(model: &mut Model, configuration: &Configuration) {
    for constant in model.constants.iter_mut().filter(|c| c.arity == 0) {
        constant.given = configuration.given.get(&constant.name).cloned();
    }
    for definition in model.operators.iter_mut().filter(|d| d.parameters.is_empty()) {
        if let Some(Literal::Model(name)) = configuration.given.get(&definition.name) {
            definition.body.kind = ExprKind::ModelValue(*name);
        }
    }
}
