//! Constraints of a model, and the types that solve them.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::signature::instantiate;
use super::solve::{Pending, Solver, Term, TypeId};
use super::{Input, MappingUse, RefType, Types};
use crate::normal::{Block, Normal, Step};
use crate::operators::Operator;
use crate::resolved::{
    Argument, Binding, BoundId, Expr, ExprId, ExprKind, Initial, MappingMacroId, Model, Step as PathStep, VariableId,
    VariableKind,
};
use crate::types::{Record, Shape, Type};

/// A `ref` parameter while types are being found.
#[derive(Clone)]
struct Ref {
    indices: Vec<TypeId>,
    read: TypeId,
    write: TypeId,
}

struct Use {
    mapping: Option<MappingMacroId>,
    variable: VariableId,
    global: bool,
    stored: TypeId,
    self_type: TypeId,
    types: Ref,
    read: Vec<Step>,
    write: Vec<Step>,
}

/// A record literal: its row, its shape, and the fields whose values could name a variant.
struct RecordLiteral {
    row: usize,
    shape: Vec<Rc<str>>,
    tags: Vec<(Rc<str>, Rc<str>)>,
}

struct Generator<'m> {
    input: Input<'m>,
    solver: Solver,
    exprs: HashMap<ExprId, TypeId>,
    variables: Vec<TypeId>,
    bounds: Vec<TypeId>,
    constants: Vec<TypeId>,
    selves: Vec<TypeId>,
    results: Vec<TypeId>,
    refs: HashMap<VariableId, Ref>,
    uses: Vec<Use>,
    /// `self` where we are.
    self_type: TypeId,
    /// `$variable` and `$value` where we are.
    mapped: Option<(TypeId, TypeId)>,
    /// Record literals: their row and what names their variant.
    literals: Vec<RecordLiteral>,
}

/// Finds the types of a model. Expressions of mapping macros are copied for each use, so the model
/// gets new ids.
pub fn infer(model: &mut Model, normal: &Normal) -> Types {
    let mut solver = Solver::default();
    let many = |n: usize, s: &mut Solver| (0..n).map(|_| s.fresh()).collect::<Vec<_>>();
    let variables = many(model.variables.len(), &mut solver);
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
    cx.model();
    cx.solver.solve();
    // What is only read, or only written, has the type of the other side.
    for r in cx.refs.values().cloned().collect::<Vec<_>>() {
        cx.solver.try_unify(r.read, r.write);
    }
    cx.finish()
}

impl Generator<'_> {
    fn model(&mut self) {
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
                let r = Ref { indices, read: self.solver.fresh(), write: self.solver.fresh() };
                self.solver.unify(self.variables[n], r.read);
                self.refs.insert(VariableId(n as u32), r);
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
                self.solver.unify(stored, r.write);
                self.solver.unify(stored, r.read);
            }
            Some(id) => {
                let (r_body, w_body) = self.input.normal.mapping_macros[id.index()].clone();
                let mut copier = Copier { cx: self, bounds: HashMap::new() };
                read = copier.steps(&r_body);
                write = copier.steps(&w_body);
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
                    self.solver.unify(yielded, t);
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

    fn path_step(&mut self, place: TypeId, s: &PathStep) -> TypeId {
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

    fn bind(&mut self, b: &Binding) {
        let set = self.expr(&b.set);
        let names: Vec<_> = b.names.iter().map(|n| self.bounds[n.index()]).collect();
        if b.tuple {
            let tuple = self.solver.term(Term::Tuple(names));
            let wanted = self.solver.term(Term::Set(tuple));
            self.solver.unify(wanted, set);
        } else {
            for n in names {
                let wanted = self.solver.term(Term::Set(n));
                self.solver.unify(wanted, set);
            }
        }
    }

    fn same(&mut self, list: &[Expr]) -> TypeId {
        let items: Vec<_> = list.iter().map(|e| self.expr(e)).collect();
        self.solver.common(&items)
    }

    fn expr(&mut self, e: &Expr) -> TypeId {
        let t = self.kind(e);
        self.exprs.insert(e.id, t);
        t
    }

    fn kind(&mut self, e: &Expr) -> TypeId {
        match &e.kind {
            ExprKind::Bool(_) => self.solver.term(Term::Bool),
            ExprKind::Int(_) => self.solver.term(Term::Int),
            ExprKind::Str(_) => self.solver.term(Term::Str),
            ExprKind::SelfId => self.self_type,
            ExprKind::DefaultInit | ExprKind::Opaque(..) => self.solver.term(Term::Dynamic),
            ExprKind::Variable(id) | ExprKind::Read(id, _) => self.variables[id.index()],
            ExprKind::Bound(id) => self.bounds[id.index()],
            ExprKind::Constant(id) => self.constants[id.index()],
            ExprKind::MappedVariable => self.mapped.map_or(self.self_type, |(s, _)| s),
            ExprKind::MappedValue => self.mapped.map_or(self.self_type, |(_, v)| v),
            ExprKind::Call(id, args) => {
                let parameters = self.input.model.operators[id.index()].parameters.clone();
                for (a, p) in args.iter().zip(parameters) {
                    let t = self.expr(a);
                    self.solver.unify(self.bounds[p.index()], t);
                }
                self.results[id.index()]
            }
            ExprKind::CallBound(id, args) => {
                let args = args.iter().map(|a| self.expr(a)).collect();
                let out = self.solver.fresh();
                let operator = self.solver.term(Term::Operator(args, out));
                self.solver.unify(self.bounds[id.index()], operator);
                out
            }
            ExprKind::CallConstant(_, args) => {
                args.iter().for_each(|a| {
                    self.expr(a);
                });
                self.solver.term(Term::Dynamic)
            }
            ExprKind::Builtin(op, args) => self.builtin(op, args),
            ExprKind::OperatorRef(id) => {
                let parameters = self.input.model.operators[id.index()].parameters.clone();
                let parameters = parameters.iter().map(|p| self.bounds[p.index()]).collect();
                let result = self.results[id.index()];
                self.solver.term(Term::Operator(parameters, result))
            }
            ExprKind::BuiltinRef(op) => {
                let (parameters, result) = instantiate(op.signature, &mut self.solver);
                self.solver.term(Term::Operator(parameters, result))
            }
            ExprKind::And(list) | ExprKind::Or(list) => {
                list.iter().for_each(|e| {
                    self.expr(e);
                });
                self.solver.term(Term::Bool)
            }
            ExprKind::Index(f, i) => {
                let (f, it) = (self.expr(f), self.expr(i));
                let literal = if let ExprKind::Int(n) = i.kind { Some(n) } else { None };
                let out = self.solver.fresh();
                self.solver.pending.push(Pending::Index { f, i: it, literal, out });
                self.solver.solve_known();
                out
            }
            ExprKind::Field(r, field) => {
                let r = self.expr(r);
                let out = self.solver.fresh();
                self.solver.pending.push(Pending::Field { r, field: field.clone(), out });
                self.solver.solve_known();
                out
            }
            ExprKind::Tuple(items) => {
                let items = items.iter().map(|e| self.expr(e)).collect();
                self.solver.term(Term::Tuple(items))
            }
            ExprKind::Set(items) => {
                let element = self.same(items);
                self.solver.term(Term::Set(element))
            }
            ExprKind::Filter(b, p) => {
                self.bind(b);
                self.expr(p);
                self.exprs[&b.set.id]
            }
            ExprKind::Map(body, bindings) => {
                bindings.iter().for_each(|b| self.bind(b));
                let t = self.expr(body);
                self.solver.term(Term::Set(t))
            }
            ExprKind::Record(fields) => self.record(fields),
            ExprKind::RecordSet(fields) => {
                let mut map = BTreeMap::new();
                for (name, e) in fields {
                    let set = self.expr(e);
                    let element = self.solver.fresh();
                    let wanted = self.solver.term(Term::Set(element));
                    self.solver.unify(wanted, set);
                    map.insert(name.clone(), element);
                }
                let record = self.solver.record(map, true);
                self.solver.term(Term::Set(record))
            }
            ExprKind::Function(bindings, body) => self.function(bindings, body),
            ExprKind::FunctionSet(a, b) => {
                let (a, b) = (self.expr(a), self.expr(b));
                let (k, v) = (self.solver.fresh(), self.solver.fresh());
                let (ks, vs) = (self.solver.term(Term::Set(k)), self.solver.term(Term::Set(v)));
                self.solver.unify(ks, a);
                self.solver.unify(vs, b);
                let function = self.solver.term(Term::Function(k, v));
                self.solver.term(Term::Set(function))
            }
            ExprKind::Except(base, updates) => {
                let base = self.expr(base);
                for u in updates {
                    let mut place = base;
                    for s in &u.path {
                        place = self.path_step(place, s);
                    }
                    self.solver.unify(self.bounds[u.at.index()], place);
                    let t = self.expr(&u.value);
                    self.solver.unify(place, t);
                }
                base
            }
            ExprKind::Quantified(_, bindings, p) => {
                bindings.iter().for_each(|b| self.bind(b));
                self.expr(p);
                self.solver.term(Term::Bool)
            }
            ExprKind::Choose(b, p) => {
                self.bind(b);
                self.expr(p);
                let names: Vec<_> = b.names.iter().map(|n| self.bounds[n.index()]).collect();
                if b.tuple {
                    self.solver.term(Term::Tuple(names))
                } else {
                    names[0]
                }
            }
            ExprKind::If(c, a, b) => {
                self.expr(c);
                let (a, b) = (self.expr(a), self.expr(b));
                let out = self.solver.fresh();
                self.solver.unify(out, a);
                self.solver.unify(out, b);
                out
            }
            ExprKind::Case(arms, other) => {
                let out = self.solver.fresh();
                for (guard, value) in arms {
                    self.expr(guard);
                    let t = self.expr(value);
                    self.solver.unify(out, t);
                }
                if let Some(e) = other {
                    let t = self.expr(e);
                    self.solver.unify(out, t);
                }
                out
            }
            ExprKind::Let(definitions, body) => {
                for d in definitions {
                    let t = self.expr(&d.body);
                    let t = match d.parameters.len() {
                        0 => t,
                        _ => {
                            let parameters = d.parameters.iter().map(|p| self.bounds[p.index()]).collect();
                            self.solver.term(Term::Operator(parameters, t))
                        }
                    };
                    self.solver.unify(self.bounds[d.bound.index()], t);
                }
                self.expr(body)
            }
            ExprKind::Lambda(names, body) => {
                let names = names.iter().map(|n| self.bounds[n.index()]).collect();
                let t = self.expr(body);
                self.solver.term(Term::Operator(names, t))
            }
        }
    }

    fn record(&mut self, fields: &[(Rc<str>, Expr)]) -> TypeId {
        let mut map = BTreeMap::new();
        let mut tags = Vec::new();
        for (name, e) in fields {
            let t = self.expr(e);
            map.insert(name.clone(), t);
            if let Some(tag) = self.tag(e) {
                tags.push((name.clone(), tag));
            }
        }
        let shape: Vec<Rc<str>> = map.keys().cloned().collect();
        let record = self.solver.record(map, true);
        if let Term::Record(row) = self.solver.get(record) {
            self.literals.push(RecordLiteral { row: *row, shape, tags });
        }
        record
    }

    /// What names a variant: a string, or an operator or constant without arguments.
    fn tag(&self, e: &Expr) -> Option<Rc<str>> {
        match &e.kind {
            ExprKind::Str(s) => Some(s.clone()),
            ExprKind::Call(id, args) if args.is_empty() => Some(self.input.model.operators[id.index()].name.clone()),
            ExprKind::Constant(id) => Some(self.input.model.constants[id.index()].name.clone()),
            _ => None,
        }
    }

    fn function(&mut self, bindings: &[Binding], body: &Expr) -> TypeId {
        bindings.iter().for_each(|b| self.bind(b));
        let value = self.expr(body);
        let mut keys: Vec<TypeId> = Vec::new();
        for b in bindings {
            if b.tuple {
                let names = b.names.iter().map(|n| self.bounds[n.index()]).collect();
                keys.push(self.solver.term(Term::Tuple(names)));
            } else {
                keys.extend(b.names.iter().map(|n| self.bounds[n.index()]));
            }
        }
        if let ([key], [b]) = (&keys[..], bindings) {
            let from_one = matches!(&b.set.kind, ExprKind::Builtin(op, args)
                if op.name == ".." && matches!(args[0].kind, ExprKind::Int(1)));
            let key = *key;
            return self.solver.term(if from_one { Term::Range(value) } else { Term::Function(key, value) });
        }
        let key = self.solver.term(Term::Tuple(keys));
        self.solver.term(Term::Function(key, value))
    }

    fn builtin(&mut self, op: &'static Operator, args: &[Expr]) -> TypeId {
        match op.name {
            "=" | "#" => {
                let (a, b) = (self.expr(&args[0]), self.expr(&args[1]));
                self.solver.try_unify(a, b);
                self.solver.term(Term::Bool)
            }
            "\\in" | "\\notin" => {
                let (a, b) = (self.expr(&args[0]), self.expr(&args[1]));
                let set = self.solver.term(Term::Set(a));
                self.solver.try_unify(set, b);
                self.solver.term(Term::Bool)
            }
            "DOMAIN" => {
                let f = self.expr(&args[0]);
                let out = self.solver.fresh();
                self.solver.pending.push(Pending::Domain { f, out });
                self.solver.solve_known();
                out
            }
            "\\X" => {
                let mut parts = Vec::new();
                for e in args {
                    let set = self.expr(e);
                    let element = self.solver.fresh();
                    let wanted = self.solver.term(Term::Set(element));
                    self.solver.unify(wanted, set);
                    parts.push(element);
                }
                let tuple = self.solver.term(Term::Tuple(parts));
                self.solver.term(Term::Set(tuple))
            }
            _ if op.signature.is_empty() => {
                args.iter().for_each(|a| {
                    self.expr(a);
                });
                self.solver.term(Term::Dynamic)
            }
            _ => {
                let (parameters, result) = instantiate(op.signature, &mut self.solver);
                for (a, p) in args.iter().zip(parameters) {
                    let t = self.expr(a);
                    self.solver.unify(p, t);
                }
                result
            }
        }
    }

    fn finish(self) -> Types {
        let mut finisher = Finisher { cx: &self, records: Vec::new(), rows: HashMap::new() };
        let count = self.input.model.expr_count as usize;
        let exprs =
            (0..count).map(|n| self.exprs.get(&ExprId(n as u32)).map_or(Type::Value, |t| finisher.of(*t, 0))).collect();
        let all = |list: &[TypeId], f: &mut Finisher<'_, '_>| list.iter().map(|t| f.of(*t, 0)).collect::<Vec<_>>();
        let variables = all(&self.variables, &mut finisher);
        let bounds = all(&self.bounds, &mut finisher);
        let constants = all(&self.constants, &mut finisher);
        let selves = all(&self.selves, &mut finisher);
        let refs = self.refs.iter().map(|(v, r)| (*v, finisher.ref_type(r))).collect();
        let mappings = self
            .uses
            .iter()
            .map(|u| MappingUse {
                mapping: u.mapping,
                variable: u.variable,
                global: u.global,
                stored: finisher.of(u.stored, 0),
                self_type: finisher.of(u.self_type, 0),
                types: finisher.ref_type(&u.types),
                read: u.read.clone(),
                write: u.write.clone(),
            })
            .collect();
        let records = finisher.named();
        let untyped = |t: &TypeId| matches!(self.solver.get(*t), Term::Dynamic);
        let untyped = (0..).zip(&self.variables).filter(|(_, t)| untyped(t)).map(|(n, _)| VariableId(n)).collect();
        Types { untyped, exprs, variables, bounds, constants, selves, refs, records, mappings }
    }
}

/// Type variables to types.
struct Finisher<'c, 'm> {
    cx: &'c Generator<'m>,
    records: Vec<Record>,
    rows: HashMap<usize, usize>,
}

impl Finisher<'_, '_> {
    fn ref_type(&mut self, r: &Ref) -> RefType {
        RefType {
            indices: r.indices.iter().map(|t| self.of(*t, 0)).collect(),
            read: self.of(r.read, 0),
            write: self.of(r.write, 0),
        }
    }

    fn of(&mut self, t: TypeId, depth: usize) -> Type {
        if depth > 32 {
            return Type::Value;
        }
        let boxed = |cx: &mut Self, t: TypeId| Box::new(cx.of(t, depth + 1));
        match self.cx.solver.get(t).clone() {
            Term::Free | Term::Dynamic | Term::Link(_) | Term::Operator(..) => Type::Value,
            Term::Bool => Type::Bool,
            Term::Int => Type::Int,
            Term::Str => Type::Str,
            Term::Set(a) => Type::Set(boxed(self, a)),
            Term::Seq(a) => Type::Seq(boxed(self, a)),
            Term::Tuple(items) if items.is_empty() => Type::Seq(Box::new(Type::Value)),
            Term::Tuple(items) if items.len() > 8 => Type::Value,
            Term::Tuple(items) => Type::Tuple(items.into_iter().map(|t| self.of(t, depth + 1)).collect()),
            Term::Function(k, v) => Type::Function(boxed(self, k), boxed(self, v)),
            Term::Range(v) => Type::Function(Box::new(Type::Int), boxed(self, v)),
            Term::Record(row) => {
                let row = self.cx.solver.row(row);
                if let Some(known) = self.rows.get(&row) {
                    return Type::Record(*known);
                }
                if self.cx.solver.rows[row].shapes.is_empty() {
                    // Fields are read, but nobody ever makes one.
                    return Type::Value;
                }
                let id = self.records.len();
                self.rows.insert(row, id);
                self.records.push(Record { name: String::new(), fields: BTreeMap::new(), shapes: Vec::new() });
                let source = self.cx.solver.rows[row].clone();
                let fields = source.fields.iter().map(|(n, t)| (n.clone(), self.of(*t, depth + 1))).collect();
                self.records[id].fields = fields;
                self.records[id].shapes = self.shapes(row, &source.shapes.into_iter().collect::<Vec<_>>());
                Type::Record(id)
            }
        }
    }

    /// Names the shapes after the tag that tells them apart, or after their fields.
    fn shapes(&self, row: usize, shapes: &[Vec<Rc<str>>]) -> Vec<Shape> {
        let literals: Vec<_> = self.cx.literals.iter().filter(|l| self.cx.solver.row(l.row) == row).collect();
        let tag_of = |shape: &Vec<Rc<str>>, field: &Rc<str>| -> Option<Rc<str>> {
            let mut names = literals
                .iter()
                .filter(|l| l.shape == *shape)
                .map(|l| l.tags.iter().find(|(f, _)| f == field).map(|(_, t)| t.clone()));
            let first = names.next()??;
            names.all(|n| n.as_ref() == Some(&first)).then_some(first)
        };
        let fields: Vec<Rc<str>> = shapes.first().cloned().unwrap_or_default();
        let tags = fields.iter().find_map(|field| {
            let names: Option<Vec<_>> = shapes.iter().map(|s| tag_of(s, field)).collect();
            let names = names?;
            let distinct = names.iter().enumerate().all(|(i, n)| !names[..i].contains(n));
            distinct.then_some(names)
        });
        shapes
            .iter()
            .enumerate()
            .map(|(n, s)| {
                let name = match &tags {
                    Some(tags) => tags[n].to_string(),
                    None => s.iter().map(|f| f.to_string()).collect::<Vec<_>>().join("_"),
                };
                Shape { name, fields: s.clone() }
            })
            .collect()
    }

    /// Names records after the variable that holds them, or the operator that makes them.
    fn named(mut self) -> Vec<Record> {
        let model = &self.cx.input.model;
        let ids = |name: &Rc<str>, t: &Type, found: &mut BTreeMap<usize, String>| {
            let mut t = t;
            loop {
                match t {
                    Type::Set(e) | Type::Seq(e) | Type::Function(_, e) => t = e,
                    Type::Record(id) => {
                        found.entry(*id).or_insert_with(|| name.to_string());
                        return;
                    }
                    _ => return,
                }
            }
        };
        let mut found = BTreeMap::new();
        let mut direct = BTreeMap::new();
        for (n, v) in model.variables.iter().enumerate() {
            let t = self.of(self.cx.variables[n], 0);
            if let (Type::Record(id), VariableKind::Local) = (&t, v.kind) {
                let name = direct.entry(*id).or_insert_with(|| v.name.to_string());
                // Many variables hold a message; one that says so names it best.
                if &*v.name == "message" {
                    *name = v.name.to_string();
                }
            }
            ids(&v.name, &t, &mut found);
        }
        for (n, o) in model.operators.iter().enumerate() {
            let t = self.of(self.cx.results[n], 0);
            ids(&o.name, &t, &mut found);
        }
        for (id, record) in self.records.iter_mut().enumerate() {
            let name = direct.get(&id).or_else(|| found.get(&id));
            record.name = name.cloned().unwrap_or_else(|| format!("record{id}"));
        }
        self.records
    }
}

/// Steps with ids of their own.
struct Copier<'c, 'm> {
    cx: &'c mut Generator<'m>,
    bounds: HashMap<BoundId, BoundId>,
}

impl Copier<'_, '_> {
    fn bound(&mut self, b: BoundId) -> BoundId {
        if let Some(known) = self.bounds.get(&b) {
            return *known;
        }
        let old = self.cx.input.model.bound(b).clone();
        let fresh = self.cx.input.model.new_bound(old.name, old.span, old.arity);
        let t = self.cx.solver.fresh();
        self.cx.bounds.push(t);
        self.bounds.insert(b, fresh);
        fresh
    }

    fn expr(&mut self, e: &Expr) -> Expr {
        let mut e = e.clone();
        self.renew(&mut e);
        e
    }

    fn renew(&mut self, e: &mut Expr) {
        e.id = self.cx.input.model.next_expr();
        match &mut e.kind {
            ExprKind::Bound(b) | ExprKind::CallBound(b, _) => *b = self.bound(*b),
            ExprKind::Filter(b, _) | ExprKind::Choose(b, _) => {
                b.names = b.names.clone().into_iter().map(|n| self.bound(n)).collect();
            }
            ExprKind::Map(_, list) | ExprKind::Function(list, _) | ExprKind::Quantified(_, list, _) => {
                for b in list {
                    b.names = b.names.clone().into_iter().map(|n| self.bound(n)).collect();
                }
            }
            ExprKind::Lambda(names, _) => *names = names.clone().into_iter().map(|n| self.bound(n)).collect(),
            ExprKind::Let(definitions, _) => {
                for d in definitions {
                    d.bound = self.bound(d.bound);
                    d.parameters = d.parameters.clone().into_iter().map(|n| self.bound(n)).collect();
                }
            }
            ExprKind::Except(_, updates) => {
                for u in updates {
                    u.at = self.bound(u.at);
                }
            }
            _ => {}
        }
        e.each_child_mut(&mut |child| self.renew(child));
    }

    fn path(&mut self, path: &[PathStep]) -> Vec<PathStep> {
        path.iter()
            .map(|s| match s {
                PathStep::Index(e) => PathStep::Index(self.expr(e)),
                field @ PathStep::Field(_) => field.clone(),
            })
            .collect()
    }

    fn steps(&mut self, list: &[Step]) -> Vec<Step> {
        list.iter()
            .map(|s| match s {
                Step::Let { bound, value, author } => {
                    let value = self.expr(value);
                    Step::Let { bound: self.bound(*bound), value, author: *author }
                }
                Step::Pick { bound, set } => {
                    let set = self.expr(set);
                    Step::Pick { bound: self.bound(*bound), set }
                }
                Step::AssignMapped { path, value } => {
                    Step::AssignMapped { path: self.path(path), value: self.expr(value) }
                }
                Step::Yield(e) => Step::Yield(self.expr(e)),
                Step::Await(e) => Step::Await(self.expr(e)),
                Step::Assert(e) => Step::Assert(self.expr(e)),
                Step::Print(e) => Step::Print(self.expr(e)),
                Step::If(c, a, b) => Step::If(self.expr(c), self.steps(a), self.steps(b)),
                Step::Either(arms) => Step::Either(arms.iter().map(|a| self.steps(a)).collect()),
                other @ (Step::Read { .. } | Step::Write { .. } | Step::Assign { .. }) => other.clone(),
            })
            .collect()
    }
}
