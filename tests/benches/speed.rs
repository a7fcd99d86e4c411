//! How fast sections run, messages travel within a process and models compile. Over TCP: `mailboxes`.
//!
//! `cargo bench -p mpcal-tests --bench speed`. Everything runs in one process, one after the other.

#![allow(missing_docs)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{criterion_group, criterion_main, Criterion, Throughput};
use mpcal_runtime::resource::{MailboxConfig, Mailboxes};
use mpcal_runtime::{Driver, MappingMacro, Node};
use tokio::runtime::{Builder, Runtime};

mod model {
    mpcal_macros::mpcal! { r#"
        --mpcal Speed {
          mapping macro Link {
            read { await $variable # <<>>; with (m = Head($variable)) { $variable := Tail($variable); yield m; }; }
            write { yield Append($variable, $value); }
          }
          archetype Loop(rounds)
          {
            down:
              while (rounds > 0) {
                rounds := rounds - 1;
                again: skip;
              };
          }
          archetype Ping(ref net[_], rounds)
          variable got;
          {
            ping:
              while (rounds > 0) {
                net[1] := rounds;
                pong:
                  got := net[self];
                  rounds := rounds - 1;
              };
          }
          archetype Pong(ref net[_])
          variable got;
          {
            wait:
              while (TRUE) {
                got := net[self];
                answer: net[0] := got;
              };
          }
          variables net = [i \in 0..1 |-> <<>>];
          process (counter = 2) == instance Loop(3);
          process (ping = 0) == instance Ping(ref net[_], 3) mapping net[_] via Link;
          process (pong = 1) == instance Pong(ref net[_]) mapping net[_] via Link;
        }
    "# }
}

impl model::Link for Mailboxes<i64, i64> {}

fn constants() -> Arc<model::Constants> {
    Arc::new(model::Constants {})
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime starts")
}

fn local_loop(c: &mut Criterion) {
    let runtime = Builder::new_current_thread().build().expect("a runtime starts");
    let mut group = c.benchmark_group("sections");
    group.throughput(Throughput::Elements(2));
    group.bench_function("local loop of two labels", |b| {
        b.iter_custom(|rounds| {
            let archetype =
                model::Loop::new(2, &constants(), model::LoopParameters { rounds: rounds as i64 }).expect("it starts");
            let mut driver = Driver::new(archetype);
            let start = Instant::now();
            runtime.block_on(driver.run()).expect("it ends");
            start.elapsed()
        });
    });
    group.finish();
}

/// Runs so many round trips between two archetypes.
async fn ping_pong<P, Q>(ping: P, pong: Q, rounds: u64) -> Duration
where
    P: MappingMacro<Index = i64, Read = i64, Write = i64> + model::Link,
    Q: MappingMacro<Index = i64, Read = i64, Write = i64> + model::Link,
{
    let (mut first, mut second) = (Node::new(), Node::new());
    second.spawn(model::Pong::new(1, &constants(), model::PongParameters { net: pong }).expect("it starts"));
    let start = Instant::now();
    first.spawn(
        model::Ping::new(0, &constants(), model::PingParameters { rounds: rounds as i64, net: ping })
            .expect("it starts"),
    );
    first.join().await.expect("it ends");
    let elapsed = start.elapsed();
    second.stop_handle().stop();
    second.join().await.expect("it stops");
    elapsed
}

fn round_trips(c: &mut Criterion) {
    let runtime = runtime();
    let mut group = c.benchmark_group("round trips");
    group.throughput(Throughput::Elements(1));
    group.bench_function("in memory, as the model has it", |b| {
        b.iter_custom(|rounds| {
            runtime.block_on(async {
                let variables = model::Variables::new(&constants()).expect("it starts");
                let view = || model::LinkOverNet::new(&variables.net, &constants());
                ping_pong(view(), view(), rounds).await
            })
        });
    });
    group.bench_function("over channels", |b| {
        b.iter_custom(|rounds| {
            runtime.block_on(async {
                let boxes = Mailboxes::local([0, 1], &MailboxConfig::default());
                ping_pong(boxes.clone(), boxes, rounds).await
            })
        });
    });
    group.finish();
}

fn compile(c: &mut Criterion) {
    let text = include_str!("../fixtures/compile/replicated.tla");
    let mut group = c.benchmark_group("compiler");
    group.bench_function("a model of 300 lines, from text to Rust", |b| {
        b.iter(|| mpcal_build::Config::new().compile_text("replicated.tla", text, None).expect("it compiles"));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(3)).sample_size(10);
    targets = local_loop, round_trips, compile
}
criterion_main!(benches);
