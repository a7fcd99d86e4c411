//! Variables and sequences that outlive the process.
//!
//! Class: durable. Stands for a plain variable that the model's crash leaves alone.
//!
//! Promises: what a section wrote is back after a crash if anything that depended on it has left the
//! node: a message, an answer. It is all or nothing of a section, over all durable resources of one
//! [`Wal`]. Assumes: one log per node; a resource has the same name and type each time, or the schema of
//! the log is raised and migrated. A value that cannot be read back keeps the node from starting.

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::cell::{Cell, Core};
use crate::error::Step;
use crate::mapping::{Class, MappingMacro, PlainVariable};
use crate::section::Section;
use crate::value::{Data, Seq};
use crate::wal::{Entry, Wal};

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
    /// What to write for a change from one value to another.
    change: fn(&T, &T) -> (bool, Vec<u8>),
}

/// The value as a section sees it, if it has looked or changed it.
pub struct Staged<T> {
    value: Option<T>,
    changed: bool,
}

impl<T> Default for Staged<T> {
    fn default() -> Self {
        Self { value: None, changed: false }
    }
}

/// What is written for a sequence: how many items stay, and what comes behind them.
#[derive(Serialize, Deserialize)]
#[serde(bound = "T: Data")]
struct Change<T> {
    kept: u64,
    added: Vec<T>,
}

fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_stdvec(value).expect("values are plain data")
}

fn decode<'b, T: Deserialize<'b>>(name: &str, bytes: &'b [u8]) -> io::Result<T> {
    let unreadable = |_| io::Error::new(io::ErrorKind::InvalidData, format!("`{name}` holds a value of another type"));
    match postcard::take_from_bytes(bytes).map_err(unreadable)? {
        (value, []) => Ok(value),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, format!("`{name}` holds more than its value"))),
    }
}

impl<T: Data> Durable<T> {
    /// The variable with this name: as the log has it, or else with its initial value.
    ///
    /// # Errors
    /// If what the log has is no value of this type.
    pub fn new(wal: &Wal, name: &str, initial: T) -> io::Result<Self> {
        let value = match wal.claim(name).last() {
            Some(bytes) => decode(name, bytes)?,
            None => initial,
        };
        Ok(Self(DurableCell::new(wal, name, value, |_, new| (true, encode(new)))))
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
    /// If what the log has is no sequence of this type.
    pub fn new(wal: &Wal, name: &str) -> io::Result<Self> {
        let mut items: Vec<T> = Vec::new();
        for bytes in wal.claim(name) {
            let change: Change<T> = decode(name, &bytes)?;
            let kept = usize::try_from(change.kept).ok().filter(|n| *n <= items.len()).ok_or_else(|| {
                io::Error::new(io::ErrorKind::InvalidData, format!("`{name}` keeps more items than it has"))
            })?;
            items.truncate(kept);
            items.extend(change.added);
        }
        let change = |old: &Seq<T>, new: &Seq<T>| {
            let kept = if old.0.ptr_eq(&new.0) { old.len() } else { common(old, new) };
            let added: Vec<T> = new.iter().skip(kept).cloned().collect();
            (false, encode(&Change { kept: kept as u64, added }))
        };
        Ok(Self(DurableCell::new(wal, name, items.into_iter().collect(), change)))
    }

    /// The committed sequence, from outside of any section. Its end may not be on disk yet.
    pub fn load(&self) -> Seq<T> {
        self.0.value.lock().clone()
    }
}

/// How many items at the start two sequences have in common.
fn common<T: Data>(old: &Seq<T>, new: &Seq<T>) -> usize {
    old.iter().zip(new.iter()).take_while(|(a, b)| a == b).count()
}

impl<T: Data> DurableCell<T> {
    fn new(wal: &Wal, name: &str, value: T, change: fn(&T, &T) -> (bool, Vec<u8>)) -> Arc<Self> {
        let (wal, name) = (wal.clone(), name.to_owned());
        Arc::new(Self { core: Core::new(), wal, name, value: Mutex::new(value), change })
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

    fn journal(&self, staged: &Staged<T>) -> Option<(Wal, Entry)> {
        let value = staged.value.as_ref().filter(|_| staged.changed)?;
        let (whole, bytes) = (self.change)(&self.value.lock(), value);
        Some((self.wal.clone(), Entry { name: self.name.clone(), whole, bytes }))
    }

    fn commit(&self, staged: &mut Staged<T>) {
        if let (Some(value), true) = (staged.value.take(), staged.changed) {
            *self.value.lock() = value;
            self.core.changed();
        }
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
