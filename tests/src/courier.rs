//! Two nodes that send each other numbers through durable mailboxes: what the crash test of messages runs.
//!
//! What arrives goes on through a second mailbox of its node, and from there into a log, so a section takes what another
//! node has sent and sends to its own, and another one takes that.

// Generated code, and what it is bound to.
#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mpcal_runtime::resource::{output, Durable, DurableLog, MailboxConfig, Mailboxes, Output, OutputReceiver};
use mpcal_runtime::value::Seq;
use mpcal_runtime::wal::{Wal, WalConfig};
use mpcal_runtime::Node;
use tokio::net::TcpListener;

mod model {
    mpcal_macros::mpcal! { r#"
        --mpcal Courier {
          mapping macro Link {
            read { await $variable # <<>>; with (m = Head($variable)) { $variable := Tail($variable); yield m; }; }
            write { yield Append($variable, $value); }
          }
          mapping macro Told { read { assert FALSE; } write { skip; } }
          archetype Sender(ref net[_], ref next, last)
          {
            send:
              while (next <= last) {
                net[1 - self] := next;
                next := next + 1;
              };
          }
          archetype Receiver(ref net[_], home)
          variables got;
          {
            receive:
              while (TRUE) {
                got := net[home];
                net[home + 2] := got;
              };
          }
          archetype Keeper(ref net[_], ref log, ref told, home)
          variables got;
          {
            keep:
              while (TRUE) {
                got := net[home + 2];
                log := Append(log, got);
                told := got;
              };
          }
          variables net = [i \in 0..3 |-> <<>>], next = 1, log = <<>>, told = 0;
          process (sender = 0) == instance Sender(ref net[_], ref next, 3) mapping net[_] via Link;
          process (receiver = 1) == instance Receiver(ref net[_], 1) mapping net[_] via Link;
          process (keeper = 2) == instance Keeper(ref net[_], ref log, ref told, 1)
            mapping net[_] via Link mapping told via Told;
        }
    "# }
}

type Links = Mailboxes<i64, i64>;

impl model::Link for Links {}
impl model::Told for Output<i64> {}

/// A running node of the two.
pub struct Courier {
    pub told: OutputReceiver<i64>,
    /// What had arrived before.
    pub found: Seq<i64>,
    pub node: Node,
}

impl Courier {
    /// Starts node 0 or 1, which sends the numbers up to `last`, with its log in a file.
    ///
    /// # Errors
    /// If the log or the address cannot be opened.
    pub async fn start(id: i64, file: &Path, last: i64, addresses: &[SocketAddr; 2]) -> io::Result<Self> {
        let wal = Wal::open(file, &WalConfig { compact_at: 16 << 10, ..WalConfig::default() })?;
        let log = DurableLog::new(&wal, "log")?;
        let found = log.load();
        let next = Durable::new(&wal, "next", 1)?;
        let config = MailboxConfig {
            model: model::Constants {}.identity(),
            inbox_capacity: 8,
            outbox_capacity: 16,
            reconnect_after: Duration::from_millis(2),
            heartbeat: Duration::from_millis(200),
            ..MailboxConfig::default()
        };
        let book: BTreeMap<i64, SocketAddr> = (0..4).map(|n| (n, addresses[n as usize % 2])).collect();
        let listener = TcpListener::bind(book[&id]).await?;
        let net = Links::durable(Some(listener), [id, id + 2], &book, &config, &wal, "mailboxes")?;
        let constants = Arc::new(model::Constants {});
        let (tell, told) = output(64);
        let mut node = Node::new();
        node.stop_with(&wal);
        let parameters = model::SenderParameters { net: net.clone(), next, last };
        node.spawn(model::Sender::new(id, &constants, parameters).map_err(io::Error::other)?);
        let parameters = model::ReceiverParameters { net: net.clone(), home: id };
        node.spawn(model::Receiver::new(id + 2, &constants, parameters).map_err(io::Error::other)?);
        let parameters = model::KeeperParameters { net, log, told: tell, home: id };
        node.spawn(model::Keeper::new(id + 4, &constants, parameters).map_err(io::Error::other)?);
        Ok(Self { told, found, node })
    }
}
