//! The interpreter of the normal form is the oracle: TLC's states, and where the Rust may end.

use std::collections::HashMap;
use std::fs;

use mpcal_build::{Config, Error, Explored};
use mpcal_runtime::value::{Seq, Value};
use mpcal_tests::{files, fixtures};

fn explore(text: &str, constants: &HashMap<String, Value>, limit: usize) -> Result<Explored, Error> {
    Config::new().include(fixtures("models/modules")).explore(text, constants, limit)
}

/// Distinct states that TLC 2.15 reports for our translation, and for the twins.
const TLC: &[(&str, usize)] = &[
    ("assign_twice", 5),
    ("bag_link", 65),
    ("behind_jumps", 13),
    ("choices", 921),
    ("community", 250),
    ("expressions", 9),
    ("fairness", 512),
    ("first_choices", 5),
    ("fresh_refs", 514),
    ("global_operators", 181),
    ("idioms", 104),
    ("instances", 9),
    ("instances_differ", 176),
    ("jumps", 90),
    ("labels_in_branches", 177),
    ("lazy_values", 18),
    ("let_instances", 146),
    ("let_operators", 13),
    ("local_refs", 13_824),
    ("long_choices", 23),
    ("long_section", 13),
    ("macro_loop", 170),
    ("macros", 9),
    ("macros_jump", 101),
    ("mapping_forms", 65),
    ("merge_either", 17),
    ("merge_if", 18),
    ("narrowed", 224),
    ("nested_branches", 132),
    ("nested_loops", 225),
    ("no_value", 14),
    ("operators", 9),
    ("optional", 29),
    ("overlaps", 120),
    ("own_names", 4),
    ("plain_names", 129),
    ("plain_procedures", 285),
    ("plain_process", 37),
    ("print_order", 3),
    ("procedures", 1335),
    ("program_counter", 1465),
    ("read_yields", 2249),
    ("records", 20),
    ("recursion", 842),
    ("replaced", 82),
    ("restored", 81),
    ("simultaneous", 5),
    ("strings", 25),
    ("tail_calls", 520),
    ("two_indices", 25),
    ("two_views", 159),
    ("uniprocess", 12),
    ("widened", 126),
];

#[test]
fn the_interpreter_reaches_the_states_that_tlc_does() {
    let models: Vec<_> =
        files(&fixtures("models"), "tla").into_iter().filter(|p| !p.to_string_lossy().contains("_twin")).collect();
    assert_eq!(models.len(), TLC.len(), "every model has its number");
    for path in models {
        let name = path.file_stem().and_then(|s| s.to_str()).unwrap().to_owned();
        let mut config = Config::new();
        config.include(fixtures("models/modules"));
        if path.with_extension("cfg").is_file() {
            config.configuration(path.with_extension("cfg"));
        }
        let explored = config.explore(&fs::read_to_string(&path).unwrap(), &HashMap::new(), 100_000).unwrap();
        let wanted = TLC.iter().find(|(n, _)| *n == name).map(|(_, count)| *count);
        assert_eq!(Some(explored.states), wanted, "{name}");

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
