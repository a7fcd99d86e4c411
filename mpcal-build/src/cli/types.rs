//! `mpcal-build types FILE…`

use std::path::PathBuf;

use super::files::print;
use super::{report, Exit, MessageFormat};
use crate::Config;

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
        let one = |f: &PathBuf| match report::ask(config, f, format, |c| c.typed().is_some()) {
            Ok(compilation) => print(&compilation.types().unwrap_or_default(), format).err().unwrap_or(Exit::Fine),
            Err(exit) => exit,
        };
        self.files.iter().map(one).max().unwrap_or(Exit::Fine)
    }
}
