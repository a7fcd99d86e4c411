//! Bags: functions from elements to how often they are in the bag.

use super::integers::{add, MAX_ELEMENTS};
use crate::{fail, Data, Eval, Function, Set};

/// A bag of `T`.
type Bag<T> = Function<T, i64>;

/// `IsABag(b)`
#[must_use]
pub fn is_a_bag<T: Data>(b: &Bag<T>) -> bool {
    b.iter().all(|(_, n)| *n > 0)
}

/// `BagToSet(b)`
#[must_use]
pub fn bag_to_set<T: Data>(b: &Bag<T>) -> Set<T> {
    b.keys().collect()
}

/// `SetToBag(s)`
#[must_use]
pub fn set_to_bag<T: Data>(s: &Set<T>) -> Bag<T> {
    s.iter().map(|x| (x.clone(), 1)).collect()
}

/// `CopiesIn(x, b)`
#[must_use]
pub fn copies_in<T: Data>(x: &T, b: &Bag<T>) -> i64 {
    b.get(x).copied().unwrap_or(0)
}

/// `BagIn(x, b)`
#[must_use]
pub fn bag_in<T: Data>(x: &T, b: &Bag<T>) -> bool {
    b.get(x).is_some()
}

/// `a (+) b`
pub fn bag_plus<T: Data>(a: &Bag<T>, b: &Bag<T>) -> Eval<Bag<T>> {
    let mut sum = a.clone();
    for (x, n) in b.iter() {
        sum.insert(x.clone(), add(copies_in(&x, a), *n)?);
    }
    Ok(sum)
}

/// `a (-) b`
#[must_use]
pub fn bag_minus<T: Data>(a: &Bag<T>, b: &Bag<T>) -> Bag<T> {
    let left = |x: &T, n: i64| n.saturating_sub(copies_in(x, b));
    a.iter().map(|(x, n)| (x.clone(), left(&x, *n))).filter(|(_, n)| *n > 0).collect()
}

/// `BagUnion(s)`
pub fn bag_union<T: Data>(s: &Set<Bag<T>>) -> Eval<Bag<T>> {
    s.iter().try_fold(Bag::new(), |all, b| bag_plus(&all, b))
}

/// `a \sqsubseteq b`
#[must_use]
pub fn bag_subset_eq<T: Data>(a: &Bag<T>, b: &Bag<T>) -> bool {
    a.iter().all(|(x, n)| *n <= copies_in(&x, b))
}

/// `SubBag(b)`
pub fn sub_bag<T: Data>(b: &Bag<T>) -> Eval<Set<Bag<T>>> {
    let mut all = vec![Bag::new()];
    for (x, n) in b.iter() {
        let counts = u64::try_from(n.saturating_add(1)).unwrap_or(0);
        if (all.len() as u64).saturating_mul(counts) > MAX_ELEMENTS {
            return fail("SubBag of a bag is too large to enumerate");
        }
        let with = |sub: &Bag<T>, count: i64| {
            let mut sub = sub.clone();
            if count > 0 {
                sub.insert(x.clone(), count);
            }
            sub
        };
        all = all.iter().flat_map(|sub| (0..=*n).map(move |count| with(sub, count))).collect();
    }
    Ok(all.into_iter().collect())
}

/// `BagOfAll(value, b)`
pub fn bag_of_all<T: Data, U: Data>(b: &Bag<T>, mut value: impl FnMut(&T) -> Eval<U>) -> Eval<Bag<U>> {
    let mut all = Bag::new();
    for (x, n) in b.iter() {
        let y = value(&x)?;
        let sum = add(copies_in(&y, &all), *n)?;
        all.insert(y, sum);
    }
    Ok(all)
}

/// `BagCardinality(b)`
pub fn bag_cardinality<T: Data>(b: &Bag<T>) -> Eval<i64> {
    b.iter().try_fold(0, |sum, (_, n)| add(sum, *n))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bag(items: &[(i64, i64)]) -> Bag<i64> {
        items.iter().copied().collect()
    }

    #[test]
    fn bags_count() {
        let (a, b) = (bag(&[(1, 2), (2, 1)]), bag(&[(1, 1), (3, 4)]));
        assert_eq!(bag_plus(&a, &b), Ok(bag(&[(1, 3), (2, 1), (3, 4)])));
        assert_eq!(bag_minus(&a, &b), bag(&[(1, 1), (2, 1)]));
        assert_eq!(bag_minus(&a, &a), Bag::new());
        assert_eq!((copies_in(&1, &a), copies_in(&9, &a), bag_cardinality(&a)), (2, 0, Ok(3)));
        assert!(bag_subset_eq(&bag(&[(1, 1)]), &a) && !bag_subset_eq(&b, &a));
        assert_eq!(sub_bag(&a).map(|s| s.len()), Ok(6));
        assert_eq!(bag_of_all(&a, |_| Ok(7)), Ok(bag(&[(7, 3)])));
        assert_eq!(bag_union(&[a.clone(), b].into_iter().collect()), Ok(bag(&[(1, 3), (2, 1), (3, 4)])));
        assert!(is_a_bag(&a) && !is_a_bag(&bag(&[(1, 0)])));
    }

    #[test]
    fn a_large_bag_is_not_enumerated() {
        assert!(sub_bag(&bag(&[(1, i64::MAX)])).is_err());
        assert!(bag_plus(&bag(&[(1, i64::MAX)]), &bag(&[(1, 1)])).is_err());
    }
}
