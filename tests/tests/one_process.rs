//! Every model runs in one process for some seconds, in the environment that TLC checks it with: those of the
//! fixtures and the examples, and those of PGo, if `PGO_CHECKOUT` names a checkout of that project.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use mpcal_build::Config;
use mpcal_tests::fixture::Fixture;
use mpcal_tests::scratch::Scratch;
use mpcal_tests::{examples, fixtures, name, text};

/// How long what does not end by itself runs.
const SECONDS: u64 = 3;

/// Runs one model; its name is that of its module.
const RUN: &str = r#"
macro_rules! run {
    ($model:ident) => {{
        let model = async {
            let constants = std::sync::Arc::new($model::Constants::checked());
            let variables = $model::Variables::new(&constants).map_err(|e| e.to_string())?;
            let mut node = mpcal_runtime::Node::new();
            variables.spawn(&mut node, &constants).map_err(|e| e.to_string())?;
            match tokio::time::timeout(std::time::Duration::from_secs(SECONDS), node.join()).await {
                Err(_) => Ok("goes on"),
                Ok(Ok(_)) => Ok("has ended"),
                Ok(Err(e)) => Err(e.to_string()),
            }
        };
        let outcome: Result<&str, String> = model.await;
        let outcome = outcome.map_or_else(|e| format!("fails: {e}"), str::to_owned);
        println!("\n{RESULT}{}: {}", stringify!($model), outcome.replace('\n', " "));
    }};
}
"#;

/// What stands before the outcome of a model; models print, too.
const RESULT: &str = "=> ";

/// A model as Rust.
struct Program {
    name: String,
    rust: String,
}

/// Runs the models, all in one program; gives the outcome of each by its name.
#[track_caller]
fn run(name: &str, programs: &[Program]) -> Vec<(String, String)> {
    let scratch = Scratch::new(env!("CARGO_TARGET_TMPDIR"), name);
    let mut main = format!("const SECONDS: u64 = {SECONDS};\nconst RESULT: &str = {RESULT:?};\n{RUN}");
    let mut runs = String::new();
    for Program { name, rust } in programs {
        scratch.write(&format!("src/{name}.rs"), rust);
        let _ = writeln!(main, "mod {name};");
        let _ = writeln!(runs, "    all.push(tokio::spawn(async {{ run!({name}) }}));");
    }
    let _ = writeln!(
        main,
        "#[tokio::main]\nasync fn main() {{\n    let mut all = Vec::new();\n{runs}    \
         for one in all {{ one.await.expect(\"it runs\"); }}\n    std::process::exit(0);\n}}"
    );
    scratch.write("src/main.rs", &main);
    let built = scratch.cargo("build");
    assert!(built.status.success(), "{}", text(&built));
    let ran = Command::new(scratch.program()).output().expect("the program runs");
    let said = text(&ran);
    let results = said.lines().filter_map(|l| l.strip_prefix(RESULT)?.split_once(": "));
    let results: Vec<_> = results.map(|(name, outcome)| (name.to_owned(), outcome.to_owned())).collect();
    assert_eq!(results.len(), programs.len(), "not every model has an outcome:\n{said}");
    results
}

/// Compiles a model, if it has processes, with the constants of its configuration or else with those in `other`.
fn program(path: &Path, name: &str, other: &str) -> Option<Program> {
    let directory = path.parent().expect("a file is in a directory");
    let mut config = Config::new();
    config.include(fixtures("models/modules"));
    let rust = config.compile_file(path).ok()?.rust;
    if !rust.contains("pub struct Variables") {
        return None;
    }
    if rust.contains("pub fn checked()") {
        return Some(Program { name: name.to_owned(), rust });
    }
    let temporary = tempfile::tempdir().expect("a directory can be made");
    let (model, constants) = (temporary.path().join("model.tla"), temporary.path().join("model.cfg"));
    let text = fs::read_to_string(path).expect("it was read before");
    let text = OPERATORS.iter().fold(text, |text, (from, to)| text.replace(from, to));
    fs::write(&model, text).expect("a file can be written");
    fs::write(&constants, other).expect("a file can be written");
    let rust = config.include(directory).compile_file(&model).expect("it compiles as before").rust;
    assert!(rust.contains("pub fn checked()"), "some constant of {name} has no value, see `constants` of fixtures");
    Some(Program { name: name.to_owned(), rust })
}

#[test]
fn the_models_of_the_tests_run_in_one_process() {
    let mut programs: Vec<Program> = examples().iter().filter_map(|path| program(path, name(path), "")).collect();
    for fixture in ["models", "compile"].into_iter().flat_map(Fixture::all) {
        let constants = fixture.expected("constants").map_or(String::new(), |values| format!("CONSTANTS {values}"));
        programs.extend(program(&fixture.path, &fixture.name, &constants));
    }
    assert!(programs.len() > 40, "only {} models were found", programs.len());
    let outcomes = run("one_process", &programs);
    let failures: Vec<_> = outcomes.iter().filter(|(_, outcome)| outcome.starts_with("fails")).collect();
    assert!(failures.is_empty(), "{failures:#?}");
}

/// What PGo's models are run with where no configuration lies beside them.
const CONFIGURATION: &str = r#"
CONSTANTS
    NUM_NODES = 3  NumNodes = 3  NUM_SERVERS = 2  NumServers = 3  NUM_CLIENTS = 2  NumClients = 2
    NUM_REPLICAS = 2  NUM_PUT_CLIENTS = 1  NUM_GET_CLIENTS = 1  NUM_CONSUMERS = 2  NUM_OPS = 2  NODE_IDS = {1, 2}
    BENCH_NUM_ROUNDS = 2  BenchNumRounds = 2  ElemSet = {0, 1, 2, 3, 4, 5}  PRODUCER = 0  AllStrings = {"s1", "s2"}
    BUFFER_SIZE = 3  BufferSize = 3  LoadBalancerId = 0  GET_PAGE = 200  WEB_PAGE = "page"
    EXPLORE_FAIL = FALSE  ExploreFail = FALSE  Debug = FALSE  CLIENT_RUN = TRUE
    GET_CLIENT_RUN = TRUE  PUT_CLIENT_RUN = TRUE
    READ_REQ = 1  WRITE_REQ = 2  ABORT_REQ = 3  PRECOMMIT_REQ = 4  COMMIT_REQ = 5
    READ_ACK = 6  WRITE_ACK = 7  ABORT_ACK = 8  PRECOMMIT_ACK = 9  COMMIT_ACK = 10  EMPTY_CELL = EMPTY_CELL
    DISCONNECT_MSG = 1  GET_MSG = 2  PUT_MSG = 3  NULL_MSG = 4  GET_RESPONSE = 5  PUT_RESPONSE = 6  NULL = 0
    GET_KEY = "a"  PUT_KEY = "b"  PUT_VALUE = "c"  KeySpace = {"a", "b"}
    Terms = 3  Slots = 3  N = 3  Nil = Nil
    MaxTerm = 3  MaxCommitIndex = 2  MaxNodeFail = 1  NumRequests = 3
    LogConcat = 2  LogPop = 1  LeaderTimeoutReset = TRUE
"#;

/// Operators that models declare as constants, defined: a declaration, and what takes its place.
const OPERATORS: &[(&str, &str)] = &[
    (
        "CONSTANTS ZERO_VALUE, COMBINE_FN(_, _), UPDATE_FN(_, _, _), VIEW_FN(_)",
        "ZERO_VALUE == 0 COMBINE_FN(a, b) == IF a > b THEN a ELSE b UPDATE_FN(n, s, v) == s + v VIEW_FN(s) == s",
    ),
    (", MakeName(_, _)", " MakeName(a, b) == <<a, b>>"),
    ("CONSTANT MK_HELLO(_,_)", "MK_HELLO(a, b) == <<a, b>>"),
];

/// Models of PGo that TLC cannot run to an end either, and why.
const STOP: &[(&str, &str)] = &[
    ("pgo_test_files_pcalgen_resourceaccessboundbywith", "adds to a variable that has no value"),
    ("pgo_test_files_pcalgen_mappingmacronestedwithexpansion", "adds to a variable that has no value"),
    ("pgo_test_files_pcalgen_bug_195_simple", "changes an element of a variable that has no value"),
    ("pgo_test_files_general_procedurespaghetti", "adds to a variable that has no value"),
];

/// The models below a directory, sorted.
fn models(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            models(&path, found);
        } else if path.extension().is_some_and(|e| e == "tla")
            && fs::read_to_string(&path).is_ok_and(|t| t.contains("--mpcal"))
        {
            found.push(path);
        }
    }
    found.sort();
}

#[test]
fn the_models_of_pgo_run_in_one_process() {
    let Some(checkout) = std::env::var_os("PGO_CHECKOUT").map(PathBuf::from) else {
        println!("the_models_of_pgo_run_in_one_process: skipped, PGO_CHECKOUT is not set");
        return;
    };
    let mut found = Vec::new();
    models(&checkout, &mut found);
    let mut programs: Vec<Program> = Vec::new();
    for path in &found {
        let inside = path.strip_prefix(&checkout).expect("it is in the checkout").with_extension("");
        let name = inside.display().to_string().replace(|c: char| !c.is_ascii_alphanumeric(), "_").to_lowercase();
        let Some(program) = program(path, &name, CONFIGURATION) else { continue };
        // Some models are there twice.
        if programs.iter().all(|p| p.rust != program.rust) {
            programs.push(program);
        }
    }
    let outcomes = run("one_process_pgo", &programs);
    outcomes.iter().for_each(|(name, outcome)| println!("{name}: {outcome}"));
    let expected = |name: &str| STOP.iter().any(|(model, _)| name == *model);
    let failures: Vec<_> =
        outcomes.iter().filter(|(name, outcome)| outcome.starts_with("fails") != expected(name)).collect();
    assert!(failures.is_empty(), "{failures:#?}");
}
