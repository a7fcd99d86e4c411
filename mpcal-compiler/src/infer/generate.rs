//! Constraints of a model, and the types that solve them.

use std::collections::HashMap;

use super::copy::Copier;
use super::endless::{needed, Place, Untyped};
use super::narrow::Fact;
use super::signature::read;
use super::solve::{Constraint, Solver, Term, TypeId};
use super::tags::Tag;
use super::{Input, Types};
use crate::normal::{Block, MappingBody, Normal, Step};
use crate::resolved::{
    Argument, BoundId, Expr, ExprId, ExprKind, Initial, Literal, MappingMacroId, Model, Step as PathStep, VariableId,
    VariableKind,
};
use crate::source::Span;
use crate::symbol::Symbol;
use crate::types::Type;

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
    pub(super) shape: Vec<Symbol>,
    pub(super) tags: Vec<(Symbol, Vec<Named>)>,
}

/// What names a variant: a string, or an operator or constant without arguments; and the value it stands for, if that
/// is a string or model value.
pub(super) type Named = (Symbol, Option<Tag>);

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
    /// What a name that is bound to a value may stand for, if that is one of a few that are written down.
    pub(super) named: HashMap<BoundId, Vec<Named>>,
    /// Record literals: their row and what names their variant.
    pub(super) literals: Vec<RecordLiteral>,
    /// What guards say where we are.
    pub(super) facts: Vec<Fact>,
    /// Names that hold what a parameter gives now.
    pub(super) reads: HashMap<BoundId, VariableId>,
}

/// Finds the types of a model. Expressions of mapping macros are copied for each use, so the model
/// gets new ids.
///
/// A variable whose uses disagree is any value. By the time that shows, it may have flowed into places that
/// took the type it had, so types are found once more with such variables known from the start.
pub fn infer(model: &mut Model, normal: &Normal) -> Types {
    let (first, endless) = infer_with(&mut model.clone(), normal, &Untyped::new());
    if first.untyped.is_empty() && endless.is_empty() {
        return infer_with(model, normal, &Untyped::new()).0;
    }
    let endless = match endless.is_empty() {
        true => endless,
        false => needed(&model.clone(), endless, |untyped| infer_with(&mut model.clone(), normal, untyped).1),
    };
    let (first, _) = infer_with(&mut model.clone(), normal, &endless);
    let known = endless.iter().copied().chain(first.untyped.iter().map(|v| Place::Variable(*v))).collect();
    let (mut types, _) = infer_with(model, normal, &known);
    for v in first.untyped {
        if !types.untyped.contains(&v) {
            types.untyped.push(v);
        }
    }
    types.endless = endless.into_iter().collect();
    types
}

/// Types of a model in which everything is any value.
pub fn all_values(model: &mut Model, normal: &Normal) -> Types {
    let mut types = infer(model, normal);
    let all = |list: &mut Vec<Type>| list.iter_mut().for_each(|t| *t = Type::Value);
    for list in [&mut types.exprs, &mut types.variables, &mut types.bounds, &mut types.constants, &mut types.selves] {
        all(list);
    }
    let sides = types.refs.values_mut().chain(types.mappings.iter_mut().map(|m| &mut m.types));
    for r in sides {
        all(&mut r.indices);
        (r.read, r.write) = (Type::Value, Type::Value);
    }
    for m in &mut types.mappings {
        (m.stored, m.self_type) = (Type::Value, Type::Value);
    }
    types.records.clear();
    types.enums.clear();
    types.kinds.clear();
    types.untyped.clear();
    types
}

/// Types where some places are any value, and the places whose types hold themselves.
fn infer_with(model: &mut Model, normal: &Normal, untyped: &Untyped) -> (Types, Untyped) {
    let mut solver = Solver::default();
    let many = |n: usize, s: &mut Solver| (0..n).map(|_| s.fresh()).collect::<Vec<_>>();
    let variables = many(model.variables.len(), &mut solver);
    let bounds = many(model.bounds.len(), &mut solver);
    let constants = many(model.constants.len(), &mut solver);
    let selves = many(model.archetypes.len(), &mut solver);
    let results = many(model.operators.len(), &mut solver);
    for place in untyped {
        let t = match place {
            Place::Variable(id) => variables.get(id.index()),
            Place::Bound(id) => bounds.get(id.index()),
            Place::Result(id) => results.get(id.index()),
        };
        t.into_iter().for_each(|t| solver.widen(*t));
    }
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
        named: HashMap::new(),
        literals: Vec::new(),
        facts: Vec::new(),
        reads: HashMap::new(),
    };
    cx.model(untyped);
    cx.solver.solve();
    // What is only read, or only written, has the type of the other side.
    for r in cx.refs.values().cloned().collect::<Vec<_>>() {
        cx.solver.try_same(r.read, r.write);
    }
    // Whoever runs the system gives its constants any strings.
    for t in cx.constants.clone() {
        cx.solver.open(t, 0);
    }
    let endless = cx.endless();
    (cx.finish(), endless)
}

impl Generator<'_> {
    fn model(&mut self, untyped: &Untyped) {
        let model = self.input.model.clone();
        self.given(&model);
        for n in 0..model.operators.len() {
            let t = self.expr(&model.operators[n].body);
            self.solver.flow(self.results[n], t);
        }
        for e in &model.assumes {
            self.expr(e);
        }
        for (n, v) in model.variables.iter().enumerate() {
            if let VariableKind::Ref(count) = v.kind {
                let indices = (0..count).map(|_| self.solver.fresh()).collect();
                let id = VariableId(n as u32);
                let mut side = || {
                    if untyped.contains(&Place::Variable(id)) {
                        self.solver.term(Term::Dynamic)
                    } else {
                        self.solver.fresh()
                    }
                };
                let r = Ref { indices, read: side(), write: side() };
                self.solver.same(self.variables[n], r.read);
                self.annotated_ref(v.span, &r);
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

    /// What the author and the configuration say.
    fn given(&mut self, model: &Model) {
        for (n, c) in model.constants.iter().enumerate() {
            if let Some(value) = &c.given {
                let t = self.literal(value);
                self.solver.flow(self.constants[n], t);
            }
            self.annotated(c.span, self.constants[n]);
        }
        for (n, v) in model.variables.iter().enumerate() {
            if !matches!(v.kind, VariableKind::Ref(_)) {
                self.annotated(v.span, self.variables[n]);
            }
        }
        for (n, o) in model.operators.iter().enumerate() {
            let Some(t) = self.written(o.span) else { continue };
            match self.solver.get(t).clone() {
                Term::Operator(parameters, result) if parameters.len() == o.parameters.len() => {
                    for (p, t) in o.parameters.iter().zip(parameters) {
                        self.solver.same(t, self.bounds[p.index()]);
                    }
                    self.solver.same(result, self.results[n]);
                }
                // Another number of arguments is an error that is reported later.
                Term::Operator(..) => {}
                _ if o.parameters.is_empty() => self.solver.same(t, self.results[n]),
                _ => {}
            }
        }
    }

    /// The type that is written down at a declaration, which nothing widens.
    fn written(&mut self, span: Span) -> Option<TypeId> {
        let annotations = &self.input.model.annotations;
        let t = read(annotations.types.get(&span)?, &annotations.aliases, &mut self.solver).ok()?;
        self.solver.pin(t, 0);
        Some(t)
    }

    fn annotated(&mut self, span: Span, t: TypeId) {
        if let Some(written) = self.written(span) {
            self.solver.same(written, t);
        }
    }

    /// `Int -> T` for `ref net[_]`, or only the `T` that stands at the indices.
    fn annotated_ref(&mut self, span: Span, r: &Ref) {
        let Some(written) = self.written(span) else { return };
        let (mut value, mut keys) = (written, Vec::new());
        for _ in &r.indices {
            if let Term::Function(k, v) = *self.solver.get(value) {
                keys.push(k);
                value = v;
            }
        }
        if keys.len() < r.indices.len() {
            return self.solver.same(written, r.read);
        }
        for (index, key) in r.indices.iter().zip(keys) {
            self.solver.same(key, *index);
        }
        self.solver.same(value, r.read);
    }

    /// The type of a value in a configuration. Model values in a set are known only to those who run it.
    fn literal(&mut self, value: &Literal) -> TypeId {
        match value {
            Literal::Bool(_) => self.solver.term(Term::Bool),
            Literal::Int(_) => self.solver.term(Term::Int),
            Literal::Str(_) => self.solver.string(),
            Literal::Model(_) => self.solver.atom(),
            Literal::Set(items) => {
                let items: Vec<_> = items.iter().map(|i| self.literal(i)).collect();
                let element = self.solver.common(&items);
                self.solver.term(Term::Set(element))
            }
        }
    }

    fn initial(&mut self, model: &Model, variable: VariableId) {
        let t = self.variables[variable.index()];
        match &model.variable(variable).initial {
            Initial::None => {}
            Initial::Value(e) => {
                let e = self.expr(e);
                self.solver.flow(t, e);
            }
            Initial::Element(e) => {
                let e = self.expr(e);
                let set = self.solver.term(Term::Set(t));
                self.solver.flow(set, e);
            }
        }
    }

    fn process(&mut self, model: &Model, p: &crate::resolved::Process) {
        self.self_type = self.selves[p.archetype.index()];
        match &p.selves {
            Initial::None => {}
            Initial::Value(e) => {
                let t = self.expr(e);
                self.solver.flow(self.self_type, t);
            }
            Initial::Element(e) => {
                let t = self.expr(e);
                let set = self.solver.term(Term::Set(self.self_type));
                self.solver.flow(set, t);
            }
        }
        let parameters = model.archetypes[p.archetype.index()].parameters.clone();
        for ((parameter, argument), mapping) in parameters.iter().zip(&p.arguments).zip(&p.mappings) {
            let by_ref = self.refs.get(parameter).cloned();
            match (argument, by_ref) {
                (Argument::Value(e), None) => {
                    let t = self.expr(e);
                    self.solver.flow(self.variables[parameter.index()], t);
                }
                (Argument::Value(e), Some(r)) => {
                    let t = self.expr(e);
                    self.solver.flow(self.variables[parameter.index()], t);
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
                self.solver.same(*a, *b);
            }
            self.solver.same(types.read, r.read);
            self.solver.same(types.write, r.write);
            let self_type = self.uses[known].self_type;
            self.solver.try_same(self_type, self.self_type);
            return;
        }
        let stored = self.stored(of, &r);
        let (mut read, mut write) = (Vec::new(), Vec::new());
        match mapping {
            None => {
                // One place under three names: what any value may be written to holds any value.
                for side in [r.write, r.read] {
                    self.solver.same(stored, side);
                }
            }
            Some(id) => {
                let MappingBody { read: r_body, write: w_body } = self.input.normal.mapping_macros[id.index()].clone();
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

    /// What is at the indices of a `ref` in the variable that is bound to it.
    fn stored(&mut self, variable: TypeId, r: &Ref) -> TypeId {
        let mut stored = variable;
        for i in &r.indices {
            let out = self.solver.fresh();
            let written = true;
            self.solver.require(Constraint::Index { f: stored, i: *i, literal: None, text: None, out, written });
            stored = out;
        }
        stored
    }

    fn mapping_steps(&mut self, steps: &[Step], yielded: TypeId) {
        for s in steps {
            match s {
                Step::Yield(e) => {
                    let t = self.expr(e);
                    match e.kind {
                        ExprKind::MappedValue => self.solver.same(yielded, t),
                        _ => self.solver.flow(yielded, t),
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

    /// A block, and the facts that hold in it only.
    fn block(&mut self, block: &Block) {
        let before = self.facts.clone();
        self.steps(&block.steps);
        match &block.end {
            crate::normal::End::If(c, a, b) => {
                self.expr(c);
                for (block, facts) in [(a, self.facts_of(c, true)), (b, self.facts_of(c, false))] {
                    self.knowing(facts, |cx| cx.block(block));
                }
            }
            crate::normal::End::Call(procedure, arguments, _) => {
                let parameters = self.input.model.procedures[procedure.index()].parameters.clone();
                for (argument, parameter) in arguments.iter().zip(parameters) {
                    self.call_argument(argument, parameter);
                }
            }
            crate::normal::End::Either(arms) => arms.iter().for_each(|b| self.block(b)),
            crate::normal::End::Goto(_) | crate::normal::End::Return => {}
        }
        self.facts = before;
    }

    /// A list of steps; what holds after it holds for what follows.
    fn steps(&mut self, steps: &[Step]) {
        for s in steps {
            self.step(s);
            self.forget(s);
            if let Step::Await(e) | Step::Assert(e) = s {
                let facts = self.facts_of(e, true);
                self.facts.extend(facts);
            }
        }
    }

    fn call_argument(&mut self, argument: &Argument, parameter: VariableId) {
        let target = self.variables[parameter.index()];
        match (argument, self.refs.get(&parameter).cloned()) {
            (Argument::Value(e), by_ref) => {
                let t = self.expr(e);
                self.solver.flow(target, t);
                if let Some(r) = by_ref {
                    self.solver.same(target, r.write);
                }
            }
            (Argument::Ref(passed, ..), Some(r)) => match self.refs.get(passed).cloned() {
                Some(p) => {
                    self.solver.same(r.read, p.read);
                    self.solver.same(r.write, p.write);
                    for (a, b) in r.indices.iter().zip(&p.indices) {
                        self.solver.same(*a, *b);
                    }
                }
                None => {
                    let t = self.stored(self.variables[passed.index()], &r);
                    self.solver.same(r.read, t);
                    self.solver.same(r.write, t);
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
        self.solver.flow(place, t);
    }

    pub(super) fn path_step(&mut self, place: TypeId, s: &PathStep) -> TypeId {
        match s {
            PathStep::Index(e) => {
                let i = self.expr(e);
                self.indexed(place, e, i, true)
            }
            PathStep::Field(field) => {
                let out = self.solver.fresh();
                self.solver.require(Constraint::Field { r: place, field: *field, out, written: true });
                out
            }
        }
    }

    fn step(&mut self, s: &Step) {
        match s {
            Step::Let { bound, value, .. } => {
                let t = self.expr(value);
                self.name(*bound, value);
                self.solver.flow(self.bounds[bound.index()], t);
            }
            Step::Pick { bound, set } => {
                let t = self.expr(set);
                let wanted = self.solver.term(Term::Set(self.bounds[bound.index()]));
                self.solver.operand(wanted, t);
            }
            Step::Read { bound, parameter, indices, .. } => {
                self.indices(*parameter, indices);
                self.note_read(*bound, *parameter);
                if let Some(r) = self.refs.get(parameter) {
                    let read = r.read;
                    self.solver.flow(self.bounds[bound.index()], read);
                }
            }
            Step::Write { parameter, indices, value, .. } => {
                self.indices(*parameter, indices);
                let t = self.expr(value);
                if let Some(r) = self.refs.get(parameter) {
                    let write = r.write;
                    self.solver.flow(write, t);
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
                for (branch, facts) in [(a, self.facts_of(c, true)), (b, self.facts_of(c, false))] {
                    self.knowing(facts, |cx| cx.steps(branch));
                }
            }
            Step::Either(arms) => arms.iter().for_each(|a| self.knowing(Vec::new(), |cx| cx.steps(a))),
        }
    }

    fn indices(&mut self, parameter: VariableId, indices: &[Expr]) {
        let wanted = self.refs.get(&parameter).map(|r| r.indices.clone()).unwrap_or_default();
        for (t, e) in wanted.into_iter().zip(indices) {
            let i = self.expr(e);
            self.solver.require(Constraint::Indexed { key: t, i });
        }
    }
}
