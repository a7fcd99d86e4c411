//! What goes over the wire: length-prefixed frames, each one [`Frame`] in postcard.
//!
//! A connection carries messages both ways. It starts with [`Frame::Hello`] and [`Frame::Challenge`],
//! which exchange nonces, unless their secrets are of different epochs; then both sides introduce themselves, with a proof that they know the secret of
//! the cluster, and say up to where they know the other ([`Frame::Resume`]). Until then a stranger has
//! learnt nothing. Messages follow, and cumulative acknowledgements between them.

use std::io;

use bytes::{BufMut, BytesMut};
use serde::{Deserialize, Serialize, Serializer};
use tokio_util::codec::LengthDelimitedCodec;

use super::incarnations::Incarnation;
use super::Delivery;
pub(super) use crate::encoding::{decode, encode};
use crate::encoding::{decode_borrowed, decode_prefix, encode_into};
use crate::identity::Identity;

/// The first bytes of a `Hello`.
pub(super) const MAGIC: [u8; 4] = *b"MPCL";

/// The version of this protocol.
pub(super) const VERSION: u16 = 5;

/// What a message frame adds to its payload, in bytes, at most.
pub(super) const OVERHEAD: usize = 64;

/// The largest frame before the peer has introduced itself, in bytes.
pub(super) const MAX_INTRODUCTION: usize = 1 << 16;

/// What is known of one mailbox takes this many bytes, at most.
pub(super) const KNOWN: usize = 20;

/// A number that is used once.
pub(super) type Nonce = [u8; 16];

/// One frame.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Frame<'f> {
    /// The side that connects starts, and says which epoch of the secret it has.
    Hello { magic: [u8; 4], nonce: Nonce, epoch: u64 },
    /// The other side answers.
    Challenge { nonce: Nonce },
    /// An [`Introduction`], and the proof that it comes from a member of the cluster.
    Introduction {
        #[serde(serialize_with = "bytes")]
        introduction: &'f [u8],
        proof: [u8; 32],
    },
    /// No.
    Refused { reason: &'f str },
    /// For mailboxes of the sender of this frame, in the order of its introduction: what it has of the
    /// other side's session. It ends the handshake.
    Resume { known: Vec<Known> },
    /// A message to a mailbox, which is a place in the receiver's introduction.
    Message {
        to: u32,
        sequence: u64,
        /// Room for what later versions attach, such as clocks; unknown contents are ignored.
        #[serde(serialize_with = "bytes")]
        extension: &'f [u8],
        #[serde(serialize_with = "bytes")]
        payload: &'f [u8],
    },
    /// Everything up to this sequence number was taken from this mailbox of the sender of the frame, and
    /// what came of it is durable.
    Taken { mailbox: u32, sequence: u64 },
    /// Nothing, so that the other side hears something.
    Heartbeat,
}

/// Writes bytes as a whole; as a slice they would be written one by one.
fn bytes<S: Serializer>(bytes: &&[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

/// Who a node is.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Introduction {
    /// The version of the protocol, in front for whoever cannot read the rest.
    pub(super) version: u16,
    /// The model, and its constants.
    pub(super) model: Identity,
    /// A number that the process has chosen; sequence numbers count within it.
    pub(super) session: u64,
    /// What its mailboxes promise.
    pub(super) delivery: Delivery,
    /// If they are durable: sequence numbers go on from one process with the log to the next.
    pub(super) incarnation: Option<Incarnation>,
    /// Whether it will send messages over this connection.
    pub(super) sends: bool,
    /// After how many milliseconds without anything to send it sends a heartbeat.
    pub(super) heartbeat: u32,
    /// Most messages that a mailbox here holds of one sender.
    pub(super) window: u32,
    /// Most messages that are kept here for one mailbox until they are acknowledged.
    pub(super) kept: u32,
    /// The largest frame that is read here, in bytes.
    pub(super) max_frame: u32,
    /// The encoded indices of the mailboxes that live here.
    pub(super) mailboxes: Vec<Vec<u8>>,
}

impl Introduction {
    /// Reads one; an error says what is wrong with it.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let unreadable = || "its introduction cannot be read".to_owned();
        let (version, _) = decode_prefix::<u16>(bytes).ok_or_else(unreadable)?;
        if version != VERSION {
            return Err(format!(
                "it speaks version {version} of the protocol, here it is {VERSION}: build both nodes with one \
                 mpcal-runtime"
            ));
        }
        decode(bytes).ok_or_else(unreadable)
    }
}

/// How much of a session has come to a mailbox.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Known {
    /// The last sequence number in the mailbox; 0 if nothing of the session is known.
    pub(super) arrived: u64,
    /// The last that was taken.
    pub(super) taken: u64,
}

/// The other side does not keep to the protocol.
pub(super) fn violation(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Adds a frame to what is to be sent.
pub(super) fn put(out: &mut BytesMut, frame: &Frame<'_>) {
    let start = out.len();
    out.put_u32(0);
    encode_into(out, frame);
    let length = u32::try_from(out.len() - start - 4).expect("frames are bounded");
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
}

/// Reads a frame.
pub(super) fn read(bytes: &[u8]) -> Option<Frame<'_>> {
    decode_borrowed(bytes)
}

pub(super) fn codec(max_frame: usize) -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder().max_frame_length(max_frame).new_codec()
}
