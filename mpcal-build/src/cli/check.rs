//! `mpcal-build check FILE…`

use std::path::PathBuf;

use super::{report, Exit, MessageFormat};
use crate::pipeline::Request;
use crate::Config;

#[derive(clap::Args)]
#[command(after_help = "Example:\n  mpcal-build check --message-format json models/*.tla")]
pub(super) struct Check {
    /// Modules to check.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

impl Check {
    pub(super) fn run(self, config: &Config, format: MessageFormat) -> Exit {
        let request = Request { rules: config.rules(), ..Request::default() };
        let ends = self
            .files
            .iter()
            .map(|f| report::run(config, f, request.clone(), format).map_or_else(|e| e, |_| Exit::Fine));
        ends.max().unwrap_or(Exit::Fine)
    }
}
