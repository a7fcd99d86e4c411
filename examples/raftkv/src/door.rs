//! Where clients come in: connections on one side, the queues of a server on the other.
//!
//! It knows which connection a session was heard on last, and nothing else: an answer to a session that is not there any
//! more is lost, and so is one to a connection that does not take what it is told. The model allows both.

use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Duration;

use mpcal_runtime::host::{self, Listener, Stream};
use mpcal_runtime::resource::{InputSender, OutputReceiver, Secret};
use mpcal_runtime::value::Function;
use parking_lot::Mutex;
use tokio::sync::{mpsc, Semaphore};
use tokio::task::JoinSet;

use crate::cluster::Handle;
use crate::model::{ReplyRecord, Request};
use crate::wire::{self, Ask, Reader, Tell, Welcome, Writer};

/// Most connections at a time; others wait.
const MAX_CONNECTIONS: usize = 1024;
/// Most sessions of one connection.
const MAX_SESSIONS: usize = 1 << 16;
/// Most answers that wait for a connection to take them.
const MAX_ANSWERS: usize = 4096;
/// How long a client may take to introduce itself.
const INTRODUCTION: Duration = Duration::from_secs(5);

/// The tasks of a door; it is closed when this is dropped.
pub struct Door {
    _tasks: JoinSet<()>,
}

/// What connections have in common.
pub struct Service {
    /// What the server takes from its queue.
    pub requests: InputSender<Request>,
    /// What operators ask of the server.
    pub handle: Handle,
    /// What clients must know.
    pub secret: Option<Secret>,
    /// What clients are told first.
    pub welcome: Welcome,
}

/// By session: the number of the connection, and the way to it.
#[derive(Default)]
struct Routes(Mutex<HashMap<i64, (u64, mpsc::Sender<Tell>)>>);

impl Door {
    /// Lets clients in.
    pub fn open(listener: Listener, service: Service, answers: OutputReceiver<Function<i64, ReplyRecord>>) -> Self {
        let (mut tasks, routes) = (JoinSet::new(), Arc::new(Routes::default()));
        tasks.spawn(host::task(pass_on(answers, routes.clone())));
        tasks.spawn(host::task(let_in(listener, Arc::new(service), routes)));
        Self { _tasks: tasks }
    }
}

/// Takes answers to where their sessions are.
async fn pass_on(answers: OutputReceiver<Function<i64, ReplyRecord>>, routes: Arc<Routes>) {
    loop {
        let told = answers.receive().await;
        let routes = routes.0.lock();
        for (session, reply) in told.iter() {
            if let Some((_, way)) = routes.get(&session) {
                // Who does not take its answers asks again.
                let _ = way.try_send(Tell::Reply(session, reply.clone()));
            }
        }
    }
}

async fn let_in(listener: Listener, service: Arc<Service>, routes: Arc<Routes>) {
    let (mut connections, numbers) = (JoinSet::new(), AtomicU64::new(0));
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, from)) => {
                let connection = Connection {
                    number: numbers.fetch_add(1, Ordering::Relaxed),
                    service: service.clone(),
                    routes: routes.clone(),
                    sessions: HashSet::new(),
                };
                connections.spawn(host::task(async move {
                    let _place = place;
                    if let Err(error) = connection.serve(stream).await {
                        tracing::debug!(%from, %error, "a client has gone");
                    }
                }));
            }
            Err(error) => {
                tracing::warn!(%error, "no client can be let in");
                host::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// One client.
struct Connection {
    number: u64,
    service: Arc<Service>,
    routes: Arc<Routes>,
    /// Those that were heard on it.
    sessions: HashSet<i64>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut routes = self.routes.0.lock();
        for session in &self.sessions {
            if routes.get(session).is_some_and(|(number, _)| *number == self.number) {
                routes.remove(session);
            }
        }
    }
}

impl Connection {
    async fn serve(mut self, stream: Stream) -> io::Result<()> {
        let service = self.service.clone();
        let introduction = wire::receive(stream, service.secret.as_ref(), &service.welcome);
        let (reader, writer) = host::timeout(INTRODUCTION, introduction).await??;
        let (tell, told) = mpsc::channel(MAX_ANSWERS);
        tokio::select! {
            biased;
            said = say(writer, told) => said,
            heard = self.hear(reader, tell) => heard,
        }
    }

    async fn hear(&mut self, mut reader: Reader, tell: mpsc::Sender<Tell>) -> io::Result<()> {
        let handle = self.service.handle.clone();
        loop {
            match reader.next().await? {
                Ask::Request(request) => {
                    if !self.sessions.contains(&request.client) {
                        self.remember(request.client, &tell)?;
                    }
                    self.service.requests.send(request).await;
                }
                Ask::Status => {
                    let status = Tell::Status(handle.status());
                    tell.send(status).await.map_err(|_| io::ErrorKind::BrokenPipe)?;
                }
                // Who asks asks until it has happened.
                Ask::Transfer => drop(handle.transfer.try_send(true)),
                Ask::Change(wish) => drop(handle.change.try_send(wish)),
            }
        }
    }

    fn remember(&mut self, session: i64, tell: &mpsc::Sender<Tell>) -> io::Result<()> {
        if self.sessions.len() >= MAX_SESSIONS {
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, "too many sessions"));
        }
        self.sessions.insert(session);
        self.routes.0.lock().insert(session, (self.number, tell.clone()));
        Ok(())
    }
}

/// Writes what there is, all at once.
async fn say(mut writer: Writer, mut told: mpsc::Receiver<Tell>) -> io::Result<()> {
    while let Some(first) = told.recv().await {
        writer.add(&first).await?;
        while let Ok(next) = told.try_recv() {
            writer.add(&next).await?;
        }
        writer.flush().await?;
    }
    Ok(())
}
