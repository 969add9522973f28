//! Stopping tasks of a service.

use jiff::Timestamp;

use super::lifecycle;
use super::service::Service;
use super::task::{Stop, StopCode};
use super::tasks::Tasks;
use crate::sandbox::latency::Latency;

/// Stops these tasks, and adds that to the service's events.
pub fn stop(service: &mut Service, tasks: &mut Tasks, ids: &[String], at: Timestamp, latency: Latency) {
    let primary = service.primary().map(|p| p.id.clone()).unwrap_or_default();
    let (mut running, mut balanced) = (Vec::new(), 0);
    for id in ids {
        tasks.change(id, |task| {
            if task.is_running() {
                running.push(format!("(task {})", task.id));
                balanced += u32::from(task.target_group.is_some());
            }
            let reason = format!("Scaling activity initiated by (deployment {primary})");
            let stop = Stop { code: StopCode::ServiceSchedulerInitiated, reason, unhealthy: false };
            lifecycle::ask_to_stop(task, at, stop, latency);
        });
    }
    if ids.is_empty() {
        return;
    }
    service.steady_state_reported = false;
    if let Some(group) = service.target_group().map(str::to_owned).filter(|_| balanced > 0) {
        service.add_event(at, &format!("deregistered {balanced} targets in (target-group {group})"));
        service.add_event(at, &format!("has begun draining connections on {balanced} tasks."));
    }
    if !running.is_empty() {
        service.add_event(at, &format!("has stopped {} running tasks: {}.", running.len(), running.join(" ")));
    }
}
