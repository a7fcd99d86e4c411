//! A resource of the right types that does not claim the mapping macro.

use std::sync::Arc;

use mpcal_runtime::resource::Shared;

include!("cluster.rs.inc");

fn main() {
    let constants = Arc::new(model::Constants {});
    let _ = model::Member::builder(1, &constants).alarm(Shared::new(false));
}
