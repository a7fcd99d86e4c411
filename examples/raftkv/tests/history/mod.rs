//! What clients ask and are told, and whether that has an order.

use std::time::Duration;

use mpcal_check::linearizability::{linearize, partition, Explained, Object, Operation, Verdict};
use raftkv::client::{Client, Entry, Error};

/// What a client asks for.
#[derive(Clone, Debug)]
pub enum Asked {
    Put(String, String),
    Get(String),
    Delete(String),
}

/// A command, and what its client was told: what the key has after a put, and had before anything else.
pub type Seen = Operation<Asked, Option<Entry>>;

impl Asked {
    /// The n-th kind of command for a key, with a value in case it writes.
    pub fn new(kind: u64, key: u64, value: String) -> Self {
        let key = format!("key {key}");
        match kind {
            0 => Self::Put(key, value),
            1 => Self::Get(key),
            _ => Self::Delete(key),
        }
    }

    fn key(&self) -> String {
        match self {
            Self::Put(key, _) | Self::Get(key) | Self::Delete(key) => key.clone(),
        }
    }

    /// Asks for it.
    pub async fn call(&self, client: &Client) -> Result<Option<Entry>, Error> {
        match self {
            Self::Put(key, value) => {
                client.put(key, value).await.map(|version| Some(Entry { value: value.clone(), version }))
            }
            Self::Get(key) => client.get(key).await,
            Self::Delete(key) => client.delete(key).await,
        }
    }
}

/// One key of the store.
struct Key;

impl Object for Key {
    type State = Option<Entry>;
    type Input = Asked;
    type Output = Option<Entry>;

    fn initial(&self) -> Self::State {
        None
    }

    fn apply(&self, state: &Self::State, input: &Asked, output: Option<&Self::Output>) -> Option<Self::State> {
        let version = state.as_ref().map_or(0, |entry| entry.version) + 1;
        let (next, told) = match input {
            Asked::Get(_) => (state.clone(), state.clone()),
            Asked::Delete(_) => (None, state.clone()),
            Asked::Put(_, value) => {
                let next = Some(Entry { value: value.clone(), version });
                (next.clone(), next)
            }
        };
        output.is_none_or(|output| *output == told).then_some(next)
    }
}

/// Whether what clients saw has an order.
///
/// # Errors
/// What cannot be explained.
pub fn check(seen: Vec<Seen>) -> Result<(), String> {
    for (key, history) in partition(seen, Asked::key) {
        let verdict = linearize(&Key, &history, Duration::from_secs(60));
        if !matches!(verdict, Verdict::Linearizable(_)) {
            return Err(format!("{key}: {}", Explained(&history, &verdict)));
        }
    }
    Ok(())
}
