//! The proof of a rollout: `SUCCESSFUL` and `COMPLETED` can be too early or about another deployment, so the running tasks must be ours, with
//! the approved digests.

use super::Ours;
use crate::model::arn;
use crate::model::aws::ecs::{HealthStatus, TaskStatus, is_deployment};
use crate::model::rollout::{PROOFS, RolloutReading, RolloutState, TaskReading};
use crate::model::rollout_reason::ProofGap;

/// The state by this reading: proven, or what is missing.
pub(super) fn prove(ours: &Ours<'_>, reading: &RolloutReading) -> RolloutState {
    let service = &reading.service;
    let is_before = |id: &str| ours.before.is_some_and(|b| b.is_primary(id));
    if let Some(primary) = service.primary()
        && !ours.is_primary(&primary.id)
        && primary.task_definition != ours.task_definition
        // ECS's answers can be of different ages: a rollback would have another id than the baseline's.
        && !is_before(&primary.id)
    {
        return RolloutState::Superseded { by: primary.id.clone() };
    }
    match unproven(ours, reading) {
        Some(missing) => RolloutState::Proving { missing },
        None => {
            let before =
                if let Some(RolloutState::Proven { readings }) = ours.last.map(|l| &l.rollout) { *readings } else { 0 };
            let readings = (before + 1).min(PROOFS);
            RolloutState::Proven { readings }
        }
    }
}

/// The first thing that is missing for a proof.
fn unproven(ours: &Ours<'_>, reading: &RolloutReading) -> Option<ProofGap> {
    let service = &reading.service;
    match service.primary() {
        None => return Some(ProofGap::NoPrimary),
        Some(p) if !ours.is_primary(&p.id) => return Some(ProofGap::OtherPrimary),
        Some(p) if p.task_definition != ours.task_definition => {
            return Some(ProofGap::OtherDefinition);
        }
        Some(_) => {}
    }
    let (others, own): (Vec<&TaskReading>, Vec<_>) = running(reading).partition(|t| of_another(ours, t).is_some());
    match service.early_success {
        // ECS waited for enough of ours; the rest follows, and old tasks may continue to run for two weeks.
        Some(early) => {
            let enough = early.enough(service.desired);
            if (own.len() as u64) < u64::from(enough) {
                return Some(ProofGap::TooFewOfOurs { running: count(own.len()), enough });
            }
            if let (false, Some(other)) = (early.deferred, others.first()) {
                return of_another(ours, other);
            }
        }
        None => {
            if service.running < service.desired {
                return Some(ProofGap::TooFewRunning { running: service.running, desired: service.desired });
            }
            let seen = own.len() + others.len();
            if (seen as u64) < u64::from(service.desired) {
                return Some(ProofGap::TooFewSeen { seen: count(seen), desired: service.desired });
            }
            if let Some(other) = others.first() {
                return of_another(ours, other);
            }
        }
    }
    own.into_iter().find_map(|task| unproven_task(ours, task))
}

fn running(reading: &RolloutReading) -> impl Iterator<Item = &TaskReading> {
    reading.running.iter().filter(|t| t.last_status == TaskStatus::Running)
}

/// How many running tasks are not ours. An old deployment's task may even be new: ECS replaces an unhealthy task with its own revision.
pub(super) fn of_others(ours: &Ours<'_>, reading: &RolloutReading) -> u32 {
    count(running(reading).filter(|t| of_another(ours, t).is_some()).count())
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Whether a task of ours runs or starts.
pub(super) fn any_of_ours(ours: &Ours<'_>, reading: &RolloutReading) -> bool {
    reading.running.iter().any(|t| of_another(ours, t).is_none())
}

fn id(task: &TaskReading) -> String {
    arn::last(&task.arn).to_owned()
}

/// Why a task is not ours; `None` where it is.
fn of_another(ours: &Ours<'_>, task: &TaskReading) -> Option<ProofGap> {
    match task.started_by.as_deref() {
        Some(by) if is_deployment(by) && !ours.is_primary(by) => {
            Some(ProofGap::OtherDeploymentsTask { task: id(task) })
        }
        _ if task.task_definition != ours.task_definition => Some(ProofGap::OtherDefinitionsTask { task: id(task) }),
        _ => None,
    }
}

fn unproven_task(ours: &Ours<'_>, task: &TaskReading) -> Option<ProofGap> {
    if task.health == HealthStatus::Unhealthy {
        return Some(ProofGap::Unhealthy { task: id(task) });
    }
    ours.digests.iter().find_map(|(container, approved)| match task.digests.get(container) {
        Some(Some(digest)) if approved.contains(digest) => None,
        Some(Some(digest)) => {
            Some(ProofGap::NotApproved { task: id(task), container: container.clone(), digest: digest.to_string() })
        }
        Some(None) | None => Some(ProofGap::DigestUnknown { task: id(task), container: container.clone() }),
    })
}
