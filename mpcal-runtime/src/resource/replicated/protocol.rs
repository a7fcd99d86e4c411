//! Two-phase commit of one variable, as a state machine: messages in, messages out, no clock and no network.
//!
//! Every member holds the value and its version. Who wants to change it prepares the next version at all
//! members; a member that has prepared it neither reads nor votes for another until it hears the decision.
//! Of two that prepare the same version at once the one with precedence wins, which changes from version to
//! version. Messages may get lost: whoever waits asks again.
//!
//! When a coordinator dies in between, members that have prepared ask everybody once it is back: if one
//! has the new version, it was committed; if one has not prepared it, and promises never to, it was not; if all
//! have prepared it, nobody can have seen another outcome, and they commit it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::value::Data;

/// One attempt to change the variable: of one run of one member, the n-th.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Attempt<K> {
    pub(super) coordinator: K,
    pub(super) incarnation: u64,
    pub(super) number: u64,
}

/// What a member gives to one that joins, and that has to come back with what counts: a vote, or the question for one. What
/// a run has said that is over has an older one, however late it arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pass {
    /// Of the member that gives it.
    incarnation: u64,
    number: u64,
}

/// What members say to each other.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Message<K, T> {
    /// Will you take this version?
    Prepare {
        attempt: Attempt<K>,
        pass: Pass,
        version: u64,
        value: T,
    },
    Vote {
        from: K,
        pass: Pass,
        attempt: Attempt<K>,
        yes: bool,
    },
    /// It is off.
    Abort {
        attempt: Attempt<K>,
    },
    /// This is what the variable is; also what a commit says. If it answers a member that joins, it has the run that
    /// asked, and a pass.
    State {
        from: K,
        version: u64,
        value: T,
        answers: Option<(u64, Pass)>,
    },
    /// What became of it?
    Ask {
        from: K,
        attempt: Attempt<K>,
        round: u64,
    },
    /// The version says whether it was committed; if not, the fate counts.
    Know {
        from: K,
        attempt: Attempt<K>,
        fate: Fate,
        version: u64,
        value: T,
        round: u64,
    },
    /// A member starts and asks for the state.
    Join {
        from: K,
        incarnation: u64,
    },
    /// Your pass is not the last one: join once more.
    Call {
        from: K,
    },
}

/// What a member knows of an attempt that is not committed where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Fate {
    /// Its coordinator still works on it.
    Open,
    /// Its coordinator has given it up.
    Aborted,
    /// Its coordinator has started anew and does not know.
    Forgotten,
    /// Another member has prepared it.
    Prepared,
    /// Another member has not, and will not.
    Refused,
}

/// What the value is locked for.
#[derive(Clone, Debug)]
enum Lock<K, T> {
    Free,
    /// For our own attempt.
    Mine {
        attempt: Attempt<K>,
        votes: BTreeSet<K>,
    },
    /// For another's, whose decision we wait for.
    ///
    /// Once its coordinator has forgotten it, everybody is asked anew: only answers of the second round count.
    Theirs {
        attempt: Attempt<K>,
        version: u64,
        value: T,
        round: u64,
        heard: BTreeMap<K, Fate>,
    },
}

/// One member.
pub(super) struct Member<K, T> {
    me: K,
    /// All members, with this one.
    all: Vec<K>,
    incarnation: u64,
    version: u64,
    value: T,
    lock: Lock<K, T>,
    attempts: u64,
    /// The last pass that each other member was given here, how many there were, and those that they gave.
    given: BTreeMap<K, Pass>,
    passes: u64,
    held: BTreeMap<K, Pass>,
    /// The members whose state is still to come before this one takes part.
    awaited: BTreeSet<K>,
    /// By coordinator: the last attempt of an incarnation that we have promised not to prepare.
    refused: BTreeMap<K, (u64, u64)>,
    /// What to send.
    out: Vec<(K, Message<K, T>)>,
}

impl<K: Data, T: Data> Member<K, T> {
    /// A member that has just started; the initial value is the same for all, and no other run has this number.
    pub(super) fn new(me: K, all: impl IntoIterator<Item = K>, incarnation: u64, initial: T) -> Self {
        let all: BTreeSet<K> = all.into_iter().chain([me.clone()]).collect();
        let awaited = all.iter().filter(|k| **k != me).cloned().collect();
        let mut member = Self {
            me,
            all: all.into_iter().collect(),
            incarnation,
            version: 1,
            value: initial,
            lock: Lock::Free,
            attempts: 0,
            given: BTreeMap::new(),
            passes: 0,
            held: BTreeMap::new(),
            awaited,
            refused: BTreeMap::new(),
            out: Vec::new(),
        };
        member.remind();
        member
    }

    /// What is to be sent.
    pub(super) fn take_messages(&mut self) -> Vec<(K, Message<K, T>)> {
        std::mem::take(&mut self.out)
    }

    /// The value and its version, unless it may be about to change.
    pub(super) fn read(&self) -> Option<(u64, &T)> {
        let readable = self.awaited.is_empty() && !matches!(self.lock, Lock::Theirs { .. });
        readable.then_some((self.version, &self.value))
    }

    /// The value as far as this member knows.
    pub(super) fn value(&self) -> &T {
        &self.value
    }

    fn tell(&mut self, message: &Message<K, T>) {
        let others = self.all.iter().filter(|k| **k != self.me);
        self.out.extend(others.map(|k| (k.clone(), message.clone())));
    }

    /// Begins to change the variable from a version on; none if it cannot now.
    pub(super) fn begin(&mut self, version: u64, value: &T) -> Option<Attempt<K>> {
        let free = matches!(self.lock, Lock::Free);
        if !free || !self.awaited.is_empty() || self.version != version {
            return None;
        }
        self.attempts += 1;
        let attempt = Attempt { coordinator: self.me.clone(), incarnation: self.incarnation, number: self.attempts };
        self.lock = Lock::Mine { attempt: attempt.clone(), votes: BTreeSet::new() };
        let version = version + 1;
        // Whoever takes part has a pass of everybody.
        let prepare = |(to, pass): (&K, &Pass)| {
            (to.clone(), Message::Prepare { attempt: attempt.clone(), pass: *pass, version, value: value.clone() })
        };
        self.out.extend(self.held.iter().map(prepare));
        Some(attempt)
    }

    /// Whether everybody is for an attempt of ours; none if it has failed.
    pub(super) fn agreed(&self, attempt: &Attempt<K>) -> Option<bool> {
        match &self.lock {
            Lock::Mine { attempt: current, votes } if current == attempt => Some(votes.len() + 1 == self.all.len()),
            _ => None,
        }
    }

    /// Commits an attempt of ours that everybody is for.
    pub(super) fn commit(&mut self, value: T) {
        self.lock = Lock::Free;
        self.version += 1;
        self.value = value;
        self.announce();
    }

    /// Tells everybody what the variable is now.
    fn announce(&mut self) {
        let state = self.state(None);
        self.tell(&state);
    }

    fn state(&self, answers: Option<(u64, Pass)>) -> Message<K, T> {
        let (from, version, value) = (self.me.clone(), self.version, self.value.clone());
        Message::State { from, version, value, answers }
    }

    /// Gives up an attempt of ours, if it is still under way.
    pub(super) fn abort(&mut self, attempt: &Attempt<K>) {
        if self.agreed(attempt).is_some() {
            self.lock = Lock::Free;
            self.tell(&Message::Abort { attempt: attempt.clone() });
        }
    }

    /// Whether there is something to ask for again after a while.
    pub(super) fn waits(&self) -> bool {
        !self.awaited.is_empty() || matches!(self.lock, Lock::Theirs { .. })
    }

    /// Asks again for what did not come.
    pub(super) fn remind(&mut self) {
        let (from, incarnation) = (self.me.clone(), self.incarnation);
        for member in &self.awaited {
            self.out.push((member.clone(), Message::Join { from: from.clone(), incarnation }));
        }
        if let Lock::Theirs { attempt, round, .. } = &self.lock {
            let ask = Message::Ask { from, attempt: attempt.clone(), round: *round };
            self.tell(&ask);
        }
    }

    /// Whether one goes before another in changing to a version.
    fn precedes(&self, one: &K, other: &K, version: u64) -> bool {
        let count = self.all.len() as u64;
        let place = |k: &K| self.all.iter().position(|m| m == k).map_or(count, |p| (p as u64 + version) % count);
        place(one) < place(other)
    }

    /// A message has come; whether value or lock are different now.
    pub(super) fn hear(&mut self, message: Message<K, T>) -> bool {
        match message {
            Message::Prepare { attempt, pass, version, value } => {
                self.admits(&attempt.coordinator, pass) && self.prepare(attempt, version, value)
            }
            Message::Vote { from, pass, attempt, yes } => {
                if !self.admits(&from, pass) {
                    return false;
                }
                let Lock::Mine { attempt: current, votes } = &mut self.lock else { return false };
                if *current != attempt {
                    return false;
                }
                if yes {
                    votes.insert(from);
                } else {
                    self.abort(&attempt);
                }
                true
            }
            Message::Abort { attempt } => self.forget(&attempt),
            Message::State { from, version, value, answers } => {
                let pass = answers.filter(|(run, _)| *run == self.incarnation).map(|(_, pass)| pass);
                let joined = pass.is_some() && self.awaited.remove(&from);
                self.held.extend(pass.map(|pass| (from, pass)));
                self.learn(version, value) || joined
            }
            Message::Ask { from, attempt, round } => {
                self.answer(from, attempt, round);
                false
            }
            Message::Know { from, attempt, fate, version, value, round } => {
                // Both in one message: the fate alone would be taken for that of a failure.
                let learnt = self.learn(version, value);
                self.heard(from, &attempt, fate, round) || learnt
            }
            Message::Join { from, incarnation } => {
                self.admit(from, incarnation);
                false
            }
            Message::Call { from } => {
                self.out.push((from, Message::Join { from: self.me.clone(), incarnation: self.incarnation }));
                false
            }
        }
    }

    /// A member has started and asks for the state. It asks again until it gets it.
    fn admit(&mut self, from: K, incarnation: u64) {
        match &mut self.lock {
            Lock::Free => {}
            // What it has voted before it has forgotten.
            Lock::Mine { votes, .. } => {
                votes.remove(&from);
            }
            // What is prepared here may be committed elsewhere: it must not start with less.
            Lock::Theirs { .. } => return,
        }
        self.passes += 1;
        let pass = Pass { incarnation: self.incarnation, number: self.passes };
        self.given.insert(from.clone(), pass);
        let state = self.state(Some((incarnation, pass)));
        self.out.push((from, state));
    }

    /// Whether what a member says comes with its last pass. If it lives, it gets another one.
    fn admits(&mut self, member: &K, pass: Pass) -> bool {
        let admits = self.given.get(member) == Some(&pass);
        if !admits {
            self.out.push((member.clone(), Message::Call { from: self.me.clone() }));
        }
        admits
    }

    fn prepare(&mut self, attempt: Attempt<K>, version: u64, value: T) -> bool {
        let from = attempt.coordinator.clone();
        let promised = self.refused.get(&from);
        let promised = promised.is_some_and(|(i, n)| *i == attempt.incarnation && attempt.number <= *n);
        let willing = self.awaited.is_empty() && version == self.version + 1 && !promised;
        let free = match &self.lock {
            Lock::Free => true,
            Lock::Mine { .. } => self.precedes(&from, &self.me, version),
            Lock::Theirs { attempt: held, .. } => {
                held.coordinator == from && held.incarnation == attempt.incarnation && held.number <= attempt.number
            }
        };
        let yes = willing && free;
        if yes {
            if let Lock::Mine { attempt: ours, .. } = &self.lock {
                let ours = ours.clone();
                self.abort(&ours);
            }
            self.lock = Lock::Theirs { attempt: attempt.clone(), version, value, round: 1, heard: BTreeMap::new() };
        } else if version <= self.version {
            // It does not know yet.
            let state = self.state(None);
            self.out.push((from.clone(), state));
        }
        // Whoever takes part has a pass of everybody.
        if let Some(pass) = self.held.get(&from).copied() {
            self.out.push((from, Message::Vote { from: self.me.clone(), pass, attempt, yes }));
        }
        yes
    }

    /// Somebody has a version.
    fn learn(&mut self, version: u64, value: T) -> bool {
        if version <= self.version {
            return false;
        }
        if let Lock::Mine { attempt, .. } = &self.lock {
            let ours = attempt.clone();
            self.abort(&ours);
        }
        self.version = version;
        self.value = value;
        let stale = matches!(&self.lock, Lock::Theirs { version: locked, .. } if *locked <= version);
        if stale {
            self.lock = Lock::Free;
        }
        true
    }

    /// An attempt of another is off.
    fn forget(&mut self, attempt: &Attempt<K>) -> bool {
        let held = matches!(&self.lock, Lock::Theirs { attempt: held, .. } if held == attempt);
        if held {
            self.lock = Lock::Free;
        }
        held
    }

    fn answer(&mut self, to: K, attempt: Attempt<K>, round: u64) {
        let mine = attempt.coordinator == self.me;
        let fate = match &self.lock {
            Lock::Mine { attempt: current, .. } if *current == attempt => Fate::Open,
            Lock::Theirs { attempt: held, .. } if *held == attempt => Fate::Prepared,
            _ if mine && attempt.incarnation == self.incarnation => Fate::Aborted,
            _ if mine => Fate::Forgotten,
            _ => {
                let promise = (attempt.incarnation, attempt.number);
                let known = self.refused.entry(attempt.coordinator.clone()).or_insert(promise);
                // An older incarnation is gone for good once a newer one is known.
                if known.0 != promise.0 || known.1 < promise.1 {
                    *known = promise;
                }
                Fate::Refused
            }
        };
        let (from, version, value) = (self.me.clone(), self.version, self.value.clone());
        self.out.push((to, Message::Know { from, attempt, fate, version, value, round }));
    }

    fn heard(&mut self, from: K, attempt: &Attempt<K>, fate: Fate, asked: u64) -> bool {
        let Lock::Theirs { attempt: held, version, value, round, heard } = &mut self.lock else { return false };
        if held != attempt {
            return false;
        }
        if fate == Fate::Aborted {
            return self.forget(attempt);
        }
        if fate == Fate::Forgotten && *round == 1 {
            // What others said before may be no longer true: they may have heard of an abort meanwhile.
            *round = 2;
            heard.clear();
            self.remind();
            return false;
        }
        if asked != *round || *round == 1 {
            return false;
        }
        heard.insert(from, fate);
        if heard.len() + 1 < self.all.len() {
            return false;
        }
        if heard.values().any(|fate| *fate == Fate::Refused) {
            return self.forget(attempt);
        }
        let (version, value) = (*version, value.clone());
        self.learn(version, value);
        self.announce();
        true
    }
}

#[cfg(test)]
mod tests;
