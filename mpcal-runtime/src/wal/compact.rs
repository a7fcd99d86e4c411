//! Makes the files of a log that are not needed superfluous, while others write on. In: a log that goes on in a new file.
//! Out: a first file with what resources have.
//!
//! Each resource is asked by itself, while the gate of its cell is held for as long as it takes to take hold of its value;
//! records add nothing to it then, so the last position is that up to which all of its changes are in the value. The file
//! takes its place when these positions are on disk: a section must not be there for one resource and not for another.
//! A crash before that leaves the files as they were; one after that leaves files that are superfluous.

use std::io;

use super::files::Files;
use super::held::Kept;
use super::record::{Body, Header, HEADER};
use super::Inner;
use crate::host::{self, Access, DiskFile};

/// This much is written at once.
const WRITTEN: usize = 1 << 20;

/// This much is written before it is flushed: what others flush meanwhile does not wait for long.
const FLUSHED: u64 = 4 << 20;

/// Makes the first file of a log anew; `header` is what it says, but for what it is made with. Gives how many bytes that
/// is. Before each step `keep_going` is asked.
pub(super) async fn compact(
    inner: &Inner,
    files: &Files,
    header: Header,
    keep_going: &mut (dyn FnMut() -> bool + Send),
) -> io::Result<u64> {
    let made = make(inner, files, header, keep_going).await;
    let made_with = made.inspect_err(|_| drop(files.disk.remove(&files.fresh())))?;
    files.disk.rename(&files.fresh(), files.first())?;
    step(keep_going)?;
    host::pause().await;
    files.sync()?;
    files.remove_until(header.number, keep_going)?;
    Ok(made_with)
}

fn step(keep_going: &mut (dyn FnMut() -> bool + Send)) -> io::Result<()> {
    if keep_going() {
        Ok(())
    } else {
        Err(io::Error::new(io::ErrorKind::Interrupted, "the log is closed"))
    }
}

/// Makes the file beside the first one; returns when it may take its place.
async fn make(
    inner: &Inner,
    files: &Files,
    header: Header,
    keep_going: &mut (dyn FnMut() -> bool + Send),
) -> io::Result<u64> {
    step(keep_going)?;
    let file = files.disk.open(&files.fresh(), Access::Create)?;
    let mut snapshot = Snapshot {
        file,
        bytes: vec![0; HEADER],
        length: 0,
        unflushed: 0,
        nonce: header.nonce,
        failed: None,
        keep_going,
    };
    let mut until = header.after;
    for name in inner.held.all() {
        let (position, tell) = inner.held.kept(&name, |kept| match kept {
            Kept::Live(holder) => {
                let _gate = holder.core().gate.lock();
                Ok((inner.committed(), holder.stored()))
            }
            Kept::Found(content) if content.is_whole() => Ok((inner.committed(), Some(content.tell()))),
            Kept::Found(_) => Err(io::Error::other(format!("`{name}` was claimed as what it is not"))),
            Kept::Nothing => Ok((0, None)),
        })?;
        if let Some(tell) = tell {
            until = until.max(position);
            tell(&mut |change| snapshot.add(&name, position, change));
            snapshot.failed.take().map_or(Ok(()), Err)?;
        }
    }
    snapshot.write()?;
    let Snapshot { mut file, length, keep_going, .. } = snapshot;
    let made_with = length - HEADER as u64;
    file.rewind()?;
    file.write_all(&Header { made_with, until, ..header }.bytes())?;
    step(keep_going)?;
    file.sync()?;
    step(keep_going)?;
    let is_flushed = inner.reached(until).await;
    step(&mut || is_flushed && keep_going())?;
    Ok(made_with)
}

/// What resources have, on its way into a file.
struct Snapshot<'k> {
    file: Box<dyn DiskFile>,
    /// What is to be written.
    bytes: Vec<u8>,
    /// How much was written.
    length: u64,
    unflushed: u64,
    nonce: u64,
    failed: Option<io::Error>,
    keep_going: &'k mut (dyn FnMut() -> bool + Send),
}

impl Snapshot<'_> {
    fn add(&mut self, name: &str, position: u64, change: &[u8]) {
        if self.failed.is_some() {
            return;
        }
        Body::new(self.nonce, [(name, change)]).write(self.nonce, position, position, &mut self.bytes);
        if self.bytes.len() >= WRITTEN {
            self.failed = self.write().err();
        }
    }

    fn write(&mut self) -> io::Result<()> {
        step(self.keep_going)?;
        self.file.write_all(&self.bytes)?;
        self.length += self.bytes.len() as u64;
        self.unflushed += self.bytes.len() as u64;
        self.bytes.clear();
        if self.unflushed >= FLUSHED {
            self.unflushed = 0;
            self.file.sync()?;
        }
        Ok(())
    }
}
