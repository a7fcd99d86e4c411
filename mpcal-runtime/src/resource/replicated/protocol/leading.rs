//! Paxos: who leads, and what becomes of a version.

use std::collections::BTreeMap;

use super::{Accepted, Attempt, Ballot, Member, Message, State, Version};
use crate::value::Data;

/// After this many attempts that others were faster than, a member takes the lead.
const LOSSES: u32 = 3;

/// What a member that leads, or wants to, knows.
pub(super) struct Lead<K: Ord, S> {
    ballot: Ballot<K>,
    /// The runs that keep to the ballot.
    promises: BTreeMap<K, u64>,
    /// What a majority may have accepted before.
    found: Option<Accepted<K, S>>,
    /// What is to be the next version, and the runs that have accepted it.
    proposed: Option<(Version<K, S>, BTreeMap<K, u64>)>,
    /// What others want it to be.
    asked_for: BTreeMap<K, (u64, Attempt, S)>,
}

impl<K: Data, S> Lead<K, S> {
    /// Whether something is to come of it yet.
    pub(super) fn is_busy(&self, version: Option<&Version<K, S>>) -> bool {
        self.proposed.is_some() || version.is_none_or(|version| !version.is_majority(&self.promises))
    }
}

impl<K: Data, S: State> Member<K, S> {
    /// Sees to it that something comes of the attempt of this member, and of what it wants.
    pub(super) fn pursue(&mut self) {
        let number = self.kept.number();
        if self.read().is_none() {
            return;
        }
        let starts = self.mine.as_ref().is_some_and(|mine| !mine.is_out && mine.base == number);
        if starts && self.is_alone {
            // Nothing that cannot be taken back is said to nobody.
            if !self.waits_for_confirmation() {
                self.confirm();
            }
            return;
        }
        if let Some(mine) = self.mine.as_mut().filter(|_| starts) {
            mine.is_out = true;
            match (&self.lead, self.leader()) {
                (Some(_), _) => self.advance(),
                // Who makes one version after another leads, and so does who is outrun again and again.
                (None, Some(leader)) if self.made != number && self.losses < LOSSES => self.propose_to(&leader),
                (None, _) => self.take_lead(),
            }
        }
    }

    /// Whether a version is needed, whatever it is.
    pub(super) fn is_wanting(&self) -> bool {
        self.kept.number() < self.wanted
    }

    /// Another member that leads as far as this one knows.
    fn leader(&self) -> Option<K> {
        self.highest.as_ref().map(|ballot| ballot.owner.clone()).filter(|owner| *owner != self.me)
    }

    fn propose_to(&mut self, leader: &K) {
        let Some(mine) = &self.mine else { return };
        let (from, base, attempt, state) = (self.me.clone(), mine.base, mine.attempt, mine.state.clone());
        self.send(leader, Message::Propose { from, base, attempt, state });
    }

    pub(super) fn take_lead(&mut self) {
        if self.read().is_none() {
            return;
        }
        // Of several who want to at once, the one that was outrun most often.
        let more = 1 + u64::from(self.losses);
        let number = self.highest.as_ref().map_or(0, |ballot| ballot.number).saturating_add(more);
        let ballot = Ballot { number, owner: self.me.clone(), start: self.start };
        self.highest = Some(ballot.clone());
        self.lead =
            Some(Lead { ballot, promises: BTreeMap::new(), found: None, proposed: None, asked_for: BTreeMap::new() });
        self.ask_for_promises();
    }

    fn ask_for_promises(&mut self) {
        let Some(lead) = &self.lead else { return };
        let prepare = Message::Prepare { ballot: lead.ballot.clone(), number: self.kept.number() };
        self.tell(&prepare);
    }

    /// Whether there is no higher ballot than this; then this one is the highest now.
    fn keeps_to(&mut self, ballot: &Ballot<K>) -> bool {
        self.see(ballot);
        let promised = self.kept.promised.as_ref().filter(|promised| *promised > ballot).cloned();
        match promised {
            Some(promised) => {
                self.send(&ballot.owner, Message::Refused { ballot: promised });
                false
            }
            None => {
                self.kept.promised = Some(ballot.clone());
                self.is_dirty = true;
                true
            }
        }
    }

    /// There is a ballot. If it is higher than that of this member, this member does not lead any more.
    fn see(&mut self, ballot: &Ballot<K>) {
        if self.highest.as_ref().is_none_or(|highest| highest < ballot) {
            self.highest = Some(ballot.clone());
        }
        self.lead.take_if(|lead| lead.ballot < *ballot);
    }

    pub(super) fn prepare(&mut self, ballot: Ballot<K>, number: u64) {
        if number > self.kept.number() {
            self.compare(ballot.owner.clone(), number);
        }
        if !self.kept.votes(&self.me) || !self.keeps_to(&ballot) {
            return;
        }
        let known = self.kept.number();
        let newer = self.version().filter(|_| known > number).cloned();
        let (from, run, accepted) = (self.me.clone(), self.kept.run, self.kept.accepted.clone());
        let owner = ballot.owner.clone();
        self.send(&owner, Message::Promise { from, run, ballot, number: known, accepted, newer });
    }

    pub(super) fn promised(
        &mut self,
        from: K,
        run: u64,
        ballot: &Ballot<K>,
        number: u64,
        accepted: Option<Accepted<K, S>>,
    ) {
        let known = self.kept.number();
        let Some(lead) = self.lead.as_mut().filter(|lead| lead.ballot == *ballot) else { return };
        lead.promises.insert(from.clone(), run);
        let found = lead.found.take().into_iter().chain(accepted);
        lead.found = found.max_by_key(|(ballot, version)| (version.number, ballot.clone()));
        if number < known {
            self.compare(from, number);
        }
        self.is_alone &= self.lead.as_ref().is_some_and(|lead| lead.is_busy(self.kept.version.as_ref()));
        self.advance();
    }

    /// Has the next version accepted, if this member leads and there is anything to make of it.
    pub(super) fn advance(&mut self) {
        let (Some(version), Some(lead)) = (&self.kept.version, &mut self.lead) else { return };
        lead.proposed.take_if(|(proposed, _)| proposed.number <= version.number);
        lead.found.take_if(|(_, found)| found.number <= version.number);
        lead.asked_for.retain(|_, (base, ..)| *base >= version.number);
        let (admits, wants) = (&self.joining.admitted, version.number < self.wanted);
        let mine = self.mine.as_ref().filter(|mine| mine.is_out && mine.base == version.number);
        let asked_for = lead.asked_for.iter().find(|(_, (base, ..))| *base == version.number);
        let idle = lead.found.is_none() && mine.is_none() && asked_for.is_none() && admits.is_empty() && !wants;
        if idle || lead.proposed.is_some() {
            return;
        }
        if !version.is_majority(&lead.promises) {
            // It may be that others decide now than when it was asked.
            if lead.promises.keys().any(|member| !version.lists(member, lead.promises[member])) {
                lead.promises.retain(|member, run| version.lists(member, *run));
                self.ask_for_promises();
            }
            return;
        }
        let next = match &lead.found {
            Some((_, found)) => found.clone(),
            None => {
                let mut next = Version { number: version.number.saturating_add(1), ..version.clone() };
                next.runs.extend(admits.iter().map(|(member, run)| (member.clone(), *run)));
                let mine = mine.map(|mine| (&self.me, mine.attempt, &mine.state));
                let made = mine.or(asked_for.map(|(member, (_, attempt, state))| (member, *attempt, state)));
                if let Some((member, attempt, state)) = made {
                    next.state = state.clone();
                    next.last.insert(member.clone(), attempt);
                }
                next
            }
        };
        let accept = Message::Accept { ballot: lead.ballot.clone(), version: next.clone() };
        lead.proposed = Some((next, BTreeMap::new()));
        self.tell(&accept);
    }

    /// Somebody has caught up: it may have missed what is to be accepted.
    pub(super) fn accept_again(&mut self, to: &K) {
        let Some(lead) = &self.lead else { return };
        if let Some((version, _)) = &lead.proposed {
            let accept = Message::Accept { ballot: lead.ballot.clone(), version: version.clone() };
            self.send(to, accept);
        }
    }

    pub(super) fn accept(&mut self, ballot: Ballot<K>, version: Version<K, S>) {
        let known = self.kept.number();
        let base = version.number.saturating_sub(1);
        if base != known {
            return self.compare(ballot.owner, base);
        }
        let same = self.version().is_some_and(|known| known.founder == version.founder);
        if !same || !self.kept.votes(&self.me) || !self.keeps_to(&ballot) {
            return;
        }
        let (from, run, number) = (self.me.clone(), self.kept.run, version.number);
        self.kept.accepted = Some((ballot.clone(), version));
        let owner = ballot.owner.clone();
        self.send(&owner, Message::Accepted { from, run, ballot, number });
    }

    pub(super) fn accepted(&mut self, from: K, run: u64, ballot: &Ballot<K>, number: u64) {
        let (Some(version), Some(lead)) = (&self.kept.version, &mut self.lead) else { return };
        let proposed = lead.proposed.as_mut().filter(|(proposed, _)| proposed.number == number);
        let Some((next, runs)) = proposed.filter(|_| lead.ballot == *ballot) else { return };
        runs.insert(from, run);
        if !version.is_majority(runs) {
            return;
        }
        let (next, from) = (next.clone(), self.me.clone());
        self.tell_others(&Message::Chosen { from, number, ballot: ballot.clone() });
        self.is_alone = false;
        self.learn(next);
    }

    pub(super) fn chosen(&mut self, from: &K, number: u64, ballot: &Ballot<K>) {
        let known = self.kept.number();
        if number <= known {
            return;
        }
        // In a later ballot it would be the same one.
        let accepted =
            self.kept.accepted.as_ref().filter(|(known, version)| known >= ballot && version.number == number);
        match accepted {
            Some((_, version)) => self.learn(version.clone()),
            None => self.send(from, Message::Ask { from: self.me.clone(), number: known }),
        }
    }

    /// There is a higher ballot.
    pub(super) fn refused(&mut self, ballot: Ballot<K>) {
        let is_news = self.highest.as_ref().is_none_or(|highest| *highest < ballot);
        self.see(&ballot);
        let open = self.mine.as_ref().is_some_and(|mine| mine.is_out && mine.base == self.kept.number());
        if is_news && open && ballot.owner != self.me {
            self.propose_to(&ballot.owner);
        }
    }

    pub(super) fn asked_for(&mut self, from: K, base: u64, attempt: Attempt, state: S) {
        if base != self.kept.number() {
            return self.compare(from, base);
        }
        let other = self.highest.clone().filter(|ballot| ballot.owner != self.me);
        match other {
            // It takes this member for the one that leads: let it see who does.
            Some(ballot) => return self.send(&from, Message::Refused { ballot }),
            None if self.lead.is_none() => self.take_lead(),
            None => {}
        }
        if let Some(lead) = &mut self.lead {
            lead.asked_for.insert(from, (base, attempt, state));
            self.advance();
        }
    }

    /// Asks again for what was not answered. What another was to finish this member does, after a while that differs from
    /// one member to the next.
    pub(super) fn remind_lead(&mut self) {
        let Some(version) = &self.kept.version else { return };
        if let Some(lead) = self.lead.as_ref().filter(|lead| lead.is_busy(Some(version))) {
            self.is_alone = true;
            match &lead.proposed {
                Some((next, _)) => {
                    let accept = Message::Accept { ballot: lead.ballot.clone(), version: next.clone() };
                    self.tell(&accept);
                }
                None => self.ask_for_promises(),
            }
            return;
        }
        let mine = self.mine.as_ref().is_some_and(|mine| mine.is_out);
        let others = self.kept.accepted.is_some() || !self.joining.admitted.is_empty() || self.is_wanting();
        if self.lead.is_none() && (mine || others) {
            self.overdue += 1;
            let place = self.all.iter().position(|member| *member == self.me).unwrap_or_default();
            if self.overdue > if mine { 0 } else { 1 + place as u32 } {
                self.overdue = 0;
                self.take_lead();
            }
        } else if self.lead.is_some() {
            self.advance();
        }
    }
}
