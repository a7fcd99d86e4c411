//! The command line.

use std::ops::RangeInclusive;

use clap::error::ErrorKind;
use clap::{value_parser, CommandFactory, Parser, Subcommand};

const EXAMPLES: &str = "\
Examples:
  proxy
  proxy relay & proxy backend 2 & proxy backend 3 & proxy backend 4 & proxy client 5";

/// A proxy in front of back-ends over TCP on loopback, one of which dies on the way
#[derive(Parser)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// What this process runs: without a role everything, and one back-end dies
    #[command(subcommand)]
    pub role: Option<Role>,

    /// Number of back-ends; the first has ID 2
    #[arg(long, global = true, value_name = "N", default_value_t = 3, allow_negative_numbers = true)]
    #[arg(value_parser = value_parser!(i64).range(1..=1000))]
    pub backends: i64,

    /// Number of clients, whose IDs come after those of the back-ends
    #[arg(long, global = true, value_name = "N", default_value_t = 2, allow_negative_numbers = true)]
    #[arg(value_parser = value_parser!(i64).range(1..=1000))]
    pub clients: i64,

    /// Requests of each client
    #[arg(long, global = true, value_name = "N", default_value_t = 40, allow_negative_numbers = true)]
    #[arg(value_parser = value_parser!(i64).range(0..=1_000_000_000))]
    pub rounds: i64,

    /// The relay listens on this port of 127.0.0.1, ID on the ID-th after it; then come the monitors of back-ends
    #[arg(long, global = true, value_name = "PORT", default_value_t = 7600)]
    #[arg(value_parser = value_parser!(u16).range(1..=62_000))]
    pub base_port: u16,
}

/// A process of the model.
#[derive(Clone, Copy, Subcommand)]
pub enum Role {
    /// The relay
    Relay,
    /// One back-end
    Backend {
        /// Which one, from 2
        #[arg(allow_negative_numbers = true)]
        id: i64,
    },
    /// One client
    Client {
        /// Which one, from the first after the back-ends
        #[arg(allow_negative_numbers = true)]
        id: i64,
    },
}

impl Arguments {
    /// The arguments of this process. Wrong ones end it with a message.
    pub fn read() -> Self {
        let arguments = Self::parse();
        let last_backend = 1 + arguments.backends;
        match arguments.role {
            Some(Role::Backend { id }) => check(id, 2..=last_backend),
            Some(Role::Client { id }) => check(id, last_backend + 1..=last_backend + arguments.clients),
            Some(Role::Relay) | None => {}
        }
        arguments
    }
}

fn check(id: i64, range: RangeInclusive<i64>) {
    if !range.contains(&id) {
        let message = format!("invalid value '{id}' for '<ID>': {id} is not in {range:?}");
        Arguments::command().error(ErrorKind::ValueValidation, message).exit();
    }
}
