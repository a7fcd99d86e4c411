//! Nodes as they are deployed, in a world where a seed decides what the clock, the tasks and the network do.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mpcal_runtime::host::Listener;
use mpcal_runtime::resource::{DurableLog, MailboxConfig, Mailboxes};
use mpcal_runtime::value::Seq;
use mpcal_runtime::wal::{Wal, WalConfig};
use mpcal_runtime::{MappingMacro, Node, Section, Step};
use mpcal_tests::pair::{self, model};
use mpcal_tests::simulated::World;
use parking_lot::Mutex;
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
        world.start("receiver", 200, async move {
            let listener = Listener::bind(address).await.expect("the address is free");
            let receiver = pair::receiver_with(listener, &BTreeMap::new(), &there);
            loop {
                let number = receiver.told.receive().await;
                all.lock().push(number);
            }
        });
        let (done, mut is_done) = tokio::sync::watch::channel(false);
        world.start("sender", -200, async move {
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
        world.start("receiver", 0, async move {
            let listener = Listener::bind(address).await.expect("the address is free");
            let _receiver = pair::receiver_with(listener, &BTreeMap::new(), &MailboxConfig::default());
            std::future::pending().await
        });
        world.start("sender", 0, async move {
            let (_links, mut node) = pair::sender(address, 1, 3, &MailboxConfig::default());
            node.join().await.expect("nothing fails");
            std::future::pending().await
        });
        tokio::time::sleep(Duration::from_secs(3600)).await;
    });
    assert!(passed >= Duration::from_secs(3600));
    assert!(start.elapsed() < Duration::from_secs(20), "it took {:?}", start.elapsed());
}

/// Adds what is told to a durable sequence.
struct Journal(DurableLog<i64>);

impl MappingMacro for Journal {
    type Index = ();
    type Read = i64;
    type Write = i64;

    fn read(&mut self, section: &mut Section, (): &()) -> Step<i64> {
        Ok(self.0.read(section, &())?.len() as i64)
    }

    fn write(&mut self, section: &mut Section, (): &(), told: i64) -> Step<()> {
        let mut all = self.0.read(section, &())?;
        all.push(told);
        self.0.write(section, &(), all)
    }
}

impl model::Told for Journal {}

/// A receiver that keeps what it is told, for ever.
async fn durable_receiver(address: SocketAddr, config: MailboxConfig, now: Arc<Mutex<Seq<i64>>>) {
    let wal = Wal::open("receiver.wal", &WalConfig { compact_at: 1 << 12, ..WalConfig::default() });
    let wal = wal.expect("what a crash leaves can be read");
    let told = DurableLog::new(&wal, "told").expect("it is a sequence");
    let listener = Listener::bind(address).await.expect("the address is free");
    let net = Mailboxes::open(Some(listener), [1], &BTreeMap::new(), &config).expect("it opens");
    let parameters = model::ReceiverParameters { net, told: Journal(told.clone()) };
    let mut node = Node::new();
    node.spawn_durable(model::Receiver::new(1, &pair::constants(), parameters).expect("it starts"), &wal, "receiver")
        .expect("it is its state");
    let watch = async {
        loop {
            *now.lock() = told.load();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        biased;
        result = node.join() => panic!("{result:?}"),
        () = watch => {}
    }
}

/// A receiver crashes again and again; its disk keeps what was flushed, and anything of the rest. What was acknowledged is
/// there, and what was told comes in order.
#[test]
fn what_was_acknowledged_survives_crashes_whatever_the_seed() {
    let mut crashes = 0;
    for seed in 1..=20 {
        let config = MailboxConfig { inbox_capacity: 8, outbox_capacity: 8, ..MailboxConfig::default() };
        let ((told, count), ..) = World::run(seed, |world| async move {
            let address = SocketAddr::from(([10, 0, 0, 1], 7000));
            let (done, mut is_done) = tokio::sync::watch::channel(false);
            let ours = config.clone();
            world.start("sender", 0, async move {
                let (links, mut node) = pair::sender(address, 1, MESSAGES, &ours);
                node.join().await.expect("nothing fails");
                links.flushed().await;
                done.send_replace(true);
                std::future::pending().await
            });
            let (now, mut count) = (Arc::new(Mutex::new(Seq::new())), 0);
            let mut receiver = world.start("receiver", 0, durable_receiver(address, config.clone(), now.clone()));
            while !*is_done.borrow_and_update() {
                world.wait(Duration::from_millis(200)).await;
                receiver.crash();
                count += 1;
                assert!(count < 1_000, "seed {seed}: it does not end");
                receiver = world.start("receiver", 0, durable_receiver(address, config.clone(), now.clone()));
            }
            tokio::time::sleep(Duration::from_secs(10)).await;
            let told: Vec<i64> = now.lock().iter().copied().collect();
            (told, count)
        });
        crashes += count;
        // A message whose taking was not flushed comes again, behind those before it.
        let mut next = 1;
        for number in &told {
            assert!(*number <= next, "seed {seed}: {next} is missing in {told:?}");
            next = next.max(number + 1);
        }
        assert_eq!(next, MESSAGES + 1, "seed {seed}: {told:?}");
    }
    assert!(crashes > 60, "there are crashes: {crashes}");
}
