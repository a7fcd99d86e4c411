//! Branches as processes, which are killed and started again.

use std::collections::BTreeMap;
use std::env;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{ensure, Context, Result};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::arguments::Arguments;
use crate::branch::OPENING;

/// Long enough for a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// What a branch has shown of its account last.
#[derive(Clone, Copy, Debug, Default)]
struct Shown {
    balance: i64,
    paid: i64,
    received: i64,
}

/// A branch that lives.
struct Branch {
    process: Child,
    shown: watch::Receiver<Shown>,
}

impl Branch {
    fn start(arguments: &Arguments, data: &Path, id: i64) -> Result<Self> {
        let mut command = Command::new(env::current_exe()?);
        command.arg("branch").arg(id.to_string()).arg("--data").arg(data);
        for (name, value) in [("--branches", arguments.branches), ("--payments", arguments.payments)] {
            command.arg(name).arg(value.to_string());
        }
        command.arg("--base-port").arg(arguments.base_port.to_string());
        let mut process = command.stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let output = process.stdout.take().context("its output is not piped")?;
        let (tell, shown) = watch::channel(Shown::default());
        tokio::spawn(async move {
            let mut lines = BufReader::new(output).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                let numbers: Vec<i64> = line.split(' ').filter_map(|number| number.parse().ok()).collect();
                if let [balance, paid, received] = numbers[..] {
                    tell.send_replace(Shown { balance, paid, received });
                }
            }
        });
        Ok(Self { process, shown })
    }

    /// What it shows when that is as it should be.
    async fn wait_for(&mut self, is_so: impl FnMut(&Shown) -> bool) -> Result<Shown> {
        let shown = timeout(LIMIT, self.shown.wait_for(is_so)).await.context("a branch makes no progress")?;
        Ok(*shown.context("a branch has ended")?)
    }
}

/// Runs the whole demonstration.
pub async fn run(arguments: &Arguments, data: &Path) -> Result<()> {
    let started = Instant::now();
    let mut branches = BTreeMap::new();
    for id in 1..=arguments.branches {
        branches.insert(id, Branch::start(arguments, data, id)?);
    }
    for kill in 0..arguments.kills {
        sleep(Duration::from_millis(20 + u64::from(kill) * 37 % 60)).await;
        let id = 1 + i64::from(kill) * 7 % arguments.branches;
        let branch = branches.get_mut(&id).context("there are so many branches")?;
        // The signal that cannot be caught.
        branch.process.kill().await?;
        let before = *branch.shown.borrow();
        *branch = Branch::start(arguments, data, id)?;
        let after = branch.wait_for(|shown| shown.balance + shown.paid + shown.received > 0).await?;
        ensure!(after.paid >= before.paid && after.received >= before.received, "branch {id} has forgotten something");
        println!("branch {id} was killed, and is back with {} payments made, {} received", after.paid, after.received);
    }
    let (mut total, mut received) = (0, 0);
    for branch in branches.values_mut() {
        branch.wait_for(|shown| shown.paid == arguments.payments).await?;
    }
    let all = arguments.branches * arguments.payments;
    let everything = async {
        while received < all {
            sleep(Duration::from_millis(10)).await;
            let shown = branches.values().map(|branch| *branch.shown.borrow());
            (total, received) = shown.fold((0, 0), |(t, r), shown| (t + shown.balance, r + shown.received));
        }
    };
    timeout(LIMIT, everything).await.context("some payments do not arrive")?;
    let seconds = started.elapsed().as_secs_f64();
    println!("{all} payments in {seconds:.2} s, {:.0} a second", all as f64 / seconds);
    ensure!(received == all, "{all} payments were made, {received} have arrived");
    ensure!(total == arguments.branches * OPENING, "there were {}, there are {total}", arguments.branches * OPENING);
    println!("no money was lost, and none was made");
    Ok(())
}
