//! A resource with other messages.

use std::sync::Arc;

use mpcal_runtime::resource::{MailboxConfig, Mailboxes};

include!("cluster.rs.inc");

impl model::Inbox for Mailboxes<i64, i64> {}

fn main() {
    let constants = Arc::new(model::Constants {});
    let _ = model::Member::builder(1, &constants).network(Mailboxes::<i64, i64>::local([1], &MailboxConfig::default()));
}
