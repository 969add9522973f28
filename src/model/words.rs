//! Rollouts and deaths in one line for people.

use jiff::{SignedDuration, Timestamp};

use super::ledger::{Frozen, FrozenBy};
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
        | DeathCause::Other => return format!("{} ({})", trimmed(&death.reason), tasks(death.tasks)),
    };
    format!("{what} ({})", tasks(death.tasks))
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
    match &progress.rollout {
        RolloutState::Looking { .. } => "waiting for ECS to show the deployment".to_owned(),
        RolloutState::InProgress => format!("{counts}{deaths}"),
        RolloutState::Proving { missing } => format!("proving: {missing}"),
        RolloutState::Proven { readings } => format!("proven {readings} of {PROOFS} times"),
        RolloutState::RollingBack { reason } => format!("ECS rolls back: {}{deaths}", trimmed(reason)),
        RolloutState::RolledBack { reason } => format!("rolled back: {}{deaths}", trimmed(reason)),
        RolloutState::RollbackFailed { reason } => format!("failed, and not rolled back: {}{deaths}", trimmed(reason)),
        RolloutState::Failed { reason } => format!("failed: {}{deaths}", trimmed(reason)),
        RolloutState::Stopped { reason } => format!("stopped: {}", trimmed(reason)),
        RolloutState::Superseded { by } => format!("superseded by {by}"),
        RolloutState::Ambiguous { reason } => reason.clone(),
    }
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
