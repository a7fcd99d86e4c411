//! Membership in sets that are tested and not enumerated: `Nat`, `Seq(S)`, `[S -> T]`, …

use crate::value::{Eval, Set, Str, Value};

/// `v \in Nat`
#[must_use]
pub fn is_nat(v: &Value) -> bool {
    matches!(v, Value::Int(0..))
}

/// `v \in Int`
#[must_use]
pub fn is_int(v: &Value) -> bool {
    matches!(v, Value::Int(_))
}

/// `v \in STRING`
#[must_use]
pub fn is_string(v: &Value) -> bool {
    matches!(v, Value::Str(_))
}

/// `v \in BOOLEAN`
#[must_use]
pub fn is_bool(v: &Value) -> bool {
    matches!(v, Value::Bool(_))
}

/// `v \in Seq(S)`, with the test of `S`.
pub fn in_seq(v: &Value, test: Test<'_>) -> Eval<bool> {
    match v {
        Value::Seq(s) => all(s.iter(), test),
        _ => Ok(false),
    }
}

/// `v \in SUBSET S`, with the test of `S`.
pub fn in_power_set(v: &Value, test: Test<'_>) -> Eval<bool> {
    match v {
        Value::Set(s) => all(s.iter(), test),
        _ => Ok(false),
    }
}

/// `v \in [S -> T]`, with `S` and the test of `T`.
pub fn in_function_set(v: &Value, domain: &Set<Value>, test: Test<'_>) -> Eval<bool> {
    match v {
        Value::Seq(s) => {
            let same = domain.len() == s.len() && (1..).zip(s.iter()).all(|(n, _)| domain.contains(&Value::Int(n)));
            Ok(same && all(s.iter(), test)?)
        }
        Value::Function(f) => {
            let same = domain.len() == f.len() && f.iter().all(|(k, _)| domain.contains(&k));
            Ok(same && all(f.iter().map(|(_, v)| v), test)?)
        }
        _ => Ok(false),
    }
}

/// The test of a set.
type Test<'t> = &'t dyn Fn(&Value) -> Eval<bool>;
/// A field and the test of its set.
type FieldTest<'t> = (&'static str, Test<'t>);

/// `v \in [a : S, b : T]`
pub fn in_record_set(v: &Value, fields: &[FieldTest<'_>]) -> Eval<bool> {
    let Value::Function(f) = v else { return Ok(false) };
    if f.len() != fields.len() {
        return Ok(false);
    }
    for (name, test) in fields {
        match f.get(&Value::Str(Str::literal(name))) {
            Some(value) if test(value)? => {}
            Some(_) | None => return Ok(false),
        }
    }
    Ok(true)
}

/// `v \in S \X T`
pub fn in_product(v: &Value, tests: &[Test<'_>]) -> Eval<bool> {
    match v {
        Value::Seq(s) if s.len() == tests.len() => {
            for (item, test) in s.iter().zip(tests) {
                if !test(item)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        _ => Ok(false),
    }
}

fn all<'v>(items: impl Iterator<Item = &'v Value>, test: Test<'_>) -> Eval<bool> {
    for item in items {
        if !test(item)? {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_tested_and_not_enumerated() {
        let seq = Value::Seq([Value::Int(1), Value::Int(2)].into_iter().collect());
        let nat: &dyn Fn(&Value) -> Eval<bool> = &|v| Ok(is_nat(v));
        assert_eq!(in_seq(&seq, nat), Ok(true));
        assert_eq!(in_seq(&Value::Int(1), nat), Ok(false));
        let domain = [Value::Int(1), Value::Int(2)].into_iter().collect();
        assert_eq!(in_function_set(&seq, &domain, nat), Ok(true));
        assert_eq!(in_product(&seq, &[nat, nat]), Ok(true));
        assert_eq!(in_product(&seq, &[nat]), Ok(false));
        let record = Value::record([("a", Value::Int(1)), ("b", Value::Bool(true))]);
        assert_eq!(in_record_set(&record, &[("a", nat), ("b", &|v| Ok(is_bool(v)))]), Ok(true));
        assert_eq!(in_record_set(&record, &[("a", nat)]), Ok(false));
        assert_eq!(in_record_set(&record, &[("a", nat), ("c", nat)]), Ok(false));
    }
}
