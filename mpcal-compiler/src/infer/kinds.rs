//! Values of different kinds in one place: a number here, a record there.
//!
//! TLC never takes a value of one kind for one of another, so a place that holds several is as good as a type for
//! each. What is a function of strings could be a record, too: beside records such a function is any value.

use std::collections::BTreeMap;

use super::solve::{Solver, Term, TypeId};

/// What can be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Bool,
    Int,
    /// Strings and model values.
    Tags,
    Set,
    /// Sequences and tuples, too.
    Function,
    Record,
}

/// The type of the values of each kind.
pub(super) type Kinds = BTreeMap<Kind, TypeId>;

impl Term {
    /// The one kind that values of a type are of.
    pub(super) fn kind(&self) -> Option<Kind> {
        match self {
            Term::Bool => Some(Kind::Bool),
            Term::Int => Some(Kind::Int),
            Term::Tags(_) => Some(Kind::Tags),
            Term::Set(_) => Some(Kind::Set),
            Term::Seq(_) | Term::Tuple(_) | Term::Range(_) | Term::Function(..) => Some(Kind::Function),
            Term::Record(_) => Some(Kind::Record),
            Term::Free | Term::Link(_) | Term::Kinds(_) | Term::Operator(..) | Term::Dynamic => None,
        }
    }
}

impl Solver {
    /// A place takes what is of another kind than what it holds.
    pub(super) fn flow_into_kinds(&mut self, place: TypeId, from: TypeId) {
        if self.is_pinned(place) {
            return;
        }
        let Some(mut kinds) = self.kinds_of(place) else { return self.widen(place) };
        let known = kinds.len();
        let others = match self.get(from) {
            Term::Kinds(others) => others.values().copied().collect(),
            _ => vec![from],
        };
        for other in others {
            match self.get(other).kind() {
                Some(kind) if kinds.contains_key(&kind) => self.flow_into(kinds[&kind], other),
                Some(kind) if !self.occurs(self.find(place), other, 0) => {
                    let copy = self.copy(other, 0);
                    kinds.insert(kind, copy);
                }
                _ => return self.widen(place),
            }
        }
        // What flowed may have made another place of this one.
        if matches!(self.get(place), Term::Dynamic) {
            return;
        }
        if kinds.len() > known || !matches!(self.get(place), Term::Kinds(_)) {
            self.set(place, Term::Kinds(kinds.clone()));
        }
        if self.are_mixed_up(&kinds) {
            self.widen(place);
        }
    }

    fn kinds_of(&mut self, place: TypeId) -> Option<Kinds> {
        match self.get(place).clone() {
            Term::Kinds(kinds) => Some(kinds),
            term => {
                let kind = term.kind()?;
                Some(Kinds::from([(kind, self.term(term))]))
            }
        }
    }

    /// Whether the value does not say which of these it is.
    fn are_mixed_up(&self, kinds: &Kinds) -> bool {
        let dynamic = |t: &TypeId| matches!(self.get(*t), Term::Dynamic);
        let has_text = |t: TypeId| matches!(self.get(t), Term::Tags(_) | Term::Dynamic | Term::Kinds(_));
        let by_text = |t: &TypeId| matches!(self.get(*t), Term::Function(k, _) if has_text(*k));
        // Model values stand outside of it, so that there is one form for each value.
        let has_models = |t: &TypeId| match self.get(*t) {
            Term::Tags(row) => !self.tags[self.tags_of(*row)].split().0.is_empty(),
            _ => false,
        };
        kinds.values().any(|t| dynamic(t) || has_models(t))
            || kinds.contains_key(&Kind::Record) && kinds.get(&Kind::Function).is_some_and(by_text)
    }

    /// Where values of several kinds stand, the type of those of the first kind there is; the type itself if there is
    /// none.
    pub(super) fn first_kind(&self, t: TypeId, wanted: &[Kind]) -> TypeId {
        let Term::Kinds(kinds) = self.get(t) else { return t };
        wanted.iter().find_map(|kind| kinds.get(kind)).copied().unwrap_or(t)
    }

    /// Where values of several kinds stand, the type of those of the kinds that make sense; the type itself if these
    /// are several, or none.
    pub(super) fn only_kind(&self, t: TypeId, wanted: &[Kind]) -> TypeId {
        let Term::Kinds(kinds) = self.get(t) else { return t };
        let mut found = wanted.iter().filter_map(|kind| kinds.get(kind));
        match (found.next(), found.next()) {
            (Some(only), None) => *only,
            _ => t,
        }
    }
}
