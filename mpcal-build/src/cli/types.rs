//! `mpcal-build types FILE…`

use std::path::PathBuf;

use super::files::print;
use super::{report, Exit, MessageFormat};
use crate::Config;
use mpcal_compiler::pipeline::Request;

#[derive(clap::Args)]
#[command(after_help = "\
Example:
  mpcal-build types lock.tla

Types are written as Apalache writes them. `Value` is what has no single type: a warning says which
two uses disagree.")]
pub(super) struct Types {
    /// Models to infer types of.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

impl Types {
    pub(super) fn run(self, config: &Config, format: MessageFormat) -> Exit {
        let request = Request { rules: config.rules(), types: true, ..Request::default() };
        let one = |f: &PathBuf| match report::run(config, f, request.clone(), format) {
            Ok(output) => print(&output.types.unwrap_or_default(), format).err().unwrap_or(Exit::Fine),
            Err(exit) => exit,
        };
        self.files.iter().map(one).max().unwrap_or(Exit::Fine)
    }
}
