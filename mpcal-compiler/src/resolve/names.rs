//! Names and operators in expressions: what they stand for, and with which arguments.

use super::modules::{EnvId, Item};
use super::{definition_key, Entry, Place, Resolver};
use crate::ast::{self, ExprKind as A, Name};
use crate::diagnostic::{count_of, Diagnostic};
use crate::operators::{self, Fixity, Op, Operator};
use crate::resolved::{BoundId, Definition, Expr, ExprKind, LetDefinition, OperatorId};
use crate::source::Span;
use crate::symbol::Symbol;

impl Resolver<'_, '_> {
    pub(super) fn name(&mut self, name: &Symbol, span: Span) -> ExprKind {
        match &**name {
            "TRUE" => return ExprKind::Bool(true),
            "FALSE" => return ExprKind::Bool(false),
            "defaultInitValue" => return ExprKind::DefaultInit,
            "$variable" | "$value" => return self.special(name, span),
            _ => {}
        }
        match self.lookup(name) {
            Some(Entry::SelfId) => return ExprKind::SelfId,
            Some(Entry::Bound(id)) => {
                return if self.model.bound(id).arity == 0 {
                    ExprKind::Bound(id)
                } else {
                    ExprKind::CallBound(id, Vec::new())
                };
            }
            Some(Entry::Variable(id)) => return self.variable(id, span),
            Some(Entry::LetInstance(_) | Entry::Old(_)) | None => {}
        }
        if let Some((env, item)) = self.find(self.env, name) {
            return self.item(env, &item, name, None, span);
        }
        if let Some(op) = operators::call(name).filter(|o| self.extends(o.module)) {
            return if op.fixity == Fixity::Call(0) {
                ExprKind::Builtin(op, Vec::new())
            } else {
                ExprKind::BuiltinRef(op)
            };
        }
        if let Some(op) = operators::infix(name) {
            return ExprKind::BuiltinRef(op);
        }
        if &**name == "ProcSet" && self.in_definition {
            self.out.push(
                Diagnostic::error("unknown-name", span, "`ProcSet` is not known here")
                    .because("the translation defines it after the operators that the block uses")
                    .help("pass the set to the operator as an argument"),
            );
            return ExprKind::DefaultInit;
        }
        if matches!(&**name, "pc" | "stack" | "ProcSet") {
            return ExprKind::Opaque(*name, "it is a name of the PlusCal translation");
        }
        self.unknown(name, span)
    }

    pub(super) fn operator(&mut self, symbol: &'static str, args: &[&ast::Expr], span: Span) -> ExprKind {
        let args: Vec<_> = args.iter().map(|e| self.expr(e)).collect();
        let key = definition_key(symbol, args.len());
        if let Some(Entry::Bound(id)) = self.lookup(&key) {
            self.check_arity(symbol, self.model.bound(id).arity, args.len(), span);
            return ExprKind::CallBound(id, args);
        }
        if let Some((env, item)) = self.find(self.env, &key) {
            return self.apply_item(env, &item, &key, None, args, span);
        }
        let row = if args.len() == 1 {
            operators::prefix(symbol).or(operators::postfix(symbol))
        } else {
            operators::infix(symbol)
        };
        match row {
            Some(op) if self.extends(op.module) => match op.id {
                Op::And => ExprKind::And(args),
                Op::Or => ExprKind::Or(args),
                _ => ExprKind::Builtin(op, args),
            },
            Some(op) => self.missing_module(op, span),
            None => self.unknown(symbol, span),
        }
    }

    fn missing_module(&mut self, op: &Operator, span: Span) -> ExprKind {
        self.out.push(
            Diagnostic::error("unknown-operator", span, format!("`{}` is not defined here", op.name))
                .because(format!("it is an operator of the module {}", op.module))
                .help(format!("add `{}` to the `EXTENDS` of the module", op.module)),
        );
        ExprKind::DefaultInit
    }

    pub(super) fn apply(&mut self, name: &Name, args: &[ast::Expr], span: Span) -> ExprKind {
        let args = self.exprs(args);
        if let Some(Entry::Bound(id)) = self.lookup(&name.text) {
            let arity = self.model.bound(id).arity;
            self.check_arity(&name.text, arity, args.len(), name.span);
            return ExprKind::CallBound(id, args);
        }
        if let Some((env, item)) = self.find(self.env, &name.text) {
            return self.apply_item(env, &item, &name.text, None, args, span);
        }
        match operators::call(&name.text) {
            Some(op) if !self.extends(op.module) => self.missing_module(op, name.span),
            Some(op) => self.builtin(op, args, name.span),
            None => self.unknown(&name.text, name.span),
        }
    }

    fn builtin(&mut self, op: &'static Operator, args: Vec<Expr>, span: Span) -> ExprKind {
        if let Fixity::Call(arity) = op.fixity {
            self.check_arity(op.name, arity, args.len(), span);
        }
        ExprKind::Builtin(op, args)
    }

    /// `I(x)!J!Op(a)`
    pub(super) fn qualified(&mut self, parts: &[(Name, Vec<ast::Expr>)], span: Span) -> ExprKind {
        let Some(((last, args_of_last), path)) = parts.split_last() else { return ExprKind::DefaultInit };
        let (mut env, mut given) = (self.env, Vec::new());
        for (n, (name, args)) in path.iter().enumerate() {
            let args = self.exprs(args);
            let item = match self.lookup(&name.text) {
                Some(Entry::LetInstance(local)) if n == 0 => {
                    let local = self.let_instances[local].clone();
                    given = self.let_given(&local, &args, name, span);
                    Some(local.module)
                }
                _ => {
                    let found = self.find(env, &name.text);
                    if let (0, Some((around, _))) = (n, &found) {
                        given = self.own_instance_parameters(*around, span);
                    }
                    given.extend(args);
                    found.map(|(_, item)| item)
                }
            };
            match item {
                Some(Item::Instance(made)) => env = made,
                Some(Item::Standard(module)) if n + 1 == path.len() => {
                    let args = self.exprs(args_of_last);
                    let provides =
                        |o: &&Operator| *module == *o.module || operators::extended_by(&module).contains(&o.module);
                    let row = operators::call(&last.text).filter(provides);
                    return match row {
                        Some(op) => self.builtin(op, args, last.span),
                        None => self.opaque(span, "it is not an operator that is known of this module"),
                    };
                }
                Some(_) => return self.opaque(span, "it names a part of a formula, as proofs do"),
                None => return self.unknown(&name.text, name.span),
            }
        }
        let takes = self.envs[env.0].parameters.len();
        self.check_arity(path.last().map_or("", |(n, _)| &n.text), takes, given.len(), span);
        let args = self.exprs(args_of_last);
        let key = definition_key(&last.text, args.len());
        match self.find(env, &key) {
            Some((found, item)) if args.is_empty() => self.item(found, &item, &key, Some(given), span),
            Some((found, item)) => self.apply_item(found, &item, &key, Some(given), args, span),
            None => self.unknown(&last.text, last.span),
        }
    }

    /// `I` of `I!Op(a)`, as it is spelt where an instance in a `LET` may have another name than the author's.
    pub(super) fn qualifier(&self, parts: &[(Name, Vec<ast::Expr>)]) -> Option<Symbol> {
        let [(instance, _), _] = parts else { return None };
        match self.lookup(&instance.text) {
            Some(Entry::LetInstance(local)) => Some(self.let_instances[local].name),
            _ => Some(instance.text),
        }
    }

    /// A name of a module that stands alone: a value, or an operator given as an argument.
    fn item(&mut self, env: EnvId, item: &Item<'_>, key: &str, given: Option<Vec<Expr>>, span: Span) -> ExprKind {
        if let Item::Definition(d, _) = item {
            if !d.parameters.is_empty() {
                let inherited = self.envs[env.0].parameters.len();
                let id = self.use_definition(env, key);
                if inherited == 0 {
                    return ExprKind::OperatorRef(id);
                }
                // It takes what the instance is given first: `LAMBDA x : I(a)!Op(x)`.
                let mut all = match given {
                    Some(given) => given,
                    None => self.own_instance_parameters(env, span),
                };
                let parameters = d.parameters.iter();
                let names: Vec<_> = parameters.map(|(n, arity)| self.model.new_bound(n.text, span, *arity)).collect();
                all.extend(self.operands(names.iter().copied(), span));
                let call = self.node(ExprKind::Call(id, all), span);
                return ExprKind::Lambda(names, Box::new(call));
            }
        }
        self.apply_item(env, item, key, given, Vec::new(), span)
    }

    /// A name of a module, applied to `args`. `given` are the arguments of the instances it is
    /// called through; from inside they are the parameters that we have ourselves.
    fn apply_item(
        &mut self,
        env: EnvId,
        item: &Item<'_>,
        key: &str,
        given: Option<Vec<Expr>>,
        args: Vec<Expr>,
        span: Span,
    ) -> ExprKind {
        match item {
            Item::Constant(id) => {
                let arity = self.model.constants[id.index()].arity;
                self.check_arity(key, arity, args.len(), span);
                if args.is_empty() {
                    ExprKind::Constant(*id)
                } else {
                    ExprKind::CallConstant(*id, args)
                }
            }
            Item::Definition(d, _) => {
                self.check_arity(&d.name.text, d.parameters.len(), args.len(), span);
                let id = self.use_definition(env, key);
                let mut all = match given {
                    Some(given) => given,
                    None => self.own_instance_parameters(env, span),
                };
                all.extend(args);
                ExprKind::Call(id, all)
            }
            Item::Substituted(e) => self.substituted(env, e, args, span),
            Item::Foreign => self.opaque(span, "it is a variable of the module, not of the block"),
            Item::Instance(_) | Item::Standard(_) => {
                self.out.push(
                    Diagnostic::error("unknown-name", span, format!("`{key}` is an instance of a module"))
                        .help(format!("write `{key}!Operator`")),
                );
                ExprKind::DefaultInit
            }
            Item::Imported(_) | Item::Implicit => self.unknown(key, span),
        }
    }

    /// The parameters of the instances around us that a definition of `env` takes, too.
    fn own_instance_parameters(&mut self, env: EnvId, span: Span) -> Vec<Expr> {
        self.instance_arguments(self.envs[env.0].parameters.len(), span)
    }

    /// This many of the parameters of the instances around us.
    pub(super) fn instance_arguments(&mut self, count: usize, span: Span) -> Vec<Expr> {
        let own: Vec<_> = self.instance_parameters.iter().copied().take(count).collect();
        self.operands(own, span)
    }

    /// Bound names as arguments.
    fn operands(&mut self, names: impl IntoIterator<Item = BoundId>, span: Span) -> Vec<Expr> {
        let kind = |cx: &Self, id| match cx.model.bound(id).arity {
            0 => ExprKind::Bound(id),
            // An operator, passed on.
            _ => ExprKind::CallBound(id, Vec::new()),
        };
        names.into_iter().map(|id| self.node(kind(self, id), span)).collect()
    }

    /// What `WITH` puts in place of a constant, resolved where the `WITH` stands.
    fn substituted(&mut self, env: EnvId, e: &ast::Expr, args: Vec<Expr>, span: Span) -> ExprKind {
        let saved = self.enter_module(self.outer(env));
        let count = self.envs[env.0].parameters.len();
        for id in self.instance_parameters.clone().into_iter().take(count) {
            let name = self.model.bound(id).name;
            self.scope.push((name, Entry::Bound(id)));
        }
        let kind = match &e.kind {
            A::Name(name) if !args.is_empty() => {
                let key = definition_key(name, args.len());
                match self.find(self.env, &key) {
                    Some((env, item)) => self.apply_item(env, &item, &key, None, args, span),
                    None => match operators::infix(name).or_else(|| operators::call(name)) {
                        Some(op) => ExprKind::Builtin(op, args),
                        None => self.unknown(name, e.span),
                    },
                }
            }
            A::Lambda(names, body) if !args.is_empty() => self.scoped(|cx| {
                let text = Name { text: Symbol::from("lambda"), span: e.span };
                let parameters = names.iter().map(|n| cx.bind(n, 0)).collect();
                let body = cx.expr(body);
                let bound = cx.bind(&text, names.len());
                let call = cx.node(ExprKind::CallBound(bound, args), span);
                ExprKind::Let(vec![LetDefinition { bound, parameters, body }], Box::new(call))
            }),
            _ => self.expr(e).kind,
        };
        self.leave_module(saved);
        kind
    }

    pub(super) fn check_arity(&mut self, name: &str, takes: usize, gets: usize, span: Span) {
        if takes != gets {
            let message = format!("operator `{name}` expects {}, found {gets}", count_of(takes, "argument"));
            self.out.push(Diagnostic::error("arity", span, message));
        }
    }

    fn unknown(&mut self, name: &str, span: Span) -> ExprKind {
        let mut diagnostic = Diagnostic::error("unknown-name", span, format!("there is no `{name}`"));
        if self.globals.contains_key(name) {
            diagnostic = diagnostic
                .because("an archetype cannot see global variables")
                .help(format!("add a parameter `ref {name}` to the archetype and pass the variable"));
        } else if let Some(op) = operators::call(name) {
            diagnostic = diagnostic.help(format!("add `{}` to the `EXTENDS` of the module", op.module));
        } else if let Some(module) = self.missing_module_here() {
            diagnostic = diagnostic.because(format!("it may be defined in module `{module}`, which was not found"));
        } else {
            let known = self.known_names();
            diagnostic = diagnostic.suggest_first(name, known.iter().map(|n| &**n));
        }
        self.out.push(diagnostic);
        ExprKind::DefaultInit
    }

    /// A module that is extended here and that nobody has found.
    pub(super) fn missing_module_here(&self) -> Option<Symbol> {
        let mut known = self.envs[self.env.0].standard.iter();
        known.find(|m| !operators::STANDARD_MODULES.contains(&&***m)).copied()
    }

    /// Goes to another module, where nothing is in scope but the block's global variables.
    fn enter_module(&mut self, env: EnvId) -> Place {
        // What may use a definition that mentions a global variable is checked later.
        let globals = self.globals.iter().map(|(name, g)| (*name, Entry::Variable(*g))).collect();
        let scope = std::mem::replace(&mut self.scope, globals);
        let in_definition = std::mem::replace(&mut self.in_definition, true);
        Place { env: std::mem::replace(&mut self.env, env), scope, in_mapping: self.in_mapping.take(), in_definition }
    }

    fn leave_module(&mut self, place: Place) {
        (self.env, self.scope) = (place.env, place.scope);
        (self.in_mapping, self.in_definition) = (place.in_mapping, place.in_definition);
    }

    /// Puts an operator in the place of another one, as TLC does where its configuration says `name <- by`. What
    /// cannot be resolved stays as it is: TLC says more about it.
    pub(super) fn replace(&mut self, name: &Symbol, by: &Symbol) {
        let Some((env, Item::Definition(d, _))) = self.find(self.env, by) else { return };
        let arity = d.parameters.len();
        let old = self.find(self.env, name).map(|(_, item)| item);
        let key = definition_key(by, arity);
        let before = self.out.len();
        let new = self.use_definition(env, &key);
        if self.out.len() > before {
            self.out.truncate(before);
            return;
        }
        match old {
            Some(Item::Definition(d, Some(old))) if d.parameters.len() == arity => {
                let parameters = self.model.operators[old.index()].parameters.clone();
                let span = self.model.operators[old.index()].span;
                let args = parameters.iter().map(|p| self.node(ExprKind::Bound(*p), span)).collect();
                self.model.operators[old.index()].body = self.node(ExprKind::Call(new, args), span);
            }
            Some(Item::Constant(id)) if arity == 0 => self.model.constants[id.index()].replaced = Some(new),
            Some(_) => {}
            None => {
                if let Some(op) = operators::call(name).filter(|op| op.fixity == Fixity::Call(arity)) {
                    self.model.replaced.insert(op.name, new);
                }
            }
        }
    }

    /// Resolves a definition when it is used first.
    fn use_definition(&mut self, env: EnvId, key: &str) -> OperatorId {
        let d = match self.find(env, key) {
            Some((_, Item::Definition(_, Some(id)))) => return id,
            Some((_, Item::Definition(d, None))) => d,
            _ => unreachable!("only definitions are used"),
        };
        let id = OperatorId(self.model.operators.len() as u32);
        self.set_id(env, key, id);
        let saved = self.enter_module(env);
        let inherited: Vec<_> = self.envs[env.0].parameters.clone();
        let mut parameters: Vec<_> = inherited.iter().map(|(n, arity)| self.bind(n, *arity)).collect();
        let outside = std::mem::replace(&mut self.instance_parameters, parameters.clone());
        parameters.extend(d.parameters.iter().map(|(n, arity)| self.bind(n, *arity)).collect::<Vec<_>>());
        let name: Symbol = Symbol::from(format!("{}{}", self.envs[env.0].prefix, d.name.text));
        let mut parts = self.envs[env.0].parts.clone();
        parts.push(d.parameters.len());
        let recursive = self.is_recursive(env, key);
        let placeholder = self.node(ExprKind::DefaultInit, d.span);
        let span = d.name.span;
        self.model.operators.push(Definition { name, parts, parameters, body: placeholder, recursive, span });
        let body = match d.parameters.len() {
            0 if is_outside(&d.body) => self.node(ExprKind::ModelValue(d.name.text), d.body.span),
            _ => self.definition_body(d),
        };
        self.model.operators[id.index()].recursive |=
            body.any(&mut |e| matches!(e.kind, ExprKind::Call(c, _) if c == id));
        self.model.operators[id.index()].body = body;
        self.instance_parameters = outside;
        self.leave_module(saved);
        id
    }
}

/// `CHOOSE n : n \notin S`: a value of its own, as TLC is told in its configuration.
fn is_outside(e: &ast::Expr) -> bool {
    let A::Choose(b, body) = &e.kind else { return false };
    let [name] = &b.names[..] else { return false };
    let is_name = |e: &ast::Expr| matches!(&e.kind, A::Name(n) if *n == name.text);
    b.set.is_none() && !b.tuple && matches!(&body.kind, A::Infix("\\notin", x, _) if is_name(x))
}
