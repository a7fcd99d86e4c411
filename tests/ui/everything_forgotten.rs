//! No parameter is given.

use std::sync::Arc;

include!("cluster.rs.inc");

fn main() {
    let constants = Arc::new(model::Constants {});
    let _ = model::Member::new(1, &constants);
}
