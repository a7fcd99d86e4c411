//! The translation is read again before it is given to anyone.
//!
//! In: the text of the algorithm. Out: an `internal-error` if it is not plain PlusCal: if it does
//! not parse, has an unknown name, lacks a label, assigns a variable twice on a path, or one that a `call` or `return`
//! gives another value.

use crate::ast::{Block, Module, Name};
use crate::check::{check, Rules};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{Source, Sources, Span};

/// Holds a translation against the rules of plain PlusCal; `at` is the name of the model's block.
pub fn verify(text: &str, own: &Module, modules: &[Module], at: Span, out: &mut Diagnostics) {
    let sources = Sources::new(Source::new("translation", text));
    let problems = problems(&sources, own, modules);
    let errors = problems.errors();
    // A translation may nest a little deeper than the model: then there is no tree to look at.
    if errors.iter().any(|d| d.code == "nesting-too-deep") {
        return;
    }
    if let Some(first) = errors.first() {
        let (line, _) = sources.model().line_column(first.primary.span.start);
        let found = sources.model().text.lines().nth(line - 1).unwrap_or("").trim().to_owned();
        out.push(
            Diagnostic::error("internal-error", at, "the translation of this block is not plain PlusCal")
                .because(format!("{}: {}, in its line {line}: {found}", first.code, first.message))
                .help("this is a fault of mpcal-build: please report it, with the model; the file was left as it is"),
        );
    }
}

fn problems(sources: &Sources, own: &Module, modules: &[Module]) -> Diagnostics {
    let mut out = Diagnostics::default();
    let Some(mut block) = crate::syntax::parse_algorithm(sources.model(), &mut out) else { return out };
    refuse_extensions(&block, &mut out);
    if out.has_errors() || !crate::expand::expand(&mut block, &mut out) {
        return out;
    }
    let mut own = own.clone();
    if !own.extends.is_empty() {
        // `pcal.trans` itself writes what an assertion or a print becomes.
        own.extends.push(Name { text: "TLC".into(), span: Span::default() });
    }
    let model = crate::resolve::resolve(sources, &own, modules, &block, &[], &mut out);
    if !out.has_errors() {
        check(&block, &model, Rules { no_multiple_writes: true, plain: true }, &mut out);
    }
    out
}

/// What MPCal adds to PlusCal must be gone.
fn refuse_extensions(block: &Block, out: &mut Diagnostics) {
    let names = block.mapping_macros.iter().map(|m| &m.name).chain(block.archetypes.iter().map(|a| &a.name));
    let by_ref = block.procedures.iter().flat_map(|p| &p.parameters).filter(|p| p.by_ref.is_some()).map(|p| &p.name);
    for name in names.chain(by_ref) {
        out.push(Diagnostic::error("syntax", name.span, format!("`{}` is not part of plain PlusCal", name.text)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(body: &str) -> Vec<String> {
        let text = format!("--algorithm m {{\n  variables x = 0;\n  process (p \\in 1..2)\n  {{\n{body}\n  }}\n}}\n");
        let mut out = Diagnostics::default();
        verify(&text, &Module::default(), &[], Span::default(), &mut out);
        out.sorted().into_iter().map(|d| d.primary.text).collect()
    }

    #[test]
    fn what_is_no_plain_pluscal_is_found() {
        assert!(found("start: x := x + 1;").is_empty());
        let faults = [
            ("x := 1;", "label-required"),
            ("start: x := 1; x := 2;", "multiple-writes"),
            ("start: y := 1;", "unknown-name"),
            ("start: goto nowhere;", "unknown-label"),
            ("start: x := (1;", "syntax"),
        ];
        for (body, code) in faults {
            let found = found(body);
            assert!(found.len() == 1 && found[0].starts_with(code), "{body}: {found:?}");
        }
    }

    #[test]
    fn what_a_call_or_return_gives_another_value_is_not_assigned_before() {
        let in_procedure = |parameter: &str, body: &str| {
            let text = format!(
                "--algorithm m {{\n  variables x = 0;\n  procedure q(b) {{ q: return; }}\n  procedure p({parameter}) \
                 variables l = 0; {{\n    start: {body}\n    end: return;\n  }}\n  process (r \\in 1..2) {{ go: skip; \
                 }}\n}}\n"
            );
            let mut out = Diagnostics::default();
            verify(&text, &Module::default(), &[], Span::default(), &mut out);
            out.sorted().into_iter().map(|d| d.primary.text).collect::<Vec<_>>()
        };
        let fine = ["x := 1; call q(l); return;", "l := 1; call q(l);", "if (x = 1) { l := 1; } else { return; };"];
        for body in fine.into_iter().chain(["call p(l); return;", "while (x = 1) { l := 1; }; call p(l);"]) {
            assert!(in_procedure("a", body).is_empty(), "{body}: {:?}", in_procedure("a", body));
        }
        let faults = ["l := 1; return;", "a := 1; call q(l); return;", "l := 1; call p(x);"];
        for body in faults.into_iter().chain(["if (x = 1) { a := x; }; call p(x); return;"]) {
            let found = in_procedure("a", body);
            assert!(found.len() == 1 && found[0].starts_with("assigned-before-call"), "{body}: {found:?}");
        }
        let found = in_procedure("", "x := x + 1; call p(); return;");
        assert!(found.len() == 1 && found[0].starts_with("assigned-before-call"), "{found:?}");
    }
}
