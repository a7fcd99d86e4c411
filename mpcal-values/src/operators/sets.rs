//! Sets.

use super::integers::MAX_ELEMENTS;
use crate::{fail, Data, Eval, Function, Set, Value};

/// `BOOLEAN`
#[must_use]
pub fn booleans() -> Set<bool> {
    [false, true].into_iter().collect()
}

/// `s \cup t`
#[must_use]
pub fn union<T: Data>(s: &Set<T>, t: &Set<T>) -> Set<T> {
    s.union(t)
}

/// `s \cap t`
#[must_use]
pub fn intersection<T: Data>(s: &Set<T>, t: &Set<T>) -> Set<T> {
    s.intersection(t)
}

/// `s \ t`
#[must_use]
pub fn difference<T: Data>(s: &Set<T>, t: &Set<T>) -> Set<T> {
    s.difference(t)
}

/// `s \subseteq t`
#[must_use]
pub fn subset_eq<T: Data>(s: &Set<T>, t: &Set<T>) -> bool {
    s.iter().all(|x| t.contains(x))
}

/// `Cardinality(s)`
#[must_use]
pub fn cardinality<T: Data>(s: &Set<T>) -> i64 {
    s.len() as i64
}

/// `IsFiniteSet(s)`
#[must_use]
pub fn is_finite_set<T: Data>(_: &Set<T>) -> bool {
    true
}

/// `SUBSET s`
pub fn power_set<T: Data>(s: &Set<T>) -> Eval<Set<Set<T>>> {
    if s.len() > 20 {
        return fail(format!("SUBSET of a set of {} is too large to enumerate", s.len()));
    }
    let items: Vec<&T> = s.iter().collect();
    let subset = |bits: u32| (0..items.len()).filter(|i| bits & (1 << i) != 0).map(|i| items[i].clone()).collect();
    Ok((0..1u32 << items.len()).map(subset).collect())
}

/// `UNION s`
#[must_use]
pub fn big_union<T: Data>(s: &Set<Set<T>>) -> Set<T> {
    s.iter().fold(Set::new(), |all, t| union(&all, t))
}

/// `[s -> t]`
pub fn function_set<K: Data, V: Data>(s: &Set<K>, t: &Set<V>) -> Eval<Set<Function<K, V>>> {
    let mut all = vec![Function::new()];
    for key in s.iter() {
        if (all.len() as u64).saturating_mul(t.len() as u64) > MAX_ELEMENTS {
            return fail("a set of functions is too large to enumerate");
        }
        all = all
            .iter()
            .flat_map(|f| {
                t.iter().map(move |value| {
                    let mut longer = f.clone();
                    longer.insert(key.clone(), value.clone());
                    longer
                })
            })
            .collect();
    }
    Ok(all.into_iter().collect())
}

/// `Permutations(s)`
pub fn permutations<T: Data>(s: &Set<T>) -> Eval<Set<Function<T, T>>> {
    if s.len() > 8 {
        return fail(format!("Permutations of a set of {} is too large to enumerate", s.len()));
    }
    let items: Vec<T> = s.iter().cloned().collect();
    let mut found = Set::new();
    permute(&mut items.clone(), 0, &mut |order| {
        found.insert(items.iter().cloned().zip(order.iter().cloned()).collect());
    });
    Ok(found)
}

fn permute<T: Clone>(items: &mut Vec<T>, from: usize, found: &mut impl FnMut(&[T])) {
    if from == items.len() {
        return found(items);
    }
    for i in from..items.len() {
        items.swap(from, i);
        permute(items, from + 1, found);
        items.swap(from, i);
    }
}

/// `a = b` of values whose types are not known.
pub fn equal(a: &Value, b: &Value) -> Eval<bool> {
    a.equal(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(items: impl IntoIterator<Item = i64>) -> Set<i64> {
        items.into_iter().collect()
    }

    #[test]
    fn set_operators() {
        assert_eq!(union(&set(1..=2), &set(2..=3)), set(1..=3));
        assert_eq!(intersection(&set(1..=2), &set(2..=3)), set([2]));
        assert_eq!(difference(&set(1..=5), &set(2..=3)), set([1, 4, 5]));
        assert_eq!(power_set(&set(1..=3)).map(|s| s.len()), Ok(8));
        assert_eq!(big_union(&[set([1]), set([2, 3])].into_iter().collect()), set(1..=3));
        assert_eq!(function_set(&set(1..=2), &set(1..=3)).map(|s| s.len()), Ok(9));
        assert_eq!(permutations(&set(1..=3)).map(|s| s.len()), Ok(6));
    }

    #[test]
    fn values_tlc_refuses_to_compare_are_an_error() {
        assert!(equal(&Value::Int(1), &Value::Bool(true)).is_err());
        assert_eq!(equal(&Value::DEFAULT_INIT, &Value::Bool(true)), Ok(false));
    }
}
