//! Compiles the models of the fixtures and some random ones, so that tests can run them.

#[allow(dead_code, reason = "tests ask for more")]
#[path = "src/fixture.rs"]
mod fixture;
#[path = "src/generate.rs"]
mod generate;
#[allow(dead_code, reason = "tests ask for more")]
#[path = "src/plain.rs"]
mod plain;

use std::fmt::Write;
use std::fs;
use std::path::Path;

use fixture::{Fate, Fixture};

/// How many random models are compiled, twice: with the types that are inferred, and with none.
const RANDOM: u64 = 16;

/// How many random algorithms in plain PlusCal.
const PLAIN: u64 = 16;

fn main() {
    let [models, larger] = ["models", "compile"].map(|folder| {
        println!("cargo::rerun-if-changed=fixtures/{folder}");
        Fixture::all(folder)
    });
    models.iter().chain(&larger).for_each(compile_fixture);
    write("models.rs", &models.iter().map(run_fixture).collect::<String>());
    let modules = larger.iter().map(|Fixture { name, .. }| module(name));
    write("larger_models.rs", &modules.collect::<String>());
    examples();
    liveness();
    measured();
    random();
}

/// Compiles the examples whose states a test counts.
fn examples() {
    let compile = |name: &&str| {
        let path = format!("../examples/{name}/{name}.tla");
        println!("cargo::rerun-if-changed={path}");
        let compiled = mpcal_build::Config::new().compile_file(path).unwrap();
        write(&format!("{name}.rs"), &compiled.rust);
        module(name)
    };
    write("examples.rs", &["dqueue", "locksvc", "proxy"].iter().map(compile).collect::<String>());
}

/// Compiles the models whose fairness a test looks at.
fn liveness() {
    println!("cargo::rerun-if-changed=fixtures/liveness");
    let compiled = mpcal_build::Config::new().compile_file("fixtures/liveness/turns.tla").unwrap();
    write("turns.rs", &compiled.rust);
    write("liveness.rs", &module("turns"));
}

/// Compiles models that the checker is measured with, those of a checkout included, if there is one.
fn measured() {
    println!("cargo::rerun-if-changed=fixtures/checked");
    println!("cargo::rerun-if-env-changed=PGO_CHECKOUT");
    let compiled = mpcal_build::Config::new().compile_file("fixtures/checked/commit.tla").unwrap();
    write("commit_model.rs", &compiled.rust);
    write("commit.rs", "mod commit {\n    mpcal_runtime::include_model!(\"commit_model\");\n}\n");
    let (mut modules, mut cases) = (String::new(), String::new());
    if let Some(checkout) = std::env::var_os("PGO_CHECKOUT") {
        for name in ["raftkvs", "pbkvs"] {
            let path = Path::new(&checkout).join(format!("systems/{name}/{name}.tla"));
            write(&format!("{name}.rs"), &mpcal_build::Config::new().compile_file(&path).unwrap().rust);
            modules.push_str(&module(name));
            let explore = format!("explore::<{name}::Variables>({name}::Constants::checked())");
            let _ =
                writeln!(cases, "        in_checkout(\"pgo-{name}\", {:?}, {explore}),", path.display().to_string());
        }
    }
    write("checkout.rs", &format!("{modules}fn checkout() -> Vec<Case> {{\n    vec![\n{cases}    ]\n}}\n"));
}

/// Compiles a model of the fixtures, with the types that are inferred and with none.
fn compile_fixture(Fixture { name, path, .. }: &Fixture) {
    let mut config = mpcal_build::Config::new();
    config.include("fixtures/models/modules");
    if name == "macros" {
        // As in a user's build script; the test of the command compares the two.
        config.compile(path).unwrap();
    } else {
        // What has no type is not news here, so no warnings are shown.
        write(&format!("{name}.rs"), &config.compile_file(path).unwrap().rust);
    }
    let untyped = config.untyped(true).compile_file(path).unwrap();
    write(&format!("{name}_untyped.rs"), &untyped.rust);
}

/// A test that runs a model of the fixtures, if it ends.
fn run_fixture(fixture: &Fixture) -> String {
    let name = &fixture.name;
    let body = match fixture.fate() {
        Some(Fate::MayNotEnd) => return String::new(),
        Some(Fate::Ends(None)) => format!("run!({name}, {name:?});"),
        Some(Fate::Ends(Some(condition))) => {
            format!(
                "let variables = run!({name}, {name:?});\n    assert!({condition}, \"{{:?}}\", variables.values());"
            )
        }
        None => format!("panic!(\"{{}}\", {:?});", fixture.forgotten("rust")),
    };
    format!("#[tokio::test]\nasync fn {name}() {{\n    {body}\n}}\n")
}

/// A module for a compiled model.
fn module(name: &str) -> String {
    format!("mod {name} {{\n    mpcal_runtime::include_model!({name:?});\n}}\n")
}

/// Writes the random models, and `random_models.rs`, which has a line for each.
fn random() {
    println!("cargo::rerun-if-changed=src/generate.rs");
    println!("cargo::rerun-if-changed=src/plain.rs");
    let (mut modules, mut calls) = (String::new(), String::new());
    // The seventh has few states and too many paths to explore them in a test.
    for seed in (1..=RANDOM).filter(|n| *n != 7).map(|n| generate::LIVE + n) {
        let text = format!("&generate::model(\"random\", {seed})");
        for (untyped, kind) in [(false, ""), (true, "_untyped")] {
            let name = format!("random{}{kind}", seed - generate::LIVE);
            compile(&name, &generate::model(&name, seed), untyped, &text, (&mut modules, &mut calls));
        }
    }
    for seed in 1..=PLAIN {
        let text = format!("&Plain::new(\"plain\", {seed}, true).as_block(\"plain\")");
        for (untyped, kind) in [(false, ""), (true, "_untyped")] {
            let name = format!("plain{seed}{kind}");
            let block = plain::Plain::new(&name, seed, true).as_block(&name);
            compile(&name, &block, untyped, &text, (&mut modules, &mut calls));
        }
    }
    let all = format!("{modules}\nasync fn run_all() -> usize {{\n    let mut ran = 0;\n{calls}    ran\n}}\n");
    write("random_models.rs", &all);
}

/// Compiles a random model and adds its module and a line that runs it; `text` is an expression for the model.
fn compile(name: &str, model: &str, untyped: bool, text: &str, (modules, calls): (&mut String, &mut String)) {
    let compiled = mpcal_build::Config::new().untyped(untyped).compile_text(name, model, None);
    let compiled = compiled.unwrap_or_else(|e| panic!("{name}: {e}\n{model}"));
    write(&format!("{name}.rs"), &compiled.rust);
    modules.push_str(&module(name));
    let _ = writeln!(calls, "    ran += usize::from(run!({name}, {text}));");
}

/// Writes a file for the tests to include.
fn write(name: &str, text: &str) {
    let directory = std::env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&directory).join(name), text).expect("a file can be written");
}
