//! The checker finds in generated code what TLC finds in the model. Counts are compared where there is a TLC.

use std::fs;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use mpcal_check::{checker, Failure, Report, Verdict, Walks};
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

/// Depth-first, every state is found that is found level by level, unless it is further away than was asked for.
#[test]
fn depth_first_finds_the_same_states() {
    let checker = || checker::<locksvc::Variables>(locksvc::Constants { num_clients: 2 }).allow_deadlock();
    let expected = checker().run().expect("it starts");
    let report = checker().depth_first(1000).run().expect("it starts");
    report.expect_no_violation();
    assert_eq!(report.distinct, expected.distinct, "{report}");
    let report = checker().depth_first(5).run().expect("it starts");
    assert!(report.incomplete && report.distinct < expected.distinct && report.depth == 6, "{report}");
    let nobody = |v: &locksvc::VariablesSnapshot| v.holding.iter().all(|(_, holds)| !*holds);
    let report = checker().invariant("Nobody", nobody).depth_first(4).run().expect("it starts");
    let Verdict::Violated(Some(Failure::Invariant(_)), states) = &report.verdict else { panic!("{report}") };
    assert_eq!(states.len(), 5, "{report}");
}

/// A random walk is decided by its seed, and comes to what is wrong.
#[test]
fn random_walks_find_what_is_wrong() {
    let checker = || checker::<locksvc::Variables>(locksvc::Constants { num_clients: 2 }).allow_deadlock();
    let holders = |v: &locksvc::VariablesSnapshot| v.holding.iter().filter(|(_, holds)| **holds).count();
    let walk = |seed, count, most| {
        let walks = Walks { seed, depth: 50, count };
        checker().invariant("Few", move |v| holders(v) <= most).simulate(walks).run().expect("it starts")
    };
    walk(1, 100, 1).expect_no_violation();
    let report = walk(1, 1, 0);
    let Verdict::Violated(Some(Failure::Invariant(_)), states) = &report.verdict else { panic!("{report}") };
    assert_eq!(states.len() as u64, report.generated, "{report}");
    let told = |report: &mpcal_check::Report| report.to_string().split(", in ").next().map(str::to_owned);
    assert_eq!(told(&report), told(&walk(1, 1, 0)));
    assert!((2..10).any(|seed| told(&report) != told(&walk(seed, 1, 0))), "every seed leads the same way");
}

/// What is not looked at is no success; labels that no step is taken at are named.
#[test]
fn what_was_not_looked_at_is_told() {
    let checker = || checker::<locksvc::Variables>(locksvc::Constants { num_clients: 3 }).allow_deadlock();
    let report = checker().most_time(Duration::ZERO).run().expect("it starts");
    assert!(report.incomplete && report.distinct < 1000, "{report}");
    let panic =
        std::panic::catch_unwind(AssertUnwindSafe(|| report.expect_no_violation())).expect_err("it is incomplete");
    assert!(panic.downcast_ref::<String>().is_some_and(|said| said.starts_with("not every state was looked at")));
    let report = checker().most_states(3).run().expect("it starts");
    let never: Vec<_> = report.never_taken().collect();
    assert!(never.contains(&("LockClient", "work")) && !never.contains(&("LockClient", "acquire")), "{never:?}");
    let full = checker().run().expect("it starts");
    assert_eq!(full.never_taken().count(), 0, "{full}");
    assert!(full.collision_probability() < 1e-20);
}
