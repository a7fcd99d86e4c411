//! Agreement on one version of a state after another, as a state machine: messages in, messages out, no clock, no
//! network and no disk.
//!
//! Each version is decided by Paxos. Whoever *leads* has a ballot that a majority has promised to keep to; it has the next
//! version accepted by a majority, and then it is chosen. The others hand their changes to it. A member that gets no
//! answer takes the lead with a higher ballot: it finds out what a majority may have accepted, and finishes that first.
//! A change is an attempt to make the version after the one it has seen: whichever version that becomes, it has either
//! made it or never will, and each version says which attempt of each member was the last to make one.
//!
//! Who votes is part of each version: *runs* of members, which have forgotten nothing since they started. A member that
//! has lost its memory has a new run, and votes once a version lists it; so what a dead run has said is either a vote that
//! it really gave, or nothing. The first version is made by the first of the members once everybody is there
//! ([`joining`]).
//!
//! Reads are confirmed: a majority says, after it was asked, that it has accepted no later version.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use serde::{Deserialize, Serialize};

use self::joining::{Joining, Pass, Told};
use self::leading::Lead;
use crate::value::Data;

mod joining;
mod leading;
#[cfg(test)]
mod tests;

/// What is agreed on.
pub(super) trait State: Clone + Debug + Default + Send + 'static {}

impl<S: Clone + Debug + Default + Send + 'static> State for S {}

/// One attempt of a member to make a version: of a start of its process, the n-th. Numbers of starts are unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Attempt {
    start: u64,
    number: u64,
}

/// One version of the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Version<K: Ord, S> {
    pub(super) number: u64,
    pub(super) state: S,
    /// The runs that decide on the next version.
    runs: BTreeMap<K, u64>,
    /// The last attempt of each member that has made a version.
    last: BTreeMap<K, Attempt>,
    /// How many times a first version was made, and the run of the first member that has made it.
    founder: (u64, u64),
}

impl<K: Ord, S> Version<K, S> {
    fn lists(&self, member: &K, run: u64) -> bool {
        self.runs.get(member) == Some(&run)
    }

    /// Whether these are a majority of the runs that decide on the next version.
    fn is_majority(&self, runs: &BTreeMap<K, u64>) -> bool {
        2 * self.runs.iter().filter(|(member, run)| runs.get(*member) == Some(*run)).count() > self.runs.len()
    }
}

/// A turn in the lead: higher ones push aside lower ones. No two leads have the same one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Ballot<K> {
    number: u64,
    owner: K,
    start: u64,
}

/// A version that was accepted in a ballot.
pub(super) type Accepted<K, S> = (Ballot<K>, Version<K, S>);

/// What members say to each other.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Message<K: Ord, S> {
    /// A run asks to be told what there is, and with the pass that it was given last to be let in.
    Hello {
        from: K,
        run: u64,
        question: u64,
        pass: Option<Pass>,
    },
    /// What there is, for the run that asked, and for that question.
    Here {
        from: K,
        run: u64,
        asked: (u64, u64),
        pass: Pass,
        version: Option<Version<K, S>>,
        accepted: Option<Accepted<K, S>>,
    },
    /// May I lead? I have this version.
    Prepare {
        ballot: Ballot<K>,
        number: u64,
    },
    /// You may. Here is what I have accepted since the version that I have, and that, if you have an older one.
    Promise {
        from: K,
        run: u64,
        ballot: Ballot<K>,
        number: u64,
        accepted: Option<Accepted<K, S>>,
        newer: Option<Version<K, S>>,
    },
    /// Make this the next version.
    Accept {
        ballot: Ballot<K>,
        version: Version<K, S>,
    },
    Accepted {
        from: K,
        run: u64,
        ballot: Ballot<K>,
        number: u64,
    },
    /// There is a higher ballot.
    Refused {
        ballot: Ballot<K>,
    },
    /// The version with this number, which was accepted in this ballot, is chosen.
    Chosen {
        from: K,
        number: u64,
        ballot: Ballot<K>,
    },
    /// Have this state follow on this version.
    Propose {
        from: K,
        base: u64,
        attempt: Attempt,
        state: S,
    },
    /// This was chosen.
    Known {
        version: Version<K, S>,
    },
    /// I have this version: is there a later one?
    Ask {
        from: K,
        number: u64,
    },
    /// Have you accepted nothing after this version?
    Confirm {
        from: K,
        start: u64,
        round: u64,
        number: u64,
    },
    Confirmed {
        from: K,
        run: u64,
        start: u64,
        round: u64,
        number: u64,
    },
}

impl<K: Ord, S> Message<K, S> {
    /// Who is answered.
    fn names(&self) -> Option<&K> {
        match self {
            Self::Hello { from, .. }
            | Self::Here { from, .. }
            | Self::Promise { from, .. }
            | Self::Accepted { from, .. }
            | Self::Chosen { from, .. }
            | Self::Propose { from, .. }
            | Self::Ask { from, .. }
            | Self::Confirm { from, .. }
            | Self::Confirmed { from, .. } => Some(from),
            Self::Prepare { ballot, .. } | Self::Accept { ballot, .. } | Self::Refused { ballot } => {
                Some(&ballot.owner)
            }
            Self::Known { .. } => None,
        }
    }
}

/// What a member must not forget as long as its run lasts; a durable one has it on disk before anybody hears what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept<K: Ord, S> {
    run: u64,
    version: Option<Version<K, S>>,
    promised: Option<Ballot<K>>,
    /// For the next version.
    accepted: Option<Accepted<K, S>>,
}

impl<K: Ord, S> Kept<K, S> {
    /// Of a run that has just begun; no other one has this number.
    pub(super) fn new(run: u64) -> Self {
        Self { run, version: None, promised: None, accepted: None }
    }

    fn number(&self) -> u64 {
        self.version.as_ref().map_or(0, |version| version.number)
    }

    /// Whether this run is one of those that decide.
    fn votes(&self, me: &K) -> bool {
        self.version.as_ref().is_some_and(|version| version.lists(me, self.run))
    }
}

/// The attempt of this member.
#[derive(Clone, Debug)]
struct Mine<S> {
    attempt: Attempt,
    base: u64,
    state: S,
    /// Others may have heard of it.
    is_out: bool,
    /// Nobody waits for it any more.
    is_abandoned: bool,
}

/// One member.
pub(super) struct Member<K: Ord, S> {
    me: K,
    /// All members, with this one.
    all: Vec<K>,
    /// Of this process; no other one has it.
    start: u64,
    kept: Kept<K, S>,
    /// What is kept has changed since somebody asked.
    is_dirty: bool,
    joining: Joining<K, S>,
    lead: Option<Lead<K, S>>,
    /// The highest ballot that this member has heard of.
    highest: Option<Ballot<K>>,
    mine: Option<Mine<S>>,
    attempts: u64,
    /// The version that this member has made last, and how many attempts have failed since.
    made: u64,
    losses: u32,
    /// There must be a version with this number, whatever it is.
    wanted: u64,
    /// How many confirmations were asked for, of how many others have heard, and for which version the last was.
    rounds: u64,
    asked: u64,
    asked_of: u64,
    /// The last round that each run has confirmed for this version.
    confirmed: BTreeMap<K, (u64, u64)>,
    /// The last round was not answered in time: is there a majority?
    is_alone: bool,
    /// For this many reminders something has been under way that is not for this member to finish.
    overdue: u32,
    out: Vec<(K, Message<K, S>)>,
}

impl<K: Data, S: State> Member<K, S> {
    /// A member of a set, with what its run has kept so far. No other process has this number of a start.
    pub(super) fn new(me: K, all: impl IntoIterator<Item = K>, start: u64, kept: Kept<K, S>) -> Self {
        let all: BTreeSet<K> = all.into_iter().chain([me.clone()]).collect();
        let mut member = Self {
            me,
            all: all.into_iter().collect(),
            start,
            highest: kept.promised.clone(),
            kept,
            is_dirty: true,
            joining: Joining::default(),
            lead: None,
            mine: None,
            attempts: 0,
            made: 0,
            losses: 0,
            wanted: 0,
            rounds: 0,
            asked: 0,
            asked_of: 0,
            confirmed: BTreeMap::new(),
            is_alone: false,
            overdue: 0,
            out: Vec::new(),
        };
        member.join();
        member.heartbeat();
        member
    }

    /// The version as far as this member knows.
    pub(super) fn version(&self) -> Option<&Version<K, S>> {
        self.kept.version.as_ref()
    }

    /// The version, if this member takes part.
    pub(super) fn read(&self) -> Option<&Version<K, S>> {
        self.kept.version.as_ref().filter(|version| version.lists(&self.me, self.kept.run))
    }

    /// What is to be sent, also to this member itself. What is kept must be safe before.
    pub(super) fn take_messages(&mut self) -> Vec<(K, Message<K, S>)> {
        self.pursue();
        if self.asked < self.rounds && self.read().is_some() {
            self.asked = self.rounds;
            self.ask_for_confirmation();
        }
        std::mem::take(&mut self.out)
    }

    /// What is to be kept.
    pub(super) fn kept(&self) -> &Kept<K, S> {
        &self.kept
    }

    /// What is to be kept from now on, if it is something new.
    pub(super) fn take_kept(&mut self) -> Option<&Kept<K, S>> {
        std::mem::take(&mut self.is_dirty).then_some(&self.kept)
    }

    fn send(&mut self, to: &K, message: Message<K, S>) {
        self.out.push((to.clone(), message));
    }

    /// To everybody, this member too.
    fn tell(&mut self, message: &Message<K, S>) {
        self.out.extend(self.all.iter().map(|member| (member.clone(), message.clone())));
    }

    fn tell_others(&mut self, message: &Message<K, S>) {
        let others = self.all.iter().filter(|member| **member != self.me);
        self.out.extend(others.map(|member| (member.clone(), message.clone())));
    }

    /// Begins to have a state follow on a version; none if that cannot be, or an earlier attempt is still open. Nobody
    /// hears of it before the next [`take_messages`](Self::take_messages).
    pub(super) fn begin(&mut self, base: u64, state: S) -> Option<Attempt> {
        if self.mine.is_some() || self.read().is_none_or(|version| version.number != base) {
            return None;
        }
        self.attempts += 1;
        let attempt = Attempt { start: self.start, number: self.attempts };
        self.mine = Some(Mine { attempt, base, state, is_out: false, is_abandoned: false });
        Some(attempt)
    }

    /// Whether an attempt on a version has made the next one; none if that is still open.
    pub(super) fn outcome(&self, attempt: Attempt, base: u64) -> Option<bool> {
        let version = self.version().filter(|version| version.number > base)?;
        Some(version.last.get(&self.me) == Some(&attempt))
    }

    /// Takes an attempt back, if nobody has heard of it.
    pub(super) fn withdraw(&mut self, attempt: Attempt) -> bool {
        let unheard = self.mine.as_ref().is_some_and(|mine| mine.attempt == attempt && !mine.is_out);
        if unheard {
            self.mine = None;
        }
        unheard
    }

    /// Whether others may have heard of an attempt.
    pub(super) fn is_out(&self, attempt: Attempt) -> bool {
        self.mine.as_ref().is_some_and(|mine| mine.attempt == attempt && mine.is_out)
    }

    /// Nobody waits for an attempt any more.
    pub(super) fn forget(&mut self, attempt: Attempt) {
        if let Some(mine) = self.mine.as_mut().filter(|mine| mine.attempt == attempt) {
            mine.is_abandoned = true;
        }
        self.drop_abandoned();
    }

    fn drop_abandoned(&mut self) {
        let number = self.kept.number();
        self.mine.take_if(|mine| mine.is_abandoned && (!mine.is_out || number > mine.base));
    }

    /// Sees to it that the version after this one is decided, whatever it is.
    pub(super) fn want(&mut self, base: u64) {
        self.wanted = self.wanted.max(base.saturating_add(1));
        match self.lead {
            Some(_) => self.advance(),
            None => self.take_lead(),
        }
    }

    /// Asks whether the version is the last one; [`is_confirmed`](Self::is_confirmed) says so of this number.
    pub(super) fn confirm(&mut self) -> u64 {
        self.rounds = self.asked + 1;
        self.rounds
    }

    /// Whether, at some moment after a confirmation was asked for, this version was the last one; none if that is still
    /// open.
    pub(super) fn is_confirmed(&self, round: u64, number: u64) -> Option<bool> {
        let Some(version) = self.read().filter(|version| version.number == number) else { return Some(false) };
        let runs = self.confirmed.iter().filter(|(_, (_, last))| *last >= round);
        version.is_majority(&runs.map(|(member, (run, _))| (member.clone(), *run)).collect()).then_some(true)
    }

    fn ask_for_confirmation(&mut self) {
        self.asked_of = self.kept.number();
        let (from, start, round, number) = (self.me.clone(), self.start, self.asked, self.asked_of);
        self.tell(&Message::Confirm { from, start, round, number });
    }

    /// Whether the last round that was asked for is still open.
    fn waits_for_confirmation(&self) -> bool {
        self.asked > 0 && self.is_confirmed(self.asked, self.asked_of).is_none()
    }

    /// Whether something is under way, so that [`remind`](Self::remind) is needed if nothing comes of it.
    pub(super) fn waits(&self) -> bool {
        !self.kept.votes(&self.me)
            || self.mine.is_some()
            || self.is_wanting()
            || self.kept.accepted.is_some()
            || self.lead.as_ref().is_some_and(|lead| lead.is_busy(self.version()))
            || !self.joining.admitted.is_empty()
            || self.waits_for_confirmation()
    }

    /// What waits for an answer has not got it in time.
    pub(super) fn remind(&mut self) {
        self.join();
        if self.waits_for_confirmation() {
            self.is_alone = true;
            self.ask_for_confirmation();
        }
        self.remind_lead();
    }

    /// Tells others which version this member has, so that who has missed one gets to know.
    pub(super) fn heartbeat(&mut self) {
        if self.kept.version.is_some() {
            let (from, number) = (self.me.clone(), self.kept.number());
            self.tell_others(&Message::Ask { from, number });
        }
    }

    /// A message has come; whether the version is another one, or something that a section waits for is different.
    pub(super) fn hear(&mut self, message: Message<K, S>) -> bool {
        if message.names().is_some_and(|member| !self.all.contains(member)) {
            return false;
        }
        let before = self.kept.number();
        match message {
            Message::Hello { from, run, question, pass } => self.greet(from, run, question, pass),
            Message::Here { from, run, asked, pass, version, accepted } => {
                let told = Told { run, version, accepted };
                self.here(from, asked, pass, told);
            }
            Message::Prepare { ballot, number } => self.prepare(ballot, number),
            Message::Promise { from, run, ballot, number, accepted, newer } => {
                self.learn_if_known(newer);
                self.promised(from, run, &ballot, number, accepted);
            }
            Message::Accept { ballot, version } => self.accept(ballot, version),
            Message::Accepted { from, run, ballot, number } => self.accepted(from, run, &ballot, number),
            Message::Refused { ballot } => self.refused(ballot),
            Message::Chosen { from, number, ballot } => self.chosen(&from, number, &ballot),
            Message::Propose { from, base, attempt, state } => self.asked_for(from, base, attempt, state),
            Message::Known { version } => self.learn(version),
            Message::Ask { from, number } => self.compare(from, number),
            Message::Confirm { from, start, round, number } => self.confirm_for(&from, start, round, number),
            Message::Confirmed { from, run, start, round, number } => {
                return self.confirmed_by(from, run, (start, round), number);
            }
        }
        before != self.kept.number()
    }

    fn learn_if_known(&mut self, version: Option<Version<K, S>>) {
        if let Some(version) = version {
            self.learn(version);
        }
    }

    /// A version was chosen.
    fn learn(&mut self, version: Version<K, S>) {
        if version.number <= self.kept.number() || !self.may_follow(&version) {
            return;
        }
        if let Some(mine) = self.mine.as_ref().filter(|mine| mine.is_out) {
            let made = version.last.get(&self.me) == Some(&mine.attempt);
            self.losses = if made { 0 } else { self.losses + 1 };
            self.made = if made { version.number } else { self.made };
        }
        self.kept.accepted.take_if(|(_, accepted)| accepted.number <= version.number);
        self.expect(&version);
        self.kept.version = Some(version);
        self.is_dirty = true;
        if self.kept.votes(&self.me) {
            self.joining.told.clear();
        }
        self.confirmed.clear();
        self.overdue = 0;
        self.drop_abandoned();
        self.advance();
    }

    /// Somebody says which version it has.
    fn compare(&mut self, from: K, number: u64) {
        if number > self.kept.number() {
            let (me, number) = (self.me.clone(), self.kept.number());
            self.send(&from, Message::Ask { from: me, number });
        } else if let Some(version) = self.version().filter(|version| version.number > number).cloned() {
            self.send(&from, Message::Known { version });
            self.accept_again(&from);
        }
    }

    fn confirm_for(&mut self, from: &K, start: u64, round: u64, number: u64) {
        let later = self.kept.accepted.as_ref().is_some_and(|(_, accepted)| accepted.number > number);
        if self.kept.number() > number {
            self.compare(from.clone(), number);
        } else if !later && self.kept.votes(&self.me) {
            let (me, run) = (self.me.clone(), self.kept.run);
            self.send(from, Message::Confirmed { from: me, run, start, round, number });
        }
    }

    fn confirmed_by(&mut self, from: K, run: u64, (start, round): (u64, u64), number: u64) -> bool {
        if start != self.start || number != self.kept.number() {
            return false;
        }
        let last = self.confirmed.entry(from).or_insert((run, round));
        *last = (run, if last.0 == run { last.1.max(round) } else { round });
        let is_confirmed = self.is_confirmed(self.asked, number) == Some(true);
        self.is_alone &= !is_confirmed;
        true
    }
}
