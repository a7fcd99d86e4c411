//! Replicated data types: their laws, and that replicas converge whatever gets lost between them.

#![allow(clippy::disallowed_methods, reason = "tests run on the operating system")]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use mpcal_runtime::host::Listener;
use mpcal_runtime::resource::{
    AddWinsSet, Crdt, CrdtConfig, GrowOnlyCounter, LastWriterWinsMap, LastWriterWinsSet, MailboxConfig, PnCounter,
    Replica,
};
use mpcal_runtime::value::{Function, Set};
use mpcal_runtime::wal::{Storage, Wal, WalConfig};
use mpcal_runtime::{conformance, MappingMacro};
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

const LIMIT: Duration = Duration::from_secs(30);

struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// A random change of a content.
trait Vary: Crdt {
    fn vary(content: &Self::Content, random: &mut Random) -> Self::Content;
}

impl Vary for GrowOnlyCounter {
    fn vary(content: &i64, random: &mut Random) -> i64 {
        content + random.below(5) as i64
    }
}

impl Vary for PnCounter {
    fn vary(content: &i64, random: &mut Random) -> i64 {
        content + random.below(9) as i64 - 4
    }
}

fn vary_set(content: &Set<i64>, random: &mut Random) -> Set<i64> {
    let element = random.below(4) as i64;
    let removes = random.below(2) == 0;
    let kept = content.iter().copied().filter(|e| !removes || *e != element);
    kept.chain((!removes).then_some(element)).collect()
}

impl Vary for AddWinsSet<i64> {
    fn vary(content: &Set<i64>, random: &mut Random) -> Set<i64> {
        vary_set(content, random)
    }
}

impl Vary for LastWriterWinsSet<i64> {
    fn vary(content: &Set<i64>, random: &mut Random) -> Set<i64> {
        vary_set(content, random)
    }
}

impl Vary for LastWriterWinsMap<i64, i64> {
    fn vary(content: &Function<i64, i64>, random: &mut Random) -> Function<i64, i64> {
        let (key, value, removes) = (random.below(4) as i64, random.below(3) as i64, random.below(3) == 0);
        let kept = content.iter().map(|(k, v)| (k, *v)).filter(|(k, _)| *k != key);
        kept.chain((!removes).then_some((key, value))).collect()
    }
}

fn merged<C: Crdt>(a: &C, b: &C) -> C {
    let mut both = a.clone();
    let news = both.merge(b);
    assert_eq!(news, both != *a, "merge says whether there was anything new: {a:?} and {b:?}");
    both
}

/// Replicas that change and merge at random: what each wants comes about, and merging is commutative,
/// associative and idempotent. Deltas alone bring everybody to the same as whole states.
fn laws<C: Vary + Debug>() {
    let mut random = Random(std::mem::size_of::<C>() as u64);
    for _ in 0..300 {
        let mut replicas = [C::default(), C::default(), C::default()];
        let mut deltas = Vec::new();
        for _ in 0..random.below(20) {
            let at = random.below(3) as usize;
            if random.below(3) == 0 {
                replicas[at] = merged(&replicas[at], &replicas[random.below(3) as usize]);
                continue;
            }
            let wanted = C::vary(&replicas[at].content().unwrap(), &mut random);
            let delta = replicas[at].delta(at as u64 + 1, &wanted).unwrap();
            replicas[at] = merged(&replicas[at], &delta);
            assert_eq!(replicas[at].content().unwrap(), wanted);
            deltas.push(delta);
        }
        let [a, b, c] = &replicas;
        assert_eq!(merged(a, a), *a);
        assert_eq!(merged(a, b), merged(b, a));
        let all = merged(&merged(a, b), c);
        assert_eq!(all, merged(a, &merged(b, c)));
        let mut told = C::default();
        for n in 0..deltas.len() {
            // Any order, some twice.
            let other = random.below(deltas.len() as u64) as usize;
            deltas.swap(n, other);
        }
        for delta in deltas.iter().chain(&deltas) {
            told.merge(delta);
        }
        assert_eq!(told.content().unwrap(), all.content().unwrap(), "{deltas:?}");
    }
}

#[test]
fn merging_has_its_laws() {
    laws::<GrowOnlyCounter>();
    laws::<PnCounter>();
    laws::<AddWinsSet<i64>>();
    laws::<LastWriterWinsSet<i64>>();
    laws::<LastWriterWinsMap<i64, i64>>();
}

fn set(elements: &[i64]) -> Set<i64> {
    elements.iter().copied().collect()
}

fn with<C: Crdt>(state: &C, replica: u64, wanted: &C::Content) -> C {
    merged(state, &state.delta(replica, wanted).unwrap())
}

#[test]
fn an_addition_wins_over_a_removal_at_once() {
    let both = with(&AddWinsSet::default(), 1, &set(&[1, 2]));
    let removes = with(&both, 1, &set(&[2]));
    let adds = with(&with(&both, 2, &set(&[2])), 2, &set(&[1, 2]));
    assert_eq!(merged(&removes, &adds).content().unwrap(), set(&[1, 2]));
    assert_eq!(merged(&removes, &both).content().unwrap(), set(&[2]), "a removal that has seen the addition holds");
}

#[test]
fn a_removal_is_not_lost_in_a_merge() {
    let both = with(&LastWriterWinsSet::default(), 1, &set(&[1, 2]));
    let removed = with(&both, 2, &set(&[2]));
    assert_eq!(merged(&both, &removed).content().unwrap(), set(&[2]));
    assert_eq!(merged(&removed, &both).content().unwrap(), set(&[2]));
    assert_eq!(with(&removed, 1, &set(&[1, 2])).content().unwrap(), set(&[1, 2]), "it can come back");
}

#[test]
fn what_a_type_does_not_allow_is_an_error() {
    let three = with(&GrowOnlyCounter::default(), 1, &3);
    assert!(three.delta(1, &2).is_err());
    let most = with(&GrowOnlyCounter::default(), 1, &i64::MAX);
    assert!(merged(&most, &with(&GrowOnlyCounter::default(), 2, &1)).content().is_err(), "too large for an integer");
}

async fn addresses(count: i64) -> (BTreeMap<i64, SocketAddr>, Vec<TcpListener>) {
    let (mut addresses, mut listeners) = (BTreeMap::new(), Vec::new());
    for index in 0..count {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        addresses.insert(index, listener.local_addr().unwrap());
        listeners.push(listener);
    }
    (addresses, listeners)
}

fn config() -> CrdtConfig {
    let mailbox = MailboxConfig { reconnect_after: Duration::from_millis(1), ..MailboxConfig::default() };
    CrdtConfig { retry: Duration::from_millis(10), deltas: 8, mailbox }
}

async fn write<C: Crdt>(replica: &Replica<C>, change: impl Fn(C::Content) -> C::Content) {
    let mut replica = replica.clone();
    conformance::commit(|section| {
        let content = replica.read(section, &())?;
        replica.write(section, &(), change(content.clone()))
    })
    .await
    .expect("it commits");
}

async fn becomes<C: Crdt>(replica: &Replica<C>, wanted: &C::Content) {
    let seen = timeout(LIMIT, async {
        while replica.load().unwrap() != *wanted {
            sleep(Duration::from_millis(1)).await;
        }
    });
    assert!(seen.await.is_ok(), "{:?}, not {wanted:?}", replica.load());
}

/// Three nodes, of which one is away for a while, one loses its memory, and everybody writes all the time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_converge_with_some_away() {
    let (addresses, mut listeners) = addresses(3).await;
    let open = |index: i64, listener: TcpListener| {
        Replica::<PnCounter>::open(index, Some(listener), &addresses, &config()).unwrap()
    };
    let last = listeners.pop().unwrap();
    let mut nodes: Vec<_> = (0..).zip(listeners.drain(..)).map(|(index, listener)| open(index, listener)).collect();
    // The third node is not there yet: it keeps nobody waiting.
    for _ in 0..50 {
        write(&nodes[0], |n| n + 2).await;
        write(&nodes[1], |n| n - 1).await;
    }
    becomes(&nodes[0], &50).await;
    becomes(&nodes[1], &50).await;
    nodes.push(open(2, last));
    becomes(&nodes[2], &50).await;
    write(&nodes[2], |n| n + 7).await;
    becomes(&nodes[0], &57).await;
    becomes(&nodes[1], &57).await;
    // The first node loses its memory, but not what the others know of it.
    nodes.remove(0);
    let listener = loop {
        match TcpListener::bind(addresses[&0]).await {
            Ok(listener) => break listener,
            Err(_) => sleep(Duration::from_millis(1)).await,
        }
    };
    nodes.insert(0, open(0, listener));
    write(&nodes[0], |n| n + 100).await;
    for node in &nodes {
        becomes(node, &157).await;
    }
}

/// What a durable replica has committed or confirmed is there when it comes back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_durable_replica_comes_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("wal");
    let (addresses, mut listeners) = addresses(2).await;
    let (second, first) = (listeners.pop().unwrap(), listeners.pop().unwrap());
    let other = Replica::<AddWinsSet<i64>>::open(1, Some(second), &addresses, &config()).unwrap();
    let wal = Wal::open(&path, &WalConfig::default()).unwrap();
    let durable = Replica::<AddWinsSet<i64>>::durable(0, Some(first), &addresses, &config(), &wal, "set").unwrap();
    write(&durable, |_| set(&[1, 2, 3])).await;
    becomes(&other, &set(&[1, 2, 3])).await;
    write(&other, |_| set(&[3, 4])).await;
    becomes(&durable, &set(&[3, 4])).await;
    drop((durable, other));
    wal.close().await.unwrap();
    // Alone it still has everything.
    let wal = Wal::open(&path, &WalConfig::default()).unwrap();
    let durable = Replica::<AddWinsSet<i64>>::durable(0, None::<Listener>, &addresses, &config(), &wal, "set").unwrap();
    assert_eq!(durable.load().unwrap(), set(&[3, 4]));
    write(&durable, |_| set(&[3, 4, 5])).await;
    assert_eq!(durable.load().unwrap(), set(&[3, 4, 5]));
}

/// A log whose flush takes a while.
struct Slow(Duration);

impl Storage for Slow {
    fn append(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        std::thread::sleep(self.0);
        Ok(())
    }
}

/// Writes that keep coming do not keep others from hearing of those that are on disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_hear_of_a_replica_that_is_always_written() {
    let (mut addresses, mut listeners) = (BTreeMap::new(), Vec::new());
    for index in 0..2i64 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        addresses.insert(index, listener.local_addr().unwrap());
        listeners.push(listener);
    }
    let wal = Wal::on(Slow(Duration::from_millis(2)));
    let config = CrdtConfig::default();
    let other: Replica<PnCounter> = Replica::open(1, listeners.pop(), &addresses, &config).unwrap();
    let mut own: Replica<PnCounter> =
        Replica::durable(0, listeners.pop(), &addresses, &config, &wal, "counter").unwrap();
    let writer = tokio::spawn(async move {
        loop {
            let written = conformance::commit(|section| {
                let value = own.read(section, &())?;
                own.write(section, &(), value + 1)
            });
            written.await.unwrap();
            tokio::task::yield_now().await;
        }
    });
    let heard = async {
        for at_least in [1, 100, 1000] {
            while other.load().unwrap() < at_least {
                sleep(Duration::from_millis(1)).await;
            }
        }
    };
    let heard = timeout(LIMIT, heard).await;
    assert!(!writer.is_finished(), "it writes all the time");
    writer.abort();
    heard.expect("what is on disk is told");
}
