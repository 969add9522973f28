//! Judges one reading of a service for one of its deployments.

mod circumstances;
mod proof;

use proof::prove;

use super::stop_reason;
use crate::model::aws::ecs::{DeploymentRolloutState, DeploymentStatus, ServiceDeploymentStatus, is_deployment};
use crate::model::ids::ServiceName;
use crate::model::rollout::{
    Baseline, Deployment, ImageDigests, RolloutProgress, RolloutReading, RolloutState, ServiceDeployment, StoppedTask,
    TaskStop,
};

/// The deployment that a reading is judged for.
pub struct Ours<'a> {
    pub service: &'a ServiceName,
    /// `ecs-svc/…`: the PRIMARY of UpdateService's answer, or of before where nothing was updated; none where it is no longer listed.
    pub primary: Option<&'a str>,
    pub task_definition: &'a str,
    /// What ran before; `None` where nothing was updated and the deployment that runs is to be proven.
    pub before: Option<&'a Before>,
    /// Whether kanmon requested ECS to stop and roll it back.
    pub stop_requested: bool,
    /// The digests that each named container may run.
    pub digests: &'a [(String, ImageDigests)],
    /// The result of the last reading.
    pub last: Option<&'a RolloutProgress>,
}

/// What was there before an update.
#[derive(Debug, Clone)]
pub struct Before {
    /// `ecs-svc/…`; none where it was no longer listed.
    pub primary: Option<String>,
    pub task_definition: String,
    /// All ids of `deployments[]`: what ran before, or failed, is listed until its last task is gone.
    pub deployments: Vec<String>,
    /// ARNs.
    pub service_deployments: Vec<String>,
}

impl From<&Baseline> for Before {
    fn from(baseline: &Baseline) -> Before {
        let Baseline { primary, task_definition, service_deployments, deployments, desired: _ } = baseline.clone();
        Before { primary: Some(primary), task_definition, deployments, service_deployments }
    }
}

impl Ours<'_> {
    fn is_primary(&self, id: &str) -> bool {
        self.primary == Some(id)
    }
}

impl Before {
    pub(super) fn is_primary(&self, id: &str) -> bool {
        self.primary.as_deref() == Some(id)
    }
}

/// ECS is eventually consistent: a deployment may be missing from a few readings.
const LOOKS: u32 = 6;

/// The rollout's state by this reading.
pub fn judge(ours: &Ours<'_>, reading: &RolloutReading) -> RolloutProgress {
    let found = find(ours, reading);
    let deployment = match &found {
        Found::One(d) => Some(d.arn.clone()),
        Found::None | Found::Many(_) => ours.last.and_then(|l| l.deployment.clone()),
    };
    let entry = reading.service.deployments.iter().find(|d| ours.is_primary(&d.id));
    let stopped: Vec<_> = reading.stopped.iter().filter(|t| is_ours(ours, entry, t)).cloned().collect();
    // ECS forgets stopped tasks after an hour, so the highest count of each cause is used.
    let task_stops =
        merge(ours.last.map(|l| l.task_stops.as_slice()).unwrap_or_default(), stop_reason::summarize(&stopped));
    let rollout = match found {
        Found::One(deployment) => by_service_deployment(ours, reading, deployment),
        Found::None => by_deployments(ours, reading, &task_stops),
        Found::Many(deployments) => RolloutState::Ambiguous { deployments },
    };
    let circumstances = circumstances::of(ours, reading, &rollout, &task_stops);
    RolloutProgress {
        rollout,
        deployment,
        circumstances,
        desired: entry.map_or(reading.service.desired, |d| d.desired),
        running: entry.map_or(0, |d| d.running),
        failed: entry.map_or(0, |d| d.failed).max(ours.last.map_or(0, |l| l.failed)),
        task_stops,
    }
}

/// Whether a stopped task was our deployment's. Where `startedBy` is not a deployment's id, its task definition and start decide: an earlier
/// deployment may have been of the same revision.
fn is_ours(ours: &Ours<'_>, entry: Option<&Deployment>, task: &StoppedTask) -> bool {
    match task.started_by.as_deref() {
        Some(by) if is_deployment(by) => ours.is_primary(by),
        Some(_) | None => {
            let started = entry.and_then(|e| e.created_at);
            let began = started.zip(task.created_at).is_some_and(|(started, created)| created >= started);
            task.task_definition == ours.task_definition && began
        }
    }
}

enum Found<'a> {
    None,
    One(&'a ServiceDeployment),
    Many(Vec<String>),
}

/// Our service deployment: the one found before, or those after the baseline with our task definition.
fn find<'a>(ours: &Ours<'_>, reading: &'a RolloutReading) -> Found<'a> {
    let (Some(before), Some(all)) = (ours.before, &reading.service.service_deployments) else { return Found::None };
    if let Some(known) = ours.last.and_then(|l| l.deployment.as_ref()) {
        return all.iter().find(|d| &d.arn == known).map_or(Found::None, Found::One);
    }
    let candidates: Vec<&ServiceDeployment> = all
        .iter()
        .filter(|d| !before.service_deployments.contains(&d.arn))
        .filter(|d| d.target_task_definition.as_deref() == Some(ours.task_definition))
        .collect();
    match candidates.as_slice() {
        [] => Found::None,
        [one] => Found::One(one),
        many => Found::Many(many.iter().map(|d| d.arn.clone()).collect()),
    }
}

fn by_service_deployment(ours: &Ours<'_>, reading: &RolloutReading, deployment: &ServiceDeployment) -> RolloutState {
    let said = || deployment.status_reason.clone();
    let entry =
        reading.service.deployments.iter().find(|d| ours.is_primary(&d.id) && d.status == DeploymentStatus::Primary);
    // Service deployments have no state for this: the circuit breaker was triggered, and ours stays PRIMARY.
    let left_failed = entry.filter(|d| d.rollout_state == Some(DeploymentRolloutState::Failed));
    match &deployment.status {
        // The requested rollback (another deployment) can end like this too, or ours may succeed before it.
        ServiceDeploymentStatus::Successful => {
            requested_rollback(ours, reading, said).unwrap_or_else(|| prove(ours, reading))
        }
        ServiceDeploymentStatus::RollbackRequested | ServiceDeploymentStatus::RollbackInProgress => {
            RolloutState::RollingBack { said: said() }
        }
        ServiceDeploymentStatus::StopRequested if ours.stop_requested => RolloutState::RollingBack { said: said() },
        // By a newer deployment, or by the breaker or alarms without rollback: which one is visible once it is STOPPED.
        ServiceDeploymentStatus::StopRequested => RolloutState::InProgress,
        ServiceDeploymentStatus::RollbackSuccessful => RolloutState::RolledBack { said: said() },
        ServiceDeploymentStatus::RollbackFailed => RolloutState::RollbackFailed { said: said() },
        ServiceDeploymentStatus::Stopped => stopped(ours, reading, deployment, left_failed, said()),
        // Still waiting, unless it stalled; the same for a status that is newer than this program.
        ServiceDeploymentStatus::Pending
        | ServiceDeploymentStatus::InProgress
        | ServiceDeploymentStatus::Unknown(_) => match left_failed {
            Some(failed) => failed_primary(ours, failed),
            None => RolloutState::InProgress,
        },
    }
}

/// `STOPPED`: by a newer deployment, by the breaker or alarms without rollback, by kanmon, or by somebody else.
fn stopped(
    ours: &Ours<'_>,
    reading: &RolloutReading,
    deployment: &ServiceDeployment,
    left_failed: Option<&Deployment>,
    said: Option<String>,
) -> RolloutState {
    // ECS may roll back in a separate deployment, which is newer than ours.
    if let Some(back) = requested_rollback(ours, reading, || said.clone()) {
        return back;
    }
    let all = reading.service.service_deployments.as_deref().unwrap_or_default();
    let newer = all.iter().find(|d| d.created_at > deployment.created_at && d.arn != deployment.arn);
    match (newer, &deployment.monitors.triggered, left_failed) {
        (Some(newer), _, _) => RolloutState::Superseded { by: newer.arn.clone() },
        // The list of deployments may be newer than the service's PRIMARY, which is still ours here.
        (None, _, _) if ours.stop_requested => failed_for_good(ours, said),
        (None, Some(triggered), _) => {
            RolloutState::Failed { said: deployment.status_reason.clone(), monitor: Some(triggered.clone()) }
        }
        (None, None, Some(failed)) => RolloutState::Failed { said: reason_of(failed), monitor: None },
        (None, None, None) => RolloutState::Stopped { said },
    }
}

/// The rollback that kanmon requested, where a new deployment of what ran before is PRIMARY.
fn requested_rollback(
    ours: &Ours<'_>,
    reading: &RolloutReading,
    said: impl FnOnce() -> Option<String>,
) -> Option<RolloutState> {
    let (primary, before) = reading.service.primary().zip(ours.before).filter(|_| ours.stop_requested)?;
    let is_new = !ours.is_primary(&primary.id) && !before.is_primary(&primary.id);
    (is_new && primary.task_definition == before.task_definition).then(|| rollback_state(primary, said()))
}

/// The state of ECS's own deployment of what ran before.
fn rollback_state(primary: &Deployment, said: Option<String>) -> RolloutState {
    match &primary.rollout_state {
        Some(DeploymentRolloutState::Completed) => RolloutState::RolledBack { said },
        Some(DeploymentRolloutState::Failed) => RolloutState::RollbackFailed { said },
        Some(DeploymentRolloutState::InProgress | DeploymentRolloutState::Unknown(_)) | None => {
            RolloutState::RollingBack { said }
        }
    }
}

/// Without service deployments: `deployments[]` by id.
fn by_deployments(ours: &Ours<'_>, reading: &RolloutReading, task_stops: &[TaskStop]) -> RolloutState {
    let Some(before) = ours.before else { return prove(ours, reading) };
    let primary = reading.service.primary();
    let mine = reading.service.deployments.iter().find(|d| ours.is_primary(&d.id));
    match (mine, primary) {
        (Some(mine), _) if mine.status == DeploymentStatus::Primary => match &mine.rollout_state {
            Some(DeploymentRolloutState::Completed) => prove(ours, reading),
            Some(DeploymentRolloutState::Failed) => failed_primary(ours, mine),
            Some(DeploymentRolloutState::InProgress | DeploymentRolloutState::Unknown(_)) | None => {
                RolloutState::InProgress
            }
        },
        (mine, Some(primary)) => {
            let runs_baseline = primary.task_definition == before.task_definition;
            let was_rolling_back = ours.last.and_then(|last| {
                if let RolloutState::RollingBack { said } = &last.rollout { Some(said) } else { None }
            });
            // After ECS's rollback ours is no longer listed and PRIMARY is COMPLETED: only earlier readings show it.
            let failed = mine.is_some_and(|m| m.rollout_state == Some(DeploymentRolloutState::Failed))
                || primary.rollout_state_reason.as_deref().is_some_and(stop_reason::is_rollback)
                || was_rolling_back.is_some()
                || (!before.is_primary(&primary.id) && task_stops.iter().any(|d| stop_reason::is_fatal(d.cause)));
            let looks = looks(ours);
            if runs_baseline && failed {
                let said = match (was_rolling_back, mine) {
                    (Some(said), _) => said.clone(),
                    (None, Some(mine)) => reason_of(mine),
                    (None, None) => reason_of(primary),
                };
                rollback_state(primary, said)
            } else if before.is_primary(&primary.id) || looks < LOOKS {
                // The answer may be stale, or ours may not be listed yet.
                RolloutState::Looking { readings: looks }
            } else {
                RolloutState::Superseded { by: primary.id.clone() }
            }
        }
        (_, None) => RolloutState::Looking { readings: looks(ours) },
    }
}

/// A deployment that failed and is PRIMARY: for a moment before the breaker acts, or for good, where it has nothing to roll back
/// to or rollback is off.
fn failed_primary(ours: &Ours<'_>, mine: &Deployment) -> RolloutState {
    failed_for_good(ours, reason_of(mine))
}

/// A failure that later readings may still contradict.
fn failed_for_good(ours: &Ours<'_>, said: Option<String>) -> RolloutState {
    let settled = looks(ours) >= LOOKS || matches!(ours.last.map(|l| &l.rollout), Some(RolloutState::Failed { .. }));
    match settled {
        true => RolloutState::Failed { said, monitor: None },
        false => RolloutState::Looking { readings: looks(ours) },
    }
}

fn looks(ours: &Ours<'_>) -> u32 {
    let before =
        ours.last.map_or(0, |last| if let RolloutState::Looking { readings } = last.rollout { readings } else { 0 });
    (before + 1).min(LOOKS)
}

fn reason_of(deployment: &Deployment) -> Option<String> {
    deployment.rollout_state_reason.clone()
}

fn merge(last: &[TaskStop], now: Vec<TaskStop>) -> Vec<TaskStop> {
    let mut all = now;
    for old in last {
        let same = all
            .iter_mut()
            .find(|d| d.cause == old.cause && d.container == old.container && d.exit_code == old.exit_code);
        match same {
            Some(d) => d.tasks = d.tasks.max(old.tasks),
            None => all.push(old.clone()),
        }
    }
    all.sort_by_key(|d| std::cmp::Reverse(d.tasks));
    all
}

#[cfg(test)]
mod tests;
