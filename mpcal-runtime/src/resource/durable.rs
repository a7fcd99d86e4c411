//! Variables and sequences that outlive the process.
//!
//! Class: durable. Stands for a plain variable that the model's crash leaves alone.
//!
//! Promises: what a section wrote is back after a crash if anything that depended on it has left the
//! node: a message, an answer. It is all or nothing of a section, over all durable resources of one
//! [`Wal`]. Assumes: one log per node; a resource has the same name and type each time, or the schema of
//! the log is raised and migrated. A value that cannot be read back keeps the node from starting. Two resources with one
//! name are one, if they are of one kind and type; otherwise the second is an error.

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use super::shared::Staged;
use crate::cell::{Cell, Core};
use crate::encoding::{decode, encode};
use crate::error::Step;
use crate::mapping::{Class, MappingMacro, PlainVariable};
use crate::section::Section;
use crate::value::{Data, Seq};
use crate::wal::{name_in_use, Change, Content, Entry, Wal};

/// A durable variable, written whole each time it changes. Clones are the same variable.
pub struct Durable<T: Data>(Arc<DurableCell<T>>);

/// A durable sequence: what is written is what was added at its end, and how much was cut off there.
/// Clones are the same sequence.
pub struct DurableLog<T: Data>(Arc<DurableCell<Seq<T>>>);

struct DurableCell<T> {
    core: Arc<Core>,
    wal: Wal,
    name: String,
    value: Mutex<T>,
    kind: Kind<T>,
}

/// How a value is written.
struct Kind<T> {
    /// What to write for a change from one value to another.
    change: fn(&T, &T) -> Change,
    /// What to do with a value that has been written, before it is kept.
    written: fn(&mut T),
    /// What the log has of it, whole.
    content: fn(&T) -> Content,
    /// Whether it is written item by item.
    is_sequence: bool,
}

fn read<T: Data>(name: &str, bytes: &[u8]) -> io::Result<T> {
    decode(bytes).ok_or_else(|| other_type(name))
}

fn other_type(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("`{name}` holds a value of another type"))
}

impl<T: Data> Durable<T> {
    /// The variable with this name: as the log has it, or else with its initial value.
    ///
    /// # Errors
    /// If what the log has is not a value of this type.
    pub fn new(wal: &Wal, name: &str, initial: T) -> io::Result<Self> {
        let content = |value: &T| Content::Whole(encode(value));
        let kind = Kind { change: |_, new| Change::Whole(encode(new)), written: |_| (), content, is_sequence: false };
        let value = |content: Option<&Content>| match content {
            Some(Content::Whole(bytes)) => read(name, bytes),
            Some(Content::Items(_)) => Err(other_type(name)),
            None => Ok(initial),
        };
        DurableCell::claim(wal, name, kind, value).map(Self)
    }

    /// The committed value, from outside of any section. It may not be on disk yet.
    pub fn load(&self) -> T {
        self.0.value.lock().clone()
    }
}

impl<T: Data> DurableLog<T> {
    /// The sequence with this name: as the log has it, or else empty.
    ///
    /// # Errors
    /// If what the log has is not a sequence of this type.
    pub fn new(wal: &Wal, name: &str) -> io::Result<Self> {
        let items = |content: Option<&Content>| match content {
            Some(Content::Items(items)) => items.iter().map(|i| read(name, i)).collect(),
            Some(Content::Whole(_)) => Err(other_type(name)),
            None => Ok(Seq::new()),
        };
        let change = |old: &Seq<T>, new: &Seq<T>| {
            let kept = old.common_prefix(new);
            let added = (kept + 1..=new.len()).filter_map(|n| new.at(n as i64).ok()).map(encode).collect();
            Change::Items { kept: kept as u64, added }
        };
        // What is made from it knows then what it has in common with it.
        let content = |items: &Seq<T>| Content::Items(items.iter().map(encode).collect());
        let kind = Kind { change, written: Seq::mark, content, is_sequence: true };
        DurableCell::claim(wal, name, kind, items).map(Self)
    }

    /// The committed sequence, from outside of any section. Its end may not be on disk yet.
    pub fn load(&self) -> Seq<T> {
        self.0.value.lock().clone()
    }
}

impl<T: Data> DurableCell<T> {
    /// The cell with this name, or a new one with the value that is made of what the log has.
    fn claim(
        wal: &Wal,
        name: &str,
        kind: Kind<T>,
        value: impl FnOnce(Option<&Content>) -> io::Result<T>,
    ) -> io::Result<Arc<Self>> {
        let is_sequence = kind.is_sequence;
        let (cell, _) = wal.claim(name, |content| {
            let mut value = value(content)?;
            (kind.written)(&mut value);
            let (wal, name) = (wal.clone(), name.to_owned());
            Ok(Arc::new(Self { core: Core::new(), wal, name, value: Mutex::new(value), kind }))
        })?;
        if cell.kind.is_sequence == is_sequence {
            Ok(cell)
        } else {
            Err(name_in_use(name))
        }
    }

    fn read(self: &Arc<Self>, section: &mut Section) -> Step<T> {
        self.wal.check()?;
        let staged = section.stage(self);
        Ok(staged.value.get_or_insert_with(|| self.value.lock().clone()).clone())
    }

    fn write(self: &Arc<Self>, section: &mut Section, value: T) -> Step<()> {
        self.wal.check()?;
        *section.stage(self) = Staged { value: Some(value), changed: true };
        Ok(())
    }
}

impl<T: Data> Cell for DurableCell<T> {
    type Staged = Staged<T>;

    fn core(&self) -> &Arc<Core> {
        &self.core
    }

    fn log(&self, staged: &Staged<T>) -> Option<&Wal> {
        staged.changed.then_some(&self.wal)
    }

    fn journal(&self, staged: &Staged<T>) -> Option<(Wal, Entry)> {
        let value = staged.value.as_ref().filter(|_| staged.changed)?;
        let change = (self.kind.change)(&self.value.lock(), value);
        Some((self.wal.clone(), Entry { name: self.name.clone(), change }))
    }

    fn commit(&self, staged: &mut Staged<T>) {
        if let (Some(mut value), true) = (staged.value.take(), staged.changed) {
            (self.kind.written)(&mut value);
            *self.value.lock() = value;
            self.core.changed();
        }
    }
}

impl<T> Drop for DurableCell<T> {
    fn drop(&mut self) {
        let content = (self.kind.content)(&self.value.lock());
        self.wal.give_back(&self.name, content);
    }
}

macro_rules! resource {
    ($name:ident, $value:ty) => {
        impl<T: Data> Clone for $name<T> {
            fn clone(&self) -> Self {
                Self(self.0.clone())
            }
        }

        impl<T: Data> MappingMacro for $name<T> {
            type Index = ();
            type Read = $value;
            type Write = $value;

            fn read(&mut self, section: &mut Section, (): &()) -> Step<$value> {
                self.0.read(section)
            }

            fn write(&mut self, section: &mut Section, (): &(), value: $value) -> Step<()> {
                self.0.write(section, value)
            }

            fn class(&self) -> Class {
                Class::Durable
            }
        }

        impl<T: Data> PlainVariable for $name<T> {}
    };
}

resource!(Durable, T);
resource!(DurableLog, Seq<T>);
