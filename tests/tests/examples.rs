//! The examples as processes: what they print, what they refuse, and that Ctrl-C ends them whoever is dead.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::OnceLock;

use mpcal_tests::{root, text};
use serde_json::Value;

/// The executables of the examples by name, built as `cargo run` builds them.
fn executables() -> &'static BTreeMap<String, PathBuf> {
    static BUILT: OnceLock<BTreeMap<String, PathBuf>> = OnceLock::new();
    BUILT.get_or_init(|| {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--locked", "--message-format=json"]).current_dir(root());
        for example in std::fs::read_dir(root().join("examples")).expect("there are examples").flatten() {
            build.arg("--package").arg(example.file_name());
        }
        let output = build.stderr(Stdio::inherit()).output().expect("cargo runs");
        assert!(output.status.success(), "the examples do not compile");
        let lines = String::from_utf8(output.stdout).expect("cargo prints UTF-8");
        let messages = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("cargo prints JSON"));
        let executable = |message: Value| {
            let path = message["executable"].as_str()?.to_owned();
            Some((message["target"]["name"].as_str()?.to_owned(), PathBuf::from(path)))
        };
        messages.filter_map(executable).collect()
    })
}

fn command(example: &str, arguments: &str) -> Command {
    let mut command = Command::new(&executables()[example]);
    command.args(arguments.split_whitespace()).stdin(Stdio::null());
    command
}

/// Runs an example to its end.
fn run(example: &str, arguments: &str) -> Output {
    command(example, arguments).output().expect("it runs")
}

/// The first of as many ports in a row as an example needs.
fn base_port() -> u16 {
    const NEEDED: u16 = 16;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = u16::try_from(std::process::id() % 1000).expect("it is below 1000");
    let free = |port: &u16| (*port..port + NEEDED).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok());
    let tries = (0..1000).map(|_| 10_000 + (own + NEXT.fetch_add(1, Ordering::Relaxed)) % 1000 * NEEDED);
    tries.into_iter().find(free).expect("some ports are free")
}

#[test]
fn every_example_runs_as_a_whole() {
    let expected = BTreeMap::from([
        ("dqueue", "each item was done once"),
        ("locksvc", "the lock was taken 100 times"),
        ("proxy", "every request was answered"),
        ("raftkv", "nothing was lost, nothing was done twice"),
        ("transfers", "no money was lost, and none was made"),
    ]);
    let examples = executables().keys();
    assert!(examples.clone().eq(expected.keys()), "of each example, add to `expected` what it prints: {examples:?}");
    for (example, said) in expected {
        let output = run(example, &format!("--base-port {}", base_port()));
        let text = text(&output);
        assert!(output.status.success() && text.contains(said) && text.contains(" a second"), "{example}: {text}");
    }
}

#[test]
fn a_long_run_of_the_lock_service_is_quiet() {
    let output = run("locksvc", &format!("--rounds 400 --work 0 --quiet --base-port {}", base_port()));
    let said = text(&output);
    assert!(output.status.success() && said.starts_with("the lock was taken 2000 times in "), "{said}");
    assert_eq!(said.lines().count(), 3, "{said}");
}

#[test]
fn programs_read_what_the_lock_service_did() {
    let output = run("locksvc", &format!("--clients 3 --rounds 5 --json --base-port {}", base_port()));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", text(&output)));
    assert_eq!((report["operations"].as_i64(), report["lost"].as_i64()), (Some(15), Some(0)), "{report}");
    let (seconds, rate) = (report["seconds"].as_f64().unwrap(), report["operations_per_second"].as_f64().unwrap());
    assert!((seconds * rate - 15.0).abs() < 1e-6, "{report}");
}

#[test]
fn what_is_out_of_range_is_refused_with_the_range() {
    for (example, arguments, said) in [
        ("locksvc", "--rounds -1", "invalid value '-1' for '--rounds <N>': -1 is not in 0..=1000000000"),
        ("locksvc", "--clients 0", "0 is not in 1..=1000"),
        ("locksvc", "--base-port 65000", "65000 is not in 1..=64000"),
        ("locksvc", "client 99", "invalid value '99' for '<ID>': 99 is not in 1..=5"),
        ("locksvc", "client 0 --clients 7", "0 is not in 1..=7"),
        ("locksvc", "client -1", "-1 is not in 1..=5"),
        ("dqueue", "--items -1", "-1 is not in 0..=1000000000"),
        ("dqueue", "consumer 99", "99 is not in 1..=3"),
        ("proxy", "--rounds -1", "-1 is not in 0..=1000000000"),
        ("proxy", "backend 99", "99 is not in 2..=4"),
        ("proxy", "backend 1", "1 is not in 2..=4"),
        ("proxy", "client 99", "99 is not in 5..=6"),
        ("proxy", "client 5 --backends 1", "5 is not in 3..=4"),
    ] {
        let output = run(example, arguments);
        let text = text(&output);
        assert!(output.status.code() == Some(2) && text.contains(said), "{example} {arguments}: {text}");
    }
}

#[test]
fn a_port_in_use_is_named() {
    let port = base_port();
    let _taken = TcpListener::bind(("127.0.0.1", port)).expect("it is free");
    for example in executables().keys() {
        let output = run(example, &format!("--base-port {port}"));
        let said = format!("cannot listen on 127.0.0.1:{port}, see --base-port");
        assert!(output.status.code() == Some(1) && text(&output).contains(&said), "{}", text(&output));
    }
}

/// Roles as processes of their own.
#[cfg(unix)]
mod roles {
    use std::io::{BufRead, BufReader};
    use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
    use std::time::{Duration, Instant};

    use super::{base_port, command};

    /// Long enough for a busy machine.
    const LIMIT: Duration = Duration::from_secs(20);

    struct Process {
        child: Child,
        output: BufReader<ChildStdout>,
        messages: BufReader<ChildStderr>,
    }

    impl Process {
        fn spawn(port: u16, example: &str, arguments: &str) -> Self {
            let mut command = command(example, &format!("{arguments} --base-port {port}"));
            let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
            let output = BufReader::new(child.stdout.take().expect("it is piped"));
            let messages = BufReader::new(child.stderr.take().expect("it is piped"));
            Self { child, output, messages }
        }

        /// Starts a role, and waits until it says that it is ready.
        fn start(port: u16, example: &str, arguments: &str) -> Self {
            let mut process = Self::spawn(port, example, arguments);
            let mut said = String::new();
            process.messages.read_line(&mut said).expect("it is UTF-8");
            assert!(said.starts_with("process ") && said.contains(" is ready on 127.0.0.1:"), "{example}: {said}");
            process
        }

        fn line(&mut self) -> String {
            let mut line = String::new();
            self.output.read_line(&mut line).expect("it is UTF-8");
            line
        }

        /// Does what Ctrl-C does; it must end well.
        #[track_caller]
        fn interrupt(mut self) -> String {
            let sent = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().expect("kill runs");
            assert!(sent.success());
            self.end()
        }

        /// Waits for its end, which must be a good one; gives what it printed.
        #[track_caller]
        fn end(&mut self) -> String {
            let started = Instant::now();
            let status = loop {
                if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                    break status;
                }
                assert!(started.elapsed() < LIMIT, "it does not end");
                std::thread::sleep(Duration::from_millis(10));
            };
            let mut rest = String::new();
            while self.output.read_line(&mut rest).expect("it is UTF-8") > 0 {}
            assert!(status.success(), "{status}: {rest}");
            rest
        }
    }

    impl Drop for Process {
        fn drop(&mut self) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }

    #[test]
    fn clients_take_the_lock_from_a_server_elsewhere() {
        let port = base_port();
        let server = Process::start(port, "locksvc", "server --clients 2");
        let mut clients =
            [1, 2].map(|id| Process::start(port, "locksvc", &format!("client {id} --clients 2 --rounds 5 --quiet")));
        for client in &mut clients {
            let said = client.end();
            assert!(said.starts_with("the lock was taken 5 times in "), "{said}");
        }
        assert_eq!(server.interrupt(), "");
    }

    /// It would send a message to a mailbox that the server does not have, which is an error of the server's.
    #[test]
    fn a_client_with_other_constants_is_refused_and_both_sides_say_so() {
        let port = base_port();
        let mut server = Process::start(port, "locksvc", "server --clients 2");
        let mut stranger = Process::start(port, "locksvc", "client 3 --clients 3 --rounds 5");
        let mut said = String::new();
        stranger.messages.read_line(&mut said).expect("it is UTF-8");
        assert!(said.contains("the nodes have different constants: start all with the same"), "{said}");
        said.clear();
        server.messages.read_line(&mut said).expect("it is UTF-8");
        assert!(said.contains("the nodes have different constants: start all with the same"), "{said}");
        let mut client = Process::start(port, "locksvc", "client 1 --clients 2 --rounds 5 --quiet");
        assert!(client.end().starts_with("the lock was taken 5 times in "));
        assert_eq!(server.interrupt(), "");
    }

    #[test]
    fn consumers_empty_a_queue_elsewhere() {
        let port = base_port();
        let mut producer = Process::start(port, "dqueue", "producer --consumers 2");
        let mut consumers = [1, 2].map(|id| Process::start(port, "dqueue", &format!("consumer {id} --consumers 2")));
        for consumer in &mut consumers {
            let said = consumer.end();
            assert!(said.contains(" a second"), "{said}");
        }
        assert_eq!(producer.end(), "every consumer knows that there is nothing left\n");
    }

    #[test]
    fn clients_are_served_while_a_back_end_is_dead() {
        let port = base_port();
        let relay = Process::start(port, "proxy", "relay --backends 2");
        let backends = [2, 3].map(|id| Process::start(port, "proxy", &format!("backend {id} --backends 2")));
        let [dead, alive] = backends;
        drop(dead);
        let said = Process::start(port, "proxy", "client 4 --backends 2").end();
        assert!(said.contains("40 requests in "), "{said}");
        for process in [relay, alive] {
            assert_eq!(process.interrupt(), "");
        }
    }

    /// Nobody was ever there to answer.
    #[test]
    fn a_process_alone_can_be_interrupted() {
        for (example, role) in [
            ("locksvc", "server"),
            ("locksvc", "client 1"),
            ("dqueue", "producer"),
            ("dqueue", "consumer 1"),
            ("proxy", "relay"),
            ("proxy", "backend 2"),
            ("proxy", "client 5"),
        ] {
            Process::start(base_port(), example, role).interrupt();
        }
    }

    /// Somebody was there, and died in the middle of it.
    #[test]
    fn a_process_whose_peer_has_died_can_be_interrupted() {
        let port = base_port();
        let server = Process::start(port, "locksvc", "server");
        let mut client = Process::start(port, "locksvc", "client 1 --rounds 1000000");
        assert!(client.line().contains("client 1 holds the lock"));
        drop(server);
        let said = client.interrupt();
        assert!(said.contains("the lock was taken "), "{said}");

        let port = base_port();
        let server = Process::start(port, "locksvc", "server");
        let mut client = Process::start(port, "locksvc", "client 1 --rounds 1000000");
        assert!(client.line().contains("client 1 holds the lock"));
        drop(client);
        assert_eq!(server.interrupt(), "");

        let port = base_port();
        let producer = Process::start(port, "dqueue", "producer --items 1000000");
        let consumer = Process::start(port, "dqueue", "consumer 1 --items 1000000");
        drop(producer);
        let said = consumer.interrupt();
        assert!(said.contains(" a second"), "{said}");
    }

    #[test]
    fn a_whole_example_can_be_interrupted() {
        let mut everyone = Process::spawn(base_port(), "locksvc", "--rounds 1000000");
        // The last one to start.
        while !everyone.line().contains("client 5 holds the lock") {}
        let said = everyone.interrupt();
        assert!(said.contains("of the unprotected counts 0 were lost"), "{said}");
    }
}
