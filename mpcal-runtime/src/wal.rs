//! The write-ahead log of a node: one record for each section that changes something durable.
//!
//! A section commits in memory first; its record goes to the end of the log, in the order of commits.
//! A thread writes what has gathered and flushes it, so that sections which commit meanwhile share the
//! next flush. What leaves the node waits: a [`Marks`] says up to which positions the log must be on
//! disk before a message or an answer may go out, and follows from cell to cell what depends on what.
//!
//! When a flush fails, nothing that waits for it ever leaves, and the next use of a durable resource
//! stops the node.

mod compact;
mod entry;
mod files;
mod held;
mod log_file;
mod read;
mod record;

use std::fs::File;
use std::future::Future;
use std::io::{self, Write};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures_util::FutureExt;
use parking_lot::Mutex;
use tokio::sync::Notify;

pub(crate) use self::entry::{in_pieces, Content};
pub use self::entry::{Entry, Part};
use self::files::Files;
use self::held::Held;
pub(crate) use self::held::{name_in_use, Stored, Tell, INTENTION};
use self::log_file::{LogFile, Observer};
use self::read::Found;
use self::record::Body;
use crate::error::{panic_text, Error, Step};
use crate::host;
use crate::measure::Flushes;

/// Whether any log was ever opened: without one nothing looks for marks.
static IN_USE: AtomicBool = AtomicBool::new(false);

pub(crate) fn in_use() -> bool {
    IN_USE.load(Ordering::Relaxed)
}

/// Given the name of a resource, the version of the schema that it was written with, and a value or a part of one as it
/// is encoded there, gives it as it is encoded now. Of sequences, functions and sets it is asked for part by part, also
/// for arguments that were taken out later, so it must give different ones for different ones.
pub type Migration = fn(&str, u32, Part, &[u8]) -> Result<Vec<u8>, String>;

/// The settings of a log.
#[derive(Clone, Debug)]
pub struct WalConfig {
    /// The version of what resources store; raise it when their types change. Default: 0.
    pub schema: u32,
    /// Turns a value of an older schema into one of this. Without it a log with another schema is refused.
    pub migrate: Option<Migration>,
    /// How many bytes of records there must be, and no fewer than what is still needed has, for the log to be written
    /// anew with that, while it goes on in another file. Default: 64 MiB.
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
}

/// A storage that can get rid of what is not needed any more.
trait Compacts: Storage {
    /// Starts to, if there is much of it; all that was written is flushed.
    fn compact(&mut self, _log: &Arc<Inner>) -> io::Result<()> {
        Ok(())
    }

    /// Waits until that is done, or was given up because nothing is written any more.
    fn end(&mut self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}

/// A storage that keeps everything.
struct Endless<S>(S);

impl<S: Storage> Storage for Endless<S> {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.append(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<S: Storage> Compacts for Endless<S> {}

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
    work: Notify,
    /// The last position that is on disk.
    flushed: AtomicU64,
    failed: AtomicBool,
    /// Whether it is neither closed nor failed.
    usable: AtomicBool,
    /// Whether the writer has ended and given the storage back.
    ended: AtomicBool,
    /// Tells who waits that one of these has changed.
    progress: Notify,
    held: Held,
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
    /// The position of the last record, and of the last one of a section.
    last: u64,
    committed: u64,
    closed: bool,
    /// Whether the writer has stopped.
    stopped: bool,
    reason: Option<String>,
}

impl Wal {
    /// Opens the log in a file, or starts one; other files of it are beside that. What was found there waits for the
    /// resources with the same names. An end that cannot be read is cut off ([`torn`](Self::torn) says how much): a crash
    /// leaves one, and nothing that has left the node depends on it. What a later record says was on disk
    /// must be there: damage to that is an error; after each flush with nothing after it such a record is
    /// written.
    ///
    /// # Errors
    /// If a file cannot be read or written, the log is in use by another process, is damaged, or was written
    /// with another schema and there is no migration.
    pub fn open(path: impl AsRef<Path>, config: &WalConfig) -> io::Result<Self> {
        Self::open_observed(path.as_ref(), config, Arc::new(|| ()))
    }

    /// As [`open`](Self::open); the observer sees each step of a compaction.
    fn open_observed(path: &Path, config: &WalConfig, observer: Observer) -> io::Result<Self> {
        let files = Files::new(path);
        let lock = files.lock()?;
        let mut opened = files.open(crate::host::unique()?, config)?;
        let (found, is_migrated) = (std::mem::take(&mut opened.found), opened.is_migrated);
        if found.torn > 0 {
            tracing::warn!(path = %path.display(), bytes = found.torn, "cut off the incomplete end of the log");
        }
        let inner = Arc::new(Inner::new(found, opened.live.header.nonce, config.max_waiting));
        let mut log = LogFile::new(files, opened, config, observer, lock);
        if is_migrated {
            log.write_anew(&inner, config.schema)?;
        }
        Ok(Self::start(inner, log))
    }

    /// A log that starts empty, on a storage of its own.
    #[must_use]
    pub fn on(storage: impl Storage) -> Self {
        let inner = Inner::new(Found::default(), 0, WalConfig::default().max_waiting);
        Self::start(Arc::new(inner), Endless(storage))
    }

    fn start(inner: Arc<Inner>, storage: impl Compacts) -> Self {
        IN_USE.store(true, Ordering::Relaxed);
        let writer = inner.clone();
        let started = host::run_apart("wal", async move { Inner::run(&writer, storage).await });
        if let Err(error) = started {
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
        self.0.flushed()
    }

    /// Names of what was found and no resource holds: a misspelt name, or one that is gone.
    #[must_use]
    pub fn unclaimed(&self) -> Vec<String> {
        self.0.held.unclaimed()
    }

    /// The resource that holds this name, or a new one that is made of what the log has; whether it is new. A name
    /// belongs to one resource: another one would not know what that has written.
    ///
    /// # Errors
    /// If a resource of another kind holds it, or none can be made.
    pub(crate) fn claim<R: Stored>(
        &self,
        name: &str,
        make: impl FnOnce(Option<&mut Content>) -> io::Result<Arc<R>>,
    ) -> io::Result<(Arc<R>, bool)> {
        self.0.held.claim(name, make)
    }

    /// What was to be written under this name if others decided so, as they know it.
    pub(crate) fn intended(&self, name: &str) -> Option<Vec<u8>> {
        self.0.held.intended(name)
    }

    /// What others have decided on what was intended under this name. Gives the position from which on the log has it.
    ///
    /// # Errors
    /// If what was intended does not fit what the log has.
    pub(crate) fn decided(&self, name: &str, is_made: bool) -> io::Result<u64> {
        self.0.held.decided(name, is_made, |entries| self.append(entries))
    }

    /// What a resource held that is gone, for the next one with its name. Each that has claimed something calls it when
    /// it is dropped.
    pub(crate) fn give_back(&self, name: &str, content: impl FnOnce() -> Option<Content>) {
        // What a user has written may panic, and others wait for the name.
        let content = catch_unwind(AssertUnwindSafe(content)).unwrap_or_else(|_| Some(Content::lost()));
        self.0.held.give_back(name, content);
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
        let body = Body::new(self.0.nonce, entries.iter().map(|entry| (&*entry.name, &*entry.change)));
        let mut pending = self.0.pending.lock();
        // After others the writer knows that there is work.
        let is_first = pending.bytes.is_empty();
        pending.last += 1;
        pending.committed = pending.last;
        let (position, durable) = (pending.last, self.flushed());
        body.write(self.0.nonce, position, durable, &mut pending.bytes);
        drop(pending);
        if is_first {
            self.0.work.notify_one();
        }
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

    /// Waits until a position is on disk, and forever if the log has failed.
    async fn reached(&self, position: u64) {
        if !self.0.reached(position).await {
            std::future::pending().await
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
    fn new(found: Found, nonce: u64, max_waiting: usize) -> Self {
        Self {
            pending: Mutex::new(Pending { last: found.last, committed: found.last, ..Pending::default() }),
            work: Notify::new(),
            flushed: AtomicU64::new(found.last),
            failed: AtomicBool::new(false),
            usable: AtomicBool::new(true),
            ended: AtomicBool::new(false),
            progress: Notify::new(),
            held: Held::new(found.contents),
            torn: found.torn,
            nonce,
            max_waiting,
        }
    }

    fn flushed(&self) -> u64 {
        self.flushed.load(Ordering::Acquire)
    }

    /// The position of the last record of a section.
    fn committed(&self) -> u64 {
        self.pending.lock().committed
    }

    /// Whether nothing is written any more.
    fn has_stopped(&self) -> bool {
        self.pending.lock().stopped
    }

    /// Waits until a position is on disk; false if it will not be.
    async fn reached(&self, position: u64) -> bool {
        loop {
            let progress = self.progress.notified();
            if self.flushed() >= position {
                return true;
            }
            if self.has_stopped() {
                return false;
            }
            progress.await;
        }
    }

    async fn run(this: &Arc<Self>, mut storage: impl Compacts) {
        // A storage is a user's.
        if let Err(panic) = AssertUnwindSafe(Self::write(this, &mut storage)).catch_unwind().await {
            this.fail(&io::Error::other(format!("panic: {}", panic_text(&*panic))));
        }
        this.pending.lock().stopped = true;
        this.progress.notify_waiters();
        storage.end().await;
        drop(storage);
        this.ended.store(true, Ordering::Release);
        this.progress.notify_waiters();
    }

    /// Writes and flushes what gathers, until the log is closed or fails.
    async fn write(this: &Arc<Self>, storage: &mut impl Compacts) {
        let (mut bytes, flushes) = (Vec::new(), Flushes::new());
        while let Some(last) = this.take_waiting(&mut bytes).await {
            let start = host::now();
            if let Err(error) = storage.append(&bytes) {
                return this.fail(&error);
            }
            host::pause().await;
            if let Err(error) = storage.flush() {
                return this.fail(&error);
            }
            flushes.took(host::now() - start);
            this.flushed.store(last, Ordering::Release);
            this.progress.notify_waiters();
            if let Err(error) = storage.compact(this).and_then(|()| storage.append(&this.note())) {
                return this.fail(&error);
            }
        }
    }

    /// Waits for what there is to write, and takes it; gives its last position, or none when the log is closed.
    async fn take_waiting(&self, bytes: &mut Vec<u8>) -> Option<u64> {
        loop {
            {
                let mut pending = self.pending.lock();
                if !pending.bytes.is_empty() {
                    bytes.clear();
                    std::mem::swap(bytes, &mut pending.bytes);
                    pending.waiting.drain(..).for_each(Waker::wake);
                    return Some(pending.last);
                }
                if pending.closed {
                    return None;
                }
            }
            self.work.notified().await;
        }
    }

    /// If nothing follows what was flushed: a record which says that it was, to be flushed some time.
    fn note(&self) -> Vec<u8> {
        let (mut pending, mut note) = (self.pending.lock(), Vec::new());
        if pending.bytes.is_empty() {
            pending.last += 1;
            Body::new(self.nonce, []).write(self.nonce, pending.last, self.flushed(), &mut note);
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

    /// Waits until all of it is on disk, and forever if a log has failed.
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

#[cfg(test)]
mod output_commit;
#[cfg(test)]
mod tests;
