//! Why a step does not commit.

use std::any::Any;
use std::panic::{catch_unwind, AssertUnwindSafe};

use crate::value::EvalError;

/// The result of something a section does.
pub type Step<T> = Result<T, Abort>;

/// Why a section stops before its end.
#[derive(Debug)]
pub enum Abort {
    /// This path cannot be taken now: nothing happened, another path or a later time may do. This
    /// is control flow, not an error.
    Retry,
    /// Another section committed what this one has seen in part: it runs again. This is control flow, too.
    Conflict,
    /// The system is wrong and must stop.
    Fatal(Error),
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// An `assert` of the model is false.
    #[error("assertion failed: {expression} ({place})")]
    Assertion {
        /// The expression, as the model has it.
        expression: String,
        /// File, line and column in the model.
        place: String,
    },
    /// An expression has no value: `Head(<<>>)`, an overflow.
    #[error(transparent)]
    Evaluation(#[from] EvalError),
    /// A resource cannot go on.
    #[error("resource: {0}")]
    Resource(String),
    /// Something panicked: a step, a resource, or a storage.
    #[error("panic: {0}")]
    Panic(String),
    /// The archetype was started after its node had been stopped.
    #[error("started after the node was stopped, so it never runs")]
    Stopped,
    /// Any of these, with the archetype and label it happened in.
    #[error("{archetype}({process}) at {label}: {cause}")]
    In {
        /// The archetype.
        archetype: &'static str,
        /// The identifier of the process, in TLA+ notation.
        process: String,
        /// The label.
        label: &'static str,
        /// What happened.
        cause: Box<Error>,
    },
}

impl From<EvalError> for Abort {
    fn from(error: EvalError) -> Self {
        Abort::Fatal(Error::Evaluation(error))
    }
}

impl From<Error> for Abort {
    fn from(error: Error) -> Self {
        Abort::Fatal(error)
    }
}

/// Runs what may call a user's code: a panic in there is an error.
pub(crate) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| Error::Panic(panic_text(&*panic)))
}

/// What a panic said.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "of unknown cause".to_owned())
}
