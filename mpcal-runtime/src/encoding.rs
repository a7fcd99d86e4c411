//! Values as bytes: postcard.

use serde::de::DeserializeOwned;
use serde::Serialize;

/// A value as bytes. Our types always encode.
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    postcard::to_stdvec(value).expect("a value of TLA+ has a finite encoding")
}

/// A value from bytes, with nothing behind it.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Some(value),
        _ => None,
    }
}
