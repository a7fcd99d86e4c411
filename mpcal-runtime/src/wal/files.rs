//! The files of a log. In: their path. Out: what is in them, and where to write on.
//!
//! The first file has the path of the log and holds what resources had when it was made. It and the files after it, whose
//! names end in their number, hold the records since. When there are many of these, the log goes on in a new file, and a
//! first file that makes those before it superfluous is made beside them.

use std::io::{self, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::read::{damaged, Found, Reader};
use super::record::{Header, HEADER};
use super::WalConfig;
use crate::host::{Access, Disk, DiskFile};

/// Where the files of a log are.
#[derive(Clone, Debug)]
pub(super) struct Files {
    pub(super) disk: Arc<dyn Disk>,
    path: PathBuf,
}

/// The file that records go to.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) file: Box<dyn DiskFile>,
    pub(super) header: Header,
    /// Where records end.
    pub(super) length: u64,
}

impl Live {
    /// A file whose records end there.
    pub(super) fn at(disk: &dyn Disk, path: &Path, header: Header, length: u64) -> io::Result<Self> {
        let mut file = disk.open(path, Access::Write)?;
        file.seek(SeekFrom::Start(length))?;
        Ok(Self { file, header, length })
    }
}

/// What a log consists of when it is opened.
pub(super) struct Opened {
    pub(super) live: Live,
    pub(super) found: Found,
    /// How many bytes the first file was made with.
    pub(super) made_with: u64,
    /// How many bytes of records there are since.
    pub(super) since: u64,
    /// Whether some of it was written with another schema.
    pub(super) is_migrated: bool,
}

/// Puts the name of a file in front of an error.
fn of(path: &Path) -> impl Fn(io::Error) -> io::Error + '_ {
    move |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

impl Files {
    pub(super) fn new(path: &Path) -> Self {
        Self { disk: crate::host::disk(), path: path.to_owned() }
    }

    /// Keeps others away for as long as what comes out is there.
    pub(super) fn lock(&self) -> io::Result<Box<dyn Send>> {
        self.disk.lock(&self.beside("lock")).map_err(of(&self.path))
    }

    pub(super) fn first(&self) -> &Path {
        &self.path
    }

    pub(super) fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(".");
        name.push(ending);
        PathBuf::from(name)
    }

    pub(super) fn numbered(&self, number: u64) -> PathBuf {
        self.beside(&format!("segment{number}"))
    }

    /// The first file, on its way.
    pub(super) fn fresh(&self) -> PathBuf {
        self.beside("new")
    }

    fn directory(&self) -> &Path {
        self.path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }

    /// Makes what was created, renamed and removed survive a loss of power.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.disk.sync_directory(self.directory())
    }

    /// The numbers of the files after the first.
    fn numbers(&self) -> io::Result<Vec<u64>> {
        let Some(own) = self.path.file_name() else { return Err(io::ErrorKind::InvalidInput.into()) };
        let mut numbers = Vec::new();
        for name in self.disk.names(self.directory())? {
            let ending =
                name.as_encoded_bytes().strip_prefix(own.as_encoded_bytes()).and_then(|e| e.strip_prefix(b".segment"));
            let number = ending.and_then(|e| std::str::from_utf8(e).ok()).and_then(|e| e.parse().ok());
            numbers.extend(number.filter(|n: &u64| self.numbered(*n).file_name() == Some(&name)));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// A new file without records.
    pub(super) fn create(&self, path: &Path, header: Header) -> io::Result<Live> {
        let mut file = self.disk.open(path, Access::Create)?;
        file.write_all(&header.bytes())?;
        file.sync()?;
        self.sync()?;
        Ok(Live { file, header, length: HEADER as u64 })
    }

    /// Opens the log, or starts one with this nonce. What a crash has left is removed.
    pub(super) fn open(&self, nonce: u64, config: &WalConfig) -> io::Result<Opened> {
        self.remove(&self.fresh())?;
        let numbers = self.numbers()?;
        if !self.disk.exists(&self.path)? {
            if let Some(number) = numbers.first() {
                let (first, other) = (self.path.display(), self.numbered(*number));
                return Err(damaged(format!("{first} is missing, which {} belongs to", other.display())));
            }
            // A crash leaves all of it or nothing.
            let live = self.create(&self.fresh(), Header { schema: config.schema, nonce, ..Header::default() })?;
            self.disk.rename(&self.fresh(), &self.path)?;
            self.sync()?;
            return Ok(Opened { live, found: Found::default(), made_with: 0, since: 0, is_migrated: false });
        }
        let mut parts = self.parts(&numbers, config)?;
        let (mut found, mut since, mut end) = (Found::default(), 0, 0);
        let afters: Vec<u64> = parts.iter().skip(1).map(|part| part.header.after).collect();
        for (n, Part { path, reader, header }) in parts.iter_mut().enumerate() {
            end = found.read(reader, header, afters.get(n).copied(), config).map_err(of(path))?;
            since += end - HEADER as u64 - header.made_with;
        }
        let (first, last) = (&parts[0], &parts[parts.len() - 1]);
        if found.last < first.header.until {
            return Err(of(&last.path)(damaged("records are missing at its end")));
        }
        let made_with = first.header.made_with;
        let mut live = Live::at(&*self.disk, &last.path, last.header, end)?;
        live.file.set_length(end)?;
        live.file.sync()?;
        let is_migrated = parts.iter().any(|part| part.header.schema != config.schema);
        Ok(Opened { live, found, made_with, since, is_migrated })
    }

    /// The files that belong to the log, their headers read.
    fn parts(&self, numbers: &[u64], config: &WalConfig) -> io::Result<Vec<Part>> {
        let mut parts = vec![Part::open(&*self.disk, self.path.clone(), config)?];
        let mut next = parts[0].header.number + 1;
        for (n, number) in numbers.iter().enumerate() {
            let path = self.numbered(*number);
            let is_last = n + 1 == numbers.len();
            if *number < next || (is_last && Part::reader(&*self.disk, &path)?.was_never_made()?) {
                self.remove(&path)?;
                continue;
            }
            if *number != next {
                return Err(of(&self.numbered(next))(damaged("it is missing")));
            }
            let part = Part::open(&*self.disk, path, config)?;
            if (part.header.number, part.header.nonce) != (next, parts[0].header.nonce) {
                return Err(of(&part.path)(damaged("it is not of this log, or not in its place")));
            }
            parts.push(part);
            next += 1;
        }
        Ok(parts)
    }

    pub(super) fn remove(&self, path: &Path) -> io::Result<()> {
        match self.disk.remove(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(of(path)(error)),
            _ => Ok(()),
        }
    }

    /// Removes the files up to a number, which the first file makes superfluous.
    pub(super) fn remove_until(&self, number: u64, keep_going: &mut (dyn FnMut() -> bool + Send)) -> io::Result<()> {
        for old in self.numbers()?.into_iter().take_while(|n| *n <= number) {
            if !keep_going() {
                break;
            }
            self.remove(&self.numbered(old))?;
        }
        Ok(())
    }
}

/// A file that is read.
struct Part {
    path: PathBuf,
    reader: Reader<Box<dyn DiskFile>>,
    header: Header,
}

impl Part {
    fn reader(disk: &dyn Disk, path: &Path) -> io::Result<Reader<Box<dyn DiskFile>>> {
        let file = disk.open(path, Access::Read).map_err(of(path))?;
        let length = file.length()?;
        Ok(Reader::new(file, length))
    }

    fn open(disk: &dyn Disk, path: PathBuf, config: &WalConfig) -> io::Result<Self> {
        let mut reader = Self::reader(disk, &path)?;
        let header = reader.header().map_err(of(&path))?;
        if header.schema != config.schema && config.migrate.is_none() {
            let what = format!("its schema is {}, not {}, and there is no migration", header.schema, config.schema);
            return Err(of(&path)(damaged(what)));
        }
        Ok(Self { path, reader, header })
    }
}
