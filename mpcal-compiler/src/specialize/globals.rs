//! Operators that mention global variables take them as parameters, first:
//!
//! ```text
//! IsFree(k) == holder[k] = 0;  await IsFree(3)  ⇒  IsFree(holder, k) == holder[k] = 0;  await IsFree(holderRead, 3)
//! ```
//!
//! In PlusCal an operator sees variables as they are when the step starts, whatever the step assigned before. So it
//! does here: a section that writes a variable which its operators mention reads it first of all, another one just
//! before the operator is used. What the variables of a procedure start with is read by those that call it.

use std::collections::{HashMap, HashSet};

use crate::fresh::free::Free;
use crate::fresh::Fresh;
use crate::normal::{Block, End, MappingBody, Normal, Step};
use crate::resolved::mentions::called;
use crate::resolved::{
    Argument, BoundId, Expr, ExprKind, Initial, Model, OperatorId, ProcedureId, Variable, VariableId, VariableKind,
};
use crate::source::Span;
use crate::symbol::Symbol;

/// Rewrites operators and what uses them.
pub(super) fn pass_globals(model: &mut Model, normal: &mut Normal) {
    let needs = model.globals_of_operators();
    let arities = model.operators.iter().map(|o| o.parameters.len()).collect();
    let mut cx = Passer { model, needs, arities, starts: Vec::new(), own: HashMap::new() };
    (0..cx.needs.len()).for_each(|n| cx.operator(OperatorId(n as u32)));
    cx.starts();
    cx.initials();
    for n in 0..cx.model.archetypes.len() {
        let parameters = cx.model.archetypes[n].parameters.clone();
        cx.body(&parameters, normal.archetypes[n].sections.iter_mut().map(|s| &mut s.block));
    }
    for n in 0..cx.model.procedures.len() {
        let parameters = cx.model.procedures[n].parameters.clone();
        cx.body(&parameters, normal.procedures[n].sections.iter_mut().map(|s| &mut s.block));
    }
    cx.own.clear();
    for MappingBody { read, write } in &mut normal.mapping_macros {
        for step in read.iter_mut().chain(write) {
            step.each_mut(&mut |s| s.each_expr_mut(&mut |e| cx.pass(e, &Known::new())));
        }
    }
}

/// For global variables the names that hold their values.
type Known = HashMap<VariableId, BoundId>;

/// What the variables of a procedure start with.
#[derive(Default)]
struct Start {
    /// `ref`s that are mentioned, each with a name for its value.
    read: HashMap<VariableId, BoundId>,
    /// Variables that operators mention.
    known: Known,
}

struct Passer<'m> {
    model: &'m mut Model,
    /// The variables that each operator mentions.
    needs: Vec<Vec<VariableId>>,
    /// How many arguments each takes in the model.
    arities: Vec<usize>,
    /// One for each procedure.
    starts: Vec<Start>,
    /// The parameters of the body we are in that stand for global variables.
    own: HashMap<VariableId, VariableId>,
}

impl Passer<'_> {
    fn operator(&mut self, id: OperatorId) {
        let needs = self.needs[id.index()].clone();
        if needs.is_empty() {
            return;
        }
        let definition = self.model.operators[id.index()].clone();
        let mut fresh = Fresh::new(self.model);
        let mut taken = fresh.names(&definition.parameters, &definition.body);
        let free: Vec<_> = needs.iter().map(|v| Free::Variable(*v)).collect();
        let mut parameters = fresh.parameters(&free, &mut taken, definition.span);
        let known: Known = needs.into_iter().zip(parameters.clone()).collect();
        let mut body = fresh.copy(&definition.body);
        self.pass(&mut body, &known);
        parameters.extend(definition.parameters);
        let own = &mut self.model.operators[id.index()];
        (own.parts, own.parameters, own.body) = (vec![parameters.len()], parameters, body);
    }

    /// Gives the operators of an expression what they mention.
    fn pass(&mut self, e: &mut Expr, known: &Known) {
        e.each_child_mut(&mut |child| self.pass(child, known));
        let (ExprKind::Call(id, _) | ExprKind::OperatorRef(id)) = e.kind else { return };
        let needs = self.needs[id.index()].clone();
        if needs.is_empty() {
            return;
        }
        let span = e.span;
        let value = |v: &VariableId| known.get(v).map_or(ExprKind::Variable(*v), |b| ExprKind::Bound(*b));
        let mut passed: Vec<_> = needs.iter().map(|v| self.model.expr(value(v), span)).collect();
        match &mut e.kind {
            ExprKind::Call(_, args) => {
                args.splice(0..0, passed);
            }
            _ => {
                let names = self.names(id, span);
                passed.extend(names.iter().map(|n| self.model.expr(ExprKind::Bound(*n), span)));
                let call = self.model.expr(ExprKind::Call(id, passed), span);
                e.kind = ExprKind::Lambda(names, Box::new(call));
            }
        }
    }

    /// Names for the arguments that an operator takes in the model.
    fn names(&mut self, id: OperatorId, span: Span) -> Vec<BoundId> {
        (1..=self.arities[id.index()]).map(|n| self.model.new_bound(format!("item{n}"), span, 0)).collect()
    }

    fn read(&mut self, global: VariableId, span: Span) -> (BoundId, Step) {
        let parameter = self.own[&global];
        let name = format!("{}Read", self.model.variable(global).name);
        let bound = self.model.new_bound(name, span, 0);
        (bound, Step::Read { bound, parameter, indices: Vec::new(), span })
    }

    /// What variables start with.
    fn initials(&mut self) {
        let of_procedures: HashSet<_> = self.model.procedures.iter().flat_map(|p| p.locals.clone()).collect();
        let all = (0..self.model.variables.len()).map(|v| VariableId(v as u32));
        for v in all.filter(|v| !of_procedures.contains(v)) {
            self.initial(v);
        }
        for p in 0..self.model.processes.len() {
            let mut process = self.model.processes[p].clone();
            if let Initial::Value(e) | Initial::Element(e) = &mut process.selves {
                self.pass(e, &Known::new());
            }
            for a in &mut process.arguments {
                if let Argument::Value(e) = a {
                    self.pass(e, &Known::new());
                }
            }
            self.model.processes[p] = process;
        }
    }

    fn initial(&mut self, v: VariableId) {
        let mut initial = std::mem::replace(&mut self.model.variables[v.index()].initial, Initial::None);
        if let Initial::Value(e) | Initial::Element(e) = &mut initial {
            self.pass(e, &Known::new());
        }
        self.model.variables[v.index()].initial = initial;
    }

    /// Finds what each procedure starts with.
    fn starts(&mut self) {
        for n in 0..self.model.procedures.len() {
            let procedure = self.model.procedures[n].clone();
            let mut start = Start::default();
            for local in procedure.locals {
                let mut initial = self.model.variable(local).initial.clone();
                if let Initial::Value(e) | Initial::Element(e) = &mut initial {
                    self.bind_reads(e, &mut start.read);
                    for global in self.mentioned(e) {
                        let name = format!("{}Read", self.model.variable(global).name);
                        let bound = self.model.new_bound(name, e.span, 0);
                        start.known.entry(global).or_insert(bound);
                    }
                    self.pass(e, &start.known);
                }
                self.model.variables[local.index()].initial = initial;
            }
            self.starts.push(start);
        }
    }

    /// Names stand for the `ref`s that an initial value reads.
    fn bind_reads(&mut self, e: &mut Expr, read: &mut HashMap<VariableId, BoundId>) {
        e.each_child_mut(&mut |child| self.bind_reads(child, read));
        if let ExprKind::Read(parameter, indices) = &e.kind {
            if indices.is_empty() {
                let name = format!("{}Read", self.model.variable(*parameter).name);
                let bound = *read.entry(*parameter).or_insert_with(|| self.model.new_bound(name, e.span, 0));
                e.kind = ExprKind::Bound(bound);
            }
        }
    }

    /// The variables that the operators of an expression mention.
    fn mentioned(&self, e: &Expr) -> Vec<VariableId> {
        let mut found: Vec<_> = called(e).iter().flat_map(|o| &self.needs[o.index()]).copied().collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    fn body<'b>(&mut self, parameters: &[VariableId], blocks: impl Iterator<Item = &'b mut Block>) {
        let global = |p: &VariableId| self.model.hidden.get(p).copied().flatten().map(|g| (g, *p));
        self.own = parameters.iter().filter_map(global).collect();
        blocks.for_each(|b| self.section(b));
    }

    fn section(&mut self, block: &mut Block) {
        let mut written = HashSet::new();
        block.each_step(&mut |s| {
            if let Step::Write { parameter, .. } = s {
                written.insert(*parameter);
            }
        });
        let mut mentioned = HashSet::new();
        block.each_expr(&mut |e| mentioned.extend(self.mentioned(e)));
        block.each(&mut |b| {
            if let End::Call(callee, ..) = &b.end {
                mentioned.extend(self.starts[callee.index()].known.keys());
            }
        });
        let is_old = |g: &VariableId| self.own.get(g).is_some_and(|p| written.contains(p));
        let mut old: Vec<_> = mentioned.into_iter().filter(is_old).collect();
        old.sort_unstable();
        let (mut known, mut first) = (Known::new(), Vec::new());
        for global in old {
            self.know(global, Span::default(), &mut known, &mut first);
        }
        self.block(block, known);
        block.steps.splice(0..0, first);
    }

    /// Reads a variable, unless that was done before.
    fn know(&mut self, global: VariableId, span: Span, known: &mut Known, before: &mut Vec<Step>) {
        if self.own.contains_key(&global) && !known.contains_key(&global) {
            let (bound, step) = self.read(global, span);
            known.insert(global, bound);
            before.push(step);
        }
    }

    fn block(&mut self, block: &mut Block, mut known: Known) {
        self.steps(&mut block.steps, &mut known);
        let steps = &mut block.steps;
        match &mut block.end {
            End::Goto(_) | End::Return => {}
            End::Call(callee, arguments, _) => {
                for a in arguments.iter_mut() {
                    if let Argument::Value(e) = a {
                        self.use_in(e, &mut known, steps);
                    }
                }
                self.start(*callee, arguments, &mut known, steps);
            }
            End::If(c, a, b) => {
                self.use_in(c, &mut known, steps);
                self.block(a, known.clone());
                self.block(b, known);
            }
            End::Either(arms) => arms.iter_mut().for_each(|a| self.block(a, known.clone())),
        }
    }

    fn steps(&mut self, list: &mut Vec<Step>, known: &mut Known) {
        let mut all = Vec::with_capacity(list.len());
        for mut step in std::mem::take(list) {
            step.each_expr_mut(&mut |e| self.use_in(e, known, &mut all));
            step.inner_mut().into_iter().for_each(|list| self.steps(list, &mut known.clone()));
            all.push(step);
        }
        *list = all;
    }

    /// Reads what the operators of an expression mention, and gives it to them.
    fn use_in(&mut self, e: &mut Expr, known: &mut Known, before: &mut Vec<Step>) {
        for global in self.mentioned(e) {
            self.know(global, e.span, known, before);
        }
        self.pass(e, known);
    }

    /// Reads what the variables of a procedure start with.
    fn start(&mut self, callee: ProcedureId, arguments: &[Argument], known: &mut Known, before: &mut Vec<Step>) {
        let parameters = self.model.procedures[callee.index()].parameters.clone();
        for (parameter, argument) in parameters.iter().zip(arguments) {
            let Argument::Ref(passed, _, span) = argument else { continue };
            if let Some(bound) = self.starts[callee.index()].read.get(parameter).copied() {
                before.push(Step::Read { bound, parameter: *passed, indices: Vec::new(), span: *span });
            }
        }
        let wanted: Vec<_> = self.starts[callee.index()].known.clone().into_iter().collect();
        for (global, bound) in wanted {
            self.know(global, Span::default(), known, before);
            if let Some(value) = known.get(&global) {
                let value = self.model.expr(ExprKind::Bound(*value), Span::default());
                before.push(Step::Let { bound, value, author: false });
            }
        }
    }
}

/// What variables of plain processes start with may mention global variables: archetypes take their values. Only Rust
/// needs that, where an archetype is made without the variables of its environment.
pub fn pass_initials(model: &mut Model) {
    for p in 0..model.processes.len() {
        let archetype = model.processes[p].archetype.index();
        let mut values: HashMap<VariableId, VariableId> = HashMap::new();
        for local in model.archetypes[archetype].locals.clone() {
            let mut initial = model.variable(local).initial.clone();
            if let Initial::Value(e) | Initial::Element(e) = &mut initial {
                take_globals(e, model, &mut values);
            }
            model.variables[local.index()].initial = initial;
        }
        let mut values: Vec<_> = values.into_iter().collect();
        values.sort_unstable();
        for (global, parameter) in values {
            let value = model.expr(ExprKind::Variable(global), model.variable(global).span);
            model.archetypes[archetype].parameters.push(parameter);
            model.processes[p].arguments.push(Argument::Value(value));
            model.processes[p].mappings.push(None);
        }
    }
}

fn take_globals(e: &mut Expr, model: &mut Model, values: &mut HashMap<VariableId, VariableId>) {
    e.each_child_mut(&mut |child| take_globals(child, model, values));
    let ExprKind::Variable(id) = e.kind else { return };
    if model.variable(id).kind == VariableKind::Global {
        let parameter = values.entry(id).or_insert_with(|| {
            let global = model.variable(id).clone();
            let name = Symbol::from(format!("{}Start", global.name));
            model.variables.push(Variable { name, kind: VariableKind::Value, initial: Initial::None, ..global });
            VariableId(model.variables.len() as u32 - 1)
        });
        e.kind = ExprKind::Variable(*parameter);
    }
}
