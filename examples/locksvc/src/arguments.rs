//! The command line.

use clap::error::ErrorKind;
use clap::{value_parser, CommandFactory, Parser, Subcommand};

const EXAMPLES: &str = "\
Examples:
  locksvc
  locksvc --rounds 4000 --work 0 --quiet
  locksvc server & locksvc client 1 & locksvc client 2";

/// A lock service over TCP on loopback: one server hands a lock to one client at a time
#[derive(Parser)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// What this process runs: without a role one server and all clients
    #[command(subcommand)]
    pub role: Option<Role>,

    /// Number of clients
    #[arg(long, global = true, value_name = "N", default_value_t = 5, allow_negative_numbers = true)]
    #[arg(value_parser = value_parser!(i64).range(1..=1000))]
    pub clients: i64,

    /// How often each client takes the lock
    #[arg(long, global = true, value_name = "N", default_value_t = 20, allow_negative_numbers = true)]
    #[arg(value_parser = value_parser!(i64).range(0..=1_000_000_000))]
    pub rounds: i64,

    /// How long a client works while it holds the lock
    #[arg(long, global = true, value_name = "MILLISECONDS", default_value_t = 1)]
    pub work: u64,

    /// The server listens on this port of 127.0.0.1, client ID on the ID-th after it
    #[arg(long, global = true, value_name = "PORT", default_value_t = 7400)]
    #[arg(value_parser = value_parser!(u16).range(1..=64_000))]
    pub base_port: u16,

    /// Print only the result, not who takes the lock
    #[arg(long, short, global = true)]
    pub quiet: bool,

    /// Print only the result, as one line of JSON
    #[arg(long, global = true)]
    pub json: bool,
}

/// A process of the model.
#[derive(Clone, Copy, Subcommand)]
pub enum Role {
    /// The server
    Server,
    /// One client
    Client {
        /// Which one: 1 to the number of clients
        #[arg(allow_negative_numbers = true)]
        id: i64,
    },
}

impl Arguments {
    /// The arguments of this process. Wrong ones end it with a message.
    pub fn read() -> Self {
        let arguments = Self::parse();
        match arguments.role {
            Some(Role::Client { id }) if !(1..=arguments.clients).contains(&id) => {
                let message = format!("invalid value '{id}' for '<ID>': {id} is not in 1..={}", arguments.clients);
                Self::command().error(ErrorKind::ValueValidation, message).exit()
            }
            _ => arguments,
        }
    }
}
