//! The streams below a connection: TCP, or TLS over it.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::handshake::Role;
use super::MailboxConfig;

pub(super) type Reader = Box<dyn AsyncRead + Send + Unpin>;
pub(super) type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// Makes a TCP connection what the configuration wants.
pub(super) async fn secure(stream: TcpStream, role: Role, config: &MailboxConfig) -> io::Result<(Reader, Writer)> {
    stream.set_nodelay(true)?;
    #[cfg(feature = "tls")]
    if let Some(tls) = &config.tls {
        return Ok(halves(match role {
            Role::Connects => tls.connect(stream).await?,
            Role::Accepts => tls.accept(stream).await?,
        }));
    }
    let _ = (role, config);
    let (reader, writer) = stream.into_split();
    Ok((Box::new(reader), Box::new(writer)))
}

#[cfg(feature = "tls")]
fn halves(stream: impl AsyncRead + AsyncWrite + Send + 'static) -> (Reader, Writer) {
    let (reader, writer) = tokio::io::split(stream);
    (Box::new(reader), Box::new(writer))
}
