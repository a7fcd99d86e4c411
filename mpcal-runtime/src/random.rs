//! Numbers that nobody can guess and nobody else has. Never for choices of a model.

use std::io;

/// Bytes that nobody can guess.
pub(crate) fn bytes<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}

/// A number that nobody else has.
pub(crate) fn unique() -> io::Result<u64> {
    Ok(u64::from_le_bytes(bytes()?))
}
