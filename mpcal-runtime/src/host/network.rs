//! Connections between nodes: TCP, or what a host has in its place.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use super::{with, Boxed};

/// A stream of bytes in both directions.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// What listens on a host that is not the operating system.
pub trait Accept: Send + Sync {
    /// The next connection, and where it comes from.
    ///
    /// # Errors
    /// If there can be none now.
    fn accept(&self) -> Boxed<io::Result<(Stream, SocketAddr)>>;

    /// Where it listens.
    fn address(&self) -> SocketAddr;
}

/// Listens for connections.
pub struct Listener(Listens);

enum Listens {
    Tcp(TcpListener),
    Other(Box<dyn Accept>),
}

impl Listener {
    /// Listens at an address of this host; port 0 stands for any free port.
    ///
    /// # Errors
    /// If the address is taken, or not one of this host.
    pub async fn bind(at: SocketAddr) -> io::Result<Self> {
        with(|host| host.listen(at)).await
    }

    /// One of another host.
    pub fn new(listens: impl Accept + 'static) -> Self {
        Self(Listens::Other(Box::new(listens)))
    }

    /// The next connection, and where it comes from.
    ///
    /// # Errors
    /// If there can be none now.
    ///
    /// # Cancel safety
    /// Safe to drop: no connection is lost.
    pub async fn accept(&self) -> io::Result<(Stream, SocketAddr)> {
        match &self.0 {
            Listens::Tcp(listener) => {
                let (stream, from) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok((stream.into(), from))
            }
            Listens::Other(listener) => listener.accept().await,
        }
    }

    /// Where it listens.
    ///
    /// # Errors
    /// If the operating system does not say.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        match &self.0 {
            Listens::Tcp(listener) => listener.local_addr(),
            Listens::Other(listener) => Ok(listener.address()),
        }
    }
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Self(Listens::Tcp(listener))
    }
}

/// A connection.
pub struct Stream(Streams);

enum Streams {
    Tcp(TcpStream),
    Other(Box<dyn Duplex>),
}

impl Stream {
    /// Connects to the listener at an address.
    ///
    /// # Errors
    /// If nobody listens there, or the address cannot be reached.
    pub async fn connect(to: SocketAddr) -> io::Result<Self> {
        with(|host| host.connect(to)).await
    }

    /// One of another host.
    pub fn new(stream: impl Duplex + 'static) -> Self {
        Self(Streams::Other(Box::new(stream)))
    }

    /// Its directions, each for itself.
    pub fn into_split(self) -> (Box<dyn AsyncRead + Send + Unpin>, Box<dyn AsyncWrite + Send + Unpin>) {
        match self.0 {
            Streams::Tcp(stream) => {
                let (reader, writer) = stream.into_split();
                (Box::new(reader), Box::new(writer))
            }
            Streams::Other(stream) => {
                let (reader, writer) = tokio::io::split(stream);
                (Box::new(reader), Box::new(writer))
            }
        }
    }

    fn inner(&mut self) -> Pin<&mut dyn Duplex> {
        match &mut self.0 {
            Streams::Tcp(stream) => Pin::new(stream),
            Streams::Other(stream) => Pin::new(stream),
        }
    }
}

impl From<TcpStream> for Stream {
    fn from(stream: TcpStream) -> Self {
        Self(Streams::Tcp(stream))
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.inner().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_shutdown(cx)
    }
}
