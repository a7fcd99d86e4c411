//! The command line.

use clap::error::ErrorKind;
use clap::{value_parser, CommandFactory, Parser, Subcommand};

const EXAMPLES: &str = "\
Examples:
  dqueue
  dqueue producer --consumers 1 & dqueue consumer 1 --consumers 1";

/// A queue of work over TCP on loopback: a producer has numbered items, consumers ask for one at a time
#[derive(Parser)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// What this process runs: without a role the producer and all consumers
    #[command(subcommand)]
    pub role: Option<Role>,

    /// Number of consumers
    #[arg(long, global = true, value_name = "N", default_value_t = 3, allow_negative_numbers = true)]
    #[arg(value_parser = value_parser!(i64).range(1..=1000))]
    pub consumers: i64,

    /// Number of items
    #[arg(long, global = true, value_name = "N", default_value_t = 300, allow_negative_numbers = true)]
    #[arg(value_parser = value_parser!(i64).range(0..=1_000_000_000))]
    pub items: i64,

    /// The producer listens on this port of 127.0.0.1, consumer ID on the ID-th after it
    #[arg(long, global = true, value_name = "PORT", default_value_t = 7500)]
    #[arg(value_parser = value_parser!(u16).range(1..=64_000))]
    pub base_port: u16,
}

/// A process of the model.
#[derive(Clone, Copy, Subcommand)]
pub enum Role {
    /// The producer
    Producer,
    /// One consumer
    Consumer {
        /// Which one: 1 to the number of consumers
        #[arg(allow_negative_numbers = true)]
        id: i64,
    },
}

impl Arguments {
    /// The arguments of this process. Wrong ones end it with a message.
    pub fn read() -> Self {
        let arguments = Self::parse();
        match arguments.role {
            Some(Role::Consumer { id }) if !(1..=arguments.consumers).contains(&id) => {
                let message = format!("invalid value '{id}' for '<ID>': {id} is not in 1..={}", arguments.consumers);
                Self::command().error(ErrorKind::ValueValidation, message).exit()
            }
            _ => arguments,
        }
    }
}
