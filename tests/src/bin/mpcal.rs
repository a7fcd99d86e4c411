//! The `mpcal-build` command, for tests to run.

use std::process::ExitCode;

fn main() -> ExitCode {
    mpcal_build::cli::main()
}
