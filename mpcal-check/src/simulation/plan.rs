//! What goes wrong in a run, and when.

use std::fmt;
use std::time::Duration;

use fastrand::Rng;

/// Something that goes wrong. Nodes are meant by their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A node loses power, and is started again after a time. Its disk keeps what was flushed, and of the rest any sectors.
    /// Its peers notice nothing until they time out or it is back.
    PowerLoss(String, Duration),
    /// A process is killed, and started again after a time. Its disk keeps what was written.
    Kill(String, Duration),
    /// A process does nothing for a time, as if it were stopped.
    Pause(String, Duration),
    /// Nothing passes between these nodes and the others for a time, in either direction.
    Partition(Vec<String>, Duration),
    /// Nothing reaches a node for a time; what it sends arrives.
    Deaf(String, Duration),
    /// Everything that a node sends takes this much longer, for a time.
    Slow(String, Duration, Duration),
    /// All connections of a node break.
    Cut(String),
    /// There is no space on the disk of a node for a time.
    FullDisk(String, Duration),
    /// The next flush of a node fails.
    FailedFlush(String),
    /// The clock of a node is suddenly ahead by this much more.
    ClockJump(String, Duration),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PowerLoss(node, time) => write!(f, "{node} loses power for {time:.1?}"),
            Self::Kill(node, time) => write!(f, "{node} is killed, and started again after {time:.1?}"),
            Self::Pause(node, time) => write!(f, "{node} is stopped for {time:.1?}"),
            Self::Partition(nodes, time) => write!(f, "{} cut off from the others for {time:.1?}", nodes.join(", ")),
            Self::Deaf(node, time) => write!(f, "nothing reaches {node} for {time:.1?}"),
            Self::Slow(node, by, time) => write!(f, "what {node} sends takes {by:.1?} longer for {time:.1?}"),
            Self::Cut(node) => write!(f, "the connections of {node} break"),
            Self::FullDisk(node, time) => write!(f, "the disk of {node} is full for {time:.1?}"),
            Self::FailedFlush(node) => write!(f, "the next flush of {node} fails"),
            Self::ClockJump(node, by) => write!(f, "the clock of {node} is ahead by {by:.1?}"),
        }
    }
}

/// How often what goes wrong, in the whole system, per minute on average.
#[derive(Clone, Debug)]
pub struct Faults {
    /// How long something may go wrong. Default: a minute.
    pub during: Duration,
    /// [`Fault::PowerLoss`]. Default: 3.
    pub power_losses: f64,
    /// [`Fault::Kill`]. Default: 3.
    pub kills: f64,
    /// [`Fault::Pause`]. Default: 3.
    pub pauses: f64,
    /// [`Fault::Partition`]. Default: 3.
    pub partitions: f64,
    /// [`Fault::Deaf`]. Default: 2.
    pub deafness: f64,
    /// [`Fault::Slow`]. Default: 2.
    pub slowness: f64,
    /// [`Fault::Cut`]. Default: 6.
    pub cuts: f64,
    /// [`Fault::FullDisk`]. A node that fails because of it is started again when there is space. Default: 1.
    pub full_disks: f64,
    /// [`Fault::FailedFlush`]. A node that fails because of it is started again after a second. Default: 1.
    pub failed_flushes: f64,
    /// [`Fault::ClockJump`]. Default: 2.
    pub clock_jumps: f64,
    /// How much faster or slower than the world's a node's clock may be, in parts per million. Default: 200.
    pub drift: u32,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            during: Duration::from_secs(60),
            power_losses: 3.0,
            kills: 3.0,
            pauses: 3.0,
            partitions: 3.0,
            deafness: 2.0,
            slowness: 2.0,
            cuts: 6.0,
            full_disks: 1.0,
            failed_flushes: 1.0,
            clock_jumps: 2.0,
            drift: 200,
        }
    }
}

impl Faults {
    /// Nothing goes wrong, and all clocks are right.
    #[must_use]
    pub fn none() -> Self {
        Self {
            during: Duration::ZERO,
            power_losses: 0.0,
            kills: 0.0,
            pauses: 0.0,
            partitions: 0.0,
            deafness: 0.0,
            slowness: 0.0,
            cuts: 0.0,
            full_disks: 0.0,
            failed_flushes: 0.0,
            clock_jumps: 0.0,
            drift: 0,
        }
    }
}

/// What goes wrong in a run, each fault at its time since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan(pub Vec<(Duration, Fault)>);

impl Plan {
    /// What a seed makes of the odds.
    pub(super) fn random(rng: &mut Rng, faults: &Faults, nodes: &[String]) -> Self {
        let mut plan = Vec::new();
        if nodes.is_empty() {
            return Self(plan);
        }
        let one = |rng: &mut Rng| nodes[rng.usize(..nodes.len())].clone();
        // As often between a hundredth and a tenth of a second as between a tenth and a second: what a system does meanwhile
        // takes any of these times.
        let seconds = |rng: &mut Rng, most: f64| Duration::from_secs_f64(most * 0.001_f64.powf(rng.f64()));
        let mut add = |rng: &mut Rng, rate: f64, fault: &dyn Fn(&mut Rng) -> Fault| {
            let mut at = 0.0;
            loop {
                // The gaps of a Poisson process; a tenth of a second at least, so that no rate makes endless plans.
                at += (-rng.f64().max(1e-9).ln() * 60.0 / rate).max(0.1);
                if rate <= 0.0 || at >= faults.during.as_secs_f64() {
                    return;
                }
                plan.push((Duration::from_secs_f64(at), fault(rng)));
            }
        };
        add(rng, faults.power_losses, &|rng| Fault::PowerLoss(one(rng), seconds(rng, 5.0)));
        add(rng, faults.kills, &|rng| Fault::Kill(one(rng), seconds(rng, 3.0)));
        add(rng, faults.pauses, &|rng| Fault::Pause(one(rng), seconds(rng, 4.0)));
        add(rng, faults.partitions, &|rng| {
            let mut cut_off: Vec<_> = nodes.iter().filter(|_| rng.bool()).cloned().collect();
            if cut_off.is_empty() || cut_off.len() == nodes.len() {
                cut_off = vec![one(rng)];
            }
            Fault::Partition(cut_off, seconds(rng, 8.0))
        });
        add(rng, faults.deafness, &|rng| Fault::Deaf(one(rng), seconds(rng, 6.0)));
        add(rng, faults.slowness, &|rng| {
            let by = Duration::from_millis(1 + rng.u64(..400));
            Fault::Slow(one(rng), by, seconds(rng, 8.0))
        });
        add(rng, faults.cuts, &|rng| Fault::Cut(one(rng)));
        add(rng, faults.full_disks, &|rng| Fault::FullDisk(one(rng), seconds(rng, 4.0)));
        add(rng, faults.failed_flushes, &|rng| Fault::FailedFlush(one(rng)));
        add(rng, faults.clock_jumps, &|rng| Fault::ClockJump(one(rng), seconds(rng, 10.0)));
        plan.sort_by_key(|(at, _)| *at);
        Self(plan)
    }

    /// The faults at these places.
    pub(super) fn only(&self, places: &[usize]) -> Self {
        Self(places.iter().filter_map(|place| self.0.get(*place)).cloned().collect())
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return writeln!(f, "  nothing goes wrong");
        }
        self.0.iter().try_for_each(|(at, fault)| writeln!(f, "  {:>7.3}s  {fault}", at.as_secs_f64()))
    }
}
