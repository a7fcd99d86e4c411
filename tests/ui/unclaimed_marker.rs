//! Nobody says that the resource behaves as the mapping macro does.

use std::sync::Arc;

use mpcal_runtime::resource::{MailboxConfig, Mailboxes, Shared};

include!("model.rs.inc");

fn main() {
    let constants = Arc::new(model::Constants {});
    let _ = model::Node::new(1, &constants, model::NodeParameters { network: Mailboxes::local([1], &MailboxConfig::default()), count: Shared::new(0) });
}
