//! Messages to a release.

use std::collections::BTreeSet;

use super::{TestStore, abort};
use crate::model::event::Fact;
use crate::model::fault::state::StoreProblem;
use crate::model::release::samples::{at, id};
use crate::ports::journal::JournalError;

pub async fn messages_wait_in_order_and_are_absorbed_once(store: &TestStore) {
    let lease = store.begin("r1", "a", 0).await;
    let other = store.begin("r2", "a", 0).await;
    let mut ids = vec![];
    for reason in ["one", "two", "three"] {
        ids.push(store.journal.send(&id("r1"), abort(reason), at(ids.len() as i64)).await.unwrap());
    }
    assert!(ids.is_sorted_by(|a, b| a < b));
    let waiting = store.journal.inbox(&id("r1")).await.unwrap();
    assert_eq!(waiting.iter().map(|m| m.id).collect::<Vec<_>>(), ids);
    assert_eq!((&waiting[1].body, waiting[1].at, &waiting[1].release), (&abort("two"), at(1), &id("r1")));
    assert_eq!(store.journal.inbox(&id("r2")).await.unwrap(), []);

    let absorbs = |ids: &[u64]| -> Vec<Fact> { ids.iter().map(|id| Fact::Absorbed { message: *id }).collect() };
    store.journal.append(&lease, 1, &absorbs(&[ids[1]]), at(9)).await.unwrap();
    let left: Vec<u64> = store.journal.inbox(&id("r1")).await.unwrap().iter().map(|m| m.id).collect();
    assert_eq!(left, [ids[0], ids[2]]);
    for wrong in [vec![ids[1]], vec![99], vec![ids[0], ids[0]]] {
        let refused = store.journal.append(&lease, 2, &absorbs(&wrong), at(9)).await.unwrap_err();
        assert!(matches!(refused, JournalError::Store(StoreProblem::NotWaiting { .. })), "{refused}");
    }
    let strange = store.journal.append(&other, 1, &absorbs(&ids[..1]), at(9)).await;
    assert!(strange.is_err(), "another release's message");
    assert_eq!(store.journal.append(&lease, 2, &absorbs(&[ids[0], ids[2]]), at(9)).await.unwrap().len(), 2);
    assert_eq!(store.journal.inbox(&id("r1")).await.unwrap(), []);
    let next = store.journal.send(&id("r1"), abort("four"), at(9)).await.unwrap();
    assert!(next > ids[2], "a number is never given twice");
}

pub async fn messages_sent_at_once_are_all_there(store: &TestStore) {
    store.begin("r1", "a", 0).await;
    let release = id("r1");
    let send = |reason: &str| store.journal.send(&release, abort(reason), at(0));
    let (one, two, three) = tokio::join!(send("one"), send("two"), send("three"));
    let ids: BTreeSet<u64> = [one, two, three].into_iter().map(Result::unwrap).collect();
    let waiting = store.journal.inbox(&release).await.unwrap();
    assert_eq!(waiting.iter().map(|m| m.id).collect::<BTreeSet<_>>(), ids);
    assert_eq!(ids.len(), 3);
}
