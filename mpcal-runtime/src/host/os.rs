//! The operating system.

mod files;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread;
use std::time::SystemTime;

use futures_executor::block_on;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use self::files::FileSystem;
use super::{Boxed, Disk, Host, Listener, Stream};

/// The host of tasks that run within no other.
pub(super) struct Os;

#[allow(clippy::disallowed_methods, reason = "here it is the world")]
impl Host for Os {
    fn clock(&self, at: Instant) -> Instant {
        at
    }

    fn runtime_clock(&self, at: Instant) -> Instant {
        at
    }

    fn time_of_day(&self) -> SystemTime {
        SystemTime::now()
    }

    fn poll_task(&self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    fn run_apart(&self, name: &str, work: Boxed<()>) -> io::Result<()> {
        thread::Builder::new().name(name.to_owned()).spawn(|| block_on(work))?;
        Ok(())
    }

    fn disk(&self) -> Arc<dyn Disk> {
        Arc::new(FileSystem)
    }

    fn random(&self, bytes: &mut [u8]) -> io::Result<()> {
        getrandom::fill(bytes).map_err(io::Error::other)
    }

    fn listen(&self, at: SocketAddr) -> Boxed<io::Result<Listener>> {
        Box::pin(async move { Ok(TcpListener::bind(at).await?.into()) })
    }

    fn connect(&self, to: SocketAddr) -> Boxed<io::Result<Stream>> {
        Box::pin(async move {
            let stream = TcpStream::connect(to).await?;
            stream.set_nodelay(true)?;
            Ok(stream.into())
        })
    }
}
