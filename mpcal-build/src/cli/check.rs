//! `mpcal-build check FILE…`

use std::path::PathBuf;

use clap::ValueEnum;

use super::{report, Exit, MessageFormat};
use crate::Config;
use mpcal_compiler::Compilation;

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  mpcal-build check lock.tla                   everything that a build or a translation would report
  mpcal-build check --only rust lock.tla       what `mpcal-build rust` and a build script report
  mpcal-build check --only pluscal lock.tla    what `mpcal-build pluscal` reports
  mpcal-build check --deny untyped --message-format json models/*.tla

Writes nothing. A file without the marker lines of a translation may lack them, and a process,
unless `--only pluscal` is given.")]
pub(super) struct Check {
    /// Modules to check.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Check for one back end only.
    #[arg(long, value_enum, value_name = "BACK_END")]
    only: Option<BackEnd>,
}

/// What is made of a model.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BackEnd {
    /// Plain PlusCal, for TLC.
    Pluscal,
    /// Rust.
    Rust,
}

impl Check {
    pub(super) fn run(self, config: &Config, format: MessageFormat) -> Exit {
        let one =
            |file: &PathBuf| report::ask(config, file, format, |c| self.look(c)).map_or_else(|e| e, |_| Exit::Fine);
        self.files.iter().map(one).max().unwrap_or(Exit::Fine)
    }

    /// Whether everything that is to be made of a model can be made.
    fn look(&self, compilation: &Compilation) -> bool {
        let has_process = || compilation.model().is_some_and(|m| !m.processes.is_empty());
        let pluscal = match self.only {
            Some(BackEnd::Rust) => true,
            None if !compilation.has_markers() => !has_process() || compilation.pluscal().is_some(),
            Some(BackEnd::Pluscal) | None => compilation.rewritten().is_some(),
        };
        let rust = self.only == Some(BackEnd::Pluscal) || compilation.rust().is_some();
        pluscal && rust
    }
}
