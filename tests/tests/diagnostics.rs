//! Every static rule has a fixture that breaks it: `\* error: CODE` stands on the line, and the
//! rendered report beside the fixture is what a user sees.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use mpcal_tests::fixture::Fixture;
use mpcal_tests::{check_blessed, fixtures};

/// Checks a model for every back end; gives codes with lines, and the report.
fn run(fixture: &Fixture) -> (Vec<(String, u64)>, String) {
    let (name, path) = (&fixture.name, &fixture.path);
    let more = fixture.expected("check").unwrap_or_default().split_whitespace();
    let command: Vec<&str> = ["check"].into_iter().chain(more).collect();
    let mpcal = |extra: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_mpcal"))
            .args(&command)
            .args(extra)
            .arg(path.file_name().unwrap_or_default())
            .current_dir(path.parent().unwrap_or(path))
            .output()
            .expect("the command runs")
    };
    let json = mpcal(&["--message-format", "json"]);
    let found = String::from_utf8_lossy(&json.stderr)
        .lines()
        .filter_map(|l| serde_json::from_str::<serde_json::Value>(l).ok().filter(|d| d["code"].is_string()))
        .map(|d| (d["code"].as_str().unwrap_or_default().to_owned(), d["primary"]["line"].as_u64().unwrap_or_default()))
        .collect();
    let human = mpcal(&[]);
    let report = String::from_utf8_lossy(&human.stderr).into_owned();
    let errors = report.lines().any(|l| l.starts_with("error["));
    assert_eq!(human.status.code(), Some(i32::from(errors)), "{name}: exit code\n{report}");
    (found, report)
}

#[test]
fn each_rule_is_reported_at_its_place() {
    let mut failures = String::new();
    for fixture in Fixture::all("errors") {
        let (mut found, report) = run(&fixture);
        let Fixture { name, path, text, .. } = fixture;
        found.sort();
        let mut wanted: Vec<(String, u64)> = (1..)
            .zip(text.lines())
            .flat_map(|(n, line)| {
                let marks = line.split("\\* error: ").skip(1).chain(line.split("\\* warning: ").skip(1));
                marks
                    .map(move |code| (code.split_whitespace().next().unwrap_or_default().to_owned(), n))
                    .collect::<Vec<_>>()
            })
            .collect();
        wanted.sort();
        // Some rules have no line of their own: something is missing from the file.
        if wanted.is_empty() {
            assert!(found.iter().all(|(code, _)| *code == name) && !found.is_empty(), "{name}: {report}");
        } else if found != wanted {
            failures.push_str(&format!("{name}: found {found:?}, wanted {wanted:?}\n{report}\n"));
        }
        check_blessed(&path.with_extension("txt"), &report);
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn each_code_has_a_fixture_and_an_explanation() {
    let output = Command::new(env!("CARGO_BIN_EXE_mpcal")).arg("explain").output().expect("the command runs");
    let codes: BTreeSet<String> = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
    let covered: BTreeSet<String> = Fixture::all("errors").into_iter().map(|fixture| fixture.name).collect();
    // A fault of ours has no fixture.
    let missing: Vec<_> = codes.iter().filter(|c| *c != "internal-error" && !covered.contains(*c)).collect();
    assert!(missing.is_empty(), "no fixture for {missing:?}");
    for code in codes {
        let said =
            Command::new(env!("CARGO_BIN_EXE_mpcal")).args(["explain", &code]).output().expect("the command runs");
        assert!(said.status.success() && said.stdout.len() > 20, "{code}");
    }
}

/// Where the words and signs of the block of a module are; comments and strings count as one.
fn tokens(text: &str) -> Vec<std::ops::Range<usize>> {
    let (mut found, mut at) = (Vec::new(), text.find("--mpcal").expect("it has a block"));
    let end = text.find("\\* BEGIN PLUSCAL").expect("it has markers");
    while at < end {
        let rest = &text[at..end];
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let length = match rest.chars().next() {
            Some('"') => rest[1..].find('"').map_or(1, |n| n + 2),
            Some(c) if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            Some(c) => c.len_utf8(),
            None => break,
        };
        if rest.starts_with("\\*") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else {
            if !rest.starts_with(char::is_whitespace) {
                found.push(at..at + length);
            }
            at += length;
        }
    }
    found
}

/// A word or sign that is left out is one mistake, and there is one message: what is behind it is read as
/// if nothing had happened. It may be two or three where a bracket is missing, which is known only behind it.
#[test]
fn one_mistake_gives_one_message() {
    let (mut mistakes, mut more) = (0, Vec::new());
    for name in ["macros", "procedures", "mapping_forms", "choices"] {
        let text = fs::read_to_string(fixtures("models").join(format!("{name}.tla"))).expect("the fixture can be read");
        for token in tokens(&text) {
            let broken = format!("{}{}", &text[..token.start], &text[token.end..]);
            let Err(report) = mpcal_build::parse(name, &broken) else { continue };
            mistakes += 1;
            let report = report.to_string();
            let messages = report.matches("error[").count();
            assert!(messages <= 3, "without `{}`:\n{report}", &text[token]);
            if messages > 1 {
                more.push(format!("without `{}`:\n{report}\n", &text[token]));
            }
        }
    }
    assert!(mistakes > 300 && more.len() * 25 < mistakes, "{} of {mistakes}:\n{}", more.len(), more.join("\n"));
}
