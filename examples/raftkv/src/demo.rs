//! What the example shows: writes and reads, the leader killed, service goes on, it comes back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure, Context, Result};
use mpcal_runtime::value::Str;
use mpcal_runtime::Node;
use raftkv::cluster::{Cluster, Connection, Handle};
use raftkv::model::{Command, RequestOp};
use tokio::task::JoinSet;

/// Long enough for a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

/// The servers that live.
type Living = BTreeMap<i64, RunningServer>;

/// A server and its task: when that is gone, so is the server.
struct RunningServer {
    handle: Handle,
    _task: JoinSet<()>,
}

impl RunningServer {
    async fn start(cluster: &Cluster, id: i64) -> Result<Self> {
        let (mut node, handle) = cluster.server(id).await?;
        let mut task = JoinSet::new();
        task.spawn(async move {
            if let Err(failed) = node.join().await {
                eprintln!("server {id}: {failed}");
            }
        });
        Ok(Self { handle, _task: task })
    }
}

/// Clients by their ids.
type Connections = Vec<(i64, Arc<Connection>)>;

/// Runs the whole demonstration.
pub async fn run(cluster: &Cluster, writes: i64) -> Result<()> {
    let mut living = Living::new();
    for id in cluster.servers() {
        living.insert(id, RunningServer::start(cluster, id).await?);
    }
    let mut node = Node::new();
    let mut connections = Vec::new();
    for id in cluster.clients() {
        connections.push((id, Arc::new(cluster.client(&mut node, id).await?)));
    }
    let demonstration = demonstrate(cluster, living, connections, writes);
    tokio::select! {
        ended = node.run() => drop(ended?),
        shown = demonstration => shown?,
    }
    Ok(())
}

async fn demonstrate(cluster: &Cluster, mut living: Living, connections: Connections, writes: i64) -> Result<()> {
    println!("server {} leads", leader(&living).await?);
    write_and_read(&connections, 1, writes).await?;

    let killed = leader(&living).await?;
    drop(living.remove(&killed));
    println!("server {killed} was killed");
    let since = Instant::now();
    let next = leader(&living).await?;
    println!("server {next} leads after {} ms", since.elapsed().as_millis());
    write_and_read(&connections, 2, writes).await?;

    living.insert(killed, RunningServer::start(cluster, killed).await?);
    let other = cluster.servers().find(|id| ![killed, next].contains(id)).context("there are three servers")?;
    drop(living.remove(&other));
    println!("server {killed} is back, server {other} was killed");
    write_and_read(&connections, 3, writes).await?;

    living.insert(other, RunningServer::start(cluster, other).await?);
    let heir = hand_over(&living).await?;
    println!("server {other} is back, the leader has handed over to server {heir}");
    let gone = cluster.servers().find(|id| *id != heir).context("there are three servers")?;
    living[&heir].handle.change.send(gone).await;
    drop(living.remove(&gone));
    println!("server {gone} has left");
    write_and_read(&connections, 4, writes).await?;
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

/// Each client writes its own key so many times, and reads those of all others.
async fn write_and_read(connections: &Connections, round: i64, writes: i64) -> Result<()> {
    let started = Instant::now();
    let everything = async {
        let mut writers = JoinSet::new();
        for (id, connection) in connections {
            writers.spawn(write(*id, connection.clone(), round, writes));
        }
        while let Some(written) = writers.join_next().await {
            written??;
        }
        let (reader, connection) = connections.first().context("there is a client")?;
        for (id, _) in connections {
            check(*id, connection, round * writes).await.with_context(|| format!("client {reader}"))?;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(LIMIT, everything).await.context("the service does not answer")??;
    let (count, seconds) = (writes * connections.len() as i64, started.elapsed().as_secs_f64());
    println!("{count} writes in {seconds:.2} s, {:.0} a second; each was read", count as f64 / seconds);
    Ok(())
}

/// Writes a key and sees at each write how often it was written before.
async fn write(id: i64, connection: Arc<Connection>, round: i64, writes: i64) -> Result<()> {
    for number in (round - 1) * writes + 1..=round * writes {
        let value = format!("value {number}").as_str().into();
        let command = Command { op: RequestOp::Put, key: key(id), value };
        let outcome = connection.call(command).await;
        let version = outcome.result.version;
        ensure!(version == number, "write {number} of client {id} was the {version}th to its key");
    }
    Ok(())
}

async fn check(id: i64, connection: &Connection, written: i64) -> Result<()> {
    let command = Command { op: RequestOp::Get, key: key(id), value: "".into() };
    let read = connection.call(command).await.result;
    if read.value.as_str() != format!("value {written}") || read.version != written {
        bail!("key of client {id}: {read}, but the last write was {written}");
    }
    Ok(())
}

fn key(id: i64) -> Str {
    format!("key of client {id}").as_str().into()
}
