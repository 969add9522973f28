//! What every store must do, run against each of them.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;

use super::MemoryJournal;
use super::blob::INLINE_LIMIT;
use crate::model::approval::Identity;
use crate::model::effect::Effect;
use crate::model::event::{Event, Fact};
use crate::model::fault::state::{Conflict, Leased, StoreProblem};
use crate::model::finding::{Finding, ScanReading, ScanState};
use crate::model::freeze::Frozen;
use crate::model::freeze::FrozenBy;
use crate::model::ids::{AppName, Digest, ReleaseId, StageName};
use crate::model::inbox::MessageBody;
use crate::model::ledger::{LastGood, Said, StageLedger, Word};
use crate::model::outcome::Outcome;
use crate::model::release::Release;
use crate::model::release::samples::{at, id, reason, started, step, warned};
use crate::model::severity::Severity;
use crate::model::step::part::Direction;
use crate::ports::journal::{Heartbeat, Holder, Imported, Journal, JournalError, LEASE, Lease, Record};

/// A store to be tested, and the holders that have ended.
pub(super) struct TestStore {
    pub journal: Box<dyn Journal>,
    pub dead: Dead,
    /// Where it keeps its files, as long as the trial takes.
    pub _dir: Option<tempfile::TempDir>,
}

/// The ids of the holders that have ended.
pub(super) type Dead = Arc<Mutex<BTreeSet<String>>>;

/// The predicate of the stores.
pub(super) fn ended(dead: &Dead) -> impl Fn(&Holder) -> bool + Send + Sync + 'static {
    let dead = dead.clone();
    move |holder| dead.lock().unwrap().contains(&holder.id)
}

/// What a rule is, to be tried.
type Rule = fn(TestStore) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// One test for each rule; a rule that is not listed is dead code, and clippy says so. `all` lists them instead.
macro_rules! conformance {
    (all) => {
        $crate::journal::conformance::conformance! { @rules all }
    };
    ($test_store:expr) => {
        $crate::journal::conformance::conformance! { @rules each $test_store }
    };
    (@rules $what:ident $($test_store:expr)?) => {
        $crate::journal::conformance::conformance! { @$what $($test_store)?;
            what_is_appended_is_read_and_folds
            a_release_begins_once
            an_unknown_release_is_an_error
            an_append_must_follow_the_last_event
            many_facts_are_one_append
            a_lease_is_taken_by_one_and_its_fence_grows
            an_expired_lease_stays_with_its_holder_until_somebody_takes_it
            the_lease_of_a_process_that_ended_is_taken_at_once
            a_lease_is_taken_by_its_heartbeat_and_never_by_a_clock
            taking_a_lease_again_ends_the_older_one
            a_lease_that_was_given_up_cannot_write
            of_several_takers_at_once_one_gets_the_lease
            messages_wait_in_order_and_are_absorbed_once
            messages_sent_at_once_are_all_there
            an_append_that_fails_leaves_nothing
            a_stage_is_held_by_one_release
            a_stage_is_taken_from_an_ended_or_expired_holder
            a_stage_is_renewed_along_with_its_release
            a_stage_passes_to_a_later_process_of_its_release
            leaving_a_stage_or_giving_up_frees_it
            nobody_changes_a_stage_that_it_does_not_hold
            a_frozen_stage_is_not_entered_but_can_be_rolled_back
            the_ledger_remembers_failed_images_and_freezes
            images_that_were_proven_no_longer_count_as_failed
            a_person_breaks_a_lock_and_the_ledger_says_so
            a_person_breaks_a_lease_and_the_record_says_so
            the_ledger_is_the_fold_of_what_happened_in_a_stage
            releases_are_listed_newest_first
            large_facts_come_back_whole
            a_record_is_imported_as_it_is_and_cannot_be_worked_on
            every_journal_of_the_corpus_is_imported_and_read
            a_record_that_differs_or_is_damaged_is_not_imported
            an_imported_record_changes_no_ledger
        }
    };
    (@each $test_store:expr; $($name:ident)*) => {
        $(#[tokio::test]
        async fn $name() {
            let test_store = $test_store;
            $crate::journal::conformance::$name(&test_store).await;
        })*
    };
    (@all; $($name:ident)*) => {
        [$((stringify!($name), |test_store| Box::pin(async move { $name(&test_store).await }))),*]
    };
}
pub(super) use conformance;

pub(super) fn holder(name: &str) -> Holder {
    Holder { id: name.into(), who: format!("{name}@host, pid 7"), host: "host".into(), pid: 7 }
}

fn app() -> AppName {
    id("shop")
}

fn stage(name: &str) -> StageName {
    id(name)
}

/// Past the end of a lease taken at time 0.
fn lapsed() -> i64 {
    LEASE.as_secs() + 1
}

impl TestStore {
    fn is_dead(&self, name: &str) {
        self.dead.lock().unwrap().insert(name.into());
    }

    async fn begin(&self, release: &str, by: &str, seconds: i64) -> Lease {
        let begun = self.journal.begin(&app(), &id(release), started(), &holder(by), at(seconds)).await;
        begun.unwrap().0
    }

    async fn take(&self, release: &str, by: &str, seconds: i64) -> Result<Lease, JournalError> {
        self.journal.take(&id(release), &holder(by), None, at(seconds)).await
    }

    /// Takes a release from a holder whose heartbeat did not change.
    async fn take_over(&self, release: &str, by: &str, seconds: i64) -> Lease {
        let stale = heartbeat(self.take(release, by, seconds).await);
        self.journal.take(&id(release), &holder(by), Some(stale), at(seconds)).await.unwrap()
    }

    /// The same for a stage.
    async fn lock_over(&self, name: &str, lease: &Lease, seconds: i64) -> u64 {
        let stale = heartbeat(self.lock(name, lease, seconds).await);
        self.journal.lock_stage(&app(), &stage(name), lease, Some(stale), at(seconds)).await.unwrap()
    }

    async fn append(&self, lease: &Lease, after: u64, fact: Fact) -> Result<Vec<Event>, JournalError> {
        self.journal.append(lease, after, &[fact], at(0)).await
    }

    async fn lock(&self, name: &str, lease: &Lease, seconds: i64) -> Result<u64, JournalError> {
        self.journal.lock_stage(&app(), &stage(name), lease, None, at(seconds)).await
    }

    async fn count(&self, release: &str) -> usize {
        self.journal.read(&id(release)).await.unwrap().len()
    }
}

fn is_lost<T: std::fmt::Debug>(result: Result<T, JournalError>) {
    assert!(matches!(result, Err(JournalError::LostLease { .. })), "{result:?}");
}

fn is_held<T: std::fmt::Debug>(result: Result<T, JournalError>, by: &str) {
    match result {
        Err(JournalError::Held { holder, holder_release, .. }) => {
            let release = holder_release.map(|release| release.to_string()).unwrap_or_default();
            assert!(holder.contains(by) || release == by, "{holder}, {release}");
        }
        other => panic!("{other:?}"),
    }
}

/// The heartbeat of who holds what was wanted.
fn heartbeat<T: std::fmt::Debug>(result: Result<T, JournalError>) -> Heartbeat {
    match result {
        Err(JournalError::Held { heartbeat, .. }) => heartbeat,
        other => panic!("{other:?}"),
    }
}

fn abort(reason: &str) -> MessageBody {
    let by = Identity { arn: "arn:aws:iam::1:user/a".into(), account: id("012345678901"), user_id: "A".into() };
    MessageBody::Abort { by, reason: reason.into(), roll_back: true }
}

pub(super) async fn what_is_appended_is_read_and_folds(b: &TestStore) {
    let (lease, first) = b.journal.begin(&app(), &id("r1"), started(), &holder("a"), at(0)).await.unwrap();
    let more = b.journal.append(&lease, 1, &[warned("one"), warned("two")], at(5)).await.unwrap();
    let read = b.journal.read(&id("r1")).await.unwrap();
    let all: Vec<Event> = [first].into_iter().chain(more).collect();
    assert_eq!(read, all);
    assert_eq!(read.iter().map(|e| (e.seq, e.at)).collect::<Vec<_>>(), [(1, at(0)), (2, at(5)), (3, at(5))]);
    let said: Vec<Fact> =
        Release::fold(&read).unwrap().warnings.into_iter().map(|warning| Fact::Warned { warning }).collect();
    assert_eq!(said, [warned("one"), warned("two")]);
}

pub(super) async fn a_release_begins_once(b: &TestStore) {
    b.begin("r1", "a", 0).await;
    let again = b.journal.begin(&app(), &id("r1"), warned("no"), &holder("b"), at(lapsed())).await.unwrap_err();
    assert_eq!(again, JournalError::Conflict(Conflict::Recorded { release: id("r1") }));
    assert_eq!(b.count("r1").await, 1);
}

pub(super) async fn an_unknown_release_is_an_error(b: &TestStore) {
    let r: ReleaseId = id("r1");
    let none = Err(JournalError::NoSuchRelease(r.clone()));
    let lease = Lease { release: r.clone(), holder: holder("a"), fence: 1 };
    assert_eq!(b.journal.read(&r).await, none);
    assert_eq!(b.append(&lease, 0, warned("x")).await, none);
    assert_eq!(b.journal.take(&r, &holder("a"), None, at(0)).await.map(drop), none.clone().map(|_: Vec<Event>| ()));
    assert_eq!(b.journal.send(&r, abort("x"), at(0)).await.map(drop), none.clone().map(|_| ()));
    assert_eq!(b.journal.inbox(&r).await.map(drop), none.map(|_| ()));
    assert_eq!(b.journal.list(&app()).await.unwrap(), []);
    assert_eq!(b.journal.ledger(&app(), &stage("dev")).await.unwrap(), StageLedger::default());
}

pub(super) async fn an_append_must_follow_the_last_event(b: &TestStore) {
    let lease = b.begin("r1", "a", 0).await;
    is_lost(b.append(&lease, 0, warned("too early")).await);
    is_lost(b.append(&lease, 2, warned("a gap")).await);
    b.append(&lease, 1, warned("next")).await.unwrap();
    is_lost(b.append(&lease, 1, warned("twice")).await);
    assert_eq!(b.count("r1").await, 2);
}

pub(super) async fn a_lease_is_taken_by_one_and_its_fence_grows(b: &TestStore) {
    let first = b.begin("r1", "a", 0).await;
    is_held(b.take("r1", "b", 1).await, "a@host");
    let mut fence = first.fence;
    for by in ["b", "a", "b"] {
        let lease = b.take_over("r1", by, 1).await;
        assert!(lease.fence > fence);
        fence = lease.fence;
    }
    is_lost(b.append(&first, 1, warned("from the past")).await);
}

pub(super) async fn an_expired_lease_stays_with_its_holder_until_somebody_takes_it(b: &TestStore) {
    let a = b.begin("r1", "a", 0).await;
    b.journal.append(&a, 1, &[warned("late, and alone")], at(lapsed())).await.unwrap();
    b.journal.renew(&a, at(lapsed())).await.unwrap();
    let other = b.take_over("r1", "b", 3 * lapsed()).await;
    is_lost(b.journal.append(&a, 2, &[warned("too late")], at(3 * lapsed())).await);
    is_lost(b.journal.renew(&a, at(3 * lapsed())).await);
    is_lost(b.journal.give_up(&a).await);
    b.append(&other, 2, warned("on")).await.unwrap();
}

pub(super) async fn the_lease_of_a_process_that_ended_is_taken_at_once(b: &TestStore) {
    let a = b.begin("r1", "a", 0).await;
    b.is_dead("a");
    assert_eq!(b.journal.list(&app()).await.unwrap()[0].held_by, None);
    b.take("r1", "b", 1).await.unwrap();
    is_lost(b.append(&a, 1, warned("a ghost")).await);
}

pub(super) async fn a_lease_is_taken_by_its_heartbeat_and_never_by_a_clock(b: &TestStore) {
    let a = b.begin("r1", "a", 0).await;
    let years = 100_000_000;
    let seen = heartbeat(b.take("r1", "b", years).await);
    b.journal.renew(&a, at(-years)).await.unwrap();
    let (r1, holder_b) = (id("r1"), holder("b"));
    let take = |stale| b.journal.take(&r1, &holder_b, Some(stale), at(years));
    let moved = heartbeat(take(seen).await);
    assert!(moved.fence == seen.fence && moved.beat > seen.beat, "{seen:?} {moved:?}");
    let b_has = take(moved).await.unwrap();
    is_held(b.take("r1", "c", years).await, "b@host");
    let again = heartbeat(b.journal.take(&id("r1"), &holder("c"), Some(moved), at(years)).await);
    assert!(again.fence > moved.fence, "another holder's heartbeat is another");
    is_lost(b.journal.renew(&a, at(years)).await);
    b.append(&b_has, 1, warned("on")).await.unwrap();
}

pub(super) async fn taking_a_lease_again_ends_the_older_one(b: &TestStore) {
    let older = b.begin("r1", "a", 0).await;
    let newer = b.take("r1", "a", 1).await.unwrap();
    is_lost(b.append(&older, 1, warned("x")).await);
    b.append(&newer, 1, warned("x")).await.unwrap();
}

pub(super) async fn a_lease_that_was_given_up_cannot_write(b: &TestStore) {
    let a = b.begin("r1", "a", 0).await;
    b.journal.give_up(&a).await.unwrap();
    is_lost(b.append(&a, 1, warned("x")).await);
    is_lost(b.lock("dev", &a, 0).await);
    let next = b.take("r1", "b", 0).await.unwrap();
    assert!(next.fence > a.fence);
}

pub(super) async fn messages_wait_in_order_and_are_absorbed_once(b: &TestStore) {
    let lease = b.begin("r1", "a", 0).await;
    let other = b.begin("r2", "a", 0).await;
    let mut ids = vec![];
    for reason in ["one", "two", "three"] {
        ids.push(b.journal.send(&id("r1"), abort(reason), at(ids.len() as i64)).await.unwrap());
    }
    assert!(ids.is_sorted_by(|a, b| a < b));
    let waiting = b.journal.inbox(&id("r1")).await.unwrap();
    assert_eq!(waiting.iter().map(|m| m.id).collect::<Vec<_>>(), ids);
    assert_eq!((&waiting[1].body, waiting[1].at, &waiting[1].release), (&abort("two"), at(1), &id("r1")));
    assert_eq!(b.journal.inbox(&id("r2")).await.unwrap(), []);

    let absorbs = |ids: &[u64]| -> Vec<Fact> { ids.iter().map(|id| Fact::Absorbed { message: *id }).collect() };
    b.journal.append(&lease, 1, &absorbs(&[ids[1]]), at(9)).await.unwrap();
    let left: Vec<u64> = b.journal.inbox(&id("r1")).await.unwrap().iter().map(|m| m.id).collect();
    assert_eq!(left, [ids[0], ids[2]]);
    for wrong in [vec![ids[1]], vec![99], vec![ids[0], ids[0]]] {
        let refused = b.journal.append(&lease, 2, &absorbs(&wrong), at(9)).await.unwrap_err();
        assert!(matches!(refused, JournalError::Store(StoreProblem::NotWaiting { .. })), "{refused}");
    }
    let strange = b.journal.append(&other, 1, &absorbs(&ids[..1]), at(9)).await;
    assert!(strange.is_err(), "another release's message");
    assert_eq!(b.journal.append(&lease, 2, &absorbs(&[ids[0], ids[2]]), at(9)).await.unwrap().len(), 2);
    assert_eq!(b.journal.inbox(&id("r1")).await.unwrap(), []);
    let next = b.journal.send(&id("r1"), abort("four"), at(9)).await.unwrap();
    assert!(next > ids[2], "a number is never given twice");
}

pub(super) async fn an_append_that_fails_leaves_nothing(b: &TestStore) {
    let lease = b.begin("r1", "a", 0).await;
    b.lock("dev", &lease, 0).await.unwrap();
    let waits = b.journal.send(&id("r1"), abort("x"), at(0)).await.unwrap();
    let facts = [
        Fact::StageEntered { stage: id("dev") },
        Fact::StageLeft { stage: id("dev"), images: BTreeMap::new() },
        Fact::Absorbed { message: waits },
        Fact::Absorbed { message: 99 },
    ];
    b.journal.append(&lease, 1, &facts, at(0)).await.unwrap_err();
    assert_eq!(b.count("r1").await, 1);
    assert_eq!(b.journal.inbox(&id("r1")).await.unwrap().len(), 1);
    assert_eq!(b.journal.ledger(&app(), &stage("dev")).await.unwrap(), StageLedger::default());
    let other = b.begin("r2", "b", 0).await;
    is_held(b.lock("dev", &other, 1).await, "r1");
}

pub(super) async fn a_stage_is_held_by_one_release(b: &TestStore) {
    let (one, two) = (b.begin("r1", "a", 0).await, b.begin("r2", "b", 0).await);
    let fence = b.lock("dev", &one, 0).await.unwrap();
    assert_eq!(b.lock("dev", &one, 1).await, Ok(fence), "twice is once");
    is_held(b.lock("dev", &two, 1).await, "release r1 (a@host");
    b.lock("prod", &two, 1).await.unwrap();
    b.journal.lock_stage(&id("other"), &stage("dev"), &two, None, at(1)).await.unwrap();
    b.journal.unlock_stage(&app(), &stage("dev"), &two).await.unwrap();
    is_held(b.lock("dev", &two, 1).await, "r1");
    b.journal.unlock_stage(&app(), &stage("dev"), &one).await.unwrap();
    assert!(b.lock("dev", &two, 1).await.unwrap() > fence);
}

pub(super) async fn a_stage_is_taken_from_an_ended_or_expired_holder(b: &TestStore) {
    let (one, two) = (b.begin("r1", "a", 0).await, b.begin("r2", "b", 0).await);
    let first = b.lock("dev", &one, 0).await.unwrap();
    let second = b.lock_over("dev", &two, 0).await;
    b.is_dead("b");
    let third = b.lock("dev", &one, 1).await.unwrap();
    assert!(first < second && second < third);
}

pub(super) async fn a_stage_is_renewed_along_with_its_release(b: &TestStore) {
    let (one, two) = (b.begin("r1", "a", 0).await, b.begin("r2", "b", 0).await);
    b.lock("dev", &one, 0).await.unwrap();
    b.lock("prod", &one, 0).await.unwrap();
    let seen = heartbeat(b.lock("dev", &two, 1).await);
    let renewed = b.journal.renew(&one, at(1)).await.unwrap();
    assert_eq!(BTreeSet::from_iter(renewed), BTreeSet::from([id("dev"), id("prod")]));
    let late = b.journal.lock_stage(&app(), &stage("dev"), &two, Some(seen), at(lapsed())).await;
    assert_eq!(heartbeat(late).fence, seen.fence, "what was seen before the renewal no longer counts");
    b.lock_over("dev", &two, lapsed()).await;
    assert_eq!(b.journal.renew(&one, at(lapsed())).await.unwrap(), [id("prod")], "the other one is lost");
    is_held(b.lock("dev", &one, 2 * LEASE.as_secs()).await, "r2");
}

pub(super) async fn a_stage_passes_to_a_later_process_of_its_release(b: &TestStore) {
    let first = b.begin("r1", "a", 0).await;
    let fence = b.lock("dev", &first, 0).await.unwrap();
    b.is_dead("a");
    let second = b.take("r1", "b", 1).await.unwrap();
    assert!(b.lock("dev", &second, 1).await.unwrap() > fence);
    is_lost(b.lock("dev", &first, 1).await);
    is_lost(b.journal.unlock_stage(&app(), &stage("dev"), &first).await);
}

pub(super) async fn leaving_a_stage_or_giving_up_frees_it(b: &TestStore) {
    let (one, two) = (b.begin("r1", "a", 0).await, b.begin("r2", "b", 0).await);
    b.lock("dev", &one, 0).await.unwrap();
    b.lock("prod", &one, 0).await.unwrap();
    b.append(&one, 1, Fact::StageLeft { stage: id("dev"), images: BTreeMap::new() }).await.unwrap();
    b.lock("dev", &two, 1).await.unwrap();
    is_held(b.lock("prod", &two, 1).await, "r1");
    is_lost(b.append(&one, 2, Fact::StageLeft { stage: id("dev"), images: BTreeMap::new() }).await);
    b.journal.give_up(&one).await.unwrap();
    b.lock("prod", &two, 1).await.unwrap();
    let back = b.take("r1", "a", 1).await.unwrap();
    is_held(b.lock("dev", &back, 1).await, "r2");
}

pub(super) async fn nobody_changes_a_stage_that_it_does_not_hold(b: &TestStore) {
    let (one, two) = (b.begin("r1", "a", 0).await, b.begin("r2", "b", 0).await);
    is_lost(b.append(&one, 1, update("dev")).await);
    b.lock("dev", &one, 0).await.unwrap();
    b.append(&one, 1, Fact::StageEntered { stage: id("dev") }).await.unwrap();
    b.lock_over("dev", &two, 0).await;
    let late = b.append(&one, 2, update("dev")).await;
    assert_eq!(late, Err(JournalError::LostLease { what: Leased::Stage(stage("dev")), last_event: None }));
    is_lost(b.append(&one, 2, Fact::StageEntered { stage: id("dev") }).await);
    b.append(&one, 2, warned("what came of earlier changes is still recorded")).await.unwrap();
    let plan = Fact::Intended { effect: Effect::Plan { stage: id("dev") }, attempt: 1 };
    b.append(&one, 3, plan).await.unwrap();
    b.append(&two, 1, update("dev")).await.unwrap();
    // A later process of the same release has to take it again.
    let later = b.take_over("r2", "c", 0).await;
    is_lost(b.append(&later, 2, update("dev")).await);
    b.lock("dev", &later, 0).await.unwrap();
    b.append(&later, 2, update("dev")).await.unwrap();
}

fn intended(effect: Effect) -> Fact {
    Fact::Intended { effect, attempt: 1 }
}

fn update(stage: &str) -> Fact {
    intended(Effect::Update { at: step(stage, 1), service: id("web"), direction: Direction::Forward })
}

fn word(reason: &str, said: Said) -> Word {
    let by = Identity { arn: "arn:aws:iam::1:user/a".into(), account: id("012345678901"), user_id: "A".into() };
    Word { by, reason: reason.into(), said }
}

pub(super) async fn a_frozen_stage_is_not_entered_but_can_be_rolled_back(b: &TestStore) {
    let one = b.begin("r1", "a", 0).await;
    b.lock("dev", &one, 0).await.unwrap();
    b.append(&one, 1, Fact::StageEntered { stage: id("dev") }).await.unwrap();
    let freeze = word("an incident", Said::Freeze);
    let ledger = b.journal.intervene(&app(), &stage("dev"), &freeze, at(5)).await.unwrap();
    let by = FrozenBy::Person { identity: freeze.by.clone(), reason: "an incident".into() };
    assert_eq!(ledger.frozen, Some(Frozen { at: at(5), by }));
    assert_eq!(b.journal.ledger(&app(), &stage("dev")).await.unwrap(), ledger);
    assert_eq!(b.journal.ledger(&app(), &stage("prod")).await.unwrap().frozen, None);
    let service = id("web");
    let task = Effect::RunTask { at: step("dev", 0), task: id("migrate") };
    for forward in [Fact::StageEntered { stage: id("dev") }, update("dev"), intended(task)] {
        assert_eq!(b.append(&one, 2, forward).await, Err(JournalError::Frozen(id("dev"))));
    }
    let place = || (step("dev", 1), id("web"));
    let (at_stop, at_back) = (place(), place());
    let stop = Effect::StopRollout { at: at_stop.0, service: at_stop.1 };
    b.append(&one, 2, intended(stop)).await.unwrap();
    b.append(&one, 3, intended(Effect::Update { at: at_back.0, service, direction: Direction::Back })).await.unwrap();
    let open = b.journal.intervene(&app(), &stage("dev"), &word("over", Said::Unfreeze), at(9)).await.unwrap();
    assert_eq!(open.frozen, None);
    let said: Vec<(&str, Timestamp)> = open.words.iter().map(|w| (w.word.reason.as_str(), w.at)).collect();
    assert_eq!(said, [("an incident", at(5)), ("over", at(9))], "both are on record");
    b.append(&one, 4, update("dev")).await.unwrap();
}

pub(super) async fn the_ledger_remembers_failed_images_and_freezes(b: &TestStore) {
    let one = b.begin("r1", "a", 0).await;
    let images = BTreeMap::from([(id("web"), Digest::of(b"web"))]);
    let failed = |outcome| Fact::ImagesFailed { stage: id("dev"), images: images.clone(), reason: reason(outcome) };
    b.append(&one, 1, failed(Outcome::RolledBack)).await.unwrap();
    b.append(&one, 2, failed(Outcome::Failed)).await.unwrap();
    b.append(&one, 3, Fact::StageFrozen { stage: id("dev") }).await.unwrap();
    let ledger = b.journal.ledger(&app(), &stage("dev")).await.unwrap();
    assert_eq!(ledger.failed.iter().map(|f| &f.reason).collect::<Vec<_>>(), [&reason(Outcome::Failed)]);
    let (same, other) = (Digest::of(b"web"), Digest::of(b"other"));
    assert!(ledger.failed_before(&|_| Some(&same)).is_some() && ledger.failed_before(&|_| Some(&other)).is_none());
    assert_eq!(ledger.frozen.unwrap().by, FrozenBy::Release { release: id("r1") });
}

pub(super) async fn images_that_were_proven_no_longer_count_as_failed(b: &TestStore) {
    let one = b.begin("r1", "a", 0).await;
    let (web, admin) = (Digest::of(b"web"), Digest::of(b"admin"));
    let both = BTreeMap::from([(id("web"), web.clone()), (id("admin"), admin)]);
    let alone = BTreeMap::from([(id("web"), web)]);
    for (after, images) in [(1, &both), (2, &alone)] {
        b.append(
            &one,
            after,
            Fact::ImagesFailed { stage: id("dev"), images: images.clone(), reason: reason(Outcome::Failed) },
        )
        .await
        .unwrap();
    }
    b.lock("dev", &one, 0).await.unwrap();
    b.append(&one, 3, Fact::StageLeft { stage: id("dev"), images: alone }).await.unwrap();
    let left = b.journal.ledger(&app(), &stage("dev")).await.unwrap().failed;
    assert_eq!(left.iter().map(|f| &f.images).collect::<Vec<_>>(), [&both], "of the two only one was proven");
    b.lock("dev", &one, 0).await.unwrap();
    b.append(&one, 4, Fact::StageLeft { stage: id("dev"), images: both }).await.unwrap();
    assert_eq!(b.journal.ledger(&app(), &stage("dev")).await.unwrap().failed, []);
}

pub(super) async fn a_person_breaks_a_lock_and_the_ledger_says_so(b: &TestStore) {
    let (one, two) = (b.begin("r1", "a", 0).await, b.begin("r2", "b", 0).await);
    b.lock("dev", &one, 0).await.unwrap();
    let (release, who, seen) = b.journal.holder(&app(), &stage("dev")).await.unwrap().unwrap();
    assert_eq!((release, who), (id("r1"), holder("a")));
    b.journal.renew(&one, at(1)).await.unwrap();
    let another = Said::BreakLock { release: id("r2"), fence: seen.fence };
    let wrong = b.journal.intervene(&app(), &stage("dev"), &word("x", another), at(2)).await;
    assert_eq!(heartbeat(wrong).fence, seen.fence, "only the holder that was seen");
    let break_it = Said::BreakLock { release: id("r1"), fence: seen.fence };
    let ledger = b.journal.intervene(&app(), &stage("dev"), &word("its machine burnt", break_it), at(3)).await.unwrap();
    assert_eq!(ledger.words.last().unwrap().word.reason, "its machine burnt");
    assert_eq!(b.journal.holder(&app(), &stage("dev")).await.unwrap(), None);
    is_lost(b.append(&one, 1, update("dev")).await);
    assert_eq!(b.journal.renew(&one, at(4)).await.unwrap(), []);
    assert!(b.lock("dev", &two, 4).await.unwrap() > seen.fence);
}

pub(super) async fn a_person_breaks_a_lease_and_the_record_says_so(b: &TestStore) {
    let one = b.begin("r1", "a", 0).await;
    b.lock("dev", &one, 0).await.unwrap();
    let fence = heartbeat(b.take("r1", "b", 1).await).fence;
    b.journal.renew(&one, at(2)).await.unwrap();
    let by =
        Identity { user_id: "x".into(), arn: "arn:aws:iam::111111111111:user/x".into(), account: id("111111111111") };
    let broken = Fact::LockBroken { by, held_by: "a".into(), reason: "its machine burnt".into() };
    let of = async |fence, t| b.journal.break_lease(&id("r1"), fence, broken.clone(), at(t)).await;
    let another = heartbeat(of(fence + 1, 3).await);
    assert_eq!((another.fence, another.beat), (fence, 1), "only the holder that was seen");
    let event = of(fence, 4).await.unwrap().unwrap();
    assert_eq!((event.seq, event.at), (2, at(4)));
    assert_eq!(b.journal.read(&id("r1")).await.unwrap().last(), Some(&event));
    assert_eq!(b.journal.holder(&app(), &stage("dev")).await.unwrap(), None);
    is_lost(b.append(&one, 2, warned("late")).await);
    is_lost(b.journal.renew(&one, at(5)).await);
    assert_eq!(of(fence, 6).await.unwrap(), None, "nobody has it, and nothing is recorded");
    let two = b.take("r1", "b", 7).await.unwrap();
    b.append(&two, 2, warned("on")).await.unwrap();
}

pub(super) async fn the_ledger_is_the_fold_of_what_happened_in_a_stage(b: &TestStore) {
    let (one, two) = (b.begin("r1", "a", 0).await, b.begin("r2", "b", 0).await);
    let entered = Fact::StageEntered { stage: id("dev") };
    b.lock("dev", &one, 0).await.unwrap();
    b.append(&one, 1, entered.clone()).await.unwrap();
    let left = b
        .journal
        .append(&one, 2, &[Fact::StageLeft { stage: id("dev"), images: BTreeMap::new() }], at(7))
        .await
        .unwrap();
    b.lock("dev", &two, 0).await.unwrap();
    b.append(&two, 1, entered).await.unwrap();
    let ledger = b.journal.ledger(&app(), &stage("dev")).await.unwrap();
    let good = LastGood { release: id("r1"), at: left[0].at };
    assert_eq!(ledger, StageLedger { last_good: Some(good), last_entered: Some(id("r2")), ..StageLedger::default() });
    assert_eq!(b.journal.ledger(&app(), &stage("prod")).await.unwrap(), StageLedger::default());
    assert_eq!(b.journal.ledger(&id("other"), &stage("dev")).await.unwrap(), StageLedger::default());
}

pub(super) async fn releases_are_listed_newest_first(b: &TestStore) {
    b.begin("r1", "a", 100).await;
    let middle = b.begin("r3", "a", 50).await;
    b.begin("r2", "a", 50).await;
    let mut theirs = started();
    let Fact::Started(begun) = &mut theirs else { panic!("{theirs:?}") };
    begun.pipeline.app = id("other");
    b.journal.begin(&id("other"), &id("r9"), theirs, &holder("a"), at(500)).await.unwrap();
    b.journal.append(&middle, 1, &[warned("x")], at(900)).await.unwrap();
    b.journal.give_up(&middle).await.unwrap();
    let listed = b.journal.list(&app()).await.unwrap();
    assert_eq!(listed.iter().map(|l| l.release.as_str()).collect::<Vec<_>>(), ["r1", "r3", "r2"]);
    assert_eq!((listed[1].started_at, listed[1].last_at, &listed[1].held_by), (at(50), at(900), &None));
    assert_eq!(listed[0].held_by, Some(holder("a")));
}

pub(super) async fn large_facts_come_back_whole(b: &TestStore) {
    let lease = b.begin("r1", "a", 0).await;
    let findings = (0..6000).map(|n| Finding {
        id: format!("CVE-2026-{n:05}"),
        severity: Severity::High,
        package: format!("package-{}", n * 7919 % 1000),
        fixed_in: (n % 3 == 0).then(|| format!("1.{n}")),
    });
    let reading = ScanReading {
        state: ScanState::Scanned { at: at(0), again_from: None },
        findings: findings.collect(),
        suppressed: vec![],
    };
    let observed = Fact::ScanObserved { image: id("web"), account: id("main"), reading, readings: 1 };
    assert!(serde_json::to_vec(&observed).unwrap().len() > 4 * INLINE_LIMIT);
    // Twice the same, with facts between them that are small enough for their rows.
    let facts = [observed.clone(), warned("間"), observed.clone()];
    let appended = b.journal.append(&lease, 1, &facts, at(1)).await.unwrap();
    let read = b.journal.read(&id("r1")).await.unwrap();
    assert_eq!(read[1..], appended);
    assert_eq!((&read[1].fact, &read[3].fact), (&observed, &observed));
}

pub(super) async fn many_facts_are_one_append(b: &TestStore) {
    let lease = b.begin("r1", "a", 0).await;
    let facts: Vec<Fact> = (0..300).map(|n| warned(format!("{n} {}", "x".repeat(1000)))).collect();
    let appended = b.journal.append(&lease, 1, &facts, at(1)).await.unwrap();
    assert_eq!(appended.iter().map(|e| e.seq).collect::<Vec<_>>(), (2..302).collect::<Vec<_>>());
    b.append(&lease, 301, warned("next")).await.unwrap();
    assert_eq!(b.journal.read(&id("r1")).await.unwrap()[1..301], appended);
}

pub(super) async fn of_several_takers_at_once_one_gets_the_lease(b: &TestStore) {
    let lease = b.begin("r1", "a", 0).await;
    let facts = [warned("one"), warned("two"), warned("three")];
    let append = |n: usize| b.journal.append(&lease, 1, &facts[n..=n], at(0));
    let (one, two, three) = tokio::join!(append(0), append(1), append(2));
    let appended = [one, two, three];
    assert_eq!(appended.iter().filter(|a| a.is_ok()).count(), 1, "{appended:?}");
    appended.into_iter().filter(Result::is_err).for_each(is_lost);
    assert_eq!(b.count("r1").await, 2);

    b.journal.give_up(&lease).await.unwrap();
    let (release, holders) = (id("r1"), [holder("b"), holder("c"), holder("d")]);
    let take = |n: usize| b.journal.take(&release, &holders[n], None, at(0));
    let (one, two, three) = tokio::join!(take(0), take(1), take(2));
    let taken: Vec<Lease> = [one, two, three].into_iter().filter_map(Result::ok).collect();
    assert_eq!(taken.iter().map(|l| l.fence).collect::<Vec<_>>(), [lease.fence + 1]);

    let others = (b.begin("r2", "e", 0).await, b.begin("r3", "f", 0).await);
    let (one, two) = tokio::join!(b.lock("dev", &others.0, 0), b.lock("dev", &others.1, 0));
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
}

pub(super) async fn messages_sent_at_once_are_all_there(b: &TestStore) {
    b.begin("r1", "a", 0).await;
    let release = id("r1");
    let send = |reason: &str| b.journal.send(&release, abort(reason), at(0));
    let (one, two, three) = tokio::join!(send("one"), send("two"), send("three"));
    let ids: BTreeSet<u64> = [one, two, three].into_iter().map(Result::unwrap).collect();
    let waiting = b.journal.inbox(&release).await.unwrap();
    assert_eq!(waiting.iter().map(|m| m.id).collect::<BTreeSet<_>>(), ids);
    assert_eq!(ids.len(), 3);
}

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

pub(super) async fn a_record_is_imported_as_it_is_and_cannot_be_worked_on(b: &TestStore) {
    let (origin, record) = elsewhere("r1", "end").await;
    assert_eq!(b.journal.import(&record, &mark()).await, Ok(true));
    let again = Imported { by: "another".to_owned(), ..mark() };
    assert_eq!(b.journal.import(&record, &again).await, Ok(false), "twice is once");
    assert_eq!(b.journal.export(&id("r1")).await.unwrap(), record);
    assert_eq!(b.journal.read(&id("r1")).await.unwrap(), origin.read(&id("r1")).await.unwrap());
    let listed = b.journal.list(&app()).await.unwrap();
    assert_eq!((listed[0].started_at, listed[0].last_at, &listed[0].held_by), (at(10), at(20), &None));
    assert_eq!(listed[0].imported, Some(mark()));
    let refused = JournalError::Imported(id("r1"), mark());
    assert_eq!(b.take("r1", "a", 30).await, Err(refused.clone()));
    assert_eq!(b.journal.send(&id("r1"), abort("there"), at(31)).await, Err(refused));
    assert_eq!(b.journal.inbox(&id("r1")).await.unwrap(), []);
    assert_eq!(b.journal.ledger(&app(), &stage("dev")).await.unwrap(), StageLedger::default(), "it has learnt nothing");
    let own = b.begin("r2", "a", 40).await;
    b.lock("dev", &own, 40).await.unwrap();
    b.append(&own, 1, Fact::StageEntered { stage: id("dev") }).await.unwrap();
    assert_eq!(b.journal.list(&app()).await.unwrap()[0].imported, None);
    let missing = b.journal.export(&id("r7")).await;
    assert_eq!(missing, Err(JournalError::NoSuchRelease(id("r7"))));
}

pub(super) async fn every_journal_of_the_corpus_is_imported_and_read(b: &TestStore) {
    let mut taken = BTreeSet::new();
    // The stories' clocks begin alike, and so do their releases' ids: of each id one.
    for (name, _, record) in super::corpus::all().into_iter().filter(|(_, _, r)| taken.insert(r.release.clone())) {
        assert!(b.journal.import(&record, &mark()).await.unwrap(), "{name}");
        let events = b.journal.read(&record.release).await.unwrap();
        assert_eq!(events, super::codec::verify(&record).unwrap().events, "{name}");
        assert_eq!(b.journal.export(&record.release).await.unwrap(), record, "{name}");
    }
}

pub(super) async fn a_record_that_differs_or_is_damaged_is_not_imported(b: &TestStore) {
    let (_, record) = elsewhere("r1", "end").await;
    let mut damaged = record.clone();
    damaged.rows[2].at = at(21).to_string();
    let mut cut = record.clone();
    cut.blobs.clear();
    for wrong in
        [damaged, cut, Record { rows: vec![], ..record.clone() }, Record { release: id("r2"), ..record.clone() }]
    {
        let refused = b.journal.import(&wrong, &mark()).await;
        assert!(matches!(refused, Err(JournalError::Corrupt(_))), "{refused:?}");
    }
    assert_eq!(b.journal.list(&app()).await.unwrap(), [], "nothing of them is here");

    b.journal.import(&Record { rows: record.rows[..4].to_vec(), ..record.clone() }, &mark()).await.unwrap();
    let longer = b.journal.import(&record, &mark()).await;
    assert_eq!(longer, Err(JournalError::Conflict(Conflict::Shorter { release: id("r1"), here: 4, record: 5 })));
    let (_, other) = elsewhere("r3", "end").await;
    b.journal.import(&other, &mark()).await.unwrap();
    let (_, differs) = elsewhere("r3", "another end").await;
    let differs = b.journal.import(&differs, &mark()).await;
    assert_eq!(differs, Err(JournalError::Conflict(Conflict::OtherEvent { release: id("r1"), seq: 5 })));
    assert_eq!((b.count("r1").await, b.count("r3").await), (4, 5));
}

pub(super) async fn an_imported_record_changes_no_ledger(b: &TestStore) {
    let own = b.begin("r5", "a", 0).await;
    b.lock("dev", &own, 0).await.unwrap();
    let facts =
        [Fact::StageEntered { stage: id("dev") }, Fact::StageLeft { stage: id("dev"), images: BTreeMap::new() }];
    b.journal.append(&own, 1, &facts, at(900)).await.unwrap();
    let known = b.journal.ledger(&app(), &stage("dev")).await.unwrap();
    // One of the far future would make every later release of this store overtaken.
    for release in ["r1", "r9"] {
        b.journal.import(&elsewhere(release, "end").await.1, &mark()).await.unwrap();
        assert_eq!(b.journal.ledger(&app(), &stage("dev")).await.unwrap(), known);
    }
}

/// How many of the rules hold in a store; those that do not are named.
async fn tried(store: &str, test_store: impl Fn() -> TestStore) -> (usize, Vec<String>) {
    let rules: [(&str, Rule); _] = conformance!(all);
    let mut broken = Vec::new();
    for (name, rule) in rules {
        if tokio::spawn(rule(test_store())).await.is_err() {
            broken.push(format!("{store}: {name}"));
        }
    }
    (rules.len(), broken)
}

#[tokio::test]
async fn every_store_follows_every_rule() {
    let mut stores = vec![
        ("memory", tried("memory", super::memory::tests::test_store).await),
        ("SQLite", tried("SQLite", super::sqlite::tests::test_store).await),
    ];
    if let Some(store) = super::dynamodb::tests::Store::start("the journal's rules on DynamoDB").await {
        stores.push(("DynamoDB", tried("DynamoDB", || store.test_store()).await));
    }
    let kept = |(rules, broken): &(usize, Vec<String>)| rules - broken.len();
    let counts: Vec<String> =
        stores.iter().map(|(store, tried)| format!("{store} {} of {}", kept(tried), tried.0)).collect();
    let (all, of) = stores.iter().fold((0, 0), |(all, of), (_, tried)| (all + kept(tried), of + tried.0));
    let line = format!("the journal's rules: {} ({all} of {of})\n", counts.join(", "));
    // Past the test harness, which keeps what passing tests print to itself.
    let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
    let broken: Vec<String> = stores.into_iter().flat_map(|(_, (_, broken))| broken).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}
