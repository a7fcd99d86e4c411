//! Variables that are known to have a value: a section reads such a variable under its own name.
//!
//! A variable that was declared without a value is a `Slot`. Where every way to a section assigns it, the section looks
//! once, at its start, and not at each use; after an assignment the name stands for what was assigned.

use std::collections::{HashMap, HashSet};

use proc_macro2::TokenStream;
use quote::quote;

use super::code::{Code, Form, Scope};
use super::expression::rust;
use super::variants::Subject;
use super::Emitter;
use crate::normal::{Block, Body, End, Jump, Section, Step};
use crate::resolved::{Argument, Expr, ExprKind, VariableId};
use crate::symbol::Symbol;

/// The variables that have a value where each section starts.
pub(super) type Known = HashMap<Symbol, HashSet<VariableId>>;

impl Emitter<'_> {
    /// Finds what is known at the start of each section of a body.
    pub(super) fn known(&self, body: &Body) -> Known {
        let mut known = Known::new();
        let Some(first) = body.sections.first() else { return known };
        known.insert(first.label, HashSet::new());
        // What is known only shrinks, so this ends.
        let mut waiting = vec![first.label];
        while let Some(label) = waiting.pop() {
            let Some(section) = body.sections.iter().find(|s| s.label == label) else { continue };
            let at_start = known[&label].clone();
            self.leave(&section.block, at_start, &mut |to, at_end| match known.get_mut(to) {
                Some(before) => {
                    let count = before.len();
                    before.retain(|v| at_end.contains(v));
                    waiting.extend((before.len() < count).then_some(*to));
                }
                None => {
                    known.insert(*to, at_end);
                    waiting.push(*to);
                }
            });
        }
        known
    }

    /// Calls `arrive` with each label that a block goes to, and what is known there.
    fn leave(
        &self,
        block: &Block,
        mut known: HashSet<VariableId>,
        arrive: &mut dyn FnMut(&Symbol, HashSet<VariableId>),
    ) {
        self.pass(&block.steps, &mut known);
        match &block.end {
            End::Goto(Jump::Label(to)) => arrive(to, known),
            End::Call(_, arguments, to) => {
                for argument in arguments {
                    if let Argument::Ref(passed, ..) = argument {
                        known.remove(passed);
                    }
                }
                if let Some(Jump::Label(to)) = to {
                    arrive(to, known);
                }
            }
            End::Goto(Jump::Done | Jump::Error) | End::Return | End::If(..) | End::Either(_) => {
                block.end.blocks().into_iter().for_each(|b| self.leave(b, known.clone(), arrive));
            }
        }
    }

    /// What is known after some steps.
    fn pass(&self, steps: &[Step], known: &mut HashSet<VariableId>) {
        for step in steps {
            match step {
                Step::Assign { variable, path, value, .. } if path.is_empty() => {
                    if self.slots.may_be_none(value) {
                        known.remove(variable);
                    } else {
                        known.insert(*variable);
                    }
                }
                Step::If(_, a, b) => self.join(&[a, b], known),
                Step::Either(arms) => self.join(&arms.iter().map(|a| &a[..]).collect::<Vec<_>>(), known),
                _ => {}
            }
        }
    }

    /// What is known however one comes through.
    fn join(&self, arms: &[&[Step]], known: &mut HashSet<VariableId>) {
        let mut after = arms.iter().map(|arm| {
            let mut known = known.clone();
            self.pass(arm, &mut known);
            known
        });
        let first = after.next().unwrap_or_default();
        let all = after.fold(first, |all, one| all.intersection(&one).copied().collect());
        *known = all;
    }

    /// `let message = self.state.message.get()?;` for each variable that a section reads, does not change, and that has
    /// a value where it starts.
    pub(super) fn open_known(&self, section: &Section, scope: &mut Scope) -> TokenStream {
        let (block, all) = (&section.block, scope.known.clone());
        let Some(known) = all.get(&section.label) else { return TokenStream::new() };
        let mut read = Vec::new();
        block.each_expr(&mut |e| {
            each_variable(e, &mut |v| {
                if !read.contains(&v) {
                    read.push(v);
                }
            });
        });
        let mut out = TokenStream::new();
        for v in read.into_iter().filter(|v| known.contains(v) && self.is_slot(*v)) {
            if is_changed(v, &block.steps, Some(&block.end), scope) {
                continue;
            }
            let value = self.variable(v, scope).rust;
            let name = self.bind_variable(v, scope);
            out.extend(quote!(let #name = #value;));
        }
        out
    }

    /// `let answer = self.state.answer.insert(…);`, if what is assigned is read after it and not changed.
    pub(super) fn assign_known(
        &self,
        variable: VariableId,
        value: &Expr,
        (rest, end): (&[Step], Option<&End>),
        scope: &mut Scope,
    ) -> Option<TokenStream> {
        if !self.is_slot(variable) || self.slots.may_be_none(value) || is_changed(variable, rest, end, scope) {
            return None;
        }
        let mut is_read = false;
        let mut look = |e: &Expr| each_variable(e, &mut |v| is_read |= v == variable);
        rest.iter().for_each(|s| s.each(&mut |s| s.each_expr(&mut look)));
        end.into_iter().for_each(|end| {
            end.each_expr(&mut look);
            end.blocks().into_iter().for_each(|b| b.each_expr(&mut look));
        });
        if !is_read {
            return None;
        }
        let slot = self.variable(variable, scope).slot?;
        let value = self.owned(value, &self.types.variables[variable.index()], scope);
        let name = self.bind_variable(variable, scope);
        Some(quote!(let #name = #slot.insert(#value);))
    }

    /// The variable as a reference with a name.
    fn bind_variable(&self, variable: VariableId, scope: &mut Scope) -> proc_macro2::Ident {
        let name = self.free_name(&self.name(&self.model.variable(variable).name), scope);
        let ty = self.types.variables[variable.index()].clone();
        scope.names.insert(variable, Code::new(rust!(#name), Form::Ref, ty));
        name
    }
}

/// Whether some steps, or the end after them, change a variable.
fn is_changed(variable: VariableId, steps: &[Step], end: Option<&End>, scope: &Scope) -> bool {
    let is_passed = |argument: &Argument| matches!(argument, Argument::Ref(passed, ..) if *passed == variable);
    steps.iter().any(|s| Subject::Variable(variable).is_changed_by(s, scope))
        || matches!(end, Some(End::Call(_, arguments, _)) if arguments.iter().any(is_passed))
        || end.is_some_and(|e| e.blocks().iter().any(|b| is_changed(variable, &b.steps, Some(&b.end), scope)))
}

/// Calls `f` on each mention of a variable.
fn each_variable(e: &Expr, f: &mut dyn FnMut(VariableId)) {
    e.any(&mut |e| {
        if let ExprKind::Variable(v) = e.kind {
            f(v);
        }
        false
    });
}
