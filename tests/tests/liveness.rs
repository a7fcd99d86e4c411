//! What must happen at some time, judged as TLC judges it: of generated code, and of random systems.

use std::fs;
use std::path::Path;

use mpcal_check::liveness::{violated, Formula, Lasso, Property};
use mpcal_check::{Action, Component, Failure, Fairness, Graph, Held, Report, Row, System, Verdict, Worker};
use mpcal_runtime::value::{EvalError, Value};
use mpcal_tests::generate::Numbers;
use mpcal_tests::{fixtures, Tools};

include!(concat!(env!("OUT_DIR"), "/liveness.rs"));

/// Whether TLC finds that a property of a module is violated.
fn is_violated(tools: &Tools, directory: &Path, module: &str, property: &str) -> bool {
    let config = format!("SPECIFICATION Spec\nPROPERTY {property}\n");
    fs::write(directory.join("p.cfg"), config).expect("a file can be written");
    let said = tools.check(directory, &format!("{module}.tla"), "p.cfg");
    let holds = said.contains("No error has been found");
    assert_ne!(holds, said.contains("Temporal properties were violated"), "{property}: {said}");
    !holds
}

/// A system that is given by its steps, each with what is fair to it.
struct Steps {
    initial: Vec<u32>,
    steps: Vec<(u32, u32, Vec<u16>)>,
    fairness: Vec<bool>,
    predicates: Vec<Vec<u32>>,
}

impl System for Steps {
    type Worker = Self;

    fn width(&self) -> usize {
        1
    }

    fn fairness(&self) -> Vec<Fairness> {
        self.fairness.iter().map(|is_strong| Fairness { name: String::new(), is_strong: *is_strong }).collect()
    }

    fn worker(&self) -> Result<Self, EvalError> {
        let (initial, steps) = (self.initial.clone(), self.steps.clone());
        Ok(Self { initial, steps, fairness: self.fairness.clone(), predicates: self.predicates.clone() })
    }

    fn initial(&self) -> Result<Vec<u32>, EvalError> {
        Ok(self.initial.clone())
    }
}

impl Worker for Steps {
    fn steps(&mut self, state: &Row, show: &mut impl FnMut(Action, &Row)) -> Result<bool, Failure> {
        for (way, (from, to, _)) in (0..).zip(&self.steps) {
            if *from == state[0] {
                show(Action { process: 0, way }, &[*to]);
            }
        }
        Ok(true)
    }

    fn holds(&mut self, state: &Row, predicate: usize) -> Result<bool, Failure> {
        Ok(self.predicates[predicate].contains(&state[0]))
    }

    fn fair(&self, _: &Row, action: Action, to: &mut Vec<u16>) {
        to.extend(&self.steps[action.way as usize].2);
    }

    fn describe(&self, _: &Row, _: Action) -> (String, &'static str) {
        (String::new(), "")
    }

    fn components(&self, state: &Row) -> Vec<Component> {
        vec![Component { name: "s".to_owned(), value: Held::Value(Value::Int(state[0].into())) }]
    }

    fn taken(&self) -> Vec<(String, &'static str, u64)> {
        Vec::new()
    }
}

impl Steps {
    /// A random system; equal seeds give equal ones.
    fn random(seed: u64) -> Self {
        let mut numbers = Numbers::new(seed);
        let states = 3 + numbers.below(6);
        let fairness: Vec<bool> = (0..1 + numbers.below(3)).map(|_| numbers.below(2) == 1).collect();
        let mut pairs: Vec<(u32, u32)> = (0..states + numbers.below(2 * states))
            .map(|_| (numbers.below(states) as u32, numbers.below(states) as u32))
            .collect();
        pairs.sort_unstable();
        pairs.dedup();
        let fair = |numbers: &mut Numbers| (0..fairness.len() as u16).filter(|_| numbers.below(3) == 0).collect();
        let steps = pairs.into_iter().map(|(from, to)| (from, to, fair(&mut numbers))).collect();
        let some = |numbers: &mut Numbers| (0..states as u32).filter(|_| numbers.below(5) < 2).collect();
        let predicates = (0..2).map(|_| some(&mut numbers)).collect();
        Self { initial: vec![0], steps, fairness, predicates }
    }

    /// The same in TLA+.
    fn module(&self) -> String {
        let set = |steps: &mut dyn Iterator<Item = &(u32, u32, Vec<u16>)>| {
            let pairs: Vec<_> = steps.map(|(from, to, _)| format!("<<{from}, {to}>>")).collect();
            format!("{{{}}}", pairs.join(", "))
        };
        let mut text = "---- MODULE M ----\nEXTENDS Integers\nVARIABLE s\n".to_owned();
        text += "Take(steps) == \\E e \\in steps : s = e[1] /\\ s' = e[2]\n";
        text += &format!("All == {}\n", set(&mut self.steps.iter()));
        text += "Spec == s = 0 /\\ [][Take(All)]_s";
        for (n, is_strong) in (0u16..).zip(&self.fairness) {
            let fair = set(&mut self.steps.iter().filter(|(.., fair)| fair.contains(&n)));
            text += &format!(" /\\ {}_s(Take({fair}))", if *is_strong { "SF" } else { "WF" });
        }
        for (name, states) in ["P", "Q"].iter().zip(&self.predicates) {
            let states: Vec<_> = states.iter().map(u32::to_string).collect();
            text += &format!("\n{name} == s \\in {{{}}}", states.join(", "));
        }
        text + "\nE == <>P\nAE == []<>P\nEA == <>[]P\nL == P ~> Q\n====\n"
    }

    /// Expects that a lasso is a behaviour of this system that is fair and violates a formula.
    fn expect_lasso(&self, lasso: &Lasso, formula: Formula) {
        let mut states = vec![lasso.first[0]];
        let mut taken: Vec<&[u16]> = Vec::new();
        for (action, row) in &lasso.steps {
            let (from, to, fair) = &self.steps[action.way as usize];
            assert_eq!((*from, *to), (states[states.len() - 1], row[0]), "{lasso:?}");
            states.push(row[0]);
            taken.push(fair);
        }
        assert!(self.initial.contains(&states[0]));
        let begin = lasso.back_to.unwrap_or(states.len() - 1);
        assert_eq!(states[begin], states[states.len() - 1], "{lasso:?}");
        let cycle = &states[begin..];
        for (n, is_strong) in (0u16..).zip(&self.fairness) {
            let can = |state: &u32| self.steps.iter().any(|(f, t, fair)| f == state && t != state && fair.contains(&n));
            let is_taken = taken[begin.min(taken.len())..].iter().any(|fair| fair.contains(&n));
            let may = if *is_strong { !cycle.iter().any(can) } else { !cycle.iter().all(can) };
            assert!(is_taken || may, "{n} is not fair: {lasso:?} {:?}", self.steps);
        }
        let is = |p: usize, state: &u32| self.predicates[p].contains(state);
        assert!(match formula {
            Formula::Eventually(p) => !states.iter().any(|state| is(p, state)),
            Formula::AlwaysEventually(p) => !cycle.iter().any(|state| is(p, state)),
            Formula::EventuallyAlways(p) => !cycle.iter().all(|state| is(p, state)),
            Formula::LeadsTo(p, q) => {
                let last = states.iter().rposition(|state| is(q, state)).map_or(0, |at| at + 1);
                states[last..].iter().any(|state| is(p, state)) && !cycle.iter().any(|state| is(q, state))
            }
        });
    }
}

/// Each of so many random systems has the verdicts of TLC, and each counterexample is one.
#[test]
fn random_systems_have_the_verdicts_of_tlc() {
    let tools = Tools::find("random_systems_have_the_verdicts_of_tlc");
    let count: u64 = std::env::var("LIVENESS_SYSTEMS").ok().and_then(|n| n.parse().ok()).unwrap_or(8);
    let (mut bad, mut stuttering, mut by_tlc) = (0, 0, 0);
    for seed in 1..=1000 {
        let system = Steps::random(seed);
        let graph = Graph::of(&system).expect("nothing is wrong with it");
        let formulas = [
            ("E", Formula::Eventually(0)),
            ("AE", Formula::AlwaysEventually(0)),
            ("EA", Formula::EventuallyAlways(0)),
            ("L", Formula::LeadsTo(0, 1)),
        ];
        for (name, formula) in formulas {
            let property = Property { name: name.into(), formula };
            let lasso = violated(&system, &graph, &[property]).expect("predicates have values");
            if let Some(lasso) = &lasso {
                bad += 1;
                stuttering += usize::from(lasso.back_to.is_none());
                system.expect_lasso(lasso, formula);
            }
            if let Some(tools) = tools.as_ref().filter(|_| seed <= count) {
                let directory = tempfile::tempdir().expect("a directory can be made");
                fs::write(directory.path().join("M.tla"), system.module()).expect("a file can be written");
                let expected = is_violated(tools, directory.path(), "M", name);
                assert_eq!(lasso.is_some(), expected, "{seed}: {lasso:?}\n{}", system.module());
                by_tlc += 1;
            }
        }
    }
    println!(
        "{bad} of 4000 properties are violated, {stuttering} by stuttering; TLC agrees on {by_tlc} of the verdicts"
    );
    assert!((500..3500).contains(&bad) && (100..bad).contains(&stuttering), "{bad}, {stuttering}");
}

/// What the properties of the fixture come to, by name.
fn turns(name: &str) -> Report {
    use turns::VariablesSnapshot as V;
    let inside = |n: i64| move |v: &V| *v.inside.at(&n).expect("there is such a process");
    let outside = |n: i64| move |v: &V| !inside(n)(v);
    let checker = mpcal_check::checker::<turns::Variables>(turns::Constants {}).allow_deadlock();
    let checker = match name {
        "MeekEnters" => checker.always_eventually(name, inside(1)),
        "StubbornEnters" => checker.always_eventually(name, inside(3)),
        "StubbornLeaves" => checker.leads_to(name, inside(3), outside(3)),
        "MeekLeaves" => checker.leads_to(name, inside(1), outside(1)),
        "Works" => checker.eventually(name, |v| v.count == 1),
        "Ends" => checker.eventually(name, |v| v.ended),
        "Idles" => checker.eventually(name, |v| v.idle),
        "Rests" => checker.leads_to(name, |v| v.count == 1, |v| v.count == 0),
        "Calm" => checker.eventually_always(name, |v| v.count == 0),
        _ => panic!("{name} is not a property"),
    };
    checker.run().expect("it has initial states")
}

/// Labels with `+` and `-`, procedures, and processes that are not fair.
#[test]
fn processes_are_as_fair_as_they_say() {
    let tools = Tools::find("processes_are_as_fair_as_they_say");
    let directory = tempfile::tempdir().expect("a directory can be made");
    if let Some(tools) = &tools {
        let text = fs::read_to_string(fixtures("liveness/turns.tla")).expect("the fixture is there");
        let text = mpcal_build::Config::new().translate_text("turns", &text, None).unwrap_or_else(|e| panic!("{e}"));
        fs::write(directory.path().join("turns.tla"), text).expect("a file can be written");
        tools.translate(directory.path(), "turns.tla");
    }
    let expected = [
        ("MeekEnters", false),
        ("StubbornEnters", true),
        ("StubbornLeaves", true),
        ("MeekLeaves", true),
        ("Works", true),
        ("Ends", false),
        ("Idles", false),
        ("Rests", false),
        ("Calm", false),
    ];
    for (name, holds) in expected {
        let report = turns(name);
        println!("{report}");
        assert_eq!(matches!(report.verdict, Verdict::Holds), holds, "{name}: {report}");
        if let Some(tools) = &tools {
            assert_eq!(is_violated(tools, directory.path(), "turns", name), !holds, "{name}: {report}");
        }
    }
    let report = turns("MeekEnters").to_string();
    assert!(report.contains("which loops back to state "), "{report}");
}
