//! What wakes a connection, or who would make one.

use std::task::Context;

use futures_util::task::AtomicWaker;
use parking_lot::Mutex;

use crate::resource::waiters::Waiters;

/// Rung when there is something to do at a place. The task of a connection listens by polling, others by
/// waiting.
pub(super) struct Bell {
    rung: Mutex<Rung>,
    connection: AtomicWaker,
    others: Waiters,
}

struct Rung {
    places: Vec<u32>,
    /// By place: whether it is among them.
    known: Vec<bool>,
}

impl Bell {
    /// For this many places.
    pub(super) fn new(places: usize) -> Self {
        let rung = Mutex::new(Rung { places: Vec::new(), known: vec![false; places] });
        Self { rung, connection: AtomicWaker::new(), others: Waiters::default() }
    }

    /// There is something to do at a place.
    pub(super) fn ring(&self, place: u32) {
        {
            let mut rung = self.rung.lock();
            let rung = &mut *rung;
            if !std::mem::replace(&mut rung.known[place as usize], true) {
                rung.places.push(place);
            }
        }
        // Also where it has rung before: the connection that was to hear it may be gone.
        self.wake();
    }

    /// Wakes who listens.
    pub(super) fn wake(&self) {
        self.connection.wake();
        self.others.wake();
    }

    /// Listens, in place of who listened before by polling. Look after that whether there is something.
    pub(super) fn listen(&self, cx: &Context<'_>) {
        self.connection.register(cx.waker());
    }

    /// Moves the places at which there is something to do after those in `places`.
    pub(super) fn take(&self, places: &mut Vec<u32>) {
        let mut rung = self.rung.lock();
        let rung = &mut *rung;
        for place in rung.places.drain(..) {
            rung.known[place as usize] = false;
            if !places.contains(&place) {
                places.push(place);
            }
        }
    }

    /// Waits until `ready` holds; it is asked at each ring.
    ///
    /// # Cancel safety
    /// Safe to drop.
    pub(super) async fn until(&self, ready: impl Fn() -> bool) {
        self.others.until(|| ready().then_some(())).await;
    }
}
