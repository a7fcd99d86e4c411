//! Names and columns of translations: as the author's, as `pcal.trans` would make them, and nothing that SANY refuses.
//! What the tools say is skipped where `TLA2TOOLS_JAR` or Java is missing.

use std::collections::BTreeSet;
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

/// A module with a name in every role that a name can have; `@role@` is replaced.
const ROLES: &str = r"---- MODULE @module@ ----
EXTENDS Naturals, Sequences, TLC, @module@_extended
CONSTANT @constant@
VARIABLE @foreign@
@before@(z) == z
Bound(@bound_before@) == \E q \in {1} : q = @bound_before@
@instance@ == INSTANCE TLC
(*
--mpcal @module@ {
  define {
    @define@ == TRUE
    Twice(@bound_in_define@) == 2 * @bound_in_define@
  }
  procedure @procedure@(@parameter@) variables @procedure_local@ = 0;
  {
    @procedure_label@:
      @procedure_local@ := @parameter@;
    procedureEnd:
      return;
  }
  archetype A(ref out, @value@) variables @local@ = 0;
  {
    @label@:
      @local@ := @value@;
      with (@with@ \in {1, 2}) {
        with (@with_inside@ = 2) {
          out := <<@with@, @with_inside@>>;
        };
      };
      assert \A @quantified@ \in {1} : \E @inside@ \in {2} : @inside@ = 2;
      assert (LET @let@(@let_parameter@) == 2 + @let_parameter@ IN @let@(1)) = 3;
      assert {<<@map@>> : @map@ \in {1}} = {<<y>> : y \in {@filter@ \in {1, 2} : @filter@ = 1}};
      assert (CHOOSE @choose@ \in {1} : TRUE) = [@function@ \in {1} |-> @function@][1];
    middle:
      call @procedure@(1);
    end:
      out := @local@;
  }
  variables @global@ = 0;
  process (@process@ \in 1..2) == instance A(ref @global@, 3);
  process (@plain_process@ = 3) variables @plain_local@ = 0;
  {
    @plain_label@:
      @plain_local@ := 4;
    plainEnd:
      skip;
  }
}
\* BEGIN PLUSCAL TRANSLATION
\* END PLUSCAL TRANSLATION
*)
\* BEGIN TRANSLATION
\* END TRANSLATION
@behind@(z) == z
Behind == \A @bound_behind@ \in {1} : @bound_behind@ = 1
Parameter(@parameter_behind@) == 2 * @parameter_behind@
====
";

const EXTENDED: &str = "---- MODULE @module@_extended ----\n@extended@(z) == z\n====\n";

/// Roles whose names the author must choose: everything outside the block, what the `define` shows, global variables.
const FIXED: [&str; 13] = [
    "constant",
    "foreign",
    "before",
    "bound_before",
    "instance",
    "extended",
    "behind",
    "bound_behind",
    "parameter_behind",
    "define",
    "bound_in_define",
    "global",
    "module",
];

/// Roles outside the block: what clashes among themselves is nothing of ours.
fn outside(role: &str) -> bool {
    FIXED.contains(&role) && !["define", "bound_in_define", "global"].contains(&role)
}

/// Names that the translator or a standard module defines, or that have a meaning in PlusCal.
const KNOWN: [&str; 20] = [
    "Init",
    "Next",
    "Spec",
    "vars",
    "ProcSet",
    "Terminating",
    "Termination",
    "defaultInitValue",
    "self",
    "pc",
    "stack",
    "Head",
    "Len",
    "Nat",
    "Append",
    "Print",
    "TLCEval",
    "with",
    "print",
    "begin",
];

fn roles() -> Vec<&'static str> {
    let mut roles: Vec<&str> =
        format!("{ROLES}{EXTENDED}").split('@').skip(1).step_by(2).map(|r| &*r.to_owned().leak()).collect();
    roles.sort_unstable();
    roles.dedup();
    roles.retain(|r| *r != "module");
    roles
}

/// Puts names into the roles of a text; a role without one is named after itself.
fn fill(text: &str, module: &str, named: &[(&str, &str)]) -> String {
    let mut parts = text.split('@');
    let mut out = parts.next().unwrap_or_default().to_owned();
    while let (Some(role), Some(rest)) = (parts.next(), parts.next()) {
        let given = named.iter().find(|(r, _)| *r == role).map(|(_, name)| *name);
        // Many a role is a word of PlusCal.
        let own = if role == "module" { module.to_owned() } else { format!("the_{role}") };
        out.push_str(given.unwrap_or(&own));
        out.push_str(rest);
    }
    out
}

/// One name in two roles, or one that the tools know in one.
struct Case {
    module: String,
    roles: Vec<&'static str>,
    name: &'static str,
}

fn cases() -> Vec<Case> {
    let roles = roles();
    let pairs = roles.iter().enumerate().flat_map(|(n, a)| roles[..n].iter().map(|b| (vec![*a, *b], "thing")));
    let known = KNOWN.iter().flat_map(|name| roles.iter().map(|role| (vec![*role], *name)));
    let all = pairs.chain(known).filter(|(roles, _)| !roles.iter().all(|r| outside(r)));
    all.enumerate().map(|(n, (roles, name))| Case { module: format!("C{n}"), roles, name }).collect()
}

/// A name that is there twice is changed in the translation where it may be, and refused where it is before anything
/// is written; what is written is accepted by `pcal.trans` and SANY.
#[test]
fn a_name_that_clashes_is_changed_or_refused() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let cases = cases();
    assert!(cases.len() > 800, "{}", cases.len());
    for case in &cases {
        let named: Vec<_> = case.roles.iter().map(|r| (*r, case.name)).collect();
        for (file, text) in [(case.module.clone(), ROLES), (format!("{}_extended", case.module), EXTENDED)] {
            let path = directory.path().join(format!("{file}.tla"));
            fs::write(path, fill(text, &case.module, &named)).expect("a file can be written");
        }
    }
    let files = cases.iter().map(|c| format!("{}.tla", c.module));
    let output =
        Command::new(env!("CARGO_BIN_EXE_mpcal")).arg("pluscal").args(files).current_dir(directory.path()).output();
    let report = format!("\n{}", mpcal_tests::text(&output.expect("the command runs")));
    let mut failures = Vec::new();
    let mut written = BTreeSet::new();
    for case in &cases {
        let text = read(directory.path(), &case.module);
        let what = format!("{} {:?} `{}`", case.module, case.roles, case.name);
        if text.contains("--algorithm") {
            written.insert(case.module.clone());
            continue;
        }
        // Twice in one declaration is not a question of the translation.
        let twice = [["parameter", "procedure_local"], ["local", "value"]];
        let fixed = case.roles.iter().all(|r| FIXED.contains(r))
            || twice.iter().any(|t| t.iter().all(|r| case.roles.contains(r)));
        let place = format!("--> {}.tla:", case.module);
        let said = report.split("\nerror").find(|e| e.contains(&place)).unwrap_or_default();
        if case.name.chars().all(char::is_lowercase) && said.starts_with("[syntax]") {
            // A word that starts a statement is not a variable.
            continue;
        }
        if !fixed || !(said.starts_with("[duplicate-name]") || said.starts_with("[reserved-name]")) {
            failures.push(format!("{what}: refused: {said}"));
        }
    }
    if let Some(tools) = Tools::find("a_name_that_clashes_is_changed_or_refused") {
        let verdicts = tools.accepted(directory.path());
        assert_eq!(verdicts.len(), written.len(), "{verdicts:?}");
        for (module, why) in verdicts.into_iter().filter(|(_, why)| !why.is_empty()) {
            let case = cases.iter().find(|c| c.module == module).expect("it is one of ours");
            failures.push(format!("{module} {:?} `{}`: {why}", case.roles, case.name));
        }
    }
    println!("{} of {} are written, {} refused", written.len(), cases.len(), cases.len() - written.len());
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}

/// A plain algorithm in which the same few names mean many things; `@role@` is replaced.
const PLAIN: &str = r"variables @global@ = 0, @other_global@ = 5;
  define {
    Shown == @global@ + @other_global@
  }
  procedure @procedure@(@parameter@) variables @own@ = 1; {
    @p1@: @own@ := @parameter@ + @own@;
    @p2@: return;
  }
  procedure @second@(@parameter2@, @parameter3@) variables @own2@ = 1; {
    @s1@: @own2@ := @parameter2@; call @procedure@(@parameter3@);
    @s2@: return;
  }
  procedure uncalled(@parameter4@) variables @own3@; {
    @u1@: @own3@ := @parameter4@;
    @u2@: return;
  }
  process (@process@ = 1) variables @v1@ = 0, @w1@ = 1; {
    @a1@: @v1@ := @w1@; call @procedure@(@v1@);
    @a2@: if (@w1@ = 1) { @w1@ := 2; goto @a1@; };
    @a3@: @global@ := @v1@ + @w1@;
  }
  process (@process2@ \in 2..3) variables @v2@ = [x |-> 1, y |-> 2], @w2@ = 1; {
    @b1@: @v2@.x := @v2@.y + @w2@;
    @b2@: call @second@(@w2@, @other_global@);
    @b3@: @other_global@ := @w2@;
  }
";

/// Names drawn from a small pool, so that many are equal. `pcal.trans` finds no procedure that it has to rename, so
/// only labels are called like one.
fn drawn(seed: u64) -> Vec<(&'static str, &'static str)> {
    const POOL: [&str; 12] = ["x", "y", "l", "P", "Q", "x_", "l_", "x_P", "y_Q", "n", "p", "q"];
    let pool = |role: &str| match role {
        "procedure" | "second" => &POOL[10..],
        label if label.len() == 2 && label.starts_with(['p', 's', 'u', 'a', 'b']) => &POOL[..],
        _ => &POOL[..10],
    };
    let mut state = seed * 2 + 1;
    let mut roles: Vec<&'static str> = PLAIN.split('@').skip(1).step_by(2).collect();
    roles.sort_unstable();
    roles.dedup();
    let mut named = Vec::new();
    for role in roles {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let pool = pool(role);
        named.push((role, pool[(state >> 33) as usize % pool.len()]));
    }
    named
}

/// Roles in one scope: `pcal.trans` wants their names to differ, and those of variables to differ from the global ones.
const TOGETHER: [&[&str]; 11] = [
    &["global", "other_global", "procedure", "second", "process", "process2"],
    &["global", "other_global", "parameter", "own"],
    &["global", "other_global", "parameter2", "parameter3", "own2"],
    &["global", "other_global", "parameter4", "own3"],
    &["global", "other_global", "v1", "w1"],
    &["global", "other_global", "v2", "w2"],
    &["p1", "p2"],
    &["s1", "s2"],
    &["u1", "u2"],
    &["a1", "a2", "a3"],
    &["b1", "b2", "b3"],
];

fn is_allowed(named: &[(&str, &str)]) -> bool {
    TOGETHER.iter().all(|together| {
        let mut names: Vec<_> =
            named.iter().filter(|(role, _)| together.contains(role)).map(|(_, name)| name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        names.len() == count
    })
}

fn plain_module(name: &str, keyword: &str, body: &str, markers: &str) -> String {
    format!(
        "---- MODULE {name} ----\nEXTENDS Naturals, Sequences, TLC\n(*\n--{keyword} {name} {{\n  {body}}}\n{markers}*)\n\
         \\* BEGIN TRANSLATION\n\\* END TRANSLATION\n====\n"
    )
}

const MARKERS: &str = "\\* BEGIN PLUSCAL TRANSLATION\n\\* END PLUSCAL TRANSLATION\n";

/// What `pcal.trans` made of an algorithm, without comments and white space.
fn translation(text: &str) -> String {
    let lines = text.lines().skip_while(|l| !l.starts_with("\\* BEGIN TRANSLATION")).skip(1);
    let lines = lines.filter(|l| !l.starts_with("\\*") && !l.trim_start().starts_with("(*"));
    lines.take_while(|l| !l.starts_with("====")).flat_map(|l| l.split_whitespace()).collect()
}

/// Equal names of plain PlusCal are told apart as `pcal.trans` does it: what it makes of our translation is what it
/// makes of the text itself.
#[test]
fn equal_names_are_told_apart_as_the_translator_does() {
    let duplicates = "process (P = 1) variables v = 0; { l: v := 1; P: skip; }\n  \
                      process (Q = 2) variables v = 0; { l: v := 2; }\n";
    let ours = tempfile::tempdir().expect("a directory can be made");
    let (fine, said) = pluscal(ours.path(), "D", &plain_module("D", "mpcal", duplicates, MARKERS));
    assert!(fine, "{said}");
    let text = read(ours.path(), "D");
    for part in
        ["process (P = 1)\n  variables v_ = 0;\n  {\n    l_:\n      v_ := 1;\n    P_:", "variables v = 0;\n  {\n    l:"]
    {
        assert!(text.contains(part), "{text}");
    }
    let Some(tools) = Tools::find("equal_names_are_told_apart_as_the_translator_does") else { return };
    let direct = tempfile::tempdir().expect("a directory can be made");
    let all = (0..).map(drawn).filter(|named| is_allowed(named)).take(200);
    for (n, named) in all.enumerate() {
        let (name, body) = (format!("N{n}"), fill(PLAIN, "", &named));
        let (fine, said) = pluscal(ours.path(), &name, &plain_module(&name, "mpcal", &body, MARKERS));
        assert!(fine, "{said}");
        let path = direct.path().join(format!("{name}.tla"));
        fs::write(path, plain_module(&name, "algorithm", &body, "")).expect("a file can be written");
    }
    let refused: BTreeSet<_> = tools.accepted(ours.path()).into_iter().filter(|(_, why)| !why.is_empty()).collect();
    assert!(refused.is_empty(), "{refused:?}");
    let mut compared = 0;
    for (name, _) in tools.accepted(direct.path()).into_iter().filter(|(_, why)| why.is_empty()) {
        let (theirs, ours) = (read(direct.path(), &name), read(ours.path(), &name));
        assert_eq!(translation(&theirs), translation(&ours), "{name}:\n{theirs}\n{ours}");
        compared += 1;
    }
    println!("{compared} algorithms, equal in every name");
    assert!(compared >= 150, "{compared}");
}
