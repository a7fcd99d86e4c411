//! The streams below a connection: TCP, or TLS over it.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::MailboxConfig;

pub(super) type Reader = Box<dyn AsyncRead + Send + Unpin>;
pub(super) type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// Connects to an address.
pub(super) async fn connect(address: SocketAddr, config: &MailboxConfig) -> io::Result<(Reader, Writer)> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    #[cfg(feature = "tls")]
    if let Some(tls) = &config.tls {
        return Ok(halves(tls.connect(stream).await?));
    }
    let _ = config;
    let (reader, writer) = stream.into_split();
    Ok((Box::new(reader), Box::new(writer)))
}

/// Takes a connection that was accepted.
pub(super) async fn accept(stream: TcpStream, config: &MailboxConfig) -> io::Result<(Reader, Writer)> {
    stream.set_nodelay(true)?;
    #[cfg(feature = "tls")]
    if let Some(tls) = &config.tls {
        return Ok(halves(tls.accept(stream).await?));
    }
    let _ = config;
    let (reader, writer) = stream.into_split();
    Ok((Box::new(reader), Box::new(writer)))
}

#[cfg(feature = "tls")]
fn halves(stream: impl AsyncRead + AsyncWrite + Send + 'static) -> (Reader, Writer) {
    let (reader, writer) = tokio::io::split(stream);
    (Box::new(reader), Box::new(writer))
}
