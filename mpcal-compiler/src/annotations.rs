//! Types that the author writes down, in comments, in the notation of Apalache's type system 1.2.
//!
//! `\* @type: Int -> Seq($message);` above a declaration pins its type; `\* @typeAlias: message = …;`
//! anywhere names one. In: the texts of the files. Out: the annotations, which are well formed.

use std::collections::HashSet;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::infer::check_annotation;
use crate::resolved::{Annotations, Model};
use crate::source::{Source, Sources, Span};

/// What may stand between a comment and the name that it is about.
const BETWEEN: &[&str] =
    &["VARIABLE", "VARIABLES", "CONSTANT", "CONSTANTS", "LOCAL", "RECURSIVE", "variable", "variables", "ref", ","];

/// The word before a type.
const WORD: &str = "@type:";

/// Finds the annotations of everything that a model declares; `block` is the place of the block.
pub fn find(sources: &Sources, model: &Model, block: Span, out: &mut Diagnostics) -> Annotations {
    let mut found = Annotations::default();
    for file in sources.files() {
        aliases(file, &mut found, out);
    }
    let mut taken = HashSet::new();
    let constants = model.constants.iter().map(|c| c.span);
    let operators = model.operators.iter().map(|o| o.span);
    let mut spans: Vec<Span> = constants.chain(operators).chain(model.variables.iter().map(|v| v.span)).collect();
    spans.sort();
    spans.dedup();
    for span in spans {
        let file = sources.file(span);
        let Some((text, at)) = above(&file.text[..file.range(span).start], WORD) else { continue };
        taken.insert(file.span(at..at + WORD.len()));
        match check_annotation(&text, &found.aliases) {
            Ok(()) => {
                found.types.insert(span, text.into());
            }
            Err(problem) => out.push(malformed(span, &problem)),
        }
    }
    for (span, declared) in written(sources.model(), block) {
        if !declared && !taken.contains(&span) {
            out.push(
                Diagnostic::error("type-annotation", span, "this type annotation belongs to no declaration")
                    .because("what follows is not a declaration of a constant, variable, parameter or operator")
                    .help("write it in a comment on its own lines, directly above a declaration"),
            );
        }
    }
    found
}

/// The types that a file writes down, each with whether an operator or a variable is declared right after it, which
/// the model may not use.
fn written(file: &Source, block: Span) -> Vec<(Span, bool)> {
    let inside = file.range(block);
    let mut found = Vec::new();
    for (at, _) in file.text.match_indices(WORD) {
        let line = file.text[..at].rsplit('\n').next().unwrap_or_default();
        let (by_line, by_block) = (line.trim_end().ends_with("\\*"), line.trim_end().ends_with("(*"));
        if by_line || by_block {
            let rest = &file.text[at..];
            let rest = if by_line { behind_lines(rest) } else { rest.split_once("*)").map_or("", |(_, rest)| rest) };
            found.push((file.span(at..at + WORD.len()), declares(rest, inside.contains(&at))));
        }
    }
    found
}

/// What follows a comment of whole lines.
fn behind_lines(mut text: &str) -> &str {
    loop {
        text = text.split_once('\n').map_or("", |(_, rest)| rest);
        if !text.trim_start().starts_with("\\*") {
            return text;
        }
    }
}

/// Whether a text starts with the definition of an operator or, outside a block, with a declaration.
fn declares(text: &str, in_block: bool) -> bool {
    let mut rest = text.trim_start();
    let mut keyword = false;
    while let Some(shorter) = BETWEEN.iter().find_map(|w| rest.strip_prefix(w)) {
        rest = shorter.trim_start();
        keyword = true;
    }
    let behind = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let named = behind.len() < rest.len();
    let parameters = behind.trim_start();
    let body = match parameters.chars().next() {
        Some('(') => parameters.split_once(')').map_or("", |(_, rest)| rest),
        Some('[') => parameters.split_once(']').map_or("", |(_, rest)| rest),
        _ => parameters,
    };
    let defined = body.trim_start().starts_with("==");
    named && (defined || !in_block && (keyword || parameters.starts_with(',')))
}

fn malformed(span: Span, problem: &str) -> Diagnostic {
    Diagnostic::error("type-annotation", span, format!("malformed type annotation: {problem}")).help(
        "types are written as in Apalache: `Int`, `Set(Str)`, `Int -> Bool`, `<<Int, Str>>`, `{ a: Int }`, `$alias`",
    )
}

/// `@typeAlias: name = type;`, wherever it stands.
fn aliases(file: &Source, found: &mut Annotations, out: &mut Diagnostics) {
    const WORD: &str = "@typeAlias:";
    let places: Vec<usize> = file.text.match_indices(WORD).map(|(at, _)| at).collect();
    for at in places {
        let rest = &file.text[at + WORD.len()..];
        let span = file.span(at..at + WORD.len());
        let Some((text, _)) = rest.split_once(';') else {
            out.push(malformed(span, "it does not end with `;`"));
            continue;
        };
        let text = plain(text);
        match text.split_once('=') {
            Some((name, value)) => {
                let (name, value) = (name.trim(), value.trim());
                match check_annotation(value, &found.aliases) {
                    Ok(()) => {
                        found.aliases.insert(name.into(), value.into());
                    }
                    Err(problem) => out.push(malformed(span, &problem)),
                }
            }
            None => out.push(malformed(span, "an alias is `name = type`")),
        }
    }
}

/// The text after a word, up to `;`, in the comment that ends right before a declaration, and where the word is.
fn above(before: &str, word: &str) -> Option<(String, usize)> {
    let mut rest = before.trim_end();
    while let Some(shorter) = BETWEEN.iter().find_map(|w| rest.strip_suffix(w)) {
        rest = shorter.trim_end();
    }
    let start = if let Some(inside) = rest.strip_suffix("*)") {
        let start = inside.rfind("(*")? + 2;
        let comment = &inside[start..];
        // A block is a comment for TLA+; what it says is about what is in it.
        if ["--mpcal", "--algorithm", "--fair"].iter().any(|word| comment.contains(word)) {
            return None;
        }
        start
    } else {
        let lines = rest.split_inclusive('\n').rev().take_while(|l| l.trim_start().starts_with("\\*"));
        rest.len() - lines.map(str::len).sum::<usize>()
    };
    let at = start + rest[start..].find(word)?;
    let text = &rest[at + word.len()..];
    let text = text.strip_suffix("*)").unwrap_or(text);
    Some((plain(text.split(';').next().unwrap_or(text)), at))
}

/// Without the marks that start the lines of a comment.
fn plain(text: &str) -> String {
    let lines = text.lines().map(|l| l.trim().trim_start_matches("\\*").trim());
    lines.collect::<Vec<_>>().join(" ").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{above, declares};

    #[test]
    fn an_annotation_is_in_the_comment_right_above() {
        let type_above = |text: &str| above(text, "@type:").map(|(text, _)| text);
        assert_eq!(type_above("\\* @type: Int;\nVARIABLE ").as_deref(), Some("Int"));
        assert_eq!(type_above("x = 1,\n  \\* @type: Int\n  \\*   -> Str;\n  ").as_deref(), Some("Int -> Str"));
        assert_eq!(type_above("(* @type: Set(Int); *)\nCONSTANTS ").as_deref(), Some("Set(Int)"));
        assert_eq!(type_above("\\* @type: Int;\nx = 1,\n").as_deref(), None);
        assert_eq!(type_above("(*\n--mpcal A {\n \\* @type: Int;\n variable x;\n}\n*)\n").as_deref(), None);
        assert_eq!(above("\\* What it is.\n\\* @type: Int;\n", "@type:"), Some(("Int".to_owned(), 18)));
    }

    #[test]
    fn what_a_model_does_not_use_is_declared_nevertheless() {
        assert!(declares("VARIABLES\n  x, y\n", false) && declares("Op(a, b) == a\n", true));
        assert!(declares("f[x \\in S] == x\n", true) && declares("RECURSIVE Op(_)\n", false));
        assert!(!declares("x := 1;", true) && !declares("archetype A() {", true) && !declares("l: skip;", true));
        assert!(!declares("====", false) && !declares("x = 1)", true));
    }
}
