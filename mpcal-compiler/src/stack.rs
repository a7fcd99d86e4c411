//! A stack that is deep enough for every tree.

use std::sync::Mutex;

/// Trees recurse as deep as the model nests, so passes run on a thread with a stack of its own size,
/// whoever calls them; where there is no thread to be had, on the caller's.
pub(crate) fn with_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let work = Mutex::new(Some(work));
    let run = || {
        let work = work.lock().ok().and_then(|mut slot| slot.take());
        work.expect("it is run once")()
    };
    std::thread::scope(|scope| match std::thread::Builder::new().stack_size(128 << 20).spawn_scoped(scope, run) {
        Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
        Err(_) => run(),
    })
}
