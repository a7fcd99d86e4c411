//! The bytes of a log.
//!
//! A header, then records: the length of what follows (8 bytes, little-endian) and its checksum (4), the
//! position and the last position that was on disk when the record was made (8 each), the entries. A record
//! that was on disk before a later one was made cannot be torn, so if it is damaged, that is reported; a
//! record without entries follows when nothing else does. What the file was made with cannot be torn either.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::WalConfig;
use crate::encoding::{decode, encode};

const MAGIC: &[u8; 8] = b"mpcalwal";

/// The version of this layout.
const VERSION: u32 = 2;

/// Magic, version of the layout, version of the schema, length of what the file was made with, checksum of
/// these.
const HEADER: usize = 28;

/// Length, checksum, position, flushed position.
const PREFIX: usize = 28;

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
}

/// The header of a file that starts with so many bytes of records.
fn header(schema: u32, length: usize) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend(schema.to_le_bytes());
    bytes.extend((length as u64).to_le_bytes());
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes
}

/// Adds a record to `out`.
pub(super) fn record(position: u64, durable: u64, entries: &[Entry], out: &mut Vec<u8>) {
    let body = encode(entries);
    let mut checked = Vec::with_capacity(body.len() + 16);
    checked.extend(position.to_le_bytes());
    checked.extend(durable.to_le_bytes());
    checked.extend(body);
    out.extend((checked.len() as u64).to_le_bytes());
    out.extend(crc32fast::hash(&checked).to_le_bytes());
    out.extend(checked);
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
        record(found.last, found.last, &entries, &mut out);
    }
    [header(schema, out.len()), out].concat()
}

/// A record that is whole, and the bytes behind it.
struct Record<'b> {
    position: u64,
    durable: u64,
    body: &'b [u8],
    rest: &'b [u8],
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn next(bytes: &[u8]) -> Option<Record<'_>> {
    let length = usize::try_from(u64::from_le_bytes(number(bytes, 0)?)).ok()?;
    let checksum = u32::from_le_bytes(number(bytes, 8)?);
    let end = 12usize.checked_add(length)?;
    let checked = bytes.get(12..end)?;
    let record = Record {
        position: u64::from_le_bytes(number(checked, 0)?),
        durable: u64::from_le_bytes(number(checked, 8)?),
        body: checked.get(16..)?,
        rest: &bytes[end..],
    };
    (crc32fast::hash(checked) == checksum).then_some(record)
}

/// Whether a later record says that the one after `last` was on disk: then it cannot be torn.
fn was_flushed(bytes: &[u8], last: u64) -> bool {
    let plausible = |at: usize| {
        let durable = number(bytes, at + 20).map(u64::from_le_bytes);
        durable.is_some_and(|d| d > last) && next(&bytes[at..]).is_some_and(|r| r.durable > last && r.position > last)
    };
    (1..bytes.len().saturating_sub(PREFIX) + 1).any(plausible)
}

/// Reads a log; the error says what is wrong with it.
pub(super) fn read(bytes: &[u8], config: &WalConfig) -> Result<Found, String> {
    if bytes.len() < HEADER {
        return Err("it is too short to be a log".to_owned());
    }
    let checksum = number(bytes, HEADER - 4).map(u32::from_le_bytes);
    if &bytes[..8] != MAGIC || checksum != Some(crc32fast::hash(&bytes[..HEADER - 4])) {
        return Err("it does not start as a log does".to_owned());
    }
    let version = number(bytes, 8).map_or(0, u32::from_le_bytes);
    if version != VERSION {
        return Err(format!("its format has version {version}, this program reads {VERSION}"));
    }
    let schema = number(bytes, 12).map_or(0, u32::from_le_bytes);
    if schema != config.schema && config.migrate.is_none() {
        return Err(format!("its schema is {schema}, not {}, and there is no migration", config.schema));
    }
    let made_with = number(bytes, 16).map_or(0, u64::from_le_bytes);
    if made_with > (bytes.len() - HEADER) as u64 {
        return Err("it is shorter than when it was made".to_owned());
    }
    let mut found = Found::default();
    let mut rest = &bytes[HEADER..];
    while !rest.is_empty() {
        let Some(record) = next(rest).filter(|r| found.last == 0 || r.position == found.last + 1) else {
            let at = bytes.len() - rest.len();
            if ((at - HEADER) as u64) < made_with || was_flushed(rest, found.last) {
                return Err(format!("the record at byte {at} is damaged, and was not the last"));
            }
            found.torn = rest.len() as u64;
            break;
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
        rest = record.rest;
    }
    Ok(found)
}
