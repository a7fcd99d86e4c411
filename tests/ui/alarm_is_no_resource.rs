//! A value where a resource is wanted.

use std::sync::Arc;

include!("cluster.rs.inc");

fn main() {
    let constants = Arc::new(model::Constants {});
    let _ = model::Member::builder(1, &constants).alarm(false);
}
