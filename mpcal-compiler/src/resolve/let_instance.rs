//! `LET I == INSTANCE M WITH c <- e IN I!Op(x)`.
//!
//! What stands for a constant may mention names that are known here only, while the definitions of `M` become
//! operators of the whole model. So the constants become parameters of these, and the `LET` defines what they get:
//! `LET I_c == e  I(c_) == INSTANCE M WITH c <- c_ IN I(I_c)!Op(x)`.

use super::modules::Item;
use super::{Entry, Resolver};
use crate::ast::{self, ExprKind as A, Module, ModuleInstance, Name, Unit};
use crate::resolved::{BoundId, Expr, ExprKind, LetDefinition};
use crate::source::Span;
use crate::symbol::Symbol;
use crate::unused::unused;

/// An instance of a module in a `LET`.
#[derive(Clone)]
pub(super) struct LetInstance<'a> {
    /// Its name, which no other has.
    pub(super) name: Symbol,
    /// The view of the module.
    pub(super) module: Item<'a>,
    /// The parameters of the instance.
    parameters: Vec<Symbol>,
    /// What its constants get, in the order of the parameters of the view.
    values: Vec<Given>,
}

/// What stands for a constant.
#[derive(Clone)]
enum Given {
    /// A definition of the `LET`, which takes the arguments of the instance.
    Value(BoundId),
    /// An operator.
    Operator(ast::Expr),
}

impl<'a> Resolver<'a, '_> {
    /// Defines an instance, and adds the definitions that the `LET` gets for it.
    pub(super) fn let_instance(&mut self, instance: &ModuleInstance, definitions: &mut Vec<LetDefinition>) {
        let Some(name) = &instance.name else { return };
        let text = self.unused_instance(&name.text);
        let (mut values, mut header, mut constants) = (Vec::new(), Vec::new(), Vec::new());
        let module = match self.module(self.env, &instance.module.text) {
            None => Item::Standard(instance.module.text),
            // Said, and nothing of it is known.
            Some((module, _)) if !self.may_grow(module, instance.module.span) => Item::Foreign,
            Some((module, enclosing)) => {
                for (constant, arity) in self.declared(module) {
                    // It may come in on several ways.
                    let known = constants.iter().any(|(c, _): &(&Name, usize)| c.text == constant.text);
                    if !known && self.is_given(instance, constant) {
                        constants.push((constant, arity));
                    }
                }
                for (constant, arity) in &constants {
                    let e = given(instance, constant);
                    values.push(match arity {
                        0 => Given::Value(self.let_value(
                            instance,
                            &format!("{text}_{}", constant.text),
                            &e,
                            definitions,
                        )),
                        _ => Given::Operator(e),
                    });
                    header.push(self.model.new_bound(format!("{}_", constant.text), constant.span, *arity));
                }
                Item::Instance(self.view(module, enclosing, &text, constants.clone()))
            }
        };
        let body = self.header(instance, &constants);
        let bound = self.model.new_bound(text, name.span, header.len());
        definitions.push(LetDefinition { bound, parameters: header, body });
        let parameters = instance.parameters.iter().map(|(n, _)| n.text).collect();
        let made = LetInstance { name: text, module, parameters, values };
        self.let_instances.push(made);
        self.scope.push((name.text, Entry::LetInstance(self.let_instances.len() - 1)));
    }

    /// Whether something of here stands for a constant of the module: otherwise it is what has its name outside.
    fn is_given(&self, instance: &ModuleInstance, constant: &Name) -> bool {
        instance.with.iter().any(|(n, _)| n.text == constant.text)
            || instance.parameters.iter().any(|(n, _)| n.text == constant.text)
            || self.lookup(&constant.text).is_some()
    }

    /// Constants and variables of a module and of those that it extends, with their arities.
    fn declared(&self, module: &'a Module) -> Vec<(&'a Name, usize)> {
        let mut found = Vec::new();
        for extended in &module.extends {
            if let Some((extended, _)) = self.module(self.env, &extended.text) {
                found.extend(self.declared(extended));
            }
        }
        for unit in &module.units {
            match unit {
                Unit::Constants(list) => found.extend(list.iter().map(|(n, arity)| (n, *arity))),
                Unit::Variables(list) => found.extend(list.iter().map(|n| (n, 0))),
                Unit::Recursive(_) | Unit::Definition(_) | Unit::Instance(_) => {}
                Unit::Module(_) | Unit::Assume(_) | Unit::Opaque => {}
            }
        }
        found
    }

    /// `I_c(a) == e`
    fn let_value(
        &mut self,
        instance: &ModuleInstance,
        name: &str,
        e: &ast::Expr,
        definitions: &mut Vec<LetDefinition>,
    ) -> BoundId {
        let (parameters, body) = self.scoped(|cx| {
            let parameters: Vec<_> = instance.parameters.iter().map(|(n, arity)| cx.bind(n, *arity)).collect();
            (parameters, cx.expr(e))
        });
        let bound = self.model.new_bound(name, e.span, parameters.len());
        definitions.push(LetDefinition { bound, parameters, body });
        bound
    }

    /// What TLA+ is told: `INSTANCE M WITH c <- c_`.
    fn header(&mut self, instance: &ModuleInstance, constants: &[(&Name, usize)]) -> Expr {
        let with: Vec<_> = constants.iter().map(|(c, _)| format!("{0} <- {0}_", c.text)).collect();
        let with = if with.is_empty() { String::new() } else { format!(" WITH {}", with.join(", ")) };
        let text = Symbol::from(format!("INSTANCE {}{with}", instance.module.text));
        self.node(ExprKind::Opaque(text, LetDefinition::INSTANCE), instance.module.span)
    }

    /// The instance's own name, or one that no other instance in a `LET` has.
    fn unused_instance(&mut self, name: &str) -> Symbol {
        let is_free = |n: &str| !self.let_names.contains(n) && self.find(self.env, n).is_none();
        let found = Symbol::from(unused(name, is_free));
        self.let_names.insert(found);
        found
    }

    /// What the definitions of an instance take first, if it is used with these arguments.
    pub(super) fn let_given(
        &mut self,
        instance: &LetInstance<'a>,
        args: &[Expr],
        name: &Name,
        span: Span,
    ) -> Vec<Expr> {
        self.check_arity(&name.text, instance.parameters.len(), args.len(), span);
        if instance.parameters.len() != args.len() {
            return Vec::new();
        }
        let Item::Instance(view) = instance.module else { return Vec::new() };
        let inherited = self.envs[view.0].parameters.len() - instance.values.len();
        let mut list = self.instance_arguments(inherited, span);
        for value in instance.values.clone() {
            list.push(match value {
                Given::Operator(e) => match parameter(instance, &e) {
                    Some(at) => args[at].clone(),
                    None => self.expr(&e),
                },
                Given::Value(bound) if args.is_empty() => self.node(ExprKind::Bound(bound), span),
                Given::Value(bound) => self.node(ExprKind::CallBound(bound, args.to_vec()), span),
            });
        }
        list
    }
}

/// Which parameter of the instance an operator is.
fn parameter(instance: &LetInstance<'_>, e: &ast::Expr) -> Option<usize> {
    let A::Name(name) = &e.kind else { return None };
    instance.parameters.iter().position(|p| p == name)
}

/// What stands for a constant: itself, if the instance does not say.
fn given(instance: &ModuleInstance, constant: &Name) -> ast::Expr {
    let said = instance.with.iter().find(|(n, _)| n.text == constant.text).map(|(_, e)| e.clone());
    said.unwrap_or(ast::Expr { kind: A::Name(constant.text), span: instance.module.span })
}
