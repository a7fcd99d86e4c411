//! What stands for a state.

use xxhash_rust::xxh3::xxh3_128;

use crate::system::Row;

/// What stands for a state: the sum of hashes of its components, of 128 bits, so that a step changes it by a sum, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Key(u128);

impl Key {
    /// The key of a state.
    #[must_use]
    pub fn of(state: &Row) -> Self {
        Self((0..).zip(state).fold(0, |sum, (at, value)| sum.wrapping_add(hash(at, *value))))
    }

    /// By how much the key of a state changes where a component does.
    #[must_use]
    pub fn change(component: u32, from: u32, to: u32) -> Self {
        Self(hash(component, to).wrapping_sub(hash(component, from)))
    }

    /// The key after a change.
    #[must_use]
    pub fn changed(self, by: Self) -> Self {
        Self(self.0.wrapping_add(by.0))
    }

    pub(crate) fn halves(self) -> [u64; 2] {
        [(self.0 >> 64) as u64, self.0 as u64]
    }

    pub(crate) fn words(self) -> [u32; 4] {
        [(self.0 >> 96) as u32, (self.0 >> 64) as u32, (self.0 >> 32) as u32, self.0 as u32]
    }

    pub(crate) fn from_words(words: [u32; 4]) -> Self {
        Self(words.iter().fold(0, |all, word| (all << 32) | u128::from(*word)))
    }
}

fn hash(component: u32, value: u32) -> u128 {
    xxh3_128(&((u64::from(component) << 32) | u64::from(value)).to_le_bytes())
}
