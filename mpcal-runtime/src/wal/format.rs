//! The bytes of a log.
//!
//! A header with a nonce of the file, then records at multiples of 8 bytes: a head of 32 bytes (length of the body,
//! position, last position that was on disk when the record was made, checksum of the body, checksum of these) and
//! the body, the entries. Checksums start with the nonce, so nothing that is stored looks like a record.
//!
//! A crash leaves records at the end that are not whole: the file ends before they do, or sectors of 512 bytes that
//! were never written are zero. These were never flushed, and are cut off. Everything else that is not as it was
//! written is damage, and reported: a record before one that says it was on disk, what the file was made with, and a
//! record that is there in full length without a sector of zeros. What cannot be told from a crash is a whole sector
//! of the last records that has become zero. That is sound where a file system shows what was never written as zeros
//! and not as what was on the disk before, as journaling ones do unless they are told to order nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::WalConfig;
use crate::encoding::{decode, encode};

const MAGIC: &[u8; 8] = b"mpcalwal";

/// The version of this layout.
const VERSION: u32 = 3;

/// Magic, version of the layout, version of the schema, length of what the file was made with, nonce, checksum of
/// these, four zeros.
const HEADER: usize = 40;

/// Length of the body, position, flushed position, checksum of the body, checksum of these.
const HEAD: usize = 32;

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

/// What one resource adds to a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The name of the resource.
    pub name: String,
    /// What it writes.
    pub change: Change,
}

/// A change of what a resource has in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// A new value in place of all before.
    Whole(Vec<u8>),
    /// So many items stay, and these come behind them.
    Items {
        /// How many stay.
        kept: u64,
        /// What comes behind them.
        added: Vec<Vec<u8>>,
    },
}

/// What a resource has in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Whole(Vec<u8>),
    Items(Vec<Vec<u8>>),
}

/// What a log holds.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What resources have, by name.
    pub(super) contents: BTreeMap<String, Content>,
    /// The position of the last record.
    pub(super) last: u64,
    /// How many bytes at the end were incomplete.
    pub(super) torn: u64,
    /// What the checksums of the file start with.
    pub(super) nonce: u64,
}

/// The header of a file that starts with so many bytes of records.
fn header(schema: u32, length: usize, nonce: u64) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend(schema.to_le_bytes());
    bytes.extend((length as u64).to_le_bytes());
    bytes.extend(nonce.to_le_bytes());
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes.resize(HEADER, 0);
    bytes
}

/// The checksum of bytes in a file.
fn checksum(nonce: u64, bytes: &[u8]) -> [u8; 4] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&nonce.to_le_bytes());
    hasher.update(bytes);
    hasher.finalize().to_le_bytes()
}

/// The body of a record.
pub(super) fn body(entries: &[Entry]) -> Vec<u8> {
    encode(entries)
}

/// Adds a record to `out`.
pub(super) fn record(nonce: u64, position: u64, durable: u64, body: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.extend((body.len() as u64).to_le_bytes());
    out.extend(position.to_le_bytes());
    out.extend(durable.to_le_bytes());
    out.extend(checksum(nonce, body));
    let head = checksum(nonce, &out[start..]);
    out.extend(head);
    out.extend(body);
    out.resize(start + HEAD + body.len().next_multiple_of(8), 0);
}

/// A file with all that is still needed, as one record.
pub(super) fn snapshot(schema: u32, found: &Found) -> Vec<u8> {
    let entry = |(name, content): (&String, &Content)| {
        let change = match content {
            Content::Whole(bytes) => Change::Whole(bytes.clone()),
            Content::Items(items) => Change::Items { kept: 0, added: items.clone() },
        };
        Entry { name: name.clone(), change }
    };
    let entries: Vec<Entry> = found.contents.iter().map(entry).collect();
    let mut out = Vec::new();
    if !entries.is_empty() {
        record(found.nonce, found.last, found.last, &body(&entries), &mut out);
    }
    [header(schema, out.len(), found.nonce), out].concat()
}

/// The head of a record.
struct Head {
    /// Of the body.
    length: u64,
    position: u64,
    durable: u64,
    checksum: [u8; 4],
}

impl Head {
    /// Reads one, if it is as it was written.
    fn read(nonce: u64, bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..HEAD)?;
        (checksum(nonce, &bytes[..HEAD - 4]) == bytes[HEAD - 4..]).then_some(Self {
            length: u64::from_le_bytes(number(bytes, 0)?),
            position: u64::from_le_bytes(number(bytes, 8)?),
            durable: u64::from_le_bytes(number(bytes, 16)?),
            checksum: number(bytes, 24)?,
        })
    }
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// A record that is whole.
struct Record<'b> {
    position: u64,
    body: &'b [u8],
    /// With what fills it up.
    length: usize,
}

/// Why there is no record.
enum Broken {
    /// A crash can have left it so.
    Torn,
    Damaged,
}

/// The record at a place of a file.
fn next(nonce: u64, bytes: &[u8], at: usize) -> Result<Record<'_>, Broken> {
    let rest = &bytes[at..];
    if rest.len() < HEAD {
        return Err(Broken::Torn);
    }
    let Some(head) = Head::read(nonce, rest) else { return Err(broken(bytes, at, at + HEAD)) };
    let end =
        usize::try_from(head.length).ok().and_then(|length| HEAD.checked_add(length.checked_next_multiple_of(8)?));
    let Some(whole) = end.and_then(|end| rest.get(..end)) else { return Err(Broken::Torn) };
    let (body, filling) = whole[HEAD..].split_at(head.length as usize);
    if checksum(nonce, body) != head.checksum || filling.iter().any(|b| *b != 0) {
        return Err(broken(bytes, at, at + whole.len()));
    }
    Ok(Record { position: head.position, body, length: whole.len() })
}

/// What is wrong between two places of a file: a sector in there that was never written, or damage.
fn broken(bytes: &[u8], from: usize, to: usize) -> Broken {
    let mut start = from;
    while start < to {
        let end = (start - start % SECTOR + SECTOR).min(to);
        if bytes[start..end].iter().all(|b| *b == 0) {
            return Broken::Torn;
        }
        start = end;
    }
    Broken::Damaged
}

/// Whether a later record says that the one after `last` was on disk: then it cannot be torn.
fn was_flushed(nonce: u64, rest: &[u8], last: u64) -> bool {
    let says =
        |at: usize| Head::read(nonce, &rest[at..]).is_some_and(|head| head.durable > last && head.position > last);
    (8..rest.len()).step_by(8).any(says)
}

/// Reads a log; the error says what is wrong with it.
pub(super) fn read(bytes: &[u8], config: &WalConfig) -> Result<Found, String> {
    if bytes.len() < HEADER {
        return Err("it is too short to be a log".to_owned());
    }
    let version = number(bytes, 8).map_or(0, u32::from_le_bytes);
    // The checksum of another layout is elsewhere, so a small number is believed without it.
    if &bytes[..8] == MAGIC && version != VERSION && version < 16 {
        return Err(format!("its format has version {version}, this program reads {VERSION}"));
    }
    let sum = number(bytes, HEADER - 8).map(u32::from_le_bytes);
    let is_whole = sum == Some(crc32fast::hash(&bytes[..HEADER - 8])) && bytes[HEADER - 4..HEADER] == [0; 4];
    if &bytes[..8] != MAGIC || !is_whole {
        return Err("it does not start as a log does".to_owned());
    }
    let schema = number(bytes, 12).map_or(0, u32::from_le_bytes);
    if schema != config.schema && config.migrate.is_none() {
        return Err(format!("its schema is {schema}, not {}, and there is no migration", config.schema));
    }
    let made_with = number(bytes, 16).map_or(0, u64::from_le_bytes);
    if made_with > (bytes.len() - HEADER) as u64 {
        return Err("it is shorter than when it was made".to_owned());
    }
    let nonce = number(bytes, 24).map_or(0, u64::from_le_bytes);
    let mut found = Found { nonce, ..Found::default() };
    let mut at = HEADER;
    while at < bytes.len() {
        let record = match next(nonce, bytes, at) {
            Ok(record) if found.last == 0 || record.position == found.last + 1 => record,
            Err(Broken::Torn) if (at - HEADER) as u64 >= made_with && !was_flushed(nonce, &bytes[at..], found.last) => {
                found.torn = (bytes.len() - at) as u64;
                break;
            }
            Ok(_) | Err(_) => return Err(format!("the record at byte {at} is damaged")),
        };
        let entries: Vec<Entry> = decode(record.body)
            .ok_or_else(|| format!("the record with position {} cannot be read", record.position))?;
        for entry in entries {
            let current = |bytes: Vec<u8>| match config.migrate {
                Some(migrate) if schema != config.schema => migrate(&entry.name, schema, &bytes)
                    .map_err(|e| format!("{} cannot be migrated from schema {schema}: {e}", entry.name)),
                _ => Ok(bytes),
            };
            match entry.change {
                Change::Whole(bytes) => {
                    let bytes = current(bytes)?;
                    found.contents.insert(entry.name, Content::Whole(bytes));
                }
                Change::Items { kept, added } => {
                    let added = added.into_iter().map(current).collect::<Result<Vec<_>, _>>()?;
                    let content = found.contents.entry(entry.name.clone()).or_insert(Content::Items(Vec::new()));
                    let items = match content {
                        Content::Items(items) if kept <= items.len() as u64 => items,
                        _ => return Err(format!("{} keeps more items than it has", entry.name)),
                    };
                    items.truncate(kept as usize);
                    items.extend(added);
                }
            }
        }
        found.last = record.position;
        at += record.length;
    }
    Ok(found)
}
