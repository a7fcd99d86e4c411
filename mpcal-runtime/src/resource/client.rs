//! A handle for applications: submit a request to an archetype, await the matching answer.
//!
//! It is the application's side of an input and an output channel, so it stands for what the model says of the world:
//! requests come at any time, and answers are taken. Promises: an answer goes to who waits for its key, and comes
//! after what it depends on is durable. Assumes that the model carries the key from request to answer. When nobody
//! answers in time the caller is told so; the request may still be carried out, and an answer that comes later is
//! dropped. Until it has come, its key is only for the same request, so that nobody gets the answer to another one: a
//! request that is tried again takes whichever answer comes. Of those who gave up, the last 65,536 are remembered.
//! While the input channel is full, callers wait for as long as they wait for the answer.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use super::channel::{InputSender, OutputReceiver};
use crate::host;
use crate::value::Data;

/// Callers that gave up whose keys are remembered.
const MAX_GIVEN_UP: usize = 1 << 16;

/// Requests into an input channel, answers out of an output channel, matched by a key that the
/// model carries from one to the other. Clones are the same client.
pub struct Client<K, Request: Data, Answer: Data> {
    requests: InputSender<Request>,
    waiting: Arc<Waiting<K, Request, Answer>>,
}

impl<K, Request: Data, Answer: Data> Clone for Client<K, Request, Answer> {
    fn clone(&self) -> Self {
        Self { requests: self.requests.clone(), waiting: self.waiting.clone() }
    }
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// It took too long. The request may still be carried out.
    #[error("no answer in time; the request may still be carried out")]
    TimedOut,
    /// A request with this key is waiting already, or another request with it has not been answered yet.
    #[error("a request with this key waits already, or another one with it has not been answered yet: take a new key")]
    KeyInUse,
    /// The function that finds the key in an answer has panicked: no answer can be matched any more.
    #[error("the function that finds the key in an answer has panicked")]
    KeyPanicked,
}

struct Waiting<K, Request, Answer> {
    keys: Mutex<Keys<K, Request, Answer>>,
    dispatcher: Mutex<Option<AbortHandle>>,
}

impl<K, Request, Answer> Drop for Waiting<K, Request, Answer> {
    fn drop(&mut self) {
        if let Some(task) = self.dispatcher.lock().take() {
            task.abort();
        }
    }
}

/// The keys of requests that have not been answered.
struct Keys<K, Request, Answer> {
    open: HashMap<K, Open<Request, Answer>>,
    /// Those whose caller gave up, the oldest first, and perhaps some that were answered since.
    given_up: VecDeque<K>,
    /// Tells callers apart.
    calls: u64,
    /// Whether the key of an answer can no longer be found.
    broken: bool,
}

/// What is known of a key.
struct Open<Request, Answer> {
    request: Request,
    /// How often it was submitted and not answered.
    unanswered: u64,
    /// Who waits for the answer, if somebody does.
    caller: Option<(u64, oneshot::Sender<Answer>)>,
}

impl<K: Eq + Hash + Clone, Request: PartialEq + Clone, Answer> Keys<K, Request, Answer> {
    /// A place to wait for the answer to a request, and the number of the call.
    fn wait(&mut self, key: &K, request: &Request) -> Result<(u64, oneshot::Receiver<Answer>), AnswerError> {
        if self.broken {
            return Err(AnswerError::KeyPanicked);
        }
        let (sender, receiver) = oneshot::channel();
        self.calls += 1;
        let caller = Some((self.calls, sender));
        match self.open.entry(key.clone()) {
            Entry::Vacant(vacant) => {
                vacant.insert(Open { request: request.clone(), unanswered: 1, caller });
            }
            Entry::Occupied(mut open) => {
                let open = open.get_mut();
                if open.caller.is_some() || open.request != *request {
                    return Err(AnswerError::KeyInUse);
                }
                open.unanswered += 1;
                open.caller = caller;
            }
        }
        Ok((self.calls, receiver))
    }

    /// An answer has come: who waits for it.
    fn answered(&mut self, key: &K) -> Option<oneshot::Sender<Answer>> {
        let open = self.open.get_mut(key)?;
        let caller = open.caller.take();
        open.unanswered -= 1;
        if open.unanswered == 0 {
            self.open.remove(key);
        }
        caller.map(|(_, sender)| sender)
    }

    /// A caller waits no more, and its request may never have been submitted.
    fn leave(&mut self, key: &K, call: u64, submitted: bool) {
        let Some(open) = self.open.get_mut(key) else { return };
        if open.caller.as_ref().is_none_or(|(number, _)| *number != call) {
            return;
        }
        open.caller = None;
        open.unanswered -= u64::from(!submitted);
        if open.unanswered == 0 {
            self.open.remove(key);
            return;
        }
        self.given_up.push_back(key.clone());
        if self.given_up.len() > MAX_GIVEN_UP {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some(oldest) = self.given_up.pop_front() else { return };
        if self.open.get(&oldest).is_some_and(|open| open.caller.is_none()) {
            self.open.remove(&oldest);
        }
    }
}

impl<K: Eq + Hash + Clone + Send + 'static, Request: Data, Answer: Data> Client<K, Request, Answer> {
    /// A client over two channels; `key` finds the key in an answer. Answers that nobody waits for
    /// are dropped.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn new(
        requests: InputSender<Request>,
        answers: OutputReceiver<Answer>,
        key: impl Fn(&Answer) -> K + Send + 'static,
    ) -> Self {
        let keys = Keys { open: HashMap::new(), given_up: VecDeque::new(), calls: 0, broken: false };
        let waiting = Arc::new(Waiting { keys: Mutex::new(keys), dispatcher: Mutex::new(None) });
        let weak = Arc::downgrade(&waiting);
        let task = host::spawn(async move {
            loop {
                let answer = answers.receive().await;
                let Some(waiting) = weak.upgrade() else { return };
                let Ok(key) = catch_unwind(AssertUnwindSafe(|| key(&answer))) else {
                    let mut keys = waiting.keys.lock();
                    keys.broken = true;
                    // Whoever waits is told.
                    return keys.open.clear();
                };
                let caller = waiting.keys.lock().answered(&key);
                if let Some(caller) = caller {
                    // The caller may have given up in this moment.
                    let _ = caller.send(answer);
                }
            }
        });
        *waiting.dispatcher.lock() = Some(task);
        Self { requests, waiting }
    }

    /// Submits a request and waits for the answer with this key, at most `limit`.
    ///
    /// # Errors
    /// [`AnswerError`]
    ///
    /// # Cancel safety
    /// Dropping the future gives up waiting. Either the request was not submitted, or it is carried
    /// out and its answer dropped; until then only the same request may use the key again.
    pub async fn call(&self, key: K, request: Request, limit: Duration) -> Result<Answer, AnswerError> {
        let (call, receiver) = self.waiting.keys.lock().wait(&key, &request)?;
        let mut place = Place { waiting: &self.waiting, key, call, submitted: false };
        let exchange = async {
            self.requests.send(request).await;
            place.submitted = true;
            receiver.await
        };
        match host::timeout(limit, exchange).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(AnswerError::KeyPanicked),
            Err(_) => Err(AnswerError::TimedOut),
        }
    }
}

/// A place among those who wait, given up when dropped.
struct Place<'w, K: Eq + Hash + Clone, Request: PartialEq + Clone, Answer> {
    waiting: &'w Waiting<K, Request, Answer>,
    key: K,
    call: u64,
    submitted: bool,
}

impl<K: Eq + Hash + Clone, Request: PartialEq + Clone, Answer> Drop for Place<'_, K, Request, Answer> {
    fn drop(&mut self) {
        self.waiting.keys.lock().leave(&self.key, self.call, self.submitted);
    }
}
