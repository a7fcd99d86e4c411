//! What has left a node is there after a crash: answers, over every way on which a section's doings can get out.
//!
//! The disk loses at a random moment what was not flushed, wholly, from some byte on, or some sectors of it. Every answer
//! that left before says how much must be in the log then.
//!
//! `ANSWERS` says how many answers there are at least, `SEED` has the disk fail in the same ways again.

#![allow(clippy::disallowed_methods, reason = "tests run on the operating system")]

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::timeout;

use super::*;
use crate::resource::{input, link, output, Durable, DurableLog, Mailboxes, OutputReceiver, Shared};
use crate::{Archetype, MappingMacro, Node};

#[path = "../../tests/by_hand/mod.rs"]
mod by_hand;
#[path = "../../tests/by_hand/random.rs"]
mod random;

use by_hand::archetype;
use random::{setting, Random};

/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(20);

const SECTOR: usize = 512;

/// A disk with the file of a log, which fails after some operations.
struct Disk {
    bytes: Vec<u8>,
    flushed: usize,
    operations: usize,
    random: Random,
}

impl Disk {
    fn new(mut random: Random) -> Self {
        let bytes = record::Header::default().bytes();
        Self { flushed: bytes.len(), bytes, operations: 2 + random.below(80), random }
    }

    /// Counts an operation; fails, and loses something, if it is the last.
    fn operate(&mut self) -> io::Result<()> {
        if self.operations > 0 {
            self.operations -= 1;
            return Ok(());
        }
        let unsure = self.bytes.len() - self.flushed;
        match self.random.below(3) {
            0 => self.bytes.truncate(self.flushed),
            1 => self.bytes.truncate(self.flushed + self.random.below(unsure + 1)),
            _ => {
                let first = self.flushed.next_multiple_of(SECTOR);
                for start in (first..self.bytes.len()).step_by(SECTOR).filter(|_| self.random.below(2) == 0) {
                    let end = (start + SECTOR).min(self.bytes.len());
                    self.bytes[start..end].fill(0);
                }
            }
        }
        self.flushed = self.bytes.len();
        Err(io::Error::other("the power is gone"))
    }
}

/// The disk of a node, which outlives it.
#[derive(Clone)]
struct SharedDisk(Arc<Mutex<Disk>>);

impl Storage for SharedDisk {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut disk = self.0.lock();
        disk.bytes.extend(bytes);
        disk.operate()
    }

    fn flush(&mut self) -> io::Result<()> {
        // As long as a fast disk takes, so that sections commit meanwhile.
        std::thread::sleep(Duration::from_micros(100));
        let mut disk = self.0.lock();
        // It may fail when all is safe, or before.
        let is_late = disk.random.below(2) == 0;
        if is_late {
            disk.flushed = disk.bytes.len();
        }
        disk.operate()?;
        disk.flushed = disk.bytes.len();
        Ok(())
    }
}

/// Puts requests into the log, and tells of them in every way.
fn keep(wal: &Wal, mut requests: impl MappingMacro<Index = (), Read = i64>, mut told: Told) -> impl Archetype {
    let mut log = DurableLog::<i64>::new(wal, "log").expect("it is new");
    let mut total = Durable::new(wal, "total", 0i64).expect("it is new");
    archetype(move |section| {
        let amount = requests.read(section, &())?;
        let mut items = log.read(section, &())?;
        items.push(amount);
        let length = items.len() as i64;
        log.write(section, &(), items)?;
        let sum = total.read(section, &())? + amount;
        total.write(section, &(), sum)?;
        told.tell(section, length)?;
        Ok(false)
    })
}

/// The ways on which an archetype tells how long the log is.
struct Told {
    answer: crate::resource::Output<i64>,
    linked: crate::resource::Output<i64>,
    seen: Shared<i64>,
    local: Mailboxes<i64, i64>,
}

impl Told {
    fn tell(&mut self, section: &mut crate::Section, length: i64) -> Step<()> {
        self.answer.write(section, &(), length)?;
        self.linked.write(section, &(), length)?;
        self.seen.write(section, &(), length)?;
        self.local.write(section, &0, length)
    }
}

/// Hands on what it reads.
fn relay(
    mut from: impl FnMut(&mut crate::Section) -> Step<i64> + Send + 'static,
    mut to: impl FnMut(&mut crate::Section, i64) -> Step<()> + Send + 'static,
) -> impl Archetype {
    archetype(move |section| {
        let length = from(section)?;
        to(section, length)?;
        Ok(false)
    })
}

/// Runs a node until its disk fails; gives the answers that have left.
async fn live(disk: &SharedDisk) -> Vec<i64> {
    let wal = Wal::on(disk.clone());
    let (mut node, mut others) = (Node::new(), Node::new());
    node.stop_with(&wal);
    let (requests, asked) = input(64);
    let outputs: Vec<_> = (0..5).map(|_| output::<i64>(256)).collect();
    let (outs, answers): (Vec<_>, Vec<_>) = outputs.into_iter().unzip();
    let ((linked, mut link_end), seen) = (link(64), Shared::new(0i64));
    let mut local = Mailboxes::<i64, i64>::local([0], &crate::resource::MailboxConfig::default());
    let (mut mail, mut far) = mailboxes().await;
    let told = Told { answer: outs[0].clone(), linked, seen: seen.clone(), local: local.clone() };
    node.spawn(keep(&wal, asked, told));
    let mut out = outs[1].clone();
    node.spawn(relay(move |section| link_end.read(section, &()), move |section, n| out.write(section, &(), n)));
    let mut out = outs[2].clone();
    node.spawn(relay(move |section| local.read(section, &0), move |section, n| out.write(section, &(), n)));
    let (mut seen, mut last, mut out) = (seen, Shared::new(0i64), outs[3].clone());
    let newer = move |section: &mut crate::Section| {
        let (before, now) = (last.read(section, &())?, seen.read(section, &())?);
        section.wait_for(now > before)?;
        last.write(section, &(), now)?;
        Ok(now)
    };
    node.spawn(relay(newer, move |section, n| {
        out.write(section, &(), n)?;
        mail.write(section, &1, n)
    }));
    let mut out = outs[4].clone();
    others.spawn(relay(move |section| far.read(section, &1), move |section, n| out.write(section, &(), n)));
    let asks = tokio::spawn(async move {
        for amount in 1.. {
            requests.send(amount).await;
        }
    });
    let heard: Vec<_> = answers.into_iter().map(|answers| tokio::spawn(hear(answers, node.stop_handle()))).collect();
    let failed = timeout(LIMIT, node.join()).await.expect("the node stops").expect_err("its disk has failed");
    assert!(failed.to_string().contains("the power is gone"), "{failed}");
    asks.abort();
    let mut left = Vec::new();
    for answers in heard {
        left.extend(answers.await.expect("it hears"));
    }
    others.stop_handle().stop();
    others.join().await.expect("they stop");
    left
}

/// Mailboxes of the node, and of another.
async fn mailboxes() -> (Mailboxes<i64, i64>, Mailboxes<i64, i64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let book = BTreeMap::from([(1, listener.local_addr().expect("it has an address"))]);
    let config = crate::resource::MailboxConfig::default();
    let far = Mailboxes::open(Some(listener), [1], &BTreeMap::new(), &config).expect("it opens");
    (Mailboxes::open(None::<TcpListener>, [0], &book, &config).expect("it opens"), far)
}

/// All answers that come out until the node stops, and those that could leave then.
async fn hear(answers: OutputReceiver<i64>, stop: crate::Stop) -> Vec<i64> {
    let mut left = Vec::new();
    loop {
        tokio::select! {
            answer = answers.receive() => left.push(answer),
            () = stop.stopped() => break,
        }
    }
    left.extend(std::iter::from_fn(|| answers.try_receive()));
    left
}

/// What the log has after the crash.
fn found(disk: &Disk, path: &Path) -> Vec<i64> {
    std::fs::write(path, &disk.bytes).expect("it can be written");
    let wal = Wal::open(path, &WalConfig::default()).expect("a crash is no damage");
    let items: Vec<i64> = DurableLog::<i64>::new(&wal, "log").expect("it is there").load().iter().copied().collect();
    let total = Durable::new(&wal, "total", 0i64).expect("it is there").load();
    assert_eq!(items.iter().sum::<i64>(), total, "a section is there in half");
    items
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_that_left_is_in_the_log_after_a_crash() {
    let (wanted, seed) = (setting("ANSWERS", 40_000) as usize, setting("SEED", 1));
    println!("ANSWERS={wanted} SEED={seed}");
    let directory = tempfile::tempdir().expect("a directory can be made");
    let (mut answered, mut crashes) = (0, 0);
    while answered < wanted {
        crashes += 1;
        let disk = SharedDisk(Arc::new(Mutex::new(Disk::new(Random::new(seed, crashes)))));
        let left = live(&disk).await;
        answered += left.len();
        let items = found(&disk.0.lock(), &directory.path().join(crashes.to_string()));
        assert!(items.iter().copied().eq(1..=items.len() as i64), "{items:?}");
        let most = left.into_iter().max().unwrap_or(0);
        assert!(most <= items.len() as i64, "{most} were told of, {} are there; SEED={seed}", items.len());
        if crashes % 100 == 0 {
            println!("{answered} answers, {crashes} crashes");
        }
    }
    println!("{answered} answers, {crashes} crashes");
}
