//! One critical section to plain PlusCal, in which a path assigns a variable at most once.
//!
//! A variable that the rest of the section assigns again is not assigned but bound: `with (x1 =
//! …)`, and `x1` stands for it from there. Only the last assignment of a path is a real one. Where
//! paths meet and one of the variables they changed is changed again later, the rest is *not*
//! copied into the branches. The statement is written as a line of bindings and guards instead:
//!
//! ```text
//! if (c) { x := a } else { await b };  x := f(x)
//! ⇒ await ~c => b;  with (x1 \in {IF c THEN a ELSE x}) { x := f(x1) }
//! ```
//!
//! A choice becomes `with (branch \in 1..2)`. Merged values are bound by `\in {…}`, which TLC
//! evaluates once, while `=` is substituted.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::expr::{Names, Printer, Text};
use super::layout::{with, Binding, Kind, Statement};
use super::lower::{Lowered, LoweredProcedure};
use super::merge::Item;
use crate::normal::{Block, End, Jump, Step};
use crate::resolved::{Argument, BoundId, Expr, ExprKind, Initial, Step as PathStep, VariableId};
use crate::symbol::Symbol;

/// A value whose text is longer than this gets a name where it could be written in place.
const LONG: usize = 200;

/// Lists of at most this many steps are never folded.
const FEW: usize = 8;

pub(super) struct Stager<'l> {
    pub(super) lowered: &'l Lowered,
    /// What names stand for before the section.
    pub(super) names: &'l Names,
    /// Where the section is in the translation.
    pub(super) at: usize,
    /// The label that follows in the text.
    pub(super) next: Option<Symbol>,
    /// Names bound in this section, by us or by its expressions.
    pub(super) used: HashSet<String>,
    /// The number that a name was given last: none is free before it.
    pub(super) numbers: HashMap<Symbol, usize>,
    /// How often the section uses each name that is bound.
    pub(super) uses: HashMap<BoundId, usize>,
    /// Variables of the procedure, if a path returns or calls it again: `return` and `call` give
    /// them other values, so they are never assigned on the way there.
    pub(super) restored: Vec<VariableId>,
    /// The procedure we are in.
    pub(super) recursive: Option<usize>,
    /// Whether lists of steps become one choice, because statements would nest too deep.
    pub(super) folds: bool,
    pub(super) fails: bool,
}

/// What names stand for at some place.
#[derive(Clone)]
pub(super) struct Env {
    pub(super) names: Names,
    /// Variables whose newest value is bound to a name and not yet assigned.
    pending: BTreeMap<VariableId, Text>,
}

impl Env {
    /// What names stand for at the start of a section.
    pub(super) fn start(names: &Names) -> Self {
        Self { names: names.clone(), pending: BTreeMap::new() }
    }

    /// Whether the newest value of a variable is bound to a name.
    pub(super) fn has(&self, variable: VariableId) -> bool {
        self.pending.contains_key(&variable)
    }
}

/// What comes after a list of steps: the rest of the section.
pub(super) struct Rest<'s> {
    pub(super) steps: &'s [Step],
    pub(super) end: Option<&'s End>,
    pub(super) outer: Option<&'s Rest<'s>>,
}

impl Rest<'_> {
    pub(super) fn assigns(&self, variable: VariableId) -> bool {
        self.steps.iter().any(|s| assigns(s, variable))
            || self.end.is_some_and(|e| end_assigns(e, variable))
            || self.outer.is_some_and(|o| o.assigns(variable))
    }

    /// Whether every path from here returns.
    fn only_returns(&self) -> bool {
        match (self.end, self.outer) {
            (Some(end), _) => end_returns(end),
            (None, Some(outer)) => outer.only_returns(),
            (None, None) => false,
        }
    }

    fn mentions(&self, variable: VariableId) -> bool {
        let mut found = false;
        let mut look = |e: &Expr| found |= mentions(e, variable);
        self.steps.iter().for_each(|s| s.each(&mut |s| s.each_expr(&mut look)));
        if let Some(end) = self.end {
            Block { steps: Vec::new(), end: end.clone() }.each_expr(&mut look);
        }
        found || self.outer.is_some_and(|o| o.mentions(variable))
    }
}

/// What comes after a step: the other steps of its list, and what is made of the names that hold at its end.
pub(super) struct Behind<'s, 'a> {
    steps: &'s [Step],
    rest: Rest<'s>,
    /// What names stand for after the step.
    pub(super) env: Env,
    after: &'a mut After<'a>,
}

/// Makes the end of a list of the names that hold there.
type After<'a> = dyn FnMut(&mut Stager<'_>, Env) -> Vec<Statement> + 'a;

fn end_returns(end: &End) -> bool {
    match end {
        End::Return | End::Call(_, _, None) => true,
        End::Goto(_) | End::Call(_, _, Some(_)) => false,
        End::If(_, a, b) => end_returns(&a.end) && end_returns(&b.end),
        End::Either(arms) => arms.iter().all(|a| end_returns(&a.end)),
    }
}

fn mentions(e: &Expr, variable: VariableId) -> bool {
    e.any(&mut |e| matches!(e.kind, ExprKind::Variable(v) if v == variable))
}

pub(super) fn assigns(step: &Step, variable: VariableId) -> bool {
    let mut found = false;
    step.each(&mut |s| found |= matches!(s, Step::Assign { variable: v, .. } if *v == variable));
    found
}

pub(super) fn end_assigns(end: &End, variable: VariableId) -> bool {
    let block = |b: &Block| b.steps.iter().any(|s| assigns(s, variable)) || end_assigns(&b.end, variable);
    match end {
        End::If(_, a, b) => block(a) || block(b),
        End::Either(arms) => arms.iter().any(block),
        End::Goto(_) | End::Return | End::Call(..) => false,
    }
}

/// Whether the next step assigns a variable, and mentions its old value at most once.
fn next_takes(next: Option<&Step>, variable: VariableId) -> bool {
    let Some(step @ Step::Assign { variable: v, path, .. }) = next else { return false };
    let mut count = usize::from(!path.is_empty());
    step.each_expr(&mut |e| {
        e.any(&mut |e| {
            count += usize::from(matches!(e.kind, ExprKind::Variable(v) if v == variable));
            false
        });
    });
    *v == variable && count <= 1
}

/// The variables a list assigns, in order.
pub(super) fn assigned(lists: &[&[Step]]) -> Vec<VariableId> {
    let mut found = Vec::new();
    for step in lists.iter().copied().flatten() {
        step.each(&mut |s| {
            if let Step::Assign { variable, .. } = s {
                if !found.contains(variable) {
                    found.push(*variable);
                }
            }
        });
    }
    found
}

impl Stager<'_> {
    pub(super) fn printer<'e>(&'e self, env: &'e Env) -> Printer<'e> {
        Printer { model: &self.lowered.model, names: &env.names }
    }

    pub(super) fn text(&self, env: &Env, e: &Expr) -> Text {
        self.printer(env).text(e)
    }

    pub(super) fn top(&self, env: &Env, e: &Expr) -> String {
        self.printer(env).top(e)
    }

    /// A name nobody has yet.
    pub(super) fn fresh(&mut self, name: &str) -> Text {
        let last = self.numbers.entry(Symbol::from(name)).or_default();
        let text = self.lowered.numbered_name(name, &self.used, self.at, last);
        self.used.insert(text.text.to_string());
        text
    }

    pub(super) fn bind(&mut self, env: &mut Env, bound: BoundId) -> Text {
        let name = self.lowered.model.bound(bound).name;
        let text = self.fresh(&name);
        env.names.bounds.insert(bound, text.clone());
        text
    }

    /// A new name for the newest value of a variable.
    pub(super) fn stage(&mut self, env: &mut Env, variable: VariableId) -> Text {
        let name = self.stem(variable);
        let text = self.fresh(&name);
        self.set(env, variable, text.clone());
        text
    }

    pub(super) fn set(&self, env: &mut Env, variable: VariableId, text: Text) {
        env.names.variables.insert(variable, text.to_symbol());
        env.pending.insert(variable, text);
    }

    /// The variable was really assigned: its name stands for the new value again.
    fn settle(&self, env: &mut Env, variable: VariableId) {
        env.pending.remove(&variable);
        match self.names.variables.get(&variable) {
            Some(name) => env.names.variables.insert(variable, *name),
            None => env.names.variables.remove(&variable),
        };
    }

    /// How a variable is spelt where it is assigned.
    pub(super) fn plain_name(&self, variable: VariableId) -> Symbol {
        let named = self.names.variables.get(&variable).copied();
        named.unwrap_or_else(|| self.lowered.model.variable(variable).name)
    }

    /// What names for the values of a variable start with.
    pub(super) fn stem(&self, variable: VariableId) -> Symbol {
        let named = self.lowered.names.variables.get(&variable).copied();
        named.unwrap_or_else(|| self.lowered.model.variable(variable).name)
    }

    pub(super) fn block(&mut self, block: &Block, mut env: Env) -> Vec<Statement> {
        let mut count = 0;
        block.steps.iter().for_each(|s| s.each(&mut |_| count += 1));
        if self.folds && count > FEW {
            let bindings = self.fold(block, &mut env);
            let inside = self.end(&block.end, env);
            return bindings.into_iter().rev().fold(inside, |inside, binding| with(binding, inside));
        }
        self.list(&block.steps, Rest { steps: &[], end: Some(&block.end), outer: None }, env, &mut |cx, env| {
            cx.end(&block.end, env)
        })
    }

    /// Assigns what is still pending, all at once.
    fn flush(&self, env: &mut Env, only: Option<&[VariableId]>) -> Option<Statement> {
        let variables: Vec<_> = env.pending.keys().copied().filter(|v| only.is_none_or(|o| o.contains(v))).collect();
        let mut list = Vec::new();
        for v in variables {
            let text = env.pending[&v].text.clone();
            if !self.lowered.virtuals.contains(&v) {
                list.push(format!("{} := {text}", self.plain_name(v)));
            }
            self.settle(env, v);
        }
        (!list.is_empty()).then(|| Statement::Line(list.join(" || ")))
    }

    /// What is pending for variables that get other values anyway is dropped.
    fn forget(&self, env: &mut Env) {
        for v in &self.restored {
            self.settle(env, *v);
        }
    }

    fn end(&mut self, end: &End, mut env: Env) -> Vec<Statement> {
        let mut out = Vec::new();
        match end {
            End::If(c, a, b) => {
                match c.kind {
                    ExprKind::Bool(true) => return self.block(a, env),
                    ExprKind::Bool(false) => return self.block(b, env),
                    _ => {}
                }
                let c = self.top(&env, c);
                let a = self.block(a, env.clone());
                let b = self.block(b, env);
                return vec![Statement::If(c, a, b)];
            }
            End::Either(arms) => {
                return vec![Statement::Either(arms.iter().map(|a| self.block(a, env.clone())).collect())]
            }
            End::Goto(jump) => {
                out.extend(self.flush(&mut env, None));
                out.extend(self.goto(jump).map(Statement::Line));
            }
            End::Return => {
                self.forget(&mut env);
                out.extend(self.flush(&mut env, None));
                out.push(Statement::Line("return".to_owned()));
            }
            End::Call(procedure, arguments, to) => {
                let arguments: Vec<_> = arguments
                    .iter()
                    .filter_map(|a| if let Argument::Value(e) = a { Some(self.top(&env, e)) } else { None })
                    .collect();
                let callee = &self.lowered.procedures[procedure.index()];
                let again = to.is_none() && Some(procedure.index()) == self.recursive;
                if again && callee.parameters.is_empty() {
                    return self.again(callee, env);
                }
                let name = &callee.name;
                // Arguments are read before pending values settle; the names stay bound around it.
                let call = format!("call {name}({})", arguments.join(", "));
                if to.is_none() {
                    self.forget(&mut env);
                } else if Some(procedure.index()) == self.recursive {
                    self.fails |= env.pending.keys().any(|v| self.restored.contains(v));
                }
                out.extend(self.flush(&mut env, None));
                let behind = match to {
                    Some(jump) => self.goto(jump),
                    None => Some("return".to_owned()),
                };
                out.push(behind.map_or_else(|| Statement::Line(call.clone()), |b| Statement::Call(call.clone(), b)));
            }
        }
        out
    }

    /// A procedure without parameters starts anew. The translator makes an empty conjunct of such a tail call.
    fn again(&self, own: &LoweredProcedure, mut env: Env) -> Vec<Statement> {
        self.forget(&mut env);
        let mut out: Vec<_> = self.flush(&mut env, None).into_iter().collect();
        for v in &own.variables {
            let value = match &self.lowered.model.variable(*v).initial {
                Initial::Value(e) => self.top(&env, e),
                Initial::None | Initial::Element(_) => "defaultInitValue".to_owned(),
            };
            out.push(Statement::Line(format!("{} := {value}", self.plain_name(*v))));
        }
        let first = own.sections.first().map(|s| Jump::Label(s.label));
        out.extend(first.and_then(|jump| self.goto(&jump)).map(Statement::Line));
        out
    }

    /// A jump, unless it goes where control falls through to anyway.
    fn goto(&self, jump: &Jump) -> Option<String> {
        let to = match jump {
            Jump::Label(l) if self.next.as_ref() == Some(l) => return None,
            Jump::Done | Jump::Error if self.next.is_none() => return None,
            Jump::Label(l) => l,
            Jump::Done => "Done",
            Jump::Error => "Error",
        };
        Some(format!("goto {to}"))
    }

    /// Steps in order, then what `after` makes of the names that hold at the end.
    pub(super) fn list(
        &mut self,
        steps: &[Step],
        rest: Rest<'_>,
        mut env: Env,
        after: &mut After<'_>,
    ) -> Vec<Statement> {
        let mut out = Vec::new();
        let mut done = 0;
        for (n, step) in steps.iter().enumerate() {
            if n < done {
                continue;
            }
            if let Some((statement, count)) = self.together(&env, &steps[n..], &rest) {
                out.push(statement);
                done = n + count;
                continue;
            }
            let rest_of = Rest { steps: &steps[n + 1..], end: rest.end, outer: rest.outer };
            match step {
                Step::Let { bound, value, author } => {
                    if self.inline(&mut env, *bound, value, *author, &rest_of) {
                        continue;
                    }
                    let value = self.top(&env, value);
                    let name = self.bind(&mut env, *bound);
                    let inside = self.list(&steps[n + 1..], rest, env, after);
                    out.extend(with(Binding { name: name.text.to_string(), kind: Kind::Lazy, value }, inside));
                    return out;
                }
                Step::Pick { bound, set } => {
                    let value = self.top(&env, set);
                    let name = self.bind(&mut env, *bound);
                    let inside = self.list(&steps[n + 1..], rest, env, after);
                    out.extend(with(Binding { name: name.text.to_string(), kind: Kind::Choice, value }, inside));
                    return out;
                }
                Step::Await(e) => out.push(Statement::Line(format!("await {}", self.top(&env, e)))),
                Step::Assert(e) => out.push(Statement::Line(format!("assert {}", self.top(&env, e)))),
                Step::Print(e) => out.push(Statement::Line(format!("print {}", self.top(&env, e)))),
                Step::Assign { variable, path, value, .. } => {
                    let staged = self.lowered.virtuals.contains(variable) || self.restored.contains(variable);
                    if staged || rest_of.assigns(*variable) {
                        if next_takes(steps.get(n + 1), *variable) {
                            // Assigned again at once, and mentioned there once: it needs no name.
                            let text = match path.is_empty() {
                                true => self.text(&env, value).at_least(super::expr::ATOM),
                                false => self.new_value(&env, *variable, path, value),
                            };
                            if text.len() < LONG {
                                self.set(&mut env, *variable, Text::name(text));
                                continue;
                            }
                        }
                        // A second name built on a first is bound strictly: `=` would evaluate the
                        // first as often as the second is used.
                        let strict = env.pending.contains_key(variable);
                        let value = self.new_value(&env, *variable, path, value);
                        let value = if strict { format!("{{{value}}}") } else { value };
                        let kind = if strict { Kind::Strict } else { Kind::Lazy };
                        let name = self.stage(&mut env, *variable);
                        let inside = self.list(&steps[n + 1..], rest, env, after);
                        out.extend(with(Binding { name: name.text.to_string(), kind, value }, inside));
                        return out;
                    }
                    out.push(self.real_assignment(&mut env, *variable, path, value));
                }
                Step::If(c, a, b) => {
                    if let Some((variable, yielded)) = self.yields(&env, std::slice::from_ref(step)) {
                        let behind = Behind { steps: &steps[n + 1..], rest, env, after };
                        out.extend(self.yielded(variable, yielded, behind));
                        return out;
                    }
                    if self.must_merge(&[a, b], &rest_of) {
                        let behind = Behind { steps: &steps[n + 1..], rest, env, after };
                        out.extend(self.merged(step, behind));
                        return out;
                    }
                    let condition = self.top(&env, c);
                    let a = self.branch(a, &[a, b], &rest_of, &env);
                    let b = self.branch(b, &[&steps[n..=n]], &rest_of, &env);
                    if !(a.is_empty() && b.is_empty()) {
                        out.push(Statement::If(condition, a, b));
                    }
                    self.settle_all(&mut env, &[&steps[n..=n]]);
                }
                Step::Either(arms) => {
                    let lists: Vec<&[Step]> = arms.iter().map(|a| &a[..]).collect();
                    if let Some((variable, yielded)) = self.yields(&env, std::slice::from_ref(step)) {
                        let behind = Behind { steps: &steps[n + 1..], rest, env, after };
                        out.extend(self.yielded(variable, yielded, behind));
                        return out;
                    }
                    if self.must_merge(&lists, &rest_of) {
                        let behind = Behind { steps: &steps[n + 1..], rest, env, after };
                        out.extend(self.merged(step, behind));
                        return out;
                    }
                    let arms = arms.iter().map(|a| self.branch(a, &lists, &rest_of, &env)).collect();
                    out.push(Statement::Either(arms));
                    self.settle_all(&mut env, &lists);
                }
                // `lower` leaves none of these.
                Step::Read { .. } | Step::Write { .. } | Step::AssignMapped { .. } | Step::Yield(_) => {}
            }
        }
        out.extend(after(self, env));
        out
    }

    /// The new value of the whole variable.
    pub(super) fn new_value(&self, env: &Env, variable: VariableId, path: &[PathStep], value: &Expr) -> String {
        let p = self.printer(env);
        if path.is_empty() {
            return p.top(value);
        }
        format!("[{} EXCEPT !{} = {}]", p.variable_name(variable), p.path(path), p.top(value))
    }

    fn real_assignment(&self, env: &mut Env, variable: VariableId, path: &[PathStep], value: &Expr) -> Statement {
        let name = self.plain_name(variable);
        if let (true, false, ExprKind::Except(base, updates)) =
            (path.is_empty(), env.pending.contains_key(&variable), &value.kind)
        {
            // `x := [x EXCEPT ![i] = e]` is `x[i] := e`.
            if let ([update], true) = (&updates[..], self.top(env, base) == *name) {
                let at = |e: &Expr| matches!(e.kind, ExprKind::Bound(b) if b == update.at);
                if !update.value.any(&mut |e| at(e)) {
                    return self.real_assignment(env, variable, &update.path, &update.value);
                }
            }
        }
        let text = if env.pending.contains_key(&variable) {
            format!("{name} := {}", self.new_value(env, variable, path, value))
        } else {
            let p = self.printer(env);
            format!("{name}{} := {}", p.path(path), p.top(value))
        };
        self.settle(env, variable);
        Statement::Line(text)
    }

    /// Whether a variable that the branches change is changed again after they meet, or the value
    /// of a read that they give is used there.
    fn must_merge(&self, lists: &[&[Step]], rest: &Rest<'_>) -> bool {
        let needed = |v: VariableId| {
            if self.lowered.virtuals.contains(&v) {
                rest.mentions(v)
            } else if self.restored.contains(&v) {
                // What a path assigns before it returns is lost; no other path may lose it.
                rest.mentions(v) || rest.assigns(v) || !rest.only_returns()
            } else {
                rest.assigns(v)
            }
        };
        assigned(lists).into_iter().any(needed)
    }

    /// A branch that assigns everything pending that one of its siblings assigns.
    fn branch(&mut self, steps: &[Step], siblings: &[&[Step]], rest: &Rest<'_>, env: &Env) -> Vec<Statement> {
        let all = assigned(siblings);
        let inner = Rest { steps: &[], end: None, outer: Some(rest) };
        self.list(steps, inner, env.clone(), &mut |cx, mut env| {
            // Where branches that assign such a variable are not merged, every path returns.
            all.iter().filter(|v| cx.restored.contains(v)).for_each(|v| cx.settle(&mut env, *v));
            cx.flush(&mut env, Some(&all)).into_iter().collect()
        })
    }

    fn settle_all(&self, env: &mut Env, lists: &[&[Step]]) {
        for v in assigned(lists) {
            self.settle(env, v);
        }
    }

    /// A statement whose branches meet before a later change: bindings and guards in a line, then
    /// the rest inside them.
    fn merged(&mut self, step: &Step, mut behind: Behind<'_, '_>) -> Vec<Statement> {
        let mut line = Vec::new();
        let env = &mut behind.env;
        self.flat(step, None, env, &mut line);
        let later = Rest { steps: behind.steps, end: behind.rest.end, outer: behind.rest.outer };
        let changed: Vec<_> =
            assigned(&[std::slice::from_ref(step)]).into_iter().filter(|v| env.pending.contains_key(v)).collect();
        let last: Vec<_> = changed
            .into_iter()
            .filter(|v| !self.lowered.virtuals.contains(v) && !self.restored.contains(v) && !later.assigns(*v))
            .collect();
        let mut inside = Vec::new();
        inside.extend(self.flush(env, Some(&last)));
        inside.extend(self.behind(behind));
        for item in line.into_iter().rev() {
            inside = match item {
                Item::Bind(binding) => with(binding, inside),
                Item::Statement(s) => std::iter::once(s).chain(inside).collect(),
            };
        }
        inside
    }

    /// What comes after a step.
    pub(super) fn behind(&mut self, behind: Behind<'_, '_>) -> Vec<Statement> {
        self.list(behind.steps, behind.rest, behind.env, behind.after)
    }
}
