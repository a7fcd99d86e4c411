//! Tail calls after which the translator does not restore parameters.
//!
//! `call Q(…); return` lets go of an activation of `P`, but `pcal.trans` gives only the variables of `P` their values
//! back, not its parameters: an activation of `P` below it would go on with those of the one that has ended. Where
//! there can be one, the call gets a label after it, with a `return` of its own. It is left alone elsewhere, since the
//! stack of what only calls itself in this way does not grow.

use std::collections::HashSet;

use super::lower::LoweredProcedure;
use crate::normal::{Block, End, Jump, Section};
use crate::symbol::Symbol;
use crate::unused::unused;

/// In: procedures that call each other by their index. Out: the same, each restored as it should be.
pub(super) fn restore(procedures: &mut [LoweredProcedure]) {
    let wrong: Vec<usize> = (0..procedures.len()).filter(|n| is_wrong(procedures, *n)).collect();
    for n in wrong {
        let own = &mut procedures[n];
        let label = fresh_label(&own.sections);
        let mut span = own.span;
        for section in &mut own.sections {
            if stay(&mut section.block, n, &label) {
                span = section.span;
            }
        }
        own.sections.push(Section {
            label,
            modifier: None,
            // A counterexample shows what it returns from.
            span,
            is_loop: false,
            inside: None,
            block: Block { steps: Vec::new(), end: End::Return },
        });
    }
}

/// Whether a procedure with parameters makes tail calls, and may stand on the stack below itself.
fn is_wrong(procedures: &[LoweredProcedure], own: usize) -> bool {
    let procedure = &procedures[own];
    let waits_for = calls(procedure).into_iter().filter(|(_, is_tail)| !is_tail).map(|(callee, _)| callee);
    !procedure.parameters.is_empty()
        && calls(procedure).into_iter().any(|(callee, is_tail)| is_tail && callee != own)
        && reaches(procedures, waits_for.collect(), own)
}

fn reaches(procedures: &[LoweredProcedure], mut todo: Vec<usize>, wanted: usize) -> bool {
    let mut seen = HashSet::new();
    while let Some(n) = todo.pop() {
        if seen.insert(n) {
            todo.extend(calls(&procedures[n]).into_iter().map(|(callee, _)| callee));
        }
    }
    seen.contains(&wanted)
}

/// What a procedure calls, and whether that is a tail call.
fn calls(procedure: &LoweredProcedure) -> Vec<(usize, bool)> {
    let mut found = Vec::new();
    let mut look = |b: &Block| {
        if let End::Call(callee, _, to) = &b.end {
            found.push((callee.index(), to.is_none()));
        }
    };
    procedure.sections.iter().for_each(|s| s.block.each(&mut look));
    found
}

/// Tail calls of other procedures come back to a label; whether there are any.
fn stay(block: &mut Block, own: usize, label: &Symbol) -> bool {
    let mut found = false;
    block.each_mut(&mut |b| match &mut b.end {
        End::Call(callee, _, to @ None) if callee.index() != own => {
            *to = Some(Jump::Label(*label));
            found = true;
        }
        _ => {}
    });
    found
}

fn fresh_label(sections: &[Section]) -> Symbol {
    Symbol::from(unused("back", |n| sections.iter().all(|s| *s.label != *n)))
}
