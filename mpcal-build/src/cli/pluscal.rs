//! `mpcal-build pluscal FILE…`

use std::path::{Path, PathBuf};

use super::files::{put, NewText, Rewrite};
use super::{report, Exit, MessageFormat};
use crate::Config;

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  mpcal-build pluscal lock.tla            rewrite the region in the file
  mpcal-build pluscal --check lock.tla    exit 1 with a diff if it is stale
  mpcal-build pluscal --stdout lock.tla   show the whole file, change nothing")]
pub(super) struct Pluscal {
    /// Modules to translate.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    rewrite: Rewrite,
}

impl Pluscal {
    pub(super) fn run(self, config: &Config, format: MessageFormat) -> Exit {
        self.files
            .iter()
            .map(|f| self.one(f, config, format).map_or_else(|e| e, |()| Exit::Fine))
            .max()
            .unwrap_or(Exit::Fine)
    }

    fn one(&self, path: &Path, config: &Config, format: MessageFormat) -> Result<(), Exit> {
        let compilation = report::ask(config, path, format, |c| c.rewritten().is_some())?;
        let new = compilation.rewritten().ok_or(Exit::Fault)?;
        let text = NewText { path, old: &compilation.sources().model().text, new, what: "translated" };
        put(&text, self.rewrite.mode(), format)
    }
}
