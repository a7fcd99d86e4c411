//! The checker finds in generated code what TLC finds in the model. Counts are compared where there is a TLC.

use std::fs;

use mpcal_check::{checker, Failure, Report, Verdict};
use mpcal_tests::{root, sizes, Tools};

include!(concat!(env!("OUT_DIR"), "/examples.rs"));

/// Generated states, distinct ones and the depth, as TLC has them: of a model with the constants of its configuration.
fn by_tlc(tools: &Tools, example: &str) -> (u64, u64, u64) {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let (file, config) = (format!("{example}.tla"), format!("{example}.cfg"));
    let source = root().join("examples").join(example);
    fs::copy(source.join(&file), directory.path().join(&file)).expect("the model can be copied");
    let all = fs::read_to_string(source.join(&config)).expect("the configuration can be read");
    let properties = ["PROPERT", "INVARIANT"];
    let kept = all.lines().filter(|line| !properties.iter().any(|p| line.starts_with(p)));
    let kept: String = kept.map(|line| format!("{line}\n")).collect();
    fs::write(directory.path().join(&config), kept).expect("the configuration can be written");
    tools.translate(directory.path(), &file);
    let said = tools.check(directory.path(), &file, &config);
    sizes(&said).unwrap_or_else(|| panic!("{example}: {said}"))
}

/// Expects the counts of TLC, with one thread and with two.
fn expect_counts(example: &str, check: impl Fn(usize) -> Report) {
    let tools = Tools::find("expect_counts");
    for threads in [1, 2] {
        let report = check(threads);
        report.expect_no_violation();
        println!("{example}: {report}");
        if let Some(tools) = &tools {
            assert_eq!((report.generated, report.distinct, report.depth), by_tlc(tools, example), "{example}");
        }
    }
}

#[test]
fn locksvc_has_the_states_that_tlc_finds() {
    expect_counts("locksvc", |threads| {
        let checker = checker::<locksvc::Variables>(locksvc::Constants::checked()).threads(threads).allow_deadlock();
        let holders = |v: &locksvc::VariablesSnapshot| v.holding.iter().filter(|(_, holds)| **holds).count();
        checker.invariant("MutualExclusion", move |v| holders(v) <= 1).run().expect("it has initial states")
    });
}

#[test]
fn dqueue_has_the_states_that_tlc_finds() {
    expect_counts("dqueue", |threads| {
        let checker = checker::<dqueue::Variables>(dqueue::Constants::checked()).threads(threads).allow_deadlock();
        checker.run().expect("it has initial states")
    });
}

#[test]
fn proxy_has_the_states_that_tlc_finds() {
    expect_counts("proxy", |threads| {
        let checker = checker::<proxy::Variables>(proxy::Constants::checked()).threads(threads).allow_deadlock();
        checker.run().expect("it has initial states")
    });
}

/// What is wrong is found on a shortest way, which is told step by step.
#[test]
fn a_violation_is_told() {
    for threads in [1, 2] {
        let checker = checker::<locksvc::Variables>(locksvc::Constants::checked()).threads(threads);
        let nobody = |v: &locksvc::VariablesSnapshot| v.holding.iter().all(|(_, holds)| !*holds);
        let report = checker.invariant("Nobody", nobody).run().expect("it has initial states");
        let Verdict::Violated(Some(Failure::Invariant(name)), states) = &report.verdict else { panic!("{report}") };
        assert_eq!(&**name, "Nobody");
        let steps: Vec<_> = states.iter().filter_map(|state| Some(state.step.as_ref()?.1)).collect();
        assert_eq!(steps, ["acquire", "serve", "handle", "granted"], "{report}");
        assert!(report.to_string().starts_with("invariant Nobody is violated\n1: initial state\n"), "{report}");
    }
}

/// A deadlock is a failure unless it is allowed.
#[test]
fn a_deadlock_is_found() {
    let report = checker::<locksvc::Variables>(locksvc::Constants { num_clients: 1 }).run().expect("it starts");
    let Verdict::Violated(None, states) = &report.verdict else { panic!("{report}") };
    // One client, twice: ask, be granted, work; and the end.
    assert_eq!(states.len(), 16, "{report}");
}

/// A property of the example, which TLC has checked, and one that does not hold: everything ends, and nothing follows.
#[test]
fn what_must_happen_is_looked_at() {
    let checker = || checker::<locksvc::Variables>(locksvc::Constants { num_clients: 2 }).allow_deadlock();
    let holds = |v: &locksvc::VariablesSnapshot| *v.holding.at(&1).expect("there is a client");
    checker().always_eventually("Idle", move |v| !holds(v)).run().expect("it starts").expect_no_violation();
    let report = checker().always_eventually("Busy", holds).run().expect("it starts");
    let Verdict::Unmet(name, states, None) = &report.verdict else { panic!("{report}") };
    assert_eq!((&**name, states.len()), ("Busy", 31), "{report}");
    assert!(report.to_string().contains("\n   stutters in state 31\n"), "{report}");
}
