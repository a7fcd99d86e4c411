//! Members over a network that loses and delays messages, with deaths at any time: every version has one value,
//! and every change that was committed is the next of the one before.

use std::collections::{BTreeMap, VecDeque};

use super::{Attempt, Member, Message};

const MEMBERS: i64 = 3;

struct World {
    members: Vec<Member<i64, i64>>,
    /// Messages on the way, in order from one member to another.
    links: BTreeMap<(i64, i64), VecDeque<Message<i64, i64>>>,
    /// Messages on connections that are gone, with those they go to.
    late: Vec<(i64, Message<i64, i64>)>,
    attempts: Vec<Option<(Attempt<i64>, u64, i64)>>,
    /// Every version that anybody has ever committed or seen.
    history: BTreeMap<u64, i64>,
    commits: u64,
    incarnations: u64,
    seed: u64,
}

impl World {
    fn new(seed: u64) -> Self {
        let members = (0..MEMBERS).map(|k| Member::new(k, 0..MEMBERS, 1000 + k as u64, 0)).collect();
        let attempts = vec![None; MEMBERS as usize];
        let history = BTreeMap::from([(1, 0)]);
        Self {
            members,
            links: BTreeMap::new(),
            late: Vec::new(),
            attempts,
            history,
            commits: 0,
            incarnations: 2000,
            seed,
        }
    }

    fn random(&mut self, below: u64) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) % below
    }

    fn settle(&mut self, k: usize) {
        for (to, message) in self.members[k].take_messages() {
            self.links.entry((k as i64, to)).or_default().push_back(message);
        }
        let member = &self.members[k];
        let known = *self.history.entry(member.version).or_insert(member.value);
        assert_eq!(known, member.value, "version {} has two values", member.version);
    }

    fn step(&mut self, losses: u64, deaths: u64) {
        let k = self.random(MEMBERS as u64) as usize;
        match self.random(10) {
            0 => self.members[k].remind(),
            1 | 2 => {
                if let (None, Some((version, value))) = (&self.attempts[k], self.members[k].read()) {
                    // A reader never sees less than what was committed anywhere.
                    let last = *self.history.keys().next_back().expect("there is a first");
                    assert_eq!(version, last, "member {k} reads an old version");
                    let next = value + 1;
                    let attempt = self.members[k].begin(version, &next);
                    self.attempts[k] = attempt.map(|attempt| (attempt, version, next));
                }
            }
            3 => {
                if let Some((attempt, _, value)) = self.attempts[k] {
                    match self.members[k].agreed(&attempt) {
                        Some(true) => {
                            self.members[k].commit(value);
                            self.commits += 1;
                            self.attempts[k] = None;
                        }
                        Some(false) if self.random(4) == 0 => {
                            self.members[k].abort(&attempt);
                            self.attempts[k] = None;
                        }
                        Some(false) => {}
                        None => self.attempts[k] = None,
                    }
                }
            }
            // One at a time: if a coordinator dies with one who has voted, its last change may be lost.
            4 if deaths > 0 && self.random(deaths) == 0 && self.members.iter().all(|m| m.awaited.is_empty()) => {
                self.incarnations += 1;
                // The clock that numbers runs may have been set back.
                let set_back = self.random(3) == 0;
                let incarnation = if set_back { 1_000_000 - self.incarnations } else { 1_000_000 + self.incarnations };
                let fresh = Member::new(k as i64, 0..MEMBERS, incarnation, 0);
                self.members[k] = fresh;
                self.attempts[k] = None;
                // Its connections are gone; what is under way on them may arrive nevertheless, at any time.
                let is_its = |(from, to): &(i64, i64)| *from == k as i64 || *to == k as i64;
                let gone: Vec<_> = self.links.extract_if(.., |key, _| is_its(key)).collect();
                if self.random(2) == 0 {
                    let late = gone.into_iter().flat_map(|((_, to), all)| all.into_iter().map(move |m| (to, m)));
                    self.late.extend(late);
                }
            }
            5 if !self.late.is_empty() => {
                let at = self.random(self.late.len() as u64) as usize;
                let (to, message) = self.late.swap_remove(at);
                self.members[to as usize].hear(message);
                self.settle(to as usize);
            }
            _ => {
                let keys: Vec<(i64, i64)> = self.links.keys().copied().collect();
                if !keys.is_empty() {
                    let key = keys[self.random(keys.len() as u64) as usize];
                    let message = self.links.get_mut(&key).and_then(VecDeque::pop_front);
                    let lost = losses > 0 && self.random(losses) == 0;
                    if let (Some(message), false) = (message, lost) {
                        self.members[key.1 as usize].hear(message);
                        self.settle(key.1 as usize);
                    }
                }
            }
        }
        self.settle(k);
    }
}

fn run(losses: u64, deaths: u64) -> u64 {
    let mut commits = 0;
    for seed in 0..200 {
        let mut world = World::new(seed);
        (0..MEMBERS as usize).for_each(|k| world.settle(k));
        for _ in 0..3000 {
            world.step(losses, deaths);
        }
        // What was committed was one more each time, and nothing is forgotten while one member lives.
        assert!(world.history.values().copied().eq(0..world.history.len() as i64));
        assert!(world.history.len() as u64 > world.commits, "{} versions", world.history.len());
        commits += world.commits;
    }
    commits
}

#[test]
fn every_version_has_one_value() {
    let commits = run(0, 0);
    assert!(commits > 300, "only {commits} commits");
}

#[test]
fn lost_messages_do_no_harm() {
    let commits = run(10, 0);
    assert!(commits > 200, "only {commits} commits");
}

#[test]
fn deaths_do_no_harm() {
    let commits = run(10, 60);
    assert!(commits > 300, "only {commits} commits");
}
