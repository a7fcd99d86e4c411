//! The interpreter of the normal form is the oracle: TLC's states, and where the Rust may end.

use std::collections::HashMap;
use std::fs;

use mpcal_build::{Config, Error, Explored};
use mpcal_runtime::value::{Seq, Value};
use mpcal_tests::fixture::Fixture;
use mpcal_tests::fixtures;

fn explore(text: &str, constants: &HashMap<String, Value>, limit: usize) -> Result<Explored, Error> {
    Config::new().include(fixtures("models/modules")).explore(text, constants, limit)
}

/// The models say how many distinct states TLC 2.15 reports for our translation, and for the twins.
#[test]
fn the_interpreter_reaches_the_states_that_tlc_does() {
    for fixture in Fixture::all("models") {
        let name = &fixture.name;
        let mut config = Config::new();
        config.include(fixtures("models/modules"));
        if let Some(configuration) = fixture.configuration() {
            config.configuration(configuration);
        }
        let explored = config.explore(&fixture.text, &HashMap::new(), 100_000).unwrap();
        if fixture.expected("states").is_none() {
            println!("{name}: the interpreter finds {} states", explored.states);
        }
        assert_eq!(explored.states, fixture.states(), "{name}");
        assert!(!explored.ends.is_empty(), "{name} never ends");
    }
}

/// An example whose server waits for ever has states, and no end.
#[test]
fn the_lock_service_never_ends() {
    let text = fs::read_to_string(mpcal_tests::root().join("examples/locksvc/locksvc.tla")).unwrap();
    let constants = HashMap::from([("NumClients".to_owned(), Value::Int(2))]);
    // The server waits for ever, so no state counts as an end.
    let explored = explore(&text, &constants, 10_000).unwrap();
    assert!(explored.ends.is_empty());
    assert!(explored.states > 100, "{}", explored.states);
}

#[test]
fn a_failed_assertion_is_reported() {
    let model = "--mpcal M { archetype A(ref x) { start: x := x + 1; check: assert x = 1; } \
                 variables x = 0; process (p \\in 1..2) == instance A(ref x); }";
    let error = explore(model, &HashMap::new(), 1000).expect_err("two additions may come before a check");
    assert!(error.to_string().contains("check: an assertion is false"), "{error}");
}

#[test]
fn a_model_may_start_anywhere_in_a_set() {
    let model = "--mpcal M { archetype A(ref x) { start: x := <<x, x>>; } \
                 variables x \\in {1, 2}; process (p = 1) == instance A(ref x); }";
    let explored = explore(model, &HashMap::new(), 1000).unwrap();
    let pair = |n| vec![Value::Seq([Value::Int(n), Value::Int(n)].into_iter().collect::<Seq<Value>>())];
    assert_eq!((explored.states, explored.ends), (4, [pair(1), pair(2)].into_iter().collect()));
}
