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

use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use super::expr::{Names, Printer, Text};
use super::layout::{with, Binding, Statement};
use super::lower::Lowered;
use crate::normal::{Block, End, Jump, Section, Step};
use crate::resolved::{Argument, BoundId, Expr, ExprKind, Step as PathStep, VariableId};

/// Translates a section; `next` is the label that follows it in the text.
pub(super) fn section(lowered: &Lowered, names: &Names, section: &Section, next: Option<&str>) -> Vec<Statement> {
    let mut cx = Stager { lowered, next: next.map(Rc::from), used: HashSet::new() };
    cx.block(&section.block, Env { names: names.clone(), pending: BTreeMap::new() })
}

struct Stager<'l> {
    lowered: &'l Lowered,
    next: Option<Rc<str>>,
    /// Names bound in this section.
    used: HashSet<String>,
}

/// What names stand for at some place.
#[derive(Clone)]
struct Env {
    names: Names,
    /// Variables whose newest value is bound to a name and not yet assigned.
    pending: BTreeMap<VariableId, Text>,
}

/// What comes after a list of steps: the rest of the section.
struct Rest<'s> {
    steps: &'s [Step],
    end: Option<&'s End>,
    outer: Option<&'s Rest<'s>>,
}

impl Rest<'_> {
    fn assigns(&self, variable: VariableId) -> bool {
        self.steps.iter().any(|s| assigns(s, variable))
            || self.end.is_some_and(|e| end_assigns(e, variable))
            || self.outer.is_some_and(|o| o.assigns(variable))
    }
}

fn assigns(step: &Step, variable: VariableId) -> bool {
    let mut found = false;
    step.each(&mut |s| found |= matches!(s, Step::Assign { variable: v, .. } if *v == variable));
    found
}

fn end_assigns(end: &End, variable: VariableId) -> bool {
    let block = |b: &Block| b.steps.iter().any(|s| assigns(s, variable)) || end_assigns(&b.end, variable);
    match end {
        End::If(_, a, b) => block(a) || block(b),
        End::Either(arms) => arms.iter().any(block),
        End::Goto(_) | End::Return | End::Call(..) => false,
    }
}

/// The variables a list assigns, in order.
fn assigned(lists: &[&[Step]]) -> Vec<VariableId> {
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
    fn printer<'e>(&'e self, env: &'e Env) -> Printer<'e> {
        Printer { model: &self.lowered.model, names: &env.names }
    }

    fn text(&self, env: &Env, e: &Expr) -> Text {
        self.printer(env).text(e)
    }

    fn top(&self, env: &Env, e: &Expr) -> String {
        self.printer(env).top(e)
    }

    /// A name nobody has yet.
    fn fresh(&mut self, name: &str) -> Text {
        let text = self.lowered.bound_name(name, &self.used);
        self.used.insert(text.text.to_string());
        text
    }

    fn bind(&mut self, env: &mut Env, bound: BoundId) -> Text {
        let name = self.lowered.model.bound(bound).name.clone();
        let text = self.fresh(&name);
        env.names.bounds.insert(bound, text.clone());
        text
    }

    /// A new name for the newest value of a variable.
    fn stage(&mut self, env: &mut Env, variable: VariableId) -> Text {
        let name = self.lowered.names.variables.get(&variable).cloned();
        let name = name.unwrap_or_else(|| self.lowered.model.variable(variable).name.clone());
        let text =
            if self.lowered.virtuals.contains(&variable) { self.fresh(&name) } else { self.fresh(&format!("{name}1")) };
        self.set(env, variable, text.clone());
        text
    }

    fn set(&self, env: &mut Env, variable: VariableId, text: Text) {
        env.names.variables.insert(variable, text.text.clone());
        env.pending.insert(variable, text);
    }

    /// The variable was really assigned: its name stands for the new value again.
    fn settle(&self, env: &mut Env, variable: VariableId) {
        env.pending.remove(&variable);
        match self.lowered.names.variables.get(&variable) {
            Some(name) => env.names.variables.insert(variable, name.clone()),
            None => env.names.variables.remove(&variable),
        };
    }

    fn plain_name(&self, variable: VariableId) -> Rc<str> {
        let named = self.lowered.names.variables.get(&variable).cloned();
        named.unwrap_or_else(|| self.lowered.model.variable(variable).name.clone())
    }

    fn block(&mut self, block: &Block, env: Env) -> Vec<Statement> {
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
                out.extend(self.goto(jump));
            }
            End::Return => {
                out.extend(self.flush(&mut env, None));
                out.push(Statement::Line("return".to_owned()));
            }
            End::Call(procedure, arguments, to) => {
                let arguments: Vec<_> = arguments
                    .iter()
                    .filter_map(|a| if let Argument::Value(e) = a { Some(self.top(&env, e)) } else { None })
                    .collect();
                let name = &self.lowered.procedures[procedure.index()].name;
                // Arguments are read before pending values settle; the names stay bound around it.
                let call = format!("call {name}({})", arguments.join(", "));
                out.extend(self.flush(&mut env, None));
                out.push(Statement::Line(call));
                match to {
                    Some(jump) => out.extend(self.goto(jump)),
                    None => out.push(Statement::Line("return".to_owned())),
                }
            }
        }
        out
    }

    /// A jump, unless it goes where control falls through to anyway.
    fn goto(&self, jump: &Jump) -> Option<Statement> {
        match jump {
            Jump::Label(l) if self.next.as_ref() == Some(l) => None,
            Jump::Label(l) => Some(Statement::Line(format!("goto {l}"))),
            Jump::Done if self.next.is_none() => None,
            Jump::Done => Some(Statement::Line("goto Done".to_owned())),
            Jump::Error if self.next.is_none() => None,
            Jump::Error => Some(Statement::Line("goto Error".to_owned())),
        }
    }

    /// Steps in order, then what `after` makes of the names that hold at the end.
    fn list(
        &mut self,
        steps: &[Step],
        rest: Rest<'_>,
        mut env: Env,
        after: &mut dyn FnMut(&mut Self, Env) -> Vec<Statement>,
    ) -> Vec<Statement> {
        let mut out = Vec::new();
        for (n, step) in steps.iter().enumerate() {
            let rest_of = Rest { steps: &steps[n + 1..], end: rest.end, outer: rest.outer };
            match step {
                Step::Let { bound, value, author } => {
                    if let Some(text) = self.inline(&env, *bound, value, *author, &rest_of) {
                        env.names.bounds.insert(*bound, text);
                        continue;
                    }
                    let value = self.top(&env, value);
                    let name = self.bind(&mut env, *bound);
                    let inside = self.list(&steps[n + 1..], rest, env, after);
                    out.extend(with(Binding { name: name.text.to_string(), element: false, value }, inside));
                    return out;
                }
                Step::Pick { bound, set } => {
                    let value = self.top(&env, set);
                    let name = self.bind(&mut env, *bound);
                    let inside = self.list(&steps[n + 1..], rest, env, after);
                    out.extend(with(Binding { name: name.text.to_string(), element: true, value }, inside));
                    return out;
                }
                Step::Await(e) => out.push(Statement::Line(format!("await {}", self.top(&env, e)))),
                Step::Assert(e) => out.push(Statement::Line(format!("assert {}", self.top(&env, e)))),
                Step::Print(e) => out.push(Statement::Line(format!("print {}", self.top(&env, e)))),
                Step::Assign { variable, path, value, .. } => {
                    if self.lowered.virtuals.contains(variable) || rest_of.assigns(*variable) {
                        // A second name built on a first is bound strictly: `=` would evaluate the
                        // first as often as the second is used.
                        let element = env.pending.contains_key(variable);
                        let value = self.new_value(&env, *variable, path, value);
                        let value = if element { format!("{{{value}}}") } else { value };
                        let name = self.stage(&mut env, *variable);
                        let inside = self.list(&steps[n + 1..], rest, env, after);
                        out.extend(with(Binding { name: name.text.to_string(), element, value }, inside));
                        return out;
                    }
                    out.push(self.real_assignment(&mut env, *variable, path, value));
                }
                Step::If(c, a, b) => {
                    if let Some((variable, yielded)) = self.yields(&env, std::slice::from_ref(step)) {
                        return self.yielded(variable, yielded, &steps[n + 1..], rest, env, after, out);
                    }
                    if self.must_merge(&[a, b], &rest_of) {
                        return self.merged(step, &steps[n + 1..], rest, env, after, out);
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
                        return self.yielded(variable, yielded, &steps[n + 1..], rest, env, after, out);
                    }
                    if self.must_merge(&lists, &rest_of) {
                        return self.merged(step, &steps[n + 1..], rest, env, after, out);
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

    /// The text a bound name stands for, if it needs no `with`.
    fn inline(&self, env: &Env, bound: BoundId, value: &Expr, author: bool, rest: &Rest<'_>) -> Option<Text> {
        let simple = match &value.kind {
            ExprKind::Bool(_) | ExprKind::Int(_) | ExprKind::Str(_) | ExprKind::SelfId | ExprKind::Bound(_) => true,
            ExprKind::Constant(_) | ExprKind::DefaultInit => true,
            ExprKind::Variable(v) => self.lowered.virtuals.contains(v),
            _ => false,
        };
        if simple && !author {
            return Some(self.text(env, value));
        }
        if author {
            return None;
        }
        let mut mentioned = Vec::new();
        value.any(&mut |e| {
            if let ExprKind::Variable(v) = e.kind {
                mentioned.push(v);
            }
            false
        });
        let uses = |e: &Expr| {
            let mut count = 0;
            e.any(&mut |e| {
                count += usize::from(matches!(e.kind, ExprKind::Bound(b) if b == bound));
                false
            });
            count
        };
        let mut total = 0;
        let mut changed = false;
        for step in rest.steps {
            let mut own = 0;
            step.each_expr(&mut |e| own += uses(e));
            let mut all = 0;
            step.each(&mut |s| s.each_expr(&mut |e| all += uses(e)));
            let changes = mentioned.iter().any(|v| assigns(step, *v));
            if all > 0 && (changed || (changes && all > own)) {
                return None;
            }
            total += all;
            changed |= changes;
        }
        if let Some(end) = rest.end {
            let mut all = 0;
            let block = Block { steps: Vec::new(), end: end.clone() };
            block.each_expr(&mut |e| all += uses(e));
            let changes = mentioned.iter().any(|v| end_assigns(end, *v));
            if all > 0 && (changed || changes) {
                return None;
            }
            total += all;
        }
        (total <= 1).then(|| self.text(env, value))
    }

    /// The new value of the whole variable.
    fn new_value(&self, env: &Env, variable: VariableId, path: &[PathStep], value: &Expr) -> String {
        let p = self.printer(env);
        if path.is_empty() {
            return p.top(value);
        }
        format!("[{} EXCEPT !{} = {}]", p.variable_name(variable), p.path(path), p.top(value))
    }

    fn real_assignment(&self, env: &mut Env, variable: VariableId, path: &[PathStep], value: &Expr) -> Statement {
        let name = self.plain_name(variable);
        let text = if env.pending.contains_key(&variable) {
            format!("{name} := {}", self.new_value(env, variable, path, value))
        } else {
            let p = self.printer(env);
            format!("{name}{} := {}", p.path(path), p.top(value))
        };
        self.settle(env, variable);
        Statement::Line(text)
    }

    /// Whether a variable that the branches change is changed again after they meet.
    fn must_merge(&self, lists: &[&[Step]], rest: &Rest<'_>) -> bool {
        assigned(lists).iter().any(|v| self.lowered.virtuals.contains(v) || rest.assigns(*v))
    }

    /// A branch that assigns everything pending that one of its siblings assigns.
    fn branch(&mut self, steps: &[Step], siblings: &[&[Step]], rest: &Rest<'_>, env: &Env) -> Vec<Statement> {
        let all = assigned(siblings);
        let inner = Rest { steps: &[], end: None, outer: Some(rest) };
        self.list(steps, inner, env.clone(), &mut |cx, mut env| cx.flush(&mut env, Some(&all)).into_iter().collect())
    }

    fn settle_all(&self, env: &mut Env, lists: &[&[Step]]) {
        for v in assigned(lists) {
            self.settle(env, v);
        }
    }

    /// What a list that does nothing but choose and yield gives.
    fn yields(&self, env: &Env, list: &[Step]) -> Option<(VariableId, Yielded)> {
        let [step] = list else { return None };
        match step {
            Step::Assign { variable, path, value, .. }
                if path.is_empty() && self.lowered.virtuals.contains(variable) =>
            {
                Some((*variable, Yielded::Value(self.top(env, value))))
            }
            Step::If(c, a, b) => {
                let ((variable, a), (_, b)) = (self.yields(env, a)?, self.yields(env, b)?);
                let c = self.top(env, c);
                Some((
                    variable,
                    match (a, b) {
                        (Yielded::Value(a), Yielded::Value(b)) => Yielded::Value(format!("IF {c} THEN {a} ELSE {b}")),
                        (a, b) => Yielded::Set(format!("IF {c} THEN {} ELSE {}", a.into_set(), b.into_set())),
                    },
                ))
            }
            Step::Either(arms) => {
                let arms: Option<Vec<_>> = arms.iter().map(|a| self.yields(env, a)).collect();
                let arms = arms?;
                let variable = arms.first()?.0;
                let values: Option<Vec<&str>> =
                    arms.iter().map(|(_, y)| if let Yielded::Value(v) = y { Some(&v[..]) } else { None }).collect();
                let set = match values {
                    Some(values) => format!("{{{}}}", values.join(", ")),
                    None => {
                        arms.into_iter().map(|(_, y)| format!("({})", y.into_set())).collect::<Vec<_>>().join(" \\cup ")
                    }
                };
                Some((variable, Yielded::Set(set)))
            }
            _ => None,
        }
    }

    /// Binds the value of a read and goes on.
    #[allow(clippy::too_many_arguments)]
    fn yielded(
        &mut self,
        variable: VariableId,
        yielded: Yielded,
        steps: &[Step],
        rest: Rest<'_>,
        mut env: Env,
        after: &mut dyn FnMut(&mut Self, Env) -> Vec<Statement>,
        mut out: Vec<Statement>,
    ) -> Vec<Statement> {
        let name = self.stage(&mut env, variable);
        let inside = self.list(steps, rest, env, after);
        let (element, value) = match yielded {
            Yielded::Value(value) => (false, value),
            Yielded::Set(set) => (true, set),
        };
        out.extend(with(Binding { name: name.text.to_string(), element, value }, inside));
        out
    }

    /// A statement whose branches meet before a later change: bindings and guards in a line, then
    /// the rest inside them.
    fn merged(
        &mut self,
        step: &Step,
        steps: &[Step],
        rest: Rest<'_>,
        mut env: Env,
        after: &mut dyn FnMut(&mut Self, Env) -> Vec<Statement>,
        mut out: Vec<Statement>,
    ) -> Vec<Statement> {
        let mut line = Vec::new();
        self.flat(step, None, &mut env, &mut line);
        let later = Rest { steps, end: rest.end, outer: rest.outer };
        let changed: Vec<_> =
            assigned(&[std::slice::from_ref(step)]).into_iter().filter(|v| env.pending.contains_key(v)).collect();
        let last: Vec<_> =
            changed.into_iter().filter(|v| !self.lowered.virtuals.contains(v) && !later.assigns(*v)).collect();
        let mut inside = Vec::new();
        inside.extend(self.flush(&mut env, Some(&last)));
        inside.extend(self.list(steps, rest, env, after));
        for item in line.into_iter().rev() {
            inside = match item {
                Item::Bind(binding) => with(binding, inside),
                Item::Statement(s) => std::iter::once(s).chain(inside).collect(),
            };
        }
        out.extend(inside);
        out
    }

    /// Writes a step as a line of bindings and guards.
    fn flat(&mut self, step: &Step, guard: Option<&Text>, env: &mut Env, line: &mut Vec<Item>) {
        match step {
            Step::Let { bound, value, .. } => {
                let value = self.top(env, value);
                let name = self.bind(env, *bound);
                line.push(Item::lazy(&name, value));
            }
            Step::Pick { bound, set } => {
                let set = self.top(env, set);
                let name = self.bind(env, *bound);
                let set = guard.map_or(set.clone(), |g| format!("IF {} THEN {set} ELSE {{0}}", g.text));
                line.push(Item::element(&name, set));
            }
            Step::Await(e) => line.push(Item::guarded("await", guard, &self.text(env, e))),
            Step::Assert(e) => line.push(Item::guarded("assert", guard, &self.text(env, e))),
            Step::Print(e) => {
                let print = Statement::Line(format!("print {}", self.top(env, e)));
                line.push(Item::Statement(match guard {
                    None => print,
                    Some(g) => Statement::If(g.text.to_string(), vec![print], Vec::new()),
                }));
            }
            Step::Assign { variable, path, value, .. } => {
                let value = self.new_value(env, *variable, path, value);
                let name = self.stage(env, *variable);
                line.push(Item::lazy(&name, value));
            }
            Step::If(c, a, b) => {
                let condition = self.name_condition(env, c, line);
                let negated = Text { text: Rc::from(format!("~{}", condition.at_least(5))), tightness: 4 };
                let arms = [(both(guard, &condition), &a[..]), (both(guard, &negated), &b[..])];
                let tests = vec![condition.text.to_string()];
                self.arms(&arms, &tests, guard, env, line);
            }
            Step::Either(arms) => {
                let name = self.fresh("branch");
                let all = format!("1..{}", arms.len());
                let set = guard.map_or(all.clone(), |g| format!("IF {} THEN {all} ELSE {{1}}", g.text));
                line.push(Item::element(&name, set));
                let tests: Vec<_> = (1..arms.len()).map(|n| format!("{} = {n}", name.text)).collect();
                let arms: Vec<_> = arms
                    .iter()
                    .enumerate()
                    .map(|(n, a)| {
                        let test = Text { text: Rc::from(format!("{} = {}", name.text, n + 1)), tightness: 5 };
                        (both(guard, &test), &a[..])
                    })
                    .collect();
                self.arms(&arms, &tests, guard, env, line);
            }
            Step::Read { .. } | Step::Write { .. } | Step::AssignMapped { .. } | Step::Yield(_) => {}
        }
    }

    /// A condition that will be used several times gets a name, unless it is short.
    fn name_condition(&mut self, env: &Env, c: &Expr, line: &mut Vec<Item>) -> Text {
        let text = self.text(env, c);
        if text.text.len() <= 24 {
            return text;
        }
        let name = self.fresh("condition");
        line.push(Item::lazy(&name, text.text.to_string()));
        name
    }

    /// The arms one after the other, each under its guard, then what each variable holds.
    fn arms(
        &mut self,
        arms: &[(Text, &[Step])],
        tests: &[String],
        guard: Option<&Text>,
        env: &mut Env,
        line: &mut Vec<Item>,
    ) {
        let mut ends = Vec::new();
        for (test, steps) in arms {
            let mut inside = env.clone();
            for step in *steps {
                self.flat(step, Some(test), &mut inside, line);
            }
            ends.push(inside);
        }
        let lists: Vec<&[Step]> = arms.iter().map(|(_, s)| *s).collect();
        for variable in assigned(&lists) {
            let values: Vec<Rc<str>> = ends.iter().map(|e| self.printer(e).variable_name(variable)).collect();
            let Some((last, others)) = values.split_last() else { continue };
            let mut value = last.to_string();
            for (test, other) in tests.iter().zip(others).rev() {
                value = format!("IF {test} THEN {other} ELSE {value}");
            }
            let name = self.stage(env, variable);
            // Under a guard the value may not be evaluated, so it stays lazy.
            line.push(if guard.is_some() {
                Item::lazy(&name, value)
            } else {
                Item::element(&name, format!("{{{value}}}"))
            });
        }
    }
}

/// What a read that does nothing but choose gives.
enum Yielded {
    Value(String),
    /// Some element.
    Set(String),
}

impl Yielded {
    fn into_set(self) -> String {
        match self {
            Yielded::Value(value) => format!("{{{value}}}"),
            Yielded::Set(set) => set,
        }
    }
}

/// Part of a line.
enum Item {
    Bind(Binding),
    Statement(Statement),
}

impl Item {
    fn lazy(name: &Text, value: String) -> Self {
        Item::Bind(Binding { name: name.text.to_string(), element: false, value })
    }

    fn element(name: &Text, value: String) -> Self {
        Item::Bind(Binding { name: name.text.to_string(), element: true, value })
    }

    fn guarded(keyword: &str, guard: Option<&Text>, e: &Text) -> Self {
        Item::Statement(Statement::Line(match guard {
            None => format!("{keyword} {}", e.text),
            Some(g) => format!("{keyword} {} => {}", g.at_least(2), e.at_least(2)),
        }))
    }
}

fn both(guard: Option<&Text>, test: &Text) -> Text {
    match guard {
        None => test.clone(),
        Some(g) => Text { text: Rc::from(format!("{} /\\ {}", g.at_least(3), test.at_least(4))), tightness: 3 },
    }
}
