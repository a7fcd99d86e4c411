//! Larger models compile to Rust without a warning, in a crate that denies them all.

#![deny(warnings, missing_docs, clippy::all, clippy::pedantic)]

mod replicated {
    mpcal_runtime::include_model!("replicated");
}

#[test]
fn messages_of_many_shapes_are_an_enum() {
    use mpcal_runtime::value::Data;
    use replicated::Message;

    let message = Message::VoteAnswer { from: 1, granted: true, kind: replicated::VOTE_ANSWER.clone(), term: 3, to: 2 };
    assert_eq!(message.to_string(), r#"[from |-> 1, granted |-> TRUE, kind |-> "vote-answer", term |-> 3, to |-> 2]"#);
    assert_eq!(Message::from_value(&message.to_value()), Ok(message));
}
