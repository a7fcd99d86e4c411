//! A resource for each index.
//!
//! Class: that of its members. Stands for a function over a fixed set of indices, each of which is a resource.
//!
//! Promises what its members promise; sections that use different members do not disturb each other.

use std::collections::BTreeMap;

use crate::error::Step;
use crate::mapping::{Class, MappingMacro, PlainVariable};
use crate::section::Section;
use crate::value::{Data, EvalError};

/// A resource for each index: archetypes that use different indices do not disturb each other.
///
/// Assumes that the set of indices is known from the start; an index outside it is an error.
#[derive(Clone, Debug)]
pub struct Family<K: Data, R>(BTreeMap<K, R>);

impl<K: Data, R> FromIterator<(K, R)> for Family<K, R> {
    fn from_iter<I: IntoIterator<Item = (K, R)>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl<K: Data, R> Family<K, R> {
    /// The resource at an index.
    #[must_use]
    pub fn at(&self, index: &K) -> Option<&R> {
        self.0.get(index)
    }

    fn find(&mut self, index: &K) -> Step<&mut R> {
        let missing = || EvalError(format!("there is no resource at index {}", index.to_value()));
        Ok(self.0.get_mut(index).ok_or_else(missing)?)
    }
}

impl<K: Data, R: MappingMacro<Index = ()>> MappingMacro for Family<K, R> {
    type Index = K;
    type Read = R::Read;
    type Write = R::Write;

    fn read(&mut self, section: &mut Section, index: &K) -> Step<R::Read> {
        self.find(index)?.read(section, &())
    }

    fn write(&mut self, section: &mut Section, index: &K, value: R::Write) -> Step<()> {
        self.find(index)?.write(section, &(), value)
    }

    fn class(&self) -> Class {
        self.0.values().next().map_or(Class::Volatile, R::class)
    }
}

impl<K: Data, R: PlainVariable + MappingMacro<Index = ()>> PlainVariable for Family<K, R> {}
