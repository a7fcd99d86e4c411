//! Writes at several indices at once.
//!
//! Class: that of its resource. Stands for a mapping macro over a whole function whose write takes a function with some
//! of its arguments, and does at each of them what writing there does.
//!
//! Promises what the resource promises; the order of the arguments is that of the function.

use crate::error::{Error, Step};
use crate::mapping::{Class, MappingMacro};
use crate::section::Section;
use crate::value::Function;

/// Writes a function into an indexed resource, each value at its argument: a message to each of several mailboxes.
#[derive(Clone, Debug)]
pub struct Each<R>(pub R);

impl<R: MappingMacro> MappingMacro for Each<R> {
    type Index = ();
    type Read = Function<R::Index, R::Write>;
    type Write = Function<R::Index, R::Write>;

    fn read(&mut self, _: &mut Section, (): &()) -> Step<Self::Read> {
        Err(Error::Resource("what writes at several indices cannot be read".to_owned()).into())
    }

    fn write(&mut self, section: &mut Section, (): &(), values: Self::Write) -> Step<()> {
        for (index, value) in values.iter() {
            self.0.write(section, &index, value.clone())?;
        }
        Ok(())
    }

    fn class(&self) -> Class {
        self.0.class()
    }
}
