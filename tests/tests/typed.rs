//! How much of what runs has a type, and whether typed values are the values they stand for.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use mpcal_build::Config;
use mpcal_runtime::generated as rt;
use mpcal_runtime::value::{Data, Function, Seq, Set, Str, Value};
use mpcal_tests::generate::Numbers;
use mpcal_tests::{files, fixtures, root};

/// Steps of a recorded run.
const STEPS: usize = 3_000;

/// The same for the fixtures, some of which have many successors.
const FEW_STEPS: usize = 100;

/// Runs a model and prints its line of the table; gives the share of evaluations that have a type.
fn share(path: &Path, steps: usize) -> f64 {
    let found = Config::new().include(fixtures("models/modules")).coverage(path, steps);
    let found = found.unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let name = path.file_stem().and_then(|n| n.to_str()).unwrap_or_default();
    let ((a, b), (c, d), (e, f)) = (found.evaluations, found.variables, found.fields);
    println!("{name:20} {a:9} {b:7} {:6.2} % {c:4} {d:3} {e:4} {f:3}", found.share() * 100.0);
    for (text, count) in found.dynamic.iter().take(3) {
        println!("    {count:6} x {}", text.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    found.share()
}

fn heading() {
    println!("model                evaluations: typed, dynamic;  variables,  fields: typed, dynamic");
}

/// Every expression that the examples and the models of Raft evaluate has a type.
#[test]
fn what_runs_is_typed() {
    heading();
    let mut models: Vec<PathBuf> = ["locksvc", "dqueue", "proxy"]
        .iter()
        .map(|name| root().join("examples").join(name).join(format!("{name}.tla")))
        .collect();
    models.push(fixtures("compile/raft.tla"));
    for path in models {
        assert!(share(&path, STEPS) >= 0.98, "{}", path.display());
    }
}

/// The fixtures are there to be hard; most of what they evaluate has a type nevertheless.
#[test]
fn most_of_the_fixtures_is_typed() {
    heading();
    let models = files(&fixtures("models"), "tla");
    let models: Vec<_> = models.into_iter().filter(|p| !p.to_string_lossy().contains("_twin")).collect();
    let typed: f64 = models.iter().map(|path| share(path, FEW_STEPS)).sum();
    let average = typed / models.len() as f64;
    println!("on average {:.2} %", average * 100.0);
    assert!(average > 0.9, "{average}");
}

/// The systems of a checkout of PGo, if `PGO_CHECKOUT` names one. Its configurations are its own.
#[test]
fn what_runs_in_published_systems_is_typed() {
    let Some(checkout) = std::env::var_os("PGO_CHECKOUT").map(PathBuf::from) else {
        println!("what_runs_in_published_systems_is_typed: skipped, PGO_CHECKOUT is not set");
        return;
    };
    heading();
    for system in files_below(&checkout.join("systems")) {
        if system.with_extension("cfg").is_file() {
            share(&system, STEPS);
        }
    }
}

fn files_below(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut found = files(directory, "tla");
    for entry in entries.flatten().filter(|e| e.path().is_dir()) {
        found.extend(files(&entry.path(), "tla"));
    }
    found.sort();
    found
}

mod optional {
    mpcal_runtime::include_model!("optional");
}

mod raft {
    mpcal_runtime::include_model!("raft");
}

/// Random values of a type.
trait Random: Data {
    fn random(numbers: &mut Numbers) -> Self;
}

impl Random for i64 {
    fn random(numbers: &mut Numbers) -> Self {
        // Around the limits of sets of one word, and of the type.
        [-1, 0, 1, 2, 3, 62, 63, 64, 65, i64::MIN, i64::MAX][numbers.below(11)]
    }
}

impl Random for bool {
    fn random(numbers: &mut Numbers) -> Self {
        numbers.below(2) == 1
    }
}

impl Random for Str {
    fn random(numbers: &mut Numbers) -> Self {
        ["", "a", "ab", "b", "Nil"][numbers.below(5)].into()
    }
}

impl<T: Random> Random for Seq<T> {
    fn random(numbers: &mut Numbers) -> Self {
        (0..numbers.below(4)).map(|_| T::random(numbers)).collect()
    }
}

impl<T: Random> Random for Set<T> {
    fn random(numbers: &mut Numbers) -> Self {
        (0..numbers.below(4)).map(|_| T::random(numbers)).collect()
    }
}

impl<K: Random, V: Random> Random for Function<K, V> {
    fn random(numbers: &mut Numbers) -> Self {
        (0..numbers.below(4)).map(|_| (K::random(numbers), V::random(numbers))).collect()
    }
}

impl<A: Random, B: Random> Random for (A, B) {
    fn random(numbers: &mut Numbers) -> Self {
        (A::random(numbers), B::random(numbers))
    }
}

impl Random for optional::Role {
    fn random(numbers: &mut Numbers) -> Self {
        [Self::Follower, Self::Leader][numbers.below(2)]
    }
}

impl Random for optional::Leader {
    fn random(numbers: &mut Numbers) -> Self {
        if bool::random(numbers) {
            Self::Nil
        } else {
            Self::Some(i64::random(numbers))
        }
    }
}

impl Random for raft::MessageKind {
    fn random(numbers: &mut Numbers) -> Self {
        [Self::AppendEntries, Self::Appended, Self::Put, Self::Done, Self::RequestVote, Self::Vote][numbers.below(6)]
    }
}

impl Random for raft::Entry {
    fn random(numbers: &mut Numbers) -> Self {
        let mut number = || i64::random(numbers);
        Self { client: number(), term: number(), value: number(), key: "k".into() }
    }
}

impl Random for raft::Message {
    fn random(numbers: &mut Numbers) -> Self {
        let (from, term, n) = (i64::random(numbers), i64::random(numbers), i64::random(numbers));
        let flag = bool::random(numbers);
        match numbers.below(5) {
            0 => Self::Done { from, key: Str::random(numbers) },
            1 => Self::Vote { from, term, granted: flag },
            2 => Self::Appended { from, term, fits: flag, matched: n },
            3 => Self::RequestVote { from, term, last_index: n, last_term: n },
            _ => Self::AppendEntries {
                from,
                term,
                commit: n,
                previous: n,
                previous_term: n,
                entries: Seq::random(numbers),
            },
        }
    }
}

/// A value and what it stands for have the same equality, order, choices and notation, and go over
/// the wire as themselves.
fn agree<T: Random>(seed: u64) {
    let mut numbers = Numbers::new(seed);
    for _ in 0..400 {
        let (a, b) = (T::random(&mut numbers), T::random(&mut numbers));
        let (x, y) = (a.to_value(), b.to_value());
        assert_eq!(T::from_value(&x).as_ref(), Ok(&a));
        assert_eq!(a == b, x == y, "{x} and {y}");
        assert_eq!(a.cmp(&b), x.cmp(&y), "{x} and {y}");
        let set: Set<T> = [a.clone(), b.clone()].into_iter().collect();
        let untyped: Set<Value> = [y, x].into_iter().collect();
        let chosen = rt::choose(&set, |_| Ok(true)).map(|c| c.to_value());
        assert_eq!(chosen, rt::choose(&untyped, |_| Ok(true)));
        assert_eq!(set.to_value().to_string(), Value::Set(untyped).to_string());
        let wire = serde_json::to_string(&Pairs(vec![(a.clone(), 1)])).expect("it can be written");
        assert_eq!(serde_json::from_str::<Pairs<T>>(&wire).expect("it can be read").0, [(a, 1)]);
    }
}

/// JSON has no keys but strings, so values are written in a list.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(bound = "T: Data")]
struct Pairs<T: Data>(Vec<(T, u8)>);

#[test]
fn typed_values_are_the_values_they_stand_for() {
    agree::<i64>(1);
    agree::<bool>(2);
    agree::<Str>(3);
    agree::<(i64, Str)>(4);
    agree::<Seq<Set<i64>>>(5);
    agree::<Set<i64>>(6);
    agree::<Set<bool>>(7);
    agree::<Set<Set<i64>>>(8);
    agree::<Set<(i64, bool)>>(9);
    agree::<optional::Role>(10);
    agree::<Set<optional::Role>>(11);
    agree::<optional::Leader>(12);
    agree::<Set<optional::Leader>>(13);
    agree::<Set<raft::MessageKind>>(14);
    agree::<raft::Entry>(15);
    agree::<raft::Message>(16);
    agree::<Set<raft::Message>>(17);
    agree::<Seq<raft::Message>>(18);
}

/// Functions are maps on the wire, and JSON wants strings as their keys.
#[test]
fn typed_functions_are_the_functions_they_stand_for() {
    fn agree<K: Random, V: Random>(seed: u64) {
        let mut numbers = Numbers::new(seed);
        for _ in 0..400 {
            let (f, g) = (Function::<K, V>::random(&mut numbers), Function::<K, V>::random(&mut numbers));
            let (x, y) = (f.to_value(), g.to_value());
            assert_eq!(Function::from_value(&x).as_ref(), Ok(&f));
            assert_eq!((f == g, f.cmp(&g)), (x == y, x.cmp(&y)), "{x} and {y}");
            let both = rt::merge(&f, &g);
            for k in f.keys().chain(g.keys()) {
                assert_eq!(both.get(&k), f.get(&k).or_else(|| g.get(&k)), "{k:?} in {x} @@ {y}");
            }
            assert!(f.keys().zip(f.keys().skip(1)).all(|(a, b)| a.cmp(&b) == Ordering::Less));
        }
    }
    agree::<i64, bool>(1);
    agree::<bool, i64>(2);
    agree::<Str, Set<i64>>(3);
    agree::<optional::Role, i64>(4);
    agree::<optional::Leader, i64>(5);
    agree::<raft::MessageKind, Seq<i64>>(6);
    agree::<(i64, bool), i64>(7);
}
