//! States, and the steps between them.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};

use mpcal_values::Value;

use super::expr::{Bound, Run};
use crate::normal::{Block, Body, End, Jump, Normal, Section, Step};
use crate::resolved::{
    Argument, Expr, ExprId, Initial, MappingMacroId, Model, ProcedureId, Step as PathStep, VariableId, VariableKind,
};

/// Everything that TLC counts as a state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct State {
    pub(super) globals: Vec<Value>,
    pub(super) processes: Vec<Process>,
}

/// One process.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Process {
    /// The entry of [`Model::processes`] it comes from.
    pub(super) of: usize,
    pub(super) id: Value,
    pc: Pc,
    pub(super) locals: BTreeMap<VariableId, Value>,
    pub(super) stack: Vec<Frame>,
    /// Parameters of procedures that ended in a call of another one, where they are not what they start with: the
    /// translator leaves them as they are. Nobody reads them, but TLC tells states by them.
    left: BTreeMap<VariableId, Value>,
}

/// Where control is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Pc {
    /// A section of the archetype, or of the procedure on top of the stack.
    At(String),
    Done,
}

/// An activation of a procedure.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Frame {
    procedure: u32,
    pub(super) locals: BTreeMap<VariableId, Value>,
    pub(super) refs: BTreeMap<VariableId, Target>,
    return_to: Pc,
}

/// What a `ref` stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    pub(super) variable: VariableId,
    pub(super) mapping: Option<MappingMacroId>,
}

/// Why a path does not end in a state.
pub(super) enum Stop {
    Blocked,
    Failed(String),
}

impl From<String> for Stop {
    fn from(message: String) -> Self {
        Stop::Failed(message)
    }
}

pub(super) struct Machine<'m> {
    pub(super) model: &'m Model,
    normal: &'m Normal,
    pub(super) constants: Vec<Value>,
    /// How often each expression was evaluated, if that is counted.
    counts: RefCell<Option<HashMap<ExprId, u64>>>,
    /// How many operators are being evaluated, each inside the one before.
    pub(super) depth: Cell<usize>,
}

impl State {
    pub(super) fn has_ended(&self) -> bool {
        self.processes.iter().all(|p| p.pc == Pc::Done)
    }
}

impl<'m> Machine<'m> {
    pub(super) fn new(
        model: &'m Model,
        normal: &'m Normal,
        constants: &HashMap<String, Value>,
    ) -> Result<Self, String> {
        let value = |name: &str| constants.get(name).cloned().ok_or_else(|| format!("constant {name} has no value"));
        let constants = model.constants.iter().map(|c| match c.replaced {
            Some(_) => Ok(Value::DEFAULT_INIT),
            None => value(&c.name),
        });
        let constants = constants.collect::<Result<_, _>>()?;
        Ok(Self { model, normal, constants, counts: RefCell::default(), depth: Cell::default() })
    }

    /// Counts evaluations from now on.
    pub(super) fn count(&self) {
        *self.counts.borrow_mut() = Some(HashMap::new());
    }

    /// How often each expression was evaluated.
    pub(super) fn counted(&self) -> HashMap<ExprId, u64> {
        self.counts.borrow().clone().unwrap_or_default()
    }

    pub(super) fn evaluated(&self, id: ExprId) {
        if let Some(counts) = &mut *self.counts.borrow_mut() {
            *counts.entry(id).or_default() += 1;
        }
    }

    /// A place to evaluate in, of which nothing is changed.
    fn bare<'s>(&'s self, state: &'s State) -> Run<'s, 'm> {
        Run::new(self, state.clone(), 0, Vec::new())
    }

    /// Every initial state: `x \in S` starts anywhere in `S`.
    pub(super) fn initial(&self) -> Result<Vec<State>, String> {
        let mut states = vec![State { globals: Vec::new(), processes: Vec::new() }];
        for g in &self.model.globals {
            states =
                self.spread(states, &self.model.variable(*g).initial, None, |state, value| state.globals.push(value))?;
        }
        for (of, process) in self.model.processes.iter().enumerate() {
            let empty = states.first().cloned().ok_or("a variable starts in an empty set")?;
            let ids = match &process.selves {
                Initial::Value(e) => vec![self.bare(&empty).eval(e)?],
                Initial::Element(e) => self.bare(&empty).elements(e)?,
                Initial::None => vec![Value::DEFAULT_INIT],
            };
            let archetype = &self.model.archetypes[process.archetype.index()];
            let first = self.normal.archetypes[process.archetype.index()].sections.first();
            for id in ids {
                let pc = first.map_or(Pc::Done, |s| Pc::At(s.label.to_string()));
                let fresh = Process { of, id, pc, locals: BTreeMap::new(), stack: Vec::new(), left: BTreeMap::new() };
                let at = states.first().map_or(0, |s| s.processes.len());
                states.iter_mut().for_each(|s| s.processes.push(fresh.clone()));
                for (parameter, argument) in archetype.parameters.iter().zip(&process.arguments) {
                    if let Argument::Value(e) = argument {
                        let initial = Initial::Value(e.clone());
                        states = self.spread(states, &initial, Some(at), |s, v| {
                            s.processes[at].locals.insert(*parameter, v);
                        })?;
                    }
                }
                for local in &archetype.locals {
                    states = self.spread(states, &self.model.variable(*local).initial, Some(at), |s, v| {
                        s.processes[at].locals.insert(*local, v);
                    })?;
                }
            }
        }
        Ok(states)
    }

    /// Each state with each value that a variable may start with.
    fn spread(
        &self,
        states: Vec<State>,
        initial: &Initial,
        process: Option<usize>,
        set: impl Fn(&mut State, Value),
    ) -> Result<Vec<State>, String> {
        let mut all = Vec::new();
        for state in states {
            let run = Run::new(self, state.clone(), process.unwrap_or(0), Vec::new());
            let values = match initial {
                Initial::None => vec![Value::DEFAULT_INIT],
                Initial::Value(e) => vec![run.eval(e)?],
                Initial::Element(e) => run.elements(e)?,
            };
            for value in values {
                let mut next = state.clone();
                set(&mut next, value);
                all.push(next);
            }
        }
        Ok(all)
    }

    fn section(&self, process: &Process, label: &str) -> Option<&'m Section> {
        let body: &Body = match process.stack.last() {
            Some(frame) => &self.normal.procedures[frame.procedure as usize],
            None => &self.normal.archetypes[self.model.processes[process.of].archetype.index()],
        };
        body.sections.iter().find(|s| *s.label == *label)
    }

    /// Every state that one step leads to.
    pub(super) fn successors(&self, state: &State) -> Result<Vec<State>, String> {
        let mut found = Vec::new();
        for at in 0..state.processes.len() {
            let process = &state.processes[at];
            let Pc::At(label) = &process.pc else { continue };
            let section = self.section(process, label).ok_or_else(|| format!("there is no label {label}"))?;
            // Every path through the choices: after each run, the next one in depth-first order.
            let mut plan: Vec<usize> = Vec::new();
            loop {
                let mut run = Run::new(self, state.clone(), at, plan.clone());
                match run.block(&section.block) {
                    Ok(()) => found.push(run.state),
                    Err(Stop::Blocked) => {}
                    Err(Stop::Failed(message)) => return Err(format!("{label}: {message}")),
                }
                let Some(last) = run.trace.iter().rposition(|(chosen, count)| chosen + 1 < *count) else { break };
                plan = run.trace[..=last].iter().map(|(chosen, _)| *chosen).collect();
                plan[last] += 1;
            }
        }
        Ok(found)
    }
}

impl Run<'_, '_> {
    fn choose(&mut self, count: usize) -> Result<usize, Stop> {
        if count == 0 {
            return Err(Stop::Blocked);
        }
        let chosen = self.plan.get(self.trace.len()).copied().unwrap_or(0);
        self.trace.push((chosen, count));
        Ok(chosen)
    }

    pub(super) fn block(&mut self, block: &Block) -> Result<(), Stop> {
        self.steps(&block.steps)?;
        match &block.end {
            End::Goto(jump) => {
                let pc = pc(jump)?;
                self.process_mut().pc = pc;
                Ok(())
            }
            End::If(c, a, b) => {
                if self.truth(c)? {
                    self.block(a)
                } else {
                    self.block(b)
                }
            }
            End::Either(arms) => {
                let chosen = self.choose(arms.len())?;
                self.block(&arms[chosen])
            }
            End::Return => {
                let frame = self.process_mut().stack.pop().ok_or_else(|| "return without a call".to_owned())?;
                self.process_mut().pc = frame.return_to;
                Ok(())
            }
            End::Call(procedure, arguments, to) => self.call(*procedure, arguments, to.as_ref()),
        }
    }

    fn call(&mut self, procedure: ProcedureId, arguments: &[Argument], to: Option<&Jump>) -> Result<(), Stop> {
        let definition = &self.machine.model.procedures[procedure.index()];
        let (mut locals, mut refs) = (BTreeMap::new(), BTreeMap::new());
        for (parameter, argument) in definition.parameters.iter().zip(arguments) {
            match argument {
                Argument::Value(e) => {
                    locals.insert(*parameter, self.eval(e)?);
                    if let VariableKind::Ref(_) = self.machine.model.variable(*parameter).kind {
                        refs.insert(*parameter, Target { variable: *parameter, mapping: None });
                    }
                }
                Argument::Ref(passed, ..) => {
                    refs.insert(*parameter, self.target(*passed));
                }
            }
        }
        let return_to = match to {
            Some(jump) => pc(jump)?,
            None => {
                let frame = self.process_mut().stack.pop().ok_or_else(|| "return without a call".to_owned())?;
                if frame.procedure != procedure.0 {
                    self.leave(&frame)?;
                }
                frame.return_to
            }
        };
        self.process_mut().stack.push(Frame { procedure: procedure.0, locals, refs, return_to });
        for local in &definition.locals {
            let value = match &self.machine.model.variable(*local).initial {
                Initial::None => Value::DEFAULT_INIT,
                Initial::Value(e) => self.eval(e)?,
                Initial::Element(e) => {
                    let all = self.elements(e)?;
                    let chosen = self.choose(all.len())?;
                    all[chosen].clone()
                }
            };
            self.frame_mut().insert(*local, value);
        }
        let first = self.machine.normal.procedures[procedure.index()].sections.first();
        self.process_mut().pc = first.map_or(Pc::Done, |s| Pc::At(s.label.to_string()));
        Ok(())
    }

    /// Keeps the parameters of an activation that ends in a call of another procedure.
    fn leave(&mut self, frame: &Frame) -> Result<(), Stop> {
        let model = self.machine.model;
        let parameters = &model.procedures[frame.procedure as usize].parameters;
        for parameter in parameters.iter().filter(|p| model.variable(**p).kind == VariableKind::Value) {
            let start = match &model.variable(*parameter).initial {
                Initial::Value(e) => self.eval(e)?,
                Initial::None | Initial::Element(_) => Value::DEFAULT_INIT,
            };
            let value = frame.locals.get(parameter).filter(|v| **v != start).cloned();
            let left = &mut self.process_mut().left;
            match value {
                Some(value) => left.insert(*parameter, value),
                None => left.remove(parameter),
            };
        }
        Ok(())
    }

    /// The variables of the innermost activation.
    fn frame_mut(&mut self) -> &mut BTreeMap<VariableId, Value> {
        let process = self.process_mut();
        match process.stack.last_mut() {
            Some(frame) => &mut frame.locals,
            None => &mut process.locals,
        }
    }

    fn steps(&mut self, list: &[Step]) -> Result<(), Stop> {
        list.iter().try_for_each(|s| self.step(s))
    }

    fn step(&mut self, step: &Step) -> Result<(), Stop> {
        match step {
            Step::Let { bound, value, .. } => {
                // Lazy: a failure shows when the name is used.
                let value = self.eval(value);
                self.bounds.insert(*bound, Bound::Value(value));
            }
            Step::Pick { bound, set } => {
                let all = self.elements(set)?;
                let chosen = self.choose(all.len())?;
                self.bounds.insert(*bound, Bound::Value(Ok(all[chosen].clone())));
            }
            Step::Read { bound, parameter, indices, .. } => {
                let value = self.read(*parameter, indices)?;
                self.bounds.insert(*bound, Bound::Value(value));
            }
            Step::Write { parameter, indices, value, .. } => {
                let value = self.eval(value)?;
                self.write(*parameter, indices, value)?;
            }
            Step::Assign { variable, path, value, .. } => {
                let value = self.eval(value)?;
                let path = self.path(path)?;
                self.assign(*variable, &path, value)?;
            }
            Step::AssignMapped { path, value } => {
                let value = self.eval(value)?;
                let inner = self.path(path)?;
                let mapped = self.mapped.clone().ok_or_else(|| "$variable outside a mapping macro".to_owned())?;
                let full: Vec<Value> = mapped.indices.into_iter().chain(inner).collect();
                self.assign(mapped.variable, &full, value)?;
            }
            Step::Yield(e) => {
                self.yielded = Some(self.eval(e));
            }
            Step::Await(e) => {
                if !self.truth(e)? {
                    return Err(Stop::Blocked);
                }
            }
            Step::Assert(e) => {
                if !self.truth(e)? {
                    return Err(Stop::Failed("an assertion is false".to_owned()));
                }
            }
            Step::Print(e) => drop(self.eval(e)?),
            Step::If(c, a, b) => {
                let list = if self.truth(c)? { a } else { b };
                self.steps(list)?;
            }
            Step::Either(arms) => {
                let chosen = self.choose(arms.len())?;
                self.steps(&arms[chosen])?;
            }
        }
        Ok(())
    }

    fn path(&self, path: &[PathStep]) -> Result<Vec<Value>, String> {
        path.iter()
            .map(|s| match s {
                PathStep::Index(e) => self.eval(e),
                PathStep::Field(name) => Ok(Value::Str((&**name).into())),
            })
            .collect()
    }

    /// What a `ref`, or a variable passed on as one, stands for.
    fn target(&self, parameter: VariableId) -> Target {
        let process = self.process();
        if let Some(target) = process.stack.last().and_then(|f| f.refs.get(&parameter)) {
            return target.clone();
        }
        let instance = &self.machine.model.processes[process.of];
        let archetype = &self.machine.model.archetypes[instance.archetype.index()];
        match archetype.parameters.iter().position(|p| *p == parameter) {
            Some(at) => {
                let variable = if let Argument::Ref(g, ..) = &instance.arguments[at] { *g } else { parameter };
                Target { variable, mapping: instance.mappings[at] }
            }
            None => Target { variable: parameter, mapping: None },
        }
    }

    fn indices(&self, list: &[Expr]) -> Result<Vec<Value>, String> {
        list.iter().map(|e| self.eval(e)).collect()
    }

    /// What a read gives: as lazy as what `with` binds, so that an index outside the domain is not a failure where the
    /// value is not used.
    fn read(&mut self, parameter: VariableId, indices: &[Expr]) -> Result<Result<Value, String>, Stop> {
        let target = self.target(parameter);
        let Some(mapping) = target.mapping else {
            let read = |indices: Vec<Value>| {
                indices.iter().try_fold(self.variable(target.variable)?, |v, i| super::expr::index(&v, i))
            };
            return Ok(self.indices(indices).and_then(read));
        };
        let indices = self.indices(indices)?;
        let body = &self.machine.normal.mapping_macros[mapping.index()].read;
        self.mapping(target.variable, indices, None, body)?
            .ok_or_else(|| Stop::Failed("a read gives no value".to_owned()))
    }

    fn write(&mut self, parameter: VariableId, indices: &[Expr], value: Value) -> Result<(), Stop> {
        let indices = self.indices(indices)?;
        let target = self.target(parameter);
        let Some(mapping) = target.mapping else { return Ok(self.assign(target.variable, &indices, value)?) };
        let body = &self.machine.normal.mapping_macros[mapping.index()].write;
        match self.mapping(target.variable, indices.clone(), Some(value), body)? {
            Some(stored) => Ok(self.assign(target.variable, &indices, stored?)?),
            None => Ok(()),
        }
    }

    /// Runs a body of a mapping macro; gives what it yields.
    fn mapping(
        &mut self,
        variable: VariableId,
        indices: Vec<Value>,
        value: Option<Value>,
        body: &[Step],
    ) -> Result<Option<Result<Value, String>>, Stop> {
        let outer = self.mapped.replace(super::expr::Mapped { variable, indices, value });
        let outer_yield = self.yielded.take();
        let result = self.steps(body);
        self.mapped = outer;
        let yielded = std::mem::replace(&mut self.yielded, outer_yield);
        result.map(|()| yielded)
    }

    /// The value of a variable, wherever it lives.
    pub(super) fn variable(&self, id: VariableId) -> Result<Value, String> {
        if let Some(at) = self.machine.model.globals.iter().position(|g| *g == id) {
            return self
                .state
                .globals
                .get(at)
                .cloned()
                .ok_or_else(|| "a variable is used before it is made".to_owned());
        }
        let process = self.process();
        let frame = process.stack.last().and_then(|f| f.locals.get(&id));
        let found = frame.or_else(|| process.locals.get(&id)).cloned();
        found.ok_or_else(|| format!("there is no variable {}", self.machine.model.variable(id).name))
    }

    fn assign(&mut self, id: VariableId, path: &[Value], value: Value) -> Result<(), String> {
        let old = self.variable(id)?;
        let new = super::expr::replaced(&old, path, &mut |_| Ok(value.clone()))?;
        if let Some(at) = self.machine.model.globals.iter().position(|g| *g == id) {
            self.state.globals[at] = new;
            return Ok(());
        }
        let process = self.process_mut();
        let in_frame = process.stack.last().is_some_and(|f| f.locals.contains_key(&id));
        match process.stack.last_mut() {
            Some(frame) if in_frame => frame.locals.insert(id, new),
            _ => process.locals.insert(id, new),
        };
        Ok(())
    }

    fn process(&self) -> &Process {
        &self.state.processes[self.at]
    }

    fn process_mut(&mut self) -> &mut Process {
        &mut self.state.processes[self.at]
    }
}

fn pc(jump: &Jump) -> Result<Pc, String> {
    match jump {
        Jump::Label(l) => Ok(Pc::At(l.to_string())),
        Jump::Done => Ok(Pc::Done),
        Jump::Error => Err("control reached the label Error".to_owned()),
    }
}
