//! Algorithms in PlusCal that other people have published, translated by `pcal.trans` alone and through us: the same
//! states, compared one by one. `PUBLIC_PLUSCAL` names directories with modules, `PUBLIC_SECONDS` limits each run of
//! TLC, `TLA_LIBRARY` names directories with modules that they extend. Nothing of theirs is kept here.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;

use mpcal_tests::scratch::Scratch;
use mpcal_tests::twice::{Twice, Verdict};
use mpcal_tests::Tools;

/// A module with an algorithm in C-syntax.
struct Published {
    path: PathBuf,
    /// The module with a block of ours in place of the algorithm.
    block: String,
}

/// All modules below a directory.
fn modules(directory: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(directory).into_iter().flatten().flatten().map(|e| e.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            modules(&path, found);
        } else if path.extension().is_some_and(|e| e == "tla") {
            found.push(path);
        }
    }
}

/// The module with `--mpcal` for `--algorithm`, and markers behind the block; none if it has no algorithm in C-syntax.
fn as_block(text: &str) -> Option<String> {
    let (start, fair) = match text.find("--fair algorithm") {
        Some(at) => (at, true),
        None => (text.find("--algorithm")?, false),
    };
    // Behind the end of the module an algorithm knows none of its names.
    if text[..start].contains("\n====") {
        return None;
    }
    let header = if fair { "--fair algorithm" } else { "--algorithm" };
    let name = text[start + header.len()..].trim_start();
    let brace = name.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
    if !name[brace..].trim_start().starts_with('{') {
        return None;
    }
    let body = text.len() - name[brace..].trim_start().len();
    let end = body + length_of_block(&text[body..])?;
    let ours = if fair { "--mpcal fair" } else { "--mpcal" };
    Some(format!(
        "{}{ours} {}\n\n\\* BEGIN PLUSCAL TRANSLATION\n\\* END PLUSCAL TRANSLATION\n{}",
        &text[..start],
        &text[text.len() - name.len()..end],
        &text[end..]
    ))
}

/// The length of `{ … }`, with the strings and comments in it.
fn length_of_block(text: &str) -> Option<usize> {
    let (mut at, mut depth, mut comments) = (0, 0usize, 0usize);
    while at < text.len() {
        let rest = &text[at..];
        let step = if rest.starts_with("(*") {
            comments += 1;
            2
        } else if rest.starts_with("*)") && comments > 0 {
            comments -= 1;
            2
        } else if comments > 0 {
            rest.chars().next()?.len_utf8()
        } else if rest.starts_with("\\*") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(inside) = rest.strip_prefix('"') {
            let mut escaped = false;
            let closes = |c: char| {
                let closes = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                closes
            };
            inside.find(closes)? + 2
        } else {
            let c = rest.chars().next()?;
            depth += usize::from(c == '{');
            if c == '}' {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            c.len_utf8()
        };
        at += step;
    }
    None
}

/// Configurations beside a module that check it, or a module which extends or instantiates it: with their modules.
fn configurations(path: &Path) -> Vec<(String, String)> {
    let Some(directory) = path.parent() else { return Vec::new() };
    let own = stem(path);
    let mut found = Vec::new();
    let mut beside: Vec<_> = fs::read_dir(directory).into_iter().flatten().flatten().map(|e| e.path()).collect();
    beside.sort();
    let stems: BTreeSet<String> =
        beside.iter().filter(|p| p.extension().is_some_and(|e| e == "tla")).map(|p| stem(p)).collect();
    for file in beside.iter().filter(|p| p.extension().is_some_and(|e| e == "cfg")) {
        let name = stem(file);
        // `MCSpec_small.cfg` is for `MCSpec`.
        let module = stems.iter().filter(|s| name.starts_with(s.as_str())).max_by_key(|s| s.len());
        let Some(module) = module else { continue };
        if reaches(directory, module, &own, &mut BTreeSet::new()) {
            let file = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            found.push((module.clone(), file));
        }
    }
    found
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Whether a module mentions another one as a word, directly or through modules beside it.
fn reaches(directory: &Path, module: &str, wanted: &str, seen: &mut BTreeSet<String>) -> bool {
    if module == wanted {
        return true;
    }
    if !seen.insert(module.to_owned()) {
        return false;
    }
    let Ok(text) = fs::read_to_string(directory.join(format!("{module}.tla"))) else { return false };
    let mut named = BTreeSet::new();
    for line in text.lines().filter(|l| l.contains("EXTENDS") || l.contains("INSTANCE")) {
        named.extend(line.split(|c: char| !(c.is_alphanumeric() || c == '_')).map(str::to_owned));
    }
    named.into_iter().any(|n| directory.join(format!("{n}.tla")).is_file() && reaches(directory, &n, wanted, seen))
}

/// Parts of configurations that TLC 2.15 takes for names of what stands before them.
const LATER: [&str; 5] = ["CHECK_DEADLOCK", "ALIAS", "POSTCONDITION", "_POSSIBLE", "_PERIODIC"];

/// A configuration without what only later versions of TLC know.
fn known_part(configuration: &str) -> String {
    let is_known = |line: &&str| !LATER.iter().any(|word| line.trim_start().starts_with(word));
    configuration.lines().filter(is_known).map(|l| format!("{l}\n")).collect()
}

/// Puts both sides where [`Twice`] looks for them.
fn lay_out(published: &Published, directory: &Path) {
    let beside = published.path.parent().unwrap_or(Path::new("."));
    let file = published.path.file_name().unwrap_or_default();
    for side in ["original", "ours"] {
        let side = directory.join(side);
        fs::create_dir_all(&side).expect("a directory can be made");
        for entry in fs::read_dir(beside).into_iter().flatten().flatten() {
            if entry.path().extension().is_some_and(|e| e == "tla") {
                fs::copy(entry.path(), side.join(entry.file_name())).expect("a copy can be made");
            }
            if entry.path().extension().is_some_and(|e| e == "cfg") {
                let configuration = fs::read_to_string(entry.path()).unwrap_or_default();
                fs::write(side.join(entry.file_name()), known_part(&configuration)).expect("a file can be written");
            }
        }
    }
    fs::write(directory.join("ours").join(file), &published.block).expect("a file can be written");
}

/// The algorithms below directories.
fn published(directories: &OsStr) -> Vec<Published> {
    let mut paths = Vec::new();
    std::env::split_paths(directories).for_each(|d| modules(&d, &mut paths));
    paths
        .into_iter()
        .filter_map(|path| {
            let text = fs::read_to_string(&path).ok()?;
            Some(Published { block: as_block(&text)?, path })
        })
        .collect()
}

#[test]
fn published_algorithms_have_the_states_of_their_own_translation() {
    const TEST: &str = "published_algorithms_have_the_states_of_their_own_translation";
    let Some(directories) = std::env::var_os("PUBLIC_PLUSCAL") else {
        println!("{TEST}: skipped, PUBLIC_PLUSCAL is not set");
        return;
    };
    let Some(tools) = Tools::find(TEST) else { return };
    let seconds = std::env::var("PUBLIC_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(60);
    let published = published(&directories);
    assert!(!published.is_empty(), "{TEST}: there is no algorithm in C-syntax");
    let next = AtomicUsize::new(0);
    let verdicts: Mutex<BTreeMap<(PathBuf, String), Verdict>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(one) = published.get(next.fetch_add(1, Ordering::Relaxed)) {
                    for (configuration, verdict) in compare(&tools, one, seconds) {
                        println!("{} {configuration}: {verdict}", one.path.display());
                        verdicts
                            .lock()
                            .expect("nothing panics here")
                            .insert((one.path.clone(), configuration), verdict);
                    }
                }
            });
        }
    });
    let verdicts = verdicts.into_inner().expect("nothing panics here");
    let count = |is: fn(&Verdict) -> bool| verdicts.values().filter(|v| is(v)).count();
    let equal = count(|v| matches!(v, Verdict::Equal(_)));
    let refused = count(|v| matches!(v, Verdict::Refused(_)));
    let wrong = count(|v| matches!(v, Verdict::Different(_) | Verdict::Broken(_)));
    println!(
        "{} algorithms, {} runs: {equal} equal, {refused} refused, {wrong} different or broken, {} too large, {} not plain",
        published.len(),
        verdicts.len(),
        count(|v| matches!(v, Verdict::TooLarge)),
        count(|v| matches!(v, Verdict::NotPlain(_))),
    );
    assert_eq!((wrong, refused), (0, 0));
}

/// What cannot run in published algorithms, and why that is right.
const NOT_RUST: [(&str, &str); 2] = [
    (
        "error[rust-unsupported]: `Nat` cannot be compiled to Rust",
        "takes an element of an infinite set; another module replaces it",
    ),
    (
        "error[rust-unsupported]: `Seq` cannot be compiled to Rust",
        "takes an element of an infinite set; another module replaces it",
    ),
];

/// How long an algorithm without an end runs.
const SECONDS: u64 = 2;

/// Runs one algorithm with the constants that it is checked with.
const RUN: &str = r#"
macro_rules! run {
    ($model:ident, $path:literal) => {{
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
        println!("\n=> {}: {}", $path, outcome.replace('\n', " "));
    }};
}
"#;

/// Every algorithm that is translated becomes Rust, but for those in [`NOT_RUST`], and it compiles, all of it in one
/// program; those whose constants have values run in it.
#[test]
fn published_algorithms_become_rust() {
    const TEST: &str = "published_algorithms_become_rust";
    let Some(directories) = std::env::var_os("PUBLIC_PLUSCAL") else {
        println!("{TEST}: skipped, PUBLIC_PLUSCAL is not set");
        return;
    };
    let scratch = Scratch::new(env!("CARGO_TARGET_TMPDIR"), "public");
    let (mut main, mut surprises) = (String::from("#![allow(dead_code)]\n"), String::new());
    let (mut refused, mut translated, mut runs) = (0, 0, String::new());
    let published = published(&directories);
    for (n, one) in published.iter().enumerate() {
        let directory = tempfile::tempdir().expect("a directory can be made");
        lay_out(one, directory.path());
        let ours = directory.path().join("ours");
        let file = format!("{}.tla", stem(&one.path));
        if !mpcal(&ours, &["pluscal", &file]).0 {
            continue;
        }
        translated += 1;
        let (done, said) = mpcal(&ours, &["rust", &file, "-o", "model.rs"]);
        if done {
            let rust = fs::read_to_string(ours.join("model.rs")).expect("the Rust can be read");
            scratch.write(&format!("src/model{n}.rs"), &rust);
            main.push_str(&format!("/// {}\nmod model{n};\n", one.path.display()));
            if rust.contains("pub fn checked()") && rust.contains("pub struct Variables") {
                runs.push_str(&format!("    run!(model{n}, {:?});\n", one.path.display().to_string()));
            }
        } else {
            refused += 1;
            let errors: Vec<&str> = said.lines().filter(|l| l.starts_with("error[")).collect();
            let why = |error: &&str| NOT_RUST.iter().find(|(message, _)| error == message).map(|(_, why)| why);
            println!("{}: {:?}", one.path.display(), errors.iter().filter_map(why).collect::<BTreeSet<_>>());
            if errors.is_empty() || !errors.iter().all(|e| why(e).is_some()) {
                surprises.push_str(&format!("{}\n{said}\n", one.path.display()));
            }
        }
    }
    let main = format!(
        "{main}const SECONDS: u64 = {SECONDS};\n{RUN}\n#[tokio::main]\nasync fn main() {{\n{runs}    std::process::exit(0);\n}}\n"
    );
    scratch.write("src/main.rs", &main);
    let built = scratch.cargo("build");
    println!("{} algorithms, {translated} translated, {refused} of them do not become Rust", published.len());
    assert!(built.status.success(), "{main}\n{}", mpcal_tests::text(&built));
    let ran = Command::new(scratch.program()).output().expect("the program runs");
    let said = mpcal_tests::text(&ran);
    let outcomes: Vec<_> = said.lines().filter_map(|l| l.strip_prefix("=> ")).collect();
    outcomes.iter().for_each(|o| println!("{o}"));
    let fails: Vec<_> = outcomes.iter().filter(|o| o.contains(": fails: ")).collect();
    println!("{} run, {} of them fail", outcomes.len(), fails.len());
    assert_eq!(outcomes.len(), runs.lines().count(), "{said}");
    assert!(fails.is_empty(), "{fails:#?}");
    assert!(surprises.is_empty(), "{surprises}");
}

fn mpcal(directory: &Path, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mpcal"));
    command.args(arguments).current_dir(directory);
    for library in std::env::var_os("TLA_LIBRARY").iter().flat_map(std::env::split_paths) {
        command.arg("--include").arg(library);
    }
    let output = command.output().expect("the command runs");
    (output.status.success(), mpcal_tests::text(&output))
}

/// Each configuration with what it shows; one without TLC where there is no configuration.
fn compare(tools: &Tools, published: &Published, seconds: u32) -> Vec<(String, Verdict)> {
    let name = stem(&published.path);
    let mut configurations = configurations(&published.path);
    if configurations.is_empty() {
        configurations.push((name.clone(), String::new()));
    }
    let mut found = Vec::new();
    for (root, configuration) in configurations {
        let directory = tempfile::tempdir().expect("a directory can be made");
        lay_out(published, directory.path());
        let twice = Twice {
            tools,
            command: env!("CARGO_BIN_EXE_mpcal"),
            directory: directory.path(),
            name: &name,
            root: &root,
            configuration: &configuration,
            seconds,
        };
        let verdict = twice.compare();
        let stop = matches!(verdict, Verdict::Refused(_) | Verdict::NotPlain(_));
        found.push((configuration, verdict));
        if stop {
            break;
        }
    }
    found
}
