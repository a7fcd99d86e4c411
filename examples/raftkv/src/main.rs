//! A replicated key-value store, whose servers crash and come back.
//!
//! Three servers and some clients run in one process, each with sockets of its own on loopback and each server with a
//! log of its own. Clients write and read; the leader is killed; the others go on; it comes back and catches up, by
//! a snapshot where the log does not reach back; a leader hands over; a server leaves.

mod arguments;
mod demo;

use anyhow::Result;
use clap::Parser;
use raftkv::cluster::Cluster;
use raftkv::model::Constants;

use crate::arguments::Arguments;

/// How many servers there are.
const SERVERS: i64 = 3;
/// How many entries may be under way to a server.
const WINDOW: i64 = 4096;
/// How many commands a server carries out in a step.
const BATCH: i64 = 256;
/// How many entries that were carried out may stay in the log: few, so that the demonstration needs a snapshot.
const KEEP: i64 = 100;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let constants = Constants {
        num_servers: SERVERS,
        num_clients: arguments.clients,
        pre_vote: true,
        window: WINDOW,
        batch: BATCH,
        keep: KEEP,
        // The others are the checker's.
        ..Constants::checked()
    };
    let (data, _temporary) = match arguments.data {
        Some(data) => (data, None),
        None => tempfile::tempdir().map(|directory| (directory.path().to_owned(), Some(directory)))?,
    };
    std::fs::create_dir_all(&data)?;
    let cluster = Cluster::local(constants, data, arguments.base_port)?;
    demo::run(&cluster, arguments.writes).await
}
