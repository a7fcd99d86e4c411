//! Sequences and functions.

use crate::{fail, Data, Eval, EvalError, Function, Seq, Set, Str, Value};

/// `Len(s)`
#[must_use]
pub fn len<T: Data>(s: &Seq<T>) -> i64 {
    s.len() as i64
}

/// `Head(s)`
pub fn head<T: Data>(s: &Seq<T>) -> Eval<T> {
    s.iter().next().cloned().ok_or_else(|| EvalError("Head of an empty sequence".to_owned()))
}

/// `Tail(s)`
pub fn tail<T: Data>(s: &Seq<T>) -> Eval<Seq<T>> {
    let mut rest = s.clone();
    rest.pop_front().map(|_| rest).ok_or_else(|| EvalError("Tail of an empty sequence".to_owned()))
}

/// `Append(s, item)`
#[must_use]
pub fn append<T: Data>(s: &Seq<T>, item: &T) -> Seq<T> {
    let mut longer = s.clone();
    longer.push(item.clone());
    longer
}

/// `s \o t`
#[must_use]
pub fn concat<T: Data>(s: &Seq<T>, t: &Seq<T>) -> Seq<T> {
    let mut both = s.clone();
    both.append(t);
    both
}

/// `SubSeq(s, from, to)`
pub fn sub_seq<T: Data>(s: &Seq<T>, from: i64, to: i64) -> Eval<Seq<T>> {
    if from > to {
        return Ok(Seq::new());
    }
    match (usize::try_from(from), usize::try_from(to)) {
        (Ok(from), Ok(to)) if from >= 1 && to <= s.len() => Ok(s.part(from - 1, to)),
        _ => fail(format!("SubSeq from {from} to {to} of a sequence of {}", s.len())),
    }
}

/// `SelectSeq(s, test)`
pub fn select_seq<T: Data>(s: &Seq<T>, mut test: impl FnMut(&T) -> Eval<bool>) -> Eval<Seq<T>> {
    let mut kept = Seq::new();
    for item in s.iter() {
        if test(item)? {
            kept.push(item.clone());
        }
    }
    Ok(kept)
}

/// `SortSeq(s, less)`, by insertion as TLC does it: an item moves before those it is less than.
pub fn sort_seq<T: Data>(s: &Seq<T>, mut less: impl FnMut(&T, &T) -> Eval<bool>) -> Eval<Seq<T>> {
    let mut sorted: Vec<T> = Vec::with_capacity(s.len());
    for item in s.iter() {
        let mut at = sorted.len();
        while at > 0 && less(item, &sorted[at - 1])? {
            at -= 1;
        }
        sorted.insert(at, item.clone());
    }
    Ok(sorted.into_iter().collect())
}

/// `Print(out, value)`: shows `out` whenever it is evaluated, as in TLC.
pub fn print_and<A: Data, B: Data>(out: &A, value: &B) -> B {
    println!("{}", out.to_value());
    value.clone()
}

/// `TLCEval(value)`
pub fn tlc_eval<A: Data>(value: &A) -> A {
    value.clone()
}

/// `PrintT(out)`
pub fn print_true<A: Data>(out: &A) -> bool {
    print_and(out, &true)
}

/// Fails unless this many elements may be enumerated.
pub fn enumerable(counts: &[usize]) -> Eval<()> {
    let all = counts.iter().fold(1u64, |all, n| all.saturating_mul(*n as u64));
    if all > super::integers::MAX_ELEMENTS {
        return fail("a set of records is too large to enumerate");
    }
    Ok(())
}

/// `DOMAIN s`
#[must_use]
pub fn seq_domain<T: Data>(s: &Seq<T>) -> Set<i64> {
    (1..=s.len() as i64).collect()
}

/// `DOMAIN f`
#[must_use]
pub fn domain<K: Data, V: Data>(f: &Function<K, V>) -> Set<K> {
    f.keys().collect()
}

/// `DOMAIN v` of any value.
pub fn value_domain(v: &Value) -> Eval<Set<Value>> {
    match v {
        Value::Seq(s) => Ok((1..=s.len() as i64).map(Value::Int).collect()),
        Value::Function(f) => Ok(domain(f)),
        other => fail(format!("{other} is not a function, it has no domain")),
    }
}

/// `f[i]` of any value.
pub fn value_index(f: &Value, i: &Value) -> Eval<Value> {
    value_at(f, i).cloned()
}

/// `f[i]` of any value, in place.
pub fn value_at<'v>(f: &'v Value, i: &Value) -> Eval<&'v Value> {
    match (f, i) {
        (Value::Seq(s), Value::Int(i)) => s.at(*i),
        (Value::Function(f), i) => f.at(i),
        (other, i) => fail(format!("{i} is not in the domain of {other}")),
    }
}

/// `[f EXCEPT ![i] = …]` of any value: the place to change.
pub fn value_index_mut<'v>(f: &'v mut Value, i: &Value) -> Eval<&'v mut Value> {
    match (f, i) {
        (Value::Seq(s), Value::Int(i)) => s.at_mut(*i),
        (Value::Function(f), i) => f.at_mut(i),
        (other, i) => fail(format!("{i} is not in the domain of {other}")),
    }
}

/// `[f EXCEPT !.name = …]` of any value: the place to change.
pub fn value_field_mut<'v>(f: &'v mut Value, name: &'static str) -> Eval<&'v mut Value> {
    value_index_mut(f, &Value::Str(Str::literal(name)))
}

/// `[x \in set |-> value(x)]`
pub fn function<K: Data, V: Data>(set: &Set<K>, mut value: impl FnMut(&K) -> Eval<V>) -> Eval<Function<K, V>> {
    let mut function = Function::new();
    for k in set.iter() {
        function.insert(k.clone(), value(k)?);
    }
    Ok(function)
}

/// A function whose domain is `1..n`, as a sequence.
pub fn seq_function<V: Data>(set: &Set<i64>, mut value: impl FnMut(&i64) -> Eval<V>) -> Eval<Seq<V>> {
    let mut items = Seq::new();
    for (n, k) in (1..).zip(set.iter()) {
        if *k != n {
            return fail(format!("the domain of this sequence is no 1..n, it holds {k}"));
        }
        items.push(value(k)?);
    }
    Ok(items)
}

/// `key :> value`
#[must_use]
pub fn single<K: Data, V: Data>(key: &K, value: &V) -> Function<K, V> {
    std::iter::once((key.clone(), value.clone())).collect()
}

/// `f @@ g`: where both are defined, `f` wins.
#[must_use]
pub fn merge<K: Data, V: Data>(f: &Function<K, V>, g: &Function<K, V>) -> Function<K, V> {
    f.merge(g)
}

/// `ToString(v)`
#[must_use]
pub fn to_tla_string<T: Data>(v: &T) -> Str {
    Str::from(v.to_value().to_string())
}

/// `Assert(condition, message)`
pub fn assert_that<T: Data>(condition: bool, message: &T) -> Eval<bool> {
    if condition {
        Ok(true)
    } else {
        fail(format!("Assert: {}", message.to_value()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_left_function_wins() {
        let both = merge(&single(&1, &10), &single(&1, &20));
        assert_eq!(both.get(&1), Some(&10));
    }

    #[test]
    fn sub_seq_is_checked() {
        let s: Seq<i64> = (1..=4).collect();
        assert_eq!(sub_seq(&s, 2, 3), Ok([2, 3].into_iter().collect()));
        assert_eq!(sub_seq(&s, 3, 2), Ok(Seq::new()));
        assert!(sub_seq(&s, 0, 2).is_err() && sub_seq(&s, 2, 5).is_err());
    }
}
