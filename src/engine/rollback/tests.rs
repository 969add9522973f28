use rstest::rstest;

use super::*;
use crate::model::release::samples::{self, at, id, pipeline};
use crate::model::rollout_reason::{RolloutFailure, StuckReason, SupersededBy, UnknownRollout};
use crate::model::step::roll::Roll;
use crate::model::step::roll_state::RolloutRun;
use crate::model::step::{Step, StepState};

fn reason() -> String {
    "because".into()
}

fn failure(outcome: Outcome, roll_back: bool) -> StageFailure {
    StageFailure { reason: samples::reason(outcome), roll_back }
}

/// One service: how its rollout and its rollback ended.
type Ends = (Option<RolloutEnd>, Option<RolloutEnd>);

/// A stage that rolled these services side by side.
fn state(services: &[Ends]) -> StageState {
    let names: Vec<ServiceName> = (0..services.len()).map(|i| id(&format!("s{i}"))).collect();
    let mut stage = pipeline().stages[0].clone();
    stage.steps = vec![Step::Roll(Roll { services: names.clone() })];
    let mut state = StageState::new(&stage);
    let StepState::Roll(rolls) = &mut state.steps[0] else { panic!("the step rolls") };
    for (name, (ended, restored)) in names.iter().zip(services) {
        let roll = rolls.get_mut(name).unwrap();
        let run = || RolloutRun {
            primary: Some("p".into()),
            task_definition: "t".into(),
            started_at: at(0),
            counted_from: at(0),
            overdue: false,
            progress: None,
        };
        roll.registered = Some("t".into());
        roll.forward.run = ended.as_ref().map(|_| run());
        roll.back.run = restored.as_ref().map(|_| run());
        (roll.forward.ended, roll.back.ended) = (ended.clone(), restored.clone());
    }
    state
}

fn outcome(failure: &StageFailure, services: &[Ends]) -> Outcome {
    conclude(&state(services), failure).outcome()
}

const SUCCEEDED: Option<RolloutEnd> = Some(RolloutEnd::Succeeded);

#[rstest]
#[case::restored(RolloutEnd::Succeeded, Outcome::RolledBack)]
#[case::restored_with_nothing_running(RolloutEnd::Unverified, Outcome::RolledBack)]
#[case::rolled_back_onto_the_failed_release(RolloutEnd::RolledBack { said: Some(reason()) }, Outcome::Stuck)]
#[case::failed(RolloutEnd::Failed { why: RolloutFailure::Ecs { said: Some(reason()), monitor: None } }, Outcome::Stuck)]
#[case::deployed_over(RolloutEnd::Superseded { by: SupersededBy::Deployment { id: "x".into() } }, Outcome::Stuck)]
#[case::stopped(RolloutEnd::Stopped { said: Some(reason()) }, Outcome::Stuck)]
#[case::stuck(RolloutEnd::Stuck { why: StuckReason::Ecs { said: Some(reason()) } }, Outcome::Stuck)]
#[case::unknown(RolloutEnd::Unknown { why: UnknownRollout::Ambiguous { deployments: vec![reason()] } }, Outcome::Stuck)]
#[case::still_moving(RolloutEnd::StillRunning, Outcome::Stuck)]
fn a_rollback_counts_only_when_what_ran_before_runs(#[case] restored: RolloutEnd, #[case] expected: Outcome) {
    let services = [(SUCCEEDED, Some(restored))];
    assert_eq!(outcome(&failure(Outcome::Failed, true), &services), expected);
    let aborted = if expected == Outcome::RolledBack { Outcome::Aborted } else { expected };
    assert_eq!(
        outcome(&failure(Outcome::Aborted, true), &services),
        aborted,
        "an abort stays one, unless a person is needed"
    );
}

#[rstest]
#[case::ecs_rolled_back(RolloutEnd::RolledBack { said: Some(reason()) }, Outcome::RolledBack)]
#[case::nothing_changed(RolloutEnd::Unchanged, Outcome::Failed)]
#[case::is_still_changed(RolloutEnd::Succeeded, Outcome::Failed)]
#[case::failed_without_a_rollback_by_ecs(RolloutEnd::Failed { why: RolloutFailure::Ecs { said: Some(reason()), monitor: None } }, Outcome::Failed)]
#[case::set_and_unverified(RolloutEnd::Unverified, Outcome::Failed)]
#[case::stuck(RolloutEnd::Stuck { why: StuckReason::Ecs { said: Some(reason()) } }, Outcome::Stuck)]
#[case::deployed_over(RolloutEnd::Superseded { by: SupersededBy::Deployment { id: "x".into() } }, Outcome::Stuck)]
#[case::stopped_by_somebody(RolloutEnd::Stopped { said: Some(reason()) }, Outcome::Stuck)]
#[case::unknown(RolloutEnd::Unknown { why: UnknownRollout::Ambiguous { deployments: vec![reason()] } }, Outcome::Stuck)]
fn without_a_rollback_the_end_of_the_rollout_counts(#[case] ended: RolloutEnd, #[case] expected: Outcome) {
    assert_eq!(outcome(&failure(Outcome::Failed, false), &[(Some(ended), None)]), expected);
}

#[test]
fn a_failure_without_a_rollout_is_failed_and_not_rolled_back() {
    assert_eq!(outcome(&failure(Outcome::Failed, true), &[]), Outcome::Failed);
    assert_eq!(outcome(&failure(Outcome::Failed, true), &[(None, None)]), Outcome::Failed);
    assert_eq!(outcome(&failure(Outcome::Aborted, true), &[(None, None)]), Outcome::Aborted);
}

#[test]
fn a_deployment_that_somebody_stopped_ends_as_stopped() {
    let stopped = (Some(RolloutEnd::Stopped { said: Some(reason()) }), None);
    assert_eq!(outcome(&failure(Outcome::Aborted, false), std::slice::from_ref(&stopped)), Outcome::Aborted);
    // Where a rollback was requested, it prevents the rollback.
    assert_eq!(outcome(&failure(Outcome::Aborted, true), &[stopped]), Outcome::Stuck);
}

#[test]
fn one_restored_service_does_not_make_the_others_restored() {
    let back = (Some(RolloutEnd::RolledBack { said: Some(reason()) }), None);
    let changed = (SUCCEEDED, None);
    assert_eq!(outcome(&failure(Outcome::RolledBack, false), &[back.clone(), changed]), Outcome::Failed);
    let stuck = (SUCCEEDED, Some(RolloutEnd::Stuck { why: StuckReason::Ecs { said: Some(reason()) } }));
    let ending = conclude(&state(&[back, stuck]), &failure(Outcome::RolledBack, true));
    assert_eq!(ending.outcome(), Outcome::Stuck);
    let stuck: Vec<_> = ending.rollback.unwrap().stuck.into_iter().map(|stuck| stuck.service).collect();
    assert_eq!(stuck, [id("s1")]);
}

#[test]
fn superseded_and_stuck_stages_end_so_with_any_service_results() {
    let back = (SUCCEEDED, SUCCEEDED);
    for outcome_of in [Outcome::Superseded, Outcome::Stuck] {
        assert_eq!(outcome(&failure(outcome_of, false), std::slice::from_ref(&back)), outcome_of);
    }
}

#[test]
fn restored_services_are_named_and_the_reason_of_the_failure_stays() {
    let ending = conclude(&state(&[(SUCCEEDED, SUCCEEDED)]), &failure(Outcome::Failed, true));
    assert_eq!((ending.outcome(), &ending.reason), (Outcome::RolledBack, &samples::reason(Outcome::Failed)));
    assert_eq!(ending.rollback.unwrap().restored, [id("s0")]);
}
