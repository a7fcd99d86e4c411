//! Instances to processes: mapping macros expanded, procedures specialised, names made unique.
//!
//! After this a section has only `Let`, `Pick`, `Assign`, `Await`, `Assert`, `Print`, `If` and
//! `Either` steps, and every variable is one of the algorithm's own.

use std::collections::{HashMap, HashSet, VecDeque};

use super::expr::{Names, Text};
use super::hoist;
use super::instantiate::{Instantiation, Yields};
use super::scope::Scope;
use super::symbols::{self, Entry};
use super::tail;
use crate::ast::{self, Fairness};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::normal::{Block, Body, End, Jump, Normal, Section, Step};
use crate::resolved::{
    Argument, BoundId, Expr, ExprKind, Initial, MappingMacroId, Model, ProcedureId, Step as PathStep, Variable,
    VariableId, VariableKind,
};
use crate::source::Span;
use crate::symbol::Symbol;
use crate::unused::unused_after;

/// The algorithm, ready to be staged and printed.
pub(super) struct Lowered {
    /// The model with the variables and names that lowering added.
    pub(super) model: Model,
    /// How its variables are spelt.
    pub(super) names: Names,
    /// Variables that are never assigned in PlusCal: the value of a read with several yields.
    pub(super) virtuals: HashSet<VariableId>,
    /// Variables of processes that are declared as variables of the algorithm, and their declarations.
    pub(super) hoisted: Vec<(VariableId, String)>,
    /// How those are spelt where they are used.
    pub(super) spelt: HashMap<VariableId, Symbol>,
    /// Names that a bound name must not be, wherever it is bound.
    pub(super) taken: HashSet<String>,
    /// Labels, processes and procedures, in the order in which the translation defines them, from 1.
    pub(super) defined: HashMap<Symbol, usize>,
    /// What has a name in the whole module.
    pub(super) symbols: Vec<Entry>,
    pub(super) procedures: Vec<LoweredProcedure>,
    pub(super) processes: Vec<LoweredProcess>,
}

pub(super) struct LoweredProcess {
    pub(super) name: Symbol,
    pub(super) fairness: Fairness,
    pub(super) span: Span,
    pub(super) selves: Initial,
    pub(super) variables: Vec<VariableId>,
    pub(super) sections: Vec<Section>,
}

pub(super) struct LoweredProcedure {
    pub(super) name: Symbol,
    pub(super) span: Span,
    /// What it was made of.
    pub(super) of: ProcedureId,
    pub(super) parameters: Vec<VariableId>,
    pub(super) variables: Vec<VariableId>,
    pub(super) sections: Vec<Section>,
}

/// What a `ref` parameter stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Bound {
    variable: VariableId,
    mapping: Option<MappingMacroId>,
}

/// What the parameters and locals of one body stand for.
#[derive(Clone, Default)]
struct Frame {
    refs: HashMap<VariableId, Bound>,
    variables: HashMap<VariableId, VariableId>,
}

impl Frame {
    /// The variable that a parameter or local has become, if it is not one of another body.
    fn own(&self, variable: VariableId) -> Option<VariableId> {
        self.variables.get(&variable).copied()
    }
}

/// A procedure for one combination of `ref`s; a `ref` given an expression is a parameter.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Signature {
    procedure: ProcedureId,
    refs: Vec<Option<Bound>>,
}

pub(super) struct Lowerer<'a, 'd> {
    pub(super) lowered: Lowered,
    normal: &'a Normal,
    signatures: HashMap<Signature, usize>,
    todo: VecDeque<(Signature, usize)>,
    /// Variables of procedures, of which there is one for each activation.
    activations: HashSet<VariableId>,
    out: &'d mut Diagnostics,
}

pub(super) fn lower(
    model: &Model,
    normal: &Normal,
    block: &ast::Block,
    scope: &Scope,
    out: &mut Diagnostics,
) -> Option<Lowered> {
    let lowered = Lowered {
        model: model.clone(),
        names: Names::default(),
        virtuals: HashSet::new(),
        hoisted: Vec::new(),
        spelt: HashMap::new(),
        taken: HashSet::new(),
        defined: HashMap::new(),
        symbols: Vec::new(),
        procedures: Vec::new(),
        processes: Vec::new(),
    };
    let mut cx = Lowerer {
        lowered,
        normal,
        signatures: HashMap::new(),
        todo: VecDeque::new(),
        activations: HashSet::new(),
        out,
    };
    for n in 0..model.processes.len() {
        cx.process(n);
    }
    cx.called();
    if block.archetypes.is_empty() {
        cx.uncalled();
    }
    cx.sort_procedures();
    let mut lowered = cx.lowered;
    tail::restore(&mut lowered.procedures);
    let moved = hoist::moved(&lowered);
    symbols::assign(&mut lowered, scope, &moved.iter().flatten().copied().collect());
    super::bounds::rename(&mut lowered);
    hoist::declare(&mut lowered, &moved, out);
    (!out.has_errors()).then_some(lowered)
}

impl Lowerer<'_, '_> {
    fn process(&mut self, n: usize) {
        let process = self.lowered.model.processes[n].clone();
        let archetype = self.lowered.model.archetypes[process.archetype.index()].clone();
        let mut frame = Frame::default();
        let mut variables = Vec::new();
        for ((parameter, argument), mapping) in
            archetype.parameters.iter().zip(&process.arguments).zip(&process.mappings)
        {
            match argument {
                Argument::Ref(passed, ..) => {
                    frame.refs.insert(*parameter, Bound { variable: *passed, mapping: *mapping });
                }
                Argument::Value(e) => {
                    let fresh = self.fresh_variable(*parameter, Initial::Value(e.clone()));
                    variables.push(fresh);
                    if let VariableKind::Ref(_) = self.lowered.model.variable(*parameter).kind {
                        frame.refs.insert(*parameter, Bound { variable: fresh, mapping: *mapping });
                    } else {
                        frame.variables.insert(*parameter, fresh);
                    }
                }
            }
        }
        for local in &archetype.locals {
            let fresh = self.fresh_variable(*local, Initial::None);
            frame.variables.insert(*local, fresh);
            variables.push(fresh);
        }
        for local in &archetype.locals {
            let initial = self.initial(&frame, *local);
            let fresh = frame.variables[local];
            self.lowered.model.variables[fresh.index()].initial = initial;
        }
        let body = self.normal.archetypes[process.archetype.index()].clone();
        let sections = self.sections(&frame, &body);
        self.lowered.processes.push(LoweredProcess {
            name: process.name,
            fairness: process.fairness,
            span: process.span,
            selves: process.selves,
            variables,
            sections,
        });
    }

    fn initial(&mut self, frame: &Frame, variable: VariableId) -> Initial {
        match self.lowered.model.variable(variable).initial.clone() {
            Initial::None => Initial::None,
            Initial::Value(e) => Initial::Value(self.expr(frame, &e)),
            Initial::Element(e) => Initial::Element(self.expr(frame, &e)),
        }
    }

    /// A copy of a variable; [`symbols`] gives it a name that no other has.
    fn fresh_variable(&mut self, of: VariableId, initial: Initial) -> VariableId {
        let v = self.lowered.model.variable(of).clone();
        self.lowered.model.variables.push(Variable { kind: VariableKind::Local, initial, ..v });
        VariableId(self.lowered.model.variables.len() as u32 - 1)
    }

    fn sections(&mut self, frame: &Frame, body: &Body) -> Vec<Section> {
        body.sections
            .iter()
            .map(|s| Section {
                label: s.label,
                modifier: s.modifier,
                span: s.span,
                is_loop: s.is_loop,
                inside: s.inside,
                block: self.block(frame, &s.block),
            })
            .collect()
    }

    fn block(&mut self, frame: &Frame, block: &Block) -> Block {
        let steps = self.steps(frame, &block.steps);
        let end = match &block.end {
            End::Goto(jump) => End::Goto(jump.clone()),
            End::Return => End::Return,
            End::Call(procedure, arguments, to) => self.call(frame, *procedure, arguments, to.as_ref()),
            End::If(c, a, b) => {
                let c = self.expr(frame, c);
                End::If(c, Box::new(self.block(frame, a)), Box::new(self.block(frame, b)))
            }
            End::Either(arms) => End::Either(arms.iter().map(|a| self.block(frame, a)).collect()),
        };
        Block { steps, end }
    }

    /// The callee becomes the index of a specialised procedure.
    fn call(&mut self, frame: &Frame, procedure: ProcedureId, arguments: &[Argument], to: Option<&Jump>) -> End {
        let mut refs = Vec::new();
        let mut values = Vec::new();
        for argument in arguments {
            match argument {
                Argument::Ref(passed, _, span) => {
                    let own = frame.variables.get(passed).unwrap_or(passed);
                    let bound = frame.refs.get(passed).copied().unwrap_or(Bound { variable: *own, mapping: None });
                    if self.activations.contains(&bound.variable) {
                        let name = &self.lowered.model.variable(*passed).name;
                        self.out.push(
                            Diagnostic::error(
                                "call-unsupported",
                                *span,
                                format!("`{name}` belongs to an activation of a procedure"),
                            )
                            .because("a procedure cannot access a variable of the procedure that calls it")
                            .help("pass the value and return it through a `ref` of the archetype"),
                        );
                    }
                    refs.push(Some(bound));
                }
                Argument::Value(e) => {
                    refs.push(None);
                    values.push(Argument::Value(self.expr(frame, e)));
                }
            }
        }
        let at = self.specialised(Signature { procedure, refs });
        End::Call(ProcedureId(at as u32), values, to.cloned())
    }

    /// The procedure for a signature; a new one is lowered later.
    fn specialised(&mut self, signature: Signature) -> usize {
        if let Some(at) = self.signatures.get(&signature) {
            return *at;
        }
        let at = self.lowered.procedures.len();
        let of = signature.procedure;
        let procedure = &self.lowered.model.procedures[of.index()];
        self.lowered.procedures.push(LoweredProcedure {
            name: procedure.name,
            span: procedure.span,
            of,
            parameters: Vec::new(),
            variables: Vec::new(),
            sections: Vec::new(),
        });
        self.signatures.insert(signature.clone(), at);
        self.todo.push_back((signature, at));
        at
    }

    fn called(&mut self) {
        while let Some((signature, at)) = self.todo.pop_front() {
            self.procedure(&signature, at);
        }
    }

    /// What nobody calls has variables in the translation all the same. Its `ref`s are hidden ones, for variables
    /// of the algorithm.
    fn uncalled(&mut self) {
        for n in 0..self.lowered.model.procedures.len() {
            let procedure = ProcedureId(n as u32);
            if self.lowered.procedures.iter().any(|p| p.of == procedure) {
                continue;
            }
            let model = &self.lowered.model;
            let span = |v: &VariableId| model.variable(*v).span;
            let global = |v: &VariableId| model.globals.iter().copied().find(|g| span(g) == span(v));
            let refs = model.procedures[n].parameters.iter().map(|p| match model.variable(*p).kind {
                VariableKind::Ref(_) => global(p).map(|variable| Bound { variable, mapping: None }),
                VariableKind::Global | VariableKind::Local | VariableKind::Value => None,
            });
            let refs = refs.collect();
            self.specialised(Signature { procedure, refs });
            self.called();
        }
    }

    /// Procedures stand in the order of the model, copies of one together.
    fn sort_procedures(&mut self) {
        let mut order: Vec<usize> = (0..self.lowered.procedures.len()).collect();
        order.sort_by_key(|n| self.lowered.procedures[*n].of);
        let mut place = vec![0; order.len()];
        order.iter().enumerate().for_each(|(new, old)| place[*old] = new);
        self.lowered.procedures.sort_by_key(|p| p.of);
        let procedures = self.lowered.procedures.iter_mut().map(|p| &mut p.sections);
        for section in procedures.chain(self.lowered.processes.iter_mut().map(|p| &mut p.sections)).flatten() {
            section.block.each_mut(&mut |b| {
                if let End::Call(callee, ..) = &mut b.end {
                    callee.0 = place[callee.index()] as u32;
                }
            });
        }
    }

    fn procedure(&mut self, signature: &Signature, at: usize) {
        let procedure = self.lowered.model.procedures[signature.procedure.index()].clone();
        let mut frame = Frame::default();
        let mut parameters = Vec::new();
        for (parameter, bound) in procedure.parameters.iter().zip(&signature.refs) {
            match bound {
                Some(bound) => {
                    frame.refs.insert(*parameter, *bound);
                }
                None => {
                    let fresh = self.fresh_variable(*parameter, Initial::None);
                    parameters.push(fresh);
                    if let VariableKind::Ref(_) = self.lowered.model.variable(*parameter).kind {
                        frame.refs.insert(*parameter, Bound { variable: fresh, mapping: None });
                    } else {
                        frame.variables.insert(*parameter, fresh);
                    }
                }
            }
        }
        let mut variables = Vec::new();
        for local in &procedure.locals {
            let fresh = self.fresh_variable(*local, Initial::None);
            frame.variables.insert(*local, fresh);
            variables.push(fresh);
        }
        // A call gives each parameter a value; what it starts with is its value before the first call.
        for own in procedure.parameters.iter().chain(&procedure.locals) {
            let initial = self.initial(&frame, *own);
            if let Some(fresh) = frame.own(*own) {
                self.lowered.model.variables[fresh.index()].initial = initial;
            }
        }
        self.activations.extend(parameters.iter().chain(&variables));
        let body = self.normal.procedures[signature.procedure.index()].clone();
        let sections = self.sections(&frame, &body);
        let target = &mut self.lowered.procedures[at];
        (target.parameters, target.variables, target.sections) = (parameters, variables, sections);
    }

    /// Parameters and locals replaced by the variables they stand for.
    fn expr(&mut self, frame: &Frame, e: &Expr) -> Expr {
        let mut e = e.clone();
        replace(&mut e, frame);
        e
    }

    fn path(&mut self, frame: &Frame, path: &[PathStep]) -> Vec<PathStep> {
        path.iter()
            .map(|s| match s {
                PathStep::Index(e) => PathStep::Index(self.expr(frame, e)),
                field @ PathStep::Field(_) => field.clone(),
            })
            .collect()
    }

    fn steps(&mut self, frame: &Frame, list: &[Step]) -> Vec<Step> {
        let mut out = Vec::new();
        for step in list {
            match step {
                Step::Let { bound, value, author } => {
                    out.push(Step::Let { bound: *bound, value: self.expr(frame, value), author: *author });
                }
                Step::Pick { bound, set } => out.push(Step::Pick { bound: *bound, set: self.expr(frame, set) }),
                Step::Await(e) => out.push(Step::Await(self.expr(frame, e))),
                Step::Assert(e) => out.push(Step::Assert(self.expr(frame, e))),
                Step::Print(e) => out.push(Step::Print(self.expr(frame, e))),
                Step::If(c, a, b) => {
                    let c = self.expr(frame, c);
                    out.push(Step::If(c, self.steps(frame, a), self.steps(frame, b)));
                }
                Step::Either(arms) => out.push(Step::Either(arms.iter().map(|a| self.steps(frame, a)).collect())),
                Step::Assign { variable, path, value, group, span } => {
                    let variable = frame.variables.get(variable).copied().unwrap_or(*variable);
                    let value = self.expr(frame, value);
                    out.push(Step::Assign {
                        variable,
                        path: self.path(frame, path),
                        value,
                        group: *group,
                        span: *span,
                    });
                }
                Step::Read { bound, parameter, indices, span } => {
                    let indices: Vec<_> = indices.iter().map(|e| self.expr(frame, e)).collect();
                    self.read(frame, *bound, *parameter, indices, *span, &mut out);
                }
                Step::Write { parameter, indices, value, group, span } => {
                    let indices: Vec<_> = indices.iter().map(|e| self.expr(frame, e)).collect();
                    let value = self.expr(frame, value);
                    self.write(frame, *parameter, indices, value, (*span, *group), &mut out);
                }
                // Only in the bodies of mapping macros, which `instantiate` takes apart.
                Step::AssignMapped { .. } | Step::Yield(_) => {}
            }
        }
        out
    }

    fn read(
        &mut self,
        frame: &Frame,
        bound: BoundId,
        parameter: VariableId,
        indices: Vec<Expr>,
        span: Span,
        out: &mut Vec<Step>,
    ) {
        let Some(target) = frame.refs.get(&parameter).copied() else { return };
        let Some(mapping) = target.mapping else {
            let value = self.place(target.variable, &indices, span);
            out.push(Step::Let { bound, value, author: false });
            return;
        };
        let body = self.normal.mapping_macros[mapping.index()].read.clone();
        let indices = self.stable(indices, &body, out);
        let mut copy = Instantiation {
            cx: self,
            target: target.variable,
            indices,
            value: None,
            renamed: HashMap::new(),
            yields: Yields::None,
        };
        // One yield, at the end: a plain binding. Otherwise the value is a variable of its own.
        if let Some((Step::Yield(_), before)) = body.split_last() {
            if !before.iter().any(has_yield) {
                copy.yields = Yields::Bind(bound);
                let steps = copy.steps(&body);
                out.extend(steps);
                return;
            }
        }
        let name = copy.cx.lowered.model.bound(bound).name;
        copy.cx.lowered.model.variables.push(Variable {
            name,
            span,
            kind: VariableKind::Local,
            initial: Initial::None,
        });
        let value = VariableId(copy.cx.lowered.model.variables.len() as u32 - 1);
        copy.cx.lowered.virtuals.insert(value);
        copy.yields = Yields::Assign(value);
        let steps = copy.steps(&body);
        out.extend(steps);
        let value = self.lowered.model.expr(ExprKind::Variable(value), span);
        out.push(Step::Let { bound, value, author: false });
    }

    fn write(
        &mut self,
        frame: &Frame,
        parameter: VariableId,
        indices: Vec<Expr>,
        value: Expr,
        (span, group): (Span, Option<u32>),
        out: &mut Vec<Step>,
    ) {
        let Some(target) = frame.refs.get(&parameter).copied() else { return };
        let Some(mapping) = target.mapping else {
            let path = indices.into_iter().map(PathStep::Index).collect();
            out.push(Step::Assign { variable: target.variable, path, value, group, span });
            return;
        };
        let body = self.normal.mapping_macros[mapping.index()].write.clone();
        let indices = self.stable(indices, &body, out);
        let uses = count_value(&body);
        let value = if uses > 0 { self.stable(vec![value], &body, out).pop() } else { None };
        let mut copy = Instantiation {
            cx: self,
            target: target.variable,
            indices,
            value,
            renamed: HashMap::new(),
            yields: Yields::Write(span),
        };
        let steps = copy.steps(&body);
        out.extend(steps);
    }

    /// Names for expressions that the body would evaluate after a change.
    fn stable(&mut self, list: Vec<Expr>, body: &[Step], out: &mut Vec<Step>) -> Vec<Expr> {
        let simple = body.iter().all(|s| matches!(s, Step::Await(_) | Step::Yield(_)));
        list.into_iter()
            .map(|e| {
                if crate::normalize::is_stable(&e) || simple {
                    return e;
                }
                let span = e.span;
                let bound = self.lowered.model.new_bound("value", span, 0);
                out.push(Step::Let { bound, value: e, author: false });
                self.lowered.model.expr(ExprKind::Bound(bound), span)
            })
            .collect()
    }

    /// `variable[i][j]`
    pub(super) fn place(&mut self, variable: VariableId, indices: &[Expr], span: Span) -> Expr {
        let mut e = self.lowered.model.expr(ExprKind::Variable(variable), span);
        for i in indices {
            e = self.lowered.model.expr(ExprKind::Index(Box::new(e), Box::new(i.clone())), span);
        }
        e
    }
}

fn has_yield(s: &Step) -> bool {
    let mut found = false;
    s.each(&mut |s| found |= matches!(s, Step::Yield(_)));
    found
}

/// How often a write body mentions `$value`.
fn count_value(body: &[Step]) -> usize {
    let mut count = 0;
    for s in body {
        s.each(&mut |s| {
            s.each_expr(&mut |e| {
                e.any(&mut |e| {
                    count += usize::from(matches!(e.kind, ExprKind::MappedValue));
                    false
                });
            });
        });
    }
    count
}

fn replace(e: &mut Expr, frame: &Frame) {
    if let ExprKind::Variable(id) = &mut e.kind {
        if let Some(fresh) = frame.variables.get(id) {
            *id = *fresh;
        }
    }
    e.each_child_mut(&mut |child| replace(child, frame));
}

impl Lowered {
    /// Where a label is defined in the translation, from 1.
    pub(super) fn position(&self, label: &str) -> usize {
        self.defined.get(label).copied().unwrap_or(usize::MAX)
    }

    /// Whether a name that is bound there would clash with a name of the module.
    pub(super) fn is_taken(&self, name: &str, at: usize) -> bool {
        self.taken.contains(name) || self.defined.get(name).is_some_and(|defined| *defined <= at)
    }

    /// The text of a name bound at a place, unlike every variable, operator and `others`.
    pub(super) fn bound_name(&self, name: &str, others: &HashSet<String>, at: usize) -> Text {
        self.numbered_name(name, others, at, &mut 0)
    }

    /// The same, when all names with a smaller number are known to be there; notes the one that was taken.
    pub(super) fn numbered_name(&self, name: &str, others: &HashSet<String>, at: usize, last: &mut usize) -> Text {
        Text::name(unused_after(name, last, |n| !self.is_taken(n, at) && !others.contains(n)))
    }
}
