//! Three processes that keep a ledger, killed at random while amounts are written: after each restart
//! everything that was answered is there. Between death and restart the log may get a torn end, or a flipped
//! bit, which must be noticed; a process may also run out of space for its log.
//!
//! `CRASHES=400 cargo test -p mpcal-tests --test crashes` kills more often.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{channel, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(60);

struct Process {
    child: Child,
    /// Answered amounts; the first line is what was found.
    lines: Receiver<String>,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Cluster {
    directory: tempfile::TempDir,
    addresses: Vec<SocketAddr>,
    processes: Vec<Option<Process>>,
    /// The largest log that may be written by the next process, in blocks of 512 bytes.
    seed: u64,
}

impl Cluster {
    fn new() -> Self {
        // Free ports; nothing else is likely to take them before the processes do.
        let listeners: Vec<TcpListener> =
            (0..3).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port is free")).collect();
        let addresses = listeners.iter().map(|l| l.local_addr().expect("it has an address")).collect();
        let directory = tempfile::tempdir().expect("a directory can be made");
        Self { directory, addresses, processes: vec![None, None, None], seed: 42 }
    }

    fn random(&mut self, below: u64) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) % below
    }

    fn file(&self, id: usize) -> PathBuf {
        self.directory.path().join(format!("{id}.wal"))
    }

    fn command(&self, id: usize, space: Option<u64>) -> Child {
        // The shell's limit on the size of files makes writes short, and the process dies.
        let limit = space.map_or(String::new(), |blocks| format!("ulimit -c 0; ulimit -f {blocks}; "));
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("{limit}exec \"$0\" \"$@\"")).arg(env!("CARGO_BIN_EXE_replica"));
        command.arg(id.to_string()).arg(self.file(id));
        command.args(self.addresses.iter().map(ToString::to_string));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the process starts")
    }

    /// Starts a process; what it found in its log.
    fn start(&mut self, id: usize, space: Option<u64>) -> Option<Vec<i64>> {
        let mut child = self.command(id, space);
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let process = Process { child, lines };
        let first = process.lines.recv_timeout(LIMIT);
        self.processes[id - 1] = Some(process);
        match first {
            Ok(first) => {
                let found = first.strip_prefix("found ").unwrap_or_default();
                Some(found.split_whitespace().map(|n| n.parse().expect("it is a number")).collect())
            }
            Err(RecvTimeoutError::Disconnected) if space.is_some() => None,
            Err(error) => panic!("node {id} does not start: {error}: {}", self.said(id)),
        }
    }

    /// What a process that has died said.
    fn said(&mut self, id: usize) -> String {
        let Some(mut process) = self.processes[id - 1].take() else { return String::new() };
        let _ = process.child.kill();
        std::io::read_to_string(process.child.stderr.take().expect("it is piped")).unwrap_or_default()
    }

    fn kill(&mut self, id: usize) {
        self.processes[id - 1] = None;
    }

    /// What a power failure leaves: the beginning of a record that nobody was told of.
    fn tear(&mut self, id: usize) {
        let record = [0u8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
        let length = 1 + self.random(record.len() as u64 - 1) as usize;
        let mut file = fs::OpenOptions::new().append(true).open(self.file(id)).expect("there is a log");
        file.write_all(&record[..length]).expect("it can be written");
    }

    /// A bit flips somewhere, but in the last records: the process must say so and not start.
    fn flip_is_noticed(&mut self, id: usize) {
        let good = fs::read(self.file(id)).expect("there is a log");
        let bytes = good.len() as u64;
        if bytes < 400 {
            return;
        }
        let mut bad = good.clone();
        let (at, bit) = (self.random(bytes - 300) as usize, self.random(8));
        bad[at] ^= 1 << bit;
        fs::write(self.file(id), bad).expect("it can be written");
        let mut child = self.command(id, None);
        let mut first = String::new();
        let _ = BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut first);
        assert_eq!(first, "", "a flip in byte {at} of {bytes} is not noticed");
        let output = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && said.contains("error"),
            "a flip in byte {at} of {bytes} is not noticed: {said}"
        );
        fs::write(self.file(id), good).expect("it can be written");
    }

    /// Writes an amount; it may get lost with the leader.
    fn write(&mut self, amount: i64) {
        if let Some(leader) = &mut self.processes[0] {
            let stdin = leader.child.stdin.as_mut().expect("it is piped");
            let _ = writeln!(stdin, "{amount}");
            let _ = stdin.flush();
        }
    }

    /// What was answered since it was asked last.
    fn answers(&self, wait: Duration) -> Vec<i64> {
        let Some(leader) = &self.processes[0] else { return Vec::new() };
        let mut answers: Vec<i64> = leader.lines.try_iter().map(|l| l.parse().expect("it is a number")).collect();
        if let (true, Ok(line)) = (answers.is_empty() && !wait.is_zero(), leader.lines.recv_timeout(wait)) {
            answers.push(line.parse().expect("it is a number"));
        }
        answers
    }
}

#[test]
fn what_three_nodes_answered_survives_their_deaths() {
    let crashes: u64 = std::env::var("CRASHES").ok().and_then(|n| n.parse().ok()).unwrap_or(60);
    let mut cluster = Cluster::new();
    for id in 1..=3 {
        assert_eq!(cluster.start(id, None), Some(Vec::new()));
    }
    let (mut next, mut answered) = (1, BTreeSet::new());
    let (mut torn, mut flipped, mut full) = (0, 0, 0);
    for _ in 0..crashes {
        // Some writes, of which some are answered before the next death and some are not.
        for _ in 0..cluster.random(40) {
            cluster.write(next);
            next += 1;
        }
        let pause = Duration::from_micros(cluster.random(80_000));
        let until = Instant::now() + pause;
        while Instant::now() < until {
            answered.extend(cluster.answers(until.saturating_duration_since(Instant::now())));
        }
        let id = 1 + cluster.random(3) as usize;
        // What it answered up to the moment of its death counts.
        if let Some(process) = &mut cluster.processes[id - 1] {
            process.child.kill().expect("it can be killed");
            process.child.wait().expect("it dies");
        }
        if id == 1 {
            while let Some(Ok(line)) =
                cluster.processes[0].as_ref().map(|p| p.lines.recv_timeout(Duration::from_secs(5)))
            {
                answered.extend(line.parse::<i64>());
            }
        }
        cluster.kill(id);
        match cluster.random(6) {
            0 => {
                cluster.tear(id);
                torn += 1;
            }
            1 => {
                cluster.flip_is_noticed(id);
                flipped += 1;
            }
            // It may die again at once, or later, of a full disk.
            2 => {
                let length = fs::metadata(cluster.file(id)).map_or(0, |m| m.len());
                let space = length / 512 + cluster.random(4);
                cluster.start(id, Some(space));
                for _ in 0..30 {
                    cluster.write(next);
                    next += 1;
                }
                std::thread::sleep(Duration::from_millis(20));
                answered.extend(cluster.answers(Duration::ZERO));
                if id == 1 {
                    let process = cluster.processes[0].as_mut().expect("it was started");
                    let _ = process.child.kill();
                    let _ = process.child.wait();
                    answered.extend(process.lines.iter().filter_map(|l| l.parse::<i64>().ok()));
                }
                cluster.kill(id);
                full += 1;
            }
            _ => {}
        }
        let found = cluster.start(id, None).expect("it starts");
        if id == 1 {
            let found: BTreeSet<i64> = found.into_iter().collect();
            let lost: Vec<_> = answered.difference(&found).collect();
            assert!(lost.is_empty(), "{lost:?} were answered and are lost");
        }
    }
    // Everybody comes to the same in the end: one more amount goes through, and nobody lacks anything.
    cluster.write(next);
    let start = Instant::now();
    while !answered.contains(&next) {
        assert!(start.elapsed() < LIMIT, "the last amount is not answered");
        answered.extend(cluster.answers(Duration::from_millis(100)));
    }
    let logs: Vec<Vec<i64>> = (1..=3)
        .map(|id| {
            cluster.kill(id);
            cluster.start(id, None).expect("it starts")
        })
        .collect();
    let behind = logs.iter().filter(|log| **log != logs[0]).count();
    assert!(logs.iter().all(|log| logs[0].starts_with(log)), "the logs are not one");
    assert!(behind <= 1, "an answer needs two");
    let safe: BTreeSet<i64> = logs[0].iter().copied().collect();
    assert!(answered.is_subset(&safe), "answers are lost");
    println!(
        "{crashes} deaths, {} of {next} amounts answered, none lost; {torn} torn ends, {flipped} flipped bits noticed, \
         {full} full disks",
        answered.len()
    );
    assert!(answered.len() as u64 > crashes, "hardly anything was answered");
}
