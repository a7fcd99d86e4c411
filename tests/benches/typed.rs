//! What types are worth: the message loop of Raft (`fixtures/compile/raft.tla`) with the types that
//! were inferred, and with every type a `Value`.
//!
//! `cargo bench -p mpcal-tests --bench typed`. Three servers and a client run in one thread, over
//! mailboxes in memory; both forms run one after the other, several times, in one process.

#![allow(missing_docs)]

use std::alloc::System;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mpcal_runtime::resource::{MailboxConfig, Mailboxes, Shared};
use mpcal_runtime::value::{Data, Function, Value};
use mpcal_runtime::{MappingMacro, Node, Section, Step};
use stats_alloc::{Region, StatsAlloc, INSTRUMENTED_SYSTEM};
use tokio::runtime::Builder;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// How many requests the client makes.
const REQUESTS: i64 = 3_000;

/// An election that is due once: the first server asks for votes, nobody else does.
struct Due<T>(Shared<bool>, std::marker::PhantomData<fn(T)>);

impl<T: Data> MappingMacro for Due<T> {
    type Index = ();
    type Read = T;
    type Write = T;

    fn read(&mut self, section: &mut Section, (): &()) -> Step<T> {
        let due = std::mem::replace(self.0.get_mut(section), false);
        Ok(T::from_value(&due.to_value())?)
    }

    fn write(&mut self, _: &mut Section, (): &(), _: T) -> Step<()> {
        Ok(())
    }
}

/// What one run took.
struct Run {
    sections: u64,
    elapsed: Duration,
    allocations: u64,
}

macro_rules! form {
    ($module:ident, $file:literal, $index:ty, $message:ty, $unit:ty) => {
        mod $module {
            use super::*;

            include!(concat!(env!("OUT_DIR"), "/", $file, ".rs"));

            impl Link for Mailboxes<$index, $message> {}
            impl Timer for Due<$unit> {}

            pub(super) fn run() -> Run {
                let mut constants = Constants::checked();
                let number = |n: i64| Data::from_value(&Value::Int(n)).expect("a number is one");
                constants.num_servers = number(3);
                constants.max_requests = number(REQUESTS);
                let constants = Arc::new(constants);
                let id = |n: i64| <$index as Data>::from_value(&Value::Int(n)).expect("a number is one");
                // The links of the model lose messages and never block; these never fill.
                let config = MailboxConfig { inbox_capacity: 1 << 24, ..MailboxConfig::default() };
                let boxes: Mailboxes<$index, $message> = Mailboxes::local((1..=4).map(id), &config);
                let log: Function<i64, Value> = (1..=REQUESTS).map(|n| (n, Value::Model("Nil".into()))).collect();
                let log = Shared::new(Data::from_value(&log.to_value()).expect("it is a function"));
                let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime starts");
                runtime.block_on(async {
                    let (mut servers, mut clients) = (Node::new(), Node::new());
                    for n in 1..=3 {
                        let due = Due(Shared::new(n == 1), std::marker::PhantomData);
                        let chosen = ChosenOverLog::new(&log, &constants);
                        servers.spawn(
                            Server::new(id(n), &constants, ServerParameters { net: boxes.clone(), due, chosen })
                                .expect("it starts"),
                        );
                    }
                    let region = Region::new(ALLOCATOR);
                    let start = Instant::now();
                    clients.spawn(
                        Client::new(
                            id(4),
                            &constants,
                            ClientParameters { requests: number(REQUESTS), net: boxes.clone() },
                        )
                        .expect("it starts"),
                    );
                    let sent = clients.join().await.expect("nothing fails");
                    servers.stop_handle().stop();
                    let served = servers.join().await.expect("nothing fails");
                    Run {
                        sections: sent.commits + served.commits,
                        elapsed: start.elapsed(),
                        allocations: region.change().allocations as u64,
                    }
                })
            }
        }
    };
}

form!(typed, "raft", i64, Message, bool);
form!(untyped, "raft_untyped", Value, Value, Value);

fn main() {
    println!("form      sections  sections/s  allocations/section");
    for _ in 0..3 {
        let show = |name: &str, run: &Run| {
            let rate = run.sections as f64 / run.elapsed.as_secs_f64();
            let allocations = run.allocations as f64 / run.sections as f64;
            println!("{name:8} {:9} {rate:11.0} {allocations:20.2}", run.sections);
            (rate, allocations)
        };
        let (fast, few) = show("typed", &typed::run());
        let (slow, many) = show("Value", &untyped::run());
        println!("typed is {:.1} times as fast and allocates {:.3} as often", fast / slow, few / many);
    }
}
