//! Critical sections: what `normalize` makes and both back ends read.
//!
//! A section is a list of [`Step`]s without jumps, and an [`End`] that says where control goes.
//! Every expression is pure: reads of `ref` parameters have become steps of their own.

use crate::resolved::{Argument, BoundId, Expr, ProcedureId, Step as PathStep, VariableId};
use crate::source::Span;
use crate::symbol::Symbol;

/// The critical sections of one archetype or procedure, in the order of the text.
#[derive(Clone, Debug)]
pub struct Body {
    /// The sections; control starts at the first.
    pub sections: Vec<Section>,
}

/// One atomic step of the system.
#[derive(Clone, Debug)]
pub struct Section {
    /// Its label.
    pub label: Symbol,
    /// `+` or `-`
    pub modifier: Option<char>,
    /// The place of the label.
    pub span: Span,
    /// Whether the label stands at a `while`: then the block reads what the condition needs, and ends in an `If` whose
    /// first branch is the body of the loop.
    pub is_loop: bool,
    /// The label of the innermost loop that it stands in.
    pub inside: Option<Symbol>,
    /// What it does.
    pub block: Block,
}

/// Steps, then an end.
#[derive(Clone, Debug)]
pub struct Block {
    /// What happens.
    pub steps: Vec<Step>,
    /// Where control goes.
    pub end: End,
}

/// A label to jump to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Jump {
    /// A label of the same body.
    Label(Symbol),
    /// The end of the process.
    Done,
    /// The end of a procedure without `return`, or `goto Error`.
    Error,
}

/// Where control goes.
#[derive(Clone, Debug)]
pub enum End {
    /// To a label.
    Goto(Jump),
    /// Back to the caller.
    Return,
    /// Into a procedure, and from there to a label, or with `None` back to our own caller.
    Call(ProcedureId, Vec<Argument>, Option<Jump>),
    /// One way or the other.
    If(Expr, Box<Block>, Box<Block>),
    /// Some way.
    Either(Vec<Block>),
}

/// One step inside a section.
#[derive(Clone, Debug)]
pub enum Step {
    /// Binds a name to a value, for the rest of the list and its end.
    Let {
        /// The name.
        bound: BoundId,
        /// Its value; as lazy as in TLC.
        value: Expr,
        /// Whether the author wrote it, as a `with`.
        author: bool,
    },
    /// Binds a name to some element of a set; blocks if there is none.
    Pick {
        /// The name.
        bound: BoundId,
        /// The set.
        set: Expr,
    },
    /// Reads a `ref` parameter and binds the value.
    Read {
        /// The name of the value.
        bound: BoundId,
        /// The parameter.
        parameter: VariableId,
        /// The indices.
        indices: Vec<Expr>,
        /// Its place.
        span: Span,
    },
    /// Writes a `ref` parameter.
    Write {
        /// The parameter.
        parameter: VariableId,
        /// The indices.
        indices: Vec<Expr>,
        /// The value.
        value: Expr,
        /// The `||` it is part of: a number of its own in the model.
        group: Option<u32>,
        /// Its place.
        span: Span,
    },
    /// Changes a variable of the archetype or procedure.
    Assign {
        /// The variable.
        variable: VariableId,
        /// Where in its value.
        path: Vec<PathStep>,
        /// The new value.
        value: Expr,
        /// The `||` it is part of.
        group: Option<u32>,
        /// Its place.
        span: Span,
    },
    /// Changes `$variable`; only in a mapping macro.
    AssignMapped {
        /// Where in its value.
        path: Vec<PathStep>,
        /// The new value.
        value: Expr,
    },
    /// The value of a mapping macro.
    Yield(Expr),
    /// Blocks unless true.
    Await(Expr),
    /// Stops the system unless true.
    Assert(Expr),
    /// Shows a value once the step is committed.
    Print(Expr),
    /// Either list.
    If(Expr, Vec<Step>, Vec<Step>),
    /// Some list.
    Either(Vec<Vec<Step>>),
}

/// The model in normal form; lists run parallel to those of [`Model`](crate::resolved::Model).
#[derive(Clone, Debug, Default)]
pub struct Normal {
    /// Bodies of archetypes.
    pub archetypes: Vec<Body>,
    /// Bodies of procedures.
    pub procedures: Vec<Body>,
    /// Bodies of mapping macros.
    pub mapping_macros: Vec<MappingBody>,
}

/// What a mapping macro does where its variable is read, and where it is written.
#[derive(Clone, Debug)]
pub struct MappingBody {
    /// For a read.
    pub read: Vec<Step>,
    /// For a write.
    pub write: Vec<Step>,
}

impl MappingBody {
    /// The steps of both.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.read.iter().chain(&self.write)
    }
}

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

    /// Calls `f` on every expression of this step and of every step inside it, to change it.
    pub fn each_expr_inside_mut(&mut self, f: &mut dyn FnMut(&mut Expr)) {
        self.each_expr_mut(f);
        for list in self.inner_mut() {
            list.iter_mut().for_each(|s| s.each_expr_inside_mut(f));
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
    /// Calls `f` on every step, also of the blocks of the end.
    pub fn each_step<'s>(&'s self, f: &mut dyn FnMut(&'s Step)) {
        self.steps.iter().for_each(|s| s.each(f));
        self.each_block(&mut |b| b.each_step(f));
    }

    /// Calls `f` on the blocks of the end.
    pub fn each_block<'s>(&'s self, f: &mut dyn FnMut(&'s Block)) {
        self.end.blocks().into_iter().for_each(f);
    }

    /// Calls `f` on every expression.
    pub fn each_expr<'s>(&'s self, f: &mut dyn FnMut(&'s Expr)) {
        self.steps.iter().for_each(|s| s.each(&mut |s| s.each_expr(f)));
        self.end.each_expr(f);
        self.each_block(&mut |b| b.each_expr(f));
    }

    /// Calls `f` on every expression, to change it.
    pub fn each_expr_mut(&mut self, f: &mut dyn FnMut(&mut Expr)) {
        self.steps.iter_mut().for_each(|s| s.each_expr_inside_mut(f));
        self.end.each_expr_mut(f);
        self.end.blocks_mut().into_iter().for_each(|b| b.each_expr_mut(f));
    }
}
