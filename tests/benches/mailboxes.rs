//! Round trips over TCP mailboxes beside a bare tokio ping-pong with the same frames: one pair, and fifty
//! pairs at once. Then messages of 100 texts of 100 bytes one way, beside the same bytes through a bare socket.
//!
//! `cargo bench -p mpcal-tests --bench mailboxes`, over loopback, in turn in one process. The bare one
//! reads and writes frames with the codec that mailboxes use, with the bytes that they send. `ALONE=mailboxes`,
//! `ALONE=bare` or `ALONE=texts` runs one of these only, for a profiler.

#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use mpcal_runtime::resource::{MailboxConfig, Mailboxes};
use mpcal_runtime::value::{Seq, Str};
use mpcal_runtime::Node;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tokio_util::codec::{Framed, LengthDelimitedCodec};

mod model {
    mpcal_macros::mpcal! { r#"
        --mpcal Exchange {
          mapping macro Link {
            read { await $variable # <<>>; with (m = Head($variable)) { $variable := Tail($variable); yield m; }; }
            write { yield Append($variable, $value); }
          }
          archetype Ping(ref net[_], rounds)
          variable got;
          {
            ping:
              while (rounds > 0) {
                net[1] := rounds;
                pong:
                  got := net[self];
                  rounds := rounds - 1;
              };
          }
          archetype Pong(ref net[_])
          variable got;
          {
            wait:
              while (TRUE) {
                got := net[self];
                answer: net[0] := got;
              };
          }
          variables net = [i \in 0..1 |-> <<>>];
          process (ping = 0) == instance Ping(ref net[_], 3) mapping net[_] via Link;
          process (pong = 1) == instance Pong(ref net[_]) mapping net[_] via Link;
        }
    "# }
}

impl model::Link for Mailboxes<i64, i64> {}

mod texts {
    mpcal_macros::mpcal! { r#"
        --mpcal Texts {
          mapping macro Link {
            read { await $variable # <<>>; with (m = Head($variable)) { $variable := Tail($variable); yield m; }; }
            write { yield Append($variable, $value); }
          }
          archetype Source(ref net[_], message, count)
          {
            send:
              while (count > 0) {
                net[1] := message;
                count := count - 1;
              };
          }
          archetype Sink(ref net[_], count)
          variable got;
          {
            receive:
              while (count > 0) {
                got := net[self];
                count := count - 1;
              };
          }
          variables net = [i \in 0..1 |-> <<>>];
          process (source = 0) == instance Source(ref net[_], Append(<<>>, "text"), 3) mapping net[_] via Link;
          process (sink = 1) == instance Sink(ref net[_], 3) mapping net[_] via Link;
        }
    "# }
}

impl texts::Link for Mailboxes<i64, Seq<Str>> {}

/// Of so many texts is a message, and each has so many bytes.
const TEXTS: usize = 100;

/// What a frame of a mailbox with a small integer has, without the length before it.
const FRAME: &[u8] = &[5, 0, 0xc1, 0x9a, 0x0c, 0, 3, 0xc0, 0x9a, 0x0c];

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    (listener, address)
}

fn framed(stream: TcpStream) -> Framed<TcpStream, LengthDelimitedCodec> {
    stream.set_nodelay(true).expect("it is a socket");
    Framed::new(stream, LengthDelimitedCodec::new())
}

async fn bare(pairs: usize, rounds: u64) -> Duration {
    let mut ends = Vec::new();
    for _ in 0..pairs {
        let (listener, address) = listener().await;
        let ping = framed(TcpStream::connect(address).await.expect("it connects"));
        let pong = framed(listener.accept().await.expect("it connects").0);
        ends.push((ping, pong));
    }
    let frame = bytes::Bytes::from_static(FRAME);
    let (mut pings, mut pongs) = (JoinSet::new(), JoinSet::new());
    let start = Instant::now();
    for (mut ping, mut pong) in ends {
        let frame = frame.clone();
        pongs.spawn(async move {
            while let Some(Ok(got)) = pong.next().await {
                pong.send(got.freeze()).await.expect("it is read");
            }
        });
        pings.spawn(async move {
            for _ in 0..rounds {
                ping.send(frame.clone()).await.expect("it is read");
                ping.next().await.expect("it is answered").expect("it is answered");
            }
        });
    }
    pings.join_all().await;
    start.elapsed()
}

async fn mailboxes(pairs: usize, rounds: u64) -> Duration {
    let constants = Arc::new(model::Constants {});
    let config = MailboxConfig::default();
    let (mut ping, mut pong, mut ends) = (Node::new(), Node::new(), Vec::new());
    for _ in 0..pairs {
        let ((first, at), (second, to)) = (listener().await, listener().await);
        let addresses = BTreeMap::from([(0, at), (1, to)]);
        let open = |listener, id: i64| Mailboxes::open(Some(listener), [id], &addresses, &config).expect("it opens");
        ends.push((open(first, 0), open(second, 1)));
    }
    for (_, end) in &ends {
        pong.spawn(model::Pong::new(1, &constants, model::PongParameters { net: end.clone() }).expect("it starts"));
    }
    // The first round trip of each pair connects it.
    let mut first = Node::new();
    for (end, _) in &ends {
        first.spawn(
            model::Ping::new(0, &constants, model::PingParameters { rounds: 1, net: end.clone() }).expect("it starts"),
        );
    }
    first.join().await.expect("it ends");
    let start = Instant::now();
    for (end, _) in &ends {
        ping.spawn(
            model::Ping::new(0, &constants, model::PingParameters { rounds: rounds as i64, net: end.clone() })
                .expect("it starts"),
        );
    }
    ping.join().await.expect("it ends");
    start.elapsed()
}

/// Messages of many texts, one way: megabytes of text a second.
async fn throughput(messages: u64) -> f64 {
    let constants = Arc::new(texts::Constants {});
    let config = MailboxConfig::default();
    let ((first, at), (second, to)) = (listener().await, listener().await);
    let addresses = BTreeMap::from([(0, at), (1, to)]);
    let open = |listener, id: i64| Mailboxes::open(Some(listener), [id], &addresses, &config).expect("it opens");
    // What the source has not sent when it ends is sent as long as its mailboxes are there.
    let (source, sink) = (open(first, 0), open(second, 1));
    let message: Seq<Str> = (0..TEXTS).map(|_| Str::from("x".repeat(TEXTS))).collect();
    let mut node = Node::new();
    let start = Instant::now();
    let count = messages as i64;
    let parameters = texts::SinkParameters { net: sink, count };
    node.spawn(texts::Sink::new(1, &constants, parameters).expect("it starts"));
    let parameters = texts::SourceParameters { net: source.clone(), message, count };
    node.spawn(texts::Source::new(0, &constants, parameters).expect("it starts"));
    node.join().await.expect("it ends");
    drop(source);
    megabytes(messages, start.elapsed())
}

/// As many bytes through a bare socket, in frames, without looking at them.
async fn bare_throughput(messages: u64) -> f64 {
    let (listener, address) = listener().await;
    let mut source = framed(TcpStream::connect(address).await.expect("it connects"));
    let mut sink = framed(listener.accept().await.expect("it connects").0);
    let frame = bytes::Bytes::from(vec![b'x'; TEXTS * TEXTS]);
    let start = Instant::now();
    let reader = tokio::spawn(async move {
        for _ in 0..messages {
            sink.next().await.expect("it is sent").expect("it is sent");
        }
    });
    for _ in 0..messages {
        source.send(frame.clone()).await.expect("it is read");
    }
    reader.await.expect("it ends");
    megabytes(messages, start.elapsed())
}

fn megabytes(messages: u64, time: Duration) -> f64 {
    (messages as usize * TEXTS * TEXTS) as f64 / time.as_secs_f64() / 1e6
}

/// Runs one side alone, for a profiler: microseconds per round trip.
fn alone(runtime: &Runtime, side: &str, pairs: usize) {
    let rounds = 200_000 / pairs as u64;
    let time = match side {
        "mailboxes" => runtime.block_on(mailboxes(pairs, rounds)),
        "bare" => runtime.block_on(bare(pairs, rounds)),
        _ => panic!("ALONE is mailboxes or bare"),
    };
    println!("{side}, {pairs} pairs: {:.2} µs", micros(time, pairs, rounds));
}

fn micros(time: Duration, pairs: usize, rounds: u64) -> f64 {
    time.as_secs_f64() * 1e6 / (pairs as u64 * rounds) as f64
}

fn main() {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime starts");
    let pairs = [(1, 20_000), (50, 1_000)];
    if let Ok(side) = std::env::var("ALONE") {
        if side == "texts" {
            return println!("texts: {:.0} MB/s", runtime.block_on(throughput(200_000)));
        }
        pairs.iter().for_each(|(pairs, _)| alone(&runtime, &side, *pairs));
        return;
    }
    println!("{:>6} {:>18} {:>18} {:>8}", "pairs", "mailboxes, µs", "bare, µs", "ratio");
    for _ in 0..3 {
        for (pairs, rounds) in pairs {
            let ours = micros(runtime.block_on(mailboxes(pairs, rounds)), pairs, rounds);
            let bare = micros(runtime.block_on(bare(pairs, rounds)), pairs, rounds);
            println!("{pairs:6} {ours:18.2} {bare:18.2} {:8.2}", bare / ours);
        }
    }
    println!("{:>6} {:>18} {:>18} {:>8}", "texts", "mailboxes, MB/s", "bare, MB/s", "ratio");
    for _ in 0..3 {
        let ours = runtime.block_on(throughput(20_000));
        let bare = runtime.block_on(bare_throughput(20_000));
        println!("{TEXTS:6} {ours:18.0} {bare:18.0} {:8.2}", ours / bare);
    }
}
