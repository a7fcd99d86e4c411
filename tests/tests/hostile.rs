//! Mailboxes under attack: thousands of connections, slow ones, oversized and mutated frames. Memory stays
//! bounded, and whoever belongs to the cluster is served all the while.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use mpcal_runtime::resource::{MailboxConfig, Secret};
use mpcal_tests::pair::{receiver, receiver_with, sender, Faults, Network, LIMIT};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Connections that one attack holds open at a time; file descriptors are ours, too, on both ends.
const OPEN: usize = 400;

fn config() -> MailboxConfig {
    MailboxConfig {
        handshake_timeout: Duration::from_secs(1),
        reconnect_after: Duration::from_millis(1),
        max_frame: 1 << 16,
        ..MailboxConfig::default()
    }
}

/// Memory of this process that is in use, in MiB; 0 where nobody says.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096 / (1 << 20)
}

fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

/// Connects and sends; the connection may be cut at any time.
async fn attack(address: SocketAddr, bytes: &[u8]) -> Option<TcpStream> {
    let mut stream = timeout(LIMIT, TcpStream::connect(address)).await.ok()?.ok()?;
    let _ = stream.write_all(bytes).await;
    Some(stream)
}

/// A member of the cluster gets through.
async fn is_served(receiver: &mpcal_tests::pair::Receiver, config: &MailboxConfig, first: i64) {
    let (_links, _node) = sender(receiver.address, first, first + 9, config);
    receiver.expect(first..first + 10).await;
}

/// Ten thousand connections, most of them held open, while members come and go.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_connections_are_nothing() {
    let config = MailboxConfig { secret: Some(Secret::new("sesame")), ..config() };
    let receiver = receiver(&config).await;
    let before = resident();
    let mut open = std::collections::VecDeque::new();
    for n in 0..10_000 {
        // Some say nothing, some announce a huge frame, some begin as they should.
        let bytes: &[u8] = match n % 3 {
            0 => &[],
            1 => &[0, 0, 0xff, 0xff, 1],
            _ => b"\0\0\0\x16\0MPCL\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\0",
        };
        open.extend(attack(receiver.address, bytes).await);
        if open.len() > OPEN {
            open.pop_front();
        }
        if n % 1000 == 999 {
            is_served(&receiver, &config, n).await;
        }
    }
    let grown = resident().saturating_sub(before);
    assert!(grown < 100, "it takes {grown} MiB more than before");
}

/// Connects and says nothing, as fast as it goes, from these addresses in turn; a few hundred stay open.
#[cfg(target_os = "linux")]
async fn flood(to: SocketAddr, from: Vec<std::net::Ipv4Addr>, count: Arc<AtomicUsize>) {
    let mut open = std::collections::VecDeque::new();
    for from in from.into_iter().cycle() {
        let socket = tokio::net::TcpSocket::new_v4().expect("there are sockets");
        let connected = match socket.bind((from, 0).into()) {
            Ok(()) => socket.connect(to).await,
            Err(error) => Err(error),
        };
        match connected {
            Ok(stream) => open.push_back(stream),
            Err(_) => sleep(Duration::from_millis(1)).await,
        }
        count.fetch_add(1, Ordering::Relaxed);
        if open.len() > OPEN {
            open.pop_front();
        }
    }
}

/// A member far away, whose introduction takes most of a second, gets in while thousands of others connect in a
/// second: from anywhere, or from its own address, as behind a shared one. On a loopback the old rule, which dropped
/// the oldest, passes as well; the tests of `strangers.rs` tell the rules apart.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_keeps_no_member_out() {
    let loopback = |n: u8| std::net::Ipv4Addr::new(127, 0, 0, n);
    let handshake_timeout = Duration::from_secs(3);
    let config = MailboxConfig { secret: Some(Secret::new("sesame")), handshake_timeout, ..config() };
    for from in [(2..=250).map(loopback).collect::<Vec<_>>(), vec![loopback(1)]] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let book = BTreeMap::from([(0, "127.0.0.1:9".parse().unwrap())]);
        let receiver = receiver_with(listener, &book, &config);
        let (count, start) = (Arc::new(AtomicUsize::new(0)), Instant::now());
        let mut floods = JoinSet::new();
        for _ in 0..2 {
            floods.spawn(flood(receiver.address, from.clone(), count.clone()));
        }
        while count.load(Ordering::Relaxed) < 2 * OPEN {
            sleep(Duration::from_millis(1)).await;
        }
        let delay = Duration::from_millis(150);
        let network = Network::before(receiver.address, Faults { delay, ..Faults::default() }).await;
        let (_links, _node) = sender(network.address, 1, 1, &config);
        let took = Instant::now();
        receiver.expect([1]).await;
        let rate = count.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64();
        println!("the member was in after {:?}, beside {rate:.0} connections a second", took.elapsed());
    }
}

/// Connections that send a byte now and then, as many as there may be.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_connections_keep_nobody_out() {
    let config = MailboxConfig { secret: Some(Secret::new("sesame")), max_connections: 16, ..config() };
    let receiver = receiver(&config).await;
    let mut slow = JoinSet::new();
    for _ in 0..OPEN {
        let address = receiver.address;
        slow.spawn(async move {
            loop {
                let Ok(mut stream) = TcpStream::connect(address).await else { continue };
                for byte in [0u8, 0, 0, 21, 0, b'M', b'P', b'C', b'L'] {
                    if stream.write_all(&[byte]).await.is_err() {
                        break;
                    }
                    sleep(Duration::from_millis(200)).await;
                }
            }
        });
    }
    for first in [1, 11, 21, 31] {
        sleep(Duration::from_millis(300)).await;
        is_served(&receiver, &config, first).await;
    }
}

/// Speaks the protocol as far as it goes, by hand: what comes after the nonces is up to `say`, which is given
/// a function that proves an introduction.
async fn converse(address: SocketAddr, say: impl FnOnce(&dyn Fn(&[u8]) -> Vec<u8>) -> Vec<Vec<u8>>) -> Option<Vec<u8>> {
    let nonce = [7; 16];
    let mut stream = attack(address, &[&b"\0\0\0\x16\0MPCL"[..], &nonce, b"\0"].concat()).await?;
    let mut challenge = [0; 21];
    stream.read_exact(&mut challenge).await.ok()?;
    let prove = |introduction: &[u8]| {
        let mut mac = Hmac::<Sha256>::new_from_slice(&[]).expect("any key will do");
        for part in [&b"connects"[..], &nonce, &challenge[5..], introduction] {
            mac.update(part);
        }
        let length = u8::try_from(introduction.len()).expect("it is short");
        [&[2, length][..], introduction, &mac.finalize().into_bytes()].concat()
    };
    for frame in say(&prove) {
        let length = u32::try_from(frame.len()).expect("it is short").to_be_bytes();
        let _ = stream.write_all(&[&length[..], &frame].concat()).await;
    }
    let _ = stream.shutdown().await;
    let mut told = Vec::new();
    let _ = timeout(LIMIT, stream.read_to_end(&mut told)).await.expect("it is hung up on");
    Some(told)
}

/// An introduction of a process without mailboxes, and then nothing known.
const INTRODUCTION: [u8; 12] = [5, 0, 0, 42, 0, 0, 1, 100, 8, 8, 127, 0];
const RESUME: &[u8] = &[4, 0];

/// A message with a small number to the first mailbox.
fn message(sequence: u8, number: u8) -> Vec<u8> {
    vec![5, 0, sequence, 0, 1, number]
}

fn introduction(session: u8) -> Vec<u8> {
    let mut bytes = INTRODUCTION.to_vec();
    bytes[3] = session;
    bytes
}

/// The conversation above is one that a member could have: otherwise the attacks below would not go deep.
#[tokio::test]
async fn the_protocol_is_as_these_tests_speak_it() {
    let receiver = receiver(&config()).await;
    converse(receiver.address, |prove| {
        vec![prove(&introduction(5)), RESUME.to_vec(), message(1, 2), message(2, 4), message(2, 6), message(3, 8)]
    })
    .await
    .expect("it is answered");
    // Zigzag: 2 is 1. What comes with a known number is known.
    receiver.expect([1, 2, 4]).await;
}

/// Conversations with faults in them, thousands of times, without a secret, so that they go deep.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mutated_conversations_cost_their_connection() {
    let receiver = receiver(&config()).await;
    let before = resident();
    let mut attacks = JoinSet::new();
    for n in 0..5000u64 {
        let address = receiver.address;
        if attacks.len() >= 32 {
            attacks.join_next().await;
        }
        attacks.spawn(converse_badly(address, n));
    }
    attacks.join_all().await;
    while timeout(Duration::from_millis(50), receiver.told.receive()).await.is_ok() {}
    let grown = resident().saturating_sub(before);
    assert!(grown < 100, "it takes {grown} MiB more than before");
    is_served(&receiver, &config(), 1).await;
}

async fn converse_badly(address: SocketAddr, seed: u64) {
    let mut state = seed;
    converse(address, |prove| {
        let mut known = introduction((random(&mut state) % 100) as u8);
        // Faults in the introduction itself have a valid proof.
        if random(&mut state).is_multiple_of(3) {
            mutate(&mut known, &mut state);
        }
        let mut frames = vec![prove(&known), RESUME.to_vec()];
        frames.extend((1..8).map(|n| message(n, n)));
        for _ in 0..random(&mut state) % 3 {
            let at = random(&mut state) as usize % frames.len();
            mutate(&mut frames[at], &mut state);
        }
        frames
    })
    .await;
}

fn mutate(bytes: &mut Vec<u8>, state: &mut u64) {
    let at = random(state) as usize % bytes.len().max(1);
    match random(state) % 4 {
        0 if !bytes.is_empty() => bytes[at] ^= 1 << (random(state) % 8),
        1 if !bytes.is_empty() => bytes[at] = random(state) as u8,
        2 => bytes.truncate(at),
        _ => bytes.insert(at, random(state) as u8),
    }
}

/// A member that does not keep to the window, skips messages, or does not keep to the bounds of frames.
#[tokio::test]
async fn who_does_not_keep_the_rules_is_disconnected() {
    let receiver = receiver(&MailboxConfig { inbox_capacity: 4, ..config() }).await;
    let many = (1..100).map(|n| message(n, 0));
    converse(receiver.address, |prove| [prove(&introduction(1)), RESUME.to_vec()].into_iter().chain(many).collect())
        .await;
    let skipping =
        |prove: &dyn Fn(&[u8]) -> Vec<u8>| vec![prove(&introduction(2)), RESUME.to_vec(), message(1, 0), message(9, 2)];
    converse(receiver.address, skipping).await;
    let nowhere = |prove: &dyn Fn(&[u8]) -> Vec<u8>| {
        vec![prove(&introduction(3)), RESUME.to_vec(), vec![5, 77, 1, 0, 1, 2], vec![6, 0, 1]]
    };
    converse(receiver.address, nowhere).await;
    // What was skipped to did not arrive, and of too many only as many as there was room for.
    let mut got = Vec::new();
    while let Ok(number) = timeout(Duration::from_millis(100), receiver.told.receive()).await {
        got.push(number);
    }
    assert!(got.iter().all(|number| *number == 0) && got.len() < 50, "{got:?}");
    // A frame of 16 MiB is not waited for.
    let mut stream = attack(receiver.address, &[1, 0, 0, 0, 1, 2, 3]).await.unwrap();
    let _ = timeout(LIMIT, stream.read_to_end(&mut Vec::new())).await.expect("it is hung up on");
    is_served(&receiver, &config(), 1).await;
}
