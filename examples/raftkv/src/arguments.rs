//! The command line.

use std::path::PathBuf;

use clap::{value_parser, Parser};

const EXAMPLES: &str = "\
Examples:
  raftkv
  raftkv --clients 8 --writes 1000 --data /var/tmp/raftkv";

/// A replicated key-value store: three servers, one of which is killed and comes back
#[derive(Parser)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Number of clients
    #[arg(long, value_name = "N", default_value_t = 4, allow_negative_numbers = true)]
    #[arg(value_parser = value_parser!(i64).range(1..=1000))]
    pub clients: i64,

    /// Writes of each client, while all servers live and again while one is dead
    #[arg(long, value_name = "N", default_value_t = 100, allow_negative_numbers = true)]
    #[arg(value_parser = value_parser!(i64).range(1..=1_000_000))]
    pub writes: i64,

    /// Where the logs of the servers are kept; without it they are gone at the end
    #[arg(long, value_name = "DIRECTORY")]
    pub data: Option<PathBuf>,

    /// The first port of 127.0.0.1: each server listens on two, each client on one
    #[arg(long, value_name = "PORT", default_value_t = 7700)]
    #[arg(value_parser = value_parser!(u16).range(1..=60_000))]
    pub base_port: u16,
}
