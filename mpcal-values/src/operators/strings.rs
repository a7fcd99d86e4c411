//! Operators on sequences that take strings, too, as TLC has them: `Len`, `Tail`, `SubSeq` and `\o`.
//!
//! `string_…` are for strings, `value_…` for values of which it shows when it runs.

use super::{concat, convert, len, sub_seq, tail};
use crate::{fail, Eval, Seq, Str, Value};

/// `Len(s)`
#[must_use]
pub fn string_len(s: &Str) -> i64 {
    s.chars().count() as i64
}

/// `Tail(s)`
pub fn string_tail(s: &Str) -> Eval<Str> {
    let mut rest = s.chars();
    match rest.next() {
        Some(_) => Ok(Str::from(rest.as_str())),
        None => fail("Tail of an empty string"),
    }
}

/// `SubSeq(s, from, to)`
pub fn string_sub_seq(s: &Str, from: i64, to: i64) -> Eval<Str> {
    if from > to {
        return Ok(Str::literal(""));
    }
    match (usize::try_from(from), usize::try_from(to)) {
        (Ok(from), Ok(to)) if from >= 1 && to as i64 <= string_len(s) => {
            Ok(Str::from(s.chars().skip(from - 1).take(to + 1 - from).collect::<String>()))
        }
        _ => fail(format!("SubSeq from {from} to {to} of a string of {}", string_len(s))),
    }
}

/// `s \o t`
#[must_use]
pub fn string_concat(s: &Str, t: &Str) -> Str {
    Str::from(format!("{}{}", s.as_str(), t.as_str()))
}

fn sequence(v: &Value) -> Eval<Seq<Value>> {
    convert::<Value, Seq<Value>>(v)
}

/// `Len(v)`
pub fn value_len(v: &Value) -> Eval<i64> {
    match v {
        Value::Str(s) => Ok(string_len(s)),
        other => Ok(len(&sequence(other)?)),
    }
}

/// `Tail(v)`
pub fn value_tail(v: &Value) -> Eval<Value> {
    match v {
        Value::Str(s) => Ok(Value::Str(string_tail(s)?)),
        other => Ok(Value::Seq(tail(&sequence(other)?)?)),
    }
}

/// `SubSeq(v, from, to)`
pub fn value_sub_seq(v: &Value, from: i64, to: i64) -> Eval<Value> {
    match v {
        Value::Str(s) => Ok(Value::Str(string_sub_seq(s, from, to)?)),
        other => Ok(Value::Seq(sub_seq(&sequence(other)?, from, to)?)),
    }
}

/// `v \o w`
pub fn value_concat(v: &Value, w: &Value) -> Eval<Value> {
    match (v, w) {
        (Value::Str(s), Value::Str(t)) => Ok(Value::Str(string_concat(s, t))),
        (v, w) => Ok(Value::Seq(concat(&sequence(v)?, &sequence(w)?))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Data;

    #[test]
    fn strings_are_sequences_of_characters() {
        let s = Str::literal("häuser");
        assert_eq!((string_len(&s), string_tail(&s)), (6, Ok(Str::literal("äuser"))));
        assert_eq!(string_sub_seq(&s, 2, 3), Ok(Str::literal("äu")));
        assert_eq!(string_sub_seq(&s, 3, 2), Ok(Str::literal("")));
        assert!(string_sub_seq(&s, 0, 2).is_err() && string_sub_seq(&s, 6, 7).is_err());
        assert!(string_tail(&Str::literal("")).is_err());
    }

    #[test]
    fn strings_and_sequences_do_not_mix() {
        let (s, t) = (Str::literal("a").to_value(), Value::Seq(Seq::new()));
        assert!(value_concat(&s, &t).is_err() && value_concat(&t, &s).is_err());
        assert_eq!(value_concat(&t, &t), Ok(t.clone()));
        assert_eq!((value_len(&s), value_len(&t)), (Ok(1), Ok(0)));
    }
}
