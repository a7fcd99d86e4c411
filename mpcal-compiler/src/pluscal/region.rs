//! The region of the file that the translation goes into.

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::Source;

const BEGIN: &str = "\\* BEGIN PLUSCAL TRANSLATION";
const END: &str = "\\* END PLUSCAL TRANSLATION";

/// The text of the file with `translation` between the markers. Everything else stays, byte for
/// byte; line endings of the file are used for the new lines.
pub fn replace_region(source: &Source, translation: &str, out: &mut Diagnostics) -> Option<String> {
    let text = &source.text;
    let begin = only(source, BEGIN, out);
    let end = only(source, END, out);
    let (begin, end) = (begin?, end?);
    if end < begin {
        let span = source.span(end..end + END.len());
        out.push(Diagnostic::error("markers", span, "the end marker stands before the begin marker"));
        return None;
    }
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let after_begin = text[begin..].find('\n').map_or(text.len(), |n| begin + n + 1);
    let end_line = text[..end].rfind('\n').map_or(0, |n| n + 1);
    if end_line < after_begin {
        let span = source.span(begin..begin + BEGIN.len());
        out.push(
            Diagnostic::error("markers", span, "the markers stand on one line").help("put each on a line of its own"),
        );
        return None;
    }
    let body: String = translation.lines().map(|l| format!("{l}{newline}")).collect();
    Some(format!("{}{body}{}", &text[..after_begin], &text[end_line..]))
}

/// Whether a line of a file starts with a marker.
pub fn has_markers(source: &Source) -> bool {
    [BEGIN, END].iter().any(|marker| lines(source, marker).next().is_some())
}

/// The lines that start with a marker.
fn lines<'s>(source: &'s Source, marker: &'s str) -> impl Iterator<Item = usize> + 's {
    let starts_line =
        |at: &usize| source.text[..*at].rsplit('\n').next().is_some_and(|before| before.trim().is_empty());
    source.text.match_indices(marker).map(|(at, _)| at).filter(starts_line)
}

/// The only line that starts with a marker.
fn only(source: &Source, marker: &str, out: &mut Diagnostics) -> Option<usize> {
    let found: Vec<usize> = lines(source, marker).collect();
    let span = |at: usize| source.span(at..at + marker.len());
    match found[..] {
        [one] => Some(one),
        [] => {
            out.push(
                Diagnostic::error("markers", source.end(), format!("the line `{marker}` is missing"))
                    .help(format!("add, inside a comment:\n{BEGIN}\n{END}")),
            );
            None
        }
        [first, second, ..] => {
            out.push(
                Diagnostic::error("markers", span(second), format!("the line `{marker}` stands here twice"))
                    .and(span(first), "and here"),
            );
            None
        }
    }
}
