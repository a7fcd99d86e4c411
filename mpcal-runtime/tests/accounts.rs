//! Money moves between accounts, and from node to node in messages: whoever looks finds that none is lost or made.
//!
//! In memory an auditor looks at all accounts and at everything on its way in one section. Between nodes nobody can:
//! there the audit is a marker that overtakes no message, as Chandy and Lamport have it.
//!
//! `AUDITS` says how many audits there are, `SEED` makes the same choices again.

#![allow(clippy::disallowed_methods, reason = "tests run on the operating system")]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::Arc;
use std::time::Duration;

use mpcal_runtime::resource::{link, MailboxConfig, Mailboxes, Shared};
use mpcal_runtime::{Abort, Archetype, Node, Resource, Section, Step};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

mod by_hand;
#[path = "by_hand/random.rs"]
mod random;

use by_hand::archetype;
use random::{setting, Random};

const ACCOUNTS: usize = 8;
const INITIAL: i64 = 100;
const TOTAL: i64 = ACCOUNTS as i64 * INITIAL;

/// How long all audits of a test may take for each of them.
const PATIENCE: Duration = Duration::from_millis(100);

type Account = Resource<(), i64>;

/// The accounts, as somebody holds them.
fn hold(accounts: &[Shared<i64>]) -> Vec<Account> {
    accounts.iter().cloned().map(Resource::new).collect()
}

fn accounts() -> Vec<Shared<i64>> {
    (0..ACCOUNTS).map(|_| Shared::new(INITIAL)).collect()
}

fn add(account: &mut Account, section: &mut Section, amount: i64) -> Step<()> {
    let before = account.read(section, &())?;
    account.write(section, &(), before + amount)
}

fn sum(accounts: &mut [Account], section: &mut Section) -> Step<i64> {
    accounts.iter_mut().map(|account| account.read(section, &())).sum()
}

/// Moves an amount from one account to another.
fn transfer(accounts: &mut [Account], random: &mut Random, section: &mut Section) -> Step<()> {
    let (from, to, amount) = (random.below(ACCOUNTS), random.below(ACCOUNTS), random.below(10) as i64);
    add(&mut accounts[from], section, -amount)?;
    add(&mut accounts[to], section, amount)
}

type Write = Box<dyn FnMut(&mut Section, i64) -> Step<()> + Send>;
type Read = Box<dyn FnMut(&mut Section) -> Step<i64> + Send>;

/// A way on which money is for a while: both ends of a queue.
struct Way {
    write: Write,
    read: Read,
}

impl Way {
    /// What is on it, which stays there.
    fn sum(&mut self, section: &mut Section) -> Step<i64> {
        let mut amounts = Vec::new();
        loop {
            match (self.read)(section) {
                Ok(amount) => amounts.push(amount),
                Err(Abort::Retry) => break,
                Err(other) => return Err(other),
            }
        }
        let sum = amounts.iter().sum();
        amounts.into_iter().try_for_each(|amount| (self.write)(section, amount))?;
        Ok(sum)
    }
}

/// Makes the ways anew for each who holds them.
fn ways() -> impl Fn() -> Vec<Way> {
    let channels: Vec<_> = (0..2).map(|_| link::<i64>(4)).collect();
    let config = MailboxConfig { inbox_capacity: 4, ..MailboxConfig::default() };
    let mailboxes = Mailboxes::<i64, i64>::local([0, 1], &config);
    move || {
        let channels = channels.clone().into_iter().map(|(output, input)| {
            let (mut output, mut input) = (Resource::new(output), Resource::new(input));
            Way {
                write: Box::new(move |section, amount| output.write(section, &(), amount)),
                read: Box::new(move |section| input.read(section, &())),
            }
        });
        let boxes = [0, 1].map(|index| {
            let (mut output, mut input) = (Resource::new(mailboxes.clone()), Resource::new(mailboxes.clone()));
            Way {
                write: Box::new(move |section, amount| output.write(section, &index, amount)),
                read: Box::new(move |section| input.read(section, &index)),
            }
        });
        channels.chain(boxes).collect()
    }
}

/// Moves money wherever it can.
fn mover(mut accounts: Vec<Account>, mut ways: Vec<Way>, mut random: Random) -> impl Archetype {
    archetype(move |section| {
        let (account, way) = (random.below(ACCOUNTS), random.below(ways.len()));
        match section.either(3) {
            0 => transfer(&mut accounts, &mut random, section)?,
            1 => {
                let amount = random.below(10) as i64;
                add(&mut accounts[account], section, -amount)?;
                (ways[way].write)(section, amount)?;
            }
            _ => {
                let amount = (ways[way].read)(section)?;
                add(&mut accounts[account], section, amount)?;
            }
        }
        Ok(false)
    })
}

/// Looks at everything in one section, so many times; `wrong` is the last total that was not right, also in an attempt
/// that was never committed.
fn auditor(mut accounts: Vec<Account>, mut ways: Vec<Way>, audits: i64, wrong: &Arc<AtomicI64>) -> impl Archetype {
    let wrong = wrong.clone();
    let mut audited = Resource::new(Shared::new(0));
    archetype(move |section| {
        // The ways in the middle, so that accounts can change before and behind them.
        let (first, second) = accounts.split_at_mut(ACCOUNTS / 2);
        let mut total = sum(first, section)?;
        for way in &mut ways {
            total += way.sum(section)?;
        }
        total += sum(second, section)?;
        if total != TOTAL {
            wrong.store(total, Ordering::Relaxed);
        }
        add(&mut audited, section, 1)?;
        Ok(audited.read(section, &())? == audits)
    })
}

/// Waits until the audits are done, and stops those who move money.
async fn finish(mut auditors: Node, mut movers: Node, audits: i64) {
    let limit = Duration::from_secs(10) + PATIENCE * u32::try_from(audits).expect("they are not so many");
    timeout(limit, auditors.join()).await.expect("the audits come to an end").expect("no audit fails");
    movers.stop_handle().stop();
    movers.join().await.expect("money can be moved");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_auditor_finds_the_same_total_in_accounts_and_queues() {
    let (audits, seed) = (setting("AUDITS", 2_000) as i64, setting("SEED", 1));
    println!("AUDITS={audits} SEED={seed}");
    let (all, ways, wrong) = (accounts(), ways(), Arc::new(AtomicI64::new(TOTAL)));
    let (mut auditors, mut movers) = (Node::new(), Node::new());
    for n in 0..3 {
        movers.spawn(mover(hold(&all), ways(), Random::new(seed, n)));
    }
    auditors.spawn(auditor(hold(&all), ways(), audits, &wrong));
    finish(auditors, movers, audits).await;
    // And what is there in the end.
    let mut last = Node::new();
    last.spawn(auditor(hold(&all), ways(), 1, &wrong));
    last.join().await.expect("nothing fails");
    assert_eq!(wrong.load(Ordering::Relaxed), TOTAL, "SEED={seed}");
}

/// What nodes send each other: an amount of money, the marker of an audit, and what the accounts behind it hold.
const MONEY: i64 = 0;
const MARKER: i64 = 1;
const HELD: i64 = 2;

type Links = Mailboxes<i64, (i64, i64)>;

/// A node with accounts of its own.
struct Bank {
    me: i64,
    accounts: Vec<Shared<i64>>,
    links: Links,
}

impl Bank {
    async fn open(me: i64, listener: TcpListener, other: SocketAddr) -> Self {
        let config = MailboxConfig {
            outbox_capacity: 64,
            reconnect_after: Duration::from_millis(1),
            ..MailboxConfig::default()
        };
        let links = Links::open(Some(listener), [me], &BTreeMap::from([(1 - me, other)]), &config).expect("it opens");
        Self { me, accounts: accounts(), links }
    }

    /// Moves money between the accounts, and to the other node.
    fn mover(&self, mut random: Random) -> impl Archetype {
        let (mut accounts, mut links, other) = (hold(&self.accounts), Resource::new(self.links.clone()), 1 - self.me);
        archetype(move |section| {
            if section.either(2) == 0 {
                transfer(&mut accounts, &mut random, section)?;
            } else {
                let amount = random.below(10) as i64;
                add(&mut accounts[random.below(ACCOUNTS)], section, -amount)?;
                links.write(section, &other, (MONEY, amount))?;
            }
            Ok(false)
        })
    }

    /// Takes what comes; `audit` has whether there is an audit, and what it has found so far.
    fn receiver(&self, audit: &Audit, mut random: Random) -> impl Archetype {
        let (mut accounts, mut links, me) = (hold(&self.accounts), Resource::new(self.links.clone()), self.me);
        let mut audit = audit.hold();
        archetype(move |section| {
            let (kind, amount) = links.read(section, &me)?;
            match kind {
                MONEY => {
                    add(&mut accounts[random.below(ACCOUNTS)], section, amount)?;
                    let (is_open, found) = audit.read(section, &())?;
                    if is_open {
                        audit.write(section, &(), (true, found + amount))?;
                    }
                }
                MARKER => {
                    let held = sum(&mut accounts, section)?;
                    links.write(section, &(1 - me), (HELD, held))?;
                }
                _ => {
                    let (_, found) = audit.read(section, &())?;
                    assert_eq!(found + amount, 2 * TOTAL);
                    audit.write(section, &(), (false, 0))?;
                }
            }
            Ok(false)
        })
    }

    /// Begins an audit whenever the one before is done.
    fn auditor(&self, audit: &Audit, audits: i64) -> impl Archetype {
        let (mut accounts, mut links, me) = (hold(&self.accounts), Resource::new(self.links.clone()), self.me);
        let (mut audit, mut begun) = (audit.hold(), Resource::new(Shared::new(0)));
        archetype(move |section| {
            let (is_open, _) = audit.read(section, &())?;
            section.wait_for(!is_open)?;
            if begun.read(section, &())? == audits {
                return Ok(true);
            }
            add(&mut begun, section, 1)?;
            let held = sum(&mut accounts, section)?;
            audit.write(section, &(), (true, held))?;
            links.write(section, &(1 - me), (MARKER, 0))?;
            Ok(false)
        })
    }
}

/// Whether there is an audit, and what it has found so far.
struct Audit(Shared<(bool, i64)>);

impl Audit {
    fn hold(&self) -> Resource<(), (bool, i64)> {
        Resource::new(self.0.clone())
    }
}

/// Carries connections to an address, and breaks each after a while.
async fn cut(listener: TcpListener, to: SocketAddr, mut random: Random) {
    let mut connections = JoinSet::new();
    while let Ok((mut from, _)) = listener.accept().await {
        let lives = Duration::from_millis(1 + random.below(30) as u64);
        connections.spawn(async move {
            let Ok(mut to) = TcpStream::connect(to).await else { return };
            let _ = timeout(lives, copy_bidirectional(&mut from, &mut to)).await;
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_audit_of_two_nodes_finds_the_same_total_however_often_connections_break() {
    let (audits, seed) = (setting("AUDITS", 2_000) as i64 / 50, setting("SEED", 1));
    println!("AUDITS={} SEED={seed}", audits * 50);
    let mut cutters = JoinSet::new();
    let mut ends = Vec::new();
    for n in 0..2 {
        let (inside, outside) = (listener().await, listener().await);
        let address = outside.local_addr().expect("it has an address");
        cutters.spawn(cut(outside, inside.local_addr().expect("it has an address"), Random::new(seed, n)));
        ends.push((inside, address));
    }
    let (second, first) = (ends.pop().expect("there are two"), ends.pop().expect("there are two"));
    let banks = [Bank::open(0, first.0, second.1).await, Bank::open(1, second.0, first.1).await];
    let (audit, nothing) = (Audit(Shared::new((false, 0))), Audit(Shared::new((false, 0))));
    let (mut auditors, mut movers) = (Node::new(), Node::new());
    for (bank, audit) in banks.iter().zip([&audit, &nothing]) {
        for n in 0..2 {
            movers.spawn(bank.mover(Random::new(seed, 10 + n)));
            movers.spawn(bank.receiver(audit, Random::new(seed, 20 + n)));
        }
    }
    auditors.spawn(banks[0].auditor(&audit, audits));
    finish(auditors, movers, audits).await;
}

async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a port is free")
}
