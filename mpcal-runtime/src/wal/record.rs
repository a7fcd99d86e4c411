//! The bytes of a file of a log.
//!
//! A header with a nonce of the file, then records at multiples of 8 bytes: a head of 32 bytes (length of the body,
//! position, last position that was on disk when the record was made, checksum of the body, checksum of these) and
//! the body, the entries, each a name and a change after their lengths. Checksums start with the nonce, so nothing that
//! is stored looks like a record. Zeros may be written ahead of the records.
//!
//! A crash leaves records at the end that are not whole: the file ends before they do, or sectors of 512 bytes that
//! were never written are zero. These were never flushed, and are cut off. Everything else that is not as it was
//! written is damage, and reported: a record before one that says it was on disk, what the file was made with, and a
//! record that is there in full length without a sector of zeros. What cannot be told from a crash is a whole sector
//! of the last records that has become zero. That is sound where a file system shows what was never written as zeros
//! and not as what was on the disk before, as journaling ones do unless they are told to order nothing.

use super::entry::{frame, take_framed};

const MAGIC: &[u8; 8] = b"mpcalwal";

/// The version of this layout.
const VERSION: u32 = 4;

/// Magic, version of the layout, the numbers of a [`Header`], checksum of these.
pub(super) const HEADER: usize = 64;

/// Length of the body, position, flushed position, checksum of the body, checksum of these.
pub(super) const HEAD: usize = 32;

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

/// What a file says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) schema: u32,
    /// Its number; of the file that a log starts with, that of the last one which it makes superfluous.
    pub(super) number: u64,
    /// What checksums start with.
    pub(super) nonce: u64,
    /// How many bytes after the header it was made with: what resources had, whose records have the position up to
    /// which all is in them.
    pub(super) made_with: u64,
    /// The position before that of the first record after these.
    pub(super) after: u64,
    /// The last position that was on disk when it was made.
    pub(super) until: u64,
}

impl Header {
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = [&MAGIC[..], &VERSION.to_le_bytes(), &self.schema.to_le_bytes()].concat();
        let numbers = [self.number, self.nonce, self.made_with, self.after, self.until];
        bytes.extend(numbers.iter().flat_map(|n| n.to_le_bytes()));
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        bytes.resize(HEADER, 0);
        bytes
    }

    /// Reads one; the error says what is wrong.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let version = number(bytes, 8).map_or(0, u32::from_le_bytes);
        // The checksum of another layout is elsewhere, so a small number is believed without it.
        if bytes.starts_with(MAGIC) && version != VERSION && version < 16 {
            return Err(format!("its format has version {version}, this program reads {VERSION}"));
        }
        let whole = || Some((number(bytes, 12)?, [16, 24, 32, 40, 48].map(|at| number(bytes, at))));
        let (schema, numbers) = whole().ok_or("it is too short to be a log")?;
        let [Some(number), Some(nonce), Some(made_with), Some(after), Some(until)] =
            numbers.map(|n| n.map(u64::from_le_bytes))
        else {
            return Err("it is too short to be a log".to_owned());
        };
        let header = Self { schema: u32::from_le_bytes(schema), number, nonce, made_with, after, until };
        match bytes.get(..HEADER) {
            Some(bytes) if header.bytes() == bytes => Ok(header),
            _ => Err("it does not start as a log does".to_owned()),
        }
    }
}

/// The checksum of bytes in a file.
fn checksum(nonce: u64, bytes: &[u8]) -> [u8; 4] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&nonce.to_le_bytes());
    hasher.update(bytes);
    hasher.finalize().to_le_bytes()
}

/// What a record consists of, but for its position.
#[derive(Debug, Default)]
pub(super) struct Body {
    bytes: Vec<u8>,
    checksum: [u8; 4],
}

impl Body {
    /// A body of changes of the resources with these names.
    pub(super) fn new<'e>(nonce: u64, changes: impl IntoIterator<Item = (&'e str, &'e [u8])>) -> Self {
        let mut bytes = Vec::new();
        for (name, change) in changes {
            frame(&mut bytes, name.as_bytes());
            frame(&mut bytes, change);
        }
        Self { checksum: checksum(nonce, &bytes), bytes }
    }

    /// Adds the record to `out`.
    pub(super) fn write(&self, nonce: u64, position: u64, durable: u64, out: &mut Vec<u8>) {
        let start = out.len();
        let length = self.bytes.len();
        for number in [length as u64, position, durable] {
            out.extend(number.to_le_bytes());
        }
        out.extend(self.checksum);
        let head = checksum(nonce, &out[start..]);
        out.extend(head);
        out.extend(&self.bytes);
        out.resize(start + HEAD + length.next_multiple_of(8), 0);
    }
}

/// Takes the name and the change of the next entry from a body.
pub(super) fn take_entry<'b>(body: &mut &'b [u8]) -> Option<(&'b str, &'b [u8])> {
    Some((std::str::from_utf8(take_framed(body)?).ok()?, take_framed(body)?))
}

/// The head of a record.
pub(super) struct Head {
    /// Of the body.
    pub(super) length: u64,
    pub(super) position: u64,
    checksum: [u8; 4],
}

impl Head {
    /// Reads one, if it is as it was written.
    pub(super) fn read(nonce: u64, bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..HEAD)?;
        (checksum(nonce, &bytes[..HEAD - 4]) == bytes[HEAD - 4..]).then_some(Self {
            length: u64::from_le_bytes(number(bytes, 0)?),
            position: u64::from_le_bytes(number(bytes, 8)?),
            checksum: number(bytes, 24)?,
        })
    }

    /// Whether these bytes are a head that says that the record after `last` was on disk.
    pub(super) fn says_flushed(nonce: u64, bytes: &[u8], last: u64) -> bool {
        let number = |at| number(bytes, at).map_or(0, u64::from_le_bytes);
        let (position, durable) = (number(8), number(16));
        position > durable && durable > last && Self::read(nonce, bytes).is_some()
    }

    /// How many bytes the record has.
    pub(super) fn whole(&self) -> Option<u64> {
        self.length.checked_next_multiple_of(8)?.checked_add(HEAD as u64)
    }

    /// The body of a record, if it is as it was written.
    pub(super) fn body<'b>(&self, nonce: u64, record: &'b [u8]) -> Option<&'b [u8]> {
        let (body, filling) = record.get(HEAD..)?.split_at_checked(usize::try_from(self.length).ok()?)?;
        (checksum(nonce, body) == self.checksum && is_zero(filling)).then_some(body)
    }
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

pub(super) fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| *b == 0)
}

/// Whether a sector of what begins at a place of a file was never written.
pub(super) fn is_torn(from: u64, bytes: &[u8]) -> bool {
    let first = (SECTOR - (from % SECTOR as u64) as usize).min(bytes.len());
    let (first, others) = bytes.split_at(first);
    is_zero(first) || others.chunks(SECTOR).any(is_zero)
}
