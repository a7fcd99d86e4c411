//! Durable mailboxes: messages survive the deaths of both ends, and who cannot go on from where it was is refused.
//!
//! `DEATHS=400 SEED=7 cargo test -p mpcal-tests --test outbox` kills more often, in the order of a seed.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{channel, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use mpcal_runtime::host::Listener;
use mpcal_runtime::resource::{Delivery, MailboxConfig, Mailboxes};
use mpcal_runtime::wal::{Wal, WalConfig};
use mpcal_runtime::{conformance, Abort, Identity, MappingMacro, NodeConfig};
use mpcal_tests::pair::LIMIT;
use tokio::time::{sleep, timeout};

/// One of two processes that send each other the numbers from 1.
struct Process {
    child: Child,
    lines: Receiver<String>,
    /// How many numbers it is known to have.
    count: i64,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    /// What it has shown since it was asked last must be the next numbers, each once.
    fn hear(&mut self, wait: Duration) {
        let until = Instant::now() + wait;
        loop {
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.count += 1;
                    assert_eq!(line, self.count.to_string(), "a message is lost, doubled or out of order");
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
            }
        }
    }
}

struct Pair {
    directory: tempfile::TempDir,
    addresses: [SocketAddr; 2],
    seed: u64,
}

impl Pair {
    fn new(seed: u64) -> Self {
        // Free ports; nothing else is likely to take them before the processes do.
        let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a port is free"));
        let addresses = listeners.each_ref().map(|l| l.local_addr().expect("it has an address"));
        Self { directory: tempfile::tempdir().expect("a directory can be made"), addresses, seed }
    }

    fn random(&mut self, below: u64) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) % below
    }

    fn file(&self, id: usize) -> PathBuf {
        self.directory.path().join(format!("{id}.wal"))
    }

    /// Starts a process, which must have found all that was shown.
    fn start(&self, id: usize, last: i64, shown: i64) -> Process {
        let mut command = Command::new(env!("CARGO_BIN_EXE_courier"));
        command.arg(id.to_string()).arg(self.file(id)).arg(last.to_string());
        command.args(self.addresses.map(|a| a.to_string())).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the process starts");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut process = Process { child, lines, count: 0 };
        let first = process.lines.recv_timeout(LIMIT).unwrap_or_else(|e| panic!("node {id} does not start: {e}"));
        let found = first.strip_prefix("found ").expect("it says what it found");
        let found: Vec<i64> = found.split_whitespace().map(|n| n.parse().expect("it is a number")).collect();
        process.count = found.len() as i64;
        let is_right = found.iter().copied().eq(1..=process.count);
        assert!(is_right, "node {id}: a message is lost, doubled or out of order: {found:?}");
        assert!(process.count >= shown, "node {id}: {shown} messages were shown, {} are left", process.count);
        process
    }

    /// What a power failure leaves: the beginning of a record that nobody was told of.
    fn tear(&mut self, id: usize) {
        let path = self.file(id);
        let numbered = |n: u64| PathBuf::from(format!("{}.segment{n}", path.display()));
        let directory = fs::read_dir(self.directory.path()).expect("it is there");
        let count = directory.flatten().count() as u64 * 1000;
        let last = (0..count).rev().map(numbered).find(|p| p.exists()).unwrap_or_else(|| path.clone());
        let length = 1 + self.random(30) as usize;
        let mut file = fs::OpenOptions::new().append(true).open(last).expect("there is a log");
        file.write_all(&[7; 30][..length]).expect("it can be written");
    }
}

#[test]
fn messages_survive_the_deaths_of_both_ends() {
    let number = |name: &str, default| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(default);
    let (deaths, seed) = (number("DEATHS", 60), number("SEED", 42));
    println!("seed {seed}");
    let mut pair = Pair::new(seed);
    let mut last = 100;
    let mut processes = [0, 1].map(|id| Some(pair.start(id, last, 0)));
    let (mut both, mut torn) = (0, 0);
    for _ in 0..deaths {
        let pause = Duration::from_micros(pair.random(60_000));
        processes.iter_mut().flatten().for_each(|process| process.hear(pause / 2));
        // The next ones send more.
        last += pair.random(100) as i64;
        let which = pair.random(4) as usize;
        let dead = if which == 3 { vec![0, 1] } else { vec![which % 2] };
        both += usize::from(dead.len() == 2);
        let mut shown = [0; 2];
        for id in &dead {
            let mut process = processes[*id].take().expect("it runs");
            process.child.kill().expect("it can be killed");
            process.child.wait().expect("it dies");
            // What it showed up to its death counts.
            process.hear(Duration::from_millis(20));
            shown[*id] = process.count;
        }
        for id in dead {
            if pair.random(4) == 0 {
                pair.tear(id);
                torn += 1;
            }
            processes[id] = Some(pair.start(id, last, shown[id]));
        }
    }
    // Who was killed last sends up to `last`; once more both.
    for (id, process) in processes.iter_mut().enumerate() {
        let shown = process.take().map_or(0, |process| process.count);
        *process = Some(pair.start(id, last, shown));
    }
    let start = Instant::now();
    while processes.iter().flatten().any(|process| process.count < last) {
        assert!(start.elapsed() < LIMIT, "messages are lost: {:?}", processes.map(|p| p.map(|p| p.count)));
        processes.iter_mut().flatten().for_each(|process| process.hear(Duration::from_millis(20)));
    }
    processes.iter_mut().flatten().for_each(|process| process.hear(Duration::from_millis(100)));
    assert!(processes.iter().flatten().all(|process| process.count == last), "there are too many messages");
    println!(
        "seed {seed}: {deaths} deaths, {both} of both, {torn} torn ends; {last} messages each way, once and in order"
    );
}

fn config() -> MailboxConfig {
    MailboxConfig { reconnect_after: Duration::from_millis(1), ..MailboxConfig::default() }
}

type Links = Mailboxes<i64, i64>;

/// A node with a log.
struct Node {
    links: Links,
    wal: Wal,
}

impl Node {
    /// Node 1, which listens, or 0.
    fn open(file: &Path, id: i64, listener: Option<TcpListener>, book: &BTreeMap<i64, SocketAddr>) -> Self {
        let wal = Wal::open(file, &WalConfig { compact_at: 4096, ..WalConfig::default() }).expect("the log opens");
        let listener = listener.map(|listener| {
            listener.set_nonblocking(true).expect("it can be");
            tokio::net::TcpListener::from_std(listener).expect("it is one")
        });
        let links = Links::durable(listener, [id], book, &config(), &wal, "net").expect("they open");
        Self { links, wal }
    }

    async fn send(&mut self, to: i64, number: i64) {
        conformance::commit(|s| self.links.write(s, &to, number)).await.expect("it is sent");
    }

    async fn take(&mut self, at: i64) -> i64 {
        let taking = async {
            loop {
                match conformance::commit(|s| self.links.read(s, &at)).await {
                    Err(Abort::Retry) => sleep(Duration::from_millis(1)).await,
                    taken => return taken.expect("it is taken"),
                }
            }
        };
        timeout(LIMIT, taking).await.expect("a message comes")
    }

    /// Waits until all that was sent is acknowledged.
    async fn settle(&self) {
        timeout(LIMIT, self.links.flushed()).await.expect("everything is acknowledged");
    }

    /// Ends it, with all that it has on disk.
    async fn end(self) {
        self.wal.close().await.expect("all of it is on disk");
    }

    async fn expect_nothing(&mut self, at: i64) {
        sleep(Duration::from_millis(100)).await;
        let taken = conformance::commit(|s| self.links.read(s, &at)).await;
        assert!(matches!(taken, Err(Abort::Retry)), "{taken:?}");
    }
}

/// Where node 1 listens.
fn place() -> (TcpListener, BTreeMap<i64, SocketAddr>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let book = BTreeMap::from([(1, listener.local_addr().expect("it has an address"))]);
    (listener, book)
}

/// The sender is not there any more when its messages are taken: the next process with its log sends them.
#[tokio::test]
async fn a_log_has_what_was_not_acknowledged() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let [here, there] = ["here", "there"].map(|name| directory.path().join(name));
    let (listener, book) = place();
    let mut sender = Node::open(&here, 0, None, &book);
    // Nobody accepts the connection yet.
    for n in 1..=3 {
        sender.send(1, n).await;
        sender.send(0, -n).await;
    }
    assert_eq!(sender.take(0).await, -1);
    sender.end().await;
    let mut sender = Node::open(&here, 0, None, &book);
    let mut receiver = Node::open(&there, 1, Some(listener), &book);
    for n in 1..=3 {
        assert_eq!(receiver.take(1).await, n);
    }
    // What it had sent to itself and not taken is there, too.
    assert_eq!((sender.take(0).await, sender.take(0).await), (-2, -3));
    sender.send(1, 4).await;
    assert_eq!(receiver.take(1).await, 4);
    sender.settle().await;
}

/// Who runs with an old copy of a log would send other messages under the numbers of those it has sent.
#[tokio::test]
async fn an_old_incarnation_is_not_heard() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let [here, copy, there] = ["here", "copy", "there"].map(|name| directory.path().join(name));
    let (listener, book) = place();
    let mut receiver = Node::open(&there, 1, Some(listener), &book);
    let mut sender = Node::open(&here, 0, None, &book);
    sender.send(1, 1).await;
    assert_eq!(receiver.take(1).await, 1);
    sender.settle().await;
    sender.end().await;
    fs::copy(&here, &copy).expect("a log can be copied");
    // Both are second.
    let mut second = Node::open(&here, 0, None, &book);
    second.send(1, 2).await;
    assert_eq!(receiver.take(1).await, 2);
    second.settle().await;
    let mut copied = Node::open(&copy, 0, None, &book);
    copied.send(1, 100).await;
    receiver.expect_nothing(1).await;
    second.send(1, 3).await;
    assert_eq!(receiver.take(1).await, 3);
}

/// Both would promise what only one can keep.
#[tokio::test]
async fn who_is_not_durable_is_refused() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let (listener, book) = place();
    let mut receiver = Node::open(&directory.path().join("there"), 1, Some(listener), &book);
    let mut volatile = Links::open(None::<Listener>, [0], &book, &config()).expect("they open");
    conformance::commit(|s| volatile.write(s, &1, 1)).await.expect("it is sent");
    receiver.expect_nothing(1).await;
    let config = MailboxConfig { delivery: Delivery::Durable, ..config() };
    let error = Links::open(None::<Listener>, [0], &book, &config).err().expect("it has no log");
    assert!(error.to_string().contains("durable mailboxes need a log"), "{error}");
}

/// The file of a node says it, and a program that has no log for it is told.
#[tokio::test]
async fn a_configuration_asks_for_durable_mailboxes() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let text = "local = [0]\nlog = \"0.wal\"\n[[mailbox]]\nindex = 0\naddress = \"127.0.0.1:0\"\n[mailboxes]\n";
    let parse = |text: &str| NodeConfig::<i64>::parse(text, directory.path().join("node.toml")).expect("it is right");
    let (volatile, durable) = (parse(text), parse(&format!("{text}delivery = \"durable\"\n")));
    let wal = durable.open_log(&WalConfig::default()).expect("the log opens");
    let error = durable.open::<i64>(Identity::default()).await.err().expect("it has no log").to_string();
    assert!(error.contains("durable mailboxes need a log"), "{error}");
    let error = volatile.durable::<i64>(Identity::default(), &wal).await.err().expect("it is volatile").to_string();
    assert!(error.contains("add `delivery = \"durable\"`"), "{error}");
    let links = durable.durable::<i64>(Identity::default(), &wal).await.expect("they open");
    let mut node = Node { links, wal };
    node.send(0, 7).await;
    node.end().await;
    let wal = durable.open_log(&WalConfig::default()).expect("the log opens again");
    let links = durable.durable::<i64>(Identity::default(), &wal).await.expect("they open again");
    assert_eq!(Node { links, wal }.take(0).await, 7);
}

/// What was acknowledged is not kept, however much it was.
#[tokio::test]
async fn a_log_does_not_grow_with_what_was_sent() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let [here, there] = ["here", "there"].map(|name| directory.path().join(name));
    let (listener, book) = place();
    let mut receiver = Node::open(&there, 1, Some(listener), &book);
    let mut sender = Node::open(&here, 0, None, &book);
    for batch in 0..50 {
        for n in 1..=100 {
            sender.send(1, 100 * batch + n).await;
        }
        for n in 1..=100 {
            assert_eq!(receiver.take(1).await, 100 * batch + n);
        }
    }
    sender.settle().await;
    let files = fs::read_dir(directory.path()).expect("it is there").flatten();
    let size: u64 = files.map(|file| file.metadata().expect("it has a size").len()).sum();
    // 5000 records of each would be half a megabyte.
    assert!(size < 100 << 10, "{size} bytes are left of what was taken");
}
