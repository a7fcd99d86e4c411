//! Each resource passes the conformance suite, and the suite catches resources with a fault.

#![allow(clippy::disallowed_methods, reason = "tests run on the operating system")]

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use mpcal_runtime::conformance::{check, commit, Behaviour, Source, Subject};
use mpcal_runtime::host::Listener;
use mpcal_runtime::resource::{
    input, link, output, AddWinsSet, CrdtConfig, Delivery, Durable, DurableLog, FailureDetector, FailureDetectorConfig,
    Family, Files, Input, MailboxConfig, Mailboxes, Monitor, Nested, PnCounter, Protocol, Replica, Replicated,
    ReplicatedConfig, Shared, Ticker, Timer,
};
use mpcal_runtime::value::{Seq, Set, Str};
use mpcal_runtime::wal::{Wal, WalConfig};
use mpcal_runtime::{Abort, Cell, Core, Driver, MappingMacro, Section, Step};
use tokio::net::TcpListener;

mod by_hand;

use by_hand::archetype;

#[test]
fn shared_variable() {
    let make = || {
        let variable = Shared::new(0);
        (variable.clone(), variable)
    };
    check(&Subject { name: "Shared", make, index: (), values: [1, 2], behaviour: Behaviour::Variable }).unwrap();
}

#[test]
fn durable_variable_and_sequence() {
    let storage = tempfile::tempdir().unwrap();
    let wal = Wal::open(storage.path().join("wal"), &WalConfig::default()).unwrap();
    let make = || {
        let variable = Durable::new(&wal, "variable", 0).unwrap();
        (variable.clone(), variable)
    };
    check(&Subject { name: "Durable", make, index: (), values: [1, 2], behaviour: Behaviour::Variable }).unwrap();
    let make = || {
        let log = DurableLog::new(&wal, "log").unwrap();
        (log.clone(), log)
    };
    let values = [[1].into_iter().collect(), [1, 2].into_iter().collect::<Seq<i64>>()];
    check(&Subject { name: "DurableLog", make, index: (), values, behaviour: Behaviour::Variable }).unwrap();
}

#[test]
fn family() {
    let make = || {
        let family: Family<i64, Shared<i64>> = (1..=2).map(|i| (i, Shared::new(0))).collect();
        (family.clone(), family)
    };
    check(&Subject { name: "Family", make, index: 2, values: [1, 2], behaviour: Behaviour::Variable }).unwrap();
}

#[test]
fn channel() {
    check(&Subject { name: "channel", make: || link(8), index: (), values: [1, 2], behaviour: Behaviour::Queue })
        .unwrap();
}

#[test]
fn mailboxes() {
    let make = || {
        let boxes = Mailboxes::local([1, 2], &MailboxConfig::default());
        (boxes.clone(), boxes)
    };
    check(&Subject { name: "Mailboxes", make, index: 1, values: [1, 2], behaviour: Behaviour::Queue }).unwrap();
}

#[test]
fn durable_mailboxes() {
    let storage = tempfile::tempdir().unwrap();
    let wal = Wal::open(storage.path().join("wal"), &WalConfig::default()).unwrap();
    let next = std::cell::Cell::new(0);
    let make = || {
        next.set(next.get() + 1);
        let (name, config) = (next.get().to_string(), MailboxConfig::default());
        let boxes = Mailboxes::durable(None::<Listener>, [1, 2], &BTreeMap::new(), &config, &wal, &name).unwrap();
        (boxes.clone(), boxes)
    };
    check(&Subject { name: "Mailboxes", make, index: 1, values: [1, 2], behaviour: Behaviour::Queue }).unwrap();
}

#[test]
fn files() {
    let directory = tempfile::tempdir().unwrap();
    let next = std::cell::Cell::new(0);
    let make = || {
        next.set(next.get() + 1);
        let path = directory.path().join(next.get().to_string());
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join("note"), "old").unwrap();
        let files = Files::open(path).unwrap();
        (files.clone(), files)
    };
    let values = [Str::from("one"), Str::from("two")];
    check(&Subject { name: "Files", make, index: Str::from("note"), values, behaviour: Behaviour::Variable }).unwrap();
}

#[test]
fn replicated_data_types() {
    let make = || {
        let replica =
            Replica::<PnCounter>::open(0, None::<Listener>, &BTreeMap::new(), &CrdtConfig::default()).unwrap();
        (replica.clone(), replica)
    };
    check(&Subject { name: "PnCounter", make, index: (), values: [7, -3], behaviour: Behaviour::Variable }).unwrap();
    let make = || {
        let replica =
            Replica::<AddWinsSet<i64>>::open(0, None::<Listener>, &BTreeMap::new(), &CrdtConfig::default()).unwrap();
        (replica.clone(), replica)
    };
    let values = [[1].into_iter().collect(), [2, 3].into_iter().collect::<Set<i64>>()];
    check(&Subject { name: "AddWinsSet", make, index: (), values, behaviour: Behaviour::Variable }).unwrap();
}

#[test]
fn replicated_variable() {
    let make = || {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let addresses = BTreeMap::from([(0, listener.local_addr().unwrap())]);
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let variable = Replicated::open(0, listener, &addresses, 0, &ReplicatedConfig::default()).unwrap();
        (variable.clone(), variable)
    };
    check(&Subject { name: "Replicated", make, index: (), values: [1, 2], behaviour: Behaviour::Variable }).unwrap();
}

/// A system of one variable, inside another.
struct AsVariable;

impl Protocol for AsVariable {
    type Index = ();
    type Content = i64;
    /// The number of a question, or what to write.
    type Request = (bool, i64);
    type Answer = (i64, i64);

    fn read(&self, number: i64, (): &()) -> (bool, i64) {
        (true, number)
    }
    fn write(&self, _: i64, (): &(), content: i64) -> (bool, i64) {
        (false, content)
    }
    fn answer(&self, answer: (i64, i64)) -> Option<(i64, i64)> {
        Some(answer)
    }
}

#[test]
fn nested_system() {
    let make = || {
        let ((requests, mut asked), (mut answered, answers)) = (input(16), output(16));
        let mut content = Shared::new(0);
        let mut inner = Driver::new(archetype(move |section| {
            match asked.read(section, &())? {
                (true, number) => {
                    let content = content.read(section, &())?;
                    answered.write(section, &(), (number, content))?;
                }
                (false, value) => content.write(section, &(), value)?,
            }
            Ok(false)
        }));
        tokio::spawn(async move { inner.run().await });
        let nested = Nested::new(AsVariable, requests, answers, 8);
        (nested.clone(), nested)
    };
    check(&Subject { name: "Nested", make, index: (), values: [1, 2], behaviour: Behaviour::Variable }).unwrap();
}

#[tokio::test]
async fn input_channel() {
    let source = Source {
        name: "Input",
        make: async || input(8),
        index: (),
        change: async |sender, n| {
            sender.send(n as i64).await;
            n as i64
        },
        behaviour: Behaviour::Queue,
    };
    source.check().await.unwrap();
}

/// On a clock that stands still unless everybody waits for it.
#[tokio::test(start_paused = true)]
async fn timer_and_ticker() {
    let time = Duration::from_secs(3);
    let pass = async |(): &mut (), _| {
        tokio::time::sleep(time).await;
        // Who was to be woken in this moment, too, has been.
        tokio::task::yield_now().await;
        true
    };
    let make = async || ((), Timer::started(time));
    let source = Source { name: "Timer", make, index: (), change: pass, behaviour: Behaviour::Variable };
    source.check().await.unwrap();
    let make = async || ((), Ticker::every(time, 4));
    let source = Source { name: "Ticker", make, index: (), change: pass, behaviour: Behaviour::Queue };
    source.check().await.unwrap();
}

#[tokio::test]
async fn failure_detector() {
    let (interval, timeout) = (Duration::from_millis(5), Duration::from_secs(1));
    let config = FailureDetectorConfig { interval, timeout, ..FailureDetectorConfig::default() };
    let source = Source {
        name: "FailureDetector",
        make: async || {
            let (listener, address) = listener().await;
            let monitor = Monitor::serve(listener, config);
            let detector = FailureDetector::watch(&BTreeMap::from([(5, address)]), config);
            ((Some(monitor), detector.clone()), detector)
        },
        index: 5,
        change: async |(monitor, detector), _| {
            drop(monitor.take());
            until(|| detector.is_suspected(&5)).await;
            true
        },
        behaviour: Behaviour::Variable,
    };
    source.check().await.unwrap();
}

/// Over TCP, all kinds, and their lengths.
#[tokio::test]
async fn mailboxes_of_another_node() {
    let storage = tempfile::tempdir().unwrap();
    let wals = ["here", "there"].map(|name| Wal::open(storage.path().join(name), &WalConfig::default()).unwrap());
    let next = std::cell::Cell::new(0);
    for delivery in [Delivery::Reliable, Delivery::Relaxed, Delivery::Durable] {
        let config = MailboxConfig { delivery, ..MailboxConfig::default() };
        let open = async || {
            let (listener, address) = listener().await;
            let addresses = BTreeMap::from([(1, address)]);
            next.set(next.get() + 1);
            let open = |listener, local: &[i64], wal| match delivery {
                Delivery::Durable => {
                    let name = next.get().to_string();
                    Mailboxes::<i64, i64>::durable(listener, local.to_vec(), &addresses, &config, wal, &name).unwrap()
                }
                _ => Mailboxes::open(listener, local.to_vec(), &addresses, &config).unwrap(),
            };
            let (here, there) = (open(Some(listener), &[1], &wals[0]), open(None, &[], &wals[1]));
            ((there, here.clone()), here)
        };
        let send = async |(there, here): &mut (Mailboxes<i64, i64>, Mailboxes<i64, i64>), n: usize| {
            let (value, mut lengths) = (n as i64, here.lengths());
            let length = commit(|s| lengths.read(s, &1)).await.unwrap();
            commit(|s| there.write(s, &1, value)).await.unwrap();
            while commit(|s| lengths.read(s, &1)).await.unwrap() == length {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            value
        };
        let source = Source { name: "Mailboxes", make: open, index: 1, change: send, behaviour: Behaviour::Queue };
        source.check().await.unwrap();
        let lengths = async || {
            let (ends, here) = open().await;
            (ends, here.lengths())
        };
        let change = async |ends: &mut _, n| {
            send(ends, n).await;
            1
        };
        let source = Source { name: "Lengths", make: lengths, index: 1, change, behaviour: Behaviour::Variable };
        source.check().await.unwrap();
    }
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

async fn until(holds: impl Fn() -> bool) {
    while !holds() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// What is wrong with a variable.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    /// It keeps what was staged in itself, so an abort does not reach it.
    ForgetsToAbort,
    /// It writes at once.
    AppliesEarly,
    /// Its commit tells nobody.
    LosesWakeUp,
    /// It never finds that something has changed.
    SeesStale,
    /// It gives its value without touching its cell.
    TouchesNothing,
}

struct FaultyCell {
    core: Arc<Core>,
    value: Mutex<i64>,
    kept: Mutex<Option<i64>>,
    fault: Fault,
}

impl Cell for FaultyCell {
    type Staged = Option<i64>;

    fn core(&self) -> &Arc<Core> {
        &self.core
    }

    fn validate(&self, _: &Option<i64>, seen: u64) -> bool {
        self.fault == Fault::SeesStale || self.core.version() == seen
    }

    fn commit(&self, staged: &mut Option<i64>) {
        let value = staged.take().or(self.kept.lock().unwrap().take());
        if let Some(value) = value {
            *self.value.lock().unwrap() = value;
            if self.fault != Fault::LosesWakeUp {
                self.core.changed();
            }
        }
    }
}

#[derive(Clone)]
struct Faulty(Arc<FaultyCell>);

impl MappingMacro for Faulty {
    type Index = ();
    type Read = i64;
    type Write = i64;

    fn read(&mut self, section: &mut Section, (): &()) -> Step<i64> {
        if self.0.fault == Fault::TouchesNothing {
            return Ok(*self.0.value.lock().unwrap());
        }
        let staged = *section.stage(&self.0);
        let kept = *self.0.kept.lock().unwrap();
        Ok(staged.or(kept).unwrap_or(*self.0.value.lock().unwrap()))
    }

    fn write(&mut self, section: &mut Section, (): &(), value: i64) -> Step<()> {
        let staged = section.stage(&self.0);
        match self.0.fault {
            Fault::AppliesEarly => *self.0.value.lock().unwrap() = value,
            Fault::ForgetsToAbort => *self.0.kept.lock().unwrap() = Some(value),
            _ => *staged = Some(value),
        }
        Ok(())
    }
}

/// The obligation that the suite finds violated.
fn found(fault: Fault) -> Option<&'static str> {
    let make = || {
        let cell = FaultyCell { core: Core::new(), value: Mutex::new(0), kept: Mutex::new(None), fault };
        let faulty = Faulty(Arc::new(cell));
        (faulty.clone(), faulty)
    };
    let subject = Subject { name: "Faulty", make, index: (), values: [1, 2], behaviour: Behaviour::Variable };
    check(&subject).err().map(|v| v.obligation)
}

#[test]
fn faults_are_caught() {
    assert_eq!(found(Fault::None), None);
    assert_eq!(found(Fault::ForgetsToAbort), Some("abort"));
    assert_eq!(found(Fault::AppliesEarly), Some("abort"));
    // Without a new version nobody is woken, and nobody sees that what he read is stale.
    assert_eq!(found(Fault::LosesWakeUp), Some("stale"));
    assert_eq!(found(Fault::SeesStale), Some("stale"));
    assert_eq!(found(Fault::TouchesNothing), Some("own-writes"));
}

/// The obligation that the suite finds violated by what is changed from outside.
async fn found_in_source(fault: Fault) -> Option<&'static str> {
    let source = Source {
        name: "Faulty",
        make: async || {
            let cell = FaultyCell { core: Core::new(), value: Mutex::new(0), kept: Mutex::new(None), fault };
            let faulty = Faulty(Arc::new(cell));
            (faulty.clone(), faulty)
        },
        index: (),
        change: async |faulty, _| {
            let _gate = faulty.0.core.outside_change();
            *faulty.0.value.lock().unwrap() = 1;
            if fault != Fault::LosesWakeUp {
                faulty.0.core.changed();
            }
            1
        },
        behaviour: Behaviour::Variable,
    };
    source.check().await.err().map(|v| v.obligation)
}

#[tokio::test]
async fn faults_of_sources_are_caught() {
    assert_eq!(found_in_source(Fault::None).await, None);
    assert_eq!(found_in_source(Fault::LosesWakeUp).await, Some("stale"));
    assert_eq!(found_in_source(Fault::SeesStale).await, Some("stale"));
    assert_eq!(found_in_source(Fault::TouchesNothing).await, Some("stale"));
    // It takes what it reads at once, whether or not the section commits.
    let source = Source {
        name: "Hasty",
        make: async || {
            let (sender, input) = input(8);
            (sender, Hasty(input))
        },
        index: (),
        change: async |sender, n| {
            sender.send(n as i64).await;
            n as i64
        },
        behaviour: Behaviour::Queue,
    };
    assert_eq!(source.check().await.err().map(|v| v.obligation), Some("arrival"));
}

struct Hasty(Input<i64>);

impl MappingMacro for Hasty {
    type Index = ();
    type Read = i64;
    type Write = i64;

    fn read(&mut self, section: &mut Section, (): &()) -> Step<i64> {
        self.0.read(section, &())?;
        let taken = std::pin::pin!(commit(|own| self.0.read(own, &())));
        match taken.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(taken) => taken,
            Poll::Pending => Err(Abort::Retry),
        }
    }

    fn write(&mut self, section: &mut Section, (): &(), value: i64) -> Step<()> {
        self.0.write(section, &(), value)
    }
}

/// A queue that blocks without touching its cell would sleep for ever.
#[derive(Clone)]
struct Deaf(Arc<Mutex<Vec<i64>>>, Mailboxes<i64, i64>);

impl MappingMacro for Deaf {
    type Index = i64;
    type Read = i64;
    type Write = i64;

    fn read(&mut self, section: &mut Section, index: &i64) -> Step<i64> {
        if self.0.lock().unwrap().is_empty() {
            Err(Abort::Retry)
        } else {
            self.1.read(section, index)
        }
    }

    fn write(&mut self, section: &mut Section, index: &i64, value: i64) -> Step<()> {
        self.0.lock().unwrap().push(value);
        self.1.write(section, index, value)
    }
}

#[test]
fn blocking_without_a_cell_is_caught() {
    let make = || {
        let deaf = Deaf(Arc::default(), Mailboxes::local([1], &MailboxConfig::default()));
        (deaf.clone(), deaf)
    };
    let subject = Subject { name: "Deaf", make, index: 1, values: [1, 2], behaviour: Behaviour::Queue };
    assert_eq!(check(&subject).err().map(|v| v.obligation), Some("wake-up"));
}
