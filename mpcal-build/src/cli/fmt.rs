//! `mpcal-build fmt FILE…`

use std::path::{Path, PathBuf};

use super::files::{put, NewText, Rewrite};
use super::{report, Exit, MessageFormat};
use crate::Config;
use mpcal_compiler::Sources;

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  mpcal-build fmt lock.tla            lay out the block in the file anew
  mpcal-build fmt --check *.tla       exit 1 with a diff if a file would change
  mpcal-build fmt --stdout lock.tla   show the whole file, change nothing

What stands outside the block is not touched.")]
pub(super) struct Fmt {
    /// Modules to format.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    rewrite: Rewrite,
}

impl Fmt {
    pub(super) fn run(self, config: &Config, format: MessageFormat) -> Exit {
        let ends = self.files.iter().map(|f| self.one(f, config, format).map_or_else(|e| e, |()| Exit::Fine));
        ends.max().unwrap_or(Exit::Fine)
    }

    fn one(&self, path: &Path, config: &Config, format: MessageFormat) -> Result<(), Exit> {
        let sources = Sources::new(config.source(path).map_err(|e| report::unreadable(format, &e))?);
        let new = mpcal_compiler::format(sources.model()).map_err(|problems| {
            report::show(&sources, &problems, format);
            Exit::Fault
        })?;
        let text = NewText { path, old: &sources.model().text, new: &new, what: "formatted" };
        put(&text, self.rewrite.mode(), format)
    }
}
