//! A single variable where an indexed resource is wanted.

use std::sync::Arc;

use mpcal_runtime::resource::Shared;

include!("cluster.rs.inc");

impl model::Inbox for Shared<i64> {}

fn main() {
    let constants = Arc::new(model::Constants {});
    let _ = model::Member::builder(1, &constants).network(Shared::new(0));
}
