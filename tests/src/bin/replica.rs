//! One node of a ledger on three, as a process of its own, to be killed: `replica ID FILE ADDRESS…`. Its first
//! line is what it found in its log. The leader reads amounts, one a line, and shows each once it is safe.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use mpcal_tests::replica::Replica;
use tokio::io::{AsyncBufReadExt, BufReader};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let addresses = arguments.iter().skip(2).map(|a| a.parse::<SocketAddr>()).collect::<Result<Vec<_>, _>>();
    let (Some(Ok(id)), Some(file), Ok(addresses)) = (arguments.first().map(|a| a.parse()), arguments.get(1), addresses)
    else {
        eprintln!("usage: replica ID FILE ADDRESS…");
        return ExitCode::from(2);
    };
    let started = Replica::start(id, Path::new(file), &(1..).zip(addresses).collect()).await;
    let mut replica = match started {
        Ok(replica) => replica,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let items: Vec<String> = replica.log.load().iter().map(ToString::to_string).collect();
    println!("found {}", items.join(" "));
    let requests = replica.requests.clone();
    tokio::spawn(async move {
        let mut lines = BufReader::new(tokio::io::stdin()).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            if let Ok(amount) = line.trim().parse() {
                requests.send(amount).await;
            }
        }
    });
    let answers = replica.answers.clone();
    tokio::spawn(async move {
        loop {
            println!("{}", answers.receive().await);
        }
    });
    match replica.node.run().await {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
