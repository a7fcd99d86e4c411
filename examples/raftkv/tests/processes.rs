//! raftkv as people run it: servers that are killed and come back, and commands that say what they did.

mod cluster;

use std::process::Command;

use serde_json::json;

use crate::cluster::{raftkv, text, Cluster};

#[test]
fn a_cluster_goes_on_when_its_leader_is_killed() {
    let mut cluster = Cluster::start();
    assert_eq!(cluster.json(&["put", "greeting", "hello"]), json!({ "key": "greeting", "version": 1 }));
    let killed = cluster.leader();
    cluster.kill(killed);
    assert_eq!(cluster.json(&["put", "greeting", "good evening"]), json!({ "key": "greeting", "version": 2 }));
    assert_ne!(cluster.leader(), killed);
    let other = (killed + 1) % 3;
    cluster.run(killed);
    cluster.kill(other);
    let read = cluster.json(&["get", "greeting"]);
    assert_eq!(read, json!({ "key": "greeting", "value": "good evening", "version": 2 }));
    let output = cluster.client(&["delete", "greeting"]);
    assert_eq!((output.status.code(), &*output.stdout), (Some(0), &b"good evening\n"[..]));
    let output = cluster.client(&["get", "greeting"]);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output));
}

#[test]
fn members_leave_and_join_and_the_leader_hands_over() {
    let cluster = Cluster::start();
    let leader = cluster.leader();
    let (other, id) = ((leader + 1) % 3, ((leader + 1) % 3 + 1).to_string());
    let members = cluster.json(&["members", "--remove", &id])["members"].clone();
    assert!(members.as_array().is_some_and(|m| m.len() == 2 && !m.contains(&json!(other + 1))), "{members}");
    assert_eq!(cluster.json(&["members", "--add", &id])["members"], json!([1, 2, 3]));
    assert_ne!(cluster.json(&["transfer"])["leader"], json!(leader + 1));
}

#[test]
fn what_a_server_cannot_do_is_said() {
    let cluster = Cluster::start();
    // Its data directory is in use.
    let output = cluster.server(0).output().expect("it runs");
    let said = text(&output);
    assert!(output.status.code() == Some(1) && said.contains("it is in use by process"), "{said}");
    let output = cluster.server(3).output().expect("it runs");
    let said = text(&output);
    assert!(output.status.code() == Some(1) && said.contains("there is no server 4, only 1 to 3"), "{said}");
    // A client without the secret is not let in.
    let endpoint = format!("127.0.0.1:{}", cluster.ports[1]);
    let output = Command::new(raftkv()).args(["get", "key", "--endpoints", &endpoint]).output().expect("it runs");
    let said = text(&output);
    assert!(output.status.code() == Some(1) && said.contains("the server has another secret"), "{said}");
}

#[test]
fn a_server_that_is_stopped_ends_in_order() {
    let mut cluster = Cluster::start();
    cluster.client(&["put", "key", "value"]);
    for server in 0..3 {
        cluster.signal(server, "-TERM");
        let status = cluster.servers[server].take().expect("it runs").wait().expect("it has ended");
        assert!(status.success(), "{status}");
    }
    // Nobody is there.
    let output = cluster.client(&["get", "key"]);
    assert!(text(&output).contains("no server can be reached"), "{}", text(&output));
    (0..3).for_each(|server| cluster.run(server));
    assert_eq!(cluster.json(&["get", "key"])["value"], "value");
}

#[test]
fn a_measurement_says_what_it_measured() {
    let cluster = Cluster::start();
    let report = cluster.json(&["bench", "--clients", "8", "--duration", "1", "--mix", "a", "--keys", "100"]);
    let number = |name: &str| report[name].as_f64().unwrap_or_else(|| panic!("{name}: {report}"));
    assert!(number("commands") > 0.0 && number("failures") == 0.0, "{report}");
    assert!(0.0 < number("p50") && number("p50") <= number("p99") && number("p99") <= number("max"), "{report}");
    assert!((number("commands_per_second") * number("seconds") - number("commands")).abs() < 1.0, "{report}");
}
