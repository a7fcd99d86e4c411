//! Sections that run at once on several threads are serializable: what each has seen and written fits one order.
//!
//! Every section leaves its number in what it writes, so it is known whose values each has seen, and in which order the
//! sections have written each variable. An edge goes from a section to each that must come behind it; a cycle would
//! be a fault. `SECTIONS` says how many there are, `SEED` makes the same choices again.

#![allow(clippy::disallowed_methods, reason = "tests run on the operating system")]

use std::collections::HashMap;

use mpcal_runtime::resource::Shared;
use mpcal_runtime::{conformance, MappingMacro, Section};

#[path = "by_hand/random.rs"]
mod random;

use random::{setting, Random};

/// So many that a section which reads all of them, and changes none, takes no gates.
const VARIABLES: usize = 24;
const THREADS: u64 = 4;

/// What a committed section has seen, with the section that wrote it, and written.
struct Committed {
    number: i64,
    seen: Vec<(usize, i64)>,
    written: Vec<usize>,
}

/// Runs sections, one after the other, each over some variables in some order.
async fn run(thread: u64, count: u64, seed: u64, mut variables: Vec<Shared<i64>>) -> Vec<Committed> {
    let mut random = Random::new(seed, thread);
    let mut all = Vec::new();
    for n in 0..count {
        let number = (thread * count + n + 1) as i64;
        let first = random.below(VARIABLES);
        let (touched, written) = if random.below(2) == 0 { (VARIABLES, 40) } else { (1 + random.below(4), 3) };
        let writes: Vec<bool> = (0..touched).map(|_| random.below(written) == 0).collect();
        let committed = conformance::commit(|section: &mut Section| {
            let (mut seen, mut written) = (Vec::new(), Vec::new());
            for (at, writes) in writes.iter().enumerate() {
                let variable = (first + at * 5) % VARIABLES;
                seen.push((variable, variables[variable].read(section, &())?));
                if *writes {
                    variables[variable].write(section, &(), number)?;
                    written.push(variable);
                }
            }
            Ok(Committed { number, seen, written })
        });
        all.push(committed.await.expect("nothing blocks or fails"));
    }
    all
}

/// Which sections must come behind which.
fn edges(all: &[Committed]) -> HashMap<i64, Vec<i64>> {
    // Who has written a variable reads it before, so the next writer behind each is known.
    let mut next: HashMap<(usize, i64), i64> = HashMap::new();
    for section in all {
        for (variable, before) in section.seen.iter().filter(|(v, _)| section.written.contains(v)) {
            let other = next.insert((*variable, *before), section.number);
            assert_eq!(other, None, "two sections have overwritten what {before} wrote to variable {variable}");
        }
    }
    let mut edges: HashMap<i64, Vec<i64>> = HashMap::new();
    for section in all {
        for (variable, writer) in &section.seen {
            edges.entry(*writer).or_default().push(section.number);
            if let Some(next) = next.get(&(*variable, *writer)).filter(|next| **next != section.number) {
                edges.entry(section.number).or_default().push(*next);
            }
        }
    }
    edges
}

/// How many sections have an order.
fn ordered(all: &[Committed], edges: &HashMap<i64, Vec<i64>>) -> usize {
    let mut before: HashMap<i64, usize> = all.iter().map(|section| (section.number, 0)).collect();
    before.insert(0, 0);
    edges.values().flatten().for_each(|to| *before.entry(*to).or_default() += 1);
    let mut ready: Vec<i64> = before.iter().filter(|(_, count)| **count == 0).map(|(number, _)| *number).collect();
    let mut done = 0;
    while let Some(number) = ready.pop() {
        done += 1;
        for to in edges.get(&number).into_iter().flatten() {
            let left = before.get_mut(to).expect("it is a section");
            *left -= 1;
            if *left == 0 {
                ready.push(*to);
            }
        }
    }
    // The first values count as written by a section of their own.
    done - 1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn committed_sections_have_an_order() {
    let (sections, seed) = (setting("SECTIONS", 40_000), setting("SEED", 1));
    println!("SECTIONS={sections} SEED={seed}");
    let variables: Vec<Shared<i64>> = (0..VARIABLES).map(|_| Shared::new(0)).collect();
    let threads = (0..THREADS).map(|n| tokio::spawn(run(n, sections / THREADS, seed, variables.clone())));
    let mut all = Vec::new();
    for thread in threads.collect::<Vec<_>>() {
        all.extend(thread.await.expect("no thread panics"));
    }
    let edges = edges(&all);
    assert_eq!(ordered(&all, &edges), all.len(), "there is a cycle; SEED={seed}");
}

/// A section that has only read takes no gates, and yet what it has seen must hold.
#[tokio::test]
async fn a_section_that_has_only_read_runs_again_if_that_has_changed() {
    let mut variables: Vec<Shared<i64>> = (0..VARIABLES).map(|_| Shared::new(0)).collect();
    let mut attempts = 0;
    let committed = conformance::commit(|section: &mut Section| {
        attempts += 1;
        let mut sum = 0;
        for variable in &mut variables {
            sum += variable.read(section, &())?;
        }
        if attempts == 1 {
            let changed = variables[0].clone();
            std::thread::spawn(move || changed.store(1)).join().expect("it does not panic");
        }
        Ok(sum)
    });
    assert_eq!((committed.await.expect("nothing blocks or fails"), attempts), (1, 2));
}
