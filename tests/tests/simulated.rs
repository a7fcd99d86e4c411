//! Nodes as they are deployed, in worlds where a seed decides what happens.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mpcal_check::simulation::{self, Faults, Run, Simulation, World};
use mpcal_runtime::host::Listener;
use mpcal_runtime::resource::{DurableLog, MailboxConfig, Mailboxes};
use mpcal_runtime::value::Seq;
use mpcal_runtime::wal::{Wal, WalConfig};
use mpcal_runtime::{Error, MappingMacro, Node, Section, Step};
use mpcal_tests::pair::{self, model};
use parking_lot::Mutex;

/// Messages that a sender has.
const MESSAGES: i64 = 300;

/// Where the receiver listens.
fn address() -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 1], 7000))
}

fn config() -> MailboxConfig {
    MailboxConfig { inbox_capacity: 8, outbox_capacity: 8, ..MailboxConfig::default() }
}

/// What the scene does: sends all messages, a few at a time, and waits until they were taken.
async fn send(world: &World) -> Result<(), Error> {
    let (links, mut node) = pair::sender(address(), 1, 10, &config());
    node.join().await?;
    for first in (11..MESSAGES).step_by(10) {
        world.wait(Duration::from_secs(4)).await;
        let parameters = model::SenderParameters { first, last: first + 9, net: links.clone() };
        let mut node = Node::new();
        node.spawn(model::Sender::new(0, &pair::constants(), parameters)?);
        node.join().await?;
    }
    links.flushed().await;
    Ok(())
}

/// Everything that can happen to a process without its end.
fn survivable() -> Faults {
    Faults { power_losses: 0.0, kills: 0.0, full_disks: 0.0, failed_flushes: 0.0, ..Faults::default() }
}

/// A receiver that forgets what it was told when it ends.
async fn receiver(told: Arc<Mutex<Vec<i64>>>) -> Result<(), Error> {
    let listener = Listener::bind(address()).await.expect("the address is free");
    let mut receiver = pair::receiver_with(listener, &BTreeMap::new(), &config());
    let listen = async {
        loop {
            let number = receiver.told.receive().await;
            told.lock().push(number);
        }
    };
    tokio::select! {
        biased;
        result = receiver.node.join() => result.map(drop),
        () = listen => Ok(()),
    }
}

/// Messages over reliable mailboxes; what was told.
fn told(mut simulation: Simulation) -> Run<Vec<i64>> {
    let told = Arc::new(Mutex::new(Vec::new()));
    let there = told.clone();
    simulation.node("receiver", move || receiver(there.clone()));
    simulation.faults(survivable());
    let all = told.clone();
    simulation.invariant("messages come once and in order", move || {
        let told = all.lock();
        if (1..).zip(&*told).all(|(expected, number)| expected == *number) {
            Ok(())
        } else {
            Err(format!("{told:?}"))
        }
    });
    simulation.run(|world| async move {
        send(&world).await?;
        let told = told.lock().clone();
        // What was taken may not have been told yet.
        if told.len() >= MESSAGES as usize - 16 {
            Ok(told)
        } else {
            Err(Error::Resource(format!("{told:?}")))
        }
    })
}

#[test]
fn messages_arrive_once_and_in_order_whatever_the_seed() {
    let checked = simulation::check(40, told);
    println!("{checked}");
    assert!(checked.faults > 400, "{checked}");
}

#[test]
fn a_seed_decides_everything() {
    let [first, again, other] = [5, 5, 6].map(|seed| told(Simulation::new(seed)));
    assert_eq!(first.trace, again.trace);
    assert_eq!(first.plan, again.plan);
    assert_ne!(first.trace, other.trace);
    assert!(first.trace.count() > 100, "{:?}", first.trace);
}

/// An idle hour passes in no time.
#[test]
fn nobody_waits_for_the_clock() {
    let mut simulation = Simulation::new(1);
    simulation.node("receiver", || receiver(Arc::default()));
    simulation.faults(Faults::none());
    simulation.patience(Duration::from_secs(4_000));
    let run = simulation.run(|_| async {
        let (_links, mut node) = pair::sender(address(), 1, 3, &config());
        node.join().await?;
        tokio::time::sleep(Duration::from_secs(3_600)).await;
        Ok::<_, Error>(())
    });
    assert_eq!(run.outcome, Ok(()));
    assert!(run.simulated >= Duration::from_secs(3_600));
    assert!(run.elapsed < Duration::from_secs(20), "it took {:?}", run.elapsed);
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

/// A receiver that keeps what it is told.
async fn durable_receiver(now: Arc<Mutex<Seq<i64>>>) -> io::Result<()> {
    let wal = Wal::open("receiver.wal", &WalConfig { compact_at: 1 << 12, ..WalConfig::default() })?;
    let told = DurableLog::new(&wal, "told")?;
    let listener = Listener::bind(address()).await?;
    let net = Mailboxes::open(Some(listener), [1], &BTreeMap::new(), &config())?;
    let parameters = model::ReceiverParameters { net, told: Journal(told.clone()) };
    let mut node = Node::new();
    node.stop_with(&wal);
    let receiver = model::Receiver::new(1, &pair::constants(), parameters).map_err(io::Error::other)?;
    node.spawn_durable(receiver, &wal, "receiver")?;
    let watch = async {
        loop {
            *now.lock() = told.load();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::select! {
        biased;
        result = node.join() => result.map(drop).map_err(io::Error::other),
        () = watch => Ok(()),
    }
}

/// What a receiver has when everything was acknowledged and some time has passed.
async fn kept(world: &World, now: &Mutex<Seq<i64>>) -> Result<Vec<i64>, String> {
    send(world).await.map_err(|error| error.to_string())?;
    tokio::time::sleep(Duration::from_secs(90)).await;
    let told: Vec<i64> = now.lock().iter().copied().collect();
    // A message whose taking was not flushed comes again, behind those before it.
    let mut next = 1;
    for number in &told {
        if *number > next {
            return Err(format!("{next} is missing in {told:?}"));
        }
        next = next.max(number + 1);
    }
    if next == MESSAGES + 1 {
        Ok(told)
    } else {
        Err(format!("{next} is missing at the end of {told:?}"))
    }
}

#[test]
fn what_was_acknowledged_survives_whatever_the_seed() {
    let checked = simulation::check(40, |mut simulation| {
        let now = Arc::new(Mutex::new(Seq::new()));
        let there = now.clone();
        simulation.node("receiver", move || durable_receiver(there.clone()));
        simulation.patience(Duration::from_secs(240));
        simulation.run(|world| async move { kept(&world, &now).await })
    });
    println!("{checked}");
    assert!(checked.faults > 600, "{checked}");
}

/// A receiver that keeps nothing is found out, with a plan that is as short as can be.
#[test]
#[should_panic(expected = "what goes wrong, as little as was found to be enough:\n")]
fn who_forgets_is_found_out() {
    simulation::check(40, |mut simulation| {
        let now = Arc::new(Mutex::new(Seq::new()));
        let there = now.clone();
        simulation.node("receiver", move || {
            let (now, told) = (there.clone(), Arc::new(Mutex::new(Vec::new())));
            let tell = told.clone();
            async move {
                let watch = async {
                    loop {
                        *now.lock() = told.lock().iter().copied().collect();
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                };
                tokio::select! {
                    biased;
                    result = receiver(tell) => result,
                    () = watch => Ok(()),
                }
            }
        });
        simulation.patience(Duration::from_secs(240));
        simulation.run(|world| async move { kept(&world, &now).await })
    });
}
