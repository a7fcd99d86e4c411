//! Commands for people: one is carried out, and the process ends.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{bail, ensure, Context, Result};
use raftkv::client::{Client, Entry, Error};
use raftkv::config;
use raftkv::model::Wish;
use raftkv::wire::{Ask, Status};
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::arguments::Connection;
use crate::NO_SUCH_KEY;

/// The client that the arguments describe.
pub async fn client(connection: &Connection) -> Result<Client> {
    let endpoints: Vec<_> = connection.endpoints.iter().map(|text| config::address(text)).collect::<Result<_>>()?;
    let secret = connection.secret_file.as_deref().map(config::secret).transpose()?;
    Ok(Client::connect(&endpoints, secret, connection.timeout).await?)
}

/// Prints the value of a key.
pub async fn get(connection: &Connection, key: &str) -> Result<ExitCode> {
    let found = client(connection).await?.get(key).await?;
    Ok(show(connection, key, found.as_ref()))
}

/// Writes a key.
pub async fn put(connection: &Connection, key: &str, value: &str) -> Result<()> {
    let version = client(connection).await?.put(key, value).await?;
    if connection.json {
        println!("{}", json!({ "key": key, "version": version }));
    } else {
        println!("version {version}");
    }
    Ok(())
}

/// Deletes a key.
pub async fn delete(connection: &Connection, key: &str) -> Result<ExitCode> {
    let had = client(connection).await?.delete(key).await?;
    Ok(show(connection, key, had.as_ref()))
}

fn show(connection: &Connection, key: &str, entry: Option<&Entry>) -> ExitCode {
    match entry {
        Some(entry) if connection.json => {
            println!("{}", json!({ "key": key, "value": entry.value, "version": entry.version }));
        }
        Some(entry) => println!("{}", entry.value),
        None => {
            eprintln!("the key {key:?} does not exist");
            return ExitCode::from(NO_SUCH_KEY);
        }
    }
    ExitCode::SUCCESS
}

/// Prints how each server is.
pub async fn status(connection: &Connection) -> Result<()> {
    let client = client(connection).await?;
    let all = client.status().await;
    if connection.json {
        let shown = all.iter().map(|(id, status)| match status {
            Ok(status) => json!(status),
            Err(error) => json!({ "server": id, "error": error.to_string() }),
        });
        println!("{}", json!(shown.collect::<Vec<_>>()));
        return Ok(());
    }
    for (id, status) in all {
        let address = client.addresses()[&id];
        match status {
            Ok(Status { leader, term, last, snapshot, .. }) => {
                let role = match leader {
                    Some(leader) if leader == id => "leads".to_owned(),
                    Some(leader) => format!("follows {leader}"),
                    None => "knows no leader".to_owned(),
                };
                println!("server {id} on {address} {role} in term {term}: entry {last}, snapshot at {snapshot}");
            }
            Err(error) => println!("server {id} on {address} does not answer: {error}"),
        }
    }
    Ok(())
}

/// How the leader is, as soon as there is one.
async fn leader(client: &Client) -> Result<Status> {
    loop {
        let all = client.status().await;
        let leads = |status: &Status| status.leader == Some(status.server);
        if let Some(leader) = all.into_values().flatten().filter(leads).max_by_key(|status| status.term) {
            return Ok(leader);
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// Prints which servers decide, when one of them has left or joined, if that is asked for.
pub async fn members(connection: &Connection, add: Option<i64>, remove: Option<i64>) -> Result<()> {
    let client = client(connection).await?;
    let done = async {
        if let Some(server) = add.or(remove) {
            ensure!(client.addresses().contains_key(&server), "the configuration has no server {server}");
            change(&client, server, add.is_some()).await?;
        }
        leader(&client).await
    };
    let leader = timeout(connection.timeout, done).await.map_err(|_| Error::TimedOut)??;
    if connection.json {
        println!("{}", json!({ "members": leader.members, "leader": leader.server }));
    } else {
        for id in leader.members {
            let leads = if id == leader.server { ", which leads" } else { "" };
            println!("server {id} on {}{leads}", client.addresses()[&id]);
        }
    }
    Ok(())
}

/// Asks until a server has joined or left: the leader takes a change when the one before is committed.
async fn change(client: &Client, server: i64, joins: bool) -> Result<()> {
    loop {
        let status = leader(client).await?;
        if status.members.contains(&server) == joins {
            return Ok(());
        }
        if status.server == server {
            bail!("server {server} leads: have it hand over first, with `raftkv transfer`");
        }
        client
            .ask(status.server, Ask::Change(Wish { server, decides: joins }))
            .await
            .context("the leader does not answer")?;
        sleep(Duration::from_millis(200)).await;
    }
}

/// Has the leader hand over.
pub async fn transfer(connection: &Connection) -> Result<()> {
    let client = client(connection).await?;
    let done = async {
        let before = leader(&client).await?;
        loop {
            client.ask(before.server, Ask::Transfer).await.context("the leader does not answer")?;
            sleep(Duration::from_millis(50)).await;
            let now = leader(&client).await?;
            if now.server != before.server {
                return anyhow::Ok(now.server);
            }
        }
    };
    let leader = timeout(connection.timeout, done).await.map_err(|_| Error::TimedOut)??;
    if connection.json {
        println!("{}", json!({ "leader": leader }));
    } else {
        println!("server {leader} leads");
    }
    Ok(())
}
