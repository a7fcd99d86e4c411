//! Whether what clients saw has an order: the histories of [Herlihy and Wing](https://doi.org/10.1145/78969.78972).
//!
//! In: operations with the times at which they were called and returned, and a sequential [`Object`]. Out: an order of the
//! operations that explains every output and in which none comes before another that had returned when it was called; or
//! that there is none.
//!
//! The search is that of [Wing and Gong](https://doi.org/10.1006/jpdc.1993.1015) with the cache of
//! [Lowe](https://doi.org/10.1002/cpe.3928): a set of operations that leads to the same state in another order is looked at
//! once. An object that consists of independent ones, such as the keys of a store, is best checked part by part
//! ([`partition`]): a history is linearizable if and only if the history of each part is.

use std::collections::BTreeMap;
use std::fmt::{self, Debug, Display};
use std::time::{Duration, Instant};

use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// An object that carries out one operation after another.
pub trait Object {
    /// What it remembers.
    type State: Clone + Eq;
    /// What a client asks for.
    type Input;
    /// What it answers.
    type Output;

    /// The state before the first operation.
    fn initial(&self) -> Self::State;

    /// The state after an operation, if this is its output in `state`. Without an output, nobody has seen it: any will do.
    fn apply(&self, state: &Self::State, input: &Self::Input, output: Option<&Self::Output>) -> Option<Self::State>;
}

/// An operation of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation<I, O> {
    /// The client.
    pub client: u64,
    /// What it asked for.
    pub input: I,
    /// When, on a clock that all clients share.
    pub called: Duration,
    /// The output, and when it was there. None if the client never saw it: the operation may have taken effect at any time
    /// since, or not at all.
    pub returned: Option<(O, Duration)>,
}

/// What was found out about a history. Operations are meant by their places in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// This order explains it. Operations whose output nobody saw may be missing.
    Linearizable(Vec<usize>),
    /// Nothing explains it; the longest order that explains its beginning.
    NotLinearizable(Vec<usize>),
    /// The time was over first.
    Unknown,
}

/// Looks for an order of a history, for at most so long.
pub fn linearize<M: Object>(object: &M, history: &[Operation<M::Input, M::Output>], limit: Duration) -> Verdict {
    let mut search = Search::new(object, history);
    let end = Instant::now().checked_add(limit);
    let mut ticks = 0_u32;
    loop {
        ticks = ticks.wrapping_add(1);
        if ticks.is_multiple_of(1024) && end.is_some_and(|end| Instant::now() > end) {
            return Verdict::Unknown;
        }
        match search.step() {
            None => {}
            Some(true) => return Verdict::Linearizable(search.order()),
            Some(false) => return Verdict::NotLinearizable(search.longest),
        }
    }
}

/// The histories of the parts of an object, each operation belonging to one.
pub fn partition<I, O, K: Ord>(
    history: impl IntoIterator<Item = Operation<I, O>>,
    part: impl Fn(&I) -> K,
) -> BTreeMap<K, Vec<Operation<I, O>>> {
    let mut parts: BTreeMap<K, Vec<_>> = BTreeMap::new();
    for operation in history {
        parts.entry(part(&operation.input)).or_default().push(operation);
    }
    parts
}

/// The call of an operation, or its return.
#[derive(Clone, Copy)]
enum Event {
    Call(usize),
    Return,
}

/// Stands for the place before the first event and after the last one.
const ENDS: usize = 0;

/// A search, event by event.
struct Search<'h, M: Object> {
    object: &'h M,
    history: &'h [Operation<M::Input, M::Output>],
    /// In the order of their times, from place 1 on; place 0 stands for both ends.
    events: Vec<Event>,
    /// The events of operations without a place in the order yet, as a list.
    next: Vec<usize>,
    previous: Vec<usize>,
    /// Of each operation the places of its events; [`ENDS`] if it never returned.
    places: Vec<(usize, usize)>,
    state: M::State,
    /// Which operations have a place in the order.
    done: Vec<u64>,
    /// The order, with the state before each.
    taken: Vec<(usize, M::State)>,
    /// What was looked at already: which operations have a place, and to which states they led.
    seen: HashMap<Vec<u64>, Vec<M::State>, FixedState>,
    /// How many operations that returned have no place yet.
    missing: usize,
    /// The event that is looked at.
    at: usize,
    longest: Vec<usize>,
}

impl<'h, M: Object> Search<'h, M> {
    fn new(object: &'h M, history: &'h [Operation<M::Input, M::Output>]) -> Self {
        // Calls come before returns of the same time: these operations are concurrent.
        let mut times = Vec::new();
        for (n, operation) in history.iter().enumerate() {
            times.push((operation.called, false, n));
            times.extend(operation.returned.as_ref().map(|(_, at)| (*at, true, n)));
        }
        times.sort_unstable();
        let (mut events, mut places) = (vec![Event::Return], vec![(ENDS, ENDS); history.len()]);
        for (_, returns, n) in times {
            if returns {
                places[n].1 = events.len();
                events.push(Event::Return);
            } else {
                places[n].0 = events.len();
                events.push(Event::Call(n));
            }
        }
        let count = events.len();
        let mut search = Self {
            object,
            history,
            next: (1..=count).map(|n| n % count).collect(),
            previous: (0..count).map(|n| (n + count - 1) % count).collect(),
            events,
            places,
            state: object.initial(),
            done: vec![0; history.len().div_ceil(64)],
            taken: Vec::new(),
            seen: HashMap::default(),
            missing: history.iter().filter(|operation| operation.returned.is_some()).count(),
            at: ENDS,
            longest: Vec::new(),
        };
        search.at = search.next[ENDS];
        search
    }

    fn order(&self) -> Vec<usize> {
        self.taken.iter().map(|(operation, _)| *operation).collect()
    }

    /// Looks at an event; says whether there is an order, once that is known.
    fn step(&mut self) -> Option<bool> {
        if self.missing == 0 {
            return Some(true);
        }
        match self.events[self.at] {
            Event::Call(operation) => {
                if !self.take(operation) {
                    self.at = self.next[self.at];
                }
                None
            }
            // All that could come before this return has been tried.
            Event::Return => (!self.give_back()).then_some(false),
        }
    }

    /// Gives an operation the next place in the order, if that is possible and new.
    fn take(&mut self, operation: usize) -> bool {
        let Operation { input, returned, .. } = &self.history[operation];
        let output = returned.as_ref().map(|(output, _)| output);
        let Some(state) = self.object.apply(&self.state, input, output) else { return false };
        self.done[operation / 64] |= 1 << (operation % 64);
        let seen = self.seen.entry_ref(&self.done[..]).or_default();
        if seen.contains(&state) {
            self.done[operation / 64] &= !(1 << (operation % 64));
            return false;
        }
        seen.push(state.clone());
        self.taken.push((operation, std::mem::replace(&mut self.state, state)));
        self.missing -= usize::from(returned.is_some());
        let (call, return_) = self.places[operation];
        self.unlink(call);
        if return_ != ENDS {
            self.unlink(return_);
        }
        self.at = self.next[ENDS];
        true
    }

    /// Takes the last operation out of the order again, and goes on after its call; false if there is none.
    fn give_back(&mut self) -> bool {
        if self.taken.len() > self.longest.len() {
            self.longest = self.order();
        }
        let Some((operation, state)) = self.taken.pop() else { return false };
        self.state = state;
        self.done[operation / 64] &= !(1 << (operation % 64));
        self.missing += usize::from(self.history[operation].returned.is_some());
        let (call, return_) = self.places[operation];
        if return_ != ENDS {
            self.link(return_);
        }
        self.link(call);
        self.at = self.next[call];
        true
    }

    fn unlink(&mut self, event: usize) {
        let (next, previous) = (self.next[event], self.previous[event]);
        self.next[previous] = next;
        self.previous[next] = previous;
    }

    /// Puts back the event that was unlinked last.
    fn link(&mut self, event: usize) {
        let (next, previous) = (self.next[event], self.previous[event]);
        self.next[previous] = event;
        self.previous[next] = event;
    }
}

/// A history with what was found out about it, for people.
#[derive(Clone, Copy, Debug)]
pub struct Explained<'h, I, O>(pub &'h [Operation<I, O>], pub &'h Verdict);

/// How many operations are shown at the end of an order.
const SHOWN: usize = 12;

impl<I: Debug, O: Debug> Display for Explained<'_, I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(history, verdict) = self;
        let order = match verdict {
            Verdict::Linearizable(order) => {
                return write!(f, "linearizable: {} of {} operations in order", order.len(), history.len());
            }
            Verdict::Unknown => return write!(f, "not known: the time was over first"),
            Verdict::NotLinearizable(order) => order,
        };
        writeln!(f, "not linearizable: no order explains all {} operations", history.len())?;
        writeln!(f, "the longest order that explains its beginning has {}; it ends with", order.len())?;
        for at in &order[order.len().saturating_sub(SHOWN)..] {
            writeln!(f, "  {}", Line(&history[*at]))?;
        }
        writeln!(f, "and one of these had to be next:")?;
        let rest: Vec<_> = (0..history.len()).filter(|n| !order.contains(n)).map(|n| &history[n]).collect();
        let first_return = rest.iter().filter_map(|o| Some(o.returned.as_ref()?.1)).min().unwrap_or(Duration::MAX);
        for operation in rest.iter().filter(|o| o.called <= first_return).take(SHOWN) {
            writeln!(f, "  {}", Line(operation))?;
        }
        Ok(())
    }
}

/// An operation in a line.
struct Line<'h, I, O>(&'h Operation<I, O>);

impl<I: Debug, O: Debug> Display for Line<'_, I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Operation { client, input, called, returned } = self.0;
        write!(f, "client {client}: {input:?}, called at {called:?}, ")?;
        match returned {
            Some((output, at)) => write!(f, "returned {output:?} at {at:?}"),
            None => write!(f, "never returned"),
        }
    }
}
