//! What tests across the crates share: the command, fixtures, and the tools of TLA+.

pub mod courier;
pub mod expressions;
pub mod fixture;
pub mod generate;
pub mod ledger;
pub mod pair;
pub mod plain;
pub mod replica;
pub mod scratch;
pub mod states;
pub mod twice;
pub mod world;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use states::States;

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A directory below `tests/fixtures`.
#[must_use]
pub fn fixtures(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// The models of the examples, sorted.
///
/// # Panics
/// If there are none.
#[must_use]
pub fn examples() -> Vec<PathBuf> {
    let directories = fs::read_dir(root().join("examples")).expect("there are examples");
    let mut models: Vec<PathBuf> = directories.flatten().flat_map(|entry| files(&entry.path(), "tla")).collect();
    models.sort();
    assert!(!models.is_empty(), "there are no examples");
    models
}

/// The name of a file without its ending.
///
/// # Panics
/// If it has none.
#[must_use]
pub fn name(path: &Path) -> &str {
    path.file_stem().and_then(|name| name.to_str()).expect("a file has a name")
}

/// Files with an extension, sorted.
///
/// # Panics
/// If there is no such directory: a test over its files would pass without a look at one.
#[must_use]
#[track_caller]
pub fn files(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap_or_else(|e| panic!("{}: {e}", directory.display()));
    let mut files: Vec<PathBuf> =
        entries.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == extension)).collect();
    files.sort();
    files
}

/// Compares a text with a file; with `BLESS=1` in the environment the file is written instead.
#[track_caller]
pub fn check_blessed(path: &Path, text: &str) {
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, text).expect("the blessed file can be written");
        return;
    }
    let blessed = fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n");
    assert!(blessed == text, "{} differs; `cargo xtask bless` if this is right:\n{text}", path.display());
}

/// The tools of TLA+, where `TLA2TOOLS_JAR` names them and there is a Java.
#[derive(Clone, Debug)]
pub struct Tools(PathBuf);

impl Tools {
    /// The tools, or a line that says why not.
    #[must_use]
    pub fn find(test: &str) -> Option<Self> {
        let Some(jar) = std::env::var_os("TLA2TOOLS_JAR").map(PathBuf::from) else {
            println!("{test}: skipped, TLA2TOOLS_JAR is not set");
            return None;
        };
        if !Command::new("java").arg("-version").output().is_ok_and(|o| o.status.success()) {
            println!("{test}: skipped, there is no Java");
            return None;
        }
        Some(Self(jar))
    }

    fn java(&self, directory: &Path, arguments: &[&str]) -> String {
        // SANY unpacks the standard modules into the directory for temporary files: one of our own
        // keeps two runs apart.
        let temporary = tempfile::tempdir().expect("a directory can be made");
        let output = Command::new("java")
            .arg(format!("-Djava.io.tmpdir={}", temporary.path().display()))
            .args(library().map(|path| format!("-DTLA-Library={path}")))
            .args(["-XX:+UseParallelGC", "-cp"])
            .arg(&self.0)
            .args(arguments)
            .current_dir(directory)
            .output()
            .expect("java runs");
        text(&output)
    }

    /// Translates PlusCal to TLA+ in place.
    ///
    /// # Panics
    /// If `pcal.trans` refuses it.
    #[track_caller]
    pub fn translate(&self, directory: &Path, file: &str) {
        self.try_translate(directory, file).unwrap_or_else(|said| panic!("{file}: {said}"));
    }

    /// Translates PlusCal to TLA+ in place.
    ///
    /// # Errors
    /// What `pcal.trans` says if it refuses.
    pub fn try_translate(&self, directory: &Path, file: &str) -> Result<(), String> {
        let said = self.java(directory, &["pcal.trans", "-nocfg", file]);
        if said.contains("Translation completed") {
            Ok(())
        } else {
            Err(said)
        }
    }

    /// Explores a model for so many seconds at most; gives what TLC prints, and the states.
    #[must_use]
    pub fn states(&self, directory: &Path, file: &str, config: &str, seconds: u32) -> (String, States) {
        let stop = format!("-Dtlc2.TLC.stopAfter={seconds}");
        let arguments = ["tlc2.TLC", "-deadlock", "-workers", "1", "-dump", "states.dump", "-config", config, file];
        let said = self.java(directory, &[&[stop.as_str()], &arguments[..]].concat());
        let dump = directory.join("states.dump");
        let states = States::parse(&fs::read_to_string(&dump).unwrap_or_default());
        let _ = fs::remove_file(dump);
        (said, states)
    }

    /// Parses a module.
    ///
    /// # Panics
    /// If SANY refuses it.
    #[track_caller]
    pub fn parse(&self, directory: &Path, file: &str) {
        self.try_parse(directory, file).unwrap_or_else(|said| panic!("{file}: {said}"));
    }

    /// Parses a module.
    ///
    /// # Errors
    /// What SANY says if it refuses.
    pub fn try_parse(&self, directory: &Path, file: &str) -> Result<(), String> {
        let said = self.java(directory, &["tla2sany.SANY", file]);
        if said.contains("rror") || !said.contains("Semantic processing") {
            return Err(said);
        }
        Ok(())
    }

    /// What SANY's parser says of every module in a directory.
    ///
    /// # Panics
    /// If it does not say something of each: what compares nothing must not pass.
    #[track_caller]
    #[must_use]
    pub fn verdicts(&self, directory: &Path) -> Vec<(PathBuf, bool)> {
        let program = root().join("tests/java/Verdicts.java").canonicalize().expect("the program is there");
        let said = self.java(directory, &[&program.display().to_string(), &directory.display().to_string()]);
        let lines = said.lines().filter_map(|l| l.split_once(' ').filter(|(v, _)| matches!(*v, "ok" | "no")));
        let verdicts: Vec<_> = lines.map(|(verdict, path)| (PathBuf::from(path), verdict == "ok")).collect();
        let complete = said.lines().any(|l| l == format!("all {}", verdicts.len()));
        assert!(complete && !verdicts.is_empty(), "no verdicts on {}: {said}", directory.display());
        verdicts
    }

    /// Translates every algorithm of a directory to TLA+ in place and parses it: its name, and why not, if it is refused.
    ///
    /// # Panics
    /// If the program that asks the tools does not run.
    #[must_use]
    pub fn accepted(&self, directory: &Path) -> Vec<(String, String)> {
        let program = root().join("tests/java/Accepted.java").canonicalize().expect("the program is there");
        let said = self.java(directory, &[&program.display().to_string(), "."]);
        let verdict = |line: &str| {
            let (verdict, rest) = line.split_once(' ')?;
            let (file, why) = rest.split_once(' ').unwrap_or((rest, ""));
            let why = if verdict == "no" { why } else { "" };
            matches!(verdict, "ok" | "no").then(|| (file.trim_end_matches(".tla").to_owned(), why.to_owned()))
        };
        let verdicts: Vec<_> = said.lines().filter_map(verdict).collect();
        assert!(!verdicts.is_empty(), "{said}");
        verdicts
    }

    /// What TLC makes of expressions, which may use the names of `definitions` and of modules in a directory: the value
    /// of each, or why it has none. None where the tools have other classes than those of TLC 2.15.
    ///
    /// # Panics
    /// If the expressions do not make a module.
    #[must_use]
    pub fn evaluate(
        &self,
        definitions: &str,
        modules: Option<(&Path, &[&str])>,
        expressions: &[String],
    ) -> Option<Vec<Result<String, String>>> {
        let extended: String = modules.iter().flat_map(|(_, names)| *names).map(|n| format!(", {n}")).collect();
        let mut text = format!(
            "---- MODULE M ----\nEXTENDS Integers, Sequences, FiniteSets, Bags, TLC{extended}\n{definitions}VARIABLE \
             clock\nInit == clock = 0\nNext == UNCHANGED clock\n"
        );
        for (n, e) in expressions.iter().enumerate() {
            text += &format!("E_{n} == {e}\n");
        }
        let directory = tempfile::tempdir().expect("a directory can be made");
        let write =
            |name: &str, text: &str| fs::write(directory.path().join(name), text).expect("a file can be written");
        for path in modules.iter().flat_map(|(from, _)| files(from, "tla")) {
            let name = path.file_name().expect("a file has a name");
            fs::copy(&path, directory.path().join(name)).expect("a copy can be made");
        }
        write("M.tla", &(text + "====\n"));
        write("M.cfg", "INIT Init\nNEXT Next\n");
        let program = root().join("tests/java/Evaluate.java").canonicalize().expect("the program is there");
        let at = directory.path().display().to_string();
        let said = self.java(directory.path(), &[&program.display().to_string(), &at, "M"]);
        if said.contains("compilation failed") {
            return None;
        }
        let mut found: Vec<_> = expressions.iter().map(|_| Err(String::new())).collect();
        let mut count = 0;
        for line in said.lines().filter_map(|l| l.strip_prefix("E_")) {
            let (number, rest) = line.split_once(' ').expect("a number is followed by what it is");
            let at: usize = number.parse().expect("it is a number");
            count += 1;
            found[at] = match rest.split_once(' ') {
                Some(("=", value)) => Ok(value.to_owned()),
                _ => Err(rest.trim_start_matches("! ").to_owned()),
            };
        }
        assert!(count == expressions.len(), "{said}");
        Some(found)
    }

    /// Explores a model with so many workers, for so many seconds at most; gives what TLC prints.
    #[must_use]
    pub fn explore(&self, directory: &Path, file: &str, config: &str, workers: usize, seconds: u32) -> String {
        let (stop, workers) = (format!("-Dtlc2.TLC.stopAfter={seconds}"), workers.to_string());
        let arguments = [&stop, "tlc2.TLC", "-deadlock", "-workers", &workers, "-config", config, file];
        self.java(directory, &arguments)
    }

    /// Runs TLC; gives what it prints.
    #[must_use]
    pub fn check(&self, directory: &Path, file: &str, config: &str) -> String {
        self.java(directory, &["tlc2.TLC", "-deadlock", "-workers", "2", "-config", config, file])
    }
}

/// Directories with modules that TLC finds, beside those of the model.
fn library() -> Option<String> {
    std::env::var("TLA_LIBRARY").ok()
}

/// What a program printed.
#[must_use]
pub fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Generated states, distinct ones and the depth, in what TLC printed.
#[must_use]
pub fn sizes(said: &str) -> Option<(u64, u64, u64)> {
    let line = said.lines().rev().find(|l| l.contains("distinct states found") && l.contains("left on queue"))?;
    let generated = line.split(" states generated").next()?.rsplit(' ').next()?.replace(',', "").parse().ok()?;
    let depth = said.split("The depth of the complete state graph search is ").nth(1)?.split('.').next()?;
    Some((generated, distinct_states(said)?, depth.trim().parse().ok()?))
}

/// The number of distinct states in what TLC printed.
#[must_use]
pub fn distinct_states(said: &str) -> Option<u64> {
    let line = said.lines().rev().find(|l| l.contains("distinct states found") && l.contains("left on queue"))?;
    let before = line.split(" distinct states found").next()?;
    before.rsplit(", ").next()?.replace(',', "").parse().ok()
}
