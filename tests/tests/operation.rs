//! Nodes in operation: configured in TOML, supervised, measured, started and stopped as processes.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::Arc;
use std::time::Duration;

use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use mpcal_runtime::host::Listener;
use mpcal_runtime::resource::{output, MailboxConfig, Mailboxes, Shared};
use mpcal_runtime::value::EvalError;
use mpcal_runtime::wal::WalConfig;
use mpcal_runtime::{Node, NodeConfig, Restarts};
use mpcal_tests::pair::{constants, model, receiver, sender, LIMIT};
use tokio::time::timeout;

fn refused(text: &str) -> String {
    NodeConfig::<i64>::parse(text, "etc/node.toml").expect_err("it is refused").to_string()
}

#[test]
fn errors_in_a_configuration_say_where() {
    let mailbox = "[[mailbox]]\nindex = 1\naddress = \"127.0.0.1:7001\"\n";
    assert_eq!(refused(&format!("local = [1, 2]\n{mailbox}")), "etc/node.toml:1:13: this mailbox has no address",);
    assert_eq!(refused(&format!("{mailbox}{mailbox}")), "etc/node.toml:5:9: this mailbox has two addresses");
    let elsewhere = "[[mailbox]]\nindex = 2\naddress = \"127.0.0.1:7002\"\n";
    assert_eq!(
        refused(&format!("local = [1, 2]\n{mailbox}{elsewhere}")),
        "etc/node.toml:1:13: the address of this mailbox differs from that of the first one of this node"
    );
    let said = refused("local = [1]\nlogs = \"x\"\n");
    assert!(said.starts_with("etc/node.toml:2:1: unknown field `logs`"), "{said}");
    let said = refused("[[mailbox]]\nindex = \"one\"\naddress = \"127.0.0.1:7001\"\n");
    assert!(said.starts_with("etc/node.toml:2:9: invalid type"), "{said}");
    let said = refused("[[mailbox]]\nindex = 1\naddress = \"localhost\"\n");
    assert!(said.starts_with("etc/node.toml:3:11: "), "{said}");
    let said = refused(&format!("{mailbox}[mailboxes]\nheartbeat = \"5 parsecs\"\n"));
    assert!(said.starts_with("etc/node.toml:5:13: "), "{said}");
    let said = refused(&format!("{mailbox}[mailboxes]\nsecret_file = \"missing\"\n"));
    assert!(said.starts_with("etc/node.toml:5:15: etc/missing: "), "{said}");
    let said = refused(&format!("{mailbox}[mailboxes]\nsecret_epoch = 2\n"));
    assert!(said.starts_with("etc/node.toml:5:16: this is the epoch of a secret"), "{said}");
    let said = refused("local = [");
    assert!(said.starts_with("etc/node.toml:1:10: "), "{said}");
    let said = refused("[[mailbox]]\nindex = 1\naddress = \"nobody.invalid:7000\"\n");
    assert!(said.starts_with("etc/node.toml:3:11: no address for `nobody.invalid:7000`"), "{said}");
    let said = NodeConfig::<i64>::load("missing.toml").expect_err("there is none").to_string();
    assert!(said.starts_with("missing.toml: "), "{said}");
}

/// What `fn main() -> Result<(), ConfigError>` prints is what a person needs.
#[test]
fn errors_in_a_configuration_are_their_own_report() {
    let error = NodeConfig::<i64>::parse("local = [1]\nmailbox = []\n", "node.toml").expect_err("it is refused");
    assert_eq!(format!("{error:?}"), "node.toml:1:10: this mailbox has no address");
}

/// A host is a name or an address, and who cannot listen there says where.
#[tokio::test]
async fn hosts_have_names_and_taken_addresses_are_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let parse = |host: &str| {
        let text = format!("local = [1]\n[[mailbox]]\nindex = 1\naddress = \"{host}:{port}\"\n");
        NodeConfig::<i64>::parse(&text, "node.toml").unwrap()
    };
    let named = parse("localhost").addresses[&1];
    assert!(named.ip().is_loopback() && named.port() == port, "{named}");
    let opened = parse("127.0.0.1").open::<i64>(model::Constants::checked().identity()).await;
    let said = opened.err().expect("the address is in use").to_string();
    assert!(said.starts_with(&format!("cannot listen on 127.0.0.1:{port}: ")), "{said}");
}

/// A log is open once; who comes second hears which log it is and who has it. No log is an error that says what to add.
#[test]
fn a_log_in_use_says_by_whom() {
    let directory = tempfile::tempdir().unwrap();
    let config = |text: &str| NodeConfig::<i64>::parse(text, directory.path().join("node.toml")).unwrap();
    let node = config("log = \"1.wal\"\nmailbox = []\n");
    let open = || node.open_log(&WalConfig::default()).map(|_| ()).expect_err("it is in use").to_string();
    let _first = mpcal_runtime::wal::Wal::open(directory.path().join("1.wal"), &WalConfig::default()).unwrap();
    let path = directory.path().join("1.wal");
    assert_eq!(open(), format!("{}: it is in use by process {}", path.display(), std::process::id()));
    let said =
        config("mailbox = []\n").open_log(&WalConfig::default()).map(|_| ()).expect_err("there is none").to_string();
    assert!(said.contains("add `log = "), "{said}");
}

/// Two nodes from two files: with a secret, a log, and their own model.
#[tokio::test]
async fn nodes_start_from_files() {
    let directory = tempfile::tempdir().unwrap();
    let ports: Vec<u16> = (0..2)
        .map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap())
        .collect::<Vec<_>>()
        .iter()
        .map(|listener| listener.local_addr().unwrap().port())
        .collect();
    std::fs::write(directory.path().join("secret"), "correct horse battery staple\n").unwrap();
    let mut links: Vec<Mailboxes<i64, i64>> = Vec::new();
    for id in 0..2 {
        let mut text = format!("local = [{id}]\nlog = \"{id}.wal\"\n");
        for (index, port) in ports.iter().enumerate() {
            text += &format!("[[mailbox]]\nindex = {index}\naddress = \"127.0.0.1:{port}\"\n");
        }
        text += "[mailboxes]\nsecret_file = \"secret\"\nsecret_epoch = 2\nheartbeat = \"100ms\"\nreconnect_after = \"1ms\"\n";
        let file = directory.path().join(format!("{id}.toml"));
        std::fs::write(&file, text).unwrap();
        let config = NodeConfig::<i64>::load(&file).unwrap();
        assert_eq!(config.mailboxes.heartbeat, Duration::from_millis(100));
        links.push(config.open(model::Constants::checked().identity()).await.unwrap());
        let wal = config.open_log(&WalConfig::default()).unwrap();
        wal.close().await.unwrap();
        assert!(directory.path().join(format!("{id}.wal")).exists());
    }
    let (tell, told) = output(16);
    let mut node = Node::new();
    node.spawn(
        model::Sender::new(0, &constants(), model::SenderParameters { first: 1, last: 5, net: links[0].clone() })
            .unwrap(),
    );
    node.spawn(
        model::Receiver::new(1, &constants(), model::ReceiverParameters { net: links[1].clone(), told: tell }).unwrap(),
    );
    for wanted in 1..=5 {
        assert_eq!(timeout(LIMIT, told.receive()).await.expect("it arrives"), wanted);
    }
}

/// An archetype that fails is started anew; its resources keep what they have.
#[tokio::test]
async fn what_fails_is_started_anew_until_it_fails_too_often() {
    let counter = Shared::new(20);
    let starts = Arc::new(AtomicI64::new(0));
    let restarts = Restarts { most: 3, pause: Duration::from_millis(1), ..Restarts::default() };
    let (of, count) = (counter.clone(), starts.clone());
    let mut node = Node::new();
    node.supervise(restarts, move || {
        count.fetch_add(1, Ordering::Relaxed);
        model::Failing::new(4, &constants(), model::FailingParameters { counter: of.clone() })
    })
    .unwrap();
    let error = timeout(LIMIT, node.join()).await.unwrap().expect_err("it fails for good");
    assert!(error.to_string().contains("Failing(4) at fail: assertion failed"), "{error}");
    assert_eq!(starts.load(Ordering::Relaxed), 4, "the first start and three more");
    // One that recovers: the counter is right from the third start on.
    let of = counter.clone();
    let mut left = 2;
    let mut node = Node::new();
    node.supervise(restarts, move || {
        left -= 1;
        if left < 0 {
            of.store(0);
        }
        model::Failing::new(4, &constants(), model::FailingParameters { counter: of.clone() })
    })
    .unwrap();
    let mut joined = std::pin::pin!(node.join());
    assert!(timeout(Duration::from_millis(100), &mut joined).await.is_err(), "it waits for the counter");
    // What cannot be made is an error at once.
    let refuses = || {
        model::Failing::new(4, &constants(), model::FailingParameters { counter: Shared::new(0) })
            .and(Err(EvalError("no".to_owned())))
    };
    let made = Node::new().supervise::<model::Failing>(restarts, refuses);
    assert_eq!(made, Err(EvalError("no".to_owned())));
}

/// A node that stops waits until what it has sent was taken, but not for ever.
#[tokio::test]
async fn a_node_drains_its_mailboxes() {
    let receiver = receiver(&MailboxConfig::default()).await;
    let (links, sending) = sender(receiver.address, 1, 10, &MailboxConfig::default());
    drop(sending);
    let mut node = Node::new();
    node.spawn(
        model::Sender::new(0, &constants(), model::SenderParameters { first: 11, last: 500, net: links.clone() })
            .unwrap(),
    );
    node.drain(&links, LIMIT);
    let mut told = Vec::new();
    let run = async {
        // The sender has ended by itself before anybody takes anything.
        timeout(LIMIT, node.run_until(std::future::pending())).await.expect("it is drained").unwrap();
    };
    let take = async {
        while told.last() != Some(&500) {
            told.push(timeout(LIMIT, receiver.told.receive()).await.expect("a message arrives"));
        }
    };
    tokio::join!(run, take);
    timeout(Duration::from_millis(1), links.flushed()).await.expect("nothing is left");
    // Nobody is there to take it.
    let links: Mailboxes<i64, i64> = Mailboxes::open(
        None::<Listener>,
        [0],
        &BTreeMap::from([(1, "127.0.0.1:1".parse().unwrap())]),
        &MailboxConfig::default(),
    )
    .unwrap();
    let mut node = Node::new();
    node.spawn(
        model::Sender::new(0, &constants(), model::SenderParameters { first: 1, last: 3, net: links.clone() }).unwrap(),
    );
    node.drain(&links, Duration::from_millis(50));
    timeout(LIMIT, node.run_until(std::future::pending())).await.expect("it does not wait for ever").unwrap();
}

/// What archetypes do is counted by label.
#[test]
fn steps_are_measured() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let links: Mailboxes<i64, i64> = Mailboxes::local([0, 1], &MailboxConfig::default());
            let mut node = Node::new();
            node.spawn(
                model::Echo::new(1, &constants(), model::EchoParameters { count: 3, net: links.clone() }).unwrap(),
            );
            node.spawn(
                model::Sender::new(0, &constants(), model::SenderParameters { first: 1, last: 3, net: links }).unwrap(),
            );
            timeout(LIMIT, node.join()).await.unwrap().unwrap();
        });
    });
    let mut counts = BTreeMap::new();
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let labels: Vec<&str> = key.key().labels().map(|l| l.value()).collect();
        if let DebugValue::Counter(count) = value {
            counts.insert(format!("{} {}", key.key().name(), labels.join(".")), count);
        }
    }
    assert_eq!(counts.get("mpcal_commits_total Echo.echo"), Some(&4), "{counts:?}");
    assert_eq!(counts.get("mpcal_commits_total Echo.reply"), Some(&3), "{counts:?}");
    assert_eq!(counts.get("mpcal_commits_total Sender.send"), Some(&4), "{counts:?}");
    assert!(counts.contains_key("mpcal_retries_total Echo.echo"), "{counts:?}");
}

/// A process says that it is ready, and ends well when it is asked to.
#[cfg(unix)]
#[test]
fn a_process_is_ready_and_stops_when_told() {
    let directory = tempfile::tempdir().unwrap();
    let socket = std::os::unix::net::UnixDatagram::bind(directory.path().join("notify")).unwrap();
    socket.set_read_timeout(Some(LIMIT)).unwrap();
    for signal in ["TERM", "INT"] {
        let file: &Path = &directory.path().join(format!("{signal}.wal"));
        let mut process = Command::new(env!("CARGO_BIN_EXE_replica"))
            .args(["1", &file.display().to_string(), "127.0.0.1:0", "127.0.0.1:1", "127.0.0.1:1"])
            .env("NOTIFY_SOCKET", directory.path().join("notify"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut first).unwrap();
        assert_eq!(first.trim(), "found");
        let mut said = [0; 64];
        let length = socket.recv(&mut said).expect("it says that it is ready");
        assert_eq!(&said[..length], b"READY=1");
        let sent = Command::new("kill").args([&format!("-{signal}"), &process.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let status = process.wait().unwrap();
        assert!(status.success(), "after {signal}: {status}");
    }
}
