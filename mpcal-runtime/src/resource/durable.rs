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

use crate::cell::{Cell, Core};
use crate::error::Step;
use crate::mapping::{Class, MappingMacro, PlainVariable};
use crate::section::Section;
use crate::value::{Data, Seq};
use crate::wal::{in_pieces, Content, Entry, Stored, Tell, Wal};

/// A durable variable. Of a function, a set or a sequence it writes what has changed: entries, elements, what was added
/// at the end and how much was cut off at either end; any other value is written whole. Clones are the same variable.
pub struct Durable<T: Data>(Arc<DurableCell<T>>);

/// A durable sequence, which starts empty: a [`Durable`]. Clones are the same sequence.
pub struct DurableLog<T: Data>(Arc<DurableCell<Seq<T>>>);

struct DurableCell<T: Data> {
    core: Arc<Core>,
    wal: Wal,
    name: Arc<str>,
    kept: Mutex<Kept<T>>,
}

#[derive(Clone)]
struct Kept<T> {
    value: T,
    /// Whether the log has something of it, which changes can be told of.
    is_stored: bool,
}

impl<T: Data> Durable<T> {
    /// The variable with this name: as the log has it, or else with its initial value.
    ///
    /// # Errors
    /// If what the log has is not a value of this type.
    pub fn new(wal: &Wal, name: &str, initial: T) -> io::Result<Self> {
        DurableCell::claim(wal, name, initial).map(Self)
    }

    /// The committed value, from outside of any section. It may not be on disk yet.
    pub fn load(&self) -> T {
        self.0.value()
    }
}

impl<T: Data> DurableLog<T> {
    /// The sequence with this name: as the log has it, or else empty.
    ///
    /// # Errors
    /// If what the log has is not a sequence of this type.
    pub fn new(wal: &Wal, name: &str) -> io::Result<Self> {
        DurableCell::claim(wal, name, Seq::new()).map(Self)
    }

    /// The committed sequence, from outside of any section. Its end may not be on disk yet.
    pub fn load(&self) -> Seq<T> {
        self.0.value()
    }
}

impl<T: Data> DurableCell<T> {
    /// The cell with this name, or a new one with what the log has.
    fn claim(wal: &Wal, name: &str, initial: T) -> io::Result<Arc<Self>> {
        let make = |content: Option<&mut Content>| {
            let is_stored = content.is_some();
            let value = match content {
                Some(content) => content.take(initial).ok_or_else(|| {
                    io::Error::new(io::ErrorKind::InvalidData, format!("`{name}` holds a value of another type"))
                })?,
                None => initial,
            };
            let mut kept = Kept { value, is_stored };
            kept.value.mark();
            Ok(Arc::new(Self { core: Core::new(), wal: wal.clone(), name: name.into(), kept: Mutex::new(kept) }))
        };
        wal.claim(name, make).map(|(cell, _)| cell)
    }

    fn value(&self) -> T {
        self.kept.lock().value.clone()
    }

    fn read(self: &Arc<Self>, section: &mut Section) -> Step<T> {
        self.wal.check()?;
        let staged = section.stage(self);
        Ok(staged.value.get_or_insert_with(|| self.value()).clone())
    }

    fn write(self: &Arc<Self>, section: &mut Section, value: T) -> Step<()> {
        self.wal.check()?;
        let staged = section.stage(self);
        (staged.value, staged.changed) = (Some(value), true);
        Ok(())
    }
}

/// The value as a section sees it, whether it has changed it, and what it writes.
pub struct Staged<T> {
    value: Option<T>,
    changed: bool,
    entry: Option<Entry>,
}

impl<T> Default for Staged<T> {
    fn default() -> Self {
        Self { value: None, changed: false, entry: None }
    }
}

impl<T: Data> Cell for DurableCell<T> {
    type Staged = Staged<T>;

    fn core(&self) -> &Arc<Core> {
        &self.core
    }

    fn is_only_read(&self, staged: &Staged<T>) -> bool {
        !staged.changed
    }

    fn log(&self, staged: &Staged<T>) -> Option<&Wal> {
        staged.changed.then_some(&self.wal)
    }

    fn encode(&self, staged: &mut Staged<T>) {
        if let (Some(value), true) = (&staged.value, staged.changed) {
            let kept = self.kept.lock().clone();
            staged.entry = Some(Entry::change(&self.name, value, kept.is_stored.then_some(&kept.value)));
        }
    }

    fn journal(&self, staged: &mut Staged<T>) -> Option<(Wal, Entry)> {
        Some((self.wal.clone(), staged.entry.take()?))
    }

    fn commit(&self, staged: &mut Staged<T>) {
        if let (Some(mut value), true) = (staged.value.take(), staged.changed) {
            // What is made from it knows then in what it differs.
            value.mark();
            *self.kept.lock() = Kept { value, is_stored: true };
            self.core.changed();
        }
    }
}

impl<T: Data> Stored for DurableCell<T> {
    fn core(&self) -> &Core {
        &self.core
    }

    fn stored(&self) -> Option<Tell> {
        let kept = self.kept.lock().clone();
        kept.is_stored.then(|| Box::new(move |to: &mut dyn FnMut(&[u8])| in_pieces(&kept.value, to)) as Tell)
    }
}

impl<T: Data> Drop for DurableCell<T> {
    fn drop(&mut self) {
        let kept = self.kept.lock();
        self.wal.give_back(&self.name, || kept.is_stored.then(|| Content::of(&kept.value)));
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
