//! Membership in sets that are tested and not enumerated: `Nat`, `Seq(S)`, `[S -> T]`, …

use crate::{fail, Eval, Set, Str, Value};

/// A value that a set could hold, or none for a model value, which nothing but a set of such holds. TLC asks no set for
/// a value of another kind.
fn of_kind<T>(v: &Value, what: &str, found: Option<T>) -> Eval<Option<T>> {
    match (found, v) {
        (Some(found), _) => Ok(Some(found)),
        (None, Value::Model(_)) => Ok(None),
        (None, v) => fail(format!("{v} is not {what}: TLC does not look for it in a set of these")),
    }
}

/// `v \in S`, of a set that is enumerated.
pub fn member(v: &Value, set: &Set<Value>) -> Eval<bool> {
    let found = set.contains(v);
    match set.iter().next().filter(|_| !found) {
        Some(other) => v.equal(other),
        None => Ok(found),
    }
}

/// `v \in Nat`
pub fn is_nat(v: &Value) -> Eval<bool> {
    let n = of_kind(v, "a number", if let Value::Int(n) = v { Some(*n) } else { None })?;
    Ok(n.is_some_and(|n| n >= 0))
}

/// `v \in Int`
pub fn is_int(v: &Value) -> Eval<bool> {
    Ok(of_kind(v, "a number", matches!(v, Value::Int(_)).then_some(()))?.is_some())
}

/// `v \in STRING`
pub fn is_string(v: &Value) -> Eval<bool> {
    Ok(of_kind(v, "a string", matches!(v, Value::Str(_)).then_some(()))?.is_some())
}

/// `v \in BOOLEAN`
pub fn is_bool(v: &Value) -> Eval<bool> {
    Ok(of_kind(v, "a boolean", matches!(v, Value::Bool(_)).then_some(()))?.is_some())
}

/// `v \in S \cup T`, with both tests: one that cannot be made does not count where the other is passed.
pub fn in_either(first: impl FnOnce() -> Eval<bool>, second: impl FnOnce() -> Eval<bool>) -> Eval<bool> {
    match first() {
        Ok(true) => Ok(true),
        Ok(false) => second(),
        Err(error) => second()?.then_some(true).ok_or(error),
    }
}

/// `v \in Seq(S)`, with the test of `S`.
pub fn in_seq(v: &Value, test: Test<'_>) -> Eval<bool> {
    match v {
        Value::Seq(s) => all(s.iter(), test),
        _ => Ok(of_kind(v, "a sequence", None::<()>)?.is_some()),
    }
}

/// `v \in SUBSET S`, with the test of `S`.
pub fn in_power_set(v: &Value, test: Test<'_>) -> Eval<bool> {
    match v {
        Value::Set(s) => all(s.iter(), test),
        _ => Ok(of_kind(v, "a set", None::<()>)?.is_some()),
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
        _ => Ok(of_kind(v, "a function", None::<()>)?.is_some()),
    }
}

/// The test of a set.
type Test<'t> = &'t dyn Fn(&Value) -> Eval<bool>;
/// A field and the test of its set.
type FieldTest<'t> = (&'static str, Test<'t>);

/// `v \in [a : S, b : T]`
pub fn in_record_set(v: &Value, fields: &[FieldTest<'_>]) -> Eval<bool> {
    let Value::Function(f) = v else {
        let empty = matches!(v, Value::Seq(s) if s.is_empty());
        return Ok(!empty && of_kind(v, "a record", None::<()>)?.is_some());
    };
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
        Value::Seq(_) | Value::Function(_) => Ok(false),
        _ => Ok(of_kind(v, "a tuple", None::<()>)?.is_some()),
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
        let nat: &dyn Fn(&Value) -> Eval<bool> = &is_nat;
        assert_eq!(in_seq(&seq, nat), Ok(true));
        assert!(in_seq(&Value::Int(1), nat).is_err() && is_nat(&Value::Bool(true)).is_err());
        assert_eq!((in_seq(&Value::DEFAULT_INIT, nat), is_nat(&Value::DEFAULT_INIT)), (Ok(false), Ok(false)));
        let domain = [Value::Int(1), Value::Int(2)].into_iter().collect();
        assert_eq!(in_function_set(&seq, &domain, nat), Ok(true));
        assert_eq!(in_product(&seq, &[nat, nat]), Ok(true));
        assert_eq!(in_product(&seq, &[nat]), Ok(false));
        let record = Value::record([("a", Value::Int(1)), ("b", Value::Bool(true))]);
        assert_eq!(in_record_set(&record, &[("a", nat), ("b", &is_bool)]), Ok(true));
        assert_eq!(in_record_set(&record, &[("a", nat)]), Ok(false));
        assert_eq!(in_record_set(&record, &[("a", nat), ("c", nat)]), Ok(false));
    }
}
