//! The tasks of a service, drawn: `●` runs, `○` is wanted and does not run yet.

use crate::model::aws::ecs::{DeploymentRolloutState, DeploymentStatus};
use crate::model::rollout::{Deployment, ServiceReading};
use crate::report::paint::Paint;

/// The most signs for one deployment; above it a sign stands for several tasks.
const MOST: u32 = 12;

/// Signs for these tasks. A sign for running tasks is drawn only where at least one runs, and all of them only where all run.
pub fn drawn(running: u32, wanted: u32, paint: Paint) -> String {
    let all = running.max(wanted);
    let share = |n: u32| if all <= MOST { n } else { n * MOST / all };
    let full = share(running).max(running.min(1));
    let empty = share(all).saturating_sub(full);
    let runs = "●".repeat(full as usize);
    let runs = if running >= wanted { paint.good(&runs) } else { paint.careful(&runs) };
    format!("{runs}{}", paint.faint(&"○".repeat(empty as usize)))
}

/// Whether ECS is still deploying the service.
pub fn is_rolling(reading: &ServiceReading) -> bool {
    reading.deployments.len() > 1
        || reading.primary().is_some_and(|p| p.rollout_state == Some(DeploymentRolloutState::InProgress))
}

/// The service in a table: the tasks of the primary deployment, and the number of those of older ones.
pub fn brief(reading: &ServiceReading, paint: Paint) -> String {
    let Some(primary) = reading.primary() else {
        return format!("{} {}/{}", drawn(reading.running, reading.desired, paint), reading.running, reading.desired);
    };
    let new = format!("{} {}/{}", drawn(primary.running, primary.desired, paint), primary.running, primary.desired);
    let failed = if primary.failed > 0 { paint.bad(&format!(" ✗{}", primary.failed)) } else { String::new() };
    let old: u32 = older(reading).map(|deployment| deployment.running).sum();
    let old = if old > 0 { paint.faint(&format!(" + {old} old")) } else { String::new() };
    format!("{new}{failed}{old}")
}

/// Deployments other than the primary one.
pub fn older(reading: &ServiceReading) -> impl Iterator<Item = &Deployment> {
    reading.deployments.iter().filter(|deployment| deployment.status != DeploymentStatus::Primary)
}

/// A deployment that starts tasks: its tasks drawn, and their numbers.
pub fn starting(running: u32, wanted: u32, failed: u32, paint: Paint) -> [String; 2] {
    let pending = wanted.saturating_sub(running);
    let mut text = format!("{running}/{wanted} running");
    if pending > 0 {
        text.push_str(&format!(", {pending} pending"));
    }
    if failed > 0 {
        text.push_str(&paint.bad(&format!(", {failed} failed")));
    }
    [drawn(running, wanted, paint), text]
}

/// A deployment that is being replaced, likewise.
pub fn stopping(running: u32, paint: Paint) -> [String; 2] {
    [paint.faint(&"●".repeat(running.min(MOST) as usize)), format!("{running} running")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_drawn_one_by_one_and_many_in_proportion() {
        let drawn = |running, wanted| drawn(running, wanted, Paint(false));
        assert_eq!(drawn(2, 3), "●●○");
        assert_eq!(drawn(0, 2), "○○");
        assert_eq!(drawn(3, 2), "●●●", "more than are wanted");
        assert_eq!(drawn(0, 0), "");
        assert_eq!(drawn(50, 100), "●●●●●●○○○○○○");
        assert_eq!(drawn(1, 1000), "●○○○○○○○○○○○", "one runs");
        assert_eq!(drawn(999, 1000), "●●●●●●●●●●●○", "not all run");
    }

    #[test]
    fn a_deployment_is_drawn_with_its_numbers() {
        assert_eq!(starting(1, 3, 2, Paint(false)), ["●○○", "1/3 running, 2 pending, 2 failed"]);
        assert_eq!(starting(2, 2, 0, Paint(false)), ["●●", "2/2 running"]);
        assert_eq!(stopping(1, Paint(false)), ["●", "1 running"]);
    }
}
