//! `a := e || b := f` as one statement of PlusCal, which means the same there.
//!
//! In the normal form it is a list: bindings of what is read in the old state, then the assignments, one after the other.
//! It is put together again where none of its variables has a newer value that is bound to a name, or is assigned again.

use std::collections::HashMap;

use super::layout::Statement;
use super::stage::{Env, Rest, Stager};
use crate::normal::Step;
use crate::resolved::{BoundId, Expr, ExprKind, Step as PathStep, VariableId};

/// `variable.path := value`
struct Part<'s> {
    variable: VariableId,
    path: &'s [PathStep],
    value: &'s Expr,
}

impl Stager<'_> {
    /// The statement that the first steps of a list are, and how many they are.
    pub(super) fn together(&self, env: &Env, steps: &[Step], rest: &Rest<'_>) -> Option<(Statement, usize)> {
        let (read, parts, count) = parts(steps)?;
        let later = Rest { steps: &steps[count..], end: rest.end, outer: rest.outer };
        let mut written: HashMap<VariableId, bool> = HashMap::new();
        for part in &parts {
            let staged = self.lowered.virtuals.contains(&part.variable) || self.restored.contains(&part.variable);
            // The translator takes several targets in one variable only where all are parts of it.
            let whole = part.path.is_empty();
            let clashes = written.insert(part.variable, whole).is_some_and(|before| before || whole);
            if staged || clashes || env.has(part.variable) || later.assigns(part.variable) {
                return None;
            }
        }
        let mut old = env.clone();
        for (bound, value) in read {
            let text = self.text(&old, value);
            old.names.bounds.insert(bound, text);
        }
        let p = self.printer(&old);
        let target = |part: &Part<'_>| format!("{}{}", self.plain_name(part.variable), p.path(part.path));
        let list: Vec<_> = parts.iter().map(|part| format!("{} := {}", target(part), p.top(part.value))).collect();
        Some((Statement::Line(list.join(" || ")), count))
    }
}

/// What a `||` reads in the old state, and its assignments; how many steps they are.
type Parts<'s> = (Vec<(BoundId, &'s Expr)>, Vec<Part<'s>>, usize);

fn parts(steps: &[Step]) -> Option<Parts<'_>> {
    let mut read = Vec::new();
    let mut at = 0;
    while let Some(Step::Let { bound, value, author: false }) = steps.get(at) {
        // The last name may stand for a whole value of which only a part is assigned.
        if part(&steps[at..]).is_some() {
            break;
        }
        read.push((*bound, value));
        at += 1;
    }
    let (_, Some(group), _) = part(&steps[at..])? else { return None };
    let mut found = Vec::new();
    while let Some((part, Some(own), count)) = part(&steps[at..]) {
        if own != group {
            break;
        }
        found.push(part);
        at += count;
    }
    // What is left of it stands after something else, as the body of a mapping macro.
    let is_rest = |s: &Step| matches!(s, Step::Assign { group: Some(own), .. } if *own == group);
    (!steps[at..].iter().any(is_rest)).then_some((read, found, at))
}

/// An assignment, its `||`, and how many steps it is.
fn part(steps: &[Step]) -> Option<(Part<'_>, Option<u32>, usize)> {
    match steps {
        [Step::Assign { variable, path, value, group, .. }, ..] => {
            Some((Part { variable: *variable, path, value }, *group, 1))
        }
        [Step::Let { bound, value: whole, author: false }, Step::Assign { variable, path, value, group, .. }, ..] => {
            let is_whole = matches!(whole.kind, ExprKind::Variable(v) if v == *variable) && path.is_empty();
            let ExprKind::Except(base, updates) = &value.kind else { return None };
            let ([update], true) = (&updates[..], is_whole) else { return None };
            let uses = |e: &Expr, name| e.any(&mut |e| matches!(e.kind, ExprKind::Bound(b) if b == name));
            let is_base = matches!(base.kind, ExprKind::Bound(b) if b == *bound);
            let plain = is_base && !uses(&update.value, update.at) && !uses(&update.value, *bound);
            plain.then_some((Part { variable: *variable, path: &update.path, value: &update.value }, *group, 2))
        }
        _ => None,
    }
}
