//! Every diagnostic code with its explanation: what the rule is, why it is there, what to do.

/// A code and its explanation.
pub struct Explanation {
    /// The stable code.
    pub code: &'static str,
    /// The text `mpcal-build explain CODE` shows.
    pub text: &'static str,
}

/// What a diagnostic code means: the rule, why it is there, what to do.
#[must_use]
pub fn explain(code: &str) -> Option<&'static str> {
    find(code).map(|e| e.text)
}

/// Finds the explanation of a code.
#[must_use]
pub fn find(code: &str) -> Option<&'static Explanation> {
    EXPLANATIONS.iter().find(|e| e.code == code)
}

const fn code(code: &'static str, text: &'static str) -> Explanation {
    Explanation { code, text }
}

/// All codes, sorted.
pub static EXPLANATIONS: &[Explanation] = &[
    code("always-fails", "An expression that cannot be evaluated, whatever the values are: `m.form` where `m` is never a record with a field `form`, `m + 1` where `m` is a record, a number compared with a string. TLC stops when it evaluates the expression, and so does the Rust. The mistake may be in the expression, or where the value was assigned. `--deny always-fails` makes this an error."),
    code("annotation-mismatch", "A type in a comment above a declaration is binding: every value of the variable, parameter, operator or constant must have that type. Either the annotation or the value is wrong, so both places are shown. For a `ref` with indices, `ref net[_]`, write the type of the whole, `Int -> $message`, or that of an element, `$message`; for an operator without parameters, `() => Seq(Int)` or `Seq(Int)`."),
    code("arity", "An operator, macro, procedure or archetype was given a number of arguments it does not take."),
    code("assigned-before-call", "A procedure assigns one of its parameters or variables and calls itself in the same step. PlusCal saves the value from before the step, so after the return the variable would have its old value again. Write a label between the assignment and the `call`. An assignment before a `return`, or before a `call` followed by a `return`, is fine: the assigned value is never needed again."),
    code("call-unsupported", "A `ref` argument of a `call` is a `ref` parameter or a variable of an archetype, or an expression that becomes a variable of the activation. A variable of one procedure cannot be a `ref` of another: there is one for each activation, and PlusCal has no name for it elsewhere."),
    code("choose-order", "`CHOOSE x \\in S : P` takes the first element that satisfies `P`, in TLC and in Rust. Both agree on the order of numbers, booleans, tuples, sequences and functions (shorter first) and sets (smaller first). They do not agree on strings, model values and the fields of records: TLC orders these as it first meets them in the modules and the configuration, the running system by their characters. So where several elements satisfy `P` and the order of names decides, the two may choose differently, and the running system may do something that TLC has not checked. Write a predicate that is true of one element only, give the elements a number to choose by, or write `with (x \\in S)`, for which TLC tries every element. There is no warning for `CHOOSE x \\in S : x = e`, nor for `LET x == CHOOSE x \\in S : TRUE IN f[x] + Sum(S \\ {x})`, where any order gives the same result."),
    code("comment-marker", "SANY and the PlusCal translator read the whole block as one comment. They also see `(*` and `*)` inside a string or a line comment of the block, so an unbalanced one makes them misread the file."),
    code("configuration", "The `.cfg` beside a model, or the one given with `--config` (`Config::configuration`), says what kind of value a constant is: `Nil = Nil` is a model value, and is one in Rust. A line that cannot be read is left to TLC; the kind of the constant is then inferred from its uses."),
    code("duplicate-name", "A name is defined twice in one scope. TLA+ has no shadowing: a global variable, or a label that the module compares `pc` with, must not have the name of an operator, of a constant, or of anything bound in the `define` section or below the translation. Local names are renamed instead."),
    code("eager-read", "All reads of `ref` parameters in an expression happen before it is evaluated, from left to right, each once: even those after `/\\`, `\\/` and `=>` and in branches of `IF` and `CASE` that evaluation does not reach. That makes no difference as long as a read only returns a value. Here the mapping macro makes it wait or change something, so `await n > 0 /\\ net[1] = 2` takes a message, or waits for one, even when `n` is 0. The statement `if (n > 0) { await net[1] = 2; }` reads only when it has to. `--deny eager-read` makes it an error."),
    code("goto-in-mapping", "A mapping macro is expanded inside a critical section, so it cannot jump, call or return."),
    code("internal-error", "The compiler is at fault, not the model. Please report it with the file."),
    code("label-duplicate", "A label is defined once per archetype, procedure or process."),
    code("label-forbidden", "A label starts a new atomic step. There can be no label inside `with`, a macro or a mapping macro, because the names bound there exist only within one step."),
    code("label-required", "A label starts an atomic step. These statements need one: the first of a body, every `while`, and any that follows a `call`, `return` or `goto`, or an `if` or `either` that contains one of these or a label."),
    code("label-reserved", "`Done` and `Error` name the ends of a process and cannot be labels."),
    code("macro-recursive", "A macro is replaced by its body, so one that uses itself would never end. Use a procedure."),
    code("mapped-twice", "One parameter has at most one mapping macro."),
    code("mapped-value", "A mapping macro describes how a `ref` parameter is read and written. A value parameter is only copied, once, so it cannot have one."),
    code("markers", "`mpcal-build pluscal` writes between the lines `\\* BEGIN PLUSCAL TRANSLATION` and `\\* END PLUSCAL TRANSLATION`. Both must be there, once, in this order, inside a comment of the module."),
    code("module-cycle", "A module extends or instantiates itself, directly or through others."),
    code("module-not-found", "A module that is extended or instantiated is neither a standard module nor a file beside this one or in a directory given with `--include` (in a build script: `Config::include`). This is only a warning, because the module may be needed for nothing but proofs and theorems; a name that the block uses and nothing defines is an error."),
    code("multiple-writes", "With `--no-multiple-writes` a variable is assigned at most once per path through a label, as in plain PlusCal."),
    code("nesting-too-deep", "Expressions and statements nest at most 100 levels deep, and a chain that is flat to read, such as `a + b + …` or `if … else if …`, has at most 250 parts. What is emitted goes through rustc, SANY and the PlusCal translator, which recurse and would overflow. For the PlusCal translator the limit is lower: a translated section nests at most 30 statements deep, where each `else if` and each variable that is assigned again counts as one level."),
    code("no-block", "The file has no `--mpcal Name { … }` block."),
    code("no-process", "TLC checks processes; the block has neither a process nor an instance. Rust output needs none."),
    code("no-self", "`self` is the identifier of the process. A block that ends in a body instead of processes has no such identifier, and neither do its procedures: the PlusCal translator leaves the word as it is, and SANY does not know it."),
    code("not-assignable", "Only variables, parameters and `ref`s can be assigned. Constants, operators, bound names and `self` cannot."),
    code("number-too-large", "Numbers must fit into 64 bits."),
    code("old-value", "An operator of the `define` section or of the module sees global variables as they were when the step began, in TLC and in Rust: `x := 1; if (x = 1 /\\ IsOne) …` with `IsOne == x = 1` mixes the new value with the old one. The warning points to an operator that is used after an assignment to a variable it mentions. Put a label in between, which starts a new step, or pass the value to the operator as an argument."),
    code("operator-precedence", "Two operators with overlapping precedence stand side by side, and TLA+ does not say which of them binds tighter. Add parentheses."),
    code("procedure-set", "`x \\in S` lets a variable of a process start with any element of a set, in as many initial states. A variable of a procedure starts anew with each call, with the value of `x = e` or with none: PlusCal offers nothing else. Choose the value in the first step of the procedure, by `with`."),
    code("read-under-binder", "All reads of mapped parameters happen first, once each. A read inside a quantifier, `CHOOSE`, `LET` operator or function constructor that uses a name bound there cannot happen first."),
    code("ref-indices", "A `ref` parameter is declared with a number of `[_]`. It is read with at least that many indices and written with exactly that many."),
    code("ref-mismatch", "A `ref` argument goes to a `ref` parameter with the same number of `[_]`, a value to a value parameter (or to a `ref`, which then is a fresh variable of the process)."),
    code("reserved-name", "`pc`, `stack`, `Init`, `Next`, `Spec`, `vars`, `ProcSet`, `Terminating`, `Termination` and `defaultInitValue` are names that the PlusCal translator declares or defines, each where the algorithm needs it. A global variable or an operator of the module with such a name would be declared twice."),
    code("return-outside-procedure", "Only a procedure returns. The end of an archetype or process is reached with `goto Done`."),
    code("rust-unsupported", "TLC can evaluate this and the Rust back end cannot. The PlusCal output is not affected."),
    code("second-block", "A file is one module with one `--mpcal` block and one translation of it. If there are several blocks, only the first is read. To keep another one as a note, put it into line comments (`\\*`)."),
    code("special-outside-mapping", "`$variable` and `$value` stand for the mapped variable and the value written to it. They exist only in a mapping macro."),
    code("syntax", "The text does not follow the grammar of TLA+, PlusCal (C-syntax) or Modular PlusCal."),
    code("type-annotation", "A type in a comment above a declaration, `\\* @type: Int -> Seq(Str);`, or an alias, `\\* @typeAlias: message = { kind: Str, from: Int };`, is written in the notation of Apalache's type system 1.2, without variants. Type variables are single letters. A type must stand directly above a declaration, on lines of its own; one that belongs to no declaration is an error."),
    code("unclosed", "A string, a comment or the block is never closed."),
    code("unexpected-character", "No token of TLA+ starts with this character."),
    code("unknown-archetype", "An instance names an archetype that the block does not define."),
    code("unknown-label", "`goto` names a label of the same body, or `Done` or `Error`."),
    code("unknown-macro", "A statement `name(…)` uses a macro that the block does not define."),
    code("unknown-mapping-macro", "A mapping names a mapping macro that the block does not define."),
    code("unknown-name", "The name is neither bound here, nor a variable, parameter, constant or operator that is visible here. Global variables are not visible in an archetype."),
    code("unknown-operator", "The operator belongs to a standard module that is not extended."),
    code("unknown-procedure", "`call` names a procedure that the block does not define."),
    code("untyped", "The uses of a variable disagree about its type: it holds records, and functions of strings that could be records as well; or its type would contain itself, as in `t := {t}`. (Values of different kinds, such as numbers and records, become an enum.) In Rust such a variable has the dynamic type `Value`, and so does everything it is assigned to; that works, but is slower. One warning stands for one disagreement."),
    code("value-outside-write", "`$value` is the value being written, so it exists only in the `write` body of a mapping macro."),
    code("yield-outside-mapping", "`yield` gives the value of a mapping macro. It exists only there."),
    code("yield-paths", "Every path through a `read` body yields exactly once, as its last statement; every path through a `write` body yields at most once. A path that ends in `assert FALSE` or `await FALSE` need not yield."),
];
