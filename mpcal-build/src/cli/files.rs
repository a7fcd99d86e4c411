//! New texts of files, and what goes to standard output.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use similar::TextDiff;

use super::{report, Exit, MessageFormat};

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

/// A new text of a file.
pub(super) struct NewText<'t> {
    pub(super) path: &'t Path,
    pub(super) old: &'t str,
    pub(super) new: &'t str,
    /// What a diff says that the new text is.
    pub(super) what: &'t str,
}

/// Does with a new text what the mode says.
pub(super) fn put(text: &NewText<'_>, mode: Mode, format: MessageFormat) -> Result<(), Exit> {
    match mode {
        Mode::Show => print(text.new, format),
        _ if text.old == text.new => Ok(()),
        Mode::Check => {
            let diff = TextDiff::from_lines(text.old, text.new);
            let name = text.path.display().to_string();
            print(&diff.unified_diff().header(&name, &format!("{name} ({})", text.what)).to_string(), format)?;
            Err(Exit::Fault)
        }
        Mode::Replace => write(text.path, text.new, format),
    }
}

/// Writes to standard output. That nobody reads on, as with `| head`, is not a fault.
pub(super) fn print(text: &str, format: MessageFormat) -> Result<(), Exit> {
    let mut out = io::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
            Err(report::refuse(format, Some(Path::new("standard output")), &e.to_string(), None))
        }
        _ => Ok(()),
    }
}

/// Writes a file whole or not at all.
pub(super) fn write(path: &Path, text: &str, format: MessageFormat) -> Result<(), Exit> {
    let written = target(path).and_then(|file| match fs::metadata(&file) {
        Ok(old) if is_read_only(&file, &old)? => {
            let help = format!("make {} writable, or write elsewhere", file.display());
            Ok(Err(report::refuse(format, Some(path), "it is read-only, so it was left as it is", Some(&help))))
        }
        Ok(old) => replace(&file, &old, text).map(Ok),
        Err(e) if e.kind() == io::ErrorKind::NotFound => create(&file, text).map(Ok),
        Err(e) => Err(e),
    });
    written.unwrap_or_else(|e| Err(report::refuse(format, Some(path), &e.to_string(), None)))
}

/// The file that a path leads to: links are followed, also to a file that is not there yet.
fn target(path: &Path) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Err(e) if e.kind() == io::ErrorKind::NotFound => match fs::read_link(path) {
            Ok(link) => target(&path.with_file_name("").join(link)),
            Err(_) => Ok(path.to_owned()),
        },
        found => found,
    }
}

/// Whether a file is not to be written. To replace it takes the right to write its directory only, so
/// what is replaced is asked.
fn is_read_only(path: &Path, old: &Metadata) -> io::Result<bool> {
    match OpenOptions::new().write(true).open(path) {
        Ok(_) => Ok(old.permissions().readonly()),
        Err(e) if matches!(e.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) => Ok(true),
        Err(e) => Err(e),
    }
}

/// Puts another file in the place of a file, with its permissions. A device or a pipe stays what it is.
fn replace(path: &Path, old: &Metadata, text: &str) -> io::Result<()> {
    if !old.is_file() {
        return OpenOptions::new().write(true).open(path)?.write_all(text.as_bytes());
    }
    let file = tempfile::NamedTempFile::new_in(directory(path))?;
    file.as_file().set_permissions(old.permissions())?;
    fill(file, path, text)
}

/// Makes a file as any new one, not as a temporary one, which nobody else may read.
fn create(path: &Path, text: &str) -> io::Result<()> {
    let file = tempfile::Builder::new().make_in(directory(path), |path| File::create_new(path))?;
    fill(file, path, text)
}

fn fill(mut file: tempfile::NamedTempFile, path: &Path, text: &str) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    Ok(())
}

/// The directory that a file is in.
pub(super) fn directory(path: &Path) -> &Path {
    path.parent().filter(|d| !d.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
