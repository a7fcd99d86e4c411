//! A log is open in one place at a time. In: its path. Out: a lock, or who has it.

use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::path::Path;

use super::files::Files;

/// Locks a log for as long as the file that comes out is open. The file has the identifier of the process.
pub(super) fn lock(path: &Path) -> io::Result<File> {
    let beside = Files::new(path).beside("lock");
    let mut file = File::options().create(true).truncate(false).read(true).write(true).open(&beside)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(in_use(path, &beside)),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    file.set_len(0)?;
    file.write_all(std::process::id().to_string().as_bytes())?;
    Ok(file)
}

fn in_use(path: &Path, beside: &Path) -> io::Error {
    // Where locks keep others from reading, too, or while it is being written, nobody says by whom.
    let owner: Option<u32> = std::fs::read_to_string(beside).ok().and_then(|id| id.parse().ok());
    let by = owner.map_or_else(|| "elsewhere".to_owned(), |id| format!("by process {id}"));
    io::Error::new(io::ErrorKind::WouldBlock, format!("{}: the log is in use {by}", path.display()))
}
