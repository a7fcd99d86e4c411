//! New texts of files, and what goes to standard output.

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
        Mode::Show => print(new),
        _ if old == new => Ok(()),
        Mode::Check => {
            let diff = TextDiff::from_lines(old, new);
            let name = path.display().to_string();
            print(&diff.unified_diff().header(&name, &format!("{name} ({what})")).to_string())?;
            Err(Exit::Fault)
        }
        Mode::Replace => write(path, new),
    }
}

/// Writes to standard output. That nobody reads on, as behind `| head`, is no fault.
pub(super) fn print(text: &str) -> Result<(), Exit> {
    let mut out = io::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
            eprintln!("error: standard output: {e}");
            Err(Exit::Usage)
        }
        _ => Ok(()),
    }
}

/// Writes a file whole or not at all.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Exit> {
    replace(path, text).map_err(|e| {
        eprintln!("error: {}: {e}", path.display());
        Exit::Usage
    })
}

/// Makes a file, or replaces it; then it keeps its permissions.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    // Through a link the file it names is replaced, not the link.
    let (path, permissions) = match path.canonicalize() {
        Ok(path) => (path.clone(), Some(std::fs::metadata(path)?.permissions())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => (path.to_owned(), None),
        Err(e) => return Err(e),
    };
    let directory = path.parent().filter(|d| !d.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = match permissions {
        Some(permissions) => {
            let file = tempfile::NamedTempFile::new_in(directory)?;
            file.as_file().set_permissions(permissions)?;
            file
        }
        // As any new file, not as a temporary one, which nobody else may read.
        None => tempfile::Builder::new().make_in(directory, |path| std::fs::File::create_new(path))?,
    };
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|e| e.error)?;
    Ok(())
}
