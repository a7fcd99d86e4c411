//! Types in the notation of Apalache's type system 1.2: signatures of the operator table, and what
//! authors write down.

use std::collections::{BTreeMap, HashMap};

use super::solve::{Solver, Term, TypeId};
use crate::resolved::Aliases;
use crate::symbol::Symbol;

/// Types and aliases nest at most so deep.
const MAX_DEPTH: usize = 32;

/// Instantiates `(Seq(a), a) => Seq(a)` with fresh type variables: arguments and result. A
/// signature without arguments is its result.
pub(super) fn instantiate(signature: &str, solver: &mut Solver) -> (Vec<TypeId>, TypeId) {
    let t = read(signature, &Aliases::new(), solver).unwrap_or_else(|_| solver.term(Term::Dynamic));
    match solver.get(t).clone() {
        Term::Operator(arguments, result) => (arguments, result),
        _ => (Vec::new(), t),
    }
}

/// Reads a type; what it does not say is a fresh type variable.
pub(super) fn read(text: &str, aliases: &Aliases, solver: &mut Solver) -> Result<TypeId, String> {
    let mut parser = Parser { rest: text, names: HashMap::new(), aliases, solver, depth: 0 };
    let t = parser.parse()?;
    match parser.rest.trim() {
        "" => Ok(t),
        rest => Err(format!("`{rest}` is left over")),
    }
}

/// Whether a type is well formed.
pub fn check_annotation(text: &str, aliases: &Aliases) -> Result<(), String> {
    read(text, aliases, &mut Solver::default()).map(|_| ())
}

struct Parser<'s> {
    rest: &'s str,
    names: HashMap<&'s str, TypeId>,
    aliases: &'s Aliases,
    solver: &'s mut Solver,
    depth: usize,
}

impl<'s> Parser<'s> {
    fn eat(&mut self, text: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, text: &str) -> Result<(), String> {
        if self.eat(text) {
            return Ok(());
        }
        let found: String = self.rest.chars().take(12).collect();
        Err(format!("`{text}` is expected before `{found}`"))
    }

    fn word(&mut self) -> &'s str {
        self.rest = self.rest.trim_start();
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn parse(&mut self) -> Result<TypeId, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("it is nested too deep".to_owned());
        }
        let from = self.atom()?;
        let t = if self.eat("->") {
            let to = self.parse()?;
            self.solver.term(Term::Function(from, to))
        } else if self.eat("=>") {
            let result = self.parse()?;
            self.solver.term(Term::Operator(vec![from], result))
        } else if self.eat("|") {
            return Err("variants have no form here: write a record type".to_owned());
        } else {
            from
        };
        self.depth -= 1;
        Ok(t)
    }

    fn list(&mut self, end: &str) -> Result<Vec<TypeId>, String> {
        let mut items = Vec::new();
        while !self.eat(end) {
            items.push(self.parse()?);
            if !self.eat(",") {
                self.expect(end)?;
                break;
            }
        }
        Ok(items)
    }

    /// Fields up to a bracket.
    fn record(&mut self, end: &str) -> Result<TypeId, String> {
        let mut fields = BTreeMap::new();
        while !self.eat(end) {
            let name: Symbol = self.word().into();
            if self.eat(":") {
                fields.insert(name, self.parse()?);
            }
            if !self.eat(",") {
                self.expect(end)?;
                break;
            }
        }
        let record = self.solver.record(fields, true);
        self.solver.foreign_record(record);
        Ok(record)
    }

    fn one(&mut self) -> Result<TypeId, String> {
        self.expect("(")?;
        let t = self.parse()?;
        self.expect(")")?;
        Ok(t)
    }

    fn atom(&mut self) -> Result<TypeId, String> {
        if self.eat("(") {
            let items = self.list(")")?;
            if self.eat("=>") {
                let result = self.parse()?;
                return Ok(self.solver.term(Term::Operator(items, result)));
            }
            return match items[..] {
                [one] => Ok(one),
                _ => Err("`=>` is expected behind several types in parentheses".to_owned()),
            };
        }
        if self.eat("<<") {
            let items = self.list(">>")?;
            return Ok(self.solver.term(Term::Tuple(items)));
        }
        if self.eat("{") {
            return self.record("}");
        }
        if self.eat("[") {
            return self.record("]");
        }
        if self.eat("$") {
            let name = self.word();
            let text = self.aliases.get(name).ok_or_else(|| format!("there is no alias `{name}`"))?;
            let mut inner = Parser {
                rest: text,
                names: HashMap::new(),
                aliases: self.aliases,
                solver: self.solver,
                depth: self.depth,
            };
            let t = inner.parse()?;
            self.solver.name_record(t, name);
            return Ok(t);
        }
        match self.word() {
            "Bool" => Ok(self.solver.term(Term::Bool)),
            "Int" => Ok(self.solver.term(Term::Int)),
            "Str" => Ok(self.solver.string()),
            "Set" => {
                let element = self.one()?;
                Ok(self.solver.term(Term::Set(element)))
            }
            "Seq" => {
                let element = self.one()?;
                Ok(self.solver.term(Term::Seq(element)))
            }
            "" => Err("a type is expected".to_owned()),
            // An uninterpreted type: model values.
            name if name.len() > 1 && name.chars().all(|c| !c.is_lowercase()) => Ok(self.solver.atom()),
            name if name.chars().next().is_some_and(char::is_uppercase) => Err(format!("there is no type `{name}`")),
            // Type variables are single letters.
            name if name.len() > 1 => {
                let near = ["Int", "Bool", "Str", "Set", "Seq"]
                    .into_iter()
                    .find(|t| name.to_lowercase().starts_with(&t.to_lowercase()));
                let hint = near.map(|t| format!(", perhaps `{t}` is meant")).unwrap_or_default();
                Err(format!("there is no type `{name}`{hint}"))
            }
            name => match self.names.get(name) {
                Some(known) => Ok(*known),
                None => {
                    let fresh = self.solver.fresh();
                    self.names.insert(name, fresh);
                    Ok(fresh)
                }
            },
        }
    }
}
