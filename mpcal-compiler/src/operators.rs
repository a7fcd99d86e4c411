//! The operator table: every operator of TLA+ and its standard modules, one row each.
//!
//! A row is the only place that knows an operator. The lexer takes its symbols from here, the
//! parser its fixity and precedence, the resolver its module and arity, inference its type, and
//! the Rust back end the runtime function that evaluates it.
//!
//! Precedences are those of SANY. They are table 6 of *Specifying Systems*, section 15.2.1, but for
//! `SUBSET`, `UNION` and `DOMAIN`, which SANY lets bind as `\\X` does.

mod op;

use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;

#[cfg(feature = "interpret")]
use mpcal_values::{operators as rt, Data, Eval, Seq, Set, Value};

pub use self::op::Op;

/// How an operator is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fixity {
    /// `-x`, with the precedence range of the operator.
    Prefix(u8, u8),
    /// `x + y`, with the precedence range and whether `x + y + z` is allowed.
    Infix(u8, u8, bool),
    /// `x'`, with the precedence.
    Postfix(u8),
    /// `Len(q)`, with the number of arguments.
    Call(usize),
}

/// How an operator is evaluated.
#[derive(Clone, Copy)]
pub enum Runtime {
    /// By a function of the runtime.
    Function(Function),
    /// Each back end has a form of its own for it (short-circuit, comparison, …).
    Form,
    /// It cannot run; the text says why.
    None(&'static str),
}

/// A function of the runtime. Scalars go by value, the rest by reference.
#[derive(Clone, Copy)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// Whether it fails where TLC reports an error; otherwise it always gives a value.
    pub fails: bool,
    /// The same over dynamic values.
    #[cfg(feature = "interpret")]
    pub dynamic: fn(&[Value]) -> Eval<Value>,
}

/// One operator of the language or of a standard module.
pub struct Operator {
    /// Which one it is.
    pub id: Op,
    /// Canonical spelling, which is also the one printed.
    pub name: &'static str,
    /// Other spellings of the same operator.
    pub aliases: &'static [&'static str],
    /// Standard module that defines it; empty for the language itself.
    pub module: &'static str,
    /// Fixity and precedence.
    pub fixity: Fixity,
    /// Type, in the notation of Apalache's type system 1.2; empty where it has none.
    pub signature: &'static str,
    /// How it is evaluated in Rust.
    pub runtime: Runtime,
    /// Whether it takes strings for sequences; functions of the runtime for those, and for values of
    /// which it shows when it runs, start with `string_` and `value_`.
    pub strings: bool,
}

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id.fmt(f)
    }
}

use Fixity::{Call, Infix, Postfix, Prefix};
use Runtime::{Form, None as NoRust};

/// The next argument, as what a function takes.
#[cfg(feature = "interpret")]
macro_rules! argument {
    (Bool, $args:ident) => {
        $args.next::<bool>()?
    };
    (Int, $args:ident) => {
        $args.next::<i64>()?
    };
    (Value, $args:ident) => {
        &$args.next::<Value>()?
    };
    (Set, $args:ident) => {
        &$args.next::<Set<Value>>()?
    };
    (Sets, $args:ident) => {
        &$args.next::<Set<Set<Value>>>()?
    };
    (Seq, $args:ident) => {
        &$args.next::<Seq<Value>>()?
    };
    (Function, $args:ident) => {
        &$args.next::<mpcal_values::Function<Value, Value>>()?
    };
    (Bag, $args:ident) => {
        &$args.next::<Bag>()?
    };
    (Bags, $args:ident) => {
        &$args.next::<Set<Bag>>()?
    };
}

#[cfg(feature = "interpret")]
type Bag = mpcal_values::Function<Value, i64>;

#[cfg(feature = "interpret")]
struct Arguments<'v>(std::slice::Iter<'v, Value>);

#[cfg(feature = "interpret")]
impl Arguments<'_> {
    fn next<T: Data>(&mut self) -> Eval<T> {
        let missing = || mpcal_values::EvalError("an argument is missing".to_owned());
        T::from_value(self.0.next().ok_or_else(missing)?)
    }
}

#[cfg(feature = "interpret")]
macro_rules! function {
    ($name:ident, $fails:literal, $dynamic:expr) => {
        Runtime::Function(Function {
            name: stringify!($name),
            fails: $fails,
            dynamic: |args| {
                let evaluate: fn(&mut Arguments<'_>) -> Eval<Value> = $dynamic;
                evaluate(&mut Arguments(args.iter()))
            },
        })
    };
}

#[cfg(not(feature = "interpret"))]
macro_rules! function {
    ($name:ident, $fails:literal, $dynamic:expr) => {
        Runtime::Function(Function { name: stringify!($name), fails: $fails })
    };
}

/// `total!(union(Set, Set))`: a function that always gives a value, and what it takes; after that, the function over
/// dynamic values, if it is another one.
macro_rules! total {
    ($name:ident()) => { function!($name, false, |_: &mut Arguments<'_>| Ok(rt::$name().to_value())) };
    ($name:ident($($t:ident),+)) => {
        function!($name, false, |args: &mut Arguments<'_>| Ok(rt::$name($(argument!($t, args)),+).to_value()))
    };
    ($name:ident, $dynamic:ident($($t:ident),*)) => {
        function!($name, false, |args: &mut Arguments<'_>| Ok(rt::$dynamic($(argument!($t, args)),*)?.to_value()))
    };
}

/// The same for a function that may fail.
macro_rules! partial {
    ($name:ident($($t:ident),*)) => { partial!($name, $name($($t),*)) };
    ($name:ident, $dynamic:ident($($t:ident),*)) => {
        function!($name, true, |args: &mut Arguments<'_>| Ok(rt::$dynamic($(argument!($t, args)),*)?.to_value()))
    };
}

const fn op(
    id: Op,
    name: &'static str,
    aliases: &'static [&'static str],
    module: &'static str,
    fixity: Fixity,
    signature: &'static str,
    runtime: Runtime,
) -> Operator {
    Operator { id, name, aliases, module, fixity, signature, runtime, strings: false }
}

/// An operator on sequences that TLC evaluates on strings, too.
const fn also_on_strings(operator: Operator) -> Operator {
    Operator { strings: true, ..operator }
}

const TEMPORAL: Runtime = NoRust("a temporal operator speaks about behaviours, not about one state");
const ACTION: Runtime = NoRust("an action operator speaks about two states, not about one");
const USER: Runtime = NoRust("the module gives this symbol no meaning");

impl Op {
    /// The row of an operator that is not a symbol without a meaning.
    #[must_use]
    pub fn row(self) -> &'static Operator {
        OPERATORS.iter().find(|o| o.id == self).expect("every operator has a row")
    }
}

/// All operators. Order is of no meaning.
pub static OPERATORS: &[Operator] = &[
    // Logic.
    op(Op::Implies, "=>", &["⇒", "⟹"], "", Infix(1, 1, false), "(Bool, Bool) => Bool", Form),
    op(Op::Equivalent, "<=>", &["\\equiv", "⇔", "⟺", "≡"], "", Infix(2, 2, false), "(Bool, Bool) => Bool", Form),
    op(Op::And, "/\\", &["\\land", "∧"], "", Infix(3, 3, true), "(Bool, Bool) => Bool", Form),
    op(Op::Or, "\\/", &["\\lor", "∨"], "", Infix(3, 3, true), "(Bool, Bool) => Bool", Form),
    op(Op::Not, "~", &["\\lnot", "\\neg", "¬"], "", Prefix(4, 4), "(Bool) => Bool", Form),
    op(Op::Equal, "=", &[], "", Infix(5, 5, false), "(a, a) => Bool", Form),
    op(Op::NotEqual, "#", &["/=", "≠"], "", Infix(5, 5, false), "(a, a) => Bool", Form),
    // Sets.
    op(Op::In, "\\in", &["∈"], "", Infix(5, 5, false), "(a, Set(a)) => Bool", Form),
    op(Op::NotIn, "\\notin", &["∉"], "", Infix(5, 5, false), "(a, Set(a)) => Bool", Form),
    op(
        Op::SubsetEq,
        "\\subseteq",
        &["⊆"],
        "",
        Infix(5, 5, false),
        "(Set(a), Set(a)) => Bool",
        total!(subset_eq(Set, Set)),
    ),
    op(Op::Difference, "\\", &[], "", Infix(8, 8, false), "(Set(a), Set(a)) => Set(a)", total!(difference(Set, Set))),
    op(
        Op::Intersection,
        "\\cap",
        &["\\intersect", "∩"],
        "",
        Infix(8, 8, true),
        "(Set(a), Set(a)) => Set(a)",
        total!(intersection(Set, Set)),
    ),
    op(
        Op::Union,
        "\\cup",
        &["\\union", "∪"],
        "",
        Infix(8, 8, true),
        "(Set(a), Set(a)) => Set(a)",
        total!(union(Set, Set)),
    ),
    op(Op::PowerSet, "SUBSET", &[], "", Prefix(10, 13), "(Set(a)) => Set(Set(a))", partial!(power_set(Set))),
    op(Op::BigUnion, "UNION", &[], "", Prefix(10, 13), "(Set(Set(a))) => Set(a)", total!(big_union(Sets))),
    op(Op::Domain, "DOMAIN", &[], "", Prefix(10, 13), "", Form),
    op(Op::Product, "\\X", &["\\times", "×"], "", Infix(10, 13, true), "", Form),
    // Naturals and Integers.
    op(Op::Less, "<", &[], "Naturals", Infix(5, 5, false), "(Int, Int) => Bool", Form),
    op(Op::Greater, ">", &[], "Naturals", Infix(5, 5, false), "(Int, Int) => Bool", Form),
    op(Op::LessEqual, "<=", &["=<", "\\leq", "≤"], "Naturals", Infix(5, 5, false), "(Int, Int) => Bool", Form),
    op(Op::GreaterEqual, ">=", &["\\geq", "≥"], "Naturals", Infix(5, 5, false), "(Int, Int) => Bool", Form),
    op(Op::Range, "..", &["‥"], "Naturals", Infix(9, 9, false), "(Int, Int) => Set(Int)", partial!(range(Int, Int))),
    op(Op::Plus, "+", &[], "Naturals", Infix(10, 10, true), "(Int, Int) => Int", partial!(add(Int, Int))),
    op(Op::Minus, "-", &[], "Naturals", Infix(11, 11, true), "(Int, Int) => Int", partial!(subtract(Int, Int))),
    op(Op::Negate, "-", &[], "Integers", Prefix(12, 12), "(Int) => Int", partial!(negate(Int))),
    op(Op::Times, "*", &[], "Naturals", Infix(13, 13, true), "(Int, Int) => Int", partial!(multiply(Int, Int))),
    op(Op::Div, "\\div", &["÷"], "Naturals", Infix(13, 13, false), "(Int, Int) => Int", partial!(divide(Int, Int))),
    op(Op::Mod, "%", &[], "Naturals", Infix(10, 11, false), "(Int, Int) => Int", partial!(modulo(Int, Int))),
    op(Op::Power, "^", &[], "Naturals", Infix(14, 14, false), "(Int, Int) => Int", partial!(power(Int, Int))),
    op(Op::Nat, "Nat", &["ℕ"], "Naturals", Call(0), "Set(Int)", Form),
    op(Op::Int, "Int", &["ℤ"], "Integers", Call(0), "Set(Int)", Form),
    op(Op::Boolean, "BOOLEAN", &[], "", Call(0), "Set(Bool)", total!(booleans())),
    op(Op::String, "STRING", &[], "", Call(0), "Set(Str)", Form),
    op(Op::True, "TRUE", &[], "", Call(0), "Bool", Form),
    op(Op::False, "FALSE", &[], "", Call(0), "Bool", Form),
    // Sequences.
    op(Op::Seq, "Seq", &[], "Sequences", Call(1), "(Set(a)) => Set(Seq(a))", Form),
    also_on_strings(op(Op::Len, "Len", &[], "Sequences", Call(1), "(Seq(a)) => Int", total!(len, value_len(Value)))),
    op(Op::Head, "Head", &[], "Sequences", Call(1), "(Seq(a)) => a", partial!(head(Seq))),
    also_on_strings(op(
        Op::Tail,
        "Tail",
        &[],
        "Sequences",
        Call(1),
        "(Seq(a)) => Seq(a)",
        partial!(tail, value_tail(Value)),
    )),
    op(Op::Append, "Append", &[], "Sequences", Call(2), "(Seq(a), a) => Seq(a)", total!(append(Seq, Value))),
    also_on_strings(op(
        Op::SubSeq,
        "SubSeq",
        &[],
        "Sequences",
        Call(3),
        "(Seq(a), Int, Int) => Seq(a)",
        partial!(sub_seq, value_sub_seq(Value, Int, Int)),
    )),
    op(Op::SelectSeq, "SelectSeq", &[], "Sequences", Call(2), "(Seq(a), (a) => Bool) => Seq(a)", Form),
    also_on_strings(op(
        Op::Concat,
        "\\o",
        &["\\circ", "∘"],
        "Sequences",
        Infix(13, 13, true),
        "(Seq(a), Seq(a)) => Seq(a)",
        total!(concat, value_concat(Value, Value)),
    )),
    // FiniteSets.
    op(Op::Cardinality, "Cardinality", &[], "FiniteSets", Call(1), "(Set(a)) => Int", total!(cardinality(Set))),
    op(Op::IsFiniteSet, "IsFiniteSet", &[], "FiniteSets", Call(1), "(Set(a)) => Bool", total!(is_finite_set(Set))),
    // TLC.
    op(Op::Single, ":>", &[], "TLC", Infix(7, 7, false), "(a, b) => a -> b", total!(single(Value, Value))),
    op(Op::Merge, "@@", &[], "TLC", Infix(6, 6, true), "(a -> b, a -> b) => a -> b", total!(merge(Function, Function))),
    op(Op::Assert, "Assert", &[], "TLC", Call(2), "(Bool, a) => Bool", partial!(assert_that(Bool, Value))),
    op(Op::Print, "Print", &[], "TLC", Call(2), "(a, b) => b", total!(print_and(Value, Value))),
    op(Op::PrintT, "PrintT", &[], "TLC", Call(1), "(a) => Bool", total!(print_true(Value))),
    op(Op::ToString, "ToString", &[], "TLC", Call(1), "(a) => Str", total!(to_tla_string(Value))),
    op(Op::TLCEval, "TLCEval", &[], "TLC", Call(1), "(a) => a", total!(tlc_eval(Value))),
    op(Op::Permutations, "Permutations", &[], "TLC", Call(1), "(Set(a)) => Set(a -> a)", partial!(permutations(Set))),
    op(Op::SortSeq, "SortSeq", &[], "TLC", Call(2), "(Seq(a), (a, a) => Bool) => Seq(a)", Form),
    op(
        Op::RandomElement,
        "RandomElement",
        &[],
        "TLC",
        Call(1),
        "(Set(a)) => a",
        NoRust("here it has no section to choose: use `with (x \\in S)`"),
    ),
    op(Op::JavaTime, "JavaTime", &[], "TLC", Call(0), "Int", NoRust("a critical section cannot read the clock")),
    op(Op::TLCGet, "TLCGet", &[], "TLC", Call(1), "(a) => b", NoRust("it reads a register of TLC")),
    op(Op::TLCSet, "TLCSet", &[], "TLC", Call(2), "(a, b) => Bool", NoRust("it writes a register of TLC")),
    op(Op::Any, "Any", &[], "TLC", Call(0), "Set(a)", NoRust("it is a set of everything")),
    // Bags.
    op(
        Op::BagPlus,
        "(+)",
        &["\\oplus", "⊕"],
        "Bags",
        Infix(10, 10, true),
        "(a -> Int, a -> Int) => a -> Int",
        partial!(bag_plus(Bag, Bag)),
    ),
    op(
        Op::BagMinus,
        "(-)",
        &["\\ominus", "⊖"],
        "Bags",
        Infix(11, 11, true),
        "(a -> Int, a -> Int) => a -> Int",
        total!(bag_minus(Bag, Bag)),
    ),
    op(Op::IsABag, "IsABag", &[], "Bags", Call(1), "(a -> Int) => Bool", total!(is_a_bag(Bag))),
    op(Op::BagToSet, "BagToSet", &[], "Bags", Call(1), "(a -> Int) => Set(a)", total!(bag_to_set(Bag))),
    op(Op::SetToBag, "SetToBag", &[], "Bags", Call(1), "(Set(a)) => a -> Int", total!(set_to_bag(Set))),
    op(Op::BagIn, "BagIn", &[], "Bags", Call(2), "(a, a -> Int) => Bool", total!(bag_in(Value, Bag))),
    op(Op::EmptyBag, "EmptyBag", &[], "Bags", Call(0), "a -> Int", Form),
    op(Op::BagUnion, "BagUnion", &[], "Bags", Call(1), "(Set(a -> Int)) => a -> Int", partial!(bag_union(Bags))),
    op(Op::SubBag, "SubBag", &[], "Bags", Call(1), "(a -> Int) => Set(a -> Int)", partial!(sub_bag(Bag))),
    op(Op::BagOfAll, "BagOfAll", &[], "Bags", Call(2), "((a) => b, a -> Int) => b -> Int", Form),
    op(Op::BagCardinality, "BagCardinality", &[], "Bags", Call(1), "(a -> Int) => Int", partial!(bag_cardinality(Bag))),
    op(Op::CopiesIn, "CopiesIn", &[], "Bags", Call(2), "(a, a -> Int) => Int", total!(copies_in(Value, Bag))),
    op(
        Op::BagSubsetEq,
        "\\sqsubseteq",
        &["⊑"],
        "Bags",
        Infix(5, 5, false),
        "(a -> Int, a -> Int) => Bool",
        total!(bag_subset_eq(Bag, Bag)),
    ),
    // Actions and time.
    op(Op::Enabled, "ENABLED", &[], "", Prefix(4, 15), "", ACTION),
    op(Op::Unchanged, "UNCHANGED", &[], "", Prefix(4, 15), "", ACTION),
    op(Op::Compose, "\\cdot", &["⋅"], "", Infix(5, 14, true), "", ACTION),
    op(Op::Prime, "'", &[], "", Postfix(15), "", ACTION),
    op(Op::Always, "[]", &["□"], "", Prefix(4, 15), "", TEMPORAL),
    op(Op::Eventually, "<>", &["◇"], "", Prefix(4, 15), "", TEMPORAL),
    op(Op::LeadsTo, "~>", &["↝", "⇝"], "", Infix(2, 2, false), "", TEMPORAL),
    op(Op::Guarantees, "-+->", &["⇸"], "", Infix(2, 2, false), "", TEMPORAL),
    // Symbols that a module may define.
    op(Op::User, "^+", &["⁺"], "", Postfix(15), "", USER),
    op(Op::User, "^*", &[], "", Postfix(15), "", USER),
    op(Op::User, "^#", &[], "", Postfix(15), "", USER),
    op(Op::User, "/", &[], "", Infix(13, 13, false), "", USER),
    op(Op::User, "...", &["…"], "", Infix(9, 9, false), "", USER),
    op(Op::User, "!!", &["‼"], "", Infix(9, 13, false), "", USER),
    op(Op::User, "##", &[], "", Infix(9, 13, true), "", USER),
    op(Op::User, "(\\X)", &["\\otimes", "⊗"], "", Infix(13, 13, true), "", USER),
    op(Op::User, "$", &[], "", Infix(9, 13, true), "", USER),
    op(Op::User, "$$", &[], "", Infix(9, 13, true), "", USER),
    op(Op::User, "??", &["⁇"], "", Infix(9, 13, true), "", USER),
    op(Op::User, "%%", &[], "", Infix(10, 11, true), "", USER),
    op(Op::User, "&", &[], "", Infix(13, 13, true), "", USER),
    op(Op::User, "&&", &[], "", Infix(13, 13, true), "", USER),
    op(Op::User, "**", &[], "", Infix(13, 13, true), "", USER),
    op(Op::User, "//", &[], "", Infix(13, 13, false), "", USER),
    op(Op::User, "^^", &[], "", Infix(14, 14, false), "", USER),
    op(Op::User, "++", &[], "", Infix(10, 10, true), "", USER),
    op(Op::User, "--", &[], "", Infix(11, 11, true), "", USER),
    op(Op::User, "|", &[], "", Infix(10, 11, true), "", USER),
    op(Op::User, "||", &["‖"], "", Infix(10, 11, true), "", USER),
    op(Op::User, ":=", &["≔"], "", Infix(5, 5, false), "", USER),
    op(Op::User, "::=", &["⩴"], "", Infix(5, 5, false), "", USER),
    op(Op::User, "=|", &["⫤"], "", Infix(5, 5, false), "", USER),
    op(Op::User, "|=", &["⊨"], "", Infix(5, 5, false), "", USER),
    op(Op::User, "|-", &["⊢"], "", Infix(5, 5, false), "", USER),
    op(Op::User, "-|", &["⊣"], "", Infix(5, 5, false), "", USER),
    op(Op::User, "<:", &[], "", Infix(7, 7, false), "", USER),
    op(Op::User, "(/)", &["\\oslash", "⊘"], "", Infix(13, 13, false), "", USER),
    op(Op::User, "(.)", &["\\odot", "⊙"], "", Infix(13, 13, true), "", USER),
    op(Op::User, "\\bigcirc", &["◯"], "", Infix(13, 13, true), "", USER),
    op(Op::User, "\\bullet", &["●"], "", Infix(13, 13, true), "", USER),
    op(Op::User, "\\star", &["⋆"], "", Infix(13, 13, true), "", USER),
    op(Op::User, "\\wr", &["≀"], "", Infix(9, 14, false), "", USER),
    op(Op::User, "\\sqcap", &["⊓"], "", Infix(9, 13, true), "", USER),
    op(Op::User, "\\sqcup", &["⊔"], "", Infix(9, 13, true), "", USER),
    op(Op::User, "\\uplus", &["⊎"], "", Infix(9, 13, true), "", USER),
    op(Op::User, "\\prec", &["≺"], "", Infix(5, 5, false), "", USER),
    op(Op::User, "\\preceq", &["⪯"], "", Infix(5, 5, false), "", USER),
    op(Op::User, "\\succ", &["≻"], "", Infix(5, 5, false), "", USER),
    op(Op::User, "\\succeq", &["⪰"], "", Infix(5, 5, false), "", USER),
    op(Op::User, "\\ll", &["≪"], "", Infix(5, 5, false), "", USER),
    op(Op::User, "\\gg", &["≫"], "", Infix(5, 5, false), "", USER),
    op(Op::User, "\\sqsubset", &["⊏"], "", Infix(5, 5, false), "", USER),
    op(Op::User, "\\sqsupset", &["⊐"], "", Infix(5, 5, false), "", USER),
    op(Op::User, "\\sqsupseteq", &["⊒"], "", Infix(5, 5, false), "", USER),
    op(Op::User, "\\subset", &["⊂"], "", Infix(5, 5, false), "", USER),
    op(Op::User, "\\supset", &["⊃"], "", Infix(5, 5, false), "", USER),
    op(Op::User, "\\supseteq", &["⊇"], "", Infix(5, 5, false), "", USER),
    op(Op::User, "\\sim", &["∼"], "", Infix(5, 5, false), "", USER),
    op(Op::User, "\\simeq", &["≃"], "", Infix(5, 5, false), "", USER),
    op(Op::User, "\\approx", &["≈"], "", Infix(5, 5, false), "", USER),
    op(Op::User, "\\cong", &["≅"], "", Infix(5, 5, false), "", USER),
    op(Op::User, "\\asymp", &["≍"], "", Infix(5, 5, false), "", USER),
    op(Op::User, "\\doteq", &["≐"], "", Infix(5, 5, false), "", USER),
    op(Op::User, "\\propto", &["∝"], "", Infix(5, 5, false), "", USER),
];

/// Symbols that are punctuation, not operators, each with its other spellings. `-.` is how a
/// module names the prefix `-`; `]_` and `>>_` end an action before its subscript.
pub static PUNCTUATION: &[(&str, &[&str])] = &[
    ("(", &[]),
    (")", &[]),
    ("[", &[]),
    ("]", &[]),
    ("]_", &[]),
    ("{", &[]),
    ("}", &[]),
    ("<<", &["⟨"]),
    (">>", &["⟩"]),
    (">>_", &["⟩_"]),
    (",", &[]),
    (";", &[]),
    (":", &[]),
    ("::", &["∷"]),
    (".", &[]),
    ("!", &[]),
    ("@", &[]),
    ("==", &["≜"]),
    ("->", &["→", "⟶"]),
    ("<-", &["←", "⟵"]),
    ("|->", &["↦", "⟼"]),
    ("-.", &[]),
    ("\\A", &["\\forall", "∀"]),
    ("\\E", &["\\exists", "∃"]),
    ("\\AA", &[]),
    ("\\EE", &[]),
];

impl Operator {
    /// The canonical spelling and all others.
    pub fn spellings(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }
}

/// The standard modules that can be extended without a file.
pub static STANDARD_MODULES: &[&str] =
    &["Naturals", "Integers", "Reals", "Sequences", "FiniteSets", "Bags", "TLC", "Randomization", "RealTime", "Json"];

/// The standard modules that a standard module extends, directly or not.
#[must_use]
pub fn extended_by(module: &str) -> &'static [&'static str] {
    match module {
        "Integers" => &["Naturals"],
        "Reals" => &["Integers", "Naturals"],
        "RealTime" => &["Reals", "Integers", "Naturals"],
        _ => &[],
    }
}

/// The rows of one spelling: a symbol can be prefix and infix.
#[derive(Clone, Copy, Default)]
struct Rows {
    infix: Option<&'static Operator>,
    prefix: Option<&'static Operator>,
    postfix: Option<&'static Operator>,
    call: Option<&'static Operator>,
}

fn rows(spelling: &str) -> Rows {
    static TABLE: OnceLock<HashMap<&'static str, Rows>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let mut table: HashMap<&'static str, Rows> = HashMap::new();
        for operator in OPERATORS {
            for spelling in operator.spellings() {
                let rows = table.entry(spelling).or_default();
                let row = match operator.fixity {
                    Infix(..) => &mut rows.infix,
                    Prefix(..) => &mut rows.prefix,
                    Postfix(_) => &mut rows.postfix,
                    Call(_) => &mut rows.call,
                };
                *row = Some(operator);
            }
        }
        table
    });
    table.get(spelling).copied().unwrap_or_default()
}

/// Finds the infix operator spelt so.
#[must_use]
pub fn infix(spelling: &str) -> Option<&'static Operator> {
    rows(spelling).infix
}

/// Finds the prefix operator spelt so.
#[must_use]
pub fn prefix(spelling: &str) -> Option<&'static Operator> {
    rows(spelling).prefix
}

/// Finds the postfix operator spelt so.
#[must_use]
pub fn postfix(spelling: &str) -> Option<&'static Operator> {
    rows(spelling).postfix
}

/// Finds the operator of a standard module that is written like a call.
#[must_use]
pub fn call(name: &str) -> Option<&'static Operator> {
    rows(name).call
}
