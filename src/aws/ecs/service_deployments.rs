//! Service deployments: ECS's record of who rolled out what, where it may be read.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{self, CreatedAt, DeploymentLifecycleHookStatus};
use jiff::{SignedDuration, Timestamp};

use super::of_cluster;
use crate::aws::errors::Refusal;
use crate::aws::pages::Pages;
use crate::aws::session::Session;
use crate::aws::time::{date_time, timestamp};
use crate::model::aws::ecs::{MonitorStatus, ServiceDeploymentStatus};
use crate::model::fault::call::Target;
use crate::model::fault::{Fault, FaultKind};
use crate::model::rollout::{AwaitingHook, BreakerCount, Monitors, ServiceDeployment};
use crate::model::rollout_reason::Monitor;

/// How far back those that have ended are listed, from when ours was begun or from now. What is older neither distinguishes ours from others
/// nor blocks it; what is under way is listed however old it is, since a deployment may last 30 days.
const WINDOW: SignedDuration = SignedDuration::from_hours(24 * 15);

/// What DescribeServiceDeployments and DescribeServiceRevisions take at once.
const BATCH: usize = 20;

/// Of which deployments the target's task definition is read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wanted<'a> {
    /// Of one batch of the newest; one that is under way is found however old it is.
    Newest,
    /// Of all that are not in this list, which is of that time.
    NotIn { known: &'a [String], since: Timestamp },
}

struct Found {
    deployment: ServiceDeployment,
    /// The ARN of the service revision it brings in.
    target: Option<String>,
    /// The ARNs of those that it replaces, where it was described.
    sources: Vec<String>,
}

/// The service's deployments of some days and those under way, oldest first; `None` where they may not be read, or there are none.
pub(super) async fn read(
    session: &Session,
    cluster: &str,
    service: &str,
    wanted: Wanted<'_>,
) -> Result<Option<Vec<ServiceDeployment>>, Fault> {
    let since = match wanted {
        Wanted::Newest => session.now(),
        // A clock that is ahead does not hide what AWS's calls recent.
        Wanted::NotIn { since, .. } => since.min(session.now()),
    };
    let after = CreatedAt::builder().after(date_time(since - WINDOW)).build();
    let Some(mut found) = unless_denied(list(session, cluster, service, None, Some(after)).await)? else {
        return Ok(None);
    };
    if let Wanted::Newest = wanted {
        let Some(moving) = unless_denied(list(session, cluster, service, Some(under_way()), None).await)? else {
            return Ok(None);
        };
        let older = |one: &Found| found.iter().all(|f| f.deployment.arn != one.deployment.arn);
        let older: Vec<Found> = moving.into_iter().filter(older).collect();
        found.extend(older);
    }
    if found.is_empty() {
        return Ok(None);
    }
    found.sort_by(|a, b| {
        (a.deployment.created_at, &a.deployment.arn).cmp(&(b.deployment.created_at, &b.deployment.arn))
    });
    let newest = found.len().saturating_sub(BATCH);
    let wanted: Vec<bool> = found
        .iter()
        .enumerate()
        .map(|(i, f)| match wanted {
            Wanted::Newest => i >= newest,
            Wanted::NotIn { known, .. } => !known.contains(&f.deployment.arn),
        })
        .collect();
    refresh(session, &mut found, &wanted).await?;
    // Without its task definition no deployment can be distinguished from another.
    let Some(revisions) = unless_denied(revisions(session, &found, &wanted).await)? else {
        return Ok(None);
    };
    let with_target = found.into_iter().zip(wanted).map(|(mut f, wanted)| {
        let target = f.target.filter(|_| wanted);
        f.deployment.target_task_definition = target.and_then(|t| revisions.get(&t).cloned());
        let sources = f.sources.iter().filter(|_| wanted);
        f.deployment.source_task_definitions = sources.filter_map(|s| revisions.get(s).cloned()).collect();
        f.deployment
    });
    Ok(Some(with_target.collect()))
}

/// `None` where the answer is that they may not be read, or that this ECS does not know them.
fn unless_denied<T>(result: Result<T, Refusal>) -> Result<Option<T>, Fault> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(r) if r.fault.kind() == FaultKind::AccessDenied => Ok(None),
        Err(r) if r.is("UnsupportedFeatureException") || r.is("UnknownOperationException") => Ok(None),
        Err(r) => Err(r.fault),
    }
}

async fn list(
    session: &Session,
    cluster: &str,
    service: &str,
    status: Option<Vec<types::ServiceDeploymentStatus>>,
    created: Option<CreatedAt>,
) -> Result<Vec<Found>, Refusal> {
    let mut found = Vec::new();
    let mut pages = Pages::new();
    while let Some(next) = pages.next() {
        let call = session.list_service_deployments(of_cluster(cluster, service));
        let page = call.send(|r| {
            let wanted = r.cluster(cluster).service(service).set_status(status.clone());
            wanted.set_created_at(created.clone()).max_results(100).set_next_token(next).send()
        });
        let page = page.await?;
        found.extend(page.service_deployments().iter().map(|d| Found {
            deployment: ServiceDeployment {
                arn: d.service_deployment_arn().unwrap_or_default().to_owned(),
                status: d.status().map_or("", |s| s.as_str()).into(),
                status_reason: d.status_reason().map(str::to_owned),
                created_at: d.created_at().and_then(timestamp).unwrap_or(Timestamp::UNIX_EPOCH),
                target_task_definition: None,
                source_task_definitions: Vec::new(),
                monitors: Monitors::default(),
            },
            target: d.target_service_revision_arn().map(str::to_owned),
            sources: Vec::new(),
        }));
        pages.read(page.next_token());
    }
    Ok(found)
}

/// The states in which a deployment has not ended, as the SDK takes them.
fn under_way() -> Vec<types::ServiceDeploymentStatus> {
    let going_on = ServiceDeploymentStatus::ALL.iter().filter(|status| status.is_under_way());
    going_on.map(|status| types::ServiceDeploymentStatus::from(status.as_str())).collect()
}

/// Reads by ARN what still moves or is new: lists lag behind, descriptions do not. Not permitted: the list has to do.
async fn refresh(session: &Session, found: &mut [Found], wanted: &[bool]) -> Result<(), Fault> {
    let fresh: Vec<String> = found
        .iter()
        .zip(wanted)
        .filter(|(f, wanted)| **wanted || !f.deployment.status.is_final())
        .map(|(f, _)| f.deployment.arn.clone())
        .collect();
    for batch in fresh.chunks(BATCH) {
        let call = session.describe_service_deployments(Target::ServiceDeployments);
        let answer = call.send(|r| r.set_service_deployment_arns(Some(batch.to_vec())).send()).await;
        let Some(answer) = unless_denied(answer)? else {
            return Ok(());
        };
        for d in answer.service_deployments() {
            let Some(f) = found.iter_mut().find(|f| d.service_deployment_arn() == Some(&f.deployment.arn)) else {
                continue;
            };
            if let Some(status) = d.status() {
                f.deployment.status = status.as_str().into();
            }
            if let Some(reason) = d.status_reason() {
                f.deployment.status_reason = Some(reason.to_owned());
            }
            f.deployment.monitors = monitors(d);
            if let Some(target) = d.target_service_revision().and_then(|t| t.arn()) {
                f.target = Some(target.to_owned());
            }
            f.sources = d.source_service_revisions().iter().filter_map(|s| s.arn()).map(str::to_owned).collect();
        }
    }
    Ok(())
}

/// What watches a deployment: which of it failed it, how near the breaker is, whose answer it awaits.
fn monitors(d: &types::ServiceDeployment) -> Monitors {
    let breaker = d.deployment_circuit_breaker();
    let status_of_breaker = breaker.and_then(|b| b.status()).map(|s| MonitorStatus::from(s.as_str()));
    let count = |n: i32| u32::try_from(n).unwrap_or(0);
    let by_breaker = (status_of_breaker == Some(MonitorStatus::Triggered)).then_some(Monitor::CircuitBreaker);
    let by_alarms =
        d.alarms().filter(|a| a.status().is_some_and(|s| MonitorStatus::from(s.as_str()) == MonitorStatus::Triggered));
    let hooks = d.lifecycle_hook_details().iter();
    let hooks = hooks.filter(|h| h.status() == Some(&DeploymentLifecycleHookStatus::AwaitingAction));
    Monitors {
        triggered: by_breaker
            .or_else(|| by_alarms.map(|a| Monitor::Alarms { names: a.triggered_alarm_names().to_vec() })),
        breaker: breaker
            .filter(|_| status_of_breaker.is_some_and(|s| s != MonitorStatus::Disabled))
            .map(|b| BreakerCount { failures: count(b.failure_count()), threshold: count(b.threshold()) }),
        hooks: hooks
            .map(|h| AwaitingHook {
                id: h.hook_id().unwrap_or_default().to_owned(),
                expires: h.expires_at().and_then(timestamp),
            })
            .collect(),
    }
}

/// Task definitions by service revision.
async fn revisions(session: &Session, found: &[Found], wanted: &[bool]) -> Result<BTreeMap<String, String>, Refusal> {
    let mut arns: Vec<String> = found
        .iter()
        .zip(wanted)
        .filter(|(_, w)| **w)
        .flat_map(|(f, _)| f.target.iter().chain(&f.sources).cloned())
        .collect();
    arns.sort();
    arns.dedup();
    let mut definitions = BTreeMap::new();
    for batch in arns.chunks(BATCH) {
        let call = session.describe_service_revisions(Target::ServiceRevisions);
        let answer = call.send(|r| r.set_service_revision_arns(Some(batch.to_vec())).send()).await?;
        for r in answer.service_revisions() {
            if let (Some(arn), Some(definition)) = (r.service_revision_arn(), r.task_definition()) {
                definitions.insert(arn.to_owned(), definition.to_owned());
            }
        }
    }
    Ok(definitions)
}
