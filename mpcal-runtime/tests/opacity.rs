//! What a section sees was there at one moment, also in an attempt that is never committed.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::Arc;

use mpcal_runtime::resource::{link, Shared};
use mpcal_runtime::{conformance, Cell, Core, MappingMacro, Resource, Section, Step};
use tokio::runtime::Handle;

/// What a section reads of a cell in several reads is of one moment, together with all else that it has read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_reads_of_a_cell_are_of_one_moment() {
    let (other, queue) = (Shared::new(0), link::<i64>(8));
    let (mut writes, mut reads) = (Resource::new(queue.0.clone()), Resource::new(queue.1.clone()));
    conformance::commit(|section| (1..=5).try_for_each(|n| writes.write(section, &(), n))).await.unwrap();
    let (mut taken, mut changed) = (Resource::new(queue.1), Resource::new(other.clone()));
    let mut change = move |takes: bool| {
        let done = conformance::commit(|section| {
            if takes {
                taken.read(section, &())?;
            }
            changed.write(section, &(), 1)
        });
        tokio::task::block_in_place(|| Handle::current().block_on(done)).unwrap();
    };
    // Another section takes the first message, or changes something else, between two reads.
    for takes in [true, false] {
        let (mut attempts, mut first) = (Vec::new(), Resource::new(other.clone()));
        let read = conformance::commit(|section| {
            let before = (first.read(section, &())?, reads.read(section, &())?);
            if attempts.is_empty() {
                change(takes);
            }
            attempts.push(before);
            reads.read(section, &()).inspect(|_| attempts.push(before))
        });
        read.await.unwrap();
        assert_eq!(attempts.len(), 3, "the first attempt ends where it reads again: {attempts:?}");
    }
}

/// A variable of a user that anybody may change at any time.
struct Gauge {
    core: Arc<Core>,
    value: AtomicI64,
}

impl Cell for Gauge {
    type Staged = ();

    fn core(&self) -> &Arc<Core> {
        &self.core
    }
    fn commit(&self, (): &mut ()) {}
}

struct GaugeView(Arc<Gauge>);

impl MappingMacro for GaugeView {
    type Index = ();
    type Read = i64;
    type Write = i64;

    fn read(&mut self, section: &mut Section, (): &()) -> Step<i64> {
        section.stage(&self.0);
        Ok(self.0.value.load(Ordering::SeqCst))
    }
    fn write(&mut self, _: &mut Section, (): &(), _: i64) -> Step<()> {
        Ok(())
    }
}

/// Half of a change from outside is not seen together with what was read before it.
#[tokio::test]
async fn a_change_from_outside_ends_the_section_that_reads_half_of_it() {
    let gauge = Arc::new(Gauge { core: Core::new(), value: AtomicI64::new(0) });
    let mut read = Resource::new(GaugeView(gauge.clone()));
    let mut seen = Vec::new();
    let done = conformance::commit(|section| {
        let first = read.read(section, &())?;
        let change = (first == 0).then(|| gauge.core.outside_change());
        gauge.value.store(1, Ordering::SeqCst);
        let second = read.read(section, &());
        change.iter().for_each(|_| gauge.core.changed());
        drop(change);
        seen.push((first, second?));
        Ok(())
    });
    done.await.unwrap();
    assert_eq!(seen, [(1, 1)]);
}
