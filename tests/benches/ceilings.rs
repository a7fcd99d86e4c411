//! What a store that is made of archetypes runs into: sections that read many variables, and puts into a durable log over
//! TCP, beside what the disk and the loopback interface take for one, with the context switches and system calls of a put,
//! client included (the latter where `strace` is installed).
//!
//! `cargo bench -p mpcal-tests --bench ceilings`; with `-- cells`, `-- puts` or `-- calls`, part of it.

#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mpcal_runtime::resource::{DurableLog, MailboxConfig, Mailboxes, Shared};
use mpcal_runtime::value::Str;
use mpcal_runtime::wal::{Wal, WalConfig};
use mpcal_runtime::{Archetype, Driver, MappingMacro, Node, Progress};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

#[path = "../../mpcal-runtime/tests/by_hand/mod.rs"]
mod by_hand;
use by_hand::archetype;

const TIME: Duration = Duration::from_millis(1500);

/// How many bytes a put has.
const BYTES: usize = 256;

/// How many puts are made for system calls to be counted.
const COUNTED: u64 = 3_000;

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime starts")
}

/// Nanoseconds for each variable of a section that reads so many, and looks after each whether they fit together.
fn cells(count: usize) -> f64 {
    let mut cells: Vec<Shared<i64>> = (0..count).map(|_| Shared::new(0)).collect();
    let reader = archetype(move |section| {
        for cell in &mut cells {
            cell.read(section, &())?;
            section.check_consistent()?;
        }
        Ok(false)
    });
    let mut driver = Driver::new(reader);
    let runtime = Builder::new_current_thread().build().expect("a runtime starts");
    let sections = runtime.block_on(sections(&mut driver));
    TIME.as_secs_f64() * 1e9 / (sections * count as u64) as f64
}

async fn sections<A: Archetype>(driver: &mut Driver<A>) -> u64 {
    let (start, mut count) = (Instant::now(), 0);
    while start.elapsed() < TIME {
        assert_eq!(driver.step().await.expect("no step fails"), Progress::Committed);
        count += 1;
    }
    count
}

/// Microseconds that the disk takes to append a put to a file of zeros and to flush it.
fn disk() -> f64 {
    let mut file = tempfile::tempfile().expect("a file can be made");
    let (size, count) = (BYTES as u64 + 50, 2_000);
    file.write_all(&vec![0; (size * count) as usize]).expect("it can be written");
    file.sync_all().expect("it can be flushed");
    let start = Instant::now();
    for n in 0..count {
        file.write_all_at(&vec![1; size as usize], n * size).expect("it can be written");
        File::sync_data(&file).expect("it can be flushed");
    }
    micros(start.elapsed(), count)
}

/// Microseconds of a round trip over the loopback interface.
async fn loopback() -> f64 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let mut client = TcpStream::connect(listener.local_addr().expect("it has one")).await.expect("it connects");
    let (mut server, _) = listener.accept().await.expect("it connects");
    client.set_nodelay(true).and_then(|()| server.set_nodelay(true)).expect("they are sockets");
    tokio::spawn(async move {
        let mut bytes = [0; BYTES];
        while server.read_exact(&mut bytes).await.is_ok() && server.write_all(&bytes).await.is_ok() {}
    });
    let (start, count) = (Instant::now(), 20_000);
    let mut bytes = [0; BYTES];
    for _ in 0..count {
        client.write_all(&bytes).await.expect("it is read");
        client.read_exact(&mut bytes).await.expect("it is answered");
    }
    micros(start.elapsed(), count)
}

fn micros(time: Duration, count: u64) -> f64 {
    time.as_secs_f64() * 1e6 / count as f64
}

/// A server that keeps what it is sent in a durable log and answers, and a client with so many puts under way.
struct Puts {
    _nodes: (Node, Node),
    _directory: tempfile::TempDir,
    answered: Arc<AtomicU64>,
}

impl Puts {
    async fn start(outstanding: u64) -> Self {
        let directory = tempfile::tempdir().expect("a directory can be made");
        let config = WalConfig { compact_at: 4 << 30, ..WalConfig::default() };
        let wal = Wal::open(directory.path().join("wal"), &config).expect("the log opens");
        let mut log = DurableLog::<Str>::new(&wal, "log").expect("it is new");
        let (mut addresses, mut listeners) = (BTreeMap::new(), Vec::new());
        for end in 0..2 {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
            addresses.insert(end, listener.local_addr().expect("it has an address"));
            listeners.push(listener);
        }
        let config = MailboxConfig::default();
        let mut ends = (0..).zip(listeners).map(|(end, listener)| {
            Mailboxes::<i64, Str>::open(Some(listener), [end], &addresses, &config).expect("it opens")
        });
        let (mut client, mut server) = (ends.next().expect("there are two"), ends.next().expect("there are two"));
        let mut nodes = (Node::new(), Node::new());
        nodes.0.spawn(archetype(move |section| {
            let put = server.read(section, &1)?;
            let mut all = log.read(section, &())?;
            all.push(put.clone());
            log.write(section, &(), all)?;
            server.write(section, &0, put)?;
            Ok(false)
        }));
        let (put, answered) = (Str::from("x".repeat(BYTES)), Arc::new(AtomicU64::new(0)));
        let counter = answered.clone();
        let (mut sent, mut received) = (0, 0);
        // Fills the window, and then puts once for each answer.
        nodes.1.spawn(archetype(move |section| {
            if sent - received < outstanding {
                client.write(section, &1, put.clone())?;
                sent += 1;
            } else {
                client.read(section, &0)?;
                received += 1;
                counter.store(received, Ordering::Relaxed);
            }
            Ok(false)
        }));
        Self { _nodes: nodes, _directory: directory, answered }
    }

    fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    async fn until(&self, answered: u64) {
        while self.answered() < answered {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Context switches of all threads of this process so far.
fn switches() -> u64 {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let texts = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("status")).ok());
    let count = |text: String| {
        let lines = text.lines().filter(|line| line.contains("ctxt_switches")).map(str::to_owned);
        lines.filter_map(|line| line.rsplit('\t').next()?.parse::<u64>().ok()).sum::<u64>()
    };
    texts.map(count).sum()
}

/// Puts a second with so many under way, and context switches of each.
async fn puts(outstanding: u64) -> (f64, f64) {
    let puts = Puts::start(outstanding).await;
    puts.until(1_000).await;
    let (start, before, switched) = (Instant::now(), puts.answered(), switches());
    tokio::time::sleep(TIME).await;
    let count = (puts.answered() - before) as f64;
    (count / start.elapsed().as_secs_f64(), (switches() - switched) as f64 / count)
}

/// System calls of the puts that this program makes when it is told to, one behind the other.
fn counted() -> Option<(f64, String)> {
    let me = std::env::current_exe().expect("it runs");
    let summary = tempfile::NamedTempFile::new().expect("a file can be made");
    let mut traced = Command::new("strace");
    traced.args(["-f", "-c", "-S", "calls", "-U", "calls,name", "-o"]).arg(summary.path());
    let ended = traced.arg(me).arg("counted").stdout(Stdio::null()).status().ok()?;
    assert!(ended.success(), "{ended}");
    let text = std::fs::read_to_string(summary.path()).expect("strace has written it");
    let calls = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?.parse::<u64>().ok()? as f64 / COUNTED as f64, words.next()?))
    });
    let mut calls: Vec<_> = calls.filter(|(count, name)| *name != "total" && *count >= 0.05).collect();
    calls.sort_by(|a, b| b.0.total_cmp(&a.0));
    let names: Vec<_> = calls.iter().map(|(count, name)| format!("{count:.1} {name}")).collect();
    Some((calls.iter().map(|(count, _)| count).sum(), names.join(", ")))
}

fn main() {
    // `cargo bench` gives an option of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    if arguments == ["counted"] {
        runtime().block_on(async { Puts::start(1).await.until(COUNTED).await });
        return;
    }
    let runs = [("cells", all_cells as fn()), ("puts", all_puts), ("calls", calls)];
    let chosen = |name| arguments.is_empty() || arguments.iter().any(|a| a == name);
    runs.into_iter().filter(|(name, _)| chosen(*name)).for_each(|(_, run)| run());
}

fn all_cells() {
    for count in [10, 100, 1_000] {
        println!("a section that reads {count:5} variables: {:6.0} ns for each", cells(count));
    }
}

fn all_puts() {
    for _ in 0..3 {
        let (disk, loopback) = (disk(), runtime().block_on(loopback()));
        println!("append and flush {disk:.0} µs, round trip {loopback:.0} µs, together {:.0} µs", disk + loopback);
        for outstanding in [1, 16, 256] {
            let (rate, switches) = runtime().block_on(puts(outstanding));
            print!(
                "durable puts, {outstanding:3} under way: {rate:7.0} a second, {switches:4.1} context switches each"
            );
            if outstanding == 1 {
                print!(", {:.0} µs: {:.2} times", 1e6 / rate, 1e6 / rate / (disk + loopback));
            }
            println!();
        }
    }
}

fn calls() {
    match counted() {
        Some((calls, names)) => println!("a put, client included: {calls:.1} system calls ({names})"),
        None => println!("strace is not installed: system calls are not counted"),
    }
}
