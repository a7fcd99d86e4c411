//! What `ref` parameters take. In: a mapping macro. Out: what an archetype holds of it.

use crate::error::Step;
use crate::mapping::MappingMacro;
use crate::section::Section;
use crate::value::Data;

/// What can be bound to a `ref` parameter with these types of indices, values read and values written.
pub trait Bound<I: Data, R: Data, W: Data = R>: Binding<Resource = Resource<I, R, W>> {}

impl<I: Data, R: Data, W: Data, T: Binding<Resource = Resource<I, R, W>>> Bound<I, R, W> for T {}

/// A mapping macro as one type, so that a binding with the wrong types is one error and not three.
pub trait Binding: MappingMacro {
    /// What an archetype holds of it.
    type Resource;

    /// Hands it to an archetype.
    fn bind(self) -> Self::Resource;
}

impl<T: MappingMacro> Binding for T {
    type Resource = Resource<T::Index, T::Read, T::Write>;

    fn bind(self) -> Self::Resource {
        Resource(Box::new(self))
    }
}

/// What an archetype holds for a `ref` parameter.
pub struct Resource<I: Data, R: Data, W: Data = R>(Box<dyn MappingMacro<Index = I, Read = R, Write = W>>);

impl<I: Data, R: Data, W: Data> Resource<I, R, W> {
    /// Takes what is bound to the parameter.
    pub fn new(bound: impl Bound<I, R, W>) -> Self {
        bound.bind()
    }

    /// Reads at an index; what the section has read so far was true at one moment then.
    ///
    /// # Errors
    /// As [`MappingMacro::read`], and `Conflict` if another section came in between.
    pub fn read(&mut self, section: &mut Section, index: &I) -> Step<R> {
        let value = self.0.read(section, index);
        section.check_consistent()?;
        value
    }

    /// Writes at an index.
    ///
    /// # Errors
    /// As [`MappingMacro::write`].
    pub fn write(&mut self, section: &mut Section, index: &I, value: W) -> Step<()> {
        self.0.write(section, index, value)
    }
}
