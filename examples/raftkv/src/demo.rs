//! What the example shows: writes and reads, the leader killed, service goes on, it comes back.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{ensure, Context, Result};
use raftkv::client::Client;
use raftkv::cluster::{Cluster, Handle};
use raftkv::config;
use raftkv::model::Wish;
use tokio::task::JoinSet;

use crate::arguments;

/// Long enough for a busy machine.
const LIMIT: Duration = Duration::from_secs(30);
/// How many servers there are.
const SERVERS: i64 = 3;
/// How many entries that were carried out may stay in the log: few, so that the demonstration needs a snapshot.
const KEEP: i64 = 100;

/// The servers that live.
type Living = BTreeMap<i64, RunningServer>;

/// A server and its task: when that is gone, so is the server.
struct RunningServer {
    handle: Handle,
    _task: JoinSet<()>,
}

impl RunningServer {
    async fn start(cluster: &Cluster, id: i64) -> Result<Self> {
        std::fs::create_dir_all(cluster.directory(id))?;
        let mut server = cluster.server(id).await?;
        let (mut task, handle) = (JoinSet::new(), server.handle.clone());
        task.spawn(async move {
            if let Err(failed) = server.node().join().await {
                eprintln!("server {id}: {failed}");
            }
        });
        Ok(Self { handle, _task: task })
    }
}

/// What clients have written.
struct Writers {
    client: Arc<Client>,
    count: i64,
    /// Of each, in each round.
    writes: i64,
}

/// Runs the whole demonstration.
pub async fn run(arguments: arguments::Demo) -> Result<()> {
    let (data, _temporary) = match arguments.data {
        Some(data) => (data, None),
        None => tempfile::tempdir().map(|directory| (directory.path().to_owned(), Some(directory)))?,
    };
    let cluster = config::local(SERVERS, KEEP, data, arguments.base_port);
    let mut living = Living::new();
    for id in cluster.servers.keys() {
        living.insert(*id, RunningServer::start(&cluster, *id).await?);
    }
    let client = Arc::new(Client::new(cluster.clients(), None, LIMIT));
    let writers = Writers { client, count: arguments.clients, writes: arguments.writes };
    demonstrate(&cluster, living, &writers).await
}

async fn demonstrate(cluster: &Cluster, mut living: Living, writers: &Writers) -> Result<()> {
    println!("server {} leads", leader(&living).await?);
    writers.write_and_read(1).await?;

    let killed = leader(&living).await?;
    drop(living.remove(&killed));
    println!("server {killed} was killed");
    let since = Instant::now();
    let next = leader(&living).await?;
    println!("server {next} leads after {} ms", since.elapsed().as_millis());
    writers.write_and_read(2).await?;

    living.insert(killed, RunningServer::start(cluster, killed).await?);
    let other =
        cluster.servers.keys().copied().find(|id| ![killed, next].contains(id)).context("there are three servers")?;
    drop(living.remove(&other));
    println!("server {killed} is back, server {other} was killed");
    writers.write_and_read(3).await?;

    living.insert(other, RunningServer::start(cluster, other).await?);
    let heir = hand_over(&living).await?;
    println!("server {other} is back, the leader has handed over to server {heir}");
    let gone = cluster.servers.keys().copied().find(|id| *id != heir).context("there are three servers")?;
    living[&heir].handle.change.send(Wish { server: gone, decides: false }).await;
    drop(living.remove(&gone));
    println!("server {gone} has left");
    writers.write_and_read(4).await?;
    println!("nothing was lost, nothing was done twice");
    Ok(())
}

/// Who leads, when somebody does.
async fn leader(living: &Living) -> Result<i64> {
    let found = async {
        loop {
            let says_so = |(id, server): (&i64, &RunningServer)| (server.handle.leader() == Some(*id)).then_some(*id);
            if let Some(leader) = living.iter().find_map(says_so) {
                return leader;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LIMIT, found).await.context("nobody was elected")
}

/// Asks the leader to hand over, until another leads.
async fn hand_over(living: &Living) -> Result<i64> {
    let before = leader(living).await?;
    let handed_over = async {
        loop {
            living[&before].handle.transfer.send(true).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
            let now = leader(living).await?;
            if now != before {
                return Ok(now);
            }
        }
    };
    tokio::time::timeout(LIMIT, handed_over).await.context("the leader keeps its place")?
}

impl Writers {
    /// Each client writes its own key so many times; then all are read.
    async fn write_and_read(&self, round: i64) -> Result<()> {
        let started = Instant::now();
        let mut clients = JoinSet::new();
        for id in 1..=self.count {
            clients.spawn(write(id, self.client.clone(), (round - 1) * self.writes + 1..=round * self.writes));
        }
        while let Some(written) = clients.join_next().await {
            written??;
        }
        for id in 1..=self.count {
            check(id, &self.client, round * self.writes).await?;
        }
        let (count, seconds) = (self.writes * self.count, started.elapsed().as_secs_f64());
        println!("{count} writes in {seconds:.2} s, {:.0} a second; each was read", count as f64 / seconds);
        Ok(())
    }
}

/// Writes a key and sees at each write how often it was written before.
async fn write(id: i64, client: Arc<Client>, numbers: RangeInclusive<i64>) -> Result<()> {
    for number in numbers {
        let version = client.put(&key(id), &format!("value {number}")).await?;
        ensure!(version == number, "write {number} of client {id} was the {version}th to its key");
    }
    Ok(())
}

async fn check(id: i64, client: &Client, written: i64) -> Result<()> {
    let read = client.get(&key(id)).await?.with_context(|| format!("the key of client {id} is lost"))?;
    let is_last = read.value == format!("value {written}") && read.version == written;
    ensure!(is_last, "client {id} has written `value {written}` last, and `{}` was read", read.value);
    Ok(())
}

fn key(id: i64) -> String {
    format!("key of {id}")
}
