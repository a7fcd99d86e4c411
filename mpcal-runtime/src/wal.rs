//! The write-ahead log of a node: one record for each section that changes something durable.
//!
//! A section commits in memory first; its record goes to the end of the log, in the order of commits.
//! A thread writes what has gathered and flushes it, so that sections which commit meanwhile share the
//! next flush. What leaves the node waits: a [`Marks`] says up to which positions the log must be on
//! disk before a message or an answer may go out, and follows from cell to cell what depends on what.
//!
//! When a flush fails, nothing that waits for it ever leaves, and the next use of a durable resource
//! stops the node.

mod format;
mod lock;

use std::any::Any;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use parking_lot::{Condvar, Mutex};
use tokio::sync::Notify;

pub(crate) use self::format::Content;
pub use self::format::{Change, Entry};
use crate::error::{Error, Step};
use crate::measure::Flushes;

/// Whether any log was ever opened: without one nothing looks for marks.
static IN_USE: AtomicBool = AtomicBool::new(false);

pub(crate) fn in_use() -> bool {
    IN_USE.load(Ordering::Relaxed)
}

/// Given the name of a resource, the version of the schema that it was written with, and an encoded value
/// (of a sequence: an item), gives the value as it is encoded now.
pub type Migration = fn(&str, u32, &[u8]) -> Result<Vec<u8>, String>;

/// What is adjustable about a log.
#[derive(Clone, Debug)]
pub struct WalConfig {
    /// The version of what resources store; raise it when their types change. Default: 0.
    pub schema: u32,
    /// Turns a value of an older schema into one of this. Without it a log with another schema is refused.
    pub migrate: Option<Migration>,
    /// The size in bytes from which the log is written anew with what is still needed, whenever it has
    /// doubled since. Default: 64 MiB.
    pub compact_at: u64,
    /// How many bytes may wait for the disk; sections that would add to more wait before they commit. A record may
    /// exceed it, and so may those of sections that commit at once. Default: 64 MiB.
    pub max_waiting: usize,
}

impl Default for WalConfig {
    fn default() -> Self {
        Self { schema: 0, migrate: None, compact_at: 64 << 20, max_waiting: 64 << 20 }
    }
}

/// Where the bytes of a log go. [`File`] is one; tests have others.
pub trait Storage: Send + 'static {
    /// Writes all bytes at the end.
    ///
    /// # Errors
    /// If not all could be written; the log is not used again.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Returns when everything written survives a loss of power.
    ///
    /// # Errors
    /// If that is not certain; the log is not used again.
    fn flush(&mut self) -> io::Result<()>;

    /// Gets rid of what is not needed any more, if there is much of it; all that was written is flushed.
    ///
    /// # Errors
    /// If what is needed may not be safe; the log is not used again.
    fn compact(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A name that two resources want.
pub(crate) fn name_in_use(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::AlreadyExists, format!("`{name}` is held by another resource of this log"))
}

impl Storage for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// A write-ahead log. Clones are the same log.
#[derive(Clone)]
pub struct Wal(Arc<Handle>);

/// What all clones of a log share; the writer does not, so the last of them closes the log.
struct Handle(Arc<Inner>);

impl std::ops::Deref for Handle {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

struct Inner {
    pending: Mutex<Pending>,
    /// Tells the writer that there is something to write, or that the log is dropped.
    work: Condvar,
    /// The last position that is on disk.
    flushed: AtomicU64,
    failed: AtomicBool,
    /// Whether it is neither closed nor failed.
    usable: AtomicBool,
    /// Whether the writer has ended and given the storage back.
    ended: AtomicBool,
    /// Tells who waits that one of these has changed.
    progress: Notify,
    /// What no resource holds: what was found when the log was opened, and what was given back.
    found: Mutex<BTreeMap<String, Content>>,
    /// The resources that hold something, by name.
    claims: Mutex<BTreeMap<String, Weak<dyn Any + Send + Sync>>>,
    torn: u64,
    /// What the checksums of the file start with.
    nonce: u64,
    max_waiting: usize,
}

#[derive(Default)]
struct Pending {
    bytes: Vec<u8>,
    /// Sections that wait for what is in `bytes` to be written.
    waiting: Vec<Waker>,
    /// The position of the last record.
    last: u64,
    closed: bool,
    reason: Option<String>,
}

impl Wal {
    /// Opens the log in a file, or starts one. What was found there waits for the resources with the
    /// same names. An end that cannot be read is cut off ([`torn`](Self::torn) says how much): a crash
    /// leaves one, and nothing that has left the node depends on it. What a later record says was on disk
    /// must be there: damage to that is an error; after each flush with nothing behind it such a record is
    /// written. The log is then written anew with what is still needed.
    ///
    /// # Errors
    /// If the file cannot be read or written, is in use by another process, is damaged, or was written
    /// with another schema and there is no migration.
    pub fn open(path: impl AsRef<Path>, config: &WalConfig) -> io::Result<Self> {
        let path = path.as_ref();
        let lock = lock::lock(path)?;
        let old = match std::fs::read(path) {
            Ok(bytes) => Some(bytes),
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => return Err(e),
        };
        let damaged = |what: String| io::Error::new(io::ErrorKind::InvalidData, format!("{}: {what}", path.display()));
        let mut found = match &old {
            Some(bytes) => format::read(bytes, config).map_err(damaged)?,
            None => format::Found::default(),
        };
        drop(old);
        found.nonce = crate::host::unique()?;
        let (file, length) = write_anew(path, config.schema, &found)?;
        if found.torn > 0 {
            tracing::warn!(path = %path.display(), bytes = found.torn, "cut off the incomplete end of the log");
        }
        let locked = LogFile {
            file,
            length,
            compact_at: config.compact_at,
            config: config.clone(),
            path: path.to_owned(),
            _lock: lock,
        };
        Ok(Self::start(locked, found, config.max_waiting))
    }

    /// A log that starts empty, on a storage of its own.
    #[must_use]
    pub fn on(storage: impl Storage) -> Self {
        Self::start(storage, format::Found::default(), WalConfig::default().max_waiting)
    }

    fn start(storage: impl Storage, found: format::Found, max_waiting: usize) -> Self {
        IN_USE.store(true, Ordering::Relaxed);
        let inner = Arc::new(Inner {
            pending: Mutex::new(Pending { last: found.last, ..Pending::default() }),
            work: Condvar::new(),
            flushed: AtomicU64::new(found.last),
            failed: AtomicBool::new(false),
            usable: AtomicBool::new(true),
            ended: AtomicBool::new(false),
            progress: Notify::new(),
            found: Mutex::new(found.contents),
            claims: Mutex::default(),
            torn: found.torn,
            nonce: found.nonce,
            max_waiting,
        });
        let writer = inner.clone();
        let spawned = std::thread::Builder::new().name("wal".to_owned()).spawn(move || writer.run(storage));
        if let Err(error) = spawned {
            inner.fail(&error);
            inner.ended.store(true, Ordering::Release);
        }
        Self(Arc::new(Handle(inner)))
    }

    /// How many bytes at the end of the file were incomplete when it was opened.
    #[must_use]
    pub fn torn(&self) -> u64 {
        self.0.torn
    }

    /// The last position that is on disk.
    #[must_use]
    pub fn flushed(&self) -> u64 {
        self.0.flushed.load(Ordering::Acquire)
    }

    /// Names of what was found and no resource holds: a misspelt name, or one that is gone.
    #[must_use]
    pub fn unclaimed(&self) -> Vec<String> {
        self.0.found.lock().keys().cloned().collect()
    }

    /// The resource that holds this name, or a new one that is made of what the log has; whether it is new. A name
    /// belongs to one resource: another one would not know what that has written.
    ///
    /// # Errors
    /// If a resource of another kind holds it, or none can be made.
    pub(crate) fn claim<R: Any + Send + Sync>(
        &self,
        name: &str,
        make: impl FnOnce(Option<&Content>) -> io::Result<Arc<R>>,
    ) -> io::Result<(Arc<R>, bool)> {
        let mut claims = self.0.claims.lock();
        if let Some(holder) = claims.get(name).and_then(Weak::upgrade) {
            return holder.downcast().map(|known| (known, false)).map_err(|_| name_in_use(name));
        }
        let mut found = self.0.found.lock();
        let made = make(found.get(name))?;
        found.remove(name);
        let holder: Arc<dyn Any + Send + Sync> = made.clone();
        claims.insert(name.to_owned(), Arc::downgrade(&holder));
        Ok((made, true))
    }

    /// What a resource held that is gone, for the next one with its name.
    pub(crate) fn give_back(&self, name: &str, content: Content) {
        self.0.found.lock().insert(name.to_owned(), content);
    }

    /// Fails once the log has, or is closed.
    pub(crate) fn check(&self) -> Step<()> {
        if self.0.usable.load(Ordering::Acquire) {
            Ok(())
        } else {
            Err(self.error().into())
        }
    }

    fn error(&self) -> Error {
        let reason = self.0.pending.lock().reason.clone().unwrap_or_else(|| "it is closed".to_owned());
        Error::Resource(format!("the write-ahead log has failed: {reason}"))
    }

    /// Waits until the log fails.
    ///
    /// # Cancel safety
    /// Safe to drop.
    pub(crate) async fn failure(&self) -> Error {
        loop {
            let progress = self.0.progress.notified();
            if self.0.failed.load(Ordering::Acquire) {
                return self.error();
            }
            progress.await;
        }
    }

    /// Flushes what was committed and ends the log, so that the file can be opened again. Sections that
    /// would write to it afterwards fail; dropping all clones closes it, too, without waiting.
    ///
    /// # Errors
    /// If the log has failed: what was not flushed may be lost.
    ///
    /// # Cancel safety
    /// Safe to drop; the log closes nevertheless.
    pub async fn close(&self) -> io::Result<()> {
        self.0.usable.store(false, Ordering::Release);
        self.0.pending.lock().closed = true;
        self.0.work.notify_one();
        loop {
            let progress = self.0.progress.notified();
            if self.0.ended.load(Ordering::Acquire) {
                break;
            }
            progress.await;
        }
        if self.0.failed.load(Ordering::Acquire) {
            return Err(io::Error::other(self.0.pending.lock().reason.clone().unwrap_or_default()));
        }
        Ok(())
    }

    /// Adds the record of one section; gives its position.
    pub(crate) fn append(&self, entries: &[Entry]) -> u64 {
        let body = format::body(entries);
        let mut pending = self.0.pending.lock();
        pending.last += 1;
        let (position, durable) = (pending.last, self.flushed());
        format::record(self.0.nonce, position, durable, &body, &mut pending.bytes);
        self.0.work.notify_one();
        position
    }

    /// Waits for space for the record of a section.
    pub(crate) fn poll_space(&self, cx: &Context<'_>) -> Poll<()> {
        let mut pending = self.0.pending.lock();
        if pending.bytes.len() < self.0.max_waiting || !self.0.usable.load(Ordering::Acquire) {
            return Poll::Ready(());
        }
        if !pending.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            pending.waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }

    /// How many bytes wait for the disk.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.0.pending.lock().bytes.len()
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Waits until a position is on disk; for ever if the log has failed.
    async fn reached(&self, position: u64) {
        loop {
            let progress = self.0.progress.notified();
            if self.flushed() >= position {
                return;
            }
            progress.await;
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.pending.lock().closed = true;
        self.work.notify_one();
    }
}

impl Inner {
    fn run(&self, mut storage: impl Storage) {
        self.write(&mut storage);
        drop(storage);
        self.ended.store(true, Ordering::Release);
        self.progress.notify_waiters();
    }

    /// Writes and flushes what gathers, until the log is closed or fails.
    fn write(&self, storage: &mut impl Storage) {
        let (mut bytes, flushes) = (Vec::new(), Flushes::new());
        loop {
            let last = {
                let mut pending = self.pending.lock();
                while pending.bytes.is_empty() && !pending.closed {
                    self.work.wait(&mut pending);
                }
                if pending.bytes.is_empty() {
                    return;
                }
                bytes.clear();
                std::mem::swap(&mut bytes, &mut pending.bytes);
                pending.waiting.drain(..).for_each(Waker::wake);
                pending.last
            };
            let start = Instant::now();
            if let Err(error) = storage.append(&bytes).and_then(|()| storage.flush()) {
                return self.fail(&error);
            }
            flushes.took(start.elapsed());
            self.flushed.store(last, Ordering::Release);
            self.progress.notify_waiters();
            if let Err(error) = storage.compact().and_then(|()| storage.append(&self.note())) {
                return self.fail(&error);
            }
        }
    }

    /// If nothing follows what was flushed: a record which says that it was, to be flushed some time.
    fn note(&self) -> Vec<u8> {
        let (mut pending, mut note) = (self.pending.lock(), Vec::new());
        if pending.bytes.is_empty() {
            pending.last += 1;
            let flushed = self.flushed.load(Ordering::Acquire);
            format::record(self.nonce, pending.last, flushed, &format::body(&[]), &mut note);
        }
        note
    }

    fn fail(&self, error: &io::Error) {
        tracing::error!(%error, "the write-ahead log has failed");
        self.pending.lock().reason = Some(error.to_string());
        self.usable.store(false, Ordering::Release);
        self.failed.store(true, Ordering::Release);
        self.pending.lock().waiting.drain(..).for_each(Waker::wake);
        self.progress.notify_waiters();
    }
}

/// The file of a log, and the lock that keeps other processes away.
struct LogFile {
    file: File,
    path: PathBuf,
    config: WalConfig,
    length: u64,
    compact_at: u64,
    _lock: File,
}

impl Storage for LogFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.length += bytes.len() as u64;
        self.file.append(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Storage::flush(&mut self.file)
    }

    fn compact(&mut self) -> io::Result<()> {
        if self.length < self.compact_at {
            return Ok(());
        }
        let config = WalConfig { migrate: None, ..self.config.clone() };
        let damaged =
            |what: String| io::Error::new(io::ErrorKind::InvalidData, format!("{}: {what}", self.path.display()));
        let found = format::read(&std::fs::read(&self.path)?, &config).map_err(damaged)?;
        (self.file, self.length) = write_anew(&self.path, config.schema, &found)?;
        self.compact_at = config.compact_at.max(2 * self.length);
        Ok(())
    }
}

/// Writes a log with just this, beside the old one, which stays until the new one is safe; gives the
/// file, to write on, and its length.
fn write_anew(path: &Path, schema: u32, found: &format::Found) -> io::Result<(File, u64)> {
    let fresh = beside(path, "new");
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).open(&fresh)?;
    let bytes = format::snapshot(schema, found);
    file.write_all(&bytes)?;
    file.sync_all()?;
    std::fs::rename(&fresh, path)?;
    let directory = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory)?.sync_all()?;
    Ok((file, bytes.len() as u64))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

/// The positions that must be on disk before something may leave the node.
#[derive(Clone, Default)]
pub struct Marks(Vec<(Wal, u64)>);

impl Marks {
    /// Whether nothing is waited for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn add(&mut self, wal: &Wal, position: u64) {
        match self.0.iter_mut().find(|(w, _)| w.is(wal)) {
            Some((_, known)) => *known = (*known).max(position),
            None => self.0.push((wal.clone(), position)),
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|(wal, position)| self.add(wal, *position));
    }

    /// Forgets what is on disk.
    pub(crate) fn prune(&mut self) {
        self.0.retain(|(wal, position)| wal.flushed() < *position);
    }

    /// Waits until all of it is on disk; for ever if a log has failed.
    ///
    /// # Cancel safety
    /// Safe to drop.
    pub async fn flushed(&self) {
        for (wal, position) in &self.0 {
            wal.reached(*position).await;
        }
    }
}

impl std::fmt::Debug for Marks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(_, position)| position)).finish()
    }
}

impl std::fmt::Debug for Wal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wal").field("flushed", &self.flushed()).finish_non_exhaustive()
    }
}
