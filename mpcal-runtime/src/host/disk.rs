//! Files of a node.

use std::ffi::OsString;
use std::fmt::Debug;
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::sync::Arc;

use super::with;

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To be read.
    Read,
    /// To be written to, as it is.
    Write,
    /// To be written to; it is empty then, and made if there is none.
    Create,
}

/// A file.
pub trait DiskFile: Read + Write + Seek + Debug + Send {
    /// Returns once its bytes, and its length if that has changed, survive a loss of power.
    ///
    /// # Errors
    /// If that cannot be guaranteed.
    fn sync(&mut self) -> io::Result<()>;

    /// Truncates it, or extends it with zeros.
    ///
    /// # Errors
    /// If that cannot be done.
    fn set_length(&mut self, length: u64) -> io::Result<()>;

    /// How long it is.
    ///
    /// # Errors
    /// If it cannot be determined.
    fn length(&self) -> io::Result<u64>;
}

/// The files of a node. Each call may block.
pub trait Disk: Debug + Send + Sync {
    /// Opens a file.
    ///
    /// # Errors
    /// If there is none, or access is denied.
    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn DiskFile>>;

    /// Whether there is such a file.
    ///
    /// # Errors
    /// If it cannot be determined.
    fn exists(&self, path: &Path) -> io::Result<bool>;

    /// Renames a file; a file that has the new name is replaced.
    ///
    /// # Errors
    /// If that cannot be done; nothing has changed then.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// If there is none, or it cannot be removed.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// The names of the entries of a directory.
    ///
    /// # Errors
    /// If there is no such directory.
    fn names(&self, directory: &Path) -> io::Result<Vec<OsString>>;

    /// Creates a directory and its missing parents.
    ///
    /// # Errors
    /// If that cannot be done.
    fn create_directory(&self, path: &Path) -> io::Result<()>;

    /// Returns once all that was created, renamed and removed in a directory survives a loss of power.
    ///
    /// # Errors
    /// If that cannot be guaranteed.
    fn sync_directory(&self, path: &Path) -> io::Result<()>;

    /// Locks a file against others until the returned guard is dropped.
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if somebody else has locked it; it says who.
    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send>>;
}

/// The disk of this node.
pub(crate) fn disk() -> Arc<dyn Disk> {
    with(|host| host.disk())
}

/// All of a file.
pub(crate) fn read_to_string(disk: &dyn Disk, path: &Path) -> io::Result<String> {
    let mut text = String::new();
    disk.open(path, Access::Read)?.read_to_string(&mut text)?;
    Ok(text)
}
