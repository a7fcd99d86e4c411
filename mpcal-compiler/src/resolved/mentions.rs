//! Which global variables operators mention, themselves or through those that they call.

use super::{Expr, ExprKind, Model, OperatorId, VariableId, VariableKind};

impl Model {
    /// For each operator the global variables that its value depends on, in the order of the block.
    #[must_use]
    pub fn globals_of_operators(&self) -> Vec<Vec<VariableId>> {
        let mut found: Vec<Vec<VariableId>> = vec![Vec::new(); self.operators.len()];
        let callees: Vec<Vec<OperatorId>> = self.operators.iter().map(|o| called(&o.body)).collect();
        for (own, o) in found.iter_mut().zip(&self.operators) {
            o.body.any(&mut |e| {
                if let ExprKind::Variable(v) = e.kind {
                    if self.variable(v).kind == VariableKind::Global && !own.contains(&v) {
                        own.push(v);
                    }
                }
                false
            });
        }
        // Each round adds something, or is the last.
        let mut changed = true;
        while changed {
            changed = false;
            for (n, callees) in callees.iter().enumerate() {
                for callee in callees {
                    let more: Vec<_> =
                        found[callee.index()].iter().filter(|v| !found[n].contains(v)).copied().collect();
                    changed |= !more.is_empty();
                    found[n].extend(more);
                }
            }
        }
        found.iter_mut().for_each(|list| list.sort_unstable());
        found
    }
}

/// The operators that an expression calls or passes on.
pub(crate) fn called(e: &Expr) -> Vec<OperatorId> {
    let mut found = Vec::new();
    e.any(&mut |e| {
        if let ExprKind::Call(id, _) | ExprKind::OperatorRef(id) = e.kind {
            if !found.contains(&id) {
                found.push(id);
            }
        }
        false
    });
    found
}
