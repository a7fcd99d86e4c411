//! A lock service over TCP.
//!
//! Without arguments it runs a server and five clients in one process, each with sockets of its own
//! on loopback. `locksvc server` and `locksvc client ID` run them as processes of their own.

mod work;

use std::collections::BTreeMap;
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mpcal_runtime::resource::{MailboxConfig, Mailboxes, Shared};
use mpcal_runtime::Node;
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::model::{
    Constants, Inbox, LockClient, LockClientParameters, LockServer, LockServerParameters, Message, SERVER,
};
use crate::work::{Register, Work};

/// The model, compiled.
mod model {
    mpcal_runtime::include_model!("locksvc");
}

/// TCP mailboxes are the links of the model: nothing is lost, each sender stays in order, and a
/// full inbox makes its senders wait.
impl Inbox for Mailboxes<i64, Message> {}

const HELP: &str = "\
usage: locksvc [server | client ID] [options]

Without a role: one server and all clients in this process.

options:
  --clients N      number of clients (default 5)
  --rounds N       how often each client takes the lock (default 20)
  --base-port P    process ID listens on 127.0.0.1, port P + ID (default 7400 with a role)

examples:
  locksvc
  locksvc server & locksvc client 1 & locksvc client 2";

enum Role {
    Everyone,
    Server,
    Client(i64),
}

struct Arguments {
    role: Role,
    clients: i64,
    rounds: i64,
    base_port: Option<u16>,
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut parsed = Arguments { role: Role::Everyone, clients: 5, rounds: 20, base_port: None };
    let number = |text: Option<String>| text.and_then(|t| t.parse::<i64>().ok()).ok_or("a number is missing");
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "server" => parsed.role = Role::Server,
            "client" => parsed.role = Role::Client(number(arguments.next())?),
            "--clients" => parsed.clients = number(arguments.next())?,
            "--rounds" => parsed.rounds = number(arguments.next())?,
            "--base-port" => {
                let port = number(arguments.next())?;
                parsed.base_port = Some(u16::try_from(port).map_err(|_| "a port is at most 65535")?);
            }
            other => return Err(format!("unknown argument {other}")),
        }
    }
    match parsed.role {
        Role::Client(id) if !(1..=parsed.clients).contains(&id) => {
            Err(format!("client {id} is not in 1..{}", parsed.clients))
        }
        _ => Ok(parsed),
    }
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    if std::env::args().skip(1).any(|a| a == "--help" || a == "-h") {
        println!("{HELP}");
        return 0.into();
    }
    let arguments = match parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("{message}\n\n{HELP}");
            return 2.into();
        }
    };
    match run(&arguments).await {
        Ok(()) => 0.into(),
        Err(error) => {
            eprintln!("error: {error}");
            1.into()
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let constants = Arc::new(Constants { num_clients: arguments.clients });
    constants.check()?;
    match arguments.role {
        Role::Everyone => everyone(arguments, &constants).await,
        Role::Server => {
            let (listener, addresses) = place(arguments, SERVER).await?;
            println!("server: listening on {}", addresses[&SERVER]);
            let mut node = Node::new();
            let links = mailboxes(SERVER, listener, &addresses)?;
            node.spawn(LockServer::new(SERVER, &constants, LockServerParameters { network: links })?);
            node.join_until(interrupt()).await?;
            Ok(())
        }
        Role::Client(id) => {
            let (listener, addresses) = place(arguments, id).await?;
            let register = Register::new();
            let links = mailboxes(id, listener, &addresses)?;
            let mut node = Node::new();
            spawn_client(&mut node, id, &constants, &links, &register, arguments.rounds)?;
            node.join_until(interrupt()).await?;
            timeout(Duration::from_secs(5), links.flushed()).await?;
            println!("client {id}: took the lock {} times", register.value());
            Ok(())
        }
    }
}

/// One server and all clients, each a node with sockets of its own.
async fn everyone(arguments: &Arguments, constants: &Arc<Constants>) -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let register = Register::new();
    let mut listeners = BTreeMap::new();
    for id in 0..=arguments.clients {
        listeners.insert(id, TcpListener::bind(address(arguments.base_port, id)).await?);
    }
    let addresses: BTreeMap<i64, SocketAddr> =
        listeners.iter().map(|(id, l)| Ok((*id, l.local_addr()?))).collect::<std::io::Result<_>>()?;
    let (mut servers, mut clients) = (Node::new(), Node::new());
    let mut links = Vec::new();
    for (id, listener) in listeners {
        let own = mailboxes(id, listener, &addresses)?;
        if id == SERVER {
            servers.spawn(LockServer::new(id, constants, LockServerParameters { network: own.clone() })?);
        } else {
            spawn_client(&mut clients, id, constants, &own, &register, arguments.rounds)?;
        }
        links.push(own);
    }
    let stop = servers.stop_handle();
    let counters = tokio::select! {
        result = clients.join_until(interrupt()) => result?,
        failed = servers.join() => return Err(failed.err().map_or("the server ended".into(), Into::into)),
    };
    for own in &links {
        timeout(Duration::from_secs(5), own.flushed()).await?;
    }
    stop.stop();
    servers.join().await?;
    let (counted, expected) = (register.value(), arguments.clients * arguments.rounds);
    println!(
        "{} clients took the lock {counted} times in {:.0?}; steps: {}, blocked paths: {}",
        arguments.clients,
        started.elapsed(),
        counters.commits,
        counters.retries
    );
    if counted != expected {
        return Err(
            format!("mutual exclusion was violated or a client stopped early: {counted} is not {expected}").into()
        );
    }
    println!("mutual exclusion held: nothing but the lock protects the counter, and no count was lost");
    Ok(())
}

fn spawn_client(
    node: &mut Node,
    id: i64,
    constants: &Arc<Constants>,
    links: &Mailboxes<i64, Message>,
    register: &Register,
    rounds: i64,
) -> Result<(), Box<dyn Error>> {
    let parameters = LockClientParameters {
        network: links.clone(),
        holding: Work::new(id, register.clone()),
        rounds: Shared::new(rounds),
    };
    node.spawn(LockClient::new(id, constants, parameters)?);
    Ok(())
}

fn mailboxes(
    id: i64,
    listener: TcpListener,
    addresses: &BTreeMap<i64, SocketAddr>,
) -> std::io::Result<Mailboxes<i64, Message>> {
    let config = MailboxConfig { model: model::MODEL_HASH, ..MailboxConfig::default() };
    Mailboxes::open(Some(listener), [id], addresses, &config)
}

fn address(base_port: Option<u16>, id: i64) -> SocketAddr {
    let port = base_port.map_or(0, |p| p.saturating_add(u16::try_from(id).unwrap_or(u16::MAX)));
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// The listener of a process of its own, and the addresses of all.
async fn place(arguments: &Arguments, id: i64) -> std::io::Result<(TcpListener, BTreeMap<i64, SocketAddr>)> {
    let base = Some(arguments.base_port.unwrap_or(7400));
    let addresses = (0..=arguments.clients).map(|id| (id, address(base, id))).collect();
    Ok((TcpListener::bind(address(base, id)).await?, addresses))
}

async fn interrupt() {
    // Without signals the process is stopped in another way.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
