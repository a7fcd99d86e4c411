//! Bodies to critical sections.
//!
//! In: a checked model. Out: [`Normal`]. After this: no loop and no fall-through, every section
//! ends in an explicit jump, and knows the loop it stands in; no read inside an expression; a block of
//! statements without a label is spliced into its surroundings; `a || b` is a list of assignments whose values
//! are bound first.

use std::collections::{HashMap, HashSet};

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::fresh::free::bound_by;
use crate::normal::{Block, Body, End, Jump, MappingBody, Normal, Section, Step};
use crate::resolved::{
    Argument, BoundId, Expr, ExprKind, Label, Model, Step as PathStep, Stmt, StmtKind, Target, Update, VariableId,
};
use crate::source::Span;
use crate::symbol::Symbol;

/// Normalizes every body of the model.
pub fn normalize(model: &mut Model, out: &mut Diagnostics) -> Normal {
    let archetypes: Vec<_> = model.archetypes.iter().map(|a| a.body.clone()).collect();
    let procedures: Vec<_> = model.procedures.iter().map(|p| p.body.clone()).collect();
    let mappings: Vec<_> = model.mapping_macros.iter().map(|m| (m.read.clone(), m.write.clone())).collect();
    let mut cx = Normalizer {
        model,
        out,
        sections: Vec::new(),
        labels: HashSet::new(),
        later: Vec::new(),
        inside: None,
        groups: 0,
    };
    Normal {
        archetypes: archetypes.iter().map(|b| cx.body(b, Jump::Done)).collect(),
        procedures: procedures.iter().map(|b| cx.body(b, Jump::Error)).collect(),
        mapping_macros: mappings.iter().map(|(r, w)| MappingBody { read: cx.steps(r), write: cx.steps(w) }).collect(),
    }
}

struct Normalizer<'s, 'm, 'd> {
    model: &'m mut Model,
    out: &'d mut Diagnostics,
    sections: Vec<Section>,
    /// The labels of the sections that are there or come later.
    labels: HashSet<Symbol>,
    later: Vec<Later<'s>>,
    /// The label of the loop we are in.
    inside: Option<Symbol>,
    /// How many `||` there were.
    groups: u32,
}

/// A section still to do.
struct Later<'s> {
    label: &'s Label,
    /// The statement that it starts with.
    first: &'s Stmt,
    rest: Todo<'s>,
    after: End,
    inside: Option<Symbol>,
}

/// Statements still to do, the next one last.
type Todo<'s> = Vec<&'s Stmt>;

fn todo(list: &[Stmt]) -> Todo<'_> {
    list.iter().rev().collect()
}

impl<'s> Normalizer<'s, '_, '_> {
    fn body(&mut self, list: &'s [Stmt], end: Jump) -> Body {
        self.labels.clear();
        self.inside = None;
        self.sections_from(todo(list), &End::Goto(end));
        // One after the other: a body may have more sections than calls may nest.
        while let Some(later) = self.later.pop() {
            let section = self.section(later);
            self.sections.push(section);
        }
        let mut sections = std::mem::take(&mut self.sections);
        // By the order of the labels, not by their places: one that a macro brings along stands elsewhere.
        let mut order = HashMap::new();
        each_label(list, &mut |label| {
            let next = order.len();
            order.entry(label).or_insert(next);
        });
        sections.sort_by_key(|s| order.get(&s.label).copied());
        Body { sections }
    }

    /// Where the next statement is, which has a label: a section starts there.
    fn sections_from(&mut self, mut rest: Todo<'s>, after: &End) -> Jump {
        let Some(mut first) = rest.pop() else { return jump_of(after) };
        // A block starts with the label of its first statement.
        while let (None, StmtKind::Block(list)) = (&first.label, &first.kind) {
            rest.extend(list.iter().rev());
            first = match rest.pop() {
                Some(first) => first,
                None => return jump_of(after),
            };
        }
        let Some(label) = &first.label else { return Jump::Error };
        if self.labels.insert(label.name) {
            let inside = self.inside;
            self.later.push(Later { label, first, rest, after: after.clone(), inside });
        }
        Jump::Label(label.name)
    }

    fn section(&mut self, Later { label, first, mut rest, after, inside }: Later<'s>) -> Section {
        self.inside.clone_from(&inside);
        let is_loop = matches!(first.kind, StmtKind::While(..));
        let block = match &first.kind {
            StmtKind::While(c, body) => {
                let mut steps = Vec::new();
                let c = self.pure(c, &mut steps);
                let again = End::Goto(Jump::Label(label.name));
                self.inside = Some(label.name);
                let body = self.block(todo(body), &again, false);
                self.inside.clone_from(&inside);
                let outside = self.block(rest, &after, false);
                Block { steps, end: End::If(c, Box::new(body), Box::new(outside)) }
            }
            _ => {
                rest.push(first);
                self.block(rest, &after, true)
            }
        };
        let (label, modifier, span) = (label.name, label.modifier, label.span);
        Section { label, modifier, span, is_loop, inside, block }
    }

    /// Where control goes when `rest` comes next.
    fn continuation(&mut self, rest: Todo<'s>, after: &End) -> End {
        match rest.last() {
            None => after.clone(),
            Some(_) => End::Goto(self.sections_from(rest, after)),
        }
    }

    /// Statements up to where the step ends; the label of the first one is that of the section if `starts`.
    fn block(&mut self, mut rest: Todo<'s>, after: &End, mut starts: bool) -> Block {
        let mut steps = Vec::new();
        while let Some(s) = rest.pop() {
            if s.label.is_some() && !std::mem::take(&mut starts) {
                rest.push(s);
                let end = End::Goto(self.sections_from(rest, after));
                return Block { steps, end };
            }
            let end = match &s.kind {
                StmtKind::Goto(label, _) => Some(End::Goto(match &**label {
                    "Done" => Jump::Done,
                    "Error" => Jump::Error,
                    _ => Jump::Label(*label),
                })),
                StmtKind::Return => Some(End::Return),
                StmtKind::Call(id, arguments) => {
                    let arguments = arguments
                        .iter()
                        .map(|a| match a {
                            Argument::Value(e) => Argument::Value(self.pure(e, &mut steps)),
                            by_ref @ Argument::Ref(..) => by_ref.clone(),
                        })
                        .collect();
                    let to = match rest.last().map(|s| (&s.label, &s.kind)) {
                        Some((None, StmtKind::Return)) => {
                            rest.pop();
                            self.sections_from(rest, after);
                            End::Return
                        }
                        _ => self.block(rest, after, false).end,
                    };
                    let to = if let End::Goto(jump) = to { Some(jump) } else { None };
                    return Block { steps, end: End::Call(*id, arguments, to) };
                }
                StmtKind::If(c, a, b) if leaves(a) || leaves(b) => {
                    let c = self.pure(c, &mut steps);
                    let after = self.continuation(rest, after);
                    let (a, b) = (self.block(todo(a), &after, false), self.block(todo(b), &after, false));
                    return Block { steps, end: End::If(c, Box::new(a), Box::new(b)) };
                }
                StmtKind::Either(arms) if arms.iter().any(|a| leaves(a)) => {
                    let after = self.continuation(rest, after);
                    let arms = arms.iter().map(|a| self.block(todo(a), &after, false)).collect();
                    return Block { steps, end: End::Either(arms) };
                }
                StmtKind::With(bound, element, value, body) if leaves(body) => {
                    self.binding(*bound, *element, value, &mut steps);
                    let after = self.continuation(std::mem::take(&mut rest), after);
                    let inner = self.block(todo(body), &after, false);
                    steps.extend(inner.steps);
                    return Block { steps, end: inner.end };
                }
                StmtKind::Block(list) => {
                    rest.extend(list.iter().rev());
                    None
                }
                _ => {
                    self.step(s, &mut steps);
                    None
                }
            };
            if let Some(end) = end {
                // What stands after a jump is reached through its label.
                self.sections_from(rest, after);
                return Block { steps, end };
            }
        }
        Block { steps, end: after.clone() }
    }

    fn steps(&mut self, list: &[Stmt]) -> Vec<Step> {
        let mut steps = Vec::new();
        for s in list {
            self.step(s, &mut steps);
        }
        steps
    }

    fn binding(&mut self, bound: BoundId, element: bool, value: &Expr, out: &mut Vec<Step>) {
        let value = self.pure(value, out);
        out.push(if element { Step::Pick { bound, set: value } } else { Step::Let { bound, value, author: true } });
    }

    /// A statement without jumps.
    fn step(&mut self, s: &Stmt, out: &mut Vec<Step>) {
        match &s.kind {
            StmtKind::Assign(list) if list.len() == 1 => {
                let (target, value) = &list[0];
                let value = self.pure(value, out);
                self.assign(target, value, (s.span, None), out);
            }
            StmtKind::Assign(list) => {
                // Every value and every index first, then the changes.
                let values: Vec<_> = list.iter().map(|(_, e)| self.pure(e, out)).collect();
                let targets: Vec<_> = list.iter().map(|(t, _)| self.frozen_target(t, out)).collect();
                let values: Vec<_> = values.into_iter().map(|e| self.frozen(e, out)).collect();
                self.groups += 1;
                for (target, value) in targets.iter().zip(values) {
                    self.assign(target, value, (s.span, Some(self.groups)), out);
                }
            }
            StmtKind::If(c, a, b) => {
                let c = self.pure(c, out);
                out.push(Step::If(c, self.steps(a), self.steps(b)));
            }
            StmtKind::Either(arms) => out.push(Step::Either(arms.iter().map(|a| self.steps(a)).collect())),
            StmtKind::With(bound, element, value, body) => {
                self.binding(*bound, *element, value, out);
                for s in body {
                    self.step(s, out);
                }
            }
            StmtKind::Block(list) => list.iter().for_each(|s| self.step(s, out)),
            StmtKind::Await(e) => {
                let e = self.pure(e, out);
                out.push(Step::Await(e));
            }
            StmtKind::Print(e) => {
                let e = self.pure(e, out);
                out.push(Step::Print(e));
            }
            StmtKind::Assert(e) => {
                let e = self.pure(e, out);
                out.push(Step::Assert(e));
            }
            StmtKind::Yield(e) => {
                let e = self.pure(e, out);
                out.push(Step::Yield(e));
            }
            StmtKind::Skip => {}
            // `check` has refused these where they would be a step.
            StmtKind::While(..) | StmtKind::Goto(..) | StmtKind::Return | StmtKind::Call(..) => {}
        }
    }

    /// `at` is the place of the statement, and which `||` it is.
    fn assign(&mut self, target: &Target, value: Expr, at: (Span, Option<u32>), out: &mut Vec<Step>) {
        let (span, group) = at;
        let step = match target {
            Target::Variable(variable, path) => {
                let path = self.pure_path(path, out);
                Step::Assign { variable: *variable, path, value, group, span }
            }
            Target::Write(parameter, indices) => {
                let indices = indices.iter().map(|e| self.pure(e, out)).collect();
                Step::Write { parameter: *parameter, indices, value, group, span }
            }
            Target::Part(parameter, path) => {
                let path = self.pure_path(path, out);
                self.write_part(*parameter, path, value, at, out)
            }
            Target::Mapped(path) => {
                let path = self.pure_path(path, out);
                Step::AssignMapped { path, value }
            }
        };
        out.push(step);
    }

    /// The whole value is read only here, so that it has what earlier targets of the statement changed in it.
    fn write_part(
        &mut self,
        parameter: VariableId,
        path: Vec<PathStep>,
        value: Expr,
        (span, group): (Span, Option<u32>),
        out: &mut Vec<Step>,
    ) -> Step {
        let bound = self.model.new_bound(self.read_name(parameter), span, 0);
        out.push(Step::Read { bound, parameter, indices: Vec::new(), span });
        let base = Box::new(self.model.expr(ExprKind::Bound(bound), span));
        let at = self.model.new_bound("@", span, 0);
        let value = self.model.expr(ExprKind::Except(base, vec![Update { path, at, value }]), span);
        Step::Write { parameter, indices: Vec::new(), value, group, span }
    }

    fn pure_path(&mut self, path: &[PathStep], out: &mut Vec<Step>) -> Vec<PathStep> {
        path.iter()
            .map(|s| match s {
                PathStep::Index(e) => PathStep::Index(self.pure(e, out)),
                field @ PathStep::Field(_) => field.clone(),
            })
            .collect()
    }

    fn frozen_target(&mut self, target: &Target, out: &mut Vec<Step>) -> Target {
        let mut freeze = |e: &Expr, cx: &mut Self| {
            let e = cx.pure(e, out);
            cx.frozen(e, out)
        };
        match target {
            Target::Write(id, indices) => Target::Write(*id, indices.iter().map(|e| freeze(e, self)).collect()),
            Target::Variable(id, path) => Target::Variable(*id, self.frozen_path(path, &mut freeze)),
            Target::Part(id, path) => Target::Part(*id, self.frozen_path(path, &mut freeze)),
            Target::Mapped(path) => Target::Mapped(self.frozen_path(path, &mut freeze)),
        }
    }

    fn frozen_path(&mut self, path: &[PathStep], freeze: &mut dyn FnMut(&Expr, &mut Self) -> Expr) -> Vec<PathStep> {
        path.iter()
            .map(|s| match s {
                PathStep::Index(e) => PathStep::Index(freeze(e, self)),
                field @ PathStep::Field(_) => field.clone(),
            })
            .collect()
    }

    /// A name for a value that assignments in between must not change.
    fn frozen(&mut self, e: Expr, out: &mut Vec<Step>) -> Expr {
        if is_stable(&e) {
            return e;
        }
        let span = e.span;
        let bound = self.model.new_bound("value", span, 0);
        out.push(Step::Let { bound, value: e, author: false });
        self.model.expr(ExprKind::Bound(bound), span)
    }

    /// The expression with its reads done first, left to right, each once.
    fn pure(&mut self, e: &Expr, out: &mut Vec<Step>) -> Expr {
        let mut e = e.clone();
        self.hoist(&mut e, &mut HashSet::new(), out);
        e
    }

    fn hoist(&mut self, e: &mut Expr, inner: &mut HashSet<BoundId>, out: &mut Vec<Step>) {
        let added: Vec<BoundId> = bound_by(e).into_iter().filter(|b| inner.insert(*b)).collect();
        e.each_child_mut(&mut |child| self.hoist(child, inner, out));
        for bound in added {
            inner.remove(&bound);
        }
        let ExprKind::Read(parameter, indices) = &mut e.kind else { return };
        let (parameter, indices, span) = (*parameter, std::mem::take(indices), e.span);
        let uses =
            |e: &Expr, set: &HashSet<BoundId>| e.any(&mut |x| matches!(x.kind, ExprKind::Bound(b) if set.contains(&b)));
        if indices.iter().any(|e| uses(e, inner)) {
            self.report_under_binder(parameter, span);
        }
        let name = self.read_name(parameter);
        let bound = self.model.new_bound(name, span, 0);
        e.kind = ExprKind::Bound(bound);
        out.push(Step::Read { bound, parameter, indices, span });
    }

    fn read_name(&self, parameter: VariableId) -> Symbol {
        Symbol::from(format!("{}Read", self.model.variable(parameter).name))
    }

    fn report_under_binder(&mut self, parameter: VariableId, span: Span) {
        let name = &self.model.variable(parameter).name;
        self.out.push(
            Diagnostic::error(
                "read-under-binder",
                span,
                format!("`{name}` is read with an index that is bound inside the expression"),
            )
            .because("reads happen before the expression is evaluated, once each")
            .help("read the values you need into variables first"),
        );
    }
}

fn jump_of(end: &End) -> Jump {
    match end {
        End::Goto(jump) => jump.clone(),
        _ => Jump::Done,
    }
}

/// Calls `f` on every label, in the order of the text.
fn each_label(list: &[Stmt], f: &mut dyn FnMut(Symbol)) {
    for s in list {
        if let Some(label) = &s.label {
            f(label.name);
        }
        match &s.kind {
            StmtKind::If(_, a, b) => {
                each_label(a, f);
                each_label(b, f);
            }
            StmtKind::Either(arms) => arms.iter().for_each(|a| each_label(a, f)),
            StmtKind::While(_, body) | StmtKind::With(_, _, _, body) | StmtKind::Block(body) => each_label(body, f),
            StmtKind::Assign(_) | StmtKind::Await(_) | StmtKind::Print(_) | StmtKind::Assert(_) => {}
            StmtKind::Skip | StmtKind::Return | StmtKind::Goto(..) | StmtKind::Call(..) | StmtKind::Yield(_) => {}
        }
    }
}

/// Whether a list holds a label or a jump.
fn leaves(list: &[Stmt]) -> bool {
    list.iter().any(|s| {
        s.label.is_some()
            || match &s.kind {
                StmtKind::Goto(..) | StmtKind::Return | StmtKind::Call(..) | StmtKind::While(..) => true,
                StmtKind::If(_, a, b) => leaves(a) || leaves(b),
                StmtKind::Either(arms) => arms.iter().any(|a| leaves(a)),
                StmtKind::With(_, _, _, body) | StmtKind::Block(body) => leaves(body),
                StmtKind::Assign(_) | StmtKind::Await(_) | StmtKind::Print(_) | StmtKind::Assert(_) => false,
                StmtKind::Skip | StmtKind::Yield(_) => false,
            }
    })
}

/// Whether no assignment can change what an expression means.
#[must_use]
pub fn is_stable(e: &Expr) -> bool {
    !e.any(&mut |e| {
        matches!(e.kind, ExprKind::Variable(_) | ExprKind::Read(..) | ExprKind::MappedVariable | ExprKind::MappedValue)
    })
}
