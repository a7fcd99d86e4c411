//! Many seeds, and what to do about one that fails.

use std::env;
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use super::{Run, Simulation, Trace};

/// One in this many seeds is run twice, to see that it decides everything.
const TWICE: u64 = 16;

/// How many runs may be spent on making a plan shorter, and how long that may take.
const ATTEMPTS: usize = 200;
const SHRINKING: Duration = Duration::from_secs(60);

/// What many runs came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// How many seeds were run.
    pub seeds: u64,
    /// How many faults there were.
    pub faults: u64,
    /// How much time passed in their worlds.
    pub simulated: Duration,
    /// How much time passed outside.
    pub elapsed: Duration,
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seeds, faults, simulated, elapsed } = self;
        let (hours, ratio) = (simulated.as_secs_f64() / 3600.0, simulated.as_secs_f64() / elapsed.as_secs_f64());
        write!(
            f,
            "{seeds} seeds, {faults} faults, {hours:.1} h in {elapsed:.1?}, {ratio:.0} times as fast as the clock"
        )
    }
}

/// Runs a simulation with the seeds from 1 on: this many, or as many as `SIMULATIONS` says.
///
/// `SIMULATION_SEED` asks for one seed, `SIMULATION_FAULTS` for some faults of its plan: with these, a failure is repeated.
///
/// # Panics
/// If a run fails: with its seed, a plan that is as short as could be found, the end of what happened, and how to repeat
/// it. If a seed does not decide everything.
pub fn check<T>(seeds: u64, run: impl Fn(Simulation) -> Run<T>) -> Checked {
    let asked = |name: &str| env::var(name).ok();
    let number = |name: &str| asked(name).map(|text| text.parse::<u64>().unwrap_or_else(|e| panic!("{name}: {e}")));
    let only = asked("SIMULATION_FAULTS").map(|text| {
        let places = text.split(',').filter(|place| !place.is_empty());
        places.map(|place| place.parse().unwrap_or_else(|e| panic!("SIMULATION_FAULTS: {e}"))).collect::<Vec<usize>>()
    });
    let one = number("SIMULATION_SEED");
    let (first, last) = one.map_or((1, number("SIMULATIONS").unwrap_or(seeds)), |seed| (seed, seed));
    let mut checked = Checked::default();
    let mut progress = Progress::new();
    let start = Instant::now();
    for seed in first..=last {
        let again = || Simulation { only: only.clone(), ..Simulation::new(seed) };
        let found = run(again());
        checked.seeds += 1;
        checked.faults += found.plan.0.len() as u64;
        checked.simulated += found.simulated;
        checked.elapsed = start.elapsed();
        if found.outcome.is_err() {
            let places = only.clone().unwrap_or_else(|| (0..found.plan.0.len()).collect());
            let (places, found) = shrink(&run, places, found);
            panic!("{}", report(&found, &places));
        }
        if (seed % TWICE == 0 || one.is_some()) && run(again()).trace != found.trace {
            let [one, other] = [(); 2].map(|()| run(Simulation { trace: Trace::whole(), ..again() }).trace);
            let difference = one.first_difference(&other).unwrap_or("two other runs are equal".to_owned());
            panic!("seed {seed} does not decide everything; two runs differ in {difference}");
        }
        progress.tell(&checked, last - first + 1);
    }
    checked
}

/// Leaves out faults as long as the run fails without them.
fn shrink<T>(run: &impl Fn(Simulation) -> Run<T>, mut places: Vec<usize>, mut found: Run<T>) -> (Vec<usize>, Run<T>) {
    let (start, mut attempts, mut size) = (Instant::now(), 0, places.len().div_ceil(2));
    while size > 0 {
        let mut at = 0;
        while at < places.len() {
            attempts += 1;
            if attempts > ATTEMPTS || start.elapsed() > SHRINKING {
                return (places, found);
            }
            let mut fewer = places.clone();
            fewer.drain(at..(at + size).min(places.len()));
            let less = run(Simulation { only: Some(fewer.clone()), ..Simulation::new(found.seed) });
            if less.outcome.is_err() {
                (places, found) = (fewer, less);
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    (places, found)
}

fn report<T>(run: &Run<T>, places: &[usize]) -> String {
    let Run { seed, plan, outcome, trace, simulated, .. } = run;
    let failure = outcome.as_ref().err().map(ToString::to_string).unwrap_or_default();
    let places: Vec<_> = places.iter().map(ToString::to_string).collect();
    format!(
        "seed {seed} fails after {:.3}s: {failure}\nwhat goes wrong, as little as was found to be enough:\n{plan}\
         the end of what happened:\n{trace}\
         to repeat it: SIMULATION_SEED={seed} SIMULATION_FAULTS={} and the same test",
        simulated.as_secs_f64(),
        places.join(","),
    )
}

/// A line on a terminal that says how far it is.
struct Progress {
    is_shown: bool,
    last: Instant,
}

impl Progress {
    fn new() -> Self {
        Self { is_shown: io::stderr().is_terminal(), last: Instant::now() }
    }

    fn tell(&mut self, checked: &Checked, all: u64) {
        if self.is_shown && self.last.elapsed() > Duration::from_secs(1) {
            self.last = Instant::now();
            // A terminal that is gone does not matter.
            let _ = write!(io::stderr(), "\rof {all}: {checked} ");
        }
    }
}
