//! Going through the normal form.
//!
//! Of a step, `each_expr` gives the expressions and `inner` the lists of steps inside it; of an end, `each_expr` and
//! `blocks`. Everything else is built from these.

use super::{Block, End, Step};
use crate::resolved::{Argument, Expr, Step as PathStep};

impl Step {
    /// Calls `f` on every expression of this step, not those of steps inside it.
    pub fn each_expr<'s>(&'s self, f: &mut dyn FnMut(&'s Expr)) {
        match self {
            Step::Let { value: e, .. } | Step::Pick { set: e, .. } => f(e),
            Step::Yield(e) | Step::Await(e) | Step::Assert(e) | Step::Print(e) | Step::If(e, ..) => f(e),
            Step::Read { indices, .. } => indices.iter().for_each(f),
            Step::Write { indices, value, .. } => {
                indices.iter().for_each(&mut *f);
                f(value);
            }
            Step::Assign { path, value, .. } | Step::AssignMapped { path, value } => {
                path.iter().for_each(|s| {
                    if let PathStep::Index(e) = s {
                        f(e)
                    }
                });
                f(value);
            }
            Step::Either(_) => {}
        }
    }

    /// Calls `f` on every expression of this step, to change it.
    pub fn each_expr_mut(&mut self, f: &mut dyn FnMut(&mut Expr)) {
        match self {
            Step::Let { value: e, .. } | Step::Pick { set: e, .. } => f(e),
            Step::Yield(e) | Step::Await(e) | Step::Assert(e) | Step::Print(e) | Step::If(e, ..) => f(e),
            Step::Read { indices, .. } => indices.iter_mut().for_each(f),
            Step::Write { indices, value, .. } => {
                indices.iter_mut().for_each(&mut *f);
                f(value);
            }
            Step::Assign { path, value, .. } | Step::AssignMapped { path, value } => {
                path.iter_mut().for_each(|s| {
                    if let PathStep::Index(e) = s {
                        f(e);
                    }
                });
                f(value);
            }
            Step::Either(_) => {}
        }
    }

    /// The lists of steps directly inside this one, to change them.
    pub fn inner_mut(&mut self) -> Vec<&mut Vec<Step>> {
        match self {
            Step::If(_, a, b) => vec![a, b],
            Step::Either(arms) => arms.iter_mut().collect(),
            Step::Let { .. } | Step::Pick { .. } | Step::Read { .. } | Step::Write { .. } | Step::Assign { .. } => {
                vec![]
            }
            Step::AssignMapped { .. } | Step::Yield(_) | Step::Await(_) | Step::Assert(_) | Step::Print(_) => vec![],
        }
    }

    /// The lists of steps directly inside this one.
    #[must_use]
    pub fn inner(&self) -> Vec<&[Step]> {
        match self {
            Step::If(_, a, b) => vec![a, b],
            Step::Either(arms) => arms.iter().map(|a| &a[..]).collect(),
            Step::Let { .. } | Step::Pick { .. } | Step::Read { .. } | Step::Write { .. } | Step::Assign { .. } => {
                vec![]
            }
            Step::AssignMapped { .. } | Step::Yield(_) | Step::Await(_) | Step::Assert(_) | Step::Print(_) => vec![],
        }
    }

    /// Calls `f` on this step and every step inside it.
    pub fn each<'s>(&'s self, f: &mut dyn FnMut(&'s Step)) {
        f(self);
        for list in self.inner() {
            list.iter().for_each(|s| s.each(f));
        }
    }

    /// Calls `f` on this step and every step inside it, to change it.
    pub fn each_mut(&mut self, f: &mut dyn FnMut(&mut Step)) {
        f(self);
        for list in self.inner_mut() {
            list.iter_mut().for_each(|s| s.each_mut(f));
        }
    }
}

impl End {
    /// Calls `f` on every expression of this end, not those of blocks inside it.
    pub fn each_expr<'s>(&'s self, f: &mut dyn FnMut(&'s Expr)) {
        match self {
            End::If(c, ..) => f(c),
            End::Call(_, args, _) => args.iter().for_each(|a| {
                if let Argument::Value(e) = a {
                    f(e)
                }
            }),
            End::Goto(_) | End::Return | End::Either(_) => {}
        }
    }

    /// Calls `f` on every expression of this end, to change it.
    pub fn each_expr_mut(&mut self, f: &mut dyn FnMut(&mut Expr)) {
        match self {
            End::If(c, ..) => f(c),
            End::Call(_, args, _) => args.iter_mut().for_each(|a| {
                if let Argument::Value(e) = a {
                    f(e);
                }
            }),
            End::Goto(_) | End::Return | End::Either(_) => {}
        }
    }

    /// The blocks of this end.
    #[must_use]
    pub fn blocks(&self) -> Vec<&Block> {
        match self {
            End::If(_, a, b) => vec![a, b],
            End::Either(arms) => arms.iter().collect(),
            End::Goto(_) | End::Return | End::Call(..) => vec![],
        }
    }

    /// The blocks of this end, to change them.
    pub fn blocks_mut(&mut self) -> Vec<&mut Block> {
        match self {
            End::If(_, a, b) => vec![a, b],
            End::Either(arms) => arms.iter_mut().collect(),
            End::Goto(_) | End::Return | End::Call(..) => vec![],
        }
    }
}

impl Block {
    /// Calls `f` on this block, then on every block that its end leads to.
    pub fn each<'s>(&'s self, f: &mut dyn FnMut(&'s Block)) {
        f(self);
        self.end.blocks().into_iter().for_each(|b| b.each(f));
    }

    /// Calls `f` on this block, then on every block that its end leads to, to change it.
    pub fn each_mut(&mut self, f: &mut dyn FnMut(&mut Block)) {
        f(self);
        self.end.blocks_mut().into_iter().for_each(|b| b.each_mut(f));
    }

    /// Calls `f` on every step.
    pub fn each_step<'s>(&'s self, f: &mut dyn FnMut(&'s Step)) {
        self.each(&mut |b| b.steps.iter().for_each(|s| s.each(f)));
    }

    /// Calls `f` on every expression.
    pub fn each_expr<'s>(&'s self, f: &mut dyn FnMut(&'s Expr)) {
        self.each(&mut |b| {
            b.steps.iter().for_each(|s| s.each(&mut |s| s.each_expr(f)));
            b.end.each_expr(f);
        });
    }

    /// Calls `f` on every expression, to change it.
    pub fn each_expr_mut(&mut self, f: &mut dyn FnMut(&mut Expr)) {
        self.each_mut(&mut |b| {
            b.steps.iter_mut().for_each(|s| s.each_mut(&mut |s| s.each_expr_mut(f)));
            b.end.each_expr_mut(f);
        });
    }
}
