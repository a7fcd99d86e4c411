//! The command line.

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{value_parser, CommandFactory, Parser, Subcommand};

const EXAMPLES: &str = "\
Examples:
  transfers
  transfers --kills 100 --payments 20000
  transfers branch 1 --data bank & transfers branch 2 --data bank & transfers branch 3 --data bank";

/// Branches of a bank send each other money over TCP on loopback, are killed, and come back
#[derive(Parser)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// What this process runs: without a role it starts every branch as a process, and kills them
    #[command(subcommand)]
    pub role: Option<Role>,

    /// Number of branches
    #[arg(long, global = true, value_name = "N", default_value_t = 3, allow_negative_numbers = true)]
    #[arg(value_parser = value_parser!(i64).range(2..=100))]
    pub branches: i64,

    /// Payments that each branch makes
    #[arg(long, global = true, value_name = "N", default_value_t = 4000, allow_negative_numbers = true)]
    #[arg(value_parser = value_parser!(i64).range(0..=1_000_000))]
    pub payments: i64,

    /// How often a branch is killed
    #[arg(long, value_name = "N", default_value_t = 10)]
    #[arg(value_parser = value_parser!(u32).range(0..=100_000))]
    pub kills: u32,

    /// Where the branches keep their logs; without it they are gone at the end
    #[arg(long, global = true, value_name = "DIRECTORY")]
    pub data: Option<PathBuf>,

    /// Branch ID listens on the ID-th port of 127.0.0.1 from this one on
    #[arg(long, global = true, value_name = "PORT", default_value_t = 7900)]
    #[arg(value_parser = value_parser!(u16).range(1..=64_000))]
    pub base_port: u16,
}

/// A process of the model.
#[derive(Clone, Copy, Subcommand)]
pub enum Role {
    /// One branch
    Branch {
        /// Which one: 1 to the number of branches
        #[arg(allow_negative_numbers = true)]
        id: i64,
    },
}

impl Arguments {
    /// The arguments of this process. Wrong ones end it with a message.
    pub fn read() -> Self {
        let arguments = Self::parse();
        match arguments.role {
            Some(Role::Branch { id }) if !(1..=arguments.branches).contains(&id) => {
                let message = format!("invalid value '{id}' for '<ID>': {id} is not in 1..={}", arguments.branches);
                Self::command().error(ErrorKind::ValueValidation, message).exit()
            }
            Some(Role::Branch { .. }) if arguments.data.is_none() => {
                let message = "a branch needs `--data DIRECTORY`: what it has there survives its crashes";
                Self::command().error(ErrorKind::MissingRequiredArgument, message).exit()
            }
            _ => arguments,
        }
    }
}
