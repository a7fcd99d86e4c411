//! A panic of what a user has written stops the node with its cause, and leaves no half of a section, whenever it comes.

#![allow(clippy::disallowed_methods, reason = "tests run on the operating system")]

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use mpcal_runtime::resource::{Durable, Shared};
use mpcal_runtime::wal::{Storage, Wal};
use mpcal_runtime::{conformance, Cell, Core, MappingMacro, Node, Section, Step};
use tokio::time::timeout;

mod by_hand;

use by_hand::archetype;

const LIMIT: Duration = Duration::from_secs(10);

/// When a cell panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    PreCommit,
    Validate,
    Commit,
    Committed,
    Clear,
}

/// A cell of a user that panics.
struct Faulty {
    core: Arc<Core>,
    when: When,
}

impl Faulty {
    fn reach(&self, when: When) {
        assert!(self.when != when, "faulty at {when:?}");
    }
}

impl Cell for Faulty {
    type Staged = ();

    fn core(&self) -> &Arc<Core> {
        &self.core
    }
    fn poll_pre_commit(&self, (): &mut (), _: &mut Context<'_>) -> Poll<Step<()>> {
        self.reach(When::PreCommit);
        Poll::Ready(Ok(()))
    }
    fn validate(&self, (): &(), _: u64) -> bool {
        self.reach(When::Validate);
        true
    }
    fn commit(&self, (): &mut ()) {
        self.reach(When::Commit);
        self.core.changed();
    }
    fn committed(&self, (): &mut ()) {
        self.reach(When::Committed);
    }
    fn clear(&self, (): &mut ()) {
        self.reach(When::Clear);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cell_that_panics_stops_the_node_and_leaves_no_half_of_a_section() {
    for when in [When::PreCommit, When::Validate, When::Commit, When::Committed, When::Clear] {
        // One cell is committed before the faulty one, and one after it.
        let before = Shared::new(0);
        let faulty = Arc::new(Faulty { core: Core::new(), when });
        let after = Shared::new(0);
        let (mut first, mut second, cell) = (before.clone(), after.clone(), faulty.clone());
        let mut node = Node::new();
        node.spawn(archetype(move |section: &mut Section| {
            first.write(section, &(), 1)?;
            section.stage(&cell);
            second.write(section, &(), 1)?;
            Ok(true)
        }));
        let said = timeout(LIMIT, node.join()).await.expect("the node stops").expect_err("it fails").to_string();
        assert!(said.starts_with("Once(1) at step: panic: ") && said.contains("faulty at"), "{said}");
        let is_committed = i64::from(!matches!(when, When::PreCommit | When::Validate));
        assert_eq!((before.load(), after.load()), (is_committed, is_committed), "{when:?}");
        // Nobody holds anything.
        let (mut first, mut second) = (before, after);
        let others = conformance::commit(|section| {
            first.write(section, &(), 2)?;
            second.write(section, &(), 2)
        });
        timeout(LIMIT, others).await.expect("others go on").expect("nothing is wrong with these");
        drop(faulty.core.outside_change());
    }
}

/// A disk that panics when it is to be flushed.
struct NoDisk;

impl Storage for NoDisk {
    fn append(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
    fn flush(&mut self) -> io::Result<()> {
        panic!("there is no disk")
    }
}

#[tokio::test]
async fn a_storage_that_panics_is_a_log_that_has_failed() {
    let wal = Wal::on(NoDisk);
    let mut number = Durable::new(&wal, "number", 0).unwrap();
    let mut node = Node::new();
    node.stop_with(&wal);
    node.spawn(archetype(move |section| {
        let next = number.read(section, &())? + 1;
        number.write(section, &(), next)?;
        Ok(false)
    }));
    let said = timeout(LIMIT, node.join()).await.expect("the node stops").expect_err("it fails").to_string();
    assert!(said.contains("the write-ahead log has failed: ") && said.contains("there is no disk"), "{said}");
    timeout(LIMIT, wal.close()).await.expect("it ends").expect_err("it has failed");
}
