//! The `mpcal-build` command.
//!
//! Exit codes: 0 fine; 1 the model is at fault, or stale; 2 used wrongly, or a file cannot be read
//! or written.

mod check;
mod explain;
mod explain_trace;
mod files;
mod fmt;
mod init;
mod pluscal;
mod report;
mod rust;
mod tlc;
mod types;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::Config;

/// Compiles Modular PlusCal to plain PlusCal for TLC and to typed Rust.
#[derive(Parser)]
#[command(
    name = "mpcal-build",
    version,
    about,
    after_help = "\
Examples:
  mpcal-build init lock           make a crate with a first model
  mpcal-build check lock.tla      look for problems
  mpcal-build pluscal lock.tla    translate in place, for pcal.trans and TLC
  mpcal-build fmt lock.tla        lay out the block anew
  mpcal-build tlc lock.tla        translate, run TLC, and explain what it finds
  mpcal-build types lock.tla      show the types that were inferred
  mpcal-build rust lock.tla       show the Rust
  mpcal-build explain label-required"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Also look for extended modules in this directory.
    #[arg(long, global = true, value_name = "DIR")]
    include: Vec<PathBuf>,
    /// The configuration of TLC that says what kinds of values constants are; else the `.cfg` beside the model.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Make warnings with this code errors, e.g. `--deny untyped`.
    #[arg(long, global = true, value_name = "CODE")]
    deny: Vec<String>,
    /// Refuse a variable that is assigned twice on a path through a label.
    #[arg(long, global = true)]
    no_multiple_writes: bool,
    /// How problems are shown, on standard error.
    #[arg(long, global = true, value_enum, default_value_t = MessageFormat::Human)]
    message_format: MessageFormat,
}

/// How problems are shown.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MessageFormat {
    /// As rustc shows them.
    Human,
    /// One JSON object a line.
    Json,
}

#[derive(Subcommand)]
enum Command {
    /// Look for problems.
    Check(check::Check),
    /// Translate to plain PlusCal, between the markers in the file.
    Pluscal(pluscal::Pluscal),
    /// Emit Rust.
    Rust(rust::Rust),
    /// Show the types that were inferred.
    Types(types::Types),
    /// Lay out the block anew.
    Fmt(fmt::Fmt),
    /// Say more about a diagnostic code.
    Explain(explain::Explain),
    /// Show what TLC found in terms of the model.
    ExplainTrace(explain_trace::ExplainTrace),
    /// Translate, run TLC, and show what it finds in terms of the model.
    Tlc(tlc::Tlc),
    /// Make a crate with a first model, ready to run.
    Init(init::Init),
}

/// How a command ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Exit {
    Fine = 0,
    Fault = 1,
    Usage = 2,
}

/// Runs the command with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(misused(&error) as u8),
    };
    let mut config = Config::new();
    config.no_multiple_writes(cli.no_multiple_writes);
    if let Some(path) = cli.config {
        config.configuration(path);
    }
    for code in cli.deny {
        if mpcal_compiler::explain::find(&code).is_none() {
            return ExitCode::from(explain::unknown(&code, cli.message_format) as u8);
        }
        config.deny(code);
    }
    for directory in cli.include {
        config.include(directory);
    }
    let exit = match cli.command {
        Command::Check(c) => c.run(&config, cli.message_format),
        Command::Pluscal(c) => c.run(&config, cli.message_format),
        Command::Rust(c) => c.run(&config, cli.message_format),
        Command::Types(c) => c.run(&config, cli.message_format),
        Command::Fmt(c) => c.run(&config, cli.message_format),
        Command::Explain(c) => c.run(cli.message_format),
        Command::ExplainTrace(c) => c.run(&config, cli.message_format),
        Command::Tlc(c) => c.run(&config, cli.message_format),
        Command::Init(c) => c.run(cli.message_format),
    };
    ExitCode::from(exit as u8)
}

/// Shows what clap says of the arguments, or the help that was asked for.
fn misused(error: &clap::Error) -> Exit {
    if !error.use_stderr() || !wants_json(std::env::args_os().skip(1)) {
        // There is nowhere left to say that nobody reads it.
        let _ = error.print();
        return if error.use_stderr() { Exit::Usage } else { Exit::Fine };
    }
    let said = error.to_string();
    let (message, usage) = said.split_once("\n\n").unwrap_or((&said, ""));
    let message = message.trim_start_matches("error: ").split_whitespace().collect::<Vec<_>>().join(" ");
    report::refuse(MessageFormat::Json, None, &message, Some(usage.trim()).filter(|u| !u.is_empty()))
}

/// Whether arguments that cannot be understood as a whole ask for JSON.
fn wants_json(arguments: impl Iterator<Item = std::ffi::OsString>) -> bool {
    let arguments: Vec<_> = arguments.take_while(|a| a != "--").collect();
    arguments.iter().any(|a| a == "--message-format=json")
        || arguments.windows(2).any(|pair| pair[0] == "--message-format" && pair[1] == "json")
}
