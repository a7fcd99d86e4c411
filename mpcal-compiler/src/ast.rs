//! The tree the parser makes: one module and the MPCal block inside it, as written.
//!
//! Nothing is resolved here: a name is text and a place. Each node's documentation
//! shows the text it stands for; nodes are plain values.

use crate::source::Span;
use crate::symbol::Symbol;

/// A name as written.
#[derive(Clone, Debug)]
pub struct Name {
    /// Its text.
    pub text: Symbol,
    /// Its place.
    pub span: Span,
}

/// One TLA+ module.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// The name in its header.
    pub name: Option<Name>,
    /// The modules it extends.
    pub extends: Vec<Name>,
    /// Its units, without the region that `pcal.trans` owns.
    pub units: Vec<Unit>,
    /// Each module that is instantiated somewhere in it, also in a `LET` or in the block.
    pub instantiates: Vec<Name>,
}

/// One unit of a module, or of a `define` or `LET`.
#[derive(Clone, Debug)]
pub enum Unit {
    /// `CONSTANT C, Op(_, _)`
    Constants(Vec<(Name, usize)>),
    /// `VARIABLE x, y`
    Variables(Vec<Name>),
    /// `RECURSIVE Op(_)`
    Recursive(Vec<(Name, usize)>),
    /// `Op(a, b) == e` or `f[x \in S] == e`
    Definition(Definition),
    /// `ASSUME e`
    Assume(Expr),
    /// `INSTANCE M WITH x <- e`, or `I(a) == INSTANCE M`
    Instance(ModuleInstance),
    /// A module inside the module.
    Module(Module),
    /// A theorem, a proof: parsed, nothing of it is compiled.
    Opaque,
}

/// `I(a) == INSTANCE M WITH x <- e`
#[derive(Clone, Debug)]
pub struct ModuleInstance {
    /// What its definitions are called through; none if they come in under their own names.
    pub name: Option<Name>,
    /// Parameters with the number of arguments they take themselves.
    pub parameters: Vec<(Name, usize)>,
    /// The module.
    pub module: Name,
    /// What stands for its constants and variables.
    pub with: Vec<(Name, Expr)>,
    /// Whether modules that extend this one do not see it.
    pub local: bool,
}

/// `Op(a, B(_)) == e`, or `f[x \in S] == e` with `domain` set.
#[derive(Clone, Debug)]
pub struct Definition {
    /// What it defines.
    pub name: Name,
    /// Parameters with the number of arguments they take themselves.
    pub parameters: Vec<(Name, usize)>,
    /// The bounds, for a function definition.
    pub domain: Option<Vec<Binding>>,
    /// What it stands for.
    pub body: Expr,
    /// Whether modules that extend this one do not see it.
    pub local: bool,
    /// The whole unit.
    pub span: Span,
}

/// `x, y \in S`, or `<<x, y>> \in S` with `tuple` set.
#[derive(Clone, Debug)]
pub struct Binding {
    /// The bound names.
    pub names: Vec<Name>,
    /// Whether they are the components of a tuple.
    pub tuple: bool,
    /// The set; none for an unbounded quantifier.
    pub set: Option<Box<Expr>>,
}

/// An expression and its place.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its place.
    pub span: Span,
}

/// `\A` or `\E`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// For all.
    ForAll,
    /// There is.
    Exists,
}

/// One step of a path into a value: `[i, j]` or `.field`.
#[derive(Clone, Debug)]
pub enum Step {
    /// `[i, j]`
    Index(Vec<Expr>),
    /// `.field`
    Field(Name),
}

/// The forms of expressions.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// `12`, `\hFF`
    Number(i64),
    /// `"text"`, without the quotes, escapes undone
    String(Symbol),
    /// `x`, `TRUE`, `self`, `$variable`
    Name(Symbol),
    /// `Op(a, b)`
    Apply(Name, Vec<Expr>),
    /// `-x`
    Prefix(&'static str, Box<Expr>),
    /// `a + b`
    Infix(&'static str, Box<Expr>, Box<Expr>),
    /// `R \X S \X T`
    Product(Vec<Expr>),
    /// `x'`
    Postfix(&'static str, Box<Expr>),
    /// `/\ a /\ b`, in line or as a list; the flag is true for `/\`
    Junction(bool, Vec<Expr>),
    /// `f[a, b]`
    Index(Box<Expr>, Vec<Expr>),
    /// `r.field`
    Field(Box<Expr>, Name),
    /// `<<a, b>>`
    Tuple(Vec<Expr>),
    /// `{a, b}`
    Set(Vec<Expr>),
    /// `{x \in S : p}`
    Filter(Binding, Box<Expr>),
    /// `{e : x \in S}`
    Map(Box<Expr>, Vec<Binding>),
    /// `[f |-> e]`
    Record(Vec<(Name, Expr)>),
    /// `[f : S]`
    RecordSet(Vec<(Name, Expr)>),
    /// `[x \in S |-> e]`
    Function(Vec<Binding>, Box<Expr>),
    /// `[S -> T]`
    FunctionSet(Box<Expr>, Box<Expr>),
    /// `[f EXCEPT ![a].b = e]`
    Except(Box<Expr>, Vec<(Vec<Step>, Expr)>),
    /// `@`
    At,
    /// `\A x \in S : p`
    Quantified(Quantifier, Vec<Binding>, Box<Expr>),
    /// `CHOOSE x \in S : p`
    Choose(Binding, Box<Expr>),
    /// `IF a THEN b ELSE c`
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `CASE a -> b [] OTHER -> c`
    Case(Vec<(Expr, Expr)>, Option<Box<Expr>>),
    /// `LET Op == e IN b`
    Let(Vec<Unit>, Box<Expr>),
    /// `LAMBDA x : e`
    Lambda(Vec<Name>, Box<Expr>),
    /// `I(x)!Op(a)`: an operator of an instance, each part with its arguments
    Qualified(Vec<(Name, Vec<Expr>)>),
    /// A number of more than 64 bits, which nothing can be made of
    TooLarge,
    /// `1.5`: parsed, never compiled
    Decimal,
    /// `Op!1!<<`, `<1>2`: parsed, never compiled
    Subexpression,
    /// `[A]_v`, `<<A>>_v`, `WF_v(A)`, `\EE x : A`: parsed, never compiled
    Temporal,
}

/// The MPCal block.
#[derive(Clone, Debug)]
pub struct Block {
    /// Its name.
    pub name: Name,
    /// Whether it starts with `--mpcal fair`.
    pub fair: bool,
    /// Units of its `define` parts.
    pub definitions: Vec<Unit>,
    /// What stands between the braces of each `define`.
    pub definition_spans: Vec<Span>,
    /// `macro`s.
    pub macros: Vec<Macro>,
    /// `procedure`s.
    pub procedures: Vec<Procedure>,
    /// `mapping macro`s.
    pub mapping_macros: Vec<MappingMacro>,
    /// `archetype`s.
    pub archetypes: Vec<Archetype>,
    /// Global variables.
    pub variables: Vec<Variable>,
    /// Processes that instantiate an archetype, and plain ones, in order.
    pub processes: Vec<Process>,
    /// Everything from `--mpcal` to the last brace.
    pub span: Span,
}

impl Block {
    /// Whether the algorithm is fair as a whole, which it also is if its only process stands without a name.
    #[must_use]
    pub fn is_fair(&self) -> bool {
        let alone = |p: &Process| matches!(p.selves, Initial::None) && p.fairness != Fairness::Unfair;
        self.fair || self.processes.iter().any(alone)
    }
}

/// `macro M(a) { … }`
#[derive(Clone, Debug)]
pub struct Macro {
    /// Its name.
    pub name: Name,
    /// Its parameters.
    pub parameters: Vec<Name>,
    /// Its body.
    pub body: Vec<Stmt>,
}

/// `ref x[_][_]`, `x`
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: Name,
    /// The number of `[_]` for a `ref`, none for a value.
    pub by_ref: Option<usize>,
    /// What a parameter of a plain PlusCal procedure starts with.
    pub initial: Option<Expr>,
}

/// `procedure P(a, ref b) variables c = 1; { … }`
#[derive(Clone, Debug)]
pub struct Procedure {
    /// Its name.
    pub name: Name,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// Its variables.
    pub variables: Vec<Variable>,
    /// Its body.
    pub body: Vec<Stmt>,
}

/// `mapping macro M { read { … } write { … } }`
#[derive(Clone, Debug)]
pub struct MappingMacro {
    /// Its name.
    pub name: Name,
    /// What a read does.
    pub read: Vec<Stmt>,
    /// What a write does.
    pub write: Vec<Stmt>,
}

/// `archetype A(ref x[_]) variables y = 1; { … }`
#[derive(Clone, Debug)]
pub struct Archetype {
    /// Its name.
    pub name: Name,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// Its variables.
    pub variables: Vec<Variable>,
    /// Its body.
    pub body: Vec<Stmt>,
}

/// `x`, `x = e`, `x \in S`
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name.
    pub name: Name,
    /// What it starts with.
    pub initial: Initial,
}

/// What a variable starts with.
#[derive(Clone, Debug)]
pub enum Initial {
    /// Nothing.
    None,
    /// A value.
    Value(Expr),
    /// Some element of a set.
    Element(Expr),
}

/// Fairness of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fairness {
    /// None.
    Unfair,
    /// `fair`
    Weak,
    /// `fair+`
    Strong,
}

/// `fair process (p \in S) == instance A(…) mapping …;` or a plain process
#[derive(Clone, Debug)]
pub struct Process {
    /// Its name; the block's for a uniprocess body.
    pub name: Name,
    /// Fairness.
    pub fairness: Fairness,
    /// The process set or identifier; none for a uniprocess body.
    pub selves: Initial,
    /// What it runs.
    pub kind: ProcessKind,
    /// From the keyword to the closing parenthesis.
    pub span: Span,
}

/// What a process runs.
#[derive(Clone, Debug)]
pub enum ProcessKind {
    /// An archetype.
    Instance(Instance),
    /// Its own body.
    Plain(Vec<Variable>, Vec<Stmt>),
}

/// `instance A(ref x[_], 1) mapping x[_] via M`
#[derive(Clone, Debug)]
pub struct Instance {
    /// The archetype.
    pub archetype: Name,
    /// Arguments.
    pub arguments: Vec<Argument>,
    /// Mappings.
    pub mappings: Vec<Mapping>,
}

/// An argument of an instance or a call.
#[derive(Clone, Debug)]
pub enum Argument {
    /// `ref x[_]`: the name and the number of `[_]`
    Ref(Name, usize),
    /// An expression.
    Value(Expr),
}

/// `mapping x[_] via M`, `mapping @2[_] via M`
#[derive(Clone, Debug)]
pub struct Mapping {
    /// What is mapped.
    pub target: MappingTarget,
    /// The number of `[_]`.
    pub indices: usize,
    /// The mapping macro.
    pub via: Name,
    /// The whole mapping.
    pub span: Span,
}

/// What a mapping names.
#[derive(Clone, Debug)]
pub enum MappingTarget {
    /// A variable passed as an argument.
    Name(Name),
    /// The n-th argument, from 1.
    Position(usize),
}

/// `name:+`
#[derive(Clone, Debug)]
pub struct Label {
    /// Its name.
    pub name: Name,
    /// `Some('+')` or `Some('-')`
    pub modifier: Option<char>,
}

/// A statement, perhaps labelled.
#[derive(Clone, Debug)]
pub struct Stmt {
    /// Its label.
    pub label: Option<Label>,
    /// What it does.
    pub kind: StmtKind,
    /// Its place, without the label.
    pub span: Span,
}

/// The target of an assignment.
#[derive(Clone, Debug)]
pub struct Place {
    /// The variable, or `$variable`.
    pub name: Name,
    /// Where in its value.
    pub path: Vec<Step>,
    /// All of it.
    pub span: Span,
}

/// A name bound by `with`.
#[derive(Clone, Debug)]
pub struct WithBinding {
    /// The name.
    pub name: Name,
    /// The value, or a set to choose from.
    pub initial: Initial,
}

/// The forms of statements.
#[derive(Clone, Debug)]
pub enum StmtKind {
    /// `x := 1 || y := 2`
    Assign(Vec<(Place, Expr)>),
    /// `if (c) s else s`
    If(Expr, Box<Stmt>, Option<Box<Stmt>>),
    /// `while (c) s`
    While(Expr, Box<Stmt>),
    /// `either s or s`
    Either(Vec<Stmt>),
    /// `with (x = e; y \in S) s`
    With(Vec<WithBinding>, Box<Stmt>),
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
    Goto(Name),
    /// `call p(…)`
    Call(Name, Vec<Argument>),
    /// `m(…)`
    Macro(Name, Vec<Expr>),
    /// `yield e`
    Yield(Expr),
    /// `{ s; s }`
    Block(Vec<Stmt>),
}
