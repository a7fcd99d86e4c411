//! Resources for parameters that do not matter in some binding.
//!
//! Class: volatile. [`Dummy`] stands for a mapping macro that reads a constant and drops what is written;
//! [`Placeholder`] for one that is never used.

use std::marker::PhantomData;

use crate::error::{Error, Step};
use crate::mapping::{MappingMacro, PlainVariable};
use crate::section::Section;
use crate::value::Data;

/// Every read gives the same value, and writes are dropped.
#[derive(Clone, Debug)]
pub struct Dummy<I, T> {
    value: T,
    _index: PhantomData<fn(I)>,
}

impl<I, T> Dummy<I, T> {
    /// A dummy that reads as `value`.
    pub fn new(value: T) -> Self {
        Self { value, _index: PhantomData }
    }
}

impl<I: Data, T: Data> MappingMacro for Dummy<I, T> {
    type Index = I;
    type Read = T;
    type Write = T;

    fn read(&mut self, _: &mut Section, _: &I) -> Step<T> {
        Ok(self.value.clone())
    }

    fn write(&mut self, _: &mut Section, _: &I, _: T) -> Step<()> {
        Ok(())
    }
}

/// A parameter that must not be used in this binding: any use is a fatal error.
#[derive(Clone, Debug)]
pub struct Placeholder<I, R, W> {
    name: &'static str,
    _types: PhantomData<fn(I, R, W)>,
}

impl<I, R, W> Placeholder<I, R, W> {
    /// A placeholder; the name is for the error.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self { name, _types: PhantomData }
    }

    fn used<T>(&self) -> Step<T> {
        Err(Error::Resource(format!("`{}` is a placeholder and must not be used", self.name)).into())
    }
}

impl<I: Data, R: Data, W: Data> MappingMacro for Placeholder<I, R, W> {
    type Index = I;
    type Read = R;
    type Write = W;

    fn read(&mut self, _: &mut Section, _: &I) -> Step<R> {
        self.used()
    }

    fn write(&mut self, _: &mut Section, _: &I, _: W) -> Step<()> {
        self.used()
    }
}

impl<I: Data, T: Data> PlainVariable for Placeholder<I, T, T> {}
