//! What TLC prints of a counterexample, in terms of the model.
//!
//! In: TLC's output, and what the labels and variables of the translation stand for. Out: each step
//! with its process, label, source lines and the variables that changed, under the author's names.

mod evaluation;
mod excerpt;

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
    /// What `ref` parameters of archetypes are bound to: the parameter and the global variable.
    pub bound: Vec<(String, String)>,
}

/// What TLC's output says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// An error, in terms of the model.
    Error(String),
    /// TLC went through and found none.
    Fine,
    /// It is TLC's, but ends before it says how it went.
    Unfinished,
    /// It is not TLC's.
    Foreign,
}

/// What a label of the translation stands for.
#[derive(Clone, Debug)]
pub struct LabelOrigin {
    /// The archetype, procedure or process.
    pub owner: String,
    /// Whether that is a procedure, which processes call.
    pub is_procedure: bool,
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

/// Explains the first error in what TLC printed.
#[must_use]
pub fn explain(said: &str, origins: &Origins, source: &Source) -> Verdict {
    let cause = evaluation::cause(said);
    let errors: Vec<&str> = said.lines().filter_map(|l| l.strip_prefix("Error: ")).filter(|l| !is_lead(l)).collect();
    let (states, end) = states(said);
    if errors.is_empty() && states.is_empty() {
        return verdict(said);
    }
    let mut out = String::new();
    for error in errors.iter().filter(|e| cause.is_none() || !is_exception(e)) {
        let _ = writeln!(out, "error: {error}");
    }
    if let Some(cause) = &cause {
        let _ = writeln!(out, "error: {cause}");
    }
    // What an error says may go on in the lines below it, up to the behaviour.
    for line in said.lines().skip_while(|l| !l.starts_with("Error: ")).take_while(|l| !l.starts_with("Error: The beh"))
    {
        let more =
            !line.starts_with("Error: ") && !line.is_empty() && !is_progress(line) && state_header(line).is_none();
        if more && states.is_empty() && cause.is_none() {
            let _ = writeln!(out, "       {line}");
        }
        if let Some(text) = assertion(line, origins, source) {
            let _ = writeln!(out, "       {text}");
        }
    }
    if let Some((text, origin)) = evaluation::place(said, origins, source) {
        let place = format!("{}:{}", source.path, source.line(origin.span.start));
        let who = owner(origin, at_label(states.last(), origin, origins).as_deref(), &states, origins);
        let _ = writeln!(out, "       in `{text}`, where {who} is at {}  ({place})", origin.label);
    }
    let mut before: Option<&State> = None;
    for (n, state) in states.iter().enumerate() {
        let _ = writeln!(out);
        match before {
            None => start(n + 1, state, origins, &mut out),
            Some(before) => step(n + 1, before, state, &states, origins, source, &mut out),
        }
        before = Some(state);
    }
    if let Some(end) = end {
        let _ = writeln!(out, "\n    {end}");
    }
    Verdict::Error(out)
}

/// What output without an error says.
fn verdict(said: &str) -> Verdict {
    let has = |text: &str| said.contains(text);
    if has("No error has been found") || (has("\nFinished in ") && has("generated")) {
        Verdict::Fine
    } else if has("TLC2 Version") || has("Computing initial states") || has("states generated") {
        Verdict::Unfinished
    } else {
        Verdict::Foreign
    }
}

/// Whether an error only leads on to what is shown in another way.
fn is_lead(error: &str) -> bool {
    let starts = ["The behavior up to", "The following behavior", "The error occurred when TLC was evaluating"];
    starts.iter().any(|s| error.starts_with(s))
}

/// Whether an error says no more than that there was an exception.
fn is_exception(error: &str) -> bool {
    error.starts_with("TLC threw an unexpected exception") || error.starts_with("TLC was unable to fingerprint")
}

/// The label that each process is at, by its identifier; empty if there is but one.
fn at_labels(state: &State) -> Vec<(String, String)> {
    let Some((_, pc)) = state.values.iter().find(|(name, _)| name == "pc") else { return Vec::new() };
    let label = |text: &str| text.trim_matches('"').to_owned();
    match entries(pc) {
        Some(all) => all.iter().map(|(key, at)| (identifier(key), label(at))).collect(),
        None => vec![(String::new(), label(pc))],
    }
}

/// `[1]` or `.name`, as TLC prints keys, without what surrounds it.
fn identifier(key: &str) -> String {
    match key.strip_prefix('.') {
        Some(name) => format!("\"{name}\""),
        None => key.trim_start_matches('[').trim_end_matches(']').to_owned(),
    }
}

/// The process that is at a label, if it is the only one.
fn at_label(state: Option<&State>, origin: &LabelOrigin, origins: &Origins) -> Option<String> {
    let all = at_labels(state?);
    let is_there = |label: &String| origins.labels.get(label).is_some_and(|o| o.span == origin.span);
    let mut there = all.into_iter().filter(|(_, label)| is_there(label));
    let (process, _) = there.next()?;
    there.next().is_none().then_some(process)
}

/// Who does what stands below a label: a procedure is run by a process.
fn owner(origin: &LabelOrigin, process: Option<&str>, states: &[State], origins: &Origins) -> String {
    let process = process.unwrap_or("");
    let with = |name: &str| if process.is_empty() { name.to_owned() } else { format!("{name} {process}") };
    if !origin.is_procedure {
        return with(&origin.owner);
    }
    let first = states.first().map(at_labels).unwrap_or_default().into_iter().find(|(p, _)| p == process);
    let runs = first.and_then(|(_, label)| origins.labels.get(&label)).filter(|o| !o.is_procedure);
    match runs {
        Some(archetype) => format!("{} in {}", with(&archetype.owner), origin.owner),
        None => with(&origin.owner),
    }
}

/// What `Failure of assertion at line 22, column 7.` means: a place in the translation, which is in
/// the same file.
fn assertion(line: &str, origins: &Origins, source: &Source) -> Option<String> {
    let (_, rest) = line.split_once("Failure of assertion at line ")?;
    let number: usize = rest.split(',').next()?.parse().ok()?;
    let lines: Vec<&str> = source.text.lines().take(number).collect();
    let failed = lines.get(number.checked_sub(1)?)?.trim().trim_end_matches(';');
    // What stands further in than the line is inside a loop that ends before it.
    let indent = |l: &str| l.len() - l.trim_start().len();
    let mut outer = indent(lines.last()?) + 1;
    let around = lines.iter().rev().filter(|l| {
        let is_outer = !l.trim().is_empty() && indent(l) < outer;
        outer = if is_outer { indent(l) } else { outer };
        is_outer
    });
    let label = |l: &&str| l.trim().split_once(':').and_then(|(name, _)| origins.labels.get(name));
    let origin = around.copied().find_map(|l| label(&l))?;
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

/// The states of a behaviour, and how it goes on forever.
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
            end = Some(format!("from here it loops back to state {number}"));
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

fn start(n: usize, state: &State, origins: &Origins, out: &mut String) {
    let _ = writeln!(out, "{n:3}  the system starts");
    for (name, value) in &state.values {
        if !matches!(&name[..], "pc" | "stack") {
            let _ = writeln!(out, "       {} = {value}", shown(name, origins));
        }
    }
}

fn step(
    n: usize,
    before: &State,
    state: &State,
    states: &[State],
    origins: &Origins,
    source: &Source,
    out: &mut String,
) {
    let action: String = state.action.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let old = |name: &str| before.values.iter().find(|(n, _)| n == name).map(|(_, v)| &v[..]);
    let mut changes = Vec::new();
    for (name, value) in &state.values {
        if let Some(old) = old(name).filter(|old| old != value) {
            differences(name, old, value, 0, &mut changes);
        }
    }
    // Only the process that takes a step moves on; in a loop of one label it stays where only it can be.
    let moved = changes.iter().find(|c| c.path.strip_prefix("pc").is_some_and(|rest| !rest.starts_with(is_letter)));
    let process = moved.map(|c| identifier(&c.path["pc".len()..]));
    let to = moved.map(|c| c.new.trim_matches('"')).map(|to| origins.labels.get(to).map_or(to, |o| &o.label));
    match origins.labels.get(&action) {
        Some(origin) => {
            let process = process.or_else(|| at_label(Some(before), origin, origins));
            let who = owner(origin, process.as_deref(), states, origins);
            let place = format!("{}:{}", source.path, source.line(origin.span.start));
            let _ = writeln!(out, "{n:3}  {who} does {}  ({place})", origin.label);
            section(origin, &changes, to, origins, source, out);
        }
        None => {
            let _ = writeln!(out, "{n:3}  {}", state.action);
        }
    }
    if let Some(to) = to {
        let _ = writeln!(out, "       then it is at {to}");
    }
    for c in changes.iter().filter(|c| !is_control(&c.path)) {
        let _ = writeln!(out, "       {} = {}  (was {})", shown(&c.path, origins), c.new, c.old);
    }
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The source of a step.
fn section(
    origin: &LabelOrigin,
    changes: &[Change],
    to: Option<&str>,
    origins: &Origins,
    source: &Source,
    out: &mut String,
) {
    let mut changed: Vec<(&str, &str)> = Vec::new();
    for change in changes.iter().filter(|c| !is_control(&c.path)) {
        let name = base(&change.path);
        let author = origins.variables.get(name).map_or(name, |(author, _)| author);
        let parameters =
            origins.bound.iter().filter(|(_, global)| global == author).map(|(parameter, _)| &parameter[..]);
        changed.extend(parameters.chain([author]).map(|name| (name, &change.new[..])));
    }
    let (lines, known) = excerpt::excerpt(origin, origins, source, &changed, to);
    for line in lines {
        let _ = match line {
            excerpt::Line::Shown(number, text) => writeln!(out, "       {number:4} | {text}"),
            excerpt::Line::LeftOut(1) => writeln!(out, "        ... | (1 line)"),
            excerpt::Line::LeftOut(count) => writeln!(out, "        ... | ({count} lines)"),
        };
    }
    if !known {
        let _ = writeln!(out, "       what changed does not tell which branch was taken");
    }
}

/// The variable that a path starts with.
fn base(path: &str) -> &str {
    path.split(['[', '.']).next().unwrap_or(path)
}

fn is_control(path: &str) -> bool {
    matches!(base(path), "pc" | "stack")
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

/// The keys, as they are written after a variable, and values of a function, sequence or record.
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
    fn an_assertion_behind_a_loop_belongs_to_the_label_of_the_loop() {
        let text = "    loop:\n      while (x < 3) {\n        inner:\n          x := 1;\n          assert x = 1;\n      };\n      \
                    assert x = 2;\n    after:\n      skip;\n";
        let mut origins = Origins::default();
        for label in ["loop", "inner", "after"] {
            let (owner, span) = ("A".to_owned(), Span::default());
            let origin = LabelOrigin { owner, is_procedure: false, label: label.to_owned(), span };
            origins.labels.insert(label.to_owned(), origin);
        }
        let place = |line: usize| {
            let said = format!("Failure of assertion at line {line}, column 7.");
            assertion(&said, &origins, &Source::new("m.tla", text)).unwrap_or_default()
        };
        assert!(place(5).starts_with("That is `assert x = 1` in inner of A"), "{}", place(5));
        assert!(place(7).starts_with("That is `assert x = 2` in loop of A"), "{}", place(7));
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
