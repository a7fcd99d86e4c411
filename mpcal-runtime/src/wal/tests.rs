//! What is told of changes, and compaction, step by step.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicUsize};

use futures_executor::block_on;

use super::record::Header;
use super::*;
use crate::conformance::commit;
use crate::resource::{Durable, DurableLog};
use crate::value::{Data, Function, Seq, Set, Str};
use crate::MappingMacro;

/// Numbers that look random.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as i64 % n
    }
}

/// Whatever is done to a value, what is told of it makes it again; gives how many bytes that was at most, where it was
/// made from the one before.
fn changes<T: Data>(initial: T, mut change: impl FnMut(&mut Numbers, &mut T)) -> usize {
    let (mut numbers, mut largest) = (Numbers(11), 0);
    let name: Arc<str> = "value".into();
    for _ in 0..50 {
        let (mut kept, mut content) = (initial.clone(), Content::of(&initial));
        kept.mark();
        let mut older = kept.clone();
        for _ in 0..20 {
            let is_older = numbers.below(9) == 0;
            let mut value = if is_older { older.clone() } else { kept.clone() };
            (0..numbers.below(4)).for_each(|_| change(&mut numbers, &mut value));
            let entry = Entry::change(&name, &value, Some(&kept));
            if !is_older {
                largest = largest.max(entry.change.len());
            }
            content.add(&entry.change).expect("it fits");
            assert_eq!(content.clone().take(initial.clone()), Some(value.clone()));
            older = std::mem::replace(&mut kept, value);
            kept.mark();
        }
    }
    largest
}

#[test]
fn what_is_told_of_a_function_makes_it_again() {
    let change = |numbers: &mut Numbers, f: &mut Function<i64, i64>| match numbers.below(8) {
        0 => f.insert(numbers.below(900) - 300, 1),
        1 => *f = f.merge(&[(numbers.below(300), -1)].into_iter().collect()),
        2 => *f = f.iter().filter(|(_, n)| **n % 97 != 5).map(|(k, n)| (k, *n)).collect(),
        _ => *f.get_mut(&numbers.below(7)).unwrap_or(&mut 0) = numbers.below(1000),
    };
    changes((0..300).map(|n| (n, n)).collect(), change);
    // Where nothing is taken out, nobody looks at the rest, nor writes it.
    let change = |numbers: &mut Numbers, f: &mut Function<Str, i64>| {
        f.insert(Str::from(numbers.below(900).to_string()), numbers.below(1000));
    };
    let largest = changes((0..300).map(|n| (Str::from(n.to_string()), n)).collect(), change);
    assert!(largest < 120, "{largest} bytes");
}

#[test]
fn what_is_told_of_a_set_makes_it_again() {
    let change = |numbers: &mut Numbers, set: &mut Set<i64>| match numbers.below(5) {
        0 => set.insert(numbers.below(900) - 300),
        1 => set.remove(&numbers.below(300)),
        2 => *set = set.union(&[numbers.below(999)].into_iter().collect()),
        3 => *set = [numbers.below(1000)].into_iter().collect::<Set<i64>>().union(set),
        _ => *set = set.difference(&[numbers.below(300), 1000].into_iter().collect()),
    };
    let largest = changes((0..300).collect(), change);
    assert!(largest < 120, "{largest} bytes");
    changes((0..60).collect(), |numbers, set: &mut Set<i64>| set.remove(&numbers.below(60)));
}

#[test]
fn what_is_told_of_a_sequence_makes_it_again() {
    let change = |numbers: &mut Numbers, items: &mut Seq<i64>| match numbers.below(6) {
        0 => items.push(numbers.below(1000)),
        1 => drop(items.pop_front()),
        2 => *items = items.part(0, items.len().saturating_sub(3)),
        3 => *items = items.part(items.len().min(5), items.len()),
        4 => *items = items.part(0, 0),
        _ => items.append(&(0..10).collect()),
    };
    changes((0..300).collect(), change);
    let change = |numbers: &mut Numbers, items: &mut Seq<i64>| match numbers.below(2) {
        0 => items.push(numbers.below(1000)),
        _ => drop(items.pop_front()),
    };
    let largest = changes((0..300).collect(), change);
    assert!(largest < 60, "{largest} bytes");
}

/// A value that is large comes in pieces, and is made again of them.
#[test]
fn a_large_value_comes_in_pieces() {
    let texts = |n: i64| Str::from(format!("{n:0>1000}"));
    let (items, entries): (Seq<Str>, Function<Str, i64>) =
        ((0..2000).map(texts).collect(), (0..2000).map(|n| (texts(n), n)).collect());
    let (mut all, mut pieces) = (Content::of(&items), 0);
    in_pieces(&items, |_| pieces += 1);
    assert!(pieces > 5);
    assert_eq!(all.take(Seq::new()), Some(items));
    assert_eq!(Content::of(&entries).take(Function::new()), Some(entries.clone()));
    // Whose type is another one than what is claimed is left as it was.
    let mut content = Content::of(&entries);
    assert_eq!(content.take(Seq::<Str>::new()), None);
    assert_eq!(content.take(Function::<i64, i64>::new()), None);
    assert_eq!(content.take(Function::new()), Some(entries));
}

/// Values that sections change together.
struct Values {
    total: Durable<i64>,
    map: Durable<Function<i64, i64>>,
    log: DurableLog<i64>,
}

impl Values {
    fn of(wal: &Wal) -> io::Result<Self> {
        let map = Durable::new(wal, "map", (0..100).map(|n| (n, 0)).collect())?;
        Ok(Self { total: Durable::new(wal, "total", 0)?, map, log: DurableLog::new(wal, "log")? })
    }

    /// The `n`-th section.
    async fn step(&mut self, n: i64) {
        let step = commit(|s| {
            self.total.write(s, &(), n)?;
            let (mut map, mut log) = (self.map.read(s, &())?, self.log.read(s, &())?);
            *map.at_mut(&(n % 100))? = n;
            log.push(n);
            if log.len() > 50 {
                log.pop_front();
            }
            self.map.write(s, &(), map)?;
            self.log.write(s, &(), log)
        });
        step.await.expect("it commits");
    }

    /// How many sections there were; all of each, or nothing.
    fn sections(&self) -> i64 {
        let total = self.total.load();
        assert_eq!(self.log.load(), (1.max(total - 49)..=total).collect());
        assert_eq!(self.map.load().values().copied().max(), Some(total));
        total
    }
}

/// What a crash leaves at any step of a compaction is all that was on disk by then.
#[tokio::test]
async fn a_crash_at_any_step_of_a_compaction_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let (path, copies) = (directory.path().join("log/wal"), directory.path().join("copies"));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let (answered, steps) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicUsize::new(0)));
    let observer = {
        let (log, copies) = (path.parent().unwrap().to_owned(), copies.clone());
        let (answered, steps) = (answered.clone(), steps.clone());
        move || {
            let (step, answered) = (steps.fetch_add(1, Ordering::SeqCst), answered.load(Ordering::SeqCst));
            let copy = copies.join(format!("{step}-{answered}"));
            fs::create_dir_all(&copy).unwrap();
            for file in fs::read_dir(&log).unwrap().map(|f| f.unwrap()) {
                fs::copy(file.path(), copy.join(file.file_name())).unwrap();
            }
        }
    };
    let config = WalConfig { compact_at: 4096, ..WalConfig::default() };
    let wal = Wal::open_observed(&path, &config, Arc::new(observer)).unwrap();
    let (mut values, mut last) = (Values::of(&wal).unwrap(), 0);
    while last < 100 || steps.load(Ordering::SeqCst) < 30 {
        last += 1;
        values.step(last).await;
        if last % 7 == 0 {
            wal.reached(wal.0.committed()).await;
            answered.store(last, Ordering::SeqCst);
        }
    }
    drop(values);
    wal.close().await.unwrap();
    let copies: Vec<PathBuf> = fs::read_dir(&copies).unwrap().map(|f| f.unwrap().path()).collect();
    for copy in copies.iter().chain([&directory.path().join("log")]) {
        let wal = Wal::open(copy.join("wal"), &config).unwrap_or_else(|e| panic!("{}: {e}", copy.display()));
        let name = copy.file_name().and_then(|n| n.to_str()).unwrap();
        let answered: i64 = name.split_once('-').map_or(last, |(_, n)| n.parse().unwrap());
        let found = Values::of(&wal).unwrap().sections();
        assert!(found >= answered, "{name}: {found} of {answered} sections");
        wal.close().await.unwrap();
    }
}

/// A storage that is slow to flush.
#[derive(Clone, Default)]
struct Slow(Arc<AtomicBool>);

impl Storage for Slow {
    fn append(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
    fn flush(&mut self) -> io::Result<()> {
        while !self.0.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        Ok(())
    }
}

/// What one resource has is not there before all of its section is on disk, and says that the rest must be there.
#[tokio::test]
async fn a_first_file_waits_for_the_sections_in_it() {
    let directory = tempfile::tempdir().unwrap();
    let files = Files::new(&directory.path().join("wal"));
    let storage = Slow::default();
    let wal = Wal::on(storage.clone());
    let mut total = Durable::new(&wal, "total", 0).unwrap();
    commit(|s| total.write(s, &(), 7)).await.unwrap();
    let is_flushed = storage.0.clone();
    let release = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(100));
        is_flushed.store(true, Ordering::SeqCst);
    });
    let mut keep_going = || {
        assert!(!files.first().exists() || storage.0.load(Ordering::SeqCst), "it is too early");
        true
    };
    block_on(compact::compact(&wal.0, &files, Header::default(), &mut keep_going)).unwrap();
    release.join().unwrap();
    // The record of the section is elsewhere.
    let missing = Wal::open(files.first(), &WalConfig::default()).unwrap_err().to_string();
    assert!(missing.contains("records are missing"), "{missing}");
    block_on(compact::compact(&wal.0, &files, Header { after: 1, ..Header::default() }, &mut || true)).unwrap();
    let wal = Wal::open(files.first(), &WalConfig::default()).unwrap();
    assert_eq!(Durable::new(&wal, "total", 0).unwrap().load(), 7);
}

/// A crash while a log is made for the first time leaves no half of it in its place: nobody ever sees one.
#[tokio::test]
async fn a_log_is_made_whole_or_not_at_all() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("wal");
    let (seen, is_done) = (path.clone(), Arc::new(AtomicBool::new(false)));
    let done = is_done.clone();
    let looks = std::thread::spawn(move || {
        let mut shortest = u64::MAX;
        while !done.load(Ordering::Relaxed) {
            shortest = shortest.min(fs::metadata(&seen).map_or(u64::MAX, |file| file.len()));
        }
        shortest
    });
    for _ in 0..100 {
        fs::write(Files::new(&path).fresh(), b"mpcalwal").unwrap();
        Wal::open(&path, &WalConfig::default()).unwrap().close().await.unwrap();
        fs::remove_file(&path).unwrap();
    }
    is_done.store(true, Ordering::Relaxed);
    assert_eq!(looks.join().unwrap(), record::HEADER as u64);
}

/// What a process does not have any more stays in the files: no compaction leaves it out.
#[tokio::test]
async fn what_cannot_be_read_is_not_left_out() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("wal");
    let config = WalConfig { compact_at: 4096, ..WalConfig::default() };
    let value = (1, Str::from("kept"));
    let wal = Wal::open(&path, &config).unwrap();
    let mut kept = Durable::new(&wal, "kept", (0, Str::from(""))).unwrap();
    commit(|s| kept.write(s, &(), value.clone())).await.unwrap();
    drop(kept);
    wal.close().await.unwrap();
    let wal = Wal::open(&path, &config).unwrap();
    wal.give_back("kept", || panic!("it cannot be encoded"));
    assert!(Durable::new(&wal, "kept", (0, Str::from(""))).is_err(), "this process does not have it any more");
    let mut noise = Durable::new(&wal, "noise", Str::from("")).unwrap();
    for n in 0..50 {
        commit(|s| noise.write(s, &(), Str::from(format!("{n:0>1000}")))).await.unwrap();
        wal.reached(wal.0.committed()).await;
    }
    drop(noise);
    wal.close().await.unwrap();
    assert!(Files::new(&path).numbered(1).exists(), "it was to be compacted");
    let wal = Wal::open(&path, &config).unwrap();
    assert_eq!(Durable::new(&wal, "kept", (0, Str::from(""))).unwrap().load(), value);
}

/// A log of several files, closed, and how many sections are in it.
async fn several_files(path: &Path) -> (Vec<PathBuf>, i64) {
    let config = WalConfig { compact_at: 4096, ..WalConfig::default() };
    // The compaction stops where it starts.
    let wal = Wal::open_observed(path, &config, Arc::new(|| panic!("it is a test"))).unwrap();
    let (mut values, mut last) = (Values::of(&wal).unwrap(), 0);
    while !Files::new(path).numbered(2).exists() {
        last += 1;
        values.step(last).await;
        wal.reached(wal.0.committed()).await;
    }
    drop(values);
    wal.close().await.unwrap();
    let mut files: Vec<PathBuf> = fs::read_dir(path.parent().unwrap()).unwrap().map(|f| f.unwrap().path()).collect();
    files.retain(|file| file.extension().is_none_or(|e| e != "lock"));
    files.sort();
    (files, last)
}

async fn sections_in(path: &Path) -> io::Result<i64> {
    let wal = Wal::open(path, &WalConfig::default())?;
    let sections = Values::of(&wal).map(|values| values.sections());
    wal.close().await?;
    sections
}

/// A compaction that fails is one less.
#[tokio::test]
async fn files_that_belong_together_are_read_together() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("wal");
    let (files, last) = several_files(&path).await;
    assert!(files.len() > 2, "{files:?}");
    assert_eq!(sections_in(&path).await.unwrap(), last);
    // What a crash leaves of a file that was being made.
    let next = Files::new(&path).numbered(files.len() as u64);
    for bytes in [&[][..], b"mpcalwal", &[0; 64], &[0; 5000]] {
        fs::write(&next, bytes).unwrap();
        assert_eq!(sections_in(&path).await.unwrap(), last);
    }
    let first = fs::read(&path).unwrap();
    for (n, file) in files.iter().enumerate() {
        let bytes = fs::read(file).unwrap();
        // Nothing is missing, at the end of a file that others follow least of all.
        if n + 1 < files.len() {
            // Zeros are written ahead.
            let end = bytes.iter().rposition(|b| *b != 0).unwrap();
            fs::write(file, &bytes[..end - 100]).unwrap();
            assert_eq!(sections_in(&path).await.unwrap_err().kind(), io::ErrorKind::InvalidData, "{n}");
            fs::remove_file(file).unwrap();
            assert_eq!(sections_in(&path).await.unwrap_err().kind(), io::ErrorKind::InvalidData, "{n}");
        }
        fs::write(file, &first).unwrap();
        assert_eq!(sections_in(&path).await.is_ok(), n == 0, "{n}");
        fs::write(file, bytes).unwrap();
    }
    assert_eq!(sections_in(&path).await.unwrap(), last);
}
