//! What the members of a cluster know and strangers do not, and proofs of knowing it: HMAC with SHA-256.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What the members of a cluster know and strangers do not: any bytes, preferably 32 random ones.
#[derive(Clone)]
pub struct Secret {
    key: Vec<u8>,
    epoch: u64,
}

impl Secret {
    /// A secret.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self { key: bytes.into(), epoch: 0 }
    }

    /// The same, with an epoch that grows whenever the cluster gets a new secret: nodes with different epochs refuse each
    /// other, and say why. The epoch itself is not secret. Default: 0.
    #[must_use]
    pub fn with_epoch(self, epoch: u64) -> Self {
        Self { epoch, ..self }
    }

    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The proof of knowing the secret, for a message in parts.
    #[must_use]
    pub fn sign(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.mac(parts).finalize().into_bytes().into()
    }

    /// Whether a proof is right, in constant time.
    #[must_use]
    pub fn verify(&self, parts: &[&[u8]], proof: &[u8; 32]) -> bool {
        self.mac(parts).verify_slice(proof).is_ok()
    }

    fn mac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("a key of any length will do");
        parts.iter().for_each(|part| mac.update(part));
        mac
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}
