//! A long list of steps as one set of outcomes.
//!
//! Statements may nest only so deep in PlusCal, and a step after another one nests in it where it
//! needs its values. So a list that is too long for that becomes a single choice instead: a record
//! holds what the steps change or choose, each step maps a set of such records to the next one, and
//! the section goes on with one of the last set:
//!
//! ```text
//! if (c) { x := x + 1 };  either { x := 0 } or { await x > 1 };  …
//! ⇒ with (now2 \in {LET
//!       now == {IF c THEN [s EXCEPT !.x1 = s.x1 + 1] ELSE s : s \in {[x1 |-> x]}}
//!       IN UNION {{[s EXCEPT !.x1 = 0]} \cup (IF s.x1 > 1 THEN {s} ELSE {}) : s \in now}};
//!       …; now9 \in …) { x := now9.x1 }
//! ```
//!
//! Text and time are linear in the number of steps, and paths that end alike are one. Only here a
//! value that is bound in the list and used at the end of the section is evaluated even where it is
//! not used.

use std::collections::{HashMap, HashSet};

use super::expr::Text;
use super::layout::{Binding, Kind, BREAK};
use super::stage::{assigned, Env, Rest, Stager};
use crate::normal::{Block, Step};
use crate::resolved::{BoundId, Expr, ExprKind, VariableId};
use crate::symbol::Symbol;

/// The fields of the record: what the steps change, and the names that the end of the section uses.
struct Fields {
    variables: Vec<(VariableId, Text)>,
    bounds: Vec<(BoundId, Text)>,
}

impl Fields {
    fn of(&self, bound: BoundId) -> Option<&Text> {
        self.bounds.iter().find(|(b, _)| *b == bound).map(|(_, field)| field)
    }
}

/// Steps that are folded together: one, or a name that is bound and all steps up to its last use.
type Unit<'s> = &'s [Step];

/// This many units at most are evaluated within each other.
const CHUNK: usize = 10;

/// This many chunks at most nest as statements.
const MAX_CHUNKS: usize = 20;

impl Stager<'_> {
    /// The bindings that stand for the steps of a block; from then on names stand for what was
    /// chosen by the last.
    pub(super) fn fold(&mut self, block: &Block, env: &mut Env) -> Vec<Binding> {
        let variables: Vec<_> = assigned(&[&block.steps]).into_iter().map(|v| (v, self.field(v))).collect();
        let mut at_end = HashSet::new();
        let end = Block { steps: Vec::new(), end: block.end.clone() };
        end.each_expr(&mut |e| at_end.extend(mentioned(e)));
        let bounds = block.steps.iter().filter_map(|step| match step {
            Step::Let { bound, .. } | Step::Pick { bound, .. } => at_end.contains(bound).then_some(*bound),
            _ => None,
        });
        let bounds = bounds.map(|b| (b, self.fresh(&self.lowered.model.bound(b).name.clone()))).collect();
        let fields = Fields { variables, bounds };
        let mut start: Vec<String> = Vec::new();
        for (v, field) in &fields.variables {
            let none = self.lowered.virtuals.contains(v);
            let value = if none { Symbol::from("0") } else { self.printer(env).variable_name(*v) };
            start.push(format!("{} |-> {value}", field.text));
        }
        start.extend(fields.bounds.iter().map(|(_, field)| format!("{} |-> 0", field.text)));
        // A list that changes and chooses nothing still needs a record.
        if start.is_empty() {
            start.push("none |-> 0".to_owned());
        }
        let units = units(&block.steps, &fields);
        let size = CHUNK.max(units.len().div_ceil(MAX_CHUNKS));
        let mut bindings = Vec::new();
        let mut now = format!("{{[{}]}}", start.join(", "));
        let chunks: Vec<_> = units.chunks(size).collect();
        for (n, chunk) in chunks.iter().enumerate() {
            let set = self.fold_units(chunk, &fields, env, &Set::Many(now));
            let last = n + 1 == chunks.len();
            let name = self.fresh("now").text.to_string();
            let (kind, value) = if last { (Kind::Choice, set) } else { (Kind::Strict, format!("{{{set}}}")) };
            bindings.push(Binding { name: name.clone(), kind, value });
            now = name;
        }
        self.stand_for(&fields, env, &now);
        for (v, _) in &fields.variables {
            let text = env.names.variables.get(v).copied().unwrap_or_default();
            self.set(env, *v, Text::name(text));
        }
        bindings
    }

    fn field(&mut self, variable: VariableId) -> Text {
        let name = self.stem(variable);
        self.fresh(&name)
    }

    /// Makes names stand for the fields of a record.
    fn stand_for(&self, fields: &Fields, env: &mut Env, record: &str) {
        for (v, field) in &fields.variables {
            env.names.variables.insert(*v, Symbol::from(format!("{record}.{}", field.text)));
        }
        for (b, field) in &fields.bounds {
            env.names.bounds.insert(*b, Text::name(format!("{record}.{}", field.text)));
        }
    }

    fn fold_list(&mut self, steps: &[Step], fields: &Fields, env: &Env, from: &Set) -> String {
        self.fold_units(&units(steps, fields), fields, env, from)
    }

    /// What a list of steps makes of a set of records, or of one.
    fn fold_units(&mut self, units: &[Unit<'_>], fields: &Fields, env: &Env, from: &Set) -> String {
        let mut definitions: Vec<String> = Vec::new();
        let mut now = from.clone();
        for (n, unit) in units.iter().enumerate() {
            let mut env = env.clone();
            let (record, over) = match &now {
                Set::One(record) => (*record, None),
                Set::Many(set) => (self.fresh("s").to_symbol(), Some(set.clone())),
            };
            self.stand_for(fields, &mut env, &record);
            let outcome = self.fold_unit(unit, fields, &env, &record);
            let set = match (over, outcome) {
                (None, outcome) => outcome.into_set(),
                (Some(set), Outcome::One(one)) => format!("{{{one} : {record} \\in {set}}}"),
                (Some(set), Outcome::Set(some)) => format!("UNION {{{some} : {record} \\in {set}}}"),
            };
            if n + 1 < units.len() {
                let name = self.fresh("now").text.to_string();
                definitions.push(format!("{name} == {set}"));
                now = Set::Many(name);
            } else if definitions.is_empty() {
                return set;
            } else {
                let lines: Vec<_> = definitions.iter().map(|d| format!("{BREAK}{d}")).collect();
                return format!("LET{}{BREAK}IN {set}", lines.concat());
            }
        }
        match now {
            Set::One(record) => format!("{{{record}}}"),
            Set::Many(set) => set,
        }
    }

    fn fold_unit(&mut self, unit: Unit<'_>, fields: &Fields, env: &Env, record: &Symbol) -> Outcome {
        match unit {
            [Step::Let { bound, value, author }, rest @ ..] if fields.of(*bound).is_none() => {
                let mut env = env.clone();
                let later = Rest { steps: rest, end: None, outer: None };
                if self.inline(&mut env, *bound, value, *author, &later) {
                    return self.fold_branch(rest, fields, &env, record);
                }
                let value = self.top(&env, value);
                let name = self.bind(&mut env, *bound);
                let rest = self.fold_list(rest, fields, &env, &Set::One(*record));
                Outcome::Set(format!("LET {} == {value} IN {rest}", name.text))
            }
            [Step::Pick { bound, set }, rest @ ..] if fields.of(*bound).is_none() => {
                let mut env = env.clone();
                let set = self.printer(&env).text(set).at_least(6);
                let name = self.bind(&mut env, *bound);
                let rest = self.fold_list(rest, fields, &env, &Set::One(*record));
                Outcome::Set(format!("UNION {{{rest} : {} \\in {set}}}", name.text))
            }
            [step] => self.fold_step(step, fields, env, record),
            _ => Outcome::One(record.to_string()),
        }
    }

    /// What a branch makes of one record.
    fn fold_branch(&mut self, list: &[Step], fields: &Fields, env: &Env, record: &Symbol) -> Outcome {
        match units(list, fields)[..] {
            [] => Outcome::One(record.to_string()),
            [one] => self.fold_unit(one, fields, env, record),
            _ => Outcome::Set(self.fold_list(list, fields, env, &Set::One(*record))),
        }
    }

    /// What a step makes of one record.
    fn fold_step(&mut self, step: &Step, fields: &Fields, env: &Env, record: &Symbol) -> Outcome {
        let here = Set::One(*record);
        match step {
            Step::Assign { variable, path, value, .. } => {
                let field = fields.variables.iter().find(|(v, _)| v == variable).map_or("", |(_, f)| &f.text);
                let p = self.printer(env);
                Outcome::One(format!("[{record} EXCEPT !.{field}{} = {}]", p.path(path), p.top(value)))
            }
            Step::Let { bound, value, .. } => {
                let field = fields.of(*bound).map_or("", |f| &f.text);
                Outcome::One(format!("[{record} EXCEPT !.{field} = {}]", self.top(env, value)))
            }
            Step::Pick { bound, set } => {
                let field = fields.of(*bound).map_or(Symbol::default(), Text::to_symbol);
                let set = self.printer(env).text(set).at_least(6);
                let element = self.fresh("e").text;
                Outcome::Set(format!("{{[{record} EXCEPT !.{field} = {element}] : {element} \\in {set}}}"))
            }
            Step::Await(e) => Outcome::Set(format!("IF {} THEN {{{record}}} ELSE {{}}", self.top(env, e))),
            Step::Assert(e) => {
                let test = format!("Assert({}, \"an assertion of the model fails\")", self.top(env, e));
                Outcome::Set(format!("IF {test} THEN {{{record}}} ELSE {{}}"))
            }
            Step::Print(e) => Outcome::Set(format!("IF PrintT({}) THEN {{{record}}} ELSE {{}}", self.top(env, e))),
            Step::If(c, a, b) => {
                let c = self.top(env, c);
                match (self.fold_branch(a, fields, env, record), self.fold_branch(b, fields, env, record)) {
                    (Outcome::One(a), Outcome::One(b)) => Outcome::One(format!("IF {c} THEN {a} ELSE {b}")),
                    (a, b) => Outcome::Set(format!("IF {c} THEN {} ELSE {}", a.into_set(), b.into_set())),
                }
            }
            Step::Either(arms) => {
                let arms: Vec<_> =
                    arms.iter().map(|a| format!("({})", self.fold_list(a, fields, env, &here))).collect();
                Outcome::Set(arms.join(" \\cup "))
            }
            // `lower` leaves none of these.
            Step::Read { .. } | Step::Write { .. } | Step::AssignMapped { .. } | Step::Yield(_) => {
                Outcome::One(record.to_string())
            }
        }
    }
}

/// Splits a list into units.
fn units<'s>(steps: &'s [Step], fields: &Fields) -> Vec<Unit<'s>> {
    let mut last_use: HashMap<BoundId, usize> = HashMap::new();
    for (n, step) in steps.iter().enumerate() {
        step.each(&mut |s| s.each_expr(&mut |e| last_use.extend(mentioned(e).into_iter().map(|b| (b, n)))));
    }
    let mut units = Vec::new();
    let mut at = 0;
    while at < steps.len() {
        let mut end = at + 1;
        let mut n = at;
        while n < end {
            if let Step::Let { bound, .. } | Step::Pick { bound, .. } = &steps[n] {
                // A name may be used by what another name is bound to, inside the unit of that one.
                let last = last_use.get(bound).filter(|_| fields.of(*bound).is_none());
                end = last.map_or(end, |last| end.max(last + 1));
            }
            n += 1;
        }
        units.push(&steps[at..end]);
        at = end;
    }
    units
}

/// The bound names that an expression mentions.
fn mentioned(e: &Expr) -> Vec<BoundId> {
    let mut found = Vec::new();
    e.any(&mut |e| {
        if let ExprKind::Bound(b) | ExprKind::CallBound(b, _) = e.kind {
            found.push(b);
        }
        false
    });
    found
}

/// Where a list starts: at one record, or at each of a set.
#[derive(Clone)]
enum Set {
    One(Symbol),
    Many(String),
}

/// What a step makes of one record: another one, or a set.
enum Outcome {
    One(String),
    Set(String),
}

impl Outcome {
    fn into_set(self) -> String {
        match self {
            Outcome::One(one) => format!("{{{one}}}"),
            Outcome::Set(set) => set,
        }
    }
}
