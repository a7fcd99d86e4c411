//! The repository: one dependency, one door; no file too long; the README tells the truth.

use std::fs;
use std::path::{Path, PathBuf};

use mpcal_tests::{files, root};

/// Rust files below a directory.
fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found
}

/// The path below the root, with `/`.
fn name(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string().replace('\\', "/")
}

#[test]
fn each_dependency_has_one_door() {
    let doors: &[(&str, &[&str])] = &[
        ("nom::", &["mpcal-compiler/src/syntax/"]),
        ("annotate_snippets", &["mpcal-compiler/src/render.rs"]),
        ("quote::", &["mpcal-compiler/src/rust.rs", "mpcal-compiler/src/rust/"]),
        ("prettyplease::", &["mpcal-compiler/src/rust.rs"]),
        ("clap::", &["mpcal-build/src/cli.rs", "mpcal-build/src/cli/"]),
        ("postcard::", &["mpcal-runtime/src/encoding.rs"]),
        ("crc32fast::", &["mpcal-runtime/src/wal/record.rs"]),
        ("imbl::", &["mpcal-values/src/"]),
        ("getrandom::", &["mpcal-runtime/src/host/os.rs"]),
        ("metrics::", &["mpcal-runtime/src/measure.rs"]),
        ("hmac::", &["mpcal-runtime/src/resource/secret.rs"]),
        ("rustls::", &["mpcal-runtime/src/resource/mailbox/tls.rs"]),
        ("foca::", &["mpcal-runtime/src/resource/failure_detector/swim.rs"]),
        ("toml::", &["mpcal-runtime/src/node/config.rs"]),
        ("boxcar::", &["mpcal-check/src/interner.rs"]),
        ("xxhash_rust::", &["mpcal-check/src/key.rs", "mpcal-check/src/simulation/trace.rs"]),
        ("fastrand::", &["mpcal-check/src/simulation.rs", "mpcal-check/src/simulation/", "mpcal-check/src/walks.rs"]),
    ];
    for krate in ["mpcal-build/src", "mpcal-check/src", "mpcal-compiler/src", "mpcal-runtime/src", "mpcal-values/src"] {
        for path in rust_files(&root().join(krate)) {
            let (name, text) = (name(&path), fs::read_to_string(&path).unwrap());
            for (dependency, allowed) in doors.iter().filter(|(_, a)| a[0].starts_with(krate)) {
                let through = allowed.iter().any(|a| name.starts_with(a));
                assert!(
                    through || !text.contains(dependency),
                    "{name} uses {dependency}, which goes through {allowed:?}"
                );
            }
        }
    }
}

#[test]
fn files_are_short_and_say_what_they_are() {
    for krate in [
        "mpcal-build",
        "mpcal-check",
        "mpcal-compiler",
        "mpcal-macros",
        "mpcal-runtime",
        "mpcal-values",
        "examples",
        "xtask",
        "tests/src",
        "tests/tests",
    ] {
        for path in rust_files(&root().join(krate)) {
            let (name, text) = (name(&path), fs::read_to_string(&path).unwrap());
            assert!(text.starts_with("//!"), "{name} does not say what it does");
            assert!(text.lines().count() <= 620, "{name} is longer than 620 lines");
        }
    }
}

#[test]
fn each_test_is_in_the_list() {
    let readme = fs::read_to_string(root().join("tests/README.md")).unwrap();
    let listed: String = readme.lines().filter_map(|line| line.strip_prefix("| `")?.split(" |").next()).collect();
    for path in rust_files(&root().join("tests/tests")) {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        assert!(listed.contains(&format!("{name}`")), "tests/README.md does not list `{name}`");
    }
}

/// The code blocks of the README after a language mark.
fn blocks(language: &str) -> Vec<String> {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let start = format!("```{language}\n");
    readme.split(&start).skip(1).filter_map(|rest| rest.split("\n```").next().map(str::to_owned)).collect()
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_model_in_the_readme_becomes_the_rust_beside_it() {
    let model = fs::read_to_string(root().join("mpcal-build/src/cli/init/counter.tla")).unwrap();
    let compiled = mpcal_build::Config::new().compile_text("counter.tla", &model, None).unwrap();
    let (tla, rust) = (blocks("tla"), blocks("rust"));
    assert!(!tla.is_empty() && !rust.is_empty());
    for block in tla {
        assert!(squeezed(&model).contains(&squeezed(&block)), "not in the model:\n{block}");
    }
    for block in rust {
        assert!(squeezed(&compiled.rust).contains(&squeezed(&block)), "not in the Rust:\n{block}");
    }
}

/// A user judges the project by the generated file.
#[test]
fn the_lock_service_becomes_at_most_400_lines() {
    let text = fs::read_to_string(root().join("tests/snapshots/locksvc.rs")).unwrap();
    assert!(text.lines().count() <= 400, "it has {} lines", text.lines().count());
}

/// What is blessed on one machine is right on another.
#[test]
fn blessed_files_name_no_place_on_a_machine() {
    let tests = root().join("tests");
    let blessed = [("ui", "stderr"), ("fixtures/errors", "txt"), ("snapshots", "rs")];
    for path in blessed.iter().flat_map(|(folder, ending)| files(&tests.join(folder), ending)) {
        let text = fs::read_to_string(&path).unwrap();
        let is_place = |word: &&str| word.starts_with('/') && word.matches('/').count() > 2 && !word.starts_with("//");
        let place = text.split_whitespace().filter(is_place).find(|word| !word.starts_with("/no/such/"));
        assert!(place.is_none(), "{} names {}", name(&path), place.unwrap_or_default());
    }
}
