use std::sync::Arc;

use super::*;
use crate::journal::conformance::{Dead, TestStore, conformance, ended, holder};
use crate::model::release::samples::{at, id, started, warned};

pub(in crate::journal) fn test_store() -> TestStore {
    let dead = Dead::default();
    TestStore { journal: Box::new(MemoryJournal::with_ended(ended(&dead))), dead, _dir: None }
}

conformance!(test_store());

/// Fails at this moment of the next append, and at no other.
fn fail_once(journal: &MemoryJournal, when: Moment) {
    let mut armed = true;
    journal.set_append_hook(move |moment, _| {
        if moment == when && std::mem::take(&mut armed) {
            return Err(JournalError::Busy { file: "memory".into(), seconds: 1 });
        }
        Ok(())
    });
}

#[tokio::test]
async fn a_hook_fails_an_append_before_or_after_it_is_written() {
    let journal = MemoryJournal::new();
    let (lease, _) = journal.begin(&id("shop"), &id("r1"), started(), &holder("a"), at(0)).await.unwrap();
    fail_once(&journal, Moment::Before);
    journal.append(&lease, 1, &[warned("lost")], at(1)).await.unwrap_err();
    assert_eq!(journal.read(&id("r1")).await.unwrap().len(), 1);
    fail_once(&journal, Moment::After);
    journal.append(&lease, 1, &[warned("kept")], at(1)).await.unwrap_err();
    assert_eq!(journal.read(&id("r1")).await.unwrap().len(), 2);
    let again = journal.append(&lease, 1, &[warned("kept")], at(1)).await;
    assert!(matches!(again, Err(JournalError::LostLease { .. })), "a caller that got no answer cannot repeat it");
}

#[tokio::test]
async fn a_hook_sees_the_first_fact_too_and_all_clones_share_it() {
    let journal = MemoryJournal::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let note = seen.clone();
    journal.set_append_hook(move |moment, facts| {
        note.lock().unwrap().push((moment, facts.len()));
        Ok(())
    });
    let clone = journal.clone();
    let (lease, _) = clone.begin(&id("shop"), &id("r1"), started(), &holder("a"), at(0)).await.unwrap();
    clone.append(&lease, 1, &[warned("1"), warned("2")], at(0)).await.unwrap();
    assert_eq!(
        *seen.lock().unwrap(),
        [(Moment::Before, 1), (Moment::After, 1), (Moment::Before, 2), (Moment::After, 2)]
    );
    assert_eq!(journal.read(&id("r1")).await.unwrap().len(), 3);
}
