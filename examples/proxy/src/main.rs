//! A proxy in front of back-ends over TCP, one of which dies on the way.
//!
//! Without a role everything runs in one process, each part with sockets of its own on loopback.
//! `proxy relay`, `proxy backend ID` and `proxy client ID` run the parts as processes of their own.

mod arguments;
mod cluster;
mod summary;

use std::collections::BTreeMap;

use anyhow::{ensure, Result};
use mpcal_runtime::resource::{output, OutputReceiver};
use mpcal_runtime::Node;

use crate::arguments::{Arguments, Role};
use crate::cluster::Cluster;
use crate::model::{Constants, ToldRecord, FRONT};
use crate::summary::Summary;

/// The model, compiled.
mod model {
    mpcal_runtime::include_model!("proxy");
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { role, backends, clients, rounds, base_port } = Arguments::read();
    let constants = Constants { num_backends: backends, num_clients: clients, rounds };
    let cluster = Cluster::new(constants, base_port)?;
    match role {
        None => run_all(&cluster).await,
        Some(Role::Relay) => run_relay(&cluster).await,
        Some(Role::Backend { id }) => run_backend(&cluster, id).await,
        Some(Role::Client { id }) => run_client(&cluster, id).await,
    }
}

/// The whole service; when half of the requests are answered, the busiest back-end is killed.
async fn run_all(cluster: &Cluster) -> Result<()> {
    let constants = &cluster.constants;
    let mut relay = cluster.relay().await?;
    let mut backends = BTreeMap::new();
    for id in constants.backends()?.iter() {
        backends.insert(*id, cluster.backend(*id).await?);
    }
    let (told, answers) = output(16);
    let mut clients = Node::new();
    for id in constants.clients()?.iter() {
        cluster.client(&mut clients, *id, told.clone()).await?;
    }
    let requests = constants.num_clients * constants.rounds;
    let mut summary = Summary::new();
    let running = run_clients(&mut clients, &answers, |told| {
        summary.add(&told);
        if let (true, Some(id)) = (summary.requests() == requests / 2, summary.busiest()) {
            println!("killing back-end {id}, which has answered most");
            backends.remove(&id);
        }
    });
    tokio::select! {
        ended = running => ended?,
        failed = relay.join() => drop(failed?),
    }
    println!("{summary}");
    if !clients.stop_handle().is_stopped() {
        ensure!(summary.requests() == requests, "not every request was answered");
        println!("every request was answered");
    }
    Ok(())
}

async fn run_relay(cluster: &Cluster) -> Result<()> {
    let mut node = cluster.relay().await?;
    cluster.say_when_ready(&mut node, FRONT);
    node.run().await?;
    Ok(())
}

async fn run_backend(cluster: &Cluster, id: i64) -> Result<()> {
    let mut backend = cluster.backend(id).await?;
    cluster.say_when_ready(&mut backend.node, id);
    backend.node.run().await?;
    Ok(())
}

async fn run_client(cluster: &Cluster, id: i64) -> Result<()> {
    let (told, answers) = output(16);
    let mut node = Node::new();
    cluster.client(&mut node, id, told).await?;
    cluster.say_when_ready(&mut node, id);
    let mut summary = Summary::new();
    run_clients(&mut node, &answers, |told| summary.add(&told)).await?;
    println!("{summary}");
    Ok(())
}

/// Runs clients to their end, and hands on what they are told.
async fn run_clients(
    clients: &mut Node,
    answers: &OutputReceiver<ToldRecord>,
    mut hand_on: impl FnMut(ToldRecord),
) -> Result<()> {
    let forever = async {
        loop {
            hand_on(answers.receive().await);
        }
    };
    tokio::select! {
        ended = clients.run() => drop(ended?),
        () = forever => {}
    }
    while let Some(told) = answers.try_receive() {
        hand_on(told);
    }
    Ok(())
}
