//! New texts of files.

use std::io::{self, Write};
use std::path::Path;

use similar::TextDiff;

use super::Exit;

/// What is done with a new text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// The file gets it.
    Replace,
    /// Nothing is changed; a difference is shown and is a fault.
    Check,
    /// It goes to standard output.
    Show,
}

/// The flags of a command that rewrites files.
#[derive(Clone, Copy, clap::Args)]
pub(super) struct Rewrite {
    /// Change nothing; exit 1 with a diff if a file would change.
    #[arg(long, conflicts_with = "stdout")]
    check: bool,
    /// Write the new file to standard output instead.
    #[arg(long)]
    stdout: bool,
}

impl Rewrite {
    pub(super) fn mode(self) -> Mode {
        match (self.stdout, self.check) {
            (true, _) => Mode::Show,
            (_, true) => Mode::Check,
            _ => Mode::Replace,
        }
    }
}

/// Does that; `what` says in a diff what the new text is.
pub(super) fn put(path: &Path, old: &str, new: &str, mode: Mode, what: &str) -> Result<(), Exit> {
    match mode {
        Mode::Show => io::stdout().write_all(new.as_bytes()).map_err(|_| Exit::Usage),
        _ if old == new => Ok(()),
        Mode::Check => {
            let diff = TextDiff::from_lines(old, new);
            let name = path.display().to_string();
            print!("{}", diff.unified_diff().header(&name, &format!("{name} ({what})")));
            Err(Exit::Fault)
        }
        Mode::Replace => replace(path, new).map_err(|e| {
            eprintln!("error: {}: {e}", path.display());
            Exit::Usage
        }),
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
