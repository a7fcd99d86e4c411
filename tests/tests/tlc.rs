//! What TLC says of our translations. Skipped where `TLA2TOOLS_JAR` or Java is missing.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use mpcal_tests::fixture::Fixture;
use mpcal_tests::{distinct_states, examples, files, fixtures, name, root, Tools};

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

/// Lines of a model's block, laid out as its translation is, and of the translation. An archetype counts once per
/// instance, a procedure once for each of its copies, a mapping macro once.
fn sizes(path: &Path) -> (usize, usize) {
    let text = fs::read_to_string(path).expect("the model is there");
    let lines = |text: &str, from: &str, to: &str| {
        let inside = text.lines().skip_while(|l| !l.contains(from)).skip(1).take_while(|l| !l.contains(to));
        inside.filter(|l| !l.trim().is_empty() && !l.trim().starts_with("\\*")).map(str::to_owned).collect::<Vec<_>>()
    };
    let laid_out = mpcal_build::format("model.tla", &text).unwrap_or_else(|e| panic!("{e}"));
    let block = lines(&laid_out, "--mpcal", "BEGIN PLUSCAL");
    let translation = lines(&text, "--algorithm", "END PLUSCAL");
    let copies_of = |unit: &str| {
        if let Some(name) = unit.strip_prefix("archetype ").and_then(|r| r.split('(').next()) {
            return block.iter().filter(|l| l.contains(&format!("instance {name}("))).count();
        }
        let Some(name) = unit.strip_prefix("procedure ").and_then(|r| r.split('(').next()) else { return 1 };
        let is_copy = |l: &&String| {
            let rest = l.trim().strip_prefix("procedure ").and_then(|l| l.strip_prefix(name));
            rest.is_some_and(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with('('))
        };
        translation.iter().filter(is_copy).count()
    };
    let (mut count, mut copies) = (0, 1);
    for line in &block {
        if ["archetype ", "procedure "].iter().any(|unit| line.trim().starts_with(unit)) {
            copies = copies_of(line.trim()).max(1);
        }
        count += copies;
        if line == "  }" {
            copies = 1;
        }
    }
    (count, translation.len())
}

/// A module whose one label holds so many statements.
fn long_label(name: &str, statement: &dyn Fn(usize) -> String, count: usize) -> String {
    let body: String = (0..count).map(|n| format!("      {}\n", statement(n))).collect();
    format!(
        "---- MODULE {name} ----\nEXTENDS Naturals, Sequences, TLC\n(*\n--mpcal {name} {{\n  \
         archetype A(ref x, ref y) variables k = 0; {{\n    start:\n{body}    finish: assert k >= 0;\n  }}\n  \
         variables x = 0, y = 1;\n  process (p \\in 1..2) == instance A(ref x, ref y);\n}}\n\
         \\* BEGIN PLUSCAL TRANSLATION\n\\* END PLUSCAL TRANSLATION\n*)\n\
         \\* BEGIN TRANSLATION\n\\* END TRANSLATION\n====\n"
    )
}

/// A label of two hundred statements translates to twice what one of a hundred does, and the
/// translator and TLC take it.
#[test]
fn long_labels_stay_linear() {
    let statements: &[(&str, &dyn Fn(usize) -> String)] = &[
        ("ifs", &|n| format!("if (x % {} = 0) {{ x := x + 1; }} else {{ y := (y + x) % 7; }};", n + 2)),
        ("eithers", &|n| format!("either {{ x := (x + {n}) % 3; }} or {{ y := (y + 1) % 2; }};")),
        ("assigns", &|n| format!("x := (x + {n}) % 5; y := (y * x + k) % 11; k := x + y;")),
        ("withs", &|n| {
            format!("with (z \\in {{1, {}}}) {{ x := (x + z) % 4; await y <= 7; y := (y + z) % 3; }};", n % 3)
        }),
    ];
    let directory = tempfile::tempdir().expect("a directory can be made");
    let translated = |name: &str, statement: &dyn Fn(usize) -> String, count: usize| {
        let path = directory.path().join(format!("{name}.tla"));
        fs::write(&path, long_label(name, statement, count)).expect("a file can be written");
        translate(directory.path(), &format!("{name}.tla"));
        sizes(&path).1
    };
    let tools = Tools::find("long_labels_stay_linear");
    fs::write(directory.path().join("all.cfg"), "SPECIFICATION Spec\n").expect("a file can be written");
    for (name, statement) in statements {
        let mut times = Vec::new();
        let mut lines = Vec::new();
        for count in [100, 200] {
            lines.push(translated(name, statement, count));
            let Some(tools) = &tools else { continue };
            let start = Instant::now();
            tools.translate(directory.path(), &format!("{name}.tla"));
            let said = tools.check(directory.path(), &format!("{name}.tla"), "all.cfg");
            times.push(start.elapsed().as_secs_f32());
            assert!(said.contains("No error has been found"), "{name} of {count}: {said}");
        }
        println!("{name}: {lines:?} lines, {times:.1?} seconds for pcal.trans and TLC");
        assert!(lines[1] * 10 <= lines[0] * 22, "{name}: {lines:?}");
    }
}

/// Each model reaches as many states as its twin in plain PlusCal, written by hand.
#[test]
fn models_reach_the_states_of_their_twins() {
    let models = Fixture::all("models");
    for Fixture { name, path, .. } in &models {
        let twin = path.with_file_name(format!("{name}_twin.tla"));
        assert!(twin.is_file(), "beside {name}.tla, add {name}_twin.tla: the same in plain PlusCal, written by hand");
    }
    let Some(tools) = Tools::find("models_reach_the_states_of_their_twins") else { return };
    let directory = tempfile::tempdir().expect("a directory can be made");
    println!("model                MPCal PlusCal ratio states  seconds, ours and the twin's, all tools");
    let community = files(&root().join("mpcal-compiler/src/community"), "tla");
    for path in [files(&fixtures("models"), "tla"), files(&fixtures("models/modules"), "tla"), community].concat() {
        fs::copy(&path, directory.path().join(path.file_name().expect("a file has a name")))
            .expect("a copy can be made");
    }
    fs::write(directory.path().join("all.cfg"), "SPECIFICATION Spec\nCONSTANT defaultInitValue = defaultInitValue\n")
        .expect("a file can be written");
    for fixture in models {
        let name = &fixture.name;
        let config = if let Some(own) = fixture.configuration() {
            fs::copy(own, directory.path().join("own.cfg")).expect("a copy can be made");
            "own.cfg"
        } else {
            "all.cfg"
        };
        let twin = format!("{name}_twin");
        let start = Instant::now();
        let ours = run(&tools, directory.path(), name, config);
        let our_seconds = start.elapsed().as_secs_f32();
        let start = Instant::now();
        let theirs = run(&tools, directory.path(), &twin, config);
        let their_seconds = start.elapsed().as_secs_f32();
        let (a, b) = (distinct_states(&ours), distinct_states(&theirs));
        let (model, translation) = sizes(&directory.path().join(format!("{name}.tla")));
        let ratio = translation as f32 / model as f32;
        let states = a.unwrap_or(0);
        let long = fixture.expected("long").is_some();
        assert!(long || ratio <= 1.5, "{name}: {translation} lines of PlusCal for {model}, see `long` of fixtures");
        println!("{name:20} {model:4} {translation:4} {ratio:5.2} {states:7} {our_seconds:5.1} {their_seconds:5.1}");
        assert!(a.is_some() && a == b, "{name}: {a:?} is not {b:?}\n{ours}\n{theirs}");
        assert_eq!(a, Some(fixture.states() as u64), "{name}");
        let verdict = |said: &str| said.contains("No error has been found");
        assert!(verdict(&ours) && verdict(&theirs), "{name}:\n{ours}\n{theirs}");
    }
}

/// The translator does not give parameters their values back where a procedure ends in a call: the activation below
/// would go on with those of the one that has ended. The interpreter and the Rust know that of each activation.
#[test]
fn parameters_are_restored_behind_tail_calls() {
    const MODEL: &str = r"---- MODULE restores ----
EXTENDS Naturals, Sequences, TLC
(*
--mpcal restores {
  variables seen = <<>>;
  procedure Note(k) { note: seen := Append(seen, k); return; }
  procedure Down(n) {
    down: if (n > 0) { call Down(n - 1); };
    up: seen := Append(seen, 10 + n); call Note(n); return;
  }
  procedure Ping(n) { ping: if (n > 0) { call Pong(n - 1); return; }; stop: return; }
  procedure Pong(n) { pong: call Ping(n); return; }
  process (P = 1) { start: call Down(1); then: call Ping(2); done: assert seen = <<10, 0, 11, 1>>; }
}
\* BEGIN PLUSCAL TRANSLATION
\* END PLUSCAL TRANSLATION
*)
\* BEGIN TRANSLATION
\* END TRANSLATION
====
";
    let explored = mpcal_build::Config::new().explore(MODEL, &HashMap::new(), 100).expect("the assertion holds");
    assert_eq!((explored.ends.len(), explored.stuck), (1, 0));
    let directory = tempfile::tempdir().expect("a directory can be made");
    fs::write(directory.path().join("restores.tla"), MODEL).expect("a file can be written");
    translate(directory.path(), "restores.tla");
    let text = fs::read_to_string(directory.path().join("restores.tla")).expect("the model can be read");
    // The stack of what only calls itself in this way must not grow.
    assert_eq!((text.matches("back:").count(), text.matches("call Ping(n);\n      return;").count()), (1, 1), "{text}");
    let Some(tools) = Tools::find("parameters_are_restored_behind_tail_calls") else { return };
    fs::write(directory.path().join("all.cfg"), "SPECIFICATION Spec\nCONSTANT defaultInitValue = defaultInitValue\n")
        .expect("a file can be written");
    tools.translate(directory.path(), "restores.tla");
    let said = tools.check(directory.path(), "restores.tla", "all.cfg");
    assert!(said.contains("No error has been found"), "{said}");
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
    Fault {
        example: "transfers",
        // A branch forgets that it has taken a message.
        text: "          $variable[from] := Tail($variable[from]);",
        replacement: "          either { $variable[from] := Tail($variable[from]); } or { skip; };",
        violates: "MoneyIsKept",
    },
    Fault {
        example: "raftkv",
        // A server forgets whom it has voted for.
        text: "await crash;",
        replacement: "await crash; vote := Nobody;",
        violates: "ElectionSafety",
    },
];

/// Our translation of each example satisfies its properties, and is the one in the repository; a
/// broken variant is found out.
#[test]
fn examples_hold_and_their_faults_are_found() {
    for example in examples() {
        let name = name(&example);
        assert!(FAULTS.iter().any(|fault| fault.example == name), "add a fault of {name} that TLC must find to FAULTS");
    }
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
