//! Explores every state of a model by running the code that is generated from it.
//!
//! ```ignore
//! #[test]
//! fn one_leader_at_most() {
//!     let checker = mpcal_check::checker::<raft::Variables>(raft::Constants::checked());
//!     let report = checker.invariant("one leader", |v| v.leaders.len() <= 1).threads(2).run();
//!     report.expect("it has initial states").expect_no_violation();
//! }
//! ```
//!
//! What it counts is what TLC counts. It takes each state as it was when its step began, so it finds what sections do
//! wrong; what drivers, resources and networks do wrong is for the tests of these.
//!
//! * [`System`]: what can be explored. A state is a row of numbers, one for each of its components: a variable, or all
//!   that a process has for itself. What a number stands for is known to the system alone.
//! * [`Compiled`]: the system that generated code is.
//! * [`simulation`]: nodes as they are deployed, in a world where a seed decides everything.
//! * [`linearizability`]: whether what clients of a running system saw has an order.
//! * [`liveness`]: what must happen at some time, on the [`Graph`] of all states.
//! * [`breadth_first`]: every state, level by level, so that a counterexample is as short as can be. [`depth_first`] and [`random_walks`] look where there are
//!   too many.

mod breadth_first;
mod checker;
mod compiled;
mod depth_first;
mod graph;
mod interner;
mod key;
mod limits;
pub mod linearizability;
pub mod liveness;
mod report;
pub mod simulation;
mod system;
mod visited;
mod walks;

pub use crate::{
    breadth_first::{breadth_first, breadth_first_watched, Counterexample, Explored},
    checker::{checker, Checker},
    compiled::Compiled,
    depth_first::depth_first,
    graph::{Edge, Graph},
    key::Key,
    limits::{Limits, Progress},
    report::{Report, State, Verdict},
    system::{Action, Change, Component, Failure, Fairness, Held, Row, System, Worker},
    walks::{random_walks, Walks},
};
