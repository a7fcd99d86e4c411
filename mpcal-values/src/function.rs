//! Functions with a finite domain.
//!
//! The values are in a persistent list. Where the arguments have successive [ordinals](Data::ordinal), as with a
//! domain `1..n` or all the values of an enum, the ordinal tells the place of a value; else it stands beside the
//! argument in a sorted collection, whose type depends on that of the arguments alone: a model has few of these.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::changes::{Change, Changes, Parts, Touched};
use super::chunks;
use super::list::List;
use super::sorted::Sorted;
use super::{Data, Eval, EvalError};

/// A function with a finite domain.
#[derive(Clone)]
pub struct Function<K: Data, V: Data> {
    places: Places<K>,
    values: List<V>,
    touched: Touched<K>,
}

/// Where the value of an argument stands among the values.
#[derive(Clone)]
enum Places<K: Data> {
    /// The arguments have the ordinals from this one on.
    From(i64),
    Sorted(Sorted<K, usize>),
}

impl<K: Data> Places<K> {
    /// The place of an argument; it may be after the last value.
    fn of(&self, key: &K) -> Option<usize> {
        match self {
            Places::From(first) => usize::try_from(key.ordinal()?.checked_sub(*first)?).ok(),
            Places::Sorted(sorted) => sorted.get(key).copied(),
        }
    }
}

impl<K: Data, V: Data> Function<K, V> {
    /// The function with an empty domain.
    #[must_use]
    pub fn new() -> Self {
        Self { places: Places::From(0), values: List::new(), touched: Touched::UNKNOWN }
    }

    /// A function whose arguments have the values at these places.
    pub(crate) fn with_places(places: Sorted<K, usize>, values: List<V>) -> Self {
        Self { places: Places::Sorted(places), values, touched: Touched::UNKNOWN }
    }

    /// The size of the domain.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether the domain is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.len() == 0
    }

    /// Arguments and values, in the order of the arguments.
    pub fn iter(&self) -> Iter<'_, K, V> {
        match &self.places {
            Places::From(first) => Iter::From(*first, self.values.iter()),
            Places::Sorted(sorted) => Iter::Sorted(sorted.iter(), &self.values),
        }
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
        self.values.get(self.places.of(key)?)
    }

    /// `f[key]`, to be changed in place.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let place = self.places.of(key)?;
        self.touched.note(key, self.values.len());
        self.values.get_mut(place)
    }

    /// Sets the value at a key, in place, adding it to the domain if it is not there.
    pub fn insert(&mut self, key: K, value: V) {
        if let Some(own) = self.get_mut(&key) {
            *own = value;
            return;
        }
        self.touched.note(&key, self.values.len());
        let ordinal = key.ordinal().filter(|n| K::from_ordinal(*n).is_some());
        match (&mut self.places, ordinal) {
            (Places::From(first), Some(n)) if self.values.len() == 0 => *first = n,
            (Places::From(first), Some(n)) if n.checked_sub(*first) == i64::try_from(self.values.len()).ok() => {}
            (Places::From(first), Some(n)) if n.checked_add(1) == Some(*first) => {
                *first = n;
                let mut values = List::new();
                values.push_back(value);
                values.append(&self.values);
                self.values = values;
                return;
            }
            (Places::From(_), _) => {
                let mut sorted = Sorted::new();
                for (at, key) in self.keys().enumerate() {
                    sorted.insert(key, at);
                }
                sorted.insert(key, self.values.len());
                self.places = Places::Sorted(sorted);
            }
            (Places::Sorted(sorted), _) => sorted.insert(key, self.values.len()),
        }
        self.values.push_back(value);
    }

    /// `f @@ g`: where both are defined, `f` wins.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Self {
        if self.len() <= other.len() {
            let mut both = other.clone();
            for (k, v) in self.iter() {
                both.insert(k, v.clone());
            }
            return both;
        }
        let mut both = self.clone();
        for (k, v) in other.iter() {
            if self.get(&k).is_none() {
                both.insert(k, v.clone());
            }
        }
        both
    }

    /// Has all that is made from this function know which entries it changes.
    pub(crate) fn mark(&mut self) {
        self.touched.mark();
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

impl<K: Data, V: Data> Function<K, V> {
    pub(crate) fn tell_entries(&self, earlier: Option<&Self>, to: &mut impl Changes) {
        to.entries(earlier.is_none());
        let Some(earlier) = earlier else {
            return self.iter().for_each(|(k, v)| to.entry(&k, Some(v)));
        };
        if let Some(keys) = self.touched.between(&earlier.touched) {
            return keys.into_iter().for_each(|k| to.entry(k, self.get(k)));
        }
        let is_new = |k: &K, v: &V| earlier.get(k) != Some(v);
        self.iter().filter(|(k, v)| is_new(k, v)).for_each(|(k, v)| to.entry(&k, Some(v)));
        earlier.keys().filter(|k| self.get(k).is_none()).for_each(|k| to.entry(&k, None::<&V>));
    }

    pub(crate) fn take_in_entries(&mut self, change: Change<impl Parts>) -> Option<()> {
        let Change::Entries { anew, mut changed } = change else { return None };
        if anew {
            *self = Self::new();
        }
        let mut gone = Vec::new();
        while !changed.is_empty() {
            match changed.entry()? {
                (key, Some(value)) => self.insert(key, value),
                (key, None) => gone.push(key),
            }
        }
        if !gone.is_empty() {
            gone.sort_unstable();
            *self = self.iter().filter(|(k, _)| gone.binary_search(k).is_err()).map(|(k, v)| (k, v.clone())).collect();
        }
        Some(())
    }
}

/// The arguments and values of a function, in the order of the arguments.
pub enum Iter<'f, K: Data, V: Data> {
    /// Arguments with the ordinals from this one on.
    #[doc(hidden)]
    From(i64, chunks::Iter<'f, V>),
    #[doc(hidden)]
    Sorted(chunks::Iter<'f, (K, usize)>, &'f List<V>),
}

impl<'f, K: Data, V: Data> Iterator for Iter<'f, K, V> {
    type Item = (K, &'f V);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Iter::From(next, values) => {
                let (value, key) = (values.next()?, K::from_ordinal(*next)?);
                *next = next.wrapping_add(1);
                Some((key, value))
            }
            Iter::Sorted(places, values) => {
                let (key, at) = places.next()?;
                Some((key.clone(), values.get(*at)?))
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Iter::From(_, values) => values.size_hint(),
            Iter::Sorted(places, _) => places.size_hint(),
        }
    }
}

#[cold]
fn outside<K: Data>(key: &K) -> EvalError {
    EvalError(format!("{key:?} is not in the domain of the function"))
}

impl<K: Data, V: Data> Default for Function<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Data, V: Data> PartialEq for Function<K, V> {
    fn eq(&self, other: &Self) -> bool {
        match (&self.places, &other.places) {
            (Places::From(a), Places::From(b)) => return (a == b || self.is_empty()) && self.values == other.values,
            (Places::Sorted(a), Places::Sorted(b)) if a.is(b) => return self.values == other.values,
            _ => {}
        }
        // Loops of our own, here and below, are less to compile for each type than the adapters of iterators.
        let mut others = other.iter();
        for entry in self.iter() {
            if others.next() != Some(entry) {
                return false;
            }
        }
        others.next().is_none()
    }
}

impl<K: Data, V: Data> Eq for Function<K, V> {}

impl<K: Data, V: Data> Ord for Function<K, V> {
    /// Smaller domain first, then argument and value by argument and value.
    fn cmp(&self, other: &Self) -> Ordering {
        let mut order = self.len().cmp(&other.len());
        let (mut entries, mut others) = (self.iter(), other.iter());
        while let (Ordering::Equal, Some(a), Some(b)) = (order, entries.next(), others.next()) {
            order = a.cmp(&b);
        }
        order
    }
}

impl<K: Data, V: Data> PartialOrd for Function<K, V> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K: Data, V: Data> Hash for Function<K, V> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.len().hash(state);
        for entry in self.iter() {
            entry.hash(state);
        }
    }
}

impl<K: Data, V: Data> fmt::Debug for Function<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Data, V: Data> FromIterator<(K, V)> for Function<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(items: I) -> Self {
        let mut function = Self::new();
        for (k, v) in items {
            function.insert(k, v);
        }
        function
    }
}

impl<K: Data, V: Data> Serialize for Function<K, V> {
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

impl<'de, K: Data, V: Data> Deserialize<'de> for Function<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

struct Entries<K, V>(PhantomData<fn() -> (K, V)>);

impl<'de, K: Data, V: Data> Visitor<'de> for Entries<K, V> {
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

    fn of(entries: impl IntoIterator<Item = (i64, i64)>) -> Function<i64, i64> {
        entries.into_iter().collect()
    }

    #[test]
    fn a_function_is_the_same_however_it_came_about() {
        let (dense, sorted) = (of([(2, 20), (3, 30), (1, 10)]), of([(1, 10), (3, 30), (2, 20)]));
        assert!(matches!((&dense.places, &sorted.places), (Places::From(1), Places::Sorted(_))));
        assert_eq!(dense, sorted);
        assert_eq!(dense.cmp(&sorted), Ordering::Equal);
        assert_eq!(dense.iter().collect::<Vec<_>>(), [(1, &10), (2, &20), (3, &30)]);
        assert_eq!(Function::<i64, i64>::new(), of([]));
    }

    #[test]
    fn the_ends_of_integers_are_arguments_too() {
        let mut f = of([(i64::MAX, 40)]);
        f.insert(i64::MIN, 10);
        assert_eq!(f.iter().collect::<Vec<_>>(), [(i64::MIN, &10), (i64::MAX, &40)]);
        assert_eq!(f.get(&0), None);
        let mut f = of([(i64::MIN, 10)]);
        f.insert(i64::MIN, 20);
        assert_eq!((f.len(), f.get(&i64::MIN), f.get(&i64::MAX)), (1, Some(&20), None));
    }

    #[test]
    fn where_both_are_defined_the_left_one_wins() {
        let (f, g) = (of([(5, 50)]), of([(4, 60), (5, 60)]));
        assert_eq!(f.merge(&g), of([(4, 60), (5, 50)]));
        assert_eq!(of([(9, 70)]).merge(&g), of([(4, 60), (5, 60), (9, 70)]));
    }
}
