//! A `match` that forgets a message.

include!("cluster.rs.inc");

fn network_message() -> model::Message {
    model::Message::Add { amount: 1 }
}

fn main() {
    let _ = match network_message() { model::Message::Add { .. } => 1, model::Message::Who { .. } => 2 };
}
