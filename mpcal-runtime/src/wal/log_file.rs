//! The file that a log is written to, and the next one when it is long. In: bytes of records. Out: files.

use std::io::{self, SeekFrom};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use tokio::sync::oneshot::{self, error::TryRecvError};

use super::compact::compact;
use super::files::{Files, Live, Opened};
use super::record::{Header, HEADER};
use super::{Compacts, Inner, Storage, WalConfig};
use crate::error::panic_text;
use crate::host;

/// How many zeros are written ahead: a flush of what takes their place does not change the file's length.
const AHEAD: u64 = 1 << 20;

/// Watches the steps of compactions.
pub(super) type Observer = Arc<dyn Fn() + Send + Sync>;

/// The files of a log, and the lock that keeps other processes away.
pub(super) struct LogFile {
    files: Files,
    live: Live,
    /// Where what was written ahead ends.
    ahead: u64,
    compact_at: u64,
    /// How many bytes of records there are that compaction would get rid of, and how many start one.
    since: u64,
    most: u64,
    /// What a compaction comes to: how many bytes the first file is made with then.
    compaction: Option<oneshot::Receiver<io::Result<u64>>>,
    /// Called before each step of a compaction.
    observer: Observer,
    _lock: Box<dyn Send>,
}

impl LogFile {
    pub(super) fn new(
        files: Files,
        opened: Opened,
        config: &WalConfig,
        observer: Observer,
        lock: Box<dyn Send>,
    ) -> Self {
        let Opened { live, made_with, since, .. } = opened;
        let (compact_at, ahead) = (config.compact_at, live.length);
        let most = compact_at.max(made_with);
        Self { files, live, ahead, compact_at, since, most, compaction: None, observer, _lock: lock }
    }

    /// Writes all of it anew, with this schema.
    pub(super) fn write_anew(&mut self, inner: &Inner, schema: u32) -> io::Result<()> {
        let last = inner.flushed();
        let header = Header { schema, after: last, until: last, ..self.live.header };
        // All of it is flushed, so it waits for nothing.
        let made = compact(inner, &self.files, header, &mut || true).now_or_never();
        let made_with = made.ok_or(io::ErrorKind::WouldBlock)??;
        let header = Header { made_with, ..header };
        self.live = Live::at(&*self.files.disk, self.files.first(), header, HEADER as u64 + made_with)?;
        (self.ahead, self.since, self.most) = (self.live.length, 0, self.compact_at.max(made_with));
        Ok(())
    }

    fn start_compaction(&mut self, inner: &Arc<Inner>) -> io::Result<()> {
        let last = inner.flushed();
        let header = Header { made_with: 0, after: last, until: last, ..self.live.header };
        let number = header.number + 1;
        self.live = self.files.create(&self.files.numbered(number), Header { number, ..header })?;
        (self.ahead, self.since) = (self.live.length, 0);
        let (inner, files, observer) = (inner.clone(), self.files.clone(), self.observer.clone());
        let (done, compaction) = oneshot::channel();
        self.compaction = Some(compaction);
        host::run_apart("wal-compact", async move {
            let mut keep_going = || {
                observer();
                !inner.has_stopped()
            };
            let made = AssertUnwindSafe(compact(&inner, &files, header, &mut keep_going)).catch_unwind().await;
            let made = made.unwrap_or_else(|panic| Err(io::Error::other(panic_text(&*panic))));
            // Nobody listens once the log is closed.
            let _ = done.send(made);
        })
    }

    fn compacted(&mut self, made: io::Result<u64>) {
        match made {
            Ok(made_with) => self.most = self.compact_at.max(made_with),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => self.failed(&error.to_string()),
        }
    }

    /// Nothing is lost: the files that would be superfluous stay.
    fn failed(&mut self, error: &str) {
        tracing::error!(path = %self.files.first().display(), error, "the write-ahead log could not be compacted");
        self.most = self.most.saturating_mul(2);
    }
}

impl Storage for LogFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.live.file.write_all(bytes)?;
        self.live.length += bytes.len() as u64;
        self.since += bytes.len() as u64;
        let ahead = AHEAD.min(self.compact_at);
        if self.live.length > self.ahead {
            self.ahead = self.live.length;
            // After much that is written at once, the flush takes its time anyway.
            if (bytes.len() as u64) < ahead / 8 {
                self.live.file.write_all(&vec![0; ahead as usize])?;
                self.live.file.seek(SeekFrom::Start(self.live.length))?;
                self.ahead += ahead;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.live.file.sync()
    }
}

impl Compacts for LogFile {
    fn compact(&mut self, inner: &Arc<Inner>) -> io::Result<()> {
        if let Some(compaction) = &mut self.compaction {
            let made = match compaction.try_recv() {
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Closed) => Err(io::Error::other("it was not done")),
                Ok(made) => made,
            };
            self.compaction = None;
            self.compacted(made);
        }
        if self.since < self.most {
            return Ok(());
        }
        self.start_compaction(inner)
    }

    async fn end(&mut self) {
        if let Some(compaction) = self.compaction.take() {
            if let Ok(made) = compaction.await {
                self.compacted(made);
            }
        }
    }
}

impl Drop for LogFile {
    fn drop(&mut self) {
        // Only for the looks of it: zeros do no harm.
        let _ = self.live.file.set_length(self.live.length);
    }
}
