//! The store as it is deployed, in worlds where a seed decides what goes wrong. Three servers crash, lose what was not flushed,
//! are cut off and stopped, and their clocks jump, while clients write and read. What the clients saw must have an order, every
//! command must be answered once everything is well, and no term may have two leaders.

mod history;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{bail, Result};
use mpcal_check::linearizability::Operation;
use mpcal_check::simulation::{self, Faults, World};
use raftkv::client::Client;
use raftkv::cluster::{Cluster, Handle};
use raftkv::model::Constants;

use crate::history::{Asked, Seen};

const CLIENTS: u64 = 3;
/// Commands of each client, which are spread over the time in which something goes wrong.
const COMMANDS: usize = 40;
const KEYS: u64 = 3;
/// Commands may take as long as anything goes wrong.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Elections take a tenth of a second, and a minute is to have many of them.
fn faults() -> Faults {
    Faults { power_losses: 20.0, kills: 20.0, pauses: 20.0, partitions: 10.0, ..Faults::default() }
}

fn cluster() -> Arc<Cluster> {
    let constants = Constants {
        num_servers: 3,
        num_clients: 0,
        pre_vote: true,
        window: 64,
        batch: 16,
        // Few, so that snapshots are made and sent.
        keep: 8,
        ..Constants::checked()
    };
    let address = |id: i64, port| SocketAddr::from(([10, 0, 0, id as u8], port));
    let servers = (1..=3).map(|id| (id, (address(id, 7_000), address(id, 8_000)))).collect();
    Arc::new(Cluster { constants, data: "data".into(), servers, secret: None, source: "the test".to_owned() })
}

/// A server of some life, until it fails.
async fn server(cluster: Arc<Cluster>, id: i64, living: Arc<Mutex<BTreeMap<i64, Handle>>>) -> Result<()> {
    let mut server = cluster.server(id).await?;
    living.lock().expect("nobody panics").insert(id, server.handle.clone());
    server.node().join().await?;
    bail!("it has ended")
}

/// What a client does, and sees.
async fn client(world: World, id: u64, client: &Client, seen: &Mutex<Vec<Seen>>) {
    for number in 0..COMMANDS {
        world.wait(Duration::from_secs(3)).await;
        let asked = Asked::new(world.below(3), world.below(KEYS), format!("{id}/{number}"));
        let called = world.elapsed();
        let told = asked.call(client).await.expect("it is answered in time");
        let operation = Operation { client: id, input: asked, called, returned: Some((told, world.elapsed())) };
        seen.lock().expect("nobody panics").push(operation);
    }
}

/// Everything that the clients do; whether it has an order.
async fn clients(world: World, cluster: Arc<Cluster>) -> Result<()> {
    let (service, seen) = (Client::new(cluster.clients(), None, PATIENCE), Mutex::new(Vec::new()));
    let all = (0..CLIENTS).map(|id| client(world.clone(), id, &service, &seen));
    futures_util::future::join_all(all).await;
    let seen = seen.lock().expect("nobody panics").clone();
    history::check(seen).map_err(anyhow::Error::msg)
}

#[test]
fn the_store_is_what_its_model_says_whatever_the_seed() {
    let checked = simulation::check(8, |mut simulation| {
        let (cluster, living) = (cluster(), Arc::new(Mutex::new(BTreeMap::new())));
        for id in cluster.servers.keys().copied() {
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
