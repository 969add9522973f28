//! What is appended, read and listed.

use std::collections::BTreeMap;

use super::{TestStore, abort, app, holder, is_held, is_lost, lapsed, stage};
use crate::journal::blob::INLINE_LIMIT;
use crate::model::event::{Event, Fact};
use crate::model::fault::state::Conflict;
use crate::model::finding::{Finding, ScanReading, ScanState};
use crate::model::ids::ReleaseId;
use crate::model::ledger::StageLedger;
use crate::model::release::Release;
use crate::model::release::samples::{at, id, started, warned};
use crate::model::severity::Severity;
use crate::ports::journal::{JournalError, Lease};

pub async fn what_is_appended_is_read_and_folds(store: &TestStore) {
    let (lease, first) = store.journal.begin(&app(), &id("r1"), started(), &holder("a"), at(0)).await.unwrap();
    let more = store.journal.append(&lease, 1, &[warned("one"), warned("two")], at(5)).await.unwrap();
    let read = store.journal.read(&id("r1")).await.unwrap();
    let all: Vec<Event> = [first].into_iter().chain(more).collect();
    assert_eq!(read, all);
    assert_eq!(read.iter().map(|e| (e.seq, e.at)).collect::<Vec<_>>(), [(1, at(0)), (2, at(5)), (3, at(5))]);
    let said: Vec<Fact> =
        Release::fold(&read).unwrap().warnings.into_iter().map(|warning| Fact::Warned { warning }).collect();
    assert_eq!(said, [warned("one"), warned("two")]);
}

pub async fn a_release_begins_once(store: &TestStore) {
    store.begin("r1", "a", 0).await;
    let again = store.journal.begin(&app(), &id("r1"), warned("no"), &holder("b"), at(lapsed())).await.unwrap_err();
    assert_eq!(again, JournalError::Conflict(Conflict::Recorded { release: id("r1") }));
    assert_eq!(store.count("r1").await, 1);
}

pub async fn an_unknown_release_is_an_error(store: &TestStore) {
    let r: ReleaseId = id("r1");
    let none = Err(JournalError::NoSuchRelease(r.clone()));
    let lease = Lease { release: r.clone(), holder: holder("a"), fence: 1 };
    assert_eq!(store.journal.read(&r).await, none);
    assert_eq!(store.append(&lease, 0, warned("x")).await, none);
    assert_eq!(store.journal.take(&r, &holder("a"), None, at(0)).await.map(drop), none.clone().map(|_: Vec<Event>| ()));
    assert_eq!(store.journal.send(&r, abort("x"), at(0)).await.map(drop), none.clone().map(|_| ()));
    assert_eq!(store.journal.inbox(&r).await.map(drop), none.map(|_| ()));
    assert_eq!(store.journal.list(&app()).await.unwrap(), []);
    assert_eq!(store.journal.ledger(&app(), &stage("dev")).await.unwrap(), StageLedger::default());
}

pub async fn an_append_must_follow_the_last_event(store: &TestStore) {
    let lease = store.begin("r1", "a", 0).await;
    is_lost(store.append(&lease, 0, warned("too early")).await);
    is_lost(store.append(&lease, 2, warned("a gap")).await);
    store.append(&lease, 1, warned("next")).await.unwrap();
    is_lost(store.append(&lease, 1, warned("twice")).await);
    assert_eq!(store.count("r1").await, 2);
}

pub async fn many_facts_are_one_append(store: &TestStore) {
    let lease = store.begin("r1", "a", 0).await;
    let facts: Vec<Fact> = (0..300).map(|n| warned(format!("{n} {}", "x".repeat(1000)))).collect();
    let appended = store.journal.append(&lease, 1, &facts, at(1)).await.unwrap();
    assert_eq!(appended.iter().map(|e| e.seq).collect::<Vec<_>>(), (2..302).collect::<Vec<_>>());
    store.append(&lease, 301, warned("next")).await.unwrap();
    assert_eq!(store.journal.read(&id("r1")).await.unwrap()[1..301], appended);
}

pub async fn an_append_that_fails_leaves_nothing(store: &TestStore) {
    let lease = store.begin("r1", "a", 0).await;
    store.lock("dev", &lease, 0).await.unwrap();
    let waits = store.journal.send(&id("r1"), abort("x"), at(0)).await.unwrap();
    let facts = [
        Fact::StageEntered { stage: id("dev") },
        Fact::StageLeft { stage: id("dev"), images: BTreeMap::new() },
        Fact::Absorbed { message: waits },
        Fact::Absorbed { message: 99 },
    ];
    store.journal.append(&lease, 1, &facts, at(0)).await.unwrap_err();
    assert_eq!(store.count("r1").await, 1);
    assert_eq!(store.journal.inbox(&id("r1")).await.unwrap().len(), 1);
    assert_eq!(store.journal.ledger(&app(), &stage("dev")).await.unwrap(), StageLedger::default());
    let other = store.begin("r2", "b", 0).await;
    is_held(store.lock("dev", &other, 1).await, "r1");
}

pub async fn releases_are_listed_newest_first(store: &TestStore) {
    store.begin("r1", "a", 100).await;
    let middle = store.begin("r3", "a", 50).await;
    store.begin("r2", "a", 50).await;
    let mut theirs = started();
    let Fact::Started(begun) = &mut theirs else { panic!("{theirs:?}") };
    begun.pipeline.app = id("other");
    store.journal.begin(&id("other"), &id("r9"), theirs, &holder("a"), at(500)).await.unwrap();
    store.journal.append(&middle, 1, &[warned("x")], at(900)).await.unwrap();
    store.journal.give_up(&middle).await.unwrap();
    let listed = store.journal.list(&app()).await.unwrap();
    assert_eq!(listed.iter().map(|l| l.release.as_str()).collect::<Vec<_>>(), ["r1", "r3", "r2"]);
    assert_eq!((listed[1].started_at, listed[1].last_at, &listed[1].held_by), (at(50), at(900), &None));
    assert_eq!(listed[0].held_by, Some(holder("a")));
}

pub async fn large_facts_come_back_whole(store: &TestStore) {
    let lease = store.begin("r1", "a", 0).await;
    let findings = (0..6000).map(|n| Finding {
        id: format!("CVE-2026-{n:05}"),
        severity: Severity::High,
        package: format!("package-{}", n * 7919 % 1000),
        installed: None,
        fixed_in: (n % 3 == 0).then(|| format!("1.{n}")),
    });
    let reading = ScanReading {
        state: ScanState::Scanned { at: at(0), again_from: None },
        findings: findings.collect(),
        suppressed: vec![],
        titles: Default::default(),
    };
    let observed = Fact::ScanObserved { image: id("web"), account: id("main"), reading, readings: 1 };
    assert!(serde_json::to_vec(&observed).unwrap().len() > 4 * INLINE_LIMIT);
    // Twice the same, with facts between them that are small enough for their rows.
    let facts = [observed.clone(), warned("間"), observed.clone()];
    let appended = store.journal.append(&lease, 1, &facts, at(1)).await.unwrap();
    let read = store.journal.read(&id("r1")).await.unwrap();
    assert_eq!(read[1..], appended);
    assert_eq!((&read[1].fact, &read[3].fact), (&observed, &observed));
}
