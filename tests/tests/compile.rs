//! Larger models compile to Rust without a warning, in a crate that denies them all.

#![deny(warnings, missing_docs, clippy::all, clippy::pedantic)]

use mpcal_runtime::value::Data;

include!(concat!(env!("OUT_DIR"), "/larger_models.rs"));

#[test]
fn names_that_clash_in_rust_are_told_apart() {
    let constants = std::sync::Arc::new(names::Constants {});
    let variables = names::Variables::new(&constants).expect("it starts");
    let mut node = mpcal_runtime::Node::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime starts");
    runtime.block_on(async {
        variables.spawn(&mut node, &constants).expect("the processes start");
        node.join().await.expect("nothing fails");
    });
    assert_eq!(variables.network.load().iter().map(|(k, v)| (k, *v)).collect::<Vec<_>>(), [(1, 5), (2, 5), (3, 5)]);
}

/// The model asserts what TLC finds true of its values.
#[test]
fn dynamic_and_typed_values_agree_with_tlc() {
    // `Nil` stands beside integers, so it is one in Rust; TLC has a model value for it.
    let constants = std::sync::Arc::new(mixed::Constants { nil: -1, start: 5.to_value() });
    let variables = mixed::Variables::new(&constants).expect("it starts");
    let mut node = mpcal_runtime::Node::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime starts");
    runtime.block_on(async {
        variables.spawn(&mut node, &constants).expect("the processes start");
        node.join().await.expect("no assertion fails");
    });
}

#[test]
fn messages_of_many_shapes_are_an_enum() {
    use replicated::Message;

    let message = Message::VoteAnswer { from: 1, granted: true, term: 3, to: 2 };
    assert_eq!(message.to_string(), r#"[from |-> 1, granted |-> TRUE, kind |-> "vote-answer", term |-> 3, to |-> 2]"#);
    assert_eq!(Message::from_value(&message.to_value()), Ok(message));
}

#[test]
fn a_random_element_is_drawn_by_the_section() {
    let constants = std::sync::Arc::new(random::Constants {});
    let variables = random::Variables::new(&constants).expect("it starts");
    let mut node = mpcal_runtime::Node::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime starts");
    runtime.block_on(async {
        variables.spawn(&mut node, &constants).expect("the processes start");
        node.join().await.expect("nothing fails");
    });
    let (number, side) = variables.out.load();
    assert!((1..=6).contains(&number) && ["heads", "tails"].contains(&side.as_str()));
}

#[test]
fn operators_and_indices_have_the_types_that_are_written_down() {
    let none: mpcal_runtime::value::Seq<i64> = annotated::Constants {}.none();
    assert!(none.is_empty());
    let model = mpcal_tests::fixtures("compile/annotated.tla");
    let compiled = mpcal_build::Config::new().compile_file(model).expect("it compiles");
    assert!(compiled.rust.contains("rt::Bound<i64, Note>"), "{}", compiled.rust);
}

#[test]
fn an_operator_used_at_two_types_is_two() {
    let constants = polymorphic::Constants {};
    let names = ["a", "b"].into_iter().map(mpcal_runtime::value::Str::from).collect();
    let (name, number) = constants.both2(&names, &[1, 2].into_iter().collect()).expect("neither is empty");
    assert_eq!((name.as_str(), number), ("b", 2));
    assert!(constants.last2(&[].into_iter().collect()).is_err());
}

/// What the compiler makes of the examples is in the repository, so that a change to it shows in a diff;
/// crates of both editions with the strictest lints include it.
#[test]
fn generated_files_are_as_blessed() {
    for model in mpcal_tests::examples() {
        let name = mpcal_tests::name(&model);
        let compiled = mpcal_build::Config::new().compile_file(&model).expect("it compiles");
        let tests = mpcal_tests::root().join("tests");
        mpcal_tests::check_blessed(&tests.join("snapshots").join(name).with_extension("rs"), &compiled.rust);
        for edition in ["edition2021", "edition2024"] {
            let path = tests.join("editions").join(edition).join("src/lib.rs");
            let text = std::fs::read_to_string(&path).expect("the crate is there");
            let line = format!("include!(\"../../../snapshots/{name}.rs\");");
            assert!(text.contains(&line), "in {}, add a module with `{line}`", path.display());
        }
    }
}

/// A variant is named after the tag that tells it apart, after several that share its shape, and where the tag is not
/// written down after the fields that no other has.
#[test]
fn variants_are_named_after_their_tags() {
    let model = r#"---- MODULE Messages ----
EXTENDS Integers, Sequences
Get == 1
Put == 2
Reply == 3
(*
--mpcal Messages {
  archetype A(ref sent)
  variables kind = Reply;
  {
    get: sent := [kind |-> Get, from |-> 1, key |-> "k"];
    put: sent := [kind |-> Put, from |-> 1, key |-> "l"];
    reply: sent := [kind |-> Reply, from |-> 2, found |-> TRUE, answer |-> 7];
    other: sent := [kind |-> kind, from |-> 3, why |-> <<1>>];
  }
  variables sent = [kind |-> Get, from |-> 0, key |-> "m"];
  process (p = 1) == instance A(ref sent);
}
*)
====
"#;
    let rust = mpcal_build::Config::new().compile_text("messages.tla", model, None).expect("it compiles").rust;
    for variant in ["    GetOrPut {", "    Reply {", "    Why {"] {
        assert!(rust.contains(variant), "{variant}\n{rust}");
    }
}

/// The hash of the model in the emitted Rust.
fn model_hash(model: &str) -> String {
    let compiled = mpcal_build::Config::new().compile_text("m.tla", model, None).expect("it compiles");
    let at = compiled.rust.find("MODEL_HASH: u64 = ").expect("it has one");
    compiled.rust[at..].lines().next().expect("a line").to_owned()
}

#[test]
fn the_hash_of_a_model_is_that_of_its_meaning() {
    let model = "---- MODULE m ----\nEXTENDS Naturals, Sequences, TLC\nCONSTANT N\nQuorum == N \\div 2 + 1\nSpare == 7\n(*\n\
        --mpcal M {\n  mapping macro Last { read { yield $variable; } write { yield $value; } }\n\
        archetype A(ref x, ref y)\n  variable seen = 0;\n  {\n    a: seen := x; assert seen < Quorum; y := [n |-> seen];\n  }\n\
        variables x = 0, y = [n |-> 0];\n  process (p \\in 1..N) == instance A(ref x, ref y) mapping x via Last;\n}\n\
        \\* BEGIN PLUSCAL TRANSLATION\n\\* END PLUSCAL TRANSLATION\n*)\n\
        \\* BEGIN TRANSLATION\n\\* END TRANSLATION\n====\n";
    let hash = model_hash(model);
    let same = [
        ("  variable seen = 0;", "  \\* What was seen.\n\n  variable\n    seen = 0;"),
        ("Spare == 7", "Spare == 8"),
        ("Quorum == N", "\\* Most.\nQuorum ==\n  N"),
        ("assert seen < Quorum;", "assert (seen < Quorum);"),
    ];
    for (from, to) in same {
        assert!(model.contains(from), "{from}");
        assert_eq!(model_hash(&model.replace(from, to)), hash, "{to}");
    }
    let different = [
        ("\\div 2", "\\div 3"),
        ("yield $value;", "yield $value + 1;"),
        ("1..N", "2..N"),
        ("y := [n |-> seen]", "y := [n |-> seen + 1]"),
        ("variable seen = 0;", "variable seen = 1;"),
        ("variables x = 0,", "variables x = 1,"),
        (" mapping x via Last", ""),
    ];
    for (from, to) in different {
        assert!(model.contains(from), "{from}");
        assert_ne!(model_hash(&model.replace(from, to)), hash, "{to}");
    }
}
