//! What one reading of a service says about one deployment of it.

use super::death;
use crate::model::ids::ServiceName;
use crate::model::rollout::{
    Baseline, Death, Deployment, ImageDigests, PROOFS, RolloutProgress, RolloutReading, RolloutState,
    ServiceDeployment, StoppedTask, TaskReading,
};

/// The deployment that a reading is held against.
pub struct Ours<'a> {
    pub service: &'a ServiceName,
    /// `ecs-svc/…`: the PRIMARY of UpdateService's answer, or the standing one.
    pub primary: &'a str,
    pub task_definition: &'a str,
    /// What stood before; `None` where nothing was updated and the standing deployment itself is to be proven.
    pub before: Option<&'a Baseline>,
    /// The digests that each named container may run.
    pub digests: &'a [(String, ImageDigests)],
    /// What the last reading came to.
    pub last: Option<&'a RolloutProgress>,
}

/// ECS is eventually consistent: a deployment may be missing from a few readings.
const LOOKS: u32 = 6;

/// Where the rollout stands by this reading.
pub fn judge(ours: &Ours<'_>, reading: &RolloutReading) -> RolloutProgress {
    let found = find(ours, reading);
    let deployment = match &found {
        Found::One(d) => Some(d.arn.clone()),
        Found::None | Found::Many(_) => ours.last.and_then(|l| l.deployment.clone()),
    };
    let entry = reading.service.deployments.iter().find(|d| d.id == ours.primary);
    let stopped: Vec<_> = reading.stopped.iter().filter(|t| is_ours(ours, entry, t)).cloned().collect();
    // Stopped tasks vanish after an hour: the most that was ever seen of each kind of death is kept.
    let deaths = merge(ours.last.map(|l| l.deaths.as_slice()).unwrap_or_default(), death::summarize(&stopped));
    let rollout = match found {
        Found::One(deployment) => by_service_deployment(ours, reading, deployment),
        Found::None => by_deployments(ours, reading, &deaths),
        Found::Many(arns) => RolloutState::Ambiguous {
            reason: format!("{} deployments of this task definition began since: {}", arns.len(), arns.join(", ")),
        },
    };
    RolloutProgress {
        rollout,
        deployment,
        desired: entry.map_or(reading.service.desired, |d| d.desired),
        running: entry.map_or(0, |d| d.running),
        failed: entry.map_or(0, |d| d.failed).max(ours.last.map_or(0, |l| l.failed)),
        deaths,
    }
}

/// Whether a stopped task was our deployment's. Where `startedBy` is no deployment's id, what it ran and since when tells: an earlier
/// deployment may have been of the same revision.
fn is_ours(ours: &Ours<'_>, entry: Option<&Deployment>, task: &StoppedTask) -> bool {
    match task.started_by.as_deref() {
        Some(by) if by.starts_with("ecs-svc/") => by == ours.primary,
        Some(_) | None => {
            let since = entry.and_then(|e| e.created_at);
            let began = since.zip(task.created_at).is_some_and(|(since, created)| created >= since);
            task.task_definition == ours.task_definition && began
        }
    }
}

enum Found<'a> {
    None,
    One(&'a ServiceDeployment),
    Many(Vec<String>),
}

/// Our service deployment: the one found before, or those since the baseline that go to our task definition.
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
    let reason = || deployment.status_reason.clone().unwrap_or_else(|| "ECS gives no reason".to_owned());
    let entry = reading.service.deployments.iter().find(|d| d.id == ours.primary && d.status == "PRIMARY");
    // A service deployment has no state of its own for this: the breaker tripped, and ours is left standing.
    let left_failed = entry.filter(|d| d.rollout_state.as_deref() == Some("FAILED"));
    match deployment.status.as_str() {
        "SUCCESSFUL" => prove(ours, reading),
        "STOP_REQUESTED" | "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS" => {
            RolloutState::RollingBack { reason: reason() }
        }
        "ROLLBACK_SUCCESSFUL" => RolloutState::RolledBack { reason: reason() },
        "ROLLBACK_FAILED" => RolloutState::RollbackFailed { reason: reason() },
        "STOPPED" => {
            let all = reading.service.service_deployments.as_deref().unwrap_or_default();
            let newer = all.iter().find(|d| d.created_at > deployment.created_at && d.arn != deployment.arn);
            match newer {
                Some(newer) => RolloutState::Superseded { by: newer.arn.clone() },
                None => match left_failed {
                    Some(failed) => RolloutState::Failed { reason: reason_of(failed) },
                    None => RolloutState::Stopped { reason: reason() },
                },
            }
        }
        // PENDING, IN_PROGRESS, and whatever is newer than this: still waiting, unless it stalled.
        _ => match left_failed {
            Some(failed) => left_standing(ours, failed),
            None => RolloutState::InProgress,
        },
    }
}

/// Without service deployments: `deployments[]` by id.
fn by_deployments(ours: &Ours<'_>, reading: &RolloutReading, deaths: &[Death]) -> RolloutState {
    let Some(before) = ours.before else { return prove(ours, reading) };
    let primary = reading.service.primary();
    let mine = reading.service.deployments.iter().find(|d| d.id == ours.primary);
    match (mine, primary) {
        (Some(mine), _) if mine.status == "PRIMARY" => match mine.rollout_state.as_deref() {
            Some("COMPLETED") => prove(ours, reading),
            Some("FAILED") => left_standing(ours, mine),
            _ => RolloutState::InProgress,
        },
        (mine, Some(primary)) => {
            let went_back = primary.task_definition == before.task_definition;
            let was_going_back = match ours.last.map(|l| &l.rollout) {
                Some(RolloutState::RollingBack { reason }) => Some(reason),
                _ => None,
            };
            // Once ECS is back, ours is listed no more and PRIMARY calls itself completed: what was seen before tells.
            let failed = mine.is_some_and(|m| m.rollout_state.as_deref() == Some("FAILED"))
                || primary.rollout_state_reason.as_deref().is_some_and(|r| r.to_lowercase().contains("roll"))
                || was_going_back.is_some()
                || (primary.id != before.primary && deaths.iter().any(|d| death::is_fatal(d.cause)));
            let looks = looks(ours);
            if went_back && failed {
                let reason = match (was_going_back, mine) {
                    (Some(reason), _) => reason.clone(),
                    (None, Some(mine)) => reason_of(mine),
                    (None, None) => reason_of(primary),
                };
                match primary.rollout_state.as_deref() {
                    Some("COMPLETED") => RolloutState::RolledBack { reason },
                    Some("FAILED") => RolloutState::RollbackFailed { reason },
                    _ => RolloutState::RollingBack { reason },
                }
            } else if primary.id == before.primary || looks < LOOKS {
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
fn left_standing(ours: &Ours<'_>, mine: &Deployment) -> RolloutState {
    let for_good = looks(ours) >= LOOKS || matches!(ours.last.map(|l| &l.rollout), Some(RolloutState::Failed { .. }));
    match for_good {
        true => RolloutState::Failed { reason: reason_of(mine) },
        false => RolloutState::Looking { readings: looks(ours) },
    }
}

fn looks(ours: &Ours<'_>) -> u32 {
    match ours.last.map(|l| &l.rollout) {
        Some(RolloutState::Looking { readings }) => (readings + 1).min(LOOKS),
        _ => 1,
    }
}

fn reason_of(deployment: &Deployment) -> String {
    deployment.rollout_state_reason.clone().unwrap_or_else(|| "ECS gives no reason".to_owned())
}

/// `SUCCESSFUL` and `COMPLETED` can come early, and about something else: what runs must be ours, and be the approved digests.
fn prove(ours: &Ours<'_>, reading: &RolloutReading) -> RolloutState {
    let service = &reading.service;
    let is_before = |id: &str| ours.before.is_some_and(|b| b.primary == id);
    if let Some(primary) = service.primary()
        && primary.id != ours.primary
        && primary.task_definition != ours.task_definition
        // ECS's answers can be older than one another: what ran before has not come back under its old id.
        && !is_before(&primary.id)
    {
        return RolloutState::Superseded { by: primary.id.clone() };
    }
    match unproven(ours, reading) {
        Some(missing) => RolloutState::Proving { missing },
        None => {
            let readings = match ours.last.map(|l| &l.rollout) {
                Some(RolloutState::Proven { readings }) => (readings + 1).min(PROOFS),
                _ => 1,
            };
            RolloutState::Proven { readings }
        }
    }
}

/// The first thing that is missing for a proof.
fn unproven(ours: &Ours<'_>, reading: &RolloutReading) -> Option<String> {
    let service = &reading.service;
    match service.primary() {
        None => return Some("the service has no PRIMARY deployment".into()),
        Some(p) if p.id != ours.primary => return Some("PRIMARY is not our deployment yet".into()),
        Some(p) if p.task_definition != ours.task_definition => {
            return Some("PRIMARY does not have our task definition".into());
        }
        Some(_) => {}
    }
    if service.running < service.desired {
        return Some(format!("{} of {} tasks run", service.running, service.desired));
    }
    let seen = reading.running.iter().filter(|t| t.last_status == "RUNNING").count();
    if (seen as u64) < u64::from(service.desired) {
        return Some(format!("{seen} of {} tasks can be seen running", service.desired));
    }
    reading.running.iter().filter(|t| t.last_status == "RUNNING").find_map(|t| unproven_task(ours, t))
}

fn unproven_task(ours: &Ours<'_>, task: &TaskReading) -> Option<String> {
    let id = task.arn.rsplit('/').next().unwrap_or(&task.arn);
    match task.started_by.as_deref() {
        Some(by) if by.starts_with("ecs-svc/") && by != ours.primary => {
            return Some(format!("task {id} is still another deployment's"));
        }
        _ if task.task_definition != ours.task_definition => {
            return Some(format!("task {id} still runs another task definition"));
        }
        _ => {}
    }
    if task.health == "UNHEALTHY" {
        return Some(format!("task {id} is unhealthy"));
    }
    ours.digests.iter().find_map(|(container, approved)| match task.digests.get(container) {
        Some(Some(digest)) if approved.contains(digest) => None,
        Some(Some(digest)) => Some(format!("task {id}: {container} runs {digest}, which is not the approved image")),
        Some(None) | None => Some(format!("task {id}: ECS does not yet tell what {container} runs")),
    })
}

fn merge(last: &[Death], now: Vec<Death>) -> Vec<Death> {
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
