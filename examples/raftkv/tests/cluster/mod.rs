//! raftkv as processes.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Long enough for a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

/// Three servers, each a process. All are killed when this is dropped.
pub struct Cluster {
    directory: tempfile::TempDir,
    pub ports: Vec<u16>,
    pub servers: Vec<Option<Child>>,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        (0..self.servers.len()).for_each(|server| self.kill(server));
    }
}

/// The program.
pub fn raftkv() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_raftkv"))
}

/// What a process has printed.
pub fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&*output.stdout, &*output.stderr].concat()).into_owned()
}

/// A port that nobody listens at, and that the system gives to nobody who asks for any.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = (std::process::id() % 90) as u16 * 200;
    let mut ports =
        std::iter::repeat_with(|| 12_000 + (own + NEXT.fetch_add(1, Ordering::Relaxed)) % 18_000).take(18_000);
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a port is free")
}

impl Cluster {
    pub fn start() -> Self {
        let directory = tempfile::tempdir().expect("a directory can be made");
        let ports: Vec<u16> = (0..6).map(|_| free_port()).collect();
        let servers = ports
            .chunks(2)
            .map(|p| format!("[[server]]\npeers = \"127.0.0.1:{}\"\nclients = \"127.0.0.1:{}\"\n", p[0], p[1]));
        // Few entries stay in the log, so that servers come back by snapshots.
        let settings = "data = \"data\"\nsecret_file = \"secret\"\nkeep = 50\n".to_owned();
        fs::write(directory.path().join("secret"), "known to servers and clients").expect("a file can be written");
        fs::write(directory.path().join("cluster.toml"), settings + &servers.collect::<String>())
            .expect("a file can be written");
        let mut cluster = Self { directory, ports, servers: vec![None, None, None] };
        (0..3).for_each(|server| cluster.run(server));
        cluster
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn server(&self, server: usize) -> Command {
        let mut command = Command::new(raftkv());
        command.args(["server", "--config"]).arg(self.path("cluster.toml")).args(["--id", &(server + 1).to_string()]);
        command.stdin(Stdio::null());
        command
    }

    /// Starts a server, and waits until it is ready.
    pub fn run(&mut self, server: usize) {
        let said = self.path(&format!("server-{server}.log"));
        let log = File::create(&said).expect("a file can be written");
        self.servers[server] = Some(self.server(server).stderr(log).spawn().expect("it starts"));
        let started = Instant::now();
        while !fs::read_to_string(&said).is_ok_and(|said| said.contains("is ready")) {
            assert!(started.elapsed() < LIMIT, "server {} is not ready", server + 1);
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// As `kill -9` does.
    pub fn kill(&mut self, server: usize) {
        if let Some(mut child) = self.servers[server].take() {
            child.kill().expect("it can be killed");
            child.wait().expect("it has ended");
        }
    }

    pub fn signal(&self, server: usize, signal: &str) {
        let Some(child) = &self.servers[server] else { return };
        let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("there is `kill`");
        assert!(sent.success(), "{signal} cannot be sent");
    }

    pub fn client(&self, arguments: &[&str]) -> Output {
        let endpoints: Vec<_> = self.ports.chunks(2).map(|ports| format!("127.0.0.1:{}", ports[1])).collect();
        let mut command = Command::new(raftkv());
        command.args(arguments).args(["--timeout", "30", "--endpoints", &endpoints.join(","), "--secret-file"]);
        command.arg(self.path("secret")).stdin(Stdio::null()).output().expect("it runs")
    }

    pub fn json(&self, arguments: &[&str]) -> Value {
        let output = self.client(&[arguments, &["--json"]].concat());
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{arguments:?}: {e}: {}", text(&output)))
    }

    /// Who leads, counted from 0.
    pub fn leader(&self) -> usize {
        self.json(&["members"])["leader"].as_u64().expect("it is a number") as usize - 1
    }
}
