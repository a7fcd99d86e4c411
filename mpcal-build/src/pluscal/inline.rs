//! Which bound names need no `with`: their value can stand where they are used.

use super::expr::Text;
use super::merge::is_name;
use super::stage::{assigns, end_assigns, Env, Rest, Stager};
use crate::normal::{Block, End};
use crate::resolved::{BoundId, Expr, ExprKind};

impl Stager<'_> {
    /// The text a bound name stands for, if it needs no `with`.
    pub(super) fn inline(
        &self,
        env: &Env,
        bound: BoundId,
        value: &Expr,
        author: bool,
        rest: &Rest<'_>,
    ) -> Option<Text> {
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
            let (mut own, mut all) = (0, 0);
            let block = Block { steps: Vec::new(), end: end.clone() };
            block.each_expr(&mut |e| all += uses(e));
            // A condition is looked at before anything behind it changes.
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
