//! A value of another type.

use std::sync::Arc;

include!("cluster.rs.inc");

fn main() {
    let constants = Arc::new(model::Constants {});
    let _ = model::Member::builder(1, &constants).limit("three");
}
