//! Leases of releases.

use super::{TestStore, app, heartbeat, holder, is_held, is_lost, lapsed, stage};
use crate::model::approval::Identity;
use crate::model::event::Fact;
use crate::model::release::samples::{at, id, warned};
use crate::ports::journal::Lease;

pub async fn a_lease_is_taken_by_one_and_its_fence_grows(store: &TestStore) {
    let first = store.begin("r1", "a", 0).await;
    is_held(store.take("r1", "b", 1).await, "a@host");
    let mut fence = first.fence;
    for by in ["b", "a", "b"] {
        let lease = store.take_over("r1", by, 1).await;
        assert!(lease.fence > fence);
        fence = lease.fence;
    }
    is_lost(store.append(&first, 1, warned("from the past")).await);
}

pub async fn an_expired_lease_stays_with_its_holder_until_somebody_takes_it(store: &TestStore) {
    let a = store.begin("r1", "a", 0).await;
    store.journal.append(&a, 1, &[warned("late, and alone")], at(lapsed())).await.unwrap();
    store.journal.renew(&a, at(lapsed())).await.unwrap();
    let other = store.take_over("r1", "b", 3 * lapsed()).await;
    is_lost(store.journal.append(&a, 2, &[warned("too late")], at(3 * lapsed())).await);
    is_lost(store.journal.renew(&a, at(3 * lapsed())).await);
    is_lost(store.journal.give_up(&a).await);
    store.append(&other, 2, warned("on")).await.unwrap();
}

pub async fn the_lease_of_a_process_that_ended_is_taken_at_once(store: &TestStore) {
    let a = store.begin("r1", "a", 0).await;
    store.is_dead("a");
    assert_eq!(store.journal.list(&app()).await.unwrap()[0].held_by, None);
    store.take("r1", "b", 1).await.unwrap();
    is_lost(store.append(&a, 1, warned("a ghost")).await);
}

pub async fn a_lease_is_taken_by_its_heartbeat_and_never_by_a_clock(store: &TestStore) {
    let a = store.begin("r1", "a", 0).await;
    let years = 100_000_000;
    let seen = heartbeat(store.take("r1", "b", years).await);
    store.journal.renew(&a, at(-years)).await.unwrap();
    let (r1, holder_b) = (id("r1"), holder("b"));
    let take = |stale| store.journal.take(&r1, &holder_b, Some(stale), at(years));
    let moved = heartbeat(take(seen).await);
    assert!(moved.fence == seen.fence && moved.beat > seen.beat, "{seen:?} {moved:?}");
    let b_has = take(moved).await.unwrap();
    is_held(store.take("r1", "c", years).await, "b@host");
    let again = heartbeat(store.journal.take(&id("r1"), &holder("c"), Some(moved), at(years)).await);
    assert!(again.fence > moved.fence, "another holder's heartbeat is another");
    is_lost(store.journal.renew(&a, at(years)).await);
    store.append(&b_has, 1, warned("on")).await.unwrap();
}

pub async fn taking_a_lease_again_ends_the_older_one(store: &TestStore) {
    let older = store.begin("r1", "a", 0).await;
    let newer = store.take("r1", "a", 1).await.unwrap();
    is_lost(store.append(&older, 1, warned("x")).await);
    store.append(&newer, 1, warned("x")).await.unwrap();
}

pub async fn a_lease_that_was_given_up_cannot_write(store: &TestStore) {
    let a = store.begin("r1", "a", 0).await;
    store.journal.give_up(&a).await.unwrap();
    is_lost(store.append(&a, 1, warned("x")).await);
    is_lost(store.lock("dev", &a, 0).await);
    let next = store.take("r1", "b", 0).await.unwrap();
    assert!(next.fence > a.fence);
}

pub async fn of_several_takers_at_once_one_gets_the_lease(store: &TestStore) {
    let lease = store.begin("r1", "a", 0).await;
    let facts = [warned("one"), warned("two"), warned("three")];
    let append = |n: usize| store.journal.append(&lease, 1, &facts[n..=n], at(0));
    let (one, two, three) = tokio::join!(append(0), append(1), append(2));
    let appended = [one, two, three];
    assert_eq!(appended.iter().filter(|a| a.is_ok()).count(), 1, "{appended:?}");
    appended.into_iter().filter(Result::is_err).for_each(is_lost);
    assert_eq!(store.count("r1").await, 2);

    store.journal.give_up(&lease).await.unwrap();
    let (release, holders) = (id("r1"), [holder("b"), holder("c"), holder("d")]);
    let take = |n: usize| store.journal.take(&release, &holders[n], None, at(0));
    let (one, two, three) = tokio::join!(take(0), take(1), take(2));
    let taken: Vec<Lease> = [one, two, three].into_iter().filter_map(Result::ok).collect();
    assert_eq!(taken.iter().map(|l| l.fence).collect::<Vec<_>>(), [lease.fence + 1]);

    let others = (store.begin("r2", "e", 0).await, store.begin("r3", "f", 0).await);
    let (one, two) = tokio::join!(store.lock("dev", &others.0, 0), store.lock("dev", &others.1, 0));
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
}

pub async fn a_person_breaks_a_lease_and_the_record_says_so(store: &TestStore) {
    let one = store.begin("r1", "a", 0).await;
    store.lock("dev", &one, 0).await.unwrap();
    let fence = heartbeat(store.take("r1", "b", 1).await).fence;
    store.journal.renew(&one, at(2)).await.unwrap();
    let by =
        Identity { user_id: "x".into(), arn: "arn:aws:iam::111111111111:user/x".into(), account: id("111111111111") };
    let broken = Fact::LockBroken { by, held_by: "a".into(), reason: "its machine burnt".into() };
    let of = async |fence, t| store.journal.break_lease(&id("r1"), fence, broken.clone(), at(t)).await;
    let another = heartbeat(of(fence + 1, 3).await);
    assert_eq!((another.fence, another.beat), (fence, 1), "only the holder that was seen");
    let event = of(fence, 4).await.unwrap().unwrap();
    assert_eq!((event.seq, event.at), (2, at(4)));
    assert_eq!(store.journal.read(&id("r1")).await.unwrap().last(), Some(&event));
    assert_eq!(store.journal.holder(&app(), &stage("dev")).await.unwrap(), None);
    is_lost(store.append(&one, 2, warned("late")).await);
    is_lost(store.journal.renew(&one, at(5)).await);
    assert_eq!(of(fence, 6).await.unwrap(), None, "nobody has it, and nothing is recorded");
    let two = store.take("r1", "b", 7).await.unwrap();
    store.append(&two, 2, warned("on")).await.unwrap();
}
