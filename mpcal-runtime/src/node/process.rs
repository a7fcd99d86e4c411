//! What a node has to do with the process around it: signals, and saying that it is ready.

/// Returns when somebody asks the process to end.
pub(super) async fn asked_to_stop() {
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = interrupted => {}
        () = terminated() => {}
    }
    tracing::info!("asked to stop");
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{signal, SignalKind};
    match signal(SignalKind::terminate()) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
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
