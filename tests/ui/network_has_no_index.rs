//! A single variable where an indexed resource is wanted.

use std::sync::Arc;

use mpcal_runtime::resource::Shared;

include!("cluster.rs.inc");

impl model::Inbox for Shared<i64> {}

fn main() {
    let constants = Arc::new(model::Constants {});
    let _ = model::Member::new(1, &constants, model::MemberParameters {
        network: Shared::new(0),
        alarm: alarm(),
        total: Shared::new(0),
        limit: 1,
        nickname: "n",
    });
}
