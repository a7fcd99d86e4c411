//! Critical sections: what `normalize` makes and both back ends read.
//!
//! A section is a list of [`Step`]s without jumps, and an [`End`] that says where control goes.
//! Every expression is pure: reads of `ref` parameters have become steps of their own.

mod visit;

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
