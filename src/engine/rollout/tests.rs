use std::collections::BTreeMap;

use jiff::Timestamp;
use rstest::rstest;

use super::*;
use crate::model::ids::Digest;
use crate::model::release::samples::{at, id};
use crate::model::rollout::{
    AwaitingHook, BreakerCount, Deployment, EarlySuccess, HeldUp, Monitors, PROOFS, ServiceEvent, ServiceReading,
    StoppedContainer, StoppedTask, TaskReading,
};
use crate::model::rollout_reason::{Monitor, ProofGap};

const OURS: &str = "ecs-svc/ours";
const BEFORE: &str = "ecs-svc/before";
const THEIRS: &str = "ecs-svc/theirs";
const NEXT: &str = "web:2";
const LAST: &str = "web:1";

fn digests() -> Vec<(String, ImageDigests)> {
    let digest = Digest::of(b"index");
    vec![("web".into(), ImageDigests { digest, children: vec![Digest::of(b"amd64"), Digest::of(b"arm64")] })]
}

fn before() -> Before {
    Before {
        primary: Some(BEFORE.into()),
        task_definition: LAST.into(),
        service_deployments: vec!["sd/old".into()],
        deployments: vec!["ecs-svc/0".into()],
    }
}

fn entry(id: &str, status: &str, task_definition: &str, state: &str) -> Deployment {
    Deployment {
        id: id.into(),
        status: status.into(),
        task_definition: task_definition.into(),
        rollout_state: Some(state.into()),
        rollout_state_reason: None,
        desired: 2,
        running: 2,
        failed: 0,
        created_at: Some(at(0)),
    }
}

fn deployment(arn: &str, status: &str, created: i64, target: &str) -> ServiceDeployment {
    ServiceDeployment {
        arn: arn.into(),
        status: status.into(),
        status_reason: Some(format!("{status}, ECS says")),
        created_at: at(created),
        target_task_definition: Some(target.into()),
        source_task_definitions: vec![],
        monitors: Monitors::default(),
    }
}

fn task(name: &str, by: Option<&str>, definition: &str, digest: &[u8]) -> TaskReading {
    TaskReading {
        arn: format!("arn:task/{name}"),
        started_by: by.map(str::to_owned),
        task_definition: definition.into(),
        last_status: "RUNNING".into(),
        health: "HEALTHY".into(),
        digests: BTreeMap::from([("web".into(), Some(Digest::of(digest).to_string()))]),
    }
}

/// A service whose PRIMARY is ours and whose two tasks run the approved image.
fn proven() -> RolloutReading {
    RolloutReading {
        service: ServiceReading {
            status: "ACTIVE".into(),
            controller: "ECS".into(),
            desired: 2,
            running: 2,
            pending: 0,
            task_definition: NEXT.into(),
            minimum_percent: 100,
            maximum_percent: 200,
            deployments: vec![entry(OURS, "PRIMARY", NEXT, "COMPLETED")],
            service_deployments: None,
            network: None,
            launch: None,
            early_success: None,
            events: vec![],
        },
        running: vec![task("a", Some(OURS), NEXT, b"amd64"), task("b", Some(OURS), NEXT, b"index")],
        stopped: vec![],
    }
}

fn listed(deployments: Vec<ServiceDeployment>) -> RolloutReading {
    let mut reading = proven();
    let old = deployment("sd/old", "SUCCESSFUL", -100, LAST);
    reading.service.service_deployments = Some([old].into_iter().chain(deployments).collect());
    reading
}

fn with_entries(deployments: Vec<Deployment>) -> RolloutReading {
    let mut reading = proven();
    reading.service.deployments = deployments;
    reading
}

fn judged(reading: &RolloutReading, last: Option<&RolloutProgress>) -> RolloutProgress {
    let (before, digests, service) = (before(), digests(), id("web"));
    let ours = Ours {
        service: &service,
        primary: Some(OURS),
        task_definition: NEXT,
        before: Some(&before),
        stop_requested: false,
        digests: &digests,
        last,
    };
    judge(&ours, reading)
}

/// The last of so many equal readings.
fn after(readings: u32, reading: &RolloutReading) -> RolloutProgress {
    (1..readings).fold(judged(reading, None), |last, _| judged(reading, Some(&last)))
}

fn missing(reading: &RolloutReading) -> ProofGap {
    match judged(reading, None).rollout {
        RolloutState::Proving { missing } => missing,
        other => panic!("{other:?} misses nothing"),
    }
}

fn said(status: &str) -> String {
    format!("{status}, ECS says")
}

#[rstest]
#[case("PENDING", RolloutState::InProgress)]
#[case("IN_PROGRESS", RolloutState::InProgress)]
#[case("SOMETHING_NEWER", RolloutState::InProgress)]
#[case("SUCCESSFUL", RolloutState::Proven { readings: 1 })]
#[case("STOP_REQUESTED", RolloutState::InProgress)]
#[case("ROLLBACK_REQUESTED", RolloutState::RollingBack { said: Some(said("ROLLBACK_REQUESTED")) })]
#[case("ROLLBACK_IN_PROGRESS", RolloutState::RollingBack { said: Some(said("ROLLBACK_IN_PROGRESS")) })]
#[case("ROLLBACK_SUCCESSFUL", RolloutState::RolledBack { said: Some(said("ROLLBACK_SUCCESSFUL")) })]
#[case("ROLLBACK_FAILED", RolloutState::RollbackFailed { said: Some(said("ROLLBACK_FAILED")) })]
#[case("STOPPED", RolloutState::Stopped { said: Some(said("STOPPED")) })]
fn the_status_of_our_service_deployment_decides(#[case] status: &str, #[case] expected: RolloutState) {
    let progress = judged(&listed(vec![deployment("sd/ours", status, 10, NEXT)]), None);
    assert_eq!(progress.rollout, expected);
    assert_eq!(progress.deployment.as_deref(), Some("sd/ours"), "it is followed by its ARN from now on");
}

#[test]
fn a_stopped_deployment_with_a_newer_one_is_superseded_by_it() {
    let ours = || deployment("sd/ours", "STOPPED", 10, NEXT);
    let newer = deployment("sd/theirs", "IN_PROGRESS", 20, "web:3");
    assert_eq!(judged(&listed(vec![ours(), newer]), None).rollout, RolloutState::Superseded { by: "sd/theirs".into() });
    let older = deployment("sd/theirs", "SUCCESSFUL", 5, "web:3");
    assert!(matches!(judged(&listed(vec![ours(), older]), None).rollout, RolloutState::Stopped { .. }));
}

#[test]
fn several_candidates_are_ambiguous_never_a_success() {
    let both = vec![deployment("sd/1", "SUCCESSFUL", 10, NEXT), deployment("sd/2", "SUCCESSFUL", 11, NEXT)];
    let progress = judged(&listed(both.clone()), None);
    let RolloutState::Ambiguous { deployments } = &progress.rollout else { panic!("{progress:?}") };
    assert_eq!(deployments, &["sd/1", "sd/2"]);
    assert_eq!(progress.deployment, None);
    // One that was found before stays ours.
    let known = judged(&listed(both[..1].to_vec()), None);
    assert_eq!(judged(&listed(both), Some(&known)).rollout, RolloutState::Proven { readings: 2 });
}

#[test]
fn deployments_before_the_baseline_or_of_another_task_definition_are_not_ours() {
    let other = deployment("sd/theirs", "ROLLBACK_FAILED", 10, "web:3");
    let progress = judged(&listed(vec![other.clone()]), None);
    assert_eq!(
        (progress.deployment, progress.rollout),
        (None, RolloutState::Proven { readings: 1 }),
        "by deployments[]"
    );
    let mut old = listed(vec![]);
    old.service.service_deployments.as_mut().unwrap()[0].target_task_definition = Some(NEXT.into());
    assert_eq!(judged(&old, None).deployment, None);
    let unread = ServiceDeployment { target_task_definition: None, ..other };
    assert_eq!(judged(&listed(vec![unread]), None).deployment, None);
}

#[test]
fn a_known_deployment_that_one_reading_misses_is_not_forgotten() {
    let known = judged(&listed(vec![deployment("sd/ours", "IN_PROGRESS", 10, NEXT)]), None);
    let mut stale = listed(vec![]);
    stale.service.deployments =
        vec![entry(OURS, "PRIMARY", NEXT, "IN_PROGRESS"), entry(BEFORE, "ACTIVE", LAST, "COMPLETED")];
    let progress = judged(&stale, Some(&known));
    assert_eq!((progress.rollout, progress.deployment.as_deref()), (RolloutState::InProgress, Some("sd/ours")));
}

#[test]
fn three_consecutive_proofs_count_and_a_gap_starts_again() {
    let reading = proven();
    let counts: Vec<RolloutState> = (1..=4).map(|n| after(n, &reading).rollout).collect();
    let proof = |readings| RolloutState::Proven { readings };
    assert_eq!(counts, [proof(1), proof(2), proof(PROOFS), proof(PROOFS)]);
    let mut doubtful = proven();
    doubtful.running.pop();
    let doubt = judged(&doubtful, Some(&after(2, &reading)));
    assert!(matches!(doubt.rollout, RolloutState::Proving { .. }));
    assert_eq!(judged(&reading, Some(&doubt)).rollout, proof(1));
}

#[test]
fn nothing_is_proven_by_tasks_that_are_too_few_or_not_ours() {
    let mut few = proven();
    few.service.running = 1;
    assert!(matches!(missing(&few), ProofGap::TooFewRunning { running: 1, desired: 2 }));
    let mut unseen = proven();
    unseen.running.pop();
    assert!(matches!(missing(&unseen), ProofGap::TooFewSeen { .. }));
    let mut starting = proven();
    starting.running[1].last_status = "PENDING".into();
    assert!(matches!(missing(&starting), ProofGap::TooFewSeen { .. }));
    let mut theirs = proven();
    theirs.running.push(task("c", Some(BEFORE), LAST, b"old"));
    assert!(matches!(missing(&theirs), ProofGap::OtherDeploymentsTask { .. }));
    let mut by_name = proven();
    by_name.running.push(task("c", Some("web"), LAST, b"old"));
    assert!(
        matches!(missing(&by_name), ProofGap::OtherDefinitionsTask { .. }),
        "where startedBy is no deployment's id"
    );
    let mut ill = proven();
    ill.running[0].health = "UNHEALTHY".into();
    assert!(matches!(missing(&ill), ProofGap::Unhealthy { .. }));
    let mut without_check = proven();
    without_check.running[0].health = "UNKNOWN".into();
    assert_eq!(judged(&without_check, None).rollout, RolloutState::Proven { readings: 1 });
}

#[test]
fn nothing_is_proven_by_another_digest() {
    let mut other = proven();
    other.running[1].digests.insert("web".into(), Some(Digest::of(b"another").to_string()));
    assert!(matches!(missing(&other), ProofGap::NotApproved { .. }));
    for missing_digest in [None, Some(None)] {
        let mut reading = proven();
        reading.running[0].digests.clear();
        reading.running[0].digests.extend(missing_digest.map(|digest| ("web".to_owned(), digest)));
        assert!(matches!(missing(&reading), ProofGap::DigestUnknown { .. }));
    }
    let mut successful = listed(vec![deployment("sd/ours", "SUCCESSFUL", 10, NEXT)]);
    successful.running = other.running;
    assert!(matches!(missing(&successful), ProofGap::NotApproved { .. }), "whatever ECS calls it");
}

#[test]
fn injected_sidecars_neither_prove_nor_disprove() {
    let mut reading = proven();
    for task in &mut reading.running {
        task.digests.insert("aws-guardduty-agent".into(), Some(Digest::of(b"agent").to_string()));
        task.digests.insert("ecs-service-connect".into(), None);
    }
    assert_eq!(judged(&reading, None).rollout, RolloutState::Proven { readings: 1 });
    reading.running[0].digests.remove("web");
    assert!(matches!(judged(&reading, None).rollout, RolloutState::Proving { .. }));
}

#[test]
fn with_a_desired_count_of_zero_nothing_has_to_run() {
    let mut reading = proven();
    (reading.service.desired, reading.service.running) = (0, 0);
    (reading.service.deployments[0].desired, reading.service.deployments[0].running) = (0, 0);
    reading.running.clear();
    let progress = judged(&reading, None);
    assert_eq!((progress.rollout, progress.desired), (RolloutState::Proven { readings: 1 }, 0));
}

#[test]
fn successful_with_somebody_elses_primary_is_superseded() {
    let mut reading = listed(vec![deployment("sd/ours", "SUCCESSFUL", 10, NEXT)]);
    reading.service.deployments =
        vec![entry(THEIRS, "PRIMARY", "web:3", "IN_PROGRESS"), entry(OURS, "ACTIVE", NEXT, "COMPLETED")];
    assert_eq!(judged(&reading, None).rollout, RolloutState::Superseded { by: THEIRS.into() });
}

#[test]
fn successful_with_the_primary_of_before_is_a_stale_reading() {
    let mut reading = listed(vec![deployment("sd/ours", "SUCCESSFUL", 10, NEXT)]);
    reading.service.deployments = vec![entry(BEFORE, "PRIMARY", LAST, "COMPLETED")];
    let progress = judged(&reading, None);
    assert!(matches!(progress.rollout, RolloutState::Proving { .. }), "{progress:?}");
}

#[rstest]
#[case("COMPLETED", RolloutState::Proven { readings: 1 })]
#[case("IN_PROGRESS", RolloutState::InProgress)]
#[case("SOMETHING_NEWER", RolloutState::InProgress)]
fn without_service_deployments_the_rollout_state_of_ours_decides(#[case] state: &str, #[case] expected: RolloutState) {
    let reading = with_entries(vec![entry(OURS, "PRIMARY", NEXT, state), entry(BEFORE, "ACTIVE", LAST, "COMPLETED")]);
    assert_eq!(judged(&reading, None).rollout, expected);
}

#[test]
fn a_failed_primary_of_ours_counts_once_it_stays() {
    let entries = || vec![entry(OURS, "PRIMARY", NEXT, "FAILED")];
    let mut service_deployments = listed(vec![deployment("sd/ours", "IN_PROGRESS", 10, NEXT)]);
    service_deployments.service.deployments = entries();
    for reading in [with_entries(entries()), service_deployments] {
        assert_eq!(
            after(1, &reading).rollout,
            RolloutState::Looking { readings: 1 },
            "the breaker may be about to act"
        );
        assert!(matches!(after(LOOKS, &reading).rollout, RolloutState::Failed { .. }));
        assert!(matches!(after(LOOKS + 3, &reading).rollout, RolloutState::Failed { .. }));
    }
}

#[test]
fn a_stopped_deployment_that_failed_failed() {
    let mut reading = listed(vec![deployment("sd/ours", "STOPPED", 10, NEXT)]);
    reading.service.deployments = vec![entry(OURS, "PRIMARY", NEXT, "FAILED")];
    assert!(matches!(judged(&reading, None).rollout, RolloutState::Failed { .. }));
}

#[rstest]
#[case("IN_PROGRESS", true)]
#[case("COMPLETED", false)]
fn without_service_deployments_the_rollback_of_the_breaker_is_followed(#[case] state: &str, #[case] under_way: bool) {
    let mut failed = entry(OURS, "ACTIVE", NEXT, "FAILED");
    failed.rollout_state_reason = Some("tasks failed to start".into());
    let reading = with_entries(vec![entry("ecs-svc/back", "PRIMARY", LAST, state), failed]);
    let said = Some("tasks failed to start".to_owned());
    let expected = if under_way { RolloutState::RollingBack { said } } else { RolloutState::RolledBack { said } };
    assert_eq!(judged(&reading, None).rollout, expected);
}

#[test]
fn without_service_deployments_the_primarys_reason_shows_a_rollback_too() {
    let mut back = entry("ecs-svc/back", "PRIMARY", LAST, "COMPLETED");
    back.rollout_state_reason =
        Some("ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/before.".into());
    assert!(matches!(judged(&with_entries(vec![back.clone()]), None).rollout, RolloutState::RolledBack { .. }));
    back.rollout_state = Some("FAILED".into());
    assert!(matches!(judged(&with_entries(vec![back]), None).rollout, RolloutState::RollbackFailed { .. }));
}

#[test]
fn another_primary_is_superseding_only_after_several_readings() {
    let theirs = with_entries(vec![entry(THEIRS, "PRIMARY", "web:3", "IN_PROGRESS")]);
    for readings in 1..LOOKS {
        assert_eq!(after(readings, &theirs).rollout, RolloutState::Looking { readings });
    }
    assert_eq!(after(LOOKS, &theirs).rollout, RolloutState::Superseded { by: THEIRS.into() });
    // Going to what ran before, without a failure of ours, is somebody's decision too.
    let back = with_entries(vec![entry(THEIRS, "PRIMARY", LAST, "COMPLETED")]);
    assert_eq!(after(LOOKS, &back).rollout, RolloutState::Superseded { by: THEIRS.into() });
}

#[test]
fn the_primary_of_before_is_waited_for_however_often_it_is_read() {
    let stale = with_entries(vec![entry(BEFORE, "PRIMARY", LAST, "COMPLETED")]);
    assert_eq!(after(LOOKS * 3, &stale).rollout, RolloutState::Looking { readings: LOOKS });
    assert_eq!(after(3, &with_entries(vec![])).rollout, RolloutState::Looking { readings: 3 });
    let seen = judged(&proven(), Some(&after(3, &stale)));
    assert_eq!(seen.rollout, RolloutState::Proven { readings: 1 });
}

fn unchanged(reading: &RolloutReading) -> RolloutState {
    let (digests, service) = (digests(), id("web"));
    let ours = Ours {
        service: &service,
        primary: Some(OURS),
        task_definition: NEXT,
        before: None,
        stop_requested: false,
        digests: &digests,
        last: None,
    };
    judge(&ours, reading).rollout
}

#[test]
fn what_runs_is_proven_in_the_same_way_where_nothing_was_updated() {
    assert_eq!(unchanged(&proven()), RolloutState::Proven { readings: 1 });
    let old = deployment("sd/old", "ROLLBACK_FAILED", 1, NEXT);
    assert_eq!(unchanged(&listed(vec![old])), RolloutState::Proven { readings: 1 }, "its history does not matter");
    let theirs = with_entries(vec![entry(THEIRS, "PRIMARY", "web:3", "COMPLETED")]);
    assert_eq!(unchanged(&theirs), RolloutState::Superseded { by: THEIRS.into() });
    let mut other = proven();
    other.running[0].digests.insert("web".into(), Some(Digest::of(b"another").to_string()));
    assert!(matches!(unchanged(&other), RolloutState::Proving { .. }));
}

fn stopped(name: &str, by: &str, code: i32) -> StoppedTask {
    StoppedTask {
        arn: format!("arn:task/{name}"),
        started_by: Some(by.into()),
        task_definition: NEXT.into(),
        created_at: Some(at(1)),
        stop_code: Some("EssentialContainerExited".into()),
        stopped_reason: Some("Essential container in task exited".into()),
        containers: vec![StoppedContainer { name: "web".into(), exit_code: Some(code), reason: None }],
    }
}

#[test]
fn stops_of_our_tasks_still_count_when_ecs_forgets_them_and_those_of_others_never_do() {
    let mut reading = proven();
    reading.stopped = vec![stopped("x", OURS, 1), stopped("y", OURS, 1), stopped("z", BEFORE, 137)];
    let first = judged(&reading, None);
    assert_eq!(first.task_stops.iter().map(|d| (d.exit_code, d.tasks)).collect::<Vec<_>>(), [(Some(1), 2)]);
    reading.stopped = vec![stopped("w", OURS, 139)];
    let later = judged(&reading, Some(&first));
    assert_eq!(
        later.task_stops.iter().map(|d| (d.exit_code, d.tasks)).collect::<Vec<_>>(),
        [(Some(1), 2), (Some(139), 1)]
    );
}

#[test]
fn without_a_deployment_id_in_started_by_a_stopped_task_is_ours_by_its_definition_and_start() {
    let by_name = |name: &str, definition: &str, created: i64| StoppedTask {
        task_definition: definition.into(),
        created_at: Some(at(created)),
        ..stopped(name, "web", 3)
    };
    let mut reading = proven();
    reading.stopped = vec![
        by_name("ours", NEXT, 0),
        by_name("of what ran before", LAST, 5),
        by_name("of an earlier try with the same revision", NEXT, -1),
        StoppedTask { started_by: None, ..by_name("ours too", NEXT, 3) },
        StoppedTask { created_at: None, ..by_name("undated", NEXT, 3) },
    ];
    let shown = |reading: &RolloutReading| judged(reading, None).task_stops.iter().map(|d| d.tasks).sum::<u32>();
    assert_eq!(shown(&reading), 2);
    reading.service.deployments[0].created_at = None;
    assert_eq!(shown(&reading), 0);
}

#[test]
fn somebody_elses_deployment_of_the_baseline_is_not_a_rollback_because_of_older_stopped_tasks() {
    let mut reading =
        with_entries(vec![entry(THEIRS, "PRIMARY", LAST, "COMPLETED"), entry(OURS, "ACTIVE", NEXT, "IN_PROGRESS")]);
    reading.stopped = vec![StoppedTask { created_at: Some(at(-60)), ..stopped("x", "web", 3) }];
    assert_eq!(after(LOOKS, &reading).rollout, RolloutState::Superseded { by: THEIRS.into() });
    reading.stopped[0].created_at = Some(at(1));
    assert!(matches!(judged(&reading, None).rollout, RolloutState::RolledBack { .. }));
}

#[test]
fn counts_are_those_of_our_deployment() {
    let mut ours = entry(OURS, "PRIMARY", NEXT, "IN_PROGRESS");
    (ours.running, ours.failed) = (1, 4);
    let mut reading = with_entries(vec![ours, entry(BEFORE, "ACTIVE", LAST, "COMPLETED")]);
    let progress = judged(&reading, None);
    assert_eq!((progress.desired, progress.running, progress.failed), (2, 1, 4));
    reading.service.deployments[0].failed = 0;
    assert_eq!(judged(&reading, Some(&progress)).failed, 4, "ECS starts its count again; ours only grows");
}

#[test]
fn created_at_is_ecs_own_clock() {
    // Nothing above depends on kanmon's clock: the set difference decides.
    let long_ago = Timestamp::from_second(0).unwrap().as_second() - at(0).as_second();
    let ours = deployment("sd/ours", "IN_PROGRESS", long_ago, NEXT);
    assert_eq!(judged(&listed(vec![ours]), None).deployment.as_deref(), Some("sd/ours"));
}

fn judged_after_a_stop(reading: &RolloutReading) -> RolloutState {
    read_after_a_stop(reading, None).rollout
}

fn read_after_a_stop(reading: &RolloutReading, last: Option<&RolloutProgress>) -> RolloutProgress {
    let (before, digests, service) = (before(), digests(), id("web"));
    let ours = Ours {
        service: &service,
        primary: Some(OURS),
        task_definition: NEXT,
        before: Some(&before),
        stop_requested: true,
        digests: &digests,
        last,
    };
    judge(&ours, reading)
}

#[test]
fn stopped_by_breaker_or_alarms_whose_rollback_is_off_is_failed_and_not_stopped() {
    let mut ours = deployment("sd/ours", "STOPPED", 10, NEXT);
    assert!(matches!(judged(&listed(vec![ours.clone()]), None).rollout, RolloutState::Stopped { .. }));
    let alarms = Some(Monitor::Alarms { names: vec!["web-5xx".into()] });
    ours.monitors.triggered.clone_from(&alarms);
    let failed = RolloutState::Failed { said: Some(said("STOPPED")), monitor: alarms.clone() };
    assert_eq!(judged(&listed(vec![ours.clone()]), None).rollout, failed);
    let without_reason = ServiceDeployment { status_reason: None, ..ours.clone() };
    let failed = RolloutState::Failed { said: None, monitor: alarms };
    assert_eq!(judged(&listed(vec![without_reason]), None).rollout, failed);
    let newer = deployment("sd/theirs", "IN_PROGRESS", 20, "web:3");
    let superseded = RolloutState::Superseded { by: "sd/theirs".into() };
    assert_eq!(judged(&listed(vec![ours, newer]), None).rollout, superseded);
}

#[test]
fn a_rollback_that_kanmon_requested_may_end_stopped_or_successful() {
    let stopped = |primary: Deployment| {
        let mut reading = listed(vec![deployment("sd/ours", "STOPPED", 10, NEXT)]);
        reading.service.deployments = vec![primary];
        judged_after_a_stop(&reading)
    };
    let back = stopped(entry("ecs-svc/back", "PRIMARY", LAST, "COMPLETED"));
    assert_eq!(back, RolloutState::RolledBack { said: Some(said("STOPPED")) });
    let on_its_way = stopped(entry("ecs-svc/back", "PRIMARY", LAST, "IN_PROGRESS"));
    assert_eq!(on_its_way, RolloutState::RollingBack { said: Some(said("STOPPED")) });
    let lost_race = judged_after_a_stop(&listed(vec![deployment("sd/ours", "SUCCESSFUL", 10, NEXT)]));
    assert_eq!(lost_race, RolloutState::Proven { readings: 1 });
    let asked = judged_after_a_stop(&listed(vec![deployment("sd/ours", "STOP_REQUESTED", 10, NEXT)]));
    assert_eq!(asked, RolloutState::RollingBack { said: Some(said("STOP_REQUESTED")) });
}

#[rstest]
#[case("COMPLETED", RolloutState::RolledBack { said: Some(said("SUCCESSFUL")) })]
#[case("IN_PROGRESS", RolloutState::RollingBack { said: Some(said("SUCCESSFUL")) })]
#[case("FAILED", RolloutState::RollbackFailed { said: Some(said("SUCCESSFUL")) })]
fn successful_with_a_new_primary_of_the_baseline_is_the_requested_rollback(
    #[case] state: &str,
    #[case] expected: RolloutState,
) {
    let mut reading = listed(vec![deployment("sd/ours", "SUCCESSFUL", 10, NEXT)]);
    reading.service.deployments = vec![entry("ecs-svc/back", "PRIMARY", LAST, state)];
    assert_eq!(judged_after_a_stop(&reading), expected);
    // Without a request, somebody else deployed what ran before.
    assert_eq!(judged(&reading, None).rollout, RolloutState::Superseded { by: "ecs-svc/back".into() });
}

/// PRIMARY of another reading than the list of deployments, which says STOPPED already.
#[rstest]
#[case(vec![entry(OURS, "PRIMARY", NEXT, "IN_PROGRESS")])]
#[case(vec![entry(OURS, "PRIMARY", NEXT, "FAILED")])]
#[case(vec![entry(BEFORE, "PRIMARY", LAST, "COMPLETED")])]
fn a_requested_stop_is_a_failure_only_where_the_primary_stays_the_same(#[case] stale: Vec<Deployment>) {
    let mut reading = listed(vec![deployment("sd/ours", "STOPPED", 10, NEXT)]);
    reading.service.deployments = stale;
    let mut last = read_after_a_stop(&reading, None);
    for readings in 1..LOOKS {
        assert_eq!(last.rollout, RolloutState::Looking { readings });
        let mut back = reading.clone();
        back.service.deployments = vec![entry("ecs-svc/back", "PRIMARY", LAST, "COMPLETED")];
        let back = read_after_a_stop(&back, Some(&last)).rollout;
        assert_eq!(back, RolloutState::RolledBack { said: Some(said("STOPPED")) });
        last = read_after_a_stop(&reading, Some(&last));
    }
    assert_eq!(
        last.rollout,
        RolloutState::Failed { said: Some(said("STOPPED")), monitor: None },
        "so that kanmon puts it back"
    );
    assert_eq!(read_after_a_stop(&reading, Some(&last)).rollout, last.rollout);
}

fn early(deferred: bool) -> RolloutReading {
    let mut reading = proven();
    reading.service.desired = 4;
    reading.service.early_success = Some(EarlySuccess { healthy_percent: 50, deferred });
    reading.running.push(task("old", Some(BEFORE), LAST, b"old"));
    reading
}

#[test]
fn after_early_success_enough_of_ours_prove_it_and_old_tasks_may_drain_for_two_weeks() {
    let progress = judged(&early(true), None);
    assert_eq!((progress.rollout, progress.circumstances.draining), (RolloutState::Proven { readings: 1 }, 1));
    assert!(matches!(missing(&early(false)), ProofGap::OtherDeploymentsTask { .. }), "BLOCKING waits for them");
    let mut few = early(true);
    few.running.remove(0);
    assert!(matches!(missing(&few), ProofGap::TooFewOfOurs { running: 1, enough: 2 }));
    let mut other = early(true);
    other.running[0].digests.insert("web".into(), Some(Digest::of(b"another").to_string()));
    assert!(matches!(missing(&other), ProofGap::NotApproved { .. }));
    let mut off = early(true);
    (off.service.early_success, off.service.desired) = (None, 2);
    assert!(matches!(missing(&off), ProofGap::OtherDeploymentsTask { .. }));
    assert_eq!(judged(&off, None).circumstances.draining, 0);
}

#[test]
fn enough_is_rounded_up_and_never_none() {
    let enough = |percent, desired| EarlySuccess { healthy_percent: percent, deferred: true }.enough(desired);
    assert_eq!([enough(50, 3), enough(0, 3), enough(100, 4), enough(50, 0), enough(1, 1)], [2, 1, 4, 0, 1]);
}

fn under_way(monitors: Monitors) -> RolloutReading {
    let mut reading = listed(vec![ServiceDeployment { monitors, ..deployment("sd/ours", "IN_PROGRESS", 10, NEXT) }]);
    reading.service.deployments =
        vec![entry(OURS, "PRIMARY", NEXT, "IN_PROGRESS"), entry(BEFORE, "ACTIVE", LAST, "COMPLETED")];
    reading
}

#[test]
fn a_deployment_that_a_hook_pauses_reports_the_hook() {
    let hook = AwaitingHook { id: "ecs-pause-1".into(), expires: Some(at(3600)) };
    let progress = judged(&under_way(Monitors { hooks: vec![hook], ..Monitors::default() }), None);
    assert_eq!(progress.rollout, RolloutState::InProgress);
    let held_up = HeldUp::Hook { id: "ecs-pause-1".into(), expires: Some(at(3600)) };
    assert_eq!(progress.circumstances.held_up, Some(held_up));
}

#[test]
fn a_requested_stop_and_the_count_of_the_breaker_are_reported() {
    let breaker = |failures| Some(BreakerCount { failures, threshold: 13 });
    let progress = |monitors| judged(&under_way(monitors), None).circumstances;
    assert_eq!(progress(Monitors { breaker: breaker(3), ..Monitors::default() }).breaker, breaker(3));
    assert_eq!(progress(Monitors { breaker: breaker(0), ..Monitors::default() }).breaker, None);
    let stopping = judged(&listed(vec![deployment("sd/ours", "STOP_REQUESTED", 10, NEXT)]), None);
    let held_up = HeldUp::Stopping { said: Some(said("STOP_REQUESTED")) };
    assert_eq!(stopping.circumstances.held_up, Some(held_up));
}

#[test]
fn where_no_task_of_ours_was_started_the_services_events_explain_it() {
    let event = |seconds: i64, text: &str| ServiceEvent { at: Some(at(seconds)), text: text.into() };
    let why = "(service web) was unable to place a task because no container instance met all of its requirements.";
    let mut reading = under_way(Monitors::default());
    reading.running = vec![task("old", Some(BEFORE), LAST, b"old")];
    reading.service.events =
        vec![event(5, "(service web) has started 1 tasks"), event(4, why), event(-9, "vCPU limit")];
    let progress = judged(&reading, None);
    let held_up = Some(HeldUp::NoTask { reason: why.into() });
    assert_eq!(progress.circumstances.held_up, held_up);
    // It stays the reason of the following states.
    let mut back = reading.clone();
    back.service.service_deployments.as_mut().unwrap()[1].status = "ROLLBACK_SUCCESSFUL".into();
    assert_eq!(judged(&back, Some(&progress)).circumstances.held_up, held_up);
    let mut started = reading.clone();
    started.running.push(task("new", Some(OURS), NEXT, b"index"));
    assert_eq!(judged(&started, Some(&progress)).circumstances.held_up, None);
    reading.service.events.remove(1);
    assert_eq!(judged(&reading, None).circumstances.held_up, None, "events before our deployment do not count");
}
