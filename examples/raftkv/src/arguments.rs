//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{value_parser, Args, Parser, Subcommand, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  raftkv                                            # a demonstration in one process
  raftkv server --config cluster.toml --id 1        # one of the servers
  raftkv put greeting hello --endpoints 127.0.0.1:7701
  raftkv get greeting
  raftkv bench --clients 50 --mix a

Exit codes: 0 success, 1 failure, 2 wrong arguments, 3 the key does not exist, 4 no answer in time.";

const SERVER: &str = "\
A cluster of three:
  data = \"data\"
  [[server]]
  peers = \"127.0.0.1:7700\"
  clients = \"127.0.0.1:7701\"
  [[server]]
  peers = \"127.0.0.1:7702\"
  clients = \"127.0.0.1:7703\"
  [[server]]
  peers = \"127.0.0.1:7704\"
  clients = \"127.0.0.1:7705\"

Example:
  raftkv server --config cluster.toml --id 1

It says on standard error when it is ready, and ends in order on Ctrl-C or SIGTERM.";

const MEMBERS: &str = "\
Examples:
  raftkv members
  raftkv members --remove 3
  raftkv members --add 3";

const BENCH: &str = "\
Examples:
  raftkv bench
  raftkv bench --clients 100 --mix put --value-size 100 --duration 30
  raftkv bench --mix b --json > result.json";

/// A replicated key-value store, compiled from its model
#[derive(Parser)]
#[command(version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Arguments {
    /// What to do; without a command, the demonstration
    #[command(subcommand)]
    pub command: Option<Command>,

    #[command(flatten)]
    pub demo: Demo,
}

/// What can be done.
#[derive(Subcommand)]
pub enum Command {
    /// Runs three servers and some clients: leaders are killed, hand over and come back
    Demo(Demo),
    /// Runs a server
    #[command(after_help = SERVER)]
    Server(Server),
    /// Prints the value of a key
    Get {
        key: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// Writes a key, and prints how often it was written since it was absent
    Put {
        key: String,
        value: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// Deletes a key, and prints the value that it had
    Delete {
        key: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// Prints how each server is
    Status {
        #[command(flatten)]
        connection: Connection,
    },
    /// Prints which servers decide, and has one leave or join
    #[command(after_help = MEMBERS)]
    Members {
        /// A server that is to join
        #[arg(long, value_name = "ID", conflicts_with = "remove")]
        add: Option<i64>,
        /// A server that is to leave; not the one that leads
        #[arg(long, value_name = "ID")]
        remove: Option<i64>,
        #[command(flatten)]
        connection: Connection,
    },
    /// Has the leader hand over to another server
    Transfer {
        #[command(flatten)]
        connection: Connection,
    },
    /// Measures throughput and latency
    #[command(after_help = BENCH)]
    Bench(Bench),
}

/// Of the demonstration.
#[derive(Args)]
pub struct Demo {
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

    /// The first port of 127.0.0.1: each server listens on two
    #[arg(long, value_name = "PORT", default_value_t = 7700)]
    #[arg(value_parser = value_parser!(u16).range(1..=60_000))]
    pub base_port: u16,
}

/// Of a server.
#[derive(Args)]
pub struct Server {
    /// The file that describes the cluster
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Which server this is: the n-th of the file
    #[arg(long)]
    pub id: i64,
}

/// How a cluster is reached.
#[derive(Args)]
pub struct Connection {
    /// Where some of the servers listen for clients; they know the others
    #[arg(long, value_name = "HOST:PORT", value_delimiter = ',', env = "RAFTKV_ENDPOINTS")]
    #[arg(default_value = "127.0.0.1:7701,127.0.0.1:7703,127.0.0.1:7705")]
    pub endpoints: Vec<String>,
    /// The file with what servers and clients must know
    #[arg(long, value_name = "FILE", env = "RAFTKV_SECRET_FILE")]
    pub secret_file: Option<PathBuf>,
    /// How long a command may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    pub timeout: Duration,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Of a measurement.
#[derive(Args)]
pub struct Bench {
    /// Number of clients, each with one command at a time
    #[arg(long, value_name = "N", default_value_t = 10)]
    #[arg(value_parser = value_parser!(u32).range(1..=10_000))]
    pub clients: u32,
    /// The size of values, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 100)]
    #[arg(value_parser = value_parser!(u32).range(0..=1_000_000))]
    pub value_size: u32,
    /// Number of keys; each command takes any of them
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    #[arg(value_parser = value_parser!(u32).range(1..))]
    pub keys: u32,
    /// What clients do
    #[arg(long, default_value = "put")]
    pub mix: Mix,
    /// How long to measure, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub duration: Duration,
    #[command(flatten)]
    pub connection: Connection,
}

/// How many of the commands read.
#[derive(Clone, Copy, ValueEnum)]
pub enum Mix {
    /// None
    Put,
    /// All
    Get,
    /// Half, as workload A of YCSB
    A,
    /// 95 of 100, as workload B of YCSB
    B,
}

impl Mix {
    /// So many of a hundred.
    pub fn reads(self) -> u8 {
        match self {
            Self::Put => 0,
            Self::Get => 100,
            Self::A => 50,
            Self::B => 95,
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map_err(|e| format!("{e}"))?;
    Duration::try_from_secs_f64(seconds).map_err(|e| e.to_string())
}
