//! A variable in memory, shared by any number of archetypes.
//!
//! Class: volatile. Stands for a plain variable.
//!
//! Promises: sections that use it are serializable; who waits for it is woken by each change, and by nothing else.
//! Sections run without holding anything; one that another has outrun runs again, alone, so each gets its turn.
//! Nothing is adjustable, and there is nothing that could be lost or full.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::cell::{Cell, Core};
use crate::error::Step;
use crate::mapping::{MappingMacro, PlainVariable};
use crate::section::Section;
use crate::value::Data;

/// A variable in memory. Clones are the same variable.
pub struct Shared<T: Data>(Arc<VariableCell<T>>);

impl<T: Data> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

struct VariableCell<T> {
    core: Arc<Core>,
    value: Mutex<T>,
}

/// The value as this section sees it, and whether it has changed it.
pub struct Staged<T> {
    pub(super) value: Option<T>,
    pub(super) changed: bool,
}

impl<T> Default for Staged<T> {
    fn default() -> Self {
        Self { value: None, changed: false }
    }
}

impl<T: Data> Cell for VariableCell<T> {
    type Staged = Staged<T>;

    fn core(&self) -> &Arc<Core> {
        &self.core
    }

    fn is_only_read(&self, staged: &Staged<T>) -> bool {
        !staged.changed
    }

    fn commit(&self, staged: &mut Staged<T>) {
        if let (Some(value), true) = (staged.value.take(), staged.changed && !self.core.is_overtaken()) {
            *self.value.lock() = value;
            self.core.changed();
        }
    }
}

impl<T: Data> Shared<T> {
    /// A variable with a value.
    pub fn new(value: T) -> Self {
        Self(Arc::new(VariableCell { core: Core::new(), value: Mutex::new(value) }))
    }

    /// The value as a section sees it.
    pub fn get<'s>(&self, section: &'s mut Section) -> &'s T {
        self.staged(section).0
    }

    /// The value as a section sees it, to be changed.
    pub fn get_mut<'s>(&self, section: &'s mut Section) -> &'s mut T {
        let (value, changed) = self.staged(section);
        *changed = true;
        value
    }

    /// The value as a section sees it, if it fits what the section has seen before.
    ///
    /// # Errors
    /// `Conflict` if another section has changed that: this one runs again.
    pub fn view<'s>(&self, section: &'s mut Section) -> Step<&'s T> {
        self.staged(section);
        section.check_consistent()?;
        Ok(self.staged(section).0)
    }

    fn staged<'s>(&self, section: &'s mut Section) -> (&'s mut T, &'s mut bool) {
        let staged = section.stage(&self.0);
        let value = staged.value.get_or_insert_with(|| self.0.value.lock().clone());
        (value, &mut staged.changed)
    }

    /// Its number among all cells: what a section has [touched](Section::touched).
    #[must_use]
    pub fn cell(&self) -> u64 {
        self.0.core.id
    }

    /// The value that a section would give it, if it has changed it.
    pub fn change<'s>(&self, section: &'s mut Section) -> Option<&'s T> {
        let staged = section.staged(&self.0)?;
        staged.value.as_ref().filter(|_| staged.changed)
    }

    /// The committed value, from outside of any section.
    pub fn load(&self) -> T {
        self.0.value.lock().clone()
    }

    /// Changes the value from outside of any section, and wakes who waits for it.
    pub fn store(&self, value: T) {
        self.update(|_| Some(value));
    }

    /// Changes the value from outside of any section to what `change` makes of it, unless that is nothing.
    pub fn update(&self, change: impl FnOnce(&T) -> Option<T>) {
        let _gate = self.0.core.outside_change();
        let mut value = self.0.value.lock();
        let Some(changed) = change(&value) else { return };
        *value = changed;
        drop(value);
        self.0.core.changed();
    }
}

impl<T: Data> MappingMacro for Shared<T> {
    type Index = ();
    type Read = T;
    type Write = T;

    fn read(&mut self, section: &mut Section, (): &()) -> Step<T> {
        Ok(self.get(section).clone())
    }

    fn write(&mut self, section: &mut Section, (): &(), value: T) -> Step<()> {
        *self.get_mut(section) = value;
        Ok(())
    }
}

impl<T: Data> PlainVariable for Shared<T> {}
