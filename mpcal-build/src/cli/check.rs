//! `mpcal-build check FILE…`

use std::path::PathBuf;

use clap::ValueEnum;

use super::{report, Exit, MessageFormat};
use crate::Config;
use mpcal_compiler::pipeline::{Request, Translation};

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
        let request = Request {
            rules: config.rules(),
            pluscal: match self.only {
                None => Translation::Trial,
                Some(BackEnd::Pluscal) => Translation::InPlace,
                Some(BackEnd::Rust) => Translation::None,
            },
            rust: self.only != Some(BackEnd::Pluscal),
            ..Request::default()
        };
        let ends = self
            .files
            .iter()
            .map(|f| report::run(config, f, request.clone(), format).map_or_else(|e| e, |_| Exit::Fine));
        ends.max().unwrap_or(Exit::Fine)
    }
}
