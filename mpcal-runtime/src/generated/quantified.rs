//! Quantifiers, `CHOOSE` and comprehensions.

use crate::value::{fail, Data, Eval, Set};

/// `\A x \in set : test(x)`
pub fn for_all<T: Data>(set: &Set<T>, mut test: impl FnMut(&T) -> Eval<bool>) -> Eval<bool> {
    for x in set.iter() {
        if !test(x)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// `\E x \in set : test(x)`
pub fn exists<T: Data>(set: &Set<T>, mut test: impl FnMut(&T) -> Eval<bool>) -> Eval<bool> {
    for x in set.iter() {
        if test(x)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `CHOOSE x \in set : test(x)`: the first in the order of values, so equal sets give equal choices.
pub fn choose<T: Data>(set: &Set<T>, mut test: impl FnMut(&T) -> Eval<bool>) -> Eval<T> {
    for x in set.iter() {
        if test(x)? {
            return Ok(x.clone());
        }
    }
    fail("CHOOSE: no element satisfies the predicate")
}

/// `{x \in set : test(x)}`
pub fn filter<T: Data>(set: &Set<T>, mut test: impl FnMut(&T) -> Eval<bool>) -> Eval<Set<T>> {
    let mut kept = Set::new();
    for x in set.iter() {
        if test(x)? {
            kept.insert(x.clone());
        }
    }
    Ok(kept)
}

/// `{value(x) : x \in set}`
pub fn map<T: Data, U: Data>(set: &Set<T>, value: impl FnMut(&T) -> Eval<U>) -> Eval<Set<U>> {
    set.iter().map(value).collect()
}

/// `s \X t`
#[must_use]
pub fn product<A: Data, B: Data>(s: &Set<A>, t: &Set<B>) -> Set<(A, B)> {
    s.iter().flat_map(|a| t.iter().map(move |b| (a.clone(), b.clone()))).collect()
}

/// `r \X s \X t`
#[must_use]
pub fn product3<A: Data, B: Data, C: Data>(r: &Set<A>, s: &Set<B>, t: &Set<C>) -> Set<(A, B, C)> {
    product(r, &product(s, t)).iter().map(|(a, (b, c))| (a.clone(), b.clone(), c.clone())).collect()
}
