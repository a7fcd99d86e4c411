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
//! * [`breadth_first`]: every state, level by level, so that a counterexample is as short as can be.

mod breadth_first;
mod checker;
mod compiled;
mod graph;
mod interner;
pub mod linearizability;
pub mod liveness;
mod report;
pub mod simulation;
mod system;
mod visited;

pub use crate::{
    breadth_first::{breadth_first, Counterexample, Explored, Limits},
    checker::{checker, Checker},
    compiled::Compiled,
    graph::{Edge, Graph},
    report::{Report, State, Verdict},
    system::{Action, Component, Failure, Fairness, Held, Row, System, Worker},
};
