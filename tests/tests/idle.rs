//! A node with nothing to do does nothing: archetypes that wait, connections, logs, replicas. Alone in its process,
//! so that nothing else wakes up.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use mpcal_runtime::resource::{
    CrdtConfig, Durable, MailboxConfig, PnCounter, Replica, Replicated, ReplicatedConfig, Shared,
};
use mpcal_runtime::wal::{Wal, WalConfig};
use mpcal_runtime::{conformance, MappingMacro, Node};
use mpcal_tests::pair::{constants, model, receiver, sender, LIMIT};
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

/// How often the threads of this process have given up the processor, if anybody says.
fn switches() -> Option<u64> {
    let mut all = 0;
    for task in std::fs::read_dir("/proc/self/task").ok()? {
        let status = std::fs::read_to_string(task.ok()?.path().join("status")).ok()?;
        let counts = status.lines().filter(|line| line.contains("ctxt_switches"));
        all += counts.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).sum::<u64>();
    }
    Some(all)
}

async fn two() -> (BTreeMap<i64, SocketAddr>, Vec<TcpListener>) {
    let (mut addresses, mut listeners) = (BTreeMap::new(), Vec::new());
    for index in 0..2 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        addresses.insert(index, listener.local_addr().unwrap());
        listeners.push(listener);
    }
    (addresses, listeners)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_nothing_to_do_does_nothing() {
    // A connection that was used, and a receiver that waits for more.
    let receiver = receiver(&MailboxConfig::default()).await;
    let (links, mut sending) = sender(receiver.address, 1, 10, &MailboxConfig::default());
    receiver.expect(1..=10).await;
    timeout(LIMIT, sending.join()).await.unwrap().unwrap();
    timeout(LIMIT, links.flushed()).await.unwrap();
    // Replicas of both kinds that agree.
    let (addresses, listeners) = two().await;
    let replicas: Vec<Replica<PnCounter>> = (0..)
        .zip(listeners)
        .map(|(index, l)| Replica::open(index, Some(l), &addresses, &CrdtConfig::default()).unwrap())
        .collect();
    conformance::commit(|s| replicas[0].clone().write(s, &(), 5)).await.unwrap();
    let (addresses, listeners) = two().await;
    let variables: Vec<Replicated<i64, i64>> = (0..)
        .zip(listeners)
        .map(|(index, l)| Replicated::open(index, l, &addresses, 0, &ReplicatedConfig::default()).unwrap())
        .collect();
    let agreed = timeout(LIMIT, async {
        while conformance::commit(|s| variables[0].clone().write(s, &(), 7)).await.is_err() {
            sleep(Duration::from_millis(1)).await;
        }
        while replicas[1].load().unwrap() != 5 || variables[1].load() != 7 {
            sleep(Duration::from_millis(1)).await;
        }
    });
    agreed.await.expect("they agree");
    // A log that was flushed, and an archetype that waits for a variable.
    let directory = tempfile::tempdir().unwrap();
    let wal = Wal::open(directory.path().join("wal"), &WalConfig::default()).unwrap();
    let mut total = Durable::new(&wal, "total", 0).unwrap();
    conformance::commit(|s| total.write(s, &(), 1)).await.unwrap();
    let mut waiting = Node::new();
    waiting.spawn(model::Failing::new(4, &constants(), model::FailingParameters { counter: Shared::new(0) }).unwrap());
    sleep(Duration::from_millis(500)).await;
    let Some(before) = switches() else { return println!("skipped: nobody says how often threads switch") };
    sleep(Duration::from_secs(3)).await;
    let count = switches().expect("it was said before") - before;
    println!("{count} context switches in 3 s");
    // Heartbeats of three connections, at both ends, and this sleep.
    assert!(count < 60, "{count} context switches in 3 s");
}
