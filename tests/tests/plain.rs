//! An oracle that is not ours: random algorithms in plain PlusCal, translated by `pcal.trans` alone and through us,
//! have the same states, compared one by one. `PLAIN_MODELS` says how many, `PLAIN_SEED` where to start, `PLAIN_KEEP`
//! names a directory for what differs. So have the algorithms in `fixtures/plain`.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Mutex;

use mpcal_build::Config;
use mpcal_tests::fixture::Fixture;
use mpcal_tests::plain::Plain;
use mpcal_tests::twice::{Twice, Verdict};
use mpcal_tests::Tools;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

const CONFIGURATION: &str = "SPECIFICATION Spec\nCONSTANT defaultInitValue = defaultInitValue\n";

/// How long TLC may take for one of both.
const SECONDS: u32 = 40;

/// Both translations of a seed, and the states that the interpreter finds.
fn compare(tools: &Tools, directory: &Path, seed: u64) -> (Verdict, String) {
    let name = format!("plain{seed}");
    let plain = Plain::new(&name, seed, false);
    let block = plain.as_block(&name);
    for (side, text) in [("original", plain.as_algorithm(&name)), ("ours", block.clone())] {
        let side = directory.join(side);
        fs::create_dir_all(&side).expect("a directory can be made");
        fs::write(side.join(format!("{name}.tla")), text).expect("a file can be written");
        fs::write(side.join("all.cfg"), CONFIGURATION).expect("a file can be written");
    }
    let command = env!("CARGO_BIN_EXE_mpcal");
    let twice =
        Twice { tools, command, directory, name: &name, root: &name, configuration: "all.cfg", seconds: SECONDS };
    let mut verdict = twice.compare();
    if let Verdict::Equal(states) = verdict {
        match Config::new().explore(&block, &HashMap::new(), states + 1) {
            Ok(explored) if explored.states == states => {}
            Ok(explored) => {
                verdict = Verdict::Different(format!("the interpreter finds {} states, TLC {states}", explored.states));
            }
            Err(problem) => {
                verdict = Verdict::Different(format!("the interpreter, where TLC finds {states}: {problem}"))
            }
        }
    }
    (verdict, block)
}

fn keep(seed: u64, directory: &Path) {
    let Some(kept) = std::env::var_os("PLAIN_KEEP").map(PathBuf::from) else { return };
    for side in ["original", "ours"] {
        let target = kept.join(side);
        let file = format!("plain{seed}.tla");
        fs::create_dir_all(&target).expect("a directory can be made");
        fs::copy(directory.join(side).join(&file), target.join(&file)).expect("a copy can be made");
    }
}

#[test]
fn plain_algorithms_have_the_states_of_their_own_translation() {
    let Some(tools) = Tools::find("plain_algorithms_have_the_states_of_their_own_translation") else { return };
    let first = number("PLAIN_SEED", 1);
    let count = number("PLAIN_MODELS", 12);
    let next = AtomicU64::new(first);
    let all: Mutex<Vec<(u64, Verdict, String)>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= first + count {
                    return;
                }
                let directory = tempfile::tempdir().expect("a directory can be made");
                let (verdict, block) = compare(&tools, directory.path(), seed);
                if !matches!(verdict, Verdict::Equal(_) | Verdict::TooLarge) {
                    keep(seed, directory.path());
                }
                println!("seed {seed}: {}", verdict.to_string().lines().next().unwrap_or(""));
                all.lock().expect("nothing panics here").push((seed, verdict, block));
            });
        }
    });
    let all = all.into_inner().expect("nothing panics here");
    let equal = all.iter().filter(|(_, v, _)| matches!(v, Verdict::Equal(_))).count();
    let bad: Vec<String> = all
        .iter()
        .filter(|(_, v, _)| !matches!(v, Verdict::Equal(_) | Verdict::TooLarge | Verdict::NotPlain(_)))
        .map(|(seed, verdict, block)| format!("seed {seed}: {verdict}\n{block}"))
        .collect();
    println!("{equal} of {count} algorithms have the same states, {} do not", bad.len());
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    assert!(equal as u64 * 10 >= count * 7, "only {equal} of {count} algorithms could be compared");
}

#[test]
fn fixtures_have_the_states_of_their_own_translation() {
    let Some(tools) = Tools::find("fixtures_have_the_states_of_their_own_translation") else { return };
    for fixture in Fixture::all("plain") {
        let (name, block) = (&fixture.name, &fixture.text);
        let is_marker = |l: &&str| l.contains("PLUSCAL TRANSLATION");
        let algorithm: String = block.lines().filter(|l| !is_marker(l)).map(|l| format!("{l}\n")).collect();
        let directory = tempfile::tempdir().expect("a directory can be made");
        for (side, text) in [
            ("original", algorithm.replace("--mpcal fair", "--fair algorithm").replace("--mpcal", "--algorithm")),
            ("ours", block.clone()),
        ] {
            let side = directory.path().join(side);
            fs::create_dir_all(&side).expect("a directory can be made");
            fs::write(side.join(format!("{name}.tla")), text).expect("a file can be written");
            fs::write(side.join("all.cfg"), CONFIGURATION).expect("a file can be written");
        }
        let (command, directory) = (env!("CARGO_BIN_EXE_mpcal"), directory.path());
        let twice =
            Twice { tools: &tools, command, directory, name, root: name, configuration: "all.cfg", seconds: SECONDS };
        let verdict = twice.compare();
        println!("{name}: {}", verdict.to_string().lines().next().unwrap_or(""));
        let Verdict::Equal(states @ 2..) = verdict else { panic!("{name}: {verdict}") };
        if fixture.expected("unexplored").is_none() {
            let explored = Config::new().explore(block, &HashMap::new(), 100_000);
            assert_eq!(explored.map(|e| e.states).map_err(|e| e.to_string()), Ok(states), "{name}");
        }
    }
}
