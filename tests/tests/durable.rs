//! Durability: what was answered is there after a crash, all of a section or nothing of it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mpcal_runtime::host::Listener;
use mpcal_runtime::resource::{Durable, MailboxConfig, Mailboxes};
use mpcal_runtime::value::{Seq, Str};
use mpcal_runtime::wal::{Part, Storage, Wal, WalConfig};
use mpcal_runtime::{conformance, MappingMacro, Node};
use mpcal_tests::generate::Numbers;
use mpcal_tests::ledger::Ledger;
use mpcal_tests::pair;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

const SOON: Duration = Duration::from_secs(10);

/// A moment in which something that must not happen would.
const MOMENT: Duration = Duration::from_millis(100);

fn open(path: &Path) -> io::Result<Wal> {
    Wal::open(path, &WalConfig::default())
}

/// What a log holds; both resources must be of the same section.
fn found(path: &Path) -> io::Result<(i64, Vec<i64>)> {
    let wal = open(path)?;
    let ledger = Ledger::start(&wal, "a")?;
    Ok((ledger.total.load(), ledger.log.load().iter().copied().collect()))
}

/// Ends a ledger and its log.
async fn close(mut ledger: Ledger, wal: Wal) {
    ledger.node.stop_handle().stop();
    ledger.node.join().await.expect("it has not failed");
    wal.close().await.expect("everything is flushed");
}

/// Sends amounts one by one, each when the one before was answered.
async fn keep(ledger: &Ledger, amounts: impl IntoIterator<Item = i64>) {
    for amount in amounts {
        ledger.requests.send(amount).await;
        timeout(SOON, ledger.answers.receive()).await.expect("an answer comes");
    }
}

#[tokio::test]
async fn what_was_answered_is_there_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("wal");
    for round in 0..3 {
        let wal = open(&path).unwrap();
        let ledger = Ledger::start(&wal, "a").unwrap();
        assert_eq!(ledger.total.load(), 55 * round);
        assert_eq!(ledger.log.load().len(), 10 * round as usize);
        assert!(wal.unclaimed().is_empty());
        keep(&ledger, 1..=10).await;
        close(ledger, wal).await;
    }
    assert_eq!(found(&path).unwrap().0, 165);
}

#[tokio::test]
async fn two_processes_do_not_share_a_log() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("wal");
    let _first = open(&path).unwrap();
    assert_eq!(open(&path).unwrap_err().kind(), io::ErrorKind::WouldBlock);
}

/// However many hold it, the last one that lets go of a log closes it.
#[test]
fn a_dropped_log_gives_its_file_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("wal");
    for _ in 0..100 {
        let start = std::time::Instant::now();
        let wal = loop {
            match open(&path) {
                Ok(wal) => break wal,
                Err(error) => assert!(start.elapsed() < SOON, "{error}"),
            }
        };
        std::thread::scope(|threads| {
            for clone in [wal.clone(), wal.clone(), wal] {
                threads.spawn(move || drop(clone));
            }
        });
    }
}

/// A log of ten sections, each flushed on its own, as bytes.
async fn ten_sections(directory: &Path) -> Vec<u8> {
    let path = directory.join("whole");
    let wal = open(&path).unwrap();
    let ledger = Ledger::start(&wal, "a").unwrap();
    keep(&ledger, 1..=10).await;
    close(ledger, wal).await;
    fs::read(&path).unwrap()
}

/// The bytes before the first record, and of a record without entries.
const HEADER: usize = 64;
const NOTE: usize = 32;

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

fn is_prefix(total: i64, items: &[i64]) -> bool {
    items.iter().copied().eq(1..=items.len() as i64) && items.iter().sum::<i64>() == total
}

#[tokio::test]
async fn a_log_may_end_at_any_byte() {
    let directory = tempfile::tempdir().unwrap();
    let whole = ten_sections(directory.path()).await;
    let mut most = 0;
    for length in HEADER..=whole.len() {
        let path = directory.path().join(format!("cut{length}"));
        fs::write(&path, &whole[..length]).unwrap();
        let (total, items) = found(&path).unwrap_or_else(|e| panic!("{length}: {e}"));
        assert!(is_prefix(total, &items) && items.len() >= most, "{length}: {total} of {items:?}");
        most = items.len();
    }
    assert_eq!(most, 10);
    fs::write(directory.path().join("short"), &whole[..HEADER - 1]).unwrap();
    assert_eq!(found(&directory.path().join("short")).unwrap_err().kind(), io::ErrorKind::InvalidData);
}

#[tokio::test]
async fn no_flipped_bit_is_believed() {
    let directory = tempfile::tempdir().unwrap();
    let whole = ten_sections(directory.path()).await;
    // After a loss of power what says that the last record was flushed may be missing.
    // Zeros are written ahead.
    for (end, ahead) in [(whole.len(), 0), (whole.len() - NOTE, 0), (whole.len() - NOTE, 4096)] {
        for at in 0..end {
            let mut bytes = whole[..end].to_vec();
            bytes.resize(end + ahead, 0);
            bytes[at] ^= 1 << (at % 8);
            let path = directory.path().join(format!("flip{at}"));
            fs::write(&path, &bytes).unwrap();
            let error = found(&path).expect_err("it is damaged");
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{at}: {error}");
        }
    }
}

/// A log with a first value that is flushed, and then a second one, as bytes, and where the second record starts.
async fn two_values(path: &Path, second: &str) -> (Vec<u8>, usize) {
    let wal = open(path).unwrap();
    let mut value = Durable::new(&wal, "value", Str::from("")).unwrap();
    conformance::commit(|s| value.write(s, &(), Str::from("first"))).await.unwrap();
    let written = async {
        while wal.flushed() < 1 {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(SOON, written).await.unwrap();
    sleep(MOMENT).await;
    // Zeros are written ahead.
    let start = fs::read(path).unwrap().iter().rposition(|b| *b != 0).unwrap().next_multiple_of(8);
    conformance::commit(|s| value.write(s, &(), Str::from(second))).await.unwrap();
    drop(value);
    wal.close().await.unwrap();
    (fs::read(path).unwrap(), start)
}

fn value_in(path: &Path) -> io::Result<Str> {
    Ok(Durable::new(&open(path)?, "value", Str::from("")).unwrap().load())
}

/// What a loss of power leaves of a record that was not flushed: some of its sectors.
#[tokio::test]
async fn a_record_may_lack_any_of_its_sectors() {
    let directory = tempfile::tempdir().unwrap();
    let (whole, start) = two_values(&directory.path().join("whole"), &"x".repeat(4000)).await;
    let end = whole.len() - NOTE;
    let bounds: Vec<usize> = (start..end).filter(|at| *at == start || at % SECTOR == 0).chain([end]).collect();
    for lost in 1..1usize << (bounds.len() - 1).min(8) {
        let mut bytes = whole[..end].to_vec();
        for (_, sector) in bounds.windows(2).enumerate().filter(|(n, _)| lost & (1 << n) != 0) {
            bytes[sector[0]..sector[1]].fill(0);
        }
        let path = directory.path().join(format!("lost{lost}"));
        fs::write(&path, &bytes).unwrap();
        let found = value_in(&path).unwrap_or_else(|e| panic!("{lost:b}: {e}"));
        assert_eq!(&*found, "first", "{lost:b}");
    }
}

/// A client chooses the text, but not so that it looks like a record behind a torn one.
#[tokio::test]
async fn a_value_that_looks_like_a_record_is_a_value() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("wal");
    // A record of this format in all but the nonce, in UTF-8: the search is for checksums without a high bit.
    let forged = (0..1_000_000).find_map(|n| {
        let sum = |bytes: &[u8]| crc32fast::hash(&[&[0; 8], bytes].concat()).to_le_bytes();
        let body = format!("{n:08}");
        let mut record = [8u64, 0x7f00_0000_0000_0000, 0x7e00_0000_0000_0000].map(u64::to_le_bytes).concat();
        record.extend(sum(body.as_bytes()));
        record.extend(sum(&record));
        record.extend(body.as_bytes());
        record.is_ascii().then(|| String::from_utf8(record).expect("it is ASCII"))
    });
    let forged = forged.expect("there is one");
    // One of them is where a record may be.
    let text: String = (0..8).map(|n| "x".repeat(n) + &forged).chain(["tail".to_owned()]).collect();
    let (bytes, _) = two_values(&path, &text).await;
    let at = bytes.windows(4).rposition(|w| w == b"tail").unwrap();
    fs::write(&path, &bytes[..at + 3]).unwrap();
    assert_eq!(&*value_in(&path).expect("it is torn, not damaged"), "first");
}

/// However much is behind a record that is not whole, it is looked at once.
#[tokio::test]
async fn a_long_torn_end_is_read_in_linear_time() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("wal");
    let (bytes, start) = two_values(&path, "second").await;
    // Heads that announce all that is behind them, as they were before the first sector was lost.
    let mut torn = bytes[..start].to_vec();
    torn.resize(start.next_multiple_of(SECTOR) + SECTOR, 0);
    let announce = (1u64 << 24).to_le_bytes();
    torn.extend(announce.iter().chain(&[0xff; 24]).copied().cycle().take(32 << 20));
    fs::write(&path, &torn).unwrap();
    let begun = std::time::Instant::now();
    assert_eq!(&*value_in(&path).expect("it is torn"), "first");
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}

/// Sections that write wait while the disk does not keep up, before they commit.
#[tokio::test]
async fn what_waits_for_the_disk_is_bounded() {
    let storage = Faulty::default();
    storage.held.store(true, Ordering::Release);
    let wal = Wal::on(storage.clone());
    let most = WalConfig::default().max_waiting;
    let committed = Arc::new(AtomicUsize::new(0));
    let (log, count) = (wal.clone(), committed.clone());
    let writer = tokio::spawn(async move {
        let mut value = Durable::new(&log, "value", Str::from("")).unwrap();
        for _ in 0..150 {
            let text = Str::from("x".repeat(1 << 20));
            conformance::commit(|s| value.write(s, &(), text.clone())).await.unwrap();
            count.fetch_add(1, Ordering::AcqRel);
            tokio::task::yield_now().await;
        }
    });
    let full = async {
        while wal.waiting() < most {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(SOON, full).await.expect("it fills up");
    sleep(MOMENT).await;
    let before = committed.load(Ordering::Acquire);
    sleep(MOMENT).await;
    assert_eq!(committed.load(Ordering::Acquire), before, "nothing commits while the log is full");
    assert!(wal.waiting() < most + (2 << 20), "{}", wal.waiting());
    storage.held.store(false, Ordering::Release);
    timeout(SOON, writer).await.expect("it goes on").unwrap();
    assert_eq!(committed.load(Ordering::Acquire), 150);
}

#[tokio::test]
async fn a_schema_is_migrated_or_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("wal");
    let wal = open(&path).unwrap();
    let ledger = Ledger::start(&wal, "a").unwrap();
    keep(&ledger, [5]).await;
    close(ledger, wal).await;
    let newer = WalConfig { schema: 1, ..WalConfig::default() };
    assert!(Wal::open(&path, &newer).unwrap_err().to_string().contains("there is no migration"));
    let migrate = |name: &str, from: u32, part: Part, bytes: &[u8]| {
        assert_eq!((from, part), (0, if name == "a.log" { Part::Item } else { Part::Value }));
        Ok(bytes.to_vec())
    };
    let wal = Wal::open(&path, &WalConfig { schema: 1, migrate: Some(migrate), ..WalConfig::default() }).unwrap();
    let ledger = Ledger::start(&wal, "a").unwrap();
    assert_eq!(ledger.total.load(), 5);
    close(ledger, wal).await;
    // What no resource has claimed is kept, and said.
    let wal = Wal::open(&path, &newer).unwrap();
    assert_eq!(wal.unclaimed(), ["a.log", "a.total"]);
}

/// A storage that a test holds up, or lets fail.
#[derive(Clone, Default)]
struct Faulty {
    bytes: Arc<Mutex<Vec<u8>>>,
    held: Arc<AtomicBool>,
    flushes: Arc<AtomicUsize>,
    /// Bytes after which the disk is full; what fits is written.
    room: Option<usize>,
    /// The flush that fails.
    fails_at: Option<usize>,
}

impl Storage for Faulty {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut all = self.bytes.lock().unwrap();
        let room = self.room.map_or(bytes.len(), |r| r.saturating_sub(all.len()));
        all.extend(&bytes[..bytes.len().min(room)]);
        if bytes.len() > room {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        while self.held.load(Ordering::Acquire) {
            std::thread::sleep(Duration::from_millis(1));
        }
        let flush = self.flushes.fetch_add(1, Ordering::AcqRel);
        if self.fails_at == Some(flush) {
            return Err(io::Error::other("the disk does not answer"));
        }
        Ok(())
    }
}

/// Waits until the sections of a ledger have committed in memory.
async fn adds_up_to(ledger: &Ledger, total: i64) {
    let committed = async {
        while ledger.total.load() != total {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(SOON, committed).await.expect("the sections commit in memory");
}

/// An answer waits for the flush, and so does the answer of one who only saw the sum.
#[tokio::test]
async fn nothing_leaves_before_what_it_depends_on_is_on_disk() {
    let storage = Faulty::default();
    storage.held.store(true, Ordering::Release);
    let ledger = Ledger::start(&Wal::on(storage.clone()), "a").unwrap();
    ledger.requests.send(7).await;
    adds_up_to(&ledger, 7).await;
    sleep(MOMENT).await;
    assert_eq!((ledger.answers.try_receive(), ledger.watched.try_receive()), (None, None));
    assert!(timeout(MOMENT, ledger.answers.receive()).await.is_err());
    storage.held.store(false, Ordering::Release);
    assert_eq!(timeout(SOON, ledger.answers.receive()).await, Ok(7));
    assert_eq!(timeout(SOON, ledger.watched.receive()).await, Ok(7));
}

/// A message is acknowledged when what came of it is on disk, so a receiver that dies before gets it again.
#[tokio::test]
async fn nothing_is_acknowledged_before_what_came_of_it_is_on_disk() {
    let (storage, config) = (Faulty::default(), MailboxConfig::default());
    let wal = Wal::on(storage.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addresses = BTreeMap::from([(1, listener.local_addr().unwrap())]);
    let mut receiver: Mailboxes<i64, i64> = Mailboxes::open(Some(listener), [1], &addresses, &config).unwrap();
    let mut sender: Mailboxes<i64, i64> = Mailboxes::open(None::<Listener>, [0], &addresses, &config).unwrap();
    let mut total = Durable::new(&wal, "total", 0).unwrap();
    for held in [true, false] {
        storage.held.store(held, Ordering::Release);
        conformance::commit(|s| sender.write(s, &1, 5)).await.unwrap();
        let taken = async {
            loop {
                let taken = conformance::commit(|s| {
                    let amount = receiver.read(s, &1)?;
                    let before = total.read(s, &())?;
                    total.write(s, &(), before + amount)
                });
                match taken.await {
                    Ok(()) => return,
                    Err(_) => sleep(Duration::from_millis(1)).await,
                }
            }
        };
        timeout(SOON, taken).await.expect("the message arrives");
        if held {
            assert!(timeout(MOMENT, sender.flushed()).await.is_err(), "it is acknowledged too early");
            storage.held.store(false, Ordering::Release);
        }
        timeout(SOON, sender.flushed()).await.expect("it is acknowledged");
    }
    assert_eq!(total.load(), 10);
}

/// An archetype with a durable state goes on where it was, in the middle of a loop.
#[tokio::test]
async fn an_archetype_goes_on_where_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("wal");
    let mut got = Vec::new();
    while got.len() < 10 {
        let wal = open(&path).unwrap();
        let config = MailboxConfig { inbox_capacity: 3, ..MailboxConfig::default() };
        let mut links: Mailboxes<i64, i64> = Mailboxes::local([0, 1], &config);
        let mut node = Node::new();
        let parameters = pair::model::SenderParameters { first: 1, last: 10, net: links.clone() };
        let sender = pair::model::Sender::new(0, &pair::constants(), parameters).unwrap();
        node.spawn_durable(sender, &wal, "sender").unwrap();
        // It fills the mailbox, or ends, and then dies.
        let _ = timeout(MOMENT, node.join()).await;
        drop(node);
        wal.close().await.unwrap();
        while let Ok(number) = conformance::commit(|s| links.read(s, &1)).await {
            got.push(number);
        }
    }
    assert!(got.into_iter().eq(1..=10));
    // Another archetype does not take its state for its own.
    let wal = open(&path).unwrap();
    let links: Mailboxes<i64, i64> = Mailboxes::local([0, 1], &MailboxConfig::default());
    let echo =
        pair::model::Echo::new(1, &pair::constants(), pair::model::EchoParameters { count: 3, net: links }).unwrap();
    let refused = Node::new().spawn_durable(echo, &wal, "sender").expect_err("it is another's");
    assert_eq!(refused.to_string(), "`sender` is not a state of this archetype");
}

/// Sections that commit during a flush share the next one.
#[tokio::test]
async fn flushes_are_shared() {
    let storage = Faulty::default();
    storage.held.store(true, Ordering::Release);
    let ledger = Ledger::start(&Wal::on(storage.clone()), "a").unwrap();
    for amount in 1..=100 {
        ledger.requests.send(amount).await;
    }
    adds_up_to(&ledger, 5050).await;
    storage.held.store(false, Ordering::Release);
    for _ in 0..100 {
        timeout(SOON, ledger.answers.receive()).await.expect("an answer comes");
    }
    let flushes = storage.flushes.load(Ordering::Acquire);
    assert!(flushes <= 4, "{flushes} flushes");
}

/// When the disk fails, the node stops, what was not safe is never answered, and what was answered is
/// in what reached the disk.
#[tokio::test]
async fn a_failed_flush_stops_the_node() {
    let directory = tempfile::tempdir().unwrap();
    // A storage of one's own has no header, and no nonce.
    let mut header = [&b"mpcalwal"[..], &4u32.to_le_bytes(), &[0; 44]].concat();
    header.extend(crc32fast::hash(&header).to_le_bytes());
    header.resize(HEADER, 0);
    let faults = (0..6)
        .map(|n| Faulty { fails_at: Some(n), ..Faulty::default() })
        .chain((0..300).step_by(17).map(|room| Faulty { room: Some(room), ..Faulty::default() }));
    for (n, storage) in faults.enumerate() {
        let wal = Wal::on(storage.clone());
        let mut ledger = Ledger::start(&wal, "a").unwrap();
        if n % 2 == 0 {
            ledger.node.stop_with(&wal);
        }
        let mut answered = 0;
        for amount in 1..=10 {
            ledger.requests.send(amount).await;
            match timeout(MOMENT, ledger.answers.receive()).await {
                Ok(total) => answered = total,
                Err(_) => break,
            }
        }
        assert!(answered < 55, "{n}: the fault did not show");
        // Unless the node is told, the next use of the ledger finds out.
        if n % 2 == 1 {
            ledger.requests.send(1).await;
        }
        let ended = timeout(SOON, ledger.node.join()).await.expect("the node stops");
        let error = ended.expect_err("it fails").to_string();
        assert!(error.contains("the write-ahead log has failed"), "{error}");
        assert!(ledger.answers.try_receive().is_none());
        let path = directory.path().join(format!("fault{n}"));
        fs::write(&path, [&header[..], &storage.bytes.lock().unwrap()].concat()).unwrap();
        let (total, items) = found(&path).unwrap();
        assert!(is_prefix(total, &items) && total >= answered, "{n}: {total} of {items:?}, {answered} was answered");
    }
}

/// What a sequence has in common with one that it was made from, or not.
#[test]
fn the_common_start_of_two_sequences_is_found() {
    let whole: Seq<i64> = (0..1000).collect();
    let mut longer = whole.clone();
    longer.push(7);
    let cut: Seq<i64> = whole.iter().take(7).copied().collect();
    let changed: Seq<i64> = (0..1000).map(|n| if n == 500 { 0 } else { n }).collect();
    let apart: Seq<i64> = (0..1000).collect();
    for (other, wanted) in
        [(&whole, 1000), (&longer, 1000), (&cut, 7), (&changed, 500), (&apart, 1000), (&Seq::new(), 0)]
    {
        assert_eq!((whole.common_prefix(other), other.common_prefix(&whole)), (wanted, wanted));
    }
    let mut log = longer.clone();
    *log.at_mut(900).unwrap() = -1;
    assert_eq!(log.common_prefix(&longer), 899);
}

/// A log holds what is needed, not what has ever been written.
#[tokio::test]
async fn a_long_log_is_written_anew() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("wal");
    let wal = Wal::open(&path, &WalConfig { compact_at: 4096, ..WalConfig::default() }).unwrap();
    let ledger = Ledger::start(&wal, "a").unwrap();
    let mut largest = 0;
    for round in 0..20 {
        keep(&ledger, std::iter::repeat_n(1, 50)).await;
        let files = fs::read_dir(directory.path()).unwrap();
        // One may be gone already.
        largest = largest.max(files.filter_map(|file| Some(file.unwrap().metadata().ok()?.len())).sum());
        assert_eq!(ledger.total.load(), 50 * (round + 1));
    }
    // A thousand sections of some sixty bytes; what is needed is a number and a thousand small items.
    assert!(largest < 40_000, "{largest} bytes");
    close(ledger, wal).await;
    let (total, items) = found(&path).unwrap();
    assert_eq!((total, items.len()), (1000, 1000));
}

/// A process that does not outlive the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A process that is killed at random finds, each time, everything that it has answered.
#[test]
fn a_killed_process_has_lost_nothing() {
    let rounds = std::env::var("CRASHES").ok().and_then(|n| n.parse().ok()).unwrap_or(40);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("wal");
    let mut numbers = Numbers::new(7);
    let (mut answered, mut sent) = (0i64, 0i64);
    for round in 0..rounds {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ledger"));
        let command = command.arg(&path).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Running(command.spawn().expect("the process starts"));
        let mut requests = process.0.stdin.take().unwrap();
        let mut lines = BufReader::new(process.0.stdout.take().unwrap()).lines();
        let first = lines.next().expect("it says what it found").unwrap();
        let words: Vec<i64> = first.split_whitespace().filter_map(|w| w.trim_end_matches(',').parse().ok()).collect();
        let [total, _, sum] = words[..] else { panic!("{first}") };
        assert_eq!(total, sum, "round {round}: half of a section: {first}");
        assert!((answered..=sent).contains(&total), "round {round}: {answered} was answered, {sent} sent: {first}");
        // What was sent and neither answered nor kept is gone.
        sent = total;
        let writer = std::thread::spawn(move || {
            let mut count = 0;
            // Until the process is gone.
            while count < 100_000 && writeln!(requests, "1").is_ok() {
                count += 1;
            }
            count
        });
        let patience = Duration::from_micros(numbers.below(20_000) as u64);
        std::thread::sleep(patience);
        drop(process);
        answered = lines.map_while(Result::ok).filter_map(|l| l.parse().ok()).last().unwrap_or(answered.max(total));
        sent += writer.join().expect("the writer ends");
    }
    println!("killed {rounds} times, {answered} answered at last");
    assert!(answered > 0, "nothing was ever answered");
}
