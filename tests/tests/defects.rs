//! Defects that systems of this kind are known to have had, each shut out by a test: here, or where the table in
//! this package's README says.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use mpcal_runtime::resource::{
    link, AddWinsSet, CrdtConfig, Durable, FailureDetector, FailureDetectorConfig, Family, Replica, Shared, Timer,
};
use mpcal_runtime::value::Set;
use mpcal_runtime::wal::{Wal, WalConfig};
use mpcal_runtime::{conformance, Abort, Cell, Core, MappingMacro, Node, PlainVariable, Section, Step};
use mpcal_tests::pair::{constants, model, LIMIT};
use mpcal_tests::root;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout, Instant};

/// The tests that the last column of a table names; each must exist. Gives the number of rows.
fn tests_of_table(document: &str, heading: &str) -> usize {
    let text = fs::read_to_string(root().join(document)).unwrap();
    let section = text.split(heading).nth(1).expect("there is a table");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with("| ") && line.contains('`'));
    rows.map(|row| {
        let cell = row.rsplit('|').nth(1).unwrap_or_default();
        let names: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "{row}");
        names.into_iter().for_each(exists);
    })
    .count()
}

/// `file::test`, also with modules before and behind the file, or a file of tests.
fn exists(name: &str) {
    let parts: Vec<&str> = name.split("::").collect();
    let roots = [
        "tests/tests",
        "mpcal-runtime/tests",
        "mpcal-runtime/src",
        "mpcal-runtime/src/resource",
        "mpcal-runtime/src/resource/mailbox",
    ];
    let read = |length: &usize| {
        let file = format!("{}.rs", parts[..*length].join("/"));
        roots.iter().find_map(|directory| fs::read_to_string(root().join(directory).join(&file)).ok())
    };
    let length = (1..=parts.len()).rev().find(|length| read(length).is_some());
    let length = length.unwrap_or_else(|| panic!("{name}: no such file"));
    let text = read(&length).unwrap_or_default();
    let test = parts[length..].last();
    assert!(test.is_none_or(|test| text.contains(&format!("fn {test}("))), "{name}: no such test");
}

#[test]
fn the_table_of_defects_names_tests_that_exist() {
    assert_eq!(tests_of_table("tests/README.md", "## Known defects"), 17);
}

#[test]
fn each_promise_of_the_runtime_names_tests_that_exist() {
    assert_eq!(tests_of_table("mpcal-runtime/README.md", "## What is promised"), 22);
}

/// A resource that asks somebody far away before each commit.
struct Remote {
    core: Arc<Core>,
    refuses: bool,
    under_way: AtomicUsize,
    aborted: AtomicUsize,
}

impl Cell for Remote {
    type Staged = bool;

    fn core(&self) -> &Arc<Core> {
        &self.core
    }
    fn poll_pre_commit(&self, asked: &mut bool, _: &mut Context<'_>) -> Poll<Step<()>> {
        if self.refuses {
            return Poll::Ready(Err(Abort::Retry));
        }
        if !std::mem::replace(asked, true) {
            self.under_way.fetch_add(1, Ordering::Relaxed);
        }
        Poll::Pending
    }
    fn commit(&self, _: &mut bool) {}
    fn abort(&self, asked: &mut bool) {
        if std::mem::take(asked) {
            self.under_way.fetch_sub(1, Ordering::Relaxed);
            self.aborted.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Of several remote writes of one section one is refused: the others are called off before it runs again.
#[tokio::test]
async fn a_refusal_calls_off_what_is_under_way() {
    let remote = |refuses| {
        let (under_way, aborted) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Arc::new(Remote { core: Core::new(), refuses, under_way, aborted })
    };
    let [first, second, third] = [remote(false), remote(true), remote(false)];
    let step = conformance::commit(|section| {
        for cell in [&first, &second, &third] {
            section.stage(cell);
        }
        Ok(())
    });
    assert!(matches!(timeout(LIMIT, step).await.expect("it does not wait for the others"), Err(Abort::Retry)));
    let open: usize = [&first, &third].iter().map(|r| r.under_way.load(Ordering::Relaxed)).sum();
    assert_eq!((open, first.aborted.load(Ordering::Relaxed)), (0, 1));
}

/// Writes to a variable, and panics.
struct Bomb(Shared<i64>);

impl MappingMacro for Bomb {
    type Index = ();
    type Read = i64;
    type Write = i64;

    fn read(&mut self, section: &mut Section, (): &()) -> Step<i64> {
        self.0.read(section, &())
    }
    fn write(&mut self, section: &mut Section, (): &(), _: i64) -> Step<()> {
        self.0.write(section, &(), -1_000_000)?;
        panic!("out of order")
    }
}

impl PlainVariable for Bomb {}

/// A panic in the middle of a section leaves nothing behind, and nobody waiting.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_leaves_shared_variables_usable() {
    let counter = Shared::new(0);
    let (mut others, mut failing) = (Node::new(), Node::new());
    others.spawn(model::Spinner::new(2, &constants(), model::SpinnerParameters { counter: counter.clone() }).unwrap());
    failing.spawn(
        model::Spinner::new(3, &constants(), model::SpinnerParameters { counter: Bomb(counter.clone()) }).unwrap(),
    );
    timeout(LIMIT, failing.join()).await.unwrap().expect_err("it panics");
    let then = counter.load();
    assert!(then >= 0, "what the section had written is not there");
    timeout(LIMIT, async {
        while counter.load() < then + 1000 {
            sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .expect("the others go on");
}

/// A write that does not fit is taken back as if it had not been tried.
#[tokio::test]
async fn a_write_into_a_full_channel_can_be_aborted() {
    let (mut out, mut into) = link::<i64>(1);
    conformance::commit(|s| out.write(s, &(), 1)).await.unwrap();
    for _ in 0..3 {
        assert!(matches!(conformance::commit(|s| out.write(s, &(), 2)).await, Err(Abort::Retry)));
    }
    assert_eq!(conformance::commit(|s| into.read(s, &())).await.unwrap(), 1);
    conformance::commit(|s| out.write(s, &(), 3)).await.unwrap();
    assert_eq!(conformance::commit(|s| into.read(s, &())).await.unwrap(), 3);
}

fn set(elements: &[i64]) -> Set<i64> {
    elements.iter().copied().collect()
}

/// What comes from others while a section is open stays when it aborts; what it writes itself is told when it
/// has committed, not before and not never.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_sections_neither_lose_nor_leak_replicated_state() {
    let (mut addresses, mut listeners) = (BTreeMap::new(), Vec::new());
    for index in 0..2 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        addresses.insert(index, listener.local_addr().unwrap());
        listeners.push(listener);
    }
    let mut replicas = (0..).zip(listeners).map(|(index, listener)| {
        Replica::<AddWinsSet<i64>>::open(index, Some(listener), &addresses, &CrdtConfig::default()).unwrap()
    });
    let (mut here, mut there) = (replicas.next().unwrap(), replicas.next().unwrap());
    let wait = |replica: &Replica<AddWinsSet<i64>>, wanted: &[i64]| {
        let since = Instant::now();
        while replica.load().unwrap() != set(wanted) {
            assert!(since.elapsed() < LIMIT, "{:?}, not {wanted:?}", replica.load());
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    let there_too = there.clone();
    let aborted = conformance::commit(|section| {
        let known = here.read(section, &())?;
        here.write(section, &(), [7].into_iter().chain(known.iter().copied()).collect())?;
        // Somebody else writes, and tells us, while this section is open.
        let mut there = there_too.clone();
        tokio::task::block_in_place(|| {
            let write = conformance::commit(|s| there.write(s, &(), set(&[1])));
            tokio::runtime::Handle::current().block_on(write).unwrap();
            wait(&here, &[1]);
        });
        Err::<(), _>(Abort::Retry)
    });
    assert!(matches!(aborted.await, Err(Abort::Retry)));
    assert_eq!((here.load().unwrap(), there.load().unwrap()), (set(&[1]), set(&[1])));
    conformance::commit(|section| {
        here.write(section, &(), set(&[1, 2]))?;
        // Time enough to tell others, if anybody would.
        tokio::task::block_in_place(|| std::thread::sleep(Duration::from_millis(100)));
        assert_eq!(there.load().unwrap(), set(&[1]));
        Ok(())
    })
    .await
    .unwrap();
    wait(&there, &[1, 2]);
    conformance::commit(|s| there.write(s, &(), set(&[]))).await.unwrap();
    wait(&here, &[]);
}

/// What is written through an index is as durable as what is written without.
#[tokio::test]
async fn writes_through_an_index_are_durable() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("wal");
    let open = |wal: &Wal| -> Family<i64, Durable<i64>> {
        (1..=3).map(|i| (i, Durable::new(wal, &format!("cell{i}"), 0).unwrap())).collect()
    };
    let wal = Wal::open(&path, &WalConfig::default()).unwrap();
    let mut family = open(&wal);
    conformance::commit(|s| {
        family.write(s, &2, 5)?;
        family.write(s, &3, 6)
    })
    .await
    .unwrap();
    wal.close().await.unwrap();
    drop(family);
    let family = open(&Wal::open(&path, &WalConfig::default()).unwrap());
    let values: Vec<i64> = (1..=3).map(|i| family.at(&i).unwrap().load()).collect();
    assert_eq!(values, [0, 5, 6]);
}

mod operators {
    mpcal_macros::mpcal! { r#"
        --mpcal Merging {
          archetype Writer(ref store)
          {
            first: store := (1 :> 10) @@ store;
            second: store := (2 :> 20) @@ store;
            again: store := (1 :> 11) @@ store;
            check:
              assert store[1] = 11 /\ store[2] = 20;
              assert ((1 :> "a") @@ (1 :> "b"))[1] = "a";
          }
          variables store = [i \in {3} |-> 0];
          process (writer = 1) == instance Writer(ref store);
        }
    "# }
}

/// The left side of `@@` counts, and a second one does not undo a first.
#[tokio::test]
async fn the_left_side_of_a_merged_function_counts() {
    let store = Shared::new([(3, 0)].into_iter().collect());
    let mut node = Node::new();
    let constants = Arc::new(operators::Constants {});
    node.spawn(operators::Writer::new(1, &constants, operators::WriterParameters { store: store.clone() }).unwrap());
    timeout(LIMIT, node.join()).await.unwrap().unwrap();
    assert_eq!(store.load(), [(1, 11), (2, 20), (3, 0)].into_iter().collect());
}

/// Asking about a process that does not answer takes no time, and keeps nobody from anything.
#[tokio::test]
async fn asking_a_failure_detector_takes_no_time() {
    // It accepts and is silent.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let monitors = BTreeMap::from([(1, silent.local_addr().unwrap())]);
    let config = FailureDetectorConfig { timeout: Duration::from_secs(30), ..FailureDetectorConfig::default() };
    let mut detector = FailureDetector::watch(&monitors, config);
    let mut counter = Shared::new(0);
    let start = Instant::now();
    for n in 0..1000 {
        conformance::commit(|s| {
            counter.write(s, &(), n)?;
            detector.read(s, &1)
        })
        .await
        .unwrap();
    }
    assert!(start.elapsed() < Duration::from_secs(5), "it took {:?}", start.elapsed());
}

/// A timer that is started anew counts from then, whether or not anybody has looked.
#[tokio::test(start_paused = true)]
async fn a_timer_started_anew_counts_from_then() {
    let mut timer = Timer::new(Duration::from_secs(10));
    for _ in 0..3 {
        conformance::commit(|s| timer.write(s, &(), true)).await.unwrap();
        sleep(Duration::from_secs(6)).await;
    }
    assert!(!conformance::commit(|s| timer.read(s, &())).await.unwrap(), "six of ten seconds");
    sleep(Duration::from_secs(5)).await;
    assert!(conformance::commit(|s| timer.read(s, &())).await.unwrap());
    conformance::commit(|s| timer.write(s, &(), true)).await.unwrap();
    assert!(!conformance::commit(|s| timer.read(s, &())).await.unwrap());
}

mod endless {
    mpcal_macros::mpcal! { r#"
        ---- MODULE Endless ----
        EXTENDS Integers
        RECURSIVE Down(_)
        Down(n) == IF n = 0 THEN 0 ELSE 1 + Down(n - 1)
        (*
        --mpcal Endless {
          variables x = 0;
          process (counter = 1) {
            deep: x := Down(500);
            endless: x := Down(-1);
          }
        }
        *)
        ====
    "# }
}

/// A recursive operator without an end is an error that names it, where it stops.
#[tokio::test]
async fn endless_recursion_is_an_error() {
    let constants = Arc::new(endless::Constants {});
    let variables = endless::Variables::new(&constants).expect("the variables have initial values");
    let mut node = Node::new();
    variables.spawn(&mut node, &constants).expect("the process starts");
    let error = node.join().await.expect_err("it has no end").to_string();
    assert!(error.contains("`Down` calls itself too deep"), "{error}");
    assert_eq!(variables.x.load(), 500);
    let model = "---- MODULE M ----\nEXTENDS Integers\nRECURSIVE Down(_)\nDown(n) == Down(n - 1)\n(*\n--mpcal M {\n  \
                 variables x = 0;\n  process (p = 1) { deep: x := Down(0); }\n}\n*)\n====\n";
    let error = mpcal_build::Config::new().explore(model, &std::collections::HashMap::new(), 10).expect_err("no end");
    assert!(error.to_string().contains("2000 deep"), "{error}");
}
