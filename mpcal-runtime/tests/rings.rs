//! Tokens go around rings of archetypes, and never stop: nobody sleeps on although what it waits for has come.
//!
//! The places of a ring are queues of all kinds, with one token, so that each step needs a wake-up for what has come, or
//! with one space left, so that each needs one for what was taken. Several archetypes serve each place, and all rings
//! go through one place that holds everybody up now and then.
//!
//! `HOPS` says how often tokens go on in all; when none does for a while, the test says who sleeps on what.

#![allow(clippy::disallowed_methods, reason = "tests run on the operating system")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mpcal_runtime::resource::{link, MailboxConfig, Mailboxes, Shared};
use mpcal_runtime::{conformance, Archetype, Node, Resource, Section, Step};
use tokio::net::TcpListener;
use tokio::time::timeout;

mod by_hand;
#[path = "by_hand/random.rs"]
mod random;

use by_hand::archetype;
use random::setting;

/// When no token goes on for so long, they have stopped.
const STOPPED: Duration = Duration::from_secs(10);

/// The places of a ring.
const PLACES: usize = 4;

/// How many archetypes serve a place.
const SERVERS: usize = 2;

type Put = Box<dyn FnMut(&mut Section, i64) -> Step<()> + Send>;
type Take = Box<dyn FnMut(&mut Section) -> Step<i64> + Send>;

/// A place of a ring: makes its two ends for each who holds them.
struct Place {
    put: Box<dyn Fn() -> Put>,
    take: Box<dyn Fn() -> Take>,
}

/// A ring, how many tokens it gets, and what it is called.
struct Ring {
    name: &'static str,
    places: Vec<Place>,
    tokens: usize,
}

/// A channel with this much space.
fn channel(capacity: usize) -> Place {
    let (output, input) = link::<i64>(capacity);
    Place {
        put: Box::new(move || {
            let mut output = Resource::new(output.clone());
            Box::new(move |section, token| output.write(section, &(), token))
        }),
        take: Box::new(move || {
            let mut input = Resource::new(input.clone());
            Box::new(move |section| input.read(section, &()))
        }),
    }
}

/// A variable that holds a token, or 0.
fn variable() -> Place {
    let cell = Shared::new(0);
    let again = cell.clone();
    Place {
        put: Box::new(move || {
            let mut cell = Resource::new(cell.clone());
            Box::new(move |section, token| {
                let held = cell.read(section, &())?;
                section.wait_for(held == 0)?;
                cell.write(section, &(), token)
            })
        }),
        take: Box::new(move || {
            let mut cell = Resource::new(again.clone());
            Box::new(move |section| {
                let held = cell.read(section, &())?;
                section.wait_for(held != 0)?;
                cell.write(section, &(), 0)?;
                Ok(held)
            })
        }),
    }
}

/// Mailbox `index`, which is written and read through these.
fn mailbox(index: i64, from: &Mailboxes<i64, i64>, to: &Mailboxes<i64, i64>) -> Place {
    let (from, to) = (from.clone(), to.clone());
    Place {
        put: Box::new(move || {
            let mut links = Resource::new(from.clone());
            Box::new(move |section, token| links.write(section, &index, token))
        }),
        take: Box::new(move || {
            let mut links = Resource::new(to.clone());
            Box::new(move |section| links.read(section, &index))
        }),
    }
}

/// A ring whose places are alternately on two nodes.
async fn over_tcp(name: &'static str, tokens: usize) -> Ring {
    let mut listeners = Vec::new();
    for _ in 0..2 {
        listeners.push(TcpListener::bind("127.0.0.1:0").await.expect("a port is free"));
    }
    let addresses: Vec<_> = listeners.iter().map(|l| l.local_addr().expect("it has an address")).collect();
    let book: BTreeMap<i64, _> = (0..PLACES as i64).map(|n| (n, addresses[n as usize % 2])).collect();
    let config = MailboxConfig { inbox_capacity: 2, outbox_capacity: 2, ..MailboxConfig::default() };
    let nodes: Vec<_> = listeners
        .into_iter()
        .zip(0..)
        .map(|(listener, node)| {
            let local = (0..PLACES as i64).filter(|n| n % 2 == node);
            Mailboxes::open(Some(listener), local, &book, &config).expect("it opens")
        })
        .collect();
    let place = |n: usize| mailbox(n as i64, &nodes[(n + 1) % 2], &nodes[n % 2]);
    Ring { name, places: (0..PLACES).map(place).collect(), tokens }
}

async fn rings() -> Vec<Ring> {
    let config = MailboxConfig { inbox_capacity: 2, ..MailboxConfig::default() };
    let local = Mailboxes::<i64, i64>::local(0..PLACES as i64, &config);
    let full = Mailboxes::<i64, i64>::local(0..PLACES as i64, &config);
    let ring =
        |name, place: &dyn Fn(usize) -> Place, tokens| Ring { name, places: (0..PLACES).map(place).collect(), tokens };
    vec![
        ring("channels with one token", &|_| channel(1), 1),
        ring("channels with one space", &|_| channel(3), 3 * PLACES - 1),
        ring("variables with one token", &|_| variable(), 1),
        ring("variables with one space", &|_| variable(), PLACES - 1),
        ring("mailboxes with one token", &|n| mailbox(n as i64, &local, &local), 1),
        ring("mailboxes with one space", &|n| mailbox(n as i64, &full, &full), 2 * PLACES - 1),
        over_tcp("mailboxes over TCP with one token", 1).await,
        // A message has a space in the outbox until it was taken.
        over_tcp("mailboxes over TCP with one space", 2 * PLACES - 1).await,
    ]
}

/// What an archetype does, for the watchdog.
struct Server {
    name: String,
    /// What its last attempt has come to.
    at: AtomicU8,
    hops: Shared<i64>,
}

const AT: [&str; 4] = ["has not run", "sleeps until something comes", "sleeps until there is space", "has gone on"];

/// Takes tokens out of a place and puts them into the next. Every so often it also counts in a variable of all.
fn server(mut take: Take, mut put: Put, all: &Shared<i64>, report: Arc<Server>) -> impl Archetype {
    let (mut all, mut hops) = (Resource::new(all.clone()), Resource::new(report.hops.clone()));
    archetype(move |section| {
        report.at.store(1, Ordering::Relaxed);
        let token = take(section)?;
        report.at.store(2, Ordering::Relaxed);
        put(section, token)?;
        let hop = hops.read(section, &())? + 1;
        hops.write(section, &(), hop)?;
        if hop % 5 == 0 {
            let count = all.read(section, &())?;
            all.write(section, &(), count + 1)?;
        }
        report.at.store(3, Ordering::Relaxed);
        Ok(false)
    })
}

fn hops(servers: &[Arc<Server>]) -> i64 {
    servers.iter().map(|server| server.hops.load()).sum()
}

/// Blocks until tokens have gone on so often; fails with who sleeps on what when none does for a while.
fn watch(servers: &[Arc<Server>], wanted: i64) {
    let (mut before, mut since) = (0, Instant::now());
    while before < wanted {
        // Not by a timer of tokio: its workers may be busy.
        std::thread::sleep(Duration::from_millis(1));
        let now = hops(servers);
        if now > before {
            (before, since) = (now, Instant::now());
        }
        assert!(since.elapsed() < STOPPED, "a ring has stopped:\n{}", said(servers));
    }
}

/// Who sleeps on what.
fn said(servers: &[Arc<Server>]) -> String {
    let say = |server: &Arc<Server>| {
        let at = AT[server.at.load(Ordering::Relaxed) as usize];
        format!("{} {at}, after {}\n", server.name, server.hops.load())
    };
    servers.iter().map(say).collect()
}

/// Runs a ring until its tokens have gone on so often.
async fn go_round(Ring { name, places, tokens }: Ring, wanted: i64) {
    let (mut node, all, mut servers) = (Node::new(), Shared::new(0), Vec::new());
    for n in 0..PLACES * SERVERS {
        let (from, to) = (n % PLACES, (n + 1) % PLACES);
        let name = format!("{name}: {from} to {to}");
        let report = Arc::new(Server { name, at: AtomicU8::new(0), hops: Shared::new(0) });
        node.spawn(server((places[from].take)(), (places[to].put)(), &all, report.clone()));
        servers.push(report);
    }
    let mut puts: Vec<_> = places.iter().map(|place| (place.put)()).collect();
    let since = Instant::now();
    for token in 0..tokens {
        // Where there is no space it waits until somebody has made some.
        while conformance::commit(|section| puts[token % PLACES](section, token as i64 + 1)).await.is_err() {
            assert!(since.elapsed() < STOPPED, "there is no space for {token}:\n{}", said(&servers));
            tokio::task::yield_now().await;
        }
    }
    watch(&servers, wanted);
    node.stop_handle().stop();
    timeout(STOPPED, node.join()).await.expect("everybody stops").expect("nobody fails");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tokens_in_rings_never_stop() {
    let wanted = setting("HOPS", 80_000) as i64;
    println!("HOPS={wanted}");
    let rings = rings().await;
    let each = wanted / rings.len() as i64;
    for ring in rings {
        let (name, start) = (ring.name, Instant::now());
        go_round(ring, each).await;
        println!("{name}: {:?}", start.elapsed());
    }
}
