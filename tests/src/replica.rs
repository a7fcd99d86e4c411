//! A ledger on three nodes: what the crash test of several processes runs.
//!
//! The leader appends each amount to its durable log and has the two followers append it, too; it answers
//! once it and one follower have it. Each of the three may die at any time. A follower says how much it has
//! whenever it starts or hears anything, and the leader asks when it starts, so nothing has to be remembered
//! but the logs.

// Generated code, and what it is bound to.
#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mpcal_runtime::resource::{
    input, output, DurableLog, Input, InputSender, MailboxConfig, Mailboxes, Output, OutputReceiver,
};
use mpcal_runtime::wal::{Wal, WalConfig};
use mpcal_runtime::Node;
use tokio::net::TcpListener;

mod model {
    mpcal_macros::mpcal! { r#"
        --mpcal Replica {
          define {
            Followers == {2, 3}
            Ask == [kind |-> "ask"]
            Entry(at, amount) == [kind |-> "entry", at |-> at, amount |-> amount]
            Have(from, count) == [kind |-> "have", from |-> from, count |-> count]
          }
          mapping macro Link {
            read { await $variable # <<>>; with (m = Head($variable)) { $variable := Tail($variable); yield m; }; }
            write { yield Append($variable, $value); }
          }
          mapping macro Requests {
            read { await $variable # <<>>; with (r = Head($variable)) { $variable := Tail($variable); yield r; }; }
            write { yield Append($variable, $value); }
          }
          mapping macro Answers {
            read { assert FALSE; yield 0; }
            write { yield Append($variable, $value); }
          }
          archetype Leader(ref net[_], ref requests, ref answers, ref log)
          variables have = [f \in Followers |-> 0], answered = 0, message, amount = 0;
          {
            start:
              answered := Len(log);
              net[2] := Ask;
              net[3] := Ask;
            lead:
              while (TRUE) {
                either {
                  await answered < Len(log) /\ \E f \in Followers : have[f] > answered;
                  answered := answered + 1;
                  answers := log[answered];
                } or {
                  message := net[self];
                  if (message.kind = "have") {
                    have[message.from] := message.count;
                    if (message.count < Len(log)) {
                      net[message.from] := Entry(message.count + 1, log[message.count + 1]);
                    };
                  };
                } or {
                  amount := requests;
                  log := Append(log, amount);
                  \* Who has everything before it waits for it.
                  if (have[2] + 1 = Len(log)) {
                    net[2] := Entry(Len(log), amount);
                  };
                  if (have[3] + 1 = Len(log)) {
                    net[3] := Entry(Len(log), amount);
                  };
                };
              };
          }
          archetype Follower(ref net[_], ref log)
          variables message;
          {
            start:
              net[1] := Have(self, Len(log));
            follow:
              while (TRUE) {
                message := net[self];
                if (message.kind = "entry" /\ message.at = Len(log) + 1) {
                  log := Append(log, message.amount);
                };
                net[1] := Have(self, Len(log));
              };
          }
          variables net = [i \in 1..3 |-> <<>>], requests = <<1, 2>>, answers = <<>>, log1 = <<>>, log2 = <<>>;
          process (leader = 1) == instance Leader(ref net[_], ref requests, ref answers, ref log1)
            mapping net[_] via Link
            mapping requests via Requests
            mapping answers via Answers;
          process (follower \in Followers) == instance Follower(ref net[_], ref log2)
            mapping net[_] via Link;
        }
    "# }
}

type Links = Mailboxes<i64, model::Message>;

impl model::Link for Links {}
impl model::Requests for Input<i64> {}
impl model::Answers for Output<i64> {}

/// The node that leads.
pub const LEADER: i64 = 1;

/// A running node of the three.
pub struct Replica {
    pub requests: InputSender<i64>,
    pub answers: OutputReceiver<i64>,
    pub log: DurableLog<i64>,
    pub node: Node,
}

impl Replica {
    /// Starts node `id` with its log in a file; all three listen on these addresses.
    ///
    /// # Errors
    /// If the log or the address cannot be opened.
    pub async fn start(id: i64, file: &Path, addresses: &BTreeMap<i64, SocketAddr>) -> io::Result<Self> {
        let wal = Wal::open(file, &WalConfig { compact_at: 4096, ..WalConfig::default() })?;
        let log = DurableLog::new(&wal, "log")?;
        let address = addresses.get(&id).ok_or(io::ErrorKind::AddrNotAvailable)?;
        let config = MailboxConfig {
            model: model::Constants {}.identity(),
            reconnect_after: Duration::from_millis(2),
            heartbeat: Duration::from_millis(200),
            ..MailboxConfig::default()
        };
        let links = Links::open(Some(TcpListener::bind(address).await?), [id], addresses, &config)?;
        let constants = Arc::new(model::Constants {});
        let (requests, incoming) = input(64);
        let (outgoing, answers) = output(64);
        let mut node = Node::new();
        node.stop_with(&wal);
        if id == LEADER {
            let parameters =
                model::LeaderParameters { net: links, requests: incoming, answers: outgoing, log: log.clone() };
            node.spawn(model::Leader::new(id, &constants, parameters).map_err(io::Error::other)?);
        } else {
            let parameters = model::FollowerParameters { net: links, log: log.clone() };
            node.spawn(model::Follower::new(id, &constants, parameters).map_err(io::Error::other)?);
        }
        Ok(Self { requests, answers, log, node })
    }
}
