//! Records of other stores.

use std::collections::BTreeMap;

use super::{TestStore, abort, app, holder, stage};
use crate::journal::MemoryJournal;
use crate::journal::blob::INLINE_LIMIT;
use crate::model::event::Fact;
use crate::model::fault::state::Conflict;
use crate::model::ledger::StageLedger;
use crate::model::release::samples::{at, id, started, warned};
use crate::ports::journal::{Imported, Journal, JournalError, Record};

/// A release of another store, with a large fact and a stage that it left.
async fn elsewhere(release: &str, last: &str) -> (MemoryJournal, Record) {
    let journal = MemoryJournal::new();
    let (lease, _) = journal.begin(&app(), &id(release), started(), &holder("z"), at(10)).await.unwrap();
    journal.lock_stage(&app(), &stage("dev"), &lease, None, at(10)).await.unwrap();
    let large = warned("x".repeat(3 * INLINE_LIMIT));
    let facts = [
        Fact::StageEntered { stage: id("dev") },
        large,
        Fact::StageLeft { stage: id("dev"), images: BTreeMap::new() },
        warned(last),
    ];
    journal.append(&lease, 1, &facts, at(20)).await.unwrap();
    let record = journal.export(&id(release)).await.unwrap();
    (journal, record)
}

fn mark() -> Imported {
    Imported { at: at(30), by: "somebody@elsewhere, pid 1".to_owned() }
}

pub async fn a_record_is_imported_as_it_is_and_cannot_be_worked_on(store: &TestStore) {
    let (origin, record) = elsewhere("r1", "end").await;
    assert_eq!(store.journal.import(&record, &mark()).await, Ok(true));
    let again = Imported { by: "another".to_owned(), ..mark() };
    assert_eq!(store.journal.import(&record, &again).await, Ok(false), "twice is once");
    assert_eq!(store.journal.export(&id("r1")).await.unwrap(), record);
    assert_eq!(store.journal.read(&id("r1")).await.unwrap(), origin.read(&id("r1")).await.unwrap());
    let listed = store.journal.list(&app()).await.unwrap();
    assert_eq!((listed[0].started_at, listed[0].last_at, &listed[0].held_by), (at(10), at(20), &None));
    assert_eq!(listed[0].imported, Some(mark()));
    let refused = JournalError::Imported(id("r1"), mark());
    assert_eq!(store.take("r1", "a", 30).await, Err(refused.clone()));
    assert_eq!(store.journal.send(&id("r1"), abort("there"), at(31)).await, Err(refused));
    assert_eq!(store.journal.inbox(&id("r1")).await.unwrap(), []);
    assert_eq!(
        store.journal.ledger(&app(), &stage("dev")).await.unwrap(),
        StageLedger::default(),
        "it has learnt nothing"
    );
    let own = store.begin("r2", "a", 40).await;
    store.lock("dev", &own, 40).await.unwrap();
    store.append(&own, 1, Fact::StageEntered { stage: id("dev") }).await.unwrap();
    assert_eq!(store.journal.list(&app()).await.unwrap()[0].imported, None);
    let missing = store.journal.export(&id("r7")).await;
    assert_eq!(missing, Err(JournalError::NoSuchRelease(id("r7"))));
}

pub async fn a_record_that_differs_or_is_damaged_is_not_imported(store: &TestStore) {
    let (_, record) = elsewhere("r1", "end").await;
    let mut damaged = record.clone();
    damaged.rows[2].at = at(21).to_string();
    let mut cut = record.clone();
    cut.blobs.clear();
    for wrong in
        [damaged, cut, Record { rows: vec![], ..record.clone() }, Record { release: id("r2"), ..record.clone() }]
    {
        let refused = store.journal.import(&wrong, &mark()).await;
        assert!(matches!(refused, Err(JournalError::Corrupt(_))), "{refused:?}");
    }
    assert_eq!(store.journal.list(&app()).await.unwrap(), [], "nothing of them is here");

    store.journal.import(&Record { rows: record.rows[..4].to_vec(), ..record.clone() }, &mark()).await.unwrap();
    let longer = store.journal.import(&record, &mark()).await;
    assert_eq!(longer, Err(JournalError::Conflict(Conflict::Shorter { release: id("r1"), here: 4, record: 5 })));
    let (_, other) = elsewhere("r3", "end").await;
    store.journal.import(&other, &mark()).await.unwrap();
    let (_, differs) = elsewhere("r3", "another end").await;
    let differs = store.journal.import(&differs, &mark()).await;
    assert_eq!(differs, Err(JournalError::Conflict(Conflict::OtherEvent { release: id("r3"), seq: 5 })));
    assert_eq!((store.count("r1").await, store.count("r3").await), (4, 5));
}

pub async fn an_imported_record_changes_no_ledger(store: &TestStore) {
    let own = store.begin("r5", "a", 0).await;
    store.lock("dev", &own, 0).await.unwrap();
    let facts =
        [Fact::StageEntered { stage: id("dev") }, Fact::StageLeft { stage: id("dev"), images: BTreeMap::new() }];
    store.journal.append(&own, 1, &facts, at(900)).await.unwrap();
    let known = store.journal.ledger(&app(), &stage("dev")).await.unwrap();
    // One of the far future would make every later release of this store overtaken.
    for release in ["r1", "r9"] {
        store.journal.import(&elsewhere(release, "end").await.1, &mark()).await.unwrap();
        assert_eq!(store.journal.ledger(&app(), &stage("dev")).await.unwrap(), known);
    }
}
