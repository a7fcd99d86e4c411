//! The tree after name resolution: every name is an id, every operator a row or a definition.
//!
//! Expressions keep their shape but lose their spelling: junction lists and `/\` are one form,
//! `f[a, b]` is `f[<<a, b>>]`, `@` is a bound name. Statements keep labels, loops and jumps.

pub(crate) mod mentions;
mod visit;

use std::collections::HashMap;

use crate::ast::{Fairness, Quantifier};
use crate::operators::Operator;
use crate::source::Span;
use crate::symbol::Symbol;
use crate::types::Tag;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);
        impl $name {
            /// As an index into the model's list.
            #[must_use]
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

id!(
    /// An entry of [`Model::constants`].
    ConstantId
);
id!(
    /// An entry of [`Model::operators`].
    OperatorId
);
id!(
    /// An entry of [`Model::variables`].
    VariableId
);
id!(
    /// An entry of [`Model::bounds`].
    BoundId
);
id!(
    /// An entry of [`Model::mapping_macros`].
    MappingMacroId
);
id!(
    /// An entry of [`Model::archetypes`].
    ArchetypeId
);
id!(
    /// An entry of [`Model::procedures`].
    ProcedureId
);
id!(
    /// An expression; inference keeps a type for each.
    ExprId
);

/// A whole model.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// The name of the block.
    pub name: Symbol,
    /// Whether the algorithm is fair, beside its processes.
    pub is_fair: bool,
    /// `CONSTANT`s.
    pub constants: Vec<Constant>,
    /// Operators that the block uses, directly or not, each after those it was first used by.
    pub operators: Vec<Definition>,
    /// Global variables, locals and parameters.
    pub variables: Vec<Variable>,
    /// Names bound by `with`, quantifiers, `LET`, parameters of operators.
    pub bounds: Vec<Bound>,
    /// `mapping macro`s.
    pub mapping_macros: Vec<MappingMacro>,
    /// `archetype`s.
    pub archetypes: Vec<Archetype>,
    /// `procedure`s.
    pub procedures: Vec<Procedure>,
    /// Processes, in order.
    pub processes: Vec<Process>,
    /// Global variables of the block, in order.
    pub globals: Vec<VariableId>,
    /// Parameters of plain processes and procedures that stand for global variables, with these, and parameters of
    /// procedures that stand for a variable of the process that calls.
    pub hidden: HashMap<VariableId, Option<VariableId>>,
    /// `ASSUME`s that mention only constants and operators.
    pub assumes: Vec<Expr>,
    /// Operators that TLC is run with in the places of standard ones: `Nat <- Small`.
    pub replaced: HashMap<&'static str, OperatorId>,
    /// Types that the author wrote down.
    pub annotations: Annotations,
    /// The instance of a standard module through which an expression names its operator.
    pub qualifiers: HashMap<ExprId, Symbol>,
    /// One more than the largest [`ExprId`].
    pub expr_count: u32,
}

/// `CONSTANT C`, or `CONSTANT Op(_)` with its arity.
#[derive(Clone, Debug)]
pub struct Constant {
    /// Its name.
    pub name: Symbol,
    /// The number of arguments.
    pub arity: usize,
    /// Its place.
    pub span: Span,
    /// What TLC's configuration gives it.
    pub given: Option<Literal>,
    /// The operator that stands in its place there: `C <- Op`.
    pub replaced: Option<OperatorId>,
}

/// A value that a configuration gives to a constant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// `TRUE`
    Bool(bool),
    /// `3`
    Int(i64),
    /// `"text"`
    Str(Symbol),
    /// A model value.
    Model(Symbol),
    /// `{a, b}`
    Set(Vec<Literal>),
}

/// Types that an author gives names, by their names.
pub type Aliases = HashMap<Symbol, Symbol>;

/// The types that the author wrote down.
#[derive(Clone, Debug, Default)]
pub struct Annotations {
    /// Types with names.
    pub aliases: Aliases,
    /// Types of declarations, by their places.
    pub types: HashMap<Span, Symbol>,
}

/// An operator definition.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Its name; `I!Op` for one of an instance.
    pub name: Symbol,
    /// How many of the parameters each part of the name takes.
    pub parts: Vec<usize>,
    /// Its parameters.
    pub parameters: Vec<BoundId>,
    /// What it stands for.
    pub body: Expr,
    /// Whether it is declared `RECURSIVE`, or is a recursive function.
    pub recursive: bool,
    /// Its place.
    pub span: Span,
}

/// What kind of variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VariableKind {
    /// A global variable of the block.
    Global,
    /// A variable of an archetype, a procedure or a process.
    Local,
    /// A value parameter.
    Value,
    /// A `ref` parameter with that many `[_]`.
    Ref(usize),
}

/// A variable or parameter.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name.
    pub name: Symbol,
    /// Its place.
    pub span: Span,
    /// What kind.
    pub kind: VariableKind,
    /// What it starts with.
    pub initial: Initial,
}

/// What a variable or process starts with.
#[derive(Clone, Debug)]
pub enum Initial {
    /// Nothing.
    None,
    /// A value.
    Value(Expr),
    /// Some element of a set.
    Element(Expr),
}

/// A bound name.
#[derive(Clone, Debug)]
pub struct Bound {
    /// Its name; `@` for the old value in `EXCEPT`.
    pub name: Symbol,
    /// Its place.
    pub span: Span,
    /// For an operator (a parameter or a `LET`): the number of its arguments.
    pub arity: usize,
}

/// `mapping macro`
#[derive(Clone, Debug)]
pub struct MappingMacro {
    /// Its name.
    pub name: Symbol,
    /// Its place.
    pub span: Span,
    /// What a read does.
    pub read: Vec<Stmt>,
    /// What a write does.
    pub write: Vec<Stmt>,
}

/// `archetype`
#[derive(Clone, Debug)]
pub struct Archetype {
    /// Its name.
    pub name: Symbol,
    /// Its place.
    pub span: Span,
    /// Its parameters.
    pub parameters: Vec<VariableId>,
    /// Its variables.
    pub locals: Vec<VariableId>,
    /// Its body.
    pub body: Vec<Stmt>,
}

/// `procedure`
#[derive(Clone, Debug)]
pub struct Procedure {
    /// Its name.
    pub name: Symbol,
    /// Its place.
    pub span: Span,
    /// Its parameters.
    pub parameters: Vec<VariableId>,
    /// Its variables.
    pub locals: Vec<VariableId>,
    /// Its body.
    pub body: Vec<Stmt>,
}

/// A process: an archetype with arguments. A plain process has an archetype of its own.
#[derive(Clone, Debug)]
pub struct Process {
    /// Its name.
    pub name: Symbol,
    /// Its place.
    pub span: Span,
    /// Fairness.
    pub fairness: Fairness,
    /// Its identifier, or the set of its identifiers; none for a uniprocess body.
    pub selves: Initial,
    /// What it runs.
    pub archetype: ArchetypeId,
    /// One for each parameter.
    pub arguments: Vec<Argument>,
    /// The mapping macro of each parameter, if it is mapped.
    pub mappings: Vec<Option<MappingMacroId>>,
}

/// An argument of an instance or a call.
#[derive(Clone, Debug)]
pub enum Argument {
    /// `ref x[_]`
    Ref(VariableId, usize, Span),
    /// An expression.
    Value(Expr),
}

/// An expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// Its id.
    pub id: ExprId,
    /// What it is.
    pub kind: ExprKind,
    /// Its place.
    pub span: Span,
}

/// `x, y \in S`
#[derive(Clone, Debug)]
pub struct Binding {
    /// The bound names.
    pub names: Vec<BoundId>,
    /// Whether they are the components of a tuple.
    pub tuple: bool,
    /// The set.
    pub set: Box<Expr>,
}

/// One step of a path into a value.
#[derive(Clone, Debug)]
pub enum Step {
    /// `[i]`
    Index(Expr),
    /// `.field`
    Field(Symbol),
}

/// `![a].b = e`
#[derive(Clone, Debug)]
pub struct Update {
    /// Where.
    pub path: Vec<Step>,
    /// The name of `@` in the value.
    pub at: BoundId,
    /// The new value.
    pub value: Expr,
}

/// `Op(x) == e` in a `LET`
#[derive(Clone, Debug)]
pub struct LetDefinition {
    /// Its name.
    pub bound: BoundId,
    /// Its parameters.
    pub parameters: Vec<BoundId>,
    /// What it stands for.
    pub body: Expr,
}

impl LetDefinition {
    /// Why the body of a definition that only tells TLA+ of an instance is opaque.
    pub const INSTANCE: &'static str = "an instance of a module has no value";

    /// Whether it only tells TLA+ of an instance: nothing of ours mentions it.
    #[must_use]
    pub fn is_instance(&self) -> bool {
        matches!(self.body.kind, ExprKind::Opaque(_, Self::INSTANCE))
    }
}

/// The forms of expressions.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// `TRUE`
    Bool(bool),
    /// `12`
    Int(i64),
    /// `"text"`
    Str(Symbol),
    /// `self`
    SelfId,
    /// A constant that the configuration makes a model value.
    ModelValue(Symbol),
    /// `defaultInitValue`
    DefaultInit,
    /// A variable, or a parameter.
    Variable(VariableId),
    /// A read of a `ref` parameter at indices; `normalize` replaces it by a bound name.
    Read(VariableId, Vec<Expr>),
    /// A bound name.
    Bound(BoundId),
    /// A constant.
    Constant(ConstantId),
    /// `$variable`
    MappedVariable,
    /// `$value`
    MappedValue,
    /// A defined operator, with its arguments.
    Call(OperatorId, Vec<Expr>),
    /// A bound operator, with its arguments.
    CallBound(BoundId, Vec<Expr>),
    /// A constant operator, with its arguments.
    CallConstant(ConstantId, Vec<Expr>),
    /// An operator of the table, with its arguments.
    Builtin(&'static Operator, Vec<Expr>),
    /// An operator given as an argument: a defined one.
    OperatorRef(OperatorId),
    /// An operator given as an argument: one of the table.
    BuiltinRef(&'static Operator),
    /// `a /\ b /\ c`
    And(Vec<Expr>),
    /// `a \/ b \/ c`
    Or(Vec<Expr>),
    /// `f[i]`
    Index(Box<Expr>, Box<Expr>),
    /// `r.field`
    Field(Box<Expr>, Symbol),
    /// `<<a, b>>`
    Tuple(Vec<Expr>),
    /// `{a, b}`
    Set(Vec<Expr>),
    /// `{x \in S : p}`
    Filter(Binding, Box<Expr>),
    /// `{e : x \in S}`
    Map(Box<Expr>, Vec<Binding>),
    /// `[f |-> e]`
    Record(Vec<(Symbol, Expr)>),
    /// `[f : S]`
    RecordSet(Vec<(Symbol, Expr)>),
    /// `[x \in S |-> e]`
    Function(Vec<Binding>, Box<Expr>),
    /// `[S -> T]`
    FunctionSet(Box<Expr>, Box<Expr>),
    /// `[f EXCEPT ![a] = e]`
    Except(Box<Expr>, Vec<Update>),
    /// `\A x \in S : p`
    Quantified(Quantifier, Vec<Binding>, Box<Expr>),
    /// `CHOOSE x \in S : p`
    Choose(Binding, Box<Expr>),
    /// `IF a THEN b ELSE c`
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `CASE a -> b [] OTHER -> c`
    Case(Vec<(Expr, Expr)>, Option<Box<Expr>>),
    /// `LET Op == e IN b`
    Let(Vec<LetDefinition>, Box<Expr>),
    /// `LAMBDA x : e`
    Lambda(Vec<BoundId>, Box<Expr>),
    /// Something that TLC may evaluate and Rust cannot; the text is the source, the reason why.
    Opaque(Symbol, &'static str),
}

/// A label with its fairness modifier.
#[derive(Clone, Debug)]
pub struct Label {
    /// Its name.
    pub name: Symbol,
    /// `+` or `-`
    pub modifier: Option<char>,
    /// Its place.
    pub span: Span,
}

/// A statement.
#[derive(Clone, Debug)]
pub struct Stmt {
    /// Its label.
    pub label: Option<Label>,
    /// What it does.
    pub kind: StmtKind,
    /// Its place.
    pub span: Span,
}

/// What an assignment changes.
#[derive(Clone, Debug)]
pub enum Target {
    /// A variable, at a path into its value.
    Variable(VariableId, Vec<Step>),
    /// A `ref` parameter at indices.
    Write(VariableId, Vec<Expr>),
    /// A part of what a `ref` parameter without indices stands for, at a path: the rest of it is kept.
    Part(VariableId, Vec<Step>),
    /// `$variable`, at a path.
    Mapped(Vec<Step>),
}

/// The forms of statements.
#[derive(Clone, Debug)]
pub enum StmtKind {
    /// `x := 1 || y := 2`
    Assign(Vec<(Target, Expr)>),
    /// `if (c) { … } else { … }`
    If(Expr, Vec<Stmt>, Vec<Stmt>),
    /// `while (c) { … }`
    While(Expr, Vec<Stmt>),
    /// `either { … } or { … }`
    Either(Vec<Vec<Stmt>>),
    /// `with (x = e) { … }`, `with (x \in S) { … }` (the flag): one binding each
    With(BoundId, bool, Expr, Vec<Stmt>),
    /// `await e`
    Await(Expr),
    /// `print e`
    Print(Expr),
    /// `assert e`
    Assert(Expr),
    /// `skip`
    Skip,
    /// `return`
    Return,
    /// `goto l`
    Goto(Symbol, Span),
    /// `call p(…)`
    Call(ProcedureId, Vec<Argument>),
    /// `yield e`
    Yield(Expr),
    /// `{ … }`
    Block(Vec<Stmt>),
}

impl Model {
    /// The name of a variable.
    #[must_use]
    pub fn variable(&self, id: VariableId) -> &Variable {
        &self.variables[id.index()]
    }

    /// A bound name.
    #[must_use]
    pub fn bound(&self, id: BoundId) -> &Bound {
        &self.bounds[id.index()]
    }

    /// The string or model value that an operator is a name for.
    #[must_use]
    pub fn tag_of(&self, id: OperatorId) -> Option<Tag> {
        let definition = &self.operators[id.index()];
        match &definition.body.kind {
            ExprKind::Str(text) if definition.parameters.is_empty() => Some(Tag::Str(*text)),
            ExprKind::ModelValue(name) if definition.parameters.is_empty() => Some(Tag::Model(*name)),
            _ => None,
        }
    }

    /// The model value that a constant is, if the configuration makes it one.
    #[must_use]
    pub fn constant_tag(&self, id: ConstantId) -> Option<Tag> {
        match &self.constants[id.index()].given {
            Some(Literal::Model(name)) => Some(Tag::Model(*name)),
            _ => None,
        }
    }

    /// Makes an id for a new expression.
    pub fn next_expr(&mut self) -> ExprId {
        self.expr_count += 1;
        ExprId(self.expr_count - 1)
    }

    /// Makes a new bound name.
    pub fn new_bound(&mut self, name: impl Into<Symbol>, span: Span, arity: usize) -> BoundId {
        self.bounds.push(Bound { name: name.into(), span, arity });
        BoundId(self.bounds.len() as u32 - 1)
    }

    /// Gives a copy of an expression an id of its own.
    pub fn renumber(&mut self, e: &mut Expr) {
        let id = self.next_expr();
        if let Some(through) = self.qualifiers.get(&e.id).copied() {
            self.qualifiers.insert(id, through);
        }
        e.id = id;
    }

    /// An expression with an id of its own.
    pub fn expr(&mut self, kind: ExprKind, span: Span) -> Expr {
        Expr { id: self.next_expr(), kind, span }
    }
}
