//! A message that the model does not have.

include!("cluster.rs.inc");

fn main() {
    let _ = model::Message::Remove { amount: 1 };
}
