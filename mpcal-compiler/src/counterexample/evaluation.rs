//! What TLC could not evaluate, and where: it names places in the translation.
//!
//! `0. Line 76, column 27 to line 76, column 34 in ev`, or `0) line 76, col 27 to line 76, col 34 of module ev`,
//! the outermost first. The action that a place stands in has the name of its label.

use super::{LabelOrigin, Origins};
use crate::source::Source;

/// A place in the translation: lines and columns from 1, the end is part of it.
struct Position {
    line: usize,
    column: usize,
    end: usize,
    end_column: usize,
    module: String,
}

/// Why TLC stopped, in its own words but on one line, if it threw an exception.
pub(super) fn cause(said: &str) -> Option<String> {
    let thrown = said.split_once("\nThe exception was a ").and_then(|(_, rest)| rest.split_once("\n: "));
    let (_, rest) = thrown.or_else(|| said.split_once("\nReason:\n"))?;
    let lines = rest.lines().take_while(|l| !l.is_empty() && !l.starts_with("Error: ") && !super::is_progress(l));
    Some(lines.map(str::trim).collect::<Vec<_>>().join(" "))
}

/// What was being evaluated, as text, and the label it belongs to.
pub(super) fn place<'o>(said: &str, origins: &'o Origins, source: &Source) -> Option<(String, &'o LabelOrigin)> {
    let lines: Vec<&str> = source.text.lines().collect();
    let header = format!("MODULE {}", source.text.split("MODULE ").nth(1)?.split_whitespace().next()?);
    let ours = said.lines().filter_map(position).filter(|p| header.strip_prefix("MODULE ") == Some(&p.module[..]));
    let mut found = ours.filter_map(|p| {
        let above = lines.get(..p.line)?;
        let origin = above.iter().rev().find_map(|l| defined(l)).and_then(|name| origins.labels.get(name))?;
        Some((text(&lines, &p)?, origin))
    });
    // The innermost is what failed.
    found.next_back()
}

/// The name that a line of the translation defines.
fn defined(line: &str) -> Option<&str> {
    let (head, _) = line.split_once(" ==")?;
    let name = head.strip_suffix("(self)").unwrap_or(head);
    super::is_name(name).then_some(name)
}

/// The text of a place on one line.
fn text(lines: &[&str], p: &Position) -> Option<String> {
    let mut parts = Vec::new();
    for n in p.line..=p.end {
        let line: Vec<char> = lines.get(n.checked_sub(1)?)?.chars().collect();
        let from = if n == p.line { p.column.checked_sub(1)? } else { 0 };
        let to = if n == p.end { p.end_column.min(line.len()) } else { line.len() };
        parts.push(line.get(from..to)?.iter().collect::<String>().trim().to_owned());
    }
    Some(parts.join(" "))
}

fn position(line: &str) -> Option<Position> {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let rest = rest.strip_prefix(". ").or_else(|| rest.strip_prefix(") ")).filter(|r| r.len() < line.len())?;
    let mut words = rest.split([' ', ',']).filter(|w| !w.is_empty());
    let mut number = |names: &[&str]| -> Option<usize> {
        let name = words.next().map(str::to_ascii_lowercase)?;
        let name = if name == "to" { words.next().map(str::to_ascii_lowercase)? } else { name };
        words.next().filter(|_| names.contains(&&name[..]))?.parse().ok()
    };
    let (line, column) = (number(&["line"])?, number(&["column", "col"])?);
    let (end, end_column) = (number(&["line"])?, number(&["column", "col"])?);
    Some(Position { line, column, end, end_column, module: words.next_back()?.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_in_both_forms() {
        for line in
            ["1. Line 76, column 27 to line 77, column 34 in ev", "1) line 76, col 27 to line 77, col 34 of module ev"]
        {
            let p = position(line).expect("it is a place");
            assert_eq!((p.line, p.column, p.end, p.end_column, &p.module[..]), (76, 27, 77, 34, "ev"));
        }
        assert!(position("State 1: <Initial predicate>").is_none() && position("3 states generated").is_none());
    }
}
