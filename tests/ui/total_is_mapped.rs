//! A resource that is not a plain variable.

use std::sync::Arc;
use std::time::Duration;

use mpcal_runtime::resource::Timer;

include!("cluster.rs.inc");

fn main() {
    let constants = Arc::new(model::Constants {});
    let _ = model::Member::new(1, &constants, model::MemberParameters {
        network: network(),
        alarm: alarm(),
        total: Timer::new(Duration::from_secs(1)),
        limit: 1,
        nickname: "n",
    });
}
