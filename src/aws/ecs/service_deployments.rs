//! Service deployments: ECS's record of who rolled out what, where it may be read.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::CreatedAt;
use jiff::{SignedDuration, Timestamp};

use super::read_service;
use crate::aws::errors::Refusal;
use crate::aws::op::Op;
use crate::aws::session::Session;
use crate::aws::time::{date_time, timestamp};
use crate::model::fault::{Fault, FaultKind};
use crate::model::rollout::ServiceDeployment;

/// How far back they are listed: a deployment that pauses may do so for 14 days, and one that still moves must be seen.
const WINDOW: SignedDuration = SignedDuration::from_hours(24 * 15);

/// What DescribeServiceDeployments and DescribeServiceRevisions take at once.
const BATCH: usize = 20;

/// Of which deployments the target's task definition is read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wanted<'a> {
    /// Of one batch of the newest.
    Newest,
    /// Of all that are not in this list.
    NotIn(&'a [String]),
}

struct Found {
    deployment: ServiceDeployment,
    /// The ARN of the service revision it brings in.
    target: Option<String>,
}

/// The service's deployments of the last days, oldest first; `None` where they may not be read, or there are none.
pub(super) async fn read(
    session: &Session,
    cluster: &str,
    service: &str,
    wanted: Wanted<'_>,
) -> Result<Option<Vec<ServiceDeployment>>, Fault> {
    let Some(mut found) = unless_denied(list(session, cluster, service).await)? else {
        return Ok(None);
    };
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
            Wanted::NotIn(known) => !known.contains(&f.deployment.arn),
        })
        .collect();
    refresh(session, &mut found, &wanted).await?;
    // Without its task definition no deployment can be told from another.
    let Some(revisions) = unless_denied(revisions(session, &found, &wanted).await)? else {
        return Ok(None);
    };
    let with_target = found.into_iter().zip(wanted).map(|(mut f, wanted)| {
        let target = f.target.filter(|_| wanted);
        f.deployment.target_task_definition = target.and_then(|t| revisions.get(&t).cloned());
        f.deployment
    });
    Ok(Some(with_target.collect()))
}

/// `None` where the answer is that they may not be read, or that this ECS does not know them.
fn unless_denied<T>(result: Result<T, Refusal>) -> Result<Option<T>, Fault> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(r) if r.fault.kind == FaultKind::AccessDenied => Ok(None),
        Err(r) if r.is("UnsupportedFeatureException") || r.is("UnknownOperationException") => Ok(None),
        Err(r) => Err(r.fault),
    }
}

async fn list(session: &Session, cluster: &str, service: &str) -> Result<Vec<Found>, Refusal> {
    let op = read_service("ecs:ListServiceDeployments", cluster, service);
    let after = CreatedAt::builder().after(date_time(session.now() - WINDOW)).build();
    let mut found = Vec::new();
    let mut next = None;
    loop {
        let request = session.ecs().list_service_deployments().cluster(cluster).service(service);
        let request = request.created_at(after.clone()).max_results(100).set_next_token(next);
        let page = session.call(&op, request.send()).await?;
        found.extend(page.service_deployments().iter().map(|d| Found {
            deployment: ServiceDeployment {
                arn: d.service_deployment_arn().unwrap_or_default().to_owned(),
                status: d.status().map_or("", |s| s.as_str()).to_owned(),
                status_reason: d.status_reason().map(str::to_owned),
                created_at: d.created_at().and_then(timestamp).unwrap_or(Timestamp::UNIX_EPOCH),
                target_task_definition: None,
            },
            target: d.target_service_revision_arn().map(str::to_owned),
        }));
        next = page.next_token().map(str::to_owned);
        if next.is_none() {
            return Ok(found);
        }
    }
}

/// Whether a status is final. One that is newer than this program is not.
fn is_final(status: &str) -> bool {
    matches!(status, "SUCCESSFUL" | "STOPPED" | "ROLLBACK_SUCCESSFUL" | "ROLLBACK_FAILED")
}

/// Reads by ARN what still moves or is new: lists lag behind, descriptions do not. Not permitted: the list has to do.
async fn refresh(session: &Session, found: &mut [Found], wanted: &[bool]) -> Result<(), Fault> {
    let fresh: Vec<String> = found
        .iter()
        .zip(wanted)
        .filter(|(f, wanted)| **wanted || !is_final(&f.deployment.status))
        .map(|(f, _)| f.deployment.arn.clone())
        .collect();
    for batch in fresh.chunks(BATCH) {
        let op = Op::read("ecs:DescribeServiceDeployments", "the service's deployments");
        let request = session.ecs().describe_service_deployments().set_service_deployment_arns(Some(batch.to_vec()));
        let Some(answer) = unless_denied(session.call(&op, request.send()).await)? else {
            return Ok(());
        };
        for d in answer.service_deployments() {
            let Some(f) = found.iter_mut().find(|f| d.service_deployment_arn() == Some(&f.deployment.arn)) else {
                continue;
            };
            if let Some(status) = d.status() {
                f.deployment.status = status.as_str().to_owned();
            }
            if let Some(reason) = d.status_reason() {
                f.deployment.status_reason = Some(reason.to_owned());
            }
            if let Some(target) = d.target_service_revision().and_then(|t| t.arn()) {
                f.target = Some(target.to_owned());
            }
        }
    }
    Ok(())
}

/// Task definitions by service revision.
async fn revisions(session: &Session, found: &[Found], wanted: &[bool]) -> Result<BTreeMap<String, String>, Refusal> {
    let mut arns: Vec<String> =
        found.iter().zip(wanted).filter(|(_, w)| **w).filter_map(|(f, _)| f.target.clone()).collect();
    arns.sort();
    arns.dedup();
    let mut definitions = BTreeMap::new();
    for batch in arns.chunks(BATCH) {
        let op = Op::read("ecs:DescribeServiceRevisions", "the service's revisions");
        let request = session.ecs().describe_service_revisions().set_service_revision_arns(Some(batch.to_vec()));
        let answer = session.call(&op, request.send()).await?;
        for r in answer.service_revisions() {
            if let (Some(arn), Some(definition)) = (r.service_revision_arn(), r.task_definition()) {
                definitions.insert(arn.to_owned(), definition.to_owned());
            }
        }
    }
    Ok(definitions)
}
