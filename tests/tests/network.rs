//! Mailboxes and replicas over a network that loses, delays, cuts and holds back, and under storms of connections.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use mpcal_runtime::host::Listener;
use mpcal_runtime::resource::{CrdtConfig, MailboxConfig, Mailboxes, PnCounter, Replica, Replicated, ReplicatedConfig};
use mpcal_runtime::{conformance, Abort, MappingMacro, Section};
use mpcal_tests::pair::{receiver, sender, Faults, Network, LIMIT};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout, Instant};
use tokio_util::task::AbortOnDropHandle;

fn config() -> MailboxConfig {
    MailboxConfig {
        reconnect_after: Duration::from_millis(1),
        heartbeat: Duration::from_millis(50),
        handshake_timeout: Duration::from_millis(500),
        ..MailboxConfig::default()
    }
}

/// Connections that break in the middle of frames, and acknowledgements that get lost, neither lose nor
/// repeat a message.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_lost_is_sent_again_and_arrives_once() {
    for loss in [10, 100] {
        let receiver = receiver(&config()).await;
        let network = Network::before(receiver.address, Faults { loss, ..Faults::default() }).await;
        let (links, _node) = sender(network.address, 1, 2000, &config());
        receiver.expect(1..=2000).await;
        timeout(LIMIT, links.flushed()).await.expect("everything is acknowledged in the end");
        receiver.expect_nothing().await;
    }
}

/// Nothing goes through for much longer than a heartbeat, again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn partitions_heal() {
    let receiver = receiver(&config()).await;
    // A connection comes about before the network falls apart again, and not much more.
    let faults = Faults { delay: Duration::from_millis(4), ..Faults::default() };
    let network = Network::before(receiver.address, faults).await;
    let faults = network.faults.clone();
    let weather = tokio::spawn(async move {
        loop {
            sleep(Duration::from_millis(40)).await;
            faults.lock().partitioned = true;
            sleep(Duration::from_millis(400)).await;
            faults.lock().partitioned = false;
        }
    });
    let few = MailboxConfig { outbox_capacity: 16, ..config() };
    let (links, _node) = sender(network.address, 1, 500, &few);
    receiver.expect(1..=500).await;
    timeout(LIMIT, links.flushed()).await.expect("everything is acknowledged in the end");
    receiver.expect_nothing().await;
    weather.abort();
    let connections = network.connections.load(Ordering::Relaxed);
    assert!(connections > 5, "connections break: {connections}");
}

/// On a long way many messages are under way at once: not one for each round trip.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_way_is_filled() {
    let receiver = receiver(&MailboxConfig::default()).await;
    let faults = Faults { delay: Duration::from_millis(200), ..Faults::default() };
    let network = Network::before(receiver.address, faults).await;
    let start = Instant::now();
    let (links, _node) = sender(network.address, 1, 5000, &MailboxConfig::default());
    receiver.expect(1..=5000).await;
    timeout(LIMIT, links.flushed()).await.expect("everything is acknowledged");
    // One at a time they would take half an hour.
    assert!(start.elapsed() < Duration::from_secs(20), "it took {:?}", start.elapsed());
}

/// Who reads slowly gets everything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_gets_everything() {
    let receiver = receiver(&MailboxConfig { inbox_capacity: 16, ..config() }).await;
    let network = Network::before(receiver.address, Faults { loss: 5, ..Faults::default() }).await;
    let (_links, _node) = sender(network.address, 1, 300, &config());
    for wanted in 1..=300 {
        sleep(Duration::from_millis(1)).await;
        receiver.expect([wanted]).await;
    }
    receiver.expect_nothing().await;
}

/// Three hundred senders at once, over and over, of which a fifth gives up on the way: of the others
/// everything arrives, in the order of each.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn storms_of_connections_are_weathered() {
    const SENDERS: i64 = 300;
    const EACH: i64 = 5;
    let receiver = receiver(&config()).await;
    let mut senders = JoinSet::new();
    for id in 0..SENDERS {
        let address = receiver.address;
        senders.spawn(async move {
            let (links, mut node) = sender(address, id * 1000 + 1, id * 1000 + EACH, &config());
            if id % 5 == 0 {
                // It comes back before long as another process, as it were, and is not missed.
                sleep(Duration::from_millis(id as u64 % 20)).await;
                return;
            }
            timeout(LIMIT, node.join()).await.expect("it sends").expect("it sends");
            timeout(LIMIT, links.flushed()).await.expect("everything is acknowledged");
        });
    }
    let mut last: BTreeMap<i64, i64> = BTreeMap::new();
    let complete =
        |last: &BTreeMap<i64, i64>| (0..SENDERS).filter(|id| id % 5 != 0).all(|id| last.get(&id) == Some(&EACH));
    while !complete(&last) {
        let got = timeout(LIMIT, receiver.told.receive()).await.expect("a message arrives");
        let (id, number) = (got / 1000, got % 1000);
        let before = last.insert(id, number).unwrap_or(0);
        assert_eq!(number, before + 1, "of {id}");
    }
    senders.join_all().await;
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// Sections that send and receive any number of messages, of which many are aborted, over a bad network: what
/// was committed on one side is what is committed on the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_is_committed_is_sent_and_received() {
    const LAST: i64 = 600;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let network = Network::before(listener.local_addr().unwrap(), Faults { loss: 20, ..Faults::default() }).await;
    let addresses = BTreeMap::from([(1, network.address)]);
    let mut inbox: Mailboxes<i64, i64> = Mailboxes::open(Some(listener), [1], &addresses, &config()).unwrap();
    let mut outbox: Mailboxes<i64, i64> = Mailboxes::open(None::<Listener>, [0], &addresses, &config()).unwrap();
    let sending = tokio::spawn(async move {
        let (mut random, mut next) = (Random(1), 1);
        while next <= LAST {
            let (count, aborts) = (random.below(4) as i64, random.below(3) == 0);
            let step = conformance::commit(|section| {
                (next..next + count).try_for_each(|n| outbox.write(section, &1, n))?;
                if aborts {
                    Err(Abort::Retry)
                } else {
                    Ok(())
                }
            });
            match step.await {
                Ok(()) => next += count,
                Err(_) => sleep(Duration::from_millis(1)).await,
            }
        }
        outbox
    });
    let (mut random, mut got) = (Random(2), Vec::new());
    let receiving = async {
        while got.last().is_none_or(|last| *last < LAST) {
            let (count, aborts) = (random.below(4), random.below(3) == 0);
            let step = conformance::commit(|section| {
                let some: Vec<i64> = (0..count).map(|_| inbox.read(section, &1)).collect::<Result<_, _>>()?;
                if aborts {
                    Err(Abort::Retry)
                } else {
                    Ok(some)
                }
            });
            match step.await {
                Ok(some) => got.extend(some),
                Err(_) => sleep(Duration::from_millis(1)).await,
            }
        }
    };
    timeout(LIMIT, receiving).await.expect("everything arrives");
    assert!(got.iter().copied().eq(1..=got.len() as i64), "{got:?}");
    drop(sending.await);
}

/// Listeners of three nodes, and for each node the addresses of the others behind bad networks.
async fn three_nodes(faults: Faults) -> (Vec<(TcpListener, BTreeMap<i64, SocketAddr>)>, Vec<Network>) {
    let (mut nodes, mut networks, mut real) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..3 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        real.push(listener.local_addr().unwrap());
        nodes.push((listener, BTreeMap::new()));
    }
    for (me, (_, addresses)) in nodes.iter_mut().enumerate() {
        for (other, address) in real.iter().enumerate() {
            let network = Network::before(*address, faults).await;
            addresses.insert(other as i64, if other == me { *address } else { network.address });
            networks.push(network);
        }
    }
    (nodes, networks)
}

/// Everybody adds to a counter that converges and to one that all agree on, while connections break and the
/// network falls apart for a while.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_agree_over_bad_networks() {
    const EACH: i64 = 15;
    let (nodes, crdt_networks) = three_nodes(Faults { loss: 30, ..Faults::default() }).await;
    let crdts = CrdtConfig { retry: Duration::from_millis(10), mailbox: config(), ..CrdtConfig::default() };
    let counters: Vec<Replica<PnCounter>> = (0..)
        .zip(nodes)
        .map(|(me, (listener, addresses))| Replica::open(me, Some(listener), &addresses, &crdts).unwrap())
        .collect();
    let (nodes, networks) = three_nodes(Faults { loss: 30, ..Faults::default() }).await;
    let agreement = ReplicatedConfig {
        retry: Duration::from_millis(5),
        patience: Duration::from_millis(100),
        heartbeat: Duration::from_millis(50),
        mailbox: config(),
    };
    let variables: Vec<Replicated<i64, i64>> = (0..)
        .zip(nodes)
        .map(|(me, (listener, addresses))| Replicated::open(me, listener, &addresses, 0, &agreement).unwrap())
        .collect();
    let mut adders = JoinSet::new();
    for (counter, variable) in counters.iter().zip(&variables) {
        let (mut counter, mut variable) = (counter.clone(), variable.clone());
        adders.spawn(async move {
            for _ in 0..EACH {
                // Both in one section, which runs again until everybody agrees.
                let both = |section: &mut Section| {
                    let (counted, value) = (counter.read(section, &())?, variable.read(section, &())?);
                    counter.write(section, &(), counted + 1)?;
                    variable.write(section, &(), value + 1)
                };
                let mut both = both;
                while conformance::commit(&mut both).await.is_err() {
                    sleep(Duration::from_millis(2)).await;
                }
            }
        });
    }
    let weather = tokio::spawn(async move {
        let all: Vec<Network> = crdt_networks.into_iter().chain(networks).collect();
        for round in 0.. {
            sleep(Duration::from_millis(150)).await;
            all[round % all.len()].faults.lock().partitioned = true;
            sleep(Duration::from_millis(100)).await;
            all[round % all.len()].faults.lock().partitioned = false;
        }
    });
    timeout(LIMIT, adders.join_all()).await.expect("everybody gets through");
    let agreed = async {
        while counters.iter().any(|c| c.load().unwrap() != 3 * EACH) || variables.iter().any(|v| v.load() != 3 * EACH) {
            sleep(Duration::from_millis(2)).await;
        }
    };
    let in_time = timeout(LIMIT, agreed).await.is_ok();
    let seen: Vec<_> =
        counters.iter().map(|c| c.load().unwrap()).chain(variables.iter().map(Replicated::load)).collect();
    assert!(in_time, "{seen:?}");
    weather.abort();
}

/// Two nodes that connect to each other in the same moment keep both connections: what came over one is
/// acknowledged over that one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_made_at_once_do_not_disturb_each_other() {
    const LAST: i64 = 2000;
    let faults = Faults { delay: Duration::from_millis(30), ..Faults::default() };
    let listeners = [TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap()];
    let real = listeners.each_ref().map(|listener| listener.local_addr().unwrap());
    let networks = [Network::before(real[0], faults).await, Network::before(real[1], faults).await];
    let mut nodes = Vec::new();
    for (me, listener) in (0..).zip(listeners) {
        let addresses = BTreeMap::from([(0, networks[0].address), (1, networks[1].address)]);
        nodes.push(Mailboxes::<i64, i64>::open(Some(listener), [me], &addresses, &MailboxConfig::default()).unwrap());
    }
    let mut exchanges = JoinSet::new();
    for (me, links) in (0..).zip(nodes) {
        let mut outbox = links.clone();
        exchanges.spawn(async move {
            for n in 1..=LAST {
                while conformance::commit(|s| outbox.write(s, &(1 - me), n)).await.is_err() {
                    sleep(Duration::from_millis(1)).await;
                }
            }
            timeout(LIMIT, outbox.flushed()).await.expect("everything is acknowledged");
        });
        let mut inbox = links;
        exchanges.spawn(async move {
            for n in 1..=LAST {
                let got = loop {
                    match timeout(LIMIT, conformance::commit(|s| inbox.read(s, &me))).await.expect("it is read") {
                        Ok(got) => break got,
                        Err(_) => sleep(Duration::from_millis(1)).await,
                    }
                };
                assert_eq!(got, n);
            }
        });
    }
    timeout(LIMIT, exchanges.join_all()).await.expect("everything is exchanged");
    let connections = networks.each_ref().map(|n| n.connections.load(Ordering::Relaxed));
    assert_eq!(connections, [1, 1]);
}

/// Forwards connections; after a few milliseconds the sender's side of each ends, while the receiver's side stays and
/// what is under way to it goes on arriving.
async fn half_open(listener: TcpListener, to: SocketAddr) {
    let mut connections = JoinSet::new();
    for number in 0u64.. {
        let (mut from, _) = listener.accept().await.expect("it listens");
        let mut into = TcpStream::connect(to).await.expect("the receiver listens");
        let life = Duration::from_micros(3_000 + number * 7_919 % 15_000);
        connections.spawn(async move {
            let _ = timeout(life, copy_bidirectional(&mut from, &mut into)).await;
            drop(from);
            sleep(Duration::from_millis(300)).await;
        });
    }
}

/// A sender connects again while messages of its old connection are still under way: they neither overtake each other
/// nor come twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_new_connection_fences_the_old_one() {
    let config = MailboxConfig { reconnect_after: Duration::from_micros(200), ..MailboxConfig::default() };
    let receiver = receiver(&config).await;
    let between = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = between.local_addr().unwrap();
    let _network = AbortOnDropHandle::new(tokio::spawn(half_open(between, receiver.address)));
    let count = 500_000;
    let (links, _node) = sender(address, 1, count, &config);
    receiver.expect(1..=count).await;
    timeout(LIMIT, links.flushed()).await.expect("everything is acknowledged in the end");
    receiver.expect_nothing().await;
}
