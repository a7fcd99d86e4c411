//! How many durable sections a second are answered: with one writer and with sixty-four over one log,
//! beside what the disk itself flushes; and what a section costs that appends to a long durable sequence.
//!
//! `cargo bench -p mpcal-tests --bench durable`, in the directory for temporary files.

#![allow(missing_docs)]

use std::fs::File;
use std::io::Write;
use std::time::{Duration, Instant};

use mpcal_runtime::conformance::commit;
use mpcal_runtime::resource::DurableLog;
use mpcal_runtime::value::Seq;
use mpcal_runtime::wal::{Wal, WalConfig};
use mpcal_runtime::MappingMacro;
use mpcal_tests::ledger::Ledger;
use tokio::runtime::Builder;
use tokio::task::JoinSet;

const TIME: Duration = Duration::from_secs(2);

/// Small appends, each flushed, a second.
fn disk() -> f64 {
    let mut file = tempfile::tempfile().expect("a file can be made");
    let (start, mut count) = (Instant::now(), 0);
    while start.elapsed() < TIME {
        file.write_all(&[0; 80]).expect("it can be written");
        File::sync_data(&file).expect("it can be flushed");
        count += 1;
    }
    f64::from(count) / start.elapsed().as_secs_f64()
}

/// Answers a second to so many writers, each of which waits for its answer.
fn answers(writers: usize) -> f64 {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime starts");
    runtime.block_on(async {
        let wal = Wal::open(directory.path().join("wal"), &WalConfig::default()).expect("the log opens");
        let mut clients = JoinSet::new();
        let start = Instant::now();
        for n in 0..writers {
            let ledger = Ledger::start(&wal, &format!("writer{n}")).expect("it starts");
            clients.spawn(async move {
                // All of it, with the node that runs it.
                let ledger = ledger;
                let mut count = 0u32;
                while start.elapsed() < TIME {
                    ledger.requests.send(1).await;
                    ledger.answers.receive().await;
                    let _ = ledger.watched.try_receive();
                    count += 1;
                }
                count
            });
        }
        let counts = clients.join_all().await;
        f64::from(counts.iter().sum::<u32>()) / start.elapsed().as_secs_f64()
    })
}

/// Microseconds for a section that appends to a durable sequence of so many items, without waiting for the disk.
fn append(length: i64) -> f64 {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    runtime.block_on(async {
        let wal = Wal::open(directory.path().join("wal"), &WalConfig::default()).expect("the log opens");
        let mut log = DurableLog::new(&wal, "log").expect("it is new");
        commit(|s| log.write(s, &(), (0..length).collect())).await.expect("it commits");
        let (start, mut count) = (Instant::now(), 0);
        while start.elapsed() < TIME / 4 {
            for _ in 0..100 {
                let appended = commit(|s| {
                    let mut items: Seq<i64> = log.read(s, &())?;
                    items.push(count);
                    log.write(s, &(), items)
                });
                appended.await.expect("it commits");
                count += 1;
            }
        }
        start.elapsed().as_secs_f64() * 1e6 / count as f64
    })
}

fn main() {
    let lengths = [1_000, 1_000_000];
    println!("append to a durable sequence, µs: {:.1?} to {lengths:?} items", lengths.map(append));
    println!("{:>12} {:>12} {:>12} {:>8}", "flushes/s", "1 writer", "64 writers", "ratio");
    for _ in 0..3 {
        let (disk, one, many) = (disk(), answers(1), answers(64));
        println!("{disk:12.0} {one:12.0} {many:12.0} {:8.1}", many / one);
    }
}
