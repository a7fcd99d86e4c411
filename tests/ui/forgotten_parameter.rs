//! One of the parameters has no resource.

use std::sync::Arc;

use mpcal_runtime::resource::{MailboxConfig, Mailboxes};

include!("model.rs.inc");

impl model::Inbox for Mailboxes<i64, model::Network> {}

fn main() {
    let constants = Arc::new(model::Constants {});
    let _ = model::Node::new(1, &constants, model::NodeParameters { network: Mailboxes::local([1], &MailboxConfig::default()) });
}
