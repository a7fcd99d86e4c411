//! A variable that holds a function, as a plain variable with an index.

use crate::error::Step;
use crate::mapping::{MappingMacro, PlainVariable};
use crate::resource::Shared;
use crate::section::Section;
use crate::value::{Data, Function};

/// The entries of a function in a variable, each read and written alone.
pub struct Indexed<K: Data, V: Data>(Shared<Function<K, V>>);

impl<K: Data, V: Data> Indexed<K, V> {
    /// A view of the variable.
    pub fn new(variable: &Shared<Function<K, V>>) -> Self {
        Self(variable.clone())
    }
}

impl<K: Data, V: Data> MappingMacro for Indexed<K, V> {
    type Index = K;
    type Read = V;
    type Write = V;

    fn read(&mut self, section: &mut Section, index: &K) -> Step<V> {
        Ok(self.0.get(section).at(index)?.clone())
    }

    fn write(&mut self, section: &mut Section, index: &K, value: V) -> Step<()> {
        *self.0.get_mut(section).at_mut(index)? = value;
        Ok(())
    }
}

impl<K: Data, V: Data> PlainVariable for Indexed<K, V> {}
