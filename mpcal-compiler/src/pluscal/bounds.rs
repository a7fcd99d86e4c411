//! Names that expressions bind.
//!
//! In: an algorithm whose variables, labels, processes and procedures have their names. Out: no name that an
//! expression binds is one of those, or one of the module, or one that is bound around it: TLA+ has no shadowing.

use std::collections::{HashMap, HashSet};

use std::rc::Rc;

use super::expr::Text;
use super::lower::Lowered;
use crate::fresh::free::bound_by;
use crate::normal::Section;
use crate::resolved::{Binding, BoundId, Expr, ExprKind, Initial, LetDefinition};

/// Gives new names to those that clash.
pub(super) fn rename(lowered: &mut Lowered) {
    let mut renamed = HashMap::new();
    let mut look = |lowered: &Lowered, e: &Expr, at: usize| {
        e.any(&mut |e| {
            for b in bound_by(e) {
                let name = &lowered.model.bound(b).name;
                if lowered.is_taken(name, at) && !renamed.contains_key(&b) {
                    renamed.insert(b, lowered.bound_name(name, &HashSet::new(), usize::MAX));
                }
            }
            false
        });
    };
    initials(lowered).for_each(|e| look(lowered, e, 0));
    for section in sections(lowered) {
        let at = lowered.position(&section.label);
        section.block.each_expr(&mut |e| look(lowered, e, at));
    }
    lowered.names.bounds.extend(renamed);
    let mut apart = Apart { lowered, inside: HashSet::new(), scope: Vec::new(), found: Vec::new() };
    initials(lowered).for_each(|e| apart.top(e));
    sections(lowered).for_each(|s| s.block.each_expr(&mut |e| apart.top(e)));
    let found = apart.found;
    lowered.names.bounds.extend(found);
}

fn sections(lowered: &Lowered) -> impl Iterator<Item = &Section> {
    lowered.procedures.iter().map(|p| &p.sections).chain(lowered.processes.iter().map(|p| &p.sections)).flatten()
}

/// What variables start with, and the identifiers of processes: all in front of the first action.
fn initials(lowered: &Lowered) -> impl Iterator<Item = &Expr> {
    let selves = lowered.processes.iter().map(|p| &p.selves);
    lowered.model.variables.iter().map(|v| &v.initial).chain(selves).filter_map(|initial| match initial {
        Initial::None => None,
        Initial::Value(e) | Initial::Element(e) => Some(e),
    })
}

/// Looks for names that are bound inside their own scope.
struct Apart<'l> {
    lowered: &'l Lowered,
    /// What the expression binds somewhere.
    inside: HashSet<String>,
    /// What is bound around a place.
    scope: Vec<Rc<str>>,
    found: Vec<(BoundId, Text)>,
}

impl Apart<'_> {
    fn text(&self, bound: BoundId) -> Rc<str> {
        let renamed = self.lowered.names.bounds.get(&bound).map(|t| t.text.clone());
        renamed.unwrap_or_else(|| self.lowered.model.bound(bound).name.into())
    }

    fn top(&mut self, e: &Expr) {
        let mut inside = HashSet::new();
        e.any(&mut |e| {
            inside.extend(bound_by(e).into_iter().map(|b| self.text(b).to_string()));
            false
        });
        self.inside = inside;
        if !self.inside.is_empty() {
            self.expr(e);
        }
    }

    fn bind(&mut self, bound: BoundId) {
        let mut text = self.text(bound);
        if &*text != "@" && self.scope.contains(&text) {
            let renamed = self.lowered.bound_name(&text, &self.inside, usize::MAX);
            text = renamed.text.clone();
            self.inside.insert(text.to_string());
            self.found.push((bound, renamed));
        }
        self.scope.push(text);
    }

    fn bindings(&mut self, list: &[Binding]) {
        list.iter().for_each(|b| self.expr(&b.set));
        list.iter().flat_map(|b| &b.names).for_each(|n| self.bind(*n));
    }

    fn expr(&mut self, e: &Expr) {
        let depth = self.scope.len();
        match &e.kind {
            ExprKind::Filter(b, body) | ExprKind::Choose(b, body) => {
                self.bindings(std::slice::from_ref(b));
                self.expr(body);
            }
            ExprKind::Map(body, list) | ExprKind::Function(list, body) | ExprKind::Quantified(_, list, body) => {
                self.bindings(list);
                self.expr(body);
            }
            ExprKind::Lambda(names, body) => {
                names.iter().for_each(|n| self.bind(*n));
                self.expr(body);
            }
            ExprKind::Let(definitions, body) => {
                for LetDefinition { bound, parameters, body } in definitions {
                    // It may be recursive.
                    self.bind(*bound);
                    let inside = self.scope.len();
                    parameters.iter().for_each(|p| self.bind(*p));
                    self.expr(body);
                    self.scope.truncate(inside);
                }
                self.expr(body);
            }
            _ => e.each_child(&mut |child| self.expr(child)),
        }
        self.scope.truncate(depth);
    }
}
