//! Reads the files of a log, in pieces. In: files and what they should be. Out: what resources have, and where to go on.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Read};

use super::entry::{migrated, Content};
use super::record::{is_torn, is_zero, take_entry, Head, Header, HEAD, HEADER};
use super::WalConfig;

/// What a log holds.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What resources have, by name.
    pub(super) contents: BTreeMap<String, Content>,
    /// The position of the last record.
    pub(super) last: u64,
    /// How many bytes at the end were incomplete.
    pub(super) torn: u64,
}

/// How much is read at once.
const PIECE: usize = 1 << 20;

pub(super) fn damaged(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}

/// A file that is read from its start.
pub(super) struct Reader<R> {
    source: R,
    /// What was read and not skipped is behind `start`.
    bytes: Vec<u8>,
    start: usize,
    /// The place of that in the file.
    pub(super) at: u64,
    length: u64,
}

impl<R: Read> Reader<R> {
    /// A file of this length.
    pub(super) fn new(source: R, length: u64) -> Self {
        Self { source, bytes: Vec::new(), start: 0, at: 0, length }
    }

    /// What comes next: at least this many bytes, unless the file ends before.
    fn look(&mut self, wanted: usize) -> io::Result<&[u8]> {
        if self.bytes.len() - self.start < wanted {
            self.bytes.drain(..self.start);
            self.start = 0;
            let missing = wanted - self.bytes.len();
            self.source.by_ref().take(missing.max(PIECE) as u64).read_to_end(&mut self.bytes)?;
        }
        Ok(&self.bytes[self.start..])
    }

    fn skip(&mut self, count: usize) {
        self.start += count;
        self.at += count as u64;
    }

    /// The header.
    pub(super) fn header(&mut self) -> io::Result<Header> {
        let header = Header::read(self.look(HEADER)?).map_err(damaged)?;
        self.skip(HEADER);
        if header.made_with > self.length - self.at {
            return Err(damaged("it is shorter than when it was made"));
        }
        Ok(header)
    }

    /// Whether the file is what a crash leaves of one that was being made.
    pub(super) fn was_never_made(&mut self) -> io::Result<bool> {
        let bytes = self.look(HEADER)?;
        let cut = bytes.len() < HEADER;
        Ok(cut || (is_zero(&bytes[..HEADER]) && self.is_zero()?))
    }

    fn is_zero(&mut self) -> io::Result<bool> {
        loop {
            let bytes = self.look(PIECE)?;
            if bytes.is_empty() || !is_zero(bytes) {
                return Ok(bytes.is_empty());
            }
            let count = bytes.len();
            self.skip(count);
        }
    }

    /// The next record, if it is whole.
    fn record(&mut self, nonce: u64) -> io::Result<Result<(Head, usize), Broken>> {
        let (at, left) = (self.at, self.length - self.at);
        let bytes = self.look(HEAD)?;
        if bytes.len() < HEAD {
            return Ok(Err(Broken::Torn));
        }
        let Some(head) = Head::read(nonce, bytes) else { return Ok(Err(Broken::within(at, &bytes[..HEAD]))) };
        let whole = head.whole().filter(|whole| *whole <= left).and_then(|whole| usize::try_from(whole).ok());
        let Some(whole) = whole else { return Ok(Err(Broken::Torn)) };
        let Some(record) = self.look(whole)?.get(..whole) else { return Ok(Err(Broken::Torn)) };
        if head.body(nonce, record).is_none() {
            return Ok(Err(Broken::within(at, record)));
        }
        Ok(Ok((head, whole)))
    }

    /// Reads what is behind the last record that is whole: where that which was written ends, and whether something of it
    /// says that the record after `last` was on disk.
    fn rest(&mut self, nonce: u64, last: u64) -> io::Result<(u64, bool)> {
        let (mut end, mut was_flushed) = (self.at, false);
        loop {
            let at = self.at;
            let bytes = self.look(PIECE)?;
            if let Some(last) = bytes.iter().rposition(|b| *b != 0) {
                end = at + last as u64 + 1;
            }
            was_flushed |= bytes.windows(HEAD).step_by(8).any(|bytes| Head::says_flushed(nonce, bytes, last));
            // The head of a record may be in two pieces.
            let count = bytes.len().saturating_sub(HEAD - 8) / 8 * 8;
            if count == 0 {
                return Ok((end, was_flushed));
            }
            self.skip(count);
        }
    }
}

/// Why there is no record.
enum Broken {
    /// A crash can have left it so.
    Torn,
    Damaged,
}

impl Broken {
    fn within(from: u64, bytes: &[u8]) -> Self {
        if is_torn(from, bytes) {
            Self::Torn
        } else {
            Self::Damaged
        }
    }
}

impl Found {
    /// Adds the records of a file, whose header was read; gives the place in it after the last one. A file that another
    /// one follows holds everything up to the position that the other comes after.
    pub(super) fn read<R: Read>(
        &mut self,
        reader: &mut Reader<R>,
        header: &Header,
        next: Option<u64>,
        config: &WalConfig,
    ) -> io::Result<u64> {
        let made = HEADER as u64 + header.made_with;
        self.last = header.after;
        let end = loop {
            let at = reader.at;
            if at == reader.length || (at >= made && next == Some(self.last)) {
                break at;
            }
            match reader.record(header.nonce)? {
                Ok((head, whole)) if at < made || head.position == self.last + 1 => {
                    let record = reader.look(whole)?;
                    let was_made = at < made;
                    self.record(&record[HEAD..HEAD + head.length as usize], head.position, was_made, header, config)?;
                    if !was_made {
                        self.last = head.position;
                    }
                    reader.skip(whole);
                }
                Err(Broken::Torn) if at >= made => {
                    let (end, was_flushed) = reader.rest(header.nonce, self.last)?;
                    if was_flushed {
                        return Err(damaged(format!("the record at byte {at} is damaged")));
                    }
                    self.torn += end - at;
                    break at;
                }
                Ok(_) | Err(_) => return Err(damaged(format!("the record at byte {at} is damaged"))),
            }
        };
        if next.is_some_and(|next| next != self.last) {
            return Err(damaged(format!("the record at byte {end} is damaged")));
        }
        Ok(end)
    }

    /// Adds the changes of a record; of one that the file was made with, or else of one that was written after these.
    fn record(
        &mut self,
        mut rest: &[u8],
        position: u64,
        was_made: bool,
        header: &Header,
        config: &WalConfig,
    ) -> io::Result<()> {
        while !rest.is_empty() {
            let unreadable = || damaged(format!("the record with position {position} cannot be read"));
            let (name, change) = take_entry(&mut rest).ok_or_else(unreadable)?;
            let change = match config.migrate {
                Some(migrate) if header.schema != config.schema => {
                    Cow::Owned(migrated(name, header.schema, change, migrate).map_err(damaged)?)
                }
                _ => Cow::Borrowed(change),
            };
            if !self.contents.contains_key(name) {
                self.contents.insert(name.to_owned(), Content::default());
            }
            let content = self.contents.get_mut(name).ok_or_else(unreadable)?;
            if was_made {
                content.until = position;
            } else if position <= content.until {
                continue;
            }
            content.add(&change).ok_or_else(|| damaged(format!("{name} changes what it does not have")))?;
        }
        Ok(())
    }
}
