//! A client library: commands in, results out, whoever leads.
//!
//! What a client does — whom it asks, when it asks again, how a command that is sent twice takes effect once — is the
//! archetype `Client` of the model. Each of its processes is a *session*: it carries out one command at a time, and has a
//! number that nobody else has. This file gives it connections.
//!
//! ```no_run
//! # async fn example() -> Result<(), raftkv::client::Error> {
//! use std::time::Duration;
//! use raftkv::client::Client;
//!
//! let client = Client::connect(&["127.0.0.1:7800".parse().unwrap()], None, Duration::from_secs(5)).await?;
//! client.put("greeting", "hello").await?;
//! assert_eq!(client.get("greeting").await?.unwrap().value, "hello");
//! # Ok(())
//! # }
//! ```

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mpcal_runtime::host;
use mpcal_runtime::resource::{
    input, output, Batched, Family, Input, InputSender, Output, OutputReceiver, Secret, Timer,
};
use mpcal_runtime::value::Str;
use mpcal_runtime::Node;
use parking_lot::Mutex;
use serde::Serialize;
use tokio::task::JoinSet;

use crate::model::{
    self, Answered, Asked, ClientParameters, Command, Constants, Content, Outcome, Queued, Reply, ReplyRecord, Request,
    RequestOp, Sometimes,
};
use crate::wire::{self, Ask, Reader, Status, Tell, Writer, MAX_FRAME};

/// Requests are lost where there is no connection.
impl Queued for Family<i64, Batched<Output<Request>>> {}

/// Answers come in order of each server.
impl Reply for Family<i64, Input<ReplyRecord>> {}

/// A client loses patience some time after it has asked.
impl Sometimes for Timer {}

/// What the application wants next.
impl Asked for Input<Command> {}

/// What the application is told.
impl Answered for Output<Outcome> {}

const PATIENCE: std::ops::Range<Duration> = Duration::from_millis(300)..Duration::from_millis(500);
/// How long it may take to be let in by a server.
const INTRODUCTION: Duration = Duration::from_secs(2);
/// Most requests that wait for a connection.
const MAX_REQUESTS: usize = 4096;
/// Most answers that wait for a session, which are those to what it has asked again.
const MAX_ANSWERS: usize = 64;
/// The largest key and value together, in bytes.
pub const MAX_SIZE: usize = MAX_FRAME / 2;

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No server could be reached, or none lets the client in.
    #[error("no server can be reached: {0}")]
    Unreachable(String),
    /// It took too long. The command may have been carried out, or may be yet.
    #[error("no answer in time; the command may still be carried out")]
    TimedOut,
    /// The key and the value are too large.
    #[error("a key and its value have at most {MAX_SIZE} bytes")]
    TooLarge,
    /// Something is wrong here.
    #[error("{0}")]
    Internal(String),
}

/// What a key has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its value.
    pub value: String,
    /// How often it was written since it was absent.
    pub version: i64,
}

/// The servers, and sessions with them.
pub struct Client {
    constants: Arc<Constants>,
    addresses: BTreeMap<i64, SocketAddr>,
    requests: BTreeMap<i64, Output<Request>>,
    routes: Arc<Routes>,
    /// Sessions with nothing to do.
    idle: Mutex<Vec<Session>>,
    limit: Duration,
    secret: Option<Secret>,
    _links: JoinSet<()>,
}

/// Where answers to sessions go.
#[derive(Default)]
struct Routes(Mutex<HashMap<i64, InputSender<ReplyRecord>>>);

/// A process of the model, which lives as long as this does.
struct Session {
    id: i64,
    commands: InputSender<Command>,
    outcomes: OutputReceiver<Outcome>,
    routes: Arc<Routes>,
    _node: Node,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.routes.0.lock().remove(&self.id);
    }
}

impl Client {
    /// A client of the servers that one of these addresses knows. Each command has to be answered within the limit.
    ///
    /// # Errors
    /// If none of them answers.
    pub async fn connect(endpoints: &[SocketAddr], secret: Option<Secret>, limit: Duration) -> Result<Self, Error> {
        let mut said = Vec::new();
        for endpoint in endpoints {
            match host::timeout(INTRODUCTION.min(limit), wire::connect(*endpoint, secret.as_ref())).await {
                Ok(Ok((welcome, ..))) => return Ok(Self::new(welcome.servers, secret, limit)),
                Ok(Err(error)) => said.push(format!("{endpoint}: {error}")),
                Err(late) => said.push(format!("{endpoint}: {late}")),
            }
        }
        Err(Error::Unreachable(said.join("; ")))
    }

    /// A client of the servers that listen for clients at these addresses.
    #[must_use]
    pub fn new(addresses: BTreeMap<i64, SocketAddr>, secret: Option<Secret>, limit: Duration) -> Self {
        let (mut links, routes, mut requests) = (JoinSet::new(), Arc::new(Routes::default()), BTreeMap::new());
        for (server, address) in &addresses {
            let (request, wanted) = output(MAX_REQUESTS);
            requests.insert(*server, request);
            links.spawn(host::task(link(*address, secret.clone(), wanted, routes.clone())));
        }
        let constants = Arc::new(Constants { num_servers: addresses.len() as i64, ..Constants::checked() });
        let idle = Mutex::default();
        Self { constants, addresses, requests, routes, idle, limit, secret, _links: links }
    }

    /// Where each server listens for clients.
    #[must_use]
    pub fn addresses(&self) -> &BTreeMap<i64, SocketAddr> {
        &self.addresses
    }

    /// What a key has, if it has anything: what was there when this was called, or later.
    ///
    /// # Errors
    /// If there is no answer in time.
    pub async fn get(&self, key: &str) -> Result<Option<Entry>, Error> {
        self.call(RequestOp::Get, key, "").await.map(entry)
    }

    /// Writes a key, and says how often it was written now.
    ///
    /// # Errors
    /// If there is no answer in time; then it may be written yet.
    pub async fn put(&self, key: &str, value: &str) -> Result<i64, Error> {
        Ok(self.call(RequestOp::Put, key, value).await?.version)
    }

    /// Deletes a key, and says what it had.
    ///
    /// # Errors
    /// If there is no answer in time; then it may be deleted yet.
    pub async fn delete(&self, key: &str) -> Result<Option<Entry>, Error> {
        self.call(RequestOp::Delete, key, "").await.map(entry)
    }

    async fn call(&self, op: RequestOp, key: &str, value: &str) -> Result<Content, Error> {
        if key.len() + value.len() > MAX_SIZE {
            return Err(Error::TooLarge);
        }
        let idle = self.idle.lock().pop();
        let session = idle.map_or_else(|| self.session(), Ok)?;
        let command = Command { op, key: key.into(), value: value.into() };
        let called = async {
            session.commands.send(command).await;
            session.outcomes.receive().await
        };
        // A session that is not answered is given up: its next command must not get this answer.
        let outcome = host::timeout(self.limit, called).await.map_err(|_| Error::TimedOut)?;
        self.idle.lock().push(session);
        Ok(outcome.result)
    }

    fn session(&self) -> Result<Session, Error> {
        let internal = |e: &dyn std::fmt::Display| Error::Internal(e.to_string());
        // Above the servers, and with enough room above for the model to calculate.
        let id = (host::unique().map_err(|e| internal(&e))? >> 2 | 1 << 40) as i64;
        let (commands, wish) = input(1);
        let (outcome, outcomes) = output(1);
        let (answers, replies) = input(MAX_ANSWERS);
        let requests = self.requests.iter().map(|(server, queue)| (*server, Batched::new(queue.clone(), 1)));
        let parameters = ClientParameters {
            wish,
            requests: requests.collect::<Family<_, _>>(),
            replies: Family::from_iter([(id, replies)]),
            patience: Timer::random(PATIENCE),
            outcome,
        };
        let mut node = Node::new();
        node.spawn(model::Client::new(id, &self.constants, parameters).map_err(|e| internal(&e))?);
        self.routes.0.lock().insert(id, answers);
        Ok(Session { id, commands, outcomes, routes: self.routes.clone(), _node: node })
    }

    /// How each server is, or why it does not say.
    pub async fn status(&self) -> BTreeMap<i64, io::Result<Status>> {
        let asked = self
            .addresses
            .iter()
            .map(|(server, address)| async { (*server, ask(*address, self.secret.as_ref(), &[Ask::Status]).await) });
        futures_util::future::join_all(asked).await.into_iter().collect()
    }

    /// Asks one server for something, and how it is.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn ask(&self, server: i64, what: Ask) -> io::Result<Status> {
        let address = self.addresses.get(&server).ok_or(io::ErrorKind::NotFound)?;
        ask(*address, self.secret.as_ref(), &[what, Ask::Status]).await
    }
}

fn entry(result: Content) -> Option<Entry> {
    let text = |text: &Str| text.as_str().to_owned();
    (result.version > 0).then(|| Entry { value: text(&result.value), version: result.version })
}

async fn ask(address: SocketAddr, secret: Option<&Secret>, what: &[Ask]) -> io::Result<Status> {
    let asked = async {
        let (_, mut reader, mut writer) = wire::connect(address, secret).await?;
        for ask in what {
            writer.add(ask).await?;
        }
        writer.flush().await?;
        loop {
            if let Tell::Status(status) = reader.next().await? {
                return Ok(status);
            }
        }
    };
    host::timeout(INTRODUCTION, asked).await?
}

/// Takes requests to a server, and its answers to their sessions. It connects when there is something to send; what cannot
/// be sent is lost.
async fn link(address: SocketAddr, secret: Option<Secret>, wanted: OutputReceiver<Request>, routes: Arc<Routes>) {
    loop {
        let first = wanted.receive().await;
        match host::timeout(INTRODUCTION, wire::connect(address, secret.as_ref())).await {
            Ok(Ok((_, reader, writer))) => {
                let ended = tokio::select! {
                    biased;
                    heard = hear(reader, &routes) => heard,
                    said = say(writer, first, &wanted) => said,
                };
                tracing::debug!(%address, ?ended, "a connection has ended");
            }
            Ok(Err(error)) => tracing::debug!(%address, %error, "no connection"),
            Err(late) => tracing::debug!(%address, %late, "no connection"),
        }
    }
}

async fn hear(mut reader: Reader, routes: &Routes) -> io::Result<()> {
    loop {
        if let Tell::Reply(session, reply) = reader.next().await? {
            if let Some(answers) = routes.0.lock().get(&session) {
                // A session with so many answers has asked that often, and asks again.
                let _ = answers.try_send(reply);
            }
        }
    }
}

/// Writes what there is, all at once.
async fn say(mut writer: Writer, first: Request, wanted: &OutputReceiver<Request>) -> io::Result<()> {
    let mut next = first;
    loop {
        writer.add(&Ask::Request(next)).await?;
        while let Some(more) = wanted.try_receive() {
            writer.add(&Ask::Request(more)).await?;
        }
        writer.flush().await?;
        next = wanted.receive().await;
    }
}
