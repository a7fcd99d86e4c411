//! A panic of what a user has written stops the node with its cause, and leaves no half of a section, whenever it comes.

#![allow(clippy::disallowed_methods, reason = "tests run on the operating system")]

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use mpcal_runtime::resource::{
    Crdt, CrdtConfig, Delivery, Durable, MailboxConfig, Mailboxes, Replica, ReplicaId, Shared,
};
use mpcal_runtime::value::{Data, Eval, Value};
use mpcal_runtime::wal::{Storage, Wal};
use mpcal_runtime::{conformance, Cell, Core, MappingMacro, Node, Section, Step};
use tokio::time::timeout;

mod by_hand;

use by_hand::archetype;

const LIMIT: Duration = Duration::from_secs(10);

/// When a cell panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    PreCommit,
    Validate,
    Commit,
    Committed,
    Clear,
}

/// A cell of a user that panics.
struct Faulty {
    core: Arc<Core>,
    when: When,
}

impl Faulty {
    fn reach(&self, when: When) {
        assert!(self.when != when, "faulty at {when:?}");
    }
}

impl Cell for Faulty {
    type Staged = ();

    fn core(&self) -> &Arc<Core> {
        &self.core
    }
    fn poll_pre_commit(&self, (): &mut (), _: &mut Context<'_>) -> Poll<Step<()>> {
        self.reach(When::PreCommit);
        Poll::Ready(Ok(()))
    }
    fn validate(&self, (): &(), _: u64) -> bool {
        self.reach(When::Validate);
        true
    }
    fn commit(&self, (): &mut ()) {
        self.reach(When::Commit);
        self.core.changed();
    }
    fn committed(&self, (): &mut ()) {
        self.reach(When::Committed);
    }
    fn clear(&self, (): &mut ()) {
        self.reach(When::Clear);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cell_that_panics_stops_the_node_and_leaves_no_half_of_a_section() {
    for when in [When::PreCommit, When::Validate, When::Commit, When::Committed, When::Clear] {
        // One cell is committed before the faulty one, and one after it.
        let before = Shared::new(0);
        let faulty = Arc::new(Faulty { core: Core::new(), when });
        let after = Shared::new(0);
        let (mut first, mut second, cell) = (before.clone(), after.clone(), faulty.clone());
        let mut node = Node::new();
        node.spawn(archetype(move |section: &mut Section| {
            first.write(section, &(), 1)?;
            section.stage(&cell);
            second.write(section, &(), 1)?;
            Ok(true)
        }));
        let said = timeout(LIMIT, node.join()).await.expect("the node stops").expect_err("it fails").to_string();
        assert!(said.starts_with("Once(1) at step: panic: ") && said.contains("faulty at"), "{said}");
        let is_committed = i64::from(!matches!(when, When::PreCommit | When::Validate));
        assert_eq!((before.load(), after.load()), (is_committed, is_committed), "{when:?}");
        // Nobody holds anything.
        let (mut first, mut second) = (before, after);
        let others = conformance::commit(|section| {
            first.write(section, &(), 2)?;
            second.write(section, &(), 2)
        });
        timeout(LIMIT, others).await.expect("others go on").expect("nothing is wrong with these");
        drop(faulty.core.outside_change());
    }
}

/// A disk that panics when it is to be flushed.
struct NoDisk;

impl Storage for NoDisk {
    fn append(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
    fn flush(&mut self) -> io::Result<()> {
        panic!("there is no disk")
    }
}

#[tokio::test]
async fn a_storage_that_panics_is_a_log_that_has_failed() {
    let wal = Wal::on(NoDisk);
    let mut number = Durable::new(&wal, "number", 0).unwrap();
    let mut node = Node::new();
    node.stop_with(&wal);
    node.spawn(archetype(move |section| {
        let next = number.read(section, &())? + 1;
        number.write(section, &(), next)?;
        Ok(false)
    }));
    let said = timeout(LIMIT, node.join()).await.expect("the node stops").expect_err("it fails").to_string();
    assert!(said.contains("the write-ahead log has failed: ") && said.contains("there is no disk"), "{said}");
    timeout(LIMIT, wal.close()).await.expect("it ends").expect_err("it has failed");
}

/// A number that cannot be read, or be given up, if it is 13.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
struct Unlucky {
    number: i64,
    /// Whether it is the end of it that panics, and not its beginning.
    at_end: bool,
}

impl<'de> serde::Deserialize<'de> for Unlucky {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (number, at_end) = serde::Deserialize::deserialize(deserializer)?;
        assert!(number != 13 || at_end, "13 cannot be read");
        Ok(Self { number, at_end })
    }
}

impl Data for Unlucky {
    fn to_value(&self) -> Value {
        self.number.to_value()
    }

    fn from_value(value: &Value) -> Eval<Self> {
        Ok(Self { number: i64::from_value(value)?, at_end: false })
    }
}

impl Drop for Unlucky {
    fn drop(&mut self) {
        // The test itself gives numbers up, too.
        let is_task = std::thread::current().name().is_some_and(|name| name.starts_with("tokio"));
        assert!(!(self.at_end && is_task && self.number == 13), "13 cannot be given up");
    }
}

/// A message over which its type panics costs its connection: the node connects again, and others arrive.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_panics_costs_its_connection() {
    let config = MailboxConfig {
        delivery: Delivery::Relaxed,
        reconnect_after: Duration::from_millis(5),
        // What does not fit is given up where it arrives.
        inbox_capacity: 1,
        ..MailboxConfig::default()
    };
    for at_end in [false, true] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let there = BTreeMap::from([(1, listener.local_addr().unwrap())]);
        // Nobody listens there: answers go back over the connection that they are answers to.
        let back = BTreeMap::from([(2, SocketAddr::from(([127, 0, 0, 1], 1)))]);
        let mut asked = Mailboxes::<i64, Unlucky>::open(Some(listener), [1], &back, &config).unwrap();
        let nobody = None::<tokio::net::TcpListener>;
        let mut asks = Mailboxes::<i64, Unlucky>::open(nobody, [2], &there, &config).unwrap();
        let all = async {
            let (mut next, mut last) = (20, 0);
            while last < 120 {
                let number = Unlucky { number: next, at_end };
                conformance::commit(|section| asks.write(section, &1, number.clone())).await.unwrap();
                next += 1;
                tokio::time::sleep(Duration::from_millis(5)).await;
                while let Ok(number) = conformance::commit(|section| asked.read(section, &1)).await {
                    last = number.number;
                    if last < 40 {
                        let number = Unlucky { number: 13, at_end };
                        conformance::commit(|section| asked.write(section, &2, number.clone())).await.unwrap();
                    }
                }
            }
        };
        timeout(LIMIT, all).await.unwrap_or_else(|_| panic!("messages arrive, at the end: {at_end}"));
    }
}

/// The largest number that any node has written; 13 cannot be merged.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
struct Largest(i64);

impl Crdt for Largest {
    type Content = i64;

    fn content(&self) -> Eval<i64> {
        Ok(self.0)
    }

    fn delta(&self, _: ReplicaId, wanted: &i64) -> Eval<Self> {
        Ok(Self(*wanted))
    }

    fn merge(&mut self, other: &Self) -> bool {
        // The node that writes 13 has no trouble with it.
        assert!(other.0 != 13 || self.0 == 12, "13 cannot be merged");
        let is_new = other.0 > self.0;
        self.0 = self.0.max(other.0);
        is_new
    }
}

/// A replica that can no longer take part stops the node that uses it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merge_that_panics_stops_the_node() {
    let listeners = [(); 2].map(|()| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    let addresses: BTreeMap<i64, SocketAddr> =
        (1..).zip(&listeners).map(|(id, listener)| (id, listener.local_addr().unwrap())).collect();
    let mut replicas = (1..).zip(listeners).map(|(id, listener)| {
        listener.set_nonblocking(true).unwrap();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        Replica::<Largest>::open(id, Some(listener), &addresses, &CrdtConfig::default()).unwrap()
    });
    let (mut one, mut other) = (replicas.next().unwrap(), replicas.next().unwrap());
    let mut node = Node::new();
    node.spawn(archetype(move |section: &mut Section| {
        let largest = other.read(section, &())?;
        section.wait_for(largest == 13)?;
        Ok(false)
    }));
    for number in [12, 13] {
        conformance::commit(|section| one.write(section, &(), number)).await.unwrap();
    }
    let said = timeout(LIMIT, node.join()).await.expect("the node stops").expect_err("it fails").to_string();
    assert!(said.contains("13 cannot be merged"), "{said}");
}
