//! A proxy in front of back-ends over TCP, one of which dies on the way.
//!
//! Without arguments everything runs in one process, each part with sockets of its own on loopback.
//! `proxy relay`, `proxy backend ID` and `proxy client ID` run the parts as processes.

mod cluster;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use mpcal_runtime::Node;

use crate::cluster::{Backend, Clients, Cluster};
use crate::model::{Constants, FRONT};

/// The model, compiled.
mod model {
    mpcal_runtime::include_model!("proxy");
}

const HELP: &str = "\
usage: proxy [relay | backend ID | client ID] [options]

Without a role: everything in this process; one back-end dies half-way.

options:
  --backends N     number of back-ends, 2.. (default 3)
  --clients N      number of clients, behind the back-ends (default 2)
  --rounds N       requests of each client (default 40)
  --base-port P    inbox ID listens on port P + ID of 127.0.0.1, its monitor on P + 100 + ID
                   (default 7600 with a role)

examples:
  proxy
  proxy relay & proxy backend 2 & proxy backend 3 & proxy backend 4 & proxy client 5";

enum Role {
    Everyone,
    Relay,
    Backend(i64),
    Client(i64),
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<(Role, Constants, Option<u16>), String> {
    let mut constants = Constants { num_backends: 3, num_clients: 2, rounds: 40 };
    let (mut role, mut base_port) = (Role::Everyone, None);
    let number = |text: Option<String>| text.and_then(|t| t.parse::<i64>().ok()).ok_or("a number is missing");
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "relay" => role = Role::Relay,
            "backend" => role = Role::Backend(number(arguments.next())?),
            "client" => role = Role::Client(number(arguments.next())?),
            "--backends" => constants.num_backends = number(arguments.next())?,
            "--clients" => constants.num_clients = number(arguments.next())?,
            "--rounds" => constants.rounds = number(arguments.next())?,
            "--base-port" => {
                let port = number(arguments.next())?;
                base_port = Some(u16::try_from(port).map_err(|_| "a port is at most 65535")?);
            }
            other => return Err(format!("unknown argument {other}")),
        }
    }
    Ok((role, constants, base_port))
}

#[tokio::main]
async fn main() -> ExitCode {
    if std::env::args().skip(1).any(|a| a == "--help" || a == "-h") {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let (role, constants, base_port) = match parse(std::env::args().skip(1)) {
        Ok(parsed) => parsed,
        Err(message) => {
            eprintln!("{message}\n\n{HELP}");
            return 2.into();
        }
    };
    match run(role, constants, base_port).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            1.into()
        }
    }
}

async fn run(role: Role, constants: Constants, base_port: Option<u16>) -> Result<(), Box<dyn Error>> {
    constants.check()?;
    let constants = Arc::new(constants);
    let base_port = if matches!(role, Role::Everyone) { base_port } else { base_port.or(Some(7600)) };
    let mut cluster = Cluster::new(constants.clone(), base_port);
    match role {
        Role::Everyone => everyone(&mut cluster).await,
        Role::Relay => {
            let mut node = Node::new();
            cluster.listen(FRONT).await?;
            let _links = cluster.relay(&mut node)?;
            node.join_until(interrupt()).await?;
            Ok(())
        }
        Role::Backend(id) => {
            cluster.listen(id).await?;
            let mut backend = cluster.backend(id)?;
            backend.node.join_until(interrupt()).await?;
            Ok(())
        }
        Role::Client(id) => {
            cluster.listen(id).await?;
            let mut clients = Clients::new();
            cluster.client(id, &mut clients)?;
            let told = clients.finish(interrupt()).await?;
            println!("client {id}: {told}");
            Ok(())
        }
    }
}

/// The whole service; when a third of the requests is answered, the busiest back-end is killed.
async fn everyone(cluster: &mut Cluster) -> Result<(), Box<dyn Error>> {
    for inbox in cluster.constants.inboxes()?.iter() {
        cluster.listen(*inbox).await?;
    }
    let mut relay = Node::new();
    let _links = cluster.relay(&mut relay)?;
    let mut backends: Vec<Backend> = Vec::new();
    for id in cluster.constants.backends()?.iter() {
        backends.push(cluster.backend(*id)?);
    }
    let mut clients = Clients::new();
    for id in cluster.constants.clients()?.iter() {
        cluster.client(*id, &mut clients)?;
    }
    let total = cluster.constants.num_clients * cluster.constants.rounds;
    let killed = clients.watch_until(total / 3).await;
    if let Some(at) = backends.iter().position(|b| b.id == killed) {
        println!("killing back-end {killed}, which has answered most");
        backends.remove(at);
    }
    let told = tokio::select! {
        told = clients.finish(interrupt()) => told?,
        failed = relay.join() => return Err(failed.err().map_or("the relay ended".into(), Into::into)),
        () = tokio::time::sleep(Duration::from_secs(60)) => return Err("no progress for a minute".into()),
    };
    println!("{told}");
    if told.answered() + told.refused != total {
        return Err(format!("{} of {total} requests were answered", told.answered()).into());
    }
    println!("every request was answered, back-end {killed} dead or alive");
    Ok(())
}

async fn interrupt() {
    // Without signals the process is stopped in another way.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
