//! A statement whose branches meet before a later assignment: a line of bindings and guards.

use super::expr::{Text, ATOM};
use super::layout::{Binding, Kind, Statement};
use super::stage::{assigned, Env, Stager};
use crate::normal::Step;
use crate::resolved::{Expr, ExprKind};
use crate::symbol::Symbol;

impl Stager<'_> {
    /// Writes a step as a line of bindings and guards.
    pub(super) fn flat(&mut self, step: &Step, guard: Option<&Text>, env: &mut Env, line: &mut Vec<Item>) {
        match step {
            // Nothing is really assigned in a line, so the name of a value stands for it to the end.
            Step::Let { bound, value, author: false } if is_name(value) => {
                let text = self.text(env, value);
                env.names.bounds.insert(*bound, text);
            }
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
            Step::Assign { variable, path, value, .. } if path.is_empty() && is_name(value) => {
                let text = self.text(env, value).at_least(ATOM);
                self.set(env, *variable, Text::name(text));
            }
            Step::Assign { variable, path, value, .. } => {
                let value = self.new_value(env, *variable, path, value);
                let name = self.stage(env, *variable);
                line.push(Item::lazy(&name, value));
            }
            Step::If(c, a, b) => {
                let condition = self.name_condition(env, c, line);
                let negated = Text { text: format!("~{}", condition.at_least(16)).into(), tightness: 4 };
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
                        let test = Text { text: format!("{} = {}", name.text, n + 1).into(), tightness: 5 };
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
            // An arm that reads nothing never gets here: any value does for it.
            let known = ends.iter().find(|e| e.has(variable)).unwrap_or(env);
            let unread = |e: &&Env| self.lowered.virtuals.contains(&variable) && !e.has(variable);
            let of = |e: &Env| self.printer(if unread(&e) { known } else { e }).variable_name(variable);
            let values: Vec<Symbol> = ends.iter().map(of).collect();
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
                Item::strict(&name, format!("{{{value}}}"))
            });
        }
    }
}

/// Part of a line.
pub(super) enum Item {
    Bind(Binding),
    Statement(Statement),
}

impl Item {
    pub(super) fn lazy(name: &Text, value: String) -> Self {
        Item::Bind(Binding { name: name.text.to_string(), kind: Kind::Lazy, value })
    }

    pub(super) fn strict(name: &Text, value: String) -> Self {
        Item::Bind(Binding { name: name.text.to_string(), kind: Kind::Strict, value })
    }

    pub(super) fn element(name: &Text, value: String) -> Self {
        Item::Bind(Binding { name: name.text.to_string(), kind: Kind::Choice, value })
    }

    pub(super) fn guarded(keyword: &str, guard: Option<&Text>, e: &Text) -> Self {
        Item::Statement(Statement::Line(match guard {
            None => format!("{keyword} {}", e.text),
            Some(g) => format!("{keyword} {} => {}", g.at_least(2), e.at_least(2)),
        }))
    }
}

/// Whether a value is one that has a name already, or a literal.
pub(super) fn is_name(value: &Expr) -> bool {
    let literal = matches!(value.kind, ExprKind::Bool(_) | ExprKind::Int(_) | ExprKind::Str(_) | ExprKind::DefaultInit);
    let name =
        matches!(value.kind, ExprKind::SelfId | ExprKind::Bound(_) | ExprKind::Constant(_) | ExprKind::Variable(_));
    literal || name
}

fn both(guard: Option<&Text>, test: &Text) -> Text {
    match guard {
        None => test.clone(),
        Some(g) => Text { text: format!("{} /\\ {}", g.at_least(3), test.at_least(4)).into(), tightness: 3 },
    }
}
