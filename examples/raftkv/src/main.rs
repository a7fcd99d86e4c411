//! A replicated key-value store: its servers, and commands for people.

mod arguments;
mod bench;
mod command;
mod demo;
mod serve;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use raftkv::client::Error;

use crate::arguments::{Arguments, Command};

/// What a process can end with beside success.
const FAILURE: u8 = 1;
const NO_SUCH_KEY: u8 = 3;
const TIMED_OUT: u8 = 4;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("Error: {error:#}");
            let late = matches!(error.downcast_ref(), Some(Error::TimedOut));
            ExitCode::from(if late { TIMED_OUT } else { FAILURE })
        }
    }
}

async fn run(arguments: Arguments) -> Result<ExitCode> {
    match arguments.command.unwrap_or(Command::Demo(arguments.demo)) {
        Command::Demo(demo) => demo::run(demo).await?,
        Command::Server(server) => serve::run(&server).await?,
        Command::Bench(bench) => bench::run(&bench).await?,
        Command::Get { key, connection } => return command::get(&connection, &key).await,
        Command::Put { key, value, connection } => command::put(&connection, &key, &value).await?,
        Command::Delete { key, connection } => return command::delete(&connection, &key).await,
        Command::Status { connection } => command::status(&connection).await?,
        Command::Members { add, remove, connection } => command::members(&connection, add, remove).await?,
        Command::Transfer { connection } => command::transfer(&connection).await?,
    }
    Ok(ExitCode::SUCCESS)
}
