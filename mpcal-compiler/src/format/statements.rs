//! Statements.

use super::printer::{Gap, Printer};
use super::WIDTH;
use crate::ast::{Expr, Place, Step, Stmt, StmtKind, WithBinding};

impl Printer<'_> {
    /// Statements of one list: a label stands on its own line, what follows is one deeper. Says how deep
    /// the comments after the last statement are.
    fn body(&mut self, list: &[Stmt], depth: usize) -> usize {
        let mut labelled = 0;
        for (n, s) in list.iter().enumerate() {
            self.skip_semicolons();
            let base = if s.label.is_some() { depth } else { depth + labelled };
            let mut gap = if n == 0 { Gap::line(base) } else { Gap::next(base) };
            if let Some(label) = &s.label {
                self.take(gap);
                self.take_glued(1 + usize::from(label.modifier.is_some()));
                gap = Gap::line(depth + 1);
                labelled = 1;
            }
            self.statement(s, gap, depth + labelled);
        }
        depth + labelled
    }

    pub(super) fn skip_semicolons(&mut self) {
        while self.is_symbol(";") {
            self.skip();
        }
    }

    /// A body in braces.
    pub(super) fn braces(&mut self, gap: Gap, body: &[Stmt], depth: usize) {
        self.take(gap);
        self.rest_of_braces(body, depth);
    }

    /// A body whose opening brace has been printed.
    pub(super) fn rest_of_braces(&mut self, body: &[Stmt], depth: usize) {
        let comments = self.body(body, depth + 1);
        self.skip_semicolons();
        self.take(Gap::closing(depth, comments));
    }

    /// A statement with others inside that the author wrote on one line stays there, if it still fits.
    fn statement(&mut self, s: &Stmt, gap: Gap, depth: usize) {
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
        self.start(gap);
        if !(nests && self.try_as_it_was(s.span, |p| p.spread(s, depth))) {
            self.spread(s, depth);
        }
    }

    /// Prints a statement whose line has been started.
    fn spread(&mut self, s: &Stmt, depth: usize) {
        match &s.kind {
            StmtKind::Assign(list) => self.assign(list, depth),
            StmtKind::Await(e) => {
                self.take_as(Gap::None, "await");
                self.verbatim(Gap::Space, e.span.end);
            }
            StmtKind::Print(e) | StmtKind::Assert(e) | StmtKind::Yield(e) => {
                self.take(Gap::None);
                self.verbatim(Gap::Space, e.span.end);
            }
            StmtKind::Skip | StmtKind::Return => self.take(Gap::None),
            StmtKind::Goto(_) => {
                self.take(Gap::None);
                self.take(Gap::Space);
            }
            StmtKind::Call(_, arguments) => {
                self.take(Gap::None);
                self.take(Gap::Space);
                self.list(depth, arguments, Self::argument, |p| p.end_with(";"));
                return;
            }
            StmtKind::Macro(_, arguments) => {
                self.take(Gap::None);
                let argument = |p: &mut Self, gap: Gap, e: &Expr| p.verbatim(gap, e.span.end);
                self.list(depth, arguments, argument, |p| p.end_with(";"));
                return;
            }
            StmtKind::If(..) => self.if_chain(s, Gap::None, depth),
            StmtKind::While(c, body) => {
                self.condition(Gap::None, c.span.end);
                self.inside(body, depth);
            }
            StmtKind::Either(arms) => {
                for (n, arm) in arms.iter().enumerate() {
                    if n > 0 {
                        self.skip_semicolons();
                    }
                    self.take(if n == 0 { Gap::None } else { Gap::Even });
                    self.inside(arm, depth);
                }
            }
            StmtKind::With(bindings, body) => {
                self.take(Gap::None);
                self.bindings(bindings, depth);
                self.inside(body, depth);
            }
            StmtKind::Block(list) => self.braces(Gap::None, list, depth),
        }
        self.end_with(";");
    }

    /// `if (c)`, `while (c)`
    fn condition(&mut self, gap: Gap, end: u32) {
        self.take(gap);
        self.take(Gap::Space);
        self.verbatim(Gap::None, end);
        self.take(Gap::None);
    }

    /// The statements of a body, with braces or without.
    fn inside(&mut self, body: &Stmt, depth: usize) {
        match (&body.kind, &body.label) {
            (StmtKind::Block(list), None) => self.braces(Gap::Even, list, depth),
            _ => {
                self.insert(" {");
                self.body(std::slice::from_ref(body), depth + 1);
                self.insert_closing(depth);
            }
        }
    }

    fn if_chain(&mut self, s: &Stmt, gap: Gap, depth: usize) {
        let StmtKind::If(c, then, otherwise) = &s.kind else { return };
        self.condition(gap, c.span.end);
        self.inside(then, depth);
        let Some(other) = otherwise else { return };
        self.skip_semicolons();
        self.take(Gap::Even);
        if other.label.is_none() && matches!(other.kind, StmtKind::If(..)) {
            self.if_chain(other, Gap::Even, depth);
        } else {
            self.inside(other, depth);
        }
    }

    /// `(x = 1; y \in S)`
    fn bindings(&mut self, bindings: &[WithBinding], depth: usize) {
        let print = |p: &mut Self, others: Gap| {
            p.take(Gap::Space);
            for (n, b) in bindings.iter().enumerate() {
                p.variable(if n == 0 { Gap::None } else { others }, &b.initial);
                if n + 1 < bindings.len() {
                    p.take_as(Gap::None, ";");
                }
            }
            while !p.is_symbol(")") && p.next().is_some() {
                p.skip();
            }
            p.take(Gap::None);
        };
        // The brace goes on the same line.
        if !self.try_within(WIDTH - 2, |p| print(p, Gap::Space)) {
            // Below the first, after `with (`.
            print(self, if bindings.len() == 1 { Gap::Space } else { Gap::line(depth + 3) });
        }
        self.set_depth(depth);
    }

    /// `x := 1 || y := 2`
    fn assign(&mut self, list: &[(Place, Expr)], depth: usize) {
        let print = |p: &mut Self, others: Gap| {
            for (n, (place, value)) in list.iter().enumerate() {
                if n > 0 {
                    p.take(others);
                }
                p.place(place, if n == 0 { Gap::None } else { Gap::Space });
                p.take(Gap::Space);
                p.verbatim(Gap::Space, value.span.end);
            }
        };
        // The semicolon goes on the same line.
        if list.len() == 1 || !self.try_within(WIDTH - 1, |p| print(p, Gap::Space)) {
            print(self, Gap::line(depth));
        }
    }

    fn place(&mut self, place: &Place, gap: Gap) {
        self.take(gap);
        for step in &place.path {
            self.take(Gap::None);
            match step {
                Step::Field(_) => self.take(Gap::None),
                Step::Index(list) => {
                    for (n, e) in list.iter().enumerate() {
                        self.verbatim(if n == 0 { Gap::None } else { Gap::Space }, e.span.end);
                        self.take(Gap::None);
                    }
                }
            }
        }
    }
}
