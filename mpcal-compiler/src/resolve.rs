//! Names to what they mean.
//!
//! In: the modules and the block, macros expanded. Out: a [`Model`] in which every name is an id.
//! After this: no unknown name, every operator, macro, procedure and archetype has as many
//! arguments as it takes, a plain process is an archetype whose globals are `ref` parameters.

mod expr;
mod globals;
mod let_instance;
mod modules;
mod names;
mod stmt;

use std::collections::{HashMap, HashSet};

use crate::ast::{self, Block, Module, Name, ProcessKind};
use crate::diagnostic::{count_of, Diagnostic, Diagnostics};
use crate::operators;
use crate::resolved::{
    Archetype, ArchetypeId, Argument, BoundId, Expr, Initial, MappingMacro, MappingMacroId, Model, Procedure,
    ProcedureId, Process, Variable, VariableId, VariableKind,
};
use crate::source::{Sources, Span};
use crate::symbol::Symbol;

pub(crate) use stmt::each_expr;

use globals::Outer;
use let_instance::LetInstance;
use modules::{Env, EnvId};

/// What a name in scope stands for.
#[derive(Clone, Copy, Debug)]
enum Entry {
    Variable(VariableId),
    Bound(crate::resolved::BoundId),
    /// `self`, where a process has one.
    SelfId,
    /// An instance in a `LET`: an index into [`Resolver::let_instances`].
    LetInstance(usize),
    /// `@` in the value of an assignment: an index into [`Resolver::olds`].
    Old(usize),
}

struct Resolver<'a, 'd> {
    source: &'a Sources,
    model: Model,
    /// The modules that were loaded besides the model's own.
    modules: &'a [Module],
    envs: Vec<Env<'a>>,
    /// The modules that are being looked at, each inside the one before.
    open: Vec<&'a Module>,
    /// Views of modules that come in through `EXTENDS` alone.
    extended: Vec<(&'a Module, EnvId)>,
    /// Whether there is no module around the block.
    bare: bool,
    /// Whether there is something for the translator.
    has_processes: bool,
    /// The module we are in.
    env: EnvId,
    /// The parameters of the instances on the way here, which every definition takes first.
    instance_parameters: Vec<BoundId>,
    let_instances: Vec<LetInstance<'a>>,
    /// What assignments around us change, as it was before.
    olds: Vec<Expr>,
    /// Their names, each one once.
    let_names: HashSet<Symbol>,
    assumes: Vec<&'a ast::Expr>,
    procedures: HashMap<Symbol, ProcedureId>,
    globals: HashMap<Symbol, VariableId>,
    /// What procedures may mention from outside.
    outer: Vec<Outer>,
    /// What of it each procedure takes as hidden parameters, as indices, sorted.
    needs: Vec<Vec<usize>>,
    scope: Vec<(Symbol, Entry)>,
    in_mapping: Option<Side>,
    /// Whether we are in a definition outside the bodies of the block.
    in_definition: bool,
    out: &'d mut Diagnostics,
}

/// Where we were before we went to another module.
struct Place {
    env: EnvId,
    scope: Vec<(Symbol, Entry)>,
    in_mapping: Option<Side>,
    in_definition: bool,
}

/// Which body of a mapping macro.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Read,
    Write,
}

/// Resolves the block; `own` is the module around it, `modules` are those that it needs. TLC is run with other
/// operators in the places of those `replaced`.
pub fn resolve(
    source: &Sources,
    own: &Module,
    modules: &[Module],
    block: &Block,
    replaced: &[(Symbol, Symbol)],
    out: &mut Diagnostics,
) -> Model {
    let mut cx = Resolver {
        source,
        model: Model { name: block.name.text, is_fair: block.is_fair(), ..Model::default() },
        modules,
        envs: Vec::new(),
        open: Vec::new(),
        extended: Vec::new(),
        has_processes: !block.processes.is_empty(),
        bare: own.name.is_none() || own.extends.is_empty(),
        env: EnvId(0),
        instance_parameters: Vec::new(),
        let_instances: Vec::new(),
        olds: Vec::new(),
        let_names: HashSet::new(),
        assumes: Vec::new(),
        procedures: HashMap::new(),
        globals: HashMap::new(),
        outer: Vec::new(),
        needs: Vec::new(),
        scope: Vec::new(),
        in_mapping: None,
        in_definition: false,
        out,
    };
    cx.env = cx.enter(own, &block.definitions);
    cx.block(block);
    for assume in std::mem::take(&mut cx.assumes) {
        let before = cx.out.len();
        let e = cx.expr(assume);
        if cx.out.len() == before {
            cx.model.assumes.push(e);
        } else if cx.missing_module_here().is_some() {
            // Nothing of the block needs it.
            cx.out.truncate(before);
        }
    }
    replaced.iter().for_each(|(name, by)| cx.replace(name, by));
    cx.model
}

impl<'a> Resolver<'a, '_> {
    fn duplicate(&mut self, name: &Name, first: Span) {
        self.out.push(
            Diagnostic::error("duplicate-name", name.span, format!("`{}` is defined twice", name.text))
                .and(first, "first defined here"),
        );
    }

    fn block(&mut self, block: &'a Block) {
        self.check_unique(block);
        for variable in &block.variables {
            let id = self.new_variable(&variable.name, VariableKind::Global);
            self.model.globals.push(id);
            self.globals.insert(variable.name.text, id);
        }
        for (variable, id) in block.variables.iter().zip(self.model.globals.clone()) {
            self.model.variables[id.index()].initial = self.initial(&variable.initial);
            // The next may start with a value made of this one.
            self.scope.push((variable.name.text, Entry::Variable(id)));
        }
        self.scope.clear();
        for m in &block.mapping_macros {
            let macro_ = self.mapping_macro(m);
            self.model.mapping_macros.push(macro_);
        }
        for (n, p) in block.procedures.iter().enumerate() {
            self.procedures.insert(p.name.text, ProcedureId(n as u32));
            let parameters = self.parameters(&p.parameters);
            let locals = p.variables.iter().map(|v| self.new_variable(&v.name, VariableKind::Local)).collect();
            let (name, span) = (p.name.text, p.name.span);
            self.model.procedures.push(Procedure { name, span, parameters, locals, body: Vec::new() });
        }
        self.find_outer(block);
        let hidden: Vec<_> = block.procedures.iter().map(|_| self.hidden_parameters()).collect();
        for (n, p) in block.procedures.iter().enumerate() {
            let (parameters, locals) =
                (self.model.procedures[n].parameters.clone(), self.model.procedures[n].locals.clone());
            let seen: Vec<_> = hidden[n].iter().chain(&parameters).copied().collect();
            self.open(&seen, &locals);
            for (p, id) in p.parameters.iter().zip(&parameters) {
                if let Some(e) = &p.initial {
                    self.model.variables[id.index()].initial = Initial::Value(self.expr(e));
                }
            }
            self.initials(&p.variables, &locals);
            self.model.procedures[n].body = self.stmts(&p.body);
            self.scope.clear();
        }
        self.pass_outer(&hidden);
        for a in &block.archetypes {
            let parameters = self.parameters(&a.parameters);
            let locals: Vec<_> = a.variables.iter().map(|v| self.new_variable(&v.name, VariableKind::Local)).collect();
            self.open(&parameters, &locals);
            self.initials(&a.variables, &locals);
            let mut body = self.stmts(&a.body);
            self.refuse_outer(&mut body, a.name.span);
            self.scope.clear();
            let (name, span) = (a.name.text, a.name.span);
            self.model.archetypes.push(Archetype { name, span, parameters, locals, body });
        }
        let archetypes: HashMap<Symbol, usize> =
            block.archetypes.iter().enumerate().map(|(n, a)| (a.name.text, n)).collect();
        for p in &block.processes {
            let process = match &p.kind {
                ProcessKind::Instance(i) => self.instance(p, i, &archetypes),
                ProcessKind::Plain(variables, body) => Some(self.plain_process(p, variables, body)),
            };
            self.model.processes.extend(process);
        }
    }

    /// Names of one kind must differ.
    fn check_unique(&mut self, block: &Block) {
        let kinds: [Vec<&Name>; 5] = [
            block.macros.iter().map(|m| &m.name).collect(),
            block.mapping_macros.iter().map(|m| &m.name).collect(),
            block.archetypes.iter().map(|a| &a.name).collect(),
            block.procedures.iter().map(|p| &p.name).collect(),
            block.variables.iter().map(|v| &v.name).collect(),
        ];
        let bodies = block
            .archetypes
            .iter()
            .map(|a| a.parameters.iter().map(|p| &p.name).chain(a.variables.iter().map(|v| &v.name)).collect())
            .chain(block.procedures.iter().map(|p| {
                p.parameters.iter().map(|p| &p.name).chain(p.variables.iter().map(|v| &v.name)).collect::<Vec<_>>()
            }));
        for names in kinds.into_iter().chain(bodies) {
            let mut seen: HashMap<&str, Span> = HashMap::new();
            for name in names {
                if let Some(first) = seen.insert(&name.text, name.span) {
                    self.duplicate(name, first);
                }
            }
        }
    }

    fn new_variable(&mut self, name: &Name, kind: VariableKind) -> VariableId {
        self.model.variables.push(Variable { name: name.text, span: name.span, kind, initial: Initial::None });
        VariableId(self.model.variables.len() as u32 - 1)
    }

    fn parameters(&mut self, list: &[ast::Parameter]) -> Vec<VariableId> {
        list.iter()
            .map(|p| self.new_variable(&p.name, p.by_ref.map_or(VariableKind::Value, VariableKind::Ref)))
            .collect()
    }

    /// Opens the scope of an archetype or procedure.
    fn open(&mut self, parameters: &[VariableId], locals: &[VariableId]) {
        self.scope = vec![(Symbol::from("self"), Entry::SelfId)];
        for id in parameters.iter().chain(locals) {
            self.scope.push((self.model.variable(*id).name, Entry::Variable(*id)));
        }
    }

    fn initials(&mut self, variables: &[ast::Variable], ids: &[VariableId]) {
        for (variable, id) in variables.iter().zip(ids) {
            self.model.variables[id.index()].initial = self.initial(&variable.initial);
        }
    }

    fn initial(&mut self, initial: &ast::Initial) -> Initial {
        match initial {
            ast::Initial::None => Initial::None,
            ast::Initial::Value(e) => Initial::Value(self.expr(e)),
            ast::Initial::Element(e) => Initial::Element(self.expr(e)),
        }
    }

    fn mapping_macro(&mut self, m: &ast::MappingMacro) -> MappingMacro {
        self.scope = vec![(Symbol::from("self"), Entry::SelfId)];
        self.in_mapping = Some(Side::Read);
        let read = self.stmts(&m.read);
        self.in_mapping = Some(Side::Write);
        let write = self.stmts(&m.write);
        self.in_mapping = None;
        self.scope.clear();
        MappingMacro { name: m.name.text, span: m.name.span, read, write }
    }

    fn instance(&mut self, p: &ast::Process, i: &ast::Instance, known: &HashMap<Symbol, usize>) -> Option<Process> {
        let selves = self.initial(&p.selves);
        let Some(&n) = known.get(&i.archetype.text) else {
            let name = &i.archetype;
            self.out.push(
                Diagnostic::error("unknown-archetype", name.span, format!("there is no archetype `{}`", name.text))
                    .suggest(&name.text, known.keys().map(|k| &**k)),
            );
            return None;
        };
        let parameters = self.model.archetypes[n].parameters.clone();
        if parameters.len() != i.arguments.len() {
            let (takes, gets) = (parameters.len(), i.arguments.len());
            let message =
                format!("archetype `{}` expects {}, found {gets}", i.archetype.text, count_of(takes, "argument"));
            let at = self.model.archetypes[n].span;
            self.out.push(Diagnostic::error("arity", i.archetype.span, message).and(at, "defined here"));
            return None;
        }
        // The value of a global variable can be passed; a `ref` to it is found by `argument`.
        self.scope = vec![(Symbol::from("self"), Entry::SelfId)];
        self.scope.extend(self.globals.iter().map(|(n, id)| (*n, Entry::Variable(*id))));
        // The name of the process stands for its identifier.
        self.scope.push((p.name.text, Entry::SelfId));
        let arguments: Vec<_> = i.arguments.iter().map(|a| self.argument(a)).collect();
        self.scope.clear();
        let mut mappings = vec![None; arguments.len()];
        for mapping in &i.mappings {
            self.mapping(i, mapping, &parameters, &mut mappings);
        }
        Some(Process {
            name: p.name.text,
            span: p.span,
            fairness: p.fairness,
            selves,
            archetype: ArchetypeId(n as u32),
            arguments,
            mappings,
        })
    }

    /// Finds the parameter that a mapping maps.
    fn mapping(
        &mut self,
        instance: &ast::Instance,
        mapping: &ast::Mapping,
        parameters: &[VariableId],
        mappings: &mut [Option<MappingMacroId>],
    ) {
        let passed = |a: &ast::Argument| match a {
            ast::Argument::Ref(name, _) => Some(name.text),
            ast::Argument::Value(ast::Expr { kind: ast::ExprKind::Name(n), .. }) => Some(*n),
            ast::Argument::Value(_) => None,
        };
        let position = match &mapping.target {
            ast::MappingTarget::Position(n) => (1..=parameters.len()).contains(n).then(|| n - 1),
            ast::MappingTarget::Name(name) => {
                instance.arguments.iter().rposition(|a| passed(a).is_some_and(|n| n == name.text))
            }
        };
        let Some(at) = position else {
            let names: Vec<_> = instance.arguments.iter().filter_map(passed).collect();
            let (text, span) = match &mapping.target {
                ast::MappingTarget::Name(name) => (name.text.to_string(), name.span),
                ast::MappingTarget::Position(n) => (format!("@{n}"), mapping.span),
            };
            self.out.push(
                Diagnostic::error("unknown-name", span, format!("the instance has no argument `{text}`"))
                    .suggest(&text, names.iter().map(|n| &**n)),
            );
            return;
        };
        let found = self.model.mapping_macros.iter().position(|m| m.name == mapping.via.text);
        let Some(found) = found else {
            let known: Vec<_> = self.model.mapping_macros.iter().map(|m| m.name).collect();
            let message = format!("there is no mapping macro `{}`", mapping.via.text);
            self.out.push(
                Diagnostic::error("unknown-mapping-macro", mapping.via.span, message)
                    .suggest(&mapping.via.text, known.iter().map(|n| &**n)),
            );
            return;
        };
        let parameter = self.model.variable(parameters[at]).clone();
        match parameter.kind {
            VariableKind::Ref(count) if count == mapping.indices => {}
            VariableKind::Ref(count) => {
                let message = format!("`{}` has {count} `[_]`, the mapping has {}", parameter.name, mapping.indices);
                self.out.push(
                    Diagnostic::error("ref-indices", mapping.span, message)
                        .and(parameter.span, "the parameter is declared here"),
                );
            }
            _ => self.out.push(
                Diagnostic::error(
                    "mapped-value",
                    mapping.span,
                    format!("`{}` is a value, not a `ref`", parameter.name),
                )
                .because("only a `ref` can be mapped")
                .and(parameter.span, "the parameter is declared here")
                .help(format!("declare it as `ref {}`", parameter.name)),
            ),
        }
        if mappings[at].replace(MappingMacroId(found as u32)).is_some() {
            self.out.push(
                Diagnostic::error("mapped-twice", mapping.span, format!("`{}` is mapped twice", parameter.name))
                    .help("remove one of the mappings, or name the argument by its position with `@n`"),
            );
        }
    }

    /// A plain process becomes an archetype; the globals it mentions become its parameters.
    fn plain_process(&mut self, p: &ast::Process, variables: &[ast::Variable], body: &[ast::Stmt]) -> Process {
        let selves = self.initial(&p.selves);
        let locals: Vec<_> = variables.iter().map(|v| self.new_variable(&v.name, VariableKind::Local)).collect();
        let globals = self.model.globals.clone();
        self.open(&globals, &locals);
        self.initials(variables, &locals);
        let parameters = self.hidden_parameters();
        // Variables of processes are at hand under their own names.
        self.open(&parameters[..globals.len()], &locals);
        let mut body = self.stmts(body);
        let own = self.own_outer(&mut body, &parameters, &locals, p.name.span);
        self.extend_calls(&mut body, &own);
        self.scope.clear();
        let used = self.outer_used(&body, &[], &parameters[..globals.len()]);
        let (parameters, arguments): (Vec<_>, Vec<_>) =
            used.into_iter().map(|n| (parameters[n], Argument::Ref(globals[n], 0, Span::default()))).unzip();
        let (name, span) = (p.name.text, p.name.span);
        self.model.archetypes.push(Archetype { name, span, parameters, locals, body });
        Process {
            name,
            span: p.span,
            fairness: p.fairness,
            selves,
            archetype: ArchetypeId(self.model.archetypes.len() as u32 - 1),
            mappings: vec![None; arguments.len()],
            arguments,
        }
    }

    /// An argument of an instance or a call: a global of the block, a parameter or a local.
    fn argument(&mut self, argument: &ast::Argument) -> Argument {
        match argument {
            ast::Argument::Value(e) => Argument::Value(self.expr(e)),
            ast::Argument::Ref(name, indices) => {
                let local = self.scope.iter().rev().find(|(n, _)| *n == name.text).map(|(_, e)| *e);
                let found = match local {
                    Some(Entry::Variable(id)) => Some(id),
                    _ => self.globals.get(&name.text).copied(),
                };
                match found {
                    Some(id) => Argument::Ref(id, *indices, name.span),
                    None => {
                        let known = self.variable_names();
                        let message = format!("there is no variable `{}`", name.text);
                        self.out.push(
                            Diagnostic::error("unknown-name", name.span, message)
                                .suggest_first(&name.text, known.iter().map(|n| &**n)),
                        );
                        let kind = crate::resolved::ExprKind::DefaultInit;
                        Argument::Value(self.model.expr(kind, name.span))
                    }
                }
            }
        }
    }

    /// What an expression may mention, from the inside out.
    fn known_names(&self) -> Vec<Symbol> {
        let mut items: Vec<Symbol> = self.item_names().collect();
        items.sort();
        let scope = self.scope.iter().rev().map(|(n, _)| *n);
        let operators = operators::OPERATORS.iter().map(|o| Symbol::from(o.name));
        scope.chain(items).chain(operators).collect()
    }

    /// The variables, parameters and `ref`s here, from the inside out, and those of the block.
    fn variable_names(&self) -> Vec<Symbol> {
        let local = self.scope.iter().rev().filter(|(_, e)| matches!(e, Entry::Variable(_))).map(|(n, _)| *n);
        let mut globals: Vec<Symbol> = self.globals.keys().copied().collect();
        globals.sort();
        local.chain(globals).collect()
    }
}

/// A symbol can be defined as a prefix and as an infix operator.
fn definition_key(name: &str, arity: usize) -> Symbol {
    if arity == 1 && operators::infix(name).is_some() && operators::prefix(name).is_some() {
        return Symbol::from(format!("prefix {name}"));
    }
    Symbol::from(name)
}
