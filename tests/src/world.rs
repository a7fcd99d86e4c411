//! All that the processes of a model can do, found by running the generated code, without tokio.

use std::collections::HashSet;
use std::sync::Arc;

use mpcal_runtime::value::{Eval, Value};
use mpcal_runtime::{initial_states, Archetype, Model, Outcome, Spawn, Stepper};

/// The processes of a model.
#[derive(Default)]
struct Processes(Vec<Box<dyn Process>>);

impl Spawn for Processes {
    fn spawn<A: Archetype>(&mut self, archetype: A) {
        self.0.push(Box::new(Stepper::new(archetype)));
    }
}

/// A process whose states are bytes.
trait Process {
    fn save(&mut self) -> Vec<u8>;
    fn restore(&mut self, state: &[u8]);
    fn attempt(&mut self, path: &[usize]) -> Outcome;
    fn next_path(&self, path: &mut Vec<usize>) -> bool;
    fn is_done(&self) -> bool;
}

impl<A: Archetype> Process for Stepper<A> {
    fn save(&mut self) -> Vec<u8> {
        postcard::to_stdvec(self.state()).expect("states can be encoded")
    }

    fn restore(&mut self, state: &[u8]) {
        Stepper::restore(self, postcard::from_bytes(state).expect("it was encoded"));
    }

    fn attempt(&mut self, path: &[usize]) -> Outcome {
        Stepper::attempt(self, path)
    }

    fn next_path(&self, path: &mut Vec<usize>) -> bool {
        Stepper::next_path(self, path)
    }

    fn is_done(&self) -> bool {
        self.archetype().is_done()
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct Explored {
    /// The number of distinct states.
    pub states: usize,
    /// The values of the variables where every process has ended.
    pub ends: HashSet<Vec<Value>>,
    /// States from which no step leads although not every process has ended.
    pub stuck: usize,
    /// What failed.
    pub failures: HashSet<String>,
}

/// Finds everything that a model can reach.
///
/// # Errors
/// If an initial value cannot be evaluated.
pub fn explore<M: Model>(constants: M::Constants) -> Eval<Explored> {
    let constants = Arc::new(constants);
    let make = || {
        let (variables, mut processes) = (M::new(&constants)?, Processes::default());
        variables.spawn(&mut processes, &constants)?;
        Ok((variables, processes.0))
    };
    let mut unexplored = Vec::new();
    for (variables, mut processes) in initial_states(make)? {
        unexplored.push((variables.snapshot(), processes.iter_mut().map(|p| p.save()).collect::<Vec<_>>()));
    }
    let (variables, mut processes) = make()?;
    let mut states: HashSet<_> = unexplored.iter().cloned().collect();
    let mut found = Explored::default();
    while let Some((before, before_each)) = unexplored.pop() {
        let (mut steps, mut all_done) = (0, true);
        for (n, process) in processes.iter_mut().enumerate() {
            let mut path = Vec::new();
            loop {
                variables.restore(&before);
                process.restore(&before_each[n]);
                match process.attempt(&path) {
                    Outcome::Taken => {
                        steps += 1;
                        let mut after = (variables.snapshot(), before_each.clone());
                        after.1[n] = process.save();
                        if states.insert(after.clone()) {
                            unexplored.push(after);
                        }
                    }
                    Outcome::Blocked => {}
                    Outcome::Failed(error) => _ = found.failures.insert(error.to_string()),
                    Outcome::Conflict => unreachable!("nothing else runs"),
                }
                if !process.next_path(&mut path) {
                    break;
                }
            }
            process.restore(&before_each[n]);
            all_done &= process.is_done();
        }
        variables.restore(&before);
        match (all_done, steps) {
            (true, _) => _ = found.ends.insert(variables.values()),
            (false, 0) => found.stuck += 1,
            (false, _) => {}
        }
    }
    found.states = states.len();
    Ok(found)
}
