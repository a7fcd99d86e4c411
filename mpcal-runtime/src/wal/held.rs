//! What resources have in a log, and who holds it. In: what was found when the log was opened, and what resources claim
//! and give back. Out: live resources, and what all of them have.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Weak};

use parking_lot::{Condvar, Mutex};

use super::entry::{Content, Entry};
use crate::cell::Core;

/// Tells someone the changes that make up a value.
pub(crate) type Tell = Box<dyn FnOnce(&mut dyn FnMut(&[u8])) + Send>;

/// A resource that has something in a log.
pub(crate) trait Stored: Any + Send + Sync {
    /// The cell whose gate is held when its record is added to the log.
    fn core(&self) -> &Core;

    /// What it has in the log by now, to be told when the gate is free again; none if it has not written yet. The gate
    /// is held, so this only takes hold of the value.
    fn stored(&self) -> Option<Tell>;
}

/// Everything that is in a log.
#[derive(Default)]
pub(super) struct Held {
    names: Mutex<Names>,
    /// Tells who waits for a resource that is being dropped that it has given back what it had.
    given_back: Condvar,
}

#[derive(Default)]
struct Names {
    /// What no resource holds: what was found when the log was opened, and what was given back.
    found: BTreeMap<String, Arc<Content>>,
    /// The resources that hold something.
    claims: BTreeMap<String, Weak<dyn Stored>>,
}

impl Names {
    /// The resource with this name.
    /// What decides on the last change of what has this name, if that is not known.
    fn in_doubt(&self, name: &str) -> Option<&str> {
        let mentions =
            |content: &Content| content.intended().is_some_and(|(_, all)| all.iter().any(|(n, _)| *n == name));
        self.found.iter().find(|(_, content)| mentions(content)).map(|(by, _)| by.trim_end_matches(INTENTION))
    }

    fn holder(&self, name: &str) -> Holder {
        match self.claims.get(name).map(Weak::upgrade) {
            Some(Some(holder)) => Holder::Live(holder),
            Some(None) => Holder::Dropped,
            None => Holder::None,
        }
    }
}

enum Holder {
    Live(Arc<dyn Stored>),
    /// It has not yet given back what it had.
    Dropped,
    None,
}

/// What there is under a name.
pub(super) enum Kept {
    Live(Arc<dyn Stored>),
    Found(Arc<Content>),
    Nothing,
}

/// What names end in under which it is written what a section means to do.
pub(crate) const INTENTION: &str = "/intention";

/// A name that two resources want.
pub(crate) fn name_in_use(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::AlreadyExists, format!("`{name}` is held by another resource of this log"))
}

impl Held {
    pub(super) fn new(found: BTreeMap<String, Content>) -> Self {
        let found = found.into_iter().map(|(name, content)| (name, Arc::new(content))).collect();
        Self { names: Mutex::new(Names { found, ..Names::default() }), ..Self::default() }
    }

    /// Names of what no resource holds.
    pub(super) fn unclaimed(&self) -> Vec<String> {
        self.names.lock().found.keys().cloned().collect()
    }

    pub(super) fn claim<R: Stored>(
        &self,
        name: &str,
        make: impl FnOnce(Option<&mut Content>) -> io::Result<Arc<R>>,
    ) -> io::Result<(Arc<R>, bool)> {
        let mut names = self.names.lock();
        loop {
            match names.holder(name) {
                Holder::Live(holder) => {
                    let holder: Arc<dyn Any + Send + Sync> = holder;
                    return holder.downcast().map(|known| (known, false)).map_err(|_| name_in_use(name));
                }
                Holder::Dropped => self.given_back.wait(&mut names),
                Holder::None => break,
            }
        }
        if let Some(by) = names.in_doubt(name) {
            let reason = format!(
                "whether the last change of `{name}` was made is known when the replicated variables `{by}` are open: \
                 open these first"
            );
            return Err(io::Error::new(io::ErrorKind::WouldBlock, reason));
        }
        let made = make(names.found.get_mut(name).map(Arc::make_mut))?;
        names.found.remove(name);
        let holder: Arc<dyn Stored> = made.clone();
        names.claims.insert(name.to_owned(), Arc::downgrade(&holder));
        Ok((made, true))
    }

    /// What others know by which it was to be decided on what was intended under this name.
    pub(super) fn intended(&self, name: &str) -> Option<Vec<u8>> {
        self.names.lock().found.get(name).and_then(|content| Some(content.intended()?.0.to_vec()))
    }

    /// It was decided on: what was intended is part of what there is now, or dropped. `append` writes a record of it.
    pub(super) fn decided<T>(&self, name: &str, is_made: bool, append: impl FnOnce(&[Entry]) -> T) -> io::Result<T> {
        let mut names = self.names.lock();
        let content = names.found.remove(name).unwrap_or_default();
        let mut entries = vec![Entry::whole(&name.into(), &())];
        for (name, change) in content.intended().filter(|_| is_made).map_or(Vec::new(), |(_, entries)| entries) {
            let known = Arc::make_mut(names.found.entry(name.to_owned()).or_default());
            let fits = known.add(change);
            fits.ok_or_else(|| {
                io::Error::new(io::ErrorKind::InvalidData, format!("{name} changes what it does not have"))
            })?;
            entries.push(Entry::of(name, change));
        }
        Ok(append(&entries))
    }

    pub(super) fn give_back(&self, name: &str, content: Option<Content>) {
        let mut names = self.names.lock();
        names.claims.remove(name);
        if let Some(content) = content {
            names.found.insert(name.to_owned(), Arc::new(content));
        }
        self.given_back.notify_all();
    }

    /// All names.
    pub(super) fn all(&self) -> BTreeSet<String> {
        let names = self.names.lock();
        names.found.keys().chain(names.claims.keys()).cloned().collect()
    }

    /// What there is under a name. While `look` looks at what was found, nobody claims it.
    pub(super) fn kept<T>(&self, name: &str, look: impl FnOnce(Kept) -> T) -> T {
        let mut names = self.names.lock();
        loop {
            match names.holder(name) {
                Holder::Live(holder) => {
                    drop(names);
                    return look(Kept::Live(holder));
                }
                Holder::Dropped => self.given_back.wait(&mut names),
                Holder::None => {
                    return look(names.found.get(name).map_or(Kept::Nothing, |content| Kept::Found(content.clone())))
                }
            }
        }
    }
}
