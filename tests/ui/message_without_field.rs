//! A message without one of its fields.

include!("cluster.rs.inc");

fn main() {
    let _ = model::Message::Add {};
}
