//! What goes over the wire: length-prefixed frames, each one [`Frame`] in postcard.
//!
//! A connection carries messages one way: the sender says [`Frame::Hello`], the receiver answers
//! [`Frame::Welcome`] or [`Frame::Refused`]; then [`Frame::Message`]s go one way and cumulative
//! [`Frame::Received`]s the other.

use std::hash::{BuildHasher, Hasher};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio_util::codec::LengthDelimitedCodec;

pub(super) use crate::encoding::{decode, encode};

/// The first bytes of a `Hello`.
pub(super) const MAGIC: [u8; 4] = *b"MPCL";

/// The version of this protocol.
pub(super) const VERSION: u16 = 1;

/// What a message frame adds to its payload, in bytes, at most.
pub(super) const OVERHEAD: usize = 64;

/// One frame.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Frame {
    /// From whom, to which mailbox.
    Hello {
        magic: [u8; 4],
        version: u16,
        /// Hash of the sender's model.
        model: u64,
        /// A number the sender's process has chosen; sequence numbers count within it.
        session: u64,
        /// The index of the mailbox, encoded.
        to: Vec<u8>,
    },
    /// Go on behind this sequence number; 0 if nothing of the session is known.
    Welcome { received: u64 },
    /// No.
    Refused { reason: String },
    /// A message.
    Message {
        sequence: u64,
        /// Room for what later versions attach, such as clocks; unknown contents are ignored.
        extension: Vec<u8>,
        payload: Vec<u8>,
    },
    /// Everything up to this sequence number is in the inbox.
    Received { sequence: u64 },
}

pub(super) fn frame(frame: &Frame) -> Bytes {
    Bytes::from(encode(frame))
}

pub(super) fn codec(max_frame: usize) -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder().max_frame_length(max_frame).new_codec()
}

/// A number that no other process has.
pub(super) fn new_session() -> u64 {
    std::collections::hash_map::RandomState::new().build_hasher().finish() | 1
}
