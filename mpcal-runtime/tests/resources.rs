//! What resources promise beyond what the conformance suite asks: client, timer, failure detector, dummy.

#![allow(clippy::disallowed_methods, reason = "tests run on the operating system")]

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::Duration;

use mpcal_runtime::resource::{
    input, output, AnswerError, Batched, Client, Dummy, Durable, DurableLog, Each, FailureDetector,
    FailureDetectorConfig, Files, Input, MailboxConfig, Mailboxes, Monitor, Nested, Output, Protocol, Shared, Timer,
};
use mpcal_runtime::value::{Data, EvalError, Function, Seq, Str, Value};
use mpcal_runtime::wal::{Storage, Wal, WalConfig};
use mpcal_runtime::{conformance, Abort, Archetype, Driver, Error, MappingMacro, Node, Restarts};
use serde::{Deserialize, Serialize, Serializer};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::time::{timeout, Instant};

mod by_hand;

use by_hand::archetype;

const LIMIT: Duration = Duration::from_secs(10);

/// A server that doubles: requests and answers are pairs of a key and a number.
fn doubling(mut requests: Input<(i64, i64)>, mut answers: Output<(i64, i64)>, ignores: i64) -> impl Archetype {
    archetype(move |section| {
        let (key, number) = requests.read(section, &())?;
        if number != ignores {
            answers.write(section, &(), (key, 2 * number))?;
        }
        Ok(false)
    })
}

#[tokio::test]
async fn a_client_gets_the_answer_to_its_own_request() {
    let (requests, inside) = input(4);
    let (outside, answers) = output(4);
    let mut node = Node::new();
    node.spawn(doubling(inside, outside, 13));
    let client = Client::new(requests, answers, |answer: &(i64, i64)| answer.0);

    let calls = (0..20).map(|key| {
        let client = client.clone();
        tokio::spawn(async move { client.call(key, (key, key + 100), LIMIT).await })
    });
    for (key, call) in calls.collect::<Vec<_>>().into_iter().enumerate() {
        let key = key as i64;
        assert_eq!(call.await.unwrap(), Ok((key, 2 * (key + 100))));
    }

    // No answer comes: time out. The key is for this request until it is answered.
    let short = Duration::from_millis(20);
    assert_eq!(client.call(7, (7, 13), short).await, Err(AnswerError::TimedOut));
    assert_eq!(client.call(7, (7, 13), short).await, Err(AnswerError::TimedOut));
    assert_eq!(client.call(7, (7, 1), short).await, Err(AnswerError::KeyInUse));

    // Cancelled: the same.
    let waiting = client.clone();
    let cancelled = tokio::spawn(async move { waiting.call(8, (8, 13), LIMIT).await });
    tokio::time::sleep(short).await;
    assert_eq!(client.call(8, (8, 1), LIMIT).await, Err(AnswerError::KeyInUse));
    cancelled.abort();
    let _ = cancelled.await;
    assert_eq!(client.call(8, (8, 1), LIMIT).await, Err(AnswerError::KeyInUse));
    assert_eq!(client.call(9, (9, 1), LIMIT).await, Ok((9, 2)));
}

/// A server that is late: what it answers at last is the answer to what was asked, also when it was asked twice, and
/// never to another request with the same key.
#[tokio::test]
async fn an_old_answer_is_for_no_new_request() {
    let (requests, mut inside) = input::<(i64, i64)>(4);
    let (mut outside, answers) = output::<(i64, i64)>(4);
    let gate = Shared::new(false);
    let mut node = Node::new();
    let mut is_open = gate.clone();
    node.spawn(archetype(move |section| {
        let open = is_open.read(section, &())?;
        section.wait_for(open)?;
        let (key, number) = inside.read(section, &())?;
        outside.write(section, &(), (key, 2 * number))?;
        Ok(false)
    }));
    let client = Client::new(requests, answers, |answer: &(i64, i64)| answer.0);
    let short = Duration::from_millis(20);
    assert_eq!(client.call(1, (1, 100), short).await, Err(AnswerError::TimedOut));
    assert_eq!(client.call(1, (1, 200), LIMIT).await, Err(AnswerError::KeyInUse));
    let again = client.clone();
    let again = tokio::spawn(async move { again.call(1, (1, 100), LIMIT).await });
    tokio::time::sleep(short).await;
    gate.store(true);
    assert_eq!(again.await.unwrap(), Ok((1, 200)));
    // Both are answered now, or will be before this one is.
    assert_eq!(client.call(2, (2, 1), LIMIT).await, Ok((2, 2)));
    assert_eq!(client.call(1, (1, 200), LIMIT).await, Ok((1, 400)));
}

/// What an archetype ended with can be had, and one that is started too late is an error.
#[tokio::test]
async fn the_end_of_an_archetype_can_be_seen() {
    let mut node = Node::new();
    let counted = Shared::new(0);
    let mut counter = counted.clone();
    let ended = node.spawn(archetype(move |section| {
        let next = counter.read(section, &())? + 1;
        counter.write(section, &(), next)?;
        Ok(next == 3)
    }));
    assert_eq!(ended.take(), None);
    node.join().await.unwrap();
    assert_eq!(ended.take(), Some(true), "an archetype by hand has whether it is done");
    assert_eq!(ended.take(), None, "it is taken once");

    node.stop_handle().stop();
    let late = node.spawn(archetype(|_| Ok(true)));
    let said = node.join().await.expect_err("it never ran").to_string();
    assert!(said.contains("started after the node was stopped"), "{said}");
    assert_eq!(late.take(), None);
    node.supervise(Restarts::default(), || Ok(archetype(|_| Ok(true)))).unwrap();
    assert!(node.join().await.is_err());
}

#[tokio::test]
async fn callers_hear_of_a_key_that_cannot_be_found() {
    let (requests, mut asked) = input::<i64>(4);
    let (mut told, answers) = output::<i64>(4);
    let client = Client::new(requests, answers, |answer: &i64| if *answer < 0 { panic!("no key") } else { *answer });
    let (first, second) = (client.clone(), client.clone());
    let waiting = tokio::spawn(async move { first.call(1, 1, LIMIT).await });
    tokio::time::sleep(Duration::from_millis(20)).await;
    conformance::commit(|section| asked.read(section, &())).await.unwrap();
    conformance::commit(|section| told.write(section, &(), -1)).await.unwrap();
    assert_eq!(timeout(LIMIT, waiting).await.unwrap().unwrap(), Err(AnswerError::KeyPanicked));
    assert_eq!(second.call(2, 2, LIMIT).await, Err(AnswerError::KeyPanicked));
}

/// Asks with the index and the content as they are; content 13 and the answer 13 are too much for it.
struct Echo;

impl Protocol for Echo {
    type Index = i64;
    type Content = i64;
    type Request = (i64, i64);
    type Answer = (i64, i64);

    fn read(&self, number: i64, index: &i64) -> (i64, i64) {
        (number, *index)
    }
    fn write(&self, number: i64, _: &i64, content: i64) -> (i64, i64) {
        assert_ne!(content, 13, "too much to ask");
        (number, content)
    }
    fn answer(&self, answer: (i64, i64)) -> Option<(i64, i64)> {
        assert_ne!(answer.1, 13, "too much to hear");
        Some(answer)
    }
}

/// A question tells what its section has seen, so that must be on disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_to_a_nested_system_leaves_when_what_it_tells_is_on_disk() {
    let (release, held) = std::sync::mpsc::channel();
    let wal = Wal::on(Held(held));
    let mut number = Durable::new(&wal, "number", 0).unwrap();
    conformance::commit(|section| number.write(section, &(), 7)).await.unwrap();
    let (requests, mut asked) = input::<(i64, i64)>(4);
    let (_told, answers) = output::<(i64, i64)>(4);
    let mut nested = Nested::new(Echo, requests, answers, 4);
    let asks = conformance::commit(|section| {
        let index = number.read(section, &())?;
        nested.read(section, &index)
    });
    assert!(matches!(asks.await, Err(Abort::Retry)));
    let mut heard = async || conformance::commit(|section| asked.read(section, &())).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(matches!(heard().await, Err(Abort::Retry)), "it is not on disk yet");
    release.send(()).unwrap();
    let question = async {
        loop {
            if let Ok(question) = heard().await {
                break question;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    assert_eq!(timeout(LIMIT, question).await.expect("it leaves").1, 7);
    release.send(()).unwrap();
}

/// What the protocol of a nested system cannot do fails the archetype that asks, and leaves no half of a section.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_protocol_that_panics_stops_the_node() {
    for (content, answer) in [(13, None), (1, Some(13))] {
        let (requests, mut asked) = input::<(i64, i64)>(4);
        let (mut told, answers) = output::<(i64, i64)>(4);
        let mut nested = Nested::new(Echo, requests, answers, 4);
        let mut count = Shared::new(0);
        let seen = count.clone();
        let mut node = Node::new();
        node.spawn(archetype(move |section| {
            let before = count.read(section, &())?;
            if before == 0 {
                nested.write(section, &0, content)?;
            } else {
                nested.read(section, &0)?;
            }
            count.write(section, &(), before + 1)?;
            Ok(false)
        }));
        if let Some(answer) = answer {
            while conformance::commit(|section| asked.read(section, &())).await.is_err() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            conformance::commit(|section| told.write(section, &(), (2, answer))).await.unwrap();
        }
        let said = timeout(LIMIT, node.join()).await.expect("the node stops").expect_err("it fails").to_string();
        assert!(said.contains("too much to"), "{said}");
        assert_eq!(seen.load(), i64::from(answer.is_some()));
    }
}

/// A number, of which one cannot be encoded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
struct Unlucky(i64);

impl Serialize for Unlucky {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        assert_ne!(self.0, 13, "it cannot be encoded");
        serializer.serialize_newtype_struct("Unlucky", &self.0)
    }
}

impl Data for Unlucky {
    fn to_value(&self) -> Value {
        self.0.to_value()
    }
    fn from_value(value: &Value) -> Result<Self, EvalError> {
        i64::from_value(value).map(Self)
    }
}

/// What a section writes to the log is encoded before anything of it is done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_that_panics_when_it_is_encoded_leaves_no_half_of_a_section() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("node.wal");
    let wal = Wal::open(&path, &WalConfig::default()).unwrap();
    let mut count = Durable::new(&wal, "count", 0).unwrap();
    let mut value = Durable::new(&wal, "value", Unlucky(0)).unwrap();
    let (seen, log, mut node) = (count.clone(), wal.clone(), Node::new());
    node.spawn(archetype(move |section| {
        let before = count.read(section, &())?;
        count.write(section, &(), before + 1)?;
        value.write(section, &(), Unlucky(before + 1))?;
        Ok(false)
    }));
    let said = timeout(LIMIT, node.join()).await.expect("the node stops").expect_err("it fails").to_string();
    assert!(said.contains("it cannot be encoded"), "{said}");
    assert_eq!(seen.load(), 12);
    // Others go on.
    let mut other = Durable::new(&log, "other", 0).unwrap();
    conformance::commit(|section| other.write(section, &(), 1)).await.unwrap();
    conformance::commit(|section| seen.clone().write(section, &(), 20)).await.unwrap();
    drop((node, other, seen));
    wal.close().await.unwrap();
    let wal = Wal::open(&path, &WalConfig::default()).unwrap();
    assert_eq!(Durable::new(&wal, "count", 0).unwrap().load(), 20);
    assert_eq!(Durable::new(&wal, "value", Unlucky(0)).unwrap().load(), Unlucky(12));
}

#[tokio::test(start_paused = true)]
async fn a_timer_wakes_who_waits_for_it() {
    let start = Instant::now();
    let mut timer = Timer::started(Duration::from_secs(3));
    let mut resets = 2;
    let mut driver = Driver::new(archetype(move |section| {
        let fired = timer.read(section, &())?;
        section.wait_for(fired)?;
        resets -= 1;
        timer.write(section, &(), true)?;
        Ok(resets == 0)
    }));
    timeout(Duration::from_secs(60), driver.run()).await.expect("it fires").unwrap();
    assert_eq!(start.elapsed().as_secs(), 6);
    // It slept twice and was woken twice, and tried in vain once each time.
    assert_eq!((driver.counters().sleeps, driver.counters().commits), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_stopped_timer_does_not_fire() {
    let mut timer = Timer::started(Duration::from_secs(1));
    let mut stopped = false;
    let mut driver = Driver::new(archetype(move |section| {
        if !std::mem::replace(&mut stopped, true) {
            timer.write(section, &(), false)?;
            return Ok(false);
        }
        assert!(!timer.read(section, &())?, "it fires although it was stopped");
        Ok(true)
    }));
    driver.step().await.unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    driver.run().await.unwrap();
}

#[tokio::test]
async fn a_dead_process_is_suspected_and_a_living_one_is_not() {
    let config = FailureDetectorConfig {
        interval: Duration::from_millis(10),
        timeout: Duration::from_secs(2),
        ..FailureDetectorConfig::default()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let monitor = Monitor::serve(listener, config);
    let detector = FailureDetector::watch(&BTreeMap::from([(5, address)]), config);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!detector.is_suspected(&5));

    // An archetype that waits for the crash is woken by it.
    let mut reader = detector.clone();
    let mut driver = Driver::new(archetype(move |section| {
        let suspected = reader.read(section, &5)?;
        section.wait_for(suspected)?;
        Ok(true)
    }));
    let waiting = tokio::spawn(async move { driver.run().await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!waiting.is_finished());
    drop(monitor);
    timeout(LIMIT, waiting).await.expect("it is woken").unwrap().unwrap();
    assert!(detector.is_suspected(&5));

    // Back again, it is trusted again.
    let listener = TcpListener::bind(address).await.unwrap();
    let _monitor = Monitor::serve(listener, config);
    timeout(LIMIT, async {
        while detector.is_suspected(&5) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("the suspicion ends");
}

#[tokio::test]
async fn a_dummy_reads_as_ever() {
    let mut dummy = Dummy::<(), i64>::new(3);
    let mut driver = Driver::new(archetype(move |section| {
        dummy.write(section, &(), 9)?;
        assert_eq!(dummy.read(section, &())?, 3);
        Ok(true)
    }));
    driver.run().await.unwrap();
}

/// A path that only one of 400 combinations of choices opens is found, in as many attempts.
#[tokio::test]
async fn the_only_open_combination_is_found() {
    let set: mpcal_runtime::value::Set<i64> = (1..=20).collect();
    let mut driver = Driver::new(archetype(move |section| {
        let (x, y) = (section.pick(&set)?, section.pick(&set)?);
        section.wait_for(x == 17 && y == 13)?;
        Ok(true)
    }));
    timeout(LIMIT, driver.run()).await.expect("it is found").unwrap();
    assert_eq!(driver.counters().retries, 16 * 20 + 12);
}

/// Two sections see the last space of a queue: only one of them fills it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bounded_queue_never_holds_more() {
    let config = MailboxConfig { inbox_capacity: 1, ..MailboxConfig::default() };
    let mailboxes: Mailboxes<i64, i64> = Mailboxes::local([0], &config);
    let (mut first, mut second, mut lengths) = (mailboxes.clone(), mailboxes.clone(), mailboxes.lengths());
    let mut between = Some(move || {
        let written = conformance::commit(|section| second.write(section, &0, 2));
        tokio::task::block_in_place(|| Handle::current().block_on(written))
    });
    let written = conformance::commit(|section| {
        first.write(section, &0, 1)?;
        // Another section takes the space that this one has seen.
        between.take().map_or(Ok(()), |mut write| write())
    });
    assert!(matches!(written.await, Err(Abort::Retry)), "there is no space left");
    assert_eq!(conformance::commit(|section| lengths.read(section, &0)).await.unwrap(), 1);
}

/// What changes a variable from outside does not wait, inside a section, for what the section itself may hold.
#[tokio::test]
async fn a_section_does_not_change_from_outside_what_it_may_hold() {
    let variable = Shared::new(0);
    let mut node = Node::new();
    node.spawn(archetype(move |_| {
        variable.store(1);
        Ok(true)
    }));
    let failed = timeout(LIMIT, node.join()).await.expect("it does not wait for itself").unwrap_err();
    assert!(failed.to_string().contains("a section changes what it stages"), "{failed}");
}

/// A log whose flush waits until it may end.
struct Held(std::sync::mpsc::Receiver<()>);

impl Storage for Held {
    fn append(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.recv().map_err(io::Error::other)
    }
}

/// What is printed may not have happened after a crash, so it is shown when it is on disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_printed_is_on_disk() {
    let (release, held) = std::sync::mpsc::channel();
    let wal = Wal::on(Held(held));
    let mut number = Durable::new(&wal, "number", 0).unwrap();
    let mut node = Node::new();
    node.spawn(archetype(move |section| {
        number.write(section, &(), 1)?;
        section.print(&1i64);
        Ok(true)
    }));
    assert!(timeout(Duration::from_millis(200), node.join()).await.is_err(), "it has not been flushed");
    release.send(()).unwrap();
    timeout(LIMIT, node.join()).await.expect("it is flushed").unwrap();
}

/// A name in a log belongs to one resource: a second one with the same name is the same, or an error; none is reset.
#[tokio::test]
async fn a_durable_name_belongs_to_one_resource() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("node.wal");
    let wal = Wal::open(&path, &WalConfig::default()).unwrap();
    let mut total = Durable::new(&wal, "total", 0).unwrap();
    conformance::commit(|section| total.write(section, &(), 100)).await.unwrap();
    let again = Durable::new(&wal, "total", 0).unwrap();
    assert_eq!(again.load(), 100, "it is the live one");
    assert!(DurableLog::<i64>::new(&wal, "total").is_err(), "it is of another kind");
    assert!(Durable::new(&wal, "total", false).is_err(), "it is of another type");
    let mut log = DurableLog::new(&wal, "log").unwrap();
    conformance::commit(|section| log.write(section, &(), [1, 2].into_iter().collect())).await.unwrap();
    let same = Durable::<Seq<i64>>::new(&wal, "log", Seq::new()).unwrap();
    assert_eq!(same.load().len(), 2, "a durable log is a durable sequence");
    drop((total, again, log, same));
    assert_eq!(Durable::new(&wal, "total", 0).unwrap().load(), 100, "it is as it was left");
    assert_eq!(DurableLog::<i64>::new(&wal, "log").unwrap().load().len(), 2);
    wal.close().await.unwrap();
    let wal = Wal::open(&path, &WalConfig::default()).unwrap();
    assert_eq!(Durable::new(&wal, "total", 0).unwrap().load(), 100);
}

/// What a supervised archetype makes anew when it starts again is what it had.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archetype_that_starts_again_finds_what_it_wrote() {
    let directory = tempfile::tempdir().unwrap();
    let wal = Wal::open(directory.path().join("node.wal"), &WalConfig::default()).unwrap();
    let (log, mut has_failed) = (wal.clone(), false);
    let mut node = Node::new();
    let restarts = Restarts { pause: Duration::from_millis(1), ..Restarts::default() };
    let make = move || {
        let mut total = Durable::new(&log, "total", 0).map_err(|e| EvalError(e.to_string()))?;
        let fails = !std::mem::replace(&mut has_failed, true);
        Ok(archetype(move |section| {
            let value = total.read(section, &())?;
            if fails && value == 10 {
                return Err(Abort::Fatal(Error::Resource("it fails once".to_owned())));
            }
            total.write(section, &(), value + 1)?;
            Ok(value + 1 == 20)
        }))
    };
    node.supervise(restarts, make).unwrap();
    let counters = timeout(LIMIT, node.join()).await.expect("it ends").unwrap();
    assert_eq!(counters.commits, 20, "nothing was done twice");
    assert_eq!(Durable::new(&wal, "total", 0).unwrap().load(), 20);
}

/// What is on its way into a file is not in the place of another one.
#[tokio::test]
async fn a_file_may_have_any_plain_name() {
    let directory = tempfile::tempdir().unwrap();
    let mut files = Files::open(directory.path()).unwrap();
    for name in [".a.new", ".a~", "a.new", "a"] {
        let (name, text) = (Str::from(name), Str::from(format!("in {name}")));
        conformance::commit(|section| files.write(section, &name, text.clone())).await.unwrap();
        files.flushed().await.unwrap();
    }
    for name in [".a.new", ".a~", "a.new", "a"] {
        assert_eq!(std::fs::read_to_string(directory.path().join(name)).unwrap(), format!("in {name}"));
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 4);
}

/// A batch has what is there, in its order, up to its limit; who finds nothing waits.
#[tokio::test]
async fn a_batch_is_what_has_queued_up() {
    let (sender, queue) = input(8);
    let mut batched = Batched::new(queue, 3);
    let mut take = async || {
        let batch = conformance::commit(|section| batched.read(section, &())).await.ok()?;
        Some(batch.iter().copied().collect::<Vec<i64>>())
    };
    assert_eq!(take().await, None);
    for number in 1..=4 {
        sender.send(number).await;
    }
    assert_eq!(take().await, Some(vec![1, 2, 3]));
    assert_eq!(take().await, Some(vec![4]));
    assert_eq!(take().await, None);
}

/// A section that is not committed has taken nothing.
#[tokio::test]
async fn a_batch_that_is_not_committed_is_still_there() {
    let (sender, queue) = input(8);
    let mut batched = Batched::new(queue, 3);
    sender.send(1).await;
    sender.send(2).await;
    let refused = conformance::commit(|section| {
        batched.read(section, &())?;
        Err::<(), _>(Abort::Retry)
    });
    assert!(matches!(refused.await, Err(Abort::Retry)));
    let taken = conformance::commit(|section| batched.read(section, &())).await.unwrap();
    assert_eq!(taken.iter().copied().collect::<Vec<i64>>(), [1, 2]);
}

#[tokio::test]
async fn each_value_of_a_function_goes_to_its_argument() {
    let mailboxes = Mailboxes::local([1, 2, 3], &MailboxConfig::default());
    let (mut each, mut inbox) = (Each(mailboxes.clone()), mailboxes);
    let values: Function<i64, i64> = [(1, 10), (3, 30)].into_iter().collect();
    conformance::commit(|section| each.write(section, &(), values.clone())).await.unwrap();
    for (index, expected) in [(1, Some(10)), (2, None), (3, Some(30))] {
        assert_eq!(conformance::commit(|section| inbox.read(section, &index)).await.ok(), expected);
    }
}

/// It takes at least the start of its range, less than the end, and not always the same; and what counts is the last
/// start, whether the timer was to fire earlier or later before.
#[tokio::test(start_paused = true)]
async fn a_random_timer_draws_anew_at_each_start() {
    let (from, to) = (Duration::from_secs(100), Duration::from_secs(200));
    let mut timer = Timer::random(from..to);
    let mut taken = BTreeSet::new();
    for _ in 0..20 {
        conformance::commit(|section| timer.write(section, &(), true)).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        let started = tokio::time::Instant::now();
        conformance::commit(|section| timer.write(section, &(), true)).await.unwrap();
        while conformance::commit(|section| timer.read(section, &())).await.ok() != Some(true) {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let seconds = started.elapsed();
        assert!(seconds >= from && seconds <= to + Duration::from_secs(1), "{seconds:?}");
        taken.insert(seconds.as_secs());
    }
    assert!(taken.len() > 5, "{taken:?}");
}
