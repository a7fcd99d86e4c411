//! Unification, with constraints that wait until a type is known.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

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
    Str,
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
    /// Where it was merged into.
    pub(super) link: Option<usize>,
}

/// A constraint that needs a type to be known.
#[derive(Clone, Debug)]
pub(super) enum Pending {
    /// `out = f[i]`; the number is the index if it is a literal.
    Index { f: TypeId, i: TypeId, literal: Option<i64>, out: TypeId },
    /// `out = r.field`
    Field { r: TypeId, field: Rc<str>, out: TypeId },
    /// `out = DOMAIN f`
    Domain { f: TypeId, out: TypeId },
}

#[derive(Default)]
pub(super) struct Solver {
    terms: Vec<Term>,
    pub(super) rows: Vec<Row>,
    pub(super) pending: Vec<Pending>,
}

impl Solver {
    pub(super) fn fresh(&mut self) -> TypeId {
        self.term(Term::Free)
    }

    pub(super) fn term(&mut self, term: Term) -> TypeId {
        self.terms.push(term);
        TypeId(self.terms.len() - 1)
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

    fn set(&mut self, t: TypeId, term: Term) {
        let root = self.find(t);
        self.terms[root.0] = term;
    }

    fn link(&mut self, from: TypeId, to: TypeId) {
        if from != to {
            self.terms[from.0] = Term::Link(to);
        }
    }

    fn children(term: &Term) -> Vec<TypeId> {
        match term {
            Term::Set(a) | Term::Seq(a) | Term::Range(a) => vec![*a],
            Term::Function(a, b) => vec![*a, *b],
            Term::Tuple(list) => list.clone(),
            Term::Operator(list, r) => list.iter().copied().chain([*r]).collect(),
            Term::Free | Term::Link(_) | Term::Bool | Term::Int | Term::Str | Term::Record(_) | Term::Dynamic => vec![],
        }
    }

    /// Whether `inner` stands somewhere inside `outer`.
    fn occurs(&self, inner: TypeId, outer: TypeId, depth: usize) -> bool {
        let outer = self.find(outer);
        if outer == inner || depth > 64 {
            return outer == inner || depth > 64;
        }
        let mut list = Self::children(&self.terms[outer.0]);
        if let Term::Record(row) = self.terms[outer.0] {
            list.extend(self.rows[self.row(row)].fields.values());
        }
        list.into_iter().any(|c| self.occurs(inner, c, depth + 1))
    }

    /// Whether two types could be one, without changing anything.
    pub(super) fn unifiable(&self, a: TypeId, b: TypeId, depth: usize) -> bool {
        let (a, b) = (self.find(a), self.find(b));
        if a == b || depth > 32 {
            return a == b;
        }
        let sub = |x: &TypeId, y: &TypeId| self.unifiable(*x, *y, depth + 1);
        match (&self.terms[a.0], &self.terms[b.0]) {
            (Term::Dynamic, _) | (_, Term::Dynamic) => true,
            (Term::Free, _) => !self.occurs(a, b, 0),
            (_, Term::Free) => !self.occurs(b, a, 0),
            (Term::Bool, Term::Bool) | (Term::Int, Term::Int) | (Term::Str, Term::Str) => true,
            (Term::Set(x), Term::Set(y)) | (Term::Seq(x), Term::Seq(y)) | (Term::Range(x), Term::Range(y)) => sub(x, y),
            (Term::Range(x), Term::Seq(y)) | (Term::Seq(x), Term::Range(y)) => sub(x, y),
            (Term::Range(x), Term::Function(k, v)) | (Term::Function(k, v), Term::Range(x)) => {
                sub(x, v) && matches!(self.get(*k), Term::Int | Term::Free)
            }
            (Term::Function(k, v), Term::Function(l, w)) => sub(k, l) && sub(v, w),
            (Term::Tuple(xs), Term::Tuple(ys)) if xs.len() == ys.len() => xs.iter().zip(ys).all(|(x, y)| sub(x, y)),
            (Term::Tuple(xs), Term::Tuple(ys)) => {
                let all: Vec<&TypeId> = xs.iter().chain(ys).collect();
                all.windows(2).all(|w| sub(w[0], w[1]))
            }
            (Term::Tuple(xs), Term::Seq(y)) | (Term::Seq(y), Term::Tuple(xs)) => xs.iter().all(|x| sub(x, y)),
            (Term::Record(r), Term::Record(s)) => {
                let (r, s) = (&self.rows[self.row(*r)], &self.rows[self.row(*s)]);
                r.fields.iter().all(|(name, t)| s.fields.get(name).is_none_or(|u| sub(t, u)))
            }
            _ => false,
        }
    }

    /// Makes two types one. Where they cannot be, `place` becomes any value, and the other stays
    /// as it is: a conversion stands between them.
    pub(super) fn unify(&mut self, place: TypeId, other: TypeId) {
        let (a, b) = (self.find(place), self.find(other));
        if a == b {
            return;
        }
        match (self.terms[a.0].clone(), self.terms[b.0].clone()) {
            (Term::Dynamic, _) => {}
            (Term::Free, _) => {
                if self.occurs(a, b, 0) {
                    self.set(a, Term::Dynamic);
                } else {
                    self.link(a, b);
                }
            }
            (_, Term::Dynamic) => {}
            (_, Term::Free) => {
                if self.occurs(b, a, 0) {
                    self.set(b, Term::Dynamic);
                } else {
                    self.link(b, a);
                }
            }
            (Term::Bool, Term::Bool) | (Term::Int, Term::Int) | (Term::Str, Term::Str) => self.link(b, a),
            (Term::Set(x), Term::Set(y)) => self.merge(a, b, &[(x, y)], |c| Term::Set(c[0])),
            (Term::Seq(x), Term::Seq(y) | Term::Range(y)) => self.merge(a, b, &[(x, y)], |c| Term::Seq(c[0])),
            (Term::Range(x), Term::Seq(y)) => self.merge(a, b, &[(x, y)], |c| Term::Seq(c[0])),
            (Term::Range(x), Term::Range(y)) => self.merge(a, b, &[(x, y)], |c| Term::Range(c[0])),
            (Term::Function(k, v), Term::Range(x)) | (Term::Range(x), Term::Function(k, v))
                if matches!(self.get(k), Term::Int | Term::Free) =>
            {
                let int = self.term(Term::Int);
                self.merge(a, b, &[(k, int), (v, x)], |c| Term::Function(c[0], c[1]));
            }
            (Term::Function(k, v), Term::Function(l, w)) => {
                self.merge(a, b, &[(k, l), (v, w)], |c| Term::Function(c[0], c[1]));
            }
            (Term::Tuple(xs), Term::Tuple(ys)) if xs.len() == ys.len() => {
                let pairs: Vec<_> = xs.into_iter().zip(ys).collect();
                self.merge(a, b, &pairs, Term::Tuple);
            }
            (Term::Tuple(xs), Term::Tuple(ys)) => {
                let items: Vec<TypeId> = xs.into_iter().chain(ys).collect();
                let element = self.common(&items);
                self.set(a, Term::Seq(element));
                self.link(b, a);
            }
            (Term::Tuple(mut items), Term::Seq(y)) | (Term::Seq(y), Term::Tuple(mut items)) => {
                items.insert(0, y);
                let element = self.common(&items);
                self.set(a, Term::Seq(element));
                self.link(b, a);
            }
            (Term::Record(r), Term::Record(s)) => {
                self.link(b, a);
                self.merge_rows(r, s);
            }
            (Term::Operator(xs, r), Term::Operator(ys, s)) if xs.len() == ys.len() => {
                for (x, y) in xs.into_iter().zip(ys) {
                    self.unify(x, y);
                }
                self.unify(r, s);
            }
            _ => self.set(a, Term::Dynamic),
        }
    }

    /// Makes two places one: any value if one of them is.
    pub(super) fn same_place(&mut self, a: TypeId, b: TypeId) {
        match (self.get(a), self.get(b)) {
            (Term::Dynamic, _) => self.set(b, Term::Dynamic),
            (_, Term::Dynamic) => self.set(a, Term::Dynamic),
            _ => self.unify(a, b),
        }
    }

    /// Makes `b` the same type as `a`, of parts that are joined pair by pair.
    fn merge(&mut self, a: TypeId, b: TypeId, pairs: &[(TypeId, TypeId)], build: impl FnOnce(Vec<TypeId>) -> Term) {
        self.link(b, a);
        let parts = pairs.iter().map(|(x, y)| self.join(*x, *y)).collect();
        self.set(a, build(parts));
    }

    /// The part that two types have in common. Parts that disagree become any value in the whole,
    /// and keep their own types where else they stand.
    fn join(&mut self, x: TypeId, y: TypeId) -> TypeId {
        if matches!(self.get(y), Term::Dynamic) {
            return y;
        }
        if !self.unifiable(x, y, 0) {
            return self.term(Term::Dynamic);
        }
        self.unify(x, y);
        x
    }

    fn merge_rows(&mut self, r: usize, s: usize) {
        let (r, s) = (self.row(r), self.row(s));
        if r == s {
            return;
        }
        let other = std::mem::replace(&mut self.rows[s], Row { link: Some(r), ..Row::default() });
        self.rows[r].shapes.extend(other.shapes);
        for (name, t) in other.fields {
            match self.rows[r].fields.get(&name).copied() {
                Some(known) => {
                    let joined = self.join(known, t);
                    let row = self.row(r);
                    self.rows[row].fields.insert(name, joined);
                }
                None => {
                    self.rows[r].fields.insert(name, t);
                }
            }
        }
    }

    /// The one type of several items, or any value; items that disagree keep their own types.
    pub(super) fn common(&mut self, items: &[TypeId]) -> TypeId {
        let agree = items.iter().enumerate().all(|(n, a)| items[n + 1..].iter().all(|b| self.unifiable(*a, *b, 0)));
        let common = self.term(if agree { Term::Free } else { Term::Dynamic });
        for item in items {
            self.unify(common, *item);
        }
        common
    }

    /// Makes two types one if they can be.
    pub(super) fn try_unify(&mut self, a: TypeId, b: TypeId) {
        if self.unifiable(a, b, 0) {
            self.unify(a, b);
        }
    }

    /// A new record with these fields.
    pub(super) fn record(&mut self, fields: BTreeMap<Rc<str>, TypeId>, closed: bool) -> TypeId {
        let shapes = if closed { BTreeSet::from([fields.keys().cloned().collect()]) } else { BTreeSet::new() };
        self.rows.push(Row { fields, shapes, link: None });
        self.term(Term::Record(self.rows.len() - 1))
    }

    /// Resolves the newest constraint if its type is known already.
    pub(super) fn solve_known(&mut self) {
        if let Some(p) = self.pending.pop() {
            if !self.resolve(&p) {
                self.pending.push(p);
            }
        }
    }

    /// Resolves what waits, until nothing more is known. What is left is then guessed.
    pub(super) fn solve(&mut self) {
        loop {
            let before = self.pending.len();
            let mut left = Vec::new();
            for p in std::mem::take(&mut self.pending) {
                if !self.resolve(&p) {
                    left.push(p);
                }
            }
            self.pending.extend(left);
            if self.pending.is_empty() {
                return;
            }
            if self.pending.len() == before {
                let guess = self.pending.iter().position(|p| matches!(p, Pending::Field { .. })).unwrap_or(0);
                let p = self.pending.remove(guess);
                self.guess(&p);
            }
        }
    }

    /// The type of an expression that gives a part of something: it is what the part is, whatever
    /// was concluded from its use.
    fn flow(&mut self, out: TypeId, part: TypeId) {
        if matches!(self.get(part), Term::Dynamic) || !self.unifiable(out, part, 0) {
            self.set(out, Term::Dynamic);
        } else {
            self.unify(out, part);
        }
    }

    fn resolve(&mut self, p: &Pending) -> bool {
        match p {
            Pending::Index { f, i, literal, out } => match self.get(*f).clone() {
                Term::Free => return false,
                Term::Function(k, v) => {
                    self.unify(k, *i);
                    self.flow(*out, v);
                }
                Term::Seq(v) | Term::Range(v) => {
                    let int = self.term(Term::Int);
                    self.unify(int, *i);
                    self.flow(*out, v);
                }
                Term::Tuple(items) => match literal.and_then(|n| items.get((n - 1).max(0) as usize)) {
                    Some(item) => self.flow(*out, *item),
                    None => {
                        let element = self.common(&items);
                        self.set(*f, Term::Seq(element));
                        self.flow(*out, element);
                    }
                },
                _ => {}
            },
            Pending::Field { r, field, out } => match self.get(*r).clone() {
                Term::Free => return false,
                Term::Record(row) => {
                    let row = self.row(row);
                    match self.rows[row].fields.get(field).copied() {
                        Some(t) => self.flow(*out, t),
                        None => {
                            self.rows[row].fields.insert(field.clone(), *out);
                        }
                    }
                }
                _ => {}
            },
            Pending::Domain { f, out } => match self.get(*f).clone() {
                Term::Free => return false,
                Term::Function(k, _) => {
                    let set = self.term(Term::Set(k));
                    self.flow(*out, set);
                }
                Term::Seq(_) | Term::Range(_) | Term::Tuple(_) => {
                    let int = self.term(Term::Int);
                    let set = self.term(Term::Set(int));
                    self.flow(*out, set);
                }
                Term::Record(_) => {
                    let text = self.term(Term::Str);
                    let set = self.term(Term::Set(text));
                    self.flow(*out, set);
                }
                _ => {}
            },
        }
        true
    }

    fn guess(&mut self, p: &Pending) {
        match p {
            Pending::Index { f, i, out, .. } => {
                let function = self.term(Term::Function(*i, *out));
                self.unify(*f, function);
            }
            Pending::Field { r, field, out } => {
                let record = self.record(BTreeMap::from([(field.clone(), *out)]), false);
                self.unify(*r, record);
            }
            Pending::Domain { f, out } => {
                let (k, v) = (self.fresh(), self.fresh());
                let function = self.term(Term::Function(k, v));
                self.unify(*f, function);
                let set = self.term(Term::Set(k));
                self.unify(*out, set);
            }
        }
    }
}
