//! How runs of members come to vote: the first version, and runs that come later.
//!
//! A run that has started says hello to everybody until it votes. It is told what there is, with a pass; who comes back with
//! the pass that it was given last lives, and is listed in the next version. A late hello of a dead run has an older pass.
//!
//! Where there is no version yet, or a majority of the runs that decide is dead, the first of all members founds one, as soon as
//! everybody has told its present run what there is: with the last state that anybody knows, and everybody's present
//! run. Who has told a later run of the founder what there is follows nothing that an earlier one has founded, unless
//! somebody tells of it who is asked afterwards: that one has followed it, so the later run founds nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Accepted, Member, Message, State, Version};
use crate::value::Data;

/// What a run is given to come back with: by a start of a process, the n-th.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::resource::replicated) struct Pass {
    start: u64,
    number: u64,
}

/// What a member knows of runs.
pub(super) struct Joining<K: Ord, S> {
    /// The run that each member has said hello with last, and the pass it was given for that.
    given: BTreeMap<K, (u64, Pass)>,
    passes: u64,
    /// The runs that live and are not listed yet.
    pub(super) admitted: BTreeMap<K, u64>,
    /// What members have told this run, while it is not listed or founds.
    pub(super) told: BTreeMap<K, Told<K, S>>,
    /// The runs of the founder before the last one that has said hello, and the number of the question that this run asks
    /// since then.
    superseded: BTreeSet<u64>,
    question: u64,
}

/// What one has told.
pub(super) struct Told<K: Ord, S> {
    pub(super) run: u64,
    pub(super) version: Option<Version<K, S>>,
    pub(super) accepted: Option<Accepted<K, S>>,
}

impl<K: Ord, S> Default for Joining<K, S> {
    fn default() -> Self {
        Self {
            given: BTreeMap::new(),
            passes: 0,
            admitted: BTreeMap::new(),
            told: BTreeMap::new(),
            superseded: BTreeSet::new(),
            question: 0,
        }
    }
}

impl<K: Data, S: State> Member<K, S> {
    /// Says hello, unless this run votes.
    pub(super) fn join(&mut self) {
        if !self.kept.votes(&self.me) || self.is_founding() {
            let hello = self.hello(None);
            self.tell_others(&hello);
            self.found();
        }
    }

    fn hello(&self, pass: Option<Pass>) -> Message<K, S> {
        Message::Hello { from: self.me.clone(), run: self.kept.run, question: self.joining.question, pass }
    }

    /// A run says hello.
    pub(super) fn greet(&mut self, from: K, run: u64, question: u64, pass: Option<Pass>) {
        let known = self.joining.given.get(&from).copied();
        match known {
            Some((last, given)) if last == run && pass == Some(given) => self.admit(from, run),
            Some((last, given)) if last == run => self.tell_what_there_is(&from, (run, question), given),
            _ => {
                if let Some((last, _)) = known.filter(|_| self.all.first() == Some(&from)) {
                    self.joining.superseded.insert(last);
                    self.joining.question += 1;
                }
                self.joining.passes += 1;
                let pass = Pass { start: self.start, number: self.joining.passes };
                self.joining.given.insert(from.clone(), (run, pass));
                self.tell_what_there_is(&from, (run, question), pass);
            }
        }
    }

    fn tell_what_there_is(&mut self, to: &K, asked: (u64, u64), pass: Pass) {
        let (from, run) = (self.me.clone(), self.kept.run);
        let (version, accepted) = (self.kept.version.clone(), self.kept.accepted.clone());
        self.send(to, Message::Here { from, run, asked, pass, version, accepted });
    }

    /// A run lives: it is to be listed.
    fn admit(&mut self, from: K, run: u64) {
        if self.version().is_none_or(|version| version.lists(&from, run)) {
            return;
        }
        let is_new = self.joining.admitted.insert(from, run) != Some(run);
        if is_new && self.is_founding() {
            self.joining.told.clear();
            self.join();
        }
        self.advance();
    }

    /// A version follows: where it lists another run of a member, what earlier ones of that have said does not count any
    /// more. A run that lives and is still not listed says hello again.
    pub(super) fn expect(&mut self, version: &Version<K, S>) {
        let listed = self.kept.version.as_ref().map(|known| &known.runs);
        for (member, run) in &version.runs {
            if listed.and_then(|listed| listed.get(member)) != Some(run) {
                self.joining.admitted.remove(member);
                self.joining.given.remove(member);
            }
        }
    }

    /// Somebody tells this run what there is.
    pub(super) fn here(&mut self, from: K, asked: (u64, u64), pass: Pass, told: Told<K, S>) {
        if asked.0 != self.kept.run {
            return;
        }
        let version = told.version.clone();
        if let Some(version) = version.as_ref().filter(|_| asked.1 == self.joining.question) {
            self.joining.superseded.remove(&version.founder.1);
        }
        let there_is = version.is_some();
        self.learn_if_known(version);
        if self.kept.votes(&self.me) && !self.is_founding() {
            return;
        }
        self.joining.told.insert(from.clone(), told);
        if there_is {
            let hello = self.hello(Some(pass));
            self.send(&from, hello);
        }
        self.found();
    }

    /// Whether a version can be believed to be of the same history, or of one that has followed it.
    pub(super) fn may_follow(&self, version: &Version<K, S>) -> bool {
        match self.version().map(|known| known.founder) {
            Some(known) if known.0 >= version.founder.0 => known == version.founder,
            _ => !self.joining.superseded.contains(&version.founder.1),
        }
    }

    /// Whether this member is the first, and knows that a majority of the runs that decide is dead.
    fn is_founding(&self) -> bool {
        self.all.first() == Some(&self.me)
            && self.version().is_some_and(|version| {
                let lives = |(member, run): (&K, &u64)| self.joining.admitted.get(member).is_none_or(|a| a == run);
                2 * version.runs.iter().filter(|run| lives(*run)).count() <= version.runs.len()
            })
    }

    /// Founds a version if it is for this member, and everybody is there.
    fn found(&mut self) {
        let told = &self.joining.told;
        let everybody = self.all.iter().all(|member| *member == self.me || told.contains_key(member));
        if self.all.first() != Some(&self.me) || !everybody {
            return;
        }
        let runs = told.iter().map(|(member, told)| (member.clone(), told.run));
        let runs: BTreeMap<K, u64> = runs.chain([(self.me.clone(), self.kept.run)]).collect();
        let versions = told.values().filter_map(|told| told.version.as_ref()).chain(self.version());
        let last = versions.max_by_key(|version| (version.founder.0, version.number));
        if last.is_some_and(|last| last.is_majority(&runs)) {
            return;
        }
        // What was accepted and perhaps chosen is not to be lost.
        let accepted = told.values().filter_map(|told| told.accepted.as_ref()).chain(&self.kept.accepted);
        let accepted = accepted.filter(|(_, a)| last.is_some_and(|last| a.number > last.number));
        let accepted = accepted.max_by_key(|(ballot, a)| (a.number, ballot.clone())).map(|(_, version)| version);
        let base = accepted.or(last);
        let founded = Version {
            // After any that may have been accepted.
            number: base.map_or(1, |base| base.number.saturating_add(2)),
            state: base.map(|base| base.state.clone()).unwrap_or_default(),
            last: base.map(|base| base.last.clone()).unwrap_or_default(),
            runs,
            founder: (base.map_or(1, |base| base.founder.0.saturating_add(1)), self.kept.run),
        };
        self.joining.told.clear();
        self.joining.admitted.clear();
        self.tell_others(&Message::Known { version: founded.clone() });
        self.learn(founded);
    }
}
