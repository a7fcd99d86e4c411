//! A resource whose values have another type.

use std::sync::Arc;

use mpcal_runtime::resource::{MailboxConfig, Mailboxes, Shared};

include!("model.rs.inc");

impl model::Inbox for Mailboxes<i64, model::Network> {}

fn main() {
    let constants = Arc::new(model::Constants {});
    let network = Mailboxes::local([1], &MailboxConfig::default());
    let _ = model::Node::new(1, &constants, model::NodeParameters { network, count: Shared::new(true) });
}
