//! The search for an order of what clients saw: against all orders of small histories, against another crate, and on the
//! histories that Porcupine is tested with, if `PORCUPINE_CHECKOUT` names a checkout of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use mpcal_check::linearizability::{linearize, partition, Explained, Object, Operation, Verdict};
use mpcal_tests::generate::Numbers;
use todc_utils::linearizability::history::History;
use todc_utils::{Action, Specification, WGLChecker};

/// A register of small numbers, 0 at first.
struct Register;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    Read,
    Write(u64),
    /// Writes the second if it holds the first.
    Swap(u64, u64),
}

/// What was read; 1 for a swap that took place, 0 for one that did not, and for a write.
type Answer = u64;

impl Object for Register {
    type State = u64;
    type Input = Ask;
    type Output = Answer;

    fn initial(&self) -> u64 {
        0
    }

    fn apply(&self, state: &u64, input: &Ask, output: Option<&Answer>) -> Option<u64> {
        let (state, answer) = carried_out(*state, *input);
        output.is_none_or(|output| *output == answer).then_some(state)
    }
}

/// The state after it, and the answer.
fn carried_out(state: u64, input: Ask) -> (u64, Answer) {
    match input {
        Ask::Read => (state, state),
        Ask::Write(value) => (value, 0),
        Ask::Swap(from, to) if from == state => (to, 1),
        Ask::Swap(..) => (state, 0),
    }
}

/// The same, as the other crate wants it.
struct Theirs;

impl Specification for Theirs {
    type State = u64;
    type Operation = (Ask, Option<Answer>);

    fn init() -> u64 {
        0
    }

    fn apply((input, output): &Self::Operation, state: &u64) -> (bool, u64) {
        let (state, answer) = carried_out(*state, *input);
        (output.is_none_or(|output| output == answer), state)
    }
}

type Ours = Operation<Ask, Answer>;

const MINUTE: Duration = Duration::from_secs(60);

/// Few operations of few clients, whose answers are often right.
fn history(numbers: &mut Numbers, most: usize, all_return: bool) -> Vec<Ours> {
    let (mut found, mut state) = (Vec::new(), 0);
    let mut free_at = [0_u64; 4];
    for _ in 0..1 + numbers.below(most) {
        let client = numbers.below(free_at.len());
        let called = free_at[client] + numbers.below(4) as u64;
        let returned = called + 1 + numbers.below(9) as u64;
        free_at[client] = returned + 1;
        let value = |numbers: &mut Numbers| numbers.below(3) as u64;
        let input = match numbers.below(3) {
            0 => Ask::Read,
            1 => Ask::Write(value(numbers)),
            _ => Ask::Swap(value(numbers), value(numbers)),
        };
        let right = carried_out(state, input);
        state = right.0;
        let output = if numbers.below(4) == 0 { numbers.below(3) as u64 } else { right.1 };
        let time = |at: u64| Duration::from_millis(at);
        let is_seen = all_return || numbers.below(5) > 0;
        let returned = is_seen.then(|| (output, time(returned)));
        found.push(Operation { client: client as u64, input, called: time(called), returned });
    }
    found
}

/// Whether an order explains what is left, tried one after another.
fn has_order(history: &[Ours], left: &[usize], state: u64) -> bool {
    if left.iter().all(|n| history[*n].returned.is_none()) {
        return true;
    }
    left.iter().any(|n| {
        let comes_later = |other: &usize| {
            history[*other].returned.as_ref().is_some_and(|(_, returned)| *returned < history[*n].called)
        };
        let rest: Vec<usize> = left.iter().copied().filter(|other| other != n).collect();
        let output = history[*n].returned.as_ref().map(|(output, _)| output);
        let next = Register.apply(&state, &history[*n].input, output);
        !left.iter().any(comes_later) && next.is_some_and(|state| has_order(history, &rest, state))
    })
}

/// Expects that an order is one: allowed by the times, right in its outputs, with all operations that returned.
fn expect_order(history: &[Ours], order: &[usize]) {
    let mut state = 0;
    for (place, n) in order.iter().enumerate() {
        let operation = &history[*n];
        let output = operation.returned.as_ref().map(|(output, _)| output);
        state = Register.apply(&state, &operation.input, output).expect("the output is right");
        for later in &order[place + 1..] {
            let returned = history[*later].returned.as_ref();
            assert!(returned.is_none_or(|(_, at)| *at >= operation.called), "{later} is before {n}");
        }
    }
    for (n, operation) in history.iter().enumerate() {
        assert!(operation.returned.is_none() || order.contains(&n), "{n} is missing");
    }
}

#[test]
fn small_histories_are_judged_as_by_trying_all_orders() {
    let (mut numbers, mut linearizable) = (Numbers::new(1), 0);
    for round in 0..4_000 {
        let history = history(&mut numbers, 7, false);
        let expected = has_order(&history, &(0..history.len()).collect::<Vec<_>>(), 0);
        match linearize(&Register, &history, MINUTE) {
            Verdict::Linearizable(order) => {
                assert!(expected, "round {round}: {history:?}");
                expect_order(&history, &order);
                linearizable += 1;
            }
            Verdict::NotLinearizable(_) => assert!(!expected, "round {round}: {history:?}"),
            Verdict::Unknown => panic!("a minute is enough"),
        }
    }
    assert!((1_000..3_000).contains(&linearizable), "{linearizable} of 4,000 are linearizable");
}

#[test]
fn histories_are_judged_as_by_another_crate() {
    let mut numbers = Numbers::new(2);
    let mut counts = [0; 2];
    for round in 0..2_000 {
        let history = history(&mut numbers, 40, true);
        let found = match linearize(&Register, &history, MINUTE) {
            Verdict::Linearizable(_) => true,
            Verdict::NotLinearizable(_) => false,
            Verdict::Unknown => panic!("a minute is enough"),
        };
        let mut events = Vec::new();
        for (n, operation) in history.iter().enumerate() {
            let (output, returned) = operation.returned.expect("all return");
            // Calls come before returns of the same time.
            events.push((operation.called, false, n, Action::Call((operation.input, None))));
            events.push((returned, true, n, Action::Response((operation.input, Some(output)))));
        }
        events.sort_by_key(|(at, returns, n, _)| (*at, *returns, *n));
        let client = |n: usize| history[n].client as usize;
        let theirs = History::from_actions(events.into_iter().map(|(_, _, n, action)| (client(n), action)).collect());
        assert_eq!(found, WGLChecker::<Theirs>::is_linearizable(theirs), "round {round}: {history:?}");
        counts[usize::from(found)] += 1;
    }
    assert!(counts.iter().all(|count| *count > 100), "{counts:?}");
}

#[test]
fn a_history_without_an_order_is_explained() {
    let time = Duration::from_millis;
    let operation = |client, input, called, output, returned| Operation {
        client,
        input,
        called: time(called),
        returned: Some((output, time(returned))),
    };
    let history = [
        operation(1, Ask::Write(1), 0, 0, 10),
        operation(2, Ask::Read, 20, 1, 30),
        operation(3, Ask::Read, 40, 0, 50),
        operation(4, Ask::Read, 60, 1, 70),
    ];
    let verdict = linearize(&Register, &history, MINUTE);
    assert_eq!(verdict, Verdict::NotLinearizable(vec![0, 1]));
    let said = Explained(&history, &verdict).to_string();
    let expected = "\
not linearizable: no order explains all 4 operations
the longest order that explains its beginning has 2; it ends with
  client 1: Write(1), called at 0ns, returned 0 at 10ms
  client 2: Read, called at 20ms, returned 1 at 30ms
and one of these had to be next:
  client 3: Read, called at 40ms, returned 0 at 50ms
";
    assert_eq!(said, expected);
}

/// The checkout of Porcupine, if there is one.
fn porcupine(test: &str) -> Option<(String, std::path::PathBuf)> {
    let Some(checkout) = std::env::var_os("PORCUPINE_CHECKOUT") else {
        eprintln!("{test}: skipped, PORCUPINE_CHECKOUT names no checkout of Porcupine");
        return None;
    };
    let checkout = Path::new(&checkout);
    let expected = fs::read_to_string(checkout.join("porcupine_test.go")).expect("its tests can be read");
    Some((expected, checkout.join("test_data")))
}

/// A register of Jepsen, which holds nothing at first; what is nothing there is -1 here.
struct JepsenRegister;

impl Object for JepsenRegister {
    type State = i64;
    type Input = (String, Vec<i64>);
    type Output = Result<i64, ()>;

    fn initial(&self) -> i64 {
        -1
    }

    fn apply(&self, state: &i64, (what, values): &Self::Input, output: Option<&Self::Output>) -> Option<i64> {
        let (next, answer) = match (what.as_str(), values.as_slice()) {
            ("read", _) => (*state, Ok(*state)),
            ("write", [value]) => (*value, Ok(*value)),
            ("cas", [from, to]) if from == state => (*to, Ok(0)),
            _ => (*state, Err(())),
        };
        output.is_none_or(|output| *output == answer).then_some(next)
    }
}

/// An operation on it, and its output.
type JepsenOperation = Operation<(String, Vec<i64>), Result<i64, ()>>;

fn jepsen(text: &str) -> Vec<JepsenOperation> {
    let (mut found, mut open) = (Vec::new(), BTreeMap::new());
    for (at, line) in (0..).map(Duration::from_nanos).zip(text.lines()) {
        let Some(event) = line.split(" - ").nth(1) else { continue };
        let [client, kind, what, value] = event.split('\t').collect::<Vec<_>>()[..] else { continue };
        let client: u64 = client.trim().parse().expect("clients are numbers");
        let number = |text: &str| text.parse().unwrap_or(-1);
        let values = value.trim_matches(['[', ']']).split(' ').map(number).collect::<Vec<i64>>();
        let what = what.trim_start_matches(':');
        match (kind, value) {
            (":invoke", _) => {
                open.insert(client, found.len());
                found.push(Operation { client, input: (what.to_owned(), values), called: at, returned: None });
            }
            (_, ":timed-out") => {}
            (":ok" | ":fail", _) => {
                let output = match (kind, what) {
                    (":fail", _) => Err(()),
                    (_, "cas") => Ok(0),
                    _ => Ok(values[0]),
                };
                found[open[&client]].returned = Some((output, at));
            }
            _ => {}
        }
    }
    found
}

#[test]
fn the_registers_of_jepsen_are_judged_as_by_porcupine() {
    let Some((expected, data)) = porcupine("the_registers_of_jepsen_are_judged_as_by_porcupine") else { return };
    let (start, mut count, mut operations) = (Instant::now(), 0, 0);
    for test in expected.split("checkJepsen(t, ").skip(1) {
        let Some((number, right)) = test.split(')').next().and_then(|test| test.split_once(", ")) else { continue };
        let Ok(number) = number.parse::<u32>() else { continue };
        let text = fs::read_to_string(data.join(format!("jepsen/etcd_{number:03}.log"))).expect("it can be read");
        let history = jepsen(&text);
        operations += history.len();
        let verdict = linearize(&JepsenRegister, &history, MINUTE);
        let is_right = matches!(verdict, Verdict::Linearizable(_)) == (right == "true");
        assert!(is_right, "{number} is to be {right}: {}", Explained(&history, &verdict));
        count += 1;
    }
    assert!(count > 90 && operations > 90 * 50, "{count} histories of {operations} operations");
    println!("{count} histories in {:?}", start.elapsed());
}

/// A text that is read, written and appended to.
struct Text;

impl Object for Text {
    type State = String;
    type Input = (String, String, String);
    type Output = String;

    fn initial(&self) -> String {
        String::new()
    }

    fn apply(&self, state: &String, (what, _, value): &Self::Input, output: Option<&String>) -> Option<String> {
        match what.as_str() {
            "get" => output.is_none_or(|output| output == state).then(|| state.clone()),
            "put" => Some(value.clone()),
            _ => Some(format!("{state}{value}")),
        }
    }
}

/// The text behind a key of a line of EDN, without its quotes.
fn field<'t>(line: &'t str, key: &str) -> &'t str {
    let rest = line.split(&format!(":{key} ")).nth(1).unwrap_or_default();
    match rest.strip_prefix('"') {
        Some(text) => text.split('"').next().unwrap_or_default(),
        None => rest.split([',', '}']).next().unwrap_or_default().trim_start_matches(':'),
    }
}

#[test]
fn the_stores_of_porcupine_are_judged_as_by_it() {
    let Some((expected, data)) = porcupine("the_stores_of_porcupine_are_judged_as_by_it") else { return };
    let (start, mut count) = (Instant::now(), 0);
    for test in expected.split("checkKv(t, \"").skip(1) {
        let mut words = test.split(')').next().unwrap_or_default().split(", ");
        let (Some(name), Some(right), Some("true")) = (words.next(), words.next(), words.next()) else { continue };
        let name = name.trim_end_matches('"');
        let text = fs::read_to_string(data.join(format!("kv/{name}.txt"))).expect("it can be read");
        let (mut history, mut open) = (Vec::new(), BTreeMap::new());
        for (at, line) in (0..).map(Duration::from_nanos).zip(text.lines()) {
            let client: u64 = field(line, "process").parse().expect("clients are numbers");
            if field(line, "type") == "invoke" {
                let [what, key, value] = ["f", "key", "value"].map(|key| field(line, key).to_owned());
                open.insert(client, history.len());
                history.push(Operation { client, input: (what, key, value), called: at, returned: None });
            } else {
                history[open[&client]].returned = Some((field(line, "value").to_owned(), at));
            }
        }
        let parts = partition(history, |(_, key, _)| key.clone());
        assert!(parts.len() > 1, "{name} has several keys");
        let verdicts = || parts.values().map(|part| linearize(&Text, part, Duration::from_secs(5)));
        match right {
            "true" => assert!(verdicts().all(|verdict| matches!(verdict, Verdict::Linearizable(_))), "{name}"),
            _ => assert!(verdicts().any(|verdict| matches!(verdict, Verdict::NotLinearizable(_))), "{name}"),
        }
        count += 1;
    }
    assert!(count >= 6, "{count} histories");
    println!("{count} histories in {:?}", start.elapsed());
}
