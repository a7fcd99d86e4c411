//! The process around a node: signals, and reporting that it is ready.

use std::future::{pending, Future};

/// Ready when somebody asks the process to end. From this call on no signal for that ends it unasked.
pub(super) fn asked_to_stop() -> impl Future<Output = ()> {
    let (interrupted, terminated) = (interrupted(), terminated());
    async {
        tokio::select! {
            () = interrupted => {}
            () = terminated => {}
        }
        tracing::info!("asked to stop");
    }
}

#[cfg(unix)]
fn interrupted() -> impl Future<Output = ()> {
    received(tokio::signal::unix::SignalKind::interrupt())
}

#[cfg(unix)]
fn terminated() -> impl Future<Output = ()> {
    received(tokio::signal::unix::SignalKind::terminate())
}

/// Listens to a signal now, not first when it is polled.
#[cfg(unix)]
fn received(kind: tokio::signal::unix::SignalKind) -> impl Future<Output = ()> {
    let listening = tokio::signal::unix::signal(kind);
    async {
        match listening {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => pending().await,
        }
    }
}

#[cfg(not(unix))]
async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        pending::<()>().await;
    }
}

#[cfg(not(unix))]
async fn terminated() {
    pending().await
}

/// Tells who has started the process that it is ready.
pub(super) fn ready() {
    tracing::info!("ready");
    #[cfg(unix)]
    if let Some(path) = std::env::var_os("NOTIFY_SOCKET") {
        let sent = std::os::unix::net::UnixDatagram::unbound().and_then(|socket| {
            #[cfg(target_os = "linux")]
            if let Some(name) = path.to_str().and_then(|path| path.strip_prefix('@')) {
                use std::os::linux::net::SocketAddrExt;
                let address = std::os::unix::net::SocketAddr::from_abstract_name(name)?;
                return socket.send_to_addr(b"READY=1", &address);
            }
            socket.send_to(b"READY=1", &path)
        });
        if let Err(error) = sent {
            tracing::warn!(%error, "cannot say that the node is ready");
        }
    }
}
