//! Each resource passes the conformance suite, and the suite catches resources with a fault.

use std::collections::BTreeMap;
use std::sync::Arc;

use mpcal_runtime::conformance::{check, Behaviour, Subject};
use mpcal_runtime::resource::{
    link, AddWinsSet, CrdtConfig, Durable, DurableLog, Family, Files, MailboxConfig, Mailboxes, PnCounter, Replica,
    Replicated, ReplicatedConfig, Shared,
};
use mpcal_runtime::value::{Seq, Set, Str};
use mpcal_runtime::wal::{Wal, WalConfig};
use mpcal_runtime::{Abort, Cell, Core, MappingMacro, Section, Step};
use std::sync::Mutex;

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
        let replica = Replica::<PnCounter>::open(0, None, &BTreeMap::new(), &CrdtConfig::default()).unwrap();
        (replica.clone(), replica)
    };
    check(&Subject { name: "PnCounter", make, index: (), values: [7, -3], behaviour: Behaviour::Variable }).unwrap();
    let make = || {
        let replica = Replica::<AddWinsSet<i64>>::open(0, None, &BTreeMap::new(), &CrdtConfig::default()).unwrap();
        (replica.clone(), replica)
    };
    let values = [[1].into_iter().collect(), [2, 3].into_iter().collect::<Set<i64>>()];
    check(&Subject { name: "AddWinsSet", make, index: (), values, behaviour: Behaviour::Variable }).unwrap();
}

#[test]
fn a_variable_by_two_phase_commit() {
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
