//! A resource that reads another type.

use std::sync::Arc;

use mpcal_runtime::resource::Shared;

include!("cluster.rs.inc");

impl model::Alarm for Shared<i64> {}

fn main() {
    let constants = Arc::new(model::Constants {});
    let _ = model::Member::builder(1, &constants).alarm(Shared::new(0));
}
