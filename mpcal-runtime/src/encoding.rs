//! Values as bytes: postcard.

use std::cell::Cell;
use std::panic::{catch_unwind, AssertUnwindSafe};

use bytes::BufMut;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A buffer for encoding is kept up to this size.
const KEPT: usize = 1 << 20;

thread_local! {
    /// Where values are encoded: their size is known only then.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A value as bytes. Our types always encode.
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut buffer = BUFFER.take();
    buffer.clear();
    encode_into(&mut buffer, value);
    let bytes = buffer.as_slice().to_vec();
    if buffer.capacity() <= KEPT {
        BUFFER.set(buffer);
    }
    bytes
}

/// Adds a value as bytes.
pub(crate) fn encode_into<T: Serialize + ?Sized>(out: &mut impl BufMut, value: &T) {
    postcard::serialize_with_flavor(value, Sink(out)).expect("a value of TLA+ has a finite encoding");
}

/// Puts bytes after others, as many at a time as there are.
struct Sink<'b, B>(&'b mut B);

impl<B: BufMut> postcard::ser_flavors::Flavor for Sink<'_, B> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.put_u8(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.put_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// A value from bytes, with nothing after it.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    decode_borrowed(bytes)
}

/// A value from bytes, with nothing after it; it may borrow from them.
pub(crate) fn decode_borrowed<'b, T: Deserialize<'b>>(bytes: &'b [u8]) -> Option<T> {
    match take(bytes)? {
        (value, []) => Some(value),
        _ => None,
    }
}

/// The value that some bytes begin with, and what comes after it.
pub(crate) fn decode_prefix<T: DeserializeOwned>(bytes: &[u8]) -> Option<(T, &[u8])> {
    take(bytes)
}

/// Bytes may come from anywhere, and `Deserialize` may be a user's: what panics over them cannot be read.
fn take<'b, T: Deserialize<'b>>(bytes: &'b [u8]) -> Option<(T, &'b [u8])> {
    catch_unwind(AssertUnwindSafe(|| postcard::take_from_bytes(bytes))).ok()?.ok()
}
