//! What a resource adds to a record, and what it has in a log.
//!
//! In: values. Out: changes as bytes, and values again. A change is a letter for its kind and then its parts, each after
//! its length, so that a log can be read, migrated and written anew without a resource. What a resource has in a log is
//! the changes since it was last written whole, one after the other; they are made when a resource claims them.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::Serialize;

use super::held::Tell;
use super::Migration;
use crate::encoding::{decode, decode_prefix, encode_into};
use crate::value::changes::{self, Change, Changes};
use crate::value::Data;

const WHOLE: u8 = b'w';
const ITEMS: u8 = b'i';
const ENTRIES: u8 = b'e';
/// Entries besides which there are no others.
const ANEW: u8 = b'a';
/// What is written if others decide so: what they know it by, and then names and changes.
const INTENDED: u8 = b'd';

/// Roughly how much a large value, or what is in memory, is cut into.
pub(super) const PIECE: usize = 256 << 10;

/// What one resource adds to a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub(crate) name: Arc<str>,
    pub(super) change: Vec<u8>,
}

impl Entry {
    /// A new value in place of what the resource with this name has.
    pub fn whole(name: &Arc<str>, value: &(impl Serialize + ?Sized)) -> Self {
        let mut change = vec![WHOLE];
        encode_into(&mut change, value);
        Self { name: name.clone(), change }
    }

    /// What is written if others decide so, who know it by these bytes; in place of what there is under this name.
    pub(crate) fn intended(name: &Arc<str>, known_as: &[u8], entries: &[Self]) -> Self {
        let mut change = vec![INTENDED];
        frame(&mut change, known_as);
        for entry in entries {
            frame(&mut change, entry.name.as_bytes());
            frame(&mut change, &entry.change);
        }
        Self { name: name.clone(), change }
    }

    /// A change as it stands in a log.
    pub(super) fn of(name: &str, change: &[u8]) -> Self {
        Self { name: name.into(), change: change.to_vec() }
    }

    /// Of what is like a function, but no value, those entries that are [added](Self::add); there are no others if it is
    /// made anew.
    pub(crate) fn entries(name: &Arc<str>, anew: bool) -> Self {
        Self { name: name.clone(), change: vec![if anew { ANEW } else { ENTRIES }] }
    }

    /// Adds an entry; without a value it is gone.
    pub(crate) fn add(&mut self, key: &impl Serialize, value: Option<&[u8]>) {
        framed(&mut self.change, |out| encode_into(out, key));
        match value {
            Some(value) => {
                encode_into(&mut self.change, &(value.len() as u64 + 1));
                self.change.push(1);
                self.change.extend(value);
            }
            None => self.change.push(0),
        }
    }

    /// Gives the change away, if it is so long that another one should be begun.
    pub(crate) fn tell_piece(&mut self, to: &mut dyn FnMut(&[u8])) {
        if self.change.len() >= PIECE {
            to(&self.change);
            self.change = vec![ENTRIES];
        }
    }

    /// Tells a change again.
    pub(crate) fn tell(self) -> Tell {
        Box::new(move |to| to(&self.change))
    }

    /// What is different in a value from the one that the resource with this name has; all of it, if it has none.
    pub fn change<T: Data>(name: &Arc<str>, value: &T, earlier: Option<&T>) -> Self {
        let mut encoder = Encoder { change: Vec::new(), kept: 0, limit: usize::MAX, full: |_: &[u8]| () };
        value.tell(earlier, &mut encoder);
        Self { name: name.clone(), change: encoder.change }
    }
}

/// Gives all of a value to `full` as changes, in pieces.
pub(crate) fn in_pieces<T: Data>(value: &T, full: impl FnMut(&[u8])) {
    let mut encoder = Encoder { change: Vec::new(), kept: 0, limit: PIECE, full };
    value.tell(None, &mut encoder);
    (encoder.full)(&encoder.change);
}

/// Makes bytes of what is told.
struct Encoder<F: FnMut(&[u8])> {
    change: Vec<u8>,
    /// How many items are told so far.
    kept: usize,
    /// How long a change becomes before another one goes on.
    limit: usize,
    full: F,
}

impl<F: FnMut(&[u8])> Encoder<F> {
    fn items(&mut self, dropped: usize, kept: usize) {
        self.change.push(ITEMS);
        encode_into(&mut self.change, &(dropped as u64, kept as u64));
    }

    /// Whether it is so long that another change should be begun.
    fn is_full(&mut self) -> bool {
        let is_full = self.change.len() >= self.limit;
        if is_full {
            (self.full)(&self.change);
            self.change.clear();
        }
        is_full
    }
}

impl<F: FnMut(&[u8])> Changes for Encoder<F> {
    fn whole<T: Serialize>(&mut self, value: &T) {
        self.change.push(WHOLE);
        encode_into(&mut self.change, value);
    }

    fn items(&mut self, dropped: usize, kept: usize) {
        self.kept = kept;
        Self::items(self, dropped, kept);
    }

    fn item<T: Serialize>(&mut self, item: &T) {
        if self.is_full() {
            Self::items(self, 0, self.kept);
        }
        self.kept += 1;
        framed(&mut self.change, |out| encode_into(out, item));
    }

    fn entries(&mut self, anew: bool) {
        self.change.push(if anew { ANEW } else { ENTRIES });
    }

    fn entry<K: Serialize, V: Serialize>(&mut self, key: &K, value: Option<&V>) {
        if self.is_full() {
            self.change.push(ENTRIES);
        }
        framed(&mut self.change, |out| encode_into(out, key));
        framed(&mut self.change, |out| {
            if let Some(value) = value {
                out.push(1);
                encode_into(out, value);
            }
        });
    }
}

/// Puts what `write` writes after its length.
fn framed(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.push(0);
    write(out);
    let length = out.len() - start - 1;
    if length < 0x80 {
        out[start] = length as u8;
    } else {
        let mut prefix = Vec::new();
        encode_into(&mut prefix, &(length as u64));
        out.splice(start..=start, prefix);
    }
}

/// Puts bytes after their length.
pub(super) fn frame(out: &mut Vec<u8>, bytes: &[u8]) {
    encode_into(out, &(bytes.len() as u64));
    out.extend(bytes);
}

/// Takes what stands after its length from the front.
pub(super) fn take_framed<'b>(bytes: &mut &'b [u8]) -> Option<&'b [u8]> {
    let (length, rest) = decode_prefix::<u64>(bytes)?;
    let (framed, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *bytes = rest;
    Some(framed)
}

/// The parts of a change, as they stand in it.
struct Parts<'b>(&'b [u8]);

impl changes::Parts for Parts<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn value<T: DeserializeOwned>(&mut self) -> Option<T> {
        decode(take_framed(&mut self.0)?)
    }

    fn entry<K: DeserializeOwned, V: DeserializeOwned>(&mut self) -> Option<(K, Option<V>)> {
        let key = decode(take_framed(&mut self.0)?)?;
        match take_framed(&mut self.0)?.split_first() {
            None => Some((key, None)),
            Some((_, value)) => Some((key, Some(decode(value)?))),
        }
    }
}

/// The only part of a change that is a value.
struct Value<'b>(&'b [u8]);

impl changes::Parts for Value<'_> {
    fn is_empty(&self) -> bool {
        false
    }

    fn value<T: DeserializeOwned>(&mut self) -> Option<T> {
        decode(self.0)
    }

    fn entry<K: DeserializeOwned, V: DeserializeOwned>(&mut self) -> Option<(K, Option<V>)> {
        None
    }
}

/// The numbers of a change of a sequence, and its items.
fn items_of(bytes: &[u8]) -> Option<(u64, u64, Parts<'_>)> {
    let ((dropped, kept), rest) = decode_prefix::<(u64, u64)>(bytes)?;
    Some((dropped, kept, Parts(rest)))
}

/// Makes a change in a value.
fn make<T: Data>(value: &mut T, change: &[u8]) -> Option<()> {
    match change.split_first()? {
        (&WHOLE, bytes) => value.take_in(Change::Whole(Value(bytes))),
        (&ITEMS, bytes) => {
            let (dropped, kept, added) = items_of(bytes)?;
            let (dropped, kept) = (usize::try_from(dropped).ok()?, usize::try_from(kept).ok()?);
            value.take_in(Change::Items { dropped, kept, added })
        }
        (&kind, bytes) if kind == ENTRIES || kind == ANEW => {
            value.take_in(Change::Entries { anew: kind == ANEW, changed: Parts(bytes) })
        }
        _ => None,
    }
}

/// Whether nothing of what was before matters.
fn is_fresh(change: &[u8]) -> Option<bool> {
    match change.split_first()? {
        (&(WHOLE | ANEW | INTENDED), _) => Some(true),
        (&ENTRIES, _) => Some(false),
        (&ITEMS, bytes) => Some(items_of(bytes)?.1 == 0),
        _ => None,
    }
}

/// Names of resources, and changes of what they have.
type Written<'b> = Vec<(&'b str, &'b [u8])>;

/// What is written if others decide so, and what they know it by.
fn intended(change: &[u8]) -> Option<(&[u8], Written<'_>)> {
    let (&INTENDED, mut rest) = change.split_first()? else { return None };
    let (known_as, mut entries) = (take_framed(&mut rest)?, Vec::new());
    while !rest.is_empty() {
        entries.push((std::str::from_utf8(take_framed(&mut rest)?).ok()?, take_framed(&mut rest)?));
    }
    Some((known_as, entries))
}

/// A part of a change that is migrated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A value.
    Value,
    /// An item of a sequence.
    Item,
    /// An argument of a function, or an element of a set.
    Argument,
    /// What a function has for an argument.
    Result,
}

/// A change as it would be written now.
pub(super) fn migrated(name: &str, schema: u32, change: &[u8], migrate: Migration) -> Result<Vec<u8>, String> {
    let part = |part: Part, bytes: &[u8]| {
        migrate(name, schema, part, bytes)
            .map_err(|error| format!("{name} cannot be migrated from schema {schema}: {error}"))
    };
    let unreadable = || format!("a change of {name} cannot be read");
    let (kind, bytes) = change.split_first().ok_or_else(unreadable)?;
    let mut out = vec![*kind];
    let mut rest = match *kind {
        WHOLE => {
            out.extend(part(Part::Value, bytes)?);
            return Ok(out);
        }
        INTENDED => {
            let (known_as, entries) = intended(change).ok_or_else(unreadable)?;
            frame(&mut out, known_as);
            for (name, change) in entries {
                frame(&mut out, name.as_bytes());
                frame(&mut out, &migrated(name, schema, change, migrate)?);
            }
            return Ok(out);
        }
        ITEMS => {
            let Parts(items) = items_of(bytes).ok_or_else(unreadable)?.2;
            out.extend(&bytes[..bytes.len() - items.len()]);
            items
        }
        _ => bytes,
    };
    while !rest.is_empty() {
        let first = take_framed(&mut rest).ok_or_else(unreadable)?;
        if *kind == ITEMS {
            frame(&mut out, &part(Part::Item, first)?);
            continue;
        }
        frame(&mut out, &part(Part::Argument, first)?);
        match take_framed(&mut rest).ok_or_else(unreadable)? {
            // It is gone, or it is an element of a set, which has nothing else.
            short @ ([] | [_]) => frame(&mut out, short),
            [_, value @ ..] => frame(&mut out, &[&[1][..], &part(Part::Result, value)?].concat()),
        }
    }
    Ok(out)
}

/// What a resource has in the log: the changes since it was last written whole.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    /// Changes after their lengths, one after the other.
    pieces: VecDeque<Vec<u8>>,
    /// Changes of records up to here are in what it was written whole with.
    pub(super) until: u64,
    /// Whether only the files have it: part of it was made something of that turned out to be of another type, or it
    /// could not be encoded.
    is_lost: bool,
}

impl Content {
    /// All of a value.
    pub(crate) fn of<T: Data>(value: &T) -> Self {
        let mut content = Self::default();
        in_pieces(value, |change| content.push(change));
        content
    }

    /// What could not be told.
    pub(super) fn lost() -> Self {
        Self { is_lost: true, ..Self::default() }
    }

    /// A value that is written whole.
    pub(crate) fn whole(entry: &Entry) -> Self {
        let mut content = Self::default();
        content.push(&entry.change);
        content
    }

    /// What a resource tells.
    pub(crate) fn told(tell: Tell) -> Self {
        let mut content = Self::default();
        tell(&mut |change| content.push(change));
        content
    }

    fn push(&mut self, change: &[u8]) {
        match self.pieces.back() {
            Some(piece) if piece.len() + change.len() <= PIECE => {}
            Some(_) => self.pieces.push_back(Vec::with_capacity(PIECE.max(change.len() + 10))),
            None => self.pieces.push_back(Vec::new()),
        }
        if let Some(piece) = self.pieces.back_mut() {
            frame(piece, change);
        }
    }

    /// Adds a change; none if there is nothing that it could be a change of.
    pub(super) fn add(&mut self, change: &[u8]) -> Option<()> {
        if is_fresh(change)? {
            self.pieces.truncate(1);
            self.pieces.iter_mut().for_each(Vec::clear);
        } else if self.pieces.is_empty() {
            return None;
        }
        self.push(change);
        Some(())
    }

    /// What is written if others decide so, and what they know it by, if this is that.
    pub(super) fn intended(&self) -> Option<(&[u8], Written<'_>)> {
        intended(self.changes().last()?)
    }

    /// The changes, in order.
    pub(super) fn changes(&self) -> impl Iterator<Item = &[u8]> {
        self.pieces.iter().flat_map(|piece| {
            let mut rest = &piece[..];
            std::iter::from_fn(move || take_framed(&mut rest))
        })
    }

    /// Tells all of it.
    pub(super) fn tell(self: Arc<Self>) -> Tell {
        Box::new(move |to| self.changes().for_each(to))
    }

    /// Whether all of it is there.
    pub(super) fn is_whole(&self) -> bool {
        !self.is_lost
    }

    /// The value, if it was written whole.
    pub(crate) fn value<T: DeserializeOwned>(&self) -> Option<T> {
        match self.changes().last()?.split_first()? {
            (&WHOLE, bytes) => decode(bytes),
            _ => None,
        }
    }

    /// Gives the entries one by one, as they were added, to `each`; none if there is something else.
    pub(crate) fn entries<K: DeserializeOwned>(
        &self,
        mut each: impl FnMut(K, Option<&[u8]>) -> Option<()>,
    ) -> Option<()> {
        for change in self.changes() {
            let (&kind, mut rest) = change.split_first()?;
            if self.is_lost || !(kind == ENTRIES || kind == ANEW) {
                return None;
            }
            while !rest.is_empty() {
                let key = decode(take_framed(&mut rest)?)?;
                each(key, take_framed(&mut rest)?.split_first().map(|(_, value)| value))?;
            }
        }
        Some(())
    }

    /// The value, made from another one of its type. Memory is given back on the way; if the type is found to be another
    /// one after the first piece, the content is lost to this process.
    pub(crate) fn take<T: Data>(&mut self, mut value: T) -> Option<T> {
        if self.is_lost {
            return None;
        }
        let make_all = |value: &mut T, piece: &[u8]| {
            let mut rest = piece;
            while !rest.is_empty() {
                make(value, take_framed(&mut rest)?)?;
            }
            Some(())
        };
        make_all(&mut value, self.pieces.front()?)?;
        self.is_lost = true;
        self.pieces.pop_front();
        while let Some(piece) = self.pieces.pop_front() {
            make_all(&mut value, &piece)?;
        }
        Some(value)
    }
}
