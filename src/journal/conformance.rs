//! What every store must do, run against each of them.

mod events;
mod imports;
mod inbox;
mod leases;
mod stages;

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use crate::model::approval::Identity;
use crate::model::effect::Effect;
use crate::model::event::{Event, Fact};
use crate::model::ids::{AppName, StageName};
use crate::model::inbox::MessageBody;
use crate::model::release::samples::{at, id, started, step};
use crate::model::step::part::Direction;
use crate::ports::journal::{Heartbeat, Holder, Journal, JournalError, LEASE, Lease};

pub(super) use self::events::{
    a_release_begins_once, an_append_must_follow_the_last_event, an_append_that_fails_leaves_nothing,
    an_unknown_release_is_an_error, large_facts_come_back_whole, many_facts_are_one_append,
    releases_are_listed_newest_first, what_is_appended_is_read_and_folds,
};
pub(super) use self::imports::{
    a_record_is_imported_as_it_is_and_cannot_be_worked_on, a_record_that_differs_or_is_damaged_is_not_imported,
    an_imported_record_changes_no_ledger,
};
pub(super) use self::inbox::{messages_sent_at_once_are_all_there, messages_wait_in_order_and_are_absorbed_once};
pub(super) use self::leases::{
    a_lease_is_taken_by_its_heartbeat_and_never_by_a_clock, a_lease_is_taken_by_one_and_its_fence_grows,
    a_lease_that_was_given_up_cannot_write, a_person_breaks_a_lease_and_the_record_says_so,
    an_expired_lease_stays_with_its_holder_until_somebody_takes_it, of_several_takers_at_once_one_gets_the_lease,
    taking_a_lease_again_ends_the_older_one, the_lease_of_a_process_that_ended_is_taken_at_once,
};
pub(super) use self::stages::{
    a_frozen_stage_is_not_entered_but_can_be_rolled_back, a_person_breaks_a_lock_and_the_ledger_says_so,
    a_stage_is_held_by_one_release, a_stage_is_renewed_along_with_its_release,
    a_stage_is_taken_from_an_ended_or_expired_holder, a_stage_passes_to_a_later_process_of_its_release,
    images_that_were_proven_no_longer_count_as_failed, leaving_a_stage_or_giving_up_frees_it,
    nobody_changes_a_stage_that_it_does_not_hold, the_ledger_is_the_fold_of_what_happened_in_a_stage,
    the_ledger_remembers_failed_images_and_freezes,
};

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

fn intended(effect: Effect) -> Fact {
    Fact::Intended { effect, attempt: 1 }
}

fn update(stage: &str) -> Fact {
    intended(Effect::Update { at: step(stage, 1), service: id("web"), direction: Direction::Forward })
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
