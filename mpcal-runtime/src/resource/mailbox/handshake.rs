//! How two nodes get to know each other.
//!
//! The epoch of the secret and nonces first, then introductions, each with a proof: an HMAC with the secret of the cluster over the
//! role, both nonces and the introduction. Who cannot prove itself learns nothing but a nonce, or that the epoch is another one. Without a
//! secret everybody can.

use std::io;

use bytes::BytesMut;
use futures_util::StreamExt;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio_util::codec::{FramedRead, LengthDelimitedCodec};

use super::transport::{Reader, Writer};
use super::wire::{self, violation, Frame, Introduction, Known, Nonce};
use super::{MailboxConfig, Secret};

/// What is said to, and of, who has a secret of another epoch.
const OTHER_EPOCH: &str =
    "the nodes have secrets of different epochs: give all nodes the latest secret, with the same `secret_epoch`";

/// The side of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Connects,
    Accepts,
}

/// A connection in the making.
pub(super) struct Handshake<'c> {
    pub(super) reader: FramedRead<Reader, LengthDelimitedCodec>,
    pub(super) writer: Writer,
    role: Role,
    config: &'c MailboxConfig,
    /// Ours and theirs.
    nonces: [Nonce; 2],
    /// Whether the other side has our introduction, with its proof.
    introduced: bool,
}

impl<'c> Handshake<'c> {
    /// Exchanges nonces.
    pub(super) async fn begin(
        reader: Reader,
        writer: Writer,
        role: Role,
        config: &'c MailboxConfig,
    ) -> io::Result<Self> {
        let reader = FramedRead::new(reader, wire::codec(config.max_frame.min(wire::MAX_INTRODUCTION)));
        let nonce: Nonce = crate::host::random_bytes()?;
        let mut this = Self { reader, writer, role, config, nonces: [nonce; 2], introduced: false };
        if role == Role::Connects {
            let epoch = this.secret().epoch();
            this.send(&Frame::Hello { magic: wire::MAGIC, nonce, epoch }).await?;
        }
        let answer = this.receive().await?;
        this.nonces[1] = match (wire::read(&answer), role) {
            (Some(Frame::Challenge { nonce }), Role::Connects) => nonce,
            (Some(Frame::Hello { magic: wire::MAGIC, nonce, epoch }), Role::Accepts) => {
                if epoch != this.secret().epoch() {
                    return Err(this.refuse(OTHER_EPOCH).await);
                }
                nonce
            }
            (Some(Frame::Refused { reason }), _) => return Err(refused(reason)),
            _ => return Err(violation("it speaks another protocol")),
        };
        if role == Role::Accepts {
            this.send(&Frame::Challenge { nonce }).await?;
        }
        Ok(this)
    }

    /// Sends our introduction.
    pub(super) async fn introduce(&mut self, introduction: &Introduction) -> io::Result<()> {
        let introduction = &wire::encode(introduction)[..];
        let proof = self.secret().sign(&self.proven(self.role, introduction));
        self.send(&Frame::Introduction { introduction, proof }).await?;
        self.introduced = true;
        Ok(())
    }

    /// Receives the introduction of the other side, and believes it only with its proof.
    pub(super) async fn meet(&mut self) -> io::Result<Introduction> {
        let frame = self.receive().await?;
        let (introduction, proof) = match wire::read(&frame) {
            Some(Frame::Introduction { introduction, proof }) => (introduction, proof),
            Some(Frame::Refused { reason }) => return Err(refused(reason)),
            _ => return Err(violation("this is not an introduction")),
        };
        let other = if self.role == Role::Connects { Role::Accepts } else { Role::Connects };
        if !self.secret().verify(&self.proven(other, introduction), &proof) {
            let what = "it does not know the secret of this cluster: give all nodes the same secret";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, what));
        }
        let them = match Introduction::read(introduction) {
            Ok(them) => them,
            Err(reason) => return Err(self.refuse(&reason).await),
        };
        match self.objection(&them) {
            Some(reason) => Err(self.refuse(&reason).await),
            None => Ok(them),
        }
    }

    /// Why a member of the cluster cannot take part in this system, and what to do.
    fn objection(&self, them: &Introduction) -> Option<String> {
        let (ours, theirs) = (self.config.model, them.model);
        let is_compatible = self.config.compatible.contains(&theirs.model) || self.role == Role::Connects;
        if theirs.model != ours.model && !is_compatible {
            return Some(format!(
                "one node runs model {:016x}, the other {:016x}: build both from the same model, or list one as \
                 compatible",
                theirs.model, ours.model
            ));
        }
        if theirs.model == ours.model && theirs.constants != ours.constants {
            return Some("the nodes have different constants: start all with the same".to_owned());
        }
        let (ours, theirs) = (self.config.delivery, them.delivery);
        (ours != theirs)
            .then(|| format!("one node has {ours} mailboxes, the other {theirs} ones: configure both alike"))
    }

    /// Says what we know of the other side, and hears what it knows of us.
    pub(super) async fn resume(&mut self, known: Vec<Known>) -> io::Result<Vec<Known>> {
        self.send(&Frame::Resume { known }).await?;
        let frame = self.receive().await?;
        match wire::read(&frame) {
            Some(Frame::Resume { known }) => Ok(known),
            Some(Frame::Refused { reason }) => Err(refused(reason)),
            _ => Err(violation("it does not say what it knows")),
        }
    }

    /// Tells the other side why not.
    pub(super) async fn refuse(&mut self, reason: &str) -> io::Error {
        // The connection ends anyway.
        let _ = self.send(&Frame::Refused { reason }).await;
        io::Error::new(io::ErrorKind::ConnectionRefused, reason.to_owned())
    }

    /// What a proof is for.
    fn proven<'p>(&'p self, role: Role, introduction: &'p [u8]) -> [&'p [u8]; 4] {
        let [ours, theirs] = &self.nonces;
        let (first, second) = if self.role == Role::Connects { (ours, theirs) } else { (theirs, ours) };
        let role: &[u8] = if role == Role::Connects { b"connects" } else { b"accepts " };
        [role, first, second, introduction]
    }

    fn secret(&self) -> Secret {
        self.config.secret.clone().unwrap_or_else(|| Secret::new([]))
    }

    async fn send(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        let mut bytes = BytesMut::new();
        wire::put(&mut bytes, frame);
        write(&mut self.writer, &bytes).await
    }

    async fn receive(&mut self) -> io::Result<BytesMut> {
        let frame = self.reader.next().await.transpose()?;
        frame.ok_or_else(|| match self.introduced {
            true => io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "it hung up: it has another secret, or no place for more connections",
            ),
            false => io::ErrorKind::UnexpectedEof.into(),
        })
    }
}

async fn write(writer: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    writer.write_all(bytes).await?;
    writer.flush().await
}

fn refused(reason: &str) -> io::Error {
    let reason: String = reason.chars().filter(|c| !c.is_control()).take(200).collect();
    io::Error::new(io::ErrorKind::ConnectionRefused, format!("it refuses: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Stream;

    /// What both sides of a handshake between nodes with these secrets come to.
    async fn meet(connects: Secret, accepts: Secret) -> [io::Result<()>; 2] {
        let (near, far) = tokio::io::duplex(1 << 16);
        let side = |end, role, secret| async move {
            let config = MailboxConfig { secret: Some(secret), ..MailboxConfig::default() };
            let (reader, writer) = Stream::new(end).into_split();
            Handshake::begin(reader, writer, role, &config).await.map(|_| ())
        };
        let (near, far) = (side(near, Role::Connects, connects), side(far, Role::Accepts, accepts));
        let (near, far) = tokio::join!(near, far);
        [near, far]
    }

    #[tokio::test]
    async fn nodes_with_secrets_of_different_epochs_refuse_each_other_and_both_say_so() {
        let secret = |epoch| Secret::new("sesame").with_epoch(epoch);
        for (ours, theirs) in [(1, 2), (2, 1), (0, 7)] {
            for said in meet(secret(ours), secret(theirs)).await {
                let error = said.expect_err("the epochs differ");
                assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused, "this kind is said to people");
                assert!(error.to_string().contains("give all nodes the latest secret"), "{error}");
            }
        }
        assert!(meet(secret(2), secret(2)).await.iter().all(Result::is_ok));
    }
}
