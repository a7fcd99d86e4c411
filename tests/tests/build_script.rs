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

/// What the script prints, without what the harness adds.
fn run(directory: &Path) -> Vec<String> {
    let program = std::env::current_exe().expect("this is a program");
    let script = ["--ignored", "--exact", "script", "--nocapture"];
    let output = Command::new(program).args(script).env(DIRECTORY, directory).output().expect("it runs");
    let (said, panicked) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{panicked}");
    assert_eq!(panicked, "", "nothing is told but to cargo");
    said.lines().filter(|line| line.starts_with("cargo::")).map(str::to_owned).collect()
}

#[test]
fn a_wrong_model_is_told_to_cargo_line_by_line() {
    let directory = tempfile::tempdir().unwrap();
    let model = directory.path().join("model.tla");
    let right = fs::read_to_string(fixtures("models").join("macros.tla")).unwrap();
    fs::write(&model, &right).unwrap();
    let dependency = format!("cargo::rerun-if-changed={}", model.display());
    assert_eq!(run(directory.path()), std::slice::from_ref(&dependency));
    let module = directory.path().join("model.rs");
    assert!(module.exists());

    fs::write(&model, right.replacen(":=", ":= nobody +", 1)).unwrap();
    let said = run(directory.path());
    assert_eq!(said[0], dependency);
    assert!(said[1].starts_with("cargo::error=error["), "{said:#?}");
    assert!(said[2].contains("model.tla:"), "{said:#?}");
    assert!(said[1..].iter().all(|line| line.starts_with("cargo::error=")), "{said:#?}");
    assert!(said.iter().any(|line| line.contains("nobody")), "{said:#?}");
    assert!(!module.exists(), "what was made of an old model is gone");

    fs::remove_file(&model).unwrap();
    let said = run(directory.path());
    assert!(said[1].starts_with("cargo::error=error: ") && said[1].contains("model.tla"), "{said:#?}");
}
