//! Signatures of the operator table at the types an operator is used with.

use std::collections::HashMap;

use crate::types::Type;

/// A signature's notation, parsed.
enum Shape<'s> {
    Type(Type),
    Name(&'s str),
    Set(Box<Shape<'s>>),
    Seq(Box<Shape<'s>>),
    Function(Box<Shape<'s>>, Box<Shape<'s>>),
}

/// The types of arguments and result when the arguments have these types, and whether an argument
/// goes by value. A type variable is what all arguments agree on, or any value.
pub(super) fn instantiate(signature: &str, arguments: &[Type]) -> (Vec<(Type, bool)>, Type) {
    let mut parser = Parser { rest: signature };
    let mut shapes = Vec::new();
    if signature.contains("=>") {
        parser.eat("(");
        while !parser.eat(")") && !parser.rest.is_empty() {
            shapes.push(parser.shape());
            parser.eat(",");
        }
        parser.eat("=>");
    }
    let result = parser.shape();
    let mut found: HashMap<&str, Type> = HashMap::new();
    for (shape, t) in shapes.iter().zip(arguments) {
        learn(shape, t, &mut found);
    }
    let by_value = |s: &Shape<'_>| matches!(s, Shape::Type(Type::Bool | Type::Int));
    (shapes.iter().map(|s| (apply(s, &found), by_value(s))).collect(), apply(&result, &found))
}

fn learn<'s>(shape: &Shape<'s>, t: &Type, found: &mut HashMap<&'s str, Type>) {
    match (shape, t) {
        (Shape::Name(name), t) => match found.get(name) {
            Some(known) if known != t => {
                found.insert(name, Type::Value);
            }
            _ => {
                found.insert(name, t.clone());
            }
        },
        (Shape::Set(s), Type::Set(t)) | (Shape::Seq(s), Type::Seq(t)) => learn(s, t, found),
        (Shape::Function(k, v), Type::Function(l, w)) => {
            learn(k, l, found);
            learn(v, w, found);
        }
        (shape, Type::Optional(_, t)) => learn(shape, t, found),
        (shape, Type::Kinds(_, kinds)) => {
            if let Some(t) = kinds.iter().find(|t| shape.fits(t)) {
                learn(shape, t, found);
            }
        }
        (Shape::Seq(s), Type::Tuple(items)) => items.iter().for_each(|t| learn(s, t, found)),
        (Shape::Seq(s), Type::Function(_, t)) => learn(s, t, found),
        (Shape::Function(k, v), Type::Seq(t)) => {
            learn(k, &Type::Int, found);
            learn(v, t, found);
        }
        // Of what it holds nothing is known.
        (Shape::Set(s) | Shape::Seq(s), _) => learn(s, &Type::Value, found),
        (Shape::Function(k, v), _) => {
            learn(k, &Type::Value, found);
            learn(v, &Type::Value, found);
        }
        (Shape::Type(_), _) => {}
    }
}

impl Shape<'_> {
    /// Whether values of a type are of the kind that it is about.
    fn fits(&self, t: &Type) -> bool {
        match self {
            Shape::Type(own) => own == t,
            Shape::Name(_) => true,
            Shape::Set(_) => matches!(t, Type::Set(_)),
            Shape::Seq(_) | Shape::Function(..) => matches!(t, Type::Seq(_) | Type::Tuple(_) | Type::Function(..)),
        }
    }
}

fn apply(shape: &Shape<'_>, found: &HashMap<&str, Type>) -> Type {
    match shape {
        Shape::Type(t) => t.clone(),
        Shape::Name(name) => found.get(name).cloned().unwrap_or(Type::Value),
        Shape::Set(s) => Type::Set(Box::new(apply(s, found))),
        Shape::Seq(s) => Type::Seq(Box::new(apply(s, found))),
        Shape::Function(k, v) => Type::Function(Box::new(apply(k, found)), Box::new(apply(v, found))),
    }
}

struct Parser<'s> {
    rest: &'s str,
}

impl<'s> Parser<'s> {
    fn eat(&mut self, text: &str) -> bool {
        self.rest = self.rest.trim_start();
        let found = self.rest.strip_prefix(text);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn shape(&mut self) -> Shape<'s> {
        let from = self.atom();
        if self.eat("->") {
            Shape::Function(Box::new(from), Box::new(self.atom()))
        } else {
            from
        }
    }

    fn inside(&mut self) -> Box<Shape<'s>> {
        self.eat("(");
        let inner = self.shape();
        self.eat(")");
        Box::new(inner)
    }

    fn atom(&mut self) -> Shape<'s> {
        self.rest = self.rest.trim_start();
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        match word {
            "Bool" => Shape::Type(Type::Bool),
            "Int" => Shape::Type(Type::Int),
            "Str" => Shape::Type(Type::Str),
            "Set" => Shape::Set(self.inside()),
            "Seq" => Shape::Seq(self.inside()),
            name => Shape::Name(name),
        }
    }
}
