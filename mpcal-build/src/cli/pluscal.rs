//! `mpcal-build pluscal FILE…`

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use similar::TextDiff;

use super::{report, Exit, MessageFormat};
use crate::pipeline::Request;
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
    /// Change nothing; exit 1 with a diff if a file is stale.
    #[arg(long, conflicts_with = "stdout")]
    check: bool,
    /// Write the translated file to standard output instead.
    #[arg(long)]
    stdout: bool,
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
        let request = Request { rules: config.rules(), pluscal: true, ..Request::default() };
        let output = report::run(config, path, request, format)?;
        let Some(new) = output.rewritten else { return Err(Exit::Fault) };
        if self.stdout {
            return io::stdout().write_all(new.as_bytes()).map_err(|_| Exit::Usage);
        }
        if new == output.sources.model().text {
            return Ok(());
        }
        if self.check {
            let diff = TextDiff::from_lines(&output.sources.model().text, &new);
            let name = path.display().to_string();
            print!("{}", diff.unified_diff().header(&name, &format!("{name} (translated)")));
            return Err(Exit::Fault);
        }
        replace(path, &new).map_err(|e| {
            eprintln!("error: {}: {e}", path.display());
            Exit::Usage
        })
    }
}

/// Replaces a file whole or not at all, with the permissions it had.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    // Through a link the file it names is replaced, not the link.
    let path = path.canonicalize()?;
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(text.as_bytes())?;
    file.as_file().set_permissions(std::fs::metadata(&path)?.permissions())?;
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|e| e.error)?;
    Ok(())
}
