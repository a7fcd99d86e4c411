//! The connection to one receiver.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_util::codec::{FramedRead, FramedWrite};

use super::outbox::Outbox;
use super::wire::{self, Frame};
use super::MailboxConfig;
use crate::value::Data;

/// Messages sent before the socket is flushed.
const BATCH: usize = 64;

/// Sends what the outbox holds, for ever; connects only when there is something to send.
pub(super) async fn run<M: Data>(
    outbox: Arc<Outbox<M>>,
    address: SocketAddr,
    hello: Frame,
    config: Arc<MailboxConfig>,
) {
    let mut failures = 0u32;
    loop {
        outbox.has(outbox.first()).await;
        let start = outbox.first();
        match connection(&outbox, address, &hello, &config).await {
            Ok(()) => {}
            Err(error) => tracing::debug!(%address, %error, "connection lost"),
        }
        failures = if outbox.first() > start { 0 } else { (failures + 1).min(6) };
        sleep(config.reconnect_after * (1 << failures)).await;
    }
}

async fn connection<M: Data>(
    outbox: &Outbox<M>,
    address: SocketAddr,
    hello: &Frame,
    config: &MailboxConfig,
) -> io::Result<()> {
    let stream = timeout(config.handshake_timeout, TcpStream::connect(address)).await??;
    stream.set_nodelay(true)?;
    let (reader, writer) = stream.into_split();
    let mut reader = FramedRead::new(reader, wire::codec(config.max_frame));
    let mut writer = FramedWrite::new(writer, wire::codec(config.max_frame));
    writer.send(wire::frame(hello)).await?;
    let answer = timeout(config.handshake_timeout, reader.next()).await?.transpose()?;
    match answer.as_deref().and_then(wire::decode) {
        Some(Frame::Welcome { received }) => outbox.acknowledged(received),
        Some(Frame::Refused { reason }) => {
            tracing::warn!(%address, reason, "refused by the receiver");
            return Err(io::Error::other(reason));
        }
        _ => return Err(io::Error::other("the receiver speaks another protocol")),
    }
    let mut next = outbox.first();
    loop {
        tokio::select! {
            frame = reader.next() => {
                let frame = frame.ok_or(io::ErrorKind::UnexpectedEof)??;
                match wire::decode(&frame) {
                    Some(Frame::Received { sequence }) if sequence < next => outbox.acknowledged(sequence),
                    _ => return Err(io::Error::other("an unexpected frame from the receiver")),
                }
            }
            () = outbox.has(next) => {
                for (sequence, payload) in outbox.from(next, BATCH) {
                    next = sequence + 1;
                    let message = Frame::Message { sequence, extension: Vec::new(), payload };
                    writer.feed(wire::frame(&message)).await?;
                }
                SinkExt::<bytes::Bytes>::flush(&mut writer).await?;
            }
        }
    }
}
