//! The clock of a node.

#![allow(clippy::disallowed_methods, reason = "it is made of that of the runtime")]

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
#[cfg(feature = "swim")]
use std::time::SystemTime;

use tokio::time::Instant;

use super::with;

/// What the clock shows.
pub(crate) fn now() -> Instant {
    with(|host| host.clock(Instant::now()))
}

/// The time of day, for people.
#[cfg(feature = "swim")]
pub(crate) fn time_of_day() -> SystemTime {
    with(|host| host.time_of_day())
}

/// Waits until a clock shows a time; that of the task which has made it.
#[derive(Debug)]
pub struct Sleep(Pin<Box<tokio::time::Sleep>>);

impl Sleep {
    /// Waits until another time.
    pub(crate) fn reset(&mut self, at: Instant) {
        self.0.as_mut().reset(with(|host| host.runtime_clock(at)));
    }

    pub(crate) fn is_elapsed(&self) -> bool {
        self.0.is_elapsed()
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

/// Waits until the clock shows a time.
///
/// # Cancel safety
/// Safe to drop.
pub(crate) fn sleep_until(at: Instant) -> Sleep {
    Sleep(Box::pin(tokio::time::sleep_until(with(|host| host.runtime_clock(at)))))
}

/// Waits for a time.
///
/// # Cancel safety
/// Safe to drop.
#[must_use]
pub fn sleep(duration: Duration) -> Sleep {
    sleep_until(after(duration))
}

/// The time when this much has passed from now on.
pub(crate) fn after(duration: Duration) -> Instant {
    // As tokio has it: forever, where the clock cannot show it.
    const LONG: Duration = Duration::from_secs(86_400 * 365 * 30);
    let now = now();
    now.checked_add(duration).unwrap_or_else(|| now + LONG)
}

/// It took too long.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("it took too long")]
pub struct TimedOut;

impl From<TimedOut> for std::io::Error {
    fn from(error: TimedOut) -> Self {
        Self::new(std::io::ErrorKind::TimedOut, error)
    }
}

/// Waits for something, but not for longer than that.
///
/// # Cancel safety
/// That of the future.
///
/// # Errors
/// If it takes longer.
pub async fn timeout<T>(limit: Duration, future: impl Future<Output = T>) -> Result<T, TimedOut> {
    tokio::select! {
        biased;
        value = future => Ok(value),
        () = sleep(limit) => Err(TimedOut),
    }
}
