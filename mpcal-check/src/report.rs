//! What was found, for programs and for people.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::system::{Component, Failure, Held};

/// What was found.
#[derive(Debug)]
pub struct Report {
    /// Whether everything holds.
    pub verdict: Verdict,
    /// States that were generated, those that were known included.
    pub generated: u64,
    /// Distinct states.
    pub distinct: u64,
    /// Levels: states on the longest of the shortest ways.
    pub depth: u64,
    /// Whether a limit was reached.
    pub incomplete: bool,
    /// How often each label was taken, by archetype; 0 for those that never were.
    pub taken: Vec<(String, &'static str, u64)>,
    /// How long it took.
    pub elapsed: Duration,
}

/// Whether everything holds.
#[derive(Debug)]
pub enum Verdict {
    /// In every state that was found, and every behaviour.
    Holds,
    /// What does not, in the last of these states; nothing for a deadlock.
    Violated(Option<Failure>, Vec<State>),
    /// A property that does not hold of the behaviour with these states: the last is the same as the one with this number,
    /// counted from 0, and so on; without a number, the behaviour stays in the last.
    Unmet(Arc<str>, Vec<State>, Option<usize>),
}

/// A state of a counterexample.
#[derive(Debug)]
pub struct State {
    /// The process and the label of the step that has led to it; none for the first.
    pub step: Option<(String, &'static str)>,
    /// What it holds.
    pub components: Vec<Component>,
}

impl Report {
    /// Expects that everything holds, and that everything was looked at.
    ///
    /// # Panics
    /// With a counterexample otherwise.
    #[track_caller]
    pub fn expect_no_violation(&self) {
        assert!(matches!(self.verdict, Verdict::Holds), "{self}");
        assert!(!self.incomplete, "not every state was looked at: {self}");
    }

    /// The labels that no step was taken at, with their archetypes.
    pub fn never_taken(&self) -> impl Iterator<Item = (&str, &'static str)> {
        self.taken.iter().filter(|(.., count)| *count == 0).map(|(archetype, label, _)| (&**archetype, *label))
    }

    /// A bound for how likely it is that two of the states have one hash, so that a state was not looked at.
    #[must_use]
    pub fn collision_probability(&self) -> f64 {
        (self.distinct as f64).powi(2) * (-129_f64).exp2()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.verdict {
            Verdict::Holds => {}
            Verdict::Violated(failure, states) => {
                match failure {
                    None => writeln!(f, "deadlock: no process can go on, and not all have ended")?,
                    Some(failure) => writeln!(f, "{failure}")?,
                }
                write_states(f, states)?;
            }
            Verdict::Unmet(name, states, back_to) => {
                writeln!(f, "property {name} is violated")?;
                match back_to {
                    None => {
                        write_states(f, states)?;
                        writeln!(f, "   stutters in state {}", states.len())?;
                    }
                    Some(back_to) => {
                        let (last, others) = states.split_last().ok_or(fmt::Error)?;
                        write_states(f, others)?;
                        if let Some((process, label)) = &last.step {
                            writeln!(f, "   {process} takes {label}, which loops back to state {}", back_to + 1)?;
                        }
                    }
                }
            }
        }
        let Self { generated, distinct, depth, elapsed, .. } = self;
        write!(f, "{generated} states generated, {distinct} distinct, depth {depth}, in {elapsed:.1?}")?;
        let mut never = self.never_taken().peekable();
        if matches!(self.verdict, Verdict::Holds) && never.peek().is_some() {
            let never: Vec<_> = never.map(|(archetype, label)| format!("{label} of {archetype}")).collect();
            write!(f, "\nnever taken: {}", never.join(", "))?;
        }
        Ok(())
    }
}

/// Writes the first state in full, and of the others what has changed.
fn write_states(f: &mut fmt::Formatter<'_>, states: &[State]) -> fmt::Result {
    let mut earlier: Option<&State> = None;
    for (n, state) in (1..).zip(states) {
        match &state.step {
            None => writeln!(f, "{n}: initial state")?,
            Some((process, label)) => writeln!(f, "{n}: {process} takes {label}")?,
        }
        for (at, component) in state.components.iter().enumerate() {
            if earlier.and_then(|earlier| earlier.components.get(at)) != Some(component) {
                writeln!(f, "    {component}")?;
            }
        }
        earlier = Some(state);
    }
    Ok(())
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invariant(name) => write!(f, "invariant {name} is violated"),
            Self::Evaluation(name, error) => write!(f, "{name} has no value: {error}"),
            Self::Step(error) => write!(f, "{error}"),
        }
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Held::Value(value) => write!(f, "{} = {value}", self.name),
            Held::Process(label, variables) => {
                write!(f, "{} is at {label}", self.name)?;
                variables.iter().try_for_each(|(name, value)| write!(f, ", {name} = {value}"))
            }
        }
    }
}
