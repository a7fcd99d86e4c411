//! Tail calls behind which the translator does not restore parameters.
//!
//! `call Q(…); return` lets go of an activation of `P`, but `pcal.trans` gives only the variables of `P` their values
//! back, not its parameters: an activation of `P` below it would go on with those of the one that has ended. Where
//! there can be one, the call gets a label behind it, with a `return` of its own. It is left alone elsewhere, since the
//! stack of what only calls itself in this way does not grow.

use std::collections::HashSet;

use super::lower::LoweredProcedure;
use crate::normal::{Block, End, Jump, Section};
use crate::symbol::Symbol;

/// In: procedures that call each other by their index. Out: the same, each restored as it should be.
pub(super) fn restore(procedures: &mut [LoweredProcedure]) {
    let wrong: Vec<usize> = (0..procedures.len()).filter(|n| is_wrong(procedures, *n)).collect();
    for n in wrong {
        let own = &mut procedures[n];
        let label = fresh_label(&own.sections);
        let mut span = own.span;
        for section in own.sections.iter_mut().filter(|s| lets_go(&s.block, n)) {
            span = section.span;
            stay(&mut section.block, n, &label);
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
        && procedure.sections.iter().any(|s| lets_go(&s.block, own))
        && reaches(procedures, waits_for.collect(), own)
}

/// Whether a block makes a tail call of another procedure.
fn lets_go(block: &Block, own: usize) -> bool {
    let mut found = Vec::new();
    calls_of(block, &mut found);
    found.iter().any(|(callee, is_tail)| *is_tail && *callee != own)
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
    procedure.sections.iter().for_each(|s| calls_of(&s.block, &mut found));
    found
}

fn calls_of(block: &Block, found: &mut Vec<(usize, bool)>) {
    if let End::Call(callee, _, to) = &block.end {
        found.push((callee.index(), to.is_none()));
    }
    block.each_block(&mut |b| calls_of(b, found));
}

/// Tail calls of other procedures come back to a label.
fn stay(block: &mut Block, own: usize, label: &Symbol) {
    match &mut block.end {
        End::Call(callee, _, to @ None) if callee.index() != own => *to = Some(Jump::Label(*label)),
        End::Goto(_) | End::Return | End::Call(..) => {}
        End::If(_, a, b) => [a, b].into_iter().for_each(|b| stay(b, own, label)),
        End::Either(arms) => arms.iter_mut().for_each(|b| stay(b, own, label)),
    }
}

fn fresh_label(sections: &[Section]) -> Symbol {
    let mut name = "back".to_owned();
    while sections.iter().any(|s| *s.label == *name) {
        name.push('_');
    }
    name.into()
}
