//! One critical section: which variables it may assign, and whether it stays a loop.

use std::collections::{HashMap, HashSet};

use super::expr::{Names, Printer};
use super::layout::Statement;
use super::lower::Lowered;
use super::stage::{Env, Stager};
use super::MAX_NESTING;
use crate::fresh::free::bound_by;
use crate::normal::{Block, End, Section, Step};
use crate::resolved::{BoundId, ExprKind, VariableId};
use crate::symbol::Symbol;

/// What a section belongs to.
#[derive(Clone, Copy)]
pub(super) struct Owner<'l> {
    pub(super) names: &'l Names,
    /// The procedure, with its parameters and variables.
    pub(super) procedure: Option<(usize, &'l [VariableId])>,
}

/// Where a section stands in the text.
#[derive(Clone, Copy, Default)]
pub(super) struct Place<'p> {
    /// The label that follows it: where control goes without a jump.
    pub(super) next: Option<&'p str>,
    /// For a section that stays a `while`, the label that follows the statements of its body.
    pub(super) body: Option<&'p str>,
}

/// Translates a section. None if it assigns a variable of a procedure and then calls that procedure, which PlusCal
/// cannot say.
pub(super) fn section(
    lowered: &Lowered,
    owner: Owner<'_>,
    section: &Section,
    place: Place<'_>,
) -> Option<Vec<Statement>> {
    let mut cx = stager(lowered, owner, section);
    let mut statements = cx.statements(&section.block, place);
    // A loop that stands too deep becomes an `if`, which nests a level less.
    let most = MAX_NESTING + usize::from(place.body.is_some());
    if Statement::depth(&statements) > most {
        cx = stager(lowered, owner, section);
        cx.folds = true;
        statements = cx.statements(&section.block, place);
    }
    (!cx.fails).then_some(statements)
}

/// Whether a section can stay a `while`: nothing is done before its condition, which is not known to be false.
pub(super) fn is_while(section: &Section) -> bool {
    let Block { steps, end: End::If(condition, ..) } = &section.block else { return false };
    let is_read = |s: &Step| matches!(s, Step::Let { author: false, .. });
    section.is_loop && steps.iter().all(is_read) && !matches!(condition.kind, ExprKind::Bool(false))
}

fn stager<'l>(lowered: &'l Lowered, owner: Owner<'l>, section: &Section) -> Stager<'l> {
    let (at, block) = (lowered.position(&section.label), &section.block);
    let (own, recursive) = owner.procedure.map_or((Vec::new(), None), |(n, own)| (own.to_vec(), Some(n)));
    let restored = if gives_up(block, recursive) { own } else { Vec::new() };
    // What comes behind a `with` stands inside it, and TLA+ has no shadowing.
    let used = bound_inside(lowered, owner.names, block);
    Stager {
        lowered,
        names: owner.names,
        at,
        next: None,
        used,
        numbers: HashMap::new(),
        uses: uses(block),
        restored,
        recursive,
        folds: false,
        fails: false,
    }
}

/// How often a block uses each name that is bound.
fn uses(block: &Block) -> HashMap<BoundId, usize> {
    let mut found = HashMap::new();
    block.each_expr(&mut |e| {
        e.any(&mut |e| {
            if let ExprKind::Bound(b) = e.kind {
                *found.entry(b).or_default() += 1;
            }
            false
        });
    });
    found
}

impl Stager<'_> {
    fn statements(&mut self, block: &Block, place: Place<'_>) -> Vec<Statement> {
        let mut env = Env::start(self.names);
        let next = place.next.map(Symbol::from);
        if let (Some(body), End::If(condition, inside, outside)) = (place.body, &block.end) {
            // Nothing is assigned before the condition, so what is read can stand where it is used.
            for step in &block.steps {
                if let Step::Let { bound, value, .. } = step {
                    let text = self.text(&env, value);
                    env.names.bounds.insert(*bound, text);
                }
            }
            let text = self.top(&env, condition);
            self.next = Some(Symbol::from(body));
            let mut list = vec![Statement::While(text, self.block(inside, env.clone()))];
            self.next = next;
            if !matches!(condition.kind, ExprKind::Bool(true)) {
                list.extend(self.block(outside, env));
            }
            return list;
        }
        self.next = next;
        self.block(block, env)
    }
}

/// The names that expressions of a block bind.
fn bound_inside(lowered: &Lowered, names: &Names, block: &Block) -> HashSet<String> {
    let printer = Printer { model: &lowered.model, names };
    let mut found = HashSet::new();
    block.each_expr(&mut |e| {
        e.any(&mut |e| {
            found.extend(bound_by(e).into_iter().map(|b| printer.bound(b).text.to_string()));
            false
        });
    });
    found
}

/// Whether a path returns, also by a tail call, or calls the procedure it is in.
fn gives_up(block: &Block, procedure: Option<usize>) -> bool {
    let mut found = false;
    block.each(&mut |b| {
        found |= match &b.end {
            End::Return | End::Call(_, _, None) => true,
            End::Call(callee, ..) => Some(callee.index()) == procedure,
            End::Goto(_) | End::If(..) | End::Either(_) => false,
        }
    });
    found
}
