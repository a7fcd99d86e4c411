//! Files in one directory, each replaced as a whole.
//!
//! Class: external. Stands for a function from names to texts that nobody else changes: a read gives what
//! was written last.
//!
//! Promises: a committed write replaces the file at once, as others see it, and never leaves half of one,
//! also after a loss of power; the writes of all sections happen in the order of their commits. It happens
//! soon after the commit and after what the section depends on is durable; [`Files::flushed`] waits for
//! it. When a file cannot be written, the next section that uses the files fails. Names are plain: no
//! separators, not `.` or `..`; a file that does not exist cannot be read. A read may block the thread for
//! as long as the disk takes, once for each file; after that what it holds is remembered, so changes by
//! others are not seen.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::mpsc::{unbounded_channel, UnboundedReceiver, UnboundedSender};
use tokio::sync::Notify;

use crate::cell::{Cell, Core};
use crate::error::{Abort, Error, Step};
use crate::host::{self, Access, Disk};
use crate::mapping::{Class, MappingMacro, PlainVariable};
use crate::section::Section;
use crate::value::Str;
use crate::wal::Marks;

/// Sections whose writes may wait for the disk; further ones block.
const MOST_WAITING: usize = 1024;

/// The files in a directory. Clones are the same files.
#[derive(Clone)]
pub struct Files(Arc<FilesCell>);

struct FilesCell {
    core: Arc<Core>,
    disk: Arc<dyn Disk>,
    directory: PathBuf,
    /// What is known of the files.
    texts: Mutex<BTreeMap<Str, Str>>,
    writes: UnboundedSender<Writes>,
    progress: Arc<Progress>,
}

/// What a section writes, and what must be durable before that.
type Writes = (BTreeMap<Str, Str>, Marks);

#[derive(Default)]
struct Progress {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    /// Sections whose writes have not happened yet.
    waiting: usize,
    failure: Option<String>,
}

/// What a section has read and written.
#[derive(Default)]
struct Staged {
    writes: BTreeMap<Str, Str>,
    marks: Marks,
}

impl Files {
    /// The files in a directory, which is made if it does not exist.
    ///
    /// # Errors
    /// If there is no such directory and it cannot be made.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn open(directory: impl AsRef<Path>) -> io::Result<Self> {
        let directory = directory.as_ref().to_owned();
        let disk = host::disk();
        disk.create_directory(&directory)?;
        let (writes, receiver) = unbounded_channel();
        let (core, progress) = (Core::new(), Arc::new(Progress::default()));
        host::run_apart("files", write(disk.clone(), directory.clone(), receiver, progress.clone(), core.clone()))?;
        Ok(Self(Arc::new(FilesCell { core, disk, directory, texts: Mutex::default(), writes, progress })))
    }

    /// Waits until everything committed so far is in its file.
    ///
    /// # Errors
    /// If a file could not be written.
    ///
    /// # Cancel safety
    /// Safe to drop.
    pub async fn flushed(&self) -> io::Result<()> {
        loop {
            let changed = self.0.progress.changed.notified();
            {
                let state = self.0.progress.state.lock();
                if let Some(failure) = &state.failure {
                    return Err(io::Error::other(failure.clone()));
                }
                if state.waiting == 0 {
                    return Ok(());
                }
            }
            changed.await;
        }
    }

    fn check(&self, name: &str) -> Step<()> {
        if let Some(failure) = &self.0.progress.state.lock().failure {
            return Err(Error::Resource(failure.clone()).into());
        }
        let plain = !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\', '\0', ':']);
        if plain {
            Ok(())
        } else {
            Err(Error::Resource(format!("{name:?} is not a plain name of a file")).into())
        }
    }
}

/// Does what was committed, section by section.
async fn write(
    disk: Arc<dyn Disk>,
    directory: PathBuf,
    mut writes: UnboundedReceiver<Writes>,
    progress: Arc<Progress>,
    core: Arc<Core>,
) {
    while let Some((texts, marks)) = writes.recv().await {
        marks.flushed().await;
        let done = texts.iter().try_for_each(|(name, text)| {
            let fails = |e: io::Error| io::Error::new(e.kind(), format!("{}: {e}", name.as_str()));
            replace(&*disk, &directory, name, text).map_err(fails)
        });
        {
            let mut state = progress.state.lock();
            state.waiting -= 1;
            if let Err(error) = done {
                tracing::error!(%error, "a file cannot be written");
                state.failure = Some(format!("a file cannot be written: {error}"));
            }
        }
        progress.changed.notify_waiters();
        // Who waits for room, or has to know of a failure.
        let _gate = core.outside_change();
        core.changed();
    }
}

/// Replaces a file by one with this text, which is on disk before it takes the place of the old one.
fn replace(disk: &dyn Disk, directory: &Path, name: &str, text: &str) -> io::Result<()> {
    // No file of the model has a colon in its name.
    let fresh = directory.join(format!(".{name}:new"));
    let mut file = disk.open(&fresh, Access::Create)?;
    file.write_all(text.as_bytes())?;
    file.sync()?;
    disk.rename(&fresh, &directory.join(name))?;
    disk.sync_directory(directory)
}

impl Cell for FilesCell {
    type Staged = Staged;

    fn core(&self) -> &Arc<Core> {
        &self.core
    }

    fn depends(&self, staged: &mut Staged, marks: &Marks) {
        staged.marks.clone_from(marks);
    }

    fn commit(&self, staged: &mut Staged) {
        if staged.writes.is_empty() {
            return;
        }
        let Staged { writes, marks } = std::mem::take(staged);
        self.texts.lock().extend(writes.iter().map(|(name, text)| (name.clone(), text.clone())));
        self.progress.state.lock().waiting += 1;
        // The task that receives lives as long as this sender.
        let _ = self.writes.send((writes, marks));
        self.core.changed();
    }
}

impl MappingMacro for Files {
    type Index = Str;
    type Read = Str;
    type Write = Str;

    fn read(&mut self, section: &mut Section, name: &Str) -> Step<Str> {
        self.check(name)?;
        if let Some(text) = section.stage(&self.0).writes.get(name) {
            return Ok(text.clone());
        }
        let mut texts = self.0.texts.lock();
        if let Some(text) = texts.get(name) {
            return Ok(text.clone());
        }
        let text = host::read_to_string(&*self.0.disk, &self.0.directory.join(name.as_str()));
        let text = Str::from(text.map_err(|e| Error::Resource(format!("{}: {e}", name.as_str())))?);
        texts.insert(name.clone(), text.clone());
        Ok(text)
    }

    fn write(&mut self, section: &mut Section, name: &Str, text: Str) -> Step<()> {
        self.check(name)?;
        let staged = section.stage(&self.0);
        if self.0.progress.state.lock().waiting >= MOST_WAITING {
            return Err(Abort::Retry);
        }
        staged.writes.insert(name.clone(), text);
        Ok(())
    }

    fn class(&self) -> Class {
        Class::External
    }
}

impl PlainVariable for Files {}
