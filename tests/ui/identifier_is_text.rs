//! An identifier of another type.

use std::sync::Arc;

include!("cluster.rs.inc");

fn main() {
    let constants = Arc::new(model::Constants {});
    let _ = model::Member::builder("one", &constants);
}
