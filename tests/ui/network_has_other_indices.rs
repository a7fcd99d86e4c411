//! A resource with another index.

use std::sync::Arc;

use mpcal_runtime::resource::{MailboxConfig, Mailboxes, Shared};

include!("cluster.rs.inc");

impl model::Inbox for Mailboxes<bool, model::Message> {}

fn main() {
    let constants = Arc::new(model::Constants {});
    let _ = model::Member::new(1, &constants, model::MemberParameters {
        network: Mailboxes::<bool, model::Message>::local([true], &MailboxConfig::default()),
        alarm: alarm(),
        total: Shared::new(0),
        limit: 1,
        nickname: "n",
    });
}
