//! Functions with a finite domain.
//!
//! A function whose arguments have successive [ordinals](Data::ordinal), as with a domain `1..n` or all
//! the values of an enum, is a persistent vector; any other is a persistent tree.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use imbl::{OrdMap, Vector};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Data, Eval, EvalError};

/// A function with a finite domain.
#[derive(Clone)]
pub struct Function<K: Data, V: Clone>(Repr<K, V>);

#[derive(Clone)]
enum Repr<K: Data, V: Clone> {
    /// The values of the arguments with the ordinals from `first` on.
    Dense {
        first: i64,
        values: Vector<V>,
    },
    Tree(OrdMap<K, V>),
}

/// Where an argument stands in a vector.
fn position<K: Data>(key: &K, first: i64) -> Option<usize> {
    usize::try_from(key.ordinal()?.checked_sub(first)?).ok()
}

impl<K: Data, V: Clone> Function<K, V> {
    /// The function with an empty domain.
    #[must_use]
    pub fn new() -> Self {
        Self(Repr::Dense { first: 0, values: Vector::new() })
    }

    /// The size of the domain.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Repr::Dense { values, .. } => values.len(),
            Repr::Tree(tree) => tree.len(),
        }
    }

    /// Whether the domain is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Arguments and values, in the order of the arguments.
    pub fn iter(&self) -> impl Iterator<Item = (K, &V)> + '_ {
        let (first, values, tree) = match &self.0 {
            Repr::Dense { first, values } => (*first, Some(values.iter()), None),
            Repr::Tree(tree) => (0, None, Some(tree.iter())),
        };
        let dense = values.into_iter().flatten().enumerate();
        let dense = dense.filter_map(move |(n, v)| Some((K::from_ordinal(first.checked_add(n as i64)?)?, v)));
        dense.chain(tree.into_iter().flatten().map(|(k, v)| (k.clone(), v)))
    }

    /// The domain, in order.
    pub fn keys(&self) -> impl Iterator<Item = K> + '_ {
        self.iter().map(|(k, _)| k)
    }

    /// The values, in the order of their arguments.
    pub fn values(&self) -> impl Iterator<Item = &V> + '_ {
        self.iter().map(|(_, v)| v)
    }

    /// `f[key]`, if `key` is in the domain.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&V> {
        match &self.0 {
            Repr::Dense { first, values } => values.get(position(key, *first)?),
            Repr::Tree(tree) => tree.get(key),
        }
    }

    /// `f[key]`, to be changed in place.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        match &mut self.0 {
            Repr::Dense { first, values } => values.get_mut(position(key, *first)?),
            Repr::Tree(tree) => tree.get_mut(key),
        }
    }

    /// Sets the value at a key, in place, adding it to the domain if it is not there.
    pub fn insert(&mut self, key: K, value: V) {
        let Repr::Dense { first, values } = &mut self.0 else {
            if let Repr::Tree(tree) = &mut self.0 {
                tree.insert(key, value);
            }
            return;
        };
        let dense = key.ordinal().filter(|n| K::from_ordinal(*n).is_some());
        if let (true, Some(n)) = (values.is_empty(), dense) {
            *first = n;
        }
        let before = dense.is_some_and(|n| n.checked_add(1) == Some(*first));
        match dense.and_then(|_| position(&key, *first)) {
            Some(at) if at < values.len() => {
                values.set(at, value);
            }
            Some(at) if at == values.len() => values.push_back(value),
            None if before => {
                *first -= 1;
                values.push_front(value);
            }
            _ => {
                let mut tree: OrdMap<K, V> = self.iter().map(|(k, v)| (k, v.clone())).collect();
                tree.insert(key, value);
                self.0 = Repr::Tree(tree);
            }
        }
    }

    /// `f @@ g`: where both are defined, `f` wins.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Self {
        match (&self.0, &other.0) {
            (Repr::Tree(f), Repr::Tree(g)) => Self(Repr::Tree(f.clone().union(g.clone()))),
            _ => {
                let mut both = other.clone();
                self.iter().for_each(|(k, v)| both.insert(k, v.clone()));
                both
            }
        }
    }

    /// `f[key]`
    ///
    /// # Errors
    /// If `key` is not in the domain.
    pub fn at(&self, key: &K) -> Eval<&V> {
        self.get(key).ok_or_else(|| outside(key))
    }

    /// Changes `f[key]` in place.
    ///
    /// # Errors
    /// If `key` is not in the domain.
    pub fn at_mut(&mut self, key: &K) -> Eval<&mut V> {
        self.get_mut(key).ok_or_else(|| outside(key))
    }
}

#[cold]
fn outside<K: Data>(key: &K) -> EvalError {
    EvalError(format!("{key:?} is not in the domain of the function"))
}

impl<K: Data, V: Clone> Default for Function<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Data, V: Clone + PartialEq> PartialEq for Function<K, V> {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Dense { first: a, values: x }, Repr::Dense { first: b, values: y }) => {
                (a == b || x.is_empty()) && x == y
            }
            _ => self.len() == other.len() && self.iter().eq(other.iter()),
        }
    }
}

impl<K: Data, V: Clone + Eq> Eq for Function<K, V> {}

impl<K: Data, V: Clone + Ord> Ord for Function<K, V> {
    /// Smaller domain first, then argument and value by argument and value.
    fn cmp(&self, other: &Self) -> Ordering {
        self.len().cmp(&other.len()).then_with(|| self.iter().cmp(other.iter()))
    }
}

impl<K: Data, V: Clone + Ord> PartialOrd for Function<K, V> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K: Data, V: Clone + Hash> Hash for Function<K, V> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.len().hash(state);
        self.iter().for_each(|entry| entry.hash(state));
    }
}

impl<K: Data, V: Clone + fmt::Debug> fmt::Debug for Function<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Data, V: Clone> FromIterator<(K, V)> for Function<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(items: I) -> Self {
        let mut function = Self::new();
        items.into_iter().for_each(|(k, v)| function.insert(k, v));
        function
    }
}

impl<K: Data, V: Clone + Serialize> Serialize for Function<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // The size must be known before.
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (k, v) in self.iter() {
            map.serialize_entry(&k, v)?;
        }
        map.end()
    }
}

impl<'de, K: Data, V: Clone + Deserialize<'de>> Deserialize<'de> for Function<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

struct Entries<K, V>(PhantomData<fn() -> (K, V)>);

impl<'de, K: Data, V: Clone + Deserialize<'de>> Visitor<'de> for Entries<K, V> {
    type Value = Function<K, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a function, as a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut function = Function::new();
        while let Some((k, v)) = map.next_entry()? {
            function.insert(k, v);
        }
        Ok(function)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(entries: impl IntoIterator<Item = (i64, char)>) -> Function<i64, char> {
        entries.into_iter().collect()
    }

    #[test]
    fn a_function_is_the_same_however_it_came_about() {
        let (dense, tree) = (of([(2, 'b'), (3, 'c'), (1, 'a')]), of([(1, 'a'), (3, 'c'), (2, 'b')]));
        assert!(matches!((&dense.0, &tree.0), (Repr::Dense { first: 1, .. }, Repr::Tree(_))));
        assert_eq!(dense, tree);
        assert_eq!(dense.cmp(&tree), Ordering::Equal);
        assert_eq!(dense.iter().collect::<Vec<_>>(), [(1, &'a'), (2, &'b'), (3, &'c')]);
        assert_eq!(Function::<i64, char>::new(), of([]));
    }

    #[test]
    fn the_ends_of_integers_are_arguments_too() {
        let mut f = of([(i64::MAX, 'z')]);
        f.insert(i64::MIN, 'a');
        assert_eq!(f.iter().collect::<Vec<_>>(), [(i64::MIN, &'a'), (i64::MAX, &'z')]);
        assert_eq!(f.get(&0), None);
        let mut f = of([(i64::MIN, 'a')]);
        f.insert(i64::MIN, 'b');
        assert_eq!((f.len(), f.get(&i64::MIN), f.get(&i64::MAX)), (1, Some(&'b'), None));
    }

    #[test]
    fn where_both_are_defined_the_left_one_wins() {
        let (f, g) = (of([(5, 'f')]), of([(4, 'g'), (5, 'g')]));
        assert_eq!(f.merge(&g), of([(4, 'g'), (5, 'f')]));
        assert_eq!(of([(9, 'x')]).merge(&g), of([(4, 'g'), (5, 'g'), (9, 'x')]));
    }
}
