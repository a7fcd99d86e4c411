//! A variable is read once, as long as nothing is written in between.
//!
//! In: a model in normal form. After this: a section does not read a plain variable again whose value it has, and what
//! used the second value uses the first. What a mapping macro reads may differ each time, and stays.

use std::collections::{HashMap, HashSet};

use crate::normal::{Block, Normal, Step};
use crate::resolved::{BoundId, Expr, ExprKind, Model, VariableId};

/// Rewrites every section.
pub fn share_reads(model: &Model, normal: &mut Normal) {
    let cx = Sharer { plain: plain_parameters(model), model };
    let bodies = normal.archetypes.iter_mut().chain(&mut normal.procedures);
    bodies.flat_map(|b| &mut b.sections).for_each(|s| cx.block(&mut s.block, Known::default()));
}

/// The `ref`s that stand for a variable itself wherever they are bound: hidden ones, and those that no process maps.
pub fn plain_parameters(model: &Model) -> HashSet<VariableId> {
    let mut mapped = HashSet::new();
    for process in &model.processes {
        let parameters = &model.archetypes[process.archetype.index()].parameters;
        let of_process = parameters.iter().zip(&process.mappings).filter(|(_, m)| m.is_some());
        mapped.extend(of_process.map(|(p, _)| *p));
    }
    let used = model.processes.iter().map(|p| &model.archetypes[p.archetype.index()]);
    let of_archetypes = used.flat_map(|a| a.parameters.iter().copied()).filter(|p| !mapped.contains(p));
    of_archetypes.chain(model.hidden.keys().copied()).collect()
}

/// What a path has read, and what it calls by the name of an earlier value.
#[derive(Clone, Default)]
struct Known {
    values: Vec<(VariableId, Vec<Expr>, BoundId)>,
    renamed: HashMap<BoundId, BoundId>,
}

impl Known {
    fn value(&self, parameter: VariableId, indices: &[Expr]) -> Option<BoundId> {
        let equal = |others: &[Expr]| others.iter().zip(indices).all(|(a, b)| is_same(a, b));
        let found = self.values.iter().find(|(p, others, _)| *p == parameter && equal(others));
        found.map(|(_, _, bound)| *bound)
    }

    fn rename(&self, e: &mut Expr) {
        if let ExprKind::Bound(b) = &mut e.kind {
            *b = self.renamed.get(b).copied().unwrap_or(*b);
        }
        e.each_child_mut(&mut |child| self.rename(child));
    }
}

struct Sharer<'m> {
    model: &'m Model,
    plain: HashSet<VariableId>,
}

impl Sharer<'_> {
    fn block(&self, block: &mut Block, mut known: Known) {
        self.steps(&mut block.steps, &mut known);
        block.end.each_expr_mut(&mut |e| known.rename(e));
        block.end.blocks_mut().into_iter().for_each(|b| self.block(b, known.clone()));
    }

    fn steps(&self, list: &mut Vec<Step>, known: &mut Known) {
        list.retain_mut(|step| {
            step.each_expr_mut(&mut |e| known.rename(e));
            for inner in step.inner_mut() {
                self.steps(inner, &mut known.clone());
            }
            if let Step::Read { bound, parameter, indices, .. } = step {
                if self.plain.contains(parameter) {
                    if let Some(earlier) = known.value(*parameter, indices) {
                        known.renamed.insert(*bound, earlier);
                        return false;
                    }
                    known.values.push((*parameter, indices.clone(), *bound));
                }
            }
            step.each(&mut |s| self.forget(s, known));
            true
        });
    }

    /// Forgets what a step may have changed.
    fn forget(&self, step: &Step, known: &mut Known) {
        match step {
            Step::Write { parameter, .. } => {
                // Two parameters of an archetype may stand for one variable.
                let is_hidden = |p: &VariableId| self.model.hidden.contains_key(p);
                known.values.retain(|(p, ..)| p != parameter && (is_hidden(p) || is_hidden(parameter)));
            }
            Step::Assign { variable, .. } => {
                let mentions = |e: &Expr| e.any(&mut |e| matches!(e.kind, ExprKind::Variable(v) if v == *variable));
                known.values.retain(|(_, indices, _)| !indices.iter().any(mentions));
            }
            _ => {}
        }
    }
}

/// Whether two indices are one value: only the simple ones are looked at.
fn is_same(a: &Expr, b: &Expr) -> bool {
    match (&a.kind, &b.kind) {
        (ExprKind::SelfId, ExprKind::SelfId) => true,
        (ExprKind::Int(a), ExprKind::Int(b)) => a == b,
        (ExprKind::Str(a), ExprKind::Str(b)) => a == b,
        (ExprKind::Bound(a), ExprKind::Bound(b)) => a == b,
        (ExprKind::Variable(a), ExprKind::Variable(b)) => a == b,
        (ExprKind::Constant(a), ExprKind::Constant(b)) => a == b,
        _ => false,
    }
}
