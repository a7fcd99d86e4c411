//! The body of a process or procedure: its sections in the order of the text, those of a loop inside it.
//!
//! A section that starts with a `while` is one in PlusCal, too, unless its condition needs steps before it, as a mapped
//! read may, or `pcal.trans` would find that too deep: then it is an `if` with a jump back, and what stands in the loop
//! follows it.

use std::collections::HashMap;

use super::layout::{self, Statement};
use super::lower::Lowered;
use super::section::{is_while, section, Owner, Place};
use super::MAX_NESTING;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::normal::Section;
use crate::source::{Sources, Span};

/// Writes a body, in braces.
pub(super) fn body(
    sources: &Sources,
    lowered: &Lowered,
    owner: Owner<'_>,
    sections: &[Section],
    text: &mut String,
    out: &mut Diagnostics,
) {
    let place = |keep_loops: bool| {
        let inside = inside(sections, keep_loops);
        let mut cx = Placer { sources, lowered, owner, inside, keep_loops, too_deep: false, problems: Vec::new() };
        let statements = cx.list(None, None, 0);
        (statements, cx.problems, cx.too_deep)
    };
    let (mut statements, mut problems, too_deep) = place(true);
    if too_deep {
        (statements, problems, _) = place(false);
    }
    problems.into_iter().for_each(|d| out.push(d));
    text.push_str("  {\n");
    layout::write(&statements, 2, text);
    text.push_str("  }\n");
}

/// The sections directly inside each loop that stays one, and under no label those outside of all.
type Inside<'p> = HashMap<Option<&'p str>, Vec<&'p Section>>;

fn inside(sections: &[Section], keep_loops: bool) -> Inside<'_> {
    let all: HashMap<&str, &Section> = sections.iter().map(|s| (&*s.label, s)).collect();
    let mut found = Inside::new();
    for section in sections {
        let mut around = section.inside.as_deref();
        while let Some(outer) = around.and_then(|l| all.get(l)).filter(|s| !keep_loops || !is_while(s)) {
            around = outer.inside.as_deref();
        }
        found.entry(around).or_default().push(section);
    }
    found
}

struct Placer<'p> {
    sources: &'p Sources,
    lowered: &'p Lowered,
    owner: Owner<'p>,
    inside: Inside<'p>,
    keep_loops: bool,
    /// Whether statements nest too deep because of the loops around them.
    too_deep: bool,
    problems: Vec<Diagnostic>,
}

impl<'p> Placer<'p> {
    /// The sections of a loop, or those outside of all; `after` is where control goes from the last.
    fn list(&mut self, label: Option<&'p str>, after: Option<&'p str>, depth: usize) -> Vec<Statement> {
        let own = self.inside.remove(&label).unwrap_or_default();
        let mut list = Vec::new();
        for (n, section) in own.iter().enumerate() {
            let next = own.get(n + 1).map(|s| &*s.label).or(after);
            list.extend(self.section(section, next, depth));
        }
        list
    }

    fn section(&mut self, of: &'p Section, next: Option<&'p str>, depth: usize) -> Option<Statement> {
        let label = &*of.label;
        let first = self.inside.get(&Some(label)).and_then(|list| list.first()).map_or(label, |s| &*s.label);
        let body = (self.keep_loops && is_while(of)).then_some(first);
        let inner = self.list(Some(label), Some(label), depth + Statement::LOOP);
        let Some(mut statements) = section(self.lowered, self.owner, of, Place { next, body }) else {
            let message = "a variable of a procedure is assigned before the procedure is called again";
            self.problems.push(
                Diagnostic::error("assigned-before-call", of.span, message)
                    .because("PlusCal saves the value that the variable had before the step")
                    .help("write a label before the `call`"),
            );
            return None;
        };
        let deepest = Statement::depth(&statements) + depth;
        self.too_deep |= deepest > MAX_NESTING && (depth > 0 || body.is_some());
        if deepest > MAX_NESTING {
            let message = format!("the translation of this section nests {deepest} levels deep");
            self.problems.push(
                Diagnostic::error("nesting-too-deep", of.span, message)
                    .because(format!("the PlusCal translator overflows beyond {MAX_NESTING}"))
                    .help("write a label in between, or combine the assignments into one"),
            );
        }
        if let Some(Statement::While(_, list)) = statements.first_mut() {
            list.extend(inner);
        }
        let modifier = of.modifier.map(String::from).unwrap_or_default();
        Some(Statement::Labelled(comments(self.sources, of.span), format!("{label}:{modifier}"), statements))
    }
}

/// The comments of the model in the lines above a place that starts its line.
pub(super) fn comments(sources: &Sources, at: Span) -> Vec<String> {
    let before = &sources.model().text[..sources.model().range(at).start];
    let (above, own) = before.rsplit_once('\n').unwrap_or(("", before));
    let is_comment = |line: &&str| {
        let one_line = line.starts_with("(*") && line.find("*)") == Some(line.len() - 2);
        // What pcal.trans looks for must not stand in the algorithm.
        let marker = ["TRANSLATION", "--algorithm", "--fair"].iter().any(|m| line.contains(m));
        (line.starts_with("\\*") || one_line) && !marker
    };
    if !own.trim().is_empty() {
        return Vec::new();
    }
    let mut lines: Vec<_> = above.lines().rev().map(str::trim).take_while(is_comment).map(str::to_owned).collect();
    lines.reverse();
    lines
}
