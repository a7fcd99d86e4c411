//! What an expression mentions from outside itself.

use std::collections::HashSet;

use crate::resolved::{BoundId, Expr, ExprKind, VariableId};

/// Something that an expression mentions from outside itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Free {
    Bound(BoundId),
    Variable(VariableId),
    SelfId,
    MappedVariable,
    MappedValue,
}

impl Free {
    pub(crate) fn of(e: &Expr) -> Option<Self> {
        match e.kind {
            ExprKind::Bound(b) | ExprKind::CallBound(b, _) => Some(Free::Bound(b)),
            ExprKind::Variable(v) => Some(Free::Variable(v)),
            ExprKind::SelfId => Some(Free::SelfId),
            ExprKind::MappedVariable => Some(Free::MappedVariable),
            ExprKind::MappedValue => Some(Free::MappedValue),
            _ => None,
        }
    }

    pub(crate) fn kind(self) -> ExprKind {
        match self {
            Free::Bound(b) => ExprKind::Bound(b),
            Free::Variable(v) => ExprKind::Variable(v),
            Free::SelfId => ExprKind::SelfId,
            Free::MappedVariable => ExprKind::MappedVariable,
            Free::MappedValue => ExprKind::MappedValue,
        }
    }
}

/// What an expression mentions that is bound outside it; `own` are bound around it.
pub(crate) fn free(e: &Expr, own: &HashSet<BoundId>) -> Vec<Free> {
    let mut inside = own.clone();
    e.any(&mut |e| {
        inside.extend(bound_by(e));
        false
    });
    let mut found = Vec::new();
    e.any(&mut |e| {
        if let Some(f) = Free::of(e) {
            let outside = !matches!(f, Free::Bound(b) if inside.contains(&b));
            if outside && !found.contains(&f) {
                found.push(f);
            }
        }
        false
    });
    found
}

/// The names that an expression binds for its parts.
pub(crate) fn bound_by(e: &Expr) -> Vec<BoundId> {
    match &e.kind {
        ExprKind::Filter(b, _) | ExprKind::Choose(b, _) => b.names.clone(),
        ExprKind::Map(_, list) | ExprKind::Function(list, _) | ExprKind::Quantified(_, list, _) => {
            list.iter().flat_map(|b| b.names.clone()).collect()
        }
        ExprKind::Lambda(names, _) => names.clone(),
        ExprKind::Let(definitions, _) => {
            definitions.iter().flat_map(|d| std::iter::once(d.bound).chain(d.parameters.clone())).collect()
        }
        ExprKind::Except(_, updates) => updates.iter().map(|u| u.at).collect(),
        _ => Vec::new(),
    }
}
