//! The source lines of a section: all of them, or those that tell which branch was taken.

use super::{is_letter, LabelOrigin, Origins};
use crate::source::Source;

/// The most source lines that are shown of a section.
const MAX_LINES: usize = 12;

/// A line with its number, or this many that are left out.
pub(super) enum Line<'s> {
    Shown(usize, &'s str),
    LeftOut(usize),
}

/// From a label to the next one. Of a long section, the lines that assign to one of `changed` or go to `next`,
/// each below the heads of what it stands in; the flag is false where that leaves several branches, or none.
pub(super) fn excerpt<'s>(
    origin: &LabelOrigin,
    origins: &Origins,
    source: &'s Source,
    changed: &[(&str, &str)],
    next: Option<&str>,
) -> (Vec<Line<'s>>, bool) {
    let all = section(origin, origins, source);
    let chosen = if all.len() <= MAX_LINES { vec![true; all.len()] } else { told(&all, changed, next) };
    let told = chosen.iter().filter(|c| **c).count() > 1;
    let known = all.len() <= MAX_LINES || told && !has_arms(&all, &chosen);
    let chosen = if told { chosen } else { (0..all.len()).map(|n| n < MAX_LINES).collect() };
    let mut lines = Vec::new();
    for ((number, text), shown) in all.into_iter().zip(chosen) {
        match (shown, lines.last_mut()) {
            (true, _) => lines.push(Line::Shown(number, text)),
            (false, Some(Line::LeftOut(count))) => *count += 1,
            (false, _) => lines.push(Line::LeftOut(1)),
        }
    }
    (lines, known)
}

fn section<'s>(origin: &LabelOrigin, origins: &Origins, source: &'s Source) -> Vec<(usize, &'s str)> {
    let first = source.line(origin.span.start);
    let next = origins.labels.values().map(|o| source.line(o.span.start)).filter(|l| *l > first).min();
    let count = next.map_or(usize::MAX, |next| next - first);
    let mut all: Vec<_> = (first..).zip(source.text.lines().skip(first - 1)).take(count).collect();
    // A section ends with the brace that closes what it stands in.
    let label = all.first().map_or(0, |(_, text)| indent(text));
    if let Some(end) = all.iter().skip(1).position(|(_, text)| !text.trim().is_empty() && indent(text) < label) {
        all.truncate(end + 1);
    }
    while all.last().is_some_and(|(_, text)| text.trim().is_empty()) {
        all.pop();
    }
    all
}

fn indent(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

/// Which lines tell what was done, and what they stand in.
fn told(all: &[(usize, &str)], changed: &[(&str, &str)], next: Option<&str>) -> Vec<bool> {
    let mut chosen = vec![false; all.len()];
    chosen[0] = true;
    let goes = |text: &str| {
        let target = text.split("goto ").nth(1).map(|t| t.split(|c: char| !c.is_alphanumeric() && c != '_'));
        next.is_some() && target.and_then(|mut t| t.next()) == next
    };
    for n in 0..all.len() {
        let text = all[n].1.split("\\*").next().unwrap_or("");
        if !goes(text) && !changed.iter().any(|(name, new)| assigns(text, name, new)) {
            continue;
        }
        chosen[n] = true;
        let mut depth = indent(text);
        for above in (0..n).rev().filter(|m| !all[*m].1.trim().is_empty()) {
            if indent(all[above].1) < depth {
                depth = indent(all[above].1);
                chosen[above] = true;
            }
        }
    }
    chosen
}

/// Whether lines of several branches of one statement are chosen: two heads as deep, without a line between that
/// is as deep and ends the statement.
fn has_arms(all: &[(usize, &str)], chosen: &[bool]) -> bool {
    let is_arm = |text: &str| {
        let text = text.trim_start().trim_start_matches('}').trim_start();
        ["else", "or"].iter().any(|w| text.strip_prefix(w).is_some_and(|rest| !rest.starts_with(is_letter)))
    };
    let lines = || all.iter().zip(chosen);
    lines().enumerate().any(|(n, ((_, arm), shown))| {
        let earlier =
            || lines().take(n).filter(|((_, text), _)| indent(text) == indent(arm) && !text.trim().is_empty());
        // The first of the statement's heads is the last that is not an arm.
        let from = earlier().rfind(|((_, text), _)| !is_arm(text)).map_or(0, |((number, _), _)| *number);
        *shown && is_arm(arm) && earlier().any(|((number, _), shown)| *shown && *number >= from)
    })
}

/// Whether a line assigns to a variable, and not a number or string other than its new value.
fn assigns(line: &str, name: &str, new: &str) -> bool {
    line.match_indices(":=").any(|(at, _)| {
        let target = line[..at].rsplit([';', '{', '}', '|', ':']).next().unwrap_or("").trim();
        let value = line[at + 2..].split([';', '}', '|']).next().unwrap_or("").trim();
        let is_literal = value.starts_with('"') || value.bytes().all(|b| b.is_ascii_digit());
        let may_be =
            !is_literal || value.is_empty() || value == new || matches!(new.as_bytes().first(), Some(b'<' | b'['));
        may_be && target.strip_prefix(name).is_some_and(|rest| !rest.starts_with(is_letter))
    })
}
