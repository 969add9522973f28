//! NewServiceDeployment a deployment: a new PRIMARY in `deployments[]`, its service revision, and its service deployment.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::alarms::{self, Alarms};
use super::arn;
use super::breaker;
use super::service::{Deployment, REVISION_MEMBERS, Revision, Rollout, Service};
use super::service_deployment::{
    Counts, HAND_OVER, Monitor, NewServiceDeployment, Rollback, ServiceDeployment, Status, Weights,
};
use super::task_definition::TaskDefinition;
use super::tasks::Tasks;
use crate::sandbox::latency::Latency;

/// The `statusReason` of a service deployment that is superseded.
const SUPERSEDED: &str = "Service deployment was stopped because a newer service deployment started.";

/// How the reason of a deployment that is rolled back to begins.
const ROLLING_BACK: &str = "ECS deployment circuit breaker: rolling back to deploymentId";

/// Makes `definition`, with the service's present settings, what the service will run. A service deployment that is under
/// way ends as STOPPED; its tasks are old ones from now on.
pub fn begin(
    service: &mut Service,
    definition: &TaskDefinition,
    tasks: &Tasks,
    firing: &Alarms,
    at: Timestamp,
    latency: Latency,
) {
    if let Some(running) = service.under_way() {
        running.become_status(Status::Stopped, Some(SUPERSEDED), at);
    }
    let sources = sources(service, tasks);
    let revision = new_revision(service, definition, at);
    service.task_definition = definition.arn.clone();
    new_primary(service, &revision, at, None);
    let id = arn::short(&["service-deployment", &service.next_key()]);
    let threshold = breaker::threshold(service.configuration(), service.desired);
    let watched = breaker::is_on(service.configuration()) && service.desired > 0;
    let beginning = NewServiceDeployment {
        arn: service.home.service_deployment(&service.cluster, &service.name, &id),
        home: service.home.clone(),
        cluster: service.cluster.clone(),
        service: service.name.clone(),
        at,
        sources,
        target: revision,
        configuration: service.configuration().clone(),
        breaker: if watched { Monitor::Monitoring } else { Monitor::Disabled },
        threshold,
        requested: service.desired,
        firing: firing.firing(&alarms::watched(service.configuration())),
    };
    service.service_deployments.push(ServiceDeployment::begin(beginning, at + latency.of(HAND_OVER)));
    service.steady_state_reported = false;
}

/// Puts the last completed revision back as PRIMARY. None when there is none but the one that fails.
pub fn roll_back(service: &mut Service, reason: &str, at: Timestamp, latency: Latency) -> Option<()> {
    let failed = service.primary()?.revision.clone();
    let target = service.completed.clone().filter(|r| *r != failed)?;
    let revision = service.revision(&target)?.clone();
    service.task_definition = revision.task_definition.clone();
    for member in REVISION_MEMBERS {
        match revision.settings.get(member) {
            Some(value) => service.settings.insert(member.to_owned(), value.clone()),
            None => service.settings.remove(member),
        };
    }
    let id = match still_there(service, &target, at) {
        Some(id) => id,
        None => new_primary(service, &target, at, Some(ROLLING_BACK)),
    };
    service.add_event(at, &format!("rolling back to deployment {id}."));
    let rollback = Rollback { reason: reason.to_owned(), started: at, revision: target };
    let running = service.under_way()?;
    running.rollback = Some(rollback);
    running.rollback_wanted = None;
    running.become_status(Status::RollbackInProgress, Some(reason), at);
    running.stage = None;
    running.weights = running.weights.map(|_| Weights::default());
    service.steady_state_reported = false;
    service.wake_at(at + latency.of(HAND_OVER));
    Some(())
}

/// Makes the deployment that a blue/green deployment has kept PRIMARY again; its id.
fn still_there(service: &mut Service, revision: &str, at: Timestamp) -> Option<String> {
    let shifts = service.under_way().is_some_and(|d| d.weights.is_some());
    let regional = service.deployments.iter().skip(1).position(|d| shifts && d.revision == revision)? + 1;
    let mut back = service.deployments.remove(regional);
    back.rollout = Rollout::InProgress;
    back.reason = format!("{ROLLING_BACK} {}.", back.id);
    back.updated = at;
    back.steady_since = None;
    // Earlier failures do not count against the rollback.
    back.failed_tasks = 0;
    back.frozen = false;
    let id = back.id.clone();
    service.deployments.insert(0, back);
    Some(id)
}

/// The revisions that have tasks, as a new service deployment's sources.
fn sources(service: &Service, tasks: &Tasks) -> Vec<(String, Counts)> {
    let running = service.deployments.iter().map(|d| (d.revision.clone(), counts(&d.id, service, tasks)));
    running.filter(|(_, c)| c.running + c.pending > 0).collect()
}

/// A deployment's tasks, counted.
pub fn counts(deployment: &str, service: &Service, tasks: &Tasks) -> Counts {
    let tally = tasks.tally(&service.name, deployment);
    let (running, pending) = (tally.running as u32, tally.pending as u32);
    let primary = service.primary().is_some_and(|p| p.id == deployment);
    Counts { requested: if primary { service.desired } else { running + pending }, running, pending }
}

fn new_revision(service: &mut Service, definition: &TaskDefinition, at: Timestamp) -> String {
    let number = arn::number(&["revision", &service.next_key()]);
    let arn = service.home.service_revision(&service.cluster, &service.name, number);
    let images = definition.containers().into_iter().map(|c| (c.name, c.image)).collect();
    service.revisions.push(Revision {
        arn: arn.clone(),
        task_definition: definition.arn.clone(),
        settings: super::wire::only(&service.settings, &REVISION_MEMBERS),
        created: at,
        digests: BTreeMap::new(),
        images,
    });
    arn
}

/// A new first entry of `deployments[]`; `because` becomes the start of its `rolloutStateReason` instead of the usual one.
fn new_primary(service: &mut Service, revision: &str, at: Timestamp, because: Option<&str>) -> String {
    let id = format!("ecs-svc/{}", arn::number(&["deployment", &service.next_key()]));
    let reason = match because {
        Some(because) => format!("{because} {id}."),
        None => format!("ECS deployment {id} in progress."),
    };
    let settings = service.settings.clone();
    let task_definition = service.task_definition.clone();
    service.deployments.insert(
        0,
        Deployment {
            id: id.clone(),
            revision: revision.to_owned(),
            task_definition,
            settings,
            created: at,
            updated: at,
            rollout: Rollout::InProgress,
            reason,
            failed_tasks: 0,
            misses: 0,
            retry_at: None,
            steady_since: None,
            frozen: false,
            deadlock_reported: false,
            impairment_reported: false,
        },
    );
    id
}
