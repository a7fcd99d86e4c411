//! How types change when a value flows into a place, two names are one place, or values are compared.

use super::solve::{Row, Solver, Term, TypeId, MAX_DEPTH};
use super::tags::TagRow;

/// This many types are made, for models of any size: `<<x, x>>` of `<<x, x>>` and so on would double them.
/// What comes after is any value. A model of three hundred lines makes some fifteen hundred.
const MAX_TERMS: usize = 100_000;

impl Solver {
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
            (Term::Kinds(x), Term::Kinds(y)) => x.iter().all(|(kind, t)| y.get(kind).is_none_or(|u| sub(*t, *u))),
            (Term::Kinds(x), other) => match other.kind().and_then(|kind| x.get(&kind)) {
                Some(alike) => sub(*alike, b),
                None => matches!(other, Term::Tags(r) if self.tags[self.tags_of(*r)].only_models()),
            },
            (_, Term::Kinds(_)) => sub(b, a),
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
            (Term::Tuple(xs), Term::Seq(y) | Term::Range(y)) | (Term::Seq(y) | Term::Range(y), Term::Tuple(xs)) => {
                xs.iter().all(|x| sub(*x, *y))
            }
            (Term::Tuple(xs), Term::Function(k, v)) | (Term::Function(k, v), Term::Tuple(xs)) => {
                xs.iter().all(|x| sub(*x, *v)) && integer(*k)
            }
            (Term::Record(r), Term::Record(s)) => {
                let (r, s) = (&self.rows[self.row(*r)], &self.rows[self.row(*s)]);
                r.fields.iter().all(|(name, t)| s.fields.get(name).is_none_or(|u| sub(*t, *u)))
            }
            _ => false,
        }
    }

    /// A type of its own that starts as another, as far as that is known.
    pub(super) fn copy(&mut self, t: TypeId, depth: usize) -> TypeId {
        let root = self.find(t);
        if depth > MAX_DEPTH || self.terms.len() > MAX_TERMS {
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
            Term::Kinds(kinds) => Term::Kinds(kinds.into_iter().map(|(kind, t)| (kind, sub(self, t))).collect()),
            same => same,
        };
        self.term(term)
    }

    /// Makes a place hold what flows into it. Where both cannot be one type, the place becomes any
    /// value, and the other stays as it is: a conversion stands between them.
    pub(super) fn flow_into(&mut self, place: TypeId, from: TypeId) {
        let (a, b) = (self.find(place), self.find(from));
        if a == b {
            return;
        }
        match (self.terms[a.0].clone(), self.terms[b.0].clone()) {
            (Term::Dynamic, _) => {}
            (_, Term::Free) if !self.backwards => {}
            (Term::Free, Term::Free) => self.link(a, b),
            (Term::Free, _) if self.occurs(a, b, 0) => self.widen(a),
            (Term::Free, _) => {
                let copy = self.copy(b, 0);
                self.link(a, copy);
            }
            // What may be any value fits nothing less: a conversion could fail where TLC goes on.
            (_, Term::Dynamic) => self.widen(a),
            (_, Term::Free) if self.occurs(b, a, 0) => self.widen(b),
            (_, Term::Free) => {
                let copy = self.copy(self.present(a), 0);
                self.link(b, copy);
            }
            (Term::Bool, Term::Bool) | (Term::Int, Term::Int) => {}
            (Term::Tags(_), _) | (_, Term::Tags(_)) => self.flow_tags(a, b),
            (Term::Kinds(_), _) | (_, Term::Kinds(_)) => self.flow_into_kinds(a, b),
            (Term::Set(x), Term::Set(y)) | (Term::Seq(x), Term::Seq(y)) | (Term::Range(x), Term::Range(y)) => {
                self.flow_into(x, y);
            }
            // A place takes the shape of a sequence, and what flows into one has it.
            (Term::Seq(x), Term::Range(y)) => {
                self.set(b, Term::Seq(y));
                self.flow_into(x, y);
            }
            (Term::Range(x), Term::Seq(y)) => {
                self.set(a, Term::Seq(x));
                self.flow_into(x, y);
            }
            (Term::Function(k, v), Term::Range(y)) => {
                let int = self.term(Term::Int);
                self.set(b, Term::Function(int, y));
                self.flow_into(k, int);
                self.flow_into(v, y);
            }
            (Term::Range(x), Term::Function(l, w)) => {
                let int = self.term(Term::Int);
                self.set(a, Term::Function(int, x));
                self.flow_into(int, l);
                self.flow_into(x, w);
            }
            // What is only known to be empty is a function of anything.
            (Term::Function(..), Term::Tuple(items)) if items.is_empty() => {}
            (Term::Function(..), Term::Seq(y)) if self.is_free(y) => {}
            (Term::Tuple(items), Term::Function(..)) if items.is_empty() => {
                let value = self.fresh();
                self.become_function(a, value, b);
            }
            (Term::Seq(x), Term::Function(..)) if self.is_free(x) => self.become_function(a, x, b),
            // A function of integers can be a sequence at times, not the other way round.
            (Term::Function(k, v), Term::Seq(y)) if matches!(self.get(k), Term::Int | Term::Free) => {
                let int = self.term(Term::Int);
                self.flow_into(k, int);
                self.flow_into(v, y);
            }
            (Term::Seq(x), Term::Function(l, w)) if matches!(self.get(l), Term::Int | Term::Free) => {
                let int = self.term(Term::Int);
                self.set(a, Term::Function(int, x));
                self.flow_into(int, l);
                self.flow_into(x, w);
            }
            (Term::Function(k, v), Term::Function(l, w)) => {
                self.flow_into(k, l);
                self.flow_into(v, w);
            }
            (Term::Tuple(xs), Term::Tuple(ys)) if xs.len() == ys.len() => {
                xs.into_iter().zip(ys).for_each(|(x, y)| self.flow_into(x, y));
            }
            (Term::Tuple(xs), Term::Tuple(_) | Term::Seq(_) | Term::Range(_) | Term::Function(..)) => {
                let element = self.common(&xs);
                self.set(a, Term::Seq(element));
                self.flow_into(a, b);
            }
            (Term::Seq(_) | Term::Range(_) | Term::Function(..), Term::Tuple(ys)) => {
                let element = self.common(&ys);
                self.set(b, Term::Seq(element));
                self.flow_into(a, b);
            }
            (Term::Record(r), Term::Record(s)) => self.merge_rows(r, s),
            (Term::Operator(xs, r), Term::Operator(ys, s)) if xs.len() == ys.len() => {
                xs.into_iter().zip(ys).for_each(|(x, y)| self.identify(x, y));
                self.identify(r, s);
            }
            (x, y) if x.kind() != y.kind() => self.flow_into_kinds(a, b),
            _ => self.widen(a),
        }
    }

    fn is_free(&self, t: TypeId) -> bool {
        matches!(self.get(t), Term::Free)
    }

    /// A place that held an empty sequence holds a function, too.
    fn become_function(&mut self, place: TypeId, value: TypeId, function: TypeId) {
        let key = self.fresh();
        self.set(place, Term::Function(key, value));
        self.flow_into(place, function);
    }

    /// Makes a place hold any value, and with it all that it is made of.
    pub(super) fn widen(&mut self, place: TypeId) {
        let root = self.find(place);
        if self.is_pinned(root) || matches!(self.terms[root.0], Term::Dynamic) {
            return;
        }
        let old = std::mem::replace(&mut self.terms[root.0], Term::Dynamic);
        self.changed = true;
        match old {
            Term::Set(_) | Term::Seq(_) | Term::Range(_) | Term::Function(..) | Term::Tuple(_) | Term::Kinds(_) => {
                self.children(&old).into_iter().for_each(|part| self.widen(part));
            }
            // Records and tags are known under other names, too.
            Term::Record(_) | Term::Tags(_) | Term::Operator(..) => {}
            Term::Free | Term::Link(_) | Term::Bool | Term::Int | Term::Dynamic => {}
        }
    }

    /// Strings or model values flow into a place, or a place of theirs takes something else. What stands beside
    /// model values is their payload; strings are one kind of values among others.
    fn flow_tags(&mut self, a: TypeId, b: TypeId) {
        let only_models = |cx: &Self, row: usize| cx.tags[cx.tags_of(row)].only_models();
        match (self.get(a).clone(), self.get(b).clone()) {
            (Term::Tags(r), Term::Tags(s)) if self.tags[self.tags_of(r)].may_meet(&self.tags[self.tags_of(s)]) => {
                self.merge_tags(r, s);
            }
            _ if self.is_pinned(a) => {}
            (Term::Tags(r), _) if only_models(self, r) => match *self.get(b) {
                Term::Tags(s) => self.flow_parts(r, s),
                _ => {
                    let payload = self.payload(self.tags_of(r));
                    self.flow_into(payload, b);
                }
            },
            (Term::Tags(r), other) => {
                let (models, strings) = self.tags[self.tags_of(r)].split();
                let beside = matches!(other, Term::Tags(_));
                if models.is_empty() && !beside {
                    return self.flow_into_kinds(a, b);
                }
                let row = self.new_row(models);
                let strings = self.new_tags(strings);
                self.set(a, Term::Tags(row));
                let payload = self.payload(row);
                self.flow_into(payload, strings);
                self.flow_into(a, b);
            }
            (old, Term::Tags(s)) if only_models(self, s) => {
                let row = self.tags_of(s);
                let old = self.term(old);
                self.set(a, Term::Tags(row));
                let payload = self.payload(row);
                self.flow_into(payload, old);
            }
            (old, Term::Tags(s)) => {
                let (models, _) = self.tags[self.tags_of(s)].split();
                if models.is_empty() {
                    return self.flow_into_kinds(a, b);
                }
                let old = self.term(old);
                let row = self.new_row(models);
                self.set(a, Term::Tags(row));
                let payload = self.payload(row);
                self.flow_into(payload, old);
                self.flow_into(a, b);
            }
            _ => {}
        }
    }

    /// Model values take others, and strings or another payload beside them.
    fn flow_parts(&mut self, r: usize, s: usize) {
        let (r, s) = (self.tags_of(r), self.tags_of(s));
        let (models, strings) = self.tags[s].split();
        let known = self.tags[r].clone();
        let payload = self.tags[s].payload;
        self.tags[r].absorb(models);
        self.changed |= !self.tags[r].same_names(&known);
        let beside = self.payload(r);
        if !strings.is_empty() {
            let strings = self.new_tags(strings);
            self.flow_into(beside, strings);
        }
        if let Some(payload) = payload {
            self.flow_into(beside, payload);
        }
    }

    fn new_row(&mut self, row: TagRow) -> usize {
        self.tags.push(row);
        self.tags.len() - 1
    }

    fn new_tags(&mut self, row: TagRow) -> TypeId {
        let row = self.new_row(row);
        self.term(Term::Tags(row))
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

    fn merge_tags(&mut self, r: usize, s: usize) {
        let (r, s) = (self.tags_of(r), self.tags_of(s));
        if r == s {
            return;
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
        self.rows[r].written.extend(other.written);
        self.rows[r].foreign |= other.foreign;
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
        let is_other_kind = self.get(x).kind() != self.get(y).kind();
        if dynamic(self, x) || dynamic(self, y) || !self.unifiable(x, y, 0) && !is_other_kind {
            for t in [x, y] {
                if !dynamic(self, t) {
                    self.widen(t);
                }
            }
        }
        self.identify(x, y);
    }

    /// Makes two names of one place one type: any value if one of them is.
    pub(super) fn identify(&mut self, a: TypeId, b: TypeId) {
        let (a, b) = (self.find(a), self.find(b));
        if a == b {
            return;
        }
        match (&self.terms[a.0], &self.terms[b.0]) {
            // What an author says stands.
            (Term::Dynamic, _) if self.is_pinned(b) => return self.link(a, b),
            (_, Term::Dynamic) if self.is_pinned(a) => return self.link(b, a),
            (Term::Dynamic, _) => {
                self.widen(b);
                return self.link(b, a);
            }
            (_, Term::Dynamic) => {
                self.widen(a);
                return self.link(a, b);
            }
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
    pub(super) fn compare(&mut self, a: TypeId, b: TypeId) {
        let (a, b) = (self.find(a), self.find(b));
        if a == b || !self.unifiable(a, b, 0) {
            return;
        }
        match (self.terms[a.0].clone(), self.terms[b.0].clone()) {
            (Term::Dynamic, _) | (_, Term::Dynamic) => {}
            (Term::Kinds(x), Term::Kinds(y)) => {
                x.iter().filter_map(|(kind, t)| Some((*t, *y.get(kind)?))).for_each(|(t, u)| self.compare(t, u));
            }
            (Term::Kinds(x), other) => {
                if let Some(alike) = other.kind().and_then(|kind| x.get(&kind)) {
                    self.compare(*alike, b);
                }
            }
            (_, Term::Kinds(_)) => self.compare(b, a),
            (Term::Tags(r), Term::Tags(s)) => {
                if self.tags[self.tags_of(r)].may_meet(&self.tags[self.tags_of(s)]) {
                    self.merge_tags(r, s);
                }
            }
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
}
