//! What a build script says of a wrong model: this program plays one.

use std::fs;
use std::path::Path;
use std::process::Command;

use mpcal_tests::fixtures;

/// Where the build script finds a model, and leaves a module.
const DIRECTORY: &str = "BUILD_SCRIPT_OF";

/// The build script.
#[test]
#[ignore = "the tests below run it as a program of its own"]
fn script() {
    let directory = std::env::var_os(DIRECTORY).expect("it says where");
    let directory = Path::new(&directory);
    mpcal_build::Config::new().out_dir(directory).build(directory.join("model.tla"));
}

/// What the script tells cargo, without what the harness adds, and what it says on standard error if it fails.
fn run(directory: &Path) -> (Vec<String>, String) {
    let program = std::env::current_exe().expect("this is a program");
    let script = ["--ignored", "--exact", "script", "--nocapture"];
    let output = Command::new(program).args(script).env(DIRECTORY, directory).output().expect("it runs");
    let (told, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(i32::from(!said.is_empty())), "{said}");
    (told.lines().filter(|line| line.starts_with("cargo::")).map(str::to_owned).collect(), said.into_owned())
}

/// Cargo shows once what is said on standard error, and repeats what it was told.
#[test]
fn a_wrong_model_fails_the_build_with_its_report_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let model = directory.path().join("model.tla");
    let right = fs::read_to_string(fixtures("models").join("macros.tla")).unwrap();
    fs::write(&model, &right).unwrap();
    let dependency = format!("cargo::rerun-if-changed={}", model.display());
    assert_eq!(run(directory.path()), (vec![dependency], String::new()));
    let module = directory.path().join("model.rs");
    assert!(module.exists());

    fs::write(&model, right.replacen(":=", ":= nobody +", 1)).unwrap();
    let (told, said) = run(directory.path());
    assert_eq!(told, [""; 0]);
    assert!(said.starts_with("error[") && said.contains("model.tla:") && said.contains("nobody"), "{said}");
    assert_eq!(said.matches("error[").count(), 1, "{said}");
    assert!(!said.contains("unwrap") && !said.contains("panicked"), "{said}");
    assert!(!module.exists(), "what was made of an old model is gone");

    fs::remove_file(&model).unwrap();
    let (told, said) = run(directory.path());
    assert_eq!(told, [""; 0]);
    assert!(said.starts_with("error: ") && said.contains("model.tla"), "{said}");
}
