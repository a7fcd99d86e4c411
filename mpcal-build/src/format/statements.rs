//! Statements.

use std::fmt::Write;

use super::{Formatter, WIDTH};
use crate::ast::{Expr, Initial, Place, Step, Stmt, StmtKind, WithBinding};
use crate::source::Span;

impl Formatter<'_> {
    /// Statements of one list: a label stands on its own line, what follows is one deeper.
    pub(super) fn body(&mut self, list: &[Stmt], depth: usize) {
        let mut labelled = 0;
        let mut before: Option<u32> = None;
        for s in list {
            let start = s.label.as_ref().map_or(s.span.start, |l| l.name.span.start);
            let base = if s.label.is_some() { depth } else { depth + labelled };
            if before.is_some_and(|end| self.blank_between(end, start)) {
                self.out.push('\n');
            }
            self.comments_before(start, base);
            if let Some(label) = &s.label {
                let modifier = label.modifier.map(String::from).unwrap_or_default();
                self.line(depth, &format!("{}:{modifier}", label.name.text), label.name.span.end);
                self.comments_before(s.span.start, depth + 1);
                labelled = 1;
            }
            self.statement(s, depth + labelled);
            before = Some(s.span.end);
        }
        if let Some(end) = before {
            // Comments behind the last statement, still inside the braces.
            let close = self.closing_brace(end);
            self.comments_before(close, depth + labelled);
        }
    }

    /// Where the brace stands that ends the list whose last statement ends at a place.
    fn closing_brace(&self, end: u32) -> u32 {
        let mut at = end;
        for comment in &self.comments[self.at..] {
            let between = self.source.slice(Span { start: at, end: comment.start });
            if !between.chars().all(|c| c.is_whitespace() || c == ';') {
                break;
            }
            at = comment.end;
        }
        at
    }

    /// Whether the author left a line blank right before a statement or the comments on top of it.
    fn blank_between(&self, end: u32, start: u32) -> bool {
        let first = self.comments.get(self.at).filter(|c| c.start < start).map_or(start, |c| c.start);
        self.source.slice(Span { start: end, end: first }).matches('\n').count() > 1
    }

    /// A statement with others inside that the author wrote on one line, if it still fits.
    fn on_one_line(&mut self, s: &Stmt, depth: usize) -> bool {
        let nests = match &s.kind {
            StmtKind::If(..) | StmtKind::Either(_) | StmtKind::With(..) | StmtKind::Block(_) => true,
            StmtKind::While(..) => false,
            StmtKind::Assign(_) | StmtKind::Await(_) | StmtKind::Print(_) | StmtKind::Assert(_) | StmtKind::Skip => {
                false
            }
            StmtKind::Return | StmtKind::Goto(_) | StmtKind::Call(..) | StmtKind::Macro(..) | StmtKind::Yield(_) => {
                false
            }
        };
        let commented = self.comments.get(self.at).is_some_and(|c| c.start < s.span.end);
        let text = self.source.slice(s.span);
        if self.one_line || !nests || commented || text.contains('\n') || text.len() > 2 * WIDTH {
            return false;
        }
        let before = std::mem::take(&mut self.out);
        // What stands inside goes on the same line.
        self.one_line = true;
        self.spread(s, depth);
        self.one_line = false;
        let spread = std::mem::replace(&mut self.out, before);
        let one = spread.lines().map(str::trim).collect::<Vec<_>>().join(" ");
        let fits = depth * 2 + one.chars().count() <= WIDTH && !one.contains("\\*");
        if fits {
            self.line(depth, &one, s.span.end);
        }
        fits
    }

    fn statement(&mut self, s: &Stmt, depth: usize) {
        if !self.on_one_line(s, depth) {
            self.spread(s, depth);
        }
    }

    fn spread(&mut self, s: &Stmt, depth: usize) {
        let column = depth * 2;
        let end = s.span.end;
        match &s.kind {
            StmtKind::Assign(list) => self.assign(list, depth, end),
            StmtKind::Await(e) => self.keyword("await", e, depth, end),
            StmtKind::Print(e) => self.keyword("print", e, depth, end),
            StmtKind::Assert(e) => self.keyword("assert", e, depth, end),
            StmtKind::Yield(e) => self.keyword("yield", e, depth, end),
            StmtKind::Skip => self.line(depth, "skip;", end),
            StmtKind::Return => self.line(depth, "return;", end),
            StmtKind::Goto(label) => self.line(depth, &format!("goto {};", label.text), end),
            StmtKind::Call(name, arguments) => {
                let list: Vec<_> = arguments.iter().map(|a| self.argument(a, depth + 1)).collect();
                self.header(depth, &format!("call {}(", name.text), &list, ");", end);
            }
            StmtKind::Macro(name, arguments) => {
                let list: Vec<_> = arguments.iter().map(|e| self.moved(e.span, column + 2, depth + 1)).collect();
                self.header(depth, &format!("{}(", name.text), &list, ");", end);
            }
            StmtKind::If(..) => self.if_chain(s, "", depth),
            StmtKind::While(c, body) => {
                let head = format!("while ({}) {{", self.moved(c.span, column + 7, depth));
                self.line(depth, &head, c.span.end);
                self.inside(body, depth);
                self.close(depth, end);
            }
            StmtKind::Either(arms) => {
                for (n, arm) in arms.iter().enumerate() {
                    let head = if n == 0 { "either {" } else { "} or {" };
                    self.line(depth, head, arm.span.start);
                    self.inside(arm, depth);
                }
                self.close(depth, end);
            }
            StmtKind::With(bindings, body) => {
                let list: Vec<_> = bindings.iter().map(|b| self.binding(b, column + 6, depth)).collect();
                let one = format!("with ({}) {{", list.join("; "));
                let last = bindings.last().map_or(s.span.start, binding_end);
                if column + one.chars().count() <= WIDTH || list.len() == 1 {
                    self.line(depth, &one, last);
                } else {
                    let pad = " ".repeat(column + 6);
                    self.line(depth, &format!("with ({}) {{", list.join(&format!(";\n{pad}"))), last);
                }
                self.inside(body, depth);
                self.close(depth, end);
            }
            StmtKind::Block(list) => {
                self.line(depth, "{", s.span.start);
                self.body(list, depth + 1);
                self.close(depth, end);
            }
        }
    }

    fn close(&mut self, depth: usize, end: u32) {
        self.line(depth, "};", end);
    }

    fn keyword(&mut self, word: &str, e: &Expr, depth: usize, end: u32) {
        let text = format!("{word} {};", self.moved(e.span, depth * 2 + word.len() + 1, depth));
        self.line(depth, &text, end);
    }

    /// The statements of a body, with braces or without.
    fn inside(&mut self, body: &Stmt, depth: usize) {
        match (&body.kind, &body.label) {
            (StmtKind::Block(list), None) => self.body(list, depth + 1),
            _ => self.body(std::slice::from_ref(body), depth + 1),
        }
    }

    fn if_chain(&mut self, s: &Stmt, before: &str, depth: usize) {
        let StmtKind::If(c, then, otherwise) = &s.kind else { return };
        let head = format!("{before}if ({}) {{", self.moved(c.span, depth * 2 + before.len() + 4, depth));
        self.line(depth, &head, c.span.end);
        self.inside(then, depth);
        match otherwise.as_deref() {
            None => self.close(depth, s.span.end),
            Some(nested) if nested.label.is_none() && matches!(nested.kind, StmtKind::If(..)) => {
                self.comments_before(nested.span.start, depth + 1);
                self.if_chain(nested, "} else ", depth);
            }
            Some(other) => {
                self.line(depth, "} else {", other.span.start);
                self.inside(other, depth);
                self.close(depth, s.span.end);
            }
        }
    }

    fn binding(&self, b: &WithBinding, column: usize, depth: usize) -> String {
        let name = &b.name.text;
        match &b.initial {
            Initial::None => name.to_string(),
            Initial::Value(e) => format!("{name} = {}", self.moved(e.span, column + name.len() + 3, depth)),
            Initial::Element(e) => format!("{name} \\in {}", self.moved(e.span, column + name.len() + 5, depth)),
        }
    }

    fn assign(&mut self, list: &[(Place, Expr)], depth: usize, end: u32) {
        let column = depth * 2;
        let parts: Vec<_> = list
            .iter()
            .map(|(place, value)| {
                let target = self.place(place, depth);
                format!("{target} := {}", self.moved(value.span, column + target.chars().count() + 4, depth))
            })
            .collect();
        let one = parts.join(" || ");
        let text = if column + one.chars().count() < WIDTH || parts.len() == 1 {
            one
        } else {
            parts.join(&format!("\n{}|| ", " ".repeat(column)))
        };
        self.line(depth, &format!("{text};"), end);
    }

    fn place(&self, place: &Place, depth: usize) -> String {
        let mut text = place.name.text.to_string();
        for step in &place.path {
            match step {
                Step::Field(name) => {
                    let _ = write!(text, ".{}", name.text);
                }
                Step::Index(list) => {
                    let items: Vec<_> = list.iter().map(|e| self.moved(e.span, 0, depth)).collect();
                    let _ = write!(text, "[{}]", items.join(", "));
                }
            }
        }
        text
    }
}

/// Puts braces around every body that has none, as formatting does.
pub(super) fn brace(s: &mut Stmt) {
    let bodies: Vec<&mut Box<Stmt>> = match &mut s.kind {
        StmtKind::Block(list) => return list.iter_mut().for_each(brace),
        StmtKind::Either(arms) => {
            arms.iter_mut().for_each(brace_body);
            return;
        }
        StmtKind::If(_, then, otherwise) => std::iter::once(then).chain(otherwise).collect(),
        StmtKind::While(_, body) | StmtKind::With(_, body) => vec![body],
        StmtKind::Assign(_) | StmtKind::Await(_) | StmtKind::Print(_) | StmtKind::Assert(_) | StmtKind::Skip => return,
        StmtKind::Return | StmtKind::Goto(_) | StmtKind::Call(..) | StmtKind::Macro(..) | StmtKind::Yield(_) => return,
    };
    bodies.into_iter().for_each(|b| brace_body(b));
}

fn brace_body(body: &mut Stmt) {
    let braced = matches!(body.kind, StmtKind::Block(_)) && body.label.is_none();
    if !braced {
        let inner = Stmt { label: body.label.take(), ..body.clone() };
        body.kind = StmtKind::Block(vec![inner]);
    }
    brace(body);
}

fn binding_end(b: &WithBinding) -> u32 {
    match &b.initial {
        Initial::None => b.name.span.end,
        Initial::Value(e) | Initial::Element(e) => e.span.end,
    }
}
