//! A resource that is no plain variable.

use std::sync::Arc;
use std::time::Duration;

use mpcal_runtime::resource::Timer;

include!("cluster.rs.inc");

fn main() {
    let constants = Arc::new(model::Constants {});
    let _ = model::Member::builder(1, &constants).total(Timer::new(Duration::from_secs(1)));
}
