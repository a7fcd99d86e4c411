//! How fast a cluster is: clients that do one command after another, and how long each took.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{ensure, Context, Result};
use hdrhistogram::Histogram;
use raftkv::client::Client;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::arguments::{Bench, Mix};
use crate::command::client;

/// How often progress is shown.
const PROGRESS: Duration = Duration::from_secs(1);
/// The longest latency that is told apart, in nanoseconds.
const LONGEST: u64 = 60_000_000_000;

/// What clients have done.
#[derive(Default)]
struct Done {
    commands: AtomicU64,
    failures: AtomicU64,
}

/// The result, times in microseconds.
#[derive(Serialize)]
struct Report {
    clients: u32,
    commands: u64,
    failures: u64,
    seconds: f64,
    commands_per_second: f64,
    mean: f64,
    p50: f64,
    p99: f64,
    p99_9: f64,
    max: f64,
}

/// Measures, and prints the result.
pub async fn run(arguments: &Bench) -> Result<()> {
    let (client, done) = (Arc::new(client(&arguments.connection).await?), Arc::new(Done::default()));
    // The first command waits for a leader.
    client.put("bench", "").await?;
    let started = Instant::now();
    let until = started + arguments.duration;
    let mut clients = JoinSet::new();
    for number in 0..arguments.clients {
        let work = Work {
            client: client.clone(),
            done: done.clone(),
            value: "v".repeat(arguments.value_size as usize),
            keys: arguments.keys,
            mix: arguments.mix,
            random: fastrand::Rng::with_seed(number.into()),
        };
        clients.spawn(work.until(until));
    }
    let mut latencies = histogram()?;
    tokio::select! {
        biased;
        all = gather(&mut clients, &mut latencies) => all?,
        () = show(&done, arguments.connection.json) => {}
    }
    let report = Report::new(arguments.clients, &done, started.elapsed(), &latencies);
    if arguments.connection.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        report.print();
    }
    ensure!(report.commands > 0, "no command was answered");
    Ok(())
}

fn histogram() -> Result<Histogram<u64>> {
    Histogram::new_with_max(LONGEST, 3).context("the histogram is wrong")
}

async fn gather(clients: &mut JoinSet<Result<Histogram<u64>>>, all: &mut Histogram<u64>) -> Result<()> {
    while let Some(client) = clients.join_next().await {
        all.add(client??)?;
    }
    Ok(())
}

/// Shows progress, for as long as nobody ends it.
async fn show(done: &Done, quiet: bool) {
    let mut before = 0;
    for second in 1.. {
        sleep(PROGRESS).await;
        let now = done.commands.load(Ordering::Relaxed);
        if !quiet {
            eprintln!("{second:>4} s  {:>8} commands a second", now - before);
        }
        before = now;
    }
}

/// What one client does.
struct Work {
    client: Arc<Client>,
    done: Arc<Done>,
    value: String,
    keys: u32,
    mix: Mix,
    random: fastrand::Rng,
}

impl Work {
    async fn until(mut self, end: Instant) -> Result<Histogram<u64>> {
        let mut latencies = histogram()?;
        while Instant::now() < end {
            let key = format!("key {}", self.random.u32(..self.keys));
            let started = Instant::now();
            let done = if self.random.u8(..100) < self.mix.reads() {
                self.client.get(&key).await.map(drop)
            } else {
                self.client.put(&key, &self.value).await.map(drop)
            };
            match done {
                Ok(()) => {
                    self.done.commands.fetch_add(1, Ordering::Relaxed);
                    latencies.saturating_record(started.elapsed().as_nanos() as u64);
                }
                Err(_) => drop(self.done.failures.fetch_add(1, Ordering::Relaxed)),
            }
        }
        Ok(latencies)
    }
}

impl Report {
    fn new(clients: u32, done: &Done, elapsed: Duration, latencies: &Histogram<u64>) -> Self {
        let (commands, failures) = (done.commands.load(Ordering::Relaxed), done.failures.load(Ordering::Relaxed));
        let (seconds, micros) = (elapsed.as_secs_f64(), |nanos: u64| nanos as f64 / 1e3);
        Self {
            clients,
            commands,
            failures,
            seconds,
            commands_per_second: commands as f64 / seconds,
            mean: latencies.mean() / 1e3,
            p50: micros(latencies.value_at_quantile(0.5)),
            p99: micros(latencies.value_at_quantile(0.99)),
            p99_9: micros(latencies.value_at_quantile(0.999)),
            max: micros(latencies.max()),
        }
    }

    fn print(&self) {
        let Self { clients, commands, failures, seconds, commands_per_second, mean, p50, p99, p99_9, max } = self;
        println!("{clients} clients, {commands} commands in {seconds:.2} s, {failures} without an answer");
        println!("{commands_per_second:.0} commands a second");
        println!("latency in ms: mean {:.2}, p50 {:.2}", mean / 1e3, p50 / 1e3);
        println!("               p99 {:.2}, p99.9 {:.2}, max {:.2}", p99 / 1e3, p99_9 / 1e3, max / 1e3);
    }
}
