//! Why tasks died, from ECS's words.

use std::collections::BTreeMap;

use crate::model::rollout::{Death, DeathCause, StoppedContainer, StoppedTask};

/// How many tasks of ours may die of one cause before waiting longer is pointless: above the breaker's own smallest threshold
/// (3), so that ECS acts first where it is set to.
pub const FAIL_FAST: u32 = 5;

/// The kinds of death among stopped tasks, most frequent first.
pub fn summarize(stopped: &[StoppedTask]) -> Vec<Death> {
    let mut kinds: BTreeMap<(DeathCause, Option<String>, Option<i32>), Death> = BTreeMap::new();
    for task in stopped {
        let (cause, culprit) = cause(task);
        let key = (cause, culprit.map(|c| c.name.clone()), culprit.and_then(|c| c.exit_code));
        kinds.entry(key).and_modify(|d| d.tasks += 1).or_insert_with(|| Death {
            cause,
            container: culprit.map(|c| c.name.clone()),
            exit_code: culprit.and_then(|c| c.exit_code),
            reason: words(task, culprit),
            tasks: 1,
        });
    }
    let mut deaths: Vec<Death> = kinds.into_values().collect();
    deaths.sort_by_key(|d| std::cmp::Reverse(d.tasks));
    deaths
}

/// Whether a cause is the release's own fault, so that more of it will not help.
pub fn is_fatal(cause: DeathCause) -> bool {
    match cause {
        DeathCause::CannotPullContainer
        | DeathCause::ResourceInitialization
        | DeathCause::OutOfMemory
        | DeathCause::ContainerExited
        | DeathCause::HealthCheckFailed => true,
        DeathCause::NoCapacity | DeathCause::SpotInterruption | DeathCause::Stopped | DeathCause::Other => false,
    }
}

fn cause(task: &StoppedTask) -> (DeathCause, Option<&StoppedContainer>) {
    let all = || {
        let reasons = task.containers.iter().filter_map(|c| c.reason.as_deref());
        task.stopped_reason.as_deref().into_iter().chain(reasons)
    };
    let says = |what: &str| all().any(|text| text.contains(what));
    let failed = task.containers.iter().find(|c| c.exit_code.is_some_and(|code| code != 0));
    let with = |what: &str| task.containers.iter().find(|c| c.reason.as_deref().is_some_and(|r| r.contains(what)));
    if says("CannotPull") {
        return (DeathCause::CannotPullContainer, with("CannotPull"));
    }
    for never_ran in ["CannotStartContainer", "CannotCreateContainer"] {
        if says(never_ran) {
            return (DeathCause::ContainerExited, with(never_ran).or(failed));
        }
    }
    if says("ResourceInitializationError") {
        return (DeathCause::ResourceInitialization, None);
    }
    if says("OutOfMemory") {
        return (DeathCause::OutOfMemory, with("OutOfMemory").or(failed));
    }
    if task.stop_code.as_deref() == Some("SpotInterruption") {
        return (DeathCause::SpotInterruption, None);
    }
    if says("Capacity is unavailable") || says("RESOURCE:") || says("insufficient capacity") {
        return (DeathCause::NoCapacity, None);
    }
    if says("health check") {
        return (DeathCause::HealthCheckFailed, None);
    }
    match task.stop_code.as_deref() {
        Some("EssentialContainerExited") => {
            let culprit = failed.or_else(|| task.containers.iter().find(|c| c.exit_code.is_some()));
            (DeathCause::ContainerExited, culprit)
        }
        Some("ServiceSchedulerInitiated" | "UserInitiated") => (DeathCause::Stopped, None),
        _ => (DeathCause::Other, failed),
    }
}

fn words(task: &StoppedTask, culprit: Option<&StoppedContainer>) -> String {
    culprit
        .and_then(|c| c.reason.clone())
        .or_else(|| task.stopped_reason.clone())
        .or_else(|| task.stop_code.clone())
        .unwrap_or_else(|| "ECS gives no reason".to_owned())
}

#[cfg(test)]
mod tests;
