//! A value that the model does not name.

include!("cluster.rs.inc");

fn main() {
    let _ = model::Mood::Nervous;
}
