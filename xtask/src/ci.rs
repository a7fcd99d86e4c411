//! What must hold before a change lands.

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::repository::{cargo, command, entries, run};
use crate::tools;

/// A part of it.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Step {
    /// Everything is laid out as rustfmt does
    Format,
    /// Clippy has nothing to say
    Lints,
    /// The documentation can be built, and its links lead somewhere
    Docs,
    /// All tests pass, and the models are as TLC says
    Tests,
    /// The examples run
    Examples,
    /// The crates that a build script needs compile without the command line
    Light,
}

/// Takes the steps, or all if there are none; ends with the first that fails.
pub fn check(steps: &[Step]) -> Result<()> {
    let steps = if steps.is_empty() { Step::value_variants() } else { steps };
    for step in steps {
        let value = step.to_possible_value().expect("no step is hidden");
        let name = value.get_name();
        println!("\n== {name}");
        step.take().with_context(|| format!("step `{name}` has failed"))?;
    }
    Ok(())
}

impl Step {
    fn take(self) -> Result<()> {
        match self {
            Self::Format => run(&mut cargo("fmt --all --check")),
            Self::Lints => run(&mut cargo("clippy --workspace --all-targets --locked -- -D warnings")),
            Self::Docs => run(cargo("doc --workspace --no-deps --locked --quiet").env("RUSTDOCFLAGS", "-D warnings")),
            Self::Tests => tests(),
            Self::Examples => examples(),
            Self::Light => light(),
        }
    }
}

fn tests() -> Result<()> {
    let jar = tools::jar()?;
    run(&mut command("java", "-version"))?;
    let corpus = tools::standard_modules(&jar)?;
    run(cargo("test --workspace --locked").env("TLA2TOOLS_JAR", jar).env("TLA_CORPUS", corpus))
}

fn examples() -> Result<()> {
    for example in entries("examples")? {
        run(cargo("run --quiet --locked --package").args(example.file_name()))?;
    }
    Ok(())
}

fn light() -> Result<()> {
    for krate in ["mpcal-build --no-default-features", "mpcal-values", "mpcal-macros"] {
        run(&mut cargo(&format!("check --locked --package {krate}")))?;
    }
    Ok(())
}
