//! Why tasks stopped, from ECS's words: the stop codes of the API model, the texts of the developer guide's *stopped task error
//! codes* and of the container agent. Also what a deployment's reason says. The words themselves are in `table`.

use std::collections::BTreeMap;

use crate::model::rollout::{StoppedContainer, StoppedTask, TaskStop, TaskStopCause};

mod table;

pub use table::{is_rollback, names_alarm_or_hook, of_event};

/// How many tasks of ours may stop for one cause before waiting is pointless: above the breaker's smallest threshold (3), so that ECS acts first
/// where the breaker is on.
pub const FAIL_FAST: u32 = 5;

/// Temporary causes (a rate limit, a busy network) need twice as many.
const PASSING: u32 = 2 * FAIL_FAST;

/// Who or what a cause blames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blame {
    /// The release itself: waiting does not help.
    Fatal,
    /// A temporary problem, which is not the image's fault.
    Passing,
    /// AWS, or somebody on purpose: it proves nothing about the image.
    Never,
}

fn blame(cause: TaskStopCause) -> Blame {
    match cause {
        TaskStopCause::WrongArchitecture
        | TaskStopCause::PullDenied
        | TaskStopCause::Kms
        | TaskStopCause::ImageMissing
        | TaskStopCause::CannotPullContainer
        | TaskStopCause::SecretDenied
        | TaskStopCause::SecretMissing
        | TaskStopCause::Logging
        | TaskStopCause::EnvironmentFile
        | TaskStopCause::Volume
        | TaskStopCause::TaskDefinition
        | TaskStopCause::OutOfMemory
        | TaskStopCause::Killed
        | TaskStopCause::HealthCheckFailed
        | TaskStopCause::TargetUnhealthy
        | TaskStopCause::CannotStart
        | TaskStopCause::Dependency
        | TaskStopCause::ContainerExited => Blame::Fatal,
        TaskStopCause::NetworkInterface
        | TaskStopCause::Disk
        | TaskStopCause::PullRateLimit
        | TaskStopCause::PullNetwork
        | TaskStopCause::StartNetwork
        | TaskStopCause::Role
        | TaskStopCause::RuntimeTimeout
        | TaskStopCause::Platform => Blame::Passing,
        TaskStopCause::SpotInterruption
        | TaskStopCause::Infrastructure
        | TaskStopCause::Stopped
        | TaskStopCause::NoCapacity
        | TaskStopCause::Quota
        | TaskStopCause::Throttled
        | TaskStopCause::Other => Blame::Never,
    }
}

/// Whether the release itself is to blame.
pub fn is_fatal(cause: TaskStopCause) -> bool {
    blame(cause) == Blame::Fatal
}

/// The first of these for which so many tasks stopped that waiting is pointless, and that limit.
pub fn hopeless(task_stops: &[TaskStop]) -> Option<(&TaskStop, u32)> {
    task_stops.iter().find_map(|stop| {
        let limit = match blame(stop.cause) {
            Blame::Fatal => FAIL_FAST,
            Blame::Passing => PASSING,
            Blame::Never => return None,
        };
        (stop.tasks >= limit).then_some((stop, limit))
    })
}

/// Whether tasks stopped, but none because of the release itself.
pub fn blames_nothing(task_stops: &[TaskStop]) -> bool {
    !task_stops.is_empty() && task_stops.iter().all(|d| !is_fatal(d.cause))
}

/// Stopped tasks grouped by cause, container and exit code, the most frequent first.
pub fn summarize(stopped: &[StoppedTask]) -> Vec<TaskStop> {
    let mut kinds: BTreeMap<(TaskStopCause, Option<String>, Option<i32>), TaskStop> = BTreeMap::new();
    for task in stopped {
        let (cause, culprit) = cause(task);
        let key = (cause, culprit.map(|c| c.name.clone()), culprit.and_then(|c| c.exit_code));
        kinds.entry(key).and_modify(|d| d.tasks += 1).or_insert_with(|| TaskStop {
            cause,
            container: culprit.map(|c| c.name.clone()),
            exit_code: culprit.and_then(|c| c.exit_code),
            said: words(task, culprit),
            tasks: 1,
        });
    }
    let mut task_stops: Vec<TaskStop> = kinds.into_values().collect();
    task_stops.sort_by_key(|d| std::cmp::Reverse(d.tasks));
    task_stops
}

/// The cause, and the container that it is about.
fn cause(task: &StoppedTask) -> (TaskStopCause, Option<&StoppedContainer>) {
    let failed = task.containers.iter().find(|c| c.exit_code.is_some_and(|code| code != 0));
    let (cause, named) = table::classify(task);
    let culprit = match cause {
        TaskStopCause::ContainerExited => {
            named.or(failed).or_else(|| task.containers.iter().find(|c| c.exit_code.is_some()))
        }
        TaskStopCause::OutOfMemory | TaskStopCause::Killed | TaskStopCause::CannotStart | TaskStopCause::Other => {
            named.or(failed)
        }
        TaskStopCause::SpotInterruption
        | TaskStopCause::Infrastructure
        | TaskStopCause::Stopped
        | TaskStopCause::NoCapacity
        | TaskStopCause::Quota
        | TaskStopCause::NetworkInterface
        | TaskStopCause::Disk
        | TaskStopCause::WrongArchitecture
        | TaskStopCause::PullRateLimit
        | TaskStopCause::PullNetwork
        | TaskStopCause::PullDenied
        | TaskStopCause::Kms
        | TaskStopCause::ImageMissing
        | TaskStopCause::CannotPullContainer
        | TaskStopCause::SecretDenied
        | TaskStopCause::SecretMissing
        | TaskStopCause::StartNetwork
        | TaskStopCause::Logging
        | TaskStopCause::EnvironmentFile
        | TaskStopCause::Volume
        | TaskStopCause::Role
        | TaskStopCause::TaskDefinition
        | TaskStopCause::HealthCheckFailed
        | TaskStopCause::TargetUnhealthy
        | TaskStopCause::RuntimeTimeout
        | TaskStopCause::Platform
        | TaskStopCause::Dependency
        | TaskStopCause::Throttled => named,
    };
    (cause, culprit)
}

fn words(task: &StoppedTask, culprit: Option<&StoppedContainer>) -> Option<String> {
    let code = || task.stop_code.as_ref().map(ToString::to_string);
    culprit.and_then(|c| c.reason.clone()).or_else(|| task.stopped_reason.clone()).or_else(code)
}

#[cfg(test)]
mod tests;
