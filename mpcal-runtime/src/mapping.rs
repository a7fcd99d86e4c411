//! What a resource implements.

use crate::error::Step;
use crate::section::Section;
use crate::value::Data;

/// What survives what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Lost when the process dies.
    Volatile,
    /// Back after the process has died; its commits have a position in the node's log.
    Durable,
    /// Outside the node: a commit cannot be taken back and must wait until what it depends on is
    /// durable.
    External,
}

/// The resource behind a `ref` parameter: the running form of a mapping macro.
///
/// Implementers owe:
/// * `read` and `write` answer at once: a value, or [`Retry`](crate::Abort::Retry) if not ready;
/// * they change nothing but what they stage in cells through the section ([`Section::stage`]);
/// * before they give `Retry`, they have staged (touched) every cell whose change could make them
///   ready, so that the archetype sleeps on it and is woken;
/// * within a section each read sees what was staged before it.
///
/// [`conformance::check`](crate::conformance::check) tests this for an implementation. Here is one, a gauge that
/// another thread may read at any time:
///
/// ```
/// use std::sync::atomic::{AtomicI64, Ordering};
/// use std::sync::Arc;
/// use mpcal_runtime::conformance::{check, Behaviour, Subject};
/// use mpcal_runtime::{Cell, Core, MappingMacro, Section, Step};
///
/// struct GaugeCell { core: Arc<Core>, value: AtomicI64 }
///
/// impl Cell for GaugeCell {
///     type Staged = Option<i64>; // what a section has written
///
///     fn core(&self) -> &Arc<Core> { &self.core }
///
///     fn commit(&self, staged: &mut Option<i64>) {
///         if let Some(value) = staged.take() {
///             self.value.store(value, Ordering::Release);
///             self.core.changed(); // wakes who waits for it
///         }
///     }
/// }
///
/// #[derive(Clone)]
/// struct Gauge(Arc<GaugeCell>);
///
/// impl MappingMacro for Gauge {
///     type Index = ();
///     type Read = i64;
///     type Write = i64;
///
///     fn read(&mut self, section: &mut Section, (): &()) -> Step<i64> {
///         let staged = *section.stage(&self.0);
///         Ok(staged.unwrap_or_else(|| self.0.value.load(Ordering::Acquire)))
///     }
///
///     fn write(&mut self, section: &mut Section, (): &(), value: i64) -> Step<()> {
///         *section.stage(&self.0) = Some(value);
///         Ok(())
///     }
/// }
///
/// let make = || {
///     let gauge = Gauge(Arc::new(GaugeCell { core: Core::new(), value: AtomicI64::new(0) }));
///     (gauge.clone(), gauge)
/// };
/// check(&Subject { name: "Gauge", make, index: (), values: [1, 2], behaviour: Behaviour::Variable }).unwrap();
/// ```
pub trait MappingMacro: Send + 'static {
    /// What it is indexed by: `()` for a parameter without `[_]`, a tuple for several.
    type Index: Data;
    /// What a read gives.
    type Read: Data;
    /// What a write takes.
    type Write: Data;

    /// Reads at an index.
    ///
    /// # Errors
    /// `Retry` if not ready, a fatal error if it cannot go on.
    fn read(&mut self, section: &mut Section, index: &Self::Index) -> Step<Self::Read>;

    /// Writes at an index.
    ///
    /// # Errors
    /// `Retry` if not ready, a fatal error if it cannot go on.
    fn write(&mut self, section: &mut Section, index: &Self::Index, value: Self::Write) -> Step<()>;

    /// What survives what.
    fn class(&self) -> Class {
        Class::Volatile
    }
}

/// The marker of a parameter that the model leaves unmapped: a read gives what was written last.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not claim to be a plain variable",
    label = "the model leaves this parameter unmapped",
    note = "if a read of it gives what was written last, say so: `impl PlainVariable for …`"
)]
pub trait PlainVariable: MappingMacro {}
