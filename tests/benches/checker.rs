//! States per second and bytes per state: generated code against TLC, on the same models, in turn. `cargo bench -p
//! mpcal-tests --bench checker [NAME…]`; TLC runs where `TLA2TOOLS_JAR` names it, with as many workers as there are
//! threads and ParallelGC, and for as long as `TLC_SECONDS` says (30). `PGO_CHECKOUT` adds the models of that project.
//!
//! Neither looks at invariants. Each of our runs is a process of its own, whose memory is what it had at most.

#![allow(missing_docs)]

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use mpcal_build::Config;
use mpcal_check::{checker, Report};
use mpcal_runtime::Model;
use mpcal_tests::{fixtures, root, sizes, Tools};

include!(concat!(env!("OUT_DIR"), "/examples.rs"));
include!(concat!(env!("OUT_DIR"), "/commit.rs"));
include!(concat!(env!("OUT_DIR"), "/checkout.rs"));

/// A model with a configuration.
struct Case {
    name: &'static str,
    module: PathBuf,
    /// What stands in TLC's configuration.
    config: String,
    /// Explores up to so many states.
    explore: Box<dyn Fn(usize, u64) -> Report>,
    /// How many; without an end, so many as TLC finds in its time.
    states: u64,
}

fn explore<M: Model>(constants: M::Constants) -> Box<dyn Fn(usize, u64) -> Report>
where
    M::Constants: Clone + 'static,
{
    Box::new(move |threads, states| {
        let checker = checker::<M>(constants.clone()).threads(threads).allow_deadlock().most_states(states);
        checker.run().expect("it has initial states")
    })
}

fn cases() -> Vec<Case> {
    let own = |name: &'static str, module: PathBuf, constants: &str, explore| Case {
        name,
        module,
        config: format!("SPECIFICATION Spec\n{constants}CONSTANT defaultInitValue = defaultInitValue\n"),
        explore,
        states: u64::MAX,
    };
    let example = |name: &str| root().join(format!("examples/{name}/{name}.tla"));
    let commit = |name, count| {
        let explore = explore::<commit::Variables>(commit::Constants { count });
        own(name, fixtures("checked/commit.tla"), &format!("CONSTANT Count = {count}\n"), explore)
    };
    let mut cases = vec![
        own(
            "locksvc",
            example("locksvc"),
            "CONSTANT NumClients = 5\n",
            explore::<locksvc::Variables>(locksvc::Constants { num_clients: 5 }),
        ),
        own(
            "dqueue",
            example("dqueue"),
            "CONSTANTS NumConsumers = 4 NumItems = 6\n",
            explore::<dqueue::Variables>(dqueue::Constants { num_consumers: 4, num_items: 6 }),
        ),
        commit("commit-8", 8),
        commit("commit-9", 9),
    ];
    cases.extend(checkout());
    cases
}

/// A model of a checkout, with the configuration beside it, but for what is to be checked.
#[allow(dead_code, reason = "only where there is a checkout")]
fn in_checkout(name: &'static str, module: &str, explore: Box<dyn Fn(usize, u64) -> Report>) -> Case {
    let module = PathBuf::from(module);
    let all = fs::read_to_string(module.with_extension("cfg")).expect("the configuration can be read");
    let kept = all.lines().filter(|line| !["PROPERT", "INVARIANT", "CONSTRAINT"].iter().any(|p| line.starts_with(p)));
    let config = kept.map(|line| format!("{line}\n")).collect();
    Case { name, module, config, explore, states: 3_000_000 }
}

/// What one of our runs came to.
struct Ours {
    sizes: (u64, u64, u64),
    seconds: f64,
    bytes: u64,
}

impl Case {
    /// Runs it in this process, and prints what came of it.
    fn run(&self, threads: usize) {
        let report = (self.explore)(threads, self.states);
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
        let Report { generated, distinct, depth, elapsed, .. } = report;
        println!("{generated} {distinct} {depth} {} {}", elapsed.as_secs_f64(), peak.unwrap_or(0_u64) << 10);
    }

    /// Runs it in a process of its own.
    fn ours(&self, threads: usize) -> Ours {
        let mut own = Command::new(std::env::current_exe().expect("it has a path"));
        let output = own.args(["--one", self.name, &threads.to_string()]).output().expect("it runs");
        let said = mpcal_tests::text(&output);
        let numbers: Vec<f64> = said.split_whitespace().filter_map(|n| n.parse().ok()).collect();
        let [generated, distinct, depth, seconds, bytes] = numbers[..] else { panic!("{said}") };
        let sizes = (generated as u64, distinct as u64, depth as u64);
        Ours { sizes, seconds, bytes: bytes as u64 }
    }

    /// What TLC prints, and for how many seconds it ran, its start included.
    fn tlc(&self, tools: &Tools, workers: usize, seconds: u32) -> (String, f64) {
        let directory = tempfile::tempdir().expect("a directory can be made");
        let file = self.module.file_name().and_then(|name| name.to_str()).expect("it has a name");
        let text = fs::read_to_string(&self.module).expect("the model can be read");
        let text = Config::new().translate_text(file, &text, self.module.parent()).unwrap_or_else(|e| panic!("{e}"));
        fs::write(directory.path().join(file), text).expect("the model can be written");
        fs::write(directory.path().join("own.cfg"), &self.config).expect("the configuration can be written");
        tools.translate(directory.path(), file);
        let start = Instant::now();
        let said = tools.explore(directory.path(), file, "own.cfg", workers, seconds);
        (said, start.elapsed().as_secs_f64())
    }

    fn compare(&self, tools: Option<&Tools>, seconds: u32) {
        let [one, two] = [1, 2].map(|threads| self.ours(threads));
        let rate = |ours: &Ours| ours.sizes.0 as f64 / ours.seconds;
        let (_, distinct, _) = two.sizes;
        print!(
            "{:>10} {:>10.0} {:>10.0} {:>6.2} {:>10.0} {:>6.0}",
            self.name,
            rate(&one) / 1e3,
            rate(&two) / 1e3,
            rate(&two) / rate(&one),
            distinct as f64 / two.seconds / 1e3,
            one.bytes as f64 / one.sizes.1 as f64
        );
        let Some(tools) = tools else { return println!() };
        let (said, took) = self.tlc(tools, 2, seconds);
        if said.contains("Model checking completed") {
            assert_eq!(two.sizes, sizes(&said).expect("TLC tells them"), "{}: the counts are those of TLC", self.name);
        }
        let line = said.lines().rev().find(|line| line.contains(" states generated")).expect("TLC tells how many");
        let words: Vec<&str> = line.split_whitespace().collect();
        let at = words.iter().position(|word| *word == "states").expect("it is in the line");
        let generated: f64 = words[at - 1].replace(',', "").trim_end_matches('.').parse().expect("it is a number");
        let theirs = generated / took;
        println!(" {:>10.0} {:>7.1} {:>7.1}", theirs / 1e3, rate(&two) / theirs, two.seconds);
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let cases = cases();
    if let [one, name, threads] = &arguments[..] {
        if one == "--one" {
            let case = cases.iter().find(|case| case.name == name).expect("there is such a case");
            return case.run(threads.parse().expect("it is a number"));
        }
    }
    let tools = Tools::find("checker").map(Arc::new);
    let seconds = std::env::var("TLC_SECONDS").ok().and_then(|n| n.parse().ok()).unwrap_or(30);
    println!(
        "generated states a second, in thousands; distinct ones a second with two threads; bytes for each with one"
    );
    println!("     model   1 thread  2 threads  ratio   distinct  bytes        TLC   ratio seconds");
    for case in cases.iter().filter(|case| arguments.is_empty() || arguments.iter().any(|name| name == case.name)) {
        case.compare(tools.as_deref(), seconds);
    }
}
