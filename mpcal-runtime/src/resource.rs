//! Resources: what is bound to the `ref` parameters of an archetype.

mod batched;
mod channel;
mod client;
mod crdt;
mod dummy;
mod durable;
mod each;
mod failure_detector;
mod family;
mod files;
mod mailbox;
mod nested;
mod queue;
mod replicated;
mod secret;
mod shared;
mod ticker;
mod timer;
mod waiters;

pub use batched::Batched;
pub use channel::{input, link, output, Input, InputSender, Output, OutputReceiver};
pub use client::{AnswerError, Client};
pub use crdt::{
    AddWinsSet, Crdt, CrdtConfig, GrowOnlyCounter, LastWriterWinsMap, LastWriterWinsSet, PnCounter, Replica, ReplicaId,
};
pub use dummy::{Dummy, Placeholder};
pub use durable::{Durable, DurableLog};
pub use each::Each;
#[cfg(feature = "swim")]
pub use failure_detector::SwimConfig;
pub use failure_detector::{FailureDetector, FailureDetectorConfig, Monitor};
pub use family::Family;
pub use files::Files;
#[cfg(feature = "tls")]
pub use mailbox::Tls;
pub use mailbox::{Delivery, MailboxConfig, MailboxLengths, Mailboxes, Message};
pub use nested::{Nested, Protocol};
pub use replicated::{Replicated, ReplicatedConfig, ReplicatedSet};
pub use secret::Secret;
pub use shared::Shared;
pub use ticker::Ticker;
pub use timer::Timer;
