//! What the log of a node costs where state is large: the longest wait of a section while the log is compacted, opening it,
//! changing one entry of a function, dropping the front of a sequence, and large sections on two threads.
//!
//! `cargo bench -p mpcal-tests --bench wal`, in the directory for temporary files; with `-- sections` and the like, part of it.

#![allow(missing_docs)]

use std::io;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mpcal_runtime::conformance::commit;
use mpcal_runtime::resource::{output, Durable, DurableLog};
use mpcal_runtime::value::{Function, Seq, Str};
use mpcal_runtime::wal::{Storage, Wal, WalConfig};
use mpcal_runtime::MappingMacro;
use tokio::runtime::{Builder, Runtime};

const TIME: Duration = Duration::from_millis(1500);

fn runtime(threads: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(threads).enable_all().build().expect("a runtime starts")
}

fn text(n: i64) -> Str {
    Str::from(format!("{n:0>100}"))
}

/// A disk that takes nothing but time, and how much it was given.
struct Nowhere(Arc<AtomicU64>);

impl Storage for Nowhere {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(())
    }
    fn flush(&mut self) -> io::Result<()> {
        std::thread::sleep(Duration::from_millis(1));
        Ok(())
    }
}

/// Milliseconds: the longest and the median answer to small sections beside a sequence of so many items, over a time in
/// which the log is compacted again and again, or never.
async fn stalls(items: i64, compact_at: u64) -> (f64, f64) {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let config = WalConfig { compact_at, ..WalConfig::default() };
    let wal = Wal::open(directory.path().join("wal"), &config).expect("the log opens");
    let mut log = DurableLog::new(&wal, "log").expect("it is new");
    let mut noise = Durable::new(&wal, "noise", Str::from("")).expect("it is new");
    let (mut out, answers) = output(1);
    let all: Seq<Str> = (0..items).map(text).collect();
    commit(|s| log.write(s, &(), all.clone())).await.expect("it commits");
    drop(all);
    let large = Str::from("x".repeat(256 << 10));
    let (mut start, mut is_first, mut took) = (Instant::now(), true, Vec::new());
    while start.elapsed() < 6 * TIME {
        let asked = Instant::now();
        let put = commit(|s| {
            noise.write(s, &(), large.clone())?;
            out.write(s, &(), 0)
        });
        put.await.expect("it commits");
        answers.receive().await;
        // The first waits for the sequence to be written.
        if std::mem::replace(&mut is_first, false) {
            start = Instant::now();
        } else {
            took.push(asked.elapsed().as_secs_f64() * 1e3);
        }
    }
    took.sort_by(f64::total_cmp);
    (took[took.len() - 1], took[took.len() / 2])
}

/// Opens a log in a process of its own, and says how long that takes, and its memory.
fn opening(path: &Path) {
    let start = Instant::now();
    let wal = Wal::open(path, &WalConfig::default()).expect("the log opens");
    let read = start.elapsed();
    let log = DurableLog::<Str>::new(&wal, "log").expect("it is there");
    let (all, length) = (start.elapsed(), log.load().len());
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let memory = |what: &str| status.lines().find(|l| l.starts_with(what)).unwrap_or_default().to_owned();
    let spent = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let spent = spent.split(' ').next().and_then(|n| n.parse().ok()).map_or(0.0, |n: f64| n / 1e9);
    println!(
        "  {length} items: {read:.2?}, with the resource {all:.2?}, of which {spent:.2} s on a processor; {} {}",
        memory("VmHWM"),
        memory("VmRSS")
    );
    std::process::exit(0);
}

/// A log of so many items, each of a section of its own, or all of one.
async fn long_log(path: &Path, items: i64, at_once: bool) {
    let config = WalConfig { compact_at: u64::MAX, ..WalConfig::default() };
    let wal = Wal::open(path, &config).expect("the log opens");
    let mut log = DurableLog::new(&wal, "log").expect("it is new");
    if at_once {
        commit(|s| log.write(s, &(), (0..items).map(text).collect())).await.expect("it commits");
    } else {
        for n in 0..items {
            let push = commit(|s| {
                let mut all = log.read(s, &())?;
                all.push(text(n));
                log.write(s, &(), all)
            });
            push.await.expect("it commits");
        }
    }
    drop(log);
    wal.close().await.expect("it is flushed");
}

/// Sections a second, and bytes of each, that change one entry of a function of so many, without waiting for a disk.
async fn puts(entries: i64) -> (f64, f64) {
    let written = Arc::new(AtomicU64::new(0));
    let wal = Wal::on(Nowhere(written.clone()));
    let all: Function<Str, i64> = (0..entries).map(|n| (text(n), n)).collect();
    let mut map = Durable::new(&wal, "map", all).expect("it is new");
    let mut count = 0;
    let mut put = async || {
        let key = text(count % entries);
        let put = commit(|s| {
            let mut all = map.read(s, &())?;
            *all.at_mut(&key)? = count;
            map.write(s, &(), all)
        });
        put.await.expect("it commits");
        count += 1;
    };
    put().await;
    std::thread::sleep(Duration::from_millis(100));
    written.store(0, Ordering::Relaxed);
    let start = Instant::now();
    while start.elapsed() < TIME {
        put().await;
    }
    let seconds = start.elapsed().as_secs_f64();
    (count as f64 / seconds, written.load(Ordering::Relaxed) as f64 / count as f64)
}

/// Microseconds for a section that takes the first item from a durable sequence of so many, and bytes of it.
async fn tails(items: i64) -> (f64, f64) {
    let written = Arc::new(AtomicU64::new(0));
    let wal = Wal::on(Nowhere(written.clone()));
    let mut log = DurableLog::new(&wal, "log").expect("it is new");
    commit(|s| log.write(s, &(), (0..items).map(text).collect())).await.expect("it commits");
    std::thread::sleep(Duration::from_millis(100));
    written.store(0, Ordering::Relaxed);
    let (start, mut count) = (Instant::now(), 0);
    while count < items / 2 && start.elapsed() < TIME {
        let tail = commit(|s| {
            let mut all = log.read(s, &())?;
            all.pop_front();
            log.write(s, &(), all)
        });
        tail.await.expect("it commits");
        count += 1;
    }
    let took = start.elapsed().as_secs_f64() * 1e6 / count as f64;
    (took, written.load(Ordering::Relaxed) as f64 / count as f64)
}

/// Microseconds that all threads of this process have spent on a processor.
fn spent() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.rsplit(") ").next().into_iter().flat_map(|s| s.split(' ').skip(11).take(2));
    ticks.filter_map(|n| n.parse::<f64>().ok()).sum::<f64>() * 1e4
}

/// Sections a second on so many threads, each of which writes a sequence of a hundred texts, 4 KiB together; and
/// microseconds on a processor for each, with what the log's thread does.
fn large_sections(threads: usize) -> (f64, f64) {
    let runtime = runtime(threads);
    let before = spent();
    let wal = Wal::on(Nowhere(Arc::default()));
    let start = Instant::now();
    let tasks: Vec<_> = (0..threads)
        .map(|n| {
            let wal = wal.clone();
            runtime.spawn(async move {
                let values: [Seq<Str>; 2] =
                    [1, 2].map(|v| (0..100).map(|n| Str::from(format!("{:0>40}", n * v))).collect());
                let mut value = Durable::new(&wal, &format!("value{n}"), (0, Seq::new())).expect("it is new");
                let mut count = 0;
                while start.elapsed() < TIME {
                    let items = values[count as usize % 2].clone();
                    commit(|s| value.write(s, &(), (count, items.clone()))).await.expect("it commits");
                    count += 1;
                }
                count
            })
        })
        .collect();
    let counts = runtime.block_on(async {
        let mut all = 0;
        for task in tasks {
            all += task.await.expect("it ends");
        }
        all
    });
    (counts as f64 / start.elapsed().as_secs_f64(), (spent() - before) / counts as f64)
}

fn main() {
    // `cargo bench` gives an option of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    if let [open, path] = &arguments[..] {
        if open == "open" {
            opening(Path::new(path));
        }
    }
    let runs = [("functions", functions as fn()), ("sequences", sequences), ("sections", sections)];
    let runs = runs.into_iter().chain([("opening", open as fn()), ("compaction", compaction)]);
    runs.filter(|(name, _)| arguments.is_empty() || arguments.iter().any(|a| a == name)).for_each(|(_, run)| run());
}

fn functions() {
    for entries in [100, 10_000, 100_000] {
        let (rate, bytes) = runtime(1).block_on(puts(entries));
        println!("one entry of a durable function of {entries:7}: {rate:9.0} sections/s, {bytes:9.0} bytes each");
    }
}

fn sequences() {
    for items in [1_000, 100_000] {
        let (took, bytes) = runtime(1).block_on(tails(items));
        println!("the front of a durable sequence of {items:7}: {took:9.1} µs, {bytes:9.0} bytes each");
    }
}

fn sections() {
    for _ in 0..3 {
        let (one, two) = (large_sections(1), large_sections(2));
        println!("sections of 4 KiB: {:.0}/s on one thread, {:.0}/s on two: {:.2} times", one.0, two.0, two.0 / one.0);
        println!("  µs on a processor for each: {:.1} on one, {:.1} on two", one.1, two.1);
    }
}

fn open() {
    let me = std::env::current_exe().expect("it runs");
    for at_once in [true, false] {
        let how = if at_once { "one section" } else { "a section each" };
        println!("opening a log of 3 million items of 100 bytes, {how}");
        let directory = tempfile::tempdir().expect("a directory can be made");
        let path = directory.path().join("wal");
        runtime(1).block_on(long_log(&path, 3_000_000, at_once));
        for _ in 0..2 {
            Command::new(&me).arg("open").arg(&path).status().expect("it runs");
        }
    }
}

fn compaction() {
    for compact_at in [u64::MAX, 16 << 20] {
        let (longest, median) = runtime(1).block_on(stalls(1_000_000, compact_at));
        let what = if compact_at == u64::MAX { "not compacted" } else { "compacted" };
        println!("answers beside 100 MB of state, {what}: {longest:.1} ms at most, {median:.1} ms in the middle");
    }
}
