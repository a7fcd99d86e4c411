//! The model's spelling in Rust's cases.

use proc_macro2::{Ident, Span};

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
