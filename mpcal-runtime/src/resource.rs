//! Resources: what is bound to the `ref` parameters of an archetype.

mod family;
mod mailbox;
mod shared;

pub use family::Family;
pub use mailbox::{MailboxConfig, MailboxLengths, Mailboxes};
pub use shared::Shared;
