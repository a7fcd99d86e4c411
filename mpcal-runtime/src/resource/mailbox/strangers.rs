//! Connections that have not introduced themselves yet. In: each that is accepted. Out: the one that is dropped for it
//! when there are too many.
//!
//! Each address of the address book has places of its own, which nobody elsewhere can take; all others share some, of
//! which one address has only a part. Who must go is drawn by lot among those that have said nothing, or among all if
//! everybody has spoken. So a member gets in however many others come and go: from another address they have nothing to
//! do with it, and from its own they have only the time until its first words arrive.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::Arc;

use tokio::task::AbortHandle;

/// Places of each address of the address book, and of all others together.
const PLACES: usize = 256;

/// Places of one of the others.
const PLACES_OF_ONE: usize = 64;

/// How far a connection has come.
#[derive(Clone, Debug, Default)]
pub(super) struct Stage(Arc<AtomicU8>);

const SILENT: u8 = 0;
const SPOKEN: u8 = 1;
const INTRODUCED: u8 = 2;

impl Stage {
    /// It has said something that we understand.
    pub(super) fn has_spoken(&self) {
        self.0.store(SPOKEN, Ordering::Relaxed);
    }

    /// It is a stranger no more.
    pub(super) fn is_introduced(&self) {
        self.0.store(INTRODUCED, Ordering::Relaxed);
    }
}

/// A connection in the making.
struct Stranger {
    from: IpAddr,
    stage: Stage,
    task: AbortHandle,
}

impl Stranger {
    fn is_gone(&self) -> bool {
        self.stage.0.load(Ordering::Relaxed) == INTRODUCED || self.task.is_finished()
    }

    fn is_silent(&self) -> bool {
        self.stage.0.load(Ordering::Relaxed) == SILENT
    }
}

/// All of them.
pub(super) struct Strangers {
    /// The addresses of the address book.
    book: BTreeSet<IpAddr>,
    /// By address if it is in the book; all others are one group.
    groups: BTreeMap<Option<IpAddr>, Vec<Stranger>>,
}

impl Strangers {
    pub(super) fn new(book: impl IntoIterator<Item = IpAddr>) -> Self {
        Self { book: book.into_iter().map(network).collect(), groups: BTreeMap::new() }
    }

    /// One more; another one is dropped if there are too many.
    pub(super) fn add(&mut self, from: IpAddr, stage: Stage, task: AbortHandle) {
        let from = network(from);
        let group = self.groups.entry(self.book.get(&from).copied()).or_default();
        if group.len() >= PLACES_OF_ONE {
            group.retain(|stranger| !stranger.is_gone());
        }
        let is_known = self.book.contains(&from);
        let of_one = group.iter().filter(|stranger| stranger.from == from).count();
        let victim = if !is_known && of_one >= PLACES_OF_ONE {
            draw(group, |stranger| stranger.from == from)
        } else if group.len() >= PLACES {
            draw(group, |_| true)
        } else {
            None
        };
        if let Some(victim) = victim {
            group.swap_remove(victim).task.abort();
        }
        group.push(Stranger { from, stage, task });
    }
}

/// One of them, by lot; one that has said nothing if there is such.
fn draw(group: &[Stranger], may_go: impl Fn(&Stranger) -> bool) -> Option<usize> {
    let among = |silent: bool| {
        let candidates = (0..group.len()).filter(|&n| may_go(&group[n]) && (!silent || group[n].is_silent()));
        candidates.collect::<Vec<_>>()
    };
    let candidates = Some(among(true)).filter(|silent| !silent.is_empty()).unwrap_or_else(|| among(false));
    // Without random numbers any will do.
    let lot = crate::host::unique().unwrap_or(0) as usize;
    candidates.get(lot % candidates.len().max(1)).copied()
}

/// What one who may choose its addresses cannot choose: an IPv4 address, or the first half of an IPv6 address.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Strangers whose tasks never end, and how many of those from an address are left.
    struct World {
        strangers: Strangers,
        tasks: tokio::task::JoinSet<()>,
    }

    impl World {
        fn new() -> Self {
            let book = [IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2])];
            Self { strangers: Strangers::new(book), tasks: tokio::task::JoinSet::new() }
        }

        fn come(&mut self, from: [u8; 4]) -> (Stage, AbortHandle) {
            let (stage, task) = (Stage::default(), self.tasks.spawn(std::future::pending()));
            self.strangers.add(from.into(), stage.clone(), task.clone());
            (stage, task)
        }

        async fn left(&mut self, task: &AbortHandle) -> bool {
            while self.tasks.try_join_next().is_some() {}
            tokio::task::yield_now().await;
            !task.is_finished()
        }

        fn all(&self) -> usize {
            self.strangers.groups.values().map(Vec::len).sum()
        }
    }

    #[tokio::test]
    async fn a_flood_drives_out_nobody_with_an_address_of_the_book() {
        let mut world = World::new();
        let (_, member) = world.come([10, 0, 0, 1]);
        for n in 0..10_000u32 {
            let [_, _, a, b] = n.to_be_bytes();
            world.come([10, 7, a, b]);
            world.come([10, 0, 0, 2]);
        }
        assert!(world.left(&member).await);
        assert_eq!(world.all(), 1 + 2 * PLACES);
    }

    #[tokio::test]
    async fn one_address_drives_out_only_its_own() {
        let mut world = World::new();
        let (_, other) = world.come([10, 8, 0, 1]);
        for _ in 0..10_000 {
            world.come([10, 7, 0, 1]);
        }
        assert!(world.left(&other).await);
        assert_eq!(world.all(), 1 + PLACES_OF_ONE);
    }

    /// Whichever rule were followed instead of lots, the oldest or the newest, one of these would be dropped for certain.
    #[tokio::test]
    async fn lots_spare_some_of_those_that_come_during_a_flood() {
        let mut world = World::new();
        let come = |world: &mut World, count| (0..count).map(|_| world.come([10, 7, 0, 1]).1).collect::<Vec<_>>();
        come(&mut world, PLACES_OF_ONE);
        let members = come(&mut world, PLACES_OF_ONE);
        come(&mut world, PLACES_OF_ONE);
        let mut stayed = 0;
        for member in &members {
            stayed += usize::from(world.left(member).await);
        }
        assert!(stayed > 1 && stayed < PLACES_OF_ONE, "{stayed} of {PLACES_OF_ONE} stayed");
    }

    #[tokio::test]
    async fn who_has_spoken_stays_as_long_as_others_are_silent() {
        let mut world = World::new();
        let (stage, speaker) = world.come([10, 0, 0, 1]);
        stage.has_spoken();
        let (introduced, member) = world.come([10, 0, 0, 1]);
        introduced.is_introduced();
        for _ in 0..10_000 {
            world.come([10, 0, 0, 1]);
        }
        assert!(world.left(&speaker).await);
        assert!(world.left(&member).await, "it is a stranger no more");
        assert_eq!(world.all(), PLACES);
    }
}
