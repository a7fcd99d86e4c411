//! Resources: what is bound to the `ref` parameters of an archetype.

mod channel;
mod client;
mod dummy;
mod durable;
mod failure_detector;
mod family;
mod mailbox;
mod queue;
mod shared;
mod timer;

pub use channel::{input, link, output, Input, InputSender, Output, OutputReceiver};
pub use client::{AnswerError, Client};
pub use dummy::{Dummy, Placeholder};
pub use durable::{Durable, DurableLog};
pub use failure_detector::{FailureDetector, FailureDetectorConfig, Monitor};
pub use family::Family;
#[cfg(feature = "tls")]
pub use mailbox::Tls;
pub use mailbox::{Delivery, MailboxConfig, MailboxLengths, Mailboxes, Secret};
pub use shared::Shared;
pub use timer::Timer;
