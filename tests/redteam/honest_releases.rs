//! The tests' environment itself: in both topologies an honest release reaches production, and what it reports about production is true.

use super::record::Record;
use super::world::{BOTH, World};

#[test]
fn an_honest_release_reaches_production_with_exactly_what_was_built() {
    for topology in BOTH {
        let world = World::new(topology);
        let before = world.in_production();
        let release = world.prepared();
        world.production_is_untouched();
        assert_eq!(world.in_production(), before, "{topology:?}");
        let running = world.waits(&release);
        world.production_is_untouched();
        world.approves(&release);
        running.end().ended(0);
        assert_eq!(world.in_production(), world.digest(&release), "{topology:?}");
    }
}

#[test]
fn a_record_that_is_written_again_unchanged_is_accepted() {
    let world = World::new(BOTH[1]);
    let release = world.prepared();
    let record = world.record(&release);
    let text = record.file();
    assert_eq!(Record::read(&text).facts, record.facts);
    world.plant(&record);
    assert_eq!(world.record(&release).facts, record.facts);
    let running = world.waits(&release);
    world.approves(&release);
    running.end().ended(0);
}
