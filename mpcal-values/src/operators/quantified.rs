//! Quantifiers, `CHOOSE` and comprehensions.

use crate::{fail, Data, Eval, Set};

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
pub fn map<T: Data, U: Data>(set: &Set<T>, mut value: impl FnMut(&T) -> Eval<U>) -> Eval<Set<U>> {
    let mut values = Set::new();
    for x in set.iter() {
        values.insert(value(x)?);
    }
    Ok(values)
}

/// Sets that are multiplied: a tuple of two to eight.
pub trait Factors {
    /// An element of the product.
    type Tuple: Data;

    /// `r \X s \X …`
    fn product(self) -> Set<Self::Tuple>;
}

/// `r \X s \X …`
#[must_use]
pub fn product<F: Factors>(factors: F) -> Set<F::Tuple> {
    factors.product()
}

macro_rules! factors {
    ($($name:ident $set:ident $item:ident),+) => {
        impl<$($name: Data),+> Factors for ($(&Set<$name>,)+) {
            type Tuple = ($($name,)+);

            fn product(self) -> Set<Self::Tuple> {
                let ($($set,)+) = self;
                let mut tuples = Vec::new();
                factors!(@each tuples, ($($item)+), $($set $item)+);
                tuples.into_iter().collect()
            }
        }
    };
    (@each $tuples:ident, ($($all:ident)+), ) => {
        $tuples.push(($($all.clone(),)+));
    };
    (@each $tuples:ident, ($($all:ident)+), $set:ident $item:ident $($rest:ident)*) => {
        for $item in $set.iter() {
            factors!(@each $tuples, ($($all)+), $($rest)*);
        }
    };
}

factors!(A r a, B s b);
factors!(A r a, B s b, C t c);
factors!(A r a, B s b, C t c, D u d);
factors!(A r a, B s b, C t c, D u d, E v e);
factors!(A r a, B s b, C t c, D u d, E v e, F w f);
factors!(A r a, B s b, C t c, D u d, E v e, F w f, G x g);
factors!(A r a, B s b, C t c, D u d, E v e, F w f, G x g, H y h);
