//! A model may name anything as it likes: what Rust, its prelude or the emitted text call by that name is not in the
//! way, nor hidden. Each name is tried in each role, all models in one crate.

use std::collections::BTreeSet;
use std::fmt::Write;

use mpcal_build::Config;
use mpcal_tests::scratch::Scratch;
use mpcal_tests::{files, root, text};

/// Keywords of all editions, strict, reserved and weak.
const KEYWORDS: &str = "abstract as async await auto become box break const continue crate default do dyn else enum \
    extern false final fn for gen if impl in let loop macro macro_rules match mod move mut override priv pub raw ref \
    return safe self Self static struct super trait true try type typeof union unsafe unsized use virtual where while \
    yield";

/// What the prelude, the standard library's macros and primitive types are called.
const PRELUDE: &str = "AsMut AsRef Box Clone Copy Debug Default DoubleEndedIterator Drop Eq Err ExactSizeIterator \
    Extend Fn FnMut FnOnce From FromIterator Future Hash Into IntoFuture IntoIterator Iterator None Ok Option Ord \
    PartialEq PartialOrd Result Send Sized Some String Sync ToOwned ToString TryFrom TryInto Unpin Vec bool char \
    drop f32 f64 i128 i16 i32 i64 i8 isize str u128 u16 u32 u64 u8 usize std core alloc assert assert_eq cfg column \
    compile_error concat dbg debug_assert env eprintln file format format_args include line matches module_path \
    option_env panic print println stringify thread_local todo unimplemented unreachable vec write writeln derive \
    clone clone_from cmp eq fmt from from_iter hash into into_iter iter len le lt ge gt max min ne next partial_cmp \
    to_owned to_string to_value from_value ordinal as_ref as_mut borrow deref size_of mem main test Arc Ordering";

/// Names in what we emit that no model gives: all identifiers of the snapshots do, and these.
const OURS: &str =
    "Bound1 Frame frame return_to argument_0 argument_1 item1 item2 set1 set2 all changed old new tested \
    present variable value process stack id_2 own_id other_x x_mut label_2 state_2 model_hash MODEL_HASH \
    Plain Unmapped PlainOverTotal InboxOverTotal ServerParameters PushFrame self_ x Bound Resource parameters";

/// What TLA+ and PlusCal do not let anybody use as a name.
fn is_name(word: &str) -> bool {
    const RESERVED: &[&str] = &[
        "ASSUME",
        "BOOLEAN",
        "CASE",
        "CHOOSE",
        "CONSTANT",
        "DOMAIN",
        "ELSE",
        "ENABLED",
        "EXCEPT",
        "FALSE",
        "IF",
        "IN",
        "LET",
        "OTHER",
        "SUBSET",
        "THEN",
        "TRUE",
        "UNION",
        "archetype",
        "assert",
        "await",
        "begin",
        "call",
        "define",
        "do",
        "either",
        "else",
        "elsif",
        "end",
        "fair",
        "goto",
        "if",
        "instance",
        "macro",
        "mapping",
        "or",
        "print",
        "procedure",
        "process",
        "read",
        "ref",
        "return",
        "self",
        "skip",
        "then",
        "variable",
        "variables",
        "via",
        "when",
        "while",
        "with",
        "write",
        "yield",
        "pc",
        "stack",
        "Done",
        "Error",
        "Init",
        "Next",
        "Spec",
        "vars",
        "main",
        "Head",
        "Tail",
        "Append",
        "Len",
    ];
    !RESERVED.contains(&word) && word.chars().any(char::is_alphabetic)
}

/// Every name that there is reason to try.
fn names() -> Vec<String> {
    let mut all: BTreeSet<String> =
        [KEYWORDS, PRELUDE, OURS].iter().flat_map(|s| s.split_whitespace()).map(str::to_owned).collect();
    for snapshot in files(&root().join("tests/snapshots"), "rs") {
        let text = std::fs::read_to_string(snapshot).expect("it is there");
        let code = text.lines().filter(|l| !l.trim_start().starts_with("//"));
        for line in code {
            all.extend(line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').map(str::to_owned));
        }
    }
    all.into_iter().filter(|n| is_name(n) && !n.starts_with(|c: char| c.is_ascii_digit())).collect()
}

/// A model in which many names have one role; `n` tells those with the same text in two roles apart.
struct Role {
    name: &'static str,
    model: fn(&[&str]) -> String,
}

/// What a role makes of names: `f` for each, with something in between.
fn each(names: &[&str], between: &str, f: impl Fn(usize, &str) -> String) -> String {
    names.iter().enumerate().map(|(n, name)| f(n, name)).collect::<Vec<_>>().join(between)
}

/// Declarations before the block, and the block.
fn model(units: &str, block: &str) -> String {
    format!(
        "---- MODULE names ----\nEXTENDS Integers, Sequences, FiniteSets, TLC\n{units}\n(*\n--mpcal Names {{\n{block}\n}}\n\
         \\* BEGIN PLUSCAL TRANSLATION\n\\* END PLUSCAL TRANSLATION\n*)\n====\n"
    )
}

/// Something for the names to live beside: an archetype with an operator, a mapping macro, records and an enum.
const BESIDE: &str =
    "mapping macro InboxZ { read { with (gotZ = $variable) { yield gotZ; }; } write { yield $value; } }
    procedure pushZ(itemZ) { pushingZ: print itemZ; return; }";

const ROLES: &[Role] = &[
    Role {
        name: "global",
        model: |names| {
            let variables = each(names, ", ", |n, name| format!("{name} = [k \\in 1..{} |-> k]", n % 3 + 1));
            let uses =
                each(names, "\n", |n, name| format!("l{n}z: {name}[1] := {name}[1] + Cardinality(DOMAIN {name});"));
            model("", &format!("variables {variables};\nprocess (pZ = 1) {{ {uses} }}"))
        },
    },
    Role {
        name: "uninitialised",
        model: |names| {
            let variables = names.join(", ");
            let uses = each(names, "\n", |n, name| {
                format!("l{n}z: {name} := \"a\"; if ({name} = \"b\") {{ {name} := \"b\"; }};")
            });
            model("", &format!("variables {variables};\nprocess (pZ = 1) {{ {uses} }}"))
        },
    },
    Role {
        name: "local",
        model: |names| {
            let variables = each(names, ", ", |_, name| format!("{name} = {{self}}"));
            let uses = each(names, "\n", |n, name| {
                format!("l{n}z: {name} := {{k \\in {name} : k > 0}}; outZ := outZ + Cardinality({name}); call pushZ({name});")
            });
            let archetype = format!("archetype ServerZ(ref outZ) variables {variables}; {{ {uses} }}");
            let rest = "variables sumZ = 0; process (pZ \\in 1..2) == instance ServerZ(ref sumZ);";
            model("", &format!("{BESIDE}\n{archetype}\n{rest}"))
        },
    },
    Role {
        name: "of_a_procedure",
        model: |names| {
            let procedures = each(names, "\n", |n, name| {
                format!("procedure proc{n}z({name}) variables own{n}z = {name}, none{n}z; {{ l{n}z: none{n}z := {name} + own{n}z; print none{n}z; return; }}")
            });
            let calls = each(names, "\n", |n, _| format!("c{n}z: call proc{n}z({n});"));
            model("", &format!("{procedures}\nprocess (pZ = 1) {{ {calls} }}"))
        },
    },
    Role {
        name: "value_parameter",
        model: |names| {
            let archetypes = each(names, "\n", |n, name| {
                format!("archetype A{n}z({name}, ref outZ) variables m{n}z = [k \\in 1..2 |-> {name} + self]; {{ l{n}z: outZ := {name} + m{n}z[1]; }}")
            });
            let instances =
                each(names, "\n", |n, _| format!("process (p{n}z = {n}) == instance A{n}z({n}, ref sumZ);"));
            model("", &format!("{archetypes}\nvariables sumZ = 0;\n{instances}"))
        },
    },
    Role {
        name: "ref_parameter",
        model: |names| {
            let archetypes = each(names, "\n", |n, name| {
                format!("archetype A{n}z(ref {name}, ref boxed{n}z[_], more{n}z) {{ l{n}z: {name} := {name} + more{n}z; boxed{n}z[1] := {name}; }}")
            });
            let instances = each(names, "\n", |n, _| {
                let mapping = if n % 2 == 0 { "mapping @1 via InboxZ" } else { "" };
                format!("process (p{n}z = {n}) == instance A{n}z(ref sumZ, ref boxesZ[_], {n}) mapping boxesZ[_] via InboxZ {};", mapping)
            });
            model("", &format!("{BESIDE}\n{archetypes}\nvariables sumZ = 0, boxesZ = <<0>>;\n{instances}"))
        },
    },
    Role {
        name: "archetype",
        model: |names| {
            let archetypes = each(names, "\n", |n, name| {
                format!("archetype {name}(ref total, given) variables own = self; {{ l{n}z: total := [kind |-> \"set\", of |-> own + given]; call pushZ(own); }}")
            });
            let instances =
                each(names, "\n", |n, name| format!("process (p{n}z = {n}) == instance {name}(ref sumZ, 1);"));
            model("", &format!("{BESIDE}\n{archetypes}\nvariables sumZ = [kind |-> \"none\"];\n{instances}"))
        },
    },
    Role {
        name: "mapping_macro",
        model: |names| {
            let macros = each(names, "\n", |_, name| {
                format!("mapping macro {name} {{ read {{ with (index = $variable, value = index + self) {{ yield value; }}; }} write {{ yield $value; }} }}")
            });
            let archetypes = each(names, "\n", |n, _| {
                format!(
                    "archetype A{n}z(ref total) variables m = <<>>; {{ l{n}z: total := total + 1; m := <<total>>; }}"
                )
            });
            let instances = each(names, "\n", |n, name| {
                format!("process (p{n}z = {n}) == instance A{n}z(ref sumZ) mapping @1 via {name};")
            });
            model("", &format!("{macros}\n{archetypes}\nvariables sumZ = 0;\n{instances}"))
        },
    },
    Role {
        name: "operator",
        model: |names| {
            let units = each(names, "\n", |_, name| format!("{name}(kZ) == kZ + Cardinality({{kZ}})"));
            let uses =
                each(names, "\n", |n, name| format!("l{n}z: xZ := {name}(xZ); mZ := [iZ \\in 1..2 |-> {name}(iZ)];"));
            let archetype = format!("archetype ServerZ(ref outZ) variables xZ = 1, mZ = <<1, 2>>; {{ {uses} }}");
            model(&units, &format!("{archetype} variables sumZ = 0; process (pZ = 1) == instance ServerZ(ref sumZ);"))
        },
    },
    Role {
        name: "named_constant",
        model: |names| {
            let units = each(names, "\n", |n, name| format!("{name} == {n}"));
            let uses = each(names, "\n", |n, name| format!("l{n}z: xZ := xZ + {name};"));
            model(&units, &format!("process (pZ = 1) variables xZ = 0; {{ {uses} }}"))
        },
    },
    Role {
        name: "constant",
        model: |names| {
            let uses = each(names, "\n", |n, name| format!("l{n}z: xZ := xZ + {name};"));
            model(
                &format!("CONSTANTS {}", names.join(", ")),
                &format!("process (pZ = 1) variables xZ = 0; {{ {uses} }}"),
            )
        },
    },
    Role {
        name: "label",
        model: |names| {
            let labels = each(names, "\n", |_, name| format!("{name}: xZ := xZ + 1; outZ := xZ;"));
            let archetype = format!("archetype ServerZ(ref outZ) variables xZ = 0; {{ {labels} }}");
            model("", &format!("{archetype} variables sumZ = 0; process (pZ = 1) == instance ServerZ(ref sumZ);"))
        },
    },
    Role {
        name: "procedure",
        model: |names| {
            let procedures = each(names, "\n", |n, name| {
                format!("procedure {name}(given{n}z) variables own = given{n}z; {{ l{n}z: own := own + 1; return; }}")
            });
            let calls = each(names, "\n", |n, name| format!("c{n}z: call {name}({n});"));
            model("", &format!("{procedures}\narchetype A(ref total) {{ s: total := 1; {calls} }} variables sum = 0; process (pZ = 1) == instance A(ref sum);"))
        },
    },
    Role {
        name: "process",
        model: |names| {
            model(
                "",
                &each(names, "\n", |n, name| {
                    format!("process ({name} = {n}) variables x{n}z = self; {{ l{n}z: x{n}z := self + 1; }}")
                }),
            )
        },
    },
    Role {
        name: "field",
        model: |names| {
            let fields = each(names, ", ", |n, name| format!("{name} |-> <<{n}>>"));
            let uses = each(names, "\n", |n, name| {
                format!("l{n}z: recordZ.{name} := Append(recordZ.{name}, Len(copyZ.{name})); copyZ := [recordZ EXCEPT !.{name} = @];")
            });
            model("", &format!("variables recordZ = [{fields}], copyZ = recordZ;\nprocess (pZ = 1) {{ {uses} }}"))
        },
    },
    Role {
        name: "field_of_a_message",
        model: |names| {
            let uses = each(names, "\n", |n, name| {
                format!("s{n}z: inboxZ := Append(inboxZ, [kindZ |-> \"m{n}\", {name} |-> <<{n}>>, bothZ |-> 1]);\n\
                         r{n}z: if (Head(inboxZ).kindZ = \"m{n}\") {{ xZ := Head(inboxZ).{name}; lastZ := Head(inboxZ); lastZ.{name} := <<>>; seenZ := seenZ \\cup {{lastZ}}; }};")
            });
            model("", &format!("variables inboxZ = <<>>, seenZ = {{}}, xZ = <<>>, lastZ = [kindZ |-> \"none\", bothZ |-> 1];\nprocess (pZ = 1) {{ {uses} }}"))
        },
    },
    Role {
        name: "bound",
        model: |names| {
            let uses = each(names, "\n", |n, name| {
                format!(
                    "l{n}z: with ({name} \\in 1..2) {{ xZ := xZ + {name}; mZ[1] := {name}; }};\n\
                     m{n}z: with ({name} = Head(mZ)) {{ if (xZ > 0) {{ xZ := {name}; outZ := outZ + {name}; }}; }};\n\
                     n{n}z: mZ := [{name} \\in 1..2 |-> {name} + self]; xZ := LET {name} == Head(mZ) IN {name} + Cardinality({{{name}}});\n\
                     o{n}z: await \\A {name} \\in 1..2 : {name} \\in {{k \\in 1..3 : k = {name}}}; \
                     sZ := {{[a |-> k, b |-> {name}] : k \\in 1..2, {name} \\in 1..2}}; tZ := [a : {{xZ}}, b : {{{name} \\in 1..2 : {name} > 1}}];"
                )
            });
            let archetype = format!(
                "archetype ServerZ(ref outZ) variables xZ = 1, mZ = <<1, 2>>, sZ = {{}}, tZ = {{}}; {{ {uses} }}"
            );
            let mapping = each(&names[..names.len().min(60)], "\n", |n, name| {
                format!("mapping macro M{n}z {{ read {{ with ({name} = $variable) {{ yield {name} + self; }}; }} write {{ with ({name} = $value) {{ $variable := {name}; }}; }} }}")
            });
            model("", &format!("{mapping}\n{archetype} variables sumZ = 0; process (pZ = 1) == instance ServerZ(ref sumZ) mapping @1 via M0z;"))
        },
    },
    Role {
        name: "bound_where_variables_start",
        model: |names| {
            let variables = each(names, ", ", |n, name| format!("v{n}z = [{name} \\in {{self}} |-> {name} + self]"));
            let globals = each(names, ", ", |n, name| format!("g{n}z = [{name} \\in 1..2 |-> {name} + Two]"));
            let archetypes = format!("archetype A(given) variables {variables}; {{ l: given := 1; }}");
            let instances = each(names, "\n", |n, name| {
                format!("process (p{n}z = {n}) == instance A(Cardinality({{{name} \\in 1..3 : {name} = self + Two}}));")
            });
            model("Two == Cardinality({1, 2})", &format!("{archetypes} variables {globals};\n{instances}"))
        },
    },
    Role {
        name: "tag",
        model: |names| {
            let uses = each(names, "\n", |n, name| {
                format!("l{n}z: if (xZ = \"{name}\") {{ xZ := \"{name}_\"; mZ := [kindZ |-> \"{name}\", f{n}z |-> {n}]; }};")
            });
            model("", &format!("variables xZ = \"\", mZ = [kindZ |-> \"\"];\nprocess (pZ = 1) {{ {uses} }}"))
        },
    },
    Role {
        name: "record",
        model: |names| {
            let variables = each(names, ", ", |n, name| format!("{name} = [f{n}z |-> {n}, g{n}z |-> \"a\"]"));
            let uses = each(names, "\n", |n, name| {
                format!("l{n}z: if ({name}.g{n}z = \"a\") {{ {name} := [f{n}z |-> 0, g{n}z |-> \"b\"]; }};")
            });
            model("", &format!("variables {variables};\nprocess (pZ = 1) {{ {uses} }}"))
        },
    },
];

/// The names that a role is tried with: all if `ALL_NAMES` is set, or else every eighth, others in each role. What rustc
/// takes for all of them is minutes.
fn names_of(all: &[String], role: usize) -> Vec<&str> {
    let step = if std::env::var_os("ALL_NAMES").is_some() { 1 } else { 8 };
    all.iter().skip(role % step).step_by(step).map(String::as_str).collect()
}

#[test]
fn whatever_a_model_calls_things_it_compiles() {
    let all = names();
    assert!(all.len() > 300, "only {} names", all.len());
    let scratch = Scratch::new(env!("CARGO_TARGET_TMPDIR"), "names_of_all_kinds");
    let mut main = String::from("#![deny(warnings)]\n");
    let mut refused = String::new();
    for (n, role) in ROLES.iter().enumerate() {
        let text = (role.model)(&names_of(&all, n));
        match Config::new().compile_text(role.name, &text, None) {
            Ok(compiled) => {
                scratch.write(&format!("src/{}.rs", role.name), &compiled.rust);
                let _ = writeln!(main, "#[path = \"{0}.rs\"]\npub mod role_{0};", role.name);
            }
            Err(e) => {
                let _ = writeln!(refused, "{}:\n{e}", role.name);
            }
        }
    }
    main.push_str("fn main() {}\n");
    scratch.write("src/main.rs", &main);
    let checked = scratch.cargo("check");
    let said = text(&checked);
    assert!(checked.status.success() && refused.is_empty(), "{refused}\n{said}");
}
