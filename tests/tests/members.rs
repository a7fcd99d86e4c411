//! Three processes that count in replicated variables and each in a durable one, as fast as they can, killed at random: one of
//! them, and the others go on; all of them, and everything comes back. Each finds what it has shown, and each section that
//! counts checks that replicated and durable numbers fit.
//!
//! `KILLS=200 cargo test -p mpcal-tests --test members` kills more often; `SEED` makes the same choices again.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{channel, Receiver};
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(60);

struct Process {
    child: Child,
    /// What it shows; the first line is what it found.
    lines: Receiver<i64>,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    /// What it shows next.
    fn next(&mut self) -> i64 {
        match self.lines.recv_timeout(LIMIT) {
            Ok(number) => number,
            Err(_) => panic!("it shows nothing: {:?}", self.child.try_wait()),
        }
    }
}

struct Cluster {
    directory: tempfile::TempDir,
    addresses: Vec<SocketAddr>,
    processes: Vec<Option<Process>>,
    /// What each has shown last.
    shown: [i64; 3],
}

impl Cluster {
    fn start() -> Self {
        // Free ports; nothing else is likely to take them before the processes do.
        let listeners = [0; 3].map(|_| TcpListener::bind("127.0.0.1:0").expect("a port is free"));
        let addresses = listeners.iter().map(|l| l.local_addr().expect("it has an address")).collect();
        drop(listeners);
        let directory = tempfile::tempdir().expect("a directory can be made");
        let mut this = Self { directory, addresses, processes: vec![None, None, None], shown: [0; 3] };
        (0..3).for_each(|id| this.spawn(id));
        (0..3).for_each(|id| this.look(id));
        this
    }

    fn spawn(&mut self, id: usize) {
        let file: PathBuf = self.directory.path().join(format!("{id}.wal"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_member"));
        command.arg(id.to_string()).arg(file).args(self.addresses.iter().map(ToString::to_string));
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the process starts");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let numbers = output.lines().map_while(Result::ok).filter_map(|line| line.parse().ok());
            numbers.map_while(|number| sender.send(number).ok()).for_each(drop);
        });
        self.processes[id] = Some(Process { child, lines });
    }

    /// What a process finds is no less than what it has shown.
    fn look(&mut self, id: usize) {
        let found = self.processes[id].as_mut().expect("it was started").next();
        assert!(found >= self.shown[id], "{id} finds {found}, and has shown {}", self.shown[id]);
        self.shown[id] = found;
    }

    /// A process counts on, by more than what it may have shown before now.
    fn counts_on(&mut self, id: usize) {
        let process = self.processes[id].as_mut().expect("it lives");
        let waiting: Vec<i64> = process.lines.try_iter().collect();
        let last = waiting.last().copied().unwrap_or(self.shown[id]);
        while self.shown[id] < last + 3 {
            let next = process.next();
            assert!(next > self.shown[id], "{id} shows {next} behind {}", self.shown[id]);
            self.shown[id] = next;
        }
    }

    fn kill(&mut self, id: usize) {
        let mut process = self.processes[id].take().expect("it lives");
        process.child.kill().expect("it can be killed");
        process.child.wait().expect("it ends");
        // What it had shown by then counts.
        self.shown[id] = process.lines.iter().last().unwrap_or(self.shown[id]);
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn others_go_on_when_one_is_killed_and_all_come_back() {
    let (kills, seed) = (number("KILLS").unwrap_or(12), number("SEED").unwrap_or(1));
    let (mut cluster, mut random, mut longest) = (Cluster::start(), seed, Duration::ZERO);
    for round in 0..kills {
        (0..3).for_each(|id| cluster.counts_on(id));
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(Duration::from_millis(random >> 33 & 31));
        let id = (random >> 40) as usize % 3;
        if round % 3 == 2 {
            (0..3).for_each(|id| cluster.kill(id));
            (0..3).for_each(|id| cluster.spawn(id));
            (0..3).for_each(|id| cluster.look(id));
            continue;
        }
        cluster.kill(id);
        let killed = Instant::now();
        (0..3).filter(|other| *other != id).for_each(|other| cluster.counts_on(other));
        longest = longest.max(killed.elapsed());
        cluster.spawn(id);
        cluster.look(id);
    }
    (0..3).for_each(|id| cluster.counts_on(id));
    println!("killed {kills} times, SEED={seed}: {:?} shown, others went on after at most {longest:?}", cluster.shown);
}
