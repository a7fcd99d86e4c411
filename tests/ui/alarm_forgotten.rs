//! A parameter that is not given.

use std::sync::Arc;

use mpcal_runtime::resource::{MailboxConfig, Mailboxes, Shared};

include!("cluster.rs.inc");

impl model::Inbox for Mailboxes<i64, model::Message> {}

fn network() -> Mailboxes<i64, model::Message> {
    Mailboxes::local([1, 2], &MailboxConfig::default())
}

fn main() {
    let constants = Arc::new(model::Constants {});
    let _ = model::Member::builder(1, &constants).limit(1).nickname("n").total(Shared::new(0)).network(network()).build();
}
