//! A sender and a receiver over mailboxes, a proxy between them that does what networks do, and loops
//! over shared variables: what the tests of the runtime run.

// Generated code, and what it is bound to.
#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::Duration;

use mpcal_runtime::host::Listener;
use mpcal_runtime::resource::{output, MailboxConfig, Mailboxes, Output, OutputReceiver};
use mpcal_runtime::Node;
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

pub mod model {
    mpcal_macros::mpcal! { r#"
        --mpcal Pair {
          mapping macro Link {
            read { await $variable # <<>>; with (m = Head($variable)) { $variable := Tail($variable); yield m; }; }
            write { yield Append($variable, $value); }
          }
          mapping macro Told { read { assert FALSE; } write { skip; } }
          archetype Sender(ref net[_], first, last)
          variable next = first;
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
          archetype Echo(ref net[_], count)
          variable got;
          {
            echo:
              while (count > 0) {
                got := net[self];
                count := count - 1;
                reply: net[0] := got;
              };
          }
          archetype Spinner(ref counter)
          {
            spin:
              while (TRUE) { counter := counter + 1; };
          }
          archetype Transfer(ref from, ref into)
          {
            move:
              while (TRUE) {
                from := from - 1;
                into := into + 1;
              };
          }
          archetype Auditor(ref first, ref second, rounds)
          {
            audit:
              while (rounds > 0) {
                assert first + second = 0;
                rounds := rounds - 1;
              };
          }
          archetype Sometimes(ref counter, rounds)
          {
            sometimes:
              while (rounds > 0) {
                if (rounds % 3 # 0) {
                  counter := counter + 1;
                };
                rounds := rounds - 1;
              };
          }
          archetype Failing(ref counter)
          {
            fail:
              await counter > 10;
              assert counter < 0;
          }
          variables net = [i \in 0..1 |-> <<>>], log = 0, counter = 0, other = 0;
          process (sender = 0) == instance Sender(ref net[_], 1, 3) mapping net[_] via Link;
          process (receiver = 1) == instance Receiver(ref net[_], ref log)
            mapping net[_] via Link mapping log via Told;
          process (echo = 5) == instance Echo(ref net[_], 0) mapping net[_] via Link;
          process (spinner \in 2..3) == instance Spinner(ref counter);
          process (transfer = 6) == instance Transfer(ref counter, ref other);
          process (auditor = 7) == instance Auditor(ref counter, ref other, 3);
          process (sometimes = 8) == instance Sometimes(ref counter, 3);
          process (failing = 4) == instance Failing(ref counter);
        }
    "# }
}

impl model::Link for Mailboxes<i64, i64> {}
impl model::Told for Output<i64> {}

/// How long any of these tests may wait.
pub const LIMIT: Duration = Duration::from_secs(60);

/// The constants of the model.
#[must_use]
pub fn constants() -> Arc<model::Constants> {
    Arc::new(model::Constants {})
}

/// A running receiver: mailbox 1, behind an address.
pub struct Receiver {
    pub links: Mailboxes<i64, i64>,
    pub told: OutputReceiver<i64>,
    pub node: Node,
    pub address: SocketAddr,
}

/// Starts a receiver behind any free port.
pub async fn receiver(config: &MailboxConfig) -> Receiver {
    receiver_at(SocketAddr::from(([127, 0, 0, 1], 0)), config).await
}

/// Starts a receiver behind an address.
///
/// # Panics
/// If the address is in use.
pub async fn receiver_at(address: SocketAddr, config: &MailboxConfig) -> Receiver {
    receiver_with(TcpListener::bind(address).await.expect("the address is free"), &BTreeMap::new(), config)
}

/// Starts a receiver that has an address book.
///
/// # Panics
/// If its mailboxes do not open.
#[must_use]
pub fn receiver_with(
    listener: impl Into<Listener>,
    book: &BTreeMap<i64, SocketAddr>,
    config: &MailboxConfig,
) -> Receiver {
    let listener = listener.into();
    let address = listener.local_addr().expect("it has an address");
    let links = Mailboxes::open(Some(listener), [1], book, config).expect("it opens");
    let (tell, told) = output(16);
    let mut node = Node::new();
    node.spawn(
        model::Receiver::new(1, &constants(), model::ReceiverParameters { net: links.clone(), told: tell })
            .expect("it starts"),
    );
    Receiver { links, told, node, address }
}

impl Receiver {
    /// Expects these numbers, in order.
    ///
    /// # Panics
    /// If others come, or none.
    pub async fn expect(&self, numbers: impl IntoIterator<Item = i64>) {
        for wanted in numbers {
            assert_eq!(timeout(LIMIT, self.told.receive()).await.expect("a message arrives"), wanted);
        }
    }

    /// Expects that nothing comes for a moment.
    ///
    /// # Panics
    /// If something does.
    pub async fn expect_nothing(&self) {
        sleep(Duration::from_millis(50)).await;
        assert_eq!(self.told.try_receive(), None);
    }
}

/// Starts a sender of these numbers.
///
/// # Panics
/// If its mailboxes do not open.
#[must_use]
pub fn sender(to: SocketAddr, first: i64, last: i64, config: &MailboxConfig) -> (Mailboxes<i64, i64>, Node) {
    let links = Mailboxes::open(None::<Listener>, [0], &BTreeMap::from([(1, to)]), config).expect("it opens");
    let mut node = Node::new();
    node.spawn(
        model::Sender::new(0, &constants(), model::SenderParameters { first, last, net: links.clone() })
            .expect("it starts"),
    );
    (links, node)
}

/// What a network does to what goes through it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// Nothing goes through, and nothing is said about that.
    pub partitioned: bool,
    /// How long everything takes.
    pub delay: Duration,
    /// The chance in a thousand that a piece of up to 64 bytes is lost, and the connection with it.
    pub loss: u64,
}

/// A network between two nodes. Dropping it ends all connections.
pub struct Network {
    pub address: SocketAddr,
    pub faults: Arc<Mutex<Faults>>,
    /// How many connections there have been.
    pub connections: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl Network {
    /// A network in front of an address.
    ///
    /// # Panics
    /// If no port is free.
    pub async fn before(to: SocketAddr, faults: Faults) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let faults = Arc::new(Mutex::new(faults));
        let mut tasks = JoinSet::new();
        let (shared, connections) = (faults.clone(), Arc::new(AtomicUsize::new(0)));
        let count = connections.clone();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            let mut seed = 1;
            while let Ok((inside, _)) = listener.accept().await {
                seed += 1;
                count.fetch_add(1, Ordering::Relaxed);
                connections.spawn(connect(inside, to, shared.clone(), seed));
            }
        });
        Self { address, faults, connections, _tasks: tasks }
    }
}

async fn connect(inside: TcpStream, to: SocketAddr, faults: Arc<Mutex<Faults>>, seed: u64) {
    healed(&faults).await;
    let Ok(outside) = TcpStream::connect(to).await else { return };
    // The network is as slow as its faults say, and does not hold small pieces back until others are acknowledged.
    for stream in [&inside, &outside] {
        let _ = stream.set_nodelay(true);
    }
    let ((from, back), (answers, forward)) = (inside.into_split(), outside.into_split());
    tokio::select! {
        () = carry(from, forward, &faults, seed * 2) => {}
        () = carry(answers, back, &faults, seed * 2 + 1) => {}
    }
}

async fn healed(faults: &Mutex<Faults>) {
    while faults.lock().partitioned {
        sleep(Duration::from_millis(1)).await;
    }
}

/// Carries bytes one way, until it loses some.
async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, faults: &Mutex<Faults>, mut random: u64) {
    let mut buffer = [0; 64];
    // What is on the way: a long way holds many pieces.
    let (sender, mut pieces) = tokio::sync::mpsc::channel::<(tokio::time::Instant, Vec<u8>)>(4096);
    let read = async move {
        while let Ok(count @ 1..) = from.read(&mut buffer).await {
            let at = tokio::time::Instant::now() + faults.lock().delay;
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let lost = (random >> 33) % 1000 < faults.lock().loss;
            if lost || sender.send((at, buffer[..count].to_vec())).await.is_err() {
                return;
            }
        }
    };
    let write = async move {
        while let Some((at, piece)) = pieces.recv().await {
            tokio::time::sleep_until(at).await;
            healed(faults).await;
            if to.write_all(&piece).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(read, write);
}
