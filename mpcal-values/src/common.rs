//! Collections of the types that most models have, compiled here once instead of with each model.
//!
//! rustc compiles a generic function again in each crate that uses it with a type, unless a crate below has compiled it
//! with that type already (in builds without optimization). A model's own types have to wait for the model.

use std::hash::DefaultHasher;

use super::{Data, Function, Seq, Set, Str, Value};

/// Uses every collection of every common type, so that it is compiled.
#[doc(hidden)]
pub fn compile() {
    elements(true);
    elements(0);
    elements(Str::literal(""));
    elements(Value::Bool(true));
    // What each process has one of.
    function(Function::new(), &0, &Set::<i64>::new());
    function(Function::new(), &0, &Seq::<i64>::new());
    function(Function::new(), &0, &Function::<i64, i64>::new());
    function(Function::new(), &0, &Function::<i64, bool>::new());
}

fn elements<T: Data>(x: T) {
    set(Set::new(), &x);
    sequence(Seq::new(), &x);
    function(Function::new(), &0, &x);
    function(Function::new(), &Str::literal(""), &x);
    function(Function::new(), &Value::Bool(true), &x);
}

fn data<T: Data>(x: &T) -> bool {
    x.hash(&mut DefaultHasher::new());
    T::from_value(&x.to_value()).is_ok_and(|y| y <= *x && y == *x && !format!("{y:?}").is_empty())
}

fn set<T: Data>(mut set: Set<T>, x: &T) -> bool {
    set.insert(x.clone());
    set = set.union(&set).intersection(&set).difference(&Set::new());
    set.remove(x);
    data(&set) && set.contains(x)
}

fn sequence<T: Data>(mut seq: Seq<T>, x: &T) -> bool {
    seq.push(x.clone());
    seq.append(&seq.part(0, 1));
    seq.pop_front();
    data(&seq) && seq.at_mut(1).is_ok_and(|y| y == x) && seq.at(1).is_ok() && seq.left_in(&seq).1 == seq.len()
}

fn function<K: Data, V: Data>(mut function: Function<K, V>, k: &K, v: &V) -> bool {
    function.insert(k.clone(), v.clone());
    function = function.merge(&function);
    data(&function) && function.at_mut(k).is_ok_and(|w| w == v) && function.at(k).is_ok()
}
