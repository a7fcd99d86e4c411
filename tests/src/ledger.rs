//! A system that keeps durable sums: what the tests of durability run.

// Generated code, and what it is bound to.
#![allow(missing_docs)]

use std::io;
use std::sync::Arc;

use mpcal_runtime::resource::{input, output, Durable, DurableLog, Input, InputSender, Output, OutputReceiver};
use mpcal_runtime::wal::Wal;
use mpcal_runtime::Node;

mod model {
    mpcal_macros::mpcal! { r#"
        --mpcal Ledger {
          mapping macro Requests {
            read { await $variable # <<>>; with (r = Head($variable)) { $variable := Tail($variable); yield r; }; }
            write { yield Append($variable, $value); }
          }
          mapping macro Answers {
            read { assert FALSE; yield 0; }
            write { yield Append($variable, $value); }
          }
          archetype Keeper(ref requests, ref answers, ref total, ref log)
          variables amount = 0;
          {
            keep:
              while (TRUE) {
                amount := requests;
                total := total + amount;
                log := Append(log, amount);
                tell: answers := total;
              };
          }
          archetype Watcher(ref total, ref answers)
          variables seen = 0;
          {
            watch:
              while (TRUE) {
                await total # seen;
                seen := total;
                report: answers := seen;
              };
          }
          variables requests = <<1, 2>>, answers = <<>>, watched = <<>>, total = 0, log = <<>>;
          process (keeper = 1) == instance Keeper(ref requests, ref answers, ref total, ref log)
            mapping requests via Requests
            mapping answers via Answers;
          process (watcher = 2) == instance Watcher(ref total, ref watched)
            mapping watched via Answers;
        }
    "# }
}

impl model::Requests for Input<i64> {}
impl model::Answers for Output<i64> {}

/// A running ledger. It answers each request with the sum of all so far, once that is durable.
pub struct Ledger {
    pub requests: InputSender<i64>,
    pub answers: OutputReceiver<i64>,
    /// What somebody saw who only reads the sum.
    pub watched: OutputReceiver<i64>,
    pub total: Durable<i64>,
    pub log: DurableLog<i64>,
    pub node: Node,
}

/// How many values a channel holds.
const CAPACITY: usize = 1024;

impl Ledger {
    /// Starts one over a log; its variables have this name.
    ///
    /// # Errors
    /// If the log holds values of other types.
    pub fn start(wal: &Wal, name: &str) -> io::Result<Self> {
        let constants = Arc::new(model::Constants {});
        let total = Durable::new(wal, &format!("{name}.total"), 0)?;
        let log = DurableLog::new(wal, &format!("{name}.log"))?;
        let (requests, incoming) = input(CAPACITY);
        let (outgoing, answers) = output(CAPACITY);
        let (seen, watched) = output(CAPACITY);
        let mut node = Node::new();
        let parameters =
            model::KeeperParameters { requests: incoming, answers: outgoing, total: total.clone(), log: log.clone() };
        let keeper = model::Keeper::new(1, &constants, parameters);
        let watcher =
            model::Watcher::new(2, &constants, model::WatcherParameters { total: total.clone(), answers: seen });
        node.spawn(keeper.map_err(io::Error::other)?);
        node.spawn(watcher.map_err(io::Error::other)?);
        Ok(Self { requests, answers, watched, total, log, node })
    }
}
