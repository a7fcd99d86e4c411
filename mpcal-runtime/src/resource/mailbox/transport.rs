//! The streams below a connection: TCP, or TLS over it.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};

use super::handshake::Role;
use super::MailboxConfig;
use crate::host::Stream;

pub(super) type Reader = Box<dyn AsyncRead + Send + Unpin>;
pub(super) type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// Makes a connection what the configuration wants.
pub(super) async fn secure(stream: Stream, role: Role, config: &MailboxConfig) -> io::Result<(Reader, Writer)> {
    #[cfg(feature = "tls")]
    if let Some(tls) = &config.tls {
        return Ok(halves(match role {
            Role::Connects => tls.connect(stream).await?,
            Role::Accepts => tls.accept(stream).await?,
        }));
    }
    let _ = (role, config);
    Ok(stream.into_split())
}

#[cfg(feature = "tls")]
fn halves(stream: impl AsyncRead + AsyncWrite + Send + 'static) -> (Reader, Writer) {
    let (reader, writer) = tokio::io::split(stream);
    (Box::new(reader), Box::new(writer))
}
