//! The configuration file of a node: where the mailboxes are, which are its own, how it communicates and what it keeps.
//!
//! ```toml
//! local = [1]
//! log = "node1.wal"
//!
//! [[mailbox]]
//! index = 1
//! address = "10.0.0.1:7000"
//!
//! [[mailbox]]
//! index = 2
//! address = "node2.example:7000"
//!
//! [mailboxes]
//! delivery = "durable"
//! secret_file = "cluster.secret"
//! heartbeat = "2s"
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::Deserialize;
use toml::Spanned;

use crate::host::Listener;
use crate::identity::Identity;
use crate::resource::{Delivery, MailboxConfig, Mailboxes, Message, Secret};
use crate::value::Data;
use crate::wal::{Wal, WalConfig};

/// The configuration of a node whose mailboxes are indexed by `K`. Paths in it are relative to its file.
#[derive(Clone, Debug)]
pub struct NodeConfig<K> {
    /// Where each mailbox is; names of hosts are looked up once, when the configuration is read.
    pub addresses: BTreeMap<K, SocketAddr>,
    /// The mailboxes of this node; all at one address.
    pub local: BTreeSet<K>,
    /// The file of the write-ahead log.
    pub log: Option<PathBuf>,
    /// The size from which the log is compacted, in bytes.
    pub compact_at: u64,
    /// How nodes communicate.
    pub mailboxes: MailboxConfig,
}

/// What is wrong with a configuration, and where. `Debug` is the same text as `Display`, so that a `main` that returns
/// it ends with that.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {message}", if *line > 0 { format!(":{line}:{column}") } else { String::new() })]
pub struct ConfigError {
    /// The file.
    pub file: String,
    /// From 1; 0 if it is about the file as a whole.
    pub line: usize,
    /// In characters, from 1; 0 if it is about the file as a whole.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, bound = "K: DeserializeOwned")]
struct Document<K> {
    mailbox: Vec<Mailbox<K>>,
    #[serde(default)]
    local: Vec<Spanned<K>>,
    log: Option<PathBuf>,
    compact_at: Option<u64>,
    #[serde(default)]
    mailboxes: Settings,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, bound = "K: DeserializeOwned")]
struct Mailbox<K> {
    index: Spanned<K>,
    address: Spanned<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Settings {
    delivery: Option<Delivery>,
    inbox_capacity: Option<usize>,
    outbox_capacity: Option<usize>,
    max_messages: Option<usize>,
    max_frame: Option<usize>,
    max_connections: Option<usize>,
    #[serde(with = "humantime_serde")]
    handshake_timeout: Option<Duration>,
    #[serde(with = "humantime_serde")]
    heartbeat: Option<Duration>,
    #[serde(with = "humantime_serde")]
    reconnect_after: Option<Duration>,
    secret_file: Option<Spanned<PathBuf>>,
    secret_epoch: Option<Spanned<u64>>,
    #[cfg(feature = "tls")]
    tls: Option<Spanned<TlsFiles>>,
}

#[cfg(feature = "tls")]
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TlsFiles {
    authority: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
    name: String,
}

/// The text of a file, to say where something is.
struct Source<'t> {
    file: &'t Path,
    text: &'t str,
}

impl Source<'_> {
    fn error(&self, span: Option<Range<usize>>, message: impl Into<String>) -> ConfigError {
        let at = span.map(|span| self.text.get(..span.start).unwrap_or(self.text));
        let line = at.map_or(0, |before| before.matches('\n').count() + 1);
        let column = at.map_or(0, |before| before.rsplit('\n').next().unwrap_or_default().chars().count() + 1);
        ConfigError { file: self.file.display().to_string(), line, column, message: message.into() }
    }

    /// A path in the file, seen from where the program runs.
    fn path(&self, path: &Path) -> PathBuf {
        self.file.parent().unwrap_or(Path::new("")).join(path)
    }
}

impl<K: Data> NodeConfig<K> {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, says something wrong, or names files that cannot be read.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let path = path.as_ref();
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, path),
            Err(error) => Err(Source { file: path, text: "" }.error(None, error.to_string())),
        }
    }

    /// Reads a text; `path` is for errors, and what paths in it are relative to.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn parse(text: &str, path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let source = Source { file: path.as_ref(), text };
        let document: Document<K> = toml::from_str(text).map_err(|e| source.error(e.span(), e.message()))?;
        let mut addresses = BTreeMap::new();
        for Mailbox { index, address } in document.mailbox {
            let span = index.span();
            let address = look_up(address.get_ref()).map_err(|what| source.error(Some(address.span()), what))?;
            if addresses.insert(index.into_inner(), address).is_some() {
                return Err(source.error(Some(span), "this mailbox has two addresses"));
            }
        }
        let mut local = BTreeSet::new();
        let mut here = None;
        for index in document.local {
            let span = index.span();
            let Some(address) = addresses.get(index.get_ref()) else {
                return Err(source.error(Some(span), "this mailbox has no address"));
            };
            if *here.get_or_insert(*address) != *address {
                return Err(source
                    .error(Some(span), "the address of this mailbox differs from that of the first one of this node"));
            }
            local.insert(index.into_inner());
        }
        let mailboxes = document.mailboxes.apply(&source)?;
        let compact_at = document.compact_at.unwrap_or(WalConfig::default().compact_at);
        Ok(Self { addresses, local, log: document.log.map(|log| source.path(&log)), compact_at, mailboxes })
    }

    /// Opens the mailboxes, for a model with its constants: `config.open(constants.identity())`.
    ///
    /// # Errors
    /// If the address cannot be listened on, or `delivery = "durable"`: then they need the log.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn open<M: Message>(&self, model: Identity) -> io::Result<Mailboxes<K, M>> {
        let config = MailboxConfig { model, ..self.mailboxes.clone() };
        Mailboxes::open(self.listen().await?, self.local.iter().cloned(), &self.addresses, &config)
    }

    /// Opens durable mailboxes, which are `mailboxes` in the log; the configuration says `delivery = "durable"`.
    ///
    /// # Errors
    /// If it says something else, or as for [`Mailboxes::durable`] and [`open`](Self::open).
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn durable<M: Message>(&self, model: Identity, wal: &Wal) -> io::Result<Mailboxes<K, M>> {
        if self.mailboxes.delivery != Delivery::Durable {
            let what = "the mailboxes are not durable: add `delivery = \"durable\"` to `[mailboxes]`";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        }
        let config = MailboxConfig { model, ..self.mailboxes.clone() };
        let local = self.local.iter().cloned();
        Mailboxes::durable(self.listen().await?, local, &self.addresses, &config, wal, "mailboxes")
    }

    /// Listens where the mailboxes of this node are, if it has any.
    async fn listen(&self) -> io::Result<Option<Listener>> {
        let address = self.local.iter().find_map(|index| self.addresses.get(index));
        let Some(address) = address else { return Ok(None) };
        let cannot = |e: io::Error| io::Error::new(e.kind(), format!("cannot listen on {address}: {e}"));
        Listener::bind(*address).await.map(Some).map_err(cannot)
    }

    /// Opens the log; a node that can do without asks whether there is a [`log`](Self::log).
    ///
    /// # Errors
    /// As [`Wal::open`], and if the configuration names no log.
    pub fn open_log(&self, config: &WalConfig) -> io::Result<Wal> {
        let missing =
            || io::Error::new(io::ErrorKind::NotFound, "the configuration names no log: add `log = \"node.wal\"`");
        let config = WalConfig { compact_at: self.compact_at, ..config.clone() };
        Wal::open(self.log.as_ref().ok_or_else(missing)?, &config)
    }
}

/// The address that a text stands for: an IP address or the name of a host, and a port.
fn look_up(text: &str) -> Result<SocketAddr, String> {
    let wanted = "write `host:port`, where the host is a name or an IP address";
    let mut found = text.to_socket_addrs().map_err(|e| format!("no address for `{text}`: {e}; {wanted}"))?;
    found.next().ok_or_else(|| format!("`{text}` has no address"))
}

impl Settings {
    fn apply(self, source: &Source<'_>) -> Result<MailboxConfig, ConfigError> {
        let default = MailboxConfig::default();
        let secret = match self.secret_file {
            None => match self.secret_epoch {
                None => None,
                Some(epoch) => {
                    let message = "this is the epoch of a secret, and there is none: add `secret_file`";
                    return Err(source.error(Some(epoch.span()), message));
                }
            },
            Some(path) => {
                let span = path.span();
                let path = source.path(path.get_ref());
                let bytes = fs::read(&path)
                    .map_err(|e| source.error(Some(span.clone()), format!("{}: {e}", path.display())))?;
                // Editors end files with a line break.
                let bytes = bytes.trim_ascii().to_vec();
                if bytes.len() < 16 {
                    return Err(source.error(Some(span), "a secret must have at least 16 bytes"));
                }
                let epoch = self.secret_epoch.map_or(0, Spanned::into_inner);
                Some(Secret::new(bytes).with_epoch(epoch))
            }
        };
        #[cfg(feature = "tls")]
        let tls = match self.tls {
            None => None,
            Some(files) => {
                let span = files.span();
                let TlsFiles { authority, certificate, key, name } = files.into_inner();
                let [authority, certificate, key] = [authority, certificate, key].map(|path| source.path(&path));
                let tls = crate::resource::Tls::from_files(authority, certificate, key, &name);
                Some(tls.map_err(|e| source.error(Some(span), e.to_string()))?)
            }
        };
        Ok(MailboxConfig {
            delivery: self.delivery.unwrap_or(default.delivery),
            inbox_capacity: self.inbox_capacity.unwrap_or(default.inbox_capacity),
            outbox_capacity: self.outbox_capacity.unwrap_or(default.outbox_capacity),
            max_messages: self.max_messages.unwrap_or(default.max_messages),
            max_frame: self.max_frame.unwrap_or(default.max_frame),
            max_connections: self.max_connections.unwrap_or(default.max_connections),
            handshake_timeout: self.handshake_timeout.unwrap_or(default.handshake_timeout),
            heartbeat: self.heartbeat.unwrap_or(default.heartbeat),
            reconnect_after: self.reconnect_after.unwrap_or(default.reconnect_after),
            secret,
            #[cfg(feature = "tls")]
            tls,
            ..default
        })
    }
}
