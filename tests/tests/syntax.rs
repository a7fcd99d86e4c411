//! What is TLA+ and what is not: our parser against SANY's.

use std::fs;
use std::path::{Path, PathBuf};

use mpcal_tests::{files, fixtures, Tools};

/// With a `!`, SANY is known to be mistaken.
const VERDICTS: [&str; 4] = ["ok", "no", "ok!", "no!"];

/// A line of the fixtures.
struct Snippet {
    name: String,
    module: String,
    /// Whether it is TLA+.
    fine: bool,
    /// Whether SANY takes it for TLA+.
    sany: bool,
}

/// What the fixtures say.
fn snippets() -> Vec<Snippet> {
    let mut list = Vec::new();
    for (name, before) in [("expressions", "x == "), ("units", "")] {
        let text = fs::read_to_string(fixtures("syntax").join(format!("{name}.txt"))).expect("the fixture is there");
        for (n, line) in text.lines().enumerate() {
            let Some((verdict, snippet)) = line.split_once(' ').filter(|(v, _)| VERDICTS.contains(v)) else {
                assert!(line.starts_with('#'), "{name}.txt:{}: {line}", n + 1);
                continue;
            };
            let snippet = snippet.replace('¶', "\n");
            let module = format!("---- MODULE snippet ----\n{before}{snippet}\n====\n");
            let fine = verdict.starts_with("ok");
            let sany = fine != verdict.ends_with('!');
            list.push(Snippet { name: format!("{name}_{:03}", n + 1), module, fine, sany });
        }
    }
    assert!(list.len() > 500);
    list
}

#[test]
fn snippets_are_parsed_as_sany_parses_them() {
    for Snippet { name, module, fine, .. } in snippets() {
        let parsed = mpcal_build::parse(&name, &module);
        assert_eq!(
            parsed.is_ok(),
            fine,
            "{name}:\n{module}{}",
            parsed.err().map(|e| e.to_string()).unwrap_or_default()
        );
    }
}

#[test]
fn sany_says_what_the_fixtures_say() {
    let Some(tools) = Tools::find("sany_says_what_the_fixtures_say") else { return };
    let directory = tempfile::tempdir().expect("a directory can be made");
    let snippets = snippets();
    for Snippet { name, module, .. } in &snippets {
        fs::write(directory.path().join(format!("{name}.tla")), module).expect("a file can be written");
    }
    let verdicts = tools.verdicts(directory.path());
    for Snippet { name, module, sany, .. } in snippets {
        let said = verdicts.iter().find(|(path, _)| path.ends_with(format!("{name}.tla")));
        assert_eq!(said.map(|(_, fine)| *fine), Some(sany), "{name}:\n{module}");
    }
}

/// Modules of others: what SANY parses we parse, and what it does not we do not. `TLA_CORPUS` names
/// a directory of them.
#[test]
fn a_corpus_is_parsed_as_sany_parses_it() {
    let name = "a_corpus_is_parsed_as_sany_parses_it";
    let Some(corpus) = std::env::var_os("TLA_CORPUS").map(PathBuf::from) else {
        println!("{name}: skipped, TLA_CORPUS is not set");
        return;
    };
    let Some(tools) = Tools::find(name) else { return };
    let verdicts = tools.verdicts(&corpus.canonicalize().expect("TLA_CORPUS names a directory"));
    let differs: Vec<String> = verdicts.iter().filter_map(|(path, fine)| differs(path, *fine)).collect();
    println!("{name}: {} of {} modules as SANY", verdicts.len() - differs.len(), verdicts.len());
    assert!(differs.is_empty(), "{}", differs.join("\n"));
}

fn differs(path: &Path, fine: bool) -> Option<String> {
    let text = String::from_utf8_lossy(&fs::read(path).expect("a file of the corpus can be read")).into_owned();
    let parsed = mpcal_build::parse(&path.display().to_string(), &text);
    let said = if fine { "SANY parses it" } else { "SANY does not parse it" };
    let report = parsed.as_ref().err().map(ToString::to_string).unwrap_or_default();
    (parsed.is_ok() != fine).then(|| format!("{}: {said}\n{report}", path.display()))
}

/// The corpus of syntax that comes with SANY: files of tests, each a title between lines of `=` that end in
/// `|||`, a module, and behind a line of `-` the tree it has. `SANY_CORPUS` names its directory.
#[test]
fn the_corpus_of_sany_is_parsed_as_it_says() {
    let name = "the_corpus_of_sany_is_parsed_as_it_says";
    let Some(corpus) = std::env::var_os("SANY_CORPUS").map(PathBuf::from) else {
        println!("{name}: skipped, SANY_CORPUS is not set");
        return;
    };
    let files = [files(&corpus, "txt"), files(&corpus.join("unicode"), "txt")].concat();
    let texts = files.iter().map(|f| fs::read_to_string(f).expect("the file can be read"));
    let entries: Vec<(String, String)> = texts.flat_map(|text| corpus_entries(&text)).collect();
    let differs: Vec<String> = entries.iter().filter_map(|(title, module)| corpus_differs(title, module)).collect();
    println!("{name}: {} of {} as it says", entries.len() - differs.len(), entries.len());
    assert!(!entries.is_empty() && differs.is_empty(), "{}", differs.join("\n"));
}

/// Title and module of each test in a file.
fn corpus_entries(text: &str) -> Vec<(String, String)> {
    let rule = |line: &str, c: char| line.ends_with("|||") && line.trim_end_matches('|').chars().all(|d| d == c);
    let lines: Vec<&str> = text.lines().collect();
    let mut entries = Vec::new();
    let mut i = 0;
    let until = |i: &mut usize, c: char| {
        let from = *i;
        *i += lines[from..].iter().position(|l| rule(l, c)).unwrap_or(lines.len() - from) + 1;
        lines[from..(*i - 1).min(lines.len())].join("\n")
    };
    until(&mut i, '=');
    while i < lines.len() {
        let title = until(&mut i, '=');
        entries.push((title, until(&mut i, '-')));
        until(&mut i, '=');
    }
    entries
}

fn corpus_differs(title: &str, module: &str) -> Option<String> {
    let parsed = mpcal_build::parse(title, module);
    let report = parsed.as_ref().err().map(ToString::to_string).unwrap_or_default();
    (parsed.is_ok() == title.contains(":error")).then(|| format!("{title}\n{module}\n{report}"))
}

/// The operators that newer versions of SANY read, besides those of ASCII.
#[test]
fn unicode_operators_are_read() {
    let module = "---- MODULE unicode ----
EXTENDS Naturals
CONSTANTS a, b, S
f ≜ ∀ x ∈ S : ∃ y ∈ S : x ≤ y ∧ ¬(x ≠ y) ⇒ x ≥ y ⇔ a ∨ b
g ≜ ⟨1, 2⟩ ∘ ⟨⟩
h ≜ [x ∈ S ↦ (x × x) ∪ ({} ∩ ℕ)]
i ≜ □[a]_b ∧ ◇⟨a⟩_b ∧ (a ↝ b) ∧ (a ⇝ b) ∧ (a ≡ b) ∧ ((a ⟹ b) ⟺ b)
k ≜ [S ⟶ {[x ∈ S ⟼ x]}]
j ≜ /\\ a
    /\\ b ÷ 1 ∉ 1‥2
====
";
    mpcal_build::parse("unicode.tla", module).expect("it is TLA+");
}

/// Found by fuzzing: each of these took time exponential in its nesting.
#[test]
fn nothing_is_read_twice() {
    let start = std::time::Instant::now();
    let unended = format!("{}x == (1\n", "---- MODULE m ----\n".repeat(60));
    assert!(mpcal_build::parse("unended.tla", &unended).is_err());
    let sets = format!("---- MODULE m ----\nx == {}S{}\n====\n", "{y \\in ".repeat(40), "}".repeat(40));
    assert!(mpcal_build::parse("sets.tla", &sets).is_ok());
    let ifs = format!(
        "--mpcal m {{ archetype A(ref x) {{ start: {}skip; {}}} }}",
        "if (x > 0) { ".repeat(30),
        "}; ".repeat(30)
    );
    assert!(mpcal_build::format("ifs.tla", &ifs).is_ok());
    assert!(start.elapsed() < std::time::Duration::from_secs(5), "{:?}", start.elapsed());
}

/// A statement that is flat to read, with so many parts.
fn chain(kind: &str, parts: usize) -> String {
    let numbers = 1..parts;
    match kind {
        "sum" => format!("x := x{};", " + 1".repeat(parts)),
        "difference" => format!("x := (x{}){};", " - 1".repeat(parts / 2), " + 1".repeat(parts - parts / 2)),
        "else if" => {
            let arms: String = numbers.map(|n| format!("else if (x = {n}) {{ x := {n} + 1; }} ")).collect();
            format!("if (x = 0) {{ x := 1; }} {arms}else {{ x := 0; }};")
        }
        "ELSE IF" => {
            let arms: String = numbers.map(|n| format!("ELSE IF x = {n} THEN {n} + 1 ")).collect();
            format!("x := IF x = 0 THEN 1 {arms}ELSE 0;")
        }
        other => panic!("{other}"),
    }
}

/// What is flat to read may be long, for each of our back ends and the tools behind them; what is in
/// one another counts together.
#[test]
fn chains_may_be_longer_than_anything_may_nest() {
    let tools = Tools::find("chains_may_be_longer_than_anything_may_nest");
    let directory = tempfile::tempdir().expect("a directory can be made");
    let run = |command: &str| {
        let mpcal = std::process::Command::new(env!("CARGO_BIN_EXE_mpcal"))
            .args([command, "chain.tla"])
            .current_dir(directory.path())
            .output()
            .expect("the command runs");
        (mpcal.status.success(), mpcal_tests::text(&mpcal))
    };
    for kind in ["sum", "difference", "else if", "ELSE IF"] {
        for parts in [101, 249, 252] {
            let model = format!(
                "---- MODULE chain ----\nEXTENDS Integers\n(*\n--mpcal chain {{\n  variables x = 0;\n  process (P = 1)\n  \
                 {{\n    a: {}\n  }}\n}}\n\\* BEGIN PLUSCAL TRANSLATION\n\\* END PLUSCAL TRANSLATION\n*)\n\
                 \\* BEGIN TRANSLATION\n\\* END TRANSLATION\n====\n",
                chain(kind, parts)
            );
            fs::write(directory.path().join("chain.tla"), model).expect("a file can be written");
            for command in ["check", "rust", "types", "fmt", "pluscal"] {
                let (fine, said) = run(command);
                assert_eq!(fine, parts < 250, "{kind}, {parts}: {command}\n{said}");
                assert!(fine || said.contains("error[nesting-too-deep]: a chain"), "{said}");
            }
            if let Some(tools) = tools.as_ref().filter(|_| parts < 250) {
                tools.translate(directory.path(), "chain.tla");
                tools.parse(directory.path(), "chain.tla");
            }
        }
    }
}
