//! Which way a section goes at `either` and `with (x \in S)`.
//!
//! The choices of one attempt are a path in a tree. After a refusal the next path in depth-first
//! order is tried, around the whole tree; after a commit the next attempt at the label starts just
//! after the path that committed. So a path that stays enabled is taken after at most as many
//! commits as there are paths: fairness over whole paths, where rotating each choice by itself can
//! miss a combination forever.

use std::collections::HashMap;

/// The choices of one archetype.
#[derive(Debug, Default)]
pub(crate) struct Chooser {
    /// Where each label starts next time.
    starts: HashMap<&'static str, Vec<usize>>,
    /// The path this round started with.
    start: Vec<usize>,
    /// What to choose first in this attempt; zero beyond it.
    plan: Vec<usize>,
    /// What was chosen in this attempt, and out of how many.
    trace: Vec<(usize, usize)>,
    wrapped: bool,
    /// Whether the path is given, so that it says nothing about where to start next time.
    is_given: bool,
}

impl Chooser {
    /// Starts a round at a label.
    pub(crate) fn begin(&mut self, label: &'static str) {
        match self.starts.get(label) {
            Some(start) => self.start.clone_from(start),
            None => self.start.clear(),
        }
        self.plan.clone_from(&self.start);
        self.trace.clear();
        (self.wrapped, self.is_given) = (false, false);
    }

    /// Starts with a path.
    pub(crate) fn begin_at(&mut self, path: &[usize]) {
        self.plan.clear();
        self.plan.extend(path);
        self.trace.clear();
        self.is_given = true;
    }

    /// What was chosen, and out of how many.
    pub(crate) fn choices(&self) -> &[(usize, usize)] {
        &self.trace
    }

    /// Makes of `path` the one after that of this attempt, in depth-first order; false if there is none.
    pub(crate) fn path_behind(&self, path: &mut Vec<usize>) -> bool {
        successor(&self.trace, path)
    }

    /// Starts the same path again.
    pub(crate) fn again(&mut self) {
        self.plan.clear();
        self.plan.extend(self.trace.iter().map(|(chosen, _)| *chosen));
        self.trace.clear();
    }

    /// Chooses one of `0..count`; `count` is not 0.
    pub(crate) fn choose(&mut self, count: usize) -> usize {
        let planned = self.plan.get(self.trace.len()).copied().unwrap_or(0);
        let chosen = planned.min(count - 1);
        self.trace.push((chosen, count));
        chosen
    }

    /// Moves on to the next path; false if all were tried in this round.
    pub(crate) fn next_path(&mut self) -> bool {
        if !successor(&self.trace, &mut self.plan) {
            if self.wrapped || self.start.is_empty() {
                return false;
            }
            self.wrapped = true;
            self.plan.clear();
        }
        self.trace.clear();
        !(self.wrapped && reaches(&self.plan, &self.start))
    }

    /// The path of this attempt was taken.
    pub(crate) fn committed(&mut self, label: &'static str) {
        if self.trace.is_empty() || self.is_given {
            return;
        }
        let next = self.starts.entry(label).or_default();
        if !successor(&self.trace, next) {
            next.clear();
        }
    }
}

/// Sets `plan` to the path after this one in depth-first order; false if there is none.
fn successor(trace: &[(usize, usize)], plan: &mut Vec<usize>) -> bool {
    let Some(last) = trace.iter().rposition(|(chosen, count)| chosen + 1 < *count) else { return false };
    plan.clear();
    plan.extend(trace[..=last].iter().map(|(chosen, _)| *chosen));
    plan[last] += 1;
    true
}

/// Whether `path` is `start` or after it; both go on with zeros.
fn reaches(path: &[usize], start: &[usize]) -> bool {
    let length = path.len().max(start.len());
    let at = |list: &[usize], i: usize| list.get(i).copied().unwrap_or(0);
    let ordering = (0..length).map(|i| at(path, i).cmp(&at(start, i))).find(|o| o.is_ne());
    ordering != Some(std::cmp::Ordering::Less)
}

#[cfg(test)]
mod tests {
    use super::Chooser;

    /// The paths one round tries when every path is refused.
    fn round(chooser: &mut Chooser, shape: impl Fn(&[usize]) -> Option<usize>) -> Vec<Vec<usize>> {
        let mut paths = Vec::new();
        chooser.begin("l");
        loop {
            let mut path = Vec::new();
            while let Some(count) = shape(&path) {
                path.push(chooser.choose(count));
            }
            paths.push(path);
            if !chooser.next_path() {
                return paths;
            }
        }
    }

    fn two_by_three(path: &[usize]) -> Option<usize> {
        [2, 3].get(path.len()).copied()
    }

    #[test]
    fn a_round_tries_every_path_once() {
        let mut chooser = Chooser::default();
        let paths = round(&mut chooser, two_by_three);
        assert_eq!(paths, [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]);
    }

    #[test]
    fn a_round_starts_behind_the_path_that_committed() {
        let mut chooser = Chooser::default();
        chooser.begin("l");
        for choice in [0, 1] {
            while chooser.trace.len() < 2 {
                chooser.choose([2, 3][chooser.trace.len()]);
            }
            if choice == 0 {
                chooser.next_path();
            }
        }
        chooser.committed("l");
        let paths = round(&mut chooser, two_by_three);
        assert_eq!(paths, [[0, 2], [1, 0], [1, 1], [1, 2], [0, 0], [0, 1]]);
    }

    #[test]
    fn a_path_that_stays_enabled_is_taken() {
        // Only the combinations (0, 1) and (1, 0) are enabled; each must come up again and again.
        let mut chooser = Chooser::default();
        let mut taken = Vec::new();
        for _ in 0..6 {
            chooser.begin("l");
            loop {
                let path = [chooser.choose(2), chooser.choose(3)];
                if path == [0, 1] || path == [1, 0] {
                    chooser.committed("l");
                    taken.push(path);
                    break;
                }
                assert!(chooser.next_path());
            }
        }
        assert_eq!(taken.iter().filter(|p| **p == [0, 1]).count(), 3);
    }
}
