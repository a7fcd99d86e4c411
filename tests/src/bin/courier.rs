//! One of two nodes that send each other numbers, as a process of its own, to be killed: `courier ID FILE LAST ADDRESS
//! ADDRESS`. Its first line is what it found in its log; then it shows each number that arrives.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use mpcal_tests::courier::Courier;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [id, file, last, first, second] = &arguments[..] else { return usage() };
    let addresses = [first, second].map(|address| address.parse::<SocketAddr>());
    let (Ok(id), Ok(last), [Ok(first), Ok(second)]) = (id.parse(), last.parse(), addresses) else { return usage() };
    let mut courier = match Courier::start(id, Path::new(file), last, &[first, second]).await {
        Ok(courier) => courier,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let items: Vec<String> = courier.found.iter().map(ToString::to_string).collect();
    println!("found {}", items.join(" "));
    tokio::spawn(async move {
        loop {
            println!("{}", courier.told.receive().await);
        }
    });
    match courier.node.run().await {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: courier ID FILE LAST ADDRESS ADDRESS");
    ExitCode::from(2)
}
