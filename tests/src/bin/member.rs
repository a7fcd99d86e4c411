//! A node with replicated variables as a process of its own, to be killed: `member ID FILE ADDRESS…`. It counts, as fast as
//! it can, in a replicated variable and in a durable one at once, and shows each number once that is safe. Its first line
//! is the durable number that it found. Numbers that do not fit end it with an error.

use std::collections::BTreeMap;
use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use mpcal_runtime::conformance::commit;
use mpcal_runtime::resource::{output, Durable, Replicated, ReplicatedConfig, ReplicatedSet};
use mpcal_runtime::wal::{Wal, WalConfig};
use mpcal_runtime::{Abort, MappingMacro, Section, Step};
use tokio::net::TcpListener;

/// What the three processes count together.
struct Counts {
    each: Vec<Replicated<i64, i64>>,
    sum: Replicated<i64, i64>,
}

impl Counts {
    /// Counts one more for a member; gives how many it had.
    fn add(&mut self, section: &mut Section, id: usize) -> Step<i64> {
        let mut counts = Vec::new();
        for count in &mut self.each {
            counts.push(count.read(section, &())?);
        }
        let sum = self.sum.read(section, &())?;
        section.assert(counts.iter().sum::<i64>() == sum, "the counts add up", "here")?;
        self.each[id].write(section, &(), counts[id] + 1)?;
        self.sum.write(section, &(), sum + 1)?;
        Ok(counts[id])
    }
}

async fn run(id: usize, file: &str, addresses: &BTreeMap<i64, SocketAddr>) -> Result<(), Box<dyn Error>> {
    let me = id as i64;
    let address = addresses.get(&me).ok_or("it has no address")?;
    let (listener, wal) = (TcpListener::bind(address).await?, Wal::open(file, &WalConfig::default())?);
    let set = ReplicatedSet::durable(me, listener, addresses, &ReplicatedConfig::default(), &wal, "counts").await?;
    let each = addresses.keys().map(|k| set.variable(&format!("count {k}"), 0)).collect();
    let mut counts = Counts { each, sum: set.variable("sum", 0) };
    let mut total = Durable::new(&wal, "total", 0)?;
    let (mut shown, answers) = output(1);
    println!("{}", total.load());
    loop {
        let added = commit(|section| {
            let (count, known) = (counts.add(section, id)?, total.read(section, &())?);
            section.assert(count == known, "both are there, or neither", "here")?;
            total.write(section, &(), known + 1)?;
            shown.write(section, &(), known + 1)
        });
        match added.await {
            Ok(()) => println!("{}", answers.receive().await),
            Err(Abort::Retry | Abort::Conflict) => tokio::time::sleep(Duration::from_millis(1)).await,
            Err(Abort::Fatal(error)) => return Err(error.into()),
        }
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let addresses = arguments.iter().skip(2).map(|a| a.parse::<SocketAddr>()).collect::<Result<Vec<_>, _>>();
    let (Some(Ok(id)), Some(file), Ok(addresses)) = (arguments.first().map(|a| a.parse()), arguments.get(1), addresses)
    else {
        eprintln!("usage: member ID FILE ADDRESS…");
        return ExitCode::from(2);
    };
    match run(id, file, &(0..).zip(addresses).collect()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
