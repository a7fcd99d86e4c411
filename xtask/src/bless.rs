//! Writes anew what is expected of the compiler.

use std::fs;

use anyhow::Result;

use crate::repository::{cargo, command, entries, run};

/// What a test that compares with files that can be blessed says somewhere.
const SIGNS: [&str; 2] = ["check_blessed(", "trybuild::"];

/// Translations first, because tests look at them.
pub fn renew() -> Result<()> {
    translations()?;
    let mut test = cargo("test --package mpcal-tests");
    for name in snapshot_tests()? {
        test.args(["--test", &name]);
    }
    run(test.env("BLESS", "1").env("TRYBUILD", "overwrite"))?;
    run(&mut command("git", "status --short"))
}

/// The PlusCal in the examples.
fn translations() -> Result<()> {
    for example in entries("examples")? {
        let name = example.file_name().unwrap_or_default();
        let model = example.join(name).with_extension("tla");
        run(cargo("run --quiet --package mpcal-build -- pluscal").arg(model))?;
    }
    Ok(())
}

/// The tests that compare with files.
fn snapshot_tests() -> Result<Vec<String>> {
    let mut found = Vec::new();
    for path in entries("tests/tests")? {
        let text = fs::read_to_string(&path)?;
        if SIGNS.iter().any(|sign| text.contains(sign)) {
            found.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    Ok(found)
}
