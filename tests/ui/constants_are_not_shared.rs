//! Constants that are not in an `Arc`.

include!("cluster.rs.inc");

fn main() {
    let _ = model::Member::builder(1, &model::Constants {});
}
