//! Names and columns of translations: as the author's, as `pcal.trans` would make them, and nothing that SANY refuses.
//! What the tools say is skipped where `TLA2TOOLS_JAR` or Java is missing.

use std::fs;
use std::path::Path;
use std::process::Command;

use mpcal_tests::Tools;

/// Translates a module in place; false if it is refused, and what was said.
fn pluscal(directory: &Path, name: &str, text: &str) -> (bool, String) {
    let file = format!("{name}.tla");
    fs::write(directory.join(&file), text).expect("a file can be written");
    let output = Command::new(env!("CARGO_BIN_EXE_mpcal")).args(["pluscal", &file]).current_dir(directory).output();
    let output = output.expect("the command runs");
    (output.status.success(), mpcal_tests::text(&output))
}

fn read(directory: &Path, name: &str) -> String {
    fs::read_to_string(directory.join(format!("{name}.tla"))).expect("the module can be read")
}

/// Moved on its first line only, a list would become an infix operator: `(x > 5 /\ x # 9) => x = x` is true.
#[test]
fn what_is_copied_keeps_its_columns() {
    let model = r"---- MODULE columns ----
EXTENDS Naturals, TLC
(*
--mpcal columns {
      define { Big == /\ x > 5
                      /\ x # 9 => x = x
    (* a comment
         of two lines *) Small == \/ x = 0
	                          \/ /\ x > 0
	                             /\ x < 9 => x > 20
               None == ~ Big /\ ~ Small }
  archetype A(ref counter)
  {
    start:
      counter := 3;
    finish:
      assert ~ Big /\ ~ Small /\ None;
    never:
      if (counter = 0) {
        assert CHOOSE y : \/ /\ y = 1
                             /\ y = 2 => FALSE
                          \/ FALSE;
      };
  }
  variables x = 0;
  process (p = 1) == instance A(ref x);
}
\* BEGIN PLUSCAL TRANSLATION
\* END PLUSCAL TRANSLATION
*)
\* BEGIN TRANSLATION
\* END TRANSLATION
====
";
    let directory = tempfile::tempdir().expect("a directory can be made");
    let (fine, said) = pluscal(directory.path(), "columns", model);
    assert!(fine, "{said}");
    let text = read(directory.path(), "columns");
    let expected = r"  define {
               Big == /\ x > 5
                      /\ x # 9 => x = x
    (* a comment
         of two lines *) Small == \/ x = 0
                                  \/ /\ x > 0
                                     /\ x < 9 => x > 20
               None == ~ Big /\ ~ Small
  }
";
    assert!(text.contains(expected), "{text}");
    assert!(
        text.contains("assert\n            CHOOSE y : \\/ /\\ y = 1\n                          /\\ y = 2 =>"),
        "{text}"
    );
    let Some(tools) = Tools::find("what_is_copied_keeps_its_columns") else { return };
    tools.translate(directory.path(), "columns.tla");
    tools.parse(directory.path(), "columns.tla");
    fs::write(directory.path().join("columns.cfg"), "SPECIFICATION Spec\n").expect("a file can be written");
    let said = tools.check(directory.path(), "columns.tla", "columns.cfg");
    assert!(said.contains("No error has been found"), "{said}");
}
