//! Those outside of any section who wait for something that a section, or a connection, does.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Woken whenever something has changed; costs a look at a counter while nobody waits.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    count: AtomicUsize,
    changed: Notify,
}

impl Waiters {
    /// Something has changed. Call it after the change, which is made under the lock under which
    /// [`until`](Self::until) looks.
    pub(super) fn wake(&self) {
        // Who waits counts itself before it looks: it sees the change, or is seen here.
        if self.count.load(Ordering::SeqCst) > 0 {
            self.changed.notify_waiters();
        }
    }

    /// Waits until `look` finds something; it looks now, and at each change.
    ///
    /// # Cancel safety
    /// As far as that of what `look` does.
    pub(super) async fn until<T>(&self, mut look: impl FnMut() -> Option<T>) -> T {
        if let Some(found) = look() {
            return found;
        }
        let _counted = Counted::among(&self.count);
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            if let Some(found) = look() {
                return found;
            }
            changed.await;
        }
    }
}

/// One who waits, until dropped.
struct Counted<'w>(&'w AtomicUsize);

impl<'w> Counted<'w> {
    fn among(count: &'w AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
