//! The file that a log is written to, and the next one when it is long. In: bytes of records. Out: files.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::thread::JoinHandle;

use super::compact::compact;
use super::files::{Files, Live, Opened};
use super::record::{Header, HEADER};
use super::{Inner, Storage, WalConfig};

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
    compaction: Option<JoinHandle<io::Result<u64>>>,
    /// Called before each step of a compaction.
    observer: Observer,
    _lock: File,
}

impl LogFile {
    pub(super) fn new(files: Files, opened: Opened, config: &WalConfig, observer: Observer, lock: File) -> Self {
        let Opened { live, made_with, since, .. } = opened;
        let (compact_at, ahead) = (config.compact_at, live.length);
        let most = compact_at.max(made_with);
        Self { files, live, ahead, compact_at, since, most, compaction: None, observer, _lock: lock }
    }

    /// Writes all of it anew, with this schema.
    pub(super) fn write_anew(&mut self, inner: &Inner, schema: u32) -> io::Result<()> {
        let last = inner.flushed();
        let header = Header { schema, after: last, until: last, ..self.live.header };
        let made_with = compact(inner, &self.files, header, &mut || true)?;
        self.live = Live::at(self.files.first(), Header { made_with, ..header }, HEADER as u64 + made_with)?;
        (self.ahead, self.since, self.most) = (self.live.length, 0, self.compact_at.max(made_with));
        Ok(())
    }

    /// Starts to get rid of what is not needed any more, if there is much of it; all that was written is flushed.
    pub(super) fn compact(&mut self, inner: &Arc<Inner>) -> io::Result<()> {
        if self.compaction.as_ref().is_some_and(JoinHandle::is_finished) {
            self.finish();
        }
        if self.compaction.is_some() || self.since < self.most {
            return Ok(());
        }
        let last = inner.flushed();
        let header = Header { made_with: 0, after: last, until: last, ..self.live.header };
        let number = header.number + 1;
        self.live = self.files.create(&self.files.numbered(number), Header { number, ..header })?;
        (self.ahead, self.since) = (self.live.length, 0);
        let (inner, files, observer) = (inner.clone(), self.files.clone(), self.observer.clone());
        let keep_going = move |inner: &Inner| {
            observer();
            !inner.has_stopped()
        };
        let run = move || compact(&inner, &files, header, &mut || keep_going(&inner));
        self.compaction = Some(std::thread::Builder::new().name("wal-compact".to_owned()).spawn(run)?);
        Ok(())
    }

    /// Waits for the compaction to end.
    fn finish(&mut self) {
        let Some(compaction) = self.compaction.take() else { return };
        match compaction.join() {
            Ok(Ok(made_with)) => self.most = self.compact_at.max(made_with),
            Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(Err(error)) => self.failed(&error.to_string()),
            Err(panic) => self.failed(&crate::error::panic_text(&*panic)),
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
            // Behind much that is written at once, the flush takes its time anyway.
            if (bytes.len() as u64) < ahead / 8 {
                self.live.file.write_all(&vec![0; ahead as usize])?;
                self.live.file.seek(SeekFrom::Start(self.live.length))?;
                self.ahead += ahead;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.live.file.sync_data()
    }
}

impl Drop for LogFile {
    fn drop(&mut self) {
        self.finish();
        // Only for the looks of it: zeros do no harm.
        let _ = self.live.file.set_len(self.live.length);
    }
}
