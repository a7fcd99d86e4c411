//! The model's spelling in Rust's cases.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use proc_macro2::{Ident, Span};

use crate::infer::Types;
use crate::resolved::Model;
use crate::types::TagEnum;

/// The words of a name: `serverReceive`, `SERVER_RECEIVE` and `ServerReceive` are two each.
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let chars: Vec<char> = name.chars().collect();
    for (i, c) in chars.iter().enumerate() {
        let before_is_lower = i > 0 && (chars[i - 1].is_lowercase() || chars[i - 1].is_ascii_digit());
        let ends_acronym = i > 0 && chars[i - 1].is_uppercase() && chars.get(i + 1).is_some_and(|n| n.is_lowercase());
        if !c.is_alphanumeric() || (c.is_uppercase() && (before_is_lower || ends_acronym)) {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
    }
    words.push(word);
    words.retain(|w| !w.is_empty());
    words
}

/// `server_receive`
pub(super) fn snake(name: &str) -> String {
    guard(words(name).join("_"))
}

/// `ServerReceive`
pub(super) fn pascal(name: &str) -> String {
    let capitalized = |w: &String| {
        let mut chars = w.chars();
        chars.next().map(|c| c.to_uppercase().chain(chars).collect::<String>()).unwrap_or_default()
    };
    guard(words(name).iter().map(capitalized).collect())
}

/// A Rust name starts with a letter.
fn guard(name: String) -> String {
    if name.starts_with(|c: char| c.is_alphabetic()) {
        name
    } else {
        format!("x{name}")
    }
}

/// Variables, bound names and fields of a model in snake case.
pub(super) fn variables(model: &Model, types: &Types) -> HashMap<Rc<str>, String> {
    let variables = model.variables.iter().map(|v| v.name.clone());
    let bounds = model.bounds.iter().map(|b| b.name.clone());
    let fields = types.records.iter().flat_map(|r| r.fields.keys().cloned());
    unique(variables.chain(bounds).chain(fields), &["section", "cmp", "partial_cmp"])
}

/// Names for what emitted code needs itself among expressions of the model, unlike those of the model.
pub(super) struct Own {
    /// A changed copy of a value.
    pub(super) changed: Ident,
    /// What stood at a place, and what is to stand there.
    pub(super) old: Ident,
    pub(super) new: Ident,
    /// What is tested for being in a set.
    pub(super) tested: Ident,
    /// `$variable`, `$value` and `self`, in a mapping macro.
    pub(super) variable: Ident,
    pub(super) value: Ident,
    pub(super) process: Ident,
}

impl Own {
    /// Names that are not among those of the model.
    pub(super) fn unlike(model: &HashMap<Rc<str>, String>) -> Self {
        let free = |name: &str| {
            let candidates = std::iter::once(name.to_owned()).chain((2..).map(|n| format!("{name}_{n}")));
            let found = candidates.into_iter().find(|c| model.values().all(|known| known != c));
            ident(&found.unwrap_or_default())
        };
        Self {
            changed: free("changed"),
            old: free("old"),
            new: free("new"),
            tested: free("tested"),
            variable: free("variable"),
            value: free("value"),
            process: free("process"),
        }
    }
}

/// Names of the types that a model makes, by their ids.
pub(super) struct TypeNames {
    pub(super) records: Vec<String>,
    pub(super) enums: Vec<String>,
}

impl TypeNames {
    pub(super) fn contains(&self, name: &str) -> bool {
        self.records.iter().chain(&self.enums).any(|n| n == name)
    }
}

/// Records and enums in pascal case. One that is taken gets a suffix, then a number.
pub(super) fn types(model: &Model, types: &Types) -> TypeNames {
    let mut taken: HashSet<String> =
        ["Constants", "Variables", "State", "Label", "Frame", "Self", "Some"].iter().map(|n| (*n).to_owned()).collect();
    taken.extend(model.archetypes.iter().map(|a| pascal(&a.name)));
    taken.extend(model.mapping_macros.iter().map(|m| pascal(&m.name)));
    let mut free = |name: &str, suffix: &str| {
        let mut candidate = pascal(name);
        let mut n = 1;
        while !taken.insert(candidate.clone()) {
            candidate = format!("{}{suffix}{}", pascal(name), if n > 1 { n.to_string() } else { String::new() });
            n += 1;
        }
        candidate
    };
    TypeNames {
        records: types.records.iter().map(|r| free(&r.name, "Record")).collect(),
        enums: types.enums.iter().map(|e| free(&e.name, &suffix(e))).collect(),
    }
}

/// What tells an enum from another type of its name: `VoteOrNil`.
fn suffix(e: &TagEnum) -> String {
    match (&e.payload, &e.tags[..]) {
        (Some(_), [(tag, _)]) => format!("Or{}", pascal(tag.text())),
        _ => "Kind".to_owned(),
    }
}

/// Constants and operators of a model in snake case.
pub(super) fn operators(model: &Model) -> HashMap<Rc<str>, String> {
    let constants = model.constants.iter().map(|c| c.name.clone());
    unique(constants.chain(model.operators.iter().map(|o| o.name.clone())), &["check"])
}

/// `Foo` and `foo` differ in TLA+, so the second is `foo_2`; names of ours are taken.
fn unique(names: impl Iterator<Item = Rc<str>>, ours: &[&str]) -> HashMap<Rc<str>, String> {
    let all: BTreeSet<Rc<str>> = names.collect();
    let mut taken: HashSet<String> = ours.iter().map(|n| (*n).to_owned()).collect();
    let mut found = HashMap::new();
    for name in all {
        let base = snake(&name);
        let mut candidate = base.clone();
        let mut n = 2;
        while !taken.insert(candidate.clone()) {
            candidate = format!("{base}_{n}");
            n += 1;
        }
        found.insert(name, candidate);
    }
    found
}

/// Names of labels in pascal case, different for different labels.
pub(super) fn labels<'l>(
    texts: impl IntoIterator<Item = &'l Rc<str>>,
    taken: &mut Vec<Ident>,
) -> HashMap<Rc<str>, Ident> {
    let mut known: HashSet<Ident> = taken.iter().cloned().collect();
    let mut found = HashMap::new();
    for text in texts {
        let base = pascal(text);
        let mut candidate = ident(&base);
        let mut n = 2;
        while candidate == "Done" || !known.insert(candidate.clone()) {
            candidate = ident(&format!("{base}{n}"));
            n += 1;
        }
        taken.push(candidate.clone());
        found.insert(text.clone(), candidate);
    }
    found
}

/// An identifier, raw if it is a keyword of any edition.
pub(super) fn ident(name: &str) -> Ident {
    const KEYWORDS: &[&str] = &[
        "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
        "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
        "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type",
        "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
    ];
    match name {
        "self" | "Self" | "super" | "crate" => Ident::new(&format!("{name}_"), Span::call_site()),
        _ if KEYWORDS.contains(&name) => Ident::new_raw(name, Span::call_site()),
        _ => Ident::new(name, Span::call_site()),
    }
}

#[cfg(test)]
mod tests {
    use super::{pascal, snake};

    #[test]
    fn names_keep_their_words() {
        assert_eq!(snake("serverReceive"), "server_receive");
        assert_eq!(snake("NUM_NODES"), "num_nodes");
        assert_eq!(snake("TCPMailbox2"), "tcp_mailbox2");
        assert_eq!(pascal("AServer"), "AServer");
        assert_eq!(pascal("ReliableFIFOLink"), "ReliableFifoLink");
        assert_eq!(snake("_"), "x");
    }
}
