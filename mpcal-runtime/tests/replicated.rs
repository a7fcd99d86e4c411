//! Variables on three nodes, a majority of which agrees: serializable, with nodes that die and come back.

#![allow(clippy::disallowed_methods, reason = "tests run on the operating system")]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mpcal_runtime::resource::{Durable, MailboxConfig, Replicated, ReplicatedConfig, ReplicatedSet, Shared};
use mpcal_runtime::wal::{Wal, WalConfig};
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
        heartbeat: Duration::from_millis(50),
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
        drop(self.nodes.remove(index));
        let listener = listen(self.addresses[&(index as i64)]).await;
        let node = Replicated::open(index as i64, listener, &self.addresses, 0, &config()).unwrap();
        self.nodes.insert(index, node);
    }
}

/// Takes an address again that was in use a moment ago.
async fn listen(address: SocketAddr) -> TcpListener {
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return listener,
            Err(_) => sleep(Duration::from_millis(1)).await,
        }
    }
}

/// A node with a log.
struct Keeper {
    set: ReplicatedSet<i64>,
    variable: Replicated<i64, i64>,
    wal: Wal,
}

struct Keepers {
    directory: PathBuf,
    addresses: BTreeMap<i64, SocketAddr>,
    nodes: BTreeMap<i64, Keeper>,
}

impl Keepers {
    async fn start(directory: &Path) -> Self {
        let listeners = [0; 3].map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
        let addresses = (0..).zip(listeners.map(|listener| listener.local_addr().unwrap())).collect();
        let mut this = Self { directory: directory.to_owned(), addresses, nodes: BTreeMap::new() };
        for index in 0..3 {
            this.open(index).await;
        }
        this
    }

    async fn open(&mut self, index: i64) {
        let listener = listen(self.addresses[&index]).await;
        let path = self.directory.join(format!("{index}.wal"));
        let wal = Wal::open(path, &WalConfig::default()).unwrap();
        let set = ReplicatedSet::durable(index, listener, &self.addresses, &config(), &wal, "set").await.unwrap();
        let variable = set.variable("total", 0);
        self.nodes.insert(index, Keeper { set, variable, wal });
    }

    async fn close(&mut self, index: i64) {
        let Keeper { set, variable, wal } = self.nodes.remove(&index).unwrap();
        drop((set, variable));
        wal.close().await.unwrap();
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

/// A node that has died is not needed, whichever it is, and knows what has become of the variable once it is back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_minority_that_is_down_is_not_needed() {
    let mut cluster = Cluster::start().await;
    let mut expected = 1;
    // All are there once.
    assert_eq!(add(&cluster.nodes[2]).await, 0);
    for dead in 0..3 {
        drop(cluster.nodes.remove(dead));
        for n in 0..6 {
            assert_eq!(add(&cluster.nodes[n % 2]).await, expected);
            expected += 1;
        }
        let listener = listen(cluster.addresses[&(dead as i64)]).await;
        let node = Replicated::open(dead as i64, listener, &cluster.addresses, 0, &config()).unwrap();
        cluster.nodes.insert(dead, node);
        assert_eq!(add(&cluster.nodes[dead]).await, expected);
        expected += 1;
    }
}

/// Without a majority a section waits, and commits when there is one again, with what it writes to its log. Meanwhile
/// nothing is committed to what it has touched, and everything else goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_section_in_doubt_commits_when_there_is_a_majority() {
    let directory = tempfile::tempdir().unwrap();
    let mut cluster = Keepers::start(directory.path()).await;
    let (wal, variable) = (cluster.nodes[&0].wal.clone(), cluster.nodes[&0].variable.clone());
    assert_eq!(add(&variable).await, 0);
    cluster.close(1).await;
    cluster.close(2).await;
    let [mut total, mut other] = ["total", "other"].map(|name| Durable::new(&wal, name, 0).unwrap());
    let mut waiting = Node::new();
    let shared = Shared::new(0);
    let (mut replicated, mut durable, mut volatile) = (variable.clone(), total.clone(), shared.clone());
    waiting.spawn(archetype(move |section| {
        let value = replicated.read(section, &())?;
        replicated.write(section, &(), value + 1)?;
        volatile.write(section, &(), value + 1)?;
        durable.write(section, &(), value + 1)?;
        Ok(true)
    }));
    assert!(timeout(Duration::from_millis(500), waiting.join()).await.is_err(), "two are down");
    assert_eq!((variable.load(), total.load()), (1, 0));
    let mut same = total.clone();
    let between = conformance::commit(|section| same.write(section, &(), 9));
    assert!(timeout(Duration::from_millis(100), between).await.is_err(), "it comes in between");
    conformance::commit(|section| other.write(section, &(), 9)).await.unwrap();
    // What changes from outside comes behind the section.
    shared.store(7);
    cluster.open(1).await;
    timeout(LIMIT, waiting.join()).await.expect("there is a majority").unwrap();
    assert_eq!((variable.load(), total.load(), shared.load()), (2, 2, 7));
    // What was reserved is free again.
    conformance::commit(|section| total.write(section, &(), 9)).await.unwrap();
}

/// A failure on what was read counts when a majority has confirmed that: it may be old.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_is_believed_when_what_it_has_read_is_confirmed() {
    let directory = tempfile::tempdir().unwrap();
    let mut cluster = Keepers::start(directory.path()).await;
    let mut variable = cluster.nodes[&0].variable.clone();
    add(&variable).await;
    cluster.close(1).await;
    cluster.close(2).await;
    let mut node = Node::new();
    node.spawn(archetype(move |section| {
        let value = variable.read(section, &())?;
        section.assert(value == 0, "value = 0", "in this file")?;
        Ok(true)
    }));
    assert!(timeout(Duration::from_millis(500), node.join()).await.is_err(), "two are down");
    cluster.open(1).await;
    let failed = timeout(LIMIT, node.join()).await.expect("there is a majority");
    assert!(failed.unwrap_err().to_string().contains("value = 0"));
}

/// Who knows that there is no majority tries other paths after a while, and the first again when there is one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_that_has_told_nobody_is_given_up() {
    let directory = tempfile::tempdir().unwrap();
    let mut cluster = Keepers::start(directory.path()).await;
    let variable = cluster.nodes[&0].variable.clone();
    assert_eq!(add(&variable).await, 0);
    cluster.close(1).await;
    cluster.close(2).await;
    // What is read is confirmed by nobody, so that is known.
    let mut reader = variable.clone();
    let read = timeout(LIMIT, conformance::commit(|section| reader.read(section, &()))).await;
    assert!(matches!(read, Ok(Err(Abort::Retry))), "{read:?}");
    let (mut node, mut other) = (Node::new(), Shared::new(0));
    let (mut writer, mut otherwise) = (variable.clone(), other.clone());
    node.spawn(archetype(move |section| match section.either(2) {
        0 => writer.write(section, &(), 7).map(|()| true),
        _ => {
            let before = otherwise.read(section, &())?;
            section.wait_for(before == 0)?;
            otherwise.write(section, &(), before + 1).map(|()| false)
        }
    }));
    assert!(timeout(Duration::from_secs(1), node.join()).await.is_err(), "two are down");
    let path = conformance::commit(|section| other.read(section, &())).await.unwrap();
    assert_eq!((variable.load(), path), (1, 1));
    cluster.open(1).await;
    timeout(LIMIT, node.join()).await.expect("there is a majority").unwrap();
    assert_eq!(variable.load(), 7);
}

/// Two variables of one set change in one section, and are read in one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn variables_of_one_set_change_together() {
    let directory = tempfile::tempdir().unwrap();
    let cluster = Keepers::start(directory.path()).await;
    let mut movers = Vec::new();
    for node in cluster.nodes.values() {
        let (mut from, mut to) = (node.set.variable("from", 60), node.set.variable::<i64>("to", 0));
        let mut mover = Node::new();
        mover.spawn(archetype(move |section| {
            let (left, there) = (from.read(section, &())?, to.read(section, &())?);
            from.write(section, &(), left - 1)?;
            to.write(section, &(), there + 1)?;
            section.assert(left + there == 60, "left + there = 60", "in this file")?;
            Ok(there + 1 >= 57)
        }));
        movers.push(mover);
    }
    for mover in &mut movers {
        timeout(LIMIT, mover.join()).await.expect("they go on").unwrap();
    }
    let node = &cluster.nodes[&0];
    let (from, to) = (node.set.variable::<i64>("from", 60).load(), node.set.variable::<i64>("to", 0).load());
    assert!(to >= 57 && from + to == 60, "{from} and {to}");
}

/// What cannot be kept together is refused, with what to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_change_together_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let wal = Wal::open(directory.path().join("wal"), &WalConfig::default()).unwrap();
    let mut durable = Durable::new(&wal, "durable", 0).unwrap();
    let [one, two] = [Cluster::start().await, Cluster::start().await];
    let [mut one, mut two] = [one.nodes[0].clone(), two.nodes[0].clone()];
    add(&one).await;
    add(&two).await;
    let both = conformance::commit(|section| {
        one.write(section, &(), 5)?;
        two.write(section, &(), 5)
    });
    let Err(Abort::Fatal(error)) = both.await else { panic!("it commits") };
    assert!(error.to_string().contains("ReplicatedSet"), "{error}");
    let both = conformance::commit(|section| {
        one.write(section, &(), 5)?;
        durable.write(section, &(), 5)
    });
    let Err(Abort::Fatal(error)) = both.await else { panic!("it commits") };
    assert!(error.to_string().contains("ReplicatedSet::durable"), "{error}");
    assert_eq!((one.load(), two.load(), durable.load()), (1, 1, 0));
    // They can be read together.
    let sum = conformance::commit(|section| Ok(one.read(section, &())? + two.read(section, &())?)).await.unwrap();
    assert_eq!(sum, 2);
}
