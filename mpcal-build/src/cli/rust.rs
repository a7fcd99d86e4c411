//! `mpcal-build rust FILE`

use std::path::PathBuf;

use super::files::{print, write};
use super::{report, Exit, MessageFormat};
use crate::Config;

#[derive(clap::Args)]
#[command(after_help = "Example:\n  mpcal-build rust lock.tla -o lock.rs")]
pub(super) struct Rust {
    /// The module to compile.
    file: PathBuf,
    /// Where to write; standard output if it is left out.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Infer no types: everything is a dynamic `Value`.
    #[arg(long)]
    untyped: bool,
}

impl Rust {
    pub(super) fn run(self, config: &Config, format: MessageFormat) -> Exit {
        let mut config = config.clone();
        config.untyped(self.untyped);
        let compilation = match report::ask(&config, &self.file, format, |c| c.rust().is_some()) {
            Ok(compilation) => compilation,
            Err(exit) => return exit,
        };
        let text = compilation.rust().unwrap_or_default();
        let written = match &self.output {
            Some(path) => write(path, text, format),
            None => print(text, format),
        };
        written.err().unwrap_or(Exit::Fine)
    }
}
