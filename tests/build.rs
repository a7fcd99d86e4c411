//! Compiles the models of the fixtures, so that tests can run them.

use std::fs;

fn main() {
    for directory in ["fixtures/models", "fixtures/compile"] {
        println!("cargo::rerun-if-changed={directory}");
        for entry in fs::read_dir(directory).expect("the fixtures are there").flatten() {
            let path = entry.path();
            let name = path.file_stem().and_then(|n| n.to_str()).unwrap_or_default();
            if path.extension().is_some_and(|e| e == "tla") && !name.ends_with("_twin") {
                mpcal_build::Config::new().include("fixtures/models/modules").compile(&path).unwrap();
            }
        }
    }
}
