//! Constraints of a model, and the types that solve them.

use std::collections::HashMap;
use std::rc::Rc;

use super::copy::Copier;
use super::solve::{Pending, Solver, Term, TypeId};
use super::{Input, Types};
use crate::normal::{Block, Normal, Step};
use crate::resolved::{
    Argument, Expr, ExprId, ExprKind, Initial, MappingMacroId, Model, Step as PathStep, VariableId, VariableKind,
};

/// A `ref` parameter while types are being found.
#[derive(Clone)]
pub(super) struct Ref {
    pub(super) indices: Vec<TypeId>,
    pub(super) read: TypeId,
    pub(super) write: TypeId,
}

pub(super) struct Use {
    pub(super) mapping: Option<MappingMacroId>,
    pub(super) variable: VariableId,
    pub(super) global: bool,
    pub(super) stored: TypeId,
    pub(super) self_type: TypeId,
    pub(super) types: Ref,
    pub(super) read: Vec<Step>,
    pub(super) write: Vec<Step>,
}

/// A record literal: its row, its shape, and the fields whose values could name a variant.
pub(super) struct RecordLiteral {
    pub(super) row: usize,
    pub(super) shape: Vec<Rc<str>>,
    pub(super) tags: Vec<(Rc<str>, Rc<str>)>,
}

pub(super) struct Generator<'m> {
    pub(super) input: Input<'m>,
    pub(super) solver: Solver,
    pub(super) exprs: HashMap<ExprId, TypeId>,
    pub(super) variables: Vec<TypeId>,
    pub(super) bounds: Vec<TypeId>,
    pub(super) constants: Vec<TypeId>,
    pub(super) selves: Vec<TypeId>,
    pub(super) results: Vec<TypeId>,
    pub(super) refs: HashMap<VariableId, Ref>,
    pub(super) uses: Vec<Use>,
    /// `self` where we are.
    pub(super) self_type: TypeId,
    /// `$variable` and `$value` where we are.
    pub(super) mapped: Option<(TypeId, TypeId)>,
    /// Record literals: their row and what names their variant.
    pub(super) literals: Vec<RecordLiteral>,
}

/// Finds the types of a model. Expressions of mapping macros are copied for each use, so the model
/// gets new ids.
///
/// A variable whose uses disagree is any value. What was first assigned to it must not become that,
/// too, so types are found once more with such variables known from the start.
pub fn infer(model: &mut Model, normal: &Normal) -> Types {
    let first = infer_with(&mut model.clone(), normal, &[]);
    if first.untyped.is_empty() {
        return infer_with(model, normal, &[]);
    }
    let mut types = infer_with(model, normal, &first.untyped);
    for v in first.untyped {
        if !types.untyped.contains(&v) {
            types.untyped.push(v);
        }
    }
    types
}

fn infer_with(model: &mut Model, normal: &Normal, untyped: &[VariableId]) -> Types {
    let mut solver = Solver::default();
    let many = |n: usize, s: &mut Solver| (0..n).map(|_| s.fresh()).collect::<Vec<_>>();
    let mut variables = many(model.variables.len(), &mut solver);
    for v in untyped {
        variables[v.index()] = solver.term(Term::Dynamic);
    }
    let bounds = many(model.bounds.len(), &mut solver);
    let constants = many(model.constants.len(), &mut solver);
    let selves = many(model.archetypes.len(), &mut solver);
    let results = many(model.operators.len(), &mut solver);
    let self_type = solver.fresh();
    let mut cx = Generator {
        input: Input { model, normal },
        solver,
        exprs: HashMap::new(),
        variables,
        bounds,
        constants,
        selves,
        results,
        refs: HashMap::new(),
        uses: Vec::new(),
        self_type,
        mapped: None,
        literals: Vec::new(),
    };
    cx.model(untyped);
    cx.solver.solve();
    // What is only read, or only written, has the type of the other side.
    for r in cx.refs.values().cloned().collect::<Vec<_>>() {
        cx.solver.try_unify(r.read, r.write);
    }
    cx.finish()
}

impl Generator<'_> {
    fn model(&mut self, untyped: &[VariableId]) {
        let model = self.input.model.clone();
        for n in 0..model.operators.len() {
            let t = self.expr(&model.operators[n].body);
            self.solver.unify(self.results[n], t);
        }
        for e in &model.assumes {
            self.expr(e);
        }
        for (n, v) in model.variables.iter().enumerate() {
            if let VariableKind::Ref(count) = v.kind {
                let indices = (0..count).map(|_| self.solver.fresh()).collect();
                let id = VariableId(n as u32);
                let mut side =
                    || if untyped.contains(&id) { self.solver.term(Term::Dynamic) } else { self.solver.fresh() };
                let r = Ref { indices, read: side(), write: side() };
                self.solver.unify(self.variables[n], r.read);
                self.refs.insert(id, r);
            }
        }
        for g in &model.globals {
            self.initial(&model, *g);
        }
        for (n, a) in model.archetypes.iter().enumerate() {
            self.self_type = self.selves[n];
            for local in &a.locals {
                self.initial(&model, *local);
            }
            let body = self.input.normal.archetypes[n].clone();
            body.sections.iter().for_each(|s| self.block(&s.block));
        }
        for (n, p) in model.procedures.iter().enumerate() {
            self.self_type = self.solver.fresh();
            for v in p.locals.iter().chain(&p.parameters) {
                self.initial(&model, *v);
            }
            let body = self.input.normal.procedures[n].clone();
            body.sections.iter().for_each(|s| self.block(&s.block));
        }
        for p in &model.processes {
            self.process(&model, p);
        }
    }

    fn initial(&mut self, model: &Model, variable: VariableId) {
        let t = self.variables[variable.index()];
        match &model.variable(variable).initial {
            Initial::None => {}
            Initial::Value(e) => {
                let e = self.expr(e);
                self.solver.unify(t, e);
            }
            Initial::Element(e) => {
                let e = self.expr(e);
                let set = self.solver.term(Term::Set(t));
                self.solver.unify(set, e);
            }
        }
    }

    fn process(&mut self, model: &Model, p: &crate::resolved::Process) {
        self.self_type = self.selves[p.archetype.index()];
        match &p.selves {
            Initial::None => {}
            Initial::Value(e) => {
                let t = self.expr(e);
                self.solver.unify(self.self_type, t);
            }
            Initial::Element(e) => {
                let t = self.expr(e);
                let set = self.solver.term(Term::Set(self.self_type));
                self.solver.unify(set, t);
            }
        }
        let parameters = model.archetypes[p.archetype.index()].parameters.clone();
        for ((parameter, argument), mapping) in parameters.iter().zip(&p.arguments).zip(&p.mappings) {
            let by_ref = self.refs.get(parameter).cloned();
            match (argument, by_ref) {
                (Argument::Value(e), None) => {
                    let t = self.expr(e);
                    self.solver.unify(self.variables[parameter.index()], t);
                }
                (Argument::Value(e), Some(r)) => {
                    let t = self.expr(e);
                    self.solver.unify(self.variables[parameter.index()], t);
                    self.mapping_use(*mapping, *parameter, t, false, r);
                }
                (Argument::Ref(g, ..), Some(r)) => {
                    let t = self.variables[g.index()];
                    self.mapping_use(*mapping, *g, t, true, r);
                }
                (Argument::Ref(..), None) => {}
            }
        }
    }

    fn mapping_use(&mut self, mapping: Option<MappingMacroId>, variable: VariableId, of: TypeId, global: bool, r: Ref) {
        let known = self.uses.iter().position(|u| {
            let same = u.types.indices.len() == r.indices.len();
            u.mapping == mapping && u.variable == variable && u.global == global && same
        });
        if let Some(known) = known {
            let types = self.uses[known].types.clone();
            for (a, b) in types.indices.iter().zip(&r.indices) {
                self.solver.unify(*a, *b);
            }
            self.solver.unify(types.read, r.read);
            self.solver.unify(types.write, r.write);
            let self_type = self.uses[known].self_type;
            self.solver.try_unify(self_type, self.self_type);
            return;
        }
        let mut stored = of;
        for i in &r.indices {
            let out = self.solver.fresh();
            self.solver.pending.push(Pending::Index { f: stored, i: *i, literal: None, out });
            stored = out;
        }
        // Known early, the type of what is stored helps everything else.
        self.solver.solve_known();
        let (mut read, mut write) = (Vec::new(), Vec::new());
        match mapping {
            None => {
                // One place under three names: what any value may be written to holds any value.
                for side in [r.write, r.read] {
                    self.solver.same_place(stored, side);
                }
            }
            Some(id) => {
                let (r_body, w_body) = self.input.normal.mapping_macros[id.index()].clone();
                let mut copier = Copier::new(self.input.model);
                read = copier.steps(&r_body);
                write = copier.steps(&w_body);
                // The names of the copies have types of their own.
                for _ in self.bounds.len()..self.input.model.bounds.len() {
                    let t = self.solver.fresh();
                    self.bounds.push(t);
                }
                self.mapped = Some((stored, r.write));
                self.mapping_steps(&read, r.read);
                self.mapping_steps(&write, stored);
                self.mapped = None;
            }
        }
        let self_type = self.self_type;
        self.uses.push(Use { mapping, variable, global, stored, self_type, types: r, read, write });
    }

    fn mapping_steps(&mut self, steps: &[Step], yielded: TypeId) {
        for s in steps {
            match s {
                Step::Yield(e) => {
                    let t = self.expr(e);
                    match e.kind {
                        ExprKind::MappedValue => self.solver.same_place(yielded, t),
                        _ => self.solver.unify(yielded, t),
                    }
                }
                Step::AssignMapped { path, value } => {
                    let stored = self.mapped.map(|(s, _)| s).unwrap_or(yielded);
                    self.assign(stored, path, value);
                }
                Step::If(c, a, b) => {
                    self.expr(c);
                    self.mapping_steps(a, yielded);
                    self.mapping_steps(b, yielded);
                }
                Step::Either(arms) => arms.iter().for_each(|a| self.mapping_steps(a, yielded)),
                _ => self.step(s),
            }
        }
    }

    fn block(&mut self, block: &Block) {
        block.steps.iter().for_each(|s| self.step(s));
        match &block.end {
            crate::normal::End::If(c, ..) => {
                self.expr(c);
            }
            crate::normal::End::Call(procedure, arguments, _) => {
                let parameters = self.input.model.procedures[procedure.index()].parameters.clone();
                for (argument, parameter) in arguments.iter().zip(parameters) {
                    self.call_argument(argument, parameter);
                }
            }
            _ => {}
        }
        block.each_block(&mut |b| self.block(b));
    }

    fn call_argument(&mut self, argument: &Argument, parameter: VariableId) {
        let target = self.variables[parameter.index()];
        match (argument, self.refs.get(&parameter).cloned()) {
            (Argument::Value(e), by_ref) => {
                let t = self.expr(e);
                self.solver.unify(target, t);
                if let Some(r) = by_ref {
                    self.solver.unify(target, r.write);
                }
            }
            (Argument::Ref(passed, ..), Some(r)) => match self.refs.get(passed).cloned() {
                Some(p) => {
                    self.solver.unify(r.read, p.read);
                    self.solver.unify(r.write, p.write);
                    for (a, b) in r.indices.iter().zip(&p.indices) {
                        self.solver.unify(*a, *b);
                    }
                }
                None => {
                    let t = self.variables[passed.index()];
                    self.solver.unify(r.read, t);
                    self.solver.unify(r.write, t);
                }
            },
            (Argument::Ref(..), None) => {}
        }
    }

    fn assign(&mut self, mut place: TypeId, path: &[PathStep], value: &Expr) {
        for s in path {
            place = self.path_step(place, s);
        }
        let t = self.expr(value);
        self.solver.unify(place, t);
    }

    pub(super) fn path_step(&mut self, place: TypeId, s: &PathStep) -> TypeId {
        let out = self.solver.fresh();
        match s {
            PathStep::Index(e) => {
                let i = self.expr(e);
                let literal = if let ExprKind::Int(n) = e.kind { Some(n) } else { None };
                self.solver.pending.push(Pending::Index { f: place, i, literal, out });
            }
            PathStep::Field(field) => self.solver.pending.push(Pending::Field { r: place, field: field.clone(), out }),
        }
        self.solver.solve_known();
        out
    }

    fn step(&mut self, s: &Step) {
        match s {
            Step::Let { bound, value, .. } => {
                let t = self.expr(value);
                self.solver.unify(self.bounds[bound.index()], t);
            }
            Step::Pick { bound, set } => {
                let t = self.expr(set);
                let wanted = self.solver.term(Term::Set(self.bounds[bound.index()]));
                self.solver.unify(wanted, t);
            }
            Step::Read { bound, parameter, indices, .. } => {
                self.indices(*parameter, indices);
                if let Some(r) = self.refs.get(parameter) {
                    let read = r.read;
                    self.solver.unify(self.bounds[bound.index()], read);
                }
            }
            Step::Write { parameter, indices, value, .. } => {
                self.indices(*parameter, indices);
                let t = self.expr(value);
                if let Some(r) = self.refs.get(parameter) {
                    let write = r.write;
                    self.solver.unify(write, t);
                }
            }
            Step::Assign { variable, path, value, .. } => {
                let place = self.variables[variable.index()];
                self.assign(place, path, value);
            }
            Step::AssignMapped { .. } | Step::Yield(_) => {}
            Step::Await(e) | Step::Assert(e) | Step::Print(e) => {
                self.expr(e);
            }
            Step::If(c, a, b) => {
                self.expr(c);
                a.iter().chain(b).for_each(|s| self.step(s));
            }
            Step::Either(arms) => arms.iter().flatten().for_each(|s| self.step(s)),
        }
    }

    fn indices(&mut self, parameter: VariableId, indices: &[Expr]) {
        let wanted = self.refs.get(&parameter).map(|r| r.indices.clone()).unwrap_or_default();
        for (t, e) in wanted.into_iter().zip(indices) {
            let e = self.expr(e);
            self.solver.unify(t, e);
        }
    }
}
