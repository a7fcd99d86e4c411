//! The time that a model takes grows with its length, not with the square of it, and no length overflows the stack.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

fn module(body: &str) -> String {
    format!(
        "---- MODULE long ----\nEXTENDS Naturals\n(*\n--mpcal long {{\n  variables x = 0;\n  process (P = 1) {{\n{body}  }}\n\
         }}\n\\* BEGIN PLUSCAL TRANSLATION\n\\* END PLUSCAL TRANSLATION\n*)\n====\n"
    )
}

/// The shortest time of three runs: others use the machine, too.
fn time(arguments: &[&str], body: &str) -> Duration {
    let directory = tempfile::tempdir().expect("a directory can be made");
    fs::write(directory.path().join("long.tla"), module(body)).expect("a file can be written");
    let run = |_| {
        let start = Instant::now();
        let output = Command::new(env!("CARGO_BIN_EXE_mpcal"))
            .args(arguments)
            .arg("long.tla")
            .current_dir(directory.path())
            .output()
            .expect("the command runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{:?}: {}", output.status, said.lines().next().unwrap_or_default());
        start.elapsed()
    };
    (0..3).map(run).min().expect("it ran")
}

#[test]
fn time_grows_with_the_model_and_not_with_its_square() {
    let writes = |n: usize| format!("l:\n{}", (0..n).map(|i| format!("x := x + {i};\n")).collect::<String>());
    let labels = |n: usize| (0..n).map(|i| format!("l{i}: x := x + {i};\n")).collect::<String>();
    let compare = |what: &str, command: &[&str], count: usize, body: &dyn Fn(usize) -> String| {
        let (short, long) = (time(command, &body(count)), time(command, &body(count * 4)));
        println!("{command:?}: {count} {what} {short:.2?}, {} {what} {long:.2?}", count * 4);
        assert!(long < short * 9, "{command:?} of {what}: {short:?}, {long:?}");
    };
    compare("writes", &["pluscal", "--stdout"], 2500, &writes);
    compare("labels", &["pluscal", "--stdout"], 5000, &labels);
    compare("labels", &["check"], 2500, &labels);
}
