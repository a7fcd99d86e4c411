//! Fixtures: models below `tests/fixtures`. In: a folder. Out: its models, each with what is expected of it.
//!
//! What is expected stands in front of the module, in lines of this form:
//!
//! ```text
//! \* states: 18
//! \* rust: ends with variables.out.load() == 2
//! ---- MODULE merge_either ----
//! ```

use std::fs;
use std::path::{Path, PathBuf};

/// An expectation that the models of a folder may have.
struct Key {
    folder: &'static str,
    name: &'static str,
    /// How it is written.
    form: &'static str,
    meaning: &'static str,
}

const KEYS: &[Key] = &[
    Key {
        folder: "models",
        name: "states",
        form: "NUMBER",
        meaning: "how many distinct states TLC and the interpreter find",
    },
    Key {
        folder: "models",
        name: "rust",
        form: "ends | ends with CONDITION | may not end: REASON",
        meaning: "what becomes of it as Rust; the condition is one in Rust over its `variables`",
    },
    Key {
        folder: "models",
        name: "long",
        form: "REASON",
        meaning: "why its translation is more than half as long again as the model",
    },
    Key {
        folder: "compile",
        name: "constants",
        form: "NAME = VALUE …",
        meaning: "the values of its constants in a run, if there is no configuration beside it",
    },
    Key { folder: "plain", name: "unexplored", form: "REASON", meaning: "why only TLC explores it" },
    Key {
        folder: "errors",
        name: "check",
        form: "ARGUMENTS",
        meaning: "what `mpcal-build check` is called with besides the file",
    },
];

/// A model and what is expected of it.
pub struct Fixture {
    /// The folder it is in.
    folder: &'static str,
    /// The file.
    pub path: PathBuf,
    /// The name of the file without its ending.
    pub name: String,
    /// The whole text.
    pub text: String,
    expectations: Vec<(&'static str, String)>,
}

/// What becomes of a model as Rust.
pub enum Fate {
    /// All processes end; the condition, if there is one, holds of the variables then.
    Ends(Option<String>),
    /// It may go on or be stuck.
    MayNotEnd,
}

impl Fixture {
    /// The models of a folder, in order; those of `models` without their twins.
    ///
    /// # Panics
    /// If there are none, one cannot be read, or says something that is not an expectation.
    #[must_use]
    pub fn all(folder: &'static str) -> Vec<Self> {
        let directory = directory(folder);
        let entries = fs::read_dir(&directory).unwrap_or_else(|e| panic!("{}: {e}", directory.display()));
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        let models = paths.iter().filter(|path| path.extension().is_some_and(|ending| ending == "tla"));
        let own = models.filter(|path| !path.to_string_lossy().ends_with("_twin.tla"));
        let all: Vec<Self> = own.map(|path| Self::read(folder, path)).collect();
        assert!(!all.is_empty(), "there are no models in {}", directory.display());
        all
    }

    /// One model of a folder.
    ///
    /// # Panics
    /// As [`all`](Self::all).
    #[must_use]
    pub fn one(folder: &'static str, name: &str) -> Self {
        Self::read(folder, &directory(folder).join(name).with_extension("tla"))
    }

    fn read(folder: &'static str, path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        let mut fixture = Self { folder, path: path.to_owned(), name, text, expectations: Vec::new() };
        let lines: Vec<String> =
            fixture.text.lines().map_while(|l| l.strip_prefix("\\* ")).map(str::to_owned).collect();
        for line in lines {
            let expectation = fixture.expectation(&line);
            fixture.expectations.push(expectation);
        }
        fixture
    }

    /// A line in front of the module.
    fn expectation(&self, line: &str) -> (&'static str, String) {
        let keys = || KEYS.iter().filter(|key| key.folder == self.folder);
        let known = line.split_once(": ").and_then(|(name, value)| Some((keys().find(|key| key.name == name)?, value)));
        let Some((key, value)) = known else {
            let forms: String = keys().map(|key| format!("\n    {}", key.line())).collect();
            panic!(
                "{}: `\\* {line}` in front of the module is not an expectation; those are{forms}",
                self.path.display()
            )
        };
        (key.name, value.trim().to_owned())
    }

    /// What is expected under a name.
    #[must_use]
    pub fn expected(&self, name: &str) -> Option<&str> {
        self.expectations.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
    }

    /// What must be expected under a name.
    ///
    /// # Panics
    /// If nothing is; the message says what to add.
    #[must_use]
    pub fn required(&self, name: &str) -> &str {
        self.expected(name).unwrap_or_else(|| panic!("{}", self.forgotten(name)))
    }

    /// What to add where an expectation is missing or malformed.
    #[must_use]
    pub fn forgotten(&self, name: &str) -> String {
        let key = KEYS.iter().find(|key| key.folder == self.folder && key.name == name);
        let line = key.expect("tests ask for what there is").line();
        format!("{}: in front of the module there must be a line\n    {line}", self.path.display())
    }

    /// How many distinct states it has.
    ///
    /// # Panics
    /// If it does not say.
    #[must_use]
    pub fn states(&self) -> usize {
        let digits = self.required("states").replace('_', "");
        digits.parse().unwrap_or_else(|_| panic!("{}", self.forgotten("states")))
    }

    /// What becomes of it as Rust, if it says so.
    #[must_use]
    pub fn fate(&self) -> Option<Fate> {
        let said = self.expected("rust")?;
        match (said, said.strip_prefix("ends with ")) {
            ("ends", _) => Some(Fate::Ends(None)),
            (_, Some(condition)) => Some(Fate::Ends(Some(condition.to_owned()))),
            _ => said.starts_with("may not end: ").then_some(Fate::MayNotEnd),
        }
    }

    /// The configuration of TLC beside it.
    #[must_use]
    pub fn configuration(&self) -> Option<PathBuf> {
        Some(self.path.with_extension("cfg")).filter(|path| path.is_file())
    }
}

fn directory(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder)
}

impl Key {
    /// The line that states the expectation, and what it means.
    fn line(&self) -> String {
        format!("\\* {}: {}   ({})", self.name, self.form, self.meaning)
    }
}

#[cfg(test)]
mod tests {
    use super::{Fate, Fixture};

    fn read(text: &str) -> Fixture {
        let directory = tempfile::tempdir().expect("a directory can be made");
        let path = directory.path().join("m.tla");
        std::fs::write(&path, text).expect("a file can be written");
        Fixture::read("models", &path)
    }

    #[test]
    fn what_is_expected_stands_in_front_of_the_module() {
        let fixture =
            read("\\* states: 7\n\\* rust: ends with x == 1\n---- MODULE m ----\n\\* long: is a comment\n====\n");
        assert_eq!((fixture.states(), fixture.expected("long")), (7, None));
        assert!(matches!(fixture.fate(), Some(Fate::Ends(Some(condition))) if condition == "x == 1"));
    }

    #[test]
    #[should_panic(expected = "m.tla: in front of the module there must be a line\n    \\* states: NUMBER   (how many")]
    fn what_is_forgotten_is_named() {
        let _ = read("---- MODULE m ----\n====\n").states();
    }

    #[test]
    #[should_panic(expected = "m.tla: in front of the module there must be a line\n    \\* states: NUMBER")]
    fn what_is_malformed_is_named() {
        let _ = read("\\* states: many\n====\n").states();
    }

    #[test]
    #[should_panic(
        expected = "`\\* state: 7` in front of the module is not an expectation; those are\n    \\* states: NUMBER"
    )]
    fn what_is_unknown_is_refused() {
        read("\\* state: 7\n====\n");
    }

    #[test]
    fn a_fate_that_is_not_told_is_none() {
        assert!(read("\\* rust: perhaps\n====\n").fate().is_none());
        assert!(matches!(read("\\* rust: may not end: why\n====\n").fate(), Some(Fate::MayNotEnd)));
    }
}
