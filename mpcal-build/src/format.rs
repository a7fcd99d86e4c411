//! The canonical layout of an MPCal block.
//!
//! In: a block as parsed, its comments, its text. Out: the text of the block, laid out anew:
//! statements and parts by rule, expressions as the author broke them into lines, moved as a whole so
//! that junction lists keep their columns. Comments stay with what they stand before or behind.
//! Formatting twice changes nothing more.

mod statements;

use std::fmt::Write;

use crate::ast::{
    Argument, Block, Fairness, Initial, MappingTarget, Name, Parameter, Process, ProcessKind, Stmt, Variable,
};
use crate::source::{Source, Span};

/// Lines that we lay out are at most this long, where they can be broken.
const WIDTH: usize = 100;

/// Formats a block; `comments` are the places of its comments, in order.
#[must_use]
pub fn format(source: &Source, block: &Block, comments: &[Span]) -> String {
    let mut cx = Formatter { source, comments, at: 0, one_line: false, out: String::new() };
    cx.block(block);
    cx.out
}

/// A tree as text, without the places of its nodes: what two layouts of one block have in common.
#[must_use]
pub fn without_places(block: &Block) -> String {
    let mut block = block.clone();
    let bodies = block.macros.iter_mut().map(|m| &mut m.body);
    let bodies = bodies.chain(block.procedures.iter_mut().map(|p| &mut p.body));
    let bodies = bodies.chain(block.archetypes.iter_mut().map(|a| &mut a.body));
    let bodies = bodies.chain(block.mapping_macros.iter_mut().flat_map(|m| [&mut m.read, &mut m.write]));
    let plain = block.processes.iter_mut().filter_map(|p| match &mut p.kind {
        ProcessKind::Plain(_, body) => Some(body),
        ProcessKind::Instance(_) => None,
    });
    bodies.chain(plain).flatten().for_each(statements::brace);
    let text = format!("{block:?}");
    let mut out = String::with_capacity(text.len() / 2);
    for (n, part) in text.split("Span { ").enumerate() {
        // The place itself ends at the next brace; what follows it does not differ.
        out.push_str(if n == 0 { part } else { part.split_once('}').map_or(part, |(_, rest)| rest) });
    }
    out
}

struct Formatter<'s> {
    source: &'s Source,
    comments: &'s [Span],
    /// How many comments have been written or lie inside what was.
    at: usize,
    /// Whether what is being written will be put on one line.
    one_line: bool,
    out: String,
}

/// A part of a block, to be written in the order of the text.
enum Part<'b> {
    Define(Span),
    Macro(&'b crate::ast::Macro),
    Procedure(&'b crate::ast::Procedure),
    MappingMacro(&'b crate::ast::MappingMacro),
    Archetype(&'b crate::ast::Archetype),
    Variables(Vec<&'b Variable>),
    Process(&'b Process),
}

impl Formatter<'_> {
    fn block(&mut self, block: &Block) {
        let _ = writeln!(self.out, "--mpcal {} {{", block.name.text);
        let mut parts: Vec<(u32, Part<'_>)> = Vec::new();
        parts.extend(block.definition_spans.iter().map(|s| (s.start, Part::Define(*s))));
        parts.extend(block.macros.iter().map(|m| (m.name.span.start, Part::Macro(m))));
        parts.extend(block.procedures.iter().map(|p| (p.name.span.start, Part::Procedure(p))));
        parts.extend(block.mapping_macros.iter().map(|m| (m.name.span.start, Part::MappingMacro(m))));
        parts.extend(block.archetypes.iter().map(|a| (a.name.span.start, Part::Archetype(a))));
        parts.extend(block.variables.iter().map(|v| (v.name.span.start, Part::Variables(vec![v]))));
        parts.extend(block.processes.iter().map(|p| (p.span.start, Part::Process(p))));
        parts.sort_by_key(|(at, _)| *at);
        let mut grouped: Vec<(u32, Part<'_>)> = Vec::new();
        for (at, part) in parts {
            match (grouped.last_mut(), part) {
                (Some((_, Part::Variables(list))), Part::Variables(more)) => list.extend(more),
                (_, part) => grouped.push((at, part)),
            }
        }
        for (n, (at, part)) in grouped.into_iter().enumerate() {
            if n > 0 {
                self.out.push('\n');
            }
            self.comments_before(at, 1);
            self.part(&part);
        }
        self.comments_before(block.span.end, 1);
        self.out.push('}');
    }

    fn part(&mut self, part: &Part<'_>) {
        match part {
            Part::Define(span) => {
                self.line(1, "define {", span.start);
                let text = self.source.slice(*span);
                let start = text.len() - text.trim_start().len();
                let inner = Span { start: span.start + start as u32, end: span.end };
                let text = self.moved(inner, 4, 1).trim_end().to_owned();
                if !text.is_empty() {
                    let _ = writeln!(self.out, "    {text}");
                }
                self.skip_comments(span.end);
                self.out.push_str("  }\n");
            }
            Part::Macro(m) => {
                let parameters: Vec<_> = m.parameters.iter().map(|n| n.text.to_string()).collect();
                let head = format!("macro {}(", m.name.text);
                self.header(1, &head, &parameters, ") {", m.name.span.end);
                self.body(&m.body, 2);
                self.out.push_str("  }\n");
            }
            Part::Procedure(p) => {
                self.head_with_parameters("procedure", &p.name, &p.parameters);
                self.locals(&p.variables, 1);
                self.braces(&p.body, 1);
            }
            Part::Archetype(a) => {
                self.head_with_parameters("archetype", &a.name, &a.parameters);
                self.locals(&a.variables, 1);
                self.braces(&a.body, 1);
            }
            Part::MappingMacro(m) => {
                self.line(1, &format!("mapping macro {} {{", m.name.text), m.name.span.end);
                for (name, body) in [("read", &m.read), ("write", &m.write)] {
                    if let Some(first) = body.first() {
                        self.comments_before(self.word_before(name, first), 2);
                    }
                    let _ = writeln!(self.out, "    {name} {{");
                    self.body(body, 3);
                    self.out.push_str("    }\n");
                }
                self.out.push_str("  }\n");
            }
            Part::Variables(list) => self.globals(list),
            Part::Process(p) => self.process(p),
        }
    }

    /// Where the word before a body stands, so that comments inside stay inside.
    fn word_before(&self, word: &str, first: &Stmt) -> u32 {
        let start = first.label.as_ref().map_or(first.span.start, |l| l.name.span.start);
        let bytes = self.source.range(Span { start: 0, end: start }).end;
        let before = &self.source.text[..bytes];
        before.rfind(word).map_or(start, |at| self.source.span(at..at).start)
    }

    fn head_with_parameters(&mut self, keyword: &str, name: &Name, parameters: &[Parameter]) {
        let list: Vec<_> = parameters
            .iter()
            .map(|p| {
                let indices = "[_]".repeat(p.by_ref.unwrap_or(0));
                let by_ref = if p.by_ref.is_some() { "ref " } else { "" };
                let initial =
                    p.initial.as_ref().map(|e| format!(" = {}", self.moved(e.span, 4, 2))).unwrap_or_default();
                format!("{by_ref}{}{indices}{initial}", p.name.text)
            })
            .collect();
        let end = parameters.last().map_or(name.span.end, |p| p.name.span.end);
        self.header(1, &format!("{keyword} {}(", name.text), &list, ")", end);
    }

    /// A head with a list in parentheses: on one line, or an item a line.
    fn header(&mut self, depth: usize, head: &str, list: &[String], tail: &str, end: u32) {
        let pad = "  ".repeat(depth);
        let one = format!("{pad}{head}{}{tail}", list.join(", "));
        if one.chars().count() <= WIDTH && !one.contains('\n') {
            self.line(0, &one, end);
            return;
        }
        let _ = writeln!(self.out, "{pad}{head}");
        for (n, item) in list.iter().enumerate() {
            let comma = if n + 1 < list.len() { "," } else { "" };
            let _ = writeln!(self.out, "{pad}  {item}{comma}");
        }
        self.line(depth, tail, end);
    }

    fn variable(&self, v: &Variable, depth: usize) -> String {
        let column = depth * 2;
        let name = &v.name.text;
        match &v.initial {
            Initial::None => name.to_string(),
            Initial::Value(e) => format!("{name} = {}", self.moved(e.span, column + name.len() + 3, depth)),
            Initial::Element(e) => format!("{name} \\in {}", self.moved(e.span, column + name.len() + 5, depth)),
        }
    }

    fn end_of(v: &Variable) -> u32 {
        match &v.initial {
            Initial::None => v.name.span.end,
            Initial::Value(e) | Initial::Element(e) => e.span.end,
        }
    }

    fn globals(&mut self, list: &[&Variable]) {
        self.out.push_str("  variables\n");
        for v in list {
            self.comments_before(v.name.span.start, 2);
            let text = self.variable(v, 2);
            self.line(2, &format!("{text};"), Self::end_of(v));
        }
    }

    fn locals(&mut self, list: &[Variable], depth: usize) {
        let Some(last) = list.last() else { return };
        let first = list[0].name.span.start;
        let commented = self.comments[self.at..].iter().any(|c| c.start > first && c.end < Self::end_of(last));
        let all: Vec<_> = list.iter().map(|v| self.variable(v, 0)).collect();
        let one = format!("{}variables {};", "  ".repeat(depth), all.join(", "));
        if one.chars().count() <= WIDTH && !one.contains('\n') && !commented {
            self.comments_before(first, depth);
            self.line(0, &one, Self::end_of(last));
            return;
        }
        self.line(depth, "variables", first);
        for v in list {
            self.comments_before(v.name.span.start, depth + 1);
            let text = self.variable(v, depth + 1);
            self.line(depth + 1, &format!("{text};"), Self::end_of(v));
        }
    }

    fn process(&mut self, p: &Process) {
        let fair = match p.fairness {
            Fairness::Unfair => "",
            Fairness::Weak => "fair ",
            Fairness::Strong => "fair+ ",
        };
        let (symbol, set) = match &p.selves {
            Initial::None => {
                if let ProcessKind::Plain(_, body) = &p.kind {
                    self.braces(body, 1);
                }
                return;
            }
            Initial::Value(e) => ("=", e.span),
            Initial::Element(e) => ("\\in", e.span),
        };
        let set = self.moved(set, 4, 1);
        let head = format!("{fair}process ({} {symbol} {set})", p.name.text);
        match &p.kind {
            ProcessKind::Plain(variables, body) => {
                self.line(1, &head, p.span.end);
                self.locals(variables, 1);
                self.braces(body, 1);
            }
            ProcessKind::Instance(instance) => {
                let arguments: Vec<_> = instance.arguments.iter().map(|a| self.argument(a, 2)).collect();
                let head = format!("{head} == instance {}(", instance.archetype.text);
                let close = if instance.mappings.is_empty() { ");" } else { ")" };
                let end = instance.archetype.span.end;
                self.header(1, &head, &arguments, close, end);
                for (n, m) in instance.mappings.iter().enumerate() {
                    self.comments_before(m.span.start, 2);
                    let target = match &m.target {
                        MappingTarget::Name(name) => name.text.to_string(),
                        MappingTarget::Position(n) => format!("@{n}"),
                    };
                    let last = if n + 1 == instance.mappings.len() { ";" } else { "" };
                    let text = format!("mapping {target}{} via {}{last}", "[_]".repeat(m.indices), m.via.text);
                    self.line(2, &text, m.span.end);
                }
            }
        }
    }

    /// An argument, as it stands on a line of its own.
    fn argument(&self, a: &Argument, depth: usize) -> String {
        match a {
            Argument::Ref(name, indices) => format!("ref {}{}", name.text, "[_]".repeat(*indices)),
            Argument::Value(e) => self.moved(e.span, depth * 2, depth),
        }
    }

    fn braces(&mut self, body: &[Stmt], depth: usize) {
        let pad = "  ".repeat(depth);
        let _ = writeln!(self.out, "{pad}{{");
        self.body(body, depth + 1);
        let _ = writeln!(self.out, "{pad}}}");
    }

    /// The text of a span, moved so that it starts in a column (from 0): its other lines move along.
    /// Lines that hang to the left of its start are laid below the statement instead, which is
    /// `depth` deep.
    fn moved(&self, span: Span, column: usize, depth: usize) -> String {
        let text = self.source.slice(span);
        if !text.contains('\n') {
            return text.to_owned();
        }
        let from = self.source.range(span).start;
        let line = self.source.text[..from].rfind('\n').map_or(0, |n| n + 1);
        let old = width(&self.source.text[line..from]);
        let indent = |line: &str| width(&line[..line.len() - line.trim_start().len()]);
        let mut lines = text.lines();
        let first = lines.next().unwrap_or("").trim_end();
        let left = lines.clone().filter(|l| !l.trim().is_empty()).min_by_key(|l| indent(l)).unwrap_or("");
        let (from, to) = if indent(left) >= old || first.contains("/\\") || first.contains("\\/") {
            (old, column)
        } else if left.trim_start().starts_with([')', ']', '}', '>']) {
            (indent(left), depth * 2)
        } else {
            (indent(left), depth * 2 + 2)
        };
        let mut moved = first.to_owned();
        for line in lines {
            moved.push('\n');
            if !line.trim().is_empty() {
                moved.push_str(&" ".repeat((indent(line) + to).saturating_sub(from)));
                moved.push_str(line.trim());
            }
        }
        moved
    }

    /// Writes a line, and behind it the comment that stands behind `end` in the source.
    fn line(&mut self, depth: usize, text: &str, end: u32) {
        self.skip_comments(end);
        let _ = write!(self.out, "{}{text}", "  ".repeat(depth));
        while let Some(comment) = self.comments.get(self.at).copied() {
            let between = self.source.slice(Span { start: end, end: comment.start });
            let behind = between.chars().all(|c| " \t;{}),".contains(c));
            let body = self.source.slice(comment).trim_end();
            if !behind || body.contains('\n') {
                break;
            }
            let _ = write!(self.out, " {body}");
            self.at += 1;
            if body.starts_with("\\*") {
                break;
            }
        }
        self.out.push('\n');
    }

    /// Comments that end before a place lie inside an expression that was written.
    fn skip_comments(&mut self, end: u32) {
        while self.comments.get(self.at).is_some_and(|c| c.end <= end) {
            self.at += 1;
        }
    }

    /// Writes the comments that stand before a place, a line each.
    fn comments_before(&mut self, place: u32, depth: usize) {
        while let Some(comment) = self.comments.get(self.at).copied().filter(|c| c.start < place) {
            let text = self.moved(comment, depth * 2, depth);
            let _ = writeln!(self.out, "{}{}", "  ".repeat(depth), text.trim_end());
            self.at += 1;
        }
    }
}

/// How many columns a text takes that starts a line; a tab goes to the next multiple of eight.
fn width(text: &str) -> usize {
    text.chars().fold(0, |w, c| if c == '\t' { w / 8 * 8 + 8 } else { w + 1 })
}
