//! The listener, and the connections of senders.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::codec::{FramedRead, FramedWrite};

use super::wire::{self, Frame};
use super::MailboxConfig;
use crate::resource::queue::Queue;
use crate::value::Data;

/// Messages after which an acknowledgement goes out.
const ACKNOWLEDGE_AT: u32 = 32;

/// How long an acknowledgement may wait for more messages.
const ACKNOWLEDGE_AFTER: Duration = Duration::from_millis(2);

/// Senders whose last sequence number is remembered.
const SESSIONS: usize = 4096;

/// The last sequence number in the inbox, by session and mailbox. Only one connection at a time
/// delivers for a session, so that an old connection cannot mix with the one that replaced it.
#[derive(Default)]
struct Sessions(VecDeque<(SessionKey, LastReceived)>);

/// A session of a sender, and the encoded index of a mailbox.
type SessionKey = (u64, Vec<u8>);

/// The last sequence number in the inbox; held by the connection that delivers.
type LastReceived = Arc<tokio::sync::Mutex<u64>>;

impl Sessions {
    /// What is known of a session; none if there are too many that are in use.
    fn get(&mut self, key: SessionKey) -> Option<LastReceived> {
        if let Some((_, known)) = self.0.iter().find(|(k, _)| *k == key) {
            return Some(known.clone());
        }
        if self.0.len() >= SESSIONS {
            // The oldest that no connection delivers for: forgetting another could repeat messages.
            let idle = self.0.iter().position(|(_, known)| Arc::strong_count(known) == 1)?;
            self.0.remove(idle);
        }
        let fresh = Arc::new(tokio::sync::Mutex::new(0));
        self.0.push_back((key, fresh.clone()));
        Some(fresh)
    }
}

pub(super) async fn run<K: Data, M: Data>(
    listener: TcpListener,
    inboxes: BTreeMap<K, Arc<Queue<M>>>,
    config: Arc<MailboxConfig>,
) {
    let inboxes = Arc::new(inboxes);
    let sessions = Arc::new(Mutex::new(Sessions::default()));
    let slots = Arc::new(Semaphore::new(config.max_connections));
    let mut connections = JoinSet::new();
    loop {
        let Ok(slot) = slots.clone().acquire_owned().await else { return };
        let (stream, from) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely: wait for some to be closed.
                tracing::warn!(%error, "cannot accept a connection");
                sleep(config.reconnect_after).await;
                continue;
            }
        };
        while connections.try_join_next().is_some() {}
        let (inboxes, sessions, config) = (inboxes.clone(), sessions.clone(), config.clone());
        connections.spawn(async move {
            let _slot = slot;
            if let Err(error) = connection(stream, &inboxes, &sessions, &config).await {
                tracing::debug!(%from, %error, "connection dropped");
            }
        });
    }
}

async fn connection<K: Data, M: Data>(
    stream: TcpStream,
    inboxes: &BTreeMap<K, Arc<Queue<M>>>,
    sessions: &Mutex<Sessions>,
    config: &MailboxConfig,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (reader, writer) = stream.into_split();
    let mut reader = FramedRead::new(reader, wire::codec(config.max_frame));
    let mut writer = FramedWrite::new(writer, wire::codec(config.max_frame));
    let hello = timeout(config.handshake_timeout, reader.next()).await?;
    let hello = hello.ok_or(io::ErrorKind::UnexpectedEof)??;
    let (key, inbox) = match welcome(&hello, inboxes, config) {
        Ok(accepted) => accepted,
        Err(reason) => {
            writer.send(wire::frame(&Frame::Refused { reason: reason.clone() })).await?;
            return Err(io::Error::other(reason));
        }
    };
    let known = sessions.lock().get(key);
    let received = known.ok_or_else(|| io::Error::other("too many senders"))?;
    // An older connection of the same session may still be delivering.
    let mut received = timeout(config.handshake_timeout, received.lock()).await?;
    writer.send(wire::frame(&Frame::Welcome { received: *received })).await?;
    let mut unacknowledged = 0;
    loop {
        // An acknowledgement goes out when there are many messages to acknowledge, or nothing else
        // comes for a moment: one for each message would double what travels.
        let frame = if unacknowledged == 0 {
            reader.next().await
        } else if let Ok(frame) = timeout(ACKNOWLEDGE_AFTER, reader.next()).await {
            frame
        } else {
            writer.send(wire::frame(&Frame::Received { sequence: *received })).await?;
            unacknowledged = 0;
            continue;
        };
        let frame = frame.ok_or(io::ErrorKind::UnexpectedEof)??;
        let Some(Frame::Message { sequence, payload, .. }) = wire::decode(&frame) else {
            return Err(io::Error::other("a frame that is no message"));
        };
        let message = wire::decode(&payload).ok_or_else(|| io::Error::other("a message of another type"))?;
        if *received != 0 && sequence > *received + 1 {
            return Err(io::Error::other("a message is missing"));
        }
        // Sent again because the acknowledgement was lost: it is in the inbox already.
        if sequence > *received {
            inbox.arrive(message).await;
            *received = sequence;
        }
        unacknowledged += 1;
        if unacknowledged >= ACKNOWLEDGE_AT {
            writer.send(wire::frame(&Frame::Received { sequence: *received })).await?;
            unacknowledged = 0;
        }
    }
}

/// Reads a `Hello`: whose it is and for which inbox; or why not.
fn welcome<'i, K: Data, M: Data>(
    hello: &[u8],
    inboxes: &'i BTreeMap<K, Arc<Queue<M>>>,
    config: &MailboxConfig,
) -> Result<(SessionKey, &'i Arc<Queue<M>>), String> {
    let Some(Frame::Hello { magic, version, model, session, to }) = wire::decode(hello) else {
        return Err("this is no hello".to_owned());
    };
    if magic != wire::MAGIC || version != wire::VERSION {
        return Err(format!("protocol version {version} is not spoken here, {} is", wire::VERSION));
    }
    if model != config.model && !config.compatible.contains(&model) {
        return Err(format!("model {model:016x} is not compatible with {:016x}", config.model));
    }
    let index: K = wire::decode(&to).ok_or("the index of the mailbox has another type")?;
    let inbox = inboxes.get(&index).ok_or_else(|| format!("mailbox {} is not here", index.to_value()))?;
    Ok(((session, to), inbox))
}
