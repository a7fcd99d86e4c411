//! Servers as processes that are killed and stopped, while clients go on. What the clients saw must have an order.
//!
//! `FAULTS=200 SEED=7 cargo test -p raftkv --test faults -- --nocapture` has more of it, and shows what happens.

mod cluster;
mod history;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use mpcal_check::linearizability::Operation;
use raftkv::client::Client;
use raftkv::config;
use tokio::runtime::Runtime;

use crate::cluster::Cluster;
use crate::history::{Asked, Seen};

const CLIENTS: u64 = 4;
const KEYS: u64 = 3;
/// How long a client waits; then it never learns whether its command was carried out, and goes on as another client.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two commands of a client.
const PAUSE: Duration = Duration::from_millis(20);

/// What one client does until the end, and sees.
async fn ask(client: Arc<Client>, id: u64, seed: u64, start: Instant, end: Arc<AtomicBool>) -> Vec<Seen> {
    let (mut rng, mut seen, mut lives) = (Rng::with_seed(seed ^ id << 32), Vec::new(), 0);
    while !end.load(Ordering::Relaxed) {
        let asked = Asked::new(rng.u64(..3), rng.u64(..KEYS), format!("{id}/{}", seen.len()));
        let called = start.elapsed();
        let returned = asked.call(&client).await.ok().map(|told| (told, start.elapsed()));
        let is_lost = returned.is_none();
        seen.push(Operation { client: id + lives * CLIENTS, input: asked, called, returned });
        lives += u64::from(is_lost);
        tokio::time::sleep(PAUSE).await;
    }
    seen
}

/// One fault: a server, who leads or any, is killed and starts again, or is stopped for some time.
fn fail(cluster: &mut Cluster, rng: &mut Rng) -> String {
    let server = if rng.bool() { cluster.leader() } else { rng.usize(..3) };
    let pause = Duration::from_millis(rng.u64(100..1500));
    let name = format!("server {}", server + 1);
    if rng.u8(..3) < 2 {
        cluster.kill(server);
        thread::sleep(pause);
        cluster.run(server);
        format!("{name} was killed, and started again after {pause:?}")
    } else {
        cluster.signal(server, "-STOP");
        thread::sleep(pause);
        cluster.signal(server, "-CONT");
        format!("{name} was stopped for {pause:?}")
    }
}

#[test]
fn what_clients_see_has_an_order_whatever_happens_to_servers() {
    let number = |name: &str, default: u64| std::env::var(name).map_or(default, |n| n.parse().expect("a number"));
    let (faults, seed) = (number("FAULTS", 6), number("SEED", 1));
    let (mut cluster, mut rng) = (Cluster::start(), Rng::with_seed(seed));
    let (runtime, start, end) = (Runtime::new().expect("it starts"), Instant::now(), Arc::new(AtomicBool::new(false)));
    let secret = config::secret(&cluster.path("secret")).expect("there is one");
    let endpoint = ([127, 0, 0, 1], cluster.ports[1]).into();
    let client = runtime.block_on(Client::connect(&[endpoint], Some(secret), PATIENCE)).expect("it is let in");
    let client = Arc::new(client);
    let clients: Vec<_> =
        (0..CLIENTS).map(|id| runtime.spawn(ask(client.clone(), id, seed, start, end.clone()))).collect();
    for fault in 1..=faults {
        println!("{fault} of {faults}: {}", fail(&mut cluster, &mut rng));
        thread::sleep(Duration::from_millis(rng.u64(..1000)));
    }
    end.store(true, Ordering::Relaxed);
    let all = clients.into_iter().map(|client| runtime.block_on(client).expect("it does not panic"));
    let seen: Vec<Seen> = all.flatten().collect();
    let answered = seen.iter().filter(|operation| operation.returned.is_some()).count();
    println!("seed {seed}: {faults} faults, {} commands, {answered} answered", seen.len());
    assert!(answered > 100, "hardly anything was answered");
    history::check(seen).unwrap_or_else(|why| panic!("seed {seed}: {why}"));
}
