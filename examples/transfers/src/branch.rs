//! A branch, in a process of its own.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use mpcal_runtime::host::Listener;
use mpcal_runtime::resource::{
    input, output, Dummy, Durable, Family, Input, MailboxConfig, Mailboxes, Output, OutputReceiver,
};
use mpcal_runtime::wal::{Wal, WalConfig};
use mpcal_runtime::Node;

use crate::arguments::Arguments;
use crate::model::{
    Account, Branch, BranchParameters, Constants, DurableLink, Message, Payment, Sometimes, Told, Wish,
};

/// Durable mailboxes: what is sent and what is taken is in the log.
impl DurableLink for Mailboxes<i64, Message> {}

/// What there is to pay.
impl Wish for Input<Payment> {}

/// A branch does not crash by itself: that its process dies is what the model means.
impl Sometimes for Dummy<(), bool> {}

/// What people are told is on disk.
impl Told for Family<i64, Output<Account>> {}

/// What each account holds in the beginning.
pub const OPENING: i64 = 100;

/// Runs a branch with what it has on disk, until it is stopped or killed. It shows each change of its account.
pub async fn run(arguments: &Arguments, data: &Path, id: i64) -> Result<()> {
    let constants = Arc::new(Constants { num_branches: arguments.branches, opening: OPENING, ..Constants::checked() });
    constants.check()?;
    let wal = Wal::open(data.join(format!("branch-{id}.wal")), &WalConfig::default())?;
    let account = Durable::new(&wal, "account", Account { balance: OPENING, paid: 0, received: 0 })?;
    println!("{}", line(&account.load()));
    let (statement, statements) = output(256);
    let (wishes, wish) = input(arguments.payments.max(1) as usize);
    // Payments that were not made before the crash.
    for number in account.load().paid..arguments.payments {
        wishes.send(payment(arguments.branches, id, number)).await;
    }
    let parameters = BranchParameters {
        network: open(arguments, &constants, &wal, id).await?,
        wish,
        crash: Dummy::new(false),
        account: Family::from_iter([(id, account)]),
        statement: Family::from_iter([(id, statement)]),
    };
    let mut node = Node::new();
    node.stop_with(&wal);
    node.spawn(Branch::new(id, &constants, parameters)?);
    tokio::select! {
        ended = node.run() => drop(ended?),
        () = show(&statements) => {}
    }
    Ok(())
}

/// The payment of a branch with this number, from 0 on.
fn payment(branches: i64, id: i64, number: i64) -> Payment {
    let others = branches - 1;
    Payment { to: 1 + (id + number % others) % branches, amount: 1 + number % 3 }
}

/// Opens the mailbox of a branch.
async fn open(arguments: &Arguments, constants: &Constants, wal: &Wal, id: i64) -> Result<Mailboxes<i64, Message>> {
    let address = |id| (id, SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.base_port + (id - 1) as u16)));
    let addresses: BTreeMap<_, _> = (1..=arguments.branches).map(address).collect();
    let listening = Listener::bind(addresses[&id]).await;
    let listener = listening.with_context(|| format!("cannot listen on {}, see --base-port", addresses[&id]))?;
    let config = MailboxConfig { model: constants.identity(), ..MailboxConfig::default() };
    Ok(Mailboxes::durable(Some(listener), [id], &addresses, &config, wal, "network")?)
}

/// Shows the account whenever it has changed.
async fn show(statements: &OutputReceiver<Account>) {
    loop {
        println!("{}", line(&statements.receive().await));
    }
}

/// An account in a line.
fn line(account: &Account) -> String {
    format!("{} {} {}", account.balance, account.paid, account.received)
}
