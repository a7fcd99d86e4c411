//! A resource with other messages.

use std::sync::Arc;

use mpcal_runtime::resource::{MailboxConfig, Mailboxes, Shared};

include!("cluster.rs.inc");

impl model::Inbox for Mailboxes<i64, i64> {}

fn main() {
    let constants = Arc::new(model::Constants {});
    let _ = model::Member::new(1, &constants, model::MemberParameters {
        network: Mailboxes::<i64, i64>::local([1], &MailboxConfig::default()),
        alarm: alarm(),
        total: Shared::new(0),
        limit: 1,
        nickname: "n",
    });
}
