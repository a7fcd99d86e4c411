//! Failure detection by SWIM, for clusters in which not everybody can watch everybody: each process probes one
//! other at a time, asks others to probe for it, and rumours spread with the probes.
//!
//! After Das, Gupta, Motivala, *SWIM: Scalable weakly-consistent infection-style process group membership
//! protocol* (2002), as foca implements it, over UDP.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::{Duration, UNIX_EPOCH};

use foca::{Foca, Identity, Notification, PostcardCodec, Runtime, Timer};
use rand::rngs::StdRng;
use rand::SeedableRng;
use serde::{Deserialize, Serialize};
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{FailureDetector, Shared};
use crate::host;
use crate::resource::secret::Secret;
use crate::value::Data;

/// What is adjustable about SWIM.
#[derive(Clone, Debug)]
pub struct SwimConfig {
    /// The time between two probes of a process. Default: 1 s.
    pub period: Duration,
    /// How long a probe may take to be answered, less than half the period. Default: 300 ms.
    pub round_trip: Duration,
    /// How long a process that does not answer has to deny that it has failed. Default: 3 s.
    pub suspicion: Duration,
    /// What the members must know: datagrams that are not signed with it are dropped. It does not hide anything,
    /// and old datagrams can be sent again. Default: nothing, everybody may claim anything.
    pub secret: Option<Secret>,
}

impl Default for SwimConfig {
    fn default() -> Self {
        Self {
            period: Duration::from_secs(1),
            round_trip: Duration::from_millis(300),
            suspicion: Duration::from_secs(3),
            secret: None,
        }
    }
}

/// One run of a process; a later one is another member with the same address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Process {
    address: SocketAddr,
    run: u64,
}

impl Identity for Process {
    type Addr = SocketAddr;

    fn renew(&self) -> Option<Self> {
        Some(Self { address: self.address, run: self.run + 1 })
    }

    fn addr(&self) -> SocketAddr {
        self.address
    }

    fn win_addr_conflict(&self, other: &Self) -> bool {
        self.run > other.run
    }
}

/// The largest datagram, without its signature.
const MAX_DATAGRAM: usize = 1400;

impl<K: Data> FailureDetector<K> {
    /// Takes part in SWIM as process `me`: all processes, this one too, have these addresses. A process that is not
    /// heard of for one period and the time for suspicion after the start is suspected, too.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[must_use]
    pub fn swim(socket: UdpSocket, me: &K, addresses: &BTreeMap<K, SocketAddr>, config: &SwimConfig) -> Self {
        let others: BTreeMap<K, SocketAddr> =
            addresses.iter().filter(|(k, _)| *k != me).map(|(k, a)| (k.clone(), *a)).collect();
        let suspected: BTreeMap<K, Shared<bool>> = addresses.keys().map(|k| (k.clone(), Shared::new(false))).collect();
        let by_address = others.iter().filter_map(|(k, address)| Some((*address, suspected.get(k)?.clone()))).collect();
        let mut tasks = JoinSet::new();
        if let Some(address) = addresses.get(me) {
            tasks.spawn(host::task(run(socket, *address, by_address, config.clone())));
        }
        Self::new(suspected, tasks)
    }
}

/// What the protocol wants done.
#[derive(Default)]
struct Wishes {
    send: Vec<(SocketAddr, Vec<u8>)>,
    later: Vec<(Duration, Timer<Process>)>,
    changes: Vec<(SocketAddr, bool)>,
}

impl Runtime<Process> for Wishes {
    fn notify(&mut self, notification: Notification<'_, Process>) {
        match notification {
            Notification::MemberUp(process) => self.changes.push((process.address, true)),
            Notification::MemberDown(process) => self.changes.push((process.address, false)),
            _ => {}
        }
    }

    fn send_to(&mut self, to: Process, data: &[u8]) {
        self.send.push((to.address, data.to_vec()));
    }

    fn submit_after(&mut self, event: Timer<Process>, after: Duration) {
        self.later.push((after, event));
    }
}

/// A timer, ordered by time and then by when it was set.
struct Due(Instant, u64, Timer<Process>);

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        (self.0, self.1) == (other.0, other.1)
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0, self.1).cmp(&(other.0, other.1))
    }
}

/// What is known of another process.
struct Known {
    suspected: Shared<bool>,
    up: bool,
}

async fn run(socket: UdpSocket, address: SocketAddr, others: BTreeMap<SocketAddr, Shared<bool>>, config: SwimConfig) {
    let Ok(seed) = crate::host::random_bytes() else { return };
    // Later runs must have larger numbers; nobody starts twice within a millisecond.
    let since = host::time_of_day().duration_since(UNIX_EPOCH).unwrap_or_default();
    let process = Process { address, run: since.as_millis() as u64 };
    let size = NonZeroU32::new(others.len() as u32 + 1).unwrap_or(NonZeroU32::MIN);
    let mut protocol = foca::Config::new_lan(size);
    protocol.probe_period = config.period;
    protocol.probe_rtt = config.round_trip;
    protocol.suspect_to_down_after = config.suspicion;
    protocol.notify_down_members = true;
    let mut foca = Foca::new(process, protocol, StdRng::from_seed(seed), PostcardCodec);
    let mut known: BTreeMap<SocketAddr, Known> =
        others.into_iter().map(|(a, suspected)| (a, Known { suspected, up: false })).collect();
    let mut timers: BinaryHeap<Reverse<Due>> = BinaryHeap::new();
    let mut set = 0;
    let start = host::now();
    let mut announce_at = start;
    let mut late = false;
    let mut buffer = vec![0; 2 * MAX_DATAGRAM];
    loop {
        let mut wishes = Wishes::default();
        let now = host::now();
        // Who is not a member may not know of us, or has come back.
        if announce_at <= now {
            announce_at = now + config.period;
            late = late || now >= start + config.period + config.suspicion;
            for (address, _) in known.iter().filter(|(_, known)| !known.up) {
                let _ = foca.announce(Process { address: *address, run: 0 }, &mut wishes);
            }
        }
        while let Some(Reverse(Due(at, ..))) = timers.peek() {
            if *at > now {
                break;
            }
            if let Some(Reverse(Due(_, _, timer))) = timers.pop() {
                if let Err(error) = foca.handle_timer(timer, &mut wishes) {
                    tracing::debug!(%error, "SWIM");
                }
            }
        }
        act(wishes, &socket, &config, &mut known, &mut timers, &mut set).await;
        if late {
            known.values().filter(|known| !known.up).for_each(|known| suspect(&known.suspected, true));
        }
        let next = timers.peek().map_or(announce_at, |Reverse(Due(at, ..))| (*at).min(announce_at));
        tokio::select! {
            biased;
            () = host::sleep_until(next) => {}
            received = socket.recv_from(&mut buffer) => {
                let Ok((length, from)) = received else { continue };
                let Some(data) = verified(&buffer[..length], config.secret.as_ref()) else {
                    tracing::debug!(%from, "a datagram that is not signed");
                    continue;
                };
                let mut wishes = Wishes::default();
                if let Err(error) = foca.handle_data(data, &mut wishes) {
                    tracing::debug!(%from, %error, "SWIM");
                }
                act(wishes, &socket, &config, &mut known, &mut timers, &mut set).await;
            }
        }
    }
}

async fn act(
    wishes: Wishes,
    socket: &UdpSocket,
    config: &SwimConfig,
    known: &mut BTreeMap<SocketAddr, Known>,
    timers: &mut BinaryHeap<Reverse<Due>>,
    set: &mut u64,
) {
    for (address, up) in wishes.changes {
        if let Some(known) = known.get_mut(&address) {
            known.up = up;
            suspect(&known.suspected, !up);
        }
    }
    for (after, timer) in wishes.later {
        *set += 1;
        timers.push(Reverse(Due(host::now() + after, *set, timer)));
    }
    for (to, data) in wishes.send {
        let data = signed(data, config.secret.as_ref());
        // Datagrams may get lost anyway.
        let _ = socket.send_to(&data, to).await;
    }
}

fn suspect(suspected: &Shared<bool>, value: bool) {
    suspected.update(|before| (*before != value).then_some(value));
}

/// Adds the signature.
fn signed(mut data: Vec<u8>, secret: Option<&Secret>) -> Vec<u8> {
    if let Some(secret) = secret {
        let signature = secret.sign(&[b"swim", &data]);
        data.extend(signature);
    }
    data
}

/// Takes the signature off, if it is right.
fn verified<'d>(data: &'d [u8], secret: Option<&Secret>) -> Option<&'d [u8]> {
    let Some(secret) = secret else { return Some(data) };
    let (data, signature) = data.split_last_chunk::<32>()?;
    secret.verify(&[b"swim", data], signature).then_some(data)
}
