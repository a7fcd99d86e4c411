//! Compiles the models of the fixtures, so that tests can run them.

use std::fs;

fn main() {
    println!("cargo::rerun-if-changed=fixtures/models");
    for entry in fs::read_dir("fixtures/models").expect("the fixtures are there").flatten() {
        let path = entry.path();
        let name = path.file_stem().and_then(|n| n.to_str()).unwrap_or_default();
        if path.extension().is_some_and(|e| e == "tla") && !name.ends_with("_twin") {
            mpcal_build::compile(&path).unwrap();
        }
    }
}
