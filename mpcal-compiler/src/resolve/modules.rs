//! What the names of each module stand for.
//!
//! An [`Env`] is one module as it is seen through one chain of `EXTENDS` and `INSTANCE`: every name
//! is an item, and what `WITH` puts in place of a constant is resolved where the `WITH` stands.

use std::collections::{HashMap, HashSet};

use super::Resolver;
use crate::ast::{self, Module, ModuleInstance, Name, Unit};
use crate::diagnostic::Diagnostic;
use crate::operators::{extended_by, STANDARD_MODULES};
use crate::resolved::{Constant, ConstantId, OperatorId};
use crate::source::Span;
use crate::symbol::Symbol;

/// An index into [`Resolver::envs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EnvId(pub(super) usize);

/// What a name of a module stands for.
#[derive(Clone, Debug)]
pub(super) enum Item<'a> {
    Constant(ConstantId),
    /// A variable of the module outside the block: known, but nothing of ours.
    Foreign,
    /// A definition, with its id once it is used.
    Definition(&'a ast::Definition, Option<OperatorId>),
    /// `I(a) == INSTANCE M`
    Instance(EnvId),
    /// `I == INSTANCE Sequences`
    Standard(Symbol),
    /// The name comes from another module.
    Imported(EnvId),
    /// What `WITH` puts in its place, in the outer module.
    Substituted(&'a ast::Expr),
    /// A constant that no `WITH` mentions: the same name, in the outer module.
    Implicit,
}

/// One module, seen through one chain of `EXTENDS` and `INSTANCE`.
#[derive(Default)]
pub(super) struct Env<'a> {
    items: HashMap<Symbol, Item<'a>>,
    /// Names that modules which extend this one do not see.
    local: HashSet<Symbol>,
    /// Operators that are declared `RECURSIVE`.
    recursive: HashSet<Symbol>,
    /// The standard modules whose operators are known here, and modules that nobody has found.
    pub(super) standard: Vec<Symbol>,
    /// Where the expressions of `WITH` stand.
    outer: Option<EnvId>,
    /// The module that this one stands in.
    enclosing: Option<EnvId>,
    /// Parameters of the instances on the way here; every definition takes them first.
    pub(super) parameters: Vec<(&'a Name, usize)>,
    /// `I!J!`
    pub(super) prefix: String,
    /// How many parameters each part of the prefix has.
    pub(super) parts: Vec<usize>,
    /// The modules that a `LET` instantiates on the way here.
    inside: Vec<&'a Module>,
    /// Modules inside this one.
    modules: HashMap<Symbol, &'a Module>,
}

/// What stands for the constants of a module that is instantiated.
type With<'a> = &'a [(Name, ast::Expr)];

/// More views of modules than this are refused: instances of instances multiply.
const MAX_ENVS: usize = 10_000;

impl<'a> Resolver<'a, '_> {
    /// The view of the model's own module, with the definitions of the block.
    pub(super) fn enter(&mut self, own: &'a Module, definitions: &'a [Unit]) -> EnvId {
        let id = self.build(own, Env::default(), None);
        for unit in definitions {
            self.declare(id, unit, None);
        }
        id
    }

    fn build(&mut self, module: &'a Module, env: Env<'a>, with: Option<With<'a>>) -> EnvId {
        let id = EnvId(self.envs.len());
        self.envs.push(env);
        self.open.push(module);
        for extended in &module.extends {
            self.extend(id, extended, with);
        }
        for unit in &module.units {
            self.declare(id, unit, with);
        }
        self.open.pop();
        id
    }

    /// Whether there may be one more view, of this module; if not, says so.
    pub(super) fn may_grow(&mut self, module: &Module, span: Span) -> bool {
        if self.open.iter().chain(&self.envs[self.env.0].inside).any(|m| std::ptr::eq(*m, module)) {
            let name = module.name.as_ref().map_or("", |n| &n.text);
            let message = format!("module `{name}` depends on itself");
            self.out.push(Diagnostic::error("module-cycle", span, message));
            return false;
        }
        let fine = self.envs.len() < MAX_ENVS;
        if !fine {
            let message = format!("more than {MAX_ENVS} instances of modules");
            self.out.push(Diagnostic::error("nesting-too-deep", span, message));
        }
        fine
    }

    fn extend(&mut self, id: EnvId, name: &'a Name, with: Option<With<'a>>) {
        let Some((module, _)) = self.module(id, &name.text) else {
            self.add_standard(id, &name.text);
            return;
        };
        let cached = self.extended.iter().find(|(m, _)| std::ptr::eq(*m, module)).map(|(_, e)| *e);
        let from = match cached.filter(|_| with.is_none()) {
            Some(env) => env,
            None if !self.may_grow(module, name.span) => return,
            None => {
                let own = &self.envs[id.0];
                let env = Env {
                    outer: own.outer,
                    parameters: own.parameters.clone(),
                    prefix: own.prefix.clone(),
                    parts: own.parts.clone(),
                    inside: own.inside.clone(),
                    ..Env::default()
                };
                let env = self.build(module, env, with);
                if with.is_none() {
                    self.extended.push((module, env));
                }
                env
            }
        };
        self.import(id, from, name.span, |_| true);
        for standard in self.envs[from.0].standard.clone() {
            self.add_standard(id, &standard);
        }
    }

    fn add_standard(&mut self, id: EnvId, name: &str) {
        for standard in std::iter::once(name).chain(extended_by(name).iter().copied()) {
            let known = &mut self.envs[id.0].standard;
            if known.iter().all(|k| **k != *standard) {
                known.push(Symbol::from(standard));
            }
        }
    }

    /// Makes the names of another module known here.
    fn import(&mut self, id: EnvId, from: EnvId, span: Span, wanted: impl Fn(&Item<'a>) -> bool) {
        let other = &self.envs[from.0];
        let mut names: Vec<Symbol> =
            other.items.iter().filter(|(n, item)| !other.local.contains(*n) && wanted(item)).map(|(n, _)| *n).collect();
        names.sort();
        for name in names {
            // One definition may come in on several ways.
            let before = self.envs[id.0].items.get(&name).and_then(|_| self.definition_of(id, &name));
            let now = self.definition_of(from, &name);
            if let (Some(before), Some(now)) = (before, now) {
                if !std::ptr::eq(before, now) {
                    self.duplicate(&Name { text: name, span }, before.name.span);
                }
            }
            self.envs[id.0].items.insert(name, Item::Imported(from));
        }
    }

    fn definition_of(&self, env: EnvId, name: &str) -> Option<&'a ast::Definition> {
        match self.find(env, name) {
            Some((_, Item::Definition(d, _))) => Some(d),
            _ => None,
        }
    }

    /// A module that is not a standard one, and the view it stands in: inside this module or one around
    /// it, or of the files that were loaded.
    pub(super) fn module(&self, id: EnvId, name: &str) -> Option<(&'a Module, Option<EnvId>)> {
        let mut env = Some(id);
        while let Some(EnvId(n)) = env {
            if let Some(module) = self.envs[n].modules.get(name) {
                return Some((module, Some(EnvId(n))));
            }
            env = self.envs[n].enclosing;
        }
        if STANDARD_MODULES.contains(&name) {
            return None;
        }
        self.modules.iter().find(|m| m.name.as_ref().is_some_and(|n| *n.text == *name)).map(|m| (m, None))
    }

    fn declare(&mut self, id: EnvId, unit: &'a Unit, with: Option<With<'a>>) {
        match unit {
            Unit::Constants(list) => {
                for (name, arity) in list {
                    self.declare_open(id, name, with, |cx| Item::Constant(cx.new_constant(name, *arity)));
                }
            }
            Unit::Variables(list) => list.iter().for_each(|name| self.declare_open(id, name, with, |_| Item::Foreign)),
            Unit::Recursive(list) => self.envs[id.0].recursive.extend(list.iter().map(|(n, _)| n.text)),
            Unit::Definition(d) => {
                let key = super::definition_key(&d.name.text, d.parameters.len());
                if let Some(first) = self.definition_of(id, &key) {
                    self.duplicate(&d.name, first.name.span);
                }
                let env = &mut self.envs[id.0];
                if d.local {
                    env.local.insert(key);
                }
                env.items.insert(key, Item::Definition(d, None));
            }
            Unit::Instance(instance) => self.instantiate(id, instance),
            Unit::Module(module) => {
                if let Some(name) = &module.name {
                    self.envs[id.0].modules.insert(name.text, module);
                }
            }
            Unit::Assume(e) if with.is_none() && id == EnvId(0) => self.assumes.push(e),
            Unit::Assume(_) | Unit::Opaque => {}
        }
    }

    /// Declares a constant or a variable, as `own` says or as something that stands in its place.
    fn declare_open(
        &mut self,
        id: EnvId,
        name: &'a Name,
        with: Option<With<'a>>,
        own: impl FnOnce(&mut Self) -> Item<'a>,
    ) {
        let given = with.and_then(|with| with.iter().find(|(n, _)| n.text == name.text));
        let item = match given {
            Some((_, e)) => Item::Substituted(e),
            None if with.is_none() => own(self),
            // A parameter with this name is in scope wherever a definition of the module is resolved.
            None if self.envs[id.0].parameters.iter().any(|(n, _)| n.text == name.text) => return,
            None => Item::Implicit,
        };
        self.envs[id.0].items.insert(name.text, item);
    }

    fn new_constant(&mut self, name: &Name, arity: usize) -> ConstantId {
        let id = ConstantId(self.model.constants.len() as u32);
        self.model.constants.push(Constant { name: name.text, arity, span: name.span, given: None, replaced: None });
        id
    }

    fn instantiate(&mut self, id: EnvId, instance: &'a ModuleInstance) {
        let key = instance.name.as_ref().map(|n| n.text);
        let Some((module, enclosing)) = self.module(id, &instance.module.text) else {
            match key {
                Some(key) => {
                    self.envs[id.0].items.insert(key, Item::Standard(instance.module.text));
                }
                None => self.add_standard(id, &instance.module.text),
            }
            return;
        };
        if !self.may_grow(module, instance.module.span) {
            return;
        }
        let own = &self.envs[id.0];
        let mut env = Env {
            outer: Some(id),
            enclosing,
            parameters: own.parameters.clone(),
            prefix: own.prefix.clone(),
            parts: own.parts.clone(),
            inside: own.inside.clone(),
            ..Env::default()
        };
        env.parameters.extend(instance.parameters.iter().map(|(n, arity)| (n, *arity)));
        if let Some(name) = &key {
            env.prefix = format!("{}{name}!", env.prefix);
            env.parts.push(instance.parameters.len());
        }
        let made = self.build(module, env, Some(&instance.with));
        match key {
            Some(key) => {
                if instance.local {
                    self.envs[id.0].local.insert(key);
                }
                self.envs[id.0].items.insert(key, Item::Instance(made));
            }
            None => {
                let defines = |item: &Item<'_>| !matches!(item, Item::Substituted(_) | Item::Implicit);
                self.import(id, made, instance.module.span, defines);
                if instance.local {
                    let names: Vec<_> = self.envs[made.0].items.keys().copied().collect();
                    self.envs[id.0].local.extend(names);
                }
            }
        }
    }

    /// The view of a module that a `LET` instantiates under a name: these constants are parameters of what it
    /// defines, the others are what has their name outside.
    pub(super) fn view(
        &mut self,
        module: &'a Module,
        enclosing: Option<EnvId>,
        name: &str,
        constants: Vec<(&'a Name, usize)>,
    ) -> EnvId {
        let own = &self.envs[self.env.0];
        let mut env = Env {
            outer: Some(self.env),
            enclosing,
            parameters: own.parameters.clone(),
            prefix: format!("{}{name}!", own.prefix),
            parts: own.parts.clone(),
            inside: own.inside.clone(),
            ..Env::default()
        };
        env.inside.push(module);
        env.parts.push(constants.len());
        env.parameters.extend(constants);
        self.build(module, env, Some(&[]))
    }

    /// What a name stands for, and where.
    pub(super) fn find(&self, mut env: EnvId, name: &str) -> Option<(EnvId, Item<'a>)> {
        // A chain of views is no longer than there are views.
        for _ in 0..=self.envs.len() {
            match self.envs[env.0].items.get(name) {
                Some(Item::Imported(from)) => env = *from,
                Some(Item::Implicit) => env = self.envs[env.0].outer?,
                Some(item) => return Some((env, item.clone())),
                None => env = self.envs[env.0].enclosing?,
            }
        }
        None
    }

    /// Where what `WITH` puts in place of a constant of this module is resolved.
    pub(super) fn outer(&self, env: EnvId) -> EnvId {
        self.envs[env.0].outer.unwrap_or(env)
    }

    /// Notes that a definition has an id now.
    pub(super) fn set_id(&mut self, env: EnvId, key: &str, id: OperatorId) {
        if let Some(Item::Definition(_, slot)) = self.envs[env.0].items.get_mut(key) {
            *slot = Some(id);
        }
    }

    pub(super) fn is_recursive(&self, env: EnvId, key: &str) -> bool {
        self.envs[env.0].recursive.contains(key)
    }

    /// Whether a standard module is extended here, directly or through another one. A bare block
    /// has them all.
    pub(super) fn extends(&self, module: &str) -> bool {
        module.is_empty()
            || self.bare
            || std::iter::successors(Some(self.env), |e| self.envs[e.0].enclosing)
                .any(|e| self.envs[e.0].standard.iter().any(|s| **s == *module))
    }

    /// The names that are known here, for suggestions.
    pub(super) fn item_names(&self) -> impl Iterator<Item = Symbol> + '_ {
        self.envs[self.env.0].items.keys().copied()
    }
}
