//! Random models: TLC finds as many states of our translation as the interpreter of the normal form,
//! and the same verdict. `RANDOM_MODELS` says how many, `RANDOM_SEED` where to start.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mpcal_build::Config;
use mpcal_runtime::value::Value;
use mpcal_runtime::Node;
use mpcal_tests::plain::Plain;
use mpcal_tests::{distinct_states, generate, Tools};
use tokio::time::timeout;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

/// Models with more states are left to others.
const LIMIT: usize = 60_000;

#[test]
fn random_models_compile() {
    for seed in 1..=number("RANDOM_COMPILED", 40) {
        let model = generate::model("random", seed);
        let compiled = Config::new().compile_text("random.tla", &model, None);
        assert!(
            compiled.is_ok(),
            "seed {seed}: {}\n{model}",
            compiled.err().map(|e| e.to_string()).unwrap_or_default()
        );
    }
}

#[test]
fn random_models_have_the_states_that_tlc_finds() {
    let Some(tools) = Tools::find("random_models_have_the_states_that_tlc_finds") else { return };
    let directory = tempfile::tempdir().expect("a directory can be made");
    fs::write(directory.path().join("all.cfg"), "SPECIFICATION Spec\nCONSTANT defaultInitValue = defaultInitValue\n")
        .expect("a file can be written");
    let first = number("RANDOM_SEED", 1);
    let mut compared = 0;
    for seed in first..first + number("RANDOM_MODELS", 6) {
        let name = format!("random{seed}");
        let model = generate::model(&name, seed);
        let Ok(explored) = Config::new().explore(&model, &HashMap::new(), LIMIT) else {
            println!("seed {seed}: too many states");
            continue;
        };
        let file = format!("{name}.tla");
        fs::write(directory.path().join(&file), &model).expect("a file can be written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_mpcal"));
        let output = command.args(["pluscal", &file]).current_dir(directory.path()).output();
        let output = output.expect("the command runs");
        assert!(output.status.success(), "seed {seed}: {}\n{model}", mpcal_tests::text(&output));
        tools.translate(directory.path(), &file);
        let said = tools.check(directory.path(), &file, "all.cfg");
        println!("seed {seed}: {} states", explored.states);
        assert!(said.contains("No error has been found"), "seed {seed}: {said}\n{model}");
        let translated = fs::read_to_string(directory.path().join(&file)).unwrap_or_default();
        let region = translated.split("BEGIN PLUSCAL").nth(1).unwrap_or("").split("END PLUSCAL").next().unwrap_or("");
        assert_eq!(distinct_states(&said), Some(explored.states as u64), "seed {seed}:\n{model}\n{region}");
        compared += 1;
    }
    println!("{compared} models compared");
}

/// More states than this are not explored for a run.
const FEW: usize = 1_000;

/// The ends of a model that cannot get stuck and is not too large.
fn ends(model: &str) -> Option<BTreeSet<Vec<Value>>> {
    static KNOWN: Mutex<BTreeMap<String, Option<BTreeSet<Vec<Value>>>>> = Mutex::new(BTreeMap::new());
    let explore = || Config::new().explore(model, &HashMap::new(), FEW).ok();
    let found = || explore().filter(|e| e.stuck == 0 && !e.ends.is_empty()).map(|e| e.ends);
    KNOWN.lock().expect("nothing panics here").entry(model.to_owned()).or_insert_with(found).clone()
}

/// Runs a model as Rust, if it cannot get stuck; says whether it did.
macro_rules! run {
    ($model:ident, $text:expr) => {{
        let text: &str = $text;
        let ends = ends(text);
        if let Some(ends) = &ends {
            let constants = Arc::new($model::Constants {});
            let variables = $model::Variables::new(&constants).expect("the variables have initial values");
            let mut node = Node::new();
            variables.spawn(&mut node, &constants).expect("the processes start");
            let ended = timeout(Duration::from_secs(20), node.join()).await;
            let name = stringify!($model);
            ended
                .unwrap_or_else(|_| panic!("{name} does not end:\n{text}"))
                .unwrap_or_else(|e| panic!("{name}: {e}\n{text}"));
            let end = variables.values();
            assert!(ends.contains(&end), "{name}: {end:?} is not an end, those are {ends:?}\n{text}");
        }
        ends.is_some()
    }};
}

include!(concat!(env!("OUT_DIR"), "/random_models.rs"));

/// What runs as Rust ends as the interpreter says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_models_end_as_the_interpreter_says() {
    let ran = run_all().await;
    println!("{ran} models ran to their end");
    assert!(ran >= 20);
}
