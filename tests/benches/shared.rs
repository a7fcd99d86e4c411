//! How fast sections over shared variables commit: on one thread, and on two threads beside the same
//! archetypes under one big lock. Then how often sixty-four consumers of one channel try for each message.
//!
//! `cargo bench -p mpcal-tests --bench shared`. Everything that is compared runs in one process, in turn.

#![allow(missing_docs)]

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Instant;

use mpcal_runtime::resource::{input, output, Input, Output, Shared};
use mpcal_runtime::{Archetype, Driver, Progress};
use parking_lot::Mutex;

mod model {
    mpcal_macros::mpcal! { r#"
        --mpcal Shared {
          archetype Transfer(ref from, ref into, rounds)
          {
            move:
              while (rounds > 0) {
                from := from - 1;
                into := into + 1;
                rounds := rounds - 1;
              };
          }
          archetype Survey(ref cells, rounds)
          variables sum = 0, at = 0;
          {
            survey:
              while (rounds > 0) {
                sum := 0;
                at := 0;
                rounds := rounds - 1;
                add:
                  while (at < 8) {
                    cells := [i \in 0..31 |-> (cells[i] * 7 + at) % 1009];
                    at := at + 1;
                  };
              };
          }
          variables a = 0, b = 0, cells = [i \in 0..31 |-> i];
          process (transfer \in 1..2) == instance Transfer(ref a, ref b, 3);
          process (survey = 3) == instance Survey(ref cells, 1);
        }
    "# }
}

mod consumers {
    mpcal_macros::mpcal! { r#"
        --mpcal Consumers {
          mapping macro Channel {
            read { await $variable # <<>>; with (r = Head($variable)) { $variable := Tail($variable); yield r; }; }
            write { yield Append($variable, $value); }
          }
          archetype Consumer(ref requests, ref results)
          {
            take:
              while (TRUE) { results := requests; };
          }
          variables requests = <<1, 2>>, results = <<>>;
          process (consumer \in 1..2) == instance Consumer(ref requests, ref results)
            mapping requests via Channel
            mapping results via Channel;
        }
    "# }
}

impl consumers::Channel for Input<i64> {}
impl consumers::Channel for Output<i64> {}

const ROUNDS: i64 = 1_000_000;

fn transfer(from: &Shared<i64>, into: &Shared<i64>) -> impl Archetype {
    let constants = Arc::new(model::Constants {});
    let built = model::Transfer::new(
        1,
        &constants,
        model::TransferParameters { from: from.clone(), into: into.clone(), rounds: ROUNDS },
    );
    built.expect("it starts")
}

fn survey() -> impl Archetype {
    let constants = Arc::new(model::Constants {});
    let cells = Shared::new((0..32).map(|i| (i, i)).collect());
    model::Survey::new(3, &constants, model::SurveyParameters { cells, rounds: ROUNDS / 50 }).expect("it starts")
}

/// Runs each archetype on a thread of its own to its end; sections a second, all together.
fn run<A: Archetype>(archetypes: Vec<A>, lock: Option<&Mutex<()>>) -> f64 {
    let barrier = Barrier::new(archetypes.len() + 1);
    let runtimes = archetypes.into_iter().map(|archetype| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime starts");
        (archetype, runtime)
    });
    thread::scope(|scope| {
        let threads: Vec<_> = runtimes
            .map(|(archetype, runtime)| {
                let barrier = &barrier;
                scope.spawn(move || {
                    let mut driver = Driver::new(archetype);
                    barrier.wait();
                    runtime.block_on(async {
                        loop {
                            let _held = lock.map(Mutex::lock);
                            match driver.step().await.expect("no step fails") {
                                Progress::Committed => {}
                                Progress::Done => break,
                                Progress::Blocked => unreachable!("these archetypes never wait"),
                            }
                        }
                    });
                    driver.counters()
                })
            })
            .collect();
        barrier.wait();
        let start = Instant::now();
        let commits: u64 = threads.into_iter().map(|t| t.join().expect("it ends").commits).sum();
        commits as f64 / start.elapsed().as_secs_f64()
    })
}

/// Sends messages to so many consumers, one after the other: attempts per message, and messages a second.
async fn consume(consumers: i64, messages: i64) -> (f64, f64) {
    let ((requests, incoming), (results, taken)) = (input(1024), output(1024));
    let (stop, stopped) = tokio::sync::watch::channel(());
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..consumers {
        let parameters = consumers::ConsumerParameters { requests: incoming.clone(), results: results.clone() };
        let consumer = consumers::Consumer::new(n, &Arc::new(consumers::Constants {}), parameters);
        let (mut driver, mut stopped) = (Driver::new(consumer.expect("it starts")), stopped.clone());
        tasks.spawn(async move {
            tokio::select! {
                ended = driver.run() => panic!("it goes on: {ended:?}"),
                _ = stopped.changed() => driver.counters(),
            }
        });
    }
    let start = Instant::now();
    for n in 0..messages {
        requests.send(n).await;
        taken.receive().await;
    }
    let time = start.elapsed().as_secs_f64();
    stop.send(()).expect("they run");
    let attempts: u64 = tasks.join_all().await.iter().map(|c| c.commits + c.retries + c.conflicts).sum();
    (attempts as f64 / messages as f64, messages as f64 / time)
}

fn main() {
    println!("{:>34} {:>10} {:>10}", "consumers of one channel", "attempts", "messages/s");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime starts");
    for consumers in [1, 64, 64, 64] {
        let (attempts, rate) = runtime.block_on(consume(consumers, 20_000));
        println!("{consumers:34} {attempts:10.1} {rate:10.0}");
    }
    println!("million sections a second");
    println!("{:>34} {:>10} {:>10} {:>10}", "", "1 thread", "2 threads", "one lock");
    let shared = || (Shared::new(0), Shared::new(0));
    for _ in 0..3 {
        let print = |what: &str, one: f64, two: f64, locked: f64| {
            println!("{what:>34} {:10.2} {:10.2} {:10.2}", one / 1e6, two / 1e6, locked / 1e6);
        };
        let lock = Mutex::new(());
        let apart = || {
            let (first, second) = (shared(), shared());
            vec![transfer(&first.0, &first.1), transfer(&second.0, &second.1)]
        };
        let together = || {
            let (a, b) = shared();
            vec![transfer(&a, &b), transfer(&b, &a)]
        };
        let one = || {
            let (a, b) = shared();
            vec![transfer(&a, &b)]
        };
        print("two variables, each its own", run(one(), None), run(apart(), None), run(apart(), Some(&lock)));
        print("two variables, the same", run(one(), None), run(together(), None), run(together(), Some(&lock)));
        let surveys = |n: usize| (0..n).map(|_| survey()).collect();
        print(
            "long sections, each its own",
            run(surveys(1), None),
            run(surveys(2), None),
            run(surveys(2), Some(&lock)),
        );
    }
}
