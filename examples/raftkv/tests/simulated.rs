//! The store as it is deployed, in worlds where a seed decides what goes wrong. Three servers crash, lose what was not flushed,
//! are cut off and stopped, and their clocks jump, while clients write and read. What the clients saw must have an order, every
//! command must be answered once everything is well, and no term may have two leaders.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{bail, Result};
use mpcal_check::linearizability::{linearize, partition, Explained, Object, Operation, Verdict};
use mpcal_check::simulation::{self, Faults, World};
use mpcal_runtime::value::Str;
use mpcal_runtime::Node;
use raftkv::cluster::{Cluster, Connection, Handle};
use raftkv::model::{Command, Constants, RequestOp};

const CLIENTS: i64 = 3;
/// Commands of each client, which are spread over the time in which something goes wrong.
const COMMANDS: usize = 40;
const KEYS: u64 = 3;

/// One key of the store: its value, and how often it was written.
struct Key;

impl Object for Key {
    type State = (Str, i64);
    type Input = (RequestOp, Str, Str);
    type Output = (Str, i64);

    fn initial(&self) -> Self::State {
        (Str::from(""), 0)
    }

    fn apply(
        &self,
        state: &Self::State,
        (op, _, value): &Self::Input,
        output: Option<&Self::Output>,
    ) -> Option<Self::State> {
        let next = if *op == RequestOp::Put { (value.clone(), state.1 + 1) } else { state.clone() };
        output.is_none_or(|output| *output == next).then_some(next)
    }
}

/// Elections take a tenth of a second, and a minute is to have many of them.
fn faults() -> Faults {
    Faults { power_losses: 20.0, kills: 20.0, pauses: 20.0, partitions: 10.0, ..Faults::default() }
}

type Seen = Operation<(RequestOp, Str, Str), (Str, i64)>;

fn cluster() -> Arc<Cluster> {
    let constants = Constants {
        num_servers: 3,
        num_clients: CLIENTS,
        pre_vote: true,
        window: 64,
        batch: 16,
        // Few, so that snapshots are made and sent.
        keep: 8,
        ..Constants::checked()
    };
    let addresses = (0..).map(|port| SocketAddr::from(([10, 0, 0, 1], 7_000 + port)));
    Arc::new(Cluster::new(constants, PathBuf::from("data"), addresses).expect("the constants are right"))
}

/// A server of some life, until it fails.
async fn server(cluster: Arc<Cluster>, id: i64, living: Arc<Mutex<BTreeMap<i64, Handle>>>) -> Result<()> {
    let (mut node, handle) = cluster.server(id).await?;
    living.lock().expect("nobody panics").insert(id, handle);
    node.join().await?;
    bail!("it has ended")
}

/// What a client does, and sees.
async fn client(world: World, id: i64, connection: Connection, seen: Arc<Mutex<Vec<Seen>>>) {
    for number in 0..COMMANDS {
        world.wait(Duration::from_secs(3)).await;
        let op = if world.below(2) == 0 { RequestOp::Put } else { RequestOp::Get };
        let key = Str::from(format!("key {}", world.below(KEYS)).as_str());
        let value = if op == RequestOp::Put { Str::from(format!("{id}/{number}").as_str()) } else { Str::from("") };
        let called = world.elapsed();
        let result = connection.call(Command { op, key: key.clone(), value: value.clone() }).await.result;
        let returned = Some(((result.value, result.version), world.elapsed()));
        let operation = Operation { client: id as u64, input: (op, key, value), called, returned };
        seen.lock().expect("nobody panics").push(operation);
    }
}

/// Everything that the clients do; whether it has an order.
async fn clients(world: World, cluster: Arc<Cluster>) -> Result<()> {
    let (mut node, seen) = (Node::new(), Arc::new(Mutex::new(Vec::new())));
    let mut all = Vec::new();
    for id in cluster.clients() {
        let connection = cluster.client(&mut node, id).await?;
        all.push(client(world.clone(), id, connection, seen.clone()));
    }
    tokio::select! {
        biased;
        ended = node.join() => drop(ended?),
        _ = futures_util::future::join_all(all) => {}
    }
    let seen = seen.lock().expect("nobody panics").clone();
    for (key, history) in partition(seen, |(_, key, _)| key.clone()) {
        let verdict = linearize(&Key, &history, Duration::from_secs(60));
        if !matches!(verdict, Verdict::Linearizable(_)) {
            bail!("{key}: {}", Explained(&history, &verdict));
        }
    }
    Ok(())
}

#[test]
fn the_store_is_what_its_model_says_whatever_the_seed() {
    let checked = simulation::check(8, |mut simulation| {
        let (cluster, living) = (cluster(), Arc::new(Mutex::new(BTreeMap::new())));
        for id in cluster.servers() {
            let (cluster, living) = (cluster.clone(), living.clone());
            simulation.node(format!("server {id}"), move || server(cluster.clone(), id, living.clone()));
        }
        let mut leaders: BTreeMap<i64, i64> = BTreeMap::new();
        simulation.invariant("ElectionSafety", move || {
            for (id, handle) in &*living.lock().expect("nobody panics") {
                if handle.leader() == Some(*id) {
                    let leader = leaders.entry(handle.term()).or_insert(*id);
                    if *leader != *id {
                        return Err(format!("{leader} and {id} lead term {}", handle.term()));
                    }
                }
            }
            Ok(())
        });
        simulation.faults(faults());
        simulation.run(|world| clients(world, cluster))
    });
    println!("{checked}");
}
