//! Every state, level by level: what is found first is found on a shortest way.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use mpcal_runtime::value::EvalError;
use parking_lot::Mutex;

use crate::key::Key;
use crate::limits::{Limits, Progress, Watch};
use crate::system::{Action, Change, Failure, Row, System, Worker};
use crate::visited::{Found, Places, Visited};

/// States that a thread takes at a time.
const CHUNK: usize = 256;

/// What was found.
#[derive(Debug)]
pub struct Explored {
    /// Steps that lead from states, and initial states.
    pub generated: u64,
    /// Distinct states.
    pub distinct: u64,
    /// The number of levels: states on the longest of the shortest ways.
    pub depth: u64,
    /// What is wrong, if something is.
    pub failure: Option<Counterexample>,
    /// Whether a limit was reached.
    pub incomplete: bool,
    /// How often each label was taken, by archetype.
    pub taken: Vec<(String, &'static str, u64)>,
}

/// What is wrong, and a shortest way to it.
#[derive(Debug)]
pub struct Counterexample {
    /// What is wrong in the last state; nothing for a deadlock.
    pub failure: Option<Failure>,
    /// The first state.
    pub first: Vec<u32>,
    /// Each step, with the state that it leads to.
    pub steps: Vec<(Action, Vec<u32>)>,
}

/// The states of one level, one after the other.
struct Level {
    width: usize,
    rows: Vec<u32>,
}

impl Level {
    fn new(width: usize) -> Self {
        Self { width, rows: Vec::new() }
    }

    fn len(&self) -> usize {
        self.rows.len() / self.width
    }

    fn row(&self, at: usize) -> &Row {
        &self.rows[at * self.width..][..self.width]
    }
}

/// What one thread has found and not yet told the others.
#[derive(Default)]
struct Batch {
    found: Vec<Found>,
    /// For each, the state of the level that it was found from, and where what it changes ends.
    from: Vec<(u32, u32)>,
    changes: Vec<[u32; 2]>,
    places: Places,
    new: Vec<u32>,
}

impl Batch {
    fn push(&mut self, at: usize, from: Key, change: Change<'_>) {
        self.found.push(Found::new(change.key, Some(from)));
        self.changes.extend_from_slice(change.components);
        self.from.push((at as u32, self.changes.len() as u32));
    }

    /// Adds the states that are new to the next level.
    fn keep(&mut self, visited: &Visited, level: &Level, next: &mut Level) {
        visited.add(&self.found, &mut self.places, &mut self.new);
        for n in self.new.iter().map(|n| *n as usize) {
            let (at, end) = self.from[n];
            let begin = n.checked_sub(1).map_or(0, |before| self.from[before].1);
            let start = next.rows.len();
            next.rows.extend_from_slice(level.row(at as usize));
            for [component, value] in &self.changes[begin as usize..end as usize] {
                next.rows[start + *component as usize] = *value;
            }
        }
        self.found.clear();
        self.from.clear();
        self.changes.clear();
    }
}

/// What all threads share while they explore a level.
struct Search<'s, S> {
    system: &'s S,
    limits: Limits,
    watch: Watch,
    visited: Visited,
    generated: AtomicU64,
    /// The first state in its level in which something is wrong.
    failure: Mutex<Option<(usize, Key, Option<Failure>)>>,
    stop: AtomicBool,
    incomplete: AtomicBool,
    /// When progress was told last, and the depth.
    told: Mutex<(Duration, u64)>,
    tell: &'s (dyn Fn(Progress) + Sync),
}

/// How often progress is told at most.
const TELL_AFTER: Duration = Duration::from_secs(1);

/// Explores a system on this many threads. A deadlock is a failure without a name.
///
/// # Errors
/// If an initial value cannot be evaluated.
pub fn breadth_first<S: System>(system: &S, threads: usize, limits: Limits) -> Result<Explored, EvalError>
where
    S::Worker: Send,
{
    breadth_first_watched(system, threads, limits, &|_| {})
}

/// The same; tells once a second how far it has come.
///
/// # Errors
/// If an initial value cannot be evaluated.
pub fn breadth_first_watched<S: System>(
    system: &S,
    threads: usize,
    limits: Limits,
    tell: &(dyn Fn(Progress) + Sync),
) -> Result<Explored, EvalError>
where
    S::Worker: Send,
{
    let mut workers = (0..threads.max(1)).map(|_| system.worker()).collect::<Result<Vec<_>, _>>()?;
    let search = Search {
        system,
        limits,
        watch: limits.watch(),
        visited: Visited::default(),
        generated: AtomicU64::new(0),
        failure: Mutex::new(None),
        stop: AtomicBool::new(false),
        told: Mutex::new((Duration::ZERO, 0)),
        tell,
        incomplete: AtomicBool::new(false),
    };
    let (mut level, mut depth) = (search.start()?, 0);
    while level.len() > 0 && !search.stop.load(Ordering::Relaxed) {
        depth += 1;
        search.told.lock().1 = depth;
        level = search.next(&level, &mut workers);
    }
    let failure = search.failure.lock().take();
    let failure = match failure {
        Some((_, state, failure)) => Some(search.counterexample(failure, state, &mut workers[0])?),
        None => None,
    };
    Ok(Explored {
        generated: search.generated.into_inner(),
        distinct: search.visited.len(),
        depth,
        failure,
        incomplete: search.incomplete.into_inner(),
        taken: sum(workers.iter().map(Worker::taken)),
    })
}

fn sum(all: impl Iterator<Item = Vec<(String, &'static str, u64)>>) -> Vec<(String, &'static str, u64)> {
    let mut found: Vec<(String, &'static str, u64)> = Vec::new();
    for (archetype, label, count) in all.flatten() {
        match found.iter_mut().find(|(a, l, _)| *a == archetype && *l == label) {
            Some((.., sum)) => *sum += count,
            None => found.push((archetype, label, count)),
        }
    }
    found
}

impl<S: System> Search<'_, S>
where
    S::Worker: Send,
{
    fn start(&self) -> Result<Level, EvalError> {
        let (mut level, rows) = (Level::new(self.system.width()), self.system.initial()?);
        let found: Vec<_> = rows.chunks(level.width).map(|row| Found::new(Key::of(row), None)).collect();
        self.generated.fetch_add(found.len() as u64, Ordering::Relaxed);
        let mut new = Vec::new();
        self.visited.add(&found, &mut Places::default(), &mut new);
        new.iter().for_each(|at| level.rows.extend_from_slice(&rows[*at as usize * level.width..][..level.width]));
        Ok(level)
    }

    /// The states that one level leads to.
    fn next(&self, level: &Level, workers: &mut [S::Worker]) -> Level {
        let taken = AtomicUsize::new(0);
        let [first, others @ ..] = workers else { return Level::new(level.width) };
        // A thread costs more than a few states.
        if level.len() <= CHUNK {
            return self.explore(level, first, &taken);
        }
        thread::scope(|scope| {
            let others: Vec<_> =
                others.iter_mut().map(|worker| scope.spawn(|| self.explore(level, worker, &taken))).collect();
            let mut next = self.explore(level, first, &taken);
            for other in others {
                let found = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                next.rows.extend(found.rows);
            }
            next
        })
    }

    /// What one thread does of it.
    fn explore(&self, level: &Level, worker: &mut S::Worker, taken: &AtomicUsize) -> Level {
        let (mut next, mut batch) = (Level::new(level.width), Batch::default());
        loop {
            let from = taken.fetch_add(CHUNK, Ordering::Relaxed);
            if from >= level.len() || self.stop.load(Ordering::Relaxed) {
                return next;
            }
            let mut stutters = 0;
            for at in from..level.len().min(from + CHUNK) {
                let (row, before) = (level.row(at), batch.found.len());
                let key = Key::of(row);
                let may_end = worker.changes(row, key, &mut |_, change| batch.push(at, key, change));
                let is_stuck = batch.found.len() == before;
                match may_end {
                    // As in a translation: where all have ended, a step changes nothing.
                    Ok(true) if is_stuck => stutters += 1,
                    Ok(_) if !is_stuck || !self.limits.deadlock => {}
                    Ok(_) => self.fail(at, key, None),
                    Err(failure) => self.fail(at, key, Some(failure)),
                }
            }
            self.generated.fetch_add(batch.found.len() as u64 + stutters, Ordering::Relaxed);
            batch.keep(&self.visited, level, &mut next);
            let too_many = self.limits.states < u64::MAX && self.visited.len() > self.limits.states;
            if too_many || self.watch.is_over() {
                self.incomplete.store(true, Ordering::Relaxed);
                self.stop.store(true, Ordering::Relaxed);
            }
            self.progress(level.len().saturating_sub(from + CHUNK) as u64);
        }
    }

    /// Tells how far it has come, if another thread is not about to, and it is time.
    fn progress(&self, left: u64) {
        let Some(mut told) = self.told.try_lock() else { return };
        let elapsed = self.watch.elapsed();
        if elapsed < told.0 + TELL_AFTER {
            return;
        }
        told.0 = elapsed;
        let (generated, distinct) = (self.generated.load(Ordering::Relaxed), self.visited.len());
        (self.tell)(Progress { generated, distinct, depth: told.1, left, elapsed });
    }

    fn fail(&self, at: usize, state: Key, failure: Option<Failure>) {
        let mut first = self.failure.lock();
        if first.as_ref().is_none_or(|(known, ..)| at < *known) {
            *first = Some((at, state, failure));
        }
        self.stop.store(true, Ordering::Relaxed);
    }

    /// The way to a state, taken again.
    fn counterexample(
        &self,
        failure: Option<Failure>,
        state: Key,
        worker: &mut S::Worker,
    ) -> Result<Counterexample, EvalError> {
        let keys = self.visited.way_to(state);
        let initial = self.system.initial()?;
        let first =
            initial.chunks(self.system.width()).find(|row| keys.first().is_some_and(|first| first.is(Key::of(row))));
        let first = first.unwrap_or_default().to_vec();
        let (mut at, mut steps) = (first.clone(), Vec::new());
        for key in keys.iter().skip(1) {
            let mut found = None;
            // What is wrong with the last state says nothing about the way there.
            let _ = worker.steps(&at, &mut |action, row| {
                if found.is_none() && key.is(Key::of(row)) {
                    found = Some((action, row.to_vec()));
                }
            });
            let Some(step) = found else { break };
            at.clone_from(&step.1);
            steps.push(step);
        }
        Ok(Counterexample { failure, first, steps })
    }
}
