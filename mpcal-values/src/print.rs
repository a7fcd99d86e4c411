//! Values in TLA+ notation, as TLC prints them; what is printed parses back.

use std::fmt::{self, Display, Formatter, Write};

use super::Value;

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Value::Bool(true) => f.write_str("TRUE"),
            Value::Bool(false) => f.write_str("FALSE"),
            Value::Int(n) => write!(f, "{n}"),
            Value::Str(s) => quoted(s, f),
            Value::Model(name) => f.write_str(name),
            Value::Set(set) => list(f, "{", set.iter(), "}"),
            Value::Seq(seq) => list(f, "<<", seq.iter(), ">>"),
            Value::Function(function) => {
                let record = function.iter().all(|(k, _)| matches!(&k, Value::Str(s) if is_name(s)));
                f.write_str(if record { "[" } else { "(" })?;
                for (n, (key, value)) in function.iter().enumerate() {
                    if n > 0 {
                        f.write_str(if record { ", " } else { " @@ " })?;
                    }
                    match key {
                        Value::Str(name) if record => write!(f, "{name} |-> {value}")?,
                        _ => write!(f, "{key} :> {value}")?,
                    }
                }
                f.write_str(if record { "]" } else { ")" })
            }
        }
    }
}

fn list<'v>(f: &mut Formatter<'_>, open: &str, items: impl Iterator<Item = &'v Value>, close: &str) -> fmt::Result {
    f.write_str(open)?;
    for (n, item) in items.enumerate() {
        if n > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{item}")?;
    }
    f.write_str(close)
}

fn is_name(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && text.contains(|c: char| c.is_ascii_alphabetic())
}

fn quoted(text: &str, f: &mut Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\t' => f.write_str("\\t")?,
            '\r' => f.write_str("\\r")?,
            '\u{c}' => f.write_str("\\f")?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}
