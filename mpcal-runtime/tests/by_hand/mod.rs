//! Archetypes without a model.

use mpcal_runtime::value::Value;
use mpcal_runtime::{Archetype, Section, Step};

/// An archetype of one label, written by hand.
struct Once<F> {
    done: bool,
    step: F,
}

impl<F: FnMut(&mut Section) -> Step<bool> + Send + 'static> Archetype for Once<F> {
    type State = bool;

    fn name(&self) -> &'static str {
        "Once"
    }
    fn process(&self) -> Value {
        Value::Int(1)
    }
    fn label_of(_: &Self::State) -> &'static str {
        "step"
    }
    fn is_done(&self) -> bool {
        self.done
    }
    fn state(&self) -> &bool {
        &self.done
    }
    fn state_mut(&mut self) -> &mut bool {
        &mut self.done
    }
    fn is_local(&self) -> bool {
        false
    }
    fn step(&mut self, section: &mut Section) -> Step<()> {
        self.done = (self.step)(section)?;
        Ok(())
    }
}

/// Runs a step until it gives true.
pub fn archetype(step: impl FnMut(&mut Section) -> Step<bool> + Send + 'static) -> impl Archetype<State = bool> {
    Once { done: false, step }
}
