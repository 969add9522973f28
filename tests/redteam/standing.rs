//! The rig itself: in both topologies the honest way leads to production, and what it says of production is so.

use super::record::Record;
use super::rig::{BOTH, Field};

#[test]
fn the_honest_way_leads_to_production_with_exactly_what_was_built() {
    for topology in BOTH {
        let field = Field::new(topology);
        let before = field.in_production();
        let release = field.prepared();
        field.production_is_untouched();
        assert_eq!(field.in_production(), before, "{topology:?}");
        let running = field.waits(&release);
        field.production_is_untouched();
        field.approves(&release);
        running.end().ended(0);
        assert_eq!(field.in_production(), field.digest(&release), "{topology:?}");
    }
}

#[test]
fn a_record_that_is_written_again_word_for_word_is_taken_for_what_it_was() {
    let field = Field::new(BOTH[1]);
    let release = field.prepared();
    let record = field.record(&release);
    let text = record.file();
    assert_eq!(Record::read(&text).facts, record.facts);
    field.plant(&record);
    assert_eq!(field.record(&release).facts, record.facts);
    let running = field.waits(&release);
    field.approves(&release);
    running.end().ended(0);
}
