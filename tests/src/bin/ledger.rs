//! A durable ledger as a process of its own, to be killed: `ledger FILE` reads amounts, one a line, and
//! answers each with the sum of all so far. Its first line is what it found. Its log is written anew often.

use std::process::ExitCode;

use mpcal_runtime::wal::{Wal, WalConfig};
use mpcal_tests::ledger::Ledger;
use tokio::io::{AsyncBufReadExt, BufReader};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: ledger FILE");
        return ExitCode::from(2);
    };
    let started = Wal::open(&path, &WalConfig { compact_at: 2048, ..WalConfig::default() })
        .and_then(|wal| Ledger::start(&wal, "ledger"));
    let ledger = match started {
        Ok(ledger) => ledger,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let items = ledger.log.load();
    println!("found {} in {} items, which add up to {}", ledger.total.load(), items.len(), items.iter().sum::<i64>());
    let requests = ledger.requests.clone();
    tokio::spawn(async move {
        let mut lines = BufReader::new(tokio::io::stdin()).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            if let Ok(amount) = line.trim().parse() {
                requests.send(amount).await;
            }
        }
    });
    loop {
        println!("{}", ledger.answers.receive().await);
    }
}
