//! Members over a network that delays, reorders, doubles and loses messages, with crashes at any time, of members that
//! have a disk and of such that forget everything: every version has one value and follows from the one before,
//! nothing that was acknowledged is lost, no read is old, and a change of a durable variable in the same section is
//! made if the version is, and only then. Afterwards, with a minority down, everybody else gets through.

use std::collections::BTreeMap;

use super::{Attempt, Kept, Member, Message, Version};

/// How many changes each member has made.
type Counts = BTreeMap<i64, i64>;

/// The change of a section that is on its way: whether it is made, the version says.
#[derive(Clone, Debug)]
struct Intention {
    attempt: Attempt,
    base: u64,
    durable: i64,
}

/// What a member has on disk, or is about to have.
#[derive(Clone, Debug)]
struct Disk {
    kept: Kept<i64, Counts>,
    durable: i64,
    intention: Option<Intention>,
}

/// What is to be said, and to whom.
type Said = Vec<(i64, Message<i64, Counts>)>;

/// What a process knows.
struct Process {
    member: Member<i64, Counts>,
    durable: i64,
    intention: Option<Intention>,
    /// The process before this one has left the intention.
    resolves: bool,
    /// A confirmation that was asked for: its number, the version, and the last that anybody had then.
    asked: Option<(u64, u64, u64)>,
    /// Writes that are under way to the disk, each with what may be said afterwards.
    writes: Vec<(Disk, Said)>,
}

struct World {
    has_disk: bool,
    processes: Vec<Option<Process>>,
    disks: Vec<Option<Disk>>,
    messages: Said,
    /// Every version that anybody has known, by foundation and number.
    history: BTreeMap<(u64, u64), Version<i64, Counts>>,
    acknowledged: Counts,
    starts: u64,
    confirmations: u64,
    random: u64,
}

impl World {
    fn new(count: usize, has_disk: bool, seed: u64) -> Self {
        let mut world = Self {
            has_disk,
            processes: (0..count).map(|_| None).collect(),
            disks: vec![None; count],
            messages: Vec::new(),
            history: BTreeMap::new(),
            acknowledged: Counts::new(),
            starts: 0,
            confirmations: 0,
            random: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15),
        };
        (0..count).for_each(|k| world.start(k));
        world
    }

    fn random(&mut self, below: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % below
    }

    fn start(&mut self, k: usize) {
        self.starts += 1;
        // Numbers of runs are unique and in no order.
        let start = self.starts.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let disk = self.disks[k].clone().filter(|_| self.has_disk);
        let disk = disk.unwrap_or(Disk { kept: Kept::new(start), durable: 0, intention: None });
        let all = 0..self.processes.len() as i64;
        let mut member = Member::new(k as i64, all, start, disk.kept);
        let resolves = disk.intention.is_some();
        if let Some(intention) = &disk.intention {
            member.want(intention.base);
        }
        let (durable, intention) = (disk.durable, disk.intention);
        self.processes[k] = Some(Process { member, durable, intention, resolves, asked: None, writes: Vec::new() });
        self.settle(k);
    }

    fn start_all(&mut self) {
        for k in 0..self.processes.len() {
            if self.processes[k].is_none() {
                self.start(k);
            }
        }
    }

    /// Sends what is to be said, as soon as what is kept is on disk.
    fn settle(&mut self, k: usize) {
        let Some(process) = &mut self.processes[k] else { return };
        let messages = process.member.take_messages();
        let kept = process.member.take_kept().cloned();
        if !self.has_disk {
            self.messages.extend(messages);
        } else if let Some(kept) = kept {
            let disk = Disk { kept, durable: process.durable, intention: process.intention.clone() };
            process.writes.push((disk, messages));
        } else if let Some((_, held)) = process.writes.last_mut() {
            held.extend(messages);
        } else {
            self.messages.extend(messages);
        }
        if let Some(version) = process.member.version() {
            let known = self.history.entry((version.founder.0, version.number)).or_insert_with(|| version.clone());
            assert_eq!(known, version, "a version has two values");
        }
        self.end_section(k);
    }

    /// Writes what a section means to do, or has done.
    fn write(process: &mut Process) {
        let kept = process.member.kept.clone();
        let disk = Disk { kept, durable: process.durable, intention: process.intention.clone() };
        process.writes.push((disk, Vec::new()));
    }

    fn end_section(&mut self, k: usize) {
        let Some(process) = &mut self.processes[k] else { return };
        let Some(intention) = process.intention.clone() else { return };
        let Some(made) = process.member.outcome(intention.attempt, intention.base) else { return };
        process.member.forget(intention.attempt);
        process.intention = None;
        if made {
            process.durable = intention.durable;
            *self.acknowledged.entry(k as i64).or_default() += i64::from(!process.resolves);
        }
        if self.has_disk {
            let known = process.member.version().and_then(|v| v.state.get(&(k as i64)).copied()).unwrap_or_default();
            assert_eq!(process.durable, known, "one of both is there without the other");
            Self::write(process);
        }
        process.resolves = false;
    }

    fn begin_section(&mut self, k: usize) {
        let Some(process) = &mut self.processes[k] else { return };
        let Some(version) = process.member.read().filter(|_| process.intention.is_none()) else { return };
        let (base, mut state) = (version.number, version.state.clone());
        let count = state.entry(k as i64).or_default();
        *count += 1;
        let durable = *count;
        let Some(attempt) = process.member.begin(base, state) else { return };
        process.intention = Some(Intention { attempt, base, durable });
        if self.has_disk {
            Self::write(process);
        }
        self.settle(k);
    }

    fn confirm(&mut self, k: usize) {
        let last = self.history.keys().next_back().map_or(0, |(_, number)| *number);
        let Some(process) = &mut self.processes[k] else { return };
        match process.asked {
            None => {
                if let Some(number) = process.member.read().map(|version| version.number) {
                    process.asked = Some((process.member.confirm(), number, last));
                }
            }
            Some((round, number, last)) => match process.member.is_confirmed(round, number) {
                Some(true) => {
                    assert!(number >= last, "version {number} is confirmed after {last} was there");
                    self.confirmations += 1;
                    process.asked = None;
                }
                Some(false) => process.asked = None,
                None => {}
            },
        }
        self.settle(k);
    }

    fn flush(&mut self, k: usize) {
        let Some(process) = &mut self.processes[k] else { return };
        for (disk, messages) in process.writes.drain(..) {
            self.disks[k] = Some(disk);
            self.messages.extend(messages);
        }
    }

    fn deliver(&mut self, losses: u64) {
        if self.messages.is_empty() {
            return;
        }
        let at = self.random(self.messages.len() as u64) as usize;
        let (to, message) = match self.random(20) {
            0 => self.messages[at].clone(),
            _ => self.messages.swap_remove(at),
        };
        if losses > 0 && self.random(losses) == 0 {
            return;
        }
        if let Some(process) = &mut self.processes[to as usize] {
            process.member.hear(message);
            self.settle(to as usize);
        }
    }

    /// Crashes a member; without disks only if a majority is left that has forgotten nothing.
    fn crash(&mut self, k: usize) {
        let others = self.processes.iter().enumerate().filter(|(n, _)| *n != k);
        let whole = others.filter(|(_, p)| p.as_ref().is_some_and(|p| p.member.read().is_some())).count();
        if self.has_disk || 2 * whole > self.processes.len() {
            self.processes[k] = None;
        }
    }

    fn step(&mut self) {
        let k = self.random(self.processes.len() as u64) as usize;
        match self.random(40) {
            0 => self.remind(k),
            1..5 => self.begin_section(k),
            5..8 => self.confirm(k),
            8..15 => self.flush(k),
            15 if self.random(8) == 0 => self.crash(k),
            16 if self.processes[k].is_none() => self.start(k),
            _ => self.deliver(12),
        }
    }

    fn remind(&mut self, k: usize) {
        if let Some(process) = &mut self.processes[k] {
            process.member.remind();
            process.member.heartbeat();
            self.settle(k);
        }
    }

    /// Everybody who lives gets a section through.
    fn everybody_gets_through(&mut self, who: &[usize]) {
        let target: Vec<i64> =
            who.iter().map(|k| self.acknowledged.get(&(*k as i64)).copied().unwrap_or_default() + 1).collect();
        for round in 0.. {
            let done = who.iter().zip(&target).all(|(k, target)| self.acknowledged.get(&(*k as i64)) >= Some(target));
            if done {
                return;
            }
            assert!(round < 100, "they do not get on");
            who.iter().for_each(|k| self.begin_section(*k));
            for _ in 0..20 {
                who.iter().for_each(|k| self.flush(*k));
                for _ in 0..self.messages.len() {
                    self.deliver(0);
                }
            }
            who.iter().for_each(|k| self.remind(*k));
        }
    }

    fn judge(&self) {
        let made = |version: &Version<i64, Counts>| version.state.values().sum::<i64>();
        let versions: Vec<_> = self.history.values().collect();
        for pair in versions.windows(2).filter(|pair| pair[0].number + 1 == pair[1].number) {
            assert!(made(pair[1]) - made(pair[0]) <= 1 && made(pair[1]) >= made(pair[0]), "{pair:?}");
        }
        let last = versions.last().expect("there is a version");
        for (k, count) in &self.acknowledged {
            assert!(last.state.get(k) >= Some(count), "an acknowledged section of {k} is lost");
        }
    }
}

/// Runs one seed; gives how many sections were acknowledged while there were faults, and how many reads confirmed.
fn run(count: usize, has_disk: bool, seed: u64) -> (i64, u64) {
    let mut world = World::new(count, has_disk, seed);
    for _ in 0..4000 {
        world.step();
    }
    let faulty = (world.acknowledged.values().sum(), world.confirmations);
    world.start_all();
    let everybody: Vec<usize> = (0..count).collect();
    world.everybody_gets_through(&everybody);
    let down = world.random(count as u64) as usize;
    world.processes[down] = None;
    let others: Vec<usize> = everybody.into_iter().filter(|k| *k != down).collect();
    world.everybody_gets_through(&others);
    world.judge();
    faulty
}

/// When most have forgotten everything, those that are there go on with what the others know, once all are there.
#[test]
fn who_remembers_is_asked_when_a_majority_has_forgotten() {
    for seed in 0..200 {
        let mut world = World::new(3, false, seed);
        world.everybody_gets_through(&[0, 1, 2]);
        for _ in 0..seed {
            world.step();
        }
        world.start_all();
        world.everybody_gets_through(&[0, 1, 2]);
        let k = world.random(3) as usize;
        let known = world.processes[k].as_ref().and_then(|p| p.member.read()).expect("it takes part").state.clone();
        // What is on its way from those that die may still arrive.
        (0..3).filter(|n| *n != k).for_each(|n| world.start(n));
        world.everybody_gets_through(&[0, 1, 2]);
        let (_, last) = world.history.iter().next_back().expect("there is a version");
        assert!(known.iter().all(|(member, count)| last.state.get(member) >= Some(count)), "SEED={seed}");
    }
}

/// Runs many seeds, with three to five members, and says which fails; `SEEDS` and `SEED` say how many, and from which on.
fn many(has_disk: bool) {
    let number = |name| std::env::var(name).ok().and_then(|n| n.parse().ok());
    let (seeds, first) = (number("SEEDS").unwrap_or(700), number("SEED").unwrap_or(0));
    let (mut sections, mut reads) = (0, 0);
    for seed in first..first + seeds {
        let count = 3 + seed as usize % 3;
        let outcome = std::panic::catch_unwind(|| run(count, has_disk, seed));
        let (acknowledged, confirmed) = outcome.unwrap_or_else(|panic| {
            eprintln!("{count} members, disks {has_disk}: it was SEED={seed}");
            std::panic::resume_unwind(panic)
        });
        sections += acknowledged;
        reads += confirmed;
    }
    println!("seeds {first} to {}: {sections} sections acknowledged, {reads} reads confirmed", first + seeds - 1);
    assert!(sections > 3 * seeds as i64 && reads > 3 * seeds, "{sections} sections, {reads} reads");
}

#[test]
fn members_that_forget_do_no_harm() {
    many(false);
}

#[test]
fn members_with_disks_lose_nothing() {
    many(true);
}
