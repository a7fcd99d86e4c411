//! The loop of archetypes: stopping, failing, panicking, sharing state.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::SeqCst};
use std::sync::Arc;
use std::time::Duration;

use mpcal_runtime::resource::{MailboxConfig, Placeholder, Shared};
use mpcal_runtime::{Error, MappingMacro, Node, PlainVariable, Section, Step};
use mpcal_tests::pair::{constants, model, receiver, LIMIT};
use tokio::time::timeout;

#[tokio::test]
async fn stopping_twice_and_late_is_fine() {
    let mut receiver = receiver(&MailboxConfig::default()).await;
    let stop = receiver.node.stop_handle();
    stop.stop();
    stop.stop();
    timeout(LIMIT, receiver.node.join()).await.unwrap().unwrap();
    stop.stop();
    timeout(LIMIT, receiver.node.join()).await.unwrap().unwrap();
}

/// On one thread two loops that never block make progress, and `stop` is heard.
#[tokio::test]
async fn a_loop_that_never_blocks_starves_nobody() {
    let (a, b) = (Shared::new(0), Shared::new(0));
    let mut node = Node::new();
    node.spawn(model::Spinner::new(2, &constants(), model::SpinnerParameters { counter: a.clone() }).unwrap());
    node.spawn(model::Spinner::new(3, &constants(), model::SpinnerParameters { counter: b.clone() }).unwrap());
    timeout(LIMIT, async {
        while a.load() < 1000 || b.load() < 1000 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("both make progress");
    node.stop_handle().stop();
    timeout(LIMIT, node.join()).await.expect("they stop").unwrap();
}

/// A failed assertion says where, and stops the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_assertion_surfaces_and_stops_the_node() {
    let counter = Shared::new(0);
    let mut node = Node::new();
    node.spawn(model::Spinner::new(2, &constants(), model::SpinnerParameters { counter: counter.clone() }).unwrap());
    node.spawn(model::Failing::new(4, &constants(), model::FailingParameters { counter: counter.clone() }).unwrap());
    let error = timeout(LIMIT, node.join()).await.expect("the node ends").expect_err("the assertion fails");
    let said = error.to_string();
    assert!(said.contains("Failing(4) at fail: assertion failed: counter < 0"), "{said}");
}

/// Two loops over one variable lose no addition.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sections_over_one_variable_are_serializable() {
    let counter = Shared::new(0);
    let mut node = Node::new();
    for id in 2..4 {
        node.spawn(
            model::Spinner::new(id, &constants(), model::SpinnerParameters { counter: counter.clone() }).unwrap(),
        );
    }
    timeout(LIMIT, async {
        while counter.load() < 20_000 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .expect("they make progress");
    node.stop_handle().stop();
    let counters = timeout(LIMIT, node.join()).await.unwrap().unwrap();
    assert_eq!(counter.load() as u64, counters.commits);
}

/// Sections that take two variables in opposite orders never wait for each other, and who looks at both never
/// acts on one from before and one from after a section, although nothing is locked while it looks.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_acts_on_a_torn_snapshot() {
    let (a, b) = (Shared::new(0), Shared::new(0));
    let mut movers = Node::new();
    movers.spawn(
        model::Transfer::new(6, &constants(), model::TransferParameters { from: a.clone(), into: b.clone() }).unwrap(),
    );
    movers.spawn(
        model::Transfer::new(6, &constants(), model::TransferParameters { from: b.clone(), into: a.clone() }).unwrap(),
    );
    let mut auditors = Node::new();
    auditors.spawn(
        model::Auditor::new(
            7,
            &constants(),
            model::AuditorParameters { rounds: 30_000, first: a.clone(), second: b.clone() },
        )
        .unwrap(),
    );
    auditors.spawn(
        model::Auditor::new(
            7,
            &constants(),
            model::AuditorParameters { rounds: 30_000, first: b.clone(), second: a.clone() },
        )
        .unwrap(),
    );
    timeout(LIMIT, auditors.join()).await.expect("they get their turn").expect("what they see is whole");
    movers.stop_handle().stop();
    timeout(LIMIT, movers.join()).await.expect("nobody is stuck").unwrap();
    assert_eq!(a.load() + b.load(), 0);
}

/// Steps that touch nothing stand between steps that contend for a variable: whoever had it for itself gives
/// it back.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn contenders_give_back_what_they_do_not_touch() {
    let counter = Shared::new(0);
    let mut node = Node::new();
    for _ in 0..4 {
        node.spawn(
            model::Sometimes::new(
                8,
                &constants(),
                model::SometimesParameters { rounds: 30_000, counter: counter.clone() },
            )
            .unwrap(),
        );
    }
    let counters = timeout(LIMIT, node.join()).await.expect("nobody waits for himself").unwrap();
    assert_eq!((counter.load(), counters.commits), (80_000, 120_004));
}

struct Panics;

impl MappingMacro for Panics {
    type Index = ();
    type Read = i64;
    type Write = i64;

    fn read(&mut self, _: &mut Section, (): &()) -> Step<i64> {
        panic!("out of order")
    }

    fn write(&mut self, _: &mut Section, (): &(), _: i64) -> Step<()> {
        Ok(())
    }
}

impl PlainVariable for Panics {}

#[tokio::test]
async fn a_panic_in_a_resource_surfaces() {
    let mut node = Node::new();
    node.spawn(model::Spinner::new(2, &constants(), model::SpinnerParameters { counter: Panics }).unwrap());
    let error = timeout(LIMIT, node.join()).await.unwrap().expect_err("it panics");
    assert!(
        matches!(&error, Error::In { label: "spin", cause, .. } if cause.to_string() == "panic: out of order"),
        "{error}"
    );
    let mut node = Node::new();
    node.spawn(
        model::Spinner::new(2, &constants(), model::SpinnerParameters { counter: Placeholder::new("counter") })
            .unwrap(),
    );
    let error = timeout(LIMIT, node.join()).await.unwrap().expect_err("it is a placeholder");
    assert!(error.to_string().contains("`counter` is a placeholder"), "{error}");
}

/// Archetypes that wait do nothing at all.
#[tokio::test]
async fn who_waits_does_not_poll() {
    let mut receiver = receiver(&MailboxConfig::default()).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    receiver.node.stop_handle().stop();
    let counters = receiver.node.join().await.unwrap();
    assert_eq!((counters.commits, counters.retries, counters.sleeps), (0, 1, 1));
}

/// A variable whose value is noted when it is read, or held against what was noted.
struct Noted {
    variable: Shared<i64>,
    noted: Arc<AtomicI64>,
    /// How often another value was noted; none for who takes the notes.
    torn: Option<Arc<AtomicU64>>,
}

impl MappingMacro for Noted {
    type Index = ();
    type Read = i64;
    type Write = i64;

    fn read(&mut self, section: &mut Section, (): &()) -> Step<i64> {
        let value = *self.variable.view(section)?;
        match &self.torn {
            None => self.noted.store(value, SeqCst),
            Some(torn) => drop(torn.fetch_add(u64::from(self.noted.load(SeqCst) != value), SeqCst)),
        }
        Ok(value)
    }

    fn write(&mut self, section: &mut Section, (): &(), value: i64) -> Step<()> {
        self.variable.write(section, &(), value)
    }
}

impl PlainVariable for Noted {}

/// What an operator is evaluated on was true at one moment, also in an attempt that is never committed: otherwise
/// `Down(x - y)` could go on without end, or a set be larger than memory, where `x = y` always holds.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_evaluated_on_a_torn_snapshot() {
    let constants = Arc::new(torn::Constants {});
    let (x, y) = (Shared::new(0), Shared::new(0));
    let mut movers = Node::new();
    for _ in 0..2 {
        let both = torn::MoverParameters { x: x.clone(), y: y.clone() };
        movers.spawn(torn::Mover::new(1, &constants, both).unwrap());
    }
    let (noted, count) = (Arc::default(), Arc::<AtomicU64>::default());
    let first = Noted { variable: x.clone(), noted: Arc::clone(&noted), torn: None };
    let second = Noted { variable: y.clone(), noted, torn: Some(count.clone()) };
    let mut readers = Node::new();
    let parameters = torn::ReaderParameters { rounds: 100_000, x: first, y: second };
    readers.spawn(torn::Reader::new(2, &constants, parameters).unwrap());
    timeout(LIMIT, readers.join()).await.expect("it gets its turn").expect("what it sees is whole");
    movers.stop_handle().stop();
    timeout(LIMIT, movers.join()).await.expect("nobody is stuck").unwrap();
    assert!(x.load() > 0 && x.load() == y.load());
    assert_eq!(count.load(SeqCst), 0, "an attempt saw one variable from before a section and one from after it");
}

mod torn {
    mpcal_macros::mpcal! { r#"
        --mpcal Torn {
          archetype Mover(ref x, ref y)
          { move: while (TRUE) { x := x + 1; y := y + 1; }; }
          archetype Reader(ref x, ref y, rounds)
          { look: while (rounds > 0) { await x - y = 0; rounds := rounds - 1; }; }
          variables x = 0, y = 0;
          process (mover = 1) == instance Mover(ref x, ref y);
          process (reader = 2) == instance Reader(ref x, ref y, 10);
        }
    "# }
}
