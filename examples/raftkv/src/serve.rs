//! A server as a process of its own.

use anyhow::{ensure, Context, Result};
use raftkv::config;

use crate::arguments;

/// Runs a server until it is stopped.
pub async fn run(arguments: &arguments::Server) -> Result<()> {
    let cluster = config::load(&arguments.config)?;
    let id = arguments.id;
    let known = cluster.servers.len();
    ensure!(cluster.servers.contains_key(&id), "{}: there is no server {id}, only 1 to {known}", cluster.source);
    let directory = cluster.directory(id);
    std::fs::create_dir_all(&directory).with_context(|| format!("cannot create {}", directory.display()))?;
    let mut server = cluster.server(id).await?;
    let (peers, clients) = cluster.servers[&id];
    server
        .node()
        .when_ready(move || eprintln!("server {id} is ready: for servers on {peers}, for clients on {clients}"));
    server.node().run().await?;
    eprintln!("server {id} has ended, and everything is on disk");
    Ok(())
}
