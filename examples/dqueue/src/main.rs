//! A queue of work over TCP.
//!
//! Without a role it runs a producer and three consumers in one process, each with sockets of its own
//! on loopback. `dqueue producer` and `dqueue consumer ID` run them as processes of their own.

mod arguments;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{ensure, Context, Result};
use mpcal_runtime::resource::{Family, MailboxConfig, Mailboxes, Shared};
use mpcal_runtime::value::Seq;
use mpcal_runtime::Node;
use tokio::net::TcpListener;

use crate::arguments::{Arguments, Role};
use crate::model::{Constants, Link, Message, Supplier, SupplierParameters, Worker, WorkerParameters, PRODUCER};

/// The model, compiled. Its messages have three shapes, so they are an enum.
mod model {
    mpcal_runtime::include_model!("dqueue");
    pub use Request as Message;
}

/// TCP loses nothing and keeps the order of each sender.
impl Link for Mailboxes<i64, Message> {}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::read();
    let queue = Queue::new(&arguments)?;
    match arguments.role {
        None => queue.run_all().await,
        Some(Role::Producer) => queue.run(PRODUCER).await,
        Some(Role::Consumer { id }) => queue.run(id).await,
    }
}

/// What every process of the service knows.
struct Queue {
    constants: Arc<Constants>,
    addresses: BTreeMap<i64, SocketAddr>,
    /// The items that each consumer has done.
    done: BTreeMap<i64, Shared<Seq<i64>>>,
}

impl Queue {
    fn new(arguments: &Arguments) -> Result<Self> {
        let constants = Constants { num_consumers: arguments.consumers, num_items: arguments.items };
        constants.check()?;
        let nodes = PRODUCER..=arguments.consumers;
        let address = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Ok(Self {
            constants: Arc::new(constants),
            addresses: nodes.zip((arguments.base_port..).map(address)).collect(),
            done: (1..=arguments.consumers).map(|id| (id, Shared::new(Seq::new()))).collect(),
        })
    }

    /// The producer and all consumers.
    async fn run_all(&self) -> Result<()> {
        let started = Instant::now();
        let mut node = Node::new();
        for id in self.addresses.keys() {
            self.spawn(&mut node, *id).await?;
        }
        node.run().await?;
        self.report(started.elapsed());
        if !node.stop_handle().is_stopped() {
            ensure!(self.all_done().into_iter().eq(1..=self.constants.num_items), "an item was lost or done twice");
            println!("each item was done once");
        }
        Ok(())
    }

    /// One process of the model in a process of its own.
    async fn run(&self, id: i64) -> Result<()> {
        let mut node = Node::new();
        self.spawn(&mut node, id).await?;
        let started = Instant::now();
        let ready = format!("process {id} is ready on {}\n", self.addresses[&id]);
        node.when_ready(move || eprint!("{ready}"));
        node.run().await?;
        if id != PRODUCER {
            self.report(started.elapsed());
        } else if !node.stop_handle().is_stopped() {
            println!("every consumer knows that there is nothing left");
        }
        Ok(())
    }

    async fn spawn(&self, node: &mut Node, id: i64) -> Result<()> {
        let network = self.open(id).await?;
        // The last message says that there is nothing left; a consumer that is gone does not take it.
        node.drain(&network, Duration::from_secs(1));
        if id == PRODUCER {
            node.spawn(Supplier::new(id, &self.constants, SupplierParameters { network })?);
        } else {
            let done: Family<i64, Shared<Seq<i64>>> = self.done.clone().into_iter().collect();
            node.spawn(Worker::new(id, &self.constants, WorkerParameters { network, done })?);
        }
        Ok(())
    }

    /// Opens the mailbox of one process of the model.
    async fn open(&self, id: i64) -> Result<Mailboxes<i64, Message>> {
        let address = self.addresses[&id];
        let listening = TcpListener::bind(address).await;
        let listener = listening.with_context(|| format!("cannot listen on {address}, see --base-port"))?;
        let config = MailboxConfig { model: self.constants.identity(), ..MailboxConfig::default() };
        Ok(Mailboxes::open(Some(listener), [id], &self.addresses, &config)?)
    }

    /// All items that were done, in order.
    fn all_done(&self) -> Vec<i64> {
        let mut all: Vec<i64> =
            self.done.values().flat_map(|done| done.load().iter().copied().collect::<Vec<_>>()).collect();
        all.sort_unstable();
        all
    }

    /// Says who has done how much in this process.
    fn report(&self, elapsed: Duration) {
        for (id, done) in self.done.iter().map(|(id, done)| (id, done.load().len())).filter(|(_, done)| *done > 0) {
            println!("consumer {id} has done {done} items");
        }
        let count = self.all_done().len();
        println!("{count} items in {elapsed:.0?}: {:.0} a second", count as f64 / elapsed.as_secs_f64());
    }
}
