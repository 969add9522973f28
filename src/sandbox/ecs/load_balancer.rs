//! What a load balancer would reach.

use serde_json::{Map, Value, json};

use super::regional::RegionalEcs;
use super::service::Deployment;
use super::task::{Phase, Task};

/// The newest healthy task of the service, PRIMARY's first, or where traffic is moved those that have more of it; one that
/// is merely RUNNING where nothing checks it.
pub fn target(regional: &RegionalEcs, cluster: &str, service: &str) -> Option<Value> {
    let cluster = regional.clusters.get(cluster)?;
    let owner = cluster.services.get(service)?;
    let primary = owner.primary().map(|d| d.id.clone());
    let latest = owner.service_deployments.last();
    let moved = latest.and_then(|d| Some((&d.target, d.weights?.production >= 50.0)));
    let preferred = |t: &Task| match moved {
        Some((target, to_target)) => {
            let of_target = |d: &Deployment| Some(&d.id) == t.started_by.as_ref() && d.revision == *target;
            owner.deployments.iter().any(of_target) == to_target
        }
        None => t.started_by == primary,
    };
    let unchecked = |t: &Task| t.target_group.is_none() && !t.has_container_check() && t.phase == Phase::Settling;
    let reachable = cluster.tasks.of_service(service).filter(|t| t.is_healthy() || (t.is_live() && unchecked(t)));
    let task = reachable.max_by_key(|t| (preferred(t), t.is_healthy(), t.times.started, t.id.as_str()))?;
    let own = || task.containers.iter().filter(|c| !c.injected);
    let digest = own().filter(|c| c.essential).find_map(|c| c.pulled.as_ref());
    let digests: Map<String, Value> =
        own().filter_map(|c| Some((c.name.clone(), json!(c.pulled.as_ref()?.digest)))).collect();
    let labels: Map<String, Value> =
        own().filter_map(|c| Some((c.name.clone(), json!(c.pulled.as_ref()?.labels)))).collect();
    Some(json!({
        "service": service,
        "taskDefinition": task.task_definition,
        "deployment": task.started_by,
        "digest": digest.map(|p| p.digest.as_str()),
        "digests": digests,
        "labels": labels,
    }))
}
