//! Runs the normal form of a model over dynamic values: what both back ends must agree with.
//!
//! In: a model in normal form, with values for its constants. Out: every state that can be reached.
//! Nothing here is fast; it is short, and follows the meaning of the language word by word.

mod coverage;
mod expr;
mod membership;
mod state;

use std::collections::{BTreeSet, HashMap};

use mpcal_values::Value;

pub use self::coverage::Coverage;
use self::state::{Machine, State};
use crate::compilation::{Compilation, Trees, Typed};
use crate::configuration::Configuration;
use crate::normal::Normal;
use crate::resolved::{Expr, ExprKind, Model};
use crate::stack::with_stack;

/// What exploring a model found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explored {
    /// The number of distinct states.
    pub states: usize,
    /// The values of the global variables in states where every process has ended, in the order of
    /// the block.
    pub ends: BTreeSet<Vec<Value>>,
    /// The number of states that nothing follows although a process has not ended.
    pub stuck: usize,
}

/// Explores every state of a model, at most `limit` of them; `constants` are besides those of the configuration.
///
/// # Errors
/// The report of what is wrong.
pub fn explore(
    compilation: &Compilation,
    constants: &HashMap<String, Value>,
    limit: usize,
) -> Result<Explored, String> {
    let Some(Trees { model, normal }) = compilation.specialized() else { return Err(compilation.report(false)) };
    let constants: HashMap<_, _> = given(compilation).chain(constants.clone()).collect();
    with_stack(|| reach(model.clone(), normal, &constants, limit)).map_err(|message| format!("error: {message}"))
}

/// Walks this many steps through a model and counts what was evaluated with a type.
///
/// # Errors
/// The report of what is wrong.
pub fn coverage(compilation: &Compilation, steps: usize) -> Result<Coverage, String> {
    let Some(Typed { model, normal, types }) = compilation.typed() else { return Err(compilation.report(false)) };
    let describe = |e: &Expr| {
        let file = compilation.sources().file(e.span);
        format!("{}:{}: {}", file.path, file.line(e.span.start), file.slice(e.span))
    };
    with_stack(|| {
        let machine = Machine::new(model, normal, &given(compilation).collect())?;
        coverage::coverage(&machine, model, normal, types, steps, &describe)
    })
    .map_err(|message| format!("error: {message}"))
}

/// What the configuration gives to constants.
fn given(compilation: &Compilation) -> impl Iterator<Item = (String, Value)> + '_ {
    compilation.configuration().into_iter().flat_map(Configuration::values)
}

fn reach(
    mut model: Model,
    normal: &Normal,
    constants: &HashMap<String, Value>,
    limit: usize,
) -> Result<Explored, String> {
    // TLC replaces an operator by a model value where its configuration says so.
    for definition in model.operators.iter_mut().filter(|d| d.parameters.is_empty()) {
        if let Some(Value::Model(name)) = constants.get(&*definition.name) {
            definition.body.kind = ExprKind::ModelValue(name.as_str().into());
        }
    }
    let machine = Machine::new(&model, normal, constants)?;
    let mut seen: BTreeSet<State> = BTreeSet::new();
    let mut todo = machine.initial()?;
    let mut ends = BTreeSet::new();
    let mut stuck = 0;
    while let Some(state) = todo.pop() {
        if !seen.insert(state.clone()) {
            continue;
        }
        if seen.len() > limit {
            return Err(format!("there are more than {limit} states"));
        }
        if state.has_ended() {
            ends.insert(state.globals.clone());
        }
        let next = machine.successors(&state)?;
        stuck += usize::from(next.is_empty() && !state.has_ended());
        todo.extend(next);
    }
    Ok(Explored { states: seen.len(), ends, stuck })
}
