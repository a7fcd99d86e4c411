//! What the sections of a process led to, by the state of the process and the values that they touched.
//!
//! Looking it up is most of what a check does, so all of it lies together in one row of numbers:
//!
//! ```text
//! touched, process, asked (2), end, values of what was touched …, ways, (changes, key (4), (component, value) …) for each …
//! ```

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::key::Key;
use crate::system::{Failure, Row};

/// All that a process can do in a state.
#[derive(Debug)]
pub(super) struct Outcomes {
    pub(super) ways: Vec<Way>,
    pub(super) failure: Option<Failure>,
    /// Whether the process has ended.
    pub(super) is_done: bool,
}

/// A step.
#[derive(Debug)]
pub(super) struct Way {
    /// The components that it changes, the state of the process among them.
    pub(super) changes: Vec<[u32; 2]>,
    /// By how much it changes the key of the state.
    pub(super) by: Key,
}

/// Where outcomes are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known(usize);

/// What the sections of one process led to.
#[derive(Default)]
pub(super) struct Memory {
    /// The sets of variables that were touched, sorted.
    touched: Vec<Box<[u16]>>,
    /// Those that were touched in a state of the process: which these are may depend on their values.
    by_process: Vec<Vec<u32>>,
    /// Places in `rows`.
    places: HashTable<usize>,
    rows: Vec<u32>,
    /// The outcomes that were asked for last: neighbouring states differ in little.
    last: Option<usize>,
    failures: Vec<Failure>,
    hasher: FixedState,
}

const TOUCHED: usize = 0;
const PROCESS: usize = 1;
const ASKED: usize = 2;
const END: usize = 4;
/// Where the values begin.
const HEAD: usize = 5;

/// What is at [`END`]: the process goes on, has ended, or the failure with this number less [`FAILS`].
const GOES_ON: u32 = 0;
const ENDED: u32 = 1;
const FAILS: u32 = 2;

impl Memory {
    /// What is known of a process in this state, where the variables have these values.
    pub(super) fn find(&mut self, process: u32, state: &Row) -> Option<Known> {
        let at = match self.last.filter(|at| self.is_at(*at, process, state)) {
            Some(at) => at,
            None => {
                let touched = self.by_process.get(process as usize)?.iter();
                let mut found = touched.filter_map(|touched| {
                    let hash = self.hash(process, self.touched[*touched as usize].iter().map(|v| state[*v as usize]));
                    let is_it = |at: &usize| self.rows[*at] == *touched && self.is_at(*at, process, state);
                    self.places.find(hash, is_it).copied()
                });
                found.next()?
            }
        };
        self.last = Some(at);
        let (count, carry) = self.rows[at + ASKED].overflowing_add(1);
        self.rows[at + ASKED] = count;
        self.rows[at + ASKED + 1] += u32::from(carry);
        Some(Known(at))
    }

    fn is_at(&self, at: usize, process: u32, state: &Row) -> bool {
        let touched = &self.touched[self.rows[at + TOUCHED] as usize];
        let values = &self.rows[at + HEAD..][..touched.len()];
        self.rows[at + PROCESS] == process && touched.iter().zip(values).all(|(v, value)| state[*v as usize] == *value)
    }

    fn hash(&self, process: u32, values: impl Iterator<Item = u32>) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write_u32(process);
        values.for_each(|value| hasher.write_u32(value));
        hasher.finish()
    }

    pub(super) fn add(&mut self, process: u32, state: &Row, touched: &[u16], outcomes: Outcomes) -> Known {
        let set = self.touched.iter().position(|known| **known == *touched).unwrap_or_else(|| {
            self.touched.push(touched.into());
            self.touched.len() - 1
        });
        if self.by_process.len() <= process as usize {
            self.by_process.resize_with(process as usize + 1, Vec::new);
        }
        let sets = &mut self.by_process[process as usize];
        if !sets.contains(&(set as u32)) {
            sets.push(set as u32);
        }
        let end = match outcomes.failure {
            None if outcomes.is_done => ENDED,
            None => GOES_ON,
            Some(failure) => {
                self.failures.push(failure);
                FAILS + self.failures.len() as u32 - 1
            }
        };
        let at = self.rows.len();
        self.rows.extend([set as u32, process, 1, 0, end]);
        self.rows.extend(touched.iter().map(|variable| state[*variable as usize]));
        self.rows.push(outcomes.ways.len() as u32);
        for Way { changes, by } in outcomes.ways {
            self.rows.push(changes.len() as u32);
            self.rows.extend(by.words());
            self.rows.extend(changes.as_flattened());
        }
        // What hashes looks at all but the table.
        let mut places = std::mem::take(&mut self.places);
        let hash = |at: usize| {
            let count = self.touched[self.rows[at + TOUCHED] as usize].len();
            self.hash(self.rows[at + PROCESS], self.rows[at + HEAD..][..count].iter().copied())
        };
        places.insert_unique(hash(at), at, |known| hash(*known));
        self.places = places;
        self.last = Some(at);
        Known(at)
    }

    /// Shows each way.
    pub(super) fn ways(&self, known: Known) -> Ways<'_> {
        let count = self.touched[self.rows[known.0 + TOUCHED] as usize].len();
        let at = known.0 + HEAD + count;
        Ways { left: self.rows[at], rest: &self.rows[at + 1..] }
    }

    pub(super) fn failure(&self, known: Known) -> Option<&Failure> {
        self.failures.get(self.rows[known.0 + END].checked_sub(FAILS)? as usize)
    }

    pub(super) fn has_ended(&self, known: Known) -> bool {
        self.rows[known.0 + END] == ENDED
    }

    /// How many steps were taken from each state of the process.
    pub(super) fn taken(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        self.places.iter().map(|at| {
            let asked = u64::from(self.rows[*at + ASKED]) | u64::from(self.rows[*at + ASKED + 1]) << 32;
            (self.rows[*at + PROCESS], asked * u64::from(self.ways(Known(*at)).left))
        })
    }
}

/// The ways of a process.
pub(super) struct Ways<'m> {
    left: u32,
    rest: &'m [u32],
}

impl<'m> Iterator for Ways<'m> {
    /// The components that it changes, and by how much the key.
    type Item = (&'m [[u32; 2]], Key);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let [count, a, b, c, d, rest @ ..] = self.rest else { return None };
        let (changes, rest) = rest.split_at_checked(2 * *count as usize)?;
        self.rest = rest;
        Some((changes.as_chunks().0, Key::from_words([*a, *b, *c, *d])))
    }
}
