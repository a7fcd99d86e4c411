//! What the command does to files, and what it says where no model is at fault.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use mpcal_tests::{files, fixtures, root, text, Tools};
use serde_json::Value;

fn mpcal(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mpcal")).args(arguments).current_dir(directory).output().expect("the command runs")
}

/// The lines of JSON on standard error.
#[track_caller]
fn json(output: &Output) -> Vec<Value> {
    let lines = String::from_utf8(output.stderr.clone()).expect("it is UTF-8");
    lines.lines().map(|l| serde_json::from_str(l).unwrap_or_else(|e| panic!("{e}: {l}"))).collect()
}

fn macros(directory: &Path) -> String {
    let text = fs::read_to_string(fixtures("models").join("macros.tla")).expect("the fixture can be read");
    fs::write(directory.join("macros.tla"), &text).expect("a file can be written");
    text
}

/// `check` reports what `rust`, `types` and, where a file has markers, `pluscal` report, and no more.
#[test]
fn check_says_what_the_build_will_say() {
    for folder in ["errors", "models", "compile"] {
        let directory = fixtures(folder);
        for path in files(&directory, "tla") {
            let file = path.file_name().and_then(|n| n.to_str()).expect("it has a name");
            let run = |command: &[&str]| {
                let common = ["--message-format", "json", "--deny", "untyped", file];
                let output = mpcal(&directory, &[command, &common].concat());
                let said: BTreeSet<String> = json(&output).iter().map(Value::to_string).collect();
                (output.status.code(), said)
            };
            let (pluscal, rust, types) = (run(&["pluscal", "--stdout"]), run(&["rust"]), run(&["types"]));
            assert_eq!(run(&["check", "--only", "pluscal"]), pluscal, "{file}");
            assert_eq!(run(&["check", "--only", "rust"]), rust, "{file}");
            assert!(types.1.is_subset(&rust.1), "{file}: {types:?} and {rust:?}");
            let marked = fs::read_to_string(&path).is_ok_and(|t| t.contains("PLUSCAL TRANSLATION\n"));
            if marked {
                let all = (pluscal.0.max(rust.0), &pluscal.1 | &rust.1);
                assert_eq!(run(&["check"]), all, "{file}");
            }
        }
    }
}

/// A model for Rust alone has neither markers nor a process.
#[test]
fn check_takes_what_is_for_rust_alone() {
    let directory = tempfile::tempdir().unwrap();
    let block = "--mpcal M { archetype A(ref x) { start: x := 1; } }";
    fs::write(directory.path().join("m.tla"), block).unwrap();
    let output = mpcal(directory.path(), &["check", "m.tla"]);
    assert_eq!((output.status.code(), text(&output)), (Some(0), String::new()));
    assert_eq!(mpcal(directory.path(), &["check", "--only", "pluscal", "m.tla"]).status.code(), Some(1));
}

#[test]
fn what_has_no_place_in_a_model_is_json_too() {
    let directory = tempfile::tempdir().unwrap();
    macros(directory.path());
    fs::write(directory.path().join("latin.tla"), [0xe9, 0x0a]).unwrap();
    fs::create_dir(directory.path().join("folder.tla")).unwrap();
    let cases: &[(&[&str], Option<&str>, &str)] = &[
        (&["check", "gone.tla"], Some("gone.tla"), "No such file"),
        (&["pluscal", "gone.tla"], Some("gone.tla"), "No such file"),
        (&["fmt", "gone.tla"], Some("gone.tla"), "No such file"),
        (&["types", "folder.tla"], Some("folder.tla"), "directory"),
        (&["rust", "latin.tla"], Some("latin.tla"), "it is not UTF-8"),
        (&["check", "--config", "gone.cfg", "macros.tla"], Some("gone.cfg"), "No such file"),
        (&["rust", "macros.tla", "-o", "gone/x.rs"], Some("gone/x.rs"), "No such file"),
        (&["explain", "untypd"], None, "there is no diagnostic code `untypd`"),
        (&["check", "--deny", "untypd", "macros.tla"], None, "there is no diagnostic code `untypd`"),
        (&["chekc", "macros.tla"], None, "unrecognized subcommand 'chekc'"),
        (&["check"], None, "required arguments"),
        (&["tlc", "--tlc-jar", "gone.jar", "macros.tla"], Some("gone.jar"), "No such file"),
        (&["init", "1st"], Some("1st"), "the name of a crate"),
        (&["init", "first", "--mpcal", "gone"], Some("gone"), "there is no crate `mpcal-runtime` in it"),
    ];
    for (arguments, path, message) in cases {
        let output = mpcal(directory.path(), &[arguments, &["--message-format", "json"][..]].concat());
        let said = json(&output);
        assert_eq!((output.status.code(), said.len()), (Some(2), 1), "{arguments:?}: {said:?}");
        assert_eq!((said[0]["path"].as_str(), said[0]["severity"].as_str()), (*path, Some("error")), "{said:?}");
        assert!(said[0]["message"].as_str().is_some_and(|m| m.contains(message)), "{said:?}");
        let human = mpcal(directory.path(), arguments);
        let text = text(&human);
        assert!(human.status.code() == Some(2) && text.starts_with("error: ") && text.contains(message), "{text}");
    }
    let near = mpcal(directory.path(), &["explain", "untypd"]);
    assert!(text(&near).contains("did you mean `untyped`?"), "{}", text(&near));
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    use std::os::unix::fs::symlink;
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    fs::create_dir(at("real")).unwrap();
    macros(&at("real"));
    symlink("real/macros.tla", at("macros.tla")).unwrap();
    symlink("real/new.rs", at("new.rs")).unwrap();
    for arguments in [&["pluscal", "macros.tla"][..], &["fmt", "macros.tla"], &["rust", "macros.tla", "-o", "new.rs"]] {
        let output = mpcal(directory.path(), arguments);
        assert!(output.status.success(), "{}", text(&output));
    }
    assert!(fs::read_link(at("macros.tla")).is_ok() && fs::read_link(at("new.rs")).is_ok());
    assert!(fs::read_to_string(at("real/macros.tla")).unwrap().contains("--algorithm macros {"));
    assert!(fs::read_to_string(at("real/new.rs")).unwrap().contains("pub struct"));
    // What is not a file is written into, not replaced.
    let output = mpcal(directory.path(), &["rust", "macros.tla", "-o", "/dev/null"]);
    assert!(output.status.success(), "{}", text(&output));
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

#[test]
fn a_read_only_file_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let before = macros(directory.path());
    let loose = before.replace("variables", "variables\n\n");
    let file = directory.path().join("macros.tla");
    let lock = |on: bool| {
        let mut permissions = fs::metadata(&file).unwrap().permissions();
        permissions.set_readonly(on);
        fs::set_permissions(&file, permissions).unwrap();
    };
    for (text_before, arguments) in [
        (&before, &["pluscal", "macros.tla"][..]),
        (&loose, &["fmt", "macros.tla"][..]),
        (&before, &["rust", "macros.tla", "-o", "macros.tla"][..]),
    ] {
        fs::write(&file, text_before).unwrap();
        lock(true);
        let output = mpcal(directory.path(), arguments);
        assert!(output.status.code() == Some(2) && text(&output).contains("it is read-only"), "{}", text(&output));
        assert_eq!(&fs::read_to_string(&file).unwrap(), text_before);
        lock(false);
    }
    // Nothing is left beside it, and what has nothing to write does not ask.
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    assert!(mpcal(directory.path(), &["pluscal", "macros.tla"]).status.success());
    lock(true);
    assert!(mpcal(directory.path(), &["pluscal", "macros.tla"]).status.success());
    lock(false);
}

/// The PlusCal translator replaces a link by a file, changes line endings and leaves the old file behind.
#[cfg(unix)]
#[test]
fn tlc_leaves_everything_as_it_was_but_the_translations() {
    if Tools::find("tlc_leaves_everything_as_it_was_but_the_translations").is_none() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    fs::create_dir(at("real")).unwrap();
    let model = macros(&at("real"))
        .replace("====\n", "Never == \\A one \\in 1..2 : pc[one] # \"Done\"\n====\nbehind the module")
        .replace('\n', "\r\n");
    fs::write(at("real/macros.tla"), &model).unwrap();
    fs::write(at("real/macros.cfg"), "SPECIFICATION Spec\nINVARIANT Never\nCONSTANT defaultInitValue = 0\n").unwrap();
    for ending in ["tla", "cfg"] {
        std::os::unix::fs::symlink(format!("real/macros.{ending}"), at(&format!("macros.{ending}"))).unwrap();
    }
    let output = mpcal(directory.path(), &["tlc", "macros.tla", "--", "-deadlock"]);
    assert!(output.status.code() == Some(1) && text(&output).contains("Never is violated"), "{}", text(&output));
    let names = |folder: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(at(folder)).unwrap();
        entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect()
    };
    assert_eq!(names("."), ["macros.cfg", "macros.tla", "real"].map(str::to_owned).into());
    assert_eq!(names("real"), ["macros.cfg", "macros.tla"].map(str::to_owned).into());
    assert!(fs::read_link(at("macros.tla")).is_ok());
    let after = fs::read_to_string(at("real/macros.tla")).unwrap();
    assert!(after.contains("--algorithm macros {\r\n") && after.contains("Next == "), "{after}");
    assert_eq!(after.matches('\n').count(), after.matches("\r\n").count());
    assert!(after.ends_with("====\r\nbehind the module"), "{after}");
}

/// Without a checkout it is the one that the command was built from; what is at fault is what is named.
#[test]
fn init_makes_what_can_be_built() {
    let directory = tempfile::tempdir().unwrap();
    let output = mpcal(directory.path(), &["init", "first"]);
    assert!(output.status.success(), "{}", text(&output));
    let manifest = fs::read_to_string(directory.path().join("first/Cargo.toml")).unwrap();
    for name in ["mpcal-runtime", "mpcal-build"] {
        let path = root().canonicalize().unwrap().join(name);
        assert!(manifest.contains(&format!("{name} = {{ path = {path:?}")), "{manifest}");
    }
    let output = mpcal(directory.path(), &["init", "second", "--mpcal", "first"]);
    assert!(text(&output).starts_with("error: first: there is no crate `mpcal-runtime` in it"), "{}", text(&output));
    assert!(!directory.path().join("second").exists());
}
