//! Expressions to TLA+ text, with no more parentheses than needed.

use std::collections::HashMap;
use std::rc::Rc;

use super::layout::BREAK;
use crate::ast::Quantifier;
use crate::operators::{Fixity, Op};
use crate::resolved::{Binding, BoundId, Expr, ExprKind, LetDefinition, Model, Step, VariableId};
use crate::symbol::Symbol;

/// How variables and bound names are spelt where an expression is printed.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// Variables whose text differs from their name.
    pub(super) variables: HashMap<VariableId, Symbol>,
    /// Bound names that stand for another text.
    pub(super) bounds: HashMap<BoundId, Text>,
    /// The variables that the text which stands for a bound name mentions.
    pub(super) inlined: HashMap<BoundId, Vec<VariableId>>,
    /// What `self` is in a process that is not a set: `pcal.trans` leaves the word alone there.
    pub(super) self_id: Option<Text>,
}

/// A text and how tightly it binds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) text: Rc<str>,
    pub(super) tightness: u8,
}

/// Binds as tightly as anything: a name, a literal, something in brackets.
pub(super) const ATOM: u8 = 20;
/// Extends as far to the right as it can: `IF`, `\A`, `LET`.
const OPEN: u8 = 0;

impl Text {
    pub(super) fn name(text: impl Into<Rc<str>>) -> Self {
        Self { text: text.into(), tightness: ATOM }
    }

    fn new(text: String, tightness: u8) -> Self {
        Self { text: text.into(), tightness }
    }

    /// The text of a name.
    pub(super) fn to_symbol(&self) -> Symbol {
        Symbol::from(&*self.text)
    }

    /// The text, in parentheses if it binds less tightly than `min`.
    pub(super) fn at_least(&self, min: u8) -> String {
        if self.tightness < min {
            format!("({})", self.text)
        } else {
            self.text.to_string()
        }
    }
}

/// Prints expressions of a model.
pub(super) struct Printer<'m> {
    pub(super) model: &'m Model,
    pub(super) names: &'m Names,
}

impl Printer<'_> {
    pub(super) fn variable_name(&self, id: VariableId) -> Symbol {
        self.names.variables.get(&id).copied().unwrap_or_else(|| self.model.variable(id).name)
    }

    /// An expression that stands on its own.
    pub(super) fn top(&self, e: &Expr) -> String {
        self.text(e).text.to_string()
    }

    fn list(&self, list: &[Expr]) -> String {
        list.iter().map(|e| self.top(e)).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn bound(&self, id: BoundId) -> Text {
        self.names.bounds.get(&id).cloned().unwrap_or_else(|| Text::name(self.model.bound(id).name))
    }

    fn bindings(&self, list: &[Binding]) -> String {
        list.iter()
            .map(|b| {
                let names: Vec<_> = b.names.iter().map(|n| self.bound(*n).text.to_string()).collect();
                let names = if b.tuple { format!("<<{}>>", names.join(", ")) } else { names.join(", ") };
                format!("{names} \\in {}", self.text(&b.set).at_least(6))
            })
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn junction(&self, symbol: &str, items: &[Expr]) -> Text {
        let list: Vec<_> = items.iter().map(|e| self.text(e).at_least(4)).collect();
        Text::new(list.join(&format!(" {symbol} ")), 3)
    }

    /// `I(x)!Op(a)`
    fn qualified(&self, name: &str, parts: &[usize], mut args: &[Expr]) -> Text {
        let mut list = Vec::new();
        for (part, count) in name.split('!').zip(parts) {
            let (own, rest) = args.split_at((*count).min(args.len()));
            list.push(self.call(part, own).text.to_string());
            args = rest;
        }
        Text::name(list.join("!"))
    }

    fn call(&self, name: &str, args: &[Expr]) -> Text {
        if args.is_empty() {
            Text::name(name)
        } else {
            Text::name(format!("{name}({})", self.list(args)))
        }
    }

    pub(super) fn path(&self, path: &[Step]) -> String {
        path.iter()
            .map(|s| match s {
                Step::Index(Expr { kind: ExprKind::Tuple(items), .. }) if items.len() > 1 => {
                    format!("[{}]", self.list(items))
                }
                Step::Index(e) => format!("[{}]", self.top(e)),
                Step::Field(f) => format!(".{f}"),
            })
            .collect()
    }

    pub(super) fn text(&self, e: &Expr) -> Text {
        match &e.kind {
            ExprKind::Bool(b) => Text::name(if *b { "TRUE" } else { "FALSE" }),
            ExprKind::Int(n) => Text::new(n.to_string(), if *n < 0 { 12 } else { ATOM }),
            ExprKind::Str(s) => Text::name(quote(s)),
            ExprKind::SelfId => self.names.self_id.clone().unwrap_or_else(|| Text::name("self")),
            ExprKind::DefaultInit => Text::name("defaultInitValue"),
            ExprKind::ModelValue(name) => Text::name(*name),
            ExprKind::Variable(id) | ExprKind::Read(id, _) => Text::name(self.variable_name(*id)),
            ExprKind::Bound(id) => self.bound(*id),
            ExprKind::Constant(id) => Text::name(self.model.constants[id.index()].name),
            ExprKind::MappedVariable => Text::name("$variable"),
            ExprKind::MappedValue => Text::name("$value"),
            ExprKind::OperatorRef(id) => Text::name(self.model.operators[id.index()].name),
            ExprKind::BuiltinRef(op) => Text::name(op.name),
            // Several lines are printed below each other, as they were.
            ExprKind::Opaque(text, _) if text.contains('\n') => Text::new(format!("{BREAK}{text}"), OPEN),
            ExprKind::Opaque(text, _) if text.chars().all(|c| c.is_alphanumeric()) => Text::name(*text),
            ExprKind::Opaque(text, _) => Text::new(text.to_string(), OPEN),
            ExprKind::Call(id, args) => {
                let operator = &self.model.operators[id.index()];
                match operator.parts.len() {
                    1 => self.operator(&operator.name, args),
                    _ => self.qualified(&operator.name, &operator.parts, args),
                }
            }
            ExprKind::CallBound(id, args) => self.operator(&self.bound(*id).text, args),
            ExprKind::CallConstant(id, args) => self.call(&self.model.constants[id.index()].name, args),
            ExprKind::Builtin(op, args) if self.model.qualifiers.contains_key(&e.id) => {
                self.call(&format!("{}!{}", self.model.qualifiers[&e.id], op.name), args)
            }
            ExprKind::Builtin(op, args) if op.id == Op::Product => {
                let sets: Vec<_> = args.iter().map(|a| self.text(a).at_least(14)).collect();
                Text::new(sets.join(" \\X "), 10)
            }
            ExprKind::Builtin(op, args) => self.operator(op.name, args),
            ExprKind::And(items) => self.junction("/\\", items),
            ExprKind::Or(items) => self.junction("\\/", items),
            ExprKind::Index(f, i) => {
                let index = match &i.kind {
                    ExprKind::Tuple(items) if items.len() > 1 => self.list(items),
                    _ => self.top(i),
                };
                Text::name(format!("{}[{index}]", self.text(f).at_least(16)))
            }
            ExprKind::Field(r, f) => Text::name(format!("{}.{f}", self.text(r).at_least(16))),
            ExprKind::Tuple(items) => Text::name(format!("<<{}>>", self.list(items))),
            ExprKind::Set(items) => Text::name(format!("{{{}}}", self.list(items))),
            ExprKind::Filter(b, p) => {
                Text::name(format!("{{{} : {}}}", self.bindings(std::slice::from_ref(b)), self.top(p)))
            }
            ExprKind::Map(e, bindings) => Text::name(format!("{{{} : {}}}", self.top(e), self.bindings(bindings))),
            ExprKind::Record(fields) => Text::name(format!("[{}]", self.fields(fields, "|->"))),
            ExprKind::RecordSet(fields) => Text::name(format!("[{}]", self.fields(fields, ":"))),
            ExprKind::Function(bindings, e) => Text::name(format!("[{} |-> {}]", self.bindings(bindings), self.top(e))),
            ExprKind::FunctionSet(a, b) => Text::name(format!("[{} -> {}]", self.top(a), self.top(b))),
            ExprKind::Except(base, updates) => {
                let updates: Vec<_> =
                    updates.iter().map(|u| format!("!{} = {}", self.path(&u.path), self.top(&u.value))).collect();
                Text::name(format!("[{} EXCEPT {}]", self.top(base), updates.join(", ")))
            }
            ExprKind::Quantified(q, bindings, p) => {
                let q = if *q == Quantifier::ForAll { "\\A" } else { "\\E" };
                Text::new(format!("{q} {} : {}", self.bindings(bindings), self.top(p)), OPEN)
            }
            ExprKind::Choose(b, p) => {
                Text::new(format!("CHOOSE {} : {}", self.bindings(std::slice::from_ref(b)), self.top(p)), OPEN)
            }
            ExprKind::If(c, a, b) => {
                Text::new(format!("IF {} THEN {} ELSE {}", self.top(c), self.top(a), self.top(b)), OPEN)
            }
            ExprKind::Case(arms, other) => {
                let mut list: Vec<_> = arms
                    .iter()
                    .map(|(g, v)| format!("{} -> {}", self.text(g).at_least(1), self.text(v).at_least(1)))
                    .collect();
                list.extend(other.iter().map(|e| format!("OTHER -> {}", self.text(e).at_least(1))));
                Text::new(format!("CASE {}", list.join(" [] ")), OPEN)
            }
            ExprKind::Let(definitions, body) => {
                let recursive = |n: usize| {
                    let later: Vec<_> = definitions[n..].iter().map(|d| d.bound).collect();
                    definitions[n].body.any(&mut |e| match e.kind {
                        ExprKind::Bound(b) | ExprKind::CallBound(b, _) => later.contains(&b),
                        _ => false,
                    })
                };
                let list: Vec<_> = definitions
                    .iter()
                    .enumerate()
                    .map(|(n, d)| {
                        let name = self.bound(d.bound).text;
                        let head = self.head(&name, d.parameters.iter().map(|p| self.parameter(*p)).collect());
                        match &d.body.kind {
                            ExprKind::Function(bindings, body) if recursive(n) && d.parameters.is_empty() => {
                                format!("{name}[{}] == {}", self.bindings(bindings), self.top(body))
                            }
                            _ if recursive(n) => {
                                let places = self.head(&name, vec!["_".to_owned(); d.parameters.len()]);
                                format!("RECURSIVE {places} {head} == {}", self.top(&d.body))
                            }
                            _ => format!("{head} == {}", self.top(&d.body)),
                        }
                    })
                    .collect();
                let text = format!("LET {} IN {}", list.join(" "), self.top(body));
                if definitions.iter().any(LetDefinition::is_instance) {
                    // The translator takes the commas of a `WITH` for its own.
                    return Text::name(format!("({text})"));
                }
                Text::new(text, OPEN)
            }
            ExprKind::Lambda(names, body) => {
                let names: Vec<_> = names.iter().map(|n| self.bound(*n).text.to_string()).collect();
                Text::new(format!("LAMBDA {} : {}", names.join(", "), self.top(body)), OPEN)
            }
        }
    }

    fn parameter(&self, id: BoundId) -> String {
        self.head(&self.bound(id).text, vec!["_".to_owned(); self.model.bound(id).arity])
    }

    /// An operator with its parameters, as it is defined: `Op(a, b)`, `a ++ b`, `-. a`, `a^+`.
    fn head(&self, name: &str, parameters: Vec<String>) -> String {
        match &parameters[..] {
            [] => name.to_owned(),
            [a, b] if crate::operators::infix(name).is_some() => format!("{a} {name} {b}"),
            [a] if name == "-" => format!("-. {a}"),
            [a] if crate::operators::prefix(name).is_some() => format!("{name} {a}"),
            [a] if crate::operators::postfix(name).is_some() => format!("{a} {name}"),
            _ => format!("{name}({})", parameters.join(", ")),
        }
    }

    fn fields(&self, fields: &[(Symbol, Expr)], separator: &str) -> String {
        fields.iter().map(|(n, e)| format!("{n} {separator} {}", self.top(e))).collect::<Vec<_>>().join(", ")
    }

    /// An operator by its fixity; a defined one may have the spelling of a symbol, too.
    fn operator(&self, name: &str, args: &[Expr]) -> Text {
        match args {
            [a, b] => {
                if let Some(Fixity::Infix(low, high, associative)) = crate::operators::infix(name).map(|o| o.fixity) {
                    // Only the operator itself may stand on the left without parentheses.
                    let same = match &a.kind {
                        ExprKind::Builtin(op, args) => op.name == name && args.len() == 2,
                        ExprKind::Call(id, args) => *self.model.operators[id.index()].name == *name && args.len() == 2,
                        _ => false,
                    };
                    let left = self.text(a).at_least(if associative && same { low } else { high + 1 });
                    let space = if name == ".." { "" } else { " " };
                    return Text::new(format!("{left}{space}{name}{space}{}", self.text(b).at_least(high + 1)), low);
                }
            }
            [a] => {
                if let Some(Fixity::Prefix(low, high)) = crate::operators::prefix(name).map(|o| o.fixity) {
                    let space = if name.starts_with(|c: char| c.is_ascii_alphabetic()) { " " } else { "" };
                    return Text::new(format!("{name}{space}{}", self.text(a).at_least(high + 1)), low);
                }
                if crate::operators::postfix(name).is_some() {
                    return Text::new(format!("{}{name}", self.text(a).at_least(16)), 15);
                }
            }
            _ => {}
        }
        self.call(name, args)
    }
}

/// A string in TLA+ notation.
fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            '\u{c}' => quoted.push_str("\\f"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
