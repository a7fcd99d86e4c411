//! What a user sees when a model or a binding is wrong.

#[test]
fn mistakes_are_explained() {
    trybuild::TestCases::new().compile_fail("ui/*.rs");
}

/// One wrong binding is one error, in words that people have met.
#[test]
fn bindings_are_told_of_once_and_without_our_names() {
    let wrong = ["wrong_type", "network_has_other_messages", "network_has_no_index", "alarm_is_a_number"];
    for name in wrong {
        let said = std::fs::read_to_string(format!("ui/{name}.stderr")).expect("it is there");
        assert_eq!(said.matches("error[").count(), 1, "{name}: {said}");
    }
    for file in std::fs::read_dir("ui").expect("it is there") {
        let path = file.expect("it can be read").path();
        let said = std::fs::read_to_string(&path).expect("it can be read");
        assert!(!said.contains("generated::"), "{}: {said}", path.display());
    }
}
