//! Who is woken when many wait for the same: as many as there are messages, and another one when one of them does not take
//! its message.

#![allow(clippy::disallowed_methods, reason = "tests run on the operating system")]

mod by_hand;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use by_hand::archetype;
use mpcal_runtime::resource::{input, output, Input, InputSender, Output, OutputReceiver, Shared};
use mpcal_runtime::{Cell, Core, Driver, MappingMacro, Step};
use tokio::runtime::Builder;
use tokio::task::{yield_now, JoinHandle};
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(20);

/// Consumers of one channel.
struct World {
    requests: InputSender<i64>,
    messages: Input<i64>,
    /// What was taken.
    results: Output<i64>,
    taken: OutputReceiver<i64>,
    /// Written by everyone who takes a message, so that sections get lost.
    sum: Shared<i64>,
    attempts: Arc<AtomicU64>,
}

impl World {
    fn new(capacity: usize) -> Self {
        let ((requests, messages), (results, taken)) = (input(capacity), output(1 << 20));
        Self { requests, messages, results, taken, sum: Shared::new(0), attempts: Arc::default() }
    }

    /// Starts one that takes messages while it is open.
    fn consumer(&self, open: &Shared<bool>) -> JoinHandle<()> {
        let (mut messages, mut results, mut sum) = (self.messages.clone(), self.results.clone(), self.sum.clone());
        let (mut open, attempts) = (open.clone(), self.attempts.clone());
        let mut driver = Driver::new(archetype(move |section| {
            attempts.fetch_add(1, Ordering::SeqCst);
            let message = messages.read(section, &())?;
            let is_open = open.read(section, &())?;
            section.wait_for(is_open)?;
            let before = sum.read(section, &())?;
            sum.write(section, &(), before + message)?;
            results.write(section, &(), message)?;
            Ok(false)
        }));
        tokio::spawn(async move { driver.run().await.expect("it goes on until it is stopped") })
    }

    /// Waits until so many messages were taken.
    async fn expect(&self, messages: u64) {
        for n in 0..messages {
            let taken = timeout(LIMIT, self.taken.receive()).await;
            assert!(taken.is_ok(), "{n} of {messages} messages were taken");
        }
    }
}

/// Lets all others run until they sleep, in a runtime with one thread.
async fn quiet() {
    for _ in 0..200 {
        yield_now().await;
    }
}

#[tokio::test]
async fn a_message_wakes_one_of_those_who_wait() {
    const MESSAGES: u64 = 200;
    let (world, open) = (World::new(1024), Shared::new(true));
    let consumers: Vec<_> = (0..64).map(|_| world.consumer(&open)).collect();
    quiet().await;
    let before = world.attempts.load(Ordering::SeqCst);
    for n in 0..MESSAGES {
        world.requests.send(n as i64).await;
        world.expect(1).await;
    }
    quiet().await;
    // One that takes it, and looks in vain for the next.
    assert_eq!(world.attempts.load(Ordering::SeqCst) - before, 2 * MESSAGES);
    consumers.iter().for_each(JoinHandle::abort);
}

#[tokio::test]
async fn who_is_stopped_passes_its_message_on() {
    let (world, open) = (World::new(1024), Shared::new(true));
    let consumers: Vec<_> = (0..8).map(|_| world.consumer(&open)).collect();
    quiet().await;
    // Seven are stopped after they were woken, and before they run.
    for stopped in &consumers[..7] {
        world.requests.send(1).await;
        stopped.abort();
    }
    world.expect(7).await;
}

#[tokio::test]
async fn who_is_blocked_by_something_else_passes_its_message_on() {
    let (world, open, closed) = (World::new(1024), Shared::new(true), Shared::new(false));
    let _consumers: Vec<_> = [&closed, &closed, &open].map(|open| world.consumer(open)).into();
    quiet().await;
    world.requests.send(1).await;
    world.expect(1).await;
}

/// What keeps a section from committing, for ever.
struct Never(Arc<Core>);

impl Cell for Never {
    type Staged = ();

    fn core(&self) -> &Arc<Core> {
        &self.0
    }
    fn poll_pre_commit(&self, (): &mut (), _: &mut Context<'_>) -> Poll<Step<()>> {
        Poll::Pending
    }
    fn commit(&self, (): &mut ()) {}
}

#[tokio::test]
async fn who_waits_before_it_commits_passes_its_message_on() {
    let (world, open, never) = (World::new(1024), Shared::new(true), Arc::new(Never(Core::new())));
    let mut messages = world.messages.clone();
    let mut waits = Driver::new(archetype(move |section| {
        messages.read(section, &())?;
        section.stage(&never);
        Ok(true)
    }));
    tokio::spawn(async move { waits.run().await.expect("it waits") });
    quiet().await;
    let _consumer = world.consumer(&open);
    quiet().await;
    world.requests.send(1).await;
    world.expect(1).await;
}

#[tokio::test]
async fn space_wakes_one_of_those_who_wait_for_it() {
    const SENDERS: i64 = 16;
    let attempts = Arc::new(AtomicU64::new(0));
    let (sending, receiver) = output::<i64>(1);
    for n in 0..SENDERS {
        let (mut sending, attempts) = (sending.clone(), attempts.clone());
        let mut driver = Driver::new(archetype(move |section| {
            attempts.fetch_add(1, Ordering::SeqCst);
            sending.write(section, &(), n)?;
            Ok(true)
        }));
        tokio::spawn(async move { driver.run().await.expect("it ends") });
    }
    quiet().await;
    for _ in 0..SENDERS {
        timeout(LIMIT, receiver.receive()).await.expect("somebody sends");
        quiet().await;
    }
    // Each in vain, and then with success.
    assert_eq!(attempts.load(Ordering::SeqCst), 2 * SENDERS as u64 - 1);
}

fn random(state: &mut u64, below: u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % below
}

/// Messages come, consumers are stopped and started, opened and closed; in the end one of them is open, and everything
/// must be taken.
async fn storm(seed: u64) {
    let mut state = seed;
    let world = World::new(1 + random(&mut state, 8) as usize);
    let mut consumers: Vec<(Shared<bool>, JoinHandle<()>)> = Vec::new();
    let (mut sent, count) = (0, 2 + random(&mut state, 6));
    for _ in 0..count {
        let open = Shared::new(true);
        let task = world.consumer(&open);
        consumers.push((open, task));
    }
    for _ in 0..100 {
        let who = random(&mut state, count) as usize;
        match random(&mut state, 6) {
            0 => {
                let open = Shared::new(random(&mut state, 2) == 0);
                consumers[who].1.abort();
                let task = world.consumer(&open);
                consumers[who] = (open, task);
            }
            1 => consumers[who].0.update(|open| Some(!open)),
            2 => yield_now().await,
            _ => {
                let sending = world.requests.send(1);
                sent += u64::from(timeout(Duration::ZERO, sending).await.is_ok());
            }
        }
    }
    let last = random(&mut state, count) as usize;
    for (at, (_, task)) in consumers.iter().enumerate() {
        if at != last && random(&mut state, 2) == 0 {
            task.abort();
        }
    }
    consumers[last].0.update(|_| Some(true));
    world.expect(sent).await;
    consumers.iter().for_each(|(_, task)| task.abort());
}

/// `SEED` runs one of them again.
#[test]
fn nobody_sleeps_while_there_is_a_message_it_could_take() {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    let seeds = seed.map_or(1..400, |seed: u64| seed..seed + 1);
    let one = Builder::new_current_thread().enable_all().build().unwrap();
    let several = Builder::new_multi_thread().worker_threads(3).enable_all().build().unwrap();
    for seed in seeds {
        println!("SEED={seed}");
        one.block_on(storm(seed));
        several.block_on(async { tokio::spawn(storm(seed)).await.unwrap() });
    }
}
