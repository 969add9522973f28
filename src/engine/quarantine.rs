//! What a failed stage leaves for later releases: images that may not enter again without force, and a frozen stage. Images that were
//! proven to run may enter again.

use std::collections::BTreeMap;

use super::agenda::{Agenda, Flow};
use super::{step, stop_reason};
use crate::model::effect::{Effect, StepRef};
use crate::model::ending::{Ending, ManualStep};
use crate::model::event::{Fact, StageFailure};
use crate::model::fault::{Fault, FaultKind};
use crate::model::ids::{Digest, ImageName, ServiceName};
use crate::model::outcome::Outcome;
use crate::model::pipeline::Stage;
use crate::model::release::Release;
use crate::model::rollout::{HeldUp, RolloutEnd};
use crate::model::rollout_reason::{Monitor, RolloutFailure, StuckReason};
use crate::model::stage_state::StageState;
use crate::model::step::part::Direction;
use crate::model::step::roll_state::RollState;

/// Records it before the release ends.
pub fn walk(a: &mut Agenda<'_>, stage: &Stage, failure: &StageFailure, ending: &Ending) -> Flow {
    let state = a.release.stage(&stage.name);
    let images = failed_images(a, stage, failure);
    if !state.images_failed && !images.is_empty() {
        let reason = ending.reason.clone();
        return a.record(Fact::ImagesFailed { stage: stage.name.clone(), images, reason });
    }
    if !state.froze && rollback_failed(state) {
        return a.record(Fact::StageFrozen { stage: stage.name.clone() });
    }
    Ok(())
}

/// The images of the services that failed and were, or should have been, rolled back; if none failed by itself, those of all services that were
/// restored. An abort or somebody else's deployment proves nothing about an image.
fn failed_images(a: &Agenda<'_>, stage: &Stage, failure: &StageFailure) -> BTreeMap<ImageName, Digest> {
    match failure.reason.outcome() {
        Outcome::Aborted | Outcome::Superseded => return BTreeMap::new(),
        Outcome::Succeeded
        | Outcome::Unchanged
        | Outcome::BuildFailed
        | Outcome::Blocked
        | Outcome::Rejected
        | Outcome::Expired
        | Outcome::RolledBack
        | Outcome::Stuck
        | Outcome::Failed
        | Outcome::Suspended
        | Outcome::StillRunning
        | Outcome::Unknown
        | Outcome::Access
        | Outcome::Locked => {}
    }
    let release = a.release;
    let pipeline = &release.started.pipeline;
    let state = release.stage(&stage.name);
    let of = |is: &dyn Fn(&RollState) -> bool| -> BTreeMap<ImageName, Digest> {
        let services = state.rolls().filter(|(_, _, roll)| is(roll)).map(|(_, service, _)| service);
        let images = services.flat_map(|service| pipeline.service(service).containers.values());
        images.filter_map(|i| Some((i.clone(), release.images.get(i)?.digest.clone()))).collect()
    };
    let never_made = state.steps.iter().any(step::is_unknown);
    match state.rolls().any(|(_, _, roll)| failed_by_itself(roll)) {
        true => of(&|roll| failed_by_itself(roll) && !is_excused(roll)),
        // A check that was never made proves nothing about an image.
        false if never_made => BTreeMap::new(),
        false => of(&|roll| roll.back.ended.is_some()),
    }
}

fn failed_by_itself(roll: &RollState) -> bool {
    let failed = matches!(roll.forward.ended, Some(RolloutEnd::Failed { .. }));
    matches!(roll.forward.ended, Some(RolloutEnd::RolledBack { .. } | RolloutEnd::Stuck { .. }))
        || failed && roll.back.ended.is_some()
}

/// Whether a service failed only because of AWS (Spot, retirement, capacity, a busy network), so that the image is not to blame. Alarms and hooks
/// check more than tasks, so their failures count.
fn is_excused(roll: &RollState) -> bool {
    let Some(progress) = roll.forward.run.as_ref().and_then(|r| r.progress.as_ref()) else { return false };
    let said = match &roll.forward.ended {
        Some(RolloutEnd::Failed { why: RolloutFailure::Ecs { monitor: Some(Monitor::Alarms { .. }), .. } }) => {
            return false;
        }
        Some(
            RolloutEnd::RolledBack { said }
            | RolloutEnd::Failed { why: RolloutFailure::Ecs { said, .. } }
            | RolloutEnd::Stuck { why: StuckReason::Ecs { said } },
        ) => said.as_deref(),
        Some(RolloutEnd::Failed { .. } | RolloutEnd::Stuck { .. }) => None,
        Some(
            RolloutEnd::Succeeded
            | RolloutEnd::Unchanged
            | RolloutEnd::Unverified
            | RolloutEnd::Superseded { .. }
            | RolloutEnd::Stopped { .. }
            | RolloutEnd::StillRunning
            | RolloutEnd::Unknown { .. },
        )
        | None => return false,
    };
    let never_started = matches!(progress.circumstances.held_up, Some(HeldUp::NoTask { .. }));
    let excused = stop_reason::blames_nothing(&progress.task_stops) || never_started;
    excused && !said.is_some_and(stop_reason::names_alarm_or_hook)
}

/// The images that the stage was proven to run.
pub fn proven_images(release: &Release, stage: &Stage) -> BTreeMap<ImageName, Digest> {
    let runs = |end: &RolloutEnd| matches!(end, RolloutEnd::Succeeded | RolloutEnd::Unchanged);
    let proven =
        release.stage(&stage.name).rolls().filter(|(_, _, roll)| roll.forward.ended.as_ref().is_some_and(runs));
    let images = proven.flat_map(|(_, service, _)| release.started.pipeline.service(service).containers.values());
    images.filter_map(|i| Some((i.clone(), release.images.get(i)?.digest.clone()))).collect()
}

/// Whether a service still runs what failed, because ECS's own rollback or kanmon's failed. Somebody else's deployment does not count.
fn rollback_failed(state: &StageState) -> bool {
    let stuck = |end: &RolloutEnd| matches!(end, RolloutEnd::Stuck { .. });
    let not_back = |end: &RolloutEnd| {
        matches!(end, RolloutEnd::RolledBack { .. } | RolloutEnd::Failed { .. } | RolloutEnd::Unknown { .. })
    };
    state.rolls().any(|(_, _, roll)| {
        roll.forward.ended.as_ref().is_some_and(stuck)
            || roll.back.ended.as_ref().is_some_and(|end| stuck(end) || not_back(end))
    })
}

/// Why kanmon refused to restore what the record names for a service.
fn refused<'r>(release: &'r Release, at: &StepRef, service: &ServiceName) -> Option<&'r Fault> {
    let (at, service) = (at.clone(), service.clone());
    let prepare = Effect::PrepareRollback { at: at.clone(), service: service.clone() };
    let failed = [prepare, Effect::Update { at, service, direction: Direction::Back }]
        .into_iter()
        .find_map(|effect| release.failed.get(&effect));
    failed.map(|failed| &failed.fault).filter(|fault| fault.kind() == FaultKind::Invalid)
}

/// Adds what a person can do by hand for the services that were not restored, where the stage froze.
pub fn add_manual_steps(ending: &mut Ending, release: &Release, stage: &Stage, state: &StageState) {
    if !rollback_failed(state) {
        return;
    }
    let mut steps = Vec::new();
    for (step, service, roll) in state.rolls() {
        // Nobody should restore by hand what kanmon refuses to restore.
        if let Some(fault) = refused(release, &StepRef { stage: stage.name.clone(), step }, service) {
            steps.push(ManualStep::Refused { service: service.clone(), fault: fault.clone() });
            continue;
        }
        let left = roll.forward.ended.is_some()
            && !matches!(roll.back.ended, Some(RolloutEnd::Succeeded | RolloutEnd::Unverified));
        if let (true, Some(before), Some(_)) = (left, &roll.baseline, &roll.registered) {
            let task_definition = before.task_definition.clone();
            steps.push(ManualStep::Restore { service: service.clone(), task_definition });
        }
    }
    ending.rollback.get_or_insert_default().frozen = Some(steps);
}
