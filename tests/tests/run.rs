//! The fixtures run as Rust, each model in its own environment, and end in a state that the
//! interpreter of the normal form reaches, too.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use mpcal_build::Config;
use mpcal_runtime::value::Value;
use mpcal_runtime::Node;
use mpcal_tests::fixtures;
use tokio::time::timeout;

/// Runs all processes of a model to their end, once with every type a `Value`; gives its variables.
macro_rules! run {
    ($model:ident, $name:literal) => {{
        run!(untyped, $name, "_untyped");
        run!($model, $name, "")
    }};
    ($model:ident, $name:literal, $suffix:literal) => {{
        mod $model {
            include!(concat!(env!("OUT_DIR"), "/", $name, $suffix, ".rs"));
        }
        let constants = Arc::new($model::Constants::checked());
        let variables = $model::Variables::new(&constants).expect("the variables have initial values");
        let mut node = Node::new();
        variables.spawn(&mut node, &constants).expect("the processes start");
        timeout(Duration::from_secs(20), node.join()).await.expect("the model ends").expect("nothing fails");
        assert_is_end($name, include_str!(concat!("../fixtures/models/", $name, ".tla")), &variables.values());
        variables
    }};
}

fn assert_is_end(name: &str, text: &str, end: &[Value]) {
    let mut config = Config::new();
    config.include(fixtures("models/modules"));
    let constants = fixtures("models").join(name).with_extension("cfg");
    if constants.is_file() {
        config.configuration(constants);
    }
    let explored = config.explore(text, &HashMap::new(), 100_000).expect("the model can be explored");
    assert!(explored.ends.contains(end), "{end:?} is not an end of the model, those are {:?}", explored.ends);
}

#[tokio::test]
async fn a_variable_assigned_twice_has_the_last_value() {
    // Each adds 2 * 2.
    assert_eq!(run!(assign_twice, "assign_twice").out.load(), 8);
}

#[tokio::test]
async fn branches_meet_before_a_later_assignment() {
    let out = run!(merge_if, "merge_if").out.load();
    assert!(matches!(out.at(1), Ok(Value::Int(3..=13))), "{out:?}");
}

#[tokio::test]
async fn a_blocked_branch_is_not_taken() {
    assert_eq!(run!(merge_either, "merge_either").out.load(), 2);
}

#[tokio::test]
async fn a_lossy_link_ends() {
    run!(read_yields, "read_yields");
}

#[tokio::test]
async fn simultaneous_assignments_read_first() {
    run!(simultaneous, "simultaneous");
}

#[tokio::test]
async fn macros_change_their_arguments() {
    let variables = run!(macros, "macros");
    assert_eq!(variables.cells.load().iter().map(|(_, v)| *v).collect::<Vec<_>>(), [3, 3]);
    assert_eq!(variables.log.load().len(), 8);
}

#[tokio::test]
async fn procedures_have_frames_of_their_own() {
    let variables = run!(procedures, "procedures");
    // 1 + 2 of the processes' own, 3 from each recursion; doubled: 2 * 1 + 1, then 2 * 3 + 1.
    assert_eq!((variables.plain.load(), variables.doubled.load()), (9, 7));
}

#[tokio::test]
async fn jumps_and_loops_end() {
    run!(jumps, "jumps");
}

#[tokio::test]
async fn plain_processes_share_globals() {
    let variables = run!(plain_process, "plain_process");
    assert_eq!(variables.done.load().len(), 2);
    assert_eq!(variables.shared.load(), 126);
}

#[tokio::test]
async fn two_views_of_one_variable_see_each_other() {
    assert!(!run!(two_views, "two_views").pile.load().is_empty());
}

#[tokio::test]
async fn statements_behind_jumps_are_reached() {
    run!(behind_jumps, "behind_jumps");
}

#[tokio::test]
async fn what_a_return_restores_need_not_be_assigned() {
    // Each adds 2 and, from the innermost call, 1.
    assert_eq!(run!(restored, "restored").g.load(), 6);
}

/// Models whose variables end as the interpreter says.
macro_rules! runs {
    ($($model:ident $name:literal),* $(,)?) => {$(
        #[tokio::test]
        async fn $model() {
            run!($model, $name);
        }
    )*};
}

runs!(
    community "community",
    expressions "expressions",
    first_choices "first_choices",
    fairness "fairness",
    fresh_refs "fresh_refs",
    global_operators "global_operators",
    idioms "idioms",
    instances "instances",
    instances_differ "instances_differ",
    labels_in_branches "labels_in_branches",
    lazy_values "lazy_values",
    let_instances "let_instances",
    let_operators "let_operators",
    local_refs "local_refs",
    long_choices "long_choices",
    long_section "long_section",
    macro_loop "macro_loop",
    macros_jump "macros_jump",
    mapping_forms "mapping_forms",
    narrowed "narrowed",
    nested_branches "nested_branches",
    nested_loops "nested_loops",
    no_value "no_value",
    operators "operators",
    optional "optional",
    overlaps "overlaps",
    own_names "own_names",
    plain_procedures "plain_procedures",
    print_order "print_order",
    program_counter "program_counter",
    records "records",
    recursion "recursion",
    replaced "replaced",
    strings "strings",
    tail_calls "tail_calls",
    two_indices "two_indices",
    uniprocess "uniprocess",
    widened "widened",
);
