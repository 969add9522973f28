//! Why tasks stopped, from ECS's words: the stop codes of the API model, the texts of the developer guide's *stopped task error
//! codes* and of the container agent.

use std::collections::BTreeMap;

use crate::model::rollout::{Death, DeathCause, StoppedContainer, StoppedTask};

mod table;

pub use table::of_event;

/// How many tasks of ours may die of one cause before waiting longer is pointless: above the breaker's own smallest threshold
/// (3), so that ECS acts first where it is set to.
pub const FAIL_FAST: u32 = 5;

/// What passes by itself more often than not (a rate limit, a network that is busy) has to be seen twice as often.
const PASSING: u32 = 2 * FAIL_FAST;

/// What a cause says of the release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blame {
    /// It is the release's own fault, so that more of it will not help.
    Fatal,
    /// It may pass by itself, and is no fault of the image.
    Passing,
    /// AWS did it, or somebody on purpose: it says nothing of the image.
    Never,
}

fn blame(cause: DeathCause) -> Blame {
    match cause {
        DeathCause::WrongArchitecture
        | DeathCause::PullDenied
        | DeathCause::Kms
        | DeathCause::ImageMissing
        | DeathCause::CannotPullContainer
        | DeathCause::SecretDenied
        | DeathCause::SecretMissing
        | DeathCause::Logging
        | DeathCause::EnvironmentFile
        | DeathCause::Volume
        | DeathCause::TaskDefinition
        | DeathCause::OutOfMemory
        | DeathCause::HealthCheckFailed
        | DeathCause::TargetUnhealthy
        | DeathCause::CannotStart
        | DeathCause::Dependency
        | DeathCause::ContainerExited => Blame::Fatal,
        DeathCause::NetworkInterface
        | DeathCause::Disk
        | DeathCause::PullRateLimit
        | DeathCause::PullNetwork
        | DeathCause::StartNetwork
        | DeathCause::Role
        | DeathCause::RuntimeTimeout
        | DeathCause::Platform => Blame::Passing,
        DeathCause::SpotInterruption
        | DeathCause::Infrastructure
        | DeathCause::Stopped
        | DeathCause::NoCapacity
        | DeathCause::Quota
        | DeathCause::Throttled
        | DeathCause::Other => Blame::Never,
    }
}

/// Whether a cause is the release's own fault.
pub fn is_fatal(cause: DeathCause) -> bool {
    blame(cause) == Blame::Fatal
}

/// The first of these of which so many tasks died that waiting for more is pointless, and that many.
pub fn hopeless(deaths: &[Death]) -> Option<(&Death, u32)> {
    deaths.iter().find_map(|death| {
        let limit = match blame(death.cause) {
            Blame::Fatal => FAIL_FAST,
            Blame::Passing => PASSING,
            Blame::Never => return None,
        };
        (death.tasks >= limit).then_some((death, limit))
    })
}

/// Whether tasks died, and none of them by the release's own fault.
pub fn blames_nothing(deaths: &[Death]) -> bool {
    !deaths.is_empty() && deaths.iter().all(|d| !is_fatal(d.cause))
}

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
            said: words(task, culprit),
            tasks: 1,
        });
    }
    let mut deaths: Vec<Death> = kinds.into_values().collect();
    deaths.sort_by_key(|d| std::cmp::Reverse(d.tasks));
    deaths
}

/// The cause, and the container that it is told of.
fn cause(task: &StoppedTask) -> (DeathCause, Option<&StoppedContainer>) {
    let failed = task.containers.iter().find(|c| c.exit_code.is_some_and(|code| code != 0));
    let (cause, told_of) = table::classify(task);
    let culprit = match cause {
        DeathCause::ContainerExited => {
            told_of.or(failed).or_else(|| task.containers.iter().find(|c| c.exit_code.is_some()))
        }
        DeathCause::OutOfMemory | DeathCause::CannotStart | DeathCause::Other => told_of.or(failed),
        DeathCause::SpotInterruption
        | DeathCause::Infrastructure
        | DeathCause::Stopped
        | DeathCause::NoCapacity
        | DeathCause::Quota
        | DeathCause::NetworkInterface
        | DeathCause::Disk
        | DeathCause::WrongArchitecture
        | DeathCause::PullRateLimit
        | DeathCause::PullNetwork
        | DeathCause::PullDenied
        | DeathCause::Kms
        | DeathCause::ImageMissing
        | DeathCause::CannotPullContainer
        | DeathCause::SecretDenied
        | DeathCause::SecretMissing
        | DeathCause::StartNetwork
        | DeathCause::Logging
        | DeathCause::EnvironmentFile
        | DeathCause::Volume
        | DeathCause::Role
        | DeathCause::TaskDefinition
        | DeathCause::HealthCheckFailed
        | DeathCause::TargetUnhealthy
        | DeathCause::RuntimeTimeout
        | DeathCause::Platform
        | DeathCause::Dependency
        | DeathCause::Throttled => told_of,
    };
    (cause, culprit)
}

fn words(task: &StoppedTask, culprit: Option<&StoppedContainer>) -> Option<String> {
    let code = || task.stop_code.as_ref().map(ToString::to_string);
    culprit.and_then(|c| c.reason.clone()).or_else(|| task.stopped_reason.clone()).or_else(code)
}

#[cfg(test)]
mod tests;
