//! A handle for applications: submit a request to an archetype, await the matching answer.
//!
//! It is the application's side of an input and an output channel, so it stands for what the model says of the world:
//! requests come at any time, and answers are taken. Promises: an answer goes to who waits for its key, and comes
//! after what it depends on is durable. Assumes that the model carries the key from request to answer. When nobody
//! answers in time the caller is told so; the request may still be carried out, and an answer that comes later is
//! dropped. While the input channel is full, callers wait for as long as they wait for the answer.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use super::channel::{InputSender, OutputReceiver};
use crate::value::Data;

/// Requests into an input channel, answers out of an output channel, matched by a key that the
/// model carries from one to the other. Clones are the same client.
pub struct Client<K, Request: Data, Answer: Data> {
    requests: InputSender<Request>,
    waiting: Arc<Waiting<K, Answer>>,
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
    /// A request with this key is waiting already.
    #[error("a request with this key is waiting already")]
    KeyInUse,
}

struct Waiting<K, Answer> {
    answers: Mutex<HashMap<K, oneshot::Sender<Answer>>>,
    dispatcher: Mutex<Option<AbortHandle>>,
}

impl<K, Answer> Drop for Waiting<K, Answer> {
    fn drop(&mut self) {
        if let Some(task) = self.dispatcher.lock().take() {
            task.abort();
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
        let waiting = Arc::new(Waiting { answers: Mutex::new(HashMap::new()), dispatcher: Mutex::new(None) });
        let weak = Arc::downgrade(&waiting);
        let task = tokio::spawn(async move {
            loop {
                let answer = answers.receive().await;
                let Some(waiting) = weak.upgrade() else { return };
                let receiver = waiting.answers.lock().remove(&key(&answer));
                if let Some(receiver) = receiver {
                    // The caller may have given up in this moment.
                    let _ = receiver.send(answer);
                }
            }
        });
        *waiting.dispatcher.lock() = Some(task.abort_handle());
        Self { requests, waiting }
    }

    /// Submits a request and waits for the answer with this key, at most `limit`.
    ///
    /// # Errors
    /// [`AnswerError`]
    ///
    /// # Cancel safety
    /// Dropping the future gives up waiting. Either the request was not submitted, or it is carried
    /// out and its answer dropped; another request may use the key again.
    pub async fn call(&self, key: K, request: Request, limit: Duration) -> Result<Answer, AnswerError> {
        let (sender, receiver) = oneshot::channel();
        {
            let mut answers = self.waiting.answers.lock();
            if answers.contains_key(&key) {
                return Err(AnswerError::KeyInUse);
            }
            answers.insert(key.clone(), sender);
        }
        let _place = Place { waiting: &self.waiting, key };
        let exchange = async {
            self.requests.send(request).await;
            receiver.await
        };
        match tokio::time::timeout(limit, exchange).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) | Err(_) => Err(AnswerError::TimedOut),
        }
    }
}

/// A place among those who wait, given up when dropped.
struct Place<'w, K: Eq + Hash, Answer> {
    waiting: &'w Waiting<K, Answer>,
    key: K,
}

impl<K: Eq + Hash, Answer> Drop for Place<'_, K, Answer> {
    fn drop(&mut self) {
        self.waiting.answers.lock().remove(&self.key);
    }
}
