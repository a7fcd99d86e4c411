//! A parameter that the archetype does not have.

use std::sync::Arc;

use mpcal_runtime::resource::Shared;

include!("cluster.rs.inc");

fn main() {
    let constants = Arc::new(model::Constants {});
    let _ = model::Member::new(1, &constants, model::MemberParameters {
        network: network(),
        alarm: alarm(),
        limit: 1,
        nickname: "n",
        totals: Shared::new(0),
    });
}
