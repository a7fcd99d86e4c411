//! Mailboxes over a network that loses, delays, cuts and holds back, and under storms of connections.

use std::collections::BTreeMap;
use std::time::Duration;

use mpcal_runtime::resource::MailboxConfig;
use mpcal_tests::pair::{receiver, sender, Faults, Network, LIMIT};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout, Instant};

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
    let network = Network::before(receiver.address, Faults::default()).await;
    let faults = network.faults.clone();
    let weather = tokio::spawn(async move {
        loop {
            sleep(Duration::from_millis(40)).await;
            faults.lock().partitioned = true;
            sleep(Duration::from_millis(400)).await;
            faults.lock().partitioned = false;
        }
    });
    let mut sent = 0;
    while sent < 500 {
        let (links, _node) = sender(network.address, sent + 1, sent + 100, &config());
        receiver.expect(sent + 1..=sent + 100).await;
        timeout(LIMIT, links.flushed()).await.expect("everything is acknowledged in the end");
        sent += 100;
    }
    receiver.expect_nothing().await;
    weather.abort();
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
