//! The operator table: every operator of TLA+ and its standard modules, one row each.
//!
//! A row is the only place that knows an operator. The lexer takes its symbols from here, the
//! parser its fixity and precedence, the resolver its module and arity, inference its type, and
//! the Rust back end the runtime function that evaluates it.
//!
//! Precedences are those of SANY. They are table 6 of *Specifying Systems*, section 15.2.1, but for
//! `SUBSET`, `UNION` and `DOMAIN`, which SANY lets bind as `\\X` does.

use std::collections::HashMap;
use std::sync::OnceLock;

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

/// How the Rust back end evaluates an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// A function of the runtime that always gives a value. Scalars go by value, the rest by
    /// reference.
    Total(&'static str),
    /// A function of the runtime that fails where TLC reports an error.
    Partial(&'static str),
    /// The back end has a form of its own for it (short-circuit, comparison, …).
    Form,
    /// It cannot run; the text says why.
    None(&'static str),
}

/// One operator of the language or of a standard module.
#[derive(Debug)]
pub struct Operator {
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

use Fixity::{Call, Infix, Postfix, Prefix};
use Runtime::{Form, None as NoRust, Partial, Total};

const fn op(
    name: &'static str,
    aliases: &'static [&'static str],
    module: &'static str,
    fixity: Fixity,
    signature: &'static str,
    runtime: Runtime,
) -> Operator {
    Operator { name, aliases, module, fixity, signature, runtime, strings: false }
}

/// An operator on sequences that TLC evaluates on strings, too.
const fn also_on_strings(operator: Operator) -> Operator {
    Operator { strings: true, ..operator }
}

const TEMPORAL: Runtime = NoRust("a temporal operator speaks about behaviours, not about one state");
const ACTION: Runtime = NoRust("an action operator speaks about two states, not about one");
const USER: Runtime = NoRust("the module gives this symbol no meaning");

/// All operators. Order is of no meaning.
pub static OPERATORS: &[Operator] = &[
    // Logic.
    op("=>", &["⇒", "⟹"], "", Infix(1, 1, false), "(Bool, Bool) => Bool", Form),
    op("<=>", &["\\equiv", "⇔", "⟺", "≡"], "", Infix(2, 2, false), "(Bool, Bool) => Bool", Form),
    op("/\\", &["\\land", "∧"], "", Infix(3, 3, true), "(Bool, Bool) => Bool", Form),
    op("\\/", &["\\lor", "∨"], "", Infix(3, 3, true), "(Bool, Bool) => Bool", Form),
    op("~", &["\\lnot", "\\neg", "¬"], "", Prefix(4, 4), "(Bool) => Bool", Form),
    op("=", &[], "", Infix(5, 5, false), "(a, a) => Bool", Form),
    op("#", &["/=", "≠"], "", Infix(5, 5, false), "(a, a) => Bool", Form),
    // Sets.
    op("\\in", &["∈"], "", Infix(5, 5, false), "(a, Set(a)) => Bool", Form),
    op("\\notin", &["∉"], "", Infix(5, 5, false), "(a, Set(a)) => Bool", Form),
    op("\\subseteq", &["⊆"], "", Infix(5, 5, false), "(Set(a), Set(a)) => Bool", Total("subset_eq")),
    op("\\", &[], "", Infix(8, 8, false), "(Set(a), Set(a)) => Set(a)", Total("difference")),
    op("\\cap", &["\\intersect", "∩"], "", Infix(8, 8, true), "(Set(a), Set(a)) => Set(a)", Total("intersection")),
    op("\\cup", &["\\union", "∪"], "", Infix(8, 8, true), "(Set(a), Set(a)) => Set(a)", Total("union")),
    op("SUBSET", &[], "", Prefix(10, 13), "(Set(a)) => Set(Set(a))", Partial("power_set")),
    op("UNION", &[], "", Prefix(10, 13), "(Set(Set(a))) => Set(a)", Total("big_union")),
    op("DOMAIN", &[], "", Prefix(10, 13), "", Form),
    op("\\X", &["\\times", "×"], "", Infix(10, 13, true), "", Form),
    // Naturals and Integers.
    op("<", &[], "Naturals", Infix(5, 5, false), "(Int, Int) => Bool", Form),
    op(">", &[], "Naturals", Infix(5, 5, false), "(Int, Int) => Bool", Form),
    op("<=", &["=<", "\\leq", "≤"], "Naturals", Infix(5, 5, false), "(Int, Int) => Bool", Form),
    op(">=", &["\\geq", "≥"], "Naturals", Infix(5, 5, false), "(Int, Int) => Bool", Form),
    op("..", &["‥"], "Naturals", Infix(9, 9, false), "(Int, Int) => Set(Int)", Partial("range")),
    op("+", &[], "Naturals", Infix(10, 10, true), "(Int, Int) => Int", Partial("add")),
    op("-", &[], "Naturals", Infix(11, 11, true), "(Int, Int) => Int", Partial("subtract")),
    op("-", &[], "Integers", Prefix(12, 12), "(Int) => Int", Partial("negate")),
    op("*", &[], "Naturals", Infix(13, 13, true), "(Int, Int) => Int", Partial("multiply")),
    op("\\div", &["÷"], "Naturals", Infix(13, 13, false), "(Int, Int) => Int", Partial("divide")),
    op("%", &[], "Naturals", Infix(10, 11, false), "(Int, Int) => Int", Partial("modulo")),
    op("^", &[], "Naturals", Infix(14, 14, false), "(Int, Int) => Int", Partial("power")),
    op("Nat", &["ℕ"], "Naturals", Call(0), "Set(Int)", Form),
    op("Int", &["ℤ"], "Integers", Call(0), "Set(Int)", Form),
    op("BOOLEAN", &[], "", Call(0), "Set(Bool)", Total("booleans")),
    op("STRING", &[], "", Call(0), "Set(Str)", Form),
    op("TRUE", &[], "", Call(0), "Bool", Form),
    op("FALSE", &[], "", Call(0), "Bool", Form),
    // Sequences.
    op("Seq", &[], "Sequences", Call(1), "(Set(a)) => Set(Seq(a))", Form),
    also_on_strings(op("Len", &[], "Sequences", Call(1), "(Seq(a)) => Int", Total("len"))),
    op("Head", &[], "Sequences", Call(1), "(Seq(a)) => a", Partial("head")),
    also_on_strings(op("Tail", &[], "Sequences", Call(1), "(Seq(a)) => Seq(a)", Partial("tail"))),
    op("Append", &[], "Sequences", Call(2), "(Seq(a), a) => Seq(a)", Total("append")),
    also_on_strings(op("SubSeq", &[], "Sequences", Call(3), "(Seq(a), Int, Int) => Seq(a)", Partial("sub_seq"))),
    op("SelectSeq", &[], "Sequences", Call(2), "(Seq(a), (a) => Bool) => Seq(a)", Form),
    also_on_strings(op(
        "\\o",
        &["\\circ", "∘"],
        "Sequences",
        Infix(13, 13, true),
        "(Seq(a), Seq(a)) => Seq(a)",
        Total("concat"),
    )),
    // FiniteSets.
    op("Cardinality", &[], "FiniteSets", Call(1), "(Set(a)) => Int", Total("cardinality")),
    op("IsFiniteSet", &[], "FiniteSets", Call(1), "(Set(a)) => Bool", Total("is_finite_set")),
    // TLC.
    op(":>", &[], "TLC", Infix(7, 7, false), "(a, b) => a -> b", Total("single")),
    op("@@", &[], "TLC", Infix(6, 6, true), "(a -> b, a -> b) => a -> b", Total("merge")),
    op("Assert", &[], "TLC", Call(2), "(Bool, a) => Bool", Partial("assert_that")),
    op("Print", &[], "TLC", Call(2), "(a, b) => b", Total("print_and")),
    op("PrintT", &[], "TLC", Call(1), "(a) => Bool", Total("print_true")),
    op("ToString", &[], "TLC", Call(1), "(a) => Str", Total("to_tla_string")),
    op("Permutations", &[], "TLC", Call(1), "(Set(a)) => Set(a -> a)", Partial("permutations")),
    op("SortSeq", &[], "TLC", Call(2), "(Seq(a), (a, a) => Bool) => Seq(a)", Form),
    op(
        "RandomElement",
        &[],
        "TLC",
        Call(1),
        "(Set(a)) => a",
        NoRust("here it has no section to choose: use `with (x \\in S)`"),
    ),
    op("JavaTime", &[], "TLC", Call(0), "Int", NoRust("a section reads no clock")),
    op("TLCGet", &[], "TLC", Call(1), "(a) => b", NoRust("it reads a register of TLC")),
    op("TLCSet", &[], "TLC", Call(2), "(a, b) => Bool", NoRust("it writes a register of TLC")),
    op("Any", &[], "TLC", Call(0), "Set(a)", NoRust("it is a set of everything")),
    // Bags.
    op("(+)", &["\\oplus", "⊕"], "Bags", Infix(10, 10, true), "(a -> Int, a -> Int) => a -> Int", Partial("bag_plus")),
    op("(-)", &["\\ominus", "⊖"], "Bags", Infix(11, 11, true), "(a -> Int, a -> Int) => a -> Int", Total("bag_minus")),
    op("IsABag", &[], "Bags", Call(1), "(a -> Int) => Bool", Total("is_a_bag")),
    op("BagToSet", &[], "Bags", Call(1), "(a -> Int) => Set(a)", Total("bag_to_set")),
    op("SetToBag", &[], "Bags", Call(1), "(Set(a)) => a -> Int", Total("set_to_bag")),
    op("BagIn", &[], "Bags", Call(2), "(a, a -> Int) => Bool", Total("bag_in")),
    op("EmptyBag", &[], "Bags", Call(0), "a -> Int", Form),
    op("BagUnion", &[], "Bags", Call(1), "(Set(a -> Int)) => a -> Int", Partial("bag_union")),
    op("SubBag", &[], "Bags", Call(1), "(a -> Int) => Set(a -> Int)", Partial("sub_bag")),
    op("BagOfAll", &[], "Bags", Call(2), "((a) => b, a -> Int) => b -> Int", Form),
    op("BagCardinality", &[], "Bags", Call(1), "(a -> Int) => Int", Partial("bag_cardinality")),
    op("CopiesIn", &[], "Bags", Call(2), "(a, a -> Int) => Int", Total("copies_in")),
    op("\\sqsubseteq", &["⊑"], "Bags", Infix(5, 5, false), "(a -> Int, a -> Int) => Bool", Total("bag_subset_eq")),
    // Actions and time.
    op("ENABLED", &[], "", Prefix(4, 15), "", ACTION),
    op("UNCHANGED", &[], "", Prefix(4, 15), "", ACTION),
    op("\\cdot", &["⋅"], "", Infix(5, 14, true), "", ACTION),
    op("'", &[], "", Postfix(15), "", ACTION),
    op("[]", &["□"], "", Prefix(4, 15), "", TEMPORAL),
    op("<>", &["◇"], "", Prefix(4, 15), "", TEMPORAL),
    op("~>", &["↝", "⇝"], "", Infix(2, 2, false), "", TEMPORAL),
    op("-+->", &["⇸"], "", Infix(2, 2, false), "", TEMPORAL),
    // Symbols that a module may define.
    op("^+", &["⁺"], "", Postfix(15), "", USER),
    op("^*", &[], "", Postfix(15), "", USER),
    op("^#", &[], "", Postfix(15), "", USER),
    op("/", &[], "", Infix(13, 13, false), "", USER),
    op("...", &["…"], "", Infix(9, 9, false), "", USER),
    op("!!", &["‼"], "", Infix(9, 13, false), "", USER),
    op("##", &[], "", Infix(9, 13, true), "", USER),
    op("(\\X)", &["\\otimes", "⊗"], "", Infix(13, 13, true), "", USER),
    op("$", &[], "", Infix(9, 13, true), "", USER),
    op("$$", &[], "", Infix(9, 13, true), "", USER),
    op("??", &["⁇"], "", Infix(9, 13, true), "", USER),
    op("%%", &[], "", Infix(10, 11, true), "", USER),
    op("&", &[], "", Infix(13, 13, true), "", USER),
    op("&&", &[], "", Infix(13, 13, true), "", USER),
    op("**", &[], "", Infix(13, 13, true), "", USER),
    op("//", &[], "", Infix(13, 13, false), "", USER),
    op("^^", &[], "", Infix(14, 14, false), "", USER),
    op("++", &[], "", Infix(10, 10, true), "", USER),
    op("--", &[], "", Infix(11, 11, true), "", USER),
    op("|", &[], "", Infix(10, 11, true), "", USER),
    op("||", &["‖"], "", Infix(10, 11, true), "", USER),
    op(":=", &["≔"], "", Infix(5, 5, false), "", USER),
    op("::=", &["⩴"], "", Infix(5, 5, false), "", USER),
    op("=|", &["⫤"], "", Infix(5, 5, false), "", USER),
    op("|=", &["⊨"], "", Infix(5, 5, false), "", USER),
    op("|-", &["⊢"], "", Infix(5, 5, false), "", USER),
    op("-|", &["⊣"], "", Infix(5, 5, false), "", USER),
    op("<:", &[], "", Infix(7, 7, false), "", USER),
    op("(/)", &["\\oslash", "⊘"], "", Infix(13, 13, false), "", USER),
    op("(.)", &["\\odot", "⊙"], "", Infix(13, 13, true), "", USER),
    op("\\bigcirc", &["◯"], "", Infix(13, 13, true), "", USER),
    op("\\bullet", &["●"], "", Infix(13, 13, true), "", USER),
    op("\\star", &["⋆"], "", Infix(13, 13, true), "", USER),
    op("\\wr", &["≀"], "", Infix(9, 14, false), "", USER),
    op("\\sqcap", &["⊓"], "", Infix(9, 13, true), "", USER),
    op("\\sqcup", &["⊔"], "", Infix(9, 13, true), "", USER),
    op("\\uplus", &["⊎"], "", Infix(9, 13, true), "", USER),
    op("\\prec", &["≺"], "", Infix(5, 5, false), "", USER),
    op("\\preceq", &["⪯"], "", Infix(5, 5, false), "", USER),
    op("\\succ", &["≻"], "", Infix(5, 5, false), "", USER),
    op("\\succeq", &["⪰"], "", Infix(5, 5, false), "", USER),
    op("\\ll", &["≪"], "", Infix(5, 5, false), "", USER),
    op("\\gg", &["≫"], "", Infix(5, 5, false), "", USER),
    op("\\sqsubset", &["⊏"], "", Infix(5, 5, false), "", USER),
    op("\\sqsupset", &["⊐"], "", Infix(5, 5, false), "", USER),
    op("\\sqsupseteq", &["⊒"], "", Infix(5, 5, false), "", USER),
    op("\\subset", &["⊂"], "", Infix(5, 5, false), "", USER),
    op("\\supset", &["⊃"], "", Infix(5, 5, false), "", USER),
    op("\\supseteq", &["⊇"], "", Infix(5, 5, false), "", USER),
    op("\\sim", &["∼"], "", Infix(5, 5, false), "", USER),
    op("\\simeq", &["≃"], "", Infix(5, 5, false), "", USER),
    op("\\approx", &["≈"], "", Infix(5, 5, false), "", USER),
    op("\\cong", &["≅"], "", Infix(5, 5, false), "", USER),
    op("\\asymp", &["≍"], "", Infix(5, 5, false), "", USER),
    op("\\doteq", &["≐"], "", Infix(5, 5, false), "", USER),
    op("\\propto", &["∝"], "", Infix(5, 5, false), "", USER),
];

/// Symbols that are no operators but punctuation, each with its other spellings. `-.` is how a
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
