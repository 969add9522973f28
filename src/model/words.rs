//! Rollouts and deaths in one line for people.

use jiff::{SignedDuration, Timestamp};

use super::ledger::{Frozen, FrozenBy};
use super::rollout::{Death, DeathCause, HeldUp, PROOFS, RolloutProgress, RolloutState};

/// Why tasks died.
pub fn death(death: &Death) -> String {
    let container = death.container.as_deref().unwrap_or("a container");
    let exited = |code: i32| format!("{container} exited with code {code}{}", meaning(code));
    let said = trimmed(&death.reason);
    let what = match (death.cause, death.exit_code) {
        (DeathCause::ContainerExited, Some(code)) => exited(code),
        (DeathCause::ContainerExited, None) => format!("{container} never ran"),
        (DeathCause::OutOfMemory, Some(code)) if !death.reason.to_lowercase().contains("memory") => exited(code),
        (DeathCause::OutOfMemory, _) => format!("{container} ran out of memory"),
        (DeathCause::CannotStart, _) => format!("{container} could not start: {said}"),
        (cause, _) => match about(cause) {
            Some(about) => format!("{about}: {said}"),
            None => said.to_owned(),
        },
    };
    format!("{what} ({})", tasks(death.tasks))
}

/// What a cause is about, where ECS's words do not say it at once.
fn about(cause: DeathCause) -> Option<&'static str> {
    match cause {
        DeathCause::SpotInterruption => Some("Spot interruption"),
        DeathCause::Infrastructure => Some("replaced by AWS"),
        DeathCause::NoCapacity => Some("no capacity"),
        DeathCause::Quota => Some("quota of the account"),
        DeathCause::NetworkInterface => Some("network interface"),
        DeathCause::Disk => Some("disk"),
        DeathCause::WrongArchitecture => Some("wrong architecture"),
        DeathCause::PullRateLimit => Some("rate limit of the registry"),
        DeathCause::PullNetwork => Some("no way to the registry"),
        DeathCause::PullDenied => Some("not allowed to pull the image"),
        DeathCause::Kms => Some("not allowed to use the key"),
        DeathCause::ImageMissing => Some("the image is not there"),
        DeathCause::SecretDenied => Some("not allowed to read a secret"),
        DeathCause::SecretMissing => Some("a secret is not there"),
        DeathCause::StartNetwork => Some("no way to what a start needs"),
        DeathCause::Logging => Some("logging"),
        DeathCause::EnvironmentFile => Some("environment file"),
        DeathCause::Volume => Some("volume"),
        DeathCause::Role => Some("role"),
        DeathCause::TaskDefinition => Some("task definition"),
        DeathCause::TargetUnhealthy => Some("unhealthy behind the load balancer"),
        DeathCause::Throttled => Some("throttled"),
        DeathCause::Stopped
        | DeathCause::CannotPullContainer
        | DeathCause::OutOfMemory
        | DeathCause::HealthCheckFailed
        | DeathCause::CannotStart
        | DeathCause::RuntimeTimeout
        | DeathCause::Platform
        | DeathCause::Dependency
        | DeathCause::ContainerExited
        | DeathCause::Other => None,
    }
}

/// Why a rollout does not go on.
pub fn held_up(held_up: &HeldUp) -> String {
    match held_up {
        HeldUp::Hook { id, expires } => {
            let until = expires.map(|at| format!(" until {}", moment(at))).unwrap_or_default();
            format!("paused by the hook {id}, which waits for an answer{until}")
        }
        HeldUp::NoTask { reason } => format!("ECS starts no task: {}", trimmed(reason)),
        HeldUp::Stopping { reason } => format!("ECS stops it: {}", trimmed(reason)),
    }
}

/// So many tasks of before that run on.
pub fn draining(n: u32) -> String {
    if n == 1 { "1 old task draining".to_owned() } else { format!("{n} old tasks draining") }
}

/// What an exit code usually means, as a suffix.
pub fn meaning(code: i32) -> &'static str {
    match code {
        125 => ", an error of the container runtime",
        126 | 127 => ", a command that cannot be run",
        137 => ", killed (SIGKILL, or out of memory)",
        134 => ", aborted",
        139 => ", a segmentation fault",
        143 => ", ended by SIGTERM",
        _ => "",
    }
}

/// By whom a stage was frozen, and when.
pub fn frozen(frozen: &Frozen) -> String {
    let at = moment(frozen.at);
    match &frozen.by {
        FrozenBy::Person(by) => format!("by {} at {at}", by.arn),
        FrozenBy::Release(release) => format!("by itself at {at}, when {release} could not be rolled back"),
    }
}

/// A point in time, to the minute.
pub fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// So many tasks.
pub fn tasks(n: u32) -> String {
    if n == 1 { "1 task".to_owned() } else { format!("{n} tasks") }
}

/// A reason in the other side's words, to be put into a sentence.
pub fn trimmed(text: &str) -> &str {
    text.trim_end_matches('.')
}

/// How long something took or will take, in its two largest units, the smaller one left out where it is none.
pub fn lasting(time: SignedDuration) -> String {
    let seconds = time.as_secs().max(0);
    let (large, small) = match seconds {
        0..60 => (format!("{seconds}s"), (0, 's')),
        60..3600 => (format!("{}m", seconds / 60), (seconds % 60, 's')),
        3600..86400 => (format!("{}h", seconds / 3600), (seconds % 3600 / 60, 'm')),
        _ => (format!("{}d", seconds / 86400), (seconds % 86400 / 3600, 'h')),
    };
    match small {
        (0, _) => large,
        (count, unit) => format!("{large} {count}{unit}"),
    }
}

/// Where a rollout stands.
pub fn progress(progress: &RolloutProgress) -> String {
    let counts = format!("{}/{} running", progress.running, progress.desired);
    let deaths = progress.deaths.first().map(|d| format!("; {}", death(d))).unwrap_or_default();
    let around = &progress.circumstances;
    let held = around.held_up.as_ref().map(|h| format!("; {}", held_up(h))).unwrap_or_default();
    let breaker = around.breaker.map(|b| format!("; circuit breaker at {} of {}", b.failures, b.threshold));
    let breaker = breaker.unwrap_or_default();
    let old = if around.draining > 0 { format!("; {}", draining(around.draining)) } else { String::new() };
    match &progress.rollout {
        RolloutState::Looking { .. } => "waiting for ECS to show the deployment".to_owned(),
        RolloutState::InProgress => format!("{counts}{held}{deaths}{breaker}"),
        RolloutState::Proving { missing } => format!("proving: {missing}{old}"),
        RolloutState::Proven { readings } => format!("proven {readings} of {PROOFS} times{old}"),
        RolloutState::RollingBack { reason } => format!("ECS rolls back: {}{deaths}", trimmed(reason)),
        RolloutState::RolledBack { reason } => format!("rolled back: {}{deaths}", trimmed(reason)),
        RolloutState::RollbackFailed { reason } => format!("failed, and not rolled back: {}{deaths}", trimmed(reason)),
        RolloutState::Failed { reason } => format!("failed: {}{deaths}", trimmed(reason)),
        RolloutState::Stopped { reason } => format!("stopped: {}", trimmed(reason)),
        RolloutState::Superseded { by } => format!("superseded by {by}"),
        RolloutState::Ambiguous { reason } => reason.clone(),
    }
}

/// A commit's first so many characters; a record may hold any text in its place.
pub fn commit(name: &str, most: usize) -> String {
    name.chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_their_two_largest_units() {
        let told = |s| lasting(SignedDuration::from_secs(s));
        assert_eq!(
            [told(-3), told(59), told(190), told(7260), told(90_000)],
            ["0s", "59s", "3m 10s", "2h 1m", "1d 1h"]
        );
    }
}
