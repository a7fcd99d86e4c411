//! Resources under models: systems inside systems, systems side by side, tickers, files, SWIM.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use mpcal_runtime::resource::{
    input, link, output, FailureDetector, Files, Input, Nested, Output, Protocol, Secret, Shared, SwimConfig, Ticker,
};
use mpcal_runtime::value::Str;
use mpcal_runtime::{conformance, Abort, MappingMacro, Node};
use tokio::net::UdpSocket;
use tokio::time::{sleep, timeout, Instant};

const LIMIT: Duration = Duration::from_secs(60);

/// The inner system: a store that answers questions by their numbers.
mod store {
    mpcal_macros::mpcal! { r#"
        --mpcal Store {
          mapping macro Requests {
            read { await $variable # <<>>; with (r = Head($variable)) { $variable := Tail($variable); yield r; }; }
            write { yield Append($variable, $value); }
          }
          mapping macro Answers {
            read { assert FALSE; yield [number |-> 0, content |-> 0]; }
            write { yield Append($variable, $value); }
          }
          archetype Keeper(ref requests, ref answers)
          variables kept = [key \in {"x", "y"} |-> 0], request;
          {
            serve:
              while (TRUE) {
                request := requests;
                if (request.kind = "read") {
                  answers := [number |-> request.number, content |-> kept[request.key]];
                } else {
                  kept[request.key] := request.content;
                };
              };
          }
          variables
            requests = <<[kind |-> "read", number |-> 1, key |-> "x"],
                         [kind |-> "write", number |-> 2, key |-> "x", content |-> 5]>>,
            answers = <<>>;
          process (keeper = 0) == instance Keeper(ref requests, ref answers)
            mapping requests via Requests
            mapping answers via Answers;
        }
    "# }
}

impl store::Requests for Input<store::Request> {}
impl store::Answers for Output<store::AnswersRecord> {}

/// How the outer models see the store.
struct AsStore;

impl Protocol for AsStore {
    type Index = Str;
    type Content = i64;
    type Request = store::Request;
    type Answer = store::AnswersRecord;

    fn read(&self, number: i64, key: &Str) -> store::Request {
        store::Request::Read { key: key.clone(), number }
    }
    fn write(&self, number: i64, key: &Str, content: i64) -> store::Request {
        store::Request::Write { content, key: key.clone(), number }
    }
    fn answer(&self, answer: store::AnswersRecord) -> Option<(i64, i64)> {
        Some((answer.number, answer.content))
    }
}

/// The outer systems, each a model of its own.
mod outer {
    mpcal_macros::mpcal! { r#"
        --mpcal Outer {
          mapping macro Stored {
            read { yield $variable; }
            write { yield $value; }
          }
          archetype Client(ref cells[_], ref sum, rounds)
          variables x = 0;
          {
            move:
              while (rounds > 0) {
                x := cells["x"];
                cells["x"] := x + 1;
                cells["y"] := cells["y"] + x;
                rounds := rounds - 1;
              };
            add:
              sum := cells["x"] + cells["y"];
          }
          variables cells = [key \in {"x", "y"} |-> 0], sum = 0;
          process (client = 1) == instance Client(ref cells[_], ref sum, 2)
            mapping cells[_] via Stored;
        }
    "# }
}

impl outer::Stored for Nested<AsStore> {}

mod source {
    mpcal_macros::mpcal! { r#"
        --mpcal Source {
          mapping macro Out {
            read { assert FALSE; yield 0; }
            write { await Len($variable) < 4; yield Append($variable, $value); }
          }
          mapping macro Tick {
            read { await $variable > 0; $variable := $variable - 1; yield TRUE; }
            write { assert FALSE; yield 0; }
          }
          archetype Producer(ref out, ref ticks, last)
          variables next = 1;
          {
            produce:
              while (next <= last) {
                await ticks;
                out := next;
                next := next + 1;
              };
          }
          variables out = <<>>, ticks = 3;
          process (producer = 1) == instance Producer(ref out, ref ticks, 3)
            mapping out via Out mapping ticks via Tick;
        }
    "# }
}

mod sink {
    mpcal_macros::mpcal! { r#"
        --mpcal Sink {
          mapping macro In {
            read { await $variable # <<>>; with (m = Head($variable)) { $variable := Tail($variable); yield m; }; }
            write { assert FALSE; yield <<>>; }
          }
          archetype Consumer(ref in, ref files[_], ref seen)
          variables got = 0;
          {
            consume:
              while (TRUE) {
                got := in;
                if (got % 2 = 0) { files["last"] := "even"; } else { files["last"] := "odd"; };
                seen := seen + got;
              };
          }
          variables in = <<1, 2>>, files = [name \in {"last"} |-> ""], seen = 0;
          process (consumer = 1) == instance Consumer(ref in, ref files[_], ref seen)
            mapping in via In;
        }
    "# }
}

impl source::Out for Output<i64> {}
impl source::Tick for Ticker {}
impl sink::In for Input<i64> {}

/// A whole system behind one resource of another, whose sections stay atomic.
#[tokio::test]
async fn a_system_is_a_resource_of_another() {
    let ((requests, asked), (answered, answers)) = (input(16), output(16));
    let mut inner = Node::new();
    inner.spawn(
        store::Keeper::new(
            0,
            &Arc::new(store::Constants {}),
            store::KeeperParameters { requests: asked, answers: answered },
        )
        .unwrap(),
    );
    let nested = Nested::new(AsStore, requests, answers, 8);
    let sum = Shared::new(0);
    let mut node = Node::new();
    let constants = Arc::new(outer::Constants {});
    node.spawn(
        outer::Client::new(1, &constants, outer::ClientParameters { cells: nested, sum: sum.clone(), rounds: 20 })
            .unwrap(),
    );
    let counters = timeout(LIMIT, node.join()).await.expect("it ends").unwrap();
    // x is 20, y the sum of 0 to 19.
    assert_eq!(sum.load(), 20 + 190);
    assert_eq!(counters.commits, 22);
}

/// A question that was asked before a write is not answered after it with what was there before.
#[tokio::test]
async fn an_inner_system_does_not_answer_with_what_was() {
    let ((requests, asked), (answered, answers)) = (input(16), output(16));
    let mut inner = Node::new();
    inner.spawn(
        store::Keeper::new(
            0,
            &Arc::new(store::Constants {}),
            store::KeeperParameters { requests: asked, answers: answered },
        )
        .unwrap(),
    );
    let mut nested = Nested::new(AsStore, requests, answers, 8);
    let x = Str::from("x");
    for wanted in 1..20 {
        // The question stays under way while the section gives up.
        assert!(matches!(conformance::commit(|s| nested.read(s, &x)).await, Err(Abort::Retry)));
        conformance::commit(|s| nested.write(s, &x, wanted)).await.unwrap();
        let read = async {
            loop {
                match conformance::commit(|s| nested.read(s, &x)).await {
                    Ok(value) => return value,
                    Err(_) => tokio::task::yield_now().await,
                }
            }
        };
        assert_eq!(timeout(LIMIT, read).await.expect("it answers"), wanted);
    }
}

/// Two models, checked apart, joined by a channel: what one commits the other takes.
#[tokio::test]
async fn systems_are_joined_by_channels() {
    let directory = tempfile::tempdir().unwrap();
    let files = Files::open(directory.path()).unwrap();
    let seen = Shared::new(0);
    let (out, into) = link(4);
    let mut node = Node::new();
    let ticks = Ticker::every(Duration::from_millis(1), 4);
    let constants = Arc::new(source::Constants {});
    node.spawn(source::Producer::new(1, &constants, source::ProducerParameters { out, ticks, last: 25 }).unwrap());
    let constants = Arc::new(sink::Constants {});
    let parameters = sink::ConsumerParameters { r#in: into, files: files.clone(), seen: seen.clone() };
    node.spawn(sink::Consumer::new(1, &constants, parameters).unwrap());
    timeout(LIMIT, async {
        while seen.load() < 325 {
            sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .expect("everything gets through");
    files.flushed().await.unwrap();
    assert_eq!(std::fs::read_to_string(directory.path().join("last")).unwrap(), "odd");
    assert_eq!(seen.load(), 325);
}

/// A tick is taken once, waits for who takes it, and too many do not gather.
#[tokio::test(start_paused = true)]
async fn ticks_gather_up_to_a_burst() {
    let mut ticker = Ticker::every(Duration::from_secs(1), 2);
    let mut other = ticker.clone();
    let took = |step: Result<bool, Abort>| step.is_ok();
    assert!(!took(conformance::commit(|s| ticker.read(s, &())).await), "before the first");
    sleep(Duration::from_millis(5500)).await;
    assert!(took(conformance::commit(|s| ticker.read(s, &())).await));
    assert!(took(conformance::commit(|s| other.read(s, &())).await));
    assert!(!took(conformance::commit(|s| ticker.read(s, &())).await), "two were enough");
    sleep(Duration::from_secs(1)).await;
    assert!(took(conformance::commit(|s| other.read(s, &())).await));
}

/// Files: names that lead elsewhere, files that are not there, disks that fail.
#[tokio::test]
async fn files_stay_in_their_directory() {
    let directory = tempfile::tempdir().unwrap();
    let mut files = Files::open(directory.path().join("files")).unwrap();
    for name in ["", ".", "..", "a/b", "../x", "c:", "nul\0"] {
        let name = Str::from(name);
        let written = conformance::commit(|s| files.write(s, &name, Str::from("x"))).await;
        assert!(matches!(written, Err(Abort::Fatal(_))), "{name:?}");
        assert!(matches!(conformance::commit(|s| files.read(s, &name)).await, Err(Abort::Fatal(_))), "{name:?}");
    }
    let missing = Str::from("missing");
    assert!(matches!(conformance::commit(|s| files.read(s, &missing)).await, Err(Abort::Fatal(_))));
    // A file that cannot be replaced.
    std::fs::create_dir_all(directory.path().join("files/taken/x")).unwrap();
    let taken = Str::from("taken");
    conformance::commit(|s| files.write(s, &taken, Str::from("x"))).await.unwrap();
    assert!(files.flushed().await.is_err());
    let after = conformance::commit(|s| files.write(s, &missing, Str::from("x"))).await;
    assert!(matches!(after, Err(Abort::Fatal(_))), "a failure is not passed over");
}

/// Who dies is suspected by all, who comes back is not; who does not know the secret is nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn swim_finds_who_has_died() {
    const COUNT: i64 = 5;
    let config = SwimConfig {
        period: Duration::from_millis(60),
        round_trip: Duration::from_millis(20),
        suspicion: Duration::from_millis(150),
        secret: Some(Secret::new("sesame")),
    };
    let (mut addresses, mut sockets) = (BTreeMap::new(), Vec::new());
    for index in 0..COUNT {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        addresses.insert(index, socket.local_addr().unwrap());
        sockets.push(socket);
    }
    let start = |index: i64, socket| FailureDetector::swim(socket, &index, &addresses, &config);
    let mut detectors: Vec<_> = (0..).zip(sockets).map(|(index, socket)| start(index, socket)).collect();
    let agree = async |detectors: &[FailureDetector<i64>], suspected: bool| {
        let since = Instant::now();
        while !detectors.iter().take(COUNT as usize - 1).all(|d| d.is_suspected(&(COUNT - 1)) == suspected) {
            assert!(since.elapsed() < LIMIT, "they do not agree that it is suspected: {suspected}");
            sleep(Duration::from_millis(5)).await;
        }
        assert!((0..COUNT - 1).all(|index| !detectors[0].is_suspected(&index)), "others are not");
    };
    sleep(Duration::from_millis(500)).await;
    agree(&detectors, false).await;
    drop(detectors.pop());
    agree(&detectors, true).await;
    // Somebody else in its place, without the secret.
    let impostor = SwimConfig { secret: None, ..config.clone() };
    let socket = UdpSocket::bind(addresses[&(COUNT - 1)]).await.unwrap();
    let stranger = FailureDetector::swim(socket, &(COUNT - 1), &addresses, &impostor);
    sleep(Duration::from_millis(400)).await;
    agree(&detectors, true).await;
    drop(stranger);
    let socket = loop {
        match UdpSocket::bind(addresses[&(COUNT - 1)]).await {
            Ok(socket) => break socket,
            Err(_) => sleep(Duration::from_millis(1)).await,
        }
    };
    detectors.push(start(COUNT - 1, socket));
    agree(&detectors, false).await;
}
