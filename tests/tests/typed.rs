//! How much of what runs has a type, and whether typed values are the values they stand for.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use mpcal_build::Config;
use mpcal_runtime::generated as rt;
use mpcal_runtime::value::{Data, Function, Seq, Set, Slot, Str, Value};
use mpcal_tests::fixture::Fixture;
use mpcal_tests::generate::Numbers;
use mpcal_tests::{examples, files, fixtures, name, Tools};

/// Steps of a recorded run.
const STEPS: usize = 3_000;

/// The same for the fixtures, some of which have many successors.
const FEW_STEPS: usize = 100;

/// The share of evaluations that have a type.
fn share(path: &Path, steps: usize) -> f64 {
    let (typed, dynamic) = evaluations(path, steps);
    typed as f64 / (typed + dynamic).max(1) as f64
}

/// Runs a model and prints its line of the table; gives how many evaluations have a type, and how many have none.
fn evaluations(path: &Path, steps: usize) -> (u64, u64) {
    let found = Config::new().include(fixtures("models/modules")).coverage(path, steps);
    let found = found.unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let name = name(path);
    let ((a, b), (c, d), (e, f)) = (found.evaluations, found.variables, found.fields);
    println!("{name:20} {a:9} {b:7} {:6.2} % {c:4} {d:3} {e:4} {f:3}", found.share() * 100.0);
    for (text, count) in found.dynamic.iter().take(3) {
        println!("    {count:6} x {}", text.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    found.evaluations
}

fn heading() {
    println!("model                evaluations: typed, dynamic;  variables,  fields: typed, dynamic");
}

/// Every expression that the examples and the models of Raft evaluate has a type.
#[test]
fn what_runs_is_typed() {
    heading();
    for path in examples().into_iter().chain([fixtures("compile/raft.tla")]) {
        assert!(share(&path, STEPS) >= 0.98, "{}", path.display());
    }
}

/// The fixtures are there to be hard; most of what they evaluate has a type nevertheless.
#[test]
fn most_of_the_fixtures_is_typed() {
    heading();
    let models = Fixture::all("models");
    let typed: f64 = models.iter().map(|fixture| share(&fixture.path, FEW_STEPS)).sum();
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
    let (mut typed, mut dynamic) = (0, 0);
    for system in files_below(&checkout.join("systems")) {
        // TLC stops in the shopping cart, too: it adds at an index outside of a function.
        if system.ends_with("shopcart.tla") || system.to_string_lossy().contains("badspecs") {
            continue;
        }
        let configured = if system.with_extension("cfg").is_file() { None } else { configured(&system) };
        let path = configured.as_ref().map_or(&system, |(_, path)| path);
        if !path.with_extension("cfg").is_file() {
            println!("{}: no values for its constants", system.display());
            continue;
        }
        let (t, d) = evaluations(path, STEPS);
        (typed, dynamic) = (typed + t, dynamic + d);
        // What a client of this one gets back is stored in a variable that it is made from: a record of itself.
        assert!(d == 0 || system.ends_with("replicated_kv.tla"), "{}: {d}", system.display());
    }
    let share = typed as f64 / (typed + dynamic).max(1) as f64;
    println!("{typed} of {} evaluations, {:.2} %", typed + dynamic, share * 100.0);
    assert!(share >= 0.98, "{share}");
}

/// Values for the constants of published systems that come without a configuration.
const CONSTANTS: &[(&str, &str)] = &[
    ("gcounter", "NUM_NODES = 3 BENCH_NUM_ROUNDS = 2"),
    ("load_balancer", "BUFFER_SIZE = 2 LoadBalancerId = 0 NUM_SERVERS = 2 NUM_CLIENTS = 2 GET_PAGE = 200 WEB_PAGE = 7"),
    ("proxy", "NUM_SERVERS = 2 NUM_CLIENTS = 2 EXPLORE_FAIL = FALSE CLIENT_RUN = TRUE"),
    (
        "replicated_kv",
        "BUFFER_SIZE = 2 NUM_REPLICAS = 2 NUM_CLIENTS = 1 DISCONNECT_MSG = 1 GET_MSG = 2 PUT_MSG = 3 NULL_MSG = 4 \
         GET_RESPONSE = 5 PUT_RESPONSE = 6 NULL = 0 GET_KEY = \"a\" PUT_KEY = \"b\" PUT_VALUE = 9",
    ),
    ("shcounter", "NUM_NODES = 3"),
    (
        "raft",
        "ExploreFail = FALSE Debug = FALSE NumServers = 3 BufferSize = 3 MaxTerm = 3 MaxCommitIndex = 2 MaxNodeFail = 1 \
         LogConcat = 2 LogPop = 1 LeaderTimeoutReset = TRUE",
    ),
];

/// A copy of a system beside a configuration.
fn configured(system: &Path) -> Option<(tempfile::TempDir, PathBuf)> {
    let name = system.file_stem()?.to_str()?;
    let (_, constants) = CONSTANTS.iter().find(|(of, _)| *of == name)?;
    let directory = tempfile::tempdir().expect("a directory can be made");
    let copy = directory.path().join(system.file_name()?);
    std::fs::copy(system, &copy).expect("the system can be copied");
    let configuration = format!("CONSTANTS {constants} defaultInitValue = defaultInitValue\n");
    std::fs::write(copy.with_extension("cfg"), configuration).expect("a file can be written");
    Some((directory, copy))
}

fn files_below(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).expect("PGO_CHECKOUT names a checkout");
    let mut found = files(directory, "tla");
    for entry in entries.flatten().filter(|e| e.path().is_dir()) {
        found.extend(files_below(&entry.path()));
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
        // Some that no standard module has.
        ["", "xa", "xab", "xb", "Nil"][numbers.below(5)].into()
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

/// Sequences and functions of numbers, which TLC compares with one another.
impl Random for Value {
    fn random(numbers: &mut Numbers) -> Self {
        match numbers.below(3) {
            0 => Value::Model("Nil".into()),
            1 => Value::Seq((0..numbers.below(3)).map(|_| i64::random(numbers).to_value()).collect()),
            _ => Function::<i64, i64>::random(numbers).to_value(),
        }
    }
}

impl<T: Random> Random for Slot<T> {
    fn random(numbers: &mut Numbers) -> Self {
        if bool::random(numbers) {
            Slot::Uninit
        } else {
            Slot::Value(T::random(numbers))
        }
    }
}

impl Random for optional::Role {
    fn random(numbers: &mut Numbers) -> Self {
        [Self::Follower, Self::Leader][numbers.below(2)]
    }
}

impl Random for optional::IntOrNil {
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

/// What TLC is asked.
#[derive(Default)]
struct Oracle {
    /// Sets as they are written down, with what is expected of TLC: how it prints each and what it chooses from it.
    sets: Vec<(String, String)>,
    fields: BTreeSet<String>,
    strings: BTreeSet<String>,
    models: BTreeSet<String>,
}

/// Without the blanks that TLC lays values out with.
fn dense(text: &str) -> String {
    text.split_whitespace().collect()
}

impl Oracle {
    /// Notes the names in a value; whether TLC has its numbers, and an order of its strings that can be said.
    fn names(&mut self, v: &Value) -> bool {
        match v {
            Value::Int(n) => i32::try_from(*n).is_ok(),
            Value::Bool(_) => true,
            Value::Str(s) => {
                self.strings.insert(s.to_string());
                !s.is_empty()
            }
            Value::Model(name) => {
                self.models.insert(name.to_string());
                true
            }
            Value::Set(items) => items.iter().all(|x| self.names(x)),
            Value::Seq(items) => items.iter().all(|x| self.names(x)),
            Value::Function(f) => f.iter().all(|(k, v)| match &k {
                Value::Str(name) => {
                    let field = !name.is_empty() && !name.contains('-');
                    if field {
                        self.fields.insert(name.to_string());
                    }
                    field && self.names(v)
                }
                _ => self.names(&k) && self.names(v),
            }),
        }
    }

    fn note<T: Data>(&mut self, elements: &[T]) {
        let values: Vec<Value> = elements.iter().map(T::to_value).collect();
        if !values.iter().all(|v| self.names(v)) {
            return;
        }
        let written: Vec<String> = values.iter().map(Value::to_string).collect();
        let set: Set<T> = elements.iter().cloned().collect();
        let chosen = rt::choose(&set, |_| Ok(true)).expect("it is not empty").to_value();
        self.sets.push((format!("{{{}}}", written.join(", ")), dense(&format!("{}, {chosen}>>", set.to_value()))));
    }

    /// Has TLC print and choose from every set.
    fn ask(&self, test: &str) {
        let Some(tools) = Tools::find(test) else { return };
        // TLC's order of names is the one in which it meets them, as fields when it parses and as strings later.
        let fields: Vec<_> = self.fields.iter().map(|n| format!("{n} |-> 0")).collect();
        let strings: Vec<_> = self.strings.iter().map(|s| format!("{s:?}")).collect();
        let constants: String = self.models.iter().map(|name| format!("CONSTANT {name}\n")).collect();
        let mut text = format!(
            "---- MODULE Sets ----\nEXTENDS Integers, TLC\nFields == [{}]\nStrings == {{{}}}\n{constants}VARIABLE clock\n",
            fields.join(", "),
            strings.join(", "),
        );
        for (n, (set, _)) in self.sets.iter().enumerate() {
            text += &format!("ASSUME LET S == {set} IN PrintT(<<\"case\", {n}, S, CHOOSE e \\in S : TRUE>>)\n");
        }
        text += "Init == clock = 0\nNext == UNCHANGED clock\n====\n";
        let directory = tempfile::tempdir().expect("a directory can be made");
        std::fs::write(directory.path().join("Sets.tla"), text).expect("a file can be written");
        let given: String = self.models.iter().map(|name| format!("CONSTANT {name} = {name}\n")).collect();
        let configuration = format!("INIT Init\nNEXT Next\n{given}");
        std::fs::write(directory.path().join("Sets.cfg"), configuration).expect("a file can be written");
        let said = tools.check(directory.path(), "Sets.tla", "Sets.cfg");
        assert!(said.contains("No error has been found"), "{said}");
        let said = dense(&said);
        for (n, (set, wanted)) in self.sets.iter().enumerate() {
            let start = format!("<<\"case\",{n},");
            let (_, rest) = said.split_once(&start).unwrap_or_else(|| panic!("{set} is not printed"));
            let found = rest.split("<<\"case\"").next().unwrap_or_default();
            assert!(found.starts_with(wanted), "{set}: TLC has {found}\nand we have {wanted}");
        }
        println!("{test}: TLC orders {} sets as we do", self.sets.len());
    }
}

/// A value and what it stands for go over the wire as themselves, and more: see [`stand_for`].
fn agree<T: Random>(oracle: &mut Oracle, seed: u64) {
    stand_for::<T>(oracle, seed);
    let mut numbers = Numbers::new(seed);
    for a in (0..400).map(|_| T::random(&mut numbers)) {
        let wire = serde_json::to_string(&Pairs(vec![(a.clone(), 1)])).expect("it can be written");
        assert_eq!(serde_json::from_str::<Pairs<T>>(&wire).expect("it can be read").0, [(a, 1)]);
    }
}

/// A value and what it stands for have the same equality, order, choices and notation, which are TLC's.
fn stand_for<T: Random>(oracle: &mut Oracle, seed: u64) {
    let mut numbers = Numbers::new(seed);
    for _ in 0..100 {
        let elements: Vec<T> = (0..5).map(|_| T::random(&mut numbers)).collect();
        oracle.note(&elements);
    }
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
    }
}

/// JSON has no keys but strings, so values are written in a list.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(bound = "T: Data")]
struct Pairs<T: Data>(Vec<(T, u8)>);

#[test]
fn typed_values_are_the_values_they_stand_for() {
    let oracle = &mut Oracle::default();
    agree::<i64>(oracle, 1);
    agree::<bool>(oracle, 2);
    agree::<Str>(oracle, 3);
    agree::<(i64, Str)>(oracle, 4);
    agree::<Seq<Set<i64>>>(oracle, 5);
    agree::<Set<i64>>(oracle, 6);
    agree::<Set<bool>>(oracle, 7);
    agree::<Set<Set<i64>>>(oracle, 8);
    agree::<Set<(i64, bool)>>(oracle, 9);
    agree::<optional::Role>(oracle, 10);
    agree::<Set<optional::Role>>(oracle, 11);
    agree::<optional::IntOrNil>(oracle, 12);
    agree::<Set<optional::IntOrNil>>(oracle, 13);
    agree::<Set<raft::MessageKind>>(oracle, 14);
    agree::<raft::Entry>(oracle, 15);
    agree::<raft::Message>(oracle, 16);
    agree::<Set<raft::Message>>(oracle, 17);
    agree::<Seq<raft::Message>>(oracle, 18);
    stand_for::<Value>(oracle, 19);
    stand_for::<Set<Value>>(oracle, 20);
    stand_for::<Slot<Value>>(oracle, 21);
    oracle.ask("typed_values_are_the_values_they_stand_for");
}

/// Functions are maps on the wire, and JSON wants strings as their keys.
#[test]
fn typed_functions_are_the_functions_they_stand_for() {
    fn agree<K: Random, V: Random>(oracle: &mut Oracle, seed: u64) {
        let mut numbers = Numbers::new(seed);
        for _ in 0..100 {
            oracle.note(&(0..5).map(|_| Function::<K, V>::random(&mut numbers)).collect::<Vec<_>>());
        }
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
    let oracle = &mut Oracle::default();
    agree::<i64, bool>(oracle, 1);
    agree::<bool, i64>(oracle, 2);
    agree::<Str, Set<i64>>(oracle, 3);
    agree::<optional::Role, i64>(oracle, 4);
    agree::<optional::IntOrNil, i64>(oracle, 5);
    agree::<raft::MessageKind, Seq<i64>>(oracle, 6);
    agree::<(i64, bool), i64>(oracle, 7);
    oracle.ask("typed_functions_are_the_functions_they_stand_for");
}

/// The values of an enum of names, and what serde's derived code makes of the same names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Answer {
    Granted,
    Nil,
}

rt::tags!(Answer { Granted = Str("granted"), Nil = Model("Nil") });

#[derive(serde::Serialize)]
#[serde(rename = "Answer")]
enum Derived {
    Granted,
    Nil,
}

#[test]
fn names_are_encoded_as_serde_derives_it() {
    for (answer, derived) in [(Answer::Granted, Derived::Granted), (Answer::Nil, Derived::Nil)] {
        let bytes = postcard::to_allocvec(&answer).unwrap();
        assert_eq!(bytes, postcard::to_allocvec(&derived).unwrap());
        assert_eq!(postcard::from_bytes(&bytes), Ok(answer));
        let text = serde_json::to_string(&answer).unwrap();
        assert_eq!(text, serde_json::to_string(&derived).unwrap());
        assert_eq!(serde_json::from_str::<Answer>(&text).unwrap(), answer);
    }
    assert!(postcard::from_bytes::<Answer>(&[2]).is_err());
    assert!(serde_json::from_str::<Answer>("\"granted\"").is_err());
    assert!(serde_json::from_str::<Answer>("{\"Nil\": 1}").is_err());
}
