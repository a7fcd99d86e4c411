//! The suite for what sections only read, and something outside of them changes: inboxes, timers, detectors.

use std::sync::Arc;
use std::time::Duration;

use crate::host::timeout;
use tokio::sync::Notify;

use super::{finish, section, seen, Behaviour, Seen, Violation};
use crate::mapping::MappingMacro;
use crate::section::Section;
use crate::value::Data;

/// How long something that must not happen is waited for.
const QUIET: Duration = Duration::from_millis(20);

/// How long something that must happen is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// A resource that is changed from outside of any section.
///
/// ```
/// use mpcal_runtime::conformance::{Behaviour, Source};
/// use mpcal_runtime::resource::input;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let source = Source {
///     name: "input",
///     make: async || input(8),
///     index: (),
///     change: async |sender, n| {
///         sender.send(n as i64).await;
///         n as i64
///     },
///     behaviour: Behaviour::Queue,
/// };
/// source.check().await.unwrap();
/// # }
/// ```
pub struct Source<R, F, M, C>
where
    R: MappingMacro,
    M: AsyncFn() -> (F, R),
    C: AsyncFn(&mut F, usize) -> R::Read,
{
    /// What reports call it.
    pub name: &'static str,
    /// Makes a new resource, and what changes it. A queue is empty.
    pub make: M,
    /// The index that is used.
    pub index: R::Index,
    /// Makes a change, the first time with number 0, and waits until it has come in; gives what a read must find
    /// then: of a variable another value than before, of a queue what comes last in it.
    pub change: C,
    /// What to expect. A variable is changed once, a queue several times.
    pub behaviour: Behaviour,
}

impl<R, F, M, C> Source<R, F, M, C>
where
    R: MappingMacro,
    M: AsyncFn() -> (F, R),
    C: AsyncFn(&mut F, usize) -> R::Read,
{
    /// Checks every obligation, on the runtime and the clock of the caller: where time is virtual, the suite
    /// takes none.
    ///
    /// # Errors
    /// The first obligation that is not kept.
    ///
    /// # Cancel safety
    /// Safe to drop.
    pub async fn check(&self) -> Result<(), Violation> {
        self.arrival().await?;
        self.dropped().await?;
        self.stale().await?;
        self.wake_up().await
    }

    fn violation(&self, obligation: &'static str, seen: &str) -> Violation {
        Violation::of(self.name, obligation, seen)
    }

    fn same(&self, obligation: &'static str, what: &str, found: &Seen, wanted: &Seen) -> Result<(), Violation> {
        Violation::unless_same(self.name, obligation, what, found, wanted)
    }

    fn read(&self, reader: &mut R, section: &mut Section) -> Seen {
        seen(reader.read(section, &self.index))
    }

    /// A read that is then dropped.
    fn look(&self, reader: &mut R) -> Seen {
        let mut section = section();
        let found = self.read(reader, &mut section);
        section.abort();
        found
    }

    /// A read that is committed.
    async fn take(&self, reader: &mut R) -> Result<Seen, Violation> {
        let mut section = section();
        let found = self.read(reader, &mut section);
        if !matches!(found, Seen::Value(_)) {
            section.abort();
        } else if !finish(&mut section).await {
            return Err(self.violation("arrival", "a section that nothing disturbs does not commit"));
        }
        Ok(found)
    }

    async fn changed(&self, feed: &mut F, number: usize) -> Seen {
        Seen::Value((self.change)(feed, number).await.to_value())
    }

    /// What came in is there, and taken by sections that commit only.
    async fn arrival(&self) -> Result<(), Violation> {
        let (mut feed, mut reader) = (self.make)().await;
        let before = self.look(&mut reader);
        if self.behaviour == Behaviour::Queue {
            self.same("arrival", "read of an empty queue", &before, &Seen::Blocked)?;
        }
        let first = self.changed(&mut feed, 0).await;
        if before == first {
            return Err(self.violation("arrival", &format!("it reads as {before:?} before the change, too")));
        }
        self.same("arrival", "first read", &self.look(&mut reader), &first)?;
        self.same("arrival", "read after an aborted read", &self.take(&mut reader).await?, &first)?;
        match self.behaviour {
            Behaviour::Variable => self.same("arrival", "read once more", &self.take(&mut reader).await?, &first),
            Behaviour::Queue => {
                self.same("arrival", "read behind the last", &self.take(&mut reader).await?, &Seen::Blocked)?;
                let (second, third) = (self.changed(&mut feed, 1).await, self.changed(&mut feed, 2).await);
                self.same("arrival", "second read", &self.take(&mut reader).await?, &second)?;
                self.same("arrival", "third read", &self.take(&mut reader).await?, &third)
            }
        }
    }

    /// A section that is dropped, before or while it waits to commit, keeps nothing.
    async fn dropped(&self) -> Result<(), Violation> {
        let (mut feed, mut reader) = (self.make)().await;
        for waits in [false, true] {
            let mut section = section();
            self.read(&mut reader, &mut section);
            if waits {
                let poll = |cx: &mut std::task::Context<'_>| std::task::Poll::Ready(section.poll_pre_commit(cx));
                let _ = std::future::poll_fn(poll).await;
            }
            drop(section);
        }
        let change = timeout(PATIENCE, self.changed(&mut feed, 0)).await;
        let change = change.map_err(|_| self.violation("dropped", "a dropped section keeps changes from coming in"))?;
        self.same("dropped", "read after dropped sections", &self.take(&mut reader).await?, &change)
    }

    /// A section does not commit on what is no longer true.
    async fn stale(&self) -> Result<(), Violation> {
        let (mut feed, mut reader) = (self.make)().await;
        let mut slow = section();
        match self.behaviour {
            Behaviour::Variable => {
                self.read(&mut reader, &mut slow);
                self.changed(&mut feed, 0).await;
            }
            Behaviour::Queue => {
                self.changed(&mut feed, 0).await;
                self.read(&mut reader, &mut slow);
                self.take(&mut reader).await?;
            }
        }
        let committed = finish(&mut slow).await;
        slow.abort();
        if committed {
            Err(self.violation("stale", "a section commits what it read before it changed"))
        } else {
            Ok(())
        }
    }

    /// Who waits is woken by the change, and by nothing else.
    async fn wake_up(&self) -> Result<(), Violation> {
        let (mut feed, mut reader) = (self.make)().await;
        let mut waiting = section();
        self.read(&mut reader, &mut waiting);
        waiting.next_path();
        if waiting.watched().is_empty() {
            return Err(self.violation("wake-up", "it is read without touching a cell to sleep on"));
        }
        let sleeper = Arc::new(Notify::new());
        let mut sleep = Box::pin(waiting.watched().sleep(&sleeper));
        if timeout(QUIET, &mut sleep).await.is_ok() {
            return Err(self.violation("wake-up", "it wakes although nothing has changed"));
        }
        let woken = async {
            self.changed(&mut feed, 0).await;
            sleep.await
        };
        let woken = timeout(PATIENCE, woken).await;
        woken.map(|_| ()).map_err(|_| self.violation("wake-up", "a change does not wake who waits for it"))
    }
}
