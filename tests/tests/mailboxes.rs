//! TCP mailboxes and the loop of archetypes: order, reconnection, hostile peers, stopping, failing.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mpcal_runtime::resource::{output, MailboxConfig, Mailboxes, Output, OutputReceiver, Placeholder, Shared};
use mpcal_runtime::{Error, MappingMacro, Node, PlainVariable, Section, Step};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

mod model {
    mpcal_macros::mpcal! { r#"
        --mpcal Pair {
          mapping macro Link {
            read { await $variable # <<>>; with (m = Head($variable)) { $variable := Tail($variable); yield m; }; }
            write { yield Append($variable, $value); }
          }
          mapping macro Told { read { assert FALSE; } write { skip; } }
          archetype Sender(ref net[_], last)
          variable next = 1;
          {
            send:
              while (next <= last) {
                net[1] := next;
                next := next + 1;
              };
          }
          archetype Receiver(ref net[_], ref told)
          variable got;
          {
            receive:
              while (TRUE) {
                got := net[self];
                told := got;
              };
          }
          archetype Spinner(ref counter)
          {
            spin:
              while (TRUE) { counter := counter + 1; };
          }
          archetype Failing(ref counter)
          {
            fail:
              await counter > 10;
              assert counter < 0;
          }
          variables net = [i \in 0..1 |-> <<>>], log = 0, counter = 0;
          process (sender = 0) == instance Sender(ref net[_], 3) mapping net[_] via Link;
          process (receiver = 1) == instance Receiver(ref net[_], ref log)
            mapping net[_] via Link mapping log via Told;
          process (spinner \in 2..3) == instance Spinner(ref counter);
          process (failing = 4) == instance Failing(ref counter);
        }
    "# }
}

impl model::Link for Mailboxes<i64, i64> {}
impl model::Told for Output<i64> {}

const LIMIT: Duration = Duration::from_secs(20);

fn constants() -> Arc<model::Constants> {
    Arc::new(model::Constants {})
}

struct Receiver {
    _links: Mailboxes<i64, i64>,
    told: OutputReceiver<i64>,
    node: Node,
    address: SocketAddr,
}

async fn receiver(config: &MailboxConfig) -> Receiver {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let links = Mailboxes::open(Some(listener), [1], &BTreeMap::new(), config).unwrap();
    let (tell, told) = output(16);
    let mut node = Node::new();
    node.spawn(model::Receiver::new(1, &constants(), links.clone(), tell).unwrap());
    Receiver { _links: links, told, node, address }
}

fn sender(to: SocketAddr, last: i64, config: &MailboxConfig) -> (Mailboxes<i64, i64>, Node) {
    let links = Mailboxes::open(None, [0], &BTreeMap::from([(1, to)]), config).unwrap();
    let mut node = Node::new();
    node.spawn(model::Sender::new(0, &constants(), last, links.clone()).unwrap());
    (links, node)
}

async fn expect_in_order(receiver: &Receiver, last: i64) {
    for wanted in 1..=last {
        assert_eq!(timeout(LIMIT, receiver.told.receive()).await.expect("a message arrives"), wanted);
    }
}

#[tokio::test]
async fn messages_arrive_once_and_in_order() {
    let config = MailboxConfig { inbox_capacity: 4, outbox_capacity: 4, ..MailboxConfig::default() };
    let receiver = receiver(&config).await;
    let (links, mut node) = sender(receiver.address, 500, &config);
    expect_in_order(&receiver, 500).await;
    timeout(LIMIT, node.join()).await.unwrap().unwrap();
    timeout(LIMIT, links.flushed()).await.unwrap();
    assert_eq!(receiver.told.try_receive(), None);
}

/// Forwards connections to `to`, and cuts each after so many bytes.
async fn cutting_proxy(to: SocketAddr, bytes: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((inside, _)) = listener.accept().await {
            let Ok(outside) = TcpStream::connect(to).await else { return };
            let (mut from, mut back) = inside.into_split();
            let (mut answers, mut forward) = outside.into_split();
            let back = tokio::spawn(async move { tokio::io::copy(&mut answers, &mut back).await });
            let (mut left, mut buffer) = (bytes, [0; 64]);
            while left > 0 {
                match from.read(&mut buffer[..left.min(64)]).await {
                    Ok(n @ 1..) if forward.write_all(&buffer[..n]).await.is_ok() => left -= n,
                    _ => break,
                }
            }
            back.abort();
        }
    });
    address
}

/// A lost acknowledgement, or a connection cut in the middle of a frame, neither loses nor repeats.
#[tokio::test]
async fn cut_connections_lose_and_repeat_nothing() {
    let config = MailboxConfig { reconnect_after: Duration::from_millis(1), ..MailboxConfig::default() };
    let receiver = receiver(&config).await;
    let address = cutting_proxy(receiver.address, 333).await;
    let (_links, _node) = sender(address, 200, &config);
    expect_in_order(&receiver, 200).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(receiver.told.try_receive(), None);
}

#[tokio::test]
async fn a_late_receiver_gets_everything() {
    let config = MailboxConfig { reconnect_after: Duration::from_millis(1), ..MailboxConfig::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (_links, mut node) = sender(address, 20, &config);
    timeout(LIMIT, node.join()).await.unwrap().unwrap();
    let listener = TcpListener::bind(address).await.unwrap();
    let links = Mailboxes::open(Some(listener), [1], &BTreeMap::new(), &config).unwrap();
    let (tell, told) = output(16);
    let mut node = Node::new();
    node.spawn(model::Receiver::new(1, &constants(), links.clone(), tell).unwrap());
    let receiver = Receiver { _links: links, told, node, address };
    expect_in_order(&receiver, 20).await;
}

/// Whatever strangers send, the next sender is served.
#[tokio::test]
async fn hostile_peers_do_not_disturb() {
    let config = MailboxConfig {
        handshake_timeout: Duration::from_millis(200),
        max_connections: 8,
        model: 7,
        ..MailboxConfig::default()
    };
    let receiver = receiver(&config).await;
    let mut open = Vec::new();
    let attacks: [&[u8]; 5] = [
        &[0xff; 300],
        b"GET / HTTP/1.1\r\n\r\n",
        &[0xff, 0xff, 0xff, 0xff, 1, 2, 3],
        &[0, 0, 0, 0],
        &[0, 0, 0, 3, 0, 0, 0],
    ];
    for attack in attacks {
        let mut stream = TcpStream::connect(receiver.address).await.unwrap();
        let _ = stream.write_all(attack).await;
        open.push(stream);
    }
    // Half-open connections hold every slot until their time to introduce themselves is over.
    for _ in 0..20 {
        open.push(TcpStream::connect(receiver.address).await.unwrap());
    }
    // A node of another model is refused, whatever it sends.
    let (_foreign, mut foreigner) = sender(receiver.address, 3, &MailboxConfig { model: 8, ..config.clone() });
    timeout(LIMIT, foreigner.join()).await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(receiver.told.try_receive(), None);
    let (_links, _node) = sender(receiver.address, 50, &config);
    expect_in_order(&receiver, 50).await;
    // A listed model is served.
    drop(open);
}

#[tokio::test]
async fn a_compatible_model_is_served() {
    let receiver = receiver(&MailboxConfig { model: 1, compatible: vec![2], ..MailboxConfig::default() }).await;
    let (_links, _node) = sender(receiver.address, 3, &MailboxConfig { model: 2, ..MailboxConfig::default() });
    expect_in_order(&receiver, 3).await;
}

#[tokio::test]
async fn stopping_twice_and_late_is_fine() {
    let mut receiver = receiver(&MailboxConfig::default()).await;
    let stop = receiver.node.stop_handle();
    stop.stop();
    stop.stop();
    timeout(LIMIT, receiver.node.join()).await.unwrap().unwrap();
    stop.stop();
    timeout(LIMIT, receiver.node.join()).await.unwrap().unwrap();
}

/// On one thread two loops that never block make progress, and `stop` is heard.
#[tokio::test]
async fn a_loop_that_never_blocks_starves_nobody() {
    let (a, b) = (Shared::new(0), Shared::new(0));
    let mut node = Node::new();
    node.spawn(model::Spinner::new(2, &constants(), a.clone()).unwrap());
    node.spawn(model::Spinner::new(3, &constants(), b.clone()).unwrap());
    timeout(LIMIT, async {
        while a.load() < 1000 || b.load() < 1000 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("both make progress");
    node.stop_handle().stop();
    timeout(LIMIT, node.join()).await.expect("they stop").unwrap();
}

/// A failed assertion says where, and stops the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_assertion_surfaces_and_stops_the_node() {
    let counter = Shared::new(0);
    let mut node = Node::new();
    node.spawn(model::Spinner::new(2, &constants(), counter.clone()).unwrap());
    node.spawn(model::Failing::new(4, &constants(), counter.clone()).unwrap());
    let error = timeout(LIMIT, node.join()).await.expect("the node ends").expect_err("the assertion fails");
    let said = error.to_string();
    assert!(said.contains("Failing(4) at fail: assertion failed: counter < 0"), "{said}");
}

/// Two loops over one variable lose no addition.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sections_over_one_variable_are_serializable() {
    let counter = Shared::new(0);
    let mut node = Node::new();
    for id in 2..4 {
        node.spawn(model::Spinner::new(id, &constants(), counter.clone()).unwrap());
    }
    timeout(LIMIT, async {
        while counter.load() < 20_000 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .expect("they make progress");
    node.stop_handle().stop();
    let counters = timeout(LIMIT, node.join()).await.unwrap().unwrap();
    assert_eq!(counter.load() as u64, counters.commits);
}

struct Panics;

impl MappingMacro for Panics {
    type Index = ();
    type Read = i64;
    type Write = i64;

    fn read(&mut self, _: &mut Section, (): &()) -> Step<i64> {
        panic!("out of order")
    }

    fn write(&mut self, _: &mut Section, (): &(), _: i64) -> Step<()> {
        Ok(())
    }
}

impl PlainVariable for Panics {}

#[tokio::test]
async fn a_panic_in_a_resource_surfaces() {
    let mut node = Node::new();
    node.spawn(model::Spinner::new(2, &constants(), Panics).unwrap());
    let error = timeout(LIMIT, node.join()).await.unwrap().expect_err("it panics");
    assert!(
        matches!(&error, Error::In { label: "spin", cause, .. } if cause.to_string() == "panic: out of order"),
        "{error}"
    );
    let mut node = Node::new();
    node.spawn(model::Spinner::new(2, &constants(), Placeholder::new("counter")).unwrap());
    let error = timeout(LIMIT, node.join()).await.unwrap().expect_err("it is a placeholder");
    assert!(error.to_string().contains("`counter` is a placeholder"), "{error}");
}

/// Archetypes that wait do nothing at all.
#[tokio::test]
async fn who_waits_does_not_poll() {
    let mut receiver = receiver(&MailboxConfig::default()).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    receiver.node.stop_handle().stop();
    let counters = receiver.node.join().await.unwrap();
    assert_eq!((counters.commits, counters.retries, counters.sleeps), (0, 1, 1));
}
