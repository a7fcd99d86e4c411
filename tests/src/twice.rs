//! One algorithm translated twice: by `pcal.trans` alone, and by us and then `pcal.trans`. TLC says whether both are
//! the same system.

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::states::States;
use crate::{text, Tools};

/// What comparing the two translations showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// `pcal.trans`, SANY or TLC refuses the original.
    NotPlain(String),
    /// We refuse it.
    Refused(String),
    /// The tools refuse what we made of it.
    Broken(String),
    /// Too many states for the time there is.
    TooLarge,
    /// Both are translated and parsed; there is no configuration to check them with.
    Parsed,
    /// That many states, the same in both, and the same verdict.
    Equal(usize),
    /// Not the same states, or not the same verdict.
    Different(String),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::NotPlain(said) => write!(f, "not plain PlusCal: {}", first_line(said)),
            Verdict::Refused(said) => write!(f, "refused: {}", first_line(said)),
            Verdict::Broken(said) => write!(f, "broken:\n{said}"),
            Verdict::TooLarge => write!(f, "too many states"),
            Verdict::Parsed => write!(f, "both are parsed; there is no configuration"),
            Verdict::Equal(states) => write!(f, "{states} states in both"),
            Verdict::Different(how) => write!(f, "different:\n{how}"),
        }
    }
}

/// What is wrong, in a line.
fn first_line(said: &str) -> String {
    let starts = ["Unrecoverable error", "Semantic errors", "error[", "Error:", "***Parse Error"];
    let from = said.lines().skip_while(|l| !starts.iter().any(|s| l.contains(s)));
    from.map(str::trim).filter(|l| !l.is_empty()).take(5).collect::<Vec<_>>().join(" ")
}

/// Both translations of a module: the file `original/NAME.tla` and, with our block in place of the algorithm,
/// `ours/NAME.tla` below a directory, each with the configuration beside it.
#[derive(Clone, Copy, Debug)]
pub struct Twice<'t> {
    /// The tools of TLA+.
    pub tools: &'t Tools,
    /// The command `mpcal-build`.
    pub command: &'t str,
    /// Where both are.
    pub directory: &'t Path,
    /// The name of the module with the algorithm.
    pub name: &'t str,
    /// The module that is checked.
    pub root: &'t str,
    /// The configuration; empty if there is none.
    pub configuration: &'t str,
    /// The time for each of both.
    pub seconds: u32,
}

impl Twice<'_> {
    /// Translates both and compares them.
    ///
    /// # Panics
    /// If the command does not run.
    #[must_use]
    pub fn compare(&self) -> Verdict {
        let (original, ours) = (self.directory.join("original"), self.directory.join("ours"));
        let file = format!("{}.tla", self.name);
        if let Err(said) = self.tools.try_translate(&original, &file) {
            return Verdict::NotPlain(said);
        }
        let mut command = Command::new(self.command);
        command.args(["pluscal", &file]).current_dir(&ours);
        for directory in std::env::var_os("TLA_LIBRARY").iter().flat_map(std::env::split_paths) {
            command.arg("--include").arg(directory);
        }
        let output = command.output();
        let output = output.expect("the command runs");
        if !output.status.success() {
            // `pcal.trans` looks at little of the module around an algorithm.
            return match self.tools.try_parse(&original, &file) {
                Ok(()) => Verdict::Refused(text(&output)),
                Err(said) => Verdict::NotPlain(said),
            };
        }
        if let Err(said) = self.tools.try_translate(&ours, &file) {
            return Verdict::Broken(format!("{said}\n{}", region(&ours.join(file))));
        }
        if self.configuration.is_empty() {
            return match self.tools.try_parse(&ours, &file) {
                Ok(()) => Verdict::Parsed,
                Err(said) if self.tools.try_parse(&original, &file).is_ok() => {
                    Verdict::Broken(format!("{said}\n{}", region(&ours.join(file))))
                }
                Err(said) => Verdict::NotPlain(said),
            };
        }
        self.states(&original, &ours, &file)
    }

    fn states(&self, original: &Path, ours: &Path, file: &str) -> Verdict {
        let run = |directory: &Path| {
            self.tools.states(directory, &format!("{}.tla", self.root), self.configuration, self.seconds)
        };
        let (said, expected) = run(original);
        let expected_outcome = outcome(&said);
        if expected_outcome == "unfinished" {
            return Verdict::TooLarge;
        }
        if expected.0.is_empty() {
            return Verdict::NotPlain(said);
        }
        let (said, found) = run(ours);
        if found.0.is_empty() {
            return Verdict::Broken(format!("{said}\n{}", region(&ours.join(file))));
        }
        let found_outcome = outcome(&said);
        if found_outcome == "unfinished" {
            return Verdict::TooLarge;
        }
        // A run that ends with an error has seen some of the states only, in whatever order.
        let difference = if expected_outcome == "none" { expected.difference(&found) } else { None };
        if expected_outcome == found_outcome && difference.is_none() {
            return Verdict::Equal(expected.0.len());
        }
        let difference = difference.unwrap_or_else(|| state_counts(&expected, &found));
        Verdict::Different(format!(
            "error of the original: {expected_outcome}; of ours: {found_outcome}\n{difference}\n{}",
            region(&ours.join(file))
        ))
    }
}

fn state_counts(one: &States, two: &States) -> String {
    format!("{} states against {}", one.0.len(), two.0.len())
}

/// How TLC ended, in a word that does not depend on names of the translation.
fn outcome(said: &str) -> &'static str {
    // TLC says that there is no error, too, when its time is up.
    if said.contains("states left on queue") && !said.contains(" 0 states left on queue") && !said.contains("Error:") {
        return "unfinished";
    }
    let known = [
        ("No error has been found", "none"),
        ("is violated", "invariant"),
        ("Temporal properties were violated", "property"),
        ("The first argument of Assert evaluated to FALSE", "assertion"),
        ("Deadlock reached", "deadlock"),
        ("TLC threw an unexpected exception", "evaluation"),
        ("Error:", "evaluation"),
    ];
    known.iter().find(|(text, _)| said.contains(text)).map_or("unfinished", |(_, word)| word)
}

/// Our translation in a file.
fn region(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let from = text.split("BEGIN PLUSCAL TRANSLATION").nth(1).unwrap_or("");
    from.split("END PLUSCAL TRANSLATION").next().unwrap_or("").to_owned()
}

#[cfg(test)]
mod tests {
    use super::outcome;

    #[test]
    fn a_run_that_was_stopped_has_no_outcome() {
        let said = |left: u32| {
            format!("Model checking completed. No error has been found.\n9 states generated, {left} states left on queue.\n")
        };
        assert_eq!([outcome(&said(0)), outcome(&said(10))], ["none", "unfinished"]);
    }
}
