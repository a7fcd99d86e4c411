//! A queue of work over TCP.
//!
//! Without arguments it runs a producer and three consumers in one process, each with sockets of
//! its own on loopback. `dqueue producer` and `dqueue consumer ID` run them as processes.

use std::collections::BTreeMap;
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mpcal_runtime::resource::{Family, MailboxConfig, Mailboxes, Shared};
use mpcal_runtime::value::Seq;
use mpcal_runtime::Node;
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::model::{Constants, Link, Message, Supplier, SupplierParameters, Worker, WorkerParameters, PRODUCER};

/// The model, compiled. Its messages have three shapes, so they are an enum.
mod model {
    mpcal_runtime::include_model!("dqueue");
    pub use Request as Message;
}

/// TCP loses nothing and keeps the order of each sender.
impl Link for Mailboxes<i64, Message> {}

/// What a consumer has done.
type Done = Shared<Seq<i64>>;

const HELP: &str = "\
usage: dqueue [producer | consumer ID] [options]

Without a role: the producer and all consumers in this process.

options:
  --consumers N    number of consumers (default 3)
  --items N        number of items (default 300)
  --base-port P    process ID listens on 127.0.0.1, port P + ID (default 7500 with a role)

examples:
  dqueue
  dqueue producer --consumers 1 & dqueue consumer 1 --consumers 1";

struct Arguments {
    /// `None` for everyone.
    role: Option<i64>,
    consumers: i64,
    items: i64,
    base_port: Option<u16>,
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut parsed = Arguments { role: None, consumers: 3, items: 300, base_port: None };
    let number = |text: Option<String>| text.and_then(|t| t.parse::<i64>().ok()).ok_or("a number is missing");
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "producer" => parsed.role = Some(PRODUCER),
            "consumer" => parsed.role = Some(number(arguments.next())?),
            "--consumers" => parsed.consumers = number(arguments.next())?,
            "--items" => parsed.items = number(arguments.next())?,
            "--base-port" => {
                let port = number(arguments.next())?;
                parsed.base_port = Some(u16::try_from(port).map_err(|_| "a port is at most 65535")?);
            }
            other => return Err(format!("unknown argument {other}")),
        }
    }
    match parsed.role {
        Some(id) if !(0..=parsed.consumers).contains(&id) => {
            Err(format!("consumer {id} is not in 1..{}", parsed.consumers))
        }
        _ => Ok(parsed),
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    if std::env::args().skip(1).any(|a| a == "--help" || a == "-h") {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let arguments = match parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("{message}\n\n{HELP}");
            return 2.into();
        }
    };
    let ended = match arguments.role {
        None => everyone(&arguments).await,
        Some(id) => alone(&arguments, id).await,
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            1.into()
        }
    }
}

fn constants(arguments: &Arguments) -> Result<Arc<Constants>, Box<dyn Error>> {
    let constants = Constants { num_consumers: arguments.consumers, num_items: arguments.items };
    constants.check()?;
    Ok(Arc::new(constants))
}

/// The producer and all consumers, each with sockets of its own.
async fn everyone(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let (constants, started) = (constants(arguments)?, Instant::now());
    let mut listeners = BTreeMap::new();
    for id in 0..=arguments.consumers {
        listeners.insert(id, TcpListener::bind(address(arguments.base_port, id)).await?);
    }
    let addresses: BTreeMap<i64, SocketAddr> =
        listeners.iter().map(|(id, l)| Ok((*id, l.local_addr()?))).collect::<std::io::Result<_>>()?;
    let mut node = Node::new();
    let mut links = Vec::new();
    let mut done = BTreeMap::new();
    for (id, listener) in listeners {
        let own = open(id, listener, &addresses)?;
        done.insert(id, spawn(&mut node, id, &constants, &own)?);
        links.push(own);
    }
    let counters = node.join_until(interrupt()).await?;
    let mut all: Vec<i64> = Vec::new();
    for (id, items) in done.iter().filter(|(id, _)| **id != PRODUCER) {
        let items = items.load();
        println!("consumer {id}: {} items", items.len());
        all.extend(items.iter());
    }
    all.sort_unstable();
    println!("{} items in {:.0?}, {} steps", all.len(), started.elapsed(), counters.commits);
    if !all.iter().copied().eq(1..=arguments.items) {
        return Err("an item was lost or done twice".into());
    }
    println!("each item was done once");
    Ok(())
}

/// One process of the model in a process of its own.
async fn alone(arguments: &Arguments, id: i64) -> Result<(), Box<dyn Error>> {
    let base = Some(arguments.base_port.unwrap_or(7500));
    let addresses = (0..=arguments.consumers).map(|id| (id, address(base, id))).collect();
    let own = open(id, TcpListener::bind(address(base, id)).await?, &addresses)?;
    let mut node = Node::new();
    let done = spawn(&mut node, id, &constants(arguments)?, &own)?;
    node.join_until(interrupt()).await?;
    timeout(Duration::from_secs(5), own.flushed()).await?;
    if id == PRODUCER {
        println!("producer: every consumer knows that there is nothing left");
    } else {
        println!("consumer {id}: {} items", done.load().len());
    }
    Ok(())
}

fn spawn(
    node: &mut Node,
    id: i64,
    constants: &Arc<Constants>,
    own: &Mailboxes<i64, Message>,
) -> Result<Done, Box<dyn Error>> {
    let done = Done::new(Seq::new());
    if id == PRODUCER {
        node.spawn(Supplier::new(id, constants, SupplierParameters { network: own.clone() })?);
    } else {
        let family: Family<i64, Done> = [(id, done.clone())].into_iter().collect();
        node.spawn(Worker::new(id, constants, WorkerParameters { network: own.clone(), done: family })?);
    }
    Ok(done)
}

fn open(
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

async fn interrupt() {
    // Without signals the process is stopped in another way.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
