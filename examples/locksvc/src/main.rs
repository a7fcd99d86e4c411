//! A lock service over TCP.
//!
//! Without a role it runs a server and five clients in one process, each with sockets of its own on
//! loopback. `locksvc server` and `locksvc client ID` run them as processes of their own.

mod arguments;
mod report;
mod work;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{ensure, Context, Result};
use mpcal_runtime::resource::{MailboxConfig, Mailboxes, Shared};
use mpcal_runtime::{Counters, Node};
use tokio::net::TcpListener;

use crate::arguments::{Arguments, Role};
use crate::model::{
    Constants, Inbox, LockClient, LockClientParameters, LockServer, LockServerParameters, Message, SERVER,
};
use crate::report::Report;
use crate::work::{Register, Work};

/// The model, compiled.
mod model {
    mpcal_runtime::include_model!("locksvc");
}

/// TCP mailboxes are the links of the model: nothing is lost, each sender stays in order, and a
/// full inbox makes its senders wait.
impl Inbox for Mailboxes<i64, Message> {}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::read();
    let service = Service::new(&arguments)?;
    match arguments.role {
        None => service.run_all().await,
        Some(Role::Server) => service.run_server().await,
        Some(Role::Client { id }) => service.run_client(id).await,
    }
}

/// What every process of the service knows.
struct Service {
    constants: Arc<Constants>,
    addresses: BTreeMap<i64, SocketAddr>,
    rounds: i64,
    register: Arc<Register>,
    json: bool,
}

impl Service {
    fn new(arguments: &Arguments) -> Result<Self> {
        let constants = Constants { num_clients: arguments.clients };
        constants.check()?;
        let nodes = SERVER..=arguments.clients;
        let address = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Ok(Self {
            constants: Arc::new(constants),
            addresses: nodes.zip((arguments.base_port..).map(address)).collect(),
            rounds: arguments.rounds,
            register: Register::new(Duration::from_millis(arguments.work), arguments.quiet || arguments.json),
            json: arguments.json,
        })
    }

    /// The server and all clients. The server never ends, so the clients say when everything is over.
    async fn run_all(&self) -> Result<()> {
        let (mut server, mut clients) = (Node::new(), Node::new());
        self.spawn_server(&mut server).await?;
        for id in 1..=self.constants.num_clients {
            self.spawn_client(&mut clients, id).await?;
        }
        let counters = tokio::select! {
            ended = clients.run() => ended?,
            failed = server.join() => failed?,
        };
        self.report(counters)
    }

    async fn run_server(&self) -> Result<()> {
        let mut node = Node::new();
        self.spawn_server(&mut node).await?;
        self.say_when_ready(&mut node, SERVER);
        node.run().await?;
        Ok(())
    }

    async fn run_client(&self, id: i64) -> Result<()> {
        let mut node = Node::new();
        self.spawn_client(&mut node, id).await?;
        self.say_when_ready(&mut node, id);
        self.report(node.run().await?)
    }

    async fn spawn_server(&self, node: &mut Node) -> Result<()> {
        let network = self.open(SERVER).await?;
        node.spawn(LockServer::new(SERVER, &self.constants, LockServerParameters { network })?);
        Ok(())
    }

    async fn spawn_client(&self, node: &mut Node, id: i64) -> Result<()> {
        let network = self.open(id).await?;
        // The last message gives the lock back; there may be no server any more to take it.
        node.drain(&network, Duration::from_secs(1));
        let holding = Work::new(id, self.register.clone());
        let parameters = LockClientParameters { network, holding, rounds: Shared::new(self.rounds) };
        node.spawn(LockClient::new(id, &self.constants, parameters)?);
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

    fn say_when_ready(&self, node: &mut Node, id: i64) {
        let ready = format!("process {id} is ready on {}\n", self.addresses[&id]);
        node.when_ready(move || eprint!("{ready}"));
    }

    fn report(&self, counters: Counters) -> Result<()> {
        let register = &self.register;
        let report = Report::new(register.operations(), register.count(), register.elapsed(), counters);
        if self.json {
            println!("{}", serde_json::to_string(&report)?);
        } else {
            println!("{report}");
        }
        ensure!(report.lost == 0, "mutual exclusion was violated");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{Constants, Variables, VariablesSnapshot};

    /// What TLC checks in the model, on the code that runs.
    #[test]
    fn one_client_at_a_time_holds_the_lock() {
        let holders = |v: &VariablesSnapshot| v.holding.iter().filter(|(_, holds)| **holds).count();
        let checker = mpcal_check::checker::<Variables>(Constants::checked()).allow_deadlock();
        let report = checker.invariant("MutualExclusion", move |v| holders(v) <= 1).run();
        report.expect("it has initial states").expect_no_violation();
    }
}
