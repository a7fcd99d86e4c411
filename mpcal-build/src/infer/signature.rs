//! Signatures of the operator table, in the notation of Apalache's type system 1.2.

use std::collections::HashMap;

use super::solve::{Solver, Term, TypeId};

/// Instantiates `(Seq(a), a) => Seq(a)` with fresh type variables: arguments and result. A
/// signature without arguments is its result.
pub(super) fn instantiate(signature: &str, solver: &mut Solver) -> (Vec<TypeId>, TypeId) {
    let mut parser = Parser { rest: signature, names: HashMap::new() };
    let mut arguments = Vec::new();
    if signature.contains("=>") && signature.starts_with('(') {
        parser.eat("(");
        while !parser.eat(")") {
            arguments.push(parser.parse(solver));
            parser.eat(",");
        }
        parser.eat("=>");
    }
    (arguments, parser.parse(solver))
}

struct Parser<'s> {
    rest: &'s str,
    names: HashMap<&'s str, TypeId>,
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

    fn word(&mut self) -> &'s str {
        self.rest = self.rest.trim_start();
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn parse(&mut self, solver: &mut Solver) -> TypeId {
        let from = self.atom(solver);
        if self.eat("->") {
            let to = self.atom(solver);
            return solver.term(Term::Function(from, to));
        }
        from
    }

    fn atom(&mut self, solver: &mut Solver) -> TypeId {
        if self.eat("(") {
            // The type of an operator argument: only its result counts, its arguments are given
            // to it by `generate`.
            let mut parts = Vec::new();
            while !self.eat(")") {
                parts.push(self.parse(solver));
                self.eat(",");
            }
            self.eat("=>");
            let result = self.parse(solver);
            return solver.term(Term::Operator(parts, result));
        }
        match self.word() {
            "Bool" => solver.term(Term::Bool),
            "Int" => solver.term(Term::Int),
            "Str" => solver.term(Term::Str),
            "Set" => {
                self.eat("(");
                let element = self.parse(solver);
                self.eat(")");
                solver.term(Term::Set(element))
            }
            "Seq" => {
                self.eat("(");
                let element = self.parse(solver);
                self.eat(")");
                solver.term(Term::Seq(element))
            }
            name => match self.names.get(name) {
                Some(known) => *known,
                None => {
                    let fresh = solver.fresh();
                    self.names.insert(name, fresh);
                    fresh
                }
            },
        }
    }
}
