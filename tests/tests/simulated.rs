//! Nodes as they are deployed, in a world where a seed decides what the clock, the tasks and the network do.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mpcal_runtime::host::Listener;
use mpcal_runtime::resource::MailboxConfig;
use mpcal_tests::pair;
use mpcal_tests::simulated::World;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use tokio::time::timeout;

/// Messages that a sender has.
const MESSAGES: i64 = 300;

/// What a receiver was told, over a network that loses connections.
fn told(seed: u64) -> (Vec<i64>, Vec<String>, Duration) {
    let config = MailboxConfig { inbox_capacity: 8, outbox_capacity: 8, ..MailboxConfig::default() };
    World::run(seed, |world| async move {
        let address = SocketAddr::from(([10, 0, 0, 1], 7000));
        let told = Arc::new(Mutex::new(Vec::new()));
        let (all, there) = (told.clone(), config.clone());
        world.start(200, async move {
            let listener = Listener::bind(address).await.expect("the address is free");
            let receiver = pair::receiver_with(listener, &BTreeMap::new(), &there);
            loop {
                let number = receiver.told.receive().await;
                all.lock().push(number);
            }
        });
        let (done, mut is_done) = tokio::sync::watch::channel(false);
        world.start(-200, async move {
            let (links, mut node) = pair::sender(address, 1, MESSAGES, &config);
            node.join().await.expect("nothing fails");
            links.flushed().await;
            done.send_replace(true);
            std::future::pending().await
        });
        timeout(Duration::from_secs(3600), is_done.wait_for(|done| *done)).await.expect("it ends").expect("it lives");
        let told = told.lock().clone();
        told
    })
}

#[test]
fn messages_arrive_once_and_in_order_whatever_the_seed() {
    let all: Vec<i64> = (1..=MESSAGES).collect();
    let mut cuts = 0;
    for seed in 1..=40 {
        let (told, trace, _) = told(seed);
        assert!(told.starts_with(&all[..MESSAGES as usize - 16]), "seed {seed}: {told:?}");
        assert!(all.starts_with(&told), "seed {seed}: {told:?}");
        cuts += trace.iter().filter(|event| event.ends_with("cut")).count();
    }
    assert!(cuts > 40, "connections are lost: {cuts}");
}

#[test]
fn a_seed_decides_everything() {
    let (first, again, other) = (told(5), told(5), told(6));
    assert!(first == again, "the same seed gives the same run");
    assert!(first.1 != other.1, "another seed gives another run");
}

/// An idle hour passes in no time.
#[test]
fn nobody_waits_for_the_clock() {
    let start = std::time::Instant::now();
    let (_, _, passed) = World::run(1, |world| async move {
        let address = SocketAddr::from(([10, 0, 0, 1], 7000));
        world.start(0, async move {
            let listener = Listener::bind(address).await.expect("the address is free");
            let _receiver = pair::receiver_with(listener, &BTreeMap::new(), &MailboxConfig::default());
            std::future::pending().await
        });
        world.start(0, async move {
            let (_links, mut node) = pair::sender(address, 1, 3, &MailboxConfig::default());
            node.join().await.expect("nothing fails");
            std::future::pending().await
        });
        tokio::time::sleep(Duration::from_secs(3600)).await;
    });
    assert!(passed >= Duration::from_secs(3600));
    assert!(start.elapsed() < Duration::from_secs(20), "it took {:?}", start.elapsed());
}
