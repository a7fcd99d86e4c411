//! States per second: generated code against TLC, on the same model, in turn. `cargo bench -p mpcal-tests --bench
//! checker`; TLC runs where `TLA2TOOLS_JAR` names it, with as many workers as there are threads.

#![allow(missing_docs)]

use std::fs;
use std::time::Instant;

use mpcal_check::{checker, Report};
use mpcal_tests::{root, sizes, Tools};

include!(concat!(env!("OUT_DIR"), "/examples.rs"));

/// How many clients the lock service has.
const CLIENTS: i64 = 5;

fn compiled(threads: usize) -> Report {
    let constants = locksvc::Constants { num_clients: CLIENTS };
    let report = checker::<locksvc::Variables>(constants).threads(threads).allow_deadlock().run();
    report.expect("it has initial states")
}

/// Generated states a second, by TLC, its start included.
fn tlc(tools: &Tools) -> (f64, (u64, u64, u64)) {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let source = root().join("examples/locksvc/locksvc.tla");
    fs::copy(source, directory.path().join("locksvc.tla")).expect("the model can be copied");
    let config =
        format!("SPECIFICATION Spec\nCONSTANT NumClients = {CLIENTS}\nCONSTANT defaultInitValue = defaultInitValue\n");
    fs::write(directory.path().join("locksvc.cfg"), config).expect("the configuration can be written");
    tools.translate(directory.path(), "locksvc.tla");
    let start = Instant::now();
    let said = tools.check(directory.path(), "locksvc.tla", "locksvc.cfg");
    let sizes = sizes(&said).unwrap_or_else(|| panic!("{said}"));
    (sizes.0 as f64 / start.elapsed().as_secs_f64(), sizes)
}

fn main() {
    let tools = Tools::find("checker");
    println!("locksvc with {CLIENTS} clients, generated states a second, in thousands");
    println!("{:>10} {:>10} {:>10} {:>8}", "1 thread", "2 threads", "TLC (2)", "ratio");
    for _ in 0..3 {
        let [one, two] = [1, 2].map(compiled);
        let [slow, fast] = [&one, &two].map(|report| report.generated as f64 / report.elapsed.as_secs_f64());
        let Some((by_tlc, sizes)) = tools.as_ref().map(tlc) else {
            println!("{:>10.0} {:>10.0}", slow / 1e3, fast / 1e3);
            continue;
        };
        assert_eq!((two.generated, two.distinct, two.depth), sizes, "the counts are those of TLC");
        println!("{:>10.0} {:>10.0} {:>10.0} {:>8.1}", slow / 1e3, fast / 1e3, by_tlc / 1e3, fast / by_tlc);
    }
}
