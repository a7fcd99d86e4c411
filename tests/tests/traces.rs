//! What TLC prints, told in terms of the model.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use mpcal_tests::{text, Tools};

/// A procedure that two processes call, and that applies a tuple outside its domain.
const OUTSIDE: &str = r#"---- MODULE outside ----
EXTENDS Naturals, Sequences, TLC
(*
--mpcal outside {
  procedure take(n)
  {
    first:
      n := n + 1;
    second:
      print <<1, 2>>[n + 1];
      return;
  }
  archetype Worker()
  {
    add:
      call take(1);
    after:
      skip;
  }
  process (worker \in 1..2) == instance Worker();
}
\* BEGIN PLUSCAL TRANSLATION
\* END PLUSCAL TRANSLATION
*)
\* BEGIN TRANSLATION
second(self) == /\ pc[self] = "second"
                /\ PrintT(<<1, 2>>[n[self] + 1])
\* END TRANSLATION
====
"#;

/// A label of many lines with branches.
const LONG: &str = r#"---- MODULE long ----
EXTENDS Naturals
(*
--mpcal long {
  archetype Worker(ref count)
  variables kind = 1, seen = 0;
  {
    look:
      if (kind = 1) {
        seen := 1;
        count := 1;
        \* Comments
        \* take
        \* lines.
      } else if (kind = 2) {
        seen := 2;
        \* Comments
        \* take
        \* lines.
        goto last;
      } else {
        count := 3;
      };
    last:
      skip;
  }
  variables total = 0;
  process (worker = 1) == instance Worker(ref total);
}
\* BEGIN PLUSCAL TRANSLATION
\* END PLUSCAL TRANSLATION
*)
\* BEGIN TRANSLATION
\* END TRANSLATION
====
"#;

/// Runs `explain-trace` over a model; gives its exit code and what it prints.
fn explain(name: &str, model: &str, said: &str) -> (Option<i32>, String) {
    let directory = tempfile::tempdir().expect("a directory can be made");
    fs::write(directory.path().join(name), model).expect("a file can be written");
    let mut child = Command::new(env!("CARGO_BIN_EXE_mpcal"))
        .args(["explain-trace", name])
        .current_dir(directory.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command runs");
    child.stdin.take().expect("it is piped").write_all(said.as_bytes()).expect("it is read");
    let output = child.wait_with_output().expect("it ends");
    (output.status.code(), text(&output))
}

#[test]
fn what_cannot_be_evaluated_is_shown_with_process_label_and_place() {
    let at = OUTSIDE.lines().position(|l| l.contains("PrintT")).expect("it is there") + 1;
    let behaviour = "Error: The behavior up to this point is:\n\
        State 1: <Initial predicate>\n/\\ stack = <<<<>>, <<>>>>\n/\\ n = <<0, 0>>\n/\\ pc = <<\"add\", \"add\">>\n\n\
        State 2: <add line 1, col 1 to line 2, col 2 of module outside>\n/\\ stack = <<<<>>, <<>>>>\n\
        /\\ n = <<0, 1>>\n/\\ pc = <<\"add\", \"first\">>\n\n\
        State 3: <first line 1, col 1 to line 2, col 2 of module outside>\n/\\ stack = <<<<>>, <<>>>>\n\
        /\\ n = <<0, 2>>\n/\\ pc = <<\"add\", \"second\">>\n\n";
    let thrown = "Error: TLC threw an unexpected exception.\nThis was probably caused by an error in the spec or model.\n\
        See the User Output or TLC Console for clues to what happened.\nThe exception was a java.lang.RuntimeException\n\
        : Attempted to apply tuple\n<<1, 2>>\nto integer 3 which is out of domain.\n";
    let nested = format!(
        "Error: The error occurred when TLC was evaluating the nested\nexpressions at the following positions:\n\
         0. Line {}, column 20 to line {at}, column 48 in outside\n1. Line {at}, column 27 to line {at}, column 47 in outside\n\n",
        at - 1
    );
    let stack = format!(
        "Error: TLC was unable to fingerprint.\n\nFingerprint Stack Trace:\n\
         0) line {at}, col 27 to line {at}, col 47 of module outside\n\nReason:\nAttempted to apply tuple\n"
    );
    for places in [nested, stack] {
        let (code, told) = explain("outside.tla", OUTSIDE, &format!("{thrown}{behaviour}{places}"));
        assert_eq!(code, Some(1));
        let head = "error: Attempted to apply tuple <<1, 2>> to integer 3 which is out of domain.\n       \
                    in `<<1, 2>>[n[self] + 1]`, where Worker 2 in take is at second  (outside.tla:9)\n";
        assert!(told.starts_with(head), "{told}");
        assert!(told.contains("  3  Worker 2 in take does first  (outside.tla:7)\n"), "{told}");
    }
}

#[test]
fn a_long_section_shows_the_branch_that_was_taken() {
    let said = |after: &str| {
        format!(
            "Error: Invariant I is violated.\nState 1: <Initial predicate>\n/\\ total = 0\n/\\ kind = 2\n/\\ seen = 0\n\
             /\\ pc = (1 :> \"look\")\n\nState 2: <look line 1, col 1 to line 2, col 2 of module long>\n{after}\
             /\\ pc = (1 :> \"last\")\n\n"
        )
    };
    let (_, told) = explain("long.tla", LONG, &said("/\\ total = 0\n/\\ kind = 2\n/\\ seen = 2\n"));
    let wanted = "\
          8 |     look:
        ... | (6 lines)
         15 |       } else if (kind = 2) {
         16 |         seen := 2;
        ... | (3 lines)
         20 |         goto last;
        ... | (3 lines)
";
    assert!(told.contains(wanted) && !told.contains("does not tell"), "{told}");
    // A global variable under the name of the parameter that is bound to it.
    let (_, told) = explain("long.tla", LONG, &said("/\\ total = 3\n/\\ kind = 2\n/\\ seen = 0\n"));
    assert!(told.contains("         22 |         count := 3;\n"), "{told}");
    // Two branches go on to where it is and change nothing else.
    let either = LONG.replace("        count := 1;\n", "        goto last;\n");
    let (_, told) = explain("long.tla", &either, &said("/\\ total = 0\n/\\ kind = 2\n/\\ seen = 0\n"));
    assert!(told.contains("11 |         goto last;") && told.contains("20 |         goto last;"), "{told}");
    assert!(told.contains("what changed does not tell which branch was taken"), "{told}");
    let nothing = said("/\\ total = 0\n/\\ kind = 2\n/\\ seen = 0\n").replace("(1 :> \"last\")", "(1 :> \"look\")");
    let (_, told) = explain("long.tla", LONG, &nothing);
    assert!(told.contains("  2  Worker 1 does look  (long.tla:8)\n"), "{told}");
    assert!(
        told.contains("        ... | (4 lines)\n       what changed does not tell which branch was taken"),
        "{told}"
    );
}

/// A loop of one label: the translator has neither labels nor `pc`.
const FOREVER: &str = r#"---- MODULE forever ----
EXTENDS Naturals
(*
--mpcal forever {
  variables x = 0;
  process (counter \in 1..2)
  {
    go:
      while (TRUE) {
        x := x + 1;
      };
  }
}
\* BEGIN PLUSCAL TRANSLATION
\* END PLUSCAL TRANSLATION
*)
\* BEGIN TRANSLATION
\* END TRANSLATION
====
"#;

#[test]
fn where_the_translator_has_no_labels_the_action_is_the_process() {
    let said = "Error: Invariant Low is violated.\nError: The behavior up to this point is:\nState 1: <Initial predicate>\nx = 0\n\n\
                State 2: <counter line 23, col 18 to line 23, col 27 of module forever>\nx = 1\n\n";
    let (_, told) = explain("forever.tla", FOREVER, said);
    assert!(told.contains("counter does go  (forever.tla:8)"), "{told}");
    let alone = FOREVER.replace("  process (counter \\in 1..2)\n", "");
    let (_, told) = explain("forever.tla", &alone, &said.replace("<counter line", "<Next line"));
    assert!(told.contains("does go  (forever.tla:7)"), "{told}");
}

#[test]
fn what_is_not_tlcs_is_refused() {
    for said in ["", "hello\n", "error: could not compile\n"] {
        let (code, told) = explain("long.tla", LONG, said);
        assert!(code == Some(2) && told.contains("this is not what TLC prints"), "{told}");
    }
    let (code, told) = explain("long.tla", LONG, "TLC2 Version 2.15\nComputing initial states...\n");
    assert!(code == Some(2) && told.contains("ends before it says what it found"), "{told}");
    let (code, told) = explain("long.tla", LONG, "Model checking completed. No error has been found.\n");
    assert!(code == Some(0) && told == "TLC found no error\n", "{told}");
}

#[test]
fn tlc_itself_says_it_so() {
    if Tools::find("tlc_itself_says_it_so").is_none() {
        return;
    }
    let directory = tempfile::tempdir().expect("a directory can be made");
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).expect("a file can be written");
    write("outside.tla", OUTSIDE);
    write("outside.cfg", "SPECIFICATION Spec\nCONSTANT defaultInitValue = defaultInitValue\n");
    let run = |directory: &Path| {
        let command = Command::new(env!("CARGO_BIN_EXE_mpcal"))
            .args(["tlc", "outside.tla", "--", "-deadlock", "-workers", "1"])
            .current_dir(directory)
            .output();
        text(&command.expect("the command runs"))
    };
    let told = run(directory.path());
    assert!(told.contains("error: Attempted to apply tuple"), "{told}");
    assert!(told.contains("Worker 1 in take is at second  (outside.tla:9)"), "{told}");
}
