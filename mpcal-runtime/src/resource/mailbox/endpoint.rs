//! What the connections of one set of mailboxes share, and how they begin.

use std::collections::HashSet;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

use futures_util::FutureExt;
use parking_lot::Mutex;
use tokio::sync::OwnedMutexGuard;
use tokio::task::JoinSet;

use super::connection::Connection;
use super::handshake::{Handshake, Role};
use super::incarnations::Incarnations;
use super::outbox::Peer;
use super::session::{Session, Sessions};
use super::strangers::{Stage, Strangers};
use super::transport;
use super::wire::{self, Introduction};
use super::{MailboxConfig, Message};
use crate::error::panic_text;
use crate::host::{self, sleep, timeout, Listener, Stream};
use crate::resource::queue::Queue;

/// Complaints about other nodes; strangers must not fill the disk with them.
const MAX_SAID: usize = 64;

/// What the connections share.
pub(super) struct Endpoint<M> {
    pub(super) config: MailboxConfig,
    pub(super) session: u64,
    /// With their encoded indices.
    pub(super) inboxes: Vec<(Vec<u8>, Arc<Queue<M>>)>,
    pub(super) peers: Vec<Arc<Peer<M>>>,
    pub(super) sessions: Mutex<Sessions>,
    /// Of durable mailboxes.
    pub(super) incarnations: Option<Arc<Incarnations>>,
    /// Messages in all inboxes that came from other nodes.
    pub(super) held: Arc<AtomicUsize>,
    /// Connections that are accepted and introduced.
    pub(super) accepted: AtomicUsize,
    /// What people were told.
    pub(super) said: Mutex<HashSet<String>>,
}

/// The right to send to a peer.
type Turn = OwnedMutexGuard<()>;

impl<M: Message> Endpoint<M> {
    /// Sends what there is for a peer, forever; connects only when there is something to send and no other
    /// connection with it.
    pub(super) async fn connect(self: Arc<Self>, peer: Arc<Peer<M>>) {
        self.written().await;
        let mut failures = 0u32;
        loop {
            peer.bell.until(|| peer.has_messages()).await;
            let turn = peer.turn.clone().lock_owned().await;
            if !peer.has_messages() {
                continue;
            }
            let before = peer.progress();
            match self.reach(&peer, turn).await {
                Ok(()) => {}
                Err(error) => {
                    peer.connection_lost();
                    tracing::debug!(address = %peer.address, %error, "no connection");
                    self.complain(&error, &peer.address);
                }
            }
            // A connection that breaks again and again without having been of any use is as good as none.
            failures = if peer.progress() > before { 0 } else { (failures + 1).min(6) };
            sleep(self.config.reconnect_after * (1 << failures)).await;
        }
    }

    /// Connects to a peer and serves the connection; fails if it does not come about.
    async fn reach(&self, peer: &Arc<Peer<M>>, turn: Turn) -> io::Result<()> {
        let connection = timeout(self.config.handshake_timeout, async {
            let stream = Stream::connect(peer.address).await?;
            let (reader, writer) = transport::secure(stream, Role::Connects, &self.config).await?;
            let mut handshake = Handshake::begin(reader, writer, Role::Connects, &self.config).await?;
            handshake.introduce(&self.introduction(true)).await?;
            let them = handshake.meet().await?;
            Connection::establish(self, handshake, &them, Some((peer.clone(), turn))).await
        })
        .await??;
        self.serve(connection, peer.address).await
    }

    /// Serves a connection until it is lost; fails if what a user's type does with a message panics.
    async fn serve(&self, mut connection: Connection<'_, M>, from: SocketAddr) -> io::Result<()> {
        tracing::debug!(%from, "connected");
        let served = AssertUnwindSafe(connection.run()).catch_unwind().await;
        let error = served.map_err(|panic| {
            let what = format!("a message has panicked: {}", panic_text(&*panic));
            io::Error::new(io::ErrorKind::InvalidData, what)
        })?;
        tracing::debug!(%from, %error, "connection lost");
        // What cannot be read is sent again and again, so people have to know.
        if error.kind() == io::ErrorKind::InvalidData {
            self.complain(&error, &from.ip());
        }
        Ok(())
    }

    fn introduction(&self, sends: bool) -> Introduction {
        Introduction {
            version: wire::VERSION,
            model: self.config.model,
            max_frame: u32::try_from(self.config.max_frame).unwrap_or(u32::MAX),
            session: self.session,
            delivery: self.config.delivery,
            incarnation: self.incarnations.as_ref().map(|known| known.own()),
            sends,
            heartbeat: u32::try_from(self.config.heartbeat.as_millis()).unwrap_or(u32::MAX),
            window: u32::try_from(self.config.inbox_capacity).unwrap_or(u32::MAX),
            kept: u32::try_from(self.config.outbox_capacity).unwrap_or(u32::MAX),
            mailboxes: self.inboxes.iter().map(|(index, _)| index.clone()).collect(),
        }
    }

    /// Fails if there are more mailboxes here than an introduction may name.
    pub(super) fn check_size(&self) -> io::Result<()> {
        let named = wire::encode(&self.introduction(true)).len() + wire::OVERHEAD;
        let known = self.inboxes.len() * wire::KNOWN;
        if named.max(known) > self.config.max_frame.min(wire::MAX_INTRODUCTION) {
            let what = format!("{} mailboxes are too many for one node", self.inboxes.len());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        }
        Ok(())
    }

    /// Says that a node is refused, or refuses us: what people have to mend. Once for each, and on standard error if
    /// nothing collects events.
    fn complain(&self, error: &io::Error, who: &dyn std::fmt::Display) {
        use io::ErrorKind::{ConnectionRefused, InvalidData, PermissionDenied, UnexpectedEof};
        let is_for_people = matches!(error.kind(), ConnectionRefused | InvalidData | PermissionDenied | UnexpectedEof)
            && error.get_ref().is_some();
        let what = format!("mailboxes: no connection with {who}: {error}");
        {
            let mut said = self.said.lock();
            if !is_for_people || said.len() >= MAX_SAID || !said.insert(what.clone()) {
                return;
            }
        }
        if tracing::dispatcher::has_been_set() {
            tracing::warn!("{what}");
        } else {
            eprintln!("{what}");
        }
    }

    /// Accepts connections, forever.
    pub(super) async fn listen(self: Arc<Self>, listener: Listener) {
        self.written().await;
        let mut strangers = Strangers::new(self.peers.iter().map(|peer| peer.address.ip()));
        let mut connections = JoinSet::new();
        loop {
            let (stream, from) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, most likely: wait for some to be closed.
                    tracing::warn!(%error, "cannot accept a connection");
                    sleep(self.config.reconnect_after).await;
                    continue;
                }
            };
            while connections.try_join_next().is_some() {}
            let (this, stage) = (self.clone(), Stage::default());
            let reached = stage.clone();
            let task = connections.spawn(host::task(async move {
                if let Err(error) = this.welcome(stream, from, &reached).await {
                    tracing::debug!(%from, %error, "connection dropped");
                    this.complain(&error, &from.ip());
                }
            }));
            strangers.add(from.ip(), stage, task);
        }
    }

    /// Serves a connection that was accepted.
    async fn welcome(&self, stream: Stream, from: SocketAddr, stage: &Stage) -> io::Result<()> {
        let established = timeout(self.config.handshake_timeout, async {
            let (reader, writer) = transport::secure(stream, Role::Accepts, &self.config).await?;
            let mut handshake = Handshake::begin(reader, writer, Role::Accepts, &self.config).await?;
            stage.has_spoken();
            let them = handshake.meet().await?;
            let Some(place) = Place::take(&self.accepted, self.config.max_connections) else {
                return Err(handshake.refuse("there are too many connections").await);
            };
            let turn = self.reply_to(&them, from.ip());
            handshake.introduce(&self.introduction(turn.is_some())).await?;
            Ok((Connection::establish(self, handshake, &them, turn).await?, place))
        });
        let (connection, _place) = established.await??;
        stage.is_introduced();
        self.serve(connection, from).await
    }

    /// What is known of a process, and the number of its new connection, if it sends; from then on no older one
    /// delivers. An error says why it is refused.
    pub(super) fn admit(&self, them: &Introduction) -> Result<(Arc<Session>, Option<u64>), &'static str> {
        let mut sessions = self.sessions.lock();
        let sender = match (&self.incarnations, them.incarnation) {
            (None, _) => them.session,
            (Some(known), Some(incarnation)) => {
                known.meet(incarnation, them.session)?;
                incarnation.identity
            }
            (Some(_), None) => return Err("it does not say which incarnation it is"),
        };
        let is_durable = self.incarnations.is_some();
        let taken = self.inboxes.iter().map(|(_, inbox)| if is_durable { inbox.last_of(sender) } else { 0 });
        let session = sessions.get(sender, taken, &self.held).ok_or("there are too many senders")?;
        let number = them.sends.then(|| session.connect());
        Ok((session, number))
    }

    /// Waits until what others may hear of us, and what we may promise them, is on disk.
    pub(super) async fn written(&self) {
        if let Some(incarnations) = &self.incarnations {
            incarnations.written().flushed().await;
        }
    }

    /// Whether what waits for the mailboxes of a node can go back over its connection: if it comes from
    /// where these mailboxes are, and no other connection serves them.
    fn reply_to(&self, them: &Introduction, from: IpAddr) -> Option<(Arc<Peer<M>>, Turn)> {
        let is_theirs = |peer: &&Arc<Peer<M>>| {
            peer.address.ip().to_canonical() == from.to_canonical()
                && peer.outboxes.iter().all(|(index, _)| them.mailboxes.contains(index))
        };
        let peer = self.peers.iter().find(is_theirs)?;
        let turn = peer.turn.clone().try_lock_owned().ok()?;
        Some((peer.clone(), turn))
    }
}

/// A place among the connections, given back when dropped.
struct Place<'n>(&'n AtomicUsize);

impl<'n> Place<'n> {
    fn take(taken: &'n AtomicUsize, most: usize) -> Option<Self> {
        let place = Place(taken);
        (taken.fetch_add(1, Ordering::Relaxed) < most).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
