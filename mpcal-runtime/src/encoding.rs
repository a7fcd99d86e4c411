//! Values as bytes: postcard.

use bytes::{BufMut, BytesMut};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A value as bytes. Our types always encode.
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    postcard::to_stdvec(value).expect("a value of TLA+ has a finite encoding")
}

/// Adds a value as bytes.
pub(crate) fn encode_into<T: Serialize + ?Sized>(out: &mut BytesMut, value: &T) {
    struct Sink<'b>(&'b mut BytesMut);
    impl Extend<u8> for Sink<'_> {
        fn extend<I: IntoIterator<Item = u8>>(&mut self, bytes: I) {
            bytes.into_iter().for_each(|b| self.0.put_u8(b));
        }
    }
    postcard::to_extend(value, Sink(out)).expect("a value of TLA+ has a finite encoding");
}

/// A value from bytes, with nothing behind it.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    decode_borrowed(bytes)
}

/// A value from bytes, with nothing behind it; it may borrow from them.
pub(crate) fn decode_borrowed<'b, T: Deserialize<'b>>(bytes: &'b [u8]) -> Option<T> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Some(value),
        _ => None,
    }
}
