//! Reads of mapping macros that do nothing but choose and yield: an expression, or a choice from a set.

use super::layout::{with, Binding, Kind, Statement};
use super::stage::{Behind, Env, Stager};
use crate::normal::Step;
use crate::resolved::VariableId;

impl Stager<'_> {
    /// What a list that does nothing but choose and yield gives.
    pub(super) fn yields(&self, env: &Env, list: &[Step]) -> Option<(VariableId, Yielded)> {
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

    /// Binds the value of a read, with what comes after it inside.
    pub(super) fn yielded(
        &mut self,
        variable: VariableId,
        yielded: Yielded,
        mut behind: Behind<'_, '_>,
    ) -> Vec<Statement> {
        let name = self.stage(&mut behind.env, variable);
        let inside = self.behind(behind);
        let (kind, value) = match yielded {
            Yielded::Value(value) => (Kind::Lazy, value),
            Yielded::Set(set) => (Kind::Choice, set),
        };
        with(Binding { name: name.text.to_string(), kind, value }, inside)
    }
}

/// What a read that does nothing but choose gives.
pub(super) enum Yielded {
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
