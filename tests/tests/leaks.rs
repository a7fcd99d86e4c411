//! Nothing grows: memory and file descriptors are what they were after another million sections, messages,
//! connections and logs. Alone in its process, so that nothing else allocates.

use std::time::Duration;

use mpcal_runtime::resource::{Durable, Input, MailboxConfig, Shared};
use mpcal_runtime::wal::{Wal, WalConfig};
use mpcal_runtime::{conformance, Driver, MappingMacro, Progress};
use mpcal_tests::pair::{constants, model, receiver, sender, Faults, Network, LIMIT};
use tokio::time::timeout;

/// Memory of this process in use, in KiB, and its open files; nothing where nobody says.
fn usage() -> Option<(usize, usize)> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: usize = text.split(' ').nth(1)?.parse().ok()?;
    Some((pages * 4, std::fs::read_dir("/proc/self/fd").ok()?.count()))
}

/// Local and shared variables, choices, conflicts.
async fn sections(count: u64) {
    let counter = Shared::new(0);
    let spinner = || {
        Driver::new(
            model::Spinner::new(2, &constants(), model::SpinnerParameters { counter: counter.clone() }).unwrap(),
        )
    };
    let mut drivers = [spinner(), spinner()];
    for _ in 0..count / 2 {
        for driver in &mut drivers {
            assert_eq!(driver.step().await.unwrap(), Progress::Committed);
        }
    }
}

/// Messages over TCP, through connections that break.
async fn messages(count: i64) {
    let config = MailboxConfig { reconnect_after: Duration::from_millis(1), ..MailboxConfig::default() };
    let receiver = receiver(&config).await;
    let network = Network::before(receiver.address, Faults { loss: 2, ..Faults::default() }).await;
    let (links, _node) = sender(network.address, 1, count, &config);
    receiver.expect(1..=count).await;
    timeout(LIMIT, links.flushed()).await.unwrap();
}

/// Sections that wait for input, one after the other, and durable ones.
async fn waiting(count: i64) {
    let (send, mut receive): (_, Input<i64>) = mpcal_runtime::resource::input(4);
    let directory = tempfile::tempdir().unwrap();
    let wal =
        Wal::open(directory.path().join("wal"), &WalConfig { compact_at: 1 << 16, ..WalConfig::default() }).unwrap();
    let mut total = Durable::new(&wal, "total", 0).unwrap();
    for n in 0..count {
        send.send(n).await;
        conformance::commit(|s| {
            let n = receive.read(s, &())?;
            total.write(s, &(), n)
        })
        .await
        .unwrap();
    }
    wal.close().await.unwrap();
}

#[tokio::test]
async fn nothing_grows() {
    let round = async || {
        sections(100_000).await;
        messages(2_000).await;
        waiting(20_000).await;
    };
    // What is kept for later is there after a few rounds.
    for _ in 0..3 {
        round().await;
    }
    let Some(before) = usage() else { return println!("skipped: nobody says how much memory is in use") };
    for _ in 0..10 {
        round().await;
    }
    let after = usage().expect("it was said before");
    println!("before {before:?} KiB and files, after a million sections more {after:?}");
    assert!(after.0 < before.0 + 4096, "memory grows from {} to {} KiB", before.0, after.0);
    assert!(after.1 <= before.1 + 2, "open files grow from {} to {}", before.1, after.1);
}
