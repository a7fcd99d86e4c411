//! What clients and servers say to each other: frames, each a length and a value in postcard.
//!
//! The server starts with a `Greeting`, the client answers with an `Introduction`, and the server with a [`Welcome`].
//! Then the client sends [`Ask`]s and the server [`Tell`]s. Before a client has shown that it knows the secret, it is told
//! nothing but a nonce.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use mpcal_runtime::host::{self, Stream};
use mpcal_runtime::resource::Secret;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::bytes::Bytes;
use tokio_util::codec::{FramedRead, FramedWrite, LengthDelimitedCodec};

use crate::model::{ReplyRecord, Request, Wish};

/// The version of this protocol.
const VERSION: u16 = 1;
/// The largest frame, in bytes.
pub const MAX_FRAME: usize = 2 << 20;
/// What is signed, so that no proof of another protocol fits.
const PURPOSE: &[u8] = b"raftkv client";

type Nonce = [u8; 16];

#[derive(Serialize, Deserialize)]
struct Greeting {
    version: u16,
    nonce: Nonce,
}

#[derive(Serialize, Deserialize)]
struct Introduction {
    version: u16,
    /// The nonce, signed; nothing without a secret.
    proof: Option<[u8; 32]>,
}

/// What a client learns first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Welcome {
    /// Whom it is talking to.
    pub server: i64,
    /// Where each server listens for clients.
    pub servers: BTreeMap<i64, SocketAddr>,
}

/// What a client asks of a server.
#[derive(Debug, Serialize, Deserialize)]
pub enum Ask {
    /// To carry out a command.
    Request(Request),
    /// How it is.
    Status,
    /// To hand over, if it leads.
    Transfer,
    /// To have another server leave or join, if it leads.
    Change(Wish),
}

/// What a server tells a client.
#[derive(Debug, Serialize, Deserialize)]
pub enum Tell {
    /// To a session: the answer to a request, or who leads.
    Reply(i64, ReplyRecord),
    /// How it is.
    Status(Status),
}

/// How a server is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Status {
    /// Which one.
    pub server: i64,
    /// Who leads, as far as it knows.
    pub leader: Option<i64>,
    /// The term that it is in.
    pub term: i64,
    /// The last entry that its log, or the snapshot before it, has.
    pub last: i64,
    /// The last entry that the snapshot stands for.
    pub snapshot: i64,
    /// The servers that decide.
    pub members: BTreeSet<i64>,
}

/// The direction from the other side.
pub struct Reader(FramedRead<Box<dyn AsyncRead + Send + Unpin>, LengthDelimitedCodec>);

/// The direction to the other side.
pub struct Writer(FramedWrite<Box<dyn AsyncWrite + Send + Unpin>, LengthDelimitedCodec>);

impl Reader {
    /// The next value.
    ///
    /// # Errors
    /// If the connection is gone, or what comes is not such a value.
    pub async fn next<T: DeserializeOwned>(&mut self) -> io::Result<T> {
        let frame = self.0.next().await.ok_or(ErrorKind::UnexpectedEof)??;
        postcard::from_bytes(&frame).map_err(|e| io::Error::new(ErrorKind::InvalidData, e))
    }
}

impl Writer {
    /// Adds a value to what is sent next.
    ///
    /// # Errors
    /// If the connection is gone, or the value is larger than [`MAX_FRAME`].
    pub async fn add<T: Serialize>(&mut self, value: &T) -> io::Result<()> {
        let frame = postcard::to_stdvec(value).map_err(|e| io::Error::new(ErrorKind::InvalidInput, e))?;
        self.0.feed(Bytes::from(frame)).await
    }

    /// Sends what was added.
    ///
    /// # Errors
    /// If the connection is gone.
    pub async fn flush(&mut self) -> io::Result<()> {
        SinkExt::<Bytes>::flush(&mut self.0).await
    }

    /// Sends a value.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub async fn send<T: Serialize>(&mut self, value: &T) -> io::Result<()> {
        self.add(value).await?;
        self.flush().await
    }
}

fn split(stream: Stream) -> (Reader, Writer) {
    let codec = LengthDelimitedCodec::builder().max_frame_length(MAX_FRAME).new_codec();
    let (reader, writer) = stream.into_split();
    (Reader(FramedRead::new(reader, codec.clone())), Writer(FramedWrite::new(writer, codec)))
}

fn sign(secret: &Secret, nonce: &Nonce) -> [u8; 32] {
    secret.sign(&[PURPOSE, nonce])
}

/// The server's side of the introduction.
///
/// # Errors
/// If the client does not know the secret, or has another version.
pub async fn receive(stream: Stream, secret: Option<&Secret>, welcome: &Welcome) -> io::Result<(Reader, Writer)> {
    let (mut reader, mut writer) = split(stream);
    let nonce = host::random_bytes()?;
    writer.send(&Greeting { version: VERSION, nonce }).await?;
    let introduction: Introduction = reader.next().await?;
    let knows = |secret: &Secret| introduction.proof.is_some_and(|proof| secret.verify(&[PURPOSE, &nonce], &proof));
    let answer: Result<&Welcome, &str> = match secret {
        _ if introduction.version != VERSION => Err("the server has another version of raftkv"),
        Some(secret) if !knows(secret) => Err("the server has another secret, see --secret-file"),
        _ => Ok(welcome),
    };
    writer.send(&answer).await?;
    answer.map(|_| (reader, writer)).map_err(|why| io::Error::new(ErrorKind::PermissionDenied, why))
}

/// The client's side of the introduction.
///
/// # Errors
/// If there is nobody, or the client is not let in.
pub async fn connect(to: SocketAddr, secret: Option<&Secret>) -> io::Result<(Welcome, Reader, Writer)> {
    let (mut reader, mut writer) = split(Stream::connect(to).await?);
    let greeting: Greeting = reader.next().await?;
    if greeting.version != VERSION {
        return Err(io::Error::new(ErrorKind::Unsupported, "the server has another version of raftkv"));
    }
    let proof = secret.map(|secret| sign(secret, &greeting.nonce));
    writer.send(&Introduction { version: VERSION, proof }).await?;
    let answer: Result<Welcome, String> = reader.next().await?;
    let welcome = answer.map_err(|why| io::Error::new(ErrorKind::PermissionDenied, why))?;
    Ok((welcome, reader, writer))
}
