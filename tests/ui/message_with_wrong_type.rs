//! A field of another type.

include!("cluster.rs.inc");

fn main() {
    let _ = model::Message::Add { amount: "one" };
}
