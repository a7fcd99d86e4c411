//! A cluster as a file describes it.
//!
//! ```toml
//! data = "data"                      # server 1 has what it keeps in data/server-1
//! secret_file = "cluster.secret"     # optional: what servers and clients must know, at least 16 bytes
//!
//! [[server]]
//! peers = "127.0.0.1:7700"           # where server 1 listens for the other servers
//! clients = "127.0.0.1:7701"         # and for clients
//!
//! [[server]]
//! peers = "127.0.0.1:7702"
//! clients = "127.0.0.1:7703"
//! ```

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

use anyhow::{ensure, Context, Result};
use mpcal_runtime::resource::Secret;
use serde::Deserialize;

use crate::cluster::Cluster;
use crate::model::Constants;

/// How many entries may be under way to a server.
const WINDOW: i64 = 4096;
/// How many commands a server carries out in a step.
const BATCH: i64 = 256;
/// How many entries that were carried out may stay in the log, unless the file says so.
const KEEP: i64 = 10_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    data: PathBuf,
    secret_file: Option<PathBuf>,
    keep: Option<i64>,
    server: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    peers: String,
    clients: String,
}

/// The constants of the model for so many servers. Those of checking do not matter.
#[must_use]
pub fn constants(servers: usize, keep: i64) -> Constants {
    let num_servers = i64::try_from(servers).unwrap_or(i64::MAX);
    // Clients come and go, and the servers do not know them.
    let num_clients = 0;
    let (pre_vote, window, batch) = (true, WINDOW, BATCH);
    Constants { num_servers, num_clients, pre_vote, window, batch, keep, ..Constants::checked() }
}

/// What a file says; paths in it are relative to it.
///
/// # Errors
/// If it cannot be read, or says something wrong.
pub fn load(path: &Path) -> Result<Cluster> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let document: Document = toml::from_str(&text).with_context(|| path.display().to_string())?;
    let directory = path.parent().unwrap_or(Path::new(""));
    let secret = document.secret_file.map(|file| secret(&directory.join(file))).transpose()?;
    let mut servers = std::collections::BTreeMap::new();
    for (id, server) in (1..).zip(&document.server) {
        let address = |text: &str| address(text).with_context(|| format!("{}: server {id}", path.display()));
        servers.insert(id, (address(&server.peers)?, address(&server.clients)?));
    }
    ensure!(servers.len() > 1, "{}: a cluster has at least two servers", path.display());
    let constants = constants(servers.len(), document.keep.unwrap_or(KEEP));
    Ok(Cluster { constants, data: directory.join(document.data), servers, secret, source: path.display().to_string() })
}

/// A secret in a file.
///
/// # Errors
/// If it cannot be read, or is short enough to be guessed.
pub fn secret(path: &Path) -> Result<Secret> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let bytes = bytes.trim_ascii();
    ensure!(bytes.len() >= 16, "{}: a secret must have at least 16 bytes", path.display());
    Ok(Secret::new(bytes))
}

/// The address that a text stands for: the name or address of a host, and a port.
///
/// # Errors
/// If there is none.
pub fn address(text: &str) -> Result<SocketAddr> {
    let mut found = text.to_socket_addrs().with_context(|| format!("no address for `{text}`"))?;
    found.next().with_context(|| format!("`{text}` has no address"))
}

/// Servers of this machine; each listens on two ports.
#[must_use]
pub fn local(servers: i64, keep: i64, data: PathBuf, base_port: u16) -> Cluster {
    let mut addresses = (base_port..).map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let pairs = (1..=servers).filter_map(|id| Some((id, (addresses.next()?, addresses.next()?))));
    let servers: std::collections::BTreeMap<_, _> = pairs.collect();
    Cluster { constants: constants(servers.len(), keep), data, servers, secret: None, source: "--base-port".to_owned() }
}
