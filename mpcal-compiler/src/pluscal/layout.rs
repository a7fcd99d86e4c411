//! Statements of plain PlusCal, and how they are laid out.

use std::fmt::Write;

/// A statement.
#[derive(Clone, Debug)]
pub(super) enum Statement {
    /// One without statements inside it, without the semicolon.
    Line(String),
    /// A call, and the `return` or `goto` that must follow it at once.
    Call(String, String),
    /// `with (name = value) { … }`
    With(Binding, Vec<Statement>),
    /// `if (c) { … } else { … }`
    If(String, Vec<Statement>, Vec<Statement>),
    /// `either { … } or { … }`
    Either(Vec<Vec<Statement>>),
    /// `while (c) { … }`
    While(String, Vec<Statement>),
    /// Lines of comment, then a label with its statements.
    Labelled(Vec<String>, String, Vec<Statement>),
}

/// How a name is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `name = value`: TLC evaluates the value where it is used.
    Lazy,
    /// `name \in {value}`: TLC evaluates it here, once. The value has the braces.
    Strict,
    /// `name \in set`
    Choice,
}

/// A name and what it is bound to.
#[derive(Clone, Debug)]
pub(super) struct Binding {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) value: String,
}

impl Statement {
    /// How much deeper the body of a loop stands.
    pub(super) const LOOP: usize = 2;

    /// How deep statements nest, as `pcal.trans` counts it: each binding and each `else if` is one, a loop two.
    pub(super) fn depth(list: &[Statement]) -> usize {
        list.iter()
            .map(|s| match s {
                Statement::Line(_) | Statement::Call(..) => 0,
                Statement::With(_, inside) => 1 + Self::depth(inside),
                Statement::If(_, a, b) => 1 + Self::depth(a).max(Self::depth(b)),
                Statement::Either(arms) => 1 + arms.iter().map(|a| Self::depth(a)).max().unwrap_or(0),
                Statement::While(_, inside) => Self::LOOP + Self::depth(inside),
                Statement::Labelled(_, _, list) => Self::depth(list),
            })
            .max()
            .unwrap_or(0)
    }

    /// Whether a name stands somewhere in it.
    fn mentions(&self, name: &str) -> bool {
        let inside = |list: &[Statement]| list.iter().any(|s| s.mentions(name));
        match self {
            Statement::Line(text) | Statement::Call(text, _) => has_word(text, name),
            Statement::With(b, list) => has_word(&b.value, name) || inside(list),
            Statement::If(c, a, b) => has_word(c, name) || inside(a) || inside(b),
            Statement::Either(arms) => arms.iter().any(|a| inside(a)),
            Statement::While(c, list) => has_word(c, name) || inside(list),
            Statement::Labelled(_, _, list) => inside(list),
        }
    }
}

fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + word.len()..].starts_with(is_part))
}

/// `with` over the statements up to the last that uses the name; a value nobody uses is dropped.
pub(super) fn with(binding: Binding, mut rest: Vec<Statement>) -> Vec<Statement> {
    let used = rest.iter().rposition(|s| s.mentions(&binding.name)).map_or(0, |n| n + 1);
    if used == 0 && binding.kind != Kind::Choice {
        return rest;
    }
    let after = rest.split_off(used);
    let inside = if rest.is_empty() { vec![Statement::Line("skip".to_owned())] } else { rest };
    let mut list = vec![Statement::With(binding, inside)];
    list.extend(after);
    list
}

/// Lines are at most this long, in characters, where there is a space to break them at.
const WIDTH: usize = 120;

/// Where a long expression is broken in any case.
pub(super) const BREAK: char = '\u{1f}';

/// Breaks a line at [`BREAK`]s, and where it is too long, at spaces outside strings and as few brackets deep as possible;
/// what follows is indented more.
pub(super) fn wrap(line: &str, out: &mut String) {
    let indent = line.len() - line.trim_start().len();
    let mut parts = line.split(BREAK);
    wrap_part(parts.next().unwrap_or("").trim_end(), indent, out);
    for part in parts {
        let pad = " ".repeat(indent + 4);
        wrap_part(&format!("{pad}{}", part.replace('\n', &format!("\n{pad}"))), indent, out);
    }
}

fn wrap_part(line: &str, indent: usize, out: &mut String) {
    if line.contains('\n') {
        // A text of the author's own lines keeps them.
        let _ = writeln!(out, "{line}");
        return;
    }
    let mut rest = line.to_owned();
    while rest.chars().count() > WIDTH {
        let Some(at) = break_at(&rest) else { break };
        let _ = writeln!(out, "{}", &rest[..at]);
        rest = format!("{}{}", " ".repeat(indent + 6), rest[at..].trim_start());
    }
    let _ = writeln!(out, "{rest}");
}

/// Prints lines with this many spaces before each.
pub(super) fn indent(lines: &str, spaces: usize, out: &mut String) {
    for line in lines.lines() {
        let _ = writeln!(out, "{}", format!("{}{line}", " ".repeat(spaces)).trim_end());
    }
}

/// What a line had better be broken before.
const JOINTS: &[&str] = &["THEN ", "ELSE ", "IN ", "/\\ ", "\\/ ", "\\cup ", "\\o ", "=> ", ": "];

/// The byte of the space to break a line at: in its second half, if there is one.
fn break_at(line: &str) -> Option<usize> {
    let text = line.len() - line.trim_start().len();
    let (mut depth, mut in_string, mut escaped) = (0i32, false, false);
    let mut best: Option<((bool, i32, bool), usize)> = None;
    for (n, (at, c)) in line.char_indices().enumerate() {
        if n > WIDTH {
            break;
        }
        match c {
            _ if in_string => {
                in_string = c != '"' || escaped;
                escaped = c == '\\' && !escaped;
            }
            '"' => in_string = true,
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ' ' if at > text => {
                let after = &line[at + 1..];
                let joint = line[..at].ends_with([',', ';', ':']) || JOINTS.iter().any(|word| after.starts_with(word));
                let rank = (n <= WIDTH / 2, depth, !joint);
                if best.is_none_or(|(b, _)| rank <= b) {
                    best = Some((rank, at));
                }
            }
            _ => {}
        }
    }
    best.map(|(_, at)| at)
}

/// Prints statements at a depth of indentation.
pub(super) fn write(list: &[Statement], depth: usize, out: &mut String) {
    let pad = "  ".repeat(depth);
    if list.is_empty() {
        let _ = writeln!(out, "{pad}skip;");
    }
    for s in list {
        match s {
            Statement::Line(text) => {
                wrap(&format!("{pad}{text};"), out);
            }
            Statement::Call(call, behind) => {
                wrap(&format!("{pad}{call};"), out);
                let _ = writeln!(out, "{pad}{behind};");
            }
            Statement::With(first, inside) => {
                // Nested bindings go into one `with`.
                let (mut bindings, mut inside) = (vec![first], inside);
                while let [Statement::With(next, deeper)] = &inside[..] {
                    bindings.push(next);
                    inside = deeper;
                }
                let list: Vec<_> = bindings
                    .iter()
                    .map(|b| format!("{} {} {}", b.name, if b.kind == Kind::Lazy { "=" } else { "\\in" }, b.value))
                    .collect();
                let long = depth * 2 + list.iter().map(|b| b.chars().count() + 2).sum::<usize>() + 7 > WIDTH;
                let separator = if long { format!(";{BREAK}") } else { "; ".to_owned() };
                wrap(&format!("{pad}with ({}) {{", list.join(&separator)), out);
                write(inside, depth + 1, out);
                let _ = writeln!(out, "{pad}}};");
            }
            Statement::If(..) => {
                write_if(s, &pad, depth, out);
                let _ = writeln!(out, ";");
            }
            Statement::Either(arms) => {
                for (n, arm) in arms.iter().enumerate() {
                    let _ = if n == 0 { writeln!(out, "{pad}either {{") } else { writeln!(out, "{pad}}} or {{") };
                    write(arm, depth + 1, out);
                }
                let _ = writeln!(out, "{pad}}};");
            }
            Statement::While(c, inside) => {
                wrap(&format!("{pad}while ({c}) {{"), out);
                write(inside, depth + 1, out);
                let _ = writeln!(out, "{pad}}};");
            }
            Statement::Labelled(comments, label, list) => {
                for line in comments {
                    let _ = writeln!(out, "{pad}{line}");
                }
                let _ = writeln!(out, "{pad}{label}");
                write(list, depth + 1, out);
            }
        }
    }
}

/// `if … else if … else …` as a chain.
fn write_if(s: &Statement, start: &str, depth: usize, out: &mut String) {
    let Statement::If(c, a, b) = s else { return };
    let pad = "  ".repeat(depth);
    wrap(&format!("{start}if ({c}) {{"), out);
    write(a, depth + 1, out);
    match &b[..] {
        [] => {
            let _ = write!(out, "{pad}}}");
        }
        [nested @ Statement::If(..)] => {
            let start = format!("{pad}}} else ");
            write_if(nested, &start, depth, out);
        }
        _ => {
            let _ = writeln!(out, "{pad}}} else {{");
            write(b, depth + 1, out);
            let _ = write!(out, "{pad}}}");
        }
    }
}
