//! Constraints over type variables, and the types that satisfy them.
//!
//! A value *flows* from where it is made to the places that hold it. A place must hold whatever flows
//! into it: where that is more than its own type, the place is widened, and what flows into it keeps
//! its type. So a variable that holds `Nil` or an integer does not make an `Option` of every integer
//! that is ever assigned to it. Constraints are applied until none changes anything.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::kinds::{Kind, Kinds};
use super::tags::{Tag, TagRow};
use crate::symbol::Symbol;

/// A type variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct TypeId(pub(super) usize);

/// What a type variable is bound to.
#[derive(Clone, Debug)]
pub(super) enum Term {
    Free,
    Link(TypeId),
    Bool,
    Int,
    /// Strings and model values, perhaps beside values of one other type: an entry of [`Solver::tags`].
    Tags(usize),
    Set(TypeId),
    Seq(TypeId),
    /// `<<a, b>>`: a tuple, unless it meets a sequence.
    Tuple(Vec<TypeId>),
    Function(TypeId, TypeId),
    /// `[i \in 1..n |-> e]`: a function, unless it meets a sequence.
    Range(TypeId),
    /// An entry of [`Solver::rows`].
    Record(usize),
    /// Values of several kinds.
    Kinds(Kinds),
    /// An operator given to an operator.
    Operator(Vec<TypeId>, TypeId),
    /// Any value.
    Dynamic,
}

/// The shapes of records that meet in one place.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    pub(super) fields: BTreeMap<Symbol, TypeId>,
    pub(super) shapes: BTreeSet<Vec<Symbol>>,
    /// Fields that are written by themselves.
    pub(super) written: BTreeSet<Symbol>,
    /// Whether some come from elsewhere than a record expression.
    pub(super) foreign: bool,
    /// The name that an annotation gives it.
    pub(super) name: Option<Symbol>,
    /// Where it was merged into.
    pub(super) link: Option<usize>,
}

/// What must hold between types.
#[derive(Clone, Debug)]
pub(super) enum Constraint {
    /// A value flows into a place.
    Flow { place: TypeId, from: TypeId },
    /// A value is given to an operator, which takes what it can.
    Operand { parameter: TypeId, argument: TypeId },
    /// A value is an index of something whose indices have a type.
    Indexed { key: TypeId, i: TypeId },
    /// `out` is a value that is none of these model values.
    Present { of: TypeId, not: BTreeSet<Tag>, out: TypeId },
    /// Two names of one place.
    Same(TypeId, TypeId),
    /// Values that are compared: each has its own type.
    Compared(TypeId, TypeId),
    /// `out = f[i]`; the number or the text is the index if it is a literal. What is written there flows back.
    Index { f: TypeId, i: TypeId, literal: Option<i64>, text: Option<Symbol>, out: TypeId, written: bool },
    /// `out = r.field`
    Field { r: TypeId, field: Symbol, out: TypeId, written: bool },
    /// An operator on sequences or strings: parameters with arguments, and what it gives for either.
    Sequence { arguments: Vec<(TypeId, TypeId)>, result: TypeId, text: TypeId, out: TypeId },
    /// `out = DOMAIN f`; `text` is any string, for a record.
    Domain { f: TypeId, out: TypeId, text: TypeId },
    /// `out = [key \in DOMAIN f |-> value]`
    Over { f: TypeId, key: TypeId, value: TypeId, out: TypeId },
}

/// Constraints are applied at most so often: what still changes then is left to conversions.
const MAX_ROUNDS: usize = 100;

/// Types nest at most so deep.
pub(super) const MAX_DEPTH: usize = 32;

#[derive(Default)]
pub(super) struct Solver {
    pub(super) terms: Vec<Term>,
    pub(super) rows: Vec<Row>,
    pub(super) tags: Vec<TagRow>,
    constraints: Vec<Constraint>,
    /// Types that an author wrote down: nothing widens them.
    pinned: HashSet<TypeId>,
    pub(super) changed: bool,
    /// Whether what is not known yet takes the type of the place that it flows into.
    pub(super) backwards: bool,
}

impl Solver {
    pub(super) fn fresh(&mut self) -> TypeId {
        self.term(Term::Free)
    }

    pub(super) fn term(&mut self, term: Term) -> TypeId {
        self.terms.push(term);
        TypeId(self.terms.len() - 1)
    }

    /// Any string.
    pub(super) fn string(&mut self) -> TypeId {
        self.tag_row(TagRow { any_string: true, ..TagRow::default() })
    }

    /// Any model value.
    pub(super) fn atom(&mut self) -> TypeId {
        self.tag_row(TagRow { any_model: true, ..TagRow::default() })
    }

    /// One string or model value.
    pub(super) fn tag(&mut self, tag: Tag) -> TypeId {
        self.tag_row(TagRow { names: BTreeSet::from([tag]), ..TagRow::default() })
    }

    fn tag_row(&mut self, row: TagRow) -> TypeId {
        self.tags.push(row);
        self.term(Term::Tags(self.tags.len() - 1))
    }

    /// A new record with these fields.
    pub(super) fn record(&mut self, fields: BTreeMap<Symbol, TypeId>, closed: bool) -> TypeId {
        let shapes = if closed { BTreeSet::from([fields.keys().copied().collect()]) } else { BTreeSet::new() };
        self.rows.push(Row { fields, shapes, ..Row::default() });
        self.term(Term::Record(self.rows.len() - 1))
    }

    /// Says that records of a type come from elsewhere than a record expression.
    pub(super) fn foreign_record(&mut self, t: TypeId) {
        if let Term::Record(row) = *self.get(t) {
            let row = self.row(row);
            self.rows[row].foreign = true;
        }
    }

    /// Keeps a type, and what it is made of, as it is.
    pub(super) fn pin(&mut self, t: TypeId, depth: usize) {
        let root = self.find(t);
        let term = self.terms[root.0].clone();
        if depth < MAX_DEPTH && !matches!(term, Term::Free) && self.pinned.insert(root) {
            self.children(&term).into_iter().for_each(|c| self.pin(c, depth + 1));
        }
    }

    pub(super) fn is_pinned(&self, t: TypeId) -> bool {
        self.pinned.contains(&self.find(t))
    }

    /// Gives the record that a type is a name that an author chose.
    pub(super) fn name_record(&mut self, t: TypeId, name: &str) {
        if let Term::Record(row) = *self.get(t) {
            let row = self.row(row);
            self.rows[row].name.get_or_insert_with(|| name.into());
        }
    }

    pub(super) fn find(&self, mut t: TypeId) -> TypeId {
        while let Term::Link(next) = self.terms[t.0] {
            t = next;
        }
        t
    }

    pub(super) fn get(&self, t: TypeId) -> &Term {
        &self.terms[self.find(t).0]
    }

    pub(super) fn row(&self, mut row: usize) -> usize {
        while let Some(next) = self.rows[row].link {
            row = next;
        }
        row
    }

    pub(super) fn tags_of(&self, mut row: usize) -> usize {
        while let Some(next) = self.tags[row].link {
            row = next;
        }
        row
    }

    pub(super) fn set(&mut self, t: TypeId, term: Term) {
        let root = self.find(t);
        if !self.pinned.contains(&root) {
            self.terms[root.0] = term;
            self.changed = true;
        }
    }

    pub(super) fn link(&mut self, from: TypeId, to: TypeId) {
        let (from, to) = (self.find(from), self.find(to));
        if from != to {
            self.terms[from.0] = Term::Link(to);
            self.changed = true;
            if self.pinned.remove(&from) {
                self.pinned.insert(to);
            }
        }
    }

    pub(super) fn children(&self, term: &Term) -> Vec<TypeId> {
        match term {
            Term::Set(a) | Term::Seq(a) | Term::Range(a) => vec![*a],
            Term::Function(a, b) => vec![*a, *b],
            Term::Tuple(list) => list.clone(),
            Term::Operator(list, r) => list.iter().copied().chain([*r]).collect(),
            Term::Record(row) => self.rows[self.row(*row)].fields.values().copied().collect(),
            Term::Tags(row) => self.tags[self.tags_of(*row)].payload.into_iter().collect(),
            Term::Kinds(kinds) => kinds.values().copied().collect(),
            Term::Free | Term::Link(_) | Term::Bool | Term::Int | Term::Dynamic => vec![],
        }
    }

    /// Whether `inner` stands somewhere inside `outer`.
    pub(super) fn occurs(&self, inner: TypeId, outer: TypeId, depth: usize) -> bool {
        let outer = self.find(outer);
        if outer == inner || depth > 2 * MAX_DEPTH {
            return true;
        }
        self.children(&self.terms[outer.0]).into_iter().any(|c| self.occurs(inner, c, depth + 1))
    }

    /// The one type of several items, or any value; items that disagree keep their own types.
    pub(super) fn common(&mut self, items: &[TypeId]) -> TypeId {
        let agree = items.iter().enumerate().all(|(n, a)| items[n + 1..].iter().all(|b| self.unifiable(*a, *b, 0)));
        let common = self.term(if agree { Term::Free } else { Term::Dynamic });
        for item in items {
            self.flow(common, *item);
        }
        common
    }

    /// A value flows into a place.
    pub(super) fn flow(&mut self, place: TypeId, from: TypeId) {
        self.require(Constraint::Flow { place, from });
    }

    /// A value is given to an operator.
    pub(super) fn operand(&mut self, parameter: TypeId, argument: TypeId) {
        self.require(Constraint::Operand { parameter, argument });
    }

    /// A place of its own that a value flows into.
    pub(super) fn held(&mut self, from: TypeId) -> TypeId {
        let place = self.fresh();
        self.flow(place, from);
        place
    }

    /// Two names of one place.
    pub(super) fn same(&mut self, a: TypeId, b: TypeId) {
        self.require(Constraint::Same(a, b));
    }

    /// A constraint, applied now as far as types are known, and again whenever they change.
    pub(super) fn require(&mut self, constraint: Constraint) {
        self.apply(&constraint);
        self.constraints.push(constraint);
    }

    /// Two places are one if they can be.
    pub(super) fn try_same(&mut self, a: TypeId, b: TypeId) {
        if self.unifiable(a, b, 0) {
            self.identify(a, b);
        }
    }

    /// Lets any string stand where one stands in a type.
    pub(super) fn open(&mut self, t: TypeId, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        let term = self.get(t).clone();
        if let Term::Tags(row) = term {
            let row = self.tags_of(row);
            self.tags[row].any_string |= self.tags[row].strings();
        }
        self.children(&term).into_iter().for_each(|c| self.open(c, depth + 1));
    }

    /// Says that a value is compared with one that the model names.
    pub(super) fn compared(&mut self, t: TypeId) {
        match self.get(t).clone() {
            Term::Tags(row) => {
                let row = self.tags_of(row);
                self.tags[row].compared = true;
            }
            Term::Set(element) => self.compared(element),
            _ => {}
        }
    }

    /// Applies constraints until nothing changes. What waits for a type then is guessed.
    pub(super) fn solve(&mut self) {
        for _ in 0..MAX_ROUNDS {
            self.changed = false;
            let constraints = std::mem::take(&mut self.constraints);
            let mut waiting = None;
            for c in &constraints {
                if !self.apply(c) && (waiting.is_none() || matches!(c, Constraint::Field { .. })) {
                    waiting = waiting.filter(|w| matches!(w, Constraint::Field { .. })).or(Some(c.clone()));
                }
            }
            // Applying constraints may have made some, for parts of what they are about.
            let new = std::mem::replace(&mut self.constraints, constraints);
            self.constraints.extend(new);
            if !self.changed {
                // Uses say what nothing else does.
                self.backwards = true;
                self.constraints.clone().iter().for_each(|c| {
                    self.apply(c);
                });
                self.backwards = false;
            }
            if !self.changed {
                match waiting {
                    Some(c) => self.guess(&c),
                    None => return,
                }
            }
        }
    }

    /// The type of an expression that gives a part of something: it is what the part is, whatever
    /// was concluded from its use.
    fn part(&mut self, out: TypeId, part: TypeId, written: bool) {
        if written {
            return self.identify(out, part);
        }
        let differ = || self.get(out).kind() != self.get(part).kind();
        if matches!(self.get(part), Term::Dynamic) || !self.unifiable(out, part, 0) && !differ() {
            self.widen(out);
        } else {
            self.flow_into(out, part);
        }
    }

    /// An index of a function: one that may be `Nil` is no reason to have `Nil` in the domain, and one
    /// that may be any value must be in the domain, too.
    fn index(&mut self, key: TypeId, i: TypeId) {
        match (self.get(key).clone(), self.get(i).clone()) {
            (_, Term::Dynamic) => {}
            (Term::Tags(_), _) | (_, Term::Free) => self.flow_into(key, i),
            (_, Term::Tags(row)) => {
                let row = &self.tags[self.tags_of(row)];
                match row.payload {
                    Some(payload) => self.index(key, payload),
                    // What else may stand there shows later.
                    None if row.only_models() && !self.backwards => {}
                    None => self.flow_into(key, i),
                }
            }
            _ => self.flow_into(key, i),
        }
    }

    /// What an optional value holds, where only a value that is there makes sense.
    pub(super) fn present(&self, t: TypeId) -> TypeId {
        match self.get(t) {
            Term::Tags(row) => self.tags[self.tags_of(*row)].payload.map_or(t, |p| self.present(p)),
            _ => t,
        }
    }

    /// What has an index, or a field if it is one that is written down, among what may stand in a place.
    fn with_index(&self, t: TypeId, is_field: bool) -> TypeId {
        let kinds = if is_field { [Kind::Record, Kind::Function] } else { [Kind::Function, Kind::Record] };
        self.first_kind(self.present(t), &kinds)
    }

    /// Values of several kinds that an optional value holds, or else the value as it is.
    fn present_kinds(&self, t: TypeId) -> TypeId {
        let present = self.present(t);
        if matches!(self.get(present), Term::Kinds(_)) {
            present
        } else {
            t
        }
    }

    /// Applies one constraint; false if a type must be known first.
    fn apply(&mut self, c: &Constraint) -> bool {
        match c {
            Constraint::Flow { place, from } => self.flow_into(*place, *from),
            Constraint::Operand { parameter, argument } => {
                let argument = match self.get(*parameter).kind() {
                    Some(kind) => self.first_kind(self.present_kinds(*argument), &[kind]),
                    None => *argument,
                };
                self.flow_into(*parameter, argument);
            }
            Constraint::Indexed { key, i } => self.index(*key, *i),
            Constraint::Present { of, not, out } => self.narrow(*of, not, *out),
            Constraint::Same(a, b) => self.identify(*a, *b),
            Constraint::Compared(a, b) => self.compare(*a, *b),
            Constraint::Index { f, i, literal, text, out, written } => {
                let f = self.with_index(*f, text.is_some());
                match self.get(f).clone() {
                    Term::Free => return false,
                    Term::Function(k, v) => {
                        self.index(k, *i);
                        self.part(*out, v, *written);
                    }
                    Term::Seq(v) | Term::Range(v) => {
                        if matches!(self.get(*i), Term::Free) {
                            self.set(*i, Term::Int);
                        }
                        self.part(*out, v, *written);
                    }
                    Term::Tuple(items) => match literal.and_then(|n| items.get((n - 1).max(0) as usize)) {
                        Some(item) => self.part(*out, *item, *written),
                        None => {
                            let element = self.common(&items);
                            self.set(f, Term::Seq(element));
                            self.part(*out, element, *written);
                        }
                    },
                    Term::Dynamic | Term::Kinds(_) => self.widen(*out),
                    Term::Record(row) => match text {
                        Some(field) => self.field(row, field, *out, *written),
                        // Which field it is shows when it runs.
                        None if *written => self.widen(f),
                        None => self.widen(*out),
                    },
                    // Nothing else has an index.
                    Term::Bool | Term::Int | Term::Tags(_) | Term::Set(_) | Term::Operator(..) | Term::Link(_) => {}
                }
            }
            Constraint::Field { r, field, out, written } => match self.get(self.with_index(*r, true)).clone() {
                Term::Free => return false,
                Term::Record(row) => self.field(row, field, *out, *written),
                Term::Function(_, v) => self.part(*out, v, *written),
                Term::Dynamic | Term::Kinds(_) => self.widen(*out),
                // Nothing else has a field.
                Term::Bool | Term::Int | Term::Tags(_) | Term::Set(_) => {}
                Term::Seq(_) | Term::Range(_) | Term::Tuple(_) | Term::Operator(..) | Term::Link(_) => {}
            },
            Constraint::Sequence { arguments, result, text, out } => {
                return self.on_sequences(arguments, *result, *text, *out);
            }
            Constraint::Domain { f, out, text } => {
                let keys = match self.get(self.only_kind(self.present(*f), &[Kind::Function, Kind::Record])).clone() {
                    Term::Free => return false,
                    Term::Function(k, _) => k,
                    Term::Seq(_) | Term::Range(_) | Term::Tuple(_) => self.term(Term::Int),
                    Term::Record(_) => *text,
                    Term::Dynamic | Term::Kinds(_) => self.term(Term::Dynamic),
                    // Nothing else has a domain.
                    Term::Bool | Term::Int | Term::Tags(_) | Term::Set(_) | Term::Operator(..) | Term::Link(_) => {
                        return true;
                    }
                };
                let set = self.term(Term::Set(keys));
                self.part(*out, set, false);
            }
            Constraint::Over { f, key, value, out } => {
                // What has the domain of a sequence is one.
                let over = match self.get(self.only_kind(self.present(*f), &[Kind::Function, Kind::Record])) {
                    Term::Free => return false,
                    Term::Seq(_) | Term::Tuple(_) => Term::Seq(*value),
                    Term::Range(_) => Term::Range(*value),
                    _ => Term::Function(*key, *value),
                };
                let over = self.term(over);
                self.flow_into(*out, over);
            }
        }
        true
    }

    /// A value that is not one of some model values: if there are no others beside it, what stands beside them.
    fn narrow(&mut self, of: TypeId, not: &BTreeSet<Tag>, out: TypeId) {
        let from = match self.get(of) {
            Term::Tags(row) => {
                let row = &self.tags[self.tags_of(*row)];
                let others = row.any_string || row.any_model || row.names.iter().any(|n| !not.contains(n));
                match row.payload {
                    Some(payload) if !others => payload,
                    // What stands beside them shows later.
                    None if !others && !self.backwards => return,
                    _ => of,
                }
            }
            _ => of,
        };
        self.flow_into(out, from);
    }

    /// An operator on sequences, or on strings if one of them is one.
    fn on_sequences(&mut self, arguments: &[(TypeId, TypeId)], result: TypeId, text: TypeId, out: TypeId) -> bool {
        let sequences = arguments.iter().filter(|(p, _)| !matches!(self.get(*p), Term::Int));
        let known = sequences.map(|(_, t)| self.get(self.present(*t))).find(|t| !matches!(t, Term::Free));
        match known {
            None if !self.backwards => return false,
            Some(Term::Tags(_)) => self.flow_into(out, text),
            Some(Term::Dynamic) if text != result => self.widen(out),
            // Whether it is a sequence or a string shows when it runs.
            Some(Term::Kinds(kinds)) if text != result && kinds.contains_key(&Kind::Tags) => self.widen(out),
            _ => {
                arguments.iter().for_each(|(p, t)| {
                    self.apply(&Constraint::Operand { parameter: *p, argument: *t });
                });
                self.flow_into(out, result);
            }
        }
        true
    }

    /// A field of records.
    fn field(&mut self, row: usize, field: &Symbol, out: TypeId, written: bool) {
        let row = self.row(row);
        if written {
            self.rows[row].written.insert(*field);
        }
        match self.rows[row].fields.get(field).copied() {
            Some(t) => self.part(out, t, written),
            None => {
                self.rows[row].fields.insert(*field, out);
                self.changed = true;
            }
        }
    }

    fn guess(&mut self, c: &Constraint) {
        match c {
            Constraint::Index { f, i, out, .. } => {
                let function = self.term(Term::Function(*i, *out));
                self.flow_into(*f, function);
            }
            Constraint::Field { r, field, out, .. } => {
                let record = self.record(BTreeMap::from([(*field, *out)]), false);
                self.flow_into(*r, record);
            }
            Constraint::Domain { f, out, .. } => {
                let (k, v) = (self.fresh(), self.fresh());
                let function = self.term(Term::Function(k, v));
                self.flow_into(*f, function);
                let set = self.term(Term::Set(k));
                self.flow_into(*out, set);
            }
            Constraint::Sequence { arguments, result, out, .. } => {
                arguments.iter().for_each(|(p, t)| self.flow_into(*p, *t));
                self.flow_into(*out, *result);
            }
            Constraint::Over { key, value, out, .. } => {
                let function = self.term(Term::Function(*key, *value));
                self.flow_into(*out, function);
            }
            Constraint::Flow { .. }
            | Constraint::Operand { .. }
            | Constraint::Indexed { .. }
            | Constraint::Present { .. }
            | Constraint::Same(..)
            | Constraint::Compared(..) => {}
        }
    }
}
