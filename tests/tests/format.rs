//! The formatter keeps what a model says, and every comment; twice is as good as once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use mpcal_build::Config;
use mpcal_tests::fixture::Fixture;
use mpcal_tests::{examples, fixtures, generate, text};

fn mpcal(arguments: &[&str], path: &Path) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_mpcal"))
        .arg("--include")
        .arg(fixtures("models/modules"))
        .args(arguments)
        .arg(path)
        .output()
        .expect("the command runs");
    (output.status.success(), text(&output))
}

fn models() -> Vec<PathBuf> {
    let fixtures = ["models", "compile"].into_iter().flat_map(Fixture::all);
    examples().into_iter().chain(fixtures.map(|fixture| fixture.path)).collect()
}

/// The comments inside the block, white space aside.
fn comments(text: &str) -> Vec<String> {
    let block = text.find("--mpcal").map_or("", |at| &text[at..]);
    let block = block.find("BEGIN PLUSCAL").map_or(block, |at| &block[..at]);
    block.lines().filter_map(|l| l.find("\\*").map(|at| l[at..].trim().to_owned())).collect()
}

#[test]
fn formatting_keeps_the_model_and_its_comments() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    for model in models() {
        let original = fs::read_to_string(&model).expect("the model is there");
        // Written on as few lines as can be, a model comes out the same.
        let path = directory.path().join(model.file_name().expect("a file has a name"));
        fs::write(&path, &original).expect("a file can be written");
        let (fine, translation) = mpcal(&["pluscal", "--stdout"], &path);
        assert!(fine, "{translation}");
        // Warnings stand behind the file.
        let region = |text: &str| {
            let behind = text.split("BEGIN PLUSCAL").nth(1).unwrap_or("");
            behind.split("====").next().unwrap_or("").to_owned()
        };
        let (fine, report) = mpcal(&["fmt"], &path);
        assert!(fine, "{report}");
        let once = fs::read_to_string(&path).expect("the file is there");
        assert_eq!(comments(&once), comments(&original), "{}", path.display());
        let (fine, again) = mpcal(&["pluscal", "--stdout"], &path);
        assert!(fine && region(&again) == region(&translation), "{}:\n{once}", path.display());
        let (fine, diff) = mpcal(&["fmt", "--check"], &path);
        assert!(fine, "{}: twice is not once:\n{diff}", path.display());
        let outside = |text: &str| {
            let at = text.find("--mpcal").unwrap_or(0);
            (text[..at].to_owned(), region(text))
        };
        assert_eq!(outside(&once), outside(&original), "{}", path.display());
    }
}

#[test]
fn a_crowded_block_is_laid_out() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let path = directory.path().join("crowded.tla");
    let crowded = r"---- MODULE crowded ----
EXTENDS Naturals
(*
--mpcal crowded {
archetype A(ref x) variable n=0; { \* first
l1: while(n<2){ n:=n+1; (* odd *) if(n=1) x:=1||n:=n; else {x:=x+ \* why
  2;}; };
\* before l2
l2:+ await /\ x=1
           /\ n=2; }
variables x=0;
fair process(p\in 1..2)==instance A(ref x); }
*)
====
";
    fs::write(&path, crowded).expect("a file can be written");
    let (fine, shown) = mpcal(&["fmt", "--stdout"], &path);
    assert!(fine, "{shown}");
    let wanted = r"---- MODULE crowded ----
EXTENDS Naturals
(*
--mpcal crowded {
  archetype A(ref x)
  variables n = 0;
  { \* first
    l1:
      while (n<2) {
        n := n+1; (* odd *)
        if (n=1) {
          x := 1 || n := n;
        } else {
          x := x+ \* why
            2;
        };
      };
    \* before l2
    l2:+
      await /\ x=1
            /\ n=2;
  }

  variables
    x = 0;

  fair process (p \in 1..2) == instance A(ref x);
}
*)
====
";
    assert_eq!(shown, wanted);
}

/// Printing a tree and reading it again gives the same tree, which `format` itself holds against the model; so the
/// translation is the same, too. `RANDOM_MODELS` makes more.
#[test]
fn random_models_are_read_as_they_are_printed() {
    let count = std::env::var("RANDOM_MODELS").ok().and_then(|n| n.parse().ok()).unwrap_or(200);
    let region = |text: &str| text.split("BEGIN PLUSCAL").nth(1).unwrap_or("").to_owned();
    for seed in 1..=count {
        let model = generate::model("printed", seed);
        let once = mpcal_build::format("printed.tla", &model).unwrap_or_else(|e| panic!("{e}\n{model}"));
        let twice = mpcal_build::format("printed.tla", &once).unwrap_or_else(|e| panic!("{e}\n{once}"));
        assert_eq!(once, twice);
        let translated = |text: &str| {
            let whole = Config::new().translate_text("printed.tla", text, None);
            region(&whole.unwrap_or_else(|e| panic!("{e}\n{text}")))
        };
        assert_eq!(translated(&model), translated(&once), "{once}");
    }
}

/// What the translation copies of the model, comments and definitions, is the same after formatting, so that it
/// does not become stale.
#[test]
fn a_translation_stays_current() {
    let model = r"---- MODULE current ----
EXTENDS Naturals
(*
--mpcal current {
      define {
  Small(n) == /\ n < 5
              /\ n # 3
      Other == TRUE }
  archetype A(ref x)
  {
      \* A heading of several labels.

      \* What l1 does.
      l1: x := IF Small(x)
        THEN 1
        ELSE 2;
      \* What l2 does.

      l2: skip;
  }
  variables x = 0;
  \* INSTANCES

  \* The only process.
  process (p = 1) == instance A(ref x);
}
\* BEGIN PLUSCAL TRANSLATION
\* END PLUSCAL TRANSLATION
*)
====
";
    let translated = |text: &str| {
        let whole = Config::new().translate_text("current.tla", text, None).unwrap_or_else(|e| panic!("{e}"));
        whole.split("BEGIN PLUSCAL").nth(1).unwrap_or("").to_owned()
    };
    let formatted = mpcal_build::format("current.tla", model).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(translated(model), translated(&formatted), "{formatted}");
    assert!(formatted.contains("  \\* INSTANCES\n\n  \\* The only process.\n"), "{formatted}");
}
