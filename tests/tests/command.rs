//! The command line: exit codes, in-place rewriting, and files that are not models.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use mpcal_tests::{fixtures, text};

fn mpcal(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mpcal")).args(arguments).current_dir(directory).output().expect("the command runs")
}

fn model(directory: &Path) -> String {
    let text = fs::read_to_string(fixtures("models").join("macros.tla")).expect("the fixture can be read");
    fs::write(directory.join("macros.tla"), &text).expect("a file can be written");
    text
}

#[test]
fn rewriting_is_idempotent_and_keeps_the_rest() {
    let directory = tempfile::tempdir().unwrap();
    let original = model(directory.path()).replace("====\n", "==== \t\ntext behind the module  \n");
    let crlf = original.replace('\n', "\r\n");
    for before in [original, crlf] {
        fs::write(directory.path().join("macros.tla"), &before).unwrap();
        let stale = mpcal(directory.path(), &["pluscal", "--check", "macros.tla"]);
        assert_eq!(stale.status.code(), Some(1));
        assert!(text(&stale).contains("+--algorithm macros {"), "{}", text(&stale));
        assert_eq!(fs::read_to_string(directory.path().join("macros.tla")).unwrap(), before);

        assert_eq!(mpcal(directory.path(), &["pluscal", "macros.tla"]).status.code(), Some(0));
        let once = fs::read_to_string(directory.path().join("macros.tla")).unwrap();
        assert_eq!(mpcal(directory.path(), &["pluscal", "macros.tla"]).status.code(), Some(0));
        assert_eq!(fs::read_to_string(directory.path().join("macros.tla")).unwrap(), once);
        assert_eq!(mpcal(directory.path(), &["pluscal", "--check", "macros.tla"]).status.code(), Some(0));

        let marker = |s: &str| s.split("PLUSCAL TRANSLATION").map(str::to_owned).collect::<Vec<_>>();
        let (a, b) = (marker(&before), marker(&once));
        assert_eq!((a.first(), a.last()), (b.first(), b.last()), "text outside the region has changed");
        assert_eq!(once.matches("\r\n").count() > 0, before.contains("\r\n"));
        assert_eq!(once.matches('\n').count() == once.matches("\r\n").count(), before.contains("\r\n"));
    }
}

#[test]
fn standard_output_leaves_the_file_alone() {
    let directory = tempfile::tempdir().unwrap();
    let before = model(directory.path());
    let shown = mpcal(directory.path(), &["pluscal", "--stdout", "macros.tla"]);
    assert!(shown.status.success() && text(&shown).contains("--algorithm"));
    assert_eq!(fs::read_to_string(directory.path().join("macros.tla")).unwrap(), before);
}

#[test]
fn exit_codes_tell_a_bad_model_from_bad_usage() {
    let directory = tempfile::tempdir().unwrap();
    model(directory.path());
    fs::write(directory.path().join("bad.tla"), "--mpcal M { archetype A() { x := 1; } }").unwrap();
    let code = |arguments: &[&str]| mpcal(directory.path(), arguments).status.code();
    assert_eq!(code(&["check", "macros.tla"]), Some(0));
    assert_eq!(code(&["check", "macros.tla", "bad.tla"]), Some(1));
    assert_eq!(code(&["check", "bad.tla", "missing.tla"]), Some(2));
    assert_eq!(code(&["check"]), Some(2));
    assert_eq!(code(&["chekc", "macros.tla"]), Some(2));
    assert_eq!(code(&["explain", "no-such-code"]), Some(2));
    assert_eq!(code(&["rust", "macros.tla", "-o", "no/such/directory/x.rs"]), Some(2));
    assert_eq!(code(&["--help"]), Some(0));
    for command in ["check", "pluscal", "rust", "explain", "init"] {
        let help = text(&mpcal(directory.path(), &[command, "--help"]));
        assert!(help.contains("Example"), "{command}: {help}");
    }
}

/// Nobody reads on behind `| head`: that is not a fault, and shows nothing.
#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mpcal"))
        .args(["rust", "procedures.tla"])
        .current_dir(fixtures("models"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn a_file_is_written_whole_and_an_error_names_it() {
    let directory = tempfile::tempdir().unwrap();
    model(directory.path());
    for _ in 0..2 {
        let output = mpcal(directory.path(), &["rust", "macros.tla", "-o", "macros.rs"]);
        assert!(output.status.success(), "{}", text(&output));
        let shown = mpcal(directory.path(), &["rust", "macros.tla"]);
        assert_eq!(fs::read(directory.path().join("macros.rs")).unwrap(), shown.stdout);
    }
    let output = mpcal(directory.path(), &["rust", "macros.tla", "-o", "no/such.rs"]);
    assert!(text(&output).contains("no/such.rs: "), "{}", text(&output));
}

/// The build script and the command give the same module.
#[test]
fn doors_agree() {
    let built = include_str!(concat!(env!("OUT_DIR"), "/macros.rs"));
    let shown = mpcal(&fixtures("models"), &["rust", "macros.tla"]);
    assert!(shown.status.success());
    assert_eq!(String::from_utf8_lossy(&shown.stdout), built);
}

#[test]
fn init_makes_a_crate_once() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(mpcal(directory.path(), &["init", "first"]).status.code(), Some(0));
    assert_eq!(mpcal(directory.path(), &["init", "first"]).status.code(), Some(2));
    assert_eq!(mpcal(directory.path(), &["init", "1st"]).status.code(), Some(2));
    let made = directory.path().join("first");
    assert_eq!(mpcal(&made, &["check", "counter.tla"]).status.code(), Some(0));
    assert!(made.join("src/main.rs").exists() && made.join("build.rs").exists() && made.join("counter.cfg").exists());
}

#[test]
fn modules_beside_the_file_are_extended() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
    write("lib.tla", "---- MODULE lib ----\nEXTENDS Naturals\nTwice(x) == 2 * x\nBad(x) == unknownThing + x\n====\n");
    let main = |operator: &str| {
        format!(
            "---- MODULE main ----\nEXTENDS Naturals, lib\n(*\n--mpcal M {{\n  archetype A(ref x) {{ start: x := {operator}(x); }}\n  \
             variables x = 2;\n  process (p = 1) == instance A(ref x);\n}}\n*)\n====\n"
        )
    };
    write("main.tla", &main("Twice"));
    let output = mpcal(directory.path(), &["rust", "main.tla"]);
    assert!(output.status.success() && text(&output).contains("pub fn twice(&self, x: i64)"), "{}", text(&output));
    write("main.tla", &main("Bad"));
    let report = text(&mpcal(directory.path(), &["check", "main.tla"]));
    assert!(report.contains("there is no `unknownThing`") && report.contains("lib.tla:4:11"), "{report}");
    fs::create_dir(directory.path().join("shared")).unwrap();
    fs::rename(directory.path().join("lib.tla"), directory.path().join("shared/lib.tla")).unwrap();
    write("main.tla", &main("Twice"));
    let report = text(&mpcal(directory.path(), &["check", "main.tla"]));
    assert!(report.contains("there is no module `lib`") && report.contains("--include"), "{report}");
    let output = mpcal(directory.path(), &["check", "--include", "shared", "main.tla"]);
    assert!(output.status.success(), "{}", text(&output));
    write("shared/lib.tla", "---- MODULE lib ----\nEXTENDS Naturals, other\nTwice(x) == 2 * x\n====\n");
    write("shared/other.tla", "---- MODULE other ----\nL == INSTANCE lib\n====\n");
    let report = text(&mpcal(directory.path(), &["check", "--include", "shared", "main.tla"]));
    assert!(report.contains("error[module-cycle]") && report.contains("other.tla:2:15"), "{report}");
}

/// A small generator of numbers: tests have the same ones every time.
fn numbers(seed: u64) -> impl Iterator<Item = u64> {
    std::iter::successors(Some(seed | 1), |x| {
        let x = x ^ (x << 13);
        let x = x ^ (x >> 7);
        Some(x ^ (x << 17))
    })
}

#[test]
fn any_bytes_give_a_diagnostic_or_success() {
    let directory = tempfile::tempdir().unwrap();
    let good = model(directory.path());
    let mut files: Vec<Vec<u8>> =
        vec![Vec::new(), vec![0xff; 100], vec![0; 100], b"--mpcal".to_vec(), b"--mpcal M {".to_vec()];
    let body = |s: String| format!("--mpcal M {{ archetype A() variables x = 1; {{ start: {s} }} }}").into_bytes();
    let deep = 20_000;
    files.push(body(format!("x := {}1{};", "(".repeat(deep), ")".repeat(deep))));
    files.push(body(format!("x := {}1;", "(".repeat(deep))));
    files.push(body(format!("x := {}1;", "-".repeat(deep))));
    files.push(body(format!("x := {}1{};", "<<".repeat(deep), ">>".repeat(deep))));
    files.push(body(format!("x := {}x{};", "x[".repeat(deep), "]".repeat(deep))));
    files.push(body(format!("x := x{};", "[1]".repeat(deep))));
    files.push(body(format!("x := 1{};", " + 1".repeat(deep))));
    files.push(body(format!("x := {}1;", "IF x THEN 1 ELSE ".repeat(deep))));
    files.push(body(format!("{}skip;{}", "{".repeat(deep), "}".repeat(deep))));
    files.push(body(format!("{}skip;", "if (x = 1) ".repeat(deep))));
    files.push(body(format!("{}skip;", "if (x = 1) skip; else ".repeat(deep))));
    files.push(body(format!("{}skip;", "with (y = 1) ".repeat(deep))));
    files.push(format!("---- MODULE M ----\n(*{}", "(*".repeat(deep)).into_bytes());
    files.push(format!("---- MODULE M ----\nx == {}\n====", "/\\ a\n     ".repeat(deep)).into_bytes());
    // Random bytes, and a good model with random damage.
    let mut random = numbers(42);
    for _ in 0..20 {
        files.push(random.by_ref().take(200).flat_map(u64::to_le_bytes).collect());
    }
    for _ in 0..60 {
        let mut bytes = good.clone().into_bytes();
        for _ in 0..4 {
            let at = random.next().unwrap_or(0) as usize % bytes.len();
            match random.next().unwrap_or(0) % 3 {
                0 => bytes[at] = b"(){}[]\\/*;:=<>\"|'@!,.-~ \n"[random.next().unwrap_or(0) as usize % 25],
                1 => drop(bytes.remove(at)),
                _ => bytes.truncate(at.max(1)),
            }
        }
        files.push(bytes);
    }
    for (n, bytes) in files.iter().enumerate() {
        let name = format!("case{n}.tla");
        fs::write(directory.path().join(&name), bytes).unwrap();
        for arguments in [&["pluscal", "--stdout", &name][..], &["rust", &name][..]] {
            let output = mpcal(directory.path(), arguments);
            let start: String = String::from_utf8_lossy(bytes).chars().take(200).collect();
            assert!(matches!(output.status.code(), Some(0..=2)), "{arguments:?} on {start:?}: {}", text(&output));
        }
    }
}

/// A model with two workers that may both see zero, and what TLC 2.15 prints of it.
const RACE: &str = r#"---- MODULE race ----
EXTENDS Naturals
(*
--mpcal race {
  archetype Worker(ref total)
  variables seen = 0;
  {
    look:
      seen := total;
    add:
      total := seen + 1;
  }
  variables total = 0;
  process (worker \in 1..2) == instance Worker(ref total);
}
\* BEGIN PLUSCAL TRANSLATION
\* END PLUSCAL TRANSLATION
*)
\* BEGIN TRANSLATION
\* END TRANSLATION
Done == \A w \in 1..2 : pc[w] = "Done"
Both == Done => total = 2
====
"#;

const SAID: &str = r#"Starting... (2026-11-22 21:14:25)
Error: Invariant Both is violated.
Error: The behavior up to this point is:
State 1: <Initial predicate>
/\ total = 0
/\ seen = <<0, 0>>
/\ pc = <<"look", "look">>

State 2: <look line 40, col 15 to line 43, col 40 of module race>
/\ total = 0
/\ seen = << 0,
   0 >>
/\ pc = <<"add", "look">>

State 3: <add line 45, col 14 to line 48, col 37 of module race>
/\ total = 1
/\ seen = <<0, 0>>
/\ pc = <<"Done", "look">>

3 states generated, 3 distinct states found, 0 states left on queue.
"#;

#[test]
fn a_counterexample_is_told_in_terms_of_the_model() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("race.tla"), RACE).unwrap();
    let explain = |said: &str| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_mpcal"))
            .args(["explain-trace", "race.tla"])
            .current_dir(directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(said.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let wanted = "error: Invariant Both is violated.

  1  the system starts
       total = 0
       Worker.seen = <<0, 0>>

  2  Worker 1 does look  (race.tla:8)
          8 |     look:
          9 |       seen := total;
       then it is at add

  3  Worker 1 does add  (race.tla:10)
         10 |     add:
         11 |       total := seen + 1;
       then it is at Done
       total = 1  (was 0)
";
    assert_eq!(explain(SAID), (Some(1), wanted.to_owned()));
    let (code, text) = explain("Model checking completed. No error has been found.\n");
    assert_eq!((code, &text[..]), (Some(0), "TLC found no error\n"));
}

#[test]
fn tlc_is_run_and_its_counterexample_explained() {
    let directory = tempfile::tempdir().unwrap();
    let bare = Command::new(env!("CARGO_BIN_EXE_mpcal")).args(["tlc", "race.tla"]).env_remove("TLA2TOOLS_JAR").output();
    let bare = bare.unwrap();
    assert!(bare.status.code() == Some(2) && text(&bare).contains("set TLA2TOOLS_JAR"), "{}", text(&bare));
    if mpcal_tests::Tools::find("tlc_is_run_and_its_counterexample_explained").is_none() {
        return;
    }
    fs::write(directory.path().join("race.tla"), RACE).unwrap();
    fs::write(directory.path().join("race.cfg"), "SPECIFICATION Spec\nINVARIANT Both\n").unwrap();
    let output = mpcal(directory.path(), &["tlc", "race.tla", "--", "-deadlock"]);
    let said = text(&output);
    assert!(output.status.code() == Some(1) && said.contains("error: Invariant Both is violated."), "{said}");
    assert!(said.contains("does add  (race.tla:10)"), "{said}");
    fs::write(directory.path().join("race.cfg"), "SPECIFICATION Spec\n").unwrap();
    let output = mpcal(directory.path(), &["tlc", "race.tla", "--", "-deadlock"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
}

#[test]
fn inferred_types_are_shown() {
    let example = mpcal_tests::root().join("examples/locksvc");
    let said = text(&mpcal(&example, &["types", "locksvc.tla"]));
    for line in [
        "LockServer.waiting  Seq(Int)",
        "LockClient.holding  ref [Int] Bool",
        "$message = { from: Int, kind: $message_kind }",
        "$message_kind = \"grant\" | \"release\" | \"request\"",
    ] {
        assert!(said.contains(line), "{said}");
    }
}

/// The lines of `types` about a fixture, with single blanks.
fn types(directory: &str, name: &str) -> Vec<String> {
    let said = mpcal(&mpcal_tests::fixtures(directory), &["types", name]);
    let lines = String::from_utf8_lossy(&said.stdout).into_owned();
    lines.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn a_guard_says_that_a_value_is_there() {
    let lines = types("models", "narrowed.tla");
    for wanted in [
        "Node.suspected ref [Int] Bool",
        "Node.target Int",
        "Node.count Int",
        "Node.log Seq(Int)",
        "Node.leader $IntOrNone",
        "Node.votedFor $IntOrNone",
        "marks Int -> Int",
        "last Int",
        "$IntOrNone = Int | None",
    ] {
        assert!(lines.iter().any(|l| l.ends_with(wanted)), "{wanted}: {lines:#?}");
    }
    assert_eq!(lines.iter().filter(|l| l.ends_with("= Int | None")).count(), 1, "{lines:#?}");
}

#[test]
fn operators_are_shown_as_they_are_emitted() {
    let lines = types("models", "widened.tla");
    let shown: Vec<_> = lines.iter().filter(|l| l.contains("=>")).filter_map(|l| l.split(' ').nth(1)).collect();
    assert!(shown.contains(&"ChosenWithLambda") && !shown.contains(&"Chosen"), "{shown:?}");
    let model = mpcal_tests::fixtures("models/widened.tla");
    let rust = mpcal_build::Config::new().compile_file(model).expect("it compiles").rust;
    for name in shown {
        let parts =
            name.chars().flat_map(|c| if c.is_uppercase() { vec!['_', c.to_ascii_lowercase()] } else { vec![c] });
        let snake: String = parts.collect();
        assert!(rust.contains(&format!("pub fn {}(", snake.trim_start_matches('_'))), "{name}");
    }
}

/// A place that holds values of several kinds gives all of them on; what holds itself has no type.
#[test]
fn what_receives_values_of_several_kinds_holds_them() {
    let lines = types("models", "widened.tla");
    for wanted in [
        "m $StrOrM",
        "a $IntOrStr",
        "newest $IntOrStr",
        "table Int -> $IntOrStr",
        "log Seq($IntOrStr)",
        "t Value",
        "held Set(Value)",
        "$IntOrStr = Int | Str",
    ] {
        assert!(lines.iter().any(|l| l.ends_with(wanted)), "{wanted}: {lines:#?}");
    }
}

#[test]
fn a_warning_can_be_denied() {
    let fixture = mpcal_tests::fixtures("errors");
    let said = mpcal(&fixture, &["types", "untyped-field.tla"]);
    assert_eq!(said.status.code(), Some(0), "{}", text(&said));
    let said = mpcal(&fixture, &["types", "--deny", "untyped", "untyped-field.tla"]);
    assert_eq!(said.status.code(), Some(1), "{}", text(&said));
    assert!(text(&said).contains("error[untyped]: the field `content` of `note` has no single type"));
    let said = mpcal(&fixture, &["types", "--deny", "typo", "untyped-field.tla"]);
    assert_eq!(said.status.code(), Some(2), "{}", text(&said));
}

/// A configuration elsewhere than beside the model decides what a constant is.
#[test]
fn a_configuration_can_be_named() {
    let directory = tempfile::tempdir().unwrap();
    let model = mpcal_tests::fixtures("models/optional.tla");
    fs::copy(&model, directory.path().join("optional.tla")).unwrap();
    let said = text(&mpcal(directory.path(), &["types", "optional.tla"]));
    assert!(!said.contains("model value"), "{said}");
    let configuration = model.with_extension("cfg").display().to_string();
    let said = text(&mpcal(directory.path(), &["types", "--config", &configuration, "optional.tla"]));
    assert!(said.contains("$IntOrNil = Int | Nil"), "{said}");
    let said = mpcal(directory.path(), &["types", "--config", "none.cfg", "optional.tla"]);
    assert_eq!(said.status.code(), Some(2), "{}", text(&said));
}

/// Types that double with each definition do not take time or space that doubles.
#[test]
fn types_do_not_grow_without_end() {
    let definitions: String = (1..40).map(|n| format!("A{n} == <<A{}, A{}>>\n", n - 1, n - 1)).collect();
    let model = format!(
        "---- MODULE wide ----\nEXTENDS Naturals\nA0 == 1\n{definitions}(*\n--mpcal wide {{\n  archetype A() \
         variables x = A39; {{\n    start: x := A39;\n  }}\n  process (p = 1) == instance A();\n}}\n*)\n====\n"
    );
    let start = std::time::Instant::now();
    mpcal_build::Config::new().compile_text("wide.tla", &model, None).expect("it compiles");
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}
