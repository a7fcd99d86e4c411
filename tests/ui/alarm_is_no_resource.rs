//! A value where a resource is wanted.

use std::sync::Arc;

use mpcal_runtime::resource::Shared;

include!("cluster.rs.inc");

fn main() {
    let constants = Arc::new(model::Constants {});
    let _ = model::Member::new(1, &constants, model::MemberParameters {
        network: network(),
        alarm: false,
        total: Shared::new(0),
        limit: 1,
        nickname: "n",
    });
}
