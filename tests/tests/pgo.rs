//! PGo's own models are accepted unchanged, and mean the same. `PGO_CHECKOUT` names a checkout of that project; nothing
//! of it is kept here.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use mpcal_tests::{distinct_states, text, Tools};

/// The checkout, or a line that says why not.
fn checkout(test: &str) -> Option<PathBuf> {
    let found = std::env::var_os("PGO_CHECKOUT").map(PathBuf::from);
    if found.is_none() {
        println!("{test}: skipped, PGO_CHECKOUT is not set");
    }
    found
}

/// Every module with a block below a directory.
fn models(directory: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(directory).into_iter().flatten().flatten().map(|e| e.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            models(&path, found);
        } else if path.extension().is_some_and(|e| e == "tla")
            && fs::read_to_string(&path).is_ok_and(|t| t.contains("--mpcal"))
        {
            found.push(path);
        }
    }
}

/// Where the models of the tests say that an error is due: the lines, and what it is called there. What is said behind
/// everything else of a line is said of the next one that has more than a comment; `+3` counts lines from there.
fn annotations(text: &str) -> Vec<(usize, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let is_code = |n: usize| {
        let line = lines[n].trim();
        !(line.is_empty() || line.starts_with("\\*") || line.starts_with("(*") && line.ends_with("*)"))
    };
    let mut found = Vec::new();
    for (n, line) in lines.iter().enumerate() {
        for at in line.match_indices(":: expectedError").map(|(at, _)| at) {
            let rest = &line[at + ":: expectedError".len()..];
            let (offset, rest) = rest.split_once(':').unwrap_or((rest, ""));
            let name: String = rest.trim_start().chars().take_while(|c| c.is_alphanumeric()).collect();
            let behind = rest.trim_start()[name.len()..].trim().trim_start_matches("*)").trim();
            let offset: Option<usize> = offset.trim_start_matches('+').parse().ok();
            let target = match offset {
                Some(offset) => n + offset,
                None if behind.is_empty() => (n + 1..lines.len()).find(|n| is_code(*n)).unwrap_or(n),
                None => n,
            };
            found.push((target + 1, name));
        }
    }
    found
}

/// What we decide otherwise than the annotations, and why.
const DEVIATIONS: &[(&str, &str)] = &[
    ("UnsupportedOps.tla", "`SetToBag` runs in Rust here"),
    ("AssignmentRules.tla", "a second assignment inside a macro is shown in the macro, not at its use"),
    (
        "AssignmentRulesNoMultipleWrites.tla",
        "a parameter and a variable of one name: SANY refuses what it would become",
    ),
    ("MappingMacroWithCallGoto.tla", "calls of procedures that do not exist are reported before missing labels"),
    ("RecursiveMacroRules.tla", "macros that use each other are one error, at the first of them"),
    (
        "bug_123.tla",
        "the name that is mapped is not an argument: reported once the wrong use of the parameter is mended",
    ),
    ("DontEatMyLabels.tla", "defines `SubSeq` beside that of Sequences: SANY refuses the module"),
    ("MPCalScopeBleed.tla", "a procedure and a process that mention each other's variables"),
];

/// A copy of a model's directory, so that nothing is written into the checkout.
fn copy(path: &Path) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory can be made");
    for entry in fs::read_dir(path.parent().unwrap_or(Path::new("."))).into_iter().flatten().flatten() {
        let kept = entry.path().extension().is_some_and(|e| e == "tla" || e == "cfg");
        if kept && entry.path().is_file() {
            fs::copy(entry.path(), directory.path().join(entry.file_name())).expect("a copy can be made");
        }
    }
    directory
}

fn name(path: &Path) -> &str {
    path.file_name().and_then(|n| n.to_str()).expect("a file has a name")
}

fn run(directory: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_mpcal")).args(arguments).current_dir(directory).output();
    let output = output.expect("the command runs");
    (output.status.success(), text(&output))
}

/// The lines of the model that a report shows.
fn lines_of(report: &str) -> BTreeSet<usize> {
    report.lines().filter_map(|l| l.split_once('|')?.0.trim().parse().ok()).collect()
}

/// Each model is accepted, or refused where its annotations say so.
#[test]
fn models_are_judged_as_annotated() {
    let Some(checkout) = checkout("models_are_judged_as_annotated") else { return };
    let mut paths = Vec::new();
    models(&checkout.join("pgo/test/files"), &mut paths);
    models(&checkout.join("systems"), &mut paths);
    assert!(paths.len() >= 80, "only {} models below {}", paths.len(), checkout.display());
    let (mut agreed, mut problems) = (0, String::new());
    for path in &paths {
        let model = fs::read_to_string(path).expect("a model can be read");
        let annotations = annotations(&model);
        let once = annotations.iter().any(|(_, name)| name == "MultipleAssignmentError");
        let directory = copy(path);
        // Some tests are of the translation to Go, for which no process is needed.
        let to_rust = path.parent().is_some_and(|p| p.ends_with("gogen"));
        let mut arguments = vec![if to_rust { "rust" } else { "pluscal" }, name(path)];
        if once {
            arguments.push("--no-multiple-writes");
        }
        let (accepted, mut report) = run(directory.path(), &arguments);
        if accepted {
            let (_, check) = run(directory.path(), &["check", name(path)]);
            report.push_str(&check);
        }
        let found = lines_of(&report);
        // A marker that is missing has no line.
        let shown = |(line, what): &&(usize, String)| {
            found.contains(line) || what == "PCalTagsError" && report.contains("error[markers]")
        };
        let missed: Vec<_> = annotations.iter().filter(|a| !shown(a)).collect();
        let fits = if annotations.is_empty() { accepted } else { missed.is_empty() };
        let argued = DEVIATIONS.iter().find(|(file, _)| *file == name(path));
        match argued {
            _ if fits => agreed += 1,
            Some((_, why)) => println!("{}: {why}", name(path)),
            None => problems.push_str(&format!("{}: annotations {missed:?}\n{report}\n", path.display())),
        }
    }
    println!("{agreed} of {} models as annotated", paths.len());
    assert!(problems.is_empty(), "{problems}");
}

/// The systems, with the level to which both translations are explored where the whole is too large, and what they are
/// known to have.
const COUNTED: &[(&str, Option<u32>)] = &[
    ("locksvc/locksvc", None),
    ("dqueue/dqueue", None),
    ("raftres/kv/kv", None),
    ("pbkvs/pbkvs", Some(14)),
    ("raftkvs/raftkvs", Some(9)),
];

/// Our translation of each system has as many states as that of PGo in the same file.
#[test]
fn systems_have_the_states_of_the_published_translation() {
    let Some(checkout) = checkout("systems_have_the_states_of_the_published_translation") else { return };
    let Some(tools) = Tools::find("systems_have_the_states_of_the_published_translation") else { return };
    for (system, level) in COUNTED {
        let path = checkout.join("systems").join(format!("{system}.tla"));
        let module = path.file_stem().and_then(|s| s.to_str()).expect("a file has a name").to_owned();
        let (published, ours) = (copy(&path), copy(&path));
        let (done, report) = run(ours.path(), &["pluscal", name(&path)]);
        assert!(done, "{system}: {report}");
        tools.translate(ours.path(), name(&path));
        let counts = [published.path(), ours.path()].map(|directory| {
            let configuration = fs::read_to_string(directory.join(format!("{module}.cfg"))).unwrap_or_default();
            let mut configuration: String =
                configuration.lines().filter(|l| !l.contains("CHECK_DEADLOCK")).map(|l| format!("{l}\n")).collect();
            let bound = level.map_or("TRUE".to_owned(), |level| format!("TLCGet(\"level\") < {level}"));
            let root = format!("---- MODULE Bounded ----\nEXTENDS {module}, TLC\nBound == {bound}\n====\n");
            configuration.push_str("CONSTRAINT Bound\n");
            fs::write(directory.join("Bounded.tla"), root).expect("a file can be written");
            fs::write(directory.join("Bounded.cfg"), configuration).expect("a file can be written");
            let said = tools.check(directory, "Bounded.tla", "Bounded.cfg");
            assert!(said.contains("No error has been found"), "{system}: {said}");
            distinct_states(&said)
        });
        println!("{system}: {:?} states, published {:?}, level {level:?}", counts[1], counts[0]);
        assert!(counts[0].is_some() && counts[0] == counts[1], "{system}: {counts:?}");
    }
}

/// Variables of systems that hold values of different kinds, as PGo's Go does, and what kinds.
const UNTYPED: &[(&str, &str, &str)] = &[
    ("load_balancer", "`out`", "the number 0, then a record"),
    ("locksvc", "`network`", "records and a number"),
    ("locksvc_tcp", "`network`", "records and a number"),
    ("proxy", "`output`", "a sequence, then a record"),
    ("replicated_kv", "`val`", "a record of itself"),
];

/// Every system becomes Rust, and the only warnings are those of values of different kinds in one place.
#[test]
fn systems_become_rust() {
    let Some(checkout) = checkout("systems_become_rust") else { return };
    let mut paths = Vec::new();
    models(&checkout.join("systems"), &mut paths);
    let mut problems = String::new();
    for path in &paths {
        let directory = copy(path);
        let (done, report) = run(directory.path(), &["rust", name(path), "-o", "out.rs"]);
        let is_known = |line: &str| {
            let stem = name(path).trim_end_matches(".tla");
            UNTYPED.iter().any(|(s, v, _)| *s == stem && line.starts_with("warning[untyped]") && line.contains(v))
        };
        let others = report.lines().filter(|l| l.starts_with("warning") && !is_known(l)).count();
        if !done || others > 0 {
            problems.push_str(&format!("{}:\n{report}\n", path.display()));
        }
    }
    println!("{} systems", paths.len());
    assert!(problems.is_empty(), "{problems}");
}
