//! What the compiler generates for an archetype.

use crate::error::Step;
use crate::section::Section;
use crate::value::Value;

/// A running archetype: a state, and the resources bound to its parameters. Generated code
/// implements it; a driver runs it.
pub trait Archetype: Send + 'static {
    /// Label, variables and procedure stack: one plain value.
    type State: Clone + Send;

    /// The name in the model.
    fn name(&self) -> &'static str;

    /// `self`, untyped.
    fn process(&self) -> Value;

    /// The label that control is at.
    fn label(&self) -> &'static str;

    /// Whether control has reached `Done`.
    fn is_done(&self) -> bool;

    /// The state.
    fn state(&self) -> &Self::State;

    /// The state, to be put back or changed.
    fn state_mut(&mut self) -> &mut Self::State;

    /// Whether the step at this label neither blocks nor touches a resource, so that nothing needs
    /// to be undone.
    fn is_local(&self) -> bool;

    /// Attempts the step at the current label: changes the state, stages the rest.
    ///
    /// # Errors
    /// `Retry` if the path is blocked, a fatal error if the model is violated. The state is then
    /// undefined and the driver puts the old one back.
    fn step(&mut self, section: &mut Section) -> Step<()>;
}
