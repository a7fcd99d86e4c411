//! A resource that reads another type.

use std::sync::Arc;

use mpcal_runtime::resource::Shared;

include!("cluster.rs.inc");

impl model::Alarm for Shared<i64> {}

fn main() {
    let constants = Arc::new(model::Constants {});
    let _ = model::Member::new(1, &constants, model::MemberParameters {
        network: network(),
        alarm: Shared::new(0),
        total: Shared::new(0),
        limit: 1,
        nickname: "n",
    });
}
