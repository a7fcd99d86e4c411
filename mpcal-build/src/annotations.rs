//! Types that the author writes down, in comments, in the notation of Apalache's type system 1.2.
//!
//! `\* @type: Int -> Seq($message);` above a declaration pins its type; `\* @typeAlias: message = …;`
//! anywhere names one. In: the texts of the files. Out: the annotations, which are well formed.

use std::collections::HashMap;
use std::rc::Rc;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::infer::check_annotation;
use crate::resolved::{Annotations, Model};
use crate::source::{Source, Sources, Span};

/// What may stand between a comment and the name that it is about.
const BETWEEN: &[&str] =
    &["VARIABLE", "VARIABLES", "CONSTANT", "CONSTANTS", "LOCAL", "RECURSIVE", "variable", "variables", "ref", ","];

/// Finds the annotations of everything that a model declares.
pub fn find(sources: &Sources, model: &Model, out: &mut Diagnostics) -> Annotations {
    let mut found = Annotations::default();
    for file in sources.files() {
        aliases(file, &mut found, out);
    }
    let constants = model.constants.iter().map(|c| c.span);
    let operators = model.operators.iter().map(|o| o.span);
    let mut spans: Vec<Span> = constants.chain(operators).chain(model.variables.iter().map(|v| v.span)).collect();
    spans.sort();
    spans.dedup();
    for span in spans {
        let file = sources.file(span);
        let Some(text) = above(&file.text[..file.range(span).start], "@type:") else { continue };
        match check_annotation(&text, &found.aliases) {
            Ok(()) => {
                found.types.insert(span, text.into());
            }
            Err(problem) => out.push(malformed(span, &problem)),
        }
    }
    found
}

fn malformed(span: Span, problem: &str) -> Diagnostic {
    Diagnostic::error("type-annotation", span, format!("the type that is written down here is malformed: {problem}"))
        .help(
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

/// The text behind a word, up to `;`, in the comment that ends right before a declaration.
fn above(before: &str, word: &str) -> Option<String> {
    let mut rest = before.trim_end();
    while let Some(shorter) = BETWEEN.iter().find_map(|w| rest.strip_suffix(w)) {
        rest = shorter.trim_end();
    }
    let comment = if let Some(inside) = rest.strip_suffix("*)") {
        let comment = &inside[inside.rfind("(*")? + 2..];
        // A block is a comment for TLA+; what it says is about what is in it.
        if ["--mpcal", "--algorithm", "--fair"].iter().any(|word| comment.contains(word)) {
            return None;
        }
        comment.to_owned()
    } else {
        let lines: Vec<&str> = rest.lines().rev().take_while(|l| l.trim_start().starts_with("\\*")).collect();
        lines.into_iter().rev().map(|l| format!("{l}\n")).collect()
    };
    let (_, text) = comment.split_once(word)?;
    Some(plain(text.split(';').next().unwrap_or(text)))
}

/// Without the marks that start the lines of a comment.
fn plain(text: &str) -> String {
    let lines = text.lines().map(|l| l.trim().trim_start_matches("\\*").trim());
    lines.collect::<Vec<_>>().join(" ").trim().to_owned()
}

/// Aliases by their names.
pub type Aliases = HashMap<Rc<str>, Rc<str>>;

#[cfg(test)]
mod tests {
    use super::above;

    #[test]
    fn an_annotation_is_in_the_comment_right_above() {
        let type_above = |text: &str| above(text, "@type:");
        assert_eq!(type_above("\\* @type: Int;\nVARIABLE ").as_deref(), Some("Int"));
        assert_eq!(type_above("x = 1,\n  \\* @type: Int\n  \\*   -> Str;\n  ").as_deref(), Some("Int -> Str"));
        assert_eq!(type_above("(* @type: Set(Int); *)\nCONSTANTS ").as_deref(), Some("Set(Int)"));
        assert_eq!(type_above("\\* @type: Int;\nx = 1,\n").as_deref(), None);
        assert_eq!(type_above("(*\n--mpcal A {\n \\* @type: Int;\n variable x;\n}\n*)\n").as_deref(), None);
    }
}
