//! Channels between archetypes and the application around them.
//!
//! Class: volatile. An input channel stands for a mapping macro whose read takes the next request
//! of the world, an output channel for one whose write gives an answer to it.
//!
//! Promises: values come out in the order in which they went in, each once; a value leaves an
//! archetype when its section has committed, and the node when what it depends on is durable. A full channel makes
//! the side that writes wait: a section blocks, the application awaits. What a channel holds is lost with the process.

use std::sync::Arc;

use super::queue::Queue;
use crate::error::{Error, Step};
use crate::mapping::{Class, MappingMacro};
use crate::section::Section;
use crate::value::Data;

/// Makes a channel into an archetype that holds at most `capacity` values.
#[must_use]
pub fn input<T: Data>(capacity: usize) -> (InputSender<T>, Input<T>) {
    let queue = Arc::new(Queue::new(capacity));
    (InputSender(queue.clone()), Input(queue))
}

/// Makes a channel out of an archetype that holds at most `capacity` values.
#[must_use]
pub fn output<T: Data>(capacity: usize) -> (Output<T>, OutputReceiver<T>) {
    let queue = Arc::new(Queue::new(capacity));
    (Output(queue.clone()), OutputReceiver(queue))
}

/// Makes a channel from one archetype to another that holds at most `capacity` values.
#[must_use]
pub fn link<T: Data>(capacity: usize) -> (Output<T>, Input<T>) {
    let queue = Arc::new(Queue::new(capacity));
    (Output(queue.clone()), Input(queue))
}

/// The application's end of an input channel.
pub struct InputSender<T: Data>(Arc<Queue<T>>);

/// The archetype's end of an input channel: a read takes the next value.
pub struct Input<T: Data>(Arc<Queue<T>>);

/// The archetype's end of an output channel: a write adds a value.
pub struct Output<T: Data>(Arc<Queue<T>>);

/// The application's end of an output channel.
pub struct OutputReceiver<T: Data>(Arc<Queue<T>>);

macro_rules! same_channel {
    ($($name:ident)+) => {$(
        impl<T: Data> Clone for $name<T> {
            fn clone(&self) -> Self {
                Self(self.0.clone())
            }
        }
    )+};
}

same_channel!(InputSender Input Output OutputReceiver);

impl<T: Data> InputSender<T> {
    /// Puts a value in; waits while the channel is full.
    ///
    /// # Cancel safety
    /// A dropped future has put nothing in.
    pub async fn send(&self, value: T) {
        self.0.arrive(value).await;
    }

    /// Puts a value in if there is space.
    ///
    /// # Errors
    /// Gives it back if the channel is full.
    pub fn try_send(&self, value: T) -> Result<(), T> {
        self.0.try_push(value)
    }
}

impl<T: Data> OutputReceiver<T> {
    /// Takes the next value; waits while there is none.
    ///
    /// # Cancel safety
    /// A dropped future has taken nothing.
    pub async fn receive(&self) -> T {
        self.0.take().await
    }

    /// Takes the next value if there is one.
    #[must_use]
    pub fn try_receive(&self) -> Option<T> {
        self.0.try_take()
    }
}

impl<T: Data> MappingMacro for Input<T> {
    type Index = ();
    type Read = T;
    type Write = T;

    fn read(&mut self, section: &mut Section, (): &()) -> Step<T> {
        self.0.receive(section.stage(&self.0))
    }

    fn write(&mut self, _: &mut Section, (): &(), _: T) -> Step<()> {
        Err(Error::Resource("an input channel cannot be written".to_owned()).into())
    }
}

impl<T: Data> MappingMacro for Output<T> {
    type Index = ();
    type Read = T;
    type Write = T;

    fn read(&mut self, _: &mut Section, (): &()) -> Step<T> {
        Err(Error::Resource("an output channel cannot be read".to_owned()).into())
    }

    fn write(&mut self, section: &mut Section, (): &(), value: T) -> Step<()> {
        self.0.deliver(section.stage(&self.0), value)
    }

    fn class(&self) -> Class {
        Class::External
    }
}
