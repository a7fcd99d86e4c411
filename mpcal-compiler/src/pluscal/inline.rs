//! Which bound names need no `with`: their value can stand where they are used.

use super::expr::Text;
use super::merge::is_name;
use super::stage::{assigns, end_assigns, Env, Rest, Stager};
use crate::normal::{Block, End};
use crate::resolved::{BoundId, Expr, ExprKind, VariableId};

impl Stager<'_> {
    /// Lets the text of its value stand for a bound name, if it needs no `with`; says whether it did.
    pub(super) fn inline(&self, env: &mut Env, bound: BoundId, value: &Expr, author: bool, rest: &Rest<'_>) -> bool {
        let mentioned = mentioned(env, value);
        let Some(text) = self.inlined(env, bound, value, &mentioned, author, rest) else { return false };
        env.names.bounds.insert(bound, text);
        env.names.inlined.insert(bound, mentioned);
        true
    }

    /// The text a bound name stands for, if it needs no `with`.
    fn inlined(
        &self,
        env: &Env,
        bound: BoundId,
        value: &Expr,
        mentioned: &[VariableId],
        author: bool,
        rest: &Rest<'_>,
    ) -> Option<Text> {
        let simple = match &value.kind {
            ExprKind::Bool(_) | ExprKind::Int(_) | ExprKind::Str(_) | ExprKind::SelfId => true,
            ExprKind::Bound(_) => mentioned.is_empty(),
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
        let uses = |e: &Expr| {
            let mut count = 0;
            e.any(&mut |e| {
                count += usize::from(matches!(e.kind, ExprKind::Bound(b) if b == bound));
                false
            });
            count
        };
        let all_uses = self.uses.get(&bound).copied().unwrap_or_default();
        let mut total = 0;
        let mut changed = false;
        for step in rest.steps {
            if total == all_uses {
                break;
            }
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
        if let Some(end) = rest.end.filter(|_| total < all_uses) {
            let (mut own, mut all) = (0, 0);
            let block = Block { steps: Vec::new(), end: end.clone() };
            block.each_expr(&mut |e| all += uses(e));
            // A condition is looked at before anything after it changes.
            if let End::If(c, ..) = end {
                own = uses(c);
            }
            let changes = mentioned.iter().any(|v| end_assigns(end, *v));
            if all > 0 && (changed || (changes && all > own)) {
                return None;
            }
            total += all;
        }
        (total <= 1 || is_name(value)).then(|| self.text(env, value))
    }
}

/// The variables that the text of a value mentions, also through bound names that stand for the text of theirs.
fn mentioned(env: &Env, value: &Expr) -> Vec<VariableId> {
    let mut found = Vec::new();
    value.any(&mut |e| {
        match e.kind {
            ExprKind::Variable(v) => found.push(v),
            ExprKind::Bound(b) => found.extend(env.names.inlined.get(&b).into_iter().flatten()),
            _ => {}
        }
        false
    });
    found
}
