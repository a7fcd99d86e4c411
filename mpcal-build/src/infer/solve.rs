//! Constraints over type variables, and the types that satisfy them.
//!
//! A value *flows* from where it is made to the places that hold it. A place must hold whatever flows
//! into it: where that is more than its own type, the place is widened, and what flows into it keeps
//! its type. So a variable that holds `Nil` or an integer does not make an `Option` of every integer
//! that is ever assigned to it. Constraints are applied until none changes anything.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::tags::{Tag, TagRow};

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
    /// An operator given to an operator.
    Operator(Vec<TypeId>, TypeId),
    /// Any value.
    Dynamic,
}

/// The shapes of records that meet in one place.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    pub(super) fields: BTreeMap<Rc<str>, TypeId>,
    pub(super) shapes: BTreeSet<Vec<Rc<str>>>,
    /// The name that an annotation gives it.
    pub(super) name: Option<Rc<str>>,
    /// Where it was merged into.
    pub(super) link: Option<usize>,
}

/// What must hold between types.
#[derive(Clone, Debug)]
pub(super) enum Constraint {
    /// A value flows into a place.
    Flow { place: TypeId, from: TypeId },
    /// Two names of one place.
    Same(TypeId, TypeId),
    /// Values that are compared: each has its own type.
    Compared(TypeId, TypeId),
    /// `out = f[i]`; the number is the index if it is a literal. What is written there flows back.
    Index { f: TypeId, i: TypeId, literal: Option<i64>, out: TypeId, written: bool },
    /// `out = r.field`
    Field { r: TypeId, field: Rc<str>, out: TypeId, written: bool },
    /// `out = DOMAIN f`; `text` is any string, for a record.
    Domain { f: TypeId, out: TypeId, text: TypeId },
}

/// Constraints are applied at most so often: what still changes then is left to conversions.
const MAX_ROUNDS: usize = 100;

/// Types nest at most so deep.
const MAX_DEPTH: usize = 32;

#[derive(Default)]
pub(super) struct Solver {
    terms: Vec<Term>,
    pub(super) rows: Vec<Row>,
    pub(super) tags: Vec<TagRow>,
    constraints: Vec<Constraint>,
    changed: bool,
    /// Whether what is not known yet takes the type of the place that it flows into.
    backwards: bool,
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
    pub(super) fn record(&mut self, fields: BTreeMap<Rc<str>, TypeId>, closed: bool) -> TypeId {
        let shapes = if closed { BTreeSet::from([fields.keys().cloned().collect()]) } else { BTreeSet::new() };
        self.rows.push(Row { fields, shapes, name: None, link: None });
        self.term(Term::Record(self.rows.len() - 1))
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

    fn set(&mut self, t: TypeId, term: Term) {
        let root = self.find(t);
        self.terms[root.0] = term;
        self.changed = true;
    }

    fn link(&mut self, from: TypeId, to: TypeId) {
        let (from, to) = (self.find(from), self.find(to));
        if from != to {
            self.terms[from.0] = Term::Link(to);
            self.changed = true;
        }
    }

    fn children(&self, term: &Term) -> Vec<TypeId> {
        match term {
            Term::Set(a) | Term::Seq(a) | Term::Range(a) => vec![*a],
            Term::Function(a, b) => vec![*a, *b],
            Term::Tuple(list) => list.clone(),
            Term::Operator(list, r) => list.iter().copied().chain([*r]).collect(),
            Term::Record(row) => self.rows[self.row(*row)].fields.values().copied().collect(),
            Term::Tags(row) => self.tags[self.tags_of(*row)].payload.into_iter().collect(),
            Term::Free | Term::Link(_) | Term::Bool | Term::Int | Term::Dynamic => vec![],
        }
    }

    /// Whether `inner` stands somewhere inside `outer`.
    fn occurs(&self, inner: TypeId, outer: TypeId, depth: usize) -> bool {
        let outer = self.find(outer);
        if outer == inner || depth > 2 * MAX_DEPTH {
            return true;
        }
        self.children(&self.terms[outer.0]).into_iter().any(|c| self.occurs(inner, c, depth + 1))
    }

    /// Whether two types could be one, without changing anything.
    pub(super) fn unifiable(&self, a: TypeId, b: TypeId, depth: usize) -> bool {
        let (a, b) = (self.find(a), self.find(b));
        if a == b || depth > MAX_DEPTH {
            return a == b;
        }
        let sub = |x: TypeId, y: TypeId| self.unifiable(x, y, depth + 1);
        let integer = |k: TypeId| matches!(self.get(k), Term::Int | Term::Free);
        match (&self.terms[a.0], &self.terms[b.0]) {
            (Term::Dynamic, _) | (_, Term::Dynamic) => true,
            (Term::Free, _) => !self.occurs(a, b, 0),
            (_, Term::Free) => !self.occurs(b, a, 0),
            (Term::Bool, Term::Bool) | (Term::Int, Term::Int) => true,
            (Term::Tags(r), Term::Tags(s)) => {
                let (r, s) = (&self.tags[self.tags_of(*r)], &self.tags[self.tags_of(*s)]);
                r.may_meet(s) && r.payload.is_none_or(|p| s.payload.is_none_or(|q| sub(p, q)))
            }
            (Term::Tags(r), _) => {
                let row = &self.tags[self.tags_of(*r)];
                row.only_models() && row.payload.is_none_or(|p| sub(p, b))
            }
            (_, Term::Tags(_)) => sub(b, a),
            (Term::Set(x), Term::Set(y)) => sub(*x, *y),
            (Term::Seq(x) | Term::Range(x), Term::Seq(y) | Term::Range(y)) => sub(*x, *y),
            (Term::Range(x) | Term::Seq(x), Term::Function(k, v))
            | (Term::Function(k, v), Term::Range(x) | Term::Seq(x)) => sub(*x, *v) && integer(*k),
            (Term::Function(k, v), Term::Function(l, w)) => sub(*k, *l) && sub(*v, *w),
            (Term::Tuple(xs), Term::Tuple(ys)) if xs.len() == ys.len() => xs.iter().zip(ys).all(|(x, y)| sub(*x, *y)),
            (Term::Tuple(xs), Term::Tuple(ys)) => {
                let all: Vec<TypeId> = xs.iter().chain(ys).copied().collect();
                all.windows(2).all(|w| sub(w[0], w[1]))
            }
            (Term::Tuple(xs), Term::Seq(y)) | (Term::Seq(y), Term::Tuple(xs)) => xs.iter().all(|x| sub(*x, *y)),
            (Term::Record(r), Term::Record(s)) => {
                let (r, s) = (&self.rows[self.row(*r)], &self.rows[self.row(*s)]);
                r.fields.iter().all(|(name, t)| s.fields.get(name).is_none_or(|u| sub(*t, *u)))
            }
            _ => false,
        }
    }

    /// A type of its own that starts as another, as far as that is known.
    fn copy(&mut self, t: TypeId, depth: usize) -> TypeId {
        let root = self.find(t);
        if depth > MAX_DEPTH {
            return self.term(Term::Dynamic);
        }
        let term = self.terms[root.0].clone();
        let sub = |cx: &mut Self, t: TypeId| cx.copy(t, depth + 1);
        let term = match term {
            Term::Set(a) => Term::Set(sub(self, a)),
            Term::Seq(a) => Term::Seq(sub(self, a)),
            Term::Range(a) => Term::Range(sub(self, a)),
            Term::Function(k, v) => Term::Function(sub(self, k), sub(self, v)),
            Term::Tuple(items) => Term::Tuple(items.into_iter().map(|t| sub(self, t)).collect()),
            same => same,
        };
        self.term(term)
    }

    /// Makes a place hold what flows into it. Where both cannot be one type, the place becomes any
    /// value, and the other stays as it is: a conversion stands between them.
    fn flow_into(&mut self, place: TypeId, from: TypeId) {
        let (a, b) = (self.find(place), self.find(from));
        if a == b {
            return;
        }
        match (self.terms[a.0].clone(), self.terms[b.0].clone()) {
            (Term::Dynamic, _) => {}
            (_, Term::Free) if !self.backwards => {}
            (Term::Free, Term::Free) => self.link(a, b),
            (Term::Free, _) if self.occurs(a, b, 0) => self.set(a, Term::Dynamic),
            (Term::Free, _) => {
                let copy = self.copy(b, 0);
                self.link(a, copy);
            }
            (_, Term::Dynamic) => {}
            (_, Term::Free) if self.occurs(b, a, 0) => self.set(b, Term::Dynamic),
            (_, Term::Free) => {
                let copy = self.copy(self.present(a), 0);
                self.link(b, copy);
            }
            (Term::Bool, Term::Bool) | (Term::Int, Term::Int) => {}
            (Term::Tags(r), Term::Tags(s)) => self.merge_tags(a, r, s),
            (Term::Tags(r), _) => {
                let row = self.tags_of(r);
                if !self.tags[row].only_models() {
                    return self.set(a, Term::Dynamic);
                }
                let payload = self.payload(row);
                self.flow_into(payload, b);
            }
            (old, Term::Tags(s)) => {
                let row = self.tags_of(s);
                if !self.tags[row].only_models() {
                    return self.set(a, Term::Dynamic);
                }
                let old = self.term(old);
                self.set(a, Term::Tags(row));
                let payload = self.payload(row);
                self.flow_into(payload, old);
            }
            (Term::Set(x), Term::Set(y)) | (Term::Seq(x), Term::Seq(y)) | (Term::Range(x), Term::Range(y)) => {
                self.flow_part(x, y);
            }
            // A place takes the shape of a sequence, and what flows into one has it.
            (Term::Seq(x), Term::Range(y)) => {
                self.set(b, Term::Seq(y));
                self.flow_part(x, y);
            }
            (Term::Range(x), Term::Seq(y)) => {
                self.set(a, Term::Seq(x));
                self.flow_part(x, y);
            }
            (Term::Function(k, v), Term::Range(y)) => {
                let int = self.term(Term::Int);
                self.set(b, Term::Function(int, y));
                self.flow_part(k, int);
                self.flow_part(v, y);
            }
            (Term::Range(x), Term::Function(l, w)) => {
                let int = self.term(Term::Int);
                self.set(a, Term::Function(int, x));
                self.flow_part(int, l);
                self.flow_part(x, w);
            }
            // A function of integers can be a sequence at times, not the other way round.
            (Term::Function(k, v), Term::Seq(y)) if matches!(self.get(k), Term::Int | Term::Free) => {
                let int = self.term(Term::Int);
                self.flow_part(k, int);
                self.flow_part(v, y);
            }
            (Term::Seq(x), Term::Function(l, w)) if matches!(self.get(l), Term::Int | Term::Free) => {
                let int = self.term(Term::Int);
                self.set(a, Term::Function(int, x));
                self.flow_part(int, l);
                self.flow_part(x, w);
            }
            (Term::Function(k, v), Term::Function(l, w)) => {
                self.flow_part(k, l);
                self.flow_part(v, w);
            }
            (Term::Tuple(xs), Term::Tuple(ys)) if xs.len() == ys.len() => {
                xs.into_iter().zip(ys).for_each(|(x, y)| self.flow_part(x, y));
            }
            (Term::Tuple(xs), Term::Tuple(_) | Term::Seq(_)) => {
                let element = self.common(&xs);
                self.set(a, Term::Seq(element));
                self.flow_into(a, b);
            }
            (Term::Seq(x), Term::Tuple(ys)) => {
                let element = self.common(&ys);
                self.set(b, Term::Seq(element));
                self.flow_part(x, element);
            }
            (Term::Record(r), Term::Record(s)) => self.merge_rows(r, s),
            (Term::Operator(xs, r), Term::Operator(ys, s)) if xs.len() == ys.len() => {
                xs.into_iter().zip(ys).for_each(|(x, y)| self.identify(x, y));
                self.identify(r, s);
            }
            _ => self.set(a, Term::Dynamic),
        }
    }

    /// Parts that disagree become any value in the whole, and keep their own types where else they stand.
    fn flow_part(&mut self, place: TypeId, from: TypeId) {
        match self.get(from) {
            Term::Dynamic if !matches!(self.get(place), Term::Dynamic) => self.set(place, Term::Dynamic),
            _ => self.flow_into(place, from),
        }
    }

    /// The type beside the tags of a row.
    fn payload(&mut self, row: usize) -> TypeId {
        match self.tags[row].payload {
            Some(payload) => payload,
            None => {
                let payload = self.fresh();
                self.tags[row].payload = Some(payload);
                self.changed = true;
                payload
            }
        }
    }

    fn merge_tags(&mut self, place: TypeId, r: usize, s: usize) {
        let (r, s) = (self.tags_of(r), self.tags_of(s));
        if r == s {
            return;
        }
        if !self.tags[r].may_meet(&self.tags[s]) {
            return self.set(place, Term::Dynamic);
        }
        let other = std::mem::replace(&mut self.tags[s], TagRow { link: Some(r), ..TagRow::default() });
        self.changed |= !self.tags[r].same_names(&other);
        let payload = other.payload;
        self.tags[r].absorb(other);
        if let Some(q) = payload {
            match self.tags[r].payload {
                Some(p) => self.join(p, q),
                None => {
                    self.tags[r].payload = Some(q);
                    self.changed = true;
                }
            }
        }
    }

    fn merge_rows(&mut self, r: usize, s: usize) {
        let (r, s) = (self.row(r), self.row(s));
        if r == s {
            return;
        }
        let other = std::mem::replace(&mut self.rows[s], Row { link: Some(r), ..Row::default() });
        self.changed = true;
        self.rows[r].shapes.extend(other.shapes);
        self.rows[r].name = self.rows[r].name.take().or(other.name);
        for (name, t) in other.fields {
            // Merging a field may have merged this record into another.
            let row = self.row(r);
            match self.rows[row].fields.get(&name).copied() {
                Some(known) => self.join(known, t),
                None => {
                    self.rows[row].fields.insert(name, t);
                }
            }
        }
    }

    /// Makes one place of two that were one all along, or any value.
    fn join(&mut self, x: TypeId, y: TypeId) {
        let dynamic = |cx: &Self, t| matches!(cx.get(t), Term::Dynamic);
        if dynamic(self, x) || dynamic(self, y) || !self.unifiable(x, y, 0) {
            for t in [x, y] {
                if !dynamic(self, t) {
                    self.set(t, Term::Dynamic);
                }
            }
        }
        self.identify(x, y);
    }

    /// Makes two names of one place one type: any value if one of them is.
    fn identify(&mut self, a: TypeId, b: TypeId) {
        let (a, b) = (self.find(a), self.find(b));
        if a == b {
            return;
        }
        match (&self.terms[a.0], &self.terms[b.0]) {
            (Term::Dynamic, _) => return self.link(b, a),
            (_, Term::Dynamic) => return self.link(a, b),
            _ => {}
        }
        // Each takes the shape of the other.
        self.flow_into(a, b);
        self.flow_into(b, a);
        let (x, y) = (self.get(a).clone(), self.get(b).clone());
        let (inner, outer) = (self.children(&x), self.children(&y));
        let same = std::mem::discriminant(&x) == std::mem::discriminant(&y) && inner.len() == outer.len();
        self.link(b, a);
        if same && !matches!(x, Term::Record(_) | Term::Tags(_)) {
            inner.into_iter().zip(outer).for_each(|(x, y)| self.identify(x, y));
        }
    }

    /// Lets two values that are compared know of each other, without widening either.
    fn compare(&mut self, a: TypeId, b: TypeId) {
        let (a, b) = (self.find(a), self.find(b));
        if a == b || !self.unifiable(a, b, 0) {
            return;
        }
        match (self.terms[a.0].clone(), self.terms[b.0].clone()) {
            (Term::Dynamic, _) | (_, Term::Dynamic) => {}
            (Term::Tags(r), Term::Tags(s)) => self.merge_tags(a, r, s),
            (Term::Tags(r), _) => {
                if let Some(payload) = self.tags[self.tags_of(r)].payload {
                    self.compare(payload, b);
                }
            }
            (_, Term::Tags(_)) => self.compare(b, a),
            (Term::Set(x), Term::Set(y)) | (Term::Seq(x), Term::Seq(y)) => self.compare(x, y),
            (Term::Function(k, v), Term::Function(l, w)) => {
                self.compare(k, l);
                self.compare(v, w);
            }
            (Term::Tuple(xs), Term::Tuple(ys)) if xs.len() == ys.len() => {
                xs.into_iter().zip(ys).for_each(|(x, y)| self.compare(x, y));
            }
            _ => self.flow_into(a, b),
        }
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
        let dynamic = matches!(self.get(part), Term::Dynamic) || !self.unifiable(out, part, 0);
        if dynamic && !matches!(self.get(out), Term::Dynamic) {
            self.set(out, Term::Dynamic);
        } else if !dynamic {
            self.flow_into(out, part);
        }
    }

    /// An index of a function: one that may be `Nil` is no reason to have `Nil` in the domain.
    fn index(&mut self, key: TypeId, i: TypeId) {
        match (self.get(key).clone(), self.get(i).clone()) {
            (Term::Tags(_) | Term::Free, _) | (_, Term::Free) => self.flow_into(key, i),
            (_, Term::Tags(row)) => match self.tags[self.tags_of(row)].payload {
                Some(payload) => self.index(key, payload),
                None => self.flow_into(key, i),
            },
            _ => self.flow_into(key, i),
        }
    }

    /// What stands behind an optional value, where only a value that is there makes sense.
    fn present(&self, t: TypeId) -> TypeId {
        match self.get(t) {
            Term::Tags(row) => self.tags[self.tags_of(*row)].payload.map_or(t, |p| self.present(p)),
            _ => t,
        }
    }

    /// Applies one constraint; false if a type must be known first.
    fn apply(&mut self, c: &Constraint) -> bool {
        match c {
            Constraint::Flow { place, from } => self.flow_into(*place, *from),
            Constraint::Same(a, b) => self.identify(*a, *b),
            Constraint::Compared(a, b) => self.compare(*a, *b),
            Constraint::Index { f, i, literal, out, written } => {
                let f = self.present(*f);
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
                    _ => {}
                }
            }
            Constraint::Field { r, field, out, written } => match self.get(self.present(*r)).clone() {
                Term::Free => return false,
                Term::Record(row) => {
                    let row = self.row(row);
                    match self.rows[row].fields.get(field).copied() {
                        Some(t) => self.part(*out, t, *written),
                        None => {
                            self.rows[row].fields.insert(field.clone(), *out);
                            self.changed = true;
                        }
                    }
                }
                _ => {}
            },
            Constraint::Domain { f, out, text } => {
                let keys = match self.get(self.present(*f)).clone() {
                    Term::Free => return false,
                    Term::Function(k, _) => k,
                    Term::Seq(_) | Term::Range(_) | Term::Tuple(_) => self.term(Term::Int),
                    Term::Record(_) => *text,
                    _ => return true,
                };
                let set = self.term(Term::Set(keys));
                self.part(*out, set, false);
            }
        }
        true
    }

    fn guess(&mut self, c: &Constraint) {
        match c {
            Constraint::Index { f, i, out, .. } => {
                let function = self.term(Term::Function(*i, *out));
                self.flow_into(*f, function);
            }
            Constraint::Field { r, field, out, .. } => {
                let record = self.record(BTreeMap::from([(field.clone(), *out)]), false);
                self.flow_into(*r, record);
            }
            Constraint::Domain { f, out, .. } => {
                let (k, v) = (self.fresh(), self.fresh());
                let function = self.term(Term::Function(k, v));
                self.flow_into(*f, function);
                let set = self.term(Term::Set(k));
                self.flow_into(*out, set);
            }
            Constraint::Flow { .. } | Constraint::Same(..) | Constraint::Compared(..) => {}
        }
    }
}
