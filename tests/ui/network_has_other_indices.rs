//! A resource with another index.

use std::sync::Arc;

use mpcal_runtime::resource::{MailboxConfig, Mailboxes};

include!("cluster.rs.inc");

impl model::Inbox for Mailboxes<bool, model::Message> {}

fn main() {
    let constants = Arc::new(model::Constants {});
    let _ = model::Member::builder(1, &constants).network(Mailboxes::<bool, model::Message>::local([true], &MailboxConfig::default()));
}
