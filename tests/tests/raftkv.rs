//! The replicated store under TLC: it holds with each of its features, and each way to get Raft wrong is found.
//!
//! Skipped where `TLA2TOOLS_JAR` or Java is missing.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use mpcal_tests::{distinct_states, files, name, root, Tools};

/// A line of the model that is easy to get wrong.
struct Fault {
    /// What the line does wrong.
    says: &'static str,
    /// The configuration in which that matters.
    config: &'static str,
    /// What is otherwise there.
    constants: &'static [(&'static str, &'static str)],
    text: &'static str,
    replacement: &'static str,
    violates: &'static str,
}

const FAULTS: &[Fault] = &[
    Fault {
        says: "half of the members are a quorum",
        config: "raftkv",
        constants: &[("NumServers", "4"), ("Crashes", "0")],
        text: "2 * Cardinality(servers \\cap members) > Cardinality(members)",
        replacement: "2 * Cardinality(servers \\cap members) >= Cardinality(members)",
        violates: "NothingCanBeUndone",
    },
    Fault {
        says: "a vote does not survive a crash",
        config: "raftkv",
        constants: &[],
        text: "await crash;",
        replacement: "await crash; vote := Nobody;",
        violates: "ElectionSafety",
    },
    Fault {
        says: "an entry of an old term is committed by counting",
        config: "old-terms",
        constants: &[],
        text: "index > commit /\\ TermAt(snapshot, all, index) = term",
        replacement: "index > commit",
        violates: "NothingCanBeUndone",
    },
    Fault {
        says: "a leader answers before it has written to its disk",
        config: "raftkv",
        constants: &[],
        text: "[match EXCEPT ![self] = Last(snapshot, log)]",
        replacement: "[match EXCEPT ![self] = Last(snapshot, all)]",
        violates: "NothingCanBeUndone",
    },
    Fault {
        says: "a leader reads without asking whether it still leads",
        config: "reads",
        constants: &[],
        text: ">= read.round",
        replacement: ">= 0",
        violates: "Linearizable",
    },
    Fault {
        says: "a session forgets that a command was carried out",
        config: "sessions",
        constants: &[],
        text: "sessions[request.client].number >= request.number",
        replacement: "sessions[request.client].number > request.number",
        violates: "Linearizable",
    },
    Fault {
        says: "what was granted to an inquiry counts as a vote",
        config: "pre-vote",
        constants: &[],
        text: "m.granted /\\ m.term = term /\\ m.ballot = ballot",
        replacement: "m.granted /\\ m.ballot = ballot",
        violates: "ElectionSafety",
    },
];

fn example() -> PathBuf {
    root().join("examples/raftkv")
}

/// What TLC says of the model, changed, with the constants of a configuration, changed.
fn check(tools: &Tools, config: &str, constants: &[(&str, &str)], change: impl Fn(&str) -> String) -> String {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let model = fs::read_to_string(example().join("raftkv.tla")).expect("the model can be read");
    let settings = fs::read_to_string(example().join(format!("{config}.cfg"))).expect("the configuration can be read");
    let change_setting = |line: &str| {
        let changed = constants.iter().find(|(name, _)| line.trim().starts_with(&format!("{name} =")));
        changed.map_or_else(|| line.to_owned(), |(name, value)| format!("  {name} = {value}")) + "\n"
    };
    fs::write(directory.path().join("raftkv.tla"), change(&model)).expect("a file can be written");
    fs::write(directory.path().join("run.cfg"), settings.lines().map(change_setting).collect::<String>())
        .expect("a file can be written");
    let mut translate = Command::new(env!("CARGO_BIN_EXE_mpcal"));
    let translated = translate.args(["pluscal", "raftkv.tla"]).current_dir(directory.path()).output();
    let translated = translated.expect("the command runs");
    assert!(translated.status.success(), "{}", mpcal_tests::text(&translated));
    tools.translate(directory.path(), "raftkv.tla");
    tools.check(directory.path(), "raftkv.tla", "run.cfg")
}

#[test]
fn the_store_holds_with_each_of_its_features() {
    let Some(tools) = Tools::find("the_store_holds_with_each_of_its_features") else { return };
    for config in files(&example(), "cfg") {
        let config = name(&config);
        // `raftkv.cfg` is checked with the other examples; `members` and `old-terms` take long.
        if matches!(config, "raftkv" | "members" | "old-terms") {
            continue;
        }
        let start = Instant::now();
        let said = check(&tools, config, &[], str::to_owned);
        println!("{config}: {:?} states in {:.0?}", distinct_states(&said), start.elapsed());
        assert!(said.contains("No error has been found"), "{config}: {said}");
    }
}

#[test]
fn each_way_to_get_raft_wrong_is_found() {
    let Some(tools) = Tools::find("each_way_to_get_raft_wrong_is_found") else { return };
    for fault in FAULTS {
        let start = Instant::now();
        let said = check(&tools, fault.config, fault.constants, |model| {
            let broken = model.replacen(fault.text, fault.replacement, 1);
            assert_ne!(model, broken, "{}: the fault no longer fits the model", fault.says);
            broken
        });
        println!("{}: {:.0?}", fault.says, start.elapsed());
        let wanted = format!("Invariant {} is violated", fault.violates);
        assert!(said.contains(&wanted), "{}: TLC did not find it\n{said}", fault.says);
    }
}
