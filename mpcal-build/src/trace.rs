//! What TLC prints of a counterexample, in terms of the model.
//!
//! In: TLC's output, and what the labels and variables of the translation stand for. Out: each step
//! with its process, label, source lines and the variables that changed, under the author's names.

use std::collections::HashMap;
use std::fmt::Write;

use crate::source::{Source, Span};

/// What the names of a translation stand for.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    /// By the label in the translation.
    pub labels: HashMap<String, LabelOrigin>,
    /// By the variable in the translation: the name that the author gave it, and its owner if it
    /// is not a global one.
    pub variables: HashMap<String, (String, Option<String>)>,
}

/// What a label of the translation stands for.
#[derive(Clone, Debug)]
pub struct LabelOrigin {
    /// The archetype, procedure or process.
    pub owner: String,
    /// The label in the model.
    pub label: String,
    /// Its place.
    pub span: Span,
}

/// One state as TLC prints it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct State {
    /// What stands in `<…>`: the action, or what TLC says instead of one.
    action: String,
    /// Variables and their values, white space squeezed.
    values: Vec<(String, String)>,
}

/// Values are compared so deep.
const MAX_DEPTH: usize = 20;

/// The most source lines that are shown of a section.
const MAX_LINES: usize = 12;

/// Explains the first error in what TLC printed; none if it found no error.
#[must_use]
pub fn explain(said: &str, origins: &Origins, source: &Source) -> Option<String> {
    let errors: Vec<&str> = said
        .lines()
        .filter_map(|l| l.strip_prefix("Error: "))
        .filter(|l| !l.starts_with("The behavior up to") && !l.starts_with("The following behavior"))
        .collect();
    let (states, end) = states(said);
    if errors.is_empty() && states.is_empty() {
        return None;
    }
    let mut out = String::new();
    for error in &errors {
        let _ = writeln!(out, "error: {error}");
    }
    // What an error says may go on in the lines below it, up to the behaviour.
    for line in said.lines().skip_while(|l| !l.starts_with("Error: ")).take_while(|l| !l.starts_with("Error: The beh"))
    {
        let more =
            !line.starts_with("Error: ") && !line.is_empty() && !is_progress(line) && state_header(line).is_none();
        if more && states.is_empty() {
            let _ = writeln!(out, "       {line}");
        }
        if let Some(text) = assertion(line, origins, source) {
            let _ = writeln!(out, "       {text}");
        }
    }
    let mut before: Option<&State> = None;
    for (n, state) in states.iter().enumerate() {
        let _ = writeln!(out);
        step(n + 1, before, state, origins, source, &mut out);
        before = Some(state);
    }
    if let Some(end) = end {
        let _ = writeln!(out, "\n    {end}");
    }
    Some(out)
}

/// What `Failure of assertion at line 22, column 7.` means: a place in the translation, which is in
/// the same file.
fn assertion(line: &str, origins: &Origins, source: &Source) -> Option<String> {
    let (_, rest) = line.split_once("Failure of assertion at line ")?;
    let number: usize = rest.split(',').next()?.parse().ok()?;
    let lines: Vec<&str> = source.text.lines().take(number).collect();
    let failed = lines.get(number.checked_sub(1)?)?.trim().trim_end_matches(';');
    let label = |l: &&str| l.trim().split_once(':').and_then(|(name, _)| origins.labels.get(name));
    let origin = lines.iter().rev().find_map(label)?;
    let place = format!("{}:{}", source.path, source.line(origin.span.start));
    Some(format!("That is `{failed}` in {} of {}  ({place})", origin.label, origin.owner))
}

fn is_progress(line: &str) -> bool {
    let starts = ["Progress", "Finished", "Checking", "Starting", "Computing", "The number of"];
    starts.iter().any(|s| line.starts_with(s)) || line.contains("states generated")
}

/// The number and the action of `State 3: <serve line 7, col 1 to …>`.
fn state_header(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("State ").unwrap_or(line);
    let (number, action) = rest.split_once(": ")?;
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let action = action.trim();
    action.strip_prefix('<').and_then(|a| a.strip_suffix('>')).or(Some(action).filter(|a| *a == "Stuttering"))
}

/// The states of a behaviour, and how it goes on for ever.
fn states(said: &str) -> (Vec<State>, Option<String>) {
    let mut states: Vec<State> = Vec::new();
    let mut end = None;
    let mut open = false;
    for line in said.lines() {
        if let Some(action) = state_header(line) {
            if action == "Stuttering" {
                end = Some("from here on nothing happens any more".to_owned());
                open = false;
                continue;
            }
            states.push(State { action: action.to_owned(), values: Vec::new() });
            open = true;
        } else if let Some(back) = line.strip_prefix("Back to state ").or_else(|| line.strip_prefix("Back to state: "))
        {
            let number: String = back.chars().take_while(char::is_ascii_digit).collect();
            end = Some(format!("from here it goes on as after state {number}, for ever"));
            open = false;
        } else if line.trim().is_empty() {
            open = false;
        } else if open {
            let Some(state) = states.last_mut() else { continue };
            let conjunct = line.strip_prefix("/\\ ").unwrap_or(line);
            match conjunct.split_once(" = ") {
                Some((name, value)) if is_name(name) && (line.starts_with("/\\") || state.values.is_empty()) => {
                    state.values.push((name.to_owned(), squeeze(value)));
                }
                _ => {
                    if let Some((_, value)) = state.values.last_mut() {
                        *value = squeeze(&format!("{value} {line}"));
                    }
                }
            }
        }
    }
    (states, end)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// One space for each run of white space, none inside brackets.
fn squeeze(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    let text = words.join(" ");
    ["( ", "<< ", "{ ", "[ "]
        .iter()
        .fold(text, |t, open| t.replace(open, open.trim_end()))
        .replace(" )", ")")
        .replace(" >>", ">>")
        .replace(" }", "}")
        .replace(" ]", "]")
}

fn step(n: usize, before: Option<&State>, state: &State, origins: &Origins, source: &Source, out: &mut String) {
    let Some(before) = before else {
        let _ = writeln!(out, "{n:3}  the system starts");
        for (name, value) in &state.values {
            if !matches!(&name[..], "pc" | "stack") {
                let _ = writeln!(out, "       {} = {value}", shown(name, origins));
            }
        }
        return;
    };
    let action: String = state.action.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let old = |name: &str| before.values.iter().find(|(n, _)| n == name).map(|(_, v)| &v[..]);
    let mut changes = Vec::new();
    for (name, value) in &state.values {
        if let Some(old) = old(name).filter(|old| old != value) {
            differences(name, old, value, 0, &mut changes);
        }
    }
    // Only the process that takes a step moves on.
    let moved = changes.iter().find(|c| c.path == "pc" || c.path.starts_with("pc["));
    let process = moved.and_then(|c| c.path.strip_prefix("pc[")).and_then(|k| k.strip_suffix(']')).unwrap_or("");
    match origins.labels.get(&action) {
        Some(origin) => {
            let who = if process.is_empty() { origin.owner.clone() } else { format!("{} {process}", origin.owner) };
            let place = format!("{}:{}", source.path, source.line(origin.span.start));
            let _ = writeln!(out, "{n:3}  {who} does {}  ({place})", origin.label);
            for (line, text) in lines(origin, origins, source) {
                let _ = writeln!(out, "       {line:4} | {text}");
            }
        }
        None => {
            let _ = writeln!(out, "{n:3}  {}", state.action);
        }
    }
    if let Some(to) = moved.map(|c| c.new.trim_matches('"')) {
        let to = origins.labels.get(to).map_or(to, |o| &o.label);
        let _ = writeln!(out, "       then it is at {to}");
    }
    for c in changes.iter().filter(|c| !is_control(&c.path)) {
        let _ = writeln!(out, "       {} = {}  (was {})", shown(&c.path, origins), c.new, c.old);
    }
}

fn is_control(path: &str) -> bool {
    let name = path.split(['[', '.']).next().unwrap_or(path);
    matches!(name, "pc" | "stack")
}

/// A variable under the name that the author gave it.
fn shown(path: &str, origins: &Origins) -> String {
    let end = path.find(['[', '.']).unwrap_or(path.len());
    match origins.variables.get(&path[..end]) {
        Some((name, Some(owner))) => format!("{owner}.{name}{}", &path[end..]),
        Some((name, None)) => format!("{name}{}", &path[end..]),
        None => path.to_owned(),
    }
}

/// The source lines of a section: from its label to the next one.
fn lines<'s>(origin: &LabelOrigin, origins: &Origins, source: &'s Source) -> Vec<(usize, &'s str)> {
    let first = source.line(origin.span.start);
    let next = origins.labels.values().map(|o| source.line(o.span.start)).filter(|l| *l > first).min();
    let last = next.unwrap_or(usize::MAX).min(first + MAX_LINES);
    let mut all: Vec<_> = (first..).zip(source.text.lines().skip(first - 1)).take(last - first).collect();
    // A section ends with the brace that closes what it stands in.
    let indent = |text: &str| text.len() - text.trim_start().len();
    let label = all.first().map_or(0, |(_, text)| indent(text));
    if let Some(end) = all.iter().skip(1).position(|(_, text)| !text.trim().is_empty() && indent(text) < label) {
        all.truncate(end + 1);
    }
    while all.last().is_some_and(|(_, text)| text.trim().is_empty()) {
        all.pop();
    }
    all
}

/// A part of a variable that changed.
struct Change {
    path: String,
    old: String,
    new: String,
}

/// The smallest parts that differ: below functions, sequences and records whose keys are the same.
fn differences(path: &str, old: &str, new: &str, depth: usize, out: &mut Vec<Change>) {
    let whole = || Change { path: path.to_owned(), old: old.to_owned(), new: new.to_owned() };
    match (entries(old), entries(new)) {
        (Some(a), Some(b))
            if depth < MAX_DEPTH && !a.is_empty() && a.iter().map(|e| &e.0).eq(b.iter().map(|e| &e.0)) =>
        {
            for ((key, old), (_, new)) in a.iter().zip(&b).filter(|(x, y)| x.1 != y.1) {
                differences(&format!("{path}{key}"), old, new, depth + 1, out);
            }
        }
        _ => out.push(whole()),
    }
}

/// The keys, as they are written behind a variable, and values of a function, sequence or record.
fn entries(value: &str) -> Option<Vec<(String, String)>> {
    let inside = |open: &str, close: &str| value.strip_prefix(open).and_then(|v| v.strip_suffix(close));
    if let Some(items) = inside("<<", ">>") {
        let items = split(items, ",");
        return Some((1..).zip(items).map(|(n, v): (usize, _)| (format!("[{n}]"), v)).collect());
    }
    if let Some(fields) = inside("[", "]") {
        let field = |f: String| f.split_once(" |-> ").map(|(k, v)| (format!(".{}", k.trim()), v.trim().to_owned()));
        return split(fields, ",").into_iter().map(field).collect();
    }
    if let Some(pairs) = inside("(", ")") {
        let pair = |p: String| {
            let parts = split(&p, ":>");
            let [key, value] = <[String; 2]>::try_from(parts).ok()?;
            Some((format!("[{key}]"), value))
        };
        return split(pairs, "@@").into_iter().map(pair).collect();
    }
    None
}

/// Splits at a separator outside brackets and strings.
fn split(text: &str, separator: &str) -> Vec<String> {
    let (mut parts, mut depth, mut start, mut at) = (Vec::new(), 0i32, 0, 0);
    let (mut in_string, mut escaped) = (false, false);
    let bytes = text.as_bytes();
    while at < bytes.len() {
        let c = bytes[at];
        if in_string {
            in_string = c != b'"' || escaped;
            escaped = c == b'\\' && !escaped;
        } else if depth == 0 && bytes[at..].starts_with(separator.as_bytes()) {
            parts.push(text[start..at].trim().to_owned());
            at += separator.len();
            start = at;
            continue;
        } else if bytes[at..].starts_with(b"<<") || bytes[at..].starts_with(b">>") {
            depth += if c == b'<' { 1 } else { -1 };
            at += 1;
        } else {
            match c {
                b'"' => in_string = true,
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' => depth -= 1,
                _ => {}
            }
        }
        at += 1;
    }
    let last = text[start..].trim();
    if !last.is_empty() || !parts.is_empty() {
        parts.push(last.to_owned());
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_shown() {
        let mut changes = Vec::new();
        let old = r#"(0 :> <<>> @@ 1 :> [a |-> 1, b |-> <<"x, y", 2>>])"#;
        let new = r#"(0 :> <<3>> @@ 1 :> [a |-> 1, b |-> <<"x, y", 4>>])"#;
        differences("net", old, new, 0, &mut changes);
        let found: Vec<_> = changes.iter().map(|c| format!("{} {} {}", c.path, c.old, c.new)).collect();
        assert_eq!(found, ["net[0] <<>> <<3>>", "net[1].b[2] 2 4"]);
    }

    #[test]
    fn states_are_read_over_several_lines() {
        let said = "Error: Invariant I is violated.\nState 1: <Initial predicate>\n/\\ x = <<1,\n   2 >>\n/\\ y = \"a = b\"\n\n\
                    State 2: <go line 3, col 1 to line 4, col 2 of module m>\n/\\ x = << >>\n/\\ y = 2\n\nState 3: Stuttering\n";
        let (states, end) = states(said);
        assert_eq!(states.len(), 2);
        let values: Vec<_> = states[0].values.iter().map(|(n, v)| format!("{n}={v}")).collect();
        assert_eq!(values, ["x=<<1, 2>>", "y=\"a = b\""]);
        assert!(end.is_some());
    }
}
