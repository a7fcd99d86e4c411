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
use crate::load::Loader;
use crate::pipeline;
use crate::render::render;
use crate::resolved::{Expr, ExprKind};
use crate::source::{Source, Sources};

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

/// Explores every state of a model, at most `limit` of them; `loader` finds other modules, `constants` are besides
/// those of the configuration.
///
/// # Errors
/// The report of what is wrong.
pub fn explore(
    source: Source,
    loader: &Loader<'_>,
    configuration: Option<Source>,
    constants: &HashMap<String, Value>,
    limit: usize,
) -> Result<Explored, String> {
    pipeline::with_stack(|| explore_here(source, loader, configuration, constants, limit))
}

/// Walks so many steps through a model and counts what was evaluated with a type.
///
/// # Errors
/// The report of what is wrong.
pub fn coverage(
    source: Source,
    loader: &Loader<'_>,
    configuration: Option<Source>,
    steps: usize,
) -> Result<Coverage, String> {
    pipeline::with_stack(|| {
        let mut sources = Sources::new(source);
        let typed = pipeline::typed_trees(&mut sources, loader, configuration);
        let fail = |message: String| format!("error: {message}");
        let (model, normal, types, constants) = typed.map_err(|problems| render(&sources, &problems, false))?;
        let machine = Machine::new(&model, &normal, &constants.values().collect()).map_err(fail)?;
        let describe = |e: &Expr| {
            let file = sources.file(e.span);
            format!("{}:{}: {}", file.path, file.line(e.span.start), sources.slice(e.span))
        };
        coverage::coverage(&machine, &model, &normal, &types, steps, &describe).map_err(fail)
    })
}

fn explore_here(
    source: Source,
    loader: &Loader<'_>,
    configuration: Option<Source>,
    constants: &HashMap<String, Value>,
    limit: usize,
) -> Result<Explored, String> {
    let mut sources = Sources::new(source);
    let trees = pipeline::trees(&mut sources, loader, configuration);
    let (mut model, normal, configuration) = trees.map_err(|problems| render(&sources, &problems, false))?;
    let fail = |message: String| format!("error: {message}");
    let constants: HashMap<_, _> = configuration.values().chain(constants.clone()).collect();
    // TLC replaces an operator by a model value where its configuration says so.
    for definition in model.operators.iter_mut().filter(|d| d.parameters.is_empty()) {
        if let Some(Value::Model(name)) = constants.get(&*definition.name) {
            definition.body.kind = ExprKind::ModelValue(name.as_str().into());
        }
    }
    let machine = Machine::new(&model, &normal, &constants).map_err(fail)?;
    let mut seen: BTreeSet<State> = BTreeSet::new();
    let mut todo = machine.initial().map_err(fail)?;
    let mut ends = BTreeSet::new();
    let mut stuck = 0;
    while let Some(state) = todo.pop() {
        if !seen.insert(state.clone()) {
            continue;
        }
        if seen.len() > limit {
            return Err(fail(format!("there are more than {limit} states")));
        }
        if state.has_ended() {
            ends.insert(state.globals.clone());
        }
        let next = machine.successors(&state).map_err(fail)?;
        stuck += usize::from(next.is_empty() && !state.has_ended());
        todo.extend(next);
    }
    Ok(Explored { states: seen.len(), ends, stuck })
}
