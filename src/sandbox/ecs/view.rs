//! How a service and its deployments are shown.

use serde_json::{Value, json};

use super::deploy::counts;
use super::service::{DEPLOYMENT_MEMBERS, Deployment, SERVICE_MEMBERS, Service};
use super::tasks::Tasks;
use super::wire::{epoch, only, present};

/// The `Service` structure.
pub fn service(service: &Service, tasks: &Tasks, tags: bool, deployments_shown: bool) -> Value {
    let tally = tasks.tally_of_service(&service.name);
    let mut view = only(&service.settings, &SERVICE_MEMBERS);
    let mut put = |member: &str, value: Value| {
        if !value.is_null() {
            view.insert(member.to_owned(), value);
        }
    };
    put("serviceArn", json!(service.arn()));
    put("serviceName", json!(service.name));
    put("clusterArn", json!(service.home.cluster(&service.cluster)));
    put("status", json!(service.life.name()));
    put("desiredCount", json!(service.desired));
    put("runningCount", json!(tally.running));
    put("pendingCount", json!(tally.pending));
    put("taskDefinition", json!(Some(&service.task_definition).filter(|t| !t.is_empty())));
    let deployments: Vec<Value> =
        service.deployments.iter().enumerate().map(|(i, d)| deployment(service, d, i == 0, tasks)).collect();
    put("deployments", json!(deployments));
    let events: Vec<Value> =
        service.events.iter().map(|e| json!({ "id": e.id, "createdAt": epoch(e.at), "message": e.message })).collect();
    put("events", json!(events));
    put("createdAt", epoch(service.created));
    put("createdBy", json!(service.created_by));
    if deployments_shown {
        put("currentServiceDeployment", json!(service.service_deployments.last().map(|d| d.arn.as_str())));
        let revisions = service.deployments.iter().map(|d| counts(&d.id, service, tasks).view(&d.revision));
        put("currentServiceRevisions", json!(revisions.collect::<Vec<_>>()));
    }
    if tags {
        put("tags", json!(service.tags));
    }
    Value::Object(view)
}

/// The `Deployment` structure.
fn deployment(service: &Service, deployment: &Deployment, primary: bool, tasks: &Tasks) -> Value {
    let counts = counts(&deployment.id, service, tasks);
    let mut view = present(json!({
        "id": deployment.id,
        "status": if primary { "PRIMARY" } else { "ACTIVE" },
        "taskDefinition": deployment.task_definition,
        "desiredCount": counts.requested,
        "pendingCount": counts.pending,
        "runningCount": counts.running,
        "failedTasks": deployment.failed_tasks,
        "createdAt": epoch(deployment.created),
        "updatedAt": epoch(deployment.updated),
        "rolloutState": deployment.rollout.name(),
        "rolloutStateReason": deployment.reason,
    }));
    for (member, value) in only(&deployment.settings, &DEPLOYMENT_MEMBERS) {
        view[member] = value;
    }
    view
}
