//! What sections that use a replicated variable cost, on three nodes in one process: written by one node, by each in turn,
//! and by all at once, read, and with a node down; and how long the others need to go on when the one that leads dies.
//!
//! `cargo bench -p mpcal-tests --bench replicated`.

#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use mpcal_runtime::conformance::commit;
use mpcal_runtime::resource::{Replicated, ReplicatedConfig, ReplicatedSet};
use mpcal_runtime::wal::{Wal, WalConfig};
use mpcal_runtime::{Abort, MappingMacro};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::task::JoinSet;

const TIME: Duration = Duration::from_secs(2);

type Variable = Replicated<i64, i64>;

/// Three nodes that have all taken part; with logs, if there is a directory for them.
async fn start(directory: Option<&std::path::Path>) -> Vec<Variable> {
    let (mut addresses, mut listeners, mut nodes) = (BTreeMap::new(), Vec::new(), Vec::new());
    for k in 0..3 {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        addresses.insert(k, listener.local_addr().expect("it has an address"));
        listeners.push(listener);
    }
    let config = ReplicatedConfig::default();
    for (k, listener) in (0..).zip(listeners) {
        let set = match directory {
            Some(directory) => {
                let path = directory.join(format!("{k}.wal"));
                let wal = Wal::open(path, &WalConfig::default()).expect("the log opens");
                ReplicatedSet::durable(k, listener, &addresses, &config, &wal, "set").await.expect("it opens")
            }
            None => ReplicatedSet::open(k, listener, &addresses, &config).expect("it opens"),
        };
        nodes.push(set.variable("total", 0));
    }
    for node in &nodes {
        add(node).await;
    }
    nodes
}

async fn add(node: &Variable) {
    let mut node = node.clone();
    loop {
        let added = commit(|section| {
            let value = node.read(section, &())?;
            node.write(section, &(), value + 1)
        });
        match added.await {
            Ok(()) => return,
            Err(Abort::Retry | Abort::Conflict) => tokio::time::sleep(Duration::from_micros(200)).await,
            Err(Abort::Fatal(error)) => panic!("{error}"),
        }
    }
}

async fn read(node: &Variable) {
    let mut node = node.clone();
    while commit(|section| node.read(section, &())).await.is_err() {
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 100];
    let rate = times.len() as f64 / TIME.as_secs_f64();
    println!("{what:<32} {rate:>7.0} a second, median {:>8.1?}, 99 % below {:>8.1?}", at(50), at(99));
}

/// How long each of some sections takes, one behind the other.
async fn repeat(mut section: impl AsyncFnMut(usize)) -> Vec<Duration> {
    let (start, mut times) = (Instant::now(), Vec::new());
    while start.elapsed() < TIME {
        let begun = Instant::now();
        section(times.len()).await;
        times.push(begun.elapsed());
    }
    times
}

async fn measure(kind: &str, directory: Option<&std::path::Path>) {
    let mut nodes = start(directory).await;
    report(&format!("{kind}: one writes"), repeat(async |_| add(&nodes[1]).await).await);
    report(&format!("{kind}: each writes in turn"), repeat(async |n| add(&nodes[n % 3]).await).await);
    report(&format!("{kind}: one reads"), repeat(async |_| read(&nodes[1]).await).await);
    let mut writers = JoinSet::new();
    for node in nodes.clone() {
        writers.spawn(async move {
            let (start, mut times) = (Instant::now(), Vec::new());
            while start.elapsed() < TIME {
                let begun = Instant::now();
                add(&node).await;
                times.push(begun.elapsed());
            }
            times
        });
    }
    report(&format!("{kind}: all write at once"), writers.join_all().await.concat());
    // Who writes several times leads.
    for _ in 0..5 {
        add(&nodes[0]).await;
    }
    drop(nodes.remove(0));
    let begun = Instant::now();
    add(&nodes[0]).await;
    println!("{kind}: the others go on {:.1?} after the one that leads has died", begun.elapsed());
    report(&format!("{kind}: one writes, one is down"), repeat(async |_| add(&nodes[0]).await).await);
    report(&format!("{kind}: one reads, one is down"), repeat(async |_| read(&nodes[0]).await).await);
}

fn main() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    for (kind, directory) in [("volatile", None), ("durable", Some(directory.path()))] {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime starts");
        runtime.block_on(measure(kind, directory));
    }
}
