//! A variable on three nodes, changed by two-phase commit: linearizable, with nodes that die and come back.

#![allow(clippy::disallowed_methods, reason = "tests run on the operating system")]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use mpcal_runtime::resource::{MailboxConfig, Replicated, ReplicatedConfig};
use mpcal_runtime::{conformance, Abort, MappingMacro, Node};
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

mod by_hand;

use by_hand::archetype;

const LIMIT: Duration = Duration::from_secs(30);

fn config() -> ReplicatedConfig {
    ReplicatedConfig {
        patience: Duration::from_millis(200),
        retry: Duration::from_millis(5),
        mailbox: MailboxConfig { reconnect_after: Duration::from_millis(1), ..MailboxConfig::default() },
    }
}

struct Cluster {
    addresses: BTreeMap<i64, SocketAddr>,
    nodes: Vec<Replicated<i64, i64>>,
}

impl Cluster {
    async fn start() -> Self {
        let (mut addresses, mut listeners) = (BTreeMap::new(), Vec::new());
        for index in 0..3 {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            addresses.insert(index, listener.local_addr().unwrap());
            listeners.push(listener);
        }
        let nodes =
            (0..).zip(listeners).map(|(k, l)| Replicated::open(k, l, &addresses, 0, &config()).unwrap()).collect();
        Self { addresses, nodes }
    }

    /// A node dies and comes back without anything.
    async fn restart(&mut self, index: usize) {
        let dead = self.nodes.remove(index);
        drop(dead);
        let index = index as i64;
        let listener = loop {
            match TcpListener::bind(self.addresses[&index]).await {
                Ok(listener) => break listener,
                Err(_) => sleep(Duration::from_millis(1)).await,
            }
        };
        let node = Replicated::open(index, listener, &self.addresses, 0, &config()).unwrap();
        self.nodes.insert(index as usize, node);
    }
}

/// Adds one, however often that takes; gives what it was before.
async fn add(node: &Replicated<i64, i64>) -> i64 {
    let mut node = node.clone();
    let added = timeout(LIMIT, async {
        loop {
            let tried = conformance::commit(|section| {
                let value = node.read(section, &())?;
                node.write(section, &(), value + 1)?;
                Ok(value)
            });
            match tried.await {
                Ok(before) => return before,
                Err(Abort::Retry | Abort::Conflict) => sleep(Duration::from_millis(1)).await,
                Err(Abort::Fatal(error)) => panic!("{error}"),
            }
        }
    });
    added.await.expect("it can be changed")
}

/// Everybody adds at once: each addition is one more than the one before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_are_one_after_another() {
    let cluster = Cluster::start().await;
    let adders = cluster.nodes.iter().cloned().map(|node| {
        tokio::spawn(async move {
            let mut seen = Vec::new();
            for _ in 0..30 {
                seen.push(add(&node).await);
            }
            seen
        })
    });
    let mut all = Vec::new();
    for adder in adders.collect::<Vec<_>>() {
        let seen = adder.await.unwrap();
        assert!(seen.is_sorted(), "{seen:?}");
        all.extend(seen);
    }
    all.sort_unstable();
    assert!(all.into_iter().eq(0..90));
}

/// Two archetypes of one node add to one variable: who is refused while the other is voted on takes nothing from it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_writers_of_one_node_both_get_their_turn() {
    let cluster = Cluster::start().await;
    let mut node = Node::new();
    for _ in 0..2 {
        let mut variable = cluster.nodes[0].clone();
        node.spawn(archetype(move |section| {
            let value = variable.read(section, &())?;
            variable.write(section, &(), value + 1)?;
            Ok(value + 1 >= 100)
        }));
    }
    timeout(LIMIT, node.join()).await.expect("they go on").unwrap();
    assert!(cluster.nodes[0].load() >= 100);
}

/// Nodes die and come back, one at a time, while the others go on as soon as they can.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_comes_back_knows_what_the_others_know() {
    let mut cluster = Cluster::start().await;
    let mut expected = 0;
    for round in 0..6 {
        for n in 0..3 {
            assert_eq!(add(&cluster.nodes[(round + n) % 3]).await, expected);
            expected += 1;
        }
        cluster.restart(round % 3).await;
        assert_eq!(add(&cluster.nodes[round % 3]).await, expected, "it starts with what the others have");
        expected += 1;
    }
}

/// Without everybody there is no change, and who tries does not wait for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_node_makes_changes_wait() {
    let mut cluster = Cluster::start().await;
    assert_eq!(add(&cluster.nodes[0]).await, 0);
    cluster.nodes.pop();
    let mut node = cluster.nodes[0].clone();
    let tried = timeout(LIMIT, conformance::commit(|section| node.write(section, &(), 9))).await;
    assert!(matches!(tried, Ok(Err(Abort::Retry))), "{tried:?}");
    assert_eq!(cluster.nodes[0].load(), 1);
}
