//! Rollouts and deaths in one line for people.

use super::rollout::{Death, DeathCause, PROOFS, RolloutProgress, RolloutState};

/// Why tasks died.
pub fn death(death: &Death) -> String {
    let container = death.container.as_deref().unwrap_or("a container");
    let what = match death.cause {
        DeathCause::ContainerExited => match death.exit_code {
            Some(code) => format!("{container} exited with code {code}{}", meaning(code)),
            None => format!("{container} never ran"),
        },
        DeathCause::OutOfMemory => format!("{container} ran out of memory"),
        DeathCause::CannotPullContainer
        | DeathCause::ResourceInitialization
        | DeathCause::HealthCheckFailed
        | DeathCause::NoCapacity
        | DeathCause::SpotInterruption
        | DeathCause::Stopped
        | DeathCause::Other => return format!("{} ({} tasks)", death.reason, death.tasks),
    };
    format!("{what} ({} tasks)", death.tasks)
}

/// What an exit code usually means, as a suffix.
pub fn meaning(code: i32) -> &'static str {
    match code {
        126 | 127 => ", a command that cannot be run",
        137 => ", killed (SIGKILL, or out of memory)",
        139 => ", a segmentation fault",
        143 => ", ended by SIGTERM",
        _ => "",
    }
}

/// Where a rollout stands.
pub fn progress(progress: &RolloutProgress) -> String {
    let counts = format!("{}/{} running", progress.running, progress.desired);
    let deaths = progress.deaths.first().map(|d| format!("; {}", death(d))).unwrap_or_default();
    match &progress.rollout {
        RolloutState::Looking { .. } => "waiting for ECS to show the deployment".to_owned(),
        RolloutState::InProgress => format!("{counts}{deaths}"),
        RolloutState::Proving { missing } => format!("proving: {missing}"),
        RolloutState::Proven { readings } => format!("proven {readings} of {PROOFS} times"),
        RolloutState::RollingBack { reason } => format!("ECS rolls back: {reason}{deaths}"),
        RolloutState::RolledBack { reason } => format!("rolled back: {reason}{deaths}"),
        RolloutState::RollbackFailed { reason } => format!("failed, and not rolled back: {reason}{deaths}"),
        RolloutState::Failed { reason } => format!("failed: {reason}{deaths}"),
        RolloutState::Stopped { reason } => format!("stopped: {reason}"),
        RolloutState::Superseded { by } => format!("superseded by {by}"),
        RolloutState::Ambiguous { reason } => reason.clone(),
    }
}
