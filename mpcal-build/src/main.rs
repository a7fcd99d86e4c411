//! The `mpcal-build` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    mpcal_build::cli::main()
}
