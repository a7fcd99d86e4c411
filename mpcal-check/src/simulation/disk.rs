//! A disk on which a loss of power leaves what was flushed, and of the rest whatever it likes; which may be full, and whose
//! flushes may fail.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use fastrand::Rng;
use mpcal_runtime::host::{Access, Disk, DiskFile};
use parking_lot::Mutex;

/// This much is written at once or not at all.
const SECTOR: usize = 512;

/// The largest file.
const MOST: u64 = 1 << 32;

/// The disk of a node.
#[derive(Debug, Default)]
pub(super) struct Files {
    state: Mutex<State>,
    faults: Arc<Faults>,
}

/// What is wrong with a disk.
#[derive(Debug, Default)]
struct Faults {
    is_full: AtomicBool,
    next_flush_fails: AtomicBool,
}

impl Faults {
    /// Whether a file may be longer than it is.
    fn space(&self) -> io::Result<()> {
        if self.is_full.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<PathBuf, Arc<Mutex<Content>>>,
    /// The names that survive a crash, and what they stand for then.
    flushed: BTreeMap<PathBuf, Arc<Mutex<Content>>>,
    locks: BTreeMap<PathBuf, Weak<()>>,
}

#[derive(Debug, Default)]
struct Content {
    bytes: Vec<u8>,
    flushed: Vec<u8>,
}

impl Files {
    /// Whether nothing can be added from now on.
    pub(super) fn set_full(&self, is_full: bool) {
        self.faults.is_full.store(is_full, Ordering::Relaxed);
    }

    pub(super) fn is_full(&self) -> bool {
        self.faults.is_full.load(Ordering::Relaxed)
    }

    /// Has the next flush fail.
    pub(super) fn fail_next_flush(&self) {
        self.faults.next_flush_fails.store(true, Ordering::Relaxed);
    }

    /// The process is gone; what it has written is there.
    pub(super) fn unlock(&self) {
        self.state.lock().locks.clear();
        self.faults.next_flush_fails.store(false, Ordering::Relaxed);
    }

    /// The power is gone.
    pub(super) fn lose_power(&self, rng: &mut Rng) {
        self.unlock();
        let mut state = self.state.lock();
        state.files = state.flushed.clone();
        for file in state.files.values() {
            let Content { bytes, flushed } = &mut *file.lock();
            let mut left = flushed.clone();
            // Each sector is as it was, or as it was to be.
            for (n, sector) in bytes.chunks(SECTOR).enumerate() {
                if rng.bool() {
                    left.resize(left.len().max(n * SECTOR + sector.len()), 0);
                    left[n * SECTOR..][..sector.len()].copy_from_slice(sector);
                }
            }
            bytes.clone_from(&left);
            *flushed = left;
        }
    }
}

#[derive(Debug)]
struct Open {
    content: Arc<Mutex<Content>>,
    at: usize,
    faults: Arc<Faults>,
}

impl Read for Open {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let content = self.content.lock();
        let rest = content.bytes.get(self.at..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}

impl Write for Open {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let content = &mut *self.content.lock();
        let end = self.at + bytes.len();
        if end > content.bytes.len() {
            self.faults.space()?;
        }
        content.bytes.resize(content.bytes.len().max(end), 0);
        content.bytes[self.at..end].copy_from_slice(bytes);
        self.at = end;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Open {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let to = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => (self.at as u64).checked_add_signed(by),
            SeekFrom::End(by) => (self.content.lock().bytes.len() as u64).checked_add_signed(by),
        };
        self.at = to.ok_or(io::ErrorKind::InvalidInput)? as usize;
        Ok(self.at as u64)
    }
}

impl DiskFile for Open {
    fn sync(&mut self) -> io::Result<()> {
        if self.faults.next_flush_fails.swap(false, Ordering::Relaxed) {
            return Err(io::Error::other("the disk has failed"));
        }
        let Content { bytes, flushed } = &mut *self.content.lock();
        flushed.clone_from(bytes);
        Ok(())
    }

    fn set_length(&mut self, length: u64) -> io::Result<()> {
        let bytes = &mut self.content.lock().bytes;
        if length > bytes.len() as u64 {
            self.faults.space()?;
        }
        if length > MOST {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        bytes.resize(length as usize, 0);
        Ok(())
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.content.lock().bytes.len() as u64)
    }
}

impl Disk for Files {
    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn DiskFile>> {
        let files = &mut self.state.lock().files;
        let content = match access {
            Access::Read | Access::Write => files.get(path).cloned().ok_or(io::ErrorKind::NotFound)?,
            Access::Create => {
                self.faults.space()?;
                files.entry(path.to_owned()).or_default().clone()
            }
        };
        if access == Access::Create {
            content.lock().bytes.clear();
        }
        Ok(Box::new(Open { content, at: 0, faults: self.faults.clone() }))
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        Ok(self.state.lock().files.contains_key(path))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let files = &mut self.state.lock().files;
        let content = files.remove(from).ok_or(io::ErrorKind::NotFound)?;
        files.insert(to.to_owned(), content);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.state.lock().files.remove(path).map(drop).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn names(&self, directory: &Path) -> io::Result<Vec<OsString>> {
        let state = self.state.lock();
        let inside = |path: &&PathBuf| path.parent().is_some_and(|p| p == directory || p.as_os_str().is_empty());
        Ok(state.files.keys().filter(inside).filter_map(|path| Some(path.file_name()?.to_owned())).collect())
    }

    fn create_directory(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn sync_directory(&self, _: &Path) -> io::Result<()> {
        let state = &mut *self.state.lock();
        state.flushed.clone_from(&state.files);
        Ok(())
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send>> {
        let locks = &mut self.state.lock().locks;
        if locks.get(path).is_some_and(|lock| lock.strong_count() > 0) {
            return Err(io::Error::new(io::ErrorKind::WouldBlock, "it is in use here"));
        }
        let lock = Arc::new(());
        locks.insert(path.to_owned(), Arc::downgrade(&lock));
        Ok(Box::new(lock))
    }
}
