//! The canonical layout of an MPCal block.
//!
//! In: a file. Out: its text with the block laid out anew: the tree says
//! how each part and statement is broken into lines, the [`Printer`] prints its tokens, in their order, with
//! the comments between them. Expressions keep the lines that the author broke them into, moved as a whole so
//! that junction lists keep their columns. Formatting twice changes nothing more.

mod printer;
mod same;
mod shift;
mod statements;

use crate::ast::{
    Archetype, Argument, Block, Initial, Instance, Macro, Mapping, MappingMacro, MappingTarget, Name, Parameter,
    Procedure, Process, ProcessKind, Variable,
};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{Source, Span};
use crate::stack::with_stack;
use crate::syntax::{self, lex::Lexed};

use printer::{Gap, Printer};
use same::same;

/// Lines that we lay out are at most this long, where they can be broken.
const WIDTH: usize = 100;

/// The text of a file with its block laid out anew.
///
/// # Errors
/// The problems that keep it from being read.
pub fn format(source: &Source) -> Result<String, Vec<Diagnostic>> {
    with_stack(|| {
        let mut out = Diagnostics::default();
        let Some((block, lexed)) = syntax::parse_block(source, &mut out) else {
            // Says that there is none.
            let _ = syntax::parse(source, &mut out);
            return Err(out.sorted());
        };
        if out.has_errors() {
            return Err(out.sorted());
        }
        let text = print(source, &block, &lexed);
        let again = Source::new("formatted", text.clone());
        let before = (source, &block, &lexed.comments[..]);
        let is_same = syntax::parse_block(&again, &mut out)
            .is_some_and(|(block, lexed)| same(before, (&again, &block, &lexed.comments)));
        if !is_same || out.has_errors() {
            let fault = Diagnostic::error("internal-error", block.name.span, "the formatted block is another one")
                .help("this is a fault of mpcal-build: please report it, with the model; the file was left as it is");
            return Err(vec![fault]);
        }
        let newline = if source.text.contains("\r\n") { "\r\n" } else { "\n" };
        let range = source.range(block.span);
        let (before, behind) = (&source.text[..range.start], &source.text[range.end..]);
        Ok(format!("{before}{}{behind}", text.replace('\n', newline)))
    })
}

/// The text of a block.
fn print(source: &Source, block: &Block, lexed: &Lexed) -> String {
    let mut printer = Printer::new(source, lexed);
    printer.block(block);
    printer.finish()
}

/// A part of a block, to be written in the order of the text.
enum Part<'b> {
    Define(Span),
    Macro(&'b Macro),
    Procedure(&'b Procedure),
    MappingMacro(&'b MappingMacro),
    Archetype(&'b Archetype),
    Variables(Vec<&'b Variable>),
    Process(&'b Process),
}

/// The parts in their order; variables that follow each other are one.
fn parts(block: &Block) -> Vec<Part<'_>> {
    let mut parts: Vec<(u32, Part<'_>)> = Vec::new();
    parts.extend(block.definition_spans.iter().map(|s| (s.start, Part::Define(*s))));
    parts.extend(block.macros.iter().map(|m| (m.name.span.start, Part::Macro(m))));
    parts.extend(block.procedures.iter().map(|p| (p.name.span.start, Part::Procedure(p))));
    parts.extend(block.mapping_macros.iter().map(|m| (m.name.span.start, Part::MappingMacro(m))));
    parts.extend(block.archetypes.iter().map(|a| (a.name.span.start, Part::Archetype(a))));
    parts.extend(block.variables.iter().map(|v| (v.name.span.start, Part::Variables(vec![v]))));
    parts.extend(block.processes.iter().map(|p| (p.span.start, Part::Process(p))));
    parts.sort_by_key(|(at, _)| *at);
    let mut grouped: Vec<Part<'_>> = Vec::new();
    for (_, part) in parts {
        match (grouped.last_mut(), part) {
            (Some(Part::Variables(list)), Part::Variables(more)) => list.extend(more),
            (_, part) => grouped.push(part),
        }
    }
    grouped
}

impl Printer<'_> {
    fn block(&mut self, block: &Block) {
        self.take(Gap::None);
        while self.next().is_some() && !self.is_symbol("{") {
            self.take(Gap::Space);
        }
        self.take(Gap::Even);
        let mut gap = Gap::line(1);
        for part in parts(block) {
            self.skip_semicolons();
            self.part(&part, gap);
            gap = Gap::apart(1);
        }
        self.skip_semicolons();
        self.take(Gap::closing(0, 1));
    }

    fn part(&mut self, part: &Part<'_>, gap: Gap) {
        match part {
            Part::Define(inside) => {
                self.take(gap);
                self.take(Gap::Even);
                self.verbatim_below(Gap::line(2), inside.end, 1);
                self.take(Gap::closing(1, 2));
            }
            Part::Macro(m) => {
                self.take(gap);
                self.take(Gap::Space);
                self.list(1, &m.parameters, |p, gap, _| p.take(gap), |p| p.take(Gap::Even));
                self.rest_of_braces(&m.body, 1);
            }
            Part::Procedure(p) => {
                self.head_with_parameters(gap, &p.parameters);
                self.locals(&p.variables);
                self.braces(Gap::line(1), &p.body, 1);
            }
            Part::Archetype(a) => {
                self.head_with_parameters(gap, &a.parameters);
                self.locals(&a.variables);
                self.braces(Gap::line(1), &a.body, 1);
            }
            Part::MappingMacro(m) => {
                self.take(gap);
                self.take(Gap::Space);
                self.take(Gap::Space);
                self.take(Gap::Even);
                for body in [&m.read, &m.write] {
                    self.skip_semicolons();
                    self.take(Gap::line(2));
                    self.braces(Gap::Even, body, 2);
                }
                self.skip_semicolons();
                self.take(Gap::closing(1, 2));
            }
            Part::Variables(list) => self.globals(list, gap),
            Part::Process(p) => self.process(p, gap),
        }
    }

    /// `archetype A(ref x[_], y)`
    fn head_with_parameters(&mut self, gap: Gap, parameters: &[Parameter]) {
        self.take(gap);
        self.take(Gap::Space);
        self.list(1, parameters, Self::parameter, |_| {});
    }

    fn parameter(&mut self, gap: Gap, parameter: &Parameter) {
        self.take(gap);
        if let Some(indices) = parameter.by_ref {
            self.take(Gap::Space);
            self.take_glued(3 * indices);
        }
        if let Some(initial) = &parameter.initial {
            self.take(Gap::Space);
            self.verbatim(Gap::Space, initial.span.end);
        }
    }

    /// What stands in parentheses: on one line with what is before and after it, or an item a line.
    fn list<T>(&mut self, depth: usize, items: &[T], item: impl Fn(&mut Self, Gap, &T), tail: impl Fn(&mut Self)) {
        let print = |p: &mut Self, first: Gap, others: Gap, last: Gap| {
            p.take(Gap::None);
            for (n, i) in items.iter().enumerate() {
                item(p, if n == 0 { first } else { others }, i);
                if n + 1 < items.len() {
                    p.take(Gap::None);
                }
            }
            p.take(last);
            tail(p);
        };
        if !self.try_within(WIDTH, |p| print(p, Gap::None, Gap::Space, Gap::None)) {
            let (item, close) = (Gap::line(depth + 1), Gap::closing(depth, depth + 1));
            print(self, item, item, close);
        }
    }

    /// `x = 1`, `x \in S`, `x`
    fn variable(&mut self, gap: Gap, initial: &Initial) {
        self.take(gap);
        if let Initial::Value(e) | Initial::Element(e) = initial {
            self.take(Gap::Space);
            self.verbatim(Gap::Space, e.span.end);
        }
    }

    /// The keywords before a variable, where several lists follow each other; only the first is kept.
    fn skip_keywords(&mut self, name: &Name) {
        while self.next().is_some_and(|t| t.span.start < name.span.start) {
            self.skip();
        }
    }

    /// What ends a declaration or a statement, whether it is there or not; at most one.
    fn end_with(&mut self, text: &str) {
        if self.is_symbol(";") || self.is_symbol(",") {
            self.take_as(Gap::None, text);
        } else {
            self.insert(text);
        }
    }

    fn globals(&mut self, list: &[&Variable], gap: Gap) {
        self.take_as(gap, "variables");
        for v in list {
            self.skip_keywords(&v.name);
            self.variable(Gap::line(2), &v.initial);
            self.end_with(";");
        }
    }

    fn locals(&mut self, list: &[Variable]) {
        let Some(last) = list.last() else { return };
        self.take_as(Gap::line(1), "variables");
        let print = |p: &mut Self, gap: Gap, separator: &str| {
            for v in list {
                p.skip_keywords(&v.name);
                p.variable(gap, &v.initial);
                p.end_with(if std::ptr::eq(v, last) { ";" } else { separator });
            }
        };
        let commented = self.comment_is_next() || self.commented(end_of(last));
        if commented || !self.try_within(WIDTH, |p| print(p, Gap::Space, ",")) {
            print(self, Gap::line(2), ";");
        }
    }

    fn process(&mut self, process: &Process, gap: Gap) {
        let mut gap = gap;
        while !self.is_word("process") && !self.is_symbol("{") && self.next().is_some() {
            self.take(if self.is_symbol("+") { Gap::None } else { gap });
            gap = Gap::Space;
        }
        match &process.selves {
            Initial::None => {
                if let ProcessKind::Plain(_, body) = &process.kind {
                    self.braces(gap, body, 1);
                }
                return;
            }
            Initial::Value(set) | Initial::Element(set) => {
                self.take(gap);
                self.take(Gap::Space);
                self.take(Gap::None);
                self.take(Gap::Space);
                self.verbatim(Gap::Space, set.span.end);
                self.take(Gap::None);
            }
        }
        match &process.kind {
            ProcessKind::Plain(variables, body) => {
                self.locals(variables);
                self.braces(Gap::line(1), body, 1);
            }
            ProcessKind::Instance(instance) => self.instance(instance),
        }
    }

    /// `== instance A(ref x[_], 1) mapping x[_] via M;`
    fn instance(&mut self, instance: &Instance) {
        for _ in ["==", "instance", "A"] {
            self.take(Gap::Space);
        }
        let last = |p: &mut Self| {
            if instance.mappings.is_empty() {
                p.end_with(";");
            }
        };
        self.list(1, &instance.arguments, Self::argument, last);
        for mapping in &instance.mappings {
            self.mapping(mapping);
        }
        if !instance.mappings.is_empty() {
            self.end_with(";");
        }
    }

    /// `mapping @2[_] via M`
    fn mapping(&mut self, mapping: &Mapping) {
        self.take(Gap::line(2));
        self.take(Gap::Space);
        if matches!(mapping.target, MappingTarget::Position(_)) {
            self.take(Gap::None);
        }
        self.take_glued(3 * mapping.indices);
        self.take(Gap::Space);
        self.take(Gap::Space);
    }

    fn argument(&mut self, gap: Gap, argument: &Argument) {
        match argument {
            Argument::Ref(_, indices) => {
                self.take(gap);
                self.take(Gap::Space);
                self.take_glued(3 * indices);
            }
            Argument::Value(e) => self.verbatim(gap, e.span.end),
        }
    }
}

fn end_of(v: &Variable) -> u32 {
    match &v.initial {
        Initial::None => v.name.span.end,
        Initial::Value(e) | Initial::Element(e) => e.span.end,
    }
}
