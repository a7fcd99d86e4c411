//! What TLC says of our translations. Skipped where `TLA2TOOLS_JAR` or Java is missing.

use std::fs;
use std::path::Path;
use std::process::Command;

use mpcal_tests::{distinct_states, files, fixtures, root, Tools};

fn translate(directory: &Path, file: &str) {
    let output = Command::new(env!("CARGO_BIN_EXE_mpcal")).args(["pluscal", file]).current_dir(directory).output();
    let output = output.expect("the command runs");
    assert!(output.status.success(), "{file}: {}", mpcal_tests::text(&output));
}

/// Translates a module twice over and runs TLC.
fn run(tools: &Tools, directory: &Path, name: &str, config: &str) -> String {
    let file = format!("{name}.tla");
    if !name.ends_with("_twin") {
        translate(directory, &file);
    }
    tools.translate(directory, &file);
    tools.parse(directory, &file);
    tools.check(directory, &file, config)
}

/// Each model reaches as many states as its twin in plain PlusCal, written by hand.
#[test]
fn models_reach_the_states_of_their_twins() {
    let Some(tools) = Tools::find("models_reach_the_states_of_their_twins") else { return };
    let directory = tempfile::tempdir().expect("a directory can be made");
    let models = files(&fixtures("models"), "tla");
    assert!(!models.is_empty());
    for path in models.iter().chain(&files(&fixtures("models/modules"), "tla")) {
        fs::copy(path, directory.path().join(path.file_name().expect("a file has a name")))
            .expect("a copy can be made");
    }
    fs::write(directory.path().join("all.cfg"), "SPECIFICATION Spec\nCONSTANT defaultInitValue = defaultInitValue\n")
        .expect("a file can be written");
    for path in models {
        let name = path.file_stem().and_then(|s| s.to_str()).expect("a file has a name").to_owned();
        if name.ends_with("_twin") {
            continue;
        }
        let ours = run(&tools, directory.path(), &name, "all.cfg");
        let theirs = run(&tools, directory.path(), &format!("{name}_twin"), "all.cfg");
        let (a, b) = (distinct_states(&ours), distinct_states(&theirs));
        println!("{name}: {a:?} states, twin {b:?}");
        assert!(a.is_some() && a == b, "{name}: {a:?} is not {b:?}\n{ours}\n{theirs}");
        let verdict = |said: &str| said.contains("No error has been found");
        assert!(verdict(&ours) && verdict(&theirs), "{name}:\n{ours}\n{theirs}");
    }
}

/// Larger models, too large to check here, are at least accepted.
#[test]
fn larger_models_are_accepted() {
    let Some(tools) = Tools::find("larger_models_are_accepted") else { return };
    for path in files(&fixtures("compile"), "tla") {
        let directory = tempfile::tempdir().expect("a directory can be made");
        let file = path.file_name().and_then(|n| n.to_str()).expect("a file has a name");
        fs::copy(&path, directory.path().join(file)).expect("a copy can be made");
        translate(directory.path(), file);
        tools.translate(directory.path(), file);
        tools.parse(directory.path(), file);
    }
}

/// A change to a model that TLC must object to.
struct Fault {
    example: &'static str,
    text: &'static str,
    replacement: &'static str,
    violates: &'static str,
}

const FAULTS: &[Fault] = &[
    Fault {
        example: "locksvc",
        // The server grants without looking whether somebody holds the lock.
        text: "if (waiting = <<>>) {",
        replacement: "if (TRUE) {",
        violates: "MutualExclusion",
    },
    Fault {
        example: "dqueue",
        // The producer hands out the same item again.
        text: "next := next + 1;",
        replacement: "if (next > 2) { next := next + 1; } else { either { next := next + 1; } or { skip; }; };",
        violates: "EachItemOnce",
    },
    Fault {
        example: "proxy",
        // The relay takes a late answer for that of the present request.
        text: "if (message.by = backend /\\ message.to = request.from /\\ message.id = request.id) {",
        replacement: "if (message.by = backend \\/ TRUE) {",
        violates: "AnswersMatch",
    },
];

/// Our translation of each example satisfies its properties, and is the one in the repository; a
/// broken variant is found out.
#[test]
fn examples_hold_and_their_faults_are_found() {
    for fault in FAULTS {
        let file = format!("{}.tla", fault.example);
        let source = root().join("examples").join(fault.example);
        let fresh =
            Command::new(env!("CARGO_BIN_EXE_mpcal")).args(["pluscal", "--check", &file]).current_dir(&source).output();
        let fresh = fresh.expect("the command runs");
        assert!(fresh.status.success(), "{file} is stale: {}", mpcal_tests::text(&fresh));
    }
    let Some(tools) = Tools::find("examples_hold_and_their_faults_are_found") else { return };
    for fault in FAULTS {
        let file = format!("{}.tla", fault.example);
        let config = format!("{}.cfg", fault.example);
        let source = root().join("examples").join(fault.example);
        let text = fs::read_to_string(source.join(&file)).expect("the model can be read");
        let broken = text.replacen(fault.text, fault.replacement, 1);
        assert_ne!(text, broken, "{file}: the fault no longer fits the model");
        for (text, fine) in [(&text, true), (&broken, false)] {
            let directory = tempfile::tempdir().expect("a directory can be made");
            fs::write(directory.path().join(&file), text).expect("a file can be written");
            let mut settings = fs::read_to_string(source.join(&config)).expect("the configuration can be read");
            if fault.example == "proxy" && !fine {
                // A second request is needed for an answer to be late.
                settings = settings.replace("Rounds = 1", "Rounds = 2");
            }
            fs::write(directory.path().join(&config), settings).expect("a file can be written");
            let said = run(&tools, directory.path(), fault.example, &config);
            if fine {
                println!("{}: {:?} states", fault.example, distinct_states(&said));
                assert!(said.contains("No error has been found"), "{file}: {said}");
            } else {
                let wanted = format!("Invariant {} is violated", fault.violates);
                assert!(said.contains(&wanted), "{file}: TLC did not find the fault\n{said}");
            }
        }
    }
}
