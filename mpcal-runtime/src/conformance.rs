//! The conformance suite: whether a resource keeps what [`MappingMacro`] and
//! [`Cell`](crate::Cell) ask of it.
//!
//! ```
//! use mpcal_runtime::conformance::{check, Behaviour, Subject};
//! use mpcal_runtime::resource::Shared;
//!
//! let subject = Subject {
//!     name: "Shared",
//!     make: || {
//!         let variable = Shared::new(0);
//!         (variable.clone(), variable)
//!     },
//!     index: (),
//!     values: [1, 2],
//!     behaviour: Behaviour::Variable,
//! };
//! check(&subject).unwrap();
//! ```

mod source;

use std::fmt;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::Notify;

use crate::error::{Abort, Step};
use crate::mapping::MappingMacro;
use crate::section::Section;
use crate::value::{Data, Value};

pub use self::source::Source;

/// How long a read may block before it is taken to be blocked for good.
const ANSWER: Duration = Duration::from_millis(500);

/// What a resource does with what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// A read gives what was written last.
    Variable,
    /// A read takes the oldest of what was written, and blocks when there is none.
    Queue,
}

/// A resource that sections read and write: two ends of it, one read and one written, in two archetypes.
pub struct Subject<R: MappingMacro, W: MappingMacro<Index = R::Index>, M: Fn() -> (W, R)> {
    /// What reports call it.
    pub name: &'static str,
    /// Makes the two ends of a new resource. A queue is empty.
    pub make: M,
    /// The index that is used.
    pub index: R::Index,
    /// Two values, different from each other and from what a new variable holds.
    pub values: [W::Write; 2],
    /// What to expect.
    pub behaviour: Behaviour,
}

/// An obligation that a resource does not keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The resource.
    pub resource: &'static str,
    /// Which obligation, such as `abort`.
    pub obligation: &'static str,
    /// What was seen.
    pub seen: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} violates `{}`: {}", self.resource, self.obligation, self.seen)
    }
}

impl std::error::Error for Violation {}

impl Violation {
    fn of(resource: &'static str, obligation: &'static str, seen: &str) -> Self {
        Self { resource, obligation, seen: seen.to_owned() }
    }

    /// The violation, if what was found is not what is wanted.
    fn unless_same(
        resource: &'static str,
        obligation: &'static str,
        what: &str,
        found: &Seen,
        wanted: &Seen,
    ) -> Result<(), Self> {
        if found == wanted {
            Ok(())
        } else {
            Err(Self::of(resource, obligation, &format!("{what}: {found:?}, not {wanted:?}")))
        }
    }
}

/// What an attempt came to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    Value(Value),
    Blocked,
    Failed(String),
}

/// Checks every obligation. It blocks the thread for at most a few seconds.
///
/// # Errors
/// The first obligation that is not kept.
pub fn check<R, W, M>(subject: &Subject<R, W, M>) -> Result<(), Violation>
where
    R: MappingMacro,
    W: MappingMacro<Index = R::Index>,
    M: Fn() -> (W, R),
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| subject.violation("setup", &e.to_string()))?;
    runtime.block_on(async {
        subject.abort().await?;
        subject.isolation().await?;
        subject.own_writes()?;
        subject.order().await?;
        subject.stale().await?;
        subject.random().await?;
        subject.wake_up().await
    })
}

/// Runs a function as a section that is not part of an archetype, and commits it: again if another commit came
/// in between. For tests of resources.
///
/// # Errors
/// What the function gives, or what keeps it from committing; then nothing has happened.
///
/// # Cancel safety
/// It commits whole or not at all.
pub async fn commit<T>(mut run: impl FnMut(&mut Section) -> Step<T>) -> Step<T> {
    let mut section = section();
    loop {
        let attempt = match run(&mut section) {
            Ok(value) => std::future::poll_fn(|cx| section.poll_pre_commit(cx)).await.map(|()| value),
            Err(abort) => Err(abort),
        };
        match attempt.and_then(|value| section.commit("conformance").map(|()| value)) {
            Ok(value) => return Ok(value),
            Err(abort)
                if !matches!(abort, Abort::Conflict) && (matches!(abort, Abort::Retry) || section.is_valid()) =>
            {
                section.abort();
                return Err(abort);
            }
            Err(_) => section.again(),
        }
        tokio::task::yield_now().await;
    }
}

/// Waits for what the section has to wait for, and commits; whether it did.
async fn finish(section: &mut Section) -> bool {
    std::future::poll_fn(|cx| section.poll_pre_commit(cx)).await.is_ok() && section.commit("conformance").is_ok()
}

/// What a resource should hold.
#[derive(Clone, Debug)]
struct Model {
    behaviour: Behaviour,
    initial: Seen,
    written: Vec<Seen>,
}

impl Model {
    fn read(&mut self) -> Seen {
        match self.behaviour {
            Behaviour::Variable => self.written.last().unwrap_or(&self.initial).clone(),
            Behaviour::Queue if self.written.is_empty() => Seen::Blocked,
            Behaviour::Queue => self.written.remove(0),
        }
    }
}

/// A section of its own.
fn section() -> Section {
    let mut section = Section::new(Value::Int(0));
    section.begin("conformance");
    section
}

fn seen<T: Data>(step: Step<T>) -> Seen {
    match step {
        Ok(value) => Seen::Value(value.to_value()),
        Err(Abort::Retry) => Seen::Blocked,
        Err(Abort::Conflict) => Seen::Failed("another section came in between".to_owned()),
        Err(Abort::Fatal(error)) => Seen::Failed(error.to_string()),
    }
}

impl<R, W, M> Subject<R, W, M>
where
    R: MappingMacro,
    W: MappingMacro<Index = R::Index>,
    M: Fn() -> (W, R),
{
    fn violation(&self, obligation: &'static str, seen: &str) -> Violation {
        Violation::of(self.name, obligation, seen)
    }

    fn same(&self, obligation: &'static str, what: &str, found: &Seen, wanted: &Seen) -> Result<(), Violation> {
        Violation::unless_same(self.name, obligation, what, found, wanted)
    }

    /// What a new resource reads as.
    async fn initial(&self) -> Seen {
        let (_, mut reader) = (self.make)();
        self.look(&mut reader).await
    }

    /// A read that is then dropped.
    async fn look(&self, reader: &mut R) -> Seen {
        let mut section = section();
        let found = self.read(reader, &mut section).await;
        section.abort();
        found
    }

    /// A read that is committed.
    async fn take(&self, reader: &mut R) -> Seen {
        let mut section = section();
        let found = self.read(reader, &mut section).await;
        if matches!(found, Seen::Value(_)) {
            finish(&mut section).await;
        } else {
            section.abort();
        }
        found
    }

    /// The first read of a section. A variable may ask somebody for its value and block until it has an answer.
    async fn read(&self, reader: &mut R, section: &mut Section) -> Seen {
        loop {
            let found = seen(reader.read(section, &self.index));
            if found != Seen::Blocked || self.behaviour == Behaviour::Queue {
                return found;
            }
            section.next_path();
            let sleeper = Arc::new(Notify::new());
            if crate::host::timeout(ANSWER, section.watched().sleep(&sleeper)).await.is_err() {
                return found;
            }
            section.begin("conformance");
        }
    }

    fn write(&self, writer: &mut W, section: &mut Section, at: usize) -> Result<(), Violation> {
        let wrote = writer.write(section, &self.index, self.values[at].clone());
        wrote.map_err(|e| self.violation("write", &format!("a write into a new resource gives {e:?}")))
    }

    fn value(&self, at: usize) -> Seen {
        Seen::Value(self.values[at].to_value())
    }

    /// Nothing staged is left after an abort.
    async fn abort(&self) -> Result<(), Violation> {
        let (mut writer, mut reader) = (self.make)();
        let mut first = section();
        self.write(&mut writer, &mut first, 0)?;
        first.abort();
        self.same("abort", "read after an aborted write", &self.look(&mut reader).await, &self.initial().await)?;
        // An aborted read has taken nothing, and an aborted write comes back in no later section.
        let mut second = section();
        self.write(&mut writer, &mut second, 1)?;
        finish(&mut second).await;
        self.same("abort", "first read", &self.look(&mut reader).await, &self.value(1))?;
        self.same("abort", "read after an aborted read", &self.take(&mut reader).await, &self.value(1))?;
        if self.behaviour == Behaviour::Queue {
            self.same("abort", "read behind the last", &self.take(&mut reader).await, &Seen::Blocked)?;
        }
        Ok(())
    }

    /// Nothing staged is seen by others before the commit.
    async fn isolation(&self) -> Result<(), Violation> {
        let (mut writer, mut reader) = (self.make)();
        let mut open = section();
        self.write(&mut writer, &mut open, 0)?;
        self.same("isolation", "read before the commit", &self.look(&mut reader).await, &self.initial().await)?;
        if !finish(&mut open).await {
            return Err(self.violation("isolation", "a write conflicts with a read that was aborted"));
        }
        self.same("isolation", "read after the commit", &self.look(&mut reader).await, &self.value(0))
    }

    /// A section sees what it has written itself.
    fn own_writes(&self) -> Result<(), Violation> {
        let (mut writer, mut reader) = (self.make)();
        let mut both = section();
        self.write(&mut writer, &mut both, 0)?;
        let found = seen(reader.read(&mut both, &self.index));
        both.abort();
        self.same("own-writes", "read in the section that wrote", &found, &self.value(0))
    }

    /// Several writes of a section happen in order.
    async fn order(&self) -> Result<(), Violation> {
        let (mut writer, mut reader) = (self.make)();
        let mut both = section();
        self.write(&mut writer, &mut both, 0)?;
        self.write(&mut writer, &mut both, 1)?;
        finish(&mut both).await;
        match self.behaviour {
            Behaviour::Variable => {
                self.same("order", "read after two writes", &self.take(&mut reader).await, &self.value(1))
            }
            Behaviour::Queue => {
                self.same("order", "first read", &self.take(&mut reader).await, &self.value(0))?;
                self.same("order", "second read", &self.take(&mut reader).await, &self.value(1))
            }
        }
    }

    /// A section does not commit on what is no longer true.
    async fn stale(&self) -> Result<(), Violation> {
        let (mut writer, mut reader) = (self.make)();
        if self.behaviour == Behaviour::Queue {
            let mut fill = section();
            self.write(&mut writer, &mut fill, 0)?;
            finish(&mut fill).await;
        }
        let mut slow = section();
        self.read(&mut reader, &mut slow).await;
        let mut fast = section();
        match self.behaviour {
            Behaviour::Variable => self.write(&mut writer, &mut fast, 1)?,
            Behaviour::Queue => drop(seen(reader.read(&mut fast, &self.index))),
        }
        finish(&mut fast).await;
        let committed = finish(&mut slow).await;
        slow.abort();
        if committed {
            Err(self.violation("stale", "a section commits what it read before another one changed it"))
        } else {
            Ok(())
        }
    }

    /// Sections with any reads and writes, of which some are aborted, some dropped, some dropped while they wait
    /// to commit: what is read is what sections that have committed wrote, and the section itself.
    async fn random(&self) -> Result<(), Violation> {
        let mut state = 1u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for _ in 0..10 {
            let (mut writer, mut reader) = (self.make)();
            let mut model =
                Model { behaviour: self.behaviour, initial: self.look(&mut reader).await, written: Vec::new() };
            for _ in 0..50 {
                let (mut section, mut view) = (section(), model.clone());
                // So that no read has to wait for an answer.
                self.look(&mut reader).await;
                let mut blocked = false;
                for _ in 0..random(4) {
                    if random(2) == 0 {
                        let at = random(2) as usize;
                        match writer.write(&mut section, &self.index, self.values[at].clone()) {
                            Ok(()) => view.written.push(self.value(at)),
                            Err(Abort::Retry | Abort::Conflict) => blocked = true,
                            Err(Abort::Fatal(error)) => return Err(self.violation("random", &error.to_string())),
                        }
                    } else {
                        let found = seen(reader.read(&mut section, &self.index));
                        self.same("random", "a read among others", &found, &view.read())?;
                        blocked = found == Seen::Blocked;
                    }
                    if blocked {
                        break;
                    }
                }
                match random(4) {
                    _ if blocked => section.abort(),
                    0 => section.abort(),
                    1 => drop(section),
                    2 => {
                        let waits = std::future::poll_fn(|cx| Poll::Ready(section.poll_pre_commit(cx).is_pending()));
                        let _ = waits.await;
                        drop(section);
                    }
                    _ if finish(&mut section).await => model = view,
                    _ => return Err(self.violation("random", "a section conflicts with none")),
                }
            }
        }
        Ok(())
    }

    /// Who waits is woken by the commit that makes it ready.
    async fn wake_up(&self) -> Result<(), Violation> {
        let (mut writer, mut reader) = (self.make)();
        let mut waiting = section();
        let found = self.read(&mut reader, &mut waiting).await;
        if self.behaviour == Behaviour::Queue {
            self.same("wake-up", "read of an empty queue", &found, &Seen::Blocked)?;
        }
        waiting.next_path();
        if waiting.watched().is_empty() {
            return Err(self.violation("wake-up", "it blocks without having touched a cell to sleep on"));
        }
        let sleeper = Arc::new(Notify::new());
        let mut sleep = Box::pin(waiting.watched().sleep(&sleeper));
        let asleep = crate::host::timeout(Duration::from_millis(20), &mut sleep).await.is_err();
        if !asleep {
            return Err(self.violation("wake-up", "it wakes although nothing has changed"));
        }
        let mut change = section();
        self.write(&mut writer, &mut change, 0)?;
        finish(&mut change).await;
        let woken = crate::host::timeout(Duration::from_millis(500), &mut sleep).await;
        woken.map(|_| ()).map_err(|_| self.violation("wake-up", "a commit does not wake who waits for it"))
    }
}
