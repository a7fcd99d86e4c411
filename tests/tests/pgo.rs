//! PGo's own models are accepted unchanged. `PGO_CHECKOUT` names a checkout of that project.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use mpcal_tests::{distinct_states, text, Tools};

const SYSTEMS: &[&str] = &[
    "hello",
    "locksvc",
    "dqueue",
    "proxy",
    "load_balancer",
    "gcounter",
    "shcounter",
    "shopcart",
    "pbkvs",
    "raftkvs",
    "raft",
    "kv",
    "NestedCRDTImpl",
];

/// The largest file of that name with an MPCal block.
fn find(directory: &Path, name: &str) -> Option<PathBuf> {
    let mut found: Vec<(u64, PathBuf)> = Vec::new();
    let mut todo = vec![directory.to_path_buf()];
    while let Some(directory) = todo.pop() {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                todo.push(path);
            } else if path.file_name().is_some_and(|n| n == format!("{name}.tla").as_str())
                && fs::read_to_string(&path).is_ok_and(|t| t.contains("--mpcal"))
            {
                found.push((entry.metadata().map_or(0, |m| m.len()), path));
            }
        }
    }
    found.into_iter().max().map(|(_, path)| path)
}

#[test]
fn models_of_pgo_are_accepted_unchanged() {
    let Some(checkout) = std::env::var_os("PGO_CHECKOUT").map(PathBuf::from) else {
        println!("models_of_pgo_are_accepted_unchanged: skipped, PGO_CHECKOUT is not set");
        return;
    };
    let tools = Tools::find("models_of_pgo_are_accepted_unchanged");
    let mut failures = String::new();
    for system in SYSTEMS {
        let Some(path) = find(&checkout, system) else {
            failures.push_str(&format!("{system}: there is no such model\n"));
            continue;
        };
        let directory = tempfile::tempdir().unwrap();
        // Modules beside it, and its configuration.
        for entry in fs::read_dir(path.parent().unwrap()).into_iter().flatten().flatten() {
            if entry.path().is_file() {
                fs::copy(entry.path(), directory.path().join(entry.file_name())).unwrap();
            }
        }
        let file = format!("{system}.tla");
        let published = directory.path().join("published");
        fs::create_dir(&published).unwrap();
        fs::copy(&path, published.join(&file)).unwrap();
        for arguments in [&["check", &file][..], &["rust", &file, "-o", "out.rs"][..], &["pluscal", &file][..]] {
            let output = Command::new(env!("CARGO_BIN_EXE_mpcal"))
                .args(arguments)
                .current_dir(directory.path())
                .output()
                .unwrap();
            if !output.status.success() {
                failures.push_str(&format!("{system}: {arguments:?}\n{}\n", text(&output)));
            }
        }
        let Some(tools) = &tools else { continue };
        tools.translate(directory.path(), &file);
        tools.parse(directory.path(), &file);
        if ["locksvc", "dqueue"].contains(system) {
            let config = format!("{system}.cfg");
            fs::copy(directory.path().join(&config), published.join(&config)).unwrap();
            let ours = distinct_states(&tools.check(directory.path(), &file, &config));
            let theirs = distinct_states(&tools.check(&published, &file, &config));
            println!("{system}: {ours:?} states, PGo's translation {theirs:?}");
            if ours.is_none() || ours != theirs {
                failures.push_str(&format!("{system}: {ours:?} states, PGo's translation {theirs:?}\n"));
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
}
