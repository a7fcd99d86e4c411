//! Which system a node is part of.

use serde::{Deserialize, Serialize};

use crate::encoding::encode;

/// The model that a node runs, and the constants that it runs it with. Nodes that differ in either refuse each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Hash of the model: `MODEL_HASH` of generated code.
    pub model: u64,
    /// Hash of the constants.
    pub constants: u64,
}

impl Identity {
    /// A model with constants.
    #[must_use]
    pub fn new(model: u64, constants: &impl Serialize) -> Self {
        Self { model, constants: fnv(&encode(constants)) }
    }
}

/// FNV-1a.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, b| (hash ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3))
}
