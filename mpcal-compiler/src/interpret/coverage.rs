//! How much of what runs has a type, counted by execution: a recorded run of a model in the
//! interpreter, and the types that inference found for each expression that was evaluated.

use std::collections::HashMap;

use super::state::Machine;
use crate::infer::Types;
use crate::normal::{MappingBody, Normal, Step};
use crate::resolved::{Expr, ExprId, Model};

/// What has a type of its own, and what is a dynamic `Value`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Steps that were taken.
    pub steps: usize,
    /// Evaluations of expressions with a type, and of those that are or hold a `Value`.
    pub evaluations: (u64, u64),
    /// The same of variables and parameters, by declaration.
    pub variables: (usize, usize),
    /// The same of fields of records.
    pub fields: (usize, usize),
    /// The expressions that are or hold a `Value`, in the order of how often they were evaluated: their
    /// place and text, and the count.
    pub dynamic: Vec<(String, u64)>,
}

impl Coverage {
    /// The share of evaluations that have a type, from 0 to 1.
    #[must_use]
    pub fn share(&self) -> f64 {
        let (typed, dynamic) = self.evaluations;
        typed as f64 / (typed + dynamic).max(1) as f64
    }
}

/// Takes a walk of this many steps; `describe` says where an expression stands.
pub(super) fn coverage(
    machine: &Machine<'_>,
    model: &Model,
    normal: &Normal,
    types: &Types,
    steps: usize,
    describe: &dyn Fn(&Expr) -> String,
) -> Result<Coverage, String> {
    let mut found = Coverage::default();
    let mut numbers: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut initial = machine.initial()?;
    let Some(start) = initial.pop() else { return Ok(found) };
    let mut state = start.clone();
    machine.count();
    for _ in 0..steps {
        let mut next = machine.successors(&state)?;
        found.steps += 1;
        if next.is_empty() {
            state = start.clone();
            continue;
        }
        // xorshift: the walk is the same each time.
        numbers ^= numbers << 13;
        numbers ^= numbers >> 7;
        numbers ^= numbers << 17;
        state = next.swap_remove((numbers >> 33) as usize % next.len());
    }
    let mut dynamic = Vec::new();
    let all = expressions(model, normal);
    let copies = copies(normal, types);
    for (id, count) in machine.counted() {
        let typed = match copies.get(&id) {
            Some(copies) => copies.iter().all(|c| !types.of(*c).has_value(&types.records)),
            None => !types.of(id).has_value(&types.records),
        };
        if typed {
            found.evaluations.0 += count;
        } else {
            found.evaluations.1 += count;
            dynamic.push((all.get(&id).map_or_else(String::new, |e| describe(e)), count));
        }
    }
    dynamic.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    found.dynamic = dynamic;
    let bodies = model.archetypes.iter().flat_map(|a| a.parameters.iter().chain(&a.locals));
    let bodies = bodies.chain(model.procedures.iter().flat_map(|p| p.parameters.iter().chain(&p.locals)));
    for id in model.globals.iter().chain(bodies) {
        let typed = !types.variables[id.index()].has_value(&types.records);
        found.variables.0 += usize::from(typed);
        found.variables.1 += usize::from(!typed);
    }
    for t in types.records.iter().flat_map(|r| r.fields.values()) {
        let typed = !t.has_value(&types.records);
        found.fields.0 += usize::from(typed);
        found.fields.1 += usize::from(!typed);
    }
    Ok(found)
}

/// All expressions that may be evaluated, by id.
fn expressions<'m>(model: &'m Model, normal: &'m Normal) -> HashMap<ExprId, &'m Expr> {
    fn add<'m>(e: &'m Expr, all: &mut HashMap<ExprId, &'m Expr>) {
        all.insert(e.id, e);
        e.each_child(&mut |child| add(child, all));
    }
    let mut all = HashMap::new();
    model.operators.iter().for_each(|o| add(&o.body, &mut all));
    for section in normal.archetypes.iter().chain(&normal.procedures).flat_map(|b| &b.sections) {
        section.block.each_expr(&mut |e| add(e, &mut all));
    }
    for step in normal.mapping_macros.iter().flat_map(MappingBody::steps) {
        step.each(&mut |s| s.each_expr(&mut |e| add(e, &mut all)));
    }
    all
}

/// The copies that inference made of the expressions of mapping macros, one for each use.
fn copies(normal: &Normal, types: &Types) -> HashMap<ExprId, Vec<ExprId>> {
    fn ids(steps: &[Step]) -> Vec<ExprId> {
        fn add(e: &Expr, all: &mut Vec<ExprId>) {
            all.push(e.id);
            e.each_child(&mut |child| add(child, all));
        }
        let mut all = Vec::new();
        steps.iter().for_each(|s| s.each(&mut |s| s.each_expr(&mut |e| add(e, &mut all))));
        all
    }
    let mut found: HashMap<ExprId, Vec<ExprId>> = HashMap::new();
    for m in &types.mappings {
        let Some(id) = m.mapping else { continue };
        let MappingBody { read, write } = &normal.mapping_macros[id.index()];
        for (original, copy) in [(read, &m.read), (write, &m.write)] {
            for (a, b) in ids(original).into_iter().zip(ids(copy)) {
                found.entry(a).or_default().push(b);
            }
        }
    }
    found
}
