//! An identifier of another type.

use std::sync::Arc;

use mpcal_runtime::resource::Shared;

include!("cluster.rs.inc");

fn main() {
    let constants = Arc::new(model::Constants {});
    let _ = model::Member::new("one", &constants, model::MemberParameters {
        network: network(),
        alarm: alarm(),
        total: Shared::new(0),
        limit: 1,
        nickname: "n",
    });
}
